from io import StringIO

from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from customers.models import Customer, Domain
from tests.tenant import ShopTestCase


class PlatformTest(ShopTestCase):
    def setUp(self) -> None:
        super().setUp()
        connection.set_schema_to_public()
        self.client = Client(headers={"host": "test.com"})

    def create_super_tenant(self, **options: str) -> str:
        output = StringIO()
        call_command("create_super_tenant", stdout=output, **options)
        return output.getvalue()

    def test_super_tenant_is_created_once(self) -> None:
        self.assertIn("Shop answers on test.com.", self.create_super_tenant())
        self.assertIn("nothing to do", self.create_super_tenant(name="Another"))
        self.assertEqual(Customer.objects.get(schema_name="public").name, "Shop")
        self.assertEqual(Domain.objects.get(domain="test.com").tenant.schema_name, "public")

    def test_super_tenant_needs_a_domain(self) -> None:
        with self.assertRaisesMessage(CommandError, "No domain"):
            self.create_super_tenant(domain="")

    def test_super_tenant_does_not_take_a_domain_away(self) -> None:
        with self.assertRaisesMessage(CommandError, "belongs to the tenant test"):
            self.create_super_tenant(domain="tenant.test.com")
        self.assertFalse(Customer.objects.filter(schema_name="public").exists())

    def test_landing_page(self) -> None:
        self.create_super_tenant()
        self.assertContains(self.client.get("/"), "1 shop trades here")

    def test_an_unknown_host_gets_no_page(self) -> None:
        with self.assertLogs("django.request", "WARNING"):
            answer = self.client.get("/", headers={"host": "no.test.com"})
        self.assertEqual(answer.status_code, 404)

    def test_customers_are_administered_on_the_platform_only(self) -> None:
        self.create_super_tenant()
        self.assertEqual(self.customers_page_as_superuser("test.com").status_code, 200)
        connection.set_tenant(self.tenant)
        with self.assertLogs("django.request", "WARNING"):
            answer = self.customers_page_as_superuser("tenant.test.com")
        self.assertEqual(answer.status_code, 404)

    def customers_page_as_superuser(self, host: str) -> HttpResponse:
        """The list of customers, asked for by a superuser of the schema that is current."""
        self.client.force_login(User.objects.create_superuser("root"))
        return self.client.get("/admin/customers/customer/", headers={"host": host})
