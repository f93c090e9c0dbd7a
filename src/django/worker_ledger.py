"""The ledger of the tenant that is being migrated, without asking for what is known."""

from functools import cache


@cache
def ledger_class():
    from django.db.migrations.recorder import MigrationRecorder

    class Ledger(MigrationRecorder):
        """Django's own, but for its look at all tables of the database before each row."""

        def __init__(self, connection, applied, exists):
            super().__init__(connection)
            self.exists = exists
            self.known = dict.fromkeys(applied)
            self.waiting = None

        def has_table(self):
            return self.exists

        def ensure_schema(self):
            super().ensure_schema()
            self.exists = True

        def applied_migrations(self):
            return dict(self.known)

        def record_applied(self, app, name):
            self.known[app, name] = None
            if self.waiting is None:
                super().record_applied(app, name)
            else:
                self.waiting.append(self.Migration(app=app, name=name))

        def put_off(self, record, migration):
            """Rows of migrations that have nothing else wait for each other."""
            self.waiting = self.waiting or []
            record(migration)

        def write(self):
            rows, self.waiting = self.waiting, None
            if rows:
                self.migration_qs.bulk_create(rows)

    return Ledger
