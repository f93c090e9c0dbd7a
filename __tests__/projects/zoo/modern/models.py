from django.db import models
from django.db.models.functions import Upper


class Parcel(models.Model):
    """What came with Django 5."""

    width = models.IntegerField(default=2)
    height = models.IntegerField(db_default=3)
    area = models.GeneratedField(
        expression=models.F("width") * models.F("height"),
        output_field=models.IntegerField(),
        db_persist=True,
    )
    name = models.CharField(max_length=10, db_default="parcel")
    plain = models.IntegerField(default=1)
    code = models.IntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], name="modern_parcel_code", nulls_distinct=False),
        ]


class Sticker(models.Model):
    text = models.CharField(max_length=10, db_default="x")
    loud = models.GeneratedField(
        expression=Upper("text"), output_field=models.CharField(max_length=10), db_persist=True
    )
