import django.db.models.deletion
import django_tenants.postgresql_backend.base
from django.contrib.postgres.operations import BtreeGistExtension, CITextExtension
from django.db import migrations, models


def species(apps, schema_editor):
    if schema_editor.connection.schema_name == "public":
        apps.get_model("estate", "Species").objects.create(name="yak")


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        BtreeGistExtension(),
        CITextExtension(),
        migrations.CreateModel(
            "Park",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "schema_name",
                    models.CharField(
                        db_index=True,
                        max_length=63,
                        unique=True,
                        validators=[django_tenants.postgresql_backend.base._check_schema_name],
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            "Gate",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("domain", models.CharField(db_index=True, max_length=253, unique=True)),
                ("is_primary", models.BooleanField(db_index=True, default=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="domains", to="estate.park"
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            "Species",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=50, unique=True)),
            ],
        ),
        migrations.CreateModel(
            "Journal",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("schema", models.TextField()),
                ("what", models.TextField()),
                ("detail", models.TextField()),
            ],
        ),
        migrations.RunPython(species, migrations.RunPython.noop),
    ]
