"""A column, and RunPython that fills it, in one migration."""

from django.db import migrations, models

from data.findings import write_down


def measure(apps, schema_editor):
    for note in apps.get_model("data", "Note").objects.order_by("id"):
        note.length = len(note.text)
        note.save(update_fields=["length"])
    write_down(apps, schema_editor, "RunPython")


class Migration(migrations.Migration):
    dependencies = [("data", "0001_before")]
    operations = [
        migrations.AddField("Note", "length", models.IntegerField(null=True)),
        migrations.RunPython(measure, migrations.RunPython.noop),
    ]
