from django.db import migrations, models
from django.db.models.functions import Upper

from zoo.fields import key


class Migration(migrations.Migration):
    dependencies = [("modern", "0002_db_default")]
    operations = [
        migrations.AddField(
            "Parcel",
            "area",
            models.GeneratedField(
                db_persist=True,
                expression=models.F("width") * models.F("height"),
                output_field=models.IntegerField(),
            ),
        ),
        migrations.CreateModel(
            "Sticker",
            [
                key(),
                ("text", models.CharField(db_default="x", max_length=10)),
                (
                    "loud",
                    models.GeneratedField(
                        db_persist=True, expression=Upper("text"), output_field=models.CharField(max_length=10)
                    ),
                ),
            ],
        ),
    ]
