"""Whether the code before a migration goes on working after it: for a while, both are in use."""

from operations import field_of, kind_of, model_of

YES = ("yes", "")
HARMLESS = {
    "AddIndex",
    "AddIndexConcurrently",
    "RemoveIndex",
    "RemoveIndexConcurrently",
    "RenameIndex",
    "RemoveConstraint",
    "CreateModel",
    "AlterModelOptions",
    "AlterModelManagers",
    "AlterModelTableComment",
    "ValidateConstraint",
    "AlterConstraint",
    "CreateExtension",
    "CreateCollation",
    "BloomExtension",
    "BtreeGinExtension",
    "BtreeGistExtension",
    "CITextExtension",
    "CryptoExtension",
    "HStoreExtension",
    "TrigramExtension",
    "UnaccentExtension",
}
WIDER_INTEGERS = ["smallint", "integer", "bigint"]


def keeps_old_code(operation, app_label, before, connection):
    """(`yes`, `no` or `unknown`, why) for one operation, with the state before it."""
    name = kind_of(operation)
    if name in HARMLESS:
        return YES
    judge = JUDGES.get(name)
    if judge is not None:
        return judge(operation, app_label, before, connection)
    words = "%s: what it does to the old code is not known" % operation.describe()
    return ("unknown", words)


def add_field(operation, app_label, before, connection):
    field = operation.field
    generated = getattr(field, "generated", False)
    if field.many_to_many or field.null or has_db_default(field) or generated:
        return YES
    what = "%s.%s" % (operation.model_name, operation.name)
    return ("no", "%s is NOT NULL without db_default: the old code cannot insert rows" % what)


def remove_field(operation, app_label, before, connection):
    what = "%s.%s" % (operation.model_name, operation.name)
    return ("no", "%s is removed, which the old code reads" % what)


def alter_field(operation, app_label, before, connection):
    old = field_of(before, app_label, model_of(operation), operation.name)
    new = operation.field
    what = "%s.%s" % (operation.model_name, operation.name)
    if old is None or old.many_to_many or new.many_to_many:
        return ("unknown", "%s changes" % what)
    if old.db_column != new.db_column:
        return ("no", "the column of %s is renamed" % what)
    if old.null and not new.null:
        return ("no", "%s no longer takes NULL" % what)
    if new.unique and not old.unique:
        return ("no", "%s becomes unique" % what)
    if has_db_default(old) and not has_db_default(new) and not new.null:
        return ("no", "%s loses its db_default" % what)
    if old.is_relation or new.is_relation:
        if old.is_relation and new.is_relation and target(old) == target(new):
            if getattr(new, "db_constraint", False) and not getattr(old, "db_constraint", False):
                return ("unknown", "%s gets a foreign key" % what)
            return YES
        return ("unknown", "%s leads elsewhere" % what)
    return type_change(old, new, what, connection)


def type_change(old, new, what, connection):
    try:
        was, becomes = old.db_type(connection), new.db_type(connection)
    except Exception:
        return ("unknown", "%s changes" % what)
    if was == becomes or is_wider(was or "", becomes or ""):
        return YES
    if length_of(was) and length_of(becomes) and length_of(becomes) < length_of(was):
        return ("no", "%s is narrowed from %s to %s" % (what, was, becomes))
    return ("unknown", "%s changes from %s to %s" % (what, was, becomes))


def is_wider(was, becomes):
    if was.startswith("varchar") and becomes == "text":
        return True
    if length_of(was) and length_of(becomes):
        return length_of(becomes) >= length_of(was)
    if was.startswith("varchar") and becomes == "varchar":
        return True
    if was in WIDER_INTEGERS and becomes in WIDER_INTEGERS:
        return WIDER_INTEGERS.index(becomes) >= WIDER_INTEGERS.index(was)
    return False


def length_of(db_type):
    """The number in `varchar(100)`."""
    if db_type and db_type.startswith("varchar(") and db_type[8:-1].isdigit():
        return int(db_type[8:-1])
    return None


def rename_field(operation, app_label, before, connection):
    field = field_of(before, app_label, model_of(operation), operation.old_name)
    if field is not None and field.db_column:
        return YES
    what = "%s.%s" % (operation.model_name, operation.old_name)
    return ("no", "%s is renamed, which the old code reads" % what)


def rename_model(operation, app_label, before, connection):
    model = before.models.get((app_label, operation.old_name.lower()))
    if model is not None and model.options.get("db_table"):
        return ("unknown", "%s is renamed" % operation.old_name)
    return ("no", "the table of %s is renamed, which the old code reads" % operation.old_name)


def delete_model(operation, app_label, before, connection):
    model = before.models.get((app_label, operation.name.lower()))
    if model is not None and (model.options.get("proxy") or not model.options.get("managed", True)):
        return YES
    return ("no", "the table of %s is removed, which the old code reads" % operation.name)


def alter_table(operation, app_label, before, connection):
    model = before.models.get((app_label, operation.name.lower()))
    if model is not None and model.options.get("db_table") == operation.table:
        return YES
    return ("no", "the table of %s is renamed, which the old code reads" % operation.name)


def unique_together(operation, app_label, before, connection):
    model = before.models.get((app_label, operation.name.lower()))
    was = set(map(tuple, (model.options.get("unique_together") or ()) if model else ()))
    if set(map(tuple, operation.option_value or ())) <= was:
        return YES
    return ("unknown", "the old code may write what becomes unique in %s" % operation.name)


def add_constraint(operation, app_label, before, connection):
    name = operation.constraint.name
    return ("unknown", "the old code may write what the constraint %s refuses" % name)


def order_with_respect_to(operation, app_label, before, connection):
    return ("no", "the column _order of %s comes or goes" % operation.name)


def run_python(operation, app_label, before, connection):
    if operation.code is type(operation).noop:
        return YES
    return ("unknown", "what the Python of this migration does is not known")


def run_sql(operation, app_label, before, connection):
    if not operation.sql:
        return YES
    return ("unknown", "what the SQL of this migration does is not known")


JUDGES = {
    "AddField": add_field,
    "RemoveField": remove_field,
    "AlterField": alter_field,
    "RenameField": rename_field,
    "RenameModel": rename_model,
    "DeleteModel": delete_model,
    "AlterModelTable": alter_table,
    "AlterUniqueTogether": unique_together,
    "AlterIndexTogether": lambda *_: YES,
    "AlterOrderWithRespectTo": order_with_respect_to,
    "AddConstraint": add_constraint,
    "AddConstraintNotValid": add_constraint,
    "RunPython": run_python,
    "RunSQL": run_sql,
}


def has_db_default(field):
    from django.db.models import NOT_PROVIDED

    return getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED


def target(field):
    return str(field.remote_field.model).lower()
