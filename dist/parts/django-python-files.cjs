var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);
var stdin_exports = {};
__export(stdin_exports, {
  conversePython: () => conversePython,
  failureShape: () => failureShape,
  manage: () => manage,
  placeProgram: () => placeProgram,
  probe: () => probe,
  readAnswer: () => readAnswer,
  sessionName: () => sessionName,
  startFailure: () => startFailure
});
module.exports = __toCommonJS(stdin_exports);
var import_machine_machine = require("./machine-machine.cjs");
var import_zod = require("./zod.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_node_crypto = require("node:crypto");
var import_node_path = require("node:path");
var import_node_path2 = require("node:path");
//! src/django/probe.ts
//! src/django/failures.ts
var failureShape = (0, import_zod.object)({
  kind: (0, import_zod.string)(),
  exception: (0, import_zod.string)(),
  message: (0, import_zod.string)(),
  where: (0, import_zod.string)().nullish(),
  missingModule: (0, import_zod.string)().nullish(),
  traceback: (0, import_zod.string)().default("")
});
var longest = 300;
function startFailure(failure, project) {
  const reason = reasonOf(failure, project);
  if (reason === void 0) {
    return new Error(`${failure.exception}: ${failure.message}
${failure.traceback}`);
  }
  return new import_ground_errors.UserError(`${reason.what} — ${observed(failure)}`, reason.next, {
    code: reason.code,
    evidence: failure.traceback
  });
}
function reasonOf(failure, { python, machine }) {
  switch (failure.kind) {
    case "django-missing":
      return {
        code: "django-missing",
        what: `${python} on ${machine.name} has no Django`,
        next: "install the project’s requirements for this Python, or set python to the interpreter that has them"
      };
    case "settings":
      return {
        code: "settings-not-importable",
        what: "The settings cannot be imported",
        next: mending(failure, python)
      };
    case "loading":
      return {
        code: "project-not-loadable",
        what: "Django cannot load the project",
        next: mending(failure, python)
      };
    case "manage-py":
      return {
        code: "manage-py-unusable",
        what: "manage.py did not run a command",
        next: "run python manage.py check in the same place: it must end without asking anything"
      };
    case "not-django-tenants":
      return {
        code: "not-django-tenants",
        what: "This is not a django-tenants project",
        next: "set settings-module to the settings that use django-tenants, or leave this action out: it only knows projects with a schema per tenant"
      };
    case "engine":
      return {
        code: "tenant-engine-missing",
        what: "The project’s database engine knows no schemas",
        next: "set ENGINE to django_tenants.postgresql_backend"
      };
    case "connection":
      if (/unsupported startup parameter/.test(failure.message)) {
        return {
          code: "database-pooler-refuses-options",
          what: "The project reaches its database through a pooler that refuses PGOPTIONS, which carries lock-timeout and statement-timeout",
          next: "give the address of the database itself, or do without limits (lock-timeout: 0s, statement-timeout: 0s); nothing was changed"
        };
      }
      return {
        code: "project-cannot-connect",
        what: "The project cannot use its database",
        next: "make DATABASES read DATABASE_URL or the DB_* variables, which hold the database given to this step"
      };
    case "migrations":
      return {
        code: "migrations-not-loadable",
        what: "Django cannot load the project’s migrations",
        next: "python manage.py makemigrations --check shows the same error: mend it there first; nothing was changed"
      };
    case "target-branch":
      return {
        code: "preview-database-failed",
        what: "The code of preview-base cannot make a database",
        next: "migrate_schemas has to work on an empty database, with the Python and the environment of this step"
      };
    case "target":
      return {
        code: "rollback-target-unknown",
        what: "There is no way back to that target",
        next: "correct target: an app and a migration of it on each line, as python manage.py showmigrations lists them, or zero instead of the migration; nothing was changed"
      };
    default:
      return void 0;
  }
}
function observed({ kind, exception, message, where }) {
  const text = message.replace(/\s+/g, " ").trim().slice(0, longest);
  const named = exception === "" || sayItPlainly.has(kind) ? text : `${exception}: ${text}`;
  return where == null ? named : `${named} (${where})`;
}
var sayItPlainly = /* @__PURE__ */ new Set([
  "not-django-tenants",
  "engine",
  "migrations",
  "manage-py",
  "target",
  "target-branch"
]);
function mending({ exception, missingModule }, python) {
  if (missingModule != null && exception === "ModuleNotFoundError") {
    return `if it is a package, install it for ${python}; if it is the project’s own, correct settings-module or working-directory`;
  }
  if (exception === "ImproperlyConfigured" || exception === "KeyError") {
    return "give the project what it asks for with the input env, then run again";
  }
  return "python manage.py check shows the same error: mend it there first";
}
//! src/django/project.ts
//! src/machine/project.ts
function sessionName({ sessions = "tenantry" }, about) {
  return `${sessions}/${about}`.replace(/[^\x20-\x7e]/g, "?").slice(0, 63);
}
//! src/django/project.ts
async function manage(project, args, options) {
  const settings = project.settingsModule === void 0 ? [] : [`--settings=${project.settingsModule}`];
  return runPython(project, ["manage.py", ...args, ...settings], {}, options);
}
async function runPython(project, args, env, { timeout, signal, onLine, applicationName, lasting = false }) {
  await requireManagePy(project);
  return startingPython(
    project,
    () => project.machine.run([project.python, ...args], {
      timeout,
      ...signal === void 0 ? {} : { signal },
      ...onLine === void 0 ? {} : { onLine },
      ...lasting ? { lasting: args.join(" ") } : {},
      workingDirectory: project.workingDirectory,
      env: environment(project, env, applicationName)
    })
  );
}
async function conversePython(project, args, env, { signal, onLine, applicationName }) {
  await requireManagePy(project);
  return startingPython(
    project,
    async () => project.machine.converse?.([project.python, ...args], {
      ...signal === void 0 ? {} : { signal },
      ...onLine === void 0 ? {} : { onLine },
      workingDirectory: project.workingDirectory,
      env: environment(project, env, applicationName)
    })
  );
}
function environment(project, more, applicationName) {
  return {
    ...project.env,
    ...project.settingsModule === void 0 ? {} : { DJANGO_SETTINGS_MODULE: project.settingsModule },
    ...applicationName === void 0 ? {} : { PGAPPNAME: sessionName(project, applicationName) },
    PYTHONUNBUFFERED: "1",
    DJANGO_COLORS: "nocolor",
    ...more
  };
}
async function startingPython(project, start) {
  try {
    return await start();
  } catch (error) {
    if (error instanceof import_ground_errors.UserError && error.code === "command-not-found") {
      throw new import_ground_errors.UserError(
        `Cannot start ${project.python} on ${project.machine.name} — there is no such program`,
        "install it, or set python to the interpreter that has the project’s packages, like .venv/bin/python",
        { code: "python-missing", cause: error }
      );
    }
    throw error;
  }
}
var looked = /* @__PURE__ */ new WeakSet();
async function requireManagePy(project) {
  const { machine, workingDirectory } = project;
  if (looked.has(project)) return;
  if (await machine.readFile(import_node_path2.posix.join(workingDirectory, "manage.py")) !== void 0) {
    looked.add(project);
    return;
  }
  const visible = ["-name", ".?*", "-not", "-name", "..", "-prune", "-o"];
  const search = await machine.run(["find", workingDirectory, "-maxdepth", "3", ...visible, "-name", "manage.py", "-print"], {
    timeout: 1e4
  }).catch(() => void 0);
  const elsewhere = search?.stdout.split("\n").find((line) => line !== "");
  const observed2 = search === void 0 || search.stdout + search.stderr === "" || elsewhere !== void 0 ? `${workingDirectory} has none` : `the folder ${workingDirectory} does not exist or cannot be read`;
  throw new import_ground_errors.UserError(
    `There is no manage.py — ${observed2}`,
    elsewhere === void 0 ? "set working-directory to the folder that holds manage.py" : `set working-directory to ${import_node_path2.posix.dirname(elsewhere)}, where there is one`,
    { code: "manage-py-missing" }
  );
}
//! src/django/python-files.ts
var files = {
  "collected_sql": '"""The SQL of what is pending, once for each group of schemas that need the same. Changes nothing.\n\nDjango\'s own schema editor writes the statements down instead of sending them, as `sqlmigrate` does, with a schema\nof the group in front of it. The session is read-only meanwhile: an operation of the project that sends something\nall the same is refused by the server.\n"""\n\nfrom contextlib import contextmanager\n\nfrom ledgers import label\nfrom migration_files import MigrationFile\nfrom operations import database_operations, kind_of\nfrom python_code import what_it_uses\nfrom model_tables import has_table, tables_of_model\n\n\ndef collected(standings, groups, names, connection):\n    """For each kind of schema and each distinct plan: its schemas, and the SQL of its migrations."""\n    found = {}\n    wanted = set(names)\n    for (_, history), group in zip(standings.histories, groups):\n        if not history.plan:\n            continue\n        for schema in group["schemas"]:\n            kind = standings.kind_of_schema(schema)\n            if schema in wanted and kind is not None:\n                key = (id(kind), tuple(history.plan))\n                found.setdefault(key, (kind, history, []))[2].append(schema)\n    files = {}\n    with only_reading(connection):\n        return [\n            {\n                **kind.name,\n                "schemas": schemas,\n                "migrations": list(sql_of_plan(standings, history, kind, schemas[0], files)),\n            }\n            for kind, history, schemas in found.values()\n        ]\n\n\n@contextmanager\ndef only_reading(connection):\n    with connection.cursor() as cursor:\n        cursor.execute("SET default_transaction_read_only = on")\n    try:\n        yield\n    finally:\n        connection.set_schema_to_public()\n        with connection.cursor() as cursor:\n            cursor.execute("RESET default_transaction_read_only")\n\n\ndef sql_of_plan(standings, history, kind, schema, files):\n    connection = standings.states.connection\n    state = standings.states.state_after(history.loader, history.in_graph)\n    connection.set_schema(schema, tenant_type=kind.tenant_type)\n    for key in history.plan:\n        migration = history.loader.graph.nodes[key]\n        file = files.setdefault(key, None) or MigrationFile(migration)\n        files[key] = file\n        operations, state = sql_of_migration(migration, state, connection, file)\n        yield {\n            "migration": label(key),\n            "atomic": migration.atomic,\n            "file": file.path,\n            "comments": file.comments,\n            "operations": operations,\n        }\n\n\ndef sql_of_migration(migration, state, connection, file):\n    described = []\n    deferred = {}\n    with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:\n        for index, operation in enumerate(migration.operations):\n            before = len(editor.collected_sql)\n            old = state.clone()\n            operation.state_forwards(migration.app_label, state)\n            unknown = write_down(operation, migration.app_label, editor, old, state)\n            for statement in editor.deferred_sql:\n                deferred.setdefault(id(statement), index)\n            described.append(\n                {\n                    "description": str(operation.describe()),\n                    "kinds": sorted({kind_of(one) for one in database_operations([operation])}),\n                    "line": file.line_of(index),\n                    "reversible": bool(operation.reversible),\n                    "statements": [sql for sql in editor.collected_sql[before:] if is_sql(sql)],\n                    "unknown": unknown,\n                    "python": python_of(operation, old, connection),\n                }\n            )\n        for statement in editor.deferred_sql:\n            described[deferred[id(statement)]]["statements"].append("%s;" % statement)\n        editor.deferred_sql.clear()\n    return described, state\n\n\ndef write_down(operation, app_label, editor, old, new):\n    """Lets an operation write its SQL down. Returns why it could not, or None."""\n    if not operation.reduces_to_sql:\n        return None if is_python(operation) else "only running it tells what it does"\n    try:\n        operation.database_forwards(app_label, editor, old, new)\n    except Exception as error:\n        return "%s: %s" % (type(error).__name__, (str(error).strip().splitlines() or [""])[0])\n    return None\n\n\ndef is_sql(text):\n    return text.strip() not in ("", ";") and not text.startswith("--")\n\n\ndef is_python(operation):\n    return all(kind_of(one) == "RunPython" for one in database_operations([operation]))\n\n\ndef python_of(operation, state, connection):\n    """What the Python of an operation works with; None where there is none."""\n    functions = [\n        one.code\n        for one in database_operations([operation])\n        if kind_of(one) == "RunPython" and one.code is not type(one).noop\n    ]\n    if not functions:\n        return None\n    uses = [what_it_uses(function) for function in functions]\n    models = sorted({model for one in uses for model in one["models"]})\n    tables = []\n    for app, name in models:\n        model = state.models.get((app, name))\n        if model is not None and has_table(model, connection):\n            tables.append(tables_of_model(model, state, connection)[0].name)\n    return {"tables": tables, "live": sorted({name for one in uses for name in one["live"]})}\n',
  "described_models": '"""What the tenant and domain models look like, field by field."""\n\n\ndef describe_tenant_model(model):\n    return {\n        **describe_model(model),\n        "autoCreateSchema": bool(model.auto_create_schema),\n        "autoDropSchema": bool(model.auto_drop_schema),\n        "cloneMode": str(getattr(model, "clone_mode", "")),\n    }\n\n\ndef describe_model(model):\n    return {\n        "name": model._meta.label,\n        "table": model._meta.db_table,\n        "fields": [describe_field(field) for field in model._meta.concrete_fields],\n    }\n\n\ndef describe_field(field):\n    from django.db.models import NOT_PROVIDED\n\n    made_by_django = bool(\n        field.auto_created\n        or getattr(field, "auto_now", False)\n        or getattr(field, "auto_now_add", False)\n        or getattr(field, "generated", False)\n    )\n    db_default = getattr(field, "db_default", NOT_PROVIDED)\n    has_default = field.has_default() or db_default is not NOT_PROVIDED\n    default = field.default if has_default and is_plain(field.default) else None\n    return {\n        "name": field.name,\n        "type": field.get_internal_type(),\n        "required": not (field.null or field.blank or has_default or made_by_django),\n        "madeByDjango": made_by_django,\n        "hasDefault": bool(has_default),\n        "default": default,\n        "unique": bool(field.unique),\n        "maxLength": field.max_length if isinstance(field.max_length, int) else None,\n        "choices": [str(value) for value, _ in field.flatchoices] if field.choices else None,\n        "relatedTo": field.related_model._meta.label if field.is_relation else None,\n    }\n\n\ndef is_plain(value):\n    return value is None or isinstance(value, (bool, int, float, str))\n',
  "discover": `"""Asks a Django project everything that migrating its tenants needs to know. Changes nothing.

The request may have \`postMigrate\` (look for content types and permissions, too), \`render\` (tell
tables from classes, or never; default: where the project's routers may look at them), \`only\` (the
schemas to look at, beside the shared one; default: all), \`sql\` (write down the SQL of what is
pending, too) and \`targets\` (tell what going back to these migrations would undo).
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
`,
  "expected_tables": '"""The tables and columns that each kind of schema has, at head and by what a ledger says."""\n\nfrom ledgers import LEDGER\nfrom model_tables import tables_of\n\n\nclass States:\n    """The migrations\' states, each made once, as tables."""\n\n    def __init__(self, loader, connection, render):\n        self.loader, self.connection, self.render = loader, connection, render\n        self.known = {}\n\n    def after(self, group, applied):\n        """The tables once the migrations `applied` (keys of the group\'s graph) are applied."""\n        applied = frozenset(applied)\n        if applied not in self.known:\n            self.known[applied] = self.tables(self.state_after(group, applied))\n        return self.known[applied]\n\n    def head(self):\n        """The tables at the head of all migrations."""\n        return self.after(self.loader, self.loader.graph.nodes)\n\n    def tables(self, state):\n        return tables_of(state, self.loader, self.connection, self.render)\n\n    def state_after(self, group, applied):\n        from django.db.migrations.state import ProjectState\n\n        state = ProjectState(real_apps=group.unmigrated_apps)\n        for key in graph_order(group):\n            if key in applied:\n                group.graph.nodes[key].mutate_state(state, preserve=False)\n        return state\n\n\ndef graph_order(group):\n    """Every migration of the graph, each after those it depends on, as Django plans them."""\n    order = {}\n    for leaf in group.graph.leaf_nodes():\n        order.update(dict.fromkeys(group.graph.forwards_plan(leaf)))\n    return list(order)\n\n\ndef described_kinds(kinds, tables):\n    """For each kind of schema: its apps, and the tables it has at head."""\n    described = []\n    for kind in kinds:\n        allowed = [table for table in tables if kind.allows_table(table)]\n        described.append(\n            {\n                **kind.name,\n                "apps": sorted({table.app_label for table in allowed}),\n                "tables": sorted({table.name for table in allowed} | {LEDGER}),\n                "columns": columns_by_table(allowed),\n                "owners": dict(sorted((table.name, table.app_label) for table in allowed)),\n            }\n        )\n    return described\n\n\ndef expected_of(kind, tables):\n    allowed = [table for table in tables if kind.allows_table(table)]\n    return {\n        **kind.name,\n        "columns": columns_by_table(allowed),\n        "named": {table.name: sorted(table.named) for table in by_name(allowed) if table.named},\n    }\n\n\ndef by_name(tables):\n    return sorted(tables, key=lambda table: table.name)\n\n\ndef columns_by_table(tables):\n    found = {}\n    for table in tables:\n        found.setdefault(table.name, set()).update(table.columns)\n    return {name: sorted(columns) for name, columns in sorted(found.items())}\n',
  "ghosts": '"""Migrations that are recorded and not in the code: is the code older, or was one renamed?"""\n\nimport re\n\nfrom ledgers import label\n\n\ndef described_ghosts(loader, histories):\n    """Each ghost once, with what the ledgers that hold it make of it together."""\n    highest = {}\n    for app, name in loader.disk_migrations:\n        highest[app] = max(highest.get(app, -1), number_of(name))\n    found = {}\n    for history in histories:\n        for ghost in history.ghosts:\n            about = found.setdefault(\n                ghost, {"migration": label(ghost), "newer": False, "looksLike": None}\n            )\n            about["newer"] = about["newer"] or is_newer(ghost, history.applied, loader, highest)\n            about["looksLike"] = about["looksLike"] or renamed_to(ghost, history)\n    return [found[ghost] for ghost in sorted(found)]\n\n\ndef is_newer(ghost, applied, loader, highest):\n    """Its number is higher than all that the code has of its app, and it was applied after them.\n\n    Both: files that were replaced by a squashed one and deleted have higher numbers, but are older.\n    An app of which the code has nothing was most probably removed.\n    """\n    app, name = ghost\n    if app not in highest:\n        return False\n    if 0 <= number_of(name) <= highest[app]:\n        return False\n    return is_latest(ghost, applied, loader)\n\n\ndef is_latest(ghost, applied, loader):\n    """Nothing of its app that the code has was applied after it."""\n    return all(\n        when <= applied[ghost]\n        for key, when in applied.items()\n        if key[0] == ghost[0] and key in loader.disk_migrations\n    )\n\n\ndef renamed_to(ghost, history):\n    """A pending migration of the app with the same name but for its number, or the same number."""\n    if history.inconsistent:\n        return None\n    app, name = ghost\n    pending = [other for other_app, other in history.plan if other_app == app]\n    for other in pending:\n        if bare(other) == bare(name):\n            return label((app, other))\n    if not is_latest(ghost, history.applied, history.loader):\n        return None\n    same = [other for other in pending if number_of(other) == number_of(name) >= 0]\n    return label((app, same[0])) if same else None\n\n\ndef bare(name):\n    return re.sub(r"^\\d+_?", "", name) or name\n\n\ndef number_of(name):\n    """The number in front; of a squashed migration the last that it replaces; -1 without one."""\n    numbers = re.match(r"(\\d+)", name), re.search(r"_squashed_(\\d+)", name)\n    return max((int(found[1]) for found in numbers if found), default=-1)\n',
  "going_back": '"""What going back to a migration would undo, by Django\'s own plan. Changes nothing."""\n\nfrom expected_tables import expected_of, graph_order\nfrom ledgers import label\nfrom migration_facts import Facts\nfrom operations import database_operations, does_what_it_says\nfrom through_manage import Refusal\n\nZERO = "zero"\n\n\ndef targets_of(asked, loader):\n    """The keys of the migrations that were asked for; the name is None for `zero`."""\n    return [target_of(one["app"], one["migration"], loader) for one in asked]\n\n\ndef target_of(app, name, loader):\n    if app not in loader.migrated_apps:\n        refuse("there is no app %s with migrations" % app)\n    if name == ZERO:\n        return (app, None)\n    names = sorted(found for owner, found in loader.disk_migrations if owner == app)\n    fitting = [name] if name in names else [found for found in names if found.startswith(name)]\n    if not fitting:\n        refuse("%s has no migration %s" % (app, name))\n    if len(fitting) > 1:\n        refuse("%s has several migrations that begin with %s: %s" % (app, name, ", ".join(fitting)))\n    return (app, fitting[0])\n\n\ndef refuse(message):\n    raise Refusal("target", message)\n\n\ndef named(target):\n    return "%s %s" % (target[0], target[1] or ZERO)\n\n\nclass GoingBack:\n    """What it means for each distinct ledger, and of what kind the migrations are."""\n\n    def __init__(self, standings, targets):\n        self.standings, self.targets, self.facts = standings, targets, {}\n        self.ways = []\n\n    def of(self, history, schemas):\n        if history.inconsistent is not None:\n            return {"steps": [], "expects": [], "gone": [], "first": None}\n        steps = steps_of(history, self.targets)\n        undone = [key for _, keys in steps for key in keys]\n        after = history.in_graph - set(undone)\n        kinds = self.standings.kinds_among(schemas)\n        self.ways.append(undone)\n        self.describe(history, after, set(undone))\n        expects = self.standings.expected(history, after, kinds)\n        return {\n            "steps": [\n                {"target": named(target), "migrations": list(map(label, keys))}\n                for target, keys in steps\n            ],\n            "expects": expects,\n            "gone": self.gone(history, after, kinds, expects),\n            "first": self.first(history, undone[0], kinds) if undone else None,\n        }\n\n    def first(self, history, key, kinds):\n        """The same for when only the first one is undone: what a run that was killed leaves."""\n        if not all(map(does_what_it_says, history.loader.graph.nodes[key].operations)):\n            return None\n        before = self.standings.expected(history, history.in_graph - {key}, kinds)\n        made = [{} for _ in kinds]\n        for found, known, now in zip(\n            made, before, self.standings.expected(history, history.in_graph, kinds)\n        ):\n            add_new(found, known, now)\n        parents = history.loader.graph.node_map[key].parents\n        own = sorted(parent.key[1] for parent in parents if parent.key[0] == key[0])\n        return {\n            "migration": label(key),\n            "before": "%s %s" % (key[0], own[-1] if own else ZERO),\n            "expects": before,\n            "gone": [\n                {**kind.name, **{what: without(found.get(what, {}), {}) for what in ("columns", "named")}}\n                for kind, found in zip(kinds, made)\n            ],\n        }\n\n    def gone(self, history, after, kinds, expects):\n        """What later migrations make, as far as their state tells: it must not be there then."""\n        states, made, before = self.standings.states, [{} for _ in kinds], expects\n        state = states.state_after(history.loader, after)\n        for key in graph_order(history.loader):\n            if key in after:\n                continue\n            migration = history.loader.graph.nodes[key]\n            migration.mutate_state(state, preserve=False)\n            # A copy: classes that were made once would be kept up to date, which takes long.\n            tables = states.tables(state.clone())\n            now = [expected_of(kind, tables) for kind in kinds]\n            if all(map(does_what_it_says, migration.operations)):\n                for found, known, new in zip(made, before, now):\n                    add_new(found, known, new)\n            before = now\n        return [\n            {\n                **kind.name,\n                **{what: without(found.get(what, {}), must[what]) for what in ("columns", "named")},\n            }\n            for kind, found, must in zip(kinds, made, expects)\n        ]\n\n    def describe(self, history, after, undone):\n        missing = [key for key in undone if key not in self.facts]\n        if not missing:\n            return\n        states = self.standings.states\n        state = states.state_after(history.loader, after)\n        facts = Facts(\n            self.standings.kinds,\n            states.connection,\n            self.standings.shared_tables(),\n            set(state.models),\n        )\n        for key in graph_order(history.loader):\n            if key not in undone:\n                continue\n            migration = history.loader.graph.nodes[key]\n            if key in self.facts:\n                migration.mutate_state(state, preserve=False)\n            else:\n                self.facts[key] = {**facts.of(migration, state), "irreversible": one_way(migration)}\n\n    def described(self):\n        # The longest way first: where one has them all, the order is that of Django.\n        order = {}\n        for undone in sorted(self.ways, key=len, reverse=True):\n            order.update(dict.fromkeys(undone))\n        return {\n            "targets": list(map(named, self.targets)),\n            "migrations": [self.facts[key] for key in order],\n        }\n\n\ndef one_way(migration):\n    """Django\'s words for the first operation that it cannot undo, or None."""\n    for operation in reversed(list(database_operations(migration.operations))):\n        if not operation.reversible:\n            return str(operation.describe())\n    return None\n\n\ndef steps_of(history, targets):\n    """For each target what Django would undo, in its order.\n\n    A target that is not applied has nothing after it: Django would go forward to it, which nobody\n    has asked for.\n    """\n    from django.db.migrations.executor import MigrationExecutor\n\n    executor = MigrationExecutor.__new__(MigrationExecutor)\n    executor.loader = history.loader\n    applied = history.loader.applied_migrations\n    kept, undone, steps = [], [], []\n    for target in targets:\n        if target in undone:\n            refuse("going back to %s would undo %s" % (named(kept[-1]), named(target)))\n        if target[1] is not None and target not in applied:\n            continue\n        if target[1] is not None and target not in history.loader.graph.nodes:\n            refuse("%s is a part of a squashed migration" % named(target))\n        plan = executor.migration_plan([*kept, target])\n        found = [(one.app_label, one.name) for one, _ in plan][len(undone) :]\n        for earlier in kept:\n            if earlier in found:\n                refuse("going back to %s would undo %s" % (named(target), named(earlier)))\n        kept.append(target)\n        undone += found\n        if found:\n            steps.append((target, found))\n    return steps\n\n\ndef add_new(found, before, now):\n    for what in ("columns", "named"):\n        for table, parts in now[what].items():\n            new = set(parts) - set(before[what].get(table, ()))\n            if new:\n                found.setdefault(what, {}).setdefault(table, set()).update(new)\n\n\ndef without(found, must):\n    left = {table: sorted(parts - set(must.get(table, ()))) for table, parts in found.items()}\n    return {table: parts for table, parts in sorted(left.items()) if parts}\n',
  "initial_tables": `"""Compares the tables of the shared schema with what its pending migrations would make. Changes nothing.

Django's own \`--fake-initial\` compares names. Here the migrations run, in a scratch schema that is never kept,
and what they make is read from the catalogue with the same questions as the tables that are there.
"""

from initial_trial import compare, is_initial
from ledgers import label
from through_manage import through_manage


def initial_tables(request):
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor
    from django_tenants import utils

    connection = connections[utils.get_tenant_database_alias()]
    connection.set_schema_to_public()
    executor = MigrationExecutor(connection)
    plan = pending_of(executor)
    public = utils.get_public_schema_name()
    there = existing(connection, public)
    standing = [one for one in standing_of(executor, plan, there) if one["makes"]]
    comparison = None
    if request["compare"] and any(one["initial"] and one["present"] for one in standing):
        comparison = compare(executor, plan, standing, public, request)
    return {"standing": standing, "comparison": comparison}


def pending_of(executor):
    """The migrations that \`migrate\` would run, in its order."""
    leaves = executor.loader.graph.leaf_nodes()
    pending = {migration for migration, _ in executor.migration_plan(leaves)}
    full = executor.migration_plan(leaves, clean_start=True)
    return [migration for migration, _ in full if migration in pending]


def existing(connection, schema):
    """Tables and views of the schema, each with its columns."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, array_remove(array_agg(a.attname::text), NULL) FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'f', 'v', 'm') GROUP BY c.relname",
            [schema],
        )
        return {table: set(columns) for table, columns in cursor.fetchall()}


def standing_of(executor, plan, there):
    """For each pending migration the tables and columns that it makes, and those of them that are there."""
    state = executor._create_project_state(with_applied_migrations=True)
    for migration in plan:
        initial = is_initial(migration)
        makes = []
        if any(creates(operation) for operation in migration.operations):
            after = migration.mutate_state(state)
            makes = list(made_by(executor.connection, migration, after.apps))
        present = [one for one in makes if is_there(one, there)]
        faked = bool(initial and present and executor.detect_soft_applied(state, migration)[0])
        yield {
            "migration": label((migration.app_label, migration.name)),
            "initial": initial,
            "makes": list(map(named, makes)),
            "present": list(map(named, present)),
            # Django's own word: --fake-initial would record it.
            "faked": faked,
        }
        state = migration.mutate_state(state, preserve=False)


def creates(operation):
    from django.db import migrations

    return isinstance(operation, (migrations.CreateModel, migrations.AddField))


def made_by(connection, migration, apps):
    """Tables and columns that this schema gets from CreateModel and AddField, as Django looks at them."""
    from django.apps import apps as live
    from django.db import migrations, router

    for operation in migration.operations:
        if not creates(operation):
            continue
        is_table = isinstance(operation, migrations.CreateModel)
        name = operation.name if is_table else operation.model_name
        model = apps.get_model(migration.app_label, name)
        if model._meta.swapped:
            model = live.get_model(model._meta.swapped)
        options = model._meta
        if options.proxy or not options.managed:
            continue
        if not router.allow_migrate(
            connection.alias, migration.app_label, model_name=options.model_name
        ):
            continue
        if is_table:
            yield {"table": options.db_table, "column": None}
            continue
        field = options.get_field(operation.name)
        if field.many_to_many:
            yield {"table": field.remote_field.through._meta.db_table, "column": None}
        elif field.column is not None:
            yield {"table": options.db_table, "column": field.column}


def is_there(made, there):
    if made["column"] is None:
        return made["table"] in there
    return made["column"] in there.get(made["table"], ())


def named(made):
    return made["table"] if made["column"] is None else "%s.%s" % (made["table"], made["column"])


if __name__ == "__main__":
    through_manage(initial_tables)
`,
  "initial_trial": `"""Runs the pending migrations of the shared schema in a scratch schema, and reads what they make."""

from ledgers import label
from operations import database_operations, kind_of
from scratch_schema import (
    NotComparable,
    first_line,
    scratch_schema,
    tables_with_rows,
    touched_outside,
)

# Operations that may have done something to rows, which no catalogue tells.
WORKS_ON_ROWS = {"RunPython", "RunSQL", "custom"}


def compare(executor, plan, standing, public, questions):
    faked = {one["migration"] for one in standing if one["faked"]}
    rows_unknown = [
        label((migration.app_label, migration.name))
        for migration in plan
        if not is_initial(migration) and works_on_rows(executor.connection, migration)
    ]
    try:
        real = read(executor.connection, public, questions["real"])
        with scratch_schema(executor.connection) as scratch:
            trial = Trial(executor, scratch, questions["scratch"])
            trial.run(plan, faked)
            outside = trial.outside
        filled = tables_with_rows(executor.connection, public, trial.fills)
    except NotComparable as error:
        return {"impossible": str(error)}
    for one in trial.steps:
        one["unfilled"] = sorted(set(one.pop("fills")) - filled)
    return {
        "failure": trial.failure_before_last_step,
        "outside": outside,
        "scratch": scratch,
        "real": real,
        "snapshots": trial.snapshots,
        "steps": trial.steps,
        "end": trial.end,
        "endFailure": trial.failure,
        "endUnfilled": sorted(trial.fills - filled),
        "rowsUnknown": rows_unknown,
    }


class Trial:
    """The pending migrations, run in the scratch schema after everything that they depend on."""

    def __init__(self, executor, scratch, question):
        self.executor, self.scratch, self.question = executor, scratch, question
        self.connection = executor.connection
        self.snapshots, self.steps = [], []
        self.end, self.failure, self.failure_before_last_step = None, None, None
        self.fills, self.outside = set(), []
        self.changed = True

    def run(self, plan, faked):
        state = self.executor._create_project_state()
        migration = None
        waiting = set(faked)
        try:
            for migration in self.needed_by(plan):
                state = self.apply(migration, state)
            start = self.snapshot()
            for migration in plan:
                name = label((migration.app_label, migration.name))
                if name not in faked:
                    state = self.apply(migration, state)
                    continue
                before, filled = self.snapshot(), set(self.fills)
                state = self.apply(migration, state, with_python=True)
                after = self.snapshot()
                fills = sorted(self.fills - filled)
                self.steps.append({"migration": name, "before": before, "after": after, "fills": fills})
                waiting.discard(name)
                self.outside = touched_outside(self.connection, self.scratch)
            self.end = {"before": start, "after": self.snapshot()}
            self.outside = touched_outside(self.connection, self.scratch)
        except Exception as error:
            if getattr(self.connection.connection, "closed", True):
                raise
            where = "" if migration is None else " (in %s.%s)" % (migration.app_label, migration.name)
            self.failure = "%s: %s%s" % (type(error).__name__, first_line(error), where)
            if waiting:
                self.failure_before_last_step = self.failure

    def needed_by(self, plan):
        """What is applied and comes before the pending ones."""
        graph = self.executor.loader.graph
        pending = {(migration.app_label, migration.name) for migration in plan}
        needed = {key for one in pending for key in graph.forwards_plan(one)} - pending
        full = self.executor.migration_plan(graph.leaf_nodes(), clean_start=True)
        return [one for one, _ in full if (one.app_label, one.name) in needed]

    def apply(self, migration, state, with_python=False):
        if not with_python:
            leave_python_out(migration)
        state.apps  # made once; without it each operation makes them anew
        with self.connection.schema_editor(atomic=migration.atomic) as editor:
            state = migration.apply(state, editor)
        self.changed = True
        if any(kind_of(one) in WORKS_ON_ROWS for one in database_operations(migration.operations)):
            self.fills |= tables_with_rows(self.connection, self.scratch) - {"never_kept"}
        return state

    def snapshot(self):
        """The number of the snapshot of what there is now."""
        if self.changed:
            self.snapshots.append(read(self.connection, self.scratch, self.question))
            self.changed = False
        return len(self.snapshots) - 1


def is_initial(migration):
    """In Django's sense."""
    if migration.initial is None:
        return not any(app == migration.app_label for app, _ in migration.dependencies)
    return bool(migration.initial)


def leave_python_out(migration):
    """
    What a project's Python does outside of the database cannot be rolled back. It runs only in the migrations that
    would be recorded, to see into which tables they put rows; of all others nothing but structure is asked.
    """
    from django.db import migrations

    for operation in database_operations(migration.operations):
        if isinstance(operation, migrations.RunPython):
            operation.code = migrations.RunPython.noop


def works_on_rows(connection, migration):
    """Whether it does something of the project's own, not only of Django's, that leaves no trace in the catalogue."""
    from django.db import router

    if type(migration).__module__.startswith("django.contrib."):
        return False
    for operation in database_operations(migration.operations):
        if kind_of(operation) not in WORKS_ON_ROWS or is_noop(operation):
            continue
        hints = getattr(operation, "hints", None) or {}
        if router.allow_migrate(connection.alias, migration.app_label, **hints):
            return True
    return False


def is_noop(operation):
    from django.db import migrations

    if kind_of(operation) == "RunPython":
        return operation.code is migrations.RunPython.noop
    return kind_of(operation) == "RunSQL" and operation.sql in ("", [], ())


def read(connection, schema, question):
    """The answer to a question about one schema; \`$1\` in its text stands for the schema's name."""
    literal = "'%s'" % schema.replace("'", "''")
    with connection.cursor() as cursor:
        cursor.execute(question.replace("$1", literal))
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row)) for row in cursor.fetchall()]
    connection.search_path_set_schemas = None  # the question has a search path of its own
    return rows
`,
  "ledgers": `"""What the ledgers (the tables django_migrations) say.

Of each ledger a digest is read first; the rows are read once per distinct ledger.
"""

LEDGER = "django_migrations"
# One statement over many schemas takes longer than several over fewer, and could need more locks
# than a server has by default.
SCHEMAS_PER_STATEMENT = 100


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


def read_ledgers(connection, schemas, names):
    """The schemas \`names\` by what their ledgers say, and those without an answer."""
    present = [name for name in names if name in schemas]
    reasons = {name: unreadable_because(schemas[name]) for name in present}
    unreadable = {name: reason for name, reason in reasons.items() if reason}
    readable = [name for name in present if name not in unreadable]

    digests, failed = read_digests(connection, [n for n in readable if schemas[n]["ledger"]])
    unreadable.update(failed)
    alike = {}
    for name, digest in digests.items():
        alike.setdefault(tuple(digest), []).append(name)

    members, duplicates = {}, []
    for (rows, _), names_alike in alike.items():
        applied = read_ledger(connection, names_alike[0])
        same = members.setdefault(frozenset(applied), {"applied": applied, "schemas": []})
        same["schemas"] += names_alike
        if rows > len(applied):  # a row twice makes another digest of the same ledger
            duplicates += names_alike
    ledgers = [{"ledger": True, **members[keys]} for keys in sorted(members, key=sorted)]
    without = [name for name in readable if not schemas[name]["ledger"]]
    if without:
        ledgers.insert(0, {"ledger": False, "schemas": without, "applied": {}})
    return {
        "ledgers": ledgers,
        "withoutSchema": [name for name in names if name not in schemas],
        "unreadable": [{"schema": n, "reason": unreadable[n]} for n in sorted(unreadable)],
        "duplicates": [
            {"schema": name, "migrations": read_duplicates(connection, name)} for name in duplicates
        ],
    }


def unreadable_because(found):
    if not found["usage"]:
        return "this role may not use the schema (no USAGE)"
    if found["ledger"] and not found["select"]:
        return "this role may not read %s (no SELECT)" % LEDGER
    return None


def read_digests(connection, names):
    """What each ledger holds, as two numbers: nothing has to be sorted, nothing long travels."""
    digest = "count(*), sum(hashtextextended(app || ' ' || name, 0))"
    return ask_each(connection, names, lambda schema: f"{digest} FROM {schema}.{LEDGER}")


def read_last_applied(connection, names):
    """When each schema's last migration was applied; None where nobody knows."""
    date = "to_char(max(applied) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')"
    found, _ = ask_each(connection, names, lambda schema: f"{date} FROM {schema}.{LEDGER}")
    return {name: found[name][0] if name in found else None for name in names}


def ask_each(connection, names, question):
    """Asks the same of many schemas, in few statements: the answers, and why some have none.

    \`question\` makes the rest of a SELECT from a quoted schema; it must give one row.
    """
    from django.db import Error, OperationalError

    answers, failed = {}, {}
    for start in range(0, len(names), SCHEMAS_PER_STATEMENT):
        batch = names[start : start + SCHEMAS_PER_STATEMENT]
        statement = " UNION ALL ".join(
            f"SELECT {index}, {question(quoted(name))}" for index, name in enumerate(batch)
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                answers.update((batch[index], answer) for index, *answer in cursor.fetchall())
        except Error as error:
            if isinstance(error, OperationalError) and not was_stopped(error):
                raise
            connection.rollback()
            if len(batch) == 1:
                failed[batch[0]] = str(error).strip().splitlines()[0]
                continue
            for name in batch:
                alone, broken = ask_each(connection, [name], question)
                answers.update(alone)
                failed.update(broken)
    return answers, failed


def was_stopped(error):
    """A lock that was not free in time: this table, and not the connection, is in trouble."""
    cause = error.__cause__
    return "55P03" in (getattr(cause, "sqlstate", None), getattr(cause, "pgcode", None))


def read_ledger(connection, name):
    """What is recorded, and when."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT app, name, max(applied) FROM %s.%s GROUP BY app, name" % (quoted(name), LEDGER)
        )
        return {(app, migration): applied for app, migration, applied in cursor.fetchall()}


def read_duplicates(connection, name):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT app, name FROM %s.%s GROUP BY app, name HAVING count(*) > 1 ORDER BY 1, 2"
            % (quoted(name), LEDGER)
        )
        return [label(key) for key in cursor.fetchall()]


def quoted(name):
    return '"%s"' % name.replace('"', '""')


def label(key):
    return "%s.%s" % tuple(key)
`,
  "migration_facts": `"""What a pending migration is: whether it can be undone, where it runs, what it locks."""

import re

from ledgers import label
from model_tables import has_table, tables_of_model, target_of
from old_code import YES, keeps_old_code
from operations import database_operations, field_of, kind_of, model_of, runs_in, sql_of

WORST = ["yes", "unknown", "no"]


class Facts:
    def __init__(self, kinds, connection, shared_tables, old_models):
        self.kinds, self.connection = kinds, connection
        # The models that the old code knows.
        self.old_models = old_models
        # Table to whether tenants have one of the same name.
        self.shared_tables = shared_tables

    def of(self, migration, state):
        """The facts of one migration; \`state\` is the one before it, and becomes the one after."""
        runs, tables, locked = set(), set(), set()
        verdict, reason = "yes", ""
        for operation in migration.operations:
            for inner in database_operations([operation]):
                where = [k for k in self.kinds if runs_in(inner, migration.app_label, k)]
                runs.update(self.kinds.index(kind) for kind in where)
                tables.update(self.tables_touched(inner, migration.app_label, state))
                for kind in where:
                    if kind.kind == "tenant":
                        locked.update(self.locked(inner, migration.app_label, state, kind))
                found, why = self.keeps_old_code(inner, migration.app_label, state)
                if WORST.index(found) > WORST.index(verdict):
                    verdict, reason = found, why
            operation.state_forwards(migration.app_label, state)
        return {
            "migration": label((migration.app_label, migration.name)),
            "atomic": migration.atomic,
            "reversible": all(one.reversible for one in database_operations(migration.operations)),
            "operations": [str(operation.describe()) for operation in migration.operations],
            "runsIn": [kind.name for index, kind in enumerate(self.kinds) if index in runs],
            "tables": sorted(tables),
            "touchesShared": sorted(locked),
            "keepsOldCode": verdict,
            "oldCodeReason": reason,
        }

    def keeps_old_code(self, operation, app_label, state):
        model = model_of(operation)
        if model is not None and (app_label, model) not in self.old_models:
            return YES
        return keeps_old_code(operation, app_label, state, self.connection)

    def tables_touched(self, operation, app_label, before):
        """The tables that Django's own operations are about; a new one cannot be touched."""
        if kind_of(operation) in ("RunPython", "RunSQL", "CreateModel"):
            return
        name = model_of(operation)
        described = before.models.get((app_label, name))
        if described is None or not has_table(described, self.connection):
            return
        own, *relations = tables_of_model(described, before, self.connection)
        yield own.name
        if kind_of(operation) in ("DeleteModel", "RenameModel"):
            yield from (table.name for table in relations)

    def locked(self, operation, app_label, state, kind):
        """Tables of the shared schema that the operation locks when it runs in a tenant's."""
        name = kind_of(operation)
        if name == "RunSQL":
            yield from self.named_in(sql_of(operation))
            return
        model = model_of(operation)
        field_name = getattr(operation, "old_name", None) or getattr(operation, "name", None)
        old = field_of(state, app_label, model, field_name)
        if name == "CreateModel":
            fields = [field for _, field in operation.fields]
        elif name == "DeleteModel" and (app_label, model) in state.models:
            fields = state.models[app_label, model].fields.values()
        elif name == "AddField":
            fields = [operation.field]
        elif name in ("RemoveField", "RenameField"):
            fields = [old]
        elif name == "AlterField" and differs(old, operation.field):
            fields = [old, operation.field]
        else:
            fields = []
        for field in fields:
            yield from self.shared_target(field, app_label, model, state, kind)

    def shared_target(self, field, app_label, model, state, kind):
        """The shared table that the foreign keys of a field lead to."""
        if field is None or not field.is_relation or not isinstance(field.remote_field.model, str):
            return
        if field.many_to_many and field.remote_field.through is not None:
            return
        keeps = (
            field.remote_field.db_constraint
            if field.many_to_many
            else getattr(field, "db_constraint", False)
        )
        if not keeps:
            return
        app, name = target_of(field, Place(app_label, model))
        described = state.models.get((app, name))
        if described is None or not has_table(described, self.connection):
            return
        if not kind.allows(app, name):
            yield tables_of_model(described, state, self.connection)[0].name

    def named_in(self, sql):
        public = next(kind.schema for kind in self.kinds if kind.kind == "shared")
        for table, in_tenants_too in self.shared_tables.items():
            schema = r'"?%s"?\\s*\\.\\s*' % re.escape(public)
            pattern = r'(?<![\\w"])%s"?%s"?(?!\\w)' % (
                schema if in_tenants_too else "(?:%s)?" % schema,
                re.escape(table),
            )
            if re.search(pattern, sql, re.IGNORECASE):
                yield table


class Place:
    """As much of a model as tells where a relation of its leads to."""

    def __init__(self, app_label, name_lower):
        self.app_label, self.name_lower = app_label, name_lower


def differs(old, new):
    """Whether Django takes a foreign key away and makes it again."""
    if old is None:
        return True
    not_in_database = set(getattr(new, "non_db_attrs", ())) | {"db_comment"}

    def shape(field):
        _, path, args, kwargs = field.deconstruct()
        return path, args, {key: kwargs[key] for key in kwargs.keys() - not_in_database}

    return shape(old) != shape(new)
`,
  "migration_files": '"""The file of a migration: where its operations stand, and what is said to Tenantry in its comments."""\n\nimport ast\nimport io\nimport os\nimport sys\nimport tokenize\n\nSPOKEN_TO = "tenantry:"\n\n\nclass MigrationFile:\n    def __init__(self, migration):\n        module = sys.modules.get(type(migration).__module__)\n        self.path, self.lines, self.comments = None, [], []\n        path = getattr(module, "__file__", None)\n        if path is None or not path.endswith(".py"):\n            return\n        here = os.path.join(os.path.realpath(os.getcwd()), "")\n        path = os.path.realpath(path)\n        if not path.startswith(here) or "site-packages" in path:\n            return  # an installed package: nobody can write into its file\n        self.path = path[len(here):]\n        try:\n            with open(path, encoding="utf-8") as file:\n                text = file.read()\n            self.lines = list(lines_of_operations(ast.parse(text)))\n            self.comments = list(comments_in(text))\n        except (OSError, SyntaxError, UnicodeDecodeError, tokenize.TokenError):\n            return\n\n    def line_of(self, index):\n        """The line of an operation; the first one where they are not written as a list."""\n        return self.lines[index] if index < len(self.lines) else 1\n\n\ndef lines_of_operations(tree):\n    for node in ast.walk(tree):\n        if not isinstance(node, ast.ClassDef) or node.name != "Migration":\n            continue\n        for statement in node.body:\n            names = [getattr(one, "id", None) for one in getattr(statement, "targets", [])]\n            if "operations" in names and isinstance(statement.value, ast.List):\n                for element in statement.value.elts:\n                    yield element.lineno\n\n\ndef comments_in(text):\n    for token in tokenize.generate_tokens(io.StringIO(text).readline):\n        if token.type == tokenize.COMMENT and SPOKEN_TO in token.string:\n            said = token.string.split(SPOKEN_TO, 1)[1].strip()\n            yield {"line": token.start[0], "text": said}\n',
  "model_tables": `"""The tables that the models of a migration state have.

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
`,
  "old_code": '"""Whether the code before a migration goes on working after it: for a while, both are in use."""\n\nfrom operations import field_of, kind_of, model_of\n\nYES = ("yes", "")\nHARMLESS = {\n    "AddIndex",\n    "AddIndexConcurrently",\n    "RemoveIndex",\n    "RemoveIndexConcurrently",\n    "RenameIndex",\n    "RemoveConstraint",\n    "CreateModel",\n    "AlterModelOptions",\n    "AlterModelManagers",\n    "AlterModelTableComment",\n    "ValidateConstraint",\n    "AlterConstraint",\n    "CreateExtension",\n    "CreateCollation",\n    "BloomExtension",\n    "BtreeGinExtension",\n    "BtreeGistExtension",\n    "CITextExtension",\n    "CryptoExtension",\n    "HStoreExtension",\n    "TrigramExtension",\n    "UnaccentExtension",\n}\nWIDER_INTEGERS = ["smallint", "integer", "bigint"]\n\n\ndef keeps_old_code(operation, app_label, before, connection):\n    """(`yes`, `no` or `unknown`, why) for one operation, with the state before it."""\n    name = kind_of(operation)\n    if name in HARMLESS:\n        return YES\n    judge = JUDGES.get(name)\n    if judge is not None:\n        return judge(operation, app_label, before, connection)\n    words = "%s: what it does to the old code is not known" % operation.describe()\n    return ("unknown", words)\n\n\ndef add_field(operation, app_label, before, connection):\n    field = operation.field\n    generated = getattr(field, "generated", False)\n    if field.many_to_many or field.null or has_db_default(field) or generated:\n        return YES\n    what = "%s.%s" % (operation.model_name, operation.name)\n    return ("no", "%s is NOT NULL without db_default: the old code cannot insert rows" % what)\n\n\ndef remove_field(operation, app_label, before, connection):\n    what = "%s.%s" % (operation.model_name, operation.name)\n    return ("no", "%s is removed, which the old code reads" % what)\n\n\ndef alter_field(operation, app_label, before, connection):\n    old = field_of(before, app_label, model_of(operation), operation.name)\n    new = operation.field\n    what = "%s.%s" % (operation.model_name, operation.name)\n    if old is None or old.many_to_many or new.many_to_many:\n        return ("unknown", "%s changes" % what)\n    if old.db_column != new.db_column:\n        return ("no", "the column of %s is renamed" % what)\n    if old.null and not new.null:\n        return ("no", "%s no longer takes NULL" % what)\n    if new.unique and not old.unique:\n        return ("no", "%s becomes unique" % what)\n    if has_db_default(old) and not has_db_default(new) and not new.null:\n        return ("no", "%s loses its db_default" % what)\n    if old.is_relation or new.is_relation:\n        if old.is_relation and new.is_relation and target(old) == target(new):\n            if getattr(new, "db_constraint", False) and not getattr(old, "db_constraint", False):\n                return ("unknown", "%s gets a foreign key" % what)\n            return YES\n        return ("unknown", "%s leads elsewhere" % what)\n    return type_change(old, new, what, connection)\n\n\ndef type_change(old, new, what, connection):\n    try:\n        was, becomes = old.db_type(connection), new.db_type(connection)\n    except Exception:\n        return ("unknown", "%s changes" % what)\n    if was == becomes or is_wider(was or "", becomes or ""):\n        return YES\n    if length_of(was) and length_of(becomes) and length_of(becomes) < length_of(was):\n        return ("no", "%s is narrowed from %s to %s" % (what, was, becomes))\n    return ("unknown", "%s changes from %s to %s" % (what, was, becomes))\n\n\ndef is_wider(was, becomes):\n    if was.startswith("varchar") and becomes == "text":\n        return True\n    if length_of(was) and length_of(becomes):\n        return length_of(becomes) >= length_of(was)\n    if was.startswith("varchar") and becomes == "varchar":\n        return True\n    if was in WIDER_INTEGERS and becomes in WIDER_INTEGERS:\n        return WIDER_INTEGERS.index(becomes) >= WIDER_INTEGERS.index(was)\n    return False\n\n\ndef length_of(db_type):\n    """The number in `varchar(100)`."""\n    if db_type and db_type.startswith("varchar(") and db_type[8:-1].isdigit():\n        return int(db_type[8:-1])\n    return None\n\n\ndef rename_field(operation, app_label, before, connection):\n    field = field_of(before, app_label, model_of(operation), operation.old_name)\n    if field is not None and field.db_column:\n        return YES\n    what = "%s.%s" % (operation.model_name, operation.old_name)\n    return ("no", "%s is renamed, which the old code reads" % what)\n\n\ndef rename_model(operation, app_label, before, connection):\n    model = before.models.get((app_label, operation.old_name.lower()))\n    if model is not None and model.options.get("db_table"):\n        return ("unknown", "%s is renamed" % operation.old_name)\n    return ("no", "the table of %s is renamed, which the old code reads" % operation.old_name)\n\n\ndef delete_model(operation, app_label, before, connection):\n    model = before.models.get((app_label, operation.name.lower()))\n    if model is not None and (model.options.get("proxy") or not model.options.get("managed", True)):\n        return YES\n    return ("no", "the table of %s is removed, which the old code reads" % operation.name)\n\n\ndef alter_table(operation, app_label, before, connection):\n    model = before.models.get((app_label, operation.name.lower()))\n    if model is not None and model.options.get("db_table") == operation.table:\n        return YES\n    return ("no", "the table of %s is renamed, which the old code reads" % operation.name)\n\n\ndef unique_together(operation, app_label, before, connection):\n    model = before.models.get((app_label, operation.name.lower()))\n    was = set(map(tuple, (model.options.get("unique_together") or ()) if model else ()))\n    if set(map(tuple, operation.option_value or ())) <= was:\n        return YES\n    return ("unknown", "the old code may write what becomes unique in %s" % operation.name)\n\n\ndef add_constraint(operation, app_label, before, connection):\n    name = operation.constraint.name\n    return ("unknown", "the old code may write what the constraint %s refuses" % name)\n\n\ndef order_with_respect_to(operation, app_label, before, connection):\n    return ("no", "the column _order of %s comes or goes" % operation.name)\n\n\ndef run_python(operation, app_label, before, connection):\n    if operation.code is type(operation).noop:\n        return YES\n    return ("unknown", "what the Python of this migration does is not known")\n\n\ndef run_sql(operation, app_label, before, connection):\n    if not operation.sql:\n        return YES\n    return ("unknown", "what the SQL of this migration does is not known")\n\n\nJUDGES = {\n    "AddField": add_field,\n    "RemoveField": remove_field,\n    "AlterField": alter_field,\n    "RenameField": rename_field,\n    "RenameModel": rename_model,\n    "DeleteModel": delete_model,\n    "AlterModelTable": alter_table,\n    "AlterUniqueTogether": unique_together,\n    "AlterIndexTogether": lambda *_: YES,\n    "AlterOrderWithRespectTo": order_with_respect_to,\n    "AddConstraint": add_constraint,\n    "AddConstraintNotValid": add_constraint,\n    "RunPython": run_python,\n    "RunSQL": run_sql,\n}\n\n\ndef has_db_default(field):\n    from django.db.models import NOT_PROVIDED\n\n    return getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED\n\n\ndef target(field):\n    return str(field.remote_field.model).lower()\n',
  "operations": '"""Looks at the operations of migrations: what they are about, and where they run."""\n\n\ndef database_operations(operations):\n    """The operations that work on the database, out of whatever they are wrapped in."""\n    for operation in operations:\n        inner = getattr(operation, "database_operations", None)\n        if inner is None:\n            yield operation\n        else:\n            yield from database_operations(inner)\n\n\ndef kind_of(operation):\n    """The name of the class of Django\'s that an operation is, or `custom`."""\n    cls = type(operation)\n    own = cls.__module__.startswith(("django.db.migrations.", "django.contrib.postgres."))\n    return cls.__name__ if own else "custom"\n\n\n# They change what Python knows, never the database.\nSTATE_ONLY = {"AlterModelOptions", "AlterModelManagers"}\nIN_THE_PROJECT = {"RunPython", "RunSQL", "custom"}\n\n\ndef model_of(operation):\n    """The name of the model that an operation is about, before it; None where there is none."""\n    name = getattr(operation, "model_name", None)\n    if name is None and hasattr(operation, "name_lower"):\n        name = getattr(operation, "old_name", operation.name)\n    return name.lower() if isinstance(name, str) else None\n\n\ndef does_what_it_says(operation):\n    """Whether what it does to the state is what it does to the database."""\n    name = kind_of(operation)\n    if name == "RunSQL":\n        return not operation.state_operations\n    return name not in ("SeparateDatabaseAndState", "custom")\n\n\ndef runs_in(operation, app_label, kind):\n    """Whether the project\'s routers let this operation change a schema of this kind."""\n    from django.apps import apps\n\n    name = kind_of(operation)\n    if name in STATE_ONLY:\n        return False\n    if name in IN_THE_PROJECT or getattr(operation, "hints", None):\n        return kind.allows(app_label, **(getattr(operation, "hints", None) or {}))\n    model = model_of(operation)\n    if model is None:\n        return kind.allows(app_label)\n    if kind.by_app:\n        return kind.allows(app_label)\n    live = apps.all_models.get(app_label, {}).get(model)\n    return kind.allows(app_label, model, **({} if live is None else {"model": live}))\n\n\ndef sql_of(operation):\n    """The text of a RunSQL, forwards."""\n    sql = getattr(operation, "sql", "")\n    if isinstance(sql, str):\n        return sql\n    parts = [part if isinstance(part, str) else part[0] for part in sql or ()]\n    return "\\n".join(map(str, parts))\n\n\ndef field_of(state, app_label, model, name):\n    described = state.models.get((app_label, model))\n    return None if described is None else described.fields.get(name)\n',
  "particulars": '"""Settings by which a project changes how django-tenants works."""\n\n\ndef particulars_of(settings):\n    return {\n        "extraSearchPaths": list(map(str, getattr(settings, "PG_EXTRA_SEARCH_PATHS", None) or ())),\n        "baseMigrateCommand": named(settings, "TENANT_BASE_MIGRATE_COMMAND"),\n        "executorFunction": named(settings, "GET_EXECUTOR_FUNCTION"),\n        "extraSetTenantMethod": named(settings, "EXTRA_SET_TENANT_METHOD_PATH"),\n        "limitSetCalls": bool(getattr(settings, "TENANT_LIMIT_SET_CALLS", False)),\n    }\n\n\ndef named(settings, name):\n    value = getattr(settings, name, None)\n    return str(value) if value else None\n\n\ndef template_schemas(settings, utils):\n    """(schema, type) of each schema that new tenants are copied from."""\n    if not getattr(settings, "TENANT_CREATION_FAKES_MIGRATIONS", False):\n        return []\n    found = []\n    if utils.has_multi_type_tenants():\n        for name, described in utils.get_tenant_types().items():\n            if described.get("BASE_SCHEMA"):\n                found.append((described["BASE_SCHEMA"], name))\n    common = getattr(settings, "TENANT_BASE_SCHEMA", None)\n    return found + ([(common, None)] if common else [])\n',
  "pending": `"""What Django would do to a schema whose ledger is known: computed by Django's own loader."""

import hashlib
from contextlib import contextmanager

from ledgers import label


class History:
    """One distinct ledger, seen by Django."""

    def __init__(self, loader, applied):
        from django.db.migrations.exceptions import (
            InconsistentMigrationHistory,
            NodeNotFoundError,
        )

        self.applied = applied
        replaced = {key for one in loader.replacements.values() for key in one.replaces}
        known = set(loader.disk_migrations) | replaced
        self.ghosts = sorted(key for key in applied if key not in known)
        self.inconsistent = None
        self.plan, self.bookkeeping = [], []
        self.partial_squashes = list(partial_squashes(loader, applied))
        with recorded(applied):
            try:
                self.loader = group_loader(loader)
                self.loader.check_consistent_history(self.loader.connection)
            except (InconsistentMigrationHistory, NodeNotFoundError) as error:
                self.inconsistent = str(error)
                return
        self.plan = plan_of(self.loader)
        # Django records a squashed migration when everything it replaces is applied.
        self.bookkeeping = sorted(
            key
            for key in self.loader.replacements
            if key not in applied and key in self.loader.applied_migrations
        )

    @property
    def in_graph(self):
        """The keys of the graph that count as applied."""
        return {key for key in self.loader.applied_migrations if key in self.loader.graph.nodes}

    def described(self):
        return {
            "id": hashlib.sha256(repr(sorted(self.applied)).encode()).hexdigest()[:12],
            "pending": [label(key) for key in self.plan],
            "bookkeeping": [label(key) for key in self.bookkeeping],
            "ghosts": [label(key) for key in self.ghosts],
            "inconsistent": self.inconsistent,
            "partialSquashes": self.partial_squashes,
        }


def partial_squashes(loader, applied):
    for key, migration in sorted(loader.replacements.items()):
        missing = [label(one) for one in migration.replaces if one not in applied]
        if missing and len(missing) < len(migration.replaces):
            of = len(migration.replaces)
            gone = [label(one) for one in migration.replaces if one not in loader.disk_migrations]
            yield {
                "squash": label(key),
                "applied": of - len(missing),
                "of": of,
                "missing": missing,
                "gone": gone,
            }


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
`,
  "post_migrate": `"""What the signal post_migrate makes in each schema: content types and permissions."""

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
    """Groups of schemas that lack the same; \`members\` are pairs of a kind and its schemas."""
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
`,
  "provision": `"""Makes, proves and removes tenants, in one process in which the project is started once.

Speaks as worker.py does: requests come as JSON lines on standard input, events go as JSON lines to
standard output. \`migrate\` is worker.py's own; everything else has one answer.
"""

from worker_line import Line, take_streams

STREAMS = take_streams()

import gc  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

import tenant_copy  # noqa: E402
import tenant_journal  # noqa: E402
import tenant_people  # noqa: E402
import tenant_proof  # noqa: E402
import tenant_removal  # noqa: E402
import tenant_repair  # noqa: E402
import tenant_rows  # noqa: E402
from discover import discover, load_migrations, refuse_other_engines, refuse_other_projects  # noqa: E402
from expected_tables import States  # noqa: E402
from pending import History  # noqa: E402
from schema_kinds import kinds_of  # noqa: E402
from through_manage import ask, describe, through_manage  # noqa: E402
from worker_session import Session  # noqa: E402
from worker_support import check_project, versions, why_unsupported  # noqa: E402
from worker_tenant import Tenant  # noqa: E402
from worker_work import Works  # noqa: E402

# So many of the newest tenants of each type are looked at, to compare a new one with.
REFERENCES = 2


def serve(request):
    from django.conf import settings
    from django.db import connections
    from django_tenants import utils

    line = Line(*STREAMS)
    refuse_other_projects(settings)
    alias = utils.get_tenant_database_alias()
    refuse_other_engines(connections[alias], alias)
    session = Session()
    line.cancel = session.cancel
    began = time.monotonic()
    head = Head(session.connection)
    unsupported = why_unsupported() or check_project(session.connection)
    works = Works(head.loader)
    gc.collect()
    gc.freeze()  # what the project is made of stays, and need not be looked through again
    loading = round((time.monotonic() - began) * 1000)
    timeouts = session.connect()
    line.say(
        "ready",
        **versions(),
        **timeouts,
        pid=os.getpid(),
        python=sys.version.split()[0],
        unsupported=unsupported,
        loading=loading,
    )
    migrated = 0
    while True:
        asked = line.hear()
        if asked is None or asked["do"] == "end":
            return {}
        if asked["do"] == "migrate":
            Tenant(asked, session, works, line).migrate()
            # Models and states hold each other, so they would be many megabytes before Python looks for them by itself.
            gc.collect()
            migrated += 1
            if migrated == 1:
                gc.freeze()  # what the first one was made by, all others are made by
        else:
            line.say("answer", value=ask(lambda one: answer(one, session, head), asked))


def answer(request, session, head):
    """What a request came to; \`refused\` where the database or the project's own code said no."""
    connection = session.connection
    handle = HANDLERS[request["do"]]
    with session.for_project():
        connection.set_schema_to_public()
        name(connection, request["applicationName"])
        opened = connection.connection
        try:
            return handle(request, head)
        except Exception as error:
            if request["do"] not in REFUSABLE or is_lost(connection, opened):
                raise
            return {"refused": sentence_of(error), "where": describe(error, "")["where"]}
        finally:
            if not connection.in_atomic_block:
                connection.set_schema_to_public()


def name(connection, application_name):
    """By which PostgreSQL tells who waits, and for what."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('application_name', %s, false)", [application_name])


def is_lost(connection, opened):
    """Whether nobody knows what became of the last statement; another connection may be there by now."""
    from django.db import InterfaceError, OperationalError

    if connection.connection is None or connection.connection is not opened:
        return True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (InterfaceError, OperationalError):
        return True
    return False


def is_of_database(error):
    from django.db import Error

    return isinstance(error, Error)


def sentence_of(error):
    from django.core.exceptions import ValidationError

    if isinstance(error, ValidationError) and hasattr(error, "message_dict"):
        found = tenant_rows.listed(error)
        return "; ".join("%s: %s" % (one["field"], one["message"]) for one in found)
    text = " ".join(str(error).split())
    plain = is_of_database(error) or isinstance(error, tenant_removal.NotRemoved)
    return text if plain else "%s: %s" % (type(error).__name__, text)


class Head:
    """The head of the project's migrations, worked out once."""

    def __init__(self, connection):
        from django_tenants import utils

        self.connection = connection
        self.public = utils.get_public_schema_name()
        self.loader = load_migrations()
        self.kinds = kinds_of(connection, connection.alias, utils, self.public)
        self.states = States(self.loader, connection, not self.kinds[0].by_app)
        self.known, self.histories = None, {}

    @property
    def state(self):
        if self.known is None:
            self.known = self.states.state_after(self.loader, self.loader.graph.nodes)
        return self.known

    def kind_of(self, schema, tenant_type):
        if schema == self.public:
            return self.kinds[0]
        return next((kind for kind in self.kinds[1:] if kind.tenant_type == tenant_type), None)

    def history(self, applied):
        key = frozenset(applied)
        if key not in self.histories:
            self.histories[key] = History(self.loader, applied)
        return self.histories[key]


# What can be asked


def stand(request, head):
    """discover.py's answer about these schemas, and about tenants to compare new ones with."""
    references = references_of(request["schemas"], head)
    answer = discover({"only": [head.public, *request["schemas"], *references]}, head.loader)
    with head.connection.cursor() as cursor:
        cursor.execute("RESET statement_timeout")  # discover's questions take as long as they take
    return {"discovery": answer, "references": references}


def references_of(schemas, head):
    """The newest tenants: probably made by the code as it is."""
    from django.db import Error, OperationalError
    from django_tenants import utils

    tenants = tenant_rows.models()[0]
    rows = tenants._base_manager.exclude(schema_name__in=[head.public, *schemas]).order_by("-pk")
    found = []
    try:
        for kind in head.kinds[1:]:
            typed = {}
            if kind.tenant_type is not None:
                typed = {utils.get_multi_type_database_field_name(): kind.tenant_type}
            found += rows.filter(**typed).values_list("schema_name", flat=True)[:REFERENCES]
    except OperationalError:
        raise
    except Error:  # the shared schema is behind the code, which discover tells
        head.connection.rollback()
    return found


def look(request, head):
    schema, person = request["schema"], request["person"]
    found = tenant_rows.look(request, head.connection)
    tenant = tenant_rows.tenant_of(schema)
    return {
        **found,
        "person": tenant_people.look(person, head, tenant, schema, request["tenantType"])
        if person
        else None,
    }


def prove(request, head):
    tenant = tenant_rows.tenant_of(request["schema"])
    return tenant_proof.prove(request["schema"], head, tenant, request["tenantType"])


def make_person(request, head):
    schema = request["schema"]
    return tenant_people.make(
        request, head.connection, tenant_rows.tenant_of(schema), request["where"]
    )


def mend(request, head):
    """What a tenant lacks; it is made when \`apply\` says so."""
    tenant = tenant_rows.tenant_of(request["schema"])
    damage = tenant_repair.Damage(head, request["schema"], tenant, request["tenantType"])
    told = damage.told()
    if request["apply"] and not damage.stuck:
        damage.mend()
    return told


def note(request, head):
    with head.connection.cursor() as cursor:
        tenant_journal.note(cursor, request["schema"], request["step"])
    return {}


def close(request, head):
    """The tenant is whole: its journal ends."""
    with head.connection.cursor() as cursor:
        tenant_journal.close(cursor, request["schema"])
    return {}


HANDLERS = {
    "stand": stand,
    "look": look,
    "begin": lambda request, head: tenant_rows.begin(request, head.connection),
    "prove": prove,
    "announce": lambda request, head: tenant_rows.announce(request, head.connection),
    "person": make_person,
    "domains": lambda request, head: tenant_rows.make_domains(request, head.connection),
    "note": note,
    "close": close,
    "copy": lambda request, head: tenant_copy.copy_rows(request, head.connection),
    "mend": mend,
    "inventory": lambda request, head: tenant_removal.inventory(
        request["schema"], head.connection
    ),
    "remove": lambda request, head: tenant_removal.remove(request, head.connection),
}
# What the database or the project's own code may refuse, so that the run can say so and undo.
REFUSABLE = ("begin", "announce", "person", "domains", "copy", "mend", "remove")


if __name__ == "__main__":
    through_manage(serve)
`,
  "python_code": `"""What the function of a RunPython works with, as far as its text tells."""

import ast
import inspect
import textwrap
import types


def what_it_uses(function):
    """Models that it asks the migration's state for, and those of today's code that it uses instead."""
    found = {"models": set(), "live": set()}
    for one in with_its_own(function, set()):
        found["live"] |= live_names(one)
        look_into(one, found)
    return found


def with_its_own(function, seen):
    """The function and those of its own module that it calls."""
    function = inspect.unwrap(getattr(function, "func", function))
    if not isinstance(function, types.FunctionType) or function in seen:
        return
    seen.add(function)
    yield function
    for name in names_in(function.__code__):
        called = function.__globals__.get(name)
        if isinstance(called, types.FunctionType) and called.__module__ == function.__module__:
            yield from with_its_own(called, seen)


def names_in(code):
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= names_in(constant)
    return names


def live_names(function):
    """Classes of models, and modules of them, that stand in the module's own names."""
    from django.db.models import Model

    live = set()
    for name in names_in(function.__code__):
        value = function.__globals__.get(name)
        if isinstance(value, type) and issubclass(value, Model):
            live.add("%s.%s" % (value.__module__, value.__name__))
        elif isinstance(value, types.ModuleType) and is_models(value.__name__):
            live.add(value.__name__)
    return live


def is_models(module):
    return module.split(".")[-1] == "models" and not module.startswith("django.")


def look_into(function, found):
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and is_models(node.module or "models"):
            found["live"].update(
                "%s.%s" % (node.module or "models", one.name) for one in node.names
            )
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) == "get_model":
            words = [one.value for one in node.args if isinstance(one, ast.Constant)]
            words += [one.value.value for one in node.keywords if isinstance(one.value, ast.Constant)]
            parts = ".".join(map(str, words)).split(".")
            if len(parts) == 2:
                found["models"].add((parts[0], parts[1].lower()))
`,
  "schema_kinds": `"""The kinds of schema of a project: the shared one and each type of tenant, as routers see them."""

from contextlib import contextmanager

# Stands in for "some tenant" where only the kind of schema matters; never used in a statement.
SOME_TENANT = "tenantry_some_tenant"


class Kind:
    def __init__(self, connection, alias, schema, kind, tenant_type):
        self.connection, self.alias, self.schema = connection, alias, schema
        self.kind, self.tenant_type = kind, tenant_type
        self.by_app = routers_look_at_apps_only()
        self.known = {}

    @property
    def name(self):
        return {"kind": self.kind, "tenantType": self.tenant_type}

    def allows(self, app_label, model_name=None, **hints):
        """Whether the project's routers let migrations of this app (or model) run there."""
        from django.db import router

        key = app_label if self.by_app else (app_label, model_name)
        if (self.by_app or not hints) and key in self.known:
            return self.known[key]
        with self.routed():
            try:
                model = {} if model_name is None else {"model_name": model_name}
                allowed = router.allow_migrate(self.alias, app_label, **model, **hints)
            except LookupError:  # an app that is not installed
                allowed = False
        if self.by_app or not hints:
            self.known[key] = allowed
        return allowed

    def allows_table(self, table):
        hints = {} if table.model is None else {"model": table.model}
        return self.allows(table.app_label, table.model_name, **hints)

    @contextmanager
    def routed(self):
        """Routers look at the connection's schema; no statement is sent."""
        self.connection.set_schema(self.schema, tenant_type=self.tenant_type)
        try:
            yield
        finally:
            self.connection.set_schema_to_public()


def kinds_of(connection, alias, utils, public):
    kinds = [Kind(connection, alias, public, "shared", None)]
    types = [None]
    if utils.has_multi_type_tenants():
        types = [name for name in utils.get_tenant_types() if name != public]
    return kinds + [Kind(connection, alias, SOME_TENANT, "tenant", name) for name in types]


def routers_look_at_apps_only():
    """True where no other router than django-tenants' own has a say in migrations."""
    from django.db import router
    from django_tenants.routers import TenantSyncRouter

    return all(
        type(one) is TenantSyncRouter or not hasattr(one, "allow_migrate") for one in router.routers
    )
`,
  "scratch_schema": `"""A schema that migrations run in to see what they make, and that never stays.

It lives in one transaction that is rolled back, also when this process is killed: the server does it. For the
migrations and the project's routers the connection is on the shared schema all the while; only its search path
begins with the scratch schema.
"""

import secrets
from contextlib import contextmanager

# It waits for nobody: others would wait behind it.
LOCK_TIMEOUT = "2s"
# Everything stronger than reading.
WRITING_LOCKS = (
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)


class NotComparable(Exception):
    """What migrations make cannot be seen in a scratch schema."""


@contextmanager
def scratch_schema(connection):
    """The name of a new schema in which everything that follows is made; afterwards nothing of it is left."""
    from django.db import transaction

    name = "tenantry_scratch_%s" % secrets.token_hex(8)
    kept = dict(vars(connection))
    with transaction.atomic(using=connection.alias):
        try:
            make(connection, name)
            look_at(connection, name)
            yield name
        finally:
            transaction.set_rollback(True, using=connection.alias)
            give_back(connection, kept)


def make(connection, name):
    from django.db import DatabaseError

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '%s'" % LOCK_TIMEOUT)
        try:
            cursor.execute('CREATE SCHEMA "%s"' % name)  # fails when there is one
        except DatabaseError as error:
            raise NotComparable("a scratch schema cannot be made: %s" % first_line(error)) from error
        # A migration that commits by itself fails here, and everything is rolled back all the same.
        cursor.execute(
            'CREATE TABLE "%s".never_kept (once int UNIQUE DEFERRABLE INITIALLY DEFERRED)' % name
        )
        cursor.execute('INSERT INTO "%s".never_kept VALUES (1), (1)' % name)


def look_at(connection, name):
    """Lets everything that Django does with the shared schema happen in the scratch schema."""
    path = [name, *connection._get_cursor_search_paths()]
    connection._get_cursor_search_paths = lambda: path
    connection.search_path_set_schemas = None
    connection.introspection = type(connection.introspection)(Renamed(connection, name))
    connection.check_constraints = lambda table_names=None: None
    run_concurrent_operations_plainly()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        (current,) = cursor.fetchone()
    if current != name:
        raise NotComparable("the project's connection does not keep to a scratch schema (%s)" % current)


def give_back(connection, kept):
    changed = ("_get_cursor_search_paths", "introspection", "check_constraints")
    for attribute in changed:
        if attribute in kept:
            setattr(connection, attribute, kept[attribute])
        else:
            vars(connection).pop(attribute, None)
    connection.search_path_set_schemas = None


class Renamed:
    """The connection for introspection, which looks at the schema that the connection says it is on."""

    def __init__(self, connection, schema_name):
        self._connection, self.schema_name = connection, schema_name

    def __getattr__(self, name):
        return getattr(self._connection, name)


def run_concurrent_operations_plainly():
    """CONCURRENTLY makes the same index, but not inside a transaction."""
    from django.contrib.postgres import operations
    from django.db import migrations

    operations.AddIndexConcurrently.database_forwards = migrations.AddIndex.database_forwards
    operations.RemoveIndexConcurrently.database_forwards = migrations.RemoveIndex.database_forwards


def touched_outside(connection, name):
    """What this transaction has changed or locked outside the scratch schema: \`schema.table\`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT n.nspname || '.' || c.relname FROM pg_locks l"
            " JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.mode = ANY(%s)"
            " AND left(n.nspname, 3) <> 'pg_' AND n.nspname <> %s ORDER BY 1",
            [list(WRITING_LOCKS), name],
        )
        return [found for (found,) in cursor.fetchall()]


def tables_with_rows(connection, schema, names=None):
    """The schema's tables (or those of them that have these names) that are not empty."""
    filled = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relkind IN ('r', 'p')",
            [schema],
        )
        for (name,) in cursor.fetchall():
            if names is not None and name not in names:
                continue
            cursor.execute("SELECT EXISTS (SELECT 1 FROM %s.%s)" % (quoted(schema), quoted(name)))
            if cursor.fetchone()[0]:
                filled.add(name)
    return filled


def quoted(name):
    return '"%s"' % name.replace('"', '""')


def first_line(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
`,
  "standings": '"""How the schemas stand: for each distinct ledger what is pending and what must be there."""\n\nfrom expected_tables import expected_of\nfrom ledgers import label\nfrom migration_facts import Facts\nfrom operations import does_what_it_says\nfrom pending import History\n\n\nclass Standings:\n    def __init__(self, loader, states, kinds, kind_of_schema):\n        self.loader, self.states, self.kinds = loader, states, kinds\n        self.kind_of_schema = kind_of_schema\n        self.histories, self.facts = [], {}\n\n    def group(self, ledger, back=None):\n        """One distinct ledger with its schemas, as it is told; with `back`, also the way back."""\n        history = History(self.loader, ledger["applied"])\n        self.histories.append((len(ledger["schemas"]), history))\n        described = {\n            "ledger": ledger["ledger"],\n            "schemas": ledger["schemas"],\n            **history.described(),\n            "expects": [],\n            "afterNext": None,\n            "back": back.of(history, ledger["schemas"]) if back else None,\n        }\n        if history.plan:\n            kinds = self.kinds_among(ledger["schemas"])\n            applied = history.in_graph\n            described["expects"] = self.expected(history, applied, kinds)\n            described["afterNext"] = self.after_next(history, applied, kinds)\n            if not ledger["ledger"]:\n                nothing = {"columns": {}, "named": {}}\n                described["expects"] = [{**one, **nothing} for one in described["expects"]]\n        return described\n\n    def after_next(self, history, applied, kinds):\n        """What is there after the first pending migration; None if only running it would tell."""\n        key = history.plan[0]\n        if not all(map(does_what_it_says, history.loader.graph.nodes[key].operations)):\n            return None\n        return {"migration": label(key), "expects": self.expected(history, applied | {key}, kinds)}\n\n    def kinds_among(self, schemas):\n        kinds = {id(kind): kind for kind in map(self.kind_of_schema, schemas) if kind is not None}\n        return list(kinds.values())\n\n    def expected(self, history, applied, kinds):\n        tables = self.states.after(history.loader, applied)\n        return [expected_of(kind, tables) for kind in kinds]\n\n    def migrations(self):\n        """Facts of each pending migration, from where most schemas stand, in Django\'s order."""\n        for _, history in sorted(self.histories, key=lambda one: -one[0]):\n            self.describe_pending(history)\n        # The longest plan first: where one plan has them all, the order is that of Django.\n        order = {}\n        for _, history in sorted(self.histories, key=lambda one: -len(one[1].plan)):\n            order.update(dict.fromkeys(history.plan))\n        return [self.facts[key] for key in order]\n\n    def describe_pending(self, history):\n        if all(key in self.facts for key in history.plan):\n            return\n        state = self.states.state_after(history.loader, history.in_graph)\n        facts = Facts(self.kinds, self.states.connection, self.shared_tables(), set(state.models))\n        for key in history.plan:\n            migration = history.loader.graph.nodes[key]\n            if key in self.facts:\n                migration.mutate_state(state, preserve=False)\n            else:\n                self.facts[key] = facts.of(migration, state)\n\n    def shared_tables(self):\n        """Each table of the shared schema at head, and whether tenants have one of that name."""\n        tables = self.states.head()\n        shared = {table.name for table in tables if self.kinds[0].allows_table(table)}\n        tenants = {\n            table.name for table in tables for kind in self.kinds[1:] if kind.allows_table(table)\n        }\n        return {name: name in tenants for name in sorted(shared)}\n',
  "target_branch": '"""Makes in an empty database what this code makes: the shared schema, and one tenant of each kind.\n\nFor a database that nobody keeps. The rows of the tenants are there to be found: nothing in them\nmeans anything.\n"""\n\nimport datetime\nimport uuid\n\nfrom discover import refuse_other_engines, refuse_other_projects\nfrom through_manage import Refusal, through_manage\n\nNAME = "example"\nZEROS = {\n    "BooleanField": False,\n    "DurationField": datetime.timedelta(0),\n    "JSONField": {},\n}\n\n\ndef make(request):\n    try:\n        return made()\n    except Refusal:\n        raise\n    except Exception as error:\n        lines = str(error).strip().splitlines() or [type(error).__name__]\n        raise Refusal("target-branch", lines[0]) from error\n\n\ndef made():\n    from django.conf import settings\n    from django.core.management import call_command\n    from django.db import connections\n\n    refuse_other_projects(settings)\n    from django_tenants import utils\n\n    alias = utils.get_tenant_database_alias()\n    connection = connections[alias]\n    refuse_other_engines(connection, alias)\n    quietly = {"interactive": False, "verbosity": 0}\n    call_command("migrate_schemas", shared=True, **quietly)\n    model = utils.get_tenant_model()\n    tenants = [row_of(model, name, kind, utils) for name, kind in wanted(utils)]\n    connection.set_schema_to_public()\n    with connection.cursor() as cursor:\n        # Whom they belong to does not matter.\n        cursor.execute("SET session_replication_role = replica")\n        model._base_manager.bulk_create(tenants)\n        cursor.execute("RESET session_replication_role")\n        for tenant in tenants:\n            cursor.execute("CREATE SCHEMA %s" % connection.ops.quote_name(tenant.schema_name))\n    call_command("migrate_schemas", tenant=True, **quietly)\n    return {"schemas": [tenant.schema_name for tenant in tenants]}\n\n\ndef wanted(utils):\n    if not utils.has_multi_type_tenants():\n        return [(NAME, None)]\n    public = utils.get_public_schema_name()\n    kinds = [name for name in utils.get_tenant_types() if name != public]\n    return [("%s_%d" % (NAME, index + 1), kind) for index, kind in enumerate(kinds)]\n\n\ndef row_of(model, name, kind, utils):\n    values = {"schema_name": name}\n    if kind is not None:\n        values[utils.get_multi_type_database_field_name()] = kind\n    for field in model._meta.concrete_fields:\n        if field.name in values or field.has_default() or field.null or is_made(field):\n            continue\n        values[field.attname] = some_value(field, name)\n    return model(**values)\n\n\ndef is_made(field):\n    """By the database, or by Django."""\n    automatic = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)\n    return field.primary_key or automatic or getattr(field, "generated", False) or has_db_default(field)\n\n\ndef has_db_default(field):\n    from django.db.models import NOT_PROVIDED\n\n    return getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED\n\n\ndef some_value(field, name):\n    from django.utils import timezone\n\n    if field.remote_field is not None:\n        return some_value(field.target_field, name)\n    if field.choices:\n        return next(value for value, _ in field.flatchoices)\n    kind = field.get_internal_type()\n    if kind in ZEROS:\n        return ZEROS[kind]\n    if kind == "UUIDField":\n        return uuid.uuid4()\n    if kind in ("DateField", "DateTimeField", "TimeField"):\n        now = timezone.now()\n        return {"DateField": now.date(), "TimeField": now.time()}.get(kind, now)\n    if kind.endswith(("IntegerField", "AutoField", "DecimalField", "FloatField")):\n        return 0\n    return name[: field.max_length]\n\n\nif __name__ == "__main__":\n    through_manage(make)\n',
  "tenant_copy": `"""Copies the rows of one tenant into another whose tables are the same."""

import tenant_journal
from ledgers import LEDGER, quoted

# Its own ledger tells how its tables were made; a copied session would let people in who never logged in.
NOT_COPIED = (LEDGER, "django_session")


def copy_rows(request, connection):
    """Everything as it is at one moment, in one transaction; noted in the journal with it."""
    from django.db import transaction

    schema, source = request["schema"], request["source"]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        tables = tables_of(cursor, schema)
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table in tables:
            # The copy must not run the triggers of the project: their work is in the rows already.
            cursor.execute("ALTER TABLE %s DISABLE TRIGGER USER" % place(schema, table))
        for table in tables:
            # What the migrations have put there comes with the other rows.
            cursor.execute("DELETE FROM %s" % place(schema, table))
        copied = {table: copy_table(cursor, source, schema, table) for table in tables}
        copy_sequences(cursor, source, schema)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute("ALTER TABLE %s ENABLE TRIGGER USER" % place(schema, table))
        tenant_journal.note(cursor, schema, "rows")
    return {"tables": len(copied), "rows": sum(copied.values())}


def tables_of(cursor, schema):
    cursor.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND c.relname <> ALL(%s) ORDER BY 1",
        [schema, list(NOT_COPIED)],
    )
    return [name for (name,) in cursor.fetchall()]


def copy_table(cursor, source, schema, table):
    cursor.execute(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum), bool_or(attidentity <> '')"
        " FROM pg_attribute WHERE attrelid = to_regclass(%s)"
        " AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
        [place(schema, table)],
    )
    columns, has_identity = cursor.fetchone()
    overriding = "OVERRIDING SYSTEM VALUE " if has_identity else ""
    into, out_of = place(schema, table), place(source, table)
    cursor.execute(
        "INSERT INTO %s (%s) %sSELECT %s FROM %s" % (into, columns, overriding, columns, out_of)
    )
    cursor.execute("SELECT (SELECT count(*) FROM %s), (SELECT count(*) FROM %s)" % (into, out_of))
    have, wanted = cursor.fetchone()
    if have != wanted:
        raise ValueError("%s has %d rows instead of %d" % (table, have, wanted))
    return have


def copy_sequences(cursor, source, schema):
    cursor.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relkind = 'S'",
        [schema],
    )
    for (name,) in cursor.fetchall():
        cursor.execute(
            "SELECT setval(%%s::regclass, last_value, is_called) FROM %s" % place(source, name),
            [place(schema, name)],
        )


def place(schema, name):
    return "%s.%s" % (quoted(schema), quoted(name))
`,
  "tenant_journal": `"""What is known about a tenant that is not finished, kept as the comment of its schema.

It is written in the same transaction as what it tells of, and goes with the schema: whoever comes after a
run that was killed reads here what was begun and how far it came.
"""

import json

MARK = "tenantry "


def read(cursor, schema):
    """The journal, or None; and the schema's own comment, if it has one."""
    cursor.execute(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", [schema]
    )
    (comment,) = cursor.fetchone() or (None,)
    if comment is None or not comment.startswith(MARK):
        return None, comment
    try:
        journal = json.loads(comment[len(MARK) :])
    except ValueError:
        return None, comment
    return journal, journal.get("comment")


def write(cursor, schema, journal):
    comment_on(cursor, schema, MARK + json.dumps(journal, sort_keys=True))


def close(cursor, schema):
    """Puts the schema's own comment back. Nothing is done where there is no journal."""
    journal, comment = read(cursor, schema)
    if journal is not None:
        comment_on(cursor, schema, comment)


def note(cursor, schema, done, made=None):
    """Writes down that a step is done, and what it has made.

    Nothing is written where there is no journal: the role does not own the schema.
    """
    journal, _ = read(cursor, schema)
    if journal is not None:
        journal["done"] = [*journal["done"], done]
        journal["made"].update(made or {})
        write(cursor, schema, journal)


def comment_on(cursor, schema, text):
    """COMMENT takes no parameters: the server itself quotes them."""
    if text is None:
        cursor.execute("SELECT format('COMMENT ON SCHEMA %%I IS NULL', %s::text)", [schema])
    else:
        cursor.execute(
            "SELECT format('COMMENT ON SCHEMA %%I IS %%L', %s::text, %s::text)", [schema, text]
        )
    (statement,) = cursor.fetchone()
    cursor.execute(statement)


def owns(cursor, schema):
    cursor.execute(
        "SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = %s", [schema]
    )
    (found,) = cursor.fetchone() or (False,)
    return found
`,
  "tenant_people": `"""The superuser of a tenant, made by the project's own user model.

The password is only ever in the request, in this process's memory and, hashed, in the database.
"""

import os
import secrets

import tenant_journal
from tenant_proof import table_exists


def look(person, head, tenant, schema, tenant_type):
    """Where the superuser belongs, whether there is one, and what is wrong with what was asked for."""
    from django.apps import apps
    from django.contrib.auth import get_user_model
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    if not apps.is_installed("django.contrib.auth"):
        return found(None, None, ["superuser-email: the project has no django.contrib.auth"])
    user_model = get_user_model()
    where = home_of(user_model, head, schema, tenant_type)
    if where is None:
        label = user_model._meta.label
        return found(where, None, ["the project’s user model %s has no table there" % label])
    problems = []
    try:
        validate_email(person["email"])
    except ValidationError as error:
        problems.append("superuser-email: %s" % " ".join(error.messages))
    values, missing = values_of(user_model, person)
    problems += [
        "superuser: %s needs the field %s — give env the variable %s"
        % (user_model.__name__, name, variable_of(name))
        for name in missing
    ]
    existing = None
    if not missing and (where == "shared" or tenant is not None):
        with at_home(where, tenant):
            existing = standing_of(user_model, values, head.connection, schema, where)
    if existing == "other":
        problems.append(
            "superuser-username: %s exists and is no superuser" % values[user_model.USERNAME_FIELD]
        )
    if existing is None and not missing:
        problems += wrong_values(user_model, values, person["password"])
    return found(where, existing == "superuser", problems)


def found(where, exists, problems):
    return {"where": where, "exists": bool(exists), "problems": problems}


def home_of(user_model, head, schema, tenant_type):
    """In the tenant's schema where the project keeps users there, else in the shared one."""
    meta = user_model._meta
    for where, kind in (("tenant", head.kind_of(schema, tenant_type)), ("shared", head.kinds[0])):
        if kind is not None and kind.allows(meta.app_label, meta.model_name):
            return "shared" if kind is head.kinds[0] else where
    return None


def values_of(user_model, person):
    """The values for create_superuser; more of them as Django's createsuperuser reads them."""
    name_field, email_field = user_model.USERNAME_FIELD, user_model.get_email_field_name()
    values = {name_field: person["username"] or person["email"]}
    names = {field.name for field in user_model._meta.get_fields()}
    if email_field in names:
        values[email_field] = person["email"]
    missing = []
    for name in user_model.REQUIRED_FIELDS:
        if name in values:
            continue
        given = os.environ.get(variable_of(name))
        if given:
            values[name] = user_model._meta.get_field(name).clean(given, None)
        else:
            missing.append(name)
    return values, missing


def variable_of(name):
    return "DJANGO_SUPERUSER_%s" % name.upper()


def wrong_values(user_model, values, password):
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    user = user_model(**{k: v for k, v in values.items() if not is_many(user_model, k)})
    problems = []
    try:
        # Whether it is unique is asked where its table is.
        email = user_model.get_email_field_name()  # which is looked at whatever the field is
        looked_at = set(values) - {email}
        user.clean_fields(exclude=[name for name in every_field(user_model) if name not in looked_at])
    except ValidationError as error:
        problems += [
            "superuser: %s: %s" % (name, " ".join(messages))
            for name, messages in error.message_dict.items()
        ]
    if password is not None:
        try:
            validate_password(password, user)
        except ValidationError as error:
            problems.append("superuser-password: %s" % " ".join(error.messages))
    return problems


def every_field(model):
    return [field.name for field in model._meta.fields]


def is_many(model, name):
    return model._meta.get_field(name).many_to_many


def at_home(where, tenant):
    from django_tenants.utils import get_public_schema_name, schema_context, tenant_context

    if where == "shared":
        return schema_context(get_public_schema_name())
    return tenant_context(tenant)


def standing_of(user_model, values, connection, schema, where):
    """\`superuser\`, \`other\`, or None; also None where the table is not there yet."""
    if where == "tenant" and not table_exists(connection, schema, user_model._meta.db_table):
        return None
    name = user_model.USERNAME_FIELD
    user = user_model._base_manager.filter(**{name: values[name]}).first()
    if user is None:
        return None
    return "superuser" if user.is_superuser else "other"


def make(request, connection, tenant, where):
    """Makes the superuser unless there is one; noted in the journal in the same transaction."""
    from django.contrib.auth import get_user_model
    from django.db import transaction

    user_model, person = get_user_model(), request["person"]
    values, _ = values_of(user_model, person)
    made = None
    with at_home(where, tenant), transaction.atomic(using=connection.alias):
        if standing_of(user_model, values, connection, request["schema"], where) is None:
            # A password that nobody knows: Django's own reset refuses accounts that are marked as
            # having none, and this one is the way in for the person.
            password = person["password"] or secrets.token_urlsafe(48)
            manager = user_model._default_manager
            user = manager.create_superuser(password=password, **values)
            if not user_model._base_manager.filter(pk=user.pk, is_superuser=True).exists():
                raise ValueError("create_superuser() of %s made no superuser" % user_model.__name__)
            made = {"where": where, "pk": str(user.pk)}
        with connection.cursor() as cursor:
            tenant_journal.note(cursor, request["schema"], "superuser", {"person": made})
    return {"person": made}
`,
  "tenant_proof": `"""Whether a tenant is what the head of the project's migrations makes, as far as tables do not tell."""

from ledgers import LEDGER, label, quoted, read_duplicates, read_ledger
from pending import History
from post_migrate import lacking


def prove(schema, head, tenant, tenant_type):
    """What of the ledger, content types, permissions, sequences and rows is not as it should be."""
    kind = head.kind_of(schema, tenant_type)
    has_ledger = table_exists(head.connection, schema, LEDGER)
    history = head.history(read_ledger(head.connection, schema) if has_ledger else {})
    at_head = history.inconsistent is None and not history.plan
    groups = lacking(head.connection, head.state, head.loader, [(kind, [schema])]) if at_head else []
    return {
        "pending": [label(key) for key in history.plan + history.bookkeeping],
        "inconsistent": history.inconsistent,
        "ghosts": [label(key) for key in history.ghosts],
        "duplicates": read_duplicates(head.connection, schema) if has_ledger else [],
        "contentTypes": [name for group in groups for name in group["contentTypes"]],
        "permissions": [name for group in groups for name in group["permissions"]],
        "sequences": sequences_behind(head.connection, schema),
        **ask_models(head, kind, tenant),
    }


def table_exists(connection, schema, name):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relname = %s",
            [schema, name],
        )
        return cursor.fetchone() is not None


# What a sequence would give next is in the table already, or will be soon.
SEQUENCES = """
SELECT t.relname, a.attname, s.relname
  FROM pg_depend d
  JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
  JOIN pg_class t ON t.oid = d.refobjid AND t.relkind IN ('r', 'p')
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
  JOIN pg_namespace n ON n.oid = t.relnamespace
 WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
   AND d.deptype IN ('a', 'i') AND n.nspname = %s
 ORDER BY 1, 2
"""


def sequences_behind(connection, schema):
    """\`table.column\` whose sequence would give a key that exists."""
    with connection.cursor() as cursor:
        cursor.execute(SEQUENCES, [schema])
        owned = cursor.fetchall()
        if not owned:
            return []
        questions = [
            "SELECT %d, (SELECT max(%s) FROM %s.%s)"
            " > CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM %s.%s"
            % (index, *map(quoted, (column, schema, table, schema, sequence)))
            for index, (table, column, sequence) in enumerate(owned)
        ]
        cursor.execute(" UNION ALL ".join(questions))
        behind = [index for index, is_behind in cursor.fetchall() if is_behind]
    return sorted("%s.%s" % owned[index][:2] for index in behind)


def ask_models(head, kind, tenant):
    """Each of the tenant's models is asked for one row, with all its columns, as the project does it."""
    from django.apps import apps
    from django.db import Error, transaction
    from django_tenants.utils import tenant_context

    unanswered, asked = [], 0
    with tenant_context(tenant):
        for model in apps.get_models(include_auto_created=True):
            meta = model._meta
            if not meta.can_migrate(head.connection) or meta.app_label in head.loader.unmigrated_apps:
                continue
            if not kind.allows(meta.app_label, meta.model_name, model=model):
                continue
            head.connection.set_tenant(tenant)  # asking the routers has changed it
            asked += 1
            try:
                with transaction.atomic(using=head.connection.alias):
                    rows = model._base_manager.using(head.connection.alias).order_by()
                    list(rows.values_list(*columns_of(model))[:1])
            except Error as error:
                unanswered.append({"model": meta.label, "reason": str(error).strip().splitlines()[0]})
    return {"asked": asked, "unanswered": unanswered}


def columns_of(model):
    return [field.attname for field in model._meta.concrete_fields]
`,
  "tenant_references": '"""What goes with a tenant\'s row: rows of shared tables that point to it, and those that point to them."""\n\nfrom tenant_rows import models\n\n\ndef references(connection, shared):\n    """Every way by which a row of a shared table may go, or change, with another one.\n\n    A row of `table` whose `column` has the value of `of.column` in a row that goes loses itself, its\n    `reference`, or the `value`: it gets another one.\n    """\n    present = tables_in(connection, shared)\n    found, seen, waiting = [], set(), [models()[0]._meta.get_field("schema_name").model]\n    while waiting:\n        model = waiting.pop()\n        if model in seen:\n            continue\n        seen.add(model)\n        for reference, follows in [*to_parents(model), *to_model(model, present)]:\n            if reference not in found:\n                found.append(reference)\n            if reference["loses"] == "row":\n                waiting.append(follows)\n    return found\n\n\ndef tables_in(connection, schema):\n    with connection.cursor() as cursor:\n        cursor.execute(\n            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"\n            " WHERE n.nspname = %s AND c.relkind IN (\'r\', \'p\')",\n            [schema],\n        )\n        return {name for (name,) in cursor.fetchall()}\n\n\ndef to_parents(model):\n    """With a row of a model that inherits goes what its parents have of it."""\n    for parent, link in model._meta.parents.items():\n        if link is not None:\n            yield described(parent, link.target_field.column, link, "row"), parent\n\n\ndef to_model(model, present):\n    from django.db.models import CASCADE, DO_NOTHING, PROTECT, RESTRICT, SET_NULL\n\n    for relation in model._meta.get_fields(include_hidden=True):\n        if not (relation.one_to_many or relation.one_to_one) or relation.concrete:\n            continue\n        pointing = getattr(relation, "related_model", None)\n        on_delete = getattr(relation, "on_delete", None)\n        if on_delete in (None, DO_NOTHING, PROTECT, RESTRICT):\n            continue  # the database or Django refuses, or another way takes the row\n        if pointing._meta.db_table not in present:\n            continue  # its rows are in the schema of their tenant\n        loses = {CASCADE: "row", SET_NULL: "reference"}.get(on_delete, "value")\n        field = relation.field\n        yield described(pointing, field.column, field.target_field, loses), pointing\n\n\ndef described(model, column, of, loses):\n    return {\n        "model": model._meta.label,\n        "table": model._meta.db_table,\n        "key": model._meta.pk.column,\n        "column": column,\n        "of": {"table": of.model._meta.db_table, "column": of.column},\n        "loses": loses,\n    }\n\n\ndef delete(rows, connection):\n    """As Django deletes, signals included; tables that are in tenants\' schemas only are left alone."""\n    from django.db import ProgrammingError, transaction\n    from django.db.models.deletion import Collector\n    from django_tenants.utils import get_public_schema_name\n\n    present = tables_in(connection, get_public_schema_name())\n\n    class InShared(Collector):\n        def related_objects(self, related_model, related_fields, objs):\n            found = super().related_objects(related_model, related_fields, objs)\n            return found if related_model._meta.db_table in present else found.none()\n\n    try:\n        with transaction.atomic(using=connection.alias):\n            for row in rows:\n                collector = InShared(using=connection.alias, origin=row)\n                collector.collect([row])\n                collector.delete()\n    except ProgrammingError:\n        # A generic relation leads to a model of the tenant\'s schema: Django finds no table for it.\n        rows._raw_delete(connection.alias)\n\n\ndef deletions(connection):\n    """How many rows of each table this session has deleted, also by triggers and cascades of the database."""\n    with connection.cursor() as cursor:\n        cursor.execute(\n            "SELECT schemaname, relname, n_tup_del FROM pg_stat_xact_user_tables WHERE n_tup_del > 0"\n        )\n        return {(schema, table): rows for schema, table, rows in cursor.fetchall()}\n\n\ndef deleted_beyond(goes, before, after, shared):\n    """What has gone that was not meant to go, as `3 rows of public.audit_entry`."""\n    beyond = []\n    for (schema, table), rows in sorted(after.items()):\n        meant = goes.get(table, 0) if schema == shared else 0\n        more = rows - before.get((schema, table), 0) - meant\n        if more > 0:\n            beyond.append("%d %s of %s.%s" % (more, "row" if more == 1 else "rows", schema, table))\n    return beyond\n',
  "tenant_removal": `"""Removes what was made of a tenant: all of it in one transaction, newest first, or nothing."""

import tenant_journal
from ledgers import quoted
from tenant_people import at_home
from tenant_references import delete, deleted_beyond, deletions, references
from tenant_rows import models, tenant_of


class NotRemoved(Exception):
    """It is not this run's to remove."""


def remove(request, connection):
    """Without an \`id\`, the tenant is removed whoever made it; then no other rows may go than \`goes\` says."""
    from django.db import transaction

    schema, work = request["schema"], request["id"]
    with transaction.atomic(using=connection.alias):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [request["lockTimeout"]])
            journal, _ = tenant_journal.read(cursor, schema)
        is_ours = work is None or (journal is not None and journal["id"] == work)
        # Whoever asks may have lost the connection before it heard what was made.
        made = journal["made"] if is_ours and work is not None else request["made"]
        before = deletions(connection)
        removed = remove_all(schema, made, connection, is_ours)
        if request["goes"] is not None:
            refuse_more(request["goes"], made, before, connection)
        return {"removed": removed}


def refuse_more(goes, made, before, connection):
    """A trigger, a receiver of a signal or a rule of the database may have removed what would not come back."""
    from django_tenants.utils import get_public_schema_name

    after, shared = deletions(connection), get_public_schema_name()
    if made["row"] and (shared, models()[0]._meta.db_table) not in after:
        raise NotRemoved("PostgreSQL does not count what goes (track_counts is off)")
    beyond = deleted_beyond(goes, before, after, shared)
    if beyond:
        raise NotRemoved("%s would go with it and not come back" % ", ".join(beyond))


def inventory(schema, connection):
    """Everything that there is of a tenant, and how rows of shared tables depend on its row."""
    from django_tenants.utils import get_public_schema_name

    tenants, domains = models()
    tenant = tenants._base_manager.filter(schema_name=schema).first()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(c.oid) FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid"
            " AND c.relkind IN ('r', 'p') WHERE n.nspname = %s GROUP BY n.oid",
            [schema],
        )
        (tables,) = cursor.fetchone() or (None,)
    if tenant is None:
        return {"row": None, "domains": [], "tables": tables, "references": []}
    rows = domains._base_manager.filter(tenant_id=tenant.pk).order_by("-is_primary", "domain")
    name = tenants._meta.get_field("schema_name")
    return {
        "row": {"pk": str(tenant.pk), "table": name.model._meta.db_table, "name": name.column},
        "domains": [{"pk": str(row.pk), "domain": row.domain} for row in rows],
        "tables": tables,
        "references": references(connection, get_public_schema_name()),
    }


def remove_all(schema, made, connection, is_ours):
    removed = []
    person = made["person"]
    if person and (person["where"] == "shared" or not made["schema"]):
        delete_person(person, schema)
        removed.append("superuser")
    with connection.cursor() as cursor:
        if made["schema"]:
            drop_schema(cursor, schema, is_ours)
            removed.append("schema")
        elif is_ours:
            tenant_journal.close(cursor, schema)
    if made["domains"]:
        delete(models()[1]._base_manager.filter(pk__in=made["domains"]), connection)
        removed.append("domains")
    if made["row"]:
        # Without TenantMixin.delete(), which may drop a schema.
        delete(models()[0]._base_manager.filter(pk=made["row"]), connection)
        removed.append("row")
    return removed


def drop_schema(cursor, schema, is_ours):
    """Only the schema that was made: one of the same name that came after it is somebody else's."""
    refuse_shared(schema)
    cursor.execute("SELECT FROM pg_namespace WHERE nspname = %s", [schema])
    if cursor.fetchone() is None:
        return
    if not is_ours:
        raise NotRemoved("the schema %s is not the one that this run made" % schema)
    cursor.execute("DROP SCHEMA %s CASCADE" % quoted(schema))


def refuse_shared(schema):
    from django_tenants.utils import get_public_schema_name

    name = schema.lower()
    if schema == get_public_schema_name() or name in ("public", "information_schema"):
        raise NotRemoved("%s is the shared schema and is never dropped" % schema)
    if name.startswith("pg_"):
        raise NotRemoved("%s is PostgreSQL's own and is never dropped" % schema)


def delete_person(person, schema):
    from django.contrib.auth import get_user_model

    with at_home(person["where"], tenant_of(schema)):
        get_user_model()._base_manager.filter(pk=person["pk"]).delete()
`,
  "tenant_repair": `"""What a tenant lacks of what its ledger promises, and making it: by the project's own schema editor."""

from ledgers import label, quoted, read_ledger
from model_tables import identifier
from tenant_proof import sequences_behind


class Damage:
    """One tenant, compared with the state of the models that its ledger says it has."""

    def __init__(self, head, schema, tenant, tenant_type):
        self.head, self.schema, self.tenant = head, schema, tenant
        self.kind = head.kind_of(schema, tenant_type)
        self.history = head.history(read_ledger(head.connection, schema))
        self.there = columns_of(head.connection, schema)
        self.tables, self.columns, self.stuck = [], [], []
        if self.history.inconsistent is not None:
            self.stuck.append("its ledger is inconsistent: %s" % self.history.inconsistent)
            return
        state = head.states.state_after(self.history.loader, self.history.in_graph)
        for model in state.apps.get_models(include_auto_created=True):
            if self.belongs_here(model):
                self.compare(model)

    def belongs_here(self, model):
        meta = model._meta
        return (
            meta.app_label in self.head.loader.migrated_apps
            and meta.can_migrate(self.head.connection)
            and self.kind.allows(meta.app_label, meta.model_name, model=model)
        )

    def compare(self, model):
        table = identifier(model._meta.db_table)
        if table not in self.there:
            self.tables.append(model)
            return
        for field in model._meta.local_concrete_fields:
            if field.db_type(self.head.connection) is None:
                continue
            if identifier(field.column) in self.there[table]:
                continue
            if self.needs_a_value(field) and has_rows(self.head.connection, self.schema, table):
                self.stuck.append(
                    "%s.%s must have a value, and nothing says which" % (table, field.column)
                )
            else:
                self.columns.append((model, field))

    def needs_a_value(self, field):
        has_default = field.has_default() or getattr(field, "has_db_default", lambda: False)()
        return not (field.null or has_default)

    def told(self):
        return {
            "tables": sorted(identifier(model._meta.db_table) for model in self.tables),
            "columns": [
                "%s.%s" % (identifier(model._meta.db_table), field.column)
                for model, field in self.columns
            ],
            "sequences": sequences_behind(self.head.connection, self.schema),
            "pending": [label(key) for key in self.history.plan + self.history.bookkeeping],
            "stuck": self.stuck,
        }

    def mend(self):
        """All of it in one transaction."""
        from django_tenants.utils import tenant_context

        connection = self.head.connection
        with tenant_context(self.tenant), connection.schema_editor(atomic=True) as editor:
            made = set()
            for model in self.tables:
                if model._meta.auto_created and model._meta.auto_created in self.tables:
                    continue  # comes with the model whose relation it is
                if model not in made:
                    editor.create_model(model)
                    made.add(model)
            for model, field in self.columns:
                editor.add_field(model, field)
        with connection.cursor() as cursor:
            for behind in sequences_behind(connection, self.schema):
                table, column = behind.split(".")
                name = "%s.%s" % (quoted(self.schema), quoted(table))
                cursor.execute(
                    "SELECT setval(pg_get_serial_sequence(%%s, %%s), (SELECT max(%s) FROM %s))"
                    % (quoted(column), name),
                    [name, column],
                )


def columns_of(connection, schema):
    """Each table with the names of its columns."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " WHERE n.nspname = %s AND c.relkind IN ('r', 'p')",
            [schema],
        )
        for table, column in cursor.fetchall():
            found.setdefault(table, set()).add(column)
    return found


def has_rows(connection, schema, table):
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM %s.%s)" % (quoted(schema), quoted(table)))
        return cursor.fetchone()[0]
`,
  "tenant_rows": `"""A tenant's row, domains and schema: what exists, what is wrong with what was asked for, and making it."""

from contextlib import contextmanager

import tenant_journal
from ledgers import quoted


def models():
    from django_tenants import utils

    return utils.get_tenant_model(), utils.get_tenant_domain_model()


def tenant_of(schema):
    return models()[0]._base_manager.filter(schema_name=schema).first()


# Looking


def look(request, connection):
    """What exists of the tenant already, and what Django's own validation says about the rest."""
    tenants, domains = models()
    schema = request["schema"]
    row = tenant_of(schema)
    found = domains._base_manager.filter(domain__in=request["domains"]).select_related("tenant")
    owners = {one.domain: one for one in found}
    missing = [name for name in request["domains"] if name not in owners]
    problems = [] if row else problems_of(tenants, request["fields"])
    problems += domain_problems(domains, missing)
    problems += lookalikes(tenants, schema)
    return {
        "row": row_of(tenants, row, request["fields"]) if row else None,
        "domains": [
            {"domain": name, "schema": one.tenant.schema_name, "primary": bool(one.is_primary)}
            for name, one in sorted(owners.items())
        ],
        "problems": problems,
        "schema": schema_of(connection, schema),
    }


def problems_of(model, fields):
    """Each wrong field of a new row with Django's sentence; nothing is saved."""
    from django.core.exceptions import ValidationError

    try:
        with_values(model, fields).full_clean()
    except ValidationError as error:
        return listed(error)
    except (TypeError, ValueError) as error:
        return [{"field": "", "message": str(error)}]
    return []


def domain_problems(model, names):
    from django.core.exceptions import ValidationError

    problems = []
    for name in names:
        try:
            model(domain=name).full_clean(exclude=["tenant"])
        except ValidationError as error:
            problems += [dict(found, field="domain %s" % name) for found in listed(error)]
    return problems


def lookalikes(tenants, schema):
    """django-tenants takes names that differ in case only for one tenant; PostgreSQL does not."""
    others = tenants._base_manager.filter(schema_name__iexact=schema).exclude(schema_name=schema)
    return [
        {"field": "schema_name", "message": "a tenant with the schema %s exists" % other}
        for other in others.values_list("schema_name", flat=True)
    ]


def listed(error):
    return [
        {"field": "" if field == "__all__" else field, "message": " ".join(messages)}
        for field, messages in error.message_dict.items()
    ]


def with_values(model, fields):
    """An unsaved instance. Relations take the key of the other row."""
    names = {field.name: field.attname for field in model._meta.concrete_fields}
    return model(**{names.get(name, name): value for name, value in fields.items()})


def row_of(model, row, fields):
    return {
        "pk": str(row.pk),
        "hidden": not model._default_manager.filter(pk=row.pk).exists(),
        "differences": differences_of(model, row, fields),
    }


def differences_of(model, row, fields):
    """The fields whose value in the row is another one than the one asked for."""
    from django.core.exceptions import ValidationError

    found = []
    for name, value in fields.items():
        field = model._meta.get_field(name)
        try:
            wanted = field.clean(value, row)
        except ValidationError:
            wanted = value
        if getattr(row, field.attname) != wanted:
            found.append(name)
    return sorted(found)


def schema_of(connection, schema):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = %s),"
            " (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            "  WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f')),"
            " has_database_privilege(current_database(), 'CREATE'), current_user",
            [schema, schema],
        )
        exists, tables, may_create, role = cursor.fetchone()
        journal, _ = tenant_journal.read(cursor, schema)
    return {
        "exists": bool(exists),
        "tables": tables,
        "mayCreate": may_create,
        "role": role,
        "journal": journal,
    }


# Making


def begin(request, connection):
    """Makes the row and the empty schema, and begins their journal: all of it or nothing."""
    from django.db import transaction

    made = {"row": None, "domains": [], "schema": False, "person": None}
    schema = request["schema"]
    with transaction.atomic(using=connection.alias):
        if request["makeRow"]:
            tenant = with_values(models()[0], request["fields"])
            tenant.full_clean()
            # The schema is made below, and its tables by a command of its own: save() would skip a
            # schema that is there already, and would hide why migrations fail.
            tenant.auto_create_schema = False
            with no_call_for_a_schema():
                tenant.save()
            made["row"] = str(tenant.pk)
        with connection.cursor() as cursor:
            if request["makeSchema"]:
                cursor.execute("CREATE SCHEMA %s" % quoted(schema))
                made["schema"] = True
            # A comment is its owner's to write; an adopted or shared schema may be somebody else's.
            journaled = tenant_journal.owns(cursor, schema)
            if journaled:
                _, comment = tenant_journal.read(cursor, schema)
                journal = {**request["journal"], "made": made, "done": [], "comment": comment}
                tenant_journal.write(cursor, schema, journal)
    return {"made": made, "journaled": journaled}


@contextmanager
def no_call_for_a_schema():
    """Without auto_create_schema, save() asks its listeners to make the schema; it is made here."""
    from django_tenants.signals import schema_needs_to_be_sync as signal

    signal.send = lambda *args, **kwargs: []
    try:
        yield
    finally:
        del signal.send


def make_domains(request, connection):
    """The domains that are missing; the first one is primary where the tenant has no other."""
    from django.db import transaction

    domains = models()[1]
    tenant = tenant_of(request["schema"])
    made = []
    with transaction.atomic(using=connection.alias):
        has_primary = domains._base_manager.filter(tenant=tenant, is_primary=True).exists()
        for index, name in enumerate(request["domains"]):
            domain = domains(
                domain=name, tenant=tenant, is_primary=index == 0 and not has_primary
            )
            domain.save()
            made.append(str(domain.pk))
        with connection.cursor() as cursor:
            tenant_journal.note(cursor, request["schema"], "domains", {"domains": made})
    return {"domains": made}


def announce(request, connection):
    """Sends what django-tenants sends once a new schema has its tables."""
    from django_tenants.models import TenantMixin
    from django_tenants.signals import post_schema_sync

    tenant = tenant_of(request["schema"])
    post_schema_sync.send(sender=TenantMixin, tenant=tenant.serializable_fields())
    connection.set_schema_to_public()
    with connection.cursor() as cursor:
        tenant_journal.note(cursor, request["schema"], "signal")
    return {}
`,
  "through_manage": '"""Runs one probe inside a Django project, through the project\'s own manage.py.\n\nThe probe\'s answer is a JSON file, never standard output: projects print while they are imported.\nThe folder named by TENANTRY_FOLDER holds `request.json` (what is asked) and gets `answer.json`,\nwhose last key is `"complete": true`. A project that cannot be started is an answer, too:\n{"failure": ...}.\n"""\n\nimport json\nimport os\nimport runpy\nimport site\nimport sys\nimport traceback\nimport types\n\n# The module by which the code inside `manage.py shell` finds its way back to the probe.\nWAY_BACK = "tenantry_probe"\nTRACEBACK_LINES = 40\n\n\nclass Refusal(Exception):\n    """The probe cannot answer, for a reason that has a name."""\n\n    def __init__(self, kind, message, **details):\n        super().__init__(message)\n        self.kind = kind\n        self.details = details\n\n\ndef through_manage(probe):\n    """Calls probe(request) once Django is set up, and writes its answer or why there is none."""\n    folder = os.environ["TENANTRY_FOLDER"]\n    with open(os.path.join(folder, "request.json"), encoding="utf-8") as file:\n        request = json.load(file)\n\n    answer = {}\n    way_back = types.ModuleType(WAY_BACK)\n    way_back.run = lambda: answer.update(ask(probe, request))\n    make_room()\n    sys.modules[WAY_BACK] = way_back\n\n    try:\n        run_manage(settings_module=request.get("settingsModule"))\n    except SystemExit as ended:\n        if not answer:\n            message = "it ended with exit code %s before it ran the command" % ended.code\n            answer["failure"] = {"kind": "manage-py", "exception": "SystemExit", "message": message}\n    except BaseException as error:\n        if not answer:\n            answer["failure"] = describe(error, kind_of_start_failure(error))\n    if not answer:\n        message = "it ended without running the command shell"\n        answer["failure"] = {"kind": "manage-py", "exception": "", "message": message}\n\n    write_answer(folder, answer)\n\n\ndef make_room():\n    """Forgets the modules that came with the probe: the project may have some of the same name."""\n    folder = os.path.dirname(os.path.abspath(__file__))\n    for name, module in list(sys.modules.items()):\n        path = getattr(module, "__file__", None)\n        if name != "__main__" and path and os.path.dirname(os.path.abspath(path)) == folder:\n            del sys.modules[name]\n\n\ndef run_manage(settings_module):\n    """Does what `python manage.py shell -c …` does, in this process."""\n    here = os.getcwd()\n    command = "import %s; %s.run()" % (WAY_BACK, WAY_BACK)\n    # Verbosity 0: from Django 5.2 on the shell prints what it imported.\n    sys.argv = ["manage.py", "shell", "--verbosity", "0", "-c", command]\n    if settings_module:\n        sys.argv.append("--settings=" + settings_module)\n    sys.path[0] = here\n    runpy.run_path(os.path.join(here, "manage.py"), run_name="__main__")\n\n\ndef ask(probe, request):\n    from django.conf import settings\n\n    settings.INSTALLED_APPS  # raises what `manage.py shell` has swallowed\n    try:\n        return probe(request)\n    except Refusal as refusal:\n        failure = describe(refusal.__cause__ or refusal, refusal.kind)\n        failure.update(refusal.details, message=str(refusal))\n        return {"failure": failure}\n    except Exception as error:\n        return {"failure": describe(error, "connection" if is_lost(error) else "probe")}\n\n\ndef kind_of_start_failure(error):\n    if getattr(root_of(error), "name", None) == "django":\n        return "django-missing"\n    if is_lost(error):\n        return "connection"\n    try:\n        from django.conf import settings\n    except ImportError:\n        return "manage-py"\n    return "loading" if settings.configured else "settings"\n\n\ndef is_lost(error):\n    """Whether the database could not be reached, or went away."""\n    try:\n        from django.db import InterfaceError, OperationalError\n    except Exception:\n        return False\n    return isinstance(error, (InterfaceError, OperationalError))\n\n\ndef root_of(error):\n    """What lies below Django\'s own "Couldn\'t import Django" of manage.py."""\n    while isinstance(error, ImportError) and isinstance(error.__cause__, ImportError):\n        error = error.__cause__\n    return error\n\n\ndef describe(error, kind):\n    root = root_of(error)\n    lines = "".join(traceback.format_exception(type(root), root, root.__traceback__)).splitlines()\n    return {\n        "kind": kind,\n        "exception": type(root).__name__,\n        "message": str(root).strip(),\n        "where": place_of(root),\n        "missingModule": getattr(root, "name", None) if isinstance(root, ImportError) else None,\n        "traceback": "\\n".join(lines[-TRACEBACK_LINES:]),\n    }\n\n\ndef place_of(error):\n    """The line of the project where it went wrong, like `shop/settings.py:14`, or None."""\n    here = os.path.join(os.getcwd(), "")\n    installed = tuple(os.path.join(path, "") for path in site.getsitepackages() + [sys.prefix])\n    place = None\n    for frame in traceback.extract_tb(error.__traceback__):\n        if frame.filename.startswith(here) and not frame.filename.startswith(installed):\n            place = "%s:%s" % (frame.filename[len(here):], frame.lineno)\n    return place\n\n\ndef write_answer(folder, answer):\n    path = os.path.join(folder, "answer.json")\n    # Only its owner may read it: models and tenants are nobody else\'s business.\n    descriptor = os.open(path + ".tmp", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)\n    with os.fdopen(descriptor, "w", encoding="utf-8") as file:\n        file.write(json.dumps(dict(answer, complete=True)))  # json.dump writes piece by piece, in Python\n    os.replace(path + ".tmp", path)\n',
  "worker": `"""Migrates tenant after tenant in one process, in which the project is started once.

Requests come as JSON lines on standard input, one tenant at a time, and events go as JSON lines to
standard output.
"""

from worker_line import Line, take_streams

STREAMS = take_streams()

import gc  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

from through_manage import Refusal, through_manage  # noqa: E402
from worker_session import Session  # noqa: E402
from worker_support import check_project, versions, why_unsupported  # noqa: E402
from worker_tenant import Tenant  # noqa: E402
from worker_work import Works  # noqa: E402


def work(request):
    """Serves until it is told to end, or until nobody is there any more."""
    line = Line(*STREAMS)
    reason = why_unsupported()
    if reason is None:
        session = Session()
        line.cancel = session.cancel
        timeouts = session.connect()
        reason = check_project(session.connection)
    if reason is not None:
        line.say("unsupported", reason=reason)
        return {}
    works = Works(load_migrations())
    gc.collect()
    gc.freeze()  # what the project is made of stays, and need not be looked through again
    line.say("ready", **versions(), **timeouts, pid=os.getpid(), python=sys.version.split()[0])
    while True:
        request = line.hear()
        if request is None or request["do"] == "end":
            return {}
        tenant = Tenant(request, session, works, line)
        if request["do"] == "prepare":
            tenant.prepare()
        else:
            tenant.migrate()


def load_migrations():
    from django.db.migrations.loader import MigrationLoader

    try:
        return MigrationLoader(None)
    except Exception as error:  # the project's migrations are imported here
        raise Refusal("migrations", "%s: %s" % (type(error).__name__, error)) from error


if __name__ == "__main__":
    through_manage(work)
`,
  "worker_failures": `"""What is told about a tenant that could not be migrated."""

import traceback

from through_manage import TRACEBACK_LINES, place_of

# What PostgreSQL says when work does not fit into one transaction.
NOT_IN_ONE_TRANSACTION = {
    "55006": "pending trigger events",
    "55P04": "a new value of an enum is used before it is committed",
    "25001": "a statement that cannot run inside a transaction",
}


def describe(error):
    """In PostgreSQL's own words where it is the one that refused."""
    refusal = refusal_of(error)
    lines = "".join(
        traceback.format_exception(type(error), error, error.__traceback__)
    ).splitlines()
    diagnosis = getattr(refusal, "diag", None)
    return {
        "exception": type(refusal or error).__name__,
        "message": getattr(diagnosis, "message_primary", None) or str(error).strip(),
        "detail": getattr(diagnosis, "message_detail", None),
        "sqlstate": sqlstate_of(error),
        "where": place_of(error),
        "traceback": "\\n".join(lines[-TRACEBACK_LINES:]),
    }


def refusal_of(error):
    """The driver's own exception, which Django wraps in one of its own."""
    for one in (error, error.__cause__):
        if getattr(one, "sqlstate", None) or getattr(one, "pgcode", None):
            return one
    return None


def sqlstate_of(error):
    refusal = refusal_of(error)
    return getattr(refusal, "sqlstate", None) or getattr(refusal, "pgcode", None)


def why_not_in_one_transaction(error):
    """In words; None when it would have failed anyway."""
    from django.db.transaction import TransactionManagementError

    reason = NOT_IN_ONE_TRANSACTION.get(sqlstate_of(error))
    if reason is not None:
        return "%s: %s" % (reason, describe(error)["message"])
    durable = isinstance(error, RuntimeError) and "durable atomic block" in str(error)
    if durable or isinstance(error, TransactionManagementError):
        return str(error)
    return None
`,
  "worker_ledger": `"""The ledger of the tenant that is being migrated, without asking for what is known."""

from functools import cache


@cache
def ledger_class():
    from django.db.migrations.recorder import MigrationRecorder

    class Ledger(MigrationRecorder):
        """Django's own, but for its look at all tables of the database before each row."""

        def __init__(self, connection, applied, exists):
            super().__init__(connection)
            self.exists = exists
            self.known = dict.fromkeys(applied)
            self.waiting = None

        def has_table(self):
            return self.exists

        def ensure_schema(self):
            super().ensure_schema()
            self.exists = True

        def applied_migrations(self):
            return dict(self.known)

        def record_applied(self, app, name):
            self.known[app, name] = None
            if self.waiting is None:
                super().record_applied(app, name)
            else:
                self.waiting.append(self.Migration(app=app, name=name))

        def put_off(self, record, migration):
            """Rows of migrations that have nothing else wait for each other."""
            self.waiting = self.waiting or []
            record(migration)

        def write(self):
            rows, self.waiting = self.waiting, None
            if rows:
                self.migration_qs.bulk_create(rows)

    return Ledger
`,
  "worker_line": `"""The worker's side of the conversation with whoever started it."""

import json
import os
import queue
import selectors
import signal
import threading
import time

# Seconds that the statement under way gets to end once it was cancelled.
LAST_MOMENTS = 5
LONGEST_READ = 65536


def take_streams():
    """Takes standard input and output away; to be called before anything of the project is imported.

    Whatever the project prints, in whichever way, goes to standard error.
    """
    requests, events = os.dup(0), os.dup(1)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return requests, events


class Line:
    """JSON lines, in and out.

    A thread listens, so that the end of the conversation is heard while a statement runs: the
    statement is cancelled then, and the database does not work on for nobody.
    """

    def __init__(self, requests, events):
        self.events = os.fdopen(events, "w", encoding="utf-8", newline="\\n")
        self.inbox = queue.SimpleQueue()
        self.cancel = lambda: None
        told_by_signal, wake_up = os.pipe()
        os.set_blocking(wake_up, False)
        # The signal is heard at once, also while a driver waits for the database.
        signal.signal(signal.SIGTERM, lambda *_: None)
        signal.set_wakeup_fd(wake_up, warn_on_full_buffer=False)
        listener = threading.Thread(
            target=self.listen, args=[requests, told_by_signal], daemon=True
        )
        listener.start()

    def say(self, event, **told):
        self.events.write(json.dumps(dict(told, event=event), default=str) + "\\n")
        self.events.flush()

    def hear(self):
        """The next request; None when there will be no other."""
        return self.inbox.get()

    def listen(self, requests, told_by_signal):
        with selectors.DefaultSelector() as selector:
            selector.register(requests, selectors.EVENT_READ)
            selector.register(told_by_signal, selectors.EVENT_READ)
            text = b""
            while True:
                ready = [key.fd for key, _ in selector.select()]
                if told_by_signal in ready and signal.SIGTERM in os.read(
                    told_by_signal, LONGEST_READ
                ):
                    break
                if requests not in ready:
                    continue
                more = os.read(requests, LONGEST_READ)
                if not more:
                    break
                *lines, text = (text + more).split(b"\\n")
                for line in lines:
                    self.inbox.put(json.loads(line))
        self.inbox.put(None)
        self.end()

    def end(self):
        for _ in range(LAST_MOMENTS * 5):
            self.cancel()
            time.sleep(0.2)
        os._exit(1)
`,
  "worker_migrations": `"""Applies the migrations of one tenant: Django's executor does it, on states that are there."""

import copy

from worker_operations import (
    changes_state,
    is_renaming_content_type,
    is_special,
    shares_states,
)
from worker_states import without_classes
from worker_work import is_row_only, key


class Migrations:
    """One tenant's way through its work."""

    def __init__(self, session, work, ledger, progress):
        from django.db.migrations.executor import MigrationExecutor

        self.session, self.work, self.ledger = session, work, ledger
        self.executor = MigrationExecutor.__new__(MigrationExecutor)
        self.executor.connection = session.connection
        self.executor.loader = work.loader
        self.executor.recorder = ledger
        self.executor.progress_callback = progress
        self.own_states = {}

    def apply(self, plan, row_written):
        """\`row_written\` is told each migration that had nothing but its row."""
        changed = plan is not self.work.plan
        if self.work.by_the_book or (changed and any(map(self.has_strange_operation, plan))):
            apply_one = self.by_the_book()
        else:
            apply_one = self.on_shared_states
        waiting = []
        for migration, _ in plan:
            row_only = key(migration) in self.work.row_only
            if row_only and (not changed or is_row_only(migration, self.session.alias)):
                self.ledger.put_off(self.executor.record_migration, migration)
                waiting.append(migration)
                apply_one(migration, row_only=True)
                continue
            self.write_rows(waiting, row_written)
            apply_one(migration, row_only=False)
        self.write_rows(waiting, row_written)

    def write_rows(self, waiting, row_written):
        self.ledger.write()
        for migration in waiting:
            row_written(migration)
        waiting.clear()

    def record_squashes(self):
        """Django records a squashed migration once everything that it replaces is applied."""
        before = set(self.ledger.known)
        self.executor.check_replacements()
        return sorted(set(self.ledger.known) - before)

    def has_strange_operation(self, step):
        """Whether a receiver of pre_migrate put in something that may change the models."""
        migration, _ = step
        if key(migration) in self.work.row_only:
            return not is_row_only(migration, self.session.alias)
        return any(
            id(operation) not in self.work.steps and not is_renaming_content_type(operation)
            for operation in migration.operations
        )

    def by_the_book(self):
        """With states of this tenant's own, made on the way, as Django does it."""
        state = without_classes(self.work.before)

        def apply_one(migration, row_only):
            nonlocal state
            if row_only:
                state = migration.mutate_state(state, preserve=False)
                return
            state.apps  # rendered as a whole first, which is faster
            with self.session.for_project():
                state = self.executor.apply_migration(state, migration)

        return apply_one

    def on_shared_states(self, migration, row_only):
        if row_only:
            return
        prepared = copy.copy(migration)
        prepared.operations, after = [], None
        for operation in migration.operations:
            before, after = self.work.steps.get(id(operation), (after, after))
            prepared.operations.append(Prepared(self, operation, before, after))
        self.executor.apply_migration(NoState(), prepared)

    def own(self, state):
        """A copy of a shared state for this tenant alone."""
        if id(state) not in self.own_states:
            self.own_states[id(state)] = without_classes(state)
        return self.own_states[id(state)]

    def own_after(self, app_label, operation, before, after):
        if not changes_state(operation):
            return self.own(before)
        if id(after) not in self.own_states:
            changed = self.own(before).clone()
            operation.state_forwards(app_label, changed)
            self.own_states[id(after)] = changed
        return self.own_states[id(after)]


class Prepared:
    """An operation with the states before and after it, which Django works out for each tenant."""

    def __init__(self, migrations, operation, before, after):
        self.migrations, self.operation = migrations, operation
        self.before, self.after = before, after
        self.atomic, self.reduces_to_sql = operation.atomic, operation.reduces_to_sql

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        operation, migrations = self.operation, self.migrations
        if shares_states(operation):
            operation.database_forwards(app_label, schema_editor, self.before, self.after)
            return
        before, after = self.before, self.after
        if not is_special(operation, "RunSQL"):  # it looks at no state
            after = migrations.own_after(app_label, operation, before, after)
            before = migrations.own(before)
        with migrations.session.for_project():
            operation.database_forwards(app_label, schema_editor, before, after)


class NoState:
    """Stands where Django keeps the state that it works out on the way."""

    def clone(self):
        return self
`,
  "worker_operations": `"""What the operations of migrations do with the models' states."""

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
`,
  "worker_session": `"""The worker's connection to the database: which tenant it is in, and what it costs."""

from contextlib import contextmanager, nullcontext, suppress

from ledgers import LEDGER, quoted

IDLE = 0  # libpq's PQTRANS_IDLE


class Session:
    """One connection for tenant after tenant.

    django-tenants sends SET search_path before every statement, because anybody may have changed
    it. While only Django's own operations run, nobody does: then it is sent once a tenant, outside
    any transaction. The project's own code gets what it always gets, and a new connection comes
    after it, as after each tenant of migrate_schemas.
    """

    def __init__(self):
        from django.db import connections
        from django_tenants import utils

        self.connection = connections[utils.get_tenant_database_alias()]
        self.alias = self.connection.alias
        self.statements = 0
        self.commits = 0
        self.served_project = False
        self.trusted = False
        self.entered = None
        self.limit_set_calls()
        self.count_round_trips()

    def limit_set_calls(self):
        from django_tenants.postgresql_backend import base

        asked_for = base.get_limit_set_calls
        base.get_limit_set_calls = lambda: self.trusted or asked_for()
        connection = self.connection

        # A rollback takes back a SET, and not every version of django-tenants knows.
        def forgetting(undo):
            def undo_and_forget(*args):
                try:
                    return undo(*args)
                finally:
                    connection.search_path_set_schemas = None

            return undo_and_forget

        connection.rollback = forgetting(connection.rollback)
        connection.savepoint_rollback = forgetting(connection.savepoint_rollback)

    def count_round_trips(self):
        connection = self.connection

        def counted(execute, sql, params, many, context):
            self.statements += 1
            return execute(sql, params, many, context)

        # The drivers send BEGIN before the first statement of a transaction, unseen.
        def ending(end, commits):
            def end_and_count():
                raw = connection.connection
                if raw is not None and not raw.closed and raw.info.transaction_status != IDLE:
                    self.statements += 2
                    self.commits += commits
                return end()

            return end_and_count

        connection.execute_wrappers.append(counted)
        connection._commit = ending(connection._commit, 1)
        connection._rollback = ending(connection._rollback, 0)

    def connect(self):
        """Opens the connection; the limits that hold on it, in milliseconds."""
        # A statement whose client is gone without a word (its tunnel died with the runner) ends within two seconds,
        # and not when it has run its course. PostgreSQL 14 and newer can, where the kernel tells them.
        (lock, statement, _) = self.ask(
            "SELECT (SELECT setting::bigint FROM pg_settings WHERE name = 'lock_timeout'),"
            " (SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout'),"
            " (SELECT set_config(name, '2000', false) FROM pg_settings"
            "   WHERE name = 'client_connection_check_interval' AND version() LIKE '%linux%')"
        )
        return {"lockTimeout": lock, "statementTimeout": statement}

    def enter(self, schema, tenant_type, application_name):
        """Goes to a tenant; what its ledger says, as one short text. None: there is no ledger."""
        from django.db import ProgrammingError

        self.served_project = False
        self.trusted = True
        self.entered = None
        connection = self.connection
        self.set_schema(schema, tenant_type)
        paths = connection._get_cursor_search_paths()
        settings = "set_config('application_name', %s, false), set_config('search_path', %s, false)"
        values = [application_name, ", ".join(map(quoted, paths))]
        row = "(app || ' ' || name) COLLATE \\"C\\""
        ledger = f"{quoted(schema)}.{LEDGER}".replace("%", "%%")
        digest = f"coalesce(md5(string_agg(DISTINCT {row}, ',' ORDER BY {row})), '')"
        try:
            *_, found = self.ask(f"SELECT {settings}, (SELECT {digest} FROM {ledger})", values)
        except ProgrammingError as error:
            found, refusal = None, error
        if found is None:
            if self.has_ledger(schema):
                raise refusal  # it is there and cannot be read
            self.ask(f"SELECT {settings}", values)
        connection.search_path_set_schemas = paths
        self.entered = connection.connection
        return found

    def set_schema(self, schema, tenant_type):
        from django_tenants.postgresql_backend import base
        from django_tenants.utils import get_public_schema_name

        if schema == get_public_schema_name():
            raise RuntimeError("%s is the shared schema, not a tenant's" % schema)
        # EXTRA_SET_TENANT_METHOD_PATH: the project's own code is called.
        own_code = self.for_project() if base.EXTRA_SET_TENANT_METHOD else nullcontext()
        with own_code:
            self.connection.set_schema(schema, tenant_type=tenant_type or "")

    def has_ledger(self, schema):
        (exists, ledger) = self.ask(
            "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %s),"
            " EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relname = %s)",
            [schema, schema, LEDGER],
        )
        if not exists:
            raise RuntimeError('Schema "%s" does not exist' % schema)  # as migrate_schemas says it
        return ledger

    def ask(self, statement, values=None):
        """One row, by a cursor that django-tenants does not know of."""
        connection = self.connection
        connection.ensure_connection()
        self.statements += 1
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone()

    @contextmanager
    def without_public(self, schema, tenant_type):
        """In the tenant's schema alone: nothing that lies elsewhere is taken for its own."""
        self.connection.set_schema(schema, tenant_type=tenant_type or "", include_public=False)
        try:
            yield
        finally:
            self.set_schema(schema, tenant_type)

    @contextmanager
    def for_project(self):
        """While the project's own code runs."""
        self.served_project = True
        before, self.trusted = self.trusted, False
        try:
            yield
        finally:
            self.trusted = before
            self.connection.search_path_set_schemas = None

    def renew(self):
        """What the session was left with by the project, or by a failure, is gone with it."""
        with suppress(Exception):
            self.connection.close()
        # As a connection that was never opened.
        self.connection.connection = None
        self.connection.in_atomic_block = False
        self.connection.closed_in_transaction = False
        self.connection.savepoint_ids = []
        self.connection.atomic_blocks = []
        self.connection.needs_rollback = False
        self.connection.run_on_commit = []
        self.connection.search_path_set_schemas = None

    def is_lost(self, error):
        """Whether the connection is gone: nobody knows what became of the last statement."""
        from django.db import Error, InterfaceError, OperationalError

        connection = self.connection
        if connection.connection is None or connection.connection is not self.entered:
            # Django closes a connection that cannot roll back, and opens another one.
            return isinstance(error, (InterfaceError, OperationalError))
        try:
            # A driver may not know yet what has become of its connection.
            with connection.wrap_database_errors, connection.connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except (InterfaceError, OperationalError):
            return True
        except Error:
            return False
        return False

    def cancel(self):
        """Called by another thread: ends the statement under way."""
        with suppress(Exception):
            self.connection.connection.cancel()
`,
  "worker_signals": `"""The signals that Django and django-tenants send around the migrations of a schema."""

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
    """What \`migrate_schemas --schema\` tells those who listen to django-tenants."""

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
`,
  "worker_states": `"""The models around an operation of a migration: no more of them than it looks at.

Whenever a model changes, Django makes classes of all that are related to it, however remotely: 3,700
classes and 100 MB for the 254 operations of a tenant with 60 tables. They look at a few of them.
"""

# Django's own operations that ask the states for one model, as it is before and after, and for
# the tables and keys of those that it points to.
OF_ONE_MODEL = {
    "AddConstraint",
    "AddConstraintNotValid",
    "AddField",
    "AddIndex",
    "AddIndexConcurrently",
    "AlterConstraint",
    "AlterField",
    "AlterIndexTogether",
    "AlterModelManagers",
    "AlterModelOptions",
    "AlterUniqueTogether",
    "CreateModel",
    "RemoveConstraint",
    "RemoveField",
    "RemoveIndex",
    "RemoveIndexConcurrently",
    "ValidateConstraint",
}
# What of the options of a model matters to those that point to it.
IDENTITY = ("db_table", "managed", "proxy", "swappable")


class States:
    """Goes through a plan, operation by operation."""

    def __init__(self, state):
        self.state = state  # all models, never as classes
        self.whole = self.whole_at = None  # the same with classes, and the state that it is of
        self.parts = {}  # by model: the latest part, and the models' states that it is made of

    def pass_over(self, migration):
        """A migration that changes nothing but the state."""
        self.state = self.state.clone()
        migration.mutate_state(self.state, preserve=False)

    def around(self, app_label, operation, changes, shared):
        """The states before and after the operation; where tenants share them, with classes."""
        key = model_of(app_label, operation) if shared else None
        before = after = self.state
        if changes:
            after = before.clone() if key is None else with_own(before, key)
            operation.state_forwards(app_label, after)
            self.state = after
        if not shared:
            return before, after
        found = None if key is None else self.of_one_model(operation, key, before, after)
        return found or self.of_all_models(app_label, operation, before, after)

    def of_one_model(self, operation, key, before, after):
        """None where the operation, or its model, may look further."""
        models = [state.models[key] for state in (before, after) if key in state.models]
        if any(map(inherits, models)) or reaches_others(operation, key, before, after):
            return None
        try:
            return self.part(before, key), self.part(after, key)
        except Exception:  # Django knows what else is needed to make classes of these models
            return None

    def part(self, state, key):
        """One model, and what it points to as far as tables and keys go. None: it is not there yet."""
        if key not in state.models:
            return None
        part, made_of = self.parts.get(key, (None, None))
        if part is None or any(state.models.get(one) is not made_of[one] for one in made_of):
            part = part_of(state, key)
            self.parts[key] = part, {one: state.models[one] for one in part.models}
        return part

    def of_all_models(self, app_label, operation, before, after):
        old = self.whole if self.whole_at is before else without_classes(before)
        old.apps  # made as a whole first, which is faster
        new = old
        if after is not before:
            new = old.clone()
            operation.state_forwards(app_label, new)
        self.whole, self.whole_at = new, after
        return old, new


def model_of(app_label, operation):
    """The key of the only model that the operation looks at or changes; None: there may be others."""
    if type(operation).__name__ not in OF_ONE_MODEL:
        return None
    return app_label, (getattr(operation, "model_name", None) or operation.name).lower()


def with_own(state, key):
    """A copy whose other models are the same objects."""
    from django.db.migrations.state import ProjectState

    models = dict(state.models)
    if key in models:
        models[key] = models[key].clone()
    return ProjectState(models=models, real_apps=state.real_apps)


def inherits(model):
    return any(isinstance(base, str) for base in model.bases)


def reaches_others(operation, key, before, after):
    """Whether it alters a field that has a table of its own, or that columns of other tables follow."""
    from django.db.migrations.utils import field_is_referenced

    if type(operation).__name__ != "AlterField":
        return False
    name = operation.name
    versions = [(state, state.models[key].fields[name]) for state in (before, after)]
    return any(
        field.many_to_many
        or field.primary_key
        or (field.unique and field_is_referenced(state, key, (name, field)))
        for state, field in versions
    )


def part_of(state, key):
    from django.db.migrations.state import ProjectState

    models = {key: state.models[key]}
    columns, real_apps = {}, set()
    waiting = [models[key]]
    while waiting:
        for target, names in targets_of(waiting.pop()):
            if target == key:
                continue
            if target not in state.models:
                if target[0] not in state.real_apps:
                    raise LookupError(target)
                real_apps.add(target[0])
            elif target not in columns or not names <= columns[target]:
                columns[target] = columns.get(target, set()) | names
                models[target] = outline_of(state.models[target], columns[target])
                waiting.append(models[target])
    part = ProjectState(models=models, real_apps=real_apps)
    part.apps
    return part


def targets_of(model):
    """The models that it points to or is made of, as keys of a state, with the fields that it names."""
    from django.db.migrations.utils import resolve_relation

    found = [(base, set()) for base in model.bases if isinstance(base, str)]
    for field in model.fields.values():
        relation = field.remote_field
        if relation:
            found.append((relation.model, {name for name in getattr(field, "to_fields", ()) if name}))
        if relation and getattr(relation, "through", None):
            found.append((relation.through, set()))
    return [(resolve_relation(one, model.app_label, model.name_lower), names) for one, names in found]


def outline_of(model, names):
    from django.db.migrations.state import ModelState

    return ModelState(
        model.app_label,
        model.name,
        {name: one for name, one in model.fields.items() if one.primary_key or name in names},
        {name: value for name, value in model.options.items() if name in IDENTITY},
        model.bases,
    )


def without_classes(state):
    """A copy without model classes: they and their managers keep what they looked up."""
    from django.db.migrations.state import ProjectState

    models = {name: model.clone() for name, model in state.models.items()}
    return ProjectState(models=models, real_apps=state.real_apps)
`,
  "worker_support": `"""Which projects the worker may migrate: it stands on parts of Django that may change."""

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
    return tuple(int(number) for number in re.findall(r"\\d+", version)[:2])


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
`,
  "worker_tenant": `"""One tenant, from the request to the event that tells how it ended."""

import resource
import time

from ledgers import label, read_ledger
from worker_failures import describe, why_not_in_one_transaction
from worker_ledger import ledger_class
from worker_migrations import Migrations
from worker_signals import (
    TenantSignals,
    send_post_migrate,
    send_pre_migrate,
    wants_post_migrate,
    wants_pre_migrate,
)
from worker_work import key


class CannotTryOut(Exception):
    """Known before anything was done."""


class Gone(Exception):
    """Nobody is there any more to say whether the work shall be kept."""


class Tenant:
    def __init__(self, request, session, works, line):
        self.schema, self.tenant_type = request["schema"], request["tenantType"]
        self.policy, self.try_out = request["postMigrate"], request["tryOut"]
        self.application_name = request["applicationName"]
        self.session, self.works, self.line = session, works, line
        self.during, self.migration = "signal", None
        self.applied, self.post_migrate = [], False
        self.digest = None

    def prepare(self):
        """Works out what a tenant like this one needs, before the first of them comes.

        Changes nothing and says nothing: what is wrong with it is told when it is migrated.
        """
        self.start_afresh()
        try:
            self.digest = self.session.enter(self.schema, self.tenant_type, self.application_name)
            self.look_up_work()
        except BaseException:
            self.works.forget(self.digest, self.tenant_type)
            self.session.renew()
        else:
            if self.session.served_project:
                self.session.renew()

    def start_afresh(self):
        from django import db
        from django.utils import timezone, translation

        translation.deactivate_all()  # as migrate does: names of permissions are not translated
        timezone.deactivate()  # a migration of the last tenant may have chosen another
        db.reset_queries()

    def migrate(self):
        self.start_afresh()
        self.since = time.perf_counter()
        self.session.statements = 0
        try:
            signals = TenantSignals(self.session, self.schema)
            signals.begin()
            kept = self.carry_out(signals)
            if kept:
                self.during, self.migration = "signal", None
                signals.end()
        except BaseException as error:  # also a sys.exit() of the project
            self.give_up(error)
        else:
            if self.session.served_project:
                self.session.renew()
            if kept:
                self.line.say("done", **self.figures(), postMigrate=self.post_migrate)
            else:
                self.line.say("dropped", **self.figures())

    def carry_out(self, signals):
        """True when the work was done, False when it was tried out and dropped."""
        from django.db import transaction

        self.during = "ledger"
        session = self.session
        self.digest = session.enter(self.schema, self.tenant_type, self.application_name)
        if self.try_out is None:
            self.do_everything(signals)
            return True
        if self.digest is not None and not self.look_up_work().atomic:
            raise CannotTryOut("a migration of the plan is not atomic")
        with transaction.atomic(using=session.alias):
            self.do_everything(signals)
            kept = self.ask_whether_to_keep()
            if not kept:
                transaction.set_rollback(True, using=session.alias)
        return kept

    def do_everything(self, signals):
        from django.db.backends.base.base import BaseDatabaseWrapper

        session, connection = self.session, self.session.connection
        signals.line("=== Starting migration")
        work = self.look_up_work()
        if self.try_out is not None and not work.atomic:
            raise CannotTryOut("a migration of the plan is not atomic")
        ledger = ledger_class()(connection, work.applied, exists=self.digest is not None)
        if not ledger.exists:
            with session.without_public(self.schema, self.tenant_type):
                ledger.ensure_schema()
        if type(connection).prepare_database is not BaseDatabaseWrapper.prepare_database:
            connection.prepare_database()  # PostGIS looks for its extension

        targets = sorted({app for app, _ in work.loader.graph.leaf_nodes()})
        signals.line("Operations to perform:")
        signals.line("  Apply all migrations: " + (", ".join(targets) or "(none)"))
        plan = work.plan
        if self.policy != "never" and (self.policy == "always" or wants_pre_migrate(work)):
            self.during = "pre-migrate"
            plan = work.plan_for_receivers()
            send_pre_migrate(session, work, plan)

        self.during = "migration"
        signals.line("Running migrations:")
        if not plan:
            signals.line("  No migrations to apply.")
        migrations = Migrations(session, work, ledger, self.progress(signals))
        migrations.apply(plan, row_written=self.row_written(signals))
        self.applied += map(label, migrations.record_squashes())

        self.during, self.migration = "post-migrate", None
        if wants_post_migrate(self.policy, session, self.schema, work):
            self.post_migrate = True
            send_post_migrate(session, work, plan)

    def look_up_work(self):
        work = self.works.known(self.digest, self.tenant_type)
        if work is None:
            applied = (
                set() if self.digest is None else read_ledger(self.session.connection, self.schema)
            )
            work = self.works.make(self.digest, self.tenant_type, set(applied), self.session.alias)
        return work

    def progress(self, signals):
        def told(action, migration=None, fake=False):
            if action == "apply_start":
                self.migration = migration
                self.commits, self.begun = self.session.commits, time.perf_counter()
                self.line.say("begun", migration=label(key(migration)))
                signals.line("  Applying %s..." % migration)
            elif action == "apply_success":
                if self.try_out is not None and self.session.connection.run_on_commit:
                    raise CannotTryOut(
                        "a migration waits for the end of its transaction (on_commit)"
                    )
                self.migration = None
                self.applied.append(label(key(migration)))
                self.line.say(
                    "applied", migration=label(key(migration)), ms=milliseconds(self.begun)
                )

        return told

    def row_written(self, signals):
        def told(migration):
            self.applied.append(label(key(migration)))
            signals.line("  Applying %s..." % migration)

        return told

    def ask_whether_to_keep(self):
        self.during = "try-out"
        with self.session.connection.cursor() as cursor:
            cursor.execute("SET LOCAL jit = off")  # compiling the question takes longer than asking it
            # PREPARE knows $1, which the drivers do not.
            cursor.execute(
                "PREPARE tenantry_try_out AS " + self.try_out["sql"].rstrip().rstrip(";")
            )
            cursor.execute("EXECUTE tenantry_try_out ('%s')" % self.schema.replace("'", "''"))
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row)) for row in cursor.fetchall()]
            cursor.execute("DEALLOCATE tenantry_try_out")
            cursor.execute(FOREIGN_LOCKS, [self.schema])
            locks = [{"schema": s, "table": t, "mode": m} for s, t, m in cursor.fetchall()]
        self.line.say("held", rows=rows, locks=locks)
        answer = self.line.hear()
        if answer is None:
            raise Gone()
        return answer["do"] == "keep"

    def give_up(self, error):
        session = self.session
        self.works.forget(self.digest, self.tenant_type)
        lost = session.is_lost(error)
        figures, told = self.figures(), describe(error)
        session.renew()
        reason = None
        if self.try_out is not None:
            figures["applied"] = []
            reason = (
                str(error) if isinstance(error, CannotTryOut) else why_not_in_one_transaction(error)
            )
        at = "%s %s" % (self.during, label(key(self.migration)) if self.migration else "")
        if lost:
            self.line.say("lost", during=at.strip(), message=told["message"])
        elif reason is not None:
            self.line.say("cannot-try-out", reason=reason)
        else:
            migration = self.migration
            whole = migration is not None and migration.atomic and session.commits == self.commits
            name = label(key(migration)) if migration else None
            self.line.say(
                "failed", **figures, **told, during=self.during, migration=name, atomic=whole
            )

    def figures(self):
        return {
            "applied": list(self.applied),
            "ms": milliseconds(self.since),
            "statements": self.session.statements,
            "rss": resident_memory(),
        }


# What would keep others from writing to a table, or from changing it.
FOREIGN_LOCKS = """
SELECT DISTINCT n.nspname, c.relname, l.mode
  FROM pg_locks l
  JOIN pg_class c ON c.oid = l.relation
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE l.locktype = 'relation' AND l.granted AND l.pid = pg_backend_pid()
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')
   AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND n.nspname <> %s AND n.nspname NOT LIKE 'pg\\\\_%%' AND n.nspname <> 'information_schema'
 ORDER BY 1, 2, 3
"""


def milliseconds(since):
    return round((time.perf_counter() - since) * 1000, 2)


def resident_memory():
    """Bytes."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:  # not Linux: the most that it ever was
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
`,
  "worker_work": `"""What has to be done in a schema, worked out once for all schemas whose ledgers say the same."""

import copy
import gc

from pending import group_loader, recorded
from worker_operations import changes_state, is_known, shares_states
from worker_states import States, without_classes

# Distinct ledgers whose work is kept at once.
KEPT = 4
# Operations times models: beyond it the states of all operations would take too much memory.
LARGEST = 20_000


class Works:
    """The work of each distinct ledger and type of tenant."""

    def __init__(self, loader):
        self.loader = loader
        self.kept = {}

    def known(self, digest, tenant_type):
        work = self.kept.pop((digest, tenant_type), None)
        if work is not None:
            self.kept[digest, tenant_type] = work  # the last one used is the last one to go
        return work

    def make(self, digest, tenant_type, applied, alias):
        while len(self.kept) >= KEPT:
            del self.kept[next(iter(self.kept))]
        work = Work(self.loader, applied, alias)
        self.kept[digest, tenant_type] = work
        return work

    def forget(self, digest, tenant_type):
        """A failure may have left something in the models that tenants share."""
        self.kept.pop((digest, tenant_type), None)


class Work:
    """Django's plan for one distinct ledger, and the states of the models around each operation.

    Whether an operation is allowed in the schema is asked of the project's routers: the
    connection must be in a schema of the right type while this is made.
    """

    def __init__(self, loader, applied, alias):
        from django.core.management.base import CommandError
        from django.db.migrations.executor import MigrationExecutor

        self.alias = alias
        self.applied = applied
        executor = MigrationExecutor.__new__(MigrationExecutor)
        with recorded(applied):
            self.loader = executor.loader = group_loader(loader)
            self.loader.check_consistent_history(self.loader.connection)
            conflicts = self.loader.detect_conflicts()
            if conflicts:
                raise CommandError(
                    "Conflicting migrations detected in %s" % ", ".join(sorted(conflicts))
                )
            self.plan = executor.migration_plan(self.loader.graph.leaf_nodes())
            self.before = executor._create_project_state(with_applied_migrations=True)
        self.row_only = {key(one) for one, _ in self.plan if is_row_only(one, alias)}
        self.to_run = [one for one, _ in self.plan if key(one) not in self.row_only]
        self.atomic = all(one.atomic for one in self.to_run)
        self.steps = {}  # by id of the operation: its states
        self.after = None
        self.known = {}  # what was found out about it later
        size = sum(len(one.operations) for one in self.to_run) * len(self.before.models)
        # Migrations with an apply() of their own need real states, as Django makes them.
        self.by_the_book = size > LARGEST or not all(map(is_plain, self.to_run))
        if not self.by_the_book:
            self.make_states()
            gc.collect()
        else:
            self.after = without_classes(self.before)
            for migration, _ in self.plan:
                migration.mutate_state(self.after, preserve=False)

    def make_states(self):
        states = States(without_classes(self.before))
        for migration, _ in self.plan:
            if key(migration) in self.row_only:
                states.pass_over(migration)
                continue
            for operation in migration.operations:
                self.steps[id(operation)] = states.around(
                    migration.app_label,
                    operation,
                    changes=changes_state(operation),
                    shared=shares_states(operation),  # once, for all tenants
                )
        self.after = states.state

    def once(self, name, find_out):
        if name not in self.known:
            self.known[name] = find_out()
        return self.known[name]

    def plan_for_receivers(self):
        """A plan of its own: receivers of pre_migrate put operations into it."""
        copies = [copy.copy(migration) for migration, _ in self.plan]
        for migration in copies:
            migration.operations = list(migration.operations)
        return [(migration, False) for migration in copies]


def key(migration):
    return (migration.app_label, migration.name)


def is_plain(migration):
    """Whether Django's own Migration applies it."""
    from django.db.migrations.migration import Migration

    cls = type(migration)
    return cls.apply is Migration.apply and cls.mutate_state is Migration.mutate_state


def is_row_only(migration, alias):
    """Whether this kind of schema gets its row and nothing else, whatever the models look like."""
    if not is_plain(migration) or not all(map(is_known, migration.operations)):
        return False
    return not migration.operations or is_denied(migration.app_label, alias)


def is_denied(app_label, alias):
    """Whether django-tenants' own router, before any other, keeps an app out of the schema.

    Others may look at each model.
    """
    from django.db import router
    from django_tenants.routers import TenantSyncRouter

    for one in router.routers:
        if type(one) is TenantSyncRouter:
            return one.allow_migrate(alias, app_label) is False
        if hasattr(one, "allow_migrate"):
            return False
    return False
`
};
var pythonFile = (name) => files[name];
//! src/django/probe.ts
var discovering = [
  "through_manage",
  "collected_sql",
  "described_models",
  "expected_tables",
  "ghosts",
  "going_back",
  "ledgers",
  "migration_facts",
  "migration_files",
  "model_tables",
  "old_code",
  "operations",
  "particulars",
  "pending",
  "post_migrate",
  "python_code",
  "schema_kinds",
  "standings"
];
var working = [
  "through_manage",
  "ledgers",
  "model_tables",
  "pending",
  "post_migrate",
  "worker_failures",
  "worker_ledger",
  "worker_line",
  "worker_migrations",
  "worker_operations",
  "worker_session",
  "worker_signals",
  "worker_states",
  "worker_support",
  "worker_tenant",
  "worker_work"
];
var filesOf = {
  discover: discovering,
  initial_tables: ["through_manage", "initial_trial", "ledgers", "operations", "scratch_schema"],
  provision: [
    .../* @__PURE__ */ new Set([
      ...discovering,
      ...working,
      "discover",
      "tenant_copy",
      "tenant_journal",
      "tenant_people",
      "tenant_proof",
      "tenant_references",
      "tenant_removal",
      "tenant_repair",
      "tenant_rows"
    ])
  ],
  target_branch: ["discover", ...discovering],
  worker: working
};
var housekeeping = { timeout: 3e4, quick: true };
var envelope = (0, import_zod.looseObject)({ complete: (0, import_zod.literal)(true), failure: failureShape.optional() });
async function probe(project, program, { request, answer }, options) {
  const placed = await placeProgram(project, program, request);
  try {
    const result = await runPython(project, placed.args, placed.env, options);
    return readAnswer(await placed.answer(), answer, { project, result });
  } finally {
    await placed.remove();
  }
}
async function placeProgram(project, program, request) {
  const { machine } = project;
  const files2 = [program, ...filesOf[program]].map((name) => [`${name}.py`, pythonFile(name)]);
  const asked = JSON.stringify({ ...request, settingsModule: project.settingsModule });
  const stdin = unpackScript([...files2, ["request.json", asked]]);
  const made = await machine.run(["sh"], { ...housekeeping, stdin });
  const folder = made.stdout.trim();
  if (!(0, import_machine_machine.succeeded)(made) || folder === "") {
    throw new import_ground_errors.UserError(
      `Cannot make a folder for temporary files on ${machine.name} — ${(0, import_machine_machine.lastWords)(made, 1) || (0, import_machine_machine.ending)(made)}`,
      "free some space, or set TMPDIR to a folder that this user may write to",
      { code: "cannot-write" }
    );
  }
  return {
    args: [import_node_path.posix.join(folder, `${program}.py`)],
    env: { TENANTRY_FOLDER: folder },
    answer: () => machine.readFile(import_node_path.posix.join(folder, "answer.json")),
    remove: () => machine.run(["rm", "-rf", "--", folder], housekeeping).then(noop, noop)
  };
}
var noop = () => {
};
function unpackScript(files2) {
  const end = `tenantry-${(0, import_node_crypto.randomUUID)()}`;
  return [
    "umask 077",
    `folder=$(mktemp -d "\${TMPDIR:-/tmp}/tenantry-XXXXXXXX") && cd "$folder" || exit`,
    `trap 'rm -rf -- "$folder"' EXIT`,
    ...files2.map(([name, text]) => `cat > ${name} <<'${end}' || exit
${text}
${end}`),
    "trap - EXIT",
    "pwd",
    ""
  ].join("\n");
}
function readAnswer(text, answer, { project, result }) {
  const parsed = envelope.safeParse(parse(text));
  if (!parsed.success) {
    throw new import_ground_errors.UserError(
      `The project did not answer — ${project.python} ended with ${(0, import_machine_machine.ending)(result)} and left ${text === void 0 ? "no" : "an unfinished"} answer`,
      "its last lines are below; run python manage.py check in the same place to see the same",
      { code: "probe-failed", evidence: (0, import_machine_machine.lastWords)(result) }
    );
  }
  const { failure, ...rest } = parsed.data;
  if (failure !== void 0) throw startFailure(failure, project);
  return answer.parse(rest);
}
function parse(text) {
  try {
    return text === void 0 ? void 0 : JSON.parse(text);
  } catch {
    return void 0;
  }
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  conversePython,
  failureShape,
  manage,
  placeProgram,
  probe,
  readAnswer,
  sessionName,
  startFailure
});
