"""django-pghistory: a table of events, and triggers that write into it."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

COLUMNS = '"balance", "id", "owner", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rate"'


def event(label, operation, hash, pgid, **condition):
    return pgtrigger.compiler.Trigger(
        name=f"{label}_{label}",
        sql=pgtrigger.compiler.UpsertTriggerSql(
            **condition,
            func=f'INSERT INTO "packaged_accountevent" ({COLUMNS}) VALUES (NEW."balance", NEW."id", NEW."owner", '
            f"_pgh_attach_context(), NOW(), '{label}', NEW.\"id\", NEW.\"rate\"); RETURN NULL;",
            hash=hash,
            operation=operation,
            pgid=pgid,
            table="packaged_account",
            when="AFTER",
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("packaged", "0005_default_value"), ("pghistory", "0007_auto_20250421_0444")]
    operations = [
        migrations.CreateModel(
            "AccountEvent",
            [
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("owner", models.CharField(max_length=40)),
                ("balance", models.BigIntegerField(default=0)),
                ("rate", models.IntegerField(default=7)),
            ],
            options={"abstract": False},
        ),
        pgtrigger.migrations.AddTrigger(
            "account",
            event("insert", "INSERT", "a00acc7ec8ab414dfd37f3e3f32cdbf28c84b3c8", "pgtrigger_insert_insert_4a7db"),
        ),
        pgtrigger.migrations.AddTrigger(
            "account",
            event(
                "update",
                "UPDATE",
                "eafff38069af644ac3854711b6a9815e91dfcb37",
                "pgtrigger_update_update_e0d8c",
                condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
            ),
        ),
        migrations.AddField(
            "accountevent",
            "pgh_context",
            models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            "accountevent",
            "pgh_obj",
            models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="packaged.account",
            ),
        ),
    ]
