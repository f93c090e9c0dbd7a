from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            "Parcel",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("width", models.IntegerField(default=2)),
                ("height", models.IntegerField()),
                ("plain", models.IntegerField(db_default=9)),
                ("code", models.IntegerField(null=True)),
            ],
        ),
        migrations.RunSQL("INSERT INTO modern_parcel (width, height) VALUES (4, 5)", ""),
    ]
