from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Park(TenantMixin):
    pass


class Gate(DomainMixin):
    pass


class Species(models.Model):
    name = models.CharField(max_length=50, unique=True)
    endangered = models.BooleanField(default=False)


class Journal(models.Model):
    """What was said by signals, and in which schema."""

    schema = models.TextField()
    what = models.TextField()
    detail = models.TextField()
