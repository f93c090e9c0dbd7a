"""What Django would do to a schema whose ledger is known: computed by Django's own loader."""

import hashlib
from contextlib import contextmanager

from ledgers import label


class History:
    """One distinct ledger, seen by Django."""

    def __init__(self, loader, applied):
        from django.db.migrations.exceptions import (
            InconsistentMigrationHistory,
            NodeNotFoundError,
        )

        self.applied = applied
        replaced = {key for one in loader.replacements.values() for key in one.replaces}
        known = set(loader.disk_migrations) | replaced
        self.ghosts = sorted(key for key in applied if key not in known)
        self.inconsistent = None
        self.plan, self.bookkeeping = [], []
        self.partial_squashes = list(partial_squashes(loader, applied))
        with recorded(applied):
            try:
                self.loader = group_loader(loader)
                self.loader.check_consistent_history(self.loader.connection)
            except (InconsistentMigrationHistory, NodeNotFoundError) as error:
                self.inconsistent = str(error)
                return
        self.plan = plan_of(self.loader)
        # Django records a squashed migration when everything it replaces is applied.
        self.bookkeeping = sorted(
            key
            for key in self.loader.replacements
            if key not in applied and key in self.loader.applied_migrations
        )

    @property
    def in_graph(self):
        """The keys of the graph that count as applied."""
        return {key for key in self.loader.applied_migrations if key in self.loader.graph.nodes}

    def described(self):
        return {
            "id": hashlib.sha256(repr(sorted(self.applied)).encode()).hexdigest()[:12],
            "pending": [label(key) for key in self.plan],
            "bookkeeping": [label(key) for key in self.bookkeeping],
            "ghosts": [label(key) for key in self.ghosts],
            "inconsistent": self.inconsistent,
            "partialSquashes": self.partial_squashes,
        }


def partial_squashes(loader, applied):
    for key, migration in sorted(loader.replacements.items()):
        missing = [label(one) for one in migration.replaces if one not in applied]
        if missing and len(missing) < len(migration.replaces):
            of = len(migration.replaces)
            gone = [label(one) for one in migration.replaces if one not in loader.disk_migrations]
            yield {
                "squash": label(key),
                "applied": of - len(missing),
                "of": of,
                "missing": missing,
                "gone": gone,
            }


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
