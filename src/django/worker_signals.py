"""The signals that Django and django-tenants send around the migrations of a schema."""

from ledgers import quoted
from post_migrate import digest_of, expected, other_receivers, present
from worker_operations import touches_models
from worker_states import without_classes

EXECUTOR = "standard"


# Django's


def other_pre_receivers():
    from django.contrib.contenttypes.management import inject_rename_contenttypes_operations
    from django.db.models.signals import pre_migrate

    known = (None, inject_rename_contenttypes_operations)
    return any(receiver not in known for receiver in receivers_of(pre_migrate))


def receivers_of(signal):
    import weakref

    found = (entry[1] for entry in signal.receivers)
    return [one() if isinstance(one, weakref.ReferenceType) else one for one in found]


def wants_pre_migrate(work):
    """Whether a receiver of pre_migrate would do anything: Django's own looks for RenameModel."""

    def find_out():
        if other_pre_receivers():
            return True
        operations = (operation for migration, _ in work.plan for operation in migration.operations)
        return any(type(operation).__name__ == "RenameModel" for operation in operations)

    return work.once("wants pre_migrate", find_out)


def send_pre_migrate(session, work, plan):
    from django.core.management.sql import emit_pre_migrate_signal

    def make():
        return without_classes(work.before).apps

    # Others than Django's own receivers get models of their own for each tenant.
    apps = make() if other_pre_receivers() else work.once("models before", make)
    with session.for_project():
        emit_pre_migrate_signal(1, False, session.alias, **printing(), apps=apps, plan=plan)


def wants_post_migrate(policy, session, schema, work):
    if policy != "auto":
        return policy == "always"

    def find_out():
        return bool(other_receivers()) or any(
            touches_models(one.operations) for one, _ in work.plan
        )

    return work.once("wants post_migrate", find_out) or lacks_something(session, schema, work)


def lacks_something(session, schema, work):
    """Whether post_migrate would make a content type or a permission: one question."""
    from django.db import Error

    with_types, with_permissions = work.once("made in the schema", lambda: made_in_schema(session))
    if not with_types:
        return False
    types_wanted, permissions_wanted = work.once(
        "wanted", lambda: expected(work.after, work.loader)
    )
    verdicts = work.once("verdicts", dict)
    question = work.once(
        "question", lambda: digest_of(types_wanted, permissions_wanted if with_permissions else set())
    )
    try:
        digest = tuple(session.ask("SELECT " + question(quoted(schema))))
        if digest not in verdicts:
            types, permissions = present(session.connection, schema, with_permissions)
            lacking = types_wanted - types or (
                with_permissions and permissions_wanted - permissions
            )
            verdicts[digest] = bool(lacking)
    except Error:
        return True  # its receivers will say what is wrong
    return verdicts[digest]


def made_in_schema(session):
    """Whether this kind of schema has content types and permissions."""
    from django.apps import apps
    from django.db import router

    def has(app, model):
        if not apps.is_installed("django.contrib." + app):
            return False
        return router.allow_migrate_model(session.alias, apps.get_model(app, model))

    with_types = has("contenttypes", "ContentType")
    return with_types, with_types and has("auth", "Permission")


def send_post_migrate(session, work, plan):
    from django.core.management.sql import emit_post_migrate_signal

    def make():
        return models_after(without_classes(work.after))

    apps = make() if other_receivers() else work.once("models after", make)
    forget_content_types(apps)
    with session.for_project():
        emit_post_migrate_signal(1, False, session.alias, **printing(), apps=apps, plan=plan)


def models_after(state):
    """As migrate makes them: apps without migrations have their models, with relations."""
    from django.apps import apps as installed
    from django.db.migrations.state import ModelState

    state.clear_delayed_apps_cache()
    apps = state.apps
    with apps.bulk_update():
        keys = [(model.app_label, model.name_lower) for model in apps.real_models]
        for one in keys:
            apps.unregister_model(*one)
    apps.render_multiple([ModelState.from_model(installed.get_model(*one)) for one in keys])
    return apps


def forget_content_types(apps):
    """Their manager keeps the keys of the last tenant's rows."""
    from django.contrib.contenttypes.models import ContentTypeManager

    for model in apps.get_models():
        for manager in model._meta.managers:
            if isinstance(manager, ContentTypeManager):
                manager.clear_cache()


def printing():
    import sys

    from django.core.management.base import OutputWrapper

    return {"stdout": OutputWrapper(sys.stdout)}


# django-tenants'


class TenantSignals:
    """What `migrate_schemas --schema` tells those who listen to django-tenants."""

    def __init__(self, session, schema):
        from django_tenants import signals
        from django_tenants.migration_executors import base

        self.session, self.schema, self.sender = session, schema, base.run_migrations
        self.before = getattr(signals, "schema_pre_migration", None)
        self.after = signals.schema_migrated
        # Before django-tenants 4.0 lines were only told on a terminal.
        told = hasattr(base, "LinePrefixStream") and signals.schema_migrate_message.has_listeners()
        self.message = signals.schema_migrate_message if told else None

    def begin(self):
        self.send(self.before, schema_name=self.schema)

    def line(self, text):
        if self.message is not None:
            prefix = "[1/1 (100%%) %s:%s] " % (EXECUTOR, self.schema)
            self.send(self.message, message=prefix + text)

    def end(self):
        """With the connection in the public schema, as receivers know it."""
        if self.after.has_listeners(self.sender):
            self.session.connection.set_schema_to_public()
            self.send(self.after, schema_name=self.schema)

    def send(self, signal, **told):
        if signal is not None and signal.has_listeners(self.sender):
            with self.session.for_project():
                signal.send(self.sender, **told)
