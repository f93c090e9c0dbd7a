from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0003_fill_order_total"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["status", "-placed"], name="order_status_placed"),
        ),
    ]
