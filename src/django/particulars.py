"""Settings by which a project changes how django-tenants works."""


def particulars_of(settings):
    return {
        "extraSearchPaths": list(map(str, getattr(settings, "PG_EXTRA_SEARCH_PATHS", None) or ())),
        "baseMigrateCommand": named(settings, "TENANT_BASE_MIGRATE_COMMAND"),
        "executorFunction": named(settings, "GET_EXECUTOR_FUNCTION"),
        "extraSetTenantMethod": named(settings, "EXTRA_SET_TENANT_METHOD_PATH"),
        "limitSetCalls": bool(getattr(settings, "TENANT_LIMIT_SET_CALLS", False)),
    }


def named(settings, name):
    value = getattr(settings, name, None)
    return str(value) if value else None


def template_schemas(settings, utils):
    """(schema, type) of each schema that new tenants are copied from."""
    if not getattr(settings, "TENANT_CREATION_FAKES_MIGRATIONS", False):
        return []
    found = []
    if utils.has_multi_type_tenants():
        for name, described in utils.get_tenant_types().items():
            if described.get("BASE_SCHEMA"):
                found.append((described["BASE_SCHEMA"], name))
    common = getattr(settings, "TENANT_BASE_SCHEMA", None)
    return found + ([(common, None)] if common else [])
