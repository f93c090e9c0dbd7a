"""An exclusion constraint whose operator class comes from an extension in the shared schema."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("constraints", "0001_before")]
    operations = [
        migrations.AddConstraint(
            "Booking",
            ExclusionConstraint(
                name="constraints_booking_overlap",
                expressions=[("stall", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=models.Q(cancelled=False),
            ),
        ),
    ]
