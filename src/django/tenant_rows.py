"""A tenant's row, domains and schema: what exists, what is wrong with what was asked for, and making it."""

from contextlib import contextmanager

import tenant_journal
from ledgers import quoted


def models():
    from django_tenants import utils

    return utils.get_tenant_model(), utils.get_tenant_domain_model()


def tenant_of(schema):
    return models()[0]._base_manager.filter(schema_name=schema).first()


# Looking


def look(request, connection):
    """What exists of the tenant already, and what Django's own validation says about the rest."""
    tenants, domains = models()
    schema = request["schema"]
    row = tenant_of(schema)
    found = domains._base_manager.filter(domain__in=request["domains"]).select_related("tenant")
    owners = {one.domain: one for one in found}
    missing = [name for name in request["domains"] if name not in owners]
    problems = [] if row else problems_of(tenants, request["fields"])
    problems += domain_problems(domains, missing)
    problems += lookalikes(tenants, schema)
    return {
        "row": row_of(tenants, row, request["fields"]) if row else None,
        "domains": [
            {"domain": name, "schema": one.tenant.schema_name, "primary": bool(one.is_primary)}
            for name, one in sorted(owners.items())
        ],
        "problems": problems,
        "schema": schema_of(connection, schema),
    }


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


def schema_of(connection, schema):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = %s),"
            " (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            "  WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f')),"
            " has_database_privilege(current_database(), 'CREATE'), current_user",
            [schema, schema],
        )
        exists, tables, may_create, role = cursor.fetchone()
        journal, _ = tenant_journal.read(cursor, schema)
    return {
        "exists": bool(exists),
        "tables": tables,
        "mayCreate": may_create,
        "role": role,
        "journal": journal,
    }


# Making


def begin(request, connection):
    """Makes the row and the empty schema, and begins their journal: all of it or nothing."""
    from django.db import transaction

    made = {"row": None, "domains": [], "schema": False, "person": None}
    schema = request["schema"]
    with transaction.atomic(using=connection.alias):
        if request["makeRow"]:
            tenant = with_values(models()[0], request["fields"])
            tenant.full_clean()
            # The schema is made below, and its tables by a command of its own: save() would skip a
            # schema that is there already, and would hide why migrations fail.
            tenant.auto_create_schema = False
            with no_call_for_a_schema():
                tenant.save()
            made["row"] = str(tenant.pk)
        with connection.cursor() as cursor:
            if request["makeSchema"]:
                cursor.execute("CREATE SCHEMA %s" % quoted(schema))
                made["schema"] = True
            # A comment is its owner's to write; an adopted or shared schema may be somebody else's.
            journaled = tenant_journal.owns(cursor, schema)
            if journaled:
                _, comment = tenant_journal.read(cursor, schema)
                journal = {**request["journal"], "made": made, "done": [], "comment": comment}
                tenant_journal.write(cursor, schema, journal)
    return {"made": made, "journaled": journaled}


@contextmanager
def no_call_for_a_schema():
    """Without auto_create_schema, save() asks its listeners to make the schema; it is made here."""
    from django_tenants.signals import schema_needs_to_be_sync as signal

    signal.send = lambda *args, **kwargs: []
    try:
        yield
    finally:
        del signal.send


def make_domains(request, connection):
    """The domains that are missing; the first one is primary where the tenant has no other."""
    from django.db import transaction

    domains = models()[1]
    tenant = tenant_of(request["schema"])
    made = []
    with transaction.atomic(using=connection.alias):
        has_primary = domains._base_manager.filter(tenant=tenant, is_primary=True).exists()
        for index, name in enumerate(request["domains"]):
            domain = domains(
                domain=name, tenant=tenant, is_primary=index == 0 and not has_primary
            )
            domain.save()
            made.append(str(domain.pk))
        with connection.cursor() as cursor:
            tenant_journal.note(cursor, request["schema"], "domains", {"domains": made})
    return {"domains": made}


def announce(request, connection):
    """Sends what django-tenants sends once a new schema has its tables."""
    from django_tenants.models import TenantMixin
    from django_tenants.signals import post_schema_sync

    tenant = tenant_of(request["schema"])
    post_schema_sync.send(sender=TenantMixin, tenant=tenant.serializable_fields())
    connection.set_schema_to_public()
    with connection.cursor() as cursor:
        tenant_journal.note(cursor, request["schema"], "signal")
    return {}
