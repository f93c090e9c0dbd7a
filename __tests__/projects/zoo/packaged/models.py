import pghistory
import pgtrigger
from django.db import models


@pghistory.track()
class Account(models.Model):
    owner = models.CharField(max_length=40)
    balance = models.BigIntegerField(default=0)
    rate = models.IntegerField(default=7)

    class Meta:
        triggers = [pgtrigger.Protect(name="keep", operation=pgtrigger.Delete)]
