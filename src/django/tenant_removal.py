"""Removes what was made of a tenant: all of it in one transaction, newest first, or nothing."""

import tenant_journal
from ledgers import quoted
from tenant_people import at_home
from tenant_rows import models, tenant_of


class NotRemoved(Exception):
    """It is not this run's to remove."""


def remove(request, connection):
    """Without an `id`, the tenant is removed whoever made it."""
    from django.db import transaction

    schema, work = request["schema"], request["id"]
    with transaction.atomic(using=connection.alias):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [request["lockTimeout"]])
            journal, _ = tenant_journal.read(cursor, schema)
        is_ours = work is None or (journal is not None and journal["id"] == work)
        # Whoever asks may have lost the connection before it heard what was made.
        made = journal["made"] if is_ours and work is not None else request["made"]
        return {"removed": remove_all(schema, made, connection, is_ours)}


def inventory(schema, connection):
    """Everything that there is of a tenant, and what goes with its row in shared tables."""
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
        return {"row": None, "domains": [], "tables": tables, "pointing": []}
    rows = domains._base_manager.filter(tenant_id=tenant.pk).order_by("-is_primary", "domain")
    meta = tenants._meta
    return {
        "row": {
            "pk": str(tenant.pk),
            "table": meta.db_table,
            "key": meta.pk.column,
            "name": meta.get_field("schema_name").column,
        },
        "domains": [{"pk": str(row.pk), "domain": row.domain} for row in rows],
        "tables": tables,
        "pointing": pointing_to(tenant),
    }


def pointing_to(tenant):
    """The rows of other shared tables that have a reference to the tenant, its domains among them."""
    from django.db import Error, transaction

    found = []
    for relation in tenant._meta.get_fields(include_hidden=True):
        if not relation.auto_created or relation.concrete or relation.many_to_many:
            continue
        model, field = relation.related_model, relation.field
        try:
            with transaction.atomic():
                rows = model._base_manager.filter(**{field.name: tenant}).count()
        except Error:  # its table is in the tenants' schemas
            continue
        if rows:
            found.append(
                {
                    "model": model._meta.label,
                    "table": model._meta.db_table,
                    "column": field.column,
                    "rows": rows,
                }
            )
    return sorted(found, key=lambda one: one["model"])


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
        models()[1]._base_manager.filter(pk__in=made["domains"]).delete()
        removed.append("domains")
    if made["row"]:
        delete_tenant(connection, models()[0], made["row"])
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


def delete_tenant(connection, tenants, pk):
    """Without TenantMixin.delete(), which may drop a schema."""
    from django.db import Error, transaction
    from django.db.models import Model

    row = tenants._base_manager.filter(pk=pk)
    try:
        with transaction.atomic(using=connection.alias):
            for tenant in row:
                Model.delete(tenant)
    except Error:
        # A model of the tenant's schema points to the tenant: Django finds no table for it.
        row._raw_delete(connection.alias)
