"""Content types through historical models, one of them made by the migration itself."""

import django.db.models.deletion
from django.db import migrations, models

from zoo.fields import key


def labels(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Label = apps.get_model("data", "Label")
    for name in ("Note", "Label"):
        content_type = ContentType.objects.get_for_model(apps.get_model("data", name))
        Label.objects.create(content_type=content_type, what=name)


class Migration(migrations.Migration):
    dependencies = [
        ("data", "0002_run_python"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.CreateModel(
            "Label",
            [
                key(),
                ("what", models.TextField()),
                (
                    "content_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="contenttypes.contenttype"
                    ),
                ),
            ],
        ),
        migrations.RunPython(labels, migrations.RunPython.noop),
    ]
