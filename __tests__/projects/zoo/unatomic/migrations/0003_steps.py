"""Several steps without a transaction around them; one of them has its own."""

from django.db import connection, migrations, models, transaction

from data.findings import write_down


def alone(apps, schema_editor):
    write_down(apps, schema_editor, "not atomic")
    for herd in apps.get_model("unatomic", "Herd").objects.order_by("id"):
        with transaction.atomic():
            herd.rank = herd.size * 2
            herd.save()


def together(apps, schema_editor):
    write_down(apps, schema_editor, "atomic in a migration that is not")
    assert connection.in_atomic_block


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("unatomic", "0002_index_concurrently"), ("data", "0001_before")]
    operations = [
        migrations.AddField("Herd", "rank", models.IntegerField(default=1)),
        migrations.RunPython(alone, migrations.RunPython.noop),
        migrations.RunPython(together, migrations.RunPython.noop, atomic=True),
    ]
