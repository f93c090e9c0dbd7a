"""Asks a Django project everything that migrating its tenants needs to know. Changes nothing.

The request may have `postMigrate` (look for content types and permissions, too), `render` (tell
tables from classes, or never; default: where the project's routers may look at them), `only` (the
schemas to look at, beside the shared one; default: all), `sql` (write down the SQL of what is
pending, too) and `targets` (tell what going back to these migrations would undo).
"""

from importlib import metadata

from collected_sql import collected
from described_models import describe_model, describe_tenant_model
from expected_tables import States, described_kinds
from ghosts import described_ghosts
from going_back import GoingBack, targets_of
from ledgers import label, read_last_applied, read_ledgers, read_schemas
from particulars import particulars_of, template_schemas
from post_migrate import lacking, other_receivers
from schema_kinds import kinds_of
from standings import Standings
from through_manage import Refusal, through_manage


def discover(request, loader=None):
    from django.conf import settings
    from django.core.management import get_commands
    from django.db import connections

    refuse_other_projects(settings)
    from django_tenants import utils

    alias = utils.get_tenant_database_alias()
    connection = connections[alias]
    refuse_other_engines(connection, alias)

    public = utils.get_public_schema_name()
    loader = loader or load_migrations()
    tenant_model, domain_model = utils.get_tenant_model(), utils.get_tenant_domain_model()
    identity = identify(connection)
    timeouts = read_timeouts(connection)
    schemas = read_schemas(connection)
    only_these = request.get("only")
    standing = read_tenants(tenant_model, domain_model, connection, public, only_these)
    tenants = {tenant["schema"]: tenant["tenantType"] for tenant in standing["tenants"]}
    names = [public] + [name for name in tenants if name != public]
    templates = template_schemas(settings, utils)

    kinds = kinds_of(connection, alias, utils, public)
    # Routers of the project may look at the model itself.
    render = request.get("render", not kinds[0].by_app)
    states = States(loader, connection, render)
    found = read_ledgers(
        connection, schemas, list(dict.fromkeys(names + [name for name, _ in templates]))
    )
    standings = Standings(
        loader, states, kinds, kind_finder(kinds, public, {**dict(templates), **tenants})
    )
    targets = request.get("targets")
    back = GoingBack(standings, targets_of(targets, loader)) if targets else None
    groups = [standings.group(ledger, back) for ledger in found["ledgers"]]
    owned = {*names, *standing["hidden"], *(name for name, _ in templates)}
    with_ledger = sorted(name for name, about in schemas.items() if about["ledger"])

    return {
        "versions": versions(),
        "database": {
            "alias": alias,
            "settings": settings_of(connection),
            "identity": identity,
            "timeouts": timeouts,
        },
        "publicSchema": public,
        "multiType": multi_type(utils),
        "tenantModel": describe_tenant_model(tenant_model),
        "domainModel": describe_model(domain_model),
        "commands": sorted(get_commands()),
        "leaves": sorted(map(label, loader.graph.leaf_nodes())),
        "conflicts": conflicts_of(loader),
        "dependents": dependents_of(loader),
        "kinds": described_kinds(kinds, states.head()),
        "appsWithoutMigrations": apps_without_migrations(loader),
        "tenantsUnread": standing["unread"],
        "hiddenTenants": standing["hidden"],
        "tenants": standing["tenants"],
        "schemasWithLedger": with_ledger,
        "groups": [only(group, names) for group in groups if only(group, names)["schemas"]],
        "migrations": standings.migrations(),
        "back": back.described() if back else None,
        "ghosts": described_ghosts(loader, [history for _, history in standings.histories]),
        "orphans": orphans_of(connection, schemas, [n for n in with_ledger if n not in owned])
        if standing["unread"] is None and only_these is None
        else [],
        "templates": [describe_template(name, kind, groups, found) for name, kind in templates],
        "duplicates": found["duplicates"],
        "postMigrate": {
            "otherReceivers": other_receivers(),
            "lacking": lacking_at_head(groups, standings, connection, names)
            if request.get("postMigrate")
            else [],
        },
        "sql": collected(standings, groups, names, connection) if request.get("sql") else [],
        "particulars": particulars_of(settings),
        "withoutSchema": [name for name in found["withoutSchema"] if name in set(names)],
        "unreadable": [one for one in found["unreadable"] if one["schema"] in set(names)],
    }


def kind_finder(kinds, public, types):
    by_type = {kind.tenant_type: kind for kind in kinds if kind.kind == "tenant"}
    return lambda schema: kinds[0] if schema == public else by_type.get(types.get(schema))


def only(group, names):
    wanted = set(names)
    return {**group, "schemas": [name for name in group["schemas"] if name in wanted]}


def orphans_of(connection, schemas, names):
    readable = [name for name in names if schemas[name]["usage"] and schemas[name]["select"]]
    dates = read_last_applied(connection, readable)
    return [{"schema": name, "lastApplied": dates.get(name)} for name in names]


def describe_template(name, tenant_type, groups, found):
    group = next((group for group in groups if name in group["schemas"]), None)
    unreadable = {one["schema"]: one["reason"] for one in found["unreadable"]}
    return {
        "schema": name,
        "tenantType": tenant_type,
        "exists": name not in found["withoutSchema"],
        "pending": group["pending"] + group["bookkeeping"] if group else [],
        "unknown": unreadable.get(name) or (group["inconsistent"] if group else None),
        "undo": group["back"]["steps"] if group and group["back"] else [],
    }


def lacking_at_head(groups, standings, connection, names):
    """Only schemas with nothing pending: the others get it when they are migrated."""
    loader = standings.loader
    state = standings.states.state_after(loader, loader.graph.nodes)
    wanted = set(names)
    at_head = [
        name
        for group in groups
        if not group["pending"] and group["inconsistent"] is None and group["ledger"]
        for name in group["schemas"]
        if name in wanted
    ]
    members = [
        (kind, [name for name in at_head if standings.kind_of_schema(name) is kind])
        for kind in standings.kinds
    ]
    return lacking(connection, state, loader, members)


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


def dependents_of(loader):
    """For each app the others whose migrations come after some of its own."""
    found = {}
    for key, node in loader.graph.node_map.items():
        others = {child.key[0] for child in node.children} - {key[0]}
        if others:
            found.setdefault(key[0], set()).update(others)
    return {app: sorted(others) for app, others in sorted(found.items())}


def apps_without_migrations(loader):
    """Apps whose models get no tables, because nothing makes them."""
    from django.apps import apps

    models = [model for model in apps.get_models() if model._meta.managed]
    return sorted({model._meta.app_label for model in models} & loader.unmigrated_apps)


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


def read_timeouts(connection):
    """What holds on the project's own connection, and where it comes from."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, setting::bigint, source FROM pg_settings"
            " WHERE name IN ('lock_timeout', 'statement_timeout')"
        )
        found = {name: {"milliseconds": value, "source": source} for name, value, source in cursor}
        # Migrations keep the limit; the questions of discovery take as long as there are tenants.
        cursor.execute("SET statement_timeout = 0")
    options = connection.settings_dict.get("OPTIONS", {}).get("options")
    return {
        "lock": found["lock_timeout"],
        "statement": found["statement_timeout"],
        "options": None if options is None else str(options),
    }


def read_tenants(model, domain_model, connection, public, only_these=None):
    """The tenants' rows, as the project's default manager sees them, and what it hides."""
    from django.db import Error, OperationalError

    present = existing_tables(connection, public, [model, domain_model])
    if model._meta.db_table not in present:
        return {"tenants": [], "hidden": [], "unread": "no-table"}
    try:
        wanted = {} if only_these is None else {"schema_name__in": only_these}
        rows = rows_of(model._default_manager.filter(**wanted))
        everyone = rows_of(model._base_manager.filter(**wanted))
        has_domains = domain_model._meta.db_table in present
        domains = domains_of(domain_model, only_these) if has_domains else {}
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


def domains_of(model, only_these):
    by_tenant = {}
    wanted = {} if only_these is None else {"tenant__schema_name__in": only_these}
    found = model._base_manager.filter(**wanted).order_by("domain")
    rows = found.values_list("tenant_id", "domain", "is_primary")
    for tenant, domain, is_primary in rows:
        found = by_tenant.setdefault(str(tenant), {"primaryDomain": None, "domains": []})
        found["domains"].append(domain)
        if is_primary:
            found["primaryDomain"] = domain
    return by_tenant


if __name__ == "__main__":
    through_manage(discover)
