"""Replaces three migrations, of which a tenant has all."""

from django.db import migrations, models

from zoo.fields import key


class Migration(migrations.Migration):
    initial = True
    replaces = [("squash_all", "0001_before"), ("squash_all", "0002_colour_before"), ("squash_all", "0003_size_before")]
    dependencies = []
    operations = [
        migrations.CreateModel(
            "Box",
            [
                key(),
                ("name", models.TextField()),
                ("colour", models.TextField(default="")),
                ("size", models.IntegerField(default=1)),
            ],
        ),
    ]
