"""A tenant for the tests to look at."""

from django_tenants.test.cases import TenantTestCase
from django_tenants.test.client import TenantClient

from customers.models import Customer, Plan


class ShopTestCase(TenantTestCase):
    """One shop, named Acme, in the schema `test`; `self.client` asks on its domain."""

    @classmethod
    def setup_tenant(cls, tenant: Customer) -> None:
        tenant.name = "Acme"
        tenant.plan = Plan.TEAM

    def setUp(self) -> None:
        # Not a decorator of the class: TenantTestCase.setUpClass does not enable its settings.
        self.enterContext(
            self.settings(
                ALLOWED_HOSTS=[".test.com"],
                PUBLIC_DOMAIN="test.com",
                RELEASE="1.2.3",
                SHOP_HEALTH_STATUS=0,
            )
        )
        self.client = TenantClient(self.tenant)
