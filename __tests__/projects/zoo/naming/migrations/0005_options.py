"""Options and permissions: nothing but rows, written after the migrations."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("naming", "0004_table")]
    operations = [
        migrations.AlterModelOptions(
            "Beast", {"permissions": [("feed_beast", "Can feed the beast")], "verbose_name": "wild beast"}
        ),
        migrations.AlterModelOptions("Plant", {"default_permissions": ("add", "water")}),
    ]
