from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("modern", "0003_generated")]
    operations = [
        migrations.AddConstraint(
            "Parcel",
            models.UniqueConstraint(fields=["code"], name="modern_parcel_code", nulls_distinct=False),
        ),
    ]
