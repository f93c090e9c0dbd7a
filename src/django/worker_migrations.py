"""Applies the migrations of one tenant: Django's executor does it, on states that are there."""

import copy

from worker_operations import (
    changes_state,
    is_renaming_content_type,
    is_special,
    shares_states,
)
from worker_states import without_classes
from worker_work import is_row_only, key


class Migrations:
    """One tenant's way through its work."""

    def __init__(self, session, work, ledger, progress):
        from django.db.migrations.executor import MigrationExecutor

        self.session, self.work, self.ledger = session, work, ledger
        self.executor = MigrationExecutor.__new__(MigrationExecutor)
        self.executor.connection = session.connection
        self.executor.loader = work.loader
        self.executor.recorder = ledger
        self.executor.progress_callback = progress
        self.own_states = {}

    def apply(self, plan, row_written):
        """`row_written` is told each migration that had nothing but its row."""
        changed = plan is not self.work.plan
        if self.work.by_the_book or (changed and any(map(self.has_strange_operation, plan))):
            apply_one = self.by_the_book()
        else:
            apply_one = self.on_shared_states
        waiting = []
        for migration, _ in plan:
            row_only = key(migration) in self.work.row_only
            if row_only and (not changed or is_row_only(migration, self.session.alias)):
                self.ledger.put_off(self.executor.record_migration, migration)
                waiting.append(migration)
                apply_one(migration, row_only=True)
                continue
            self.write_rows(waiting, row_written)
            apply_one(migration, row_only=False)
        self.write_rows(waiting, row_written)

    def write_rows(self, waiting, row_written):
        self.ledger.write()
        for migration in waiting:
            row_written(migration)
        waiting.clear()

    def record_squashes(self):
        """Django records a squashed migration once everything that it replaces is applied."""
        before = set(self.ledger.known)
        self.executor.check_replacements()
        return sorted(set(self.ledger.known) - before)

    def has_strange_operation(self, step):
        """Whether a receiver of pre_migrate put in something that may change the models."""
        migration, _ = step
        if key(migration) in self.work.row_only:
            return not is_row_only(migration, self.session.alias)
        return any(
            id(operation) not in self.work.steps and not is_renaming_content_type(operation)
            for operation in migration.operations
        )

    def by_the_book(self):
        """With states of this tenant's own, made on the way, as Django does it."""
        state = without_classes(self.work.before)

        def apply_one(migration, row_only):
            nonlocal state
            if row_only:
                state = migration.mutate_state(state, preserve=False)
                return
            state.apps  # rendered as a whole first, which is faster
            with self.session.for_project():
                state = self.executor.apply_migration(state, migration)

        return apply_one

    def on_shared_states(self, migration, row_only):
        if row_only:
            return
        prepared = copy.copy(migration)
        prepared.operations, after = [], None
        for operation in migration.operations:
            before, after = self.work.steps.get(id(operation), (after, after))
            prepared.operations.append(Prepared(self, operation, before, after))
        self.executor.apply_migration(NoState(), prepared)

    def own(self, state):
        """A copy of a shared state for this tenant alone."""
        if id(state) not in self.own_states:
            self.own_states[id(state)] = without_classes(state)
        return self.own_states[id(state)]

    def own_after(self, app_label, operation, before, after):
        if not changes_state(operation):
            return self.own(before)
        if id(after) not in self.own_states:
            changed = self.own(before).clone()
            operation.state_forwards(app_label, changed)
            self.own_states[id(after)] = changed
        return self.own_states[id(after)]


class Prepared:
    """An operation with the states before and after it, which Django works out for each tenant."""

    def __init__(self, migrations, operation, before, after):
        self.migrations, self.operation = migrations, operation
        self.before, self.after = before, after
        self.atomic, self.reduces_to_sql = operation.atomic, operation.reduces_to_sql

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        operation, migrations = self.operation, self.migrations
        if shares_states(operation):
            operation.database_forwards(app_label, schema_editor, self.before, self.after)
            return
        before, after = self.before, self.after
        if not is_special(operation, "RunSQL"):  # it looks at no state
            after = migrations.own_after(app_label, operation, before, after)
            before = migrations.own(before)
        with migrations.session.for_project():
            operation.database_forwards(app_label, schema_editor, before, after)


class NoState:
    """Stands where Django keeps the state that it works out on the way."""

    def clone(self):
        return self
