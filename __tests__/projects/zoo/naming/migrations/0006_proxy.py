"""A proxy and a model that Django does not manage: content types and permissions without a table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("naming", "0005_options")]
    operations = [
        migrations.CreateModel(
            "Pet",
            [],
            options={"proxy": True, "indexes": [], "constraints": []},
            bases=("naming.beast",),
        ),
        migrations.CreateModel(
            "Weather",
            [("day", models.DateField(primary_key=True, serialize=False))],
            options={"managed": False, "db_table": "naming_sky"},
        ),
        migrations.AlterModelManagers("Plant", [("everything", models.Manager())]),
        migrations.AlterModelManagers("Plant", []),
    ]
