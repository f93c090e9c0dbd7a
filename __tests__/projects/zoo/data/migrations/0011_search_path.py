"""The search path is changed by the project's SQL and Python, in the middle of operations that need it."""

from django.db import migrations, models

from zoo.fields import key


def elsewhere(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SET search_path TO public")
        cursor.execute("SELECT current_schema()")
        seen = cursor.fetchone()[0]
    apps.get_model("data", "Finding").objects.create(name="for a moment in", value=seen)


class Migration(migrations.Migration):
    dependencies = [("data", "0010_session")]
    operations = [
        migrations.RunSQL("SET search_path TO public", migrations.RunSQL.noop),
        migrations.CreateModel("Path", [key(), ("name", models.TextField())]),
        migrations.RunPython(elsewhere, migrations.RunPython.noop),
        migrations.AddField("Path", "more", models.TextField(default="")),
    ]
