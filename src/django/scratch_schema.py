"""A schema that migrations run in to see what they make, and that never stays.

It lives in one transaction that is rolled back, also when this process is killed: the server does it. For the
migrations and the project's routers the connection is on the shared schema all the while; only its search path
begins with the scratch schema.
"""

import secrets
from contextlib import contextmanager

# It waits for nobody: others would wait behind it.
LOCK_TIMEOUT = "2s"
# Everything stronger than reading.
WRITING_LOCKS = (
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)


class NotComparable(Exception):
    """What migrations make cannot be seen in a scratch schema."""


@contextmanager
def scratch_schema(connection):
    """The name of a new schema in which everything that follows is made; afterwards nothing of it is left."""
    from django.db import transaction

    name = "tenantry_scratch_%s" % secrets.token_hex(8)
    kept = dict(vars(connection))
    with transaction.atomic(using=connection.alias):
        try:
            make(connection, name)
            look_at(connection, name)
            yield name
        finally:
            transaction.set_rollback(True, using=connection.alias)
            give_back(connection, kept)


def make(connection, name):
    from django.db import DatabaseError

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '%s'" % LOCK_TIMEOUT)
        try:
            cursor.execute('CREATE SCHEMA "%s"' % name)  # fails when there is one
        except DatabaseError as error:
            raise NotComparable("a scratch schema cannot be made: %s" % first_line(error)) from error
        # A migration that commits by itself fails here, and everything is rolled back all the same.
        cursor.execute(
            'CREATE TABLE "%s".never_kept (once int UNIQUE DEFERRABLE INITIALLY DEFERRED)' % name
        )
        cursor.execute('INSERT INTO "%s".never_kept VALUES (1), (1)' % name)


def look_at(connection, name):
    """Lets everything that Django does with the shared schema happen in the scratch schema."""
    path = [name, *connection._get_cursor_search_paths()]
    connection._get_cursor_search_paths = lambda: path
    connection.search_path_set_schemas = None
    connection.introspection = type(connection.introspection)(Renamed(connection, name))
    connection.check_constraints = lambda table_names=None: None
    run_concurrent_operations_plainly()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        (current,) = cursor.fetchone()
    if current != name:
        raise NotComparable("the project's connection does not keep to a scratch schema (%s)" % current)


def give_back(connection, kept):
    changed = ("_get_cursor_search_paths", "introspection", "check_constraints")
    for attribute in changed:
        if attribute in kept:
            setattr(connection, attribute, kept[attribute])
        else:
            vars(connection).pop(attribute, None)
    connection.search_path_set_schemas = None


class Renamed:
    """The connection for introspection, which looks at the schema that the connection says it is on."""

    def __init__(self, connection, schema_name):
        self._connection, self.schema_name = connection, schema_name

    def __getattr__(self, name):
        return getattr(self._connection, name)


def run_concurrent_operations_plainly():
    """CONCURRENTLY makes the same index, but not inside a transaction."""
    from django.contrib.postgres import operations
    from django.db import migrations

    operations.AddIndexConcurrently.database_forwards = migrations.AddIndex.database_forwards
    operations.RemoveIndexConcurrently.database_forwards = migrations.RemoveIndex.database_forwards


def touched_outside(connection, name):
    """What this transaction has changed or locked outside the scratch schema: `schema.table`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT n.nspname || '.' || c.relname FROM pg_locks l"
            " JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.mode = ANY(%s)"
            " AND left(n.nspname, 3) <> 'pg_' AND n.nspname <> %s ORDER BY 1",
            [list(WRITING_LOCKS), name],
        )
        return [found for (found,) in cursor.fetchall()]


def tables_with_rows(connection, schema, names=None):
    """The schema's tables (or those of them that have these names) that are not empty."""
    filled = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relkind IN ('r', 'p')",
            [schema],
        )
        for (name,) in cursor.fetchall():
            if names is not None and name not in names:
                continue
            cursor.execute("SELECT EXISTS (SELECT 1 FROM %s.%s)" % (quoted(schema), quoted(name)))
            if cursor.fetchone()[0]:
                filled.add(name)
    return filled


def quoted(name):
    return '"%s"' % name.replace('"', '""')


def first_line(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
