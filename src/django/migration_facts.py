"""What a pending migration is: whether it can be undone, where it runs, what it locks."""

import re

from ledgers import label
from model_tables import has_table, tables_of_model, target_of
from old_code import YES, keeps_old_code
from operations import database_operations, field_of, kind_of, model_of, runs_in, sql_of

WORST = ["yes", "unknown", "no"]


class Facts:
    def __init__(self, kinds, connection, shared_tables, old_models):
        self.kinds, self.connection = kinds, connection
        # The models that the old code knows.
        self.old_models = old_models
        # Table to whether tenants have one of the same name.
        self.shared_tables = shared_tables

    def of(self, migration, state):
        """The facts of one migration; `state` is the one before it, and becomes the one after."""
        runs, tables, locked = set(), set(), set()
        verdict, reason = "yes", ""
        for operation in migration.operations:
            for inner in database_operations([operation]):
                where = [k for k in self.kinds if runs_in(inner, migration.app_label, k)]
                runs.update(self.kinds.index(kind) for kind in where)
                tables.update(self.tables_touched(inner, migration.app_label, state))
                for kind in where:
                    if kind.kind == "tenant":
                        locked.update(self.locked(inner, migration.app_label, state, kind))
                found, why = self.keeps_old_code(inner, migration.app_label, state)
                if WORST.index(found) > WORST.index(verdict):
                    verdict, reason = found, why
            operation.state_forwards(migration.app_label, state)
        return {
            "migration": label((migration.app_label, migration.name)),
            "atomic": migration.atomic,
            "reversible": all(one.reversible for one in database_operations(migration.operations)),
            "operations": [str(operation.describe()) for operation in migration.operations],
            "runsIn": [kind.name for index, kind in enumerate(self.kinds) if index in runs],
            "tables": sorted(tables),
            "touchesShared": sorted(locked),
            "keepsOldCode": verdict,
            "oldCodeReason": reason,
        }

    def keeps_old_code(self, operation, app_label, state):
        model = model_of(operation)
        if model is not None and (app_label, model) not in self.old_models:
            return YES
        return keeps_old_code(operation, app_label, state, self.connection)

    def tables_touched(self, operation, app_label, before):
        """The tables that Django's own operations are about; a new one cannot be touched."""
        if kind_of(operation) in ("RunPython", "RunSQL", "CreateModel"):
            return
        name = model_of(operation)
        described = before.models.get((app_label, name))
        if described is None or not has_table(described, self.connection):
            return
        own, *relations = tables_of_model(described, before, self.connection)
        yield own.name
        if kind_of(operation) in ("DeleteModel", "RenameModel"):
            yield from (table.name for table in relations)

    def locked(self, operation, app_label, state, kind):
        """Tables of the shared schema that the operation locks when it runs in a tenant's."""
        name = kind_of(operation)
        if name == "RunSQL":
            yield from self.named_in(sql_of(operation))
            return
        model = model_of(operation)
        field_name = getattr(operation, "old_name", None) or getattr(operation, "name", None)
        old = field_of(state, app_label, model, field_name)
        if name == "CreateModel":
            fields = [field for _, field in operation.fields]
        elif name == "DeleteModel" and (app_label, model) in state.models:
            fields = state.models[app_label, model].fields.values()
        elif name == "AddField":
            fields = [operation.field]
        elif name in ("RemoveField", "RenameField"):
            fields = [old]
        elif name == "AlterField" and differs(old, operation.field):
            fields = [old, operation.field]
        else:
            fields = []
        for field in fields:
            yield from self.shared_target(field, app_label, model, state, kind)

    def shared_target(self, field, app_label, model, state, kind):
        """The shared table that the foreign keys of a field lead to."""
        if field is None or not field.is_relation or not isinstance(field.remote_field.model, str):
            return
        if field.many_to_many and field.remote_field.through is not None:
            return
        keeps = (
            field.remote_field.db_constraint
            if field.many_to_many
            else getattr(field, "db_constraint", False)
        )
        if not keeps:
            return
        app, name = target_of(field, Place(app_label, model))
        described = state.models.get((app, name))
        if described is None or not has_table(described, self.connection):
            return
        if not kind.allows(app, name):
            yield tables_of_model(described, state, self.connection)[0].name

    def named_in(self, sql):
        public = next(kind.schema for kind in self.kinds if kind.kind == "shared")
        for table, in_tenants_too in self.shared_tables.items():
            schema = r'"?%s"?\s*\.\s*' % re.escape(public)
            pattern = r'(?<![\w"])%s"?%s"?(?!\w)' % (
                schema if in_tenants_too else "(?:%s)?" % schema,
                re.escape(table),
            )
            if re.search(pattern, sql, re.IGNORECASE):
                yield table


class Place:
    """As much of a model as tells where a relation of its leads to."""

    def __init__(self, app_label, name_lower):
        self.app_label, self.name_lower = app_label, name_lower


def differs(old, new):
    """Whether Django takes a foreign key away and makes it again."""
    if old is None:
        return True
    not_in_database = set(getattr(new, "non_db_attrs", ())) | {"db_comment"}

    def shape(field):
        _, path, args, kwargs = field.deconstruct()
        return path, args, {key: kwargs[key] for key in kwargs.keys() - not_in_database}

    return shape(old) != shape(new)
