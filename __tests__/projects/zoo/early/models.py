from django.db import models


class Door(models.Model):
    name = models.TextField()
