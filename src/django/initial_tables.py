"""Compares the tables of the shared schema with what its pending migrations would make. Changes nothing.

Django's own `--fake-initial` compares names. Here the migrations run, in a scratch schema that is never kept,
and what they make is read from the catalogue with the same questions as the tables that are there.
"""

from initial_trial import compare, is_initial
from ledgers import label
from through_manage import through_manage


def initial_tables(request):
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor
    from django_tenants import utils

    connection = connections[utils.get_tenant_database_alias()]
    connection.set_schema_to_public()
    executor = MigrationExecutor(connection)
    plan = pending_of(executor)
    public = utils.get_public_schema_name()
    there = existing(connection, public)
    standing = [one for one in standing_of(executor, plan, there) if one["makes"]]
    comparison = None
    if request["compare"] and any(one["initial"] and one["present"] for one in standing):
        comparison = compare(executor, plan, standing, public, request)
    return {"standing": standing, "comparison": comparison}


def pending_of(executor):
    """The migrations that `migrate` would run, in its order."""
    leaves = executor.loader.graph.leaf_nodes()
    pending = {migration for migration, _ in executor.migration_plan(leaves)}
    full = executor.migration_plan(leaves, clean_start=True)
    return [migration for migration, _ in full if migration in pending]


def existing(connection, schema):
    """Tables and views of the schema, each with its columns."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, array_remove(array_agg(a.attname::text), NULL) FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'f', 'v', 'm') GROUP BY c.relname",
            [schema],
        )
        return {table: set(columns) for table, columns in cursor.fetchall()}


def standing_of(executor, plan, there):
    """For each pending migration the tables and columns that it makes, and those of them that are there."""
    state = executor._create_project_state(with_applied_migrations=True)
    for migration in plan:
        initial = is_initial(migration)
        makes = []
        if any(creates(operation) for operation in migration.operations):
            after = migration.mutate_state(state)
            makes = list(made_by(executor.connection, migration, after.apps))
        present = [one for one in makes if is_there(one, there)]
        faked = bool(initial and present and executor.detect_soft_applied(state, migration)[0])
        yield {
            "migration": label((migration.app_label, migration.name)),
            "initial": initial,
            "makes": list(map(named, makes)),
            "present": list(map(named, present)),
            # Django's own word: --fake-initial would record it.
            "faked": faked,
        }
        state = migration.mutate_state(state, preserve=False)


def creates(operation):
    from django.db import migrations

    return isinstance(operation, (migrations.CreateModel, migrations.AddField))


def made_by(connection, migration, apps):
    """Tables and columns that this schema gets from CreateModel and AddField, as Django looks at them."""
    from django.apps import apps as live
    from django.db import migrations, router

    for operation in migration.operations:
        if not creates(operation):
            continue
        is_table = isinstance(operation, migrations.CreateModel)
        name = operation.name if is_table else operation.model_name
        model = apps.get_model(migration.app_label, name)
        if model._meta.swapped:
            model = live.get_model(model._meta.swapped)
        options = model._meta
        if options.proxy or not options.managed:
            continue
        if not router.allow_migrate(
            connection.alias, migration.app_label, model_name=options.model_name
        ):
            continue
        if is_table:
            yield {"table": options.db_table, "column": None}
            continue
        field = options.get_field(operation.name)
        if field.many_to_many:
            yield {"table": field.remote_field.through._meta.db_table, "column": None}
        elif field.column is not None:
            yield {"table": options.db_table, "column": field.column}


def is_there(made, there):
    if made["column"] is None:
        return made["table"] in there
    return made["column"] in there.get(made["table"], ())


def named(made):
    return made["table"] if made["column"] is None else "%s.%s" % (made["table"], made["column"])


if __name__ == "__main__":
    through_manage(initial_tables)
