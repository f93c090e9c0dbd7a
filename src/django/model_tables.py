"""The tables that the models of a migration state have.

They are told from the model states alone: to make classes of them first, as Django does, takes
about ten times as long (60 ms for 63 tables). Where that would not be exact, classes are made.
"""

from dataclasses import dataclass, field

LONGEST_IDENTIFIER = 63


@dataclass
class Table:
    app_label: str
    model_name: str
    name: str
    columns: list
    # Indexes and constraints that have a name in the migrations.
    named: list = field(default_factory=list)
    # The class, for routers that look at it; None where nobody does.
    model: object = None


def tables_of(state, loader, connection, render):
    """The tables of a project state, without those of apps that have no migrations."""
    if render or any(needs_class(model) for model in state.models.values()):
        return rendered_tables(state, loader, connection)
    tables = []
    for model in state.models.values():
        if model.app_label in loader.migrated_apps and has_table(model, connection):
            tables.extend(tables_of_model(model, state, connection))
    return tables


def rendered_tables(state, loader, connection):
    return [
        Table(
            model._meta.app_label,
            model._meta.model_name,
            identifier(model._meta.db_table),
            [
                identifier(column.column)
                for column in model._meta.local_concrete_fields
                if has_column(column, connection)
            ],
            names_of(model._meta.indexes, model._meta.constraints),
            model,
        )
        for model in state.apps.get_models(include_auto_created=True)
        if model._meta.app_label in loader.migrated_apps and model._meta.can_migrate(connection)
    ]


def needs_class(model):
    """Whether something comes from a base class that only Django's own metaclass can work out."""
    for base in model.bases:
        if not isinstance(base, str) and getattr(getattr(base, "_meta", None), "abstract", False):
            return True
    inherits = any(isinstance(base, str) for base in model.bases)
    return inherits and not model.options.get("proxy") and primary_key_of(model) is None


def primary_key_of(model):
    return next((name for name, field in model.fields.items() if field.primary_key), None)


def has_table(model, connection):
    options = model.options
    if options.get("proxy") or not options.get("managed", True) or is_swapped(model):
        return False
    if options.get("required_db_vendor"):
        return options["required_db_vendor"] == connection.vendor
    features = options.get("required_db_features") or ()
    return all(getattr(connection.features, feature, False) for feature in features)


def is_swapped(model):
    from django.conf import settings

    chosen = getattr(settings, model.options.get("swappable") or "", None)
    if not chosen or "." not in chosen:
        return False
    app_label, name = chosen.split(".")
    return (app_label, name.lower()) != (model.app_label, model.name_lower)


def tables_of_model(model, state, connection):
    """The model's own table, and those that keep its many-to-many relations."""
    columns = [] if primary_key_of(model) else ["id"]
    relations = []
    for name, described in model.fields.items():
        if described.many_to_many:
            if described.remote_field.through is None:
                relations.append(relation_table(name, described, model, state))
            continue
        column = column_of(name, described)
        if column is not None and has_column(described, connection):
            columns.append(identifier(column))
    if model.options.get("order_with_respect_to"):
        columns.append("_order")
    named = names_of(model.options.get("indexes", ()), model.options.get("constraints", ()))
    own = Table(model.app_label, model.name_lower, identifier(table_name(model)), columns, named)
    return [own, *(table for table in relations if table is not None)]


def table_name(model):
    from django.db.backends.utils import truncate_name

    given = model.options.get("db_table")
    return given or truncate_name("%s_%s" % (model.app_label, model.name_lower), LONGEST_IDENTIFIER)


def relation_table(name, described, model, state):
    """What Django makes for a many-to-many field without a model of its own."""
    from django.db.backends.utils import strip_quotes, truncate_name

    target = target_of(described, model)
    other = state.models.get(target)
    if other is not None and not any(one.options.get("managed", True) for one in (model, other)):
        return None
    this, that = model.name_lower, target[1]
    if target == (model.app_label, model.name_lower):
        this, that = "from_%s" % this, "to_%s" % that
    given = described.db_table
    default = truncate_name("%s_%s" % (strip_quotes(table_name(model)), name), LONGEST_IDENTIFIER)
    columns = ["id", "%s_id" % this, "%s_id" % that]
    auto_name = ("%s_%s" % (model.name, name)).lower()
    return Table(
        model.app_label, auto_name, identifier(given or default), list(map(identifier, columns))
    )


def target_of(described, model):
    """(app, model) that a relation of the model leads to, in lower case."""
    from django.db.migrations.utils import resolve_relation

    return resolve_relation(described.remote_field.model, model.app_label, model.name_lower)


def column_of(name, described):
    """The column of a field that belongs to no class yet; None where it has none."""
    kept, described.name = described.name, name
    try:
        return described.get_attname_column()[1]
    finally:
        described.name = kept


def has_column(described, connection):
    """A field without a type in the database gets no column."""
    if described.is_relation:
        return True
    try:
        return described.db_type(connection) is not None
    except Exception:  # it wants a class; such a field has a type
        return True


def names_of(indexes, constraints):
    return [identifier(one.name) for one in (*indexes, *constraints) if one.name]


def identifier(name):
    """A name as PostgreSQL keeps it: unquoted, cut after 63 bytes."""
    return name.strip('"').encode()[:LONGEST_IDENTIFIER].decode(errors="ignore")
