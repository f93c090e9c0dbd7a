"""A router refuses a model by its name and operations by their hints; Django records them all the same."""

from django.db import migrations, models

from zoo.fields import key


def never(apps, schema_editor):
    raise AssertionError("the router refuses this one")


def always(apps, schema_editor):
    apps.get_model("routed", "Shown").objects.create(name="by Python")


class Migration(migrations.Migration):
    dependencies = [("routed", "0001_before")]
    operations = [
        migrations.CreateModel("Hidden", [key(), ("name", models.TextField())]),
        migrations.RunPython(never, migrations.RunPython.noop, hints={"cage": "closed"}),
        migrations.RunSQL("SELECT 1/0", "", hints={"cage": "closed"}),
        migrations.RunPython(always, migrations.RunPython.noop, hints={"cage": "open"}),
        migrations.RunSQL("INSERT INTO routed_shown (name) VALUES ('by SQL')", "", hints={"cage": "open"}),
        migrations.AddField("Hidden", "more", models.TextField(default="")),
        migrations.RemoveField("Hidden", "more"),
    ]
