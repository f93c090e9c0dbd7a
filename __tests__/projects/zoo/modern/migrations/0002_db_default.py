"""db_default: given to a column that is there, to a new one, and taken away."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("modern", "0001_before")]
    operations = [
        migrations.AlterField("Parcel", "height", models.IntegerField(db_default=3)),
        migrations.AddField("Parcel", "name", models.CharField(db_default="parcel", max_length=10)),
        migrations.AlterField("Parcel", "plain", models.IntegerField(default=1)),
    ]
