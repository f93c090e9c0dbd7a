"""What the operations of migrations do with the models' states."""

DECLARATIVE = {
    "django.db.migrations.operations.models": {
        "AddConstraint",
        "AddIndex",
        "AlterConstraint",
        "AlterIndexTogether",
        "AlterModelManagers",
        "AlterModelOptions",
        "AlterModelTable",
        "AlterModelTableComment",
        "AlterOrderWithRespectTo",
        "AlterUniqueTogether",
        "CreateModel",
        "DeleteModel",
        "RemoveConstraint",
        "RemoveIndex",
        "RenameIndex",
        "RenameModel",
    },
    "django.db.migrations.operations.fields": {
        "AddField",
        "AlterField",
        "RemoveField",
        "RenameField",
    },
    "django.contrib.postgres.operations": {
        "AddConstraintNotValid",
        "AddIndexConcurrently",
        "BloomExtension",
        "BtreeGinExtension",
        "BtreeGistExtension",
        "CITextExtension",
        "CreateCollation",
        "CreateExtension",
        "CryptoExtension",
        "HStoreExtension",
        "RemoveCollation",
        "RemoveIndexConcurrently",
        "TrigramExtension",
        "UnaccentExtension",
        "ValidateConstraint",
    },
}
SPECIAL = "django.db.migrations.operations.special"
# They make, rename or describe what content types and permissions are about.
OF_MODELS = ("CreateModel", "DeleteModel", "RenameModel", "AlterModelOptions")


def shares_states(operation):
    """Whether it only reads models, and runs nothing of the project: then tenants may share them.

    Exactly these classes: a subclass may do anything.
    """
    if is_special(operation, "SeparateDatabaseAndState"):
        return all(map(shares_states, operation.database_operations))
    cls = type(operation)
    return cls.__name__ in DECLARATIVE.get(cls.__module__, ())


def is_special(operation, *names):
    return type(operation).__module__ == SPECIAL and type(operation).__name__ in names


def is_known(operation):
    """Whether it is Django's own, which asks the routers first, and so is all that it holds."""
    if is_renaming_content_type(operation):
        return True
    if is_special(operation, "SeparateDatabaseAndState"):
        return all(map(is_known, operation.database_operations))
    return shares_states(operation) or is_special(operation, "RunPython", "RunSQL")


def is_renaming_content_type(operation):
    """Put behind RenameModel by a receiver of pre_migrate: Django's own."""
    cls = type(operation)
    return (cls.__module__, cls.__name__) == (
        "django.contrib.contenttypes.management",
        "RenameContentType",
    )


def changes_state(operation):
    if is_special(operation, "RunPython") or is_renaming_content_type(operation):
        return False
    return not is_special(operation, "RunSQL") or bool(operation.state_operations)


def touches_models(operations):
    """Whether content types or permissions may have to follow."""
    for operation in operations:
        inner = []
        if is_special(operation, "SeparateDatabaseAndState", "RunSQL"):
            inner = operation.state_operations
        elif not is_known(operation) or type(operation).__name__ in OF_MODELS:
            return True
        if touches_models(inner):
            return True
    return False
