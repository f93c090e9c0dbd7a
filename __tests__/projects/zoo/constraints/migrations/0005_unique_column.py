"""unique=True: fails where two bookings have one code, after it has changed another table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("constraints", "0004_unique")]
    operations = [
        migrations.RunSQL(
            "INSERT INTO constraints_line (booking_id, text) SELECT id, code FROM constraints_booking", ""
        ),
        migrations.AlterField("Booking", "code", models.CharField(max_length=20, unique=True)),
    ]
