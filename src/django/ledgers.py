"""What the ledgers (the tables django_migrations) say, and what Django would do about it.

Each ledger is read as one short text first; the rows are read once per distinct ledger, and
Django's own loader computes what is pending from them.
"""

import hashlib
from contextlib import contextmanager

LEDGER = "django_migrations"
# One statement over more schemas could need more locks than a server has by default.
SCHEMAS_PER_STATEMENT = 500


def read_schemas(connection):
    """Every schema that is not PostgreSQL's own, and whether its ledger can be read."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.nspname, has_schema_privilege(n.oid, 'USAGE'), c.oid IS NOT NULL,"
            " coalesce(has_table_privilege(c.oid, 'SELECT'), true)"
            " FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid"
            " AND c.relname = '%s' AND c.relkind IN ('r', 'p', 'v', 'f')"
            " WHERE left(n.nspname, 3) <> 'pg_' AND n.nspname <> 'information_schema'" % LEDGER
        )
        return {
            name: {"usage": usage, "ledger": ledger, "select": select}
            for name, usage, ledger, select in cursor.fetchall()
        }


def ledger_groups(connection, loader, schemas, names):
    """The schemas `names`, grouped by what their ledgers say; those without an answer by name."""
    present = [name for name in names if name in schemas]
    reasons = {name: unreadable_because(schemas[name]) for name in present}
    unreadable = {name: reason for name, reason in reasons.items() if reason}
    readable = [name for name in present if name not in unreadable]

    digests, failed = read_digests(connection, [n for n in readable if schemas[n]["ledger"]])
    unreadable.update(failed)
    members = {}
    for name, digest in digests.items():
        members.setdefault(digest, []).append(name)

    groups = []
    without_ledger = [name for name in readable if not schemas[name]["ledger"]]
    if without_ledger:
        groups.append({"ledger": False, "schemas": without_ledger, **standing_of(loader, set())})
    for digest in sorted(members):
        applied = read_ledger(connection, members[digest][0])
        groups.append(
            {"ledger": True, "schemas": members[digest], **standing_of(loader, applied)}
        )
    return {
        "groups": groups,
        "withoutSchema": [name for name in names if name not in schemas],
        "unreadable": [{"schema": n, "reason": unreadable[n]} for n in sorted(unreadable)],
    }


def unreadable_because(found):
    if not found["usage"]:
        return "this role may not use the schema (no USAGE)"
    if found["ledger"] and not found["select"]:
        return "this role may not read %s (no SELECT)" % LEDGER
    return None


def read_digests(connection, names):
    """What each ledger holds, as one short text per schema, and why some cannot be read."""
    from django.db import Error, OperationalError

    digests, failed = {}, {}
    for start in range(0, len(names), SCHEMAS_PER_STATEMENT):
        batch = names[start:start + SCHEMAS_PER_STATEMENT]
        try:
            digests.update(read_batch(connection, batch))
        except OperationalError:
            raise
        except Error as error:
            connection.rollback()
            if len(batch) == 1:
                failed[batch[0]] = str(error).strip().splitlines()[0]
                continue
            for name in batch:
                alone, broken = read_digests(connection, [name])
                digests.update(alone)
                failed.update(broken)
    return digests, failed


def read_batch(connection, names):
    row = "(app || ' ' || name) COLLATE \"C\""
    digest = f"md5(string_agg(DISTINCT {row}, ',' ORDER BY {row}))"
    statement = " UNION ALL ".join(
        f"SELECT {index}, {digest} FROM {quoted(name)}.{LEDGER}" for index, name in enumerate(names)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return {names[index]: digest or "" for index, digest in cursor.fetchall()}


def read_ledger(connection, name):
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT app, name FROM %s.%s" % (quoted(name), LEDGER))
        return set(cursor.fetchall())


def quoted(name):
    return '"%s"' % name.replace('"', '""')


def standing_of(loader, applied):
    """What Django would do to a schema whose ledger holds `applied`."""
    from django.db.migrations.exceptions import InconsistentMigrationHistory, NodeNotFoundError

    replaced = {key for migration in loader.replacements.values() for key in migration.replaces}
    known = set(loader.disk_migrations) | replaced
    standing = {
        "id": hashlib.sha256(repr(sorted(applied)).encode()).hexdigest()[:12],
        "pending": [],
        "bookkeeping": [],
        "ghosts": sorted(label(key) for key in applied if key not in known),
        "inconsistent": None,
        "expects": [],
        "afterNext": None,
        "partialSquashes": [],
    }
    with recorded(applied):
        try:
            group = group_loader(loader)
            group.check_consistent_history(group.connection)
        except (InconsistentMigrationHistory, NodeNotFoundError) as error:
            standing["inconsistent"] = str(error)
            return standing
    standing["pending"] = [label(key) for key in plan_of(group)]
    # Django records a squashed migration when everything it replaces is applied.
    standing["bookkeeping"] = sorted(
        label(key)
        for key in group.replacements
        if key not in applied and key in group.applied_migrations
    )
    return standing


@contextmanager
def recorded(applied):
    """Lets Django's loader find these rows where it would read a schema's ledger."""
    from django.db.migrations import loader as module

    class Recorded:
        def __init__(self, connection):
            pass

        def applied_migrations(self):
            return {key: None for key in applied}

    original = module.MigrationRecorder
    module.MigrationRecorder = Recorded
    try:
        yield
    finally:
        module.MigrationRecorder = original


def group_loader(loader):
    from django.db.migrations.loader import MigrationLoader

    class GroupLoader(MigrationLoader):
        def load_disk(self):
            self.disk_migrations = dict(loader.disk_migrations)
            self.unmigrated_apps = set(loader.unmigrated_apps)
            self.migrated_apps = set(loader.migrated_apps)

    # Any connection that is not None makes the loader ask the recorder.
    return GroupLoader(connection=NotAsked())


class NotAsked:
    alias = "default"


def plan_of(loader):
    """The keys of the forward plan to every leaf, in Django's order."""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor.__new__(MigrationExecutor)
    executor.loader = loader
    plan = executor.migration_plan(loader.graph.leaf_nodes())
    return [(migration.app_label, migration.name) for migration, _ in plan]


def label(key):
    return "%s.%s" % tuple(key)
