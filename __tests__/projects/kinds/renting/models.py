from django.db import models


class Lease(models.Model):
    ends = models.DateField()
