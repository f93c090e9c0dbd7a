import django.db.models.deletion
from django.db import migrations, models

from zoo.fields import key


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel("Tag", [key(), ("name", models.CharField(max_length=20))]),
        migrations.CreateModel(
            "Author",
            [
                key(),
                ("name", models.CharField(max_length=20)),
                (
                    "home",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="home_of",
                        to="relations.tag",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(
            "INSERT INTO relations_tag (name) VALUES ('wool');"
            "INSERT INTO relations_author (name, home_id) VALUES ('Ana', 1)",
            migrations.RunSQL.noop,
        ),
    ]
