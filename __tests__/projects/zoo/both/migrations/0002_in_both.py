"""An app of the shared schema and of the tenants': the same names twice on the search path."""

from django.db import migrations, models


def notice(apps, schema_editor):
    schema = schema_editor.connection.schema_name
    apps.get_model("both", "Notice").objects.create(text="opened", seen_in=schema)


class Migration(migrations.Migration):
    dependencies = [("both", "0001_before")]
    operations = [
        migrations.AddField("Notice", "seen_in", models.TextField(default="")),
        migrations.RunPython(notice, migrations.RunPython.noop),
    ]
