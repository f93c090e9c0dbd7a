"""Looks at the operations of migrations: what they are about, and where they run."""


def database_operations(operations):
    """The operations that work on the database, out of whatever they are wrapped in."""
    for operation in operations:
        inner = getattr(operation, "database_operations", None)
        if inner is None:
            yield operation
        else:
            yield from database_operations(inner)


def kind_of(operation):
    """The name of the class of Django's that an operation is, or `custom`."""
    cls = type(operation)
    own = cls.__module__.startswith(("django.db.migrations.", "django.contrib.postgres."))
    return cls.__name__ if own else "custom"


# They change what Python knows, never the database.
STATE_ONLY = {"AlterModelOptions", "AlterModelManagers"}
IN_THE_PROJECT = {"RunPython", "RunSQL", "custom"}


def model_of(operation):
    """The name of the model that an operation is about, before it; None where there is none."""
    name = getattr(operation, "model_name", None)
    if name is None and hasattr(operation, "name_lower"):
        name = getattr(operation, "old_name", operation.name)
    return name.lower() if isinstance(name, str) else None


def does_what_it_says(operation):
    """Whether what it does to the state is what it does to the database."""
    name = kind_of(operation)
    if name == "RunSQL":
        return not operation.state_operations
    return name not in ("SeparateDatabaseAndState", "custom")


def runs_in(operation, app_label, kind):
    """Whether the project's routers let this operation change a schema of this kind."""
    from django.apps import apps

    name = kind_of(operation)
    if name in STATE_ONLY:
        return False
    if name in IN_THE_PROJECT or getattr(operation, "hints", None):
        return kind.allows(app_label, **(getattr(operation, "hints", None) or {}))
    model = model_of(operation)
    if model is None:
        return kind.allows(app_label)
    if kind.by_app:
        return kind.allows(app_label)
    live = apps.all_models.get(app_label, {}).get(model)
    return kind.allows(app_label, model, **({} if live is None else {"model": live}))


def sql_of(operation):
    """The text of a RunSQL, forwards."""
    sql = getattr(operation, "sql", "")
    if isinstance(sql, str):
        return sql
    parts = [part if isinstance(part, str) else part[0] for part in sql or ()]
    return "\n".join(map(str, parts))


def field_of(state, app_label, model, name):
    described = state.models.get((app_label, model))
    return None if described is None else described.fields.get(name)
