"""What a migration's Python can see of the place where it runs."""

from django.db import connections


def surroundings(schema_editor):
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('search_path'), current_schema()")
        path, schema = cursor.fetchone()
    return {
        "search_path": path,
        "current_schema": schema,
        "connection.schema_name": connection.schema_name,
        "connection.tenant": type(connection.tenant).__name__,
        "connection.alias": connection.alias,
        "same connection": str(connections["default"] is connection),
        "in_atomic_block": str(connection.in_atomic_block),
        "atomic_migration": str(schema_editor.atomic_migration),
    }


def write_down(apps, schema_editor, about):
    for name, value in surroundings(schema_editor).items():
        apps.get_model("data", "Finding").objects.create(name="%s: %s" % (about, name), value=value)
