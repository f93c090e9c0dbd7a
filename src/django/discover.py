"""Asks a Django project everything that migrating its tenants needs to know. Changes nothing.

What is pending is computed by Django's own loader, once per distinct set of applied migrations; the
tables that each kind of schema must have follow from the migrations' state at head and from the
project's routers.
"""

import hashlib
from contextlib import contextmanager
from importlib import metadata

from through_manage import Refusal, through_manage

# One statement over more schemas could need more locks than a server has by default.
SCHEMAS_PER_STATEMENT = 500
LEDGER = "django_migrations"
# Stands in for "some tenant" where only the kind of schema matters; never used in a statement.
SOME_TENANT = "tenantry_some_tenant"
LONGEST_IDENTIFIER = 63


def discover(request):
    from django.conf import settings
    from django.core.management import get_commands
    from django.db import connections

    refuse_other_projects(settings)
    from django_tenants import utils

    alias = utils.get_tenant_database_alias()
    connection = connections[alias]
    refuse_other_engines(connection, alias)

    public = utils.get_public_schema_name()
    loader = load_migrations()
    tenant_model, domain_model = utils.get_tenant_model(), utils.get_tenant_domain_model()
    identity = identify(connection)
    schemas = read_schemas(connection)
    standing = read_tenants(tenant_model, domain_model, connection, public)
    names = [public] + [t["schema"] for t in standing["tenants"] if t["schema"] != public]

    return {
        "versions": versions(),
        "database": {"alias": alias, "settings": settings_of(connection), "identity": identity},
        "publicSchema": public,
        "multiType": multi_type(utils),
        "tenantModel": describe_tenant_model(tenant_model),
        "domainModel": describe_model(domain_model),
        "commands": sorted(get_commands()),
        "leaves": sorted(map(label, loader.graph.leaf_nodes())),
        "conflicts": conflicts_of(loader),
        "kinds": kinds_of_schema(loader, connection, alias, utils, public),
        "appsWithoutMigrations": apps_without_migrations(loader),
        "tenantsUnread": standing["unread"],
        "hiddenTenants": standing["hidden"],
        "tenants": standing["tenants"],
        "schemasWithLedger": sorted(name for name, found in schemas.items() if found["ledger"]),
        **ledger_groups(connection, loader, schemas, names),
    }


# The project


def refuse_other_projects(settings):
    from django.apps import apps

    database = settings.DATABASES.get("default", {}).get("ENGINE", "")
    found = "Django %s with the engine %s" % (version_of("Django"), database or "(none)")
    if not apps.is_installed("django_tenants"):
        raise Refusal("not-django-tenants", "INSTALLED_APPS has no django_tenants (%s)" % found)
    for name in ("TENANT_MODEL", "TENANT_DOMAIN_MODEL"):
        if not getattr(settings, name, None):
            raise Refusal("not-django-tenants", "the setting %s is missing (%s)" % (name, found))


def refuse_other_engines(connection, alias):
    if not hasattr(connection, "set_schema"):
        engine = connection.settings_dict.get("ENGINE")
        raise Refusal("engine", "DATABASES['%s'] uses %s" % (alias, engine))


def versions():
    from django.db.backends.postgresql.base import Database

    return {
        "django": version_of("Django"),
        "djangoTenants": version_of("django-tenants"),
        "psycopg": Database.__version__.split()[0],
    }


def version_of(distribution):
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "unknown"


def settings_of(connection):
    """Where the settings point to. Never the password."""
    chosen = connection.settings_dict
    return {key.lower(): str(chosen.get(key) or "") for key in ("ENGINE", "HOST", "PORT", "NAME")}


def multi_type(utils):
    if not utils.has_multi_type_tenants():
        return None
    return {
        "field": utils.get_multi_type_database_field_name(),
        "types": [name for name in utils.get_tenant_types()],
    }


def describe_tenant_model(model):
    return {
        **describe_model(model),
        "autoCreateSchema": bool(model.auto_create_schema),
        "autoDropSchema": bool(model.auto_drop_schema),
        "cloneMode": str(getattr(model, "clone_mode", "")),
    }


def describe_model(model):
    return {
        "name": model._meta.label,
        "table": model._meta.db_table,
        "fields": [describe_field(field) for field in model._meta.concrete_fields],
    }


def describe_field(field):
    from django.db.models import NOT_PROVIDED

    made_by_django = bool(
        field.auto_created
        or getattr(field, "auto_now", False)
        or getattr(field, "auto_now_add", False)
        or getattr(field, "generated", False)
    )
    db_default = getattr(field, "db_default", NOT_PROVIDED)
    has_default = field.has_default() or db_default is not NOT_PROVIDED
    default = field.default if has_default and is_plain(field.default) else None
    return {
        "name": field.name,
        "type": field.get_internal_type(),
        "required": not (field.null or field.blank or has_default or made_by_django),
        "madeByDjango": made_by_django,
        "hasDefault": bool(has_default),
        "default": default,
        "unique": bool(field.unique),
        "maxLength": field.max_length if isinstance(field.max_length, int) else None,
        "choices": [str(value) for value, _ in field.flatchoices] if field.choices else None,
        "relatedTo": field.related_model._meta.label if field.is_relation else None,
    }


def is_plain(value):
    return value is None or isinstance(value, (bool, int, float, str))


# The migrations


def load_migrations():
    from django.db.migrations.exceptions import BadMigrationError, NodeNotFoundError
    from django.db.migrations.graph import CircularDependencyError
    from django.db.migrations.loader import MigrationLoader

    known = (BadMigrationError, NodeNotFoundError, CircularDependencyError, ImportError, ValueError)
    try:
        return MigrationLoader(None)
    except (*known, SyntaxError, NameError, AttributeError, TypeError) as error:
        raise Refusal("migrations", "%s: %s" % (type(error).__name__, error)) from error


def conflicts_of(loader):
    conflicts = loader.detect_conflicts()
    return [{"app": app, "leaves": sorted(conflicts[app])} for app in sorted(conflicts)]


def apps_without_migrations(loader):
    """Apps whose models get no tables, because nothing makes them."""
    from django.apps import apps

    models = [model for model in apps.get_models() if model._meta.managed]
    return sorted({model._meta.app_label for model in models} & loader.unmigrated_apps)


def kinds_of_schema(loader, connection, alias, utils, public):
    """For the shared schema and each type of tenant: its apps, and the tables it has at head."""
    models = models_at_head(loader, connection)
    kinds = [("shared", None)]
    if utils.has_multi_type_tenants():
        kinds += [("tenant", name) for name in utils.get_tenant_types() if name != public]
    else:
        kinds += [("tenant", None)]

    described = []
    for kind, tenant_type in kinds:
        schema = public if kind == "shared" else SOME_TENANT
        with routed_as(connection, schema, tenant_type):
            described.append({"kind": kind, "tenantType": tenant_type, **routed(models, alias)})
    return described


def models_at_head(loader, connection):
    """The models of the migrations at head that have a table of their own."""
    state = loader.project_state()
    return [
        model
        for model in state.apps.get_models(include_auto_created=True)
        if model._meta.app_label in loader.migrated_apps and model._meta.can_migrate(connection)
    ]


@contextmanager
def routed_as(connection, schema, tenant_type):
    """Routers look at the connection's schema; no statement is sent."""
    connection.set_schema(schema, tenant_type=tenant_type)
    try:
        yield
    finally:
        connection.set_schema_to_public()


def routed(models, alias):
    from django.db import router

    allowed = [model for model in models if router.allow_migrate_model(alias, model)]
    return {
        "apps": sorted({model._meta.app_label for model in allowed}),
        "tables": sorted({identifier(model._meta.db_table) for model in allowed} | {LEDGER}),
    }


def identifier(name):
    """A name as PostgreSQL keeps it: unquoted, cut after 63 bytes."""
    return name.strip('"').encode()[:LONGEST_IDENTIFIER].decode(errors="ignore")


# The database


def identify(connection):
    """Tells this database from every other one, whatever the address it is reached by."""
    from django.db import Error

    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT d.oid::text, d.datname, current_user, to_char("
                "pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
                " FROM pg_database d WHERE d.datname = current_database()"
            )
            oid, name, role, started = cursor.fetchone()
    except Error as error:
        where = settings_of(connection)
        raise Refusal("connection", str(error).strip(), database=where) from error
    return {"oid": oid, "name": name, "role": role, "serverStarted": started}


def read_schemas(connection):
    """Every schema that is not PostgreSQL's own, and whether its ledger can be read."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.nspname, has_schema_privilege(n.oid, 'USAGE'), c.oid IS NOT NULL,"
            " coalesce(has_table_privilege(c.oid, 'SELECT'), true)"
            " FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid"
            " AND c.relname = '%s' AND c.relkind IN ('r', 'p', 'v', 'f')"
            " WHERE left(n.nspname, 3) <> 'pg_' AND n.nspname <> 'information_schema'" % LEDGER
        )
        return {
            name: {"usage": usage, "ledger": ledger, "select": select}
            for name, usage, ledger, select in cursor.fetchall()
        }


def read_tenants(model, domain_model, connection, public):
    """The tenants' rows, as the project's default manager sees them, and what it hides."""
    from django.db import Error, OperationalError

    present = existing_tables(connection, public, [model, domain_model])
    if model._meta.db_table not in present:
        return {"tenants": [], "hidden": [], "unread": "no-table"}
    try:
        rows = rows_of(model._default_manager.all())
        everyone = rows_of(model._base_manager.all())
        has_domains = domain_model._meta.db_table in present
        domains = domains_of(domain_model) if has_domains else {}
    except OperationalError:
        raise
    except Error as error:  # the shared schema is behind the code
        connection.rollback()
        return {"tenants": [], "hidden": [], "unread": str(error).strip().splitlines()[0]}

    shown = {row["schema"] for row in rows}
    for row in rows:
        row.update(domains.get(row["pk"], {"primaryDomain": None, "domains": []}))
    hidden = sorted(row["schema"] for row in everyone if row["schema"] not in shown)
    return {"tenants": rows, "hidden": hidden, "unread": None}


def existing_tables(connection, schema, models):
    names = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relname = ANY(%s)",
            [schema, names],
        )
        return {name for (name,) in cursor.fetchall()}


def rows_of(tenants):
    from django_tenants import utils

    wanted = ["pk", "schema_name"]
    if utils.has_multi_type_tenants():
        wanted.append(utils.get_multi_type_database_field_name())
    order = utils.get_tenant_migration_order() or ["schema_name"]
    found = tenants.order_by(*order).values_list(*wanted)
    return [
        {"pk": str(row[0]), "schema": row[1], "tenantType": row[2] if len(row) > 2 else None}
        for row in found
    ]


def domains_of(model):
    by_tenant = {}
    rows = model._base_manager.order_by("domain").values_list("tenant_id", "domain", "is_primary")
    for tenant, domain, is_primary in rows:
        found = by_tenant.setdefault(str(tenant), {"primaryDomain": None, "domains": []})
        found["domains"].append(domain)
        if is_primary:
            found["primaryDomain"] = domain
    return by_tenant


# The ledgers


def ledger_groups(connection, loader, schemas, names):
    """The schemas `names`, grouped by what their ledgers say; those without an answer by name."""
    present = [name for name in names if name in schemas]
    reasons = {name: unreadable_because(schemas[name]) for name in present}
    unreadable = {name: reason for name, reason in reasons.items() if reason}
    readable = [name for name in present if name not in unreadable]

    digests, failed = read_digests(connection, [n for n in readable if schemas[n]["ledger"]])
    unreadable.update(failed)
    members = {}
    for name, digest in digests.items():
        members.setdefault(digest, []).append(name)

    groups = []
    without_ledger = [name for name in readable if not schemas[name]["ledger"]]
    if without_ledger:
        groups.append({"ledger": False, "schemas": without_ledger, **standing_of(loader, set())})
    for digest in sorted(members):
        applied = read_ledger(connection, members[digest][0])
        groups.append(
            {"ledger": True, "schemas": members[digest], **standing_of(loader, applied)}
        )
    return {
        "groups": groups,
        "withoutSchema": [name for name in names if name not in schemas],
        "unreadable": [{"schema": n, "reason": unreadable[n]} for n in sorted(unreadable)],
    }


def unreadable_because(found):
    if not found["usage"]:
        return "this role may not use the schema (no USAGE)"
    if found["ledger"] and not found["select"]:
        return "this role may not read %s (no SELECT)" % LEDGER
    return None


def read_digests(connection, names):
    """What each ledger holds, as one short text per schema, and why some cannot be read."""
    from django.db import Error, OperationalError

    digests, failed = {}, {}
    for start in range(0, len(names), SCHEMAS_PER_STATEMENT):
        batch = names[start:start + SCHEMAS_PER_STATEMENT]
        try:
            digests.update(read_batch(connection, batch))
        except OperationalError:
            raise
        except Error as error:
            connection.rollback()
            if len(batch) == 1:
                failed[batch[0]] = str(error).strip().splitlines()[0]
                continue
            for name in batch:
                alone, broken = read_digests(connection, [name])
                digests.update(alone)
                failed.update(broken)
    return digests, failed


def read_batch(connection, names):
    row = "(app || ' ' || name) COLLATE \"C\""
    digest = f"md5(string_agg(DISTINCT {row}, ',' ORDER BY {row}))"
    statement = " UNION ALL ".join(
        f"SELECT {index}, {digest} FROM {quoted(name)}.{LEDGER}" for index, name in enumerate(names)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return {names[index]: digest or "" for index, digest in cursor.fetchall()}


def read_ledger(connection, name):
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT app, name FROM %s.%s" % (quoted(name), LEDGER))
        return set(cursor.fetchall())


def quoted(name):
    return '"%s"' % name.replace('"', '""')


def standing_of(loader, applied):
    """What Django would do to a schema whose ledger holds `applied`."""
    from django.db.migrations.exceptions import InconsistentMigrationHistory, NodeNotFoundError

    replaced = {key for migration in loader.replacements.values() for key in migration.replaces}
    known = set(loader.disk_migrations) | replaced
    standing = {
        "id": hashlib.sha256(repr(sorted(applied)).encode()).hexdigest()[:12],
        "pending": [],
        "bookkeeping": [],
        "ghosts": sorted(label(key) for key in applied if key not in known),
        "inconsistent": None,
    }
    with recorded(applied):
        try:
            group = group_loader(loader)
            group.check_consistent_history(group.connection)
        except (InconsistentMigrationHistory, NodeNotFoundError) as error:
            standing["inconsistent"] = str(error)
            return standing
    standing["pending"] = [label(key) for key in plan_of(group)]
    # Django records a squashed migration when everything it replaces is applied.
    standing["bookkeeping"] = sorted(
        label(key)
        for key in group.replacements
        if key not in applied and key in group.applied_migrations
    )
    return standing


@contextmanager
def recorded(applied):
    """Lets Django's loader find these rows where it would read a schema's ledger."""
    from django.db.migrations import loader as module

    class Recorded:
        def __init__(self, connection):
            pass

        def applied_migrations(self):
            return {key: None for key in applied}

    original = module.MigrationRecorder
    module.MigrationRecorder = Recorded
    try:
        yield
    finally:
        module.MigrationRecorder = original


def group_loader(loader):
    from django.db.migrations.loader import MigrationLoader

    class GroupLoader(MigrationLoader):
        def load_disk(self):
            self.disk_migrations = dict(loader.disk_migrations)
            self.unmigrated_apps = set(loader.unmigrated_apps)
            self.migrated_apps = set(loader.migrated_apps)

    # Any connection that is not None makes the loader ask the recorder.
    return GroupLoader(connection=NotAsked())


class NotAsked:
    alias = "default"


def plan_of(loader):
    """The keys of the forward plan to every leaf, in Django's order."""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor.__new__(MigrationExecutor)
    executor.loader = loader
    plan = executor.migration_plan(loader.graph.leaf_nodes())
    return [(migration.app_label, migration.name) for migration, _ in plan]


def label(key):
    return "%s.%s" % tuple(key)


if __name__ == "__main__":
    through_manage(discover)
