from django.db import models


class Unmigrated(models.Model):
    """An app without migrations: no table unless syncdb is asked for."""

    name = models.TextField()
