from django.db import models


class Shown(models.Model):
    name = models.TextField()


class Hidden(models.Model):
    """The router refuses it."""

    name = models.TextField()
