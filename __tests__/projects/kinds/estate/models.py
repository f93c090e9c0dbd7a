from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Holding(TenantMixin):
    kind = models.CharField(max_length=10, choices=[("farm", "Farm"), ("flat", "Flat")])
    acres = models.PositiveIntegerField()
    note = models.TextField(blank=True)


class Address(DomainMixin):
    pass
