from django.db import models


class Box(models.Model):
    name = models.TextField()
    colour = models.TextField(default="")
    size = models.IntegerField(default=1)
