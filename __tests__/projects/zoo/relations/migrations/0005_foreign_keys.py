"""Foreign keys: to itself, without a constraint, made a one-to-one, and of an inherited model."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("relations", "0004_many_to_many")]
    operations = [
        migrations.AddField(
            "Author",
            "mentor",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="pupils",
                to="relations.author",
            ),
        ),
        migrations.AddField(
            "Author",
            "loose",
            models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="relations.tag",
            ),
        ),
        migrations.AlterField(
            "Author",
            "home",
            models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="home_of",
                to="relations.tag",
            ),
        ),
        migrations.CreateModel(
            "Writer",
            [
                (
                    "author_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="relations.author",
                    ),
                ),
                ("pen_name", models.CharField(max_length=20)),
            ],
            bases=("relations.author",),
        ),
    ]
