"""What has to be done in a schema, worked out once for all schemas whose ledgers say the same."""

import copy
import gc

from pending import group_loader, recorded
from worker_operations import changes_state, is_known, shares_states
from worker_states import States, without_classes

# Distinct ledgers whose work is kept at once.
KEPT = 4
# Operations times models: beyond it the states of all operations would take too much memory.
LARGEST = 20_000


class Works:
    """The work of each distinct ledger and type of tenant."""

    def __init__(self, loader):
        self.loader = loader
        self.kept = {}

    def known(self, digest, tenant_type):
        work = self.kept.pop((digest, tenant_type), None)
        if work is not None:
            self.kept[digest, tenant_type] = work  # the last one used is the last one to go
        return work

    def make(self, digest, tenant_type, applied, alias):
        while len(self.kept) >= KEPT:
            del self.kept[next(iter(self.kept))]
        work = Work(self.loader, applied, alias)
        self.kept[digest, tenant_type] = work
        return work

    def forget(self, digest, tenant_type):
        """A failure may have left something in the models that tenants share."""
        self.kept.pop((digest, tenant_type), None)


class Work:
    """Django's plan for one distinct ledger, and the states of the models around each operation.

    Whether an operation is allowed in the schema is asked of the project's routers: the
    connection must be in a schema of the right type while this is made.
    """

    def __init__(self, loader, applied, alias):
        from django.core.management.base import CommandError
        from django.db.migrations.executor import MigrationExecutor

        self.alias = alias
        self.applied = applied
        executor = MigrationExecutor.__new__(MigrationExecutor)
        with recorded(applied):
            self.loader = executor.loader = group_loader(loader)
            self.loader.check_consistent_history(self.loader.connection)
            conflicts = self.loader.detect_conflicts()
            if conflicts:
                raise CommandError(
                    "Conflicting migrations detected in %s" % ", ".join(sorted(conflicts))
                )
            self.plan = executor.migration_plan(self.loader.graph.leaf_nodes())
            self.before = executor._create_project_state(with_applied_migrations=True)
        self.row_only = {key(one) for one, _ in self.plan if is_row_only(one, alias)}
        self.to_run = [one for one, _ in self.plan if key(one) not in self.row_only]
        self.atomic = all(one.atomic for one in self.to_run)
        self.steps = {}  # by id of the operation: its states
        self.after = None
        self.known = {}  # what was found out about it later
        size = sum(len(one.operations) for one in self.to_run) * len(self.before.models)
        # Migrations with an apply() of their own need real states, as Django makes them.
        self.by_the_book = size > LARGEST or not all(map(is_plain, self.to_run))
        if not self.by_the_book:
            self.make_states()
            gc.collect()
        else:
            self.after = without_classes(self.before)
            for migration, _ in self.plan:
                migration.mutate_state(self.after, preserve=False)

    def make_states(self):
        states = States(without_classes(self.before))
        for migration, _ in self.plan:
            if key(migration) in self.row_only:
                states.pass_over(migration)
                continue
            for operation in migration.operations:
                self.steps[id(operation)] = states.around(
                    migration.app_label,
                    operation,
                    changes=changes_state(operation),
                    shared=shares_states(operation),  # once, for all tenants
                )
        self.after = states.state

    def once(self, name, find_out):
        if name not in self.known:
            self.known[name] = find_out()
        return self.known[name]

    def plan_for_receivers(self):
        """A plan of its own: receivers of pre_migrate put operations into it."""
        copies = [copy.copy(migration) for migration, _ in self.plan]
        for migration in copies:
            migration.operations = list(migration.operations)
        return [(migration, False) for migration in copies]


def key(migration):
    return (migration.app_label, migration.name)


def is_plain(migration):
    """Whether Django's own Migration applies it."""
    from django.db.migrations.migration import Migration

    cls = type(migration)
    return cls.apply is Migration.apply and cls.mutate_state is Migration.mutate_state


def is_row_only(migration, alias):
    """Whether this kind of schema gets its row and nothing else, whatever the models look like."""
    if not is_plain(migration) or not all(map(is_known, migration.operations)):
        return False
    return not migration.operations or is_denied(migration.app_label, alias)


def is_denied(app_label, alias):
    """Whether django-tenants' own router, before any other, keeps an app out of the schema.

    Others may look at each model.
    """
    from django.db import router
    from django_tenants.routers import TenantSyncRouter

    for one in router.routers:
        if type(one) is TenantSyncRouter:
            return one.allow_migrate(alias, app_label) is False
        if hasattr(one, "allow_migrate"):
            return False
    return False
