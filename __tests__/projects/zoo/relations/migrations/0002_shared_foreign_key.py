"""A foreign key and a many-to-many field into a table of the shared schema."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("relations", "0001_before"), ("estate", "0002_shared")]
    operations = [
        migrations.AddField(
            "Author",
            "species",
            models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="estate.species"),
        ),
        migrations.AddField(
            "Author", "seen", models.ManyToManyField(related_name="seen_by", to="estate.species")
        ),
    ]
