"""Runs the pending migrations of the shared schema in a scratch schema, and reads what they make."""

from ledgers import label
from operations import database_operations, kind_of
from scratch_schema import (
    NotComparable,
    first_line,
    scratch_schema,
    tables_with_rows,
    touched_outside,
)

# Operations that may have done something to rows, which no catalogue tells.
WORKS_ON_ROWS = {"RunPython", "RunSQL", "custom"}


def compare(executor, plan, standing, public, questions):
    faked = {one["migration"] for one in standing if one["faked"]}
    rows_unknown = [
        label((migration.app_label, migration.name))
        for migration in plan
        if not is_initial(migration) and works_on_rows(executor.connection, migration)
    ]
    try:
        real = read(executor.connection, public, questions["real"])
        with scratch_schema(executor.connection) as scratch:
            trial = Trial(executor, scratch, questions["scratch"])
            trial.run(plan, faked)
            outside = trial.outside
        filled = tables_with_rows(executor.connection, public, trial.fills)
    except NotComparable as error:
        return {"impossible": str(error)}
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
        "rowsUnknown": rows_unknown,
    }


class Trial:
    """The pending migrations, run in the scratch schema after everything that they depend on."""

    def __init__(self, executor, scratch, question):
        self.executor, self.scratch, self.question = executor, scratch, question
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
                state = self.apply(migration, state, with_python=True)
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

    def apply(self, migration, state, with_python=False):
        if not with_python:
            leave_python_out(migration)
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
            self.snapshots.append(read(self.connection, self.scratch, self.question))
            self.changed = False
        return len(self.snapshots) - 1


def is_initial(migration):
    """In Django's sense."""
    if migration.initial is None:
        return not any(app == migration.app_label for app, _ in migration.dependencies)
    return bool(migration.initial)


def leave_python_out(migration):
    """
    What a project's Python does outside of the database cannot be rolled back. It runs only in the migrations that
    would be recorded, to see into which tables they put rows; of all others nothing but structure is asked.
    """
    from django.db import migrations

    for operation in database_operations(migration.operations):
        if isinstance(operation, migrations.RunPython):
            operation.code = migrations.RunPython.noop


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


def read(connection, schema, question):
    """The answer to a question about one schema; `$1` in its text stands for the schema's name."""
    literal = "'%s'" % schema.replace("'", "''")
    with connection.cursor() as cursor:
        cursor.execute(question.replace("$1", literal))
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row)) for row in cursor.fetchall()]
    connection.search_path_set_schemas = None  # the question has a search path of its own
    return rows
