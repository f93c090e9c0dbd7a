import django.db.models.deletion
import django_tenants.postgresql_backend.base
from django.contrib.postgres.operations import BtreeGistExtension, CITextExtension
from django.db import migrations, models

from zoo.fields import key


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
                key(),
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
                key(),
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
                key(),
                ("name", models.CharField(max_length=50, unique=True)),
            ],
        ),
        migrations.CreateModel(
            "Journal",
            [
                key(),
                ("schema", models.TextField()),
                ("what", models.TextField()),
                ("detail", models.TextField()),
            ],
        ),
        migrations.RunPython(species, migrations.RunPython.noop),
    ]
