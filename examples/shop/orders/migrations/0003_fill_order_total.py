from decimal import Decimal

from django.db import migrations
from django.db.models import F, Sum


def fill_total(apps, schema_editor):
    """Orders from before the column get the sum of their lines."""
    Order = apps.get_model("orders", "Order")
    orders = Order.objects.using(schema_editor.connection.alias).filter(total=Decimal(0))
    sums = orders.annotate(sum=Sum(F("lines__quantity") * F("lines__unit_price")))
    for order in sums.filter(sum__isnull=False).iterator():
        order.total = order.sum
        order.save(update_fields=["total"])


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_order_total")]

    operations = [migrations.RunPython(fill_total, migrations.RunPython.noop)]
