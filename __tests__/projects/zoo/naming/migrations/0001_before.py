import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel("Keeper", [("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")), ("name", models.CharField(max_length=20))]),
        migrations.CreateModel(
            "Animal",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=20)),
                ("keepers", models.ManyToManyField(to="naming.keeper")),
            ],
        ),
        migrations.CreateModel(
            "Pen",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.IntegerField(default=0)),
                ("animal", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="naming.animal")),
            ],
        ),
        migrations.CreateModel("Plant", [("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")), ("name", models.CharField(max_length=20))]),
        migrations.CreateModel("Stone", [("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")), ("name", models.CharField(max_length=20))]),
        migrations.RunSQL(
            "INSERT INTO naming_keeper (name) VALUES ('Ana');"
            "INSERT INTO naming_animal (name) VALUES ('yak');"
            "INSERT INTO naming_animal_keepers (animal_id, keeper_id) VALUES (1, 1);"
            "INSERT INTO naming_pen (place, animal_id) VALUES (3, 1)",
            migrations.RunSQL.noop,
        ),
    ]
