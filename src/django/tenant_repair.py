"""What a tenant lacks of what its ledger promises, and making it: by the project's own schema editor."""

from ledgers import label, quoted, read_ledger
from model_tables import identifier
from tenant_proof import sequences_behind


class Damage:
    """One tenant, compared with the state of the models that its ledger says it has."""

    def __init__(self, head, schema, tenant, tenant_type):
        self.head, self.schema, self.tenant = head, schema, tenant
        self.kind = head.kind_of(schema, tenant_type)
        self.history = head.history(read_ledger(head.connection, schema))
        self.there = columns_of(head.connection, schema)
        self.tables, self.columns, self.stuck = [], [], []
        if self.history.inconsistent is not None:
            self.stuck.append("its ledger is inconsistent: %s" % self.history.inconsistent)
            return
        state = head.states.state_after(self.history.loader, self.history.in_graph)
        for model in state.apps.get_models(include_auto_created=True):
            if self.belongs_here(model):
                self.compare(model)

    def belongs_here(self, model):
        meta = model._meta
        return (
            meta.app_label in self.head.loader.migrated_apps
            and meta.can_migrate(self.head.connection)
            and self.kind.allows(meta.app_label, meta.model_name, model=model)
        )

    def compare(self, model):
        table = identifier(model._meta.db_table)
        if table not in self.there:
            self.tables.append(model)
            return
        for field in model._meta.local_concrete_fields:
            if field.db_type(self.head.connection) is None:
                continue
            if identifier(field.column) in self.there[table]:
                continue
            if self.needs_a_value(field) and has_rows(self.head.connection, self.schema, table):
                self.stuck.append(
                    "%s.%s must have a value, and nothing says which" % (table, field.column)
                )
            else:
                self.columns.append((model, field))

    def needs_a_value(self, field):
        has_default = field.has_default() or getattr(field, "has_db_default", lambda: False)()
        return not (field.null or has_default)

    def told(self):
        return {
            "tables": sorted(identifier(model._meta.db_table) for model in self.tables),
            "columns": [
                "%s.%s" % (identifier(model._meta.db_table), field.column)
                for model, field in self.columns
            ],
            "sequences": sequences_behind(self.head.connection, self.schema),
            "pending": [label(key) for key in self.history.plan + self.history.bookkeeping],
            "stuck": self.stuck,
        }

    def mend(self):
        """All of it in one transaction."""
        from django_tenants.utils import tenant_context

        connection = self.head.connection
        with tenant_context(self.tenant), connection.schema_editor(atomic=True) as editor:
            made = set()
            for model in self.tables:
                if model._meta.auto_created and model._meta.auto_created in self.tables:
                    continue  # comes with the model whose relation it is
                if model not in made:
                    editor.create_model(model)
                    made.add(model)
            for model, field in self.columns:
                editor.add_field(model, field)
        with connection.cursor() as cursor:
            for behind in sequences_behind(connection, self.schema):
                table, column = behind.split(".")
                name = "%s.%s" % (quoted(self.schema), quoted(table))
                cursor.execute(
                    "SELECT setval(pg_get_serial_sequence(%%s, %%s), (SELECT max(%s) FROM %s))"
                    % (quoted(column), name),
                    [name, column],
                )


def columns_of(connection, schema):
    """Each table with the names of its columns."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " WHERE n.nspname = %s AND c.relkind IN ('r', 'p')",
            [schema],
        )
        for table, column in cursor.fetchall():
            found.setdefault(table, set()).add(column)
    return found


def has_rows(connection, schema, table):
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM %s.%s)" % (quoted(schema), quoted(table)))
        return cursor.fetchone()[0]
