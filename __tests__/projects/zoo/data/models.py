from django.contrib.contenttypes.models import ContentType
from django.db import models


class Note(models.Model):
    text = models.TextField()
    length = models.IntegerField(null=True)
    shout = models.TextField(null=True)


class Label(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    what = models.TextField()


class Draft(models.Model):
    """Its table was made by SQL."""

    name = models.CharField(max_length=40)

    class Meta:
        db_table = "data_by_hand"


class Finding(models.Model):
    """What code inside a migration saw of its surroundings."""

    name = models.TextField()
    value = models.TextField()


class Path(models.Model):
    name = models.TextField()
    more = models.TextField(default="")
    size = models.IntegerField(default=0)
    last = models.IntegerField(null=True)
