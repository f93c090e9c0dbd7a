from django.db import migrations, models

from zoo.versions import check


class Migration(migrations.Migration):
    dependencies = [("constraints", "0002_exclusion")]
    operations = [
        migrations.AddConstraint(
            "Booking", check(models.Q(price__gte=0) | models.Q(cancelled=True), "constraints_booking_price")
        ),
        migrations.RemoveConstraint("Booking", "constraints_booking_stall"),
    ]
