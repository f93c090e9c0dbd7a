from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models.functions import Lower

from zoo.versions import check


class Booking(models.Model):
    stall = models.IntegerField()
    during = DateTimeRangeField()
    code = models.CharField(max_length=20, unique=True)
    price = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    cancelled = models.BooleanField(default=False)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="constraints_booking_overlap",
                expressions=[("stall", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=models.Q(cancelled=False),
            ),
            check(models.Q(price__gte=0) | models.Q(cancelled=True), "constraints_booking_price"),
            models.UniqueConstraint(
                fields=["stall", "code"],
                name="constraints_booking_live",
                condition=models.Q(cancelled=False),
                include=["price"],
            ),
            models.UniqueConstraint(
                fields=["stall", "price", "code"],
                name="constraints_booking_late",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(Lower("code"), "stall", name="constraints_booking_lower"),
        ]


class Line(models.Model):
    booking = models.ForeignKey(Booking, models.CASCADE)
    text = models.TextField()

    class Meta:
        unique_together = [("booking", "text")]
