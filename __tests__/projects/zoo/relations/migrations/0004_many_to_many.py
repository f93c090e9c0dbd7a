"""Many-to-many fields: plain, and with a table of their own."""

import django.db.models.deletion
from django.db import migrations, models

from zoo.fields import key


class Migration(migrations.Migration):
    dependencies = [("relations", "0003_shared_rows")]
    operations = [
        migrations.AddField("Author", "tags", models.ManyToManyField(to="relations.tag")),
        migrations.CreateModel(
            "Friendship",
            [
                key(),
                ("since", models.IntegerField(default=2026)),
                (
                    "one",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="relations.author"
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="relations.author"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            "Author",
            "friends",
            models.ManyToManyField(through="relations.Friendship", to="relations.author"),
        ),
        migrations.AddConstraint(
            "Friendship", models.UniqueConstraint(fields=("one", "other"), name="relations_friends_once")
        ),
    ]
