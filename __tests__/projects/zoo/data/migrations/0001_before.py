from django.db import migrations, models


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
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            "Finding",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.TextField()),
                ("value", models.TextField()),
            ],
        ),
        migrations.RunPython(notes, migrations.RunPython.noop),
    ]
