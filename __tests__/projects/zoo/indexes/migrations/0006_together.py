"""unique_together changes, so that the name of the old constraint must be found in the catalogue."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("indexes", "0005_methods")]
    operations = [
        migrations.AlterUniqueTogether("Shelf", {("row", "label")}),
        migrations.AlterField("Shelf", "label", models.CharField(db_index=True, max_length=10)),
    ]
