from django.db import migrations, models

from zoo.fields import key


def notes(apps, schema_editor):
    Note = apps.get_model("data", "Note")
    Note.objects.bulk_create(Note(text=text) for text in ("feed", "100% straw", "it's late"))


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            "Note",
            [
                key(),
                ("text", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            "Finding",
            [
                key(),
                ("name", models.TextField()),
                ("value", models.TextField()),
            ],
        ),
        migrations.RunPython(notes, migrations.RunPython.noop),
    ]
