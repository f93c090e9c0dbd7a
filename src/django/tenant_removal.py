"""Removes what was made of a tenant: all of it in one transaction, newest first, or nothing."""

import tenant_journal
from ledgers import quoted
from tenant_people import at_home
from tenant_references import delete, deleted_beyond, deletions, references
from tenant_rows import models, tenant_of


class NotRemoved(Exception):
    """It is not this run's to remove."""


def remove(request, connection):
    """Without an `id`, the tenant is removed whoever made it; then no other rows may go than `goes` says."""
    from django.db import transaction

    schema, work = request["schema"], request["id"]
    with transaction.atomic(using=connection.alias):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [request["lockTimeout"]])
            journal, _ = tenant_journal.read(cursor, schema)
        is_ours = work is None or (journal is not None and journal["id"] == work)
        # Whoever asks may have lost the connection before it heard what was made.
        made = journal["made"] if is_ours and work is not None else request["made"]
        before = deletions(connection)
        removed = remove_all(schema, made, connection, is_ours)
        if request["goes"] is not None:
            refuse_more(request["goes"], made, before, connection)
        return {"removed": removed}


def refuse_more(goes, made, before, connection):
    """A trigger, a receiver of a signal or a rule of the database may have removed what would not come back."""
    from django_tenants.utils import get_public_schema_name

    after, shared = deletions(connection), get_public_schema_name()
    if made["row"] and (shared, models()[0]._meta.db_table) not in after:
        raise NotRemoved("PostgreSQL does not count what goes (track_counts is off)")
    beyond = deleted_beyond(goes, before, after, shared)
    if beyond:
        raise NotRemoved("%s would go with it and not come back" % ", ".join(beyond))


def inventory(schema, connection):
    """Everything that there is of a tenant, and how rows of shared tables depend on its row."""
    from django_tenants.utils import get_public_schema_name

    tenants, domains = models()
    tenant = tenants._base_manager.filter(schema_name=schema).first()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(c.oid) FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid"
            " AND c.relkind IN ('r', 'p') WHERE n.nspname = %s GROUP BY n.oid",
            [schema],
        )
        (tables,) = cursor.fetchone() or (None,)
    if tenant is None:
        return {"row": None, "domains": [], "tables": tables, "references": []}
    rows = domains._base_manager.filter(tenant_id=tenant.pk).order_by("-is_primary", "domain")
    name = tenants._meta.get_field("schema_name")
    return {
        "row": {"pk": str(tenant.pk), "table": name.model._meta.db_table, "name": name.column},
        "domains": [{"pk": str(row.pk), "domain": row.domain} for row in rows],
        "tables": tables,
        "references": references(connection, get_public_schema_name()),
    }


def remove_all(schema, made, connection, is_ours):
    removed = []
    person = made["person"]
    if person and (person["where"] == "shared" or not made["schema"]):
        delete_person(person, schema)
        removed.append("superuser")
    with connection.cursor() as cursor:
        if made["schema"]:
            drop_schema(cursor, schema, is_ours)
            removed.append("schema")
        elif is_ours:
            tenant_journal.close(cursor, schema)
    if made["domains"]:
        delete(models()[1]._base_manager.filter(pk__in=made["domains"]), connection)
        removed.append("domains")
    if made["row"]:
        # Without TenantMixin.delete(), which may drop a schema.
        delete(models()[0]._base_manager.filter(pk=made["row"]), connection)
        removed.append("row")
    return removed


def drop_schema(cursor, schema, is_ours):
    """Only the schema that was made: one of the same name that came after it is somebody else's."""
    refuse_shared(schema)
    cursor.execute("SELECT FROM pg_namespace WHERE nspname = %s", [schema])
    if cursor.fetchone() is None:
        return
    if not is_ours:
        raise NotRemoved("the schema %s is not the one that this run made" % schema)
    cursor.execute("DROP SCHEMA %s CASCADE" % quoted(schema))


def refuse_shared(schema):
    from django_tenants.utils import get_public_schema_name

    name = schema.lower()
    if schema == get_public_schema_name() or name in ("public", "information_schema"):
        raise NotRemoved("%s is the shared schema and is never dropped" % schema)
    if name.startswith("pg_"):
        raise NotRemoved("%s is PostgreSQL's own and is never dropped" % schema)


def delete_person(person, schema):
    from django.contrib.auth import get_user_model

    with at_home(person["where"], tenant_of(schema)):
        get_user_model()._base_manager.filter(pk=person["pk"]).delete()
