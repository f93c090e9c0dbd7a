import django.db.models.deletion
from django.db import migrations, models

from zoo.fields import key

OLD = """
CREATE TABLE columns_serial (id serial NOT NULL PRIMARY KEY, name text NOT NULL);
INSERT INTO columns_serial (name) VALUES ('one'), ('two');
INSERT INTO columns_identity (name) VALUES ('one');
INSERT INTO columns_thing (title, count, digits, short, filled, price, named, old, gone, choice)
VALUES ('lamp', 1, '12', 'tiny', NULL, 1.25, 'n', 5, 'x', 'a');
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            "Thing",
            [
                key(),
                ("title", models.CharField(max_length=50, db_index=True)),
                ("count", models.IntegerField(default=0)),
                ("digits", models.CharField(max_length=5, null=True)),
                ("short", models.CharField(max_length=100)),
                ("filled", models.CharField(max_length=20, null=True)),
                ("price", models.DecimalField(decimal_places=2, default=0, max_digits=6)),
                ("named", models.CharField(default="", max_length=20)),
                ("old", models.IntegerField(default=3, db_index=True)),
                ("gone", models.TextField(default="")),
                ("choice", models.CharField(max_length=5, choices=[("a", "A")], default="a")),
            ],
        ),
        migrations.CreateModel(
            "Identity",
            [
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.TextField(default="")),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(OLD, "DROP TABLE columns_serial")],
            state_operations=[
                migrations.CreateModel(
                    "Serial",
                    [
                        (
                            "id",
                            models.AutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.TextField(default="")),
                    ],
                )
            ],
        ),
        migrations.CreateModel(
            "Child",
            [
                key(),
                (
                    "serial",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="columns.serial"),
                ),
                (
                    "identity",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, null=True, to="columns.identity"),
                ),
            ],
        ),
    ]
