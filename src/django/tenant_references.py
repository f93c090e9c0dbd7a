"""What goes with a tenant's row: rows of shared tables that point to it, and those that point to them."""

from tenant_rows import models


def references(connection, shared):
    """Every way by which a row of a shared table may go, or change, with another one.

    A row of `table` whose `column` has the value of `of.column` in a row that goes loses itself, its
    `reference`, or the `value`: it gets another one.
    """
    present = tables_in(connection, shared)
    found, seen, waiting = [], set(), [models()[0]._meta.get_field("schema_name").model]
    while waiting:
        model = waiting.pop()
        if model in seen:
            continue
        seen.add(model)
        for reference, follows in [*to_parents(model), *to_model(model, present)]:
            if reference not in found:
                found.append(reference)
            if reference["loses"] == "row":
                waiting.append(follows)
    return found


def tables_in(connection, schema):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relkind IN ('r', 'p')",
            [schema],
        )
        return {name for (name,) in cursor.fetchall()}


def to_parents(model):
    """With a row of a model that inherits goes what its parents have of it."""
    for parent, link in model._meta.parents.items():
        if link is not None:
            yield described(parent, link.target_field.column, link, "row"), parent


def to_model(model, present):
    from django.db.models import CASCADE, DO_NOTHING, PROTECT, RESTRICT, SET_NULL

    for relation in model._meta.get_fields(include_hidden=True):
        if not (relation.one_to_many or relation.one_to_one) or relation.concrete:
            continue
        pointing = getattr(relation, "related_model", None)
        on_delete = getattr(relation, "on_delete", None)
        if on_delete in (None, DO_NOTHING, PROTECT, RESTRICT):
            continue  # the database or Django refuses, or another way takes the row
        if pointing._meta.db_table not in present:
            continue  # its rows are in the schema of their tenant
        loses = {CASCADE: "row", SET_NULL: "reference"}.get(on_delete, "value")
        field = relation.field
        yield described(pointing, field.column, field.target_field, loses), pointing


def described(model, column, of, loses):
    return {
        "model": model._meta.label,
        "table": model._meta.db_table,
        "key": model._meta.pk.column,
        "column": column,
        "of": {"table": of.model._meta.db_table, "column": of.column},
        "loses": loses,
    }


def delete(rows, connection):
    """As Django deletes, signals included; tables that are in tenants' schemas only are left alone."""
    from django.db import ProgrammingError, transaction
    from django.db.models.deletion import Collector
    from django_tenants.utils import get_public_schema_name

    present = tables_in(connection, get_public_schema_name())

    class InShared(Collector):
        def related_objects(self, related_model, related_fields, objs):
            found = super().related_objects(related_model, related_fields, objs)
            return found if related_model._meta.db_table in present else found.none()

    try:
        with transaction.atomic(using=connection.alias):
            for row in rows:
                collector = InShared(using=connection.alias, origin=row)
                collector.collect([row])
                collector.delete()
    except ProgrammingError:
        # A generic relation leads to a model of the tenant's schema: Django finds no table for it.
        rows._raw_delete(connection.alias)


def deletions(connection):
    """How many rows of each table this session has deleted, also by triggers and cascades of the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname, relname, n_tup_del FROM pg_stat_xact_user_tables WHERE n_tup_del > 0"
        )
        return {(schema, table): rows for schema, table, rows in cursor.fetchall()}


def deleted_beyond(goes, before, after, shared):
    """What has gone that was not meant to go, as `3 rows of public.audit_entry`."""
    beyond = []
    for (schema, table), rows in sorted(after.items()):
        meant = goes.get(table, 0) if schema == shared else 0
        more = rows - before.get((schema, table), 0) - meant
        if more > 0:
            beyond.append("%d %s of %s.%s" % (more, "row" if more == 1 else "rows", schema, table))
    return beyond
