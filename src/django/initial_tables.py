"""Compares the tables of the shared schema with what its pending migrations would make. Changes nothing.

Django's own `--fake-initial` compares names. Here the migrations run, in a scratch schema that is never kept,
and what they make is read from the catalogue with the same questions as the tables that are there.
"""

from ledgers import label
from operations import database_operations, kind_of
from scratch_schema import (
    NotComparable,
    first_line,
    scratch_schema,
    tables_with_rows,
    touched_outside,
)
from through_manage import through_manage

# Operations that may have done something to rows, which no catalogue tells.
WORKS_ON_ROWS = {"RunPython", "RunSQL", "custom"}


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
        comparison = compare(executor, plan, standing, public, request["statements"])
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


# What the migrations make, by name


def standing_of(executor, plan, there):
    """For each pending migration the tables and columns that it makes, and those of them that are there."""
    state = executor._create_project_state(with_applied_migrations=True)
    for migration in plan:
        initial = is_initial(migration)
        makes = []
        if any(creates(operation) for operation in migration.operations):
            after = migration.mutate_state(state)
            makes = list(made_by(executor.connection, migration, after.apps))
        present = [one for one in makes if one["column"] is None and one["table"] in there
                   or one["column"] in there.get(one["table"], ())]
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


def is_initial(migration):
    if migration.initial is None:
        return not any(app == migration.app_label for app, _ in migration.dependencies)
    return bool(migration.initial)


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


def named(made):
    return made["table"] if made["column"] is None else "%s.%s" % (made["table"], made["column"])


# What the migrations make, in full


def compare(executor, plan, standing, public, statements):
    faked = {one["migration"] for one in standing if one["faked"]}
    try:
        real = read(executor.connection, public, statements)
        with scratch_schema(executor.connection) as scratch:
            trial = Trial(executor, scratch, statements)
            trial.run(plan, faked)
            outside = trial.outside
        filled = tables_with_rows(executor.connection, public, trial.fills)
    except NotComparable as error:
        return {"failure": str(error)}
    for one in trial.steps:
        one["unfilled"] = sorted(set(one.pop("fills")) - filled)
    return {
        "failure": trial.failure_before_last_step,
        "outside": outside,
        "scratch": scratch,
        "real": real,
        "snapshots": trial.snapshots,
        "steps": trial.steps,
        "end": trial.end,
        "endFailure": trial.failure,
        "endUnfilled": sorted(trial.fills - filled),
        "rowsUnknown": [
            label((migration.app_label, migration.name))
            for migration in plan
            if label((migration.app_label, migration.name)) not in faked
            and not is_initial(migration)
            and works_on_rows(executor.connection, migration)
        ],
    }


class Trial:
    """The pending migrations, run in the scratch schema after everything that they depend on."""

    def __init__(self, executor, scratch, statements):
        self.executor, self.scratch, self.statements = executor, scratch, statements
        self.connection = executor.connection
        self.snapshots, self.steps = [], []
        self.end, self.failure, self.failure_before_last_step = None, None, None
        self.fills, self.outside = set(), []
        self.changed = True

    def run(self, plan, faked):
        state = self.executor._create_project_state()
        migration = None
        waiting = set(faked)
        try:
            for migration in self.needed_by(plan):
                state = self.apply(migration, state)
            start = self.snapshot()
            for migration in plan:
                name = label((migration.app_label, migration.name))
                if name not in faked:
                    state = self.apply(migration, state)
                    continue
                before, filled = self.snapshot(), set(self.fills)
                state = self.apply(migration, state)
                after = self.snapshot()
                fills = sorted(self.fills - filled)
                self.steps.append({"migration": name, "before": before, "after": after, "fills": fills})
                waiting.discard(name)
                self.outside = touched_outside(self.connection, self.scratch)
            self.end = {"before": start, "after": self.snapshot()}
            self.outside = touched_outside(self.connection, self.scratch)
        except Exception as error:
            if getattr(self.connection.connection, "closed", True):
                raise
            where = "" if migration is None else " (in %s.%s)" % (migration.app_label, migration.name)
            self.failure = "%s: %s%s" % (type(error).__name__, first_line(error), where)
            if waiting:
                self.failure_before_last_step = self.failure

    def needed_by(self, plan):
        """What is applied and comes before the pending ones."""
        graph = self.executor.loader.graph
        pending = {(migration.app_label, migration.name) for migration in plan}
        needed = {key for one in pending for key in graph.forwards_plan(one)} - pending
        full = self.executor.migration_plan(graph.leaf_nodes(), clean_start=True)
        return [one for one, _ in full if (one.app_label, one.name) in needed]

    def apply(self, migration, state):
        state.apps  # made once; without it each operation makes them anew
        with self.connection.schema_editor(atomic=migration.atomic) as editor:
            state = migration.apply(state, editor)
        self.changed = True
        if any(kind_of(one) in WORKS_ON_ROWS for one in database_operations(migration.operations)):
            self.fills |= tables_with_rows(self.connection, self.scratch) - {"never_kept"}
        return state

    def snapshot(self):
        """The number of the snapshot of what there is now."""
        if self.changed:
            self.snapshots.append(read(self.connection, self.scratch, self.statements))
            self.changed = False
        return len(self.snapshots) - 1


def works_on_rows(connection, migration):
    """Whether it does something of the project's own, not only of Django's, that leaves no trace in the catalogue."""
    from django.db import router

    if type(migration).__module__.startswith("django.contrib."):
        return False
    for operation in database_operations(migration.operations):
        if kind_of(operation) not in WORKS_ON_ROWS or is_noop(operation):
            continue
        hints = getattr(operation, "hints", None) or {}
        if router.allow_migrate(connection.alias, migration.app_label, **hints):
            return True
    return False


def is_noop(operation):
    from django.db import migrations

    if kind_of(operation) == "RunPython":
        return operation.code is migrations.RunPython.noop
    return kind_of(operation) == "RunSQL" and operation.sql in ("", [], ())


def read(connection, schema, statements):
    """The rows of each statement about one schema; `$1` in its text stands for a list with the schema's name."""
    literal = "ARRAY['%s']" % schema.replace("'", "''")
    rows = []
    with connection.cursor() as cursor:
        for text in statements:
            cursor.execute(text.replace("$1", literal))
            names = [column[0] for column in cursor.description]
            rows.append([dict(zip(names, row)) for row in cursor.fetchall()])
    return rows


if __name__ == "__main__":
    through_manage(initial_tables)
