"""Pending in the shared schema; of the tenants' schemas only the record is made."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("estate", "0001_before")]
    operations = [
        TrigramExtension(),
        migrations.AddField("Species", "endangered", models.BooleanField(default=False)),
    ]
