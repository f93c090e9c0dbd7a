"""What the signal post_migrate makes in each schema: content types and permissions."""

from ledgers import ask_each, quoted
from model_tables import is_swapped


def other_receivers():
    """Receivers of post_migrate that are not Django's own, by their dotted names."""
    from django.db.models.signals import post_migrate

    found = set()
    for entry in post_migrate.receivers:
        receiver = entry[1]
        if hasattr(receiver, "__callback__"):  # a weak reference
            receiver = receiver()
        module = getattr(receiver, "__module__", "") or ""
        if receiver is None or module.startswith("django.contrib."):
            continue
        name = getattr(receiver, "__qualname__", type(receiver).__name__)
        found.add("%s.%s" % (module, name))
    return sorted(found)


def lacking(connection, state, loader, members):
    """Groups of schemas that lack the same; `members` are pairs of a kind and its schemas."""
    from django.apps import apps

    content_types = apps.is_installed("django.contrib.contenttypes")
    permissions = content_types and apps.is_installed("django.contrib.auth")
    expected_types, expected_permissions = expected(state, loader)
    groups = []
    for kind, schemas in members:
        if not schemas or not content_types or not kind.allows("contenttypes", "contenttype"):
            continue
        with_permissions = permissions and kind.allows("auth", "permission")
        wanted = expected_permissions if with_permissions else set()
        digests, _ = ask_each(connection, schemas, digest_of(expected_types, wanted))
        alike = {}
        for schema, digest in digests.items():
            alike.setdefault(tuple(digest), []).append(schema)
        for same in alike.values():
            types, perms = present(connection, same[0], with_permissions)
            absent = sorted(expected_types - types)
            without = sorted(expected_permissions - perms) if with_permissions else []
            if absent or without:
                groups.append({"schemas": same, "contentTypes": absent, "permissions": without})
    return groups


def expected(state, loader):
    """Every model has a content type in every schema, whatever schema its own table is in."""
    from django.apps import apps
    from django.db.migrations.state import ModelState

    installed = {config.label for config in apps.get_app_configs() if config.models_module}
    described = [model for model in state.models.values() if model.app_label in installed]
    for label in installed & loader.unmigrated_apps:
        models = apps.get_app_config(label).get_models()
        described += [ModelState.from_model(model, exclude_rels=True) for model in models]
    types, permissions = set(), set()
    for model in described:
        if is_swapped(model):
            continue
        name = "%s.%s" % (model.app_label, model.name_lower)
        types.add(name)
        actions = model.options.get("default_permissions", ("add", "change", "delete", "view"))
        codenames = ["%s_%s" % (action, model.name_lower) for action in actions]
        codenames += [codename for codename, _ in model.options.get("permissions", ())]
        permissions.update("%s.%s" % (name, codename) for codename in codenames)
    return types, permissions


def digest_of(types, permissions):
    """Sums of hashes: the order does not matter, and nothing is sorted.

    A permission cannot be without its content type. Where each model has one, nothing else is
    asked: for a thousand tenants, to open a table is what takes the time.
    """

    def of_types(schema):
        name = "hashtextextended(app_label || '.' || model, 0)"
        return f"count(*), sum({name}) FROM {schema}.django_content_type"

    def of_permissions(schema):
        return f"count(*), sum(hashtextextended(codename, 0)) FROM {schema}.auth_permission"

    def of_both(schema):
        return f"* FROM (SELECT {of_types(schema)}) t, (SELECT {of_permissions(schema)}) p"

    if not permissions:
        return of_types
    tell_all = types <= {permission.rpartition(".")[0] for permission in permissions}
    return of_permissions if tell_all else of_both


def present(connection, schema, with_permissions):
    name = quoted(schema)
    with connection.cursor() as cursor:
        cursor.execute("SELECT app_label || '.' || model FROM %s.django_content_type" % name)
        types = {text for (text,) in cursor.fetchall()}
        permissions = set()
        if with_permissions:
            cursor.execute(
                "SELECT c.app_label || '.' || c.model || '.' || p.codename"
                " FROM %s.auth_permission p"
                " JOIN %s.django_content_type c ON c.id = p.content_type_id"
                % (name, name)
            )
            permissions = {text for (text,) in cursor.fetchall()}
    return types, permissions
