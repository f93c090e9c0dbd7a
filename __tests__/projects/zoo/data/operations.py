"""Operations of a project's own."""

from django.db import migrations
from django.db.migrations.operations.base import Operation


class CreateView(Operation):
    """Of a model in the state: it needs the model's table and columns."""

    reversible = True

    def __init__(self, name, model_name, *fields):
        self.name, self.model_name, self.fields = name, model_name, fields

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        columns = ", ".join(schema_editor.quote_name(model._meta.get_field(name).column) for name in self.fields)
        table = schema_editor.quote_name(model._meta.db_table)
        schema_editor.execute("CREATE VIEW %s AS SELECT %s FROM %s" % (self.name, columns, table))

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        schema_editor.execute("DROP VIEW %s" % self.name)

    def describe(self):
        return "Create view %s" % self.name


class AddFieldWithIndex(migrations.AddField):
    """A subclass of one of Django's operations."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        table, name = model._meta.db_table, self.name
        schema_editor.execute("CREATE INDEX %s_%s_own ON %s (%s)" % (table, name, table, name))
