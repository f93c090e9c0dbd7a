from django.db import migrations, models

from zoo.fields import key


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            "Parcel",
            [
                key(),
                ("width", models.IntegerField(default=2)),
                ("height", models.IntegerField()),
                ("plain", models.IntegerField(db_default=9)),
                ("code", models.IntegerField(null=True)),
            ],
        ),
        migrations.RunSQL("INSERT INTO modern_parcel (width, height) VALUES (4, 5)", ""),
    ]
