"""Looks for one tenant, makes its row, domains and empty schema, or removes what was made.

Its tables are made by the project's own migrate_schemas, not here. `request.json` says what to do:
{"action": "look" | "make" | "announce" | "remove", ...}.
"""

from contextlib import contextmanager

from through_manage import through_manage


def provision(request):
    actions = {"look": look, "make": make, "announce": announce, "remove": remove}
    return actions[request["action"]](request)


# Looking


def look(request):
    """What exists of the tenant already, and what Django's own validation says about the rest."""
    tenants, domains = models()
    schema = request["schema"]
    row = tenants._base_manager.filter(schema_name=schema).first()
    owners = owners_of(domains, request["domains"])
    missing = [name for name in request["domains"] if name not in owners]
    problems = [] if row else problems_of(tenants, request["fields"])
    problems += domain_problems(domains, missing)
    problems += lookalikes(tenants, schema)
    return {
        "row": row_of(tenants, row, request["fields"]) if row else None,
        "domains": [{"domain": name, "schema": owners[name]} for name in sorted(owners)],
        "problems": problems,
        "schema": schema_of(schema),
    }


def models():
    from django_tenants import utils

    return utils.get_tenant_model(), utils.get_tenant_domain_model()


def tenants_connection():
    from django.db import connections
    from django_tenants import utils

    return connections[utils.get_tenant_database_alias()]


def owners_of(domains, names):
    rows = domains._base_manager.filter(domain__in=names).select_related("tenant")
    return {row.domain: row.tenant.schema_name for row in rows}


def problems_of(model, fields):
    """Each wrong field of a new row with Django's sentence; nothing is saved."""
    from django.core.exceptions import ValidationError

    try:
        with_values(model, fields).full_clean()
    except ValidationError as error:
        return listed(error)
    except (TypeError, ValueError) as error:
        return [{"field": "", "message": str(error)}]
    return []


def domain_problems(model, names):
    from django.core.exceptions import ValidationError

    problems = []
    for name in names:
        try:
            model(domain=name).full_clean(exclude=["tenant"])
        except ValidationError as error:
            problems += [dict(found, field="domain %s" % name) for found in listed(error)]
    return problems


def lookalikes(tenants, schema):
    """django-tenants takes names that differ in case only for one tenant; PostgreSQL does not."""
    others = tenants._base_manager.filter(schema_name__iexact=schema).exclude(schema_name=schema)
    return [
        {"field": "schema_name", "message": "a tenant with the schema %s exists" % other}
        for other in others.values_list("schema_name", flat=True)
    ]


def listed(error):
    return [
        {"field": "" if field == "__all__" else field, "message": " ".join(messages)}
        for field, messages in error.message_dict.items()
    ]


def with_values(model, fields):
    """An unsaved instance. Relations take the key of the other row."""
    names = {field.name: field.attname for field in model._meta.concrete_fields}
    return model(**{names.get(name, name): value for name, value in fields.items()})


def row_of(model, row, fields):
    return {
        "pk": str(row.pk),
        "hidden": not model._default_manager.filter(pk=row.pk).exists(),
        "differences": differences_of(model, row, fields),
    }


def differences_of(model, row, fields):
    """The fields whose value in the row is another one than the one asked for."""
    from django.core.exceptions import ValidationError

    found = []
    for name, value in fields.items():
        field = model._meta.get_field(name)
        try:
            wanted = field.clean(value, row)
        except ValidationError:
            wanted = value
        if getattr(row, field.attname) != wanted:
            found.append(name)
    return sorted(found)


def schema_of(schema):
    with tenants_connection().cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = %s),"
            " (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            "  WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f')),"
            " has_database_privilege(current_database(), 'CREATE'), current_user",
            [schema, schema],
        )
        exists, tables, may_create, role = cursor.fetchone()
    return {"exists": bool(exists), "tables": tables, "mayCreate": may_create, "role": role}


# Making


def make(request):
    """Makes what `request` names, all or nothing: the row, domains, the empty schema."""
    from django.core.exceptions import ValidationError
    from django.db import Error, OperationalError, transaction

    connection = tenants_connection()
    try:
        with transaction.atomic(using=connection.alias):
            return {"made": make_parts(request, connection), "refused": None}
    except OperationalError:
        raise
    except (Error, ValidationError) as error:
        return {"made": None, "refused": " ".join(str(error).split())}


def make_parts(request, connection):
    tenants, domains = models()
    made = {"row": None, "domains": [], "schema": None}
    schema = request["schema"]
    if request["makeRow"]:
        tenant = with_values(tenants, request["fields"])
        tenant.full_clean()
        # The schema is made below, and its tables by a command of its own: save() would skip a
        # schema that is there already, and would hide why migrations fail.
        tenant.auto_create_schema = False
        with no_call_for_a_schema():
            tenant.save()
        made["row"] = str(tenant.pk)
    else:
        tenant = tenants._base_manager.get(schema_name=schema)
    for index, name in enumerate(request["makeDomains"]):
        primary = bool(request["makeRow"] and index == 0)
        domain = domains(domain=name, tenant=tenant, is_primary=primary)
        domain.save()
        made["domains"].append(str(domain.pk))
    if request["makeSchema"]:
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA %s" % quoted(schema))
        made["schema"] = schema
    return made


@contextmanager
def no_call_for_a_schema():
    """Without auto_create_schema, save() asks its listeners to make the schema; it is made here."""
    from django_tenants.signals import schema_needs_to_be_sync as signal

    signal.send = lambda *args, **kwargs: []
    try:
        yield
    finally:
        del signal.send


def announce(request):
    """Sends what django-tenants sends once a new schema has its tables."""
    from django_tenants.models import TenantMixin
    from django_tenants.signals import post_schema_sync

    tenant = models()[0]._base_manager.get(schema_name=request["schema"])
    try:
        post_schema_sync.send(sender=TenantMixin, tenant=tenant.serializable_fields())
    except Exception as error:
        return {"refused": "%s: %s" % (type(error).__name__, error)}
    return {"refused": None}


# Removing


def remove(request):
    """Removes what this run has made, newest first, and stops where something is in the way."""
    from django.db import Error

    connection = tenants_connection()
    made = request["made"]
    removed = []
    steps = [
        ("schema", made["schema"], lambda: drop_schema(connection, made["schema"])),
        ("row", made["row"], lambda: delete_rows(connection, made)),
        ("domains", made["domains"] and not made["row"], lambda: delete_rows(connection, made)),
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [request["lockTimeout"]])
    for name, present, step in steps:
        if not present:
            continue
        try:
            step()
        except (Error, ValueError) as error:
            stuck = {"part": name, "reason": " ".join(str(error).split())}
            return {"removed": removed, "stuck": stuck}
        removed.append(name)
    return {"removed": removed, "stuck": None}


def drop_schema(connection, schema):
    from django_tenants import utils

    if schema in (utils.get_public_schema_name(), "public") or schema.lower().startswith("pg_"):
        raise ValueError("%s is never dropped" % schema)
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS %s CASCADE" % quoted(schema))


def delete_rows(connection, made):
    from django.db import transaction

    tenants, domains = models()
    with transaction.atomic(using=connection.alias):
        domains._base_manager.filter(pk__in=made["domains"]).delete()
        if made["row"]:
            delete_tenant(connection, tenants, made["row"])


def delete_tenant(connection, tenants, pk):
    """Without TenantMixin.delete(), which may drop a schema."""
    from django.db import Error, models, transaction

    row = tenants._base_manager.filter(pk=pk)
    try:
        with transaction.atomic(using=connection.alias):
            for tenant in row:
                models.Model.delete(tenant)
    except Error:
        # A model of the tenant's schema points to the tenant: Django finds no table for it.
        row._raw_delete(connection.alias)


def quoted(name):
    return '"%s"' % name.replace('"', '""')


if __name__ == "__main__":
    through_manage(provision)
