"""Which projects the worker may migrate: it stands on parts of Django that may change."""

import re
from importlib import metadata

# Both ends, and versions between them, are in the tests of the worker.
DJANGO = ((4, 2), (5, 2))
DJANGO_TENANTS = ((3, 7), (4, 999))
OWN_COMMAND = "django.core.management.commands.migrate.Command"


def why_unsupported():
    """In words; None when the worker knows its way. Sends nothing to the database."""
    import django
    from django.apps import apps
    from django.conf import settings
    from django.core.management import get_commands

    if not DJANGO[0] <= django.VERSION[:2] <= DJANGO[1]:
        return "it has Django %s, and the worker knows 4.2 to 5.2" % metadata.version("Django")
    if not apps.is_installed("django_tenants"):
        return "it does not use django-tenants"
    version = metadata.version("django-tenants")
    if not DJANGO_TENANTS[0] <= numbers(version) <= DJANGO_TENANTS[1]:
        return "it has django-tenants %s, and the worker knows 3.7 to 4.x" % version
    if getattr(settings, "TENANT_BASE_MIGRATE_COMMAND", OWN_COMMAND) != OWN_COMMAND:
        return "it has a migrate command of its own (TENANT_BASE_MIGRATE_COMMAND)"
    if getattr(settings, "GET_EXECUTOR_FUNCTION", None):
        return "it has an executor of its own (GET_EXECUTOR_FUNCTION)"
    if get_commands().get("migrate_schemas") != "django_tenants":
        return "it has a command migrate_schemas of its own"
    return None


def numbers(version):
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def check_project(connection):
    """What Django's migrate does before anything else, once instead of once a tenant."""
    from importlib import import_module

    from django.apps import apps
    from django.core.management.base import BaseCommand, SystemCheckError
    from django.utils.module_loading import module_has_submodule

    try:
        BaseCommand().check(databases=[connection.alias])
    except SystemCheckError as error:
        return "manage.py check finds: %s" % " ".join(str(error).split())[:300]
    # Where receivers of Django's signals are connected.
    for app_config in apps.get_app_configs():
        if module_has_submodule(app_config.module, "management"):
            import_module(".management", app_config.name)
    return None


def versions():
    from django.db.backends.postgresql.base import Database

    return {
        "django": metadata.version("Django"),
        "djangoTenants": metadata.version("django-tenants"),
        "psycopg": Database.__version__.split()[0],
    }
