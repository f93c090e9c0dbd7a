"""The kinds of schema of a project: the shared one and each type of tenant, as routers see them."""

from contextlib import contextmanager

# Stands in for "some tenant" where only the kind of schema matters; never used in a statement.
SOME_TENANT = "tenantry_some_tenant"


class Kind:
    def __init__(self, connection, alias, schema, kind, tenant_type):
        self.connection, self.alias, self.schema = connection, alias, schema
        self.kind, self.tenant_type = kind, tenant_type
        self.by_app = routers_look_at_apps_only()
        self.known = {}

    @property
    def name(self):
        return {"kind": self.kind, "tenantType": self.tenant_type}

    def allows(self, app_label, model_name=None, **hints):
        """Whether the project's routers let migrations of this app (or model) run there."""
        from django.db import router

        key = app_label if self.by_app else (app_label, model_name)
        if (self.by_app or not hints) and key in self.known:
            return self.known[key]
        with self.routed():
            try:
                model = {} if model_name is None else {"model_name": model_name}
                allowed = router.allow_migrate(self.alias, app_label, **model, **hints)
            except LookupError:  # an app that is not installed
                allowed = False
        if self.by_app or not hints:
            self.known[key] = allowed
        return allowed

    def allows_table(self, table):
        hints = {} if table.model is None else {"model": table.model}
        return self.allows(table.app_label, table.model_name, **hints)

    @contextmanager
    def routed(self):
        """Routers look at the connection's schema; no statement is sent."""
        self.connection.set_schema(self.schema, tenant_type=self.tenant_type)
        try:
            yield
        finally:
            self.connection.set_schema_to_public()


def kinds_of(connection, alias, utils, public):
    kinds = [Kind(connection, alias, public, "shared", None)]
    types = [None]
    if utils.has_multi_type_tenants():
        types = [name for name in utils.get_tenant_types() if name != public]
    return kinds + [Kind(connection, alias, SOME_TENANT, "tenant", name) for name in types]


def routers_look_at_apps_only():
    """True where no other router than django-tenants' own has a say in migrations."""
    from django.db import router
    from django_tenants.routers import TenantSyncRouter

    return all(
        type(one) is TenantSyncRouter or not hasattr(one, "allow_migrate") for one in router.routers
    )
