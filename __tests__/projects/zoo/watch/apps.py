"""Writes down which signals a migration sends, with what they tell."""

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate, pre_migrate
from django_tenants import signals


def write_down(what, detail, schema=None):
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.estate_journal')")
        if cursor.fetchone()[0] is not None:
            cursor.execute(
                'INSERT INTO public.estate_journal ("schema", what, detail) VALUES (%s, %s, %s)',
                [schema or connection.schema_name, what, detail],
            )


def migrating(what):
    def receiver(sender, app_config, using, plan, apps, **kwargs):
        detail = "%s on %s" % (app_config.label, using)
        if app_config.label == "watch":
            steps = ["%s.%s%s" % (m.app_label, m.name, " backwards" if back else "") for m, back in plan]
            models = sorted(model._meta.label for model in apps.get_models(include_auto_created=True))
            detail += ": %s | %s" % (" ".join(steps), " ".join(models))
        write_down(what, detail)

    return receiver


class WatchConfig(AppConfig):
    name = "watch"

    def ready(self):
        self.receivers = [migrating("pre_migrate"), migrating("post_migrate")]
        pre_migrate.connect(self.receivers[0])
        post_migrate.connect(self.receivers[1])
        signals.schema_migrated.connect(self.after_schema)
        if hasattr(signals, "schema_pre_migration"):  # from django-tenants 3.8 on
            signals.schema_pre_migration.connect(self.before_schema)

    def before_schema(self, sender, schema_name, **kwargs):
        write_down("schema_pre_migration", sender.__name__, schema_name)

    def after_schema(self, sender, schema_name, **kwargs):
        write_down("schema_migrated", sender.__name__, schema_name)
