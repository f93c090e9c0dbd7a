"""What a migration leaves behind in its process and on its connection: the next schema has new ones."""

from django.db import migrations
from django.utils import timezone, translation


def settings(apps, schema_editor):
    Finding = apps.get_model("data", "Finding")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('zoo.left_behind', true), '')")
        left = cursor.fetchone()[0]
        cursor.execute("SET zoo.left_behind = 'yes'")
        cursor.execute("SET work_mem = '5MB'")
        cursor.execute("CREATE TEMPORARY TABLE data_passing (id int)")
    Finding.objects.create(name="left on the connection", value=left)
    Finding.objects.create(name="language", value=str(translation.get_language()))
    Finding.objects.create(name="time zone", value=timezone.get_current_timezone_name())
    translation.activate("de")
    timezone.activate("Asia/Thimphu")


class Migration(migrations.Migration):
    dependencies = [("data", "0009_live_models")]
    operations = [migrations.RunPython(settings, migrations.RunPython.noop)]
