"""Data in the swapped user model, found by its setting."""

from django.conf import settings
from django.db import migrations


def keeper(apps, schema_editor):
    person = apps.get_model(settings.AUTH_USER_MODEL).objects.create(email="ana@example.com", nickname="Ana")
    apps.get_model("people", "Badge").objects.create(holder=person, number=7)


class Migration(migrations.Migration):
    dependencies = [("people", "0002_swapped")]
    operations = [migrations.RunPython(keeper, migrations.RunPython.noop)]
