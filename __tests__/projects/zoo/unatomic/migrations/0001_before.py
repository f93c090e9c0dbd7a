from django.db import migrations, models

from zoo.fields import key


def herds(apps, schema_editor):
    Herd = apps.get_model("unatomic", "Herd")
    Herd.objects.bulk_create(Herd(name=name, size=size) for name, size in (("yaks", 4), ("goats", 9)))


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            "Herd",
            [
                key(),
                ("name", models.CharField(max_length=40)),
                ("size", models.IntegerField(default=0)),
            ],
            options={"indexes": [models.Index(fields=["size"], name="unatomic_herd_size")]},
        ),
        migrations.RunPython(herds, migrations.RunPython.noop),
    ]
