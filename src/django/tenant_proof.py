"""Whether a tenant is what the head of the project's migrations makes, as far as tables do not tell."""

from ledgers import LEDGER, label, quoted, read_duplicates, read_ledger
from pending import History
from post_migrate import lacking


def prove(schema, head, tenant, tenant_type):
    """What of the ledger, content types, permissions, sequences and rows is not as it should be."""
    kind = head.kind_of(schema, tenant_type)
    has_ledger = table_exists(head.connection, schema, LEDGER)
    history = head.history(read_ledger(head.connection, schema) if has_ledger else {})
    at_head = history.inconsistent is None and not history.plan
    groups = lacking(head.connection, head.state, head.loader, [(kind, [schema])]) if at_head else []
    return {
        "pending": [label(key) for key in history.plan + history.bookkeeping],
        "inconsistent": history.inconsistent,
        "ghosts": [label(key) for key in history.ghosts],
        "duplicates": read_duplicates(head.connection, schema) if has_ledger else [],
        "contentTypes": [name for group in groups for name in group["contentTypes"]],
        "permissions": [name for group in groups for name in group["permissions"]],
        "sequences": sequences_behind(head.connection, schema),
        **ask_models(head, kind, tenant),
    }


def table_exists(connection, schema, name):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relname = %s",
            [schema, name],
        )
        return cursor.fetchone() is not None


# What a sequence would give next is in the table already, or will be soon.
SEQUENCES = """
SELECT t.relname, a.attname, s.relname
  FROM pg_depend d
  JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
  JOIN pg_class t ON t.oid = d.refobjid AND t.relkind IN ('r', 'p')
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
  JOIN pg_namespace n ON n.oid = t.relnamespace
 WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
   AND d.deptype IN ('a', 'i') AND n.nspname = %s
 ORDER BY 1, 2
"""


def sequences_behind(connection, schema):
    """`table.column` whose sequence would give a key that exists."""
    with connection.cursor() as cursor:
        cursor.execute(SEQUENCES, [schema])
        owned = cursor.fetchall()
        if not owned:
            return []
        questions = [
            "SELECT %d, (SELECT max(%s) FROM %s.%s)"
            " > CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM %s.%s"
            % (index, *map(quoted, (column, schema, table, schema, sequence)))
            for index, (table, column, sequence) in enumerate(owned)
        ]
        cursor.execute(" UNION ALL ".join(questions))
        behind = [index for index, is_behind in cursor.fetchall() if is_behind]
    return sorted("%s.%s" % owned[index][:2] for index in behind)


def ask_models(head, kind, tenant):
    """Each of the tenant's models is asked for one row, with all its columns, as the project does it."""
    from django.apps import apps
    from django.db import Error, transaction
    from django_tenants.utils import tenant_context

    unanswered, asked = [], 0
    with tenant_context(tenant):
        for model in apps.get_models(include_auto_created=True):
            meta = model._meta
            if not meta.can_migrate(head.connection) or meta.app_label in head.loader.unmigrated_apps:
                continue
            if not kind.allows(meta.app_label, meta.model_name, model=model):
                continue
            head.connection.set_tenant(tenant)  # asking the routers has changed it
            asked += 1
            try:
                with transaction.atomic(using=head.connection.alias):
                    rows = model._base_manager.using(head.connection.alias).order_by()
                    list(rows.values_list(*columns_of(model))[:1])
            except Error as error:
                unanswered.append({"model": meta.label, "reason": str(error).strip().splitlines()[0]})
    return {"asked": asked, "unanswered": unanswered}


def columns_of(model):
    return [field.attname for field in model._meta.concrete_fields]
