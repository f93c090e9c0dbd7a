"""Unique constraints: partial, covering, deferred, of an expression, of two columns."""

from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    dependencies = [("constraints", "0003_check")]
    operations = [
        migrations.AddConstraint(
            "Booking",
            models.UniqueConstraint(
                fields=["stall", "code"],
                name="constraints_booking_live",
                condition=models.Q(cancelled=False),
                include=["price"],
            ),
        ),
        migrations.AddConstraint(
            "Booking",
            models.UniqueConstraint(
                fields=["stall", "price", "code"],
                name="constraints_booking_late",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ),
        migrations.AddConstraint(
            "Booking", models.UniqueConstraint(Lower("code"), "stall", name="constraints_booking_lower")
        ),
        migrations.AlterUniqueTogether("Line", {("booking", "text")}),
    ]
