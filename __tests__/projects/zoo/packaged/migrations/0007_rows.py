"""Rows written by a migration are seen by the triggers that an earlier one made."""

from django.db import migrations


def pay(apps, schema_editor):
    Account = apps.get_model("packaged", "Account")
    Account.objects.create(owner="cem", balance=1)
    Account.objects.filter(owner="ben").update(balance=8)


class Migration(migrations.Migration):
    dependencies = [("packaged", "0006_history")]
    operations = [migrations.RunPython(pay, migrations.RunPython.noop)]
