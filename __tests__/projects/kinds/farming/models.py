from django.db import models


class Field(models.Model):
    name = models.CharField(max_length=40, unique=True)


class Harvest(models.Model):
    field = models.ForeignKey(Field, on_delete=models.CASCADE)
    helpers = models.ManyToManyField("self")
