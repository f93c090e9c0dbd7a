"""AddField: with a default for the rows that are there, of many types, one of them made by the migration."""

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("columns", "0001_before")]
    operations = [
        migrations.AddField("Thing", "required", models.IntegerField(default=42), preserve_default=False),
        migrations.AddField("Thing", "tags", ArrayField(models.IntegerField(), default=list)),
        migrations.AddField("Thing", "data", models.JSONField(null=True)),
        migrations.AddField("Thing", "season", DateRangeField(null=True)),
        migrations.AddField("Thing", "blob", models.BinaryField(default=b"\x00zoo")),
        migrations.AddField("Thing", "key", models.UUIDField(null=True, unique=True)),
        migrations.AddField("Thing", "sorted", models.CharField(db_collation="C", default="", max_length=10)),
    ]
