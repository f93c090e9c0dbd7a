from django.db import migrations


class Migration(migrations.Migration):
    """Cannot work: there is no such table."""

    dependencies = [("orders", "0004_order_status_placed")]

    operations = [migrations.RunSQL("ALTER TABLE no_such_table ADD COLUMN number integer")]
