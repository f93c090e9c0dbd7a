from django.db import connection
from django.http import HttpResponse
from django.test import override_settings

from tests.tenant import ShopTestCase


class HealthTest(ShopTestCase):
    def ask(self, host: str = "tenant.test.com") -> HttpResponse:
        return self.client.get("/health/", headers={"host": host})

    def test_of_a_tenant(self) -> None:
        answer = self.ask()
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.headers["X-Release"], "1.2.3")
        self.assertEqual(
            answer.json(),
            {"status": "ok", "release": "1.2.3", "schema": "test", "tenant": "Acme"},
        )

    def test_of_a_host_without_a_tenant(self) -> None:
        answer = self.ask("nobody.test.com")
        self.assertEqual(answer.status_code, 200)
        self.assertEqual((answer.json()["schema"], answer.json()["tenant"]), ("public", None))

    def test_of_a_host_that_is_not_allowed(self) -> None:
        with self.assertLogs("django.security.DisallowedHost"):
            self.assertEqual(self.ask("evil.test").status_code, 400)

    def test_a_missing_table_is_noticed(self) -> None:
        self.change("ALTER TABLE test.orders_orderline RENAME TO elsewhere")
        self.assert_unwell()

    def test_a_missing_column_is_noticed(self) -> None:
        self.change("ALTER TABLE test.catalog_product DROP COLUMN description")
        self.assert_unwell()

    @override_settings(SHOP_HEALTH_STATUS=500)
    def test_forced(self) -> None:
        with self.assertLogs("django.request", "ERROR"):
            self.assertEqual(self.ask().status_code, 500)

    def change(self, sql: str) -> None:
        """Breaks the schema; the test's transaction mends it again."""
        with connection.cursor() as cursor:
            cursor.execute(sql)

    def assert_unwell(self) -> None:
        with self.assertLogs("django.request", "ERROR"), self.assertLogs("shop.health", "ERROR"):
            answer = self.ask()
        self.assertEqual(answer.status_code, 503)
        self.assertEqual(answer.json()["error"], "ProgrammingError")
