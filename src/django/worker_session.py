"""The worker's connection to the database: which tenant it is in, and what it costs."""

from contextlib import contextmanager, nullcontext, suppress

from ledgers import LEDGER, quoted

IDLE = 0  # libpq's PQTRANS_IDLE


class Session:
    """One connection for tenant after tenant.

    django-tenants sends SET search_path before every statement, because anybody may have changed
    it. While only Django's own operations run, nobody does: then it is sent once a tenant, outside
    any transaction. The project's own code gets what it always gets, and a new connection comes
    after it, as after each tenant of migrate_schemas.
    """

    def __init__(self):
        from django.db import connections
        from django_tenants import utils

        self.connection = connections[utils.get_tenant_database_alias()]
        self.alias = self.connection.alias
        self.statements = 0
        self.commits = 0
        self.served_project = False
        self.trusted = False
        self.entered = None
        self.limit_set_calls()
        self.count_round_trips()

    def limit_set_calls(self):
        from django_tenants.postgresql_backend import base

        asked_for = base.get_limit_set_calls
        base.get_limit_set_calls = lambda: self.trusted or asked_for()
        connection = self.connection

        # A rollback takes back a SET, and not every version of django-tenants knows.
        def forgetting(undo):
            def undo_and_forget(*args):
                try:
                    return undo(*args)
                finally:
                    connection.search_path_set_schemas = None

            return undo_and_forget

        connection.rollback = forgetting(connection.rollback)
        connection.savepoint_rollback = forgetting(connection.savepoint_rollback)

    def count_round_trips(self):
        connection = self.connection

        def counted(execute, sql, params, many, context):
            self.statements += 1
            return execute(sql, params, many, context)

        # The drivers send BEGIN before the first statement of a transaction, unseen.
        def ending(end, commits):
            def end_and_count():
                raw = connection.connection
                if raw is not None and not raw.closed and raw.info.transaction_status != IDLE:
                    self.statements += 2
                    self.commits += commits
                return end()

            return end_and_count

        connection.execute_wrappers.append(counted)
        connection._commit = ending(connection._commit, 1)
        connection._rollback = ending(connection._rollback, 0)

    def connect(self):
        """Opens the connection; the limits that hold on it, in milliseconds."""
        # A statement whose client is gone without a word (its tunnel died with the runner) ends within two seconds,
        # and not when it has run its course. PostgreSQL 14 and newer can, where the kernel tells them.
        (lock, statement, _) = self.ask(
            "SELECT (SELECT setting::bigint FROM pg_settings WHERE name = 'lock_timeout'),"
            " (SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout'),"
            " (SELECT set_config(name, '2000', false) FROM pg_settings"
            "   WHERE name = 'client_connection_check_interval' AND version() LIKE '%linux%')"
        )
        return {"lockTimeout": lock, "statementTimeout": statement}

    def enter(self, schema, tenant_type, application_name):
        """Goes to a tenant; what its ledger says, as one short text. None: there is no ledger."""
        from django.db import ProgrammingError

        self.served_project = False
        self.trusted = True
        self.entered = None
        connection = self.connection
        self.set_schema(schema, tenant_type)
        paths = connection._get_cursor_search_paths()
        settings = "set_config('application_name', %s, false), set_config('search_path', %s, false)"
        values = [application_name, ", ".join(map(quoted, paths))]
        row = "(app || ' ' || name) COLLATE \"C\""
        ledger = f"{quoted(schema)}.{LEDGER}".replace("%", "%%")
        digest = f"coalesce(md5(string_agg(DISTINCT {row}, ',' ORDER BY {row})), '')"
        try:
            *_, found = self.ask(f"SELECT {settings}, (SELECT {digest} FROM {ledger})", values)
        except ProgrammingError as error:
            found, refusal = None, error
        if found is None:
            if self.has_ledger(schema):
                raise refusal  # it is there and cannot be read
            self.ask(f"SELECT {settings}", values)
        connection.search_path_set_schemas = paths
        self.entered = connection.connection
        return found

    def set_schema(self, schema, tenant_type):
        from django_tenants.postgresql_backend import base
        from django_tenants.utils import get_public_schema_name

        if schema == get_public_schema_name():
            raise RuntimeError("%s is the shared schema, not a tenant's" % schema)
        # EXTRA_SET_TENANT_METHOD_PATH: the project's own code is called.
        own_code = self.for_project() if base.EXTRA_SET_TENANT_METHOD else nullcontext()
        with own_code:
            self.connection.set_schema(schema, tenant_type=tenant_type or "")

    def has_ledger(self, schema):
        (exists, ledger) = self.ask(
            "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %s),"
            " EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relname = %s)",
            [schema, schema, LEDGER],
        )
        if not exists:
            raise RuntimeError('Schema "%s" does not exist' % schema)  # as migrate_schemas says it
        return ledger

    def ask(self, statement, values=None):
        """One row, by a cursor that django-tenants does not know of."""
        connection = self.connection
        connection.ensure_connection()
        self.statements += 1
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone()

    @contextmanager
    def without_public(self, schema, tenant_type):
        """In the tenant's schema alone: nothing that lies elsewhere is taken for its own."""
        self.connection.set_schema(schema, tenant_type=tenant_type or "", include_public=False)
        try:
            yield
        finally:
            self.set_schema(schema, tenant_type)

    @contextmanager
    def for_project(self):
        """While the project's own code runs."""
        self.served_project = True
        before, self.trusted = self.trusted, False
        try:
            yield
        finally:
            self.trusted = before
            self.connection.search_path_set_schemas = None

    def renew(self):
        """What the session was left with by the project, or by a failure, is gone with it."""
        with suppress(Exception):
            self.connection.close()
        # As a connection that was never opened.
        self.connection.connection = None
        self.connection.in_atomic_block = False
        self.connection.closed_in_transaction = False
        self.connection.savepoint_ids = []
        self.connection.atomic_blocks = []
        self.connection.needs_rollback = False
        self.connection.run_on_commit = []
        self.connection.search_path_set_schemas = None

    def is_lost(self, error):
        """Whether the connection is gone: nobody knows what became of the last statement."""
        from django.db import Error, InterfaceError, OperationalError

        connection = self.connection
        if connection.connection is None or connection.connection is not self.entered:
            # Django closes a connection that cannot roll back, and opens another one.
            return isinstance(error, (InterfaceError, OperationalError))
        try:
            # A driver may not know yet what has become of its connection.
            with connection.wrap_database_errors, connection.connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except (InterfaceError, OperationalError):
            return True
        except Error:
            return False
        return False

    def cancel(self):
        """Called by another thread: ends the statement under way."""
        with suppress(Exception):
            self.connection.connection.cancel()
