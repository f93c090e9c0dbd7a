"""Makes in an empty database what this code makes: the shared schema, and one tenant of each kind.

For a database that nobody keeps. The rows of the tenants are there to be found: nothing in them
means anything.
"""

import datetime
import uuid

from discover import refuse_other_engines, refuse_other_projects
from through_manage import Refusal, through_manage

NAME = "example"
ZEROS = {
    "BooleanField": False,
    "DurationField": datetime.timedelta(0),
    "JSONField": {},
}


def make(request):
    try:
        return made()
    except Refusal:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise Refusal("target-branch", lines[0]) from error


def made():
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    refuse_other_projects(settings)
    from django_tenants import utils

    alias = utils.get_tenant_database_alias()
    connection = connections[alias]
    refuse_other_engines(connection, alias)
    quietly = {"interactive": False, "verbosity": 0}
    call_command("migrate_schemas", shared=True, **quietly)
    model = utils.get_tenant_model()
    tenants = [row_of(model, name, kind, utils) for name, kind in wanted(utils)]
    connection.set_schema_to_public()
    with connection.cursor() as cursor:
        # Whom they belong to does not matter.
        cursor.execute("SET session_replication_role = replica")
        model._base_manager.bulk_create(tenants)
        cursor.execute("RESET session_replication_role")
        for tenant in tenants:
            cursor.execute("CREATE SCHEMA %s" % connection.ops.quote_name(tenant.schema_name))
    call_command("migrate_schemas", tenant=True, **quietly)
    return {"schemas": [tenant.schema_name for tenant in tenants]}


def wanted(utils):
    if not utils.has_multi_type_tenants():
        return [(NAME, None)]
    public = utils.get_public_schema_name()
    kinds = [name for name in utils.get_tenant_types() if name != public]
    return [("%s_%d" % (NAME, index + 1), kind) for index, kind in enumerate(kinds)]


def row_of(model, name, kind, utils):
    values = {"schema_name": name}
    if kind is not None:
        values[utils.get_multi_type_database_field_name()] = kind
    for field in model._meta.concrete_fields:
        if field.name in values or field.has_default() or field.null or is_made(field):
            continue
        values[field.attname] = some_value(field, name)
    return model(**values)


def is_made(field):
    """By the database, or by Django."""
    automatic = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    return field.primary_key or automatic or getattr(field, "generated", False) or has_db_default(field)


def has_db_default(field):
    from django.db.models import NOT_PROVIDED

    return getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED


def some_value(field, name):
    from django.utils import timezone

    if field.remote_field is not None:
        return some_value(field.target_field, name)
    if field.choices:
        return next(value for value, _ in field.flatchoices)
    kind = field.get_internal_type()
    if kind in ZEROS:
        return ZEROS[kind]
    if kind == "UUIDField":
        return uuid.uuid4()
    if kind in ("DateField", "DateTimeField", "TimeField"):
        now = timezone.now()
        return {"DateField": now.date(), "TimeField": now.time()}.get(kind, now)
    if kind.endswith(("IntegerField", "AutoField", "DecimalField", "FloatField")):
        return 0
    return name[: field.max_length]


if __name__ == "__main__":
    through_manage(make)
