"""Replaces three migrations, of which a tenant has none."""

from django.db import migrations, models

from zoo.fields import key


class Migration(migrations.Migration):
    initial = True
    replaces = [("squash_none", "0001_initial"), ("squash_none", "0002_colour"), ("squash_none", "0003_size")]
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
