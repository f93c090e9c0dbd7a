"""django-pgtrigger: triggers, one of which goes again."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

KEEP = pgtrigger.compiler.Trigger(
    name="keep",
    sql=pgtrigger.compiler.UpsertTriggerSql(
        func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
        hash="27e1d1ff474cd497359889dc4d9b3299567dd7b9",
        operation="DELETE",
        pgid="pgtrigger_keep_b2a29",
        table="packaged_account",
        when="BEFORE",
    ),
)
POSITIVE = pgtrigger.compiler.Trigger(
    name="positive",
    sql=pgtrigger.compiler.UpsertTriggerSql(
        condition="WHEN (NEW.balance < 0)",
        func="NEW.balance = 0; RETURN NEW;",
        hash="positive",
        operation="INSERT OR UPDATE OF balance",
        pgid="pgtrigger_positive_1a2b3",
        table="packaged_account",
        when="BEFORE",
    ),
)


class Migration(migrations.Migration):
    dependencies = [("packaged", "0001_initial")]
    operations = [
        pgtrigger.migrations.AddTrigger("account", KEEP),
        pgtrigger.migrations.AddTrigger("account", POSITIVE),
    ]
