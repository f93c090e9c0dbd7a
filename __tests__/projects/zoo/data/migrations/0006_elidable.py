from django.db import migrations

from data.findings import write_down


def look(apps, schema_editor):
    write_down(apps, schema_editor, "elidable")


class Migration(migrations.Migration):
    dependencies = [("data", "0005_separate")]
    operations = [
        migrations.RunSQL("UPDATE data_note SET text = trim(text)", migrations.RunSQL.noop, elidable=True),
        migrations.RunPython(look, migrations.RunPython.noop, elidable=True),
    ]
