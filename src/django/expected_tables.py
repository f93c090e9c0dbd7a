"""The tables of each kind of schema at head: by the migrations' state and the project's routers."""

from contextlib import contextmanager

from ledgers import LEDGER

# Stands in for "some tenant" where only the kind of schema matters; never used in a statement.
SOME_TENANT = "tenantry_some_tenant"
LONGEST_IDENTIFIER = 63


def kinds_of_schema(loader, connection, alias, utils, public):
    """For the shared schema and each type of tenant: its apps, and the tables it has at head."""
    models = models_at_head(loader, connection)
    kinds = [("shared", None)]
    if utils.has_multi_type_tenants():
        kinds += [("tenant", name) for name in utils.get_tenant_types() if name != public]
    else:
        kinds += [("tenant", None)]

    described = []
    for kind, tenant_type in kinds:
        schema = public if kind == "shared" else SOME_TENANT
        with routed_as(connection, schema, tenant_type):
            described.append({"kind": kind, "tenantType": tenant_type, **routed(models, alias)})
    return described


def models_at_head(loader, connection):
    """The models of the migrations at head that have a table of their own."""
    state = loader.project_state()
    return [
        model
        for model in state.apps.get_models(include_auto_created=True)
        if model._meta.app_label in loader.migrated_apps and model._meta.can_migrate(connection)
    ]


@contextmanager
def routed_as(connection, schema, tenant_type):
    """Routers look at the connection's schema; no statement is sent."""
    connection.set_schema(schema, tenant_type=tenant_type)
    try:
        yield
    finally:
        connection.set_schema_to_public()


def routed(models, alias):
    from django.db import router

    allowed = [model for model in models if router.allow_migrate_model(alias, model)]
    return {
        "apps": sorted({model._meta.app_label for model in allowed}),
        "tables": sorted({identifier(model._meta.db_table) for model in allowed} | {LEDGER}),
        "columns": {
            identifier(model._meta.db_table): sorted(
                identifier(field.column) for field in model._meta.local_concrete_fields
            )
            for model in allowed
        },
    }


def identifier(name):
    """A name as PostgreSQL keeps it: unquoted, cut after 63 bytes."""
    return name.strip('"').encode()[:LONGEST_IDENTIFIER].decode(errors="ignore")
