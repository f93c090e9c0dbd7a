"""Replaces three migrations, of which a tenant has some."""

from django.db import migrations, models

from zoo.fields import key


class Migration(migrations.Migration):
    initial = True
    replaces = [("squash_some", "0001_before"), ("squash_some", "0002_colour"), ("squash_some", "0003_size")]
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
