"""The SQL of what is pending, once for each group of schemas that need the same. Changes nothing.

Django's own schema editor writes the statements down instead of sending them, as `sqlmigrate` does, with a schema
of the group in front of it. The session is read-only meanwhile: an operation of the project that sends something
all the same is refused by the server.
"""

from contextlib import contextmanager

from ledgers import label
from migration_files import MigrationFile
from operations import database_operations, kind_of
from python_code import what_it_uses
from model_tables import has_table, tables_of_model


def collected(standings, groups, names, connection):
    """For each kind of schema and each distinct plan: its schemas, and the SQL of its migrations."""
    found = {}
    wanted = set(names)
    for (_, history), group in zip(standings.histories, groups):
        if not history.plan:
            continue
        for schema in group["schemas"]:
            kind = standings.kind_of_schema(schema)
            if schema in wanted and kind is not None:
                key = (id(kind), tuple(history.plan))
                found.setdefault(key, (kind, history, []))[2].append(schema)
    files = {}
    with only_reading(connection):
        return [
            {
                **kind.name,
                "schemas": schemas,
                "migrations": list(sql_of_plan(standings, history, kind, schemas[0], files)),
            }
            for kind, history, schemas in found.values()
        ]


@contextmanager
def only_reading(connection):
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        yield
    finally:
        connection.set_schema_to_public()
        with connection.cursor() as cursor:
            cursor.execute("RESET default_transaction_read_only")


def sql_of_plan(standings, history, kind, schema, files):
    connection = standings.states.connection
    state = standings.states.state_after(history.loader, history.in_graph)
    connection.set_schema(schema, tenant_type=kind.tenant_type)
    for key in history.plan:
        migration = history.loader.graph.nodes[key]
        file = files.setdefault(key, None) or MigrationFile(migration)
        files[key] = file
        operations, state = sql_of_migration(migration, state, connection, file)
        yield {
            "migration": label(key),
            "atomic": migration.atomic,
            "file": file.path,
            "comments": file.comments,
            "operations": operations,
        }


def sql_of_migration(migration, state, connection, file):
    described = []
    deferred = {}
    with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
        for index, operation in enumerate(migration.operations):
            before = len(editor.collected_sql)
            old = state.clone()
            operation.state_forwards(migration.app_label, state)
            unknown = write_down(operation, migration.app_label, editor, old, state)
            for statement in editor.deferred_sql:
                deferred.setdefault(id(statement), index)
            described.append(
                {
                    "description": str(operation.describe()),
                    "kinds": sorted({kind_of(one) for one in database_operations([operation])}),
                    "line": file.line_of(index),
                    "reversible": bool(operation.reversible),
                    "statements": [sql for sql in editor.collected_sql[before:] if is_sql(sql)],
                    "unknown": unknown,
                    "python": python_of(operation, old, connection),
                }
            )
        for statement in editor.deferred_sql:
            described[deferred[id(statement)]]["statements"].append("%s;" % statement)
        editor.deferred_sql.clear()
    return described, state


def write_down(operation, app_label, editor, old, new):
    """Lets an operation write its SQL down. Returns why it could not, or None."""
    if not operation.reduces_to_sql:
        return None if is_python(operation) else "only running it tells what it does"
    try:
        operation.database_forwards(app_label, editor, old, new)
    except Exception as error:
        return "%s: %s" % (type(error).__name__, (str(error).strip().splitlines() or [""])[0])
    return None


def is_sql(text):
    return text.strip() not in ("", ";") and not text.startswith("--")


def is_python(operation):
    return all(kind_of(one) == "RunPython" for one in database_operations([operation]))


def python_of(operation, state, connection):
    """What the Python of an operation works with; None where there is none."""
    functions = [
        one.code
        for one in database_operations([operation])
        if kind_of(one) == "RunPython" and one.code is not type(one).noop
    ]
    if not functions:
        return None
    uses = [what_it_uses(function) for function in functions]
    models = sorted({model for one in uses for model in one["models"]})
    tables = []
    for app, name in models:
        model = state.models.get((app, name))
        if model is not None and has_table(model, connection):
            tables.append(tables_of_model(model, state, connection)[0].name)
    return {"tables": tables, "live": sorted({name for one in uses for name in one["live"]})}
