from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models

from zoo.fields import AnyCaseField, MoodField


class Thing(models.Model):
    title = models.TextField()
    count = models.BigIntegerField(default=0)
    digits = models.IntegerField(null=True)
    short = models.CharField(max_length=10)
    filled = models.CharField(max_length=20)
    price = models.DecimalField(max_digits=12, decimal_places=4, default=0)
    named = models.CharField(max_length=20, db_column="called", default="")
    renamed = models.IntegerField(default=3, db_index=True)
    choice = models.CharField(max_length=5, choices=[("a", "A"), ("b", "B")], default="b")
    required = models.IntegerField()
    mood = MoodField(default="calm")
    email = AnyCaseField(default="", db_index=True)
    tags = ArrayField(models.IntegerField(), default=list)
    data = models.JSONField(null=True)
    season = DateRangeField(null=True)
    blob = models.BinaryField(default=b"\x00zoo")
    key = models.UUIDField(null=True, unique=True)
    sorted = models.CharField(max_length=10, db_collation="C", default="")
    noted = models.IntegerField(null=True, db_comment="how often; it's noted")

    class Meta:
        db_table_comment = "things; all of them"


class Identity(models.Model):
    id = models.BigAutoField(primary_key=True)
    name = models.TextField(default="")


class Serial(models.Model):
    """Its table is as Django 3.2 made it."""

    id = models.BigAutoField(primary_key=True)
    name = models.TextField(default="")


class Child(models.Model):
    serial = models.ForeignKey(Serial, models.CASCADE)
    identity = models.ForeignKey(Identity, models.CASCADE, null=True)
