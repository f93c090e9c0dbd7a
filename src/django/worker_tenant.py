"""One tenant, from the request to the event that tells how it ended."""

import resource
import time

from ledgers import label, read_ledger
from worker_failures import describe, why_not_in_one_transaction
from worker_ledger import ledger_class
from worker_migrations import Migrations
from worker_signals import (
    TenantSignals,
    send_post_migrate,
    send_pre_migrate,
    wants_post_migrate,
    wants_pre_migrate,
)
from worker_work import key


class CannotTryOut(Exception):
    """Known before anything was done."""


class Gone(Exception):
    """Nobody is there any more to say whether the work shall be kept."""


class Tenant:
    def __init__(self, request, session, works, line):
        self.schema, self.tenant_type = request["schema"], request["tenantType"]
        self.policy, self.try_out = request["postMigrate"], request["tryOut"]
        self.application_name = request["applicationName"]
        self.session, self.works, self.line = session, works, line
        self.during, self.migration = "signal", None
        self.applied, self.post_migrate = [], False
        self.digest = None

    def prepare(self):
        """Works out what a tenant like this one needs, before the first of them comes.

        Changes nothing and says nothing: what is wrong with it is told when it is migrated.
        """
        self.start_afresh()
        try:
            self.digest = self.session.enter(self.schema, self.tenant_type, self.application_name)
            self.look_up_work()
        except BaseException:
            self.works.forget(self.digest, self.tenant_type)
            self.session.renew()
        else:
            if self.session.served_project:
                self.session.renew()

    def start_afresh(self):
        from django import db
        from django.utils import timezone, translation

        translation.deactivate_all()  # as migrate does: names of permissions are not translated
        timezone.deactivate()  # a migration of the last tenant may have chosen another
        db.reset_queries()

    def migrate(self):
        self.start_afresh()
        self.since = time.perf_counter()
        self.session.statements = 0
        try:
            signals = TenantSignals(self.session, self.schema)
            signals.begin()
            kept = self.carry_out(signals)
            if kept:
                self.during, self.migration = "signal", None
                signals.end()
        except BaseException as error:  # also a sys.exit() of the project
            self.give_up(error)
        else:
            if self.session.served_project:
                self.session.renew()
            if kept:
                self.line.say("done", **self.figures(), postMigrate=self.post_migrate)
            else:
                self.line.say("dropped", **self.figures())

    def carry_out(self, signals):
        """True when the work was done, False when it was tried out and dropped."""
        from django.db import transaction

        self.during = "ledger"
        session = self.session
        self.digest = session.enter(self.schema, self.tenant_type, self.application_name)
        if self.try_out is None:
            self.do_everything(signals)
            return True
        if self.digest is not None and not self.look_up_work().atomic:
            raise CannotTryOut("a migration of the plan is not atomic")
        with transaction.atomic(using=session.alias):
            self.do_everything(signals)
            kept = self.ask_whether_to_keep()
            if not kept:
                transaction.set_rollback(True, using=session.alias)
        return kept

    def do_everything(self, signals):
        from django.db.backends.base.base import BaseDatabaseWrapper

        session, connection = self.session, self.session.connection
        signals.line("=== Starting migration")
        work = self.look_up_work()
        if self.try_out is not None and not work.atomic:
            raise CannotTryOut("a migration of the plan is not atomic")
        ledger = ledger_class()(connection, work.applied, exists=self.digest is not None)
        if not ledger.exists:
            with session.without_public(self.schema, self.tenant_type):
                ledger.ensure_schema()
        if type(connection).prepare_database is not BaseDatabaseWrapper.prepare_database:
            connection.prepare_database()  # PostGIS looks for its extension

        targets = sorted({app for app, _ in work.loader.graph.leaf_nodes()})
        signals.line("Operations to perform:")
        signals.line("  Apply all migrations: " + (", ".join(targets) or "(none)"))
        plan = work.plan
        if self.policy != "never" and (self.policy == "always" or wants_pre_migrate(work)):
            self.during = "pre-migrate"
            plan = work.plan_for_receivers()
            send_pre_migrate(session, work, plan)

        self.during = "migration"
        signals.line("Running migrations:")
        if not plan:
            signals.line("  No migrations to apply.")
        migrations = Migrations(session, work, ledger, self.progress(signals))
        migrations.apply(plan, row_written=self.row_written(signals))
        self.applied += map(label, migrations.record_squashes())

        self.during, self.migration = "post-migrate", None
        if wants_post_migrate(self.policy, session, self.schema, work):
            self.post_migrate = True
            send_post_migrate(session, work, plan)

    def look_up_work(self):
        work = self.works.known(self.digest, self.tenant_type)
        if work is None:
            applied = (
                set() if self.digest is None else read_ledger(self.session.connection, self.schema)
            )
            work = self.works.make(self.digest, self.tenant_type, set(applied), self.session.alias)
        return work

    def progress(self, signals):
        def told(action, migration=None, fake=False):
            if action == "apply_start":
                self.migration = migration
                self.commits, self.begun = self.session.commits, time.perf_counter()
                self.line.say("begun", migration=label(key(migration)))
                signals.line("  Applying %s..." % migration)
            elif action == "apply_success":
                if self.try_out is not None and self.session.connection.run_on_commit:
                    raise CannotTryOut(
                        "a migration waits for the end of its transaction (on_commit)"
                    )
                self.migration = None
                self.applied.append(label(key(migration)))
                self.line.say(
                    "applied", migration=label(key(migration)), ms=milliseconds(self.begun)
                )

        return told

    def row_written(self, signals):
        def told(migration):
            self.applied.append(label(key(migration)))
            signals.line("  Applying %s..." % migration)

        return told

    def ask_whether_to_keep(self):
        self.during = "try-out"
        with self.session.connection.cursor() as cursor:
            cursor.execute("SET LOCAL jit = off")  # compiling the question takes longer than asking it
            # PREPARE knows $1, which the drivers do not.
            cursor.execute(
                "PREPARE tenantry_try_out AS " + self.try_out["sql"].rstrip().rstrip(";")
            )
            cursor.execute("EXECUTE tenantry_try_out ('%s')" % self.schema.replace("'", "''"))
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row)) for row in cursor.fetchall()]
            cursor.execute("DEALLOCATE tenantry_try_out")
            cursor.execute(FOREIGN_LOCKS, [self.schema])
            locks = [{"schema": s, "table": t, "mode": m} for s, t, m in cursor.fetchall()]
        self.line.say("held", rows=rows, locks=locks)
        answer = self.line.hear()
        if answer is None:
            raise Gone()
        return answer["do"] == "keep"

    def give_up(self, error):
        session = self.session
        self.works.forget(self.digest, self.tenant_type)
        lost = session.is_lost(error)
        figures, told = self.figures(), describe(error)
        session.renew()
        reason = None
        if self.try_out is not None:
            figures["applied"] = []
            reason = (
                str(error) if isinstance(error, CannotTryOut) else why_not_in_one_transaction(error)
            )
        at = "%s %s" % (self.during, label(key(self.migration)) if self.migration else "")
        if lost:
            self.line.say("lost", during=at.strip(), message=told["message"])
        elif reason is not None:
            self.line.say("cannot-try-out", reason=reason)
        else:
            migration = self.migration
            whole = migration is not None and migration.atomic and session.commits == self.commits
            name = label(key(migration)) if migration else None
            self.line.say(
                "failed", **figures, **told, during=self.during, migration=name, atomic=whole
            )

    def figures(self):
        return {
            "applied": list(self.applied),
            "ms": milliseconds(self.since),
            "statements": self.session.statements,
            "rss": resident_memory(),
        }


# What would keep others from writing to a table, or from changing it.
FOREIGN_LOCKS = """
SELECT DISTINCT n.nspname, c.relname, l.mode
  FROM pg_locks l
  JOIN pg_class c ON c.oid = l.relation
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE l.locktype = 'relation' AND l.granted AND l.pid = pg_backend_pid()
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')
   AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND n.nspname <> %s AND n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'
 ORDER BY 1, 2, 3
"""


def milliseconds(since):
    return round((time.perf_counter() - since) * 1000, 2)


def resident_memory():
    """Bytes."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:  # not Linux: the most that it ever was
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
