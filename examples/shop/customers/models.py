"""Who rents a shop, and under which domains it answers. These tables live in `public`."""

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Plan(models.TextChoices):
    FREE = "free", "Free"
    TEAM = "team", "Team"
    BUSINESS = "business", "Business"


class Customer(TenantMixin):
    """One tenant: saving a new one also makes its schema and its tables."""

    name = models.CharField(max_length=100)
    plan = models.CharField(max_length=20, choices=Plan, default=Plan.FREE)
    created = models.DateTimeField(auto_now_add=True)

    auto_create_schema = True
    auto_drop_schema = False

    def __str__(self) -> str:
        return self.name


class Domain(DomainMixin):
    """A host name of a tenant, without scheme and port."""
