import django.db.models.deletion
from django.db import migrations, models

from zoo.fields import key


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel("Keeper", [key(), ("name", models.CharField(max_length=20))]),
        migrations.CreateModel(
            "Animal",
            [
                key(),
                ("name", models.CharField(max_length=20)),
                ("keepers", models.ManyToManyField(to="naming.keeper")),
            ],
        ),
        migrations.CreateModel(
            "Pen",
            [
                key(),
                ("place", models.IntegerField(default=0)),
                ("animal", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="naming.animal")),
            ],
        ),
        migrations.CreateModel("Plant", [key(), ("name", models.CharField(max_length=20))]),
        migrations.CreateModel("Stone", [key(), ("name", models.CharField(max_length=20))]),
        migrations.RunSQL(
            "INSERT INTO naming_keeper (name) VALUES ('Ana');"
            "INSERT INTO naming_animal (name) VALUES ('yak');"
            "INSERT INTO naming_animal_keepers (animal_id, keeper_id) VALUES (1, 1);"
            "INSERT INTO naming_pen (place, animal_id) VALUES (3, 1)",
            migrations.RunSQL.noop,
        ),
    ]
