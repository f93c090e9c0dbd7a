from django.db import models


class Oddity(models.Model):
    name = models.TextField()
    count = models.IntegerField(default=0)
