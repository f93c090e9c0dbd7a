from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, connection
from django.db.migrations.loader import MigrationLoader

from catalog.models import Category, Product
from orders.models import Order
from tests.tenant import ShopTestCase


class ShopTest(ShopTestCase):
    def setUp(self) -> None:
        super().setUp()
        tea = Category.objects.create(name="Tea")
        self.assam = Product.objects.create(category=tea, name="Assam", slug="assam", price="6.90")
        self.order = Order.objects.create(email="ana@example.com")
        self.order.lines.create(product=self.assam, quantity=3, unit_price="6.90")

    def test_home_shows_what_is_on_sale(self) -> None:
        Product.objects.create(
            category=self.assam.category, name="Sencha", slug="sencha", price="8.50", active=False
        )
        page = self.client.get("/")
        self.assertContains(page, "Assam")
        self.assertNotContains(page, "Sencha")

    def test_uploads_are_served_to_their_own_tenant_only(self) -> None:
        folder = self.enterContext(TemporaryDirectory())
        # STORAGES as well, because changing it is what makes Django build the storage anew.
        with self.settings(MEDIA_ROOT=Path(folder), STORAGES=settings.STORAGES):
            self.assam.image.save("assam.txt", ContentFile(b"a leaf"))
            self.assertEqual(self.assam.image.url, "/media/test/products/assam.txt")
            self.assertEqual(b"".join(self.client.get(self.assam.image.url)), b"a leaf")
            with self.assertLogs("django.request", "WARNING"):
                other = self.client.get("/media/other/products/assam.txt")
            self.assertEqual(other.status_code, 404)

    def test_an_order_is_summed_up(self) -> None:
        self.assertEqual(self.order.total, Decimal(0))
        self.order.sum_up()
        self.order.refresh_from_db()
        self.assertEqual(self.order.total, Decimal("20.70"))

    def test_a_line_has_a_quantity(self) -> None:
        with self.assertRaises(IntegrityError):
            self.order.lines.create(product=self.assam, quantity=0, unit_price="6.90")

    def test_the_migration_fills_totals_of_old_orders(self) -> None:
        empty = Order.objects.create(email="ben@example.com")
        loader = MigrationLoader(connection)
        migration = loader.get_migration("orders", "0003_fill_order_total")
        before = loader.project_state(("orders", "0002_order_total"))
        with connection.schema_editor() as editor:
            migration.apply(before, editor)
        self.order.refresh_from_db()
        empty.refresh_from_db()
        self.assertEqual((self.order.total, empty.total), (Decimal("20.70"), Decimal(0)))
