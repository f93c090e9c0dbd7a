var __create = Object.create;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __getProtoOf = Object.getPrototypeOf;
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
var __toESM = (mod, isNodeMode, target) => (target = mod != null ? __create(__getProtoOf(mod)) : {}, __copyProps(
  // If the importer is in node compatibility mode or this is not an ESM
  // file that has been converted to a CommonJS file using a Babel-
  // compatible transform (i.e. "__esModule" has not been set), then set
  // "default" to the CommonJS "module.exports" for node compatibility.
  isNodeMode || !mod || !mod.__esModule ? __defProp(target, "default", { value: mod, enumerable: true }) : target,
  mod
));
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);
var stdin_exports = {};
__export(stdin_exports, {
  actions: () => actions,
  manifestOf: () => manifestOf,
  run: () => run,
  runStep: () => runStep
});
module.exports = __toCommonJS(stdin_exports);
var import_report_markdown = require("./report-markdown.cjs");
var import_step_manifest = require("./step-manifest.cjs");
var import_step_fields = require("./step-fields.cjs");
var import_zod = require("./zod.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_node_os = require("node:os");
var import_node_path = require("node:path");
var os = __toESM(require("os"));
var crypto = __toESM(require("crypto"));
var fs = __toESM(require("fs"));
var os2 = __toESM(require("os"));
var os4 = __toESM(require("os"));
var import_os = require("os");
var import_fs = require("fs");
var import_os2 = __toESM(require("os"));
var fs2 = __toESM(require("fs"));
var import_node_fs = require("node:fs");
var import_node_fs2 = require("node:fs");
var import_node_path2 = require("node:path");
var import_node_perf_hooks = require("node:perf_hooks");
var import_promises = require("node:timers/promises");
var import_node_fs3 = require("node:fs");
var import_promises2 = require("node:fs/promises");
var import_node_path3 = require("node:path");
//! src/actions/manifests.ts
var manifests = {
  "parse-db-url": () => ({
    "name": "Tenantry: parse-db-url",
    "description": "Reads a PostgreSQL URL exactly as libpq does, masks what is secret, and gives the parts as outputs and, if wanted, as DB_* environment variables. Also composes a URL from parts.",
    "author": "Tenantry",
    "branding": {
      "icon": "link",
      "color": "blue"
    },
    "runs": {
      "using": "node24",
      "main": "../../dist/parse-db-url.cjs"
    },
    "inputs": {
      "database-url": {
        "description": "The URL to read: postgresql://user:password@host:port/name. Leave it out to compose one from the parts."
      },
      "host": {
        "description": "Part of the URL to compose: host name, address, or socket folder."
      },
      "port": {
        "description": "Part of the URL to compose: port."
      },
      "name": {
        "description": "Part of the URL to compose: name of the database."
      },
      "user": {
        "description": "Part of the URL to compose: role."
      },
      "password": {
        "description": "Part of the URL to compose: password, as it is, not percent-encoded."
      },
      "params": {
        "description": "Part of the URL to compose: parameters, KEY=VALUE a line, like sslmode=require."
      },
      "engine": {
        "description": "Django database engine. Default: django_tenants.postgresql_backend, with DB_ORIGINAL_BACKEND for PostGIS where the scheme is postgis://."
      },
      "export-env": {
        "description": "Set DB_USER, DB_PASSWORD, DB_HOST, DB_PORT, DB_NAME and DB_ENGINE for the steps that follow.",
        "default": "false"
      },
      "test-connection": {
        "description": "Connect once, and fail with a precise verdict when that does not work.",
        "default": "false"
      },
      "timeout": {
        "description": "Time limit for the whole action.",
        "default": "1m"
      },
      "summary": {
        "description": "Write a job summary.",
        "default": "true"
      }
    },
    "outputs": {
      "result": {
        "description": "parsed, composed, or failed."
      },
      "host": {
        "description": "Host name, address or socket folder; several with commas."
      },
      "port": {
        "description": "Port; empty where the URL has none."
      },
      "name": {
        "description": "Name of the database."
      },
      "user": {
        "description": "Role."
      },
      "password": {
        "description": "Password, decoded. Masked; GitHub does not hand it to other jobs."
      },
      "engine": {
        "description": "Django database engine."
      },
      "params": {
        "description": "Parameters as JSON."
      },
      "redacted-url": {
        "description": "The URL with *** instead of the password."
      },
      "database-url": {
        "description": "The URL, composed anew and correctly encoded. Masked; GitHub does not hand it to other jobs."
      },
      "failure-code": {
        "description": "What went wrong, as a name that stays; each has a paragraph in docs/troubleshooting.md. Empty on success."
      },
      "failure-reason": {
        "description": "The sentence of the failure. Empty on success."
      },
      "report-path": {
        "description": "Path of the JSON report on the runner."
      },
      "duration-ms": {
        "description": "Duration of the action in milliseconds."
      }
    }
  }),
  "migrate-schemas": () => ({
    "name": "Tenantry: migrate-schemas",
    "description": "Migrates the shared schema, the super tenant and every tenant schema of a django-tenants project, proves afterwards that every tenant really has its tables, and fails otherwise.",
    "author": "Tenantry",
    "branding": {
      "icon": "layers",
      "color": "blue"
    },
    "runs": {
      "using": "node24",
      "main": "../../dist/migrate-schemas.cjs"
    },
    "inputs": {
      "mode": {
        "description": "What to do: migrate, only verify that every tenant is complete, rollback: undo migrations, restore tenants from a backup, or comment: tell a pull request what another run has found.",
        "default": "migrate"
      },
      "database-url": {
        "description": "The database, as libpq reads it: postgresql://user:password@host:port/name. Take it from a secret. Only mode comment needs none."
      },
      "wait-attempts": {
        "description": "How often to try to reach the database before giving up. Wrong passwords and missing databases are not waited for.",
        "default": "30"
      },
      "wait-interval": {
        "description": "Time between two tries to reach the database.",
        "default": "2s"
      },
      "connect-through": {
        "description": "How the database is reached: direct, or ssh, through the server in host. That one resolves the database's name; its account needs no shell there, only the right to forward.",
        "default": "direct"
      },
      "run-in": {
        "description": "Where manage.py runs: runner (as the job has prepared it), image (in the application's image on the runner), or server (in the image on the server in host, from whose network the project connects).",
        "default": "runner"
      },
      "image": {
        "description": "The application's image, with an immutable tag: registry/name:tag. latest is refused."
      },
      "registry": {
        "description": "The registry to log in to, where the image needs it, like ghcr.io."
      },
      "registry-username": {
        "description": "User name at the registry."
      },
      "registry-password": {
        "description": "Password or token at the registry."
      },
      "host": {
        "description": "The server for connect-through: ssh and run-in: server, as a name or an address."
      },
      "ssh-user": {
        "description": "The account on the server. Where Docker is used there, it must be allowed to."
      },
      "ssh-port": {
        "description": "The server's SSH port.",
        "default": "22"
      },
      "ssh-key": {
        "description": "Private key of the account. Take it from a secret. Without it, and without ssh-password, the agent of the runner is asked (SSH_AUTH_SOCK)."
      },
      "ssh-passphrase": {
        "description": "Passphrase of the private key."
      },
      "ssh-password": {
        "description": "Password of the account, where there is no key."
      },
      "ssh-fingerprint": {
        "description": "SHA256 fingerprint of the server's host key (ssh-keygen -lf); several, one a line."
      },
      "ssh-known-hosts": {
        "description": "Lines of a known_hosts file, instead of fingerprints."
      },
      "ssh-jump": {
        "description": "A server to go through first: user@host:port."
      },
      "ssh-jump-key": {
        "description": "Private key for the jump server; without it the server's own is used."
      },
      "ssh-jump-fingerprint": {
        "description": "SHA256 fingerprint of the jump server's host key."
      },
      "ssh-connect-timeout": {
        "description": "Time for one SSH connection to be made.",
        "default": "20s"
      },
      "lock-wait": {
        "description": "How long to wait for another run that is changing the same database. Its lock is never taken away.",
        "default": "10m"
      },
      "lock-timeout": {
        "description": "How long one statement of a migration waits for a lock before it is stopped; 0s is no limit.",
        "default": "5s"
      },
      "statement-timeout": {
        "description": "How long one statement of a migration runs before it is stopped; 0s is no limit.",
        "default": "0s"
      },
      "working-directory": {
        "description": "The folder with the project's manage.py.",
        "default": "."
      },
      "python": {
        "description": "The Python that runs the project: a name on the PATH, or a path.",
        "default": "python"
      },
      "settings-module": {
        "description": "DJANGO_SETTINGS_MODULE, where manage.py does not set the right one by itself."
      },
      "env": {
        "description": "Environment of manage.py, KEY=VALUE a line. DATABASE_URL and DB_* are set without being asked."
      },
      "env-file": {
        "description": "A file of the workspace with more of the environment, KEY=VALUE a line; what env has counts more."
      },
      "preset": {
        "description": "What kind of application it is: django-tenants, or command for any other, which is migrated by the commands below.",
        "default": "django-tenants"
      },
      "shared-command": {
        "description": "With preset: command, the command that migrates the shared schema; run once, before the tenants. No shell reads it."
      },
      "tenant-command": {
        "description": "With preset: command, the command that migrates one tenant; {schema} stands for its schema. No shell reads it."
      },
      "tenant-query": {
        "description": "With preset: command, one SELECT of the names of the tenants' schemas. A second column, a boolean called pending, says who needs the command; without it, all do."
      },
      "tenant-command-repeatable": {
        "description": "Whether tenant-command may be run again after it failed half-way: then a lock that was not free, a deadlock or a serialization failure is tried again.",
        "default": "false"
      },
      "super-tenant-command": {
        "description": "The command that gets or creates the public tenant. Default: create_super_tenant, where the project has it. Arguments are allowed."
      },
      "schemas": {
        "description": "Only these tenants: names, or patterns with * and ?, one a line. The shared schema always goes first."
      },
      "rollout": {
        "description": "Ordered groups of tenants, in YAML: each with a name and what selects its tenants (schemas, type, query), order, parallel, on-error, max-failures, bake and check. Default: a canary, then everybody."
      },
      "canary": {
        "description": "The share of all tenants that is migrated first, where there is no rollout; at least one, never the largest. 0% tries with nobody.",
        "default": "1%"
      },
      "max-failures": {
        "description": "So many failed tenants end the run: a number, or a share of all, and then at least one. A failed canary ends it at once.",
        "default": "1%"
      },
      "engine": {
        "description": "What migrates a tenant. auto: a worker that has just proven itself on this database, else the project's own migrate_schemas. worker and django force one.",
        "default": "auto"
      },
      "parallel": {
        "description": "How many tenants at once: a number, or auto. What locks a table of the shared schema is always done one at a time.",
        "default": "auto"
      },
      "post-migrate": {
        "description": "When Django's signal post_migrate (content types, permissions, your own receivers) is sent to a tenant: auto where it is needed, always to each that is migrated, or never.",
        "default": "auto"
      },
      "fake-initial": {
        "description": "What happens when tables of the shared schema exist and are not in its ledger: shared-if-identical records their initial migrations when they are exactly what those would make; never refuses.",
        "default": "shared-if-identical"
      },
      "allow-unknown-migrations": {
        "description": "Migrate although ledgers hold newer or renamed migrations that this code does not have.",
        "default": "false"
      },
      "lint": {
        "description": "What happens with dangerous migrations, before anything is changed: error refuses those that nobody has accepted in their file (# tenantry: allow NAME: the reason) or by a label of the pull request; warn tells; off does not look.",
        "default": "error"
      },
      "smoke-tables": {
        "description": "Tables that every migrated tenant must have and that can be counted, one a line. A table that lost all its rows fails."
      },
      "smoke-command": {
        "description": "Commands of manage.py, one a line, that must succeed for every migrated tenant; {schema} stands for it. With preset: command, any commands."
      },
      "expect-max-duration": {
        "description": "A warning with an estimate when the tenants are expected to take longer than this."
      },
      "target": {
        "description": "With mode rollback: where to go back to, an app and a migration of it, or zero, on each line: orders 0004_status. What came after it is undone, in apps that depend on it, too. With schemas, the shared schema stays."
      },
      "backup": {
        "description": "Before anything is changed, back up what will be: the schemas with pending migrations and the shared one, proven readable. Without a proven backup nothing is migrated. Needs pg_dump of the server's version or newer.",
        "default": "true"
      },
      "backup-to": {
        "description": "Where backups go: runner (a folder of this machine, to be kept as an artifact), or server (the host, over SSH; files that only ssh-user can read).",
        "default": "runner"
      },
      "backup-folder": {
        "description": "The folder for backups. Default: tenantry-backups in the runner's temporary folder; on a server .tenantry/backups in the home of ssh-user."
      },
      "backup-keep": {
        "description": "How long backups of this database stay in backup-folder. The newest one always stays.",
        "default": "7d"
      },
      "backup-recipient": {
        "description": "Public keys of age, one a line. With them, backups are encrypted, and only the holders of the private keys can read them."
      },
      "restore-to": {
        "description": "With mode restore: beside (each schema as NAME_restored), in-place (the one of now stays as NAME_replaced_…), or scratch (a rehearsal in a database that is made for it and goes with it).",
        "default": "beside"
      },
      "backup-path": {
        "description": "With mode restore: the folder of the backup, as the output of the same name told. Default: the newest one of this database in backup-folder."
      },
      "backup-identity": {
        "description": "With mode restore: the private key of age, where the backup is encrypted. Take it from a secret."
      },
      "github-token": {
        "description": "Token for GitHub's API (github.token), of a job that may write what is told there: deployments: write, or pull-requests: write for a comment. The labels that accept a dangerous migration after the merge are read with contents: read and pull-requests: read."
      },
      "pull-request-comment": {
        "description": "With dry-run, tell the pull request what is pending, in one comment that is written anew with each push.",
        "default": "false"
      },
      "preview-basis": {
        "description": "With dry-run: database looks how large the tables are and which rows stand in the way; code does not, for a database that was only made to read the code against.",
        "default": "database"
      },
      "preview-base": {
        "description": "With dry-run, instead of database-url: a folder of the checkout with the code of the target branch. A PostgreSQL of its own is started out of what this machine has (as GitHub's Ubuntu runners do) and ended with the step; that code makes the shared schema and a tenant in it, and what the project adds is told."
      },
      "preview-report": {
        "description": "With mode comment: the JSON report of the dry-run (its output report-path), kept as an artifact by a workflow without secrets."
      },
      "dry-run": {
        "description": "Look, plan and print; change nothing.",
        "default": "false"
      },
      "timeout": {
        "description": "Time limit for the whole action.",
        "default": "1h"
      },
      "summary": {
        "description": "Write a job summary.",
        "default": "true"
      }
    },
    "outputs": {
      "result": {
        "description": "migrated, up-to-date, verified, rolled-back, restored, rehearsed, planned (dry-run), commented, failed, or cancelled."
      },
      "tenants-total": {
        "description": "How many tenants there are."
      },
      "tenants-migrated": {
        "description": "How many were migrated (with mode rollback, brought back) and proven."
      },
      "tenants-skipped": {
        "description": "How many had nothing to do and were proven."
      },
      "tenants-failed": {
        "description": "How many are not complete, or could not be read."
      },
      "drift-groups": {
        "description": "Into how many groups of equal structure the tenants fall; one for each type of tenant when there is no drift."
      },
      "plan": {
        "description": "What was pending, or to be undone, as short JSON."
      },
      "reversible": {
        "description": "Whether every migration of this run can be undone by Django: true or false. Empty when none was pending."
      },
      "old-code-compatible": {
        "description": "Whether the code from before goes on working after these migrations: yes, no or unknown. Empty when none was pending."
      },
      "backup-path": {
        "description": "The folder of the backup that was taken before anything was changed, or that was restored. Empty when nothing was pending."
      },
      "restored": {
        "description": "What was restored, as JSON: schema, as (its name now) and replaced (the name of the one before)."
      },
      "failure-code": {
        "description": "What went wrong, as a name that stays; each has a paragraph in docs/troubleshooting.md. Empty on success."
      },
      "failure-reason": {
        "description": "The sentence of the failure. Empty on success."
      },
      "report-path": {
        "description": "Path of the JSON report on the runner."
      },
      "duration-ms": {
        "description": "Duration of the action in milliseconds."
      }
    }
  }),
  "provision-tenant": () => ({
    "name": "Tenantry: provision-tenant",
    "description": "Creates tenants of a django-tenants project: row, schema, migrations, superuser and domains, proven; running it again changes nothing, and what failed leaves nothing behind.",
    "author": "Tenantry",
    "branding": {
      "icon": "user-plus",
      "color": "blue"
    },
    "runs": {
      "using": "node24",
      "main": "../../dist/provision-tenant.cjs"
    },
    "inputs": {
      "mode": {
        "description": "What to do: provision (make what is missing), repair (an incomplete tenant), clone (a tenant into a new one), or deprovision (remove a tenant).",
        "default": "provision"
      },
      "database-url": {
        "description": "The database, as libpq reads it: postgresql://user:password@host:port/name. Take it from a secret.",
        "required": true
      },
      "wait-attempts": {
        "description": "How often to try to reach the database before giving up. Wrong passwords and missing databases are not waited for.",
        "default": "30"
      },
      "wait-interval": {
        "description": "Time between two tries to reach the database.",
        "default": "2s"
      },
      "connect-through": {
        "description": "How the database is reached: direct, or ssh, through the server in host. That one resolves the database's name; its account needs no shell there, only the right to forward.",
        "default": "direct"
      },
      "run-in": {
        "description": "Where manage.py runs: runner (as the job has prepared it), image (in the application's image on the runner), or server (in the image on the server in host, from whose network the project connects).",
        "default": "runner"
      },
      "image": {
        "description": "The application's image, with an immutable tag: registry/name:tag. latest is refused."
      },
      "registry": {
        "description": "The registry to log in to, where the image needs it, like ghcr.io."
      },
      "registry-username": {
        "description": "User name at the registry."
      },
      "registry-password": {
        "description": "Password or token at the registry."
      },
      "host": {
        "description": "The server for connect-through: ssh and run-in: server, as a name or an address."
      },
      "ssh-user": {
        "description": "The account on the server. Where Docker is used there, it must be allowed to."
      },
      "ssh-port": {
        "description": "The server's SSH port.",
        "default": "22"
      },
      "ssh-key": {
        "description": "Private key of the account. Take it from a secret. Without it, and without ssh-password, the agent of the runner is asked (SSH_AUTH_SOCK)."
      },
      "ssh-passphrase": {
        "description": "Passphrase of the private key."
      },
      "ssh-password": {
        "description": "Password of the account, where there is no key."
      },
      "ssh-fingerprint": {
        "description": "SHA256 fingerprint of the server's host key (ssh-keygen -lf); several, one a line."
      },
      "ssh-known-hosts": {
        "description": "Lines of a known_hosts file, instead of fingerprints."
      },
      "ssh-jump": {
        "description": "A server to go through first: user@host:port."
      },
      "ssh-jump-key": {
        "description": "Private key for the jump server; without it the server's own is used."
      },
      "ssh-jump-fingerprint": {
        "description": "SHA256 fingerprint of the jump server's host key."
      },
      "ssh-connect-timeout": {
        "description": "Time for one SSH connection to be made.",
        "default": "20s"
      },
      "lock-wait": {
        "description": "How long to wait for another run that is changing the same database. Its lock is never taken away.",
        "default": "10m"
      },
      "working-directory": {
        "description": "The folder with the project's manage.py.",
        "default": "."
      },
      "python": {
        "description": "The Python that runs the project: a name on the PATH, or a path.",
        "default": "python"
      },
      "settings-module": {
        "description": "DJANGO_SETTINGS_MODULE, where manage.py does not set the right one by itself."
      },
      "env": {
        "description": "Environment of manage.py, KEY=VALUE a line. DATABASE_URL and DB_* are set without being asked."
      },
      "env-file": {
        "description": "A file of the workspace with more of the environment, KEY=VALUE a line; what env has counts more."
      },
      "preset": {
        "description": "What kind of application it is: django-tenants, or command for any other, which is migrated by the commands below.",
        "default": "django-tenants"
      },
      "tenant-command": {
        "description": "With preset: command, the command that migrates one tenant; {schema} stands for its schema. No shell reads it."
      },
      "tenant-query": {
        "description": "With preset: command, one SELECT of the names of the tenants' schemas. A second column, a boolean called pending, says who needs the command; without it, all do."
      },
      "register-command": {
        "description": "With preset: command, the command that tells the application of a new tenant, with {schema} and {domain} in it. It runs when the tables are proven; afterwards tenant-query must name the tenant."
      },
      "unregister-command": {
        "description": "With preset: command, the command that takes back what register-command did, where something fails after it."
      },
      "schema-name": {
        "description": "Name of the tenant's schema. That of the shared schema stands for the root tenant."
      },
      "tenant-name": {
        "description": "Name of the tenant, for the model's field name. Default: the schema's name, where the model needs one."
      },
      "domain": {
        "description": "Domains of the tenant, one a line; the first one is primary."
      },
      "tenant-type": {
        "description": "Type of the tenant, in a project with several types."
      },
      "fields": {
        "description": "More fields of the tenant model, as YAML: one key: value a line."
      },
      "superuser-email": {
        "description": "E-mail address of a superuser to make in the tenant, unless it is there. Made in the shared schema where the project keeps its users there."
      },
      "superuser-username": {
        "description": "Name of the superuser. Default: the e-mail address."
      },
      "superuser-password": {
        "description": "Password of the superuser. Take it from a secret. Default: one that nobody knows; the person resets it."
      },
      "after-commands": {
        "description": "Commands of manage.py to run for each new tenant, one a line, with {schema} and {domain} in them. With preset: command, any commands."
      },
      "adopt": {
        "description": "Take over a schema that exists without a tenant's row.",
        "default": "false"
      },
      "tenants-file": {
        "description": "A list of tenants instead of one: a JSON or CSV file of the workspace, with the names of these inputs."
      },
      "on-error": {
        "description": "When a tenant of a list fails: stop (begin no other), continue (with the others), or undo-all (remove everything that this run made).",
        "default": "stop"
      },
      "parallel": {
        "description": "How many tenants at once: a number, or auto. What locks a table of the shared schema is always done one at a time.",
        "default": "auto"
      },
      "tenant-url": {
        "description": "An address that has to answer for each new tenant, asked by its primary domain; {schema} and {domain} in it stand for the tenant's."
      },
      "tenant-url-timeout": {
        "description": "How long that address may take until it answers well.",
        "default": "100s"
      },
      "source-schema": {
        "description": "With mode clone: the schema of the tenant whose rows are copied. Sessions are left out."
      },
      "anonymise-command": {
        "description": "With mode clone: a command of manage.py that takes out of the copy what nobody may see, with {schema} in it. It runs before the copy has a domain."
      },
      "confirm": {
        "description": "With mode deprovision: the name of the schema again."
      },
      "backup-to": {
        "description": "Where backups go: runner (a folder of this machine, to be kept as an artifact), or server (the host, over SSH; files that only ssh-user can read).",
        "default": "runner"
      },
      "backup-folder": {
        "description": "The folder for backups. Default: tenantry-backups in the runner's temporary folder; on a server .tenantry/backups in the home of ssh-user."
      },
      "backup-keep": {
        "description": "How long backups of this database stay in backup-folder. The newest one always stays.",
        "default": "7d"
      },
      "backup-recipient": {
        "description": "Public keys of age, one a line. With them, backups are encrypted, and only the holders of the private keys can read them."
      },
      "dry-run": {
        "description": "Look, plan and print; change nothing.",
        "default": "false"
      },
      "timeout": {
        "description": "Time limit for the whole action.",
        "default": "15m"
      },
      "summary": {
        "description": "Write a job summary.",
        "default": "true"
      }
    },
    "outputs": {
      "result": {
        "description": "created, completed, adopted, unchanged, repaired, deprovisioned, planned (dry-run), failed, or cancelled."
      },
      "state": {
        "description": "What was done: created, completed, adopted or unchanged (of a list, the first of these that occurs), repaired or deprovisioned."
      },
      "schema": {
        "description": "The tenant's schema."
      },
      "domains": {
        "description": "The tenant's domains as JSON, the primary one first."
      },
      "tenants": {
        "description": "Every tenant as JSON: its schema, its state, and the failure code where it failed."
      },
      "superuser-created": {
        "description": "Whether a superuser was made."
      },
      "backup-path": {
        "description": "The folder of the backup that was taken before a tenant was removed."
      },
      "failure-code": {
        "description": "What went wrong, as a name that stays; each has a paragraph in docs/troubleshooting.md. Empty on success."
      },
      "failure-reason": {
        "description": "The sentence of the failure. Empty on success."
      },
      "report-path": {
        "description": "Path of the JSON report on the runner."
      },
      "duration-ms": {
        "description": "Duration of the action in milliseconds."
      }
    }
  }),
  "deploy-container": () => ({
    "name": "Tenantry: deploy-container",
    "description": "Brings an immutable image to a server that runs Docker, over SSH: pulled by digest, started, healthy, or back to the old one.",
    "author": "Tenantry",
    "branding": {
      "icon": "upload-cloud",
      "color": "blue"
    },
    "runs": {
      "using": "node24",
      "main": "../../dist/deploy-container.cjs"
    },
    "inputs": {
      "host": {
        "description": "The server, as a name or an address; several, one a line, are deployed to in their order.",
        "required": true
      },
      "ssh-user": {
        "description": "The account on the server. Where Docker is used there, it must be allowed to.",
        "required": true
      },
      "ssh-port": {
        "description": "The server's SSH port.",
        "default": "22"
      },
      "ssh-key": {
        "description": "Private key of the account. Take it from a secret. Without it, and without ssh-password, the agent of the runner is asked (SSH_AUTH_SOCK)."
      },
      "ssh-passphrase": {
        "description": "Passphrase of the private key."
      },
      "ssh-password": {
        "description": "Password of the account, where there is no key."
      },
      "ssh-fingerprint": {
        "description": "SHA256 fingerprint of the server's host key (ssh-keygen -lf); several, one a line."
      },
      "ssh-known-hosts": {
        "description": "Lines of a known_hosts file, instead of fingerprints."
      },
      "ssh-jump": {
        "description": "A server to go through first: user@host:port."
      },
      "ssh-jump-key": {
        "description": "Private key for the jump server; without it the server's own is used."
      },
      "ssh-jump-fingerprint": {
        "description": "SHA256 fingerprint of the jump server's host key."
      },
      "ssh-connect-timeout": {
        "description": "Time for one SSH connection to be made.",
        "default": "20s"
      },
      "registry": {
        "description": "The registry to log in to, where the image needs it, like ghcr.io."
      },
      "registry-username": {
        "description": "User name at the registry."
      },
      "registry-password": {
        "description": "Password or token at the registry."
      },
      "mode": {
        "description": "What to do: deploy, rollback (back to a release that served before, from its record on the server, also when the registry is gone), or recover (only brings to its end what a killed run has left).",
        "default": "deploy"
      },
      "image": {
        "description": "The application's image, with an immutable tag: registry/name:tag. latest is refused."
      },
      "transfer": {
        "description": "Where the server gets the image from: registry (it pulls it), or ssh (it is sent from the Docker of this machine, without the layers that the server has; no registry is needed).",
        "default": "registry"
      },
      "release": {
        "description": "Where a rollback goes: previous (the default), or the name of a recorded release."
      },
      "container": {
        "description": "Name of the application on the server. The running container is called NAME-RELEASE, and has this name on its Docker networks. A container of this name that was started by hand or by another tool is taken over.",
        "required": true
      },
      "environment": {
        "description": "Which environment this is, like dev, uat or production; part of labels and records.",
        "default": "production"
      },
      "ports": {
        "description": "Published ports, HOST:CONTAINER a line, as docker run has them."
      },
      "volumes": {
        "description": "Mounts, SOURCE:TARGET[:ro] a line, as docker run has them."
      },
      "networks": {
        "description": "Docker networks the container joins, one a line. They must exist."
      },
      "extra-hosts": {
        "description": "Additional host names, NAME:ADDRESS a line."
      },
      "labels": {
        "description": "Additional labels, KEY=VALUE a line."
      },
      "memory": {
        "description": "Memory limit, like 512MiB."
      },
      "cpus": {
        "description": "CPU limit, like 1.5."
      },
      "user": {
        "description": "User that the container runs as, where it is not the image's own."
      },
      "restart": {
        "description": "Restart policy of the container.",
        "default": "unless-stopped"
      },
      "command": {
        "description": "Command instead of the image's own, one argument a line."
      },
      "network-aliases": {
        "description": "More names under which containers on the same networks find it, one a line. The name of the application is one already."
      },
      "hostname": {
        "description": "Host name within the container."
      },
      "dns": {
        "description": "DNS servers of the container, one address a line."
      },
      "log-driver": {
        "description": "Where Docker writes the container's log, like json-file, local or journald, where it is not the server's own choice."
      },
      "log-options": {
        "description": "Options of the log, KEY=VALUE a line, like max-size=10m."
      },
      "cap-add": {
        "description": "Capabilities that the container gets, one a line, like NET_BIND_SERVICE."
      },
      "cap-drop": {
        "description": "Capabilities that the container loses, one a line, or ALL."
      },
      "security-options": {
        "description": "Security options as docker run has them, one a line, like no-new-privileges."
      },
      "read-only": {
        "description": "The container's own files cannot be changed; what it writes needs volumes or tmpfs.",
        "default": "false"
      },
      "tmpfs": {
        "description": "Folders in memory, one a line, like /tmp:size=64m."
      },
      "ulimits": {
        "description": "Limits of its processes, NAME=SOFT:HARD a line, like nofile=65536."
      },
      "init": {
        "description": "Run a small init as the first process, which reaps what the others leave.",
        "default": "false"
      },
      "shm-size": {
        "description": "Size of /dev/shm, like 256MiB."
      },
      "env": {
        "description": "Environment of the container, KEY=VALUE a line. It travels in a file with mode 600, never in a command line."
      },
      "env-file": {
        "description": "A file of the workspace with more of the environment, KEY=VALUE a line; what env has counts more."
      },
      "env-mode": {
        "description": "How the application gets its environment: env-file (as variables, which docker inspect shows to whoever may use Docker there), or mount (as a file in the container, which only its own user can read).",
        "default": "env-file"
      },
      "env-path": {
        "description": "With env-mode mount, where the file is in the container, like /app/.env."
      },
      "required-env": {
        "description": "Names that env must give a value to, one a line; a missing one stops the deployment before anything is touched."
      },
      "files": {
        "description": "Files that are written into the container before it starts, in YAML: content by path, like a /config.js for a frontend. Values come in by expressions of the workflow."
      },
      "pre-deploy": {
        "description": "Commands in the new image before anything is touched, in YAML: each with run, and where wanted name, blocking (true) and timeout (5m). A blocking one that fails ends the deployment."
      },
      "reload-nginx": {
        "description": "Check the configuration of the server's nginx before anything is touched, and reload it after the switch.",
        "default": "false"
      },
      "health-url": {
        "description": "Address that must answer 2xx before the deployment counts, like http://{host}:8000/health/; {host} stands for the server. Asked from the runner, and on the server."
      },
      "health-host": {
        "description": "Host header for health-url, where it is not the one in the address."
      },
      "health-timeout": {
        "description": "Time for the new container to become healthy.",
        "default": "2m"
      },
      "stop-timeout": {
        "description": "Time for the old container to end by itself when it is stopped.",
        "default": "10s"
      },
      "strategy": {
        "description": "How the traffic moves without a gap: bridge (a redirect in the server's packet filter for the time of the switch), nginx or caddy (the proxy on the server hands the requests over; ports: one, on 127.0.0.1), swarm (the server manages a Docker Swarm, which exchanges the tasks of a service one by one). With a gap: recreate (stop the old one, start the new one). auto: swarm where a service has the container's name, else caddy or nginx where one of them hands requests to this port, else bridge, else recreate; the plan says which, and why.",
        "default": "auto"
      },
      "replicas": {
        "description": "Swarm: how many tasks of the service shall run. Without it, as many as before; 1 for a new service."
      },
      "shared-volumes": {
        "description": "The old and the new version may write to the volumes at the same time. Without it, a container with a writable volume is deployed with a gap.",
        "default": "false"
      },
      "bake": {
        "description": "Time for which the old version stays ready after the switch; a restart or a failing health in it switches back.",
        "default": "30s"
      },
      "drain-timeout": {
        "description": "Time for connections to end by themselves before their version is stopped.",
        "default": "30s"
      },
      "canary-hosts": {
        "description": "Of several servers, the first ones to get the new version: how many, or their names, one a line. The others follow when it serves there.",
        "default": "1"
      },
      "max-parallel": {
        "description": "How many servers are deployed to at the same time.",
        "default": "1"
      },
      "on-failure": {
        "description": "When one of several servers fails: rollback-all brings those that this run has switched back to what they had, halt leaves them. Those after it are not touched in either case. The same holds in the whole line for a check that fails after the switch; the database is never taken back.",
        "default": "rollback-all"
      },
      "keep-releases": {
        "description": "How many releases are kept on a server to go back to. The current and the previous one are always among them; older ones go, with their images where nothing else uses them. Volumes are never removed.",
        "default": "5"
      },
      "github-token": {
        "description": "Token for GitHub's API (github.token), of a job that may write what is told there: deployments: write, or pull-requests: write for a comment. The labels that accept a dangerous migration after the merge are read with contents: read and pull-requests: read."
      },
      "deployment-environment": {
        "description": "Environment under which GitHub shows this as a deployment, with its state. Leave it out in a job that has environment: such a job is a deployment already."
      },
      "notify": {
        "description": "Who is told that it begins, and how it ended: addresses of Slack, Discord, or a server of one's own, one a line. Each is a secret. slack, discord or webhook before an address says which format it takes. Nobody being told fails nothing."
      },
      "dry-run": {
        "description": "Look, plan and print; change nothing.",
        "default": "false"
      },
      "timeout": {
        "description": "Time limit for the whole action.",
        "default": "15m"
      },
      "summary": {
        "description": "Write a job summary.",
        "default": "true"
      }
    },
    "outputs": {
      "result": {
        "description": "deployed, unchanged, recovered, planned (dry-run), rolled-back, failed, or cancelled."
      },
      "release": {
        "description": "Name of the release: the tag of the image."
      },
      "image-digest": {
        "description": "Digest of the image that was asked for."
      },
      "previous-digest": {
        "description": "Digest of the image that ran before."
      },
      "hosts": {
        "description": "Result per server, as JSON: host, result, release, digests, mechanism, times, failure-code, and what is true there now."
      },
      "downtime-ms": {
        "description": "Longest time in milliseconds in which no container served on a server."
      },
      "failure-code": {
        "description": "What went wrong, as a name that stays; each has a paragraph in docs/troubleshooting.md. Empty on success."
      },
      "failure-reason": {
        "description": "The sentence of the failure. Empty on success."
      },
      "report-path": {
        "description": "Path of the JSON report on the runner."
      },
      "duration-ms": {
        "description": "Duration of the action in milliseconds."
      }
    }
  }),
  "health-check": () => ({
    "name": "Tenantry: health-check",
    "description": "Asks whether an application answers, with retries: by address, with its own Host header, on its tenants' domains, from the runner or from the server; and says why it does not. Before the first deployment, it examines a server.",
    "author": "Tenantry",
    "branding": {
      "icon": "activity",
      "color": "green"
    },
    "runs": {
      "using": "node24",
      "main": "../../dist/health-check.cjs"
    },
    "inputs": {
      "mode": {
        "description": "Which job: check: until all is well, or the tries are used up. watch: the same, and then for a while longer, for the time after a deployment. doctor: examines servers before the first deployment (SSH, Docker, rights, disk, memory, ports, firewall, clock, database) and says what to do.",
        "default": "check"
      },
      "url": {
        "description": "The address to ask; several, one a line."
      },
      "attempts": {
        "description": "How often to try before giving up.",
        "default": "20"
      },
      "interval": {
        "description": "Time between two tries.",
        "default": "5s"
      },
      "initial-wait": {
        "description": "Time before the first try.",
        "default": "0s"
      },
      "try-timeout": {
        "description": "Time limit for one try.",
        "default": "5s"
      },
      "expect-status": {
        "description": "Accepted status codes: 200, 200-299, or several with commas.",
        "default": "200-299"
      },
      "expect-text": {
        "description": "Text that the answer must contain."
      },
      "expect-json": {
        "description": "What a JSON answer must contain, KEY=VALUE a line, with dots for what lies deeper: checks.database=ok."
      },
      "expect-header": {
        "description": "Headers that the answer must have, NAME: VALUE a line, like X-Release: a1b2c3d."
      },
      "expect-release": {
        "description": "The release that has to answer: in the header X-Release, in a JSON key like release or version, or anywhere in the answer; where its container is looked at, the release that its label says."
      },
      "follow-redirects": {
        "description": "Follow redirects. Otherwise a redirect is an answer like any other, which expect-status has to allow.",
        "default": "false"
      },
      "host-header": {
        "description": "Host header (and TLS name) to ask with, where it is not the one in the address."
      },
      "request-header": {
        "description": "Additional request headers, NAME: VALUE a line."
      },
      "ca": {
        "description": "The text of a PEM file with authorities that are believed beside the usual ones."
      },
      "max-latency": {
        "description": "How long a good answer may take, from opening the connection to its last byte."
      },
      "min-certificate-days": {
        "description": "How many days the certificate has to be good for at least."
      },
      "watch-for": {
        "description": "For mode watch: how long to go on asking, every interval. Three bad answers in a row end it.",
        "default": "5m"
      },
      "from": {
        "description": "Where requests come from: the runner, or the server in host, through SSH; with several, each of them asks everything. A server resolves the names then, and reaches what only it can reach, like 127.0.0.1.",
        "default": "runner"
      },
      "container": {
        "description": "The application's name on the servers in host, or that of a container: it has to run there and, where it has a health check, to be healthy. When something fails, its state and log say why."
      },
      "tenants": {
        "description": "Whose domains to ask as well, at the same address with their own Host header: none, all, or a number of tenants picked at random.",
        "default": "none"
      },
      "tenant-path": {
        "description": "The path to ask on the tenants' domains.",
        "default": "/"
      },
      "database-url": {
        "description": "The database to read the tenants' domains from; needed for tenants. With mode doctor, it is reached for. Take it from a secret."
      },
      "host": {
        "description": "The servers, one a line; needed for container, for from: server, and for mode doctor."
      },
      "ssh-user": {
        "description": "The account on the server. Where Docker is used there, it must be allowed to."
      },
      "ssh-port": {
        "description": "The server's SSH port.",
        "default": "22"
      },
      "ssh-key": {
        "description": "Private key of the account. Take it from a secret. Without it, and without ssh-password, the agent of the runner is asked (SSH_AUTH_SOCK)."
      },
      "ssh-passphrase": {
        "description": "Passphrase of the private key."
      },
      "ssh-password": {
        "description": "Password of the account, where there is no key."
      },
      "ssh-fingerprint": {
        "description": "SHA256 fingerprint of the server's host key (ssh-keygen -lf); several, one a line."
      },
      "ssh-known-hosts": {
        "description": "Lines of a known_hosts file, instead of fingerprints."
      },
      "ssh-jump": {
        "description": "A server to go through first: user@host:port."
      },
      "ssh-jump-key": {
        "description": "Private key for the jump server; without it the server's own is used."
      },
      "ssh-jump-fingerprint": {
        "description": "SHA256 fingerprint of the jump server's host key."
      },
      "ssh-connect-timeout": {
        "description": "Time for one SSH connection to be made.",
        "default": "20s"
      },
      "timeout": {
        "description": "Time limit for the whole action.",
        "default": "15m"
      },
      "summary": {
        "description": "Write a job summary.",
        "default": "true"
      }
    },
    "outputs": {
      "result": {
        "description": "healthy, ready (mode doctor), failed, or cancelled."
      },
      "status": {
        "description": "Last status code of the first address."
      },
      "attempts-used": {
        "description": "Tries that were needed."
      },
      "latency-ms": {
        "description": "Time of the slowest good answer in milliseconds."
      },
      "tenants-failed": {
        "description": "How many tenants' domains do not answer as expected."
      },
      "certificate-days": {
        "description": "How many days the certificate that ends first is good for. Empty without TLS."
      },
      "failure-code": {
        "description": "What went wrong, as a name that stays; each has a paragraph in docs/troubleshooting.md. Empty on success."
      },
      "failure-reason": {
        "description": "The sentence of the failure. Empty on success."
      },
      "report-path": {
        "description": "Path of the JSON report on the runner."
      },
      "duration-ms": {
        "description": "Duration of the action in milliseconds."
      }
    }
  }),
  "report-line": () => ({
    "name": "Tenantry: report-line",
    "description": "Tells of a line of jobs as a whole: who wanted to know, GitHub's deployments, and a job summary at its end. Finds the image that an environment has proven, and refuses any other.",
    "author": "Tenantry",
    "branding": {
      "icon": "message-circle",
      "color": "blue"
    },
    "runs": {
      "using": "node24",
      "main": "../../dist/report-line.cjs"
    },
    "inputs": {
      "mode": {
        "description": "What to do: begin (GitHub shows the deployment, listeners are told), end (how it ended: summary, GitHub, listeners), or promote (the image that was green in promoted-from; every other one is refused).",
        "default": "begin"
      },
      "container": {
        "description": "Name of the application on the server, as deploy-container has it.",
        "required": true
      },
      "environment": {
        "description": "Which environment this is, like dev, uat or production; part of labels and records.",
        "default": "production"
      },
      "image": {
        "description": "The application's image, with an immutable tag: registry/name:tag. latest is refused."
      },
      "promoted-from": {
        "description": "With mode promote, the environment in which the image must have been deployed, with everything green."
      },
      "needs": {
        "description": "With mode end, how the jobs of the line ended: the context needs, by toJSON."
      },
      "deployment-id": {
        "description": "With mode end, the output of the same name of mode begin."
      },
      "environment-url": {
        "description": "Address under which the application can be seen, for GitHub's list of deployments."
      },
      "github-token": {
        "description": "Token for GitHub's API (github.token), of a job that may write what is told there: deployments: write, or pull-requests: write for a comment. The labels that accept a dangerous migration after the merge are read with contents: read and pull-requests: read."
      },
      "notify": {
        "description": "Who is told that it begins, and how it ended: addresses of Slack, Discord, or a server of one's own, one a line. Each is a secret. slack, discord or webhook before an address says which format it takes. Nobody being told fails nothing."
      },
      "timeout": {
        "description": "Time limit for the whole action.",
        "default": "2m"
      },
      "summary": {
        "description": "Write a job summary.",
        "default": "true"
      }
    },
    "outputs": {
      "result": {
        "description": "begun, told, promoted, failed, or cancelled."
      },
      "outcome": {
        "description": "With mode end, how the line ended: success, failure or cancelled."
      },
      "verdict": {
        "description": "With mode end, the sentence with which the summary begins."
      },
      "deployment-id": {
        "description": "Of the deployment that GitHub shows. Empty without github-token, or when GitHub could not be told."
      },
      "image": {
        "description": "With mode promote, the image: registry/name:tag@sha256:…."
      },
      "failure-code": {
        "description": "What went wrong, as a name that stays; each has a paragraph in docs/troubleshooting.md. Empty on success."
      },
      "failure-reason": {
        "description": "The sentence of the failure. Empty on success."
      },
      "report-path": {
        "description": "Path of the JSON report on the runner."
      },
      "duration-ms": {
        "description": "Duration of the action in milliseconds."
      }
    }
  }),
  "tenantry": () => ({
    "name": "Tenantry",
    "description": "The whole line in one step: migrates a schema-per-tenant database, provisions a tenant, deploys the container to its server, and checks that every tenant's domain answers.",
    "author": "Tenantry",
    "branding": {
      "icon": "home",
      "color": "blue"
    },
    "runs": {
      "using": "node24",
      "main": "dist/tenantry.cjs"
    },
    "inputs": {
      "steps": {
        "description": "Which stops of the line to make, one a line: migrate, provision, deploy, check. Default: migrate, deploy and check; provision too where schema-name is given."
      },
      "database-url": {
        "description": "The database, as libpq reads it: postgresql://user:password@host:port/name. Take it from a secret.",
        "required": true
      },
      "wait-attempts": {
        "description": "How often to try to reach the database before giving up. Wrong passwords and missing databases are not waited for.",
        "default": "30"
      },
      "wait-interval": {
        "description": "Time between two tries to reach the database.",
        "default": "2s"
      },
      "connect-through": {
        "description": "How the database is reached: direct, or ssh, through the server in host. That one resolves the database's name; its account needs no shell there, only the right to forward.",
        "default": "direct"
      },
      "run-in": {
        "description": "Where manage.py runs: runner (as the job has prepared it), image (in the application's image on the runner), or server (in the image on the server in host, from whose network the project connects).",
        "default": "runner"
      },
      "lock-wait": {
        "description": "How long to wait for another run that is changing the same database. Its lock is never taken away.",
        "default": "10m"
      },
      "lock-timeout": {
        "description": "How long one statement of a migration waits for a lock before it is stopped; 0s is no limit.",
        "default": "5s"
      },
      "statement-timeout": {
        "description": "How long one statement of a migration runs before it is stopped; 0s is no limit.",
        "default": "0s"
      },
      "working-directory": {
        "description": "The folder with the project's manage.py.",
        "default": "."
      },
      "python": {
        "description": "The Python that runs the project: a name on the PATH, or a path.",
        "default": "python"
      },
      "settings-module": {
        "description": "DJANGO_SETTINGS_MODULE, where manage.py does not set the right one by itself."
      },
      "project-env": {
        "description": "Environment of manage.py, KEY=VALUE a line. DATABASE_URL and DB_* are set without being asked."
      },
      "preset": {
        "description": "What kind of application it is: django-tenants, or command for any other, which is migrated by the commands below.",
        "default": "django-tenants"
      },
      "shared-command": {
        "description": "With preset: command, the command that migrates the shared schema; run once, before the tenants. No shell reads it."
      },
      "tenant-command": {
        "description": "With preset: command, the command that migrates one tenant; {schema} stands for its schema. No shell reads it."
      },
      "tenant-query": {
        "description": "With preset: command, one SELECT of the names of the tenants' schemas. A second column, a boolean called pending, says who needs the command; without it, all do."
      },
      "tenant-command-repeatable": {
        "description": "Whether tenant-command may be run again after it failed half-way: then a lock that was not free, a deadlock or a serialization failure is tried again.",
        "default": "false"
      },
      "register-command": {
        "description": "With preset: command, the command that tells the application of a new tenant, with {schema} and {domain} in it. It runs when the tables are proven; afterwards tenant-query must name the tenant."
      },
      "unregister-command": {
        "description": "With preset: command, the command that takes back what register-command did, where something fails after it."
      },
      "super-tenant-command": {
        "description": "The command that gets or creates the public tenant. Default: create_super_tenant, where the project has it. Arguments are allowed."
      },
      "schemas": {
        "description": "Only these tenants: names, or patterns with * and ?, one a line. The shared schema always goes first."
      },
      "rollout": {
        "description": "Ordered groups of tenants, in YAML: each with a name and what selects its tenants (schemas, type, query), order, parallel, on-error, max-failures, bake and check. Default: a canary, then everybody."
      },
      "canary": {
        "description": "The share of all tenants that is migrated first, where there is no rollout; at least one, never the largest. 0% tries with nobody.",
        "default": "1%"
      },
      "max-failures": {
        "description": "So many failed tenants end the run: a number, or a share of all, and then at least one. A failed canary ends it at once.",
        "default": "1%"
      },
      "engine": {
        "description": "What migrates a tenant. auto: a worker that has just proven itself on this database, else the project's own migrate_schemas. worker and django force one.",
        "default": "auto"
      },
      "parallel": {
        "description": "How many tenants at once: a number, or auto. What locks a table of the shared schema is always done one at a time.",
        "default": "auto"
      },
      "post-migrate": {
        "description": "When Django's signal post_migrate (content types, permissions, your own receivers) is sent to a tenant: auto where it is needed, always to each that is migrated, or never.",
        "default": "auto"
      },
      "fake-initial": {
        "description": "What happens when tables of the shared schema exist and are not in its ledger: shared-if-identical records their initial migrations when they are exactly what those would make; never refuses.",
        "default": "shared-if-identical"
      },
      "allow-unknown-migrations": {
        "description": "Migrate although ledgers hold newer or renamed migrations that this code does not have.",
        "default": "false"
      },
      "lint": {
        "description": "What happens with dangerous migrations, before anything is changed: error refuses those that nobody has accepted in their file (# tenantry: allow NAME: the reason) or by a label of the pull request; warn tells; off does not look.",
        "default": "error"
      },
      "smoke-tables": {
        "description": "Tables that every migrated tenant must have and that can be counted, one a line. A table that lost all its rows fails."
      },
      "smoke-command": {
        "description": "Commands of manage.py, one a line, that must succeed for every migrated tenant; {schema} stands for it. With preset: command, any commands."
      },
      "expect-max-duration": {
        "description": "A warning with an estimate when the tenants are expected to take longer than this."
      },
      "schema-name": {
        "description": "Name of the tenant's schema. That of the shared schema stands for the root tenant."
      },
      "tenant-name": {
        "description": "Name of the tenant, for the model's field name. Default: the schema's name, where the model needs one."
      },
      "domain": {
        "description": "Domains of the tenant, one a line; the first one is primary."
      },
      "tenant-type": {
        "description": "Type of the tenant, in a project with several types."
      },
      "fields": {
        "description": "More fields of the tenant model, as YAML: one key: value a line."
      },
      "superuser-email": {
        "description": "E-mail address of a superuser to make in the tenant, unless it is there. Made in the shared schema where the project keeps its users there."
      },
      "superuser-username": {
        "description": "Name of the superuser. Default: the e-mail address."
      },
      "superuser-password": {
        "description": "Password of the superuser. Take it from a secret. Default: one that nobody knows; the person resets it."
      },
      "after-commands": {
        "description": "Commands of manage.py to run for each new tenant, one a line, with {schema} and {domain} in them. With preset: command, any commands."
      },
      "adopt": {
        "description": "Take over a schema that exists without a tenant's row.",
        "default": "false"
      },
      "host": {
        "description": "The server, as a name or an address; several, one a line, are deployed to in their order."
      },
      "ssh-user": {
        "description": "The account on the server. Where Docker is used there, it must be allowed to."
      },
      "ssh-port": {
        "description": "The server's SSH port.",
        "default": "22"
      },
      "ssh-key": {
        "description": "Private key of the account. Take it from a secret. Without it, and without ssh-password, the agent of the runner is asked (SSH_AUTH_SOCK)."
      },
      "ssh-passphrase": {
        "description": "Passphrase of the private key."
      },
      "ssh-password": {
        "description": "Password of the account, where there is no key."
      },
      "ssh-fingerprint": {
        "description": "SHA256 fingerprint of the server's host key (ssh-keygen -lf); several, one a line."
      },
      "ssh-known-hosts": {
        "description": "Lines of a known_hosts file, instead of fingerprints."
      },
      "ssh-jump": {
        "description": "A server to go through first: user@host:port."
      },
      "ssh-jump-key": {
        "description": "Private key for the jump server; without it the server's own is used."
      },
      "ssh-jump-fingerprint": {
        "description": "SHA256 fingerprint of the jump server's host key."
      },
      "ssh-connect-timeout": {
        "description": "Time for one SSH connection to be made.",
        "default": "20s"
      },
      "registry": {
        "description": "The registry to log in to, where the image needs it, like ghcr.io."
      },
      "registry-username": {
        "description": "User name at the registry."
      },
      "registry-password": {
        "description": "Password or token at the registry."
      },
      "image": {
        "description": "The application's image, with an immutable tag: registry/name:tag. latest is refused."
      },
      "transfer": {
        "description": "Where the server gets the image from: registry (it pulls it), or ssh (it is sent from the Docker of this machine, without the layers that the server has; no registry is needed).",
        "default": "registry"
      },
      "container": {
        "description": "Name of the application on the server. The running container is called NAME-RELEASE, and has this name on its Docker networks. A container of this name that was started by hand or by another tool is taken over."
      },
      "environment": {
        "description": "Which environment this is, like dev, uat or production; part of labels and records.",
        "default": "production"
      },
      "ports": {
        "description": "Published ports, HOST:CONTAINER a line, as docker run has them."
      },
      "volumes": {
        "description": "Mounts, SOURCE:TARGET[:ro] a line, as docker run has them."
      },
      "networks": {
        "description": "Docker networks the container joins, one a line. They must exist."
      },
      "extra-hosts": {
        "description": "Additional host names, NAME:ADDRESS a line."
      },
      "labels": {
        "description": "Additional labels, KEY=VALUE a line."
      },
      "memory": {
        "description": "Memory limit, like 512MiB."
      },
      "cpus": {
        "description": "CPU limit, like 1.5."
      },
      "user": {
        "description": "User that the container runs as, where it is not the image's own."
      },
      "restart": {
        "description": "Restart policy of the container.",
        "default": "unless-stopped"
      },
      "command": {
        "description": "Command instead of the image's own, one argument a line."
      },
      "network-aliases": {
        "description": "More names under which containers on the same networks find it, one a line. The name of the application is one already."
      },
      "hostname": {
        "description": "Host name within the container."
      },
      "dns": {
        "description": "DNS servers of the container, one address a line."
      },
      "log-driver": {
        "description": "Where Docker writes the container's log, like json-file, local or journald, where it is not the server's own choice."
      },
      "log-options": {
        "description": "Options of the log, KEY=VALUE a line, like max-size=10m."
      },
      "cap-add": {
        "description": "Capabilities that the container gets, one a line, like NET_BIND_SERVICE."
      },
      "cap-drop": {
        "description": "Capabilities that the container loses, one a line, or ALL."
      },
      "security-options": {
        "description": "Security options as docker run has them, one a line, like no-new-privileges."
      },
      "read-only": {
        "description": "The container's own files cannot be changed; what it writes needs volumes or tmpfs.",
        "default": "false"
      },
      "tmpfs": {
        "description": "Folders in memory, one a line, like /tmp:size=64m."
      },
      "ulimits": {
        "description": "Limits of its processes, NAME=SOFT:HARD a line, like nofile=65536."
      },
      "init": {
        "description": "Run a small init as the first process, which reaps what the others leave.",
        "default": "false"
      },
      "shm-size": {
        "description": "Size of /dev/shm, like 256MiB."
      },
      "env": {
        "description": "Environment of the container, KEY=VALUE a line. It travels in a file with mode 600, never in a command line."
      },
      "env-file": {
        "description": "A file of the workspace with more of the environment, KEY=VALUE a line; what env has counts more."
      },
      "env-mode": {
        "description": "How the application gets its environment: env-file (as variables, which docker inspect shows to whoever may use Docker there), or mount (as a file in the container, which only its own user can read).",
        "default": "env-file"
      },
      "env-path": {
        "description": "With env-mode mount, where the file is in the container, like /app/.env."
      },
      "required-env": {
        "description": "Names that env must give a value to, one a line; a missing one stops the deployment before anything is touched."
      },
      "files": {
        "description": "Files that are written into the container before it starts, in YAML: content by path, like a /config.js for a frontend. Values come in by expressions of the workflow."
      },
      "pre-deploy": {
        "description": "Commands in the new image before anything is touched, in YAML: each with run, and where wanted name, blocking (true) and timeout (5m). A blocking one that fails ends the deployment."
      },
      "reload-nginx": {
        "description": "Check the configuration of the server's nginx before anything is touched, and reload it after the switch.",
        "default": "false"
      },
      "health-url": {
        "description": "Address that must answer 2xx before the deployment counts, like http://{host}:8000/health/; {host} stands for the server. Asked from the runner, and on the server."
      },
      "health-host": {
        "description": "Host header for health-url, where it is not the one in the address."
      },
      "health-timeout": {
        "description": "Time for the new container to become healthy.",
        "default": "2m"
      },
      "stop-timeout": {
        "description": "Time for the old container to end by itself when it is stopped.",
        "default": "10s"
      },
      "strategy": {
        "description": "How the traffic moves without a gap: bridge (a redirect in the server's packet filter for the time of the switch), nginx or caddy (the proxy on the server hands the requests over; ports: one, on 127.0.0.1), swarm (the server manages a Docker Swarm, which exchanges the tasks of a service one by one). With a gap: recreate (stop the old one, start the new one). auto: swarm where a service has the container's name, else caddy or nginx where one of them hands requests to this port, else bridge, else recreate; the plan says which, and why.",
        "default": "auto"
      },
      "replicas": {
        "description": "Swarm: how many tasks of the service shall run. Without it, as many as before; 1 for a new service."
      },
      "shared-volumes": {
        "description": "The old and the new version may write to the volumes at the same time. Without it, a container with a writable volume is deployed with a gap.",
        "default": "false"
      },
      "bake": {
        "description": "Time for which the old version stays ready after the switch; a restart or a failing health in it switches back.",
        "default": "30s"
      },
      "drain-timeout": {
        "description": "Time for connections to end by themselves before their version is stopped.",
        "default": "30s"
      },
      "keep-releases": {
        "description": "How many releases are kept on a server to go back to. The current and the previous one are always among them; older ones go, with their images where nothing else uses them. Volumes are never removed.",
        "default": "5"
      },
      "canary-hosts": {
        "description": "Of several servers, the first ones to get the new version: how many, or their names, one a line. The others follow when it serves there.",
        "default": "1"
      },
      "max-parallel": {
        "description": "How many servers are deployed to at the same time.",
        "default": "1"
      },
      "on-failure": {
        "description": "When one of several servers fails: rollback-all brings those that this run has switched back to what they had, halt leaves them. Those after it are not touched in either case. The same holds in the whole line for a check that fails after the switch; the database is never taken back.",
        "default": "rollback-all"
      },
      "url": {
        "description": "The address to ask; several, one a line."
      },
      "attempts": {
        "description": "How often to try before giving up.",
        "default": "20"
      },
      "interval": {
        "description": "Time between two tries.",
        "default": "5s"
      },
      "initial-wait": {
        "description": "Time before the first try.",
        "default": "0s"
      },
      "try-timeout": {
        "description": "Time limit for one try.",
        "default": "5s"
      },
      "expect-status": {
        "description": "Accepted status codes: 200, 200-299, or several with commas.",
        "default": "200-299"
      },
      "expect-text": {
        "description": "Text that the answer must contain."
      },
      "expect-json": {
        "description": "What a JSON answer must contain, KEY=VALUE a line, with dots for what lies deeper: checks.database=ok."
      },
      "expect-header": {
        "description": "Headers that the answer must have, NAME: VALUE a line, like X-Release: a1b2c3d."
      },
      "expect-release": {
        "description": "The release that has to answer: in the header X-Release, in a JSON key like release or version, or anywhere in the answer; where its container is looked at, the release that its label says."
      },
      "follow-redirects": {
        "description": "Follow redirects. Otherwise a redirect is an answer like any other, which expect-status has to allow.",
        "default": "false"
      },
      "host-header": {
        "description": "Host header (and TLS name) to ask with, where it is not the one in the address."
      },
      "request-header": {
        "description": "Additional request headers, NAME: VALUE a line."
      },
      "ca": {
        "description": "The text of a PEM file with authorities that are believed beside the usual ones."
      },
      "max-latency": {
        "description": "How long a good answer may take, from opening the connection to its last byte."
      },
      "min-certificate-days": {
        "description": "How many days the certificate has to be good for at least."
      },
      "tenants": {
        "description": "Whose domains to ask as well, at the same address with their own Host header: none, all, or a number of tenants picked at random.",
        "default": "none"
      },
      "tenant-path": {
        "description": "The path to ask on the tenants' domains.",
        "default": "/"
      },
      "github-token": {
        "description": "Token for GitHub's API (github.token), of a job that may write what is told there: deployments: write, or pull-requests: write for a comment. The labels that accept a dangerous migration after the merge are read with contents: read and pull-requests: read."
      },
      "deployment-environment": {
        "description": "Environment under which GitHub shows this as a deployment, with its state. Leave it out in a job that has environment: such a job is a deployment already."
      },
      "backup": {
        "description": "Before anything is changed, back up what will be: the schemas with pending migrations and the shared one, proven readable. Without a proven backup nothing is migrated. Needs pg_dump of the server's version or newer.",
        "default": "true"
      },
      "backup-to": {
        "description": "Where backups go: runner (a folder of this machine, to be kept as an artifact), or server (the host, over SSH; files that only ssh-user can read).",
        "default": "runner"
      },
      "backup-folder": {
        "description": "The folder for backups. Default: tenantry-backups in the runner's temporary folder; on a server .tenantry/backups in the home of ssh-user."
      },
      "backup-keep": {
        "description": "How long backups of this database stay in backup-folder. The newest one always stays.",
        "default": "7d"
      },
      "backup-recipient": {
        "description": "Public keys of age, one a line. With them, backups are encrypted, and only the holders of the private keys can read them."
      },
      "notify": {
        "description": "Who is told that it begins, and how it ended: addresses of Slack, Discord, or a server of one's own, one a line. Each is a secret. slack, discord or webhook before an address says which format it takes. Nobody being told fails nothing."
      },
      "dry-run": {
        "description": "Look, plan and print; change nothing.",
        "default": "false"
      },
      "timeout": {
        "description": "Time limit for the whole action.",
        "default": "1h"
      },
      "summary": {
        "description": "Write a job summary.",
        "default": "true"
      }
    },
    "outputs": {
      "result": {
        "description": "done, planned (dry-run), failed, or cancelled."
      },
      "tenants-total": {
        "description": "How many tenants there are."
      },
      "tenants-migrated": {
        "description": "How many were migrated and proven."
      },
      "tenants-skipped": {
        "description": "How many had nothing to do and were proven."
      },
      "tenants-failed": {
        "description": "How many tenants are not complete, or do not answer."
      },
      "drift-groups": {
        "description": "Into how many groups of equal structure the tenants fall; one for each type of tenant when there is no drift."
      },
      "reversible": {
        "description": "Whether every migration of this run can be undone by Django: true or false. Empty when none was pending."
      },
      "old-code-compatible": {
        "description": "Whether the code from before goes on working after these migrations: yes, no or unknown. Empty when none was pending."
      },
      "backup-path": {
        "description": "The folder of the backup that was taken before anything was changed, or that was restored. Empty when nothing was pending."
      },
      "tenant-state": {
        "description": "What provisioning did: created, completed, adopted or unchanged."
      },
      "release": {
        "description": "Name of the release: the tag of the image."
      },
      "image-digest": {
        "description": "Digest of the image that was asked for."
      },
      "previous-digest": {
        "description": "Digest of the image that ran before."
      },
      "hosts": {
        "description": "Result per server, as JSON: host, result, release, digests, mechanism, times, failure-code, and what is true there now."
      },
      "downtime-ms": {
        "description": "Longest time in milliseconds in which no container served on a server."
      },
      "status": {
        "description": "Last status code of the first address."
      },
      "latency-ms": {
        "description": "Time of the slowest good answer in milliseconds."
      },
      "failure-code": {
        "description": "What went wrong, as a name that stays; each has a paragraph in docs/troubleshooting.md. Empty on success."
      },
      "failure-reason": {
        "description": "The sentence of the failure. Empty on success."
      },
      "report-path": {
        "description": "Path of the JSON report on the runner."
      },
      "duration-ms": {
        "description": "Duration of the action in milliseconds."
      }
    }
  })
};
var manifestOf = (name) => manifests[name]();
//! src/step/github.ts
//! node_modules/@actions/core/lib/command.js
//! node_modules/@actions/core/lib/utils.js
function toCommandValue(input) {
  if (input === null || input === void 0) {
    return "";
  } else if (typeof input === "string" || input instanceof String) {
    return input;
  }
  return JSON.stringify(input);
}
function toCommandProperties(annotationProperties) {
  if (!Object.keys(annotationProperties).length) {
    return {};
  }
  return {
    title: annotationProperties.title,
    file: annotationProperties.file,
    line: annotationProperties.startLine,
    endLine: annotationProperties.endLine,
    col: annotationProperties.startColumn,
    endColumn: annotationProperties.endColumn
  };
}
//! node_modules/@actions/core/lib/command.js
function issueCommand(command, properties, message) {
  const cmd = new Command(command, properties, message);
  process.stdout.write(cmd.toString() + os.EOL);
}
function issue(name, message = "") {
  issueCommand(name, {}, message);
}
var CMD_STRING = "::";
var Command = class {
  constructor(command, properties, message) {
    if (!command) {
      command = "missing.command";
    }
    this.command = command;
    this.properties = properties;
    this.message = message;
  }
  toString() {
    let cmdStr = CMD_STRING + this.command;
    if (this.properties && Object.keys(this.properties).length > 0) {
      cmdStr += " ";
      let first = true;
      for (const key in this.properties) {
        if (this.properties.hasOwnProperty(key)) {
          const val = this.properties[key];
          if (val) {
            if (first) {
              first = false;
            } else {
              cmdStr += ",";
            }
            cmdStr += `${key}=${escapeProperty(val)}`;
          }
        }
      }
    }
    cmdStr += `${CMD_STRING}${escapeData(this.message)}`;
    return cmdStr;
  }
};
function escapeData(s) {
  return toCommandValue(s).replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A");
}
function escapeProperty(s) {
  return toCommandValue(s).replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A").replace(/:/g, "%3A").replace(/,/g, "%2C");
}
//! node_modules/@actions/core/lib/file-command.js
function issueFileCommand(command, message) {
  const filePath = process.env[`GITHUB_${command}`];
  if (!filePath) {
    throw new Error(`Unable to find environment variable for file command ${command}`);
  }
  if (!fs.existsSync(filePath)) {
    throw new Error(`Missing file at path: ${filePath}`);
  }
  fs.appendFileSync(filePath, `${toCommandValue(message)}${os2.EOL}`, {
    encoding: "utf8"
  });
}
function prepareKeyValueMessage(key, value) {
  const delimiter = `ghadelimiter_${crypto.randomUUID()}`;
  const convertedValue = toCommandValue(value);
  if (key.includes(delimiter)) {
    throw new Error(`Unexpected input: name should not contain the delimiter "${delimiter}"`);
  }
  if (convertedValue.includes(delimiter)) {
    throw new Error(`Unexpected input: value should not contain the delimiter "${delimiter}"`);
  }
  return `${key}<<${delimiter}${os2.EOL}${convertedValue}${os2.EOL}${delimiter}`;
}
//! node_modules/@actions/core/lib/core.js
//! node_modules/@actions/core/lib/summary.js
var __awaiter = function(thisArg, _arguments, P, generator) {
  function adopt(value) {
    return value instanceof P ? value : new P(function(resolve) {
      resolve(value);
    });
  }
  return new (P || (P = Promise))(function(resolve, reject) {
    function fulfilled(value) {
      try {
        step(generator.next(value));
      } catch (e) {
        reject(e);
      }
    }
    function rejected(value) {
      try {
        step(generator["throw"](value));
      } catch (e) {
        reject(e);
      }
    }
    function step(result) {
      result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected);
    }
    step((generator = generator.apply(thisArg, _arguments || [])).next());
  });
};
var { access, appendFile, writeFile } = import_fs.promises;
var SUMMARY_ENV_VAR = "GITHUB_STEP_SUMMARY";
var Summary = class {
  constructor() {
    this._buffer = "";
  }
  /**
   * Finds the summary file path from the environment, rejects if env var is not found or file does not exist
   * Also checks r/w permissions.
   *
   * @returns step summary file path
   */
  filePath() {
    return __awaiter(this, void 0, void 0, function* () {
      if (this._filePath) {
        return this._filePath;
      }
      const pathFromEnv = process.env[SUMMARY_ENV_VAR];
      if (!pathFromEnv) {
        throw new Error(`Unable to find environment variable for $${SUMMARY_ENV_VAR}. Check if your runtime environment supports job summaries.`);
      }
      try {
        yield access(pathFromEnv, import_fs.constants.R_OK | import_fs.constants.W_OK);
      } catch (_a) {
        throw new Error(`Unable to access summary file: '${pathFromEnv}'. Check if the file has correct read/write permissions.`);
      }
      this._filePath = pathFromEnv;
      return this._filePath;
    });
  }
  /**
   * Wraps content in an HTML tag, adding any HTML attributes
   *
   * @param {string} tag HTML tag to wrap
   * @param {string | null} content content within the tag
   * @param {[attribute: string]: string} attrs key-value list of HTML attributes to add
   *
   * @returns {string} content wrapped in HTML element
   */
  wrap(tag, content, attrs = {}) {
    const htmlAttrs = Object.entries(attrs).map(([key, value]) => ` ${key}="${value}"`).join("");
    if (!content) {
      return `<${tag}${htmlAttrs}>`;
    }
    return `<${tag}${htmlAttrs}>${content}</${tag}>`;
  }
  /**
   * Writes text in the buffer to the summary buffer file and empties buffer. Will append by default.
   *
   * @param {SummaryWriteOptions} [options] (optional) options for write operation
   *
   * @returns {Promise<Summary>} summary instance
   */
  write(options) {
    return __awaiter(this, void 0, void 0, function* () {
      const overwrite = !!(options === null || options === void 0 ? void 0 : options.overwrite);
      const filePath = yield this.filePath();
      const writeFunc = overwrite ? writeFile : appendFile;
      yield writeFunc(filePath, this._buffer, { encoding: "utf8" });
      return this.emptyBuffer();
    });
  }
  /**
   * Clears the summary buffer and wipes the summary file
   *
   * @returns {Summary} summary instance
   */
  clear() {
    return __awaiter(this, void 0, void 0, function* () {
      return this.emptyBuffer().write({ overwrite: true });
    });
  }
  /**
   * Returns the current summary buffer as a string
   *
   * @returns {string} string of summary buffer
   */
  stringify() {
    return this._buffer;
  }
  /**
   * If the summary buffer is empty
   *
   * @returns {boolen} true if the buffer is empty
   */
  isEmptyBuffer() {
    return this._buffer.length === 0;
  }
  /**
   * Resets the summary buffer without writing to summary file
   *
   * @returns {Summary} summary instance
   */
  emptyBuffer() {
    this._buffer = "";
    return this;
  }
  /**
   * Adds raw text to the summary buffer
   *
   * @param {string} text content to add
   * @param {boolean} [addEOL=false] (optional) append an EOL to the raw text (default: false)
   *
   * @returns {Summary} summary instance
   */
  addRaw(text, addEOL = false) {
    this._buffer += text;
    return addEOL ? this.addEOL() : this;
  }
  /**
   * Adds the operating system-specific end-of-line marker to the buffer
   *
   * @returns {Summary} summary instance
   */
  addEOL() {
    return this.addRaw(import_os.EOL);
  }
  /**
   * Adds an HTML codeblock to the summary buffer
   *
   * @param {string} code content to render within fenced code block
   * @param {string} lang (optional) language to syntax highlight code
   *
   * @returns {Summary} summary instance
   */
  addCodeBlock(code, lang) {
    const attrs = Object.assign({}, lang && { lang });
    const element = this.wrap("pre", this.wrap("code", code), attrs);
    return this.addRaw(element).addEOL();
  }
  /**
   * Adds an HTML list to the summary buffer
   *
   * @param {string[]} items list of items to render
   * @param {boolean} [ordered=false] (optional) if the rendered list should be ordered or not (default: false)
   *
   * @returns {Summary} summary instance
   */
  addList(items, ordered = false) {
    const tag = ordered ? "ol" : "ul";
    const listItems = items.map((item) => this.wrap("li", item)).join("");
    const element = this.wrap(tag, listItems);
    return this.addRaw(element).addEOL();
  }
  /**
   * Adds an HTML table to the summary buffer
   *
   * @param {SummaryTableCell[]} rows table rows
   *
   * @returns {Summary} summary instance
   */
  addTable(rows) {
    const tableBody = rows.map((row) => {
      const cells = row.map((cell) => {
        if (typeof cell === "string") {
          return this.wrap("td", cell);
        }
        const { header, data, colspan, rowspan } = cell;
        const tag = header ? "th" : "td";
        const attrs = Object.assign(Object.assign({}, colspan && { colspan }), rowspan && { rowspan });
        return this.wrap(tag, data, attrs);
      }).join("");
      return this.wrap("tr", cells);
    }).join("");
    const element = this.wrap("table", tableBody);
    return this.addRaw(element).addEOL();
  }
  /**
   * Adds a collapsable HTML details element to the summary buffer
   *
   * @param {string} label text for the closed state
   * @param {string} content collapsable content
   *
   * @returns {Summary} summary instance
   */
  addDetails(label, content) {
    const element = this.wrap("details", this.wrap("summary", label) + content);
    return this.addRaw(element).addEOL();
  }
  /**
   * Adds an HTML image tag to the summary buffer
   *
   * @param {string} src path to the image you to embed
   * @param {string} alt text description of the image
   * @param {SummaryImageOptions} options (optional) addition image attributes
   *
   * @returns {Summary} summary instance
   */
  addImage(src, alt, options) {
    const { width: width2, height } = options || {};
    const attrs = Object.assign(Object.assign({}, width2 && { width: width2 }), height && { height });
    const element = this.wrap("img", null, Object.assign({ src, alt }, attrs));
    return this.addRaw(element).addEOL();
  }
  /**
   * Adds an HTML section heading element
   *
   * @param {string} text heading text
   * @param {number | string} [level=1] (optional) the heading level, default: 1
   *
   * @returns {Summary} summary instance
   */
  addHeading(text, level) {
    const tag = `h${level}`;
    const allowedTag = ["h1", "h2", "h3", "h4", "h5", "h6"].includes(tag) ? tag : "h1";
    const element = this.wrap(allowedTag, text);
    return this.addRaw(element).addEOL();
  }
  /**
   * Adds an HTML thematic break (<hr>) to the summary buffer
   *
   * @returns {Summary} summary instance
   */
  addSeparator() {
    const element = this.wrap("hr", null);
    return this.addRaw(element).addEOL();
  }
  /**
   * Adds an HTML line break (<br>) to the summary buffer
   *
   * @returns {Summary} summary instance
   */
  addBreak() {
    const element = this.wrap("br", null);
    return this.addRaw(element).addEOL();
  }
  /**
   * Adds an HTML blockquote to the summary buffer
   *
   * @param {string} text quote text
   * @param {string} cite (optional) citation url
   *
   * @returns {Summary} summary instance
   */
  addQuote(text, cite) {
    const attrs = Object.assign({}, cite && { cite });
    const element = this.wrap("blockquote", text, attrs);
    return this.addRaw(element).addEOL();
  }
  /**
   * Adds an HTML anchor tag to the summary buffer
   *
   * @param {string} text link text/content
   * @param {string} href hyperlink
   *
   * @returns {Summary} summary instance
   */
  addLink(text, href) {
    const element = this.wrap("a", text, { href });
    return this.addRaw(element).addEOL();
  }
};
var _summary = new Summary();
var summary = _summary;
//! node_modules/@actions/core/lib/platform.js
//! node_modules/@actions/io/lib/io-util.js
var { chmod, copyFile, lstat, mkdir, open, readdir, rename, rm, rmdir, stat, symlink, unlink } = fs2.promises;
var IS_WINDOWS = process.platform === "win32";
var READONLY = fs2.constants.O_RDONLY;
//! node_modules/@actions/exec/lib/toolrunner.js
var IS_WINDOWS2 = process.platform === "win32";
//! node_modules/@actions/core/lib/platform.js
var platform = import_os2.default.platform();
var arch = import_os2.default.arch();
//! node_modules/@actions/core/lib/core.js
var ExitCode;
(function(ExitCode2) {
  ExitCode2[ExitCode2["Success"] = 0] = "Success";
  ExitCode2[ExitCode2["Failure"] = 1] = "Failure";
})(ExitCode || (ExitCode = {}));
function exportVariable(name, val) {
  const convertedVal = toCommandValue(val);
  process.env[name] = convertedVal;
  const filePath = process.env["GITHUB_ENV"] || "";
  if (filePath) {
    return issueFileCommand("ENV", prepareKeyValueMessage(name, val));
  }
  issueCommand("set-env", { name }, convertedVal);
}
function setSecret(secret) {
  issueCommand("add-mask", {}, secret);
}
function setOutput(name, value) {
  const filePath = process.env["GITHUB_OUTPUT"] || "";
  if (filePath) {
    return issueFileCommand("OUTPUT", prepareKeyValueMessage(name, value));
  }
  process.stdout.write(os4.EOL);
  issueCommand("set-output", { name }, toCommandValue(value));
}
function setFailed(message) {
  process.exitCode = ExitCode.Failure;
  error(message);
}
function debug(message) {
  issueCommand("debug", {}, message);
}
function error(message, properties = {}) {
  issueCommand("error", toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
function warning(message, properties = {}) {
  issueCommand("warning", toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
function info(message) {
  process.stdout.write(message + os4.EOL);
}
function startGroup(name) {
  issue("group", name);
}
function endGroup() {
  issue("endgroup");
}
//! src/step/github-event.ts
var eventShape = (0, import_zod.object)({
  pull_request: (0, import_zod.object)({
    number: (0, import_zod.number)(),
    labels: (0, import_zod.array)((0, import_zod.object)({ name: (0, import_zod.string)(), description: (0, import_zod.string)().nullish() })).default([])
  }).optional(),
  workflow_run: (0, import_zod.object)({
    html_url: (0, import_zod.string)(),
    head_branch: (0, import_zod.string)(),
    head_sha: (0, import_zod.string)(),
    head_repository: (0, import_zod.object)({ owner: (0, import_zod.object)({ login: (0, import_zod.string)() }) })
  }).optional()
});
function readEvent({
  GITHUB_EVENT_PATH
}) {
  if (GITHUB_EVENT_PATH === void 0) return {};
  let event;
  try {
    event = eventShape.parse(JSON.parse((0, import_node_fs.readFileSync)(GITHUB_EVENT_PATH, "utf8")));
  } catch {
    return {};
  }
  const { pull_request: pull, workflow_run: run2 } = event;
  return {
    ...pull === void 0 ? {} : {
      pullRequest: {
        number: pull.number,
        labels: pull.labels.map(({ name, description }) => ({ name, description: description ?? "" }))
      }
    },
    ...run2 === void 0 ? {} : {
      calledBy: {
        url: run2.html_url,
        owner: run2.head_repository.owner.login,
        branch: run2.head_branch,
        commit: run2.head_sha
      }
    }
  };
}
//! src/step/written-line.ts
function lineLike({ like, within }, files) {
  const found = files.flatMap(
    ({ file, text }) => text.split("\n").flatMap((line, index) => {
      if (/^\s*#/.test(line) || !like(line)) return [];
      const inner = within !== void 0 && /:\s*\|[-+]?\s*$/.test(line) ? within : 0;
      return [{ file, line: index + 1 + inner }];
    })
  );
  return found.length === 1 ? found[0] : void 0;
}
function filesOfCheckout({ GITHUB_WORKFLOW_REF, GITHUB_WORKSPACE }) {
  const root = GITHUB_WORKSPACE;
  if (root === void 0 || !(0, import_node_fs2.existsSync)(root)) return [];
  const workflow = /^[^/]+\/[^/]+\/([^@]+)@/.exec(GITHUB_WORKFLOW_REF ?? "")?.[1];
  const folders = (0, import_node_fs2.readdirSync)(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const dockerfiles = ["Dockerfile", ...folders.map(({ name }) => `${name}/Dockerfile`)];
  return [...workflow === void 0 ? [] : [workflow], ...dockerfiles].flatMap((file) => {
    const path = (0, import_node_path2.join)(root, file);
    return (0, import_node_fs2.existsSync)(path) ? [{ file, text: (0, import_node_fs2.readFileSync)(path, "utf8") }] : [];
  });
}
function inputLike(input, value) {
  return (line) => {
    const [, name, text = ""] = /^\s+(?:- )?([\w-]+):\s*(.*?)\s*$/.exec(line.replace(/\s#.*$/, "")) ?? [];
    if (name?.toLowerCase() !== input) return false;
    const isElsewhere = text.includes("${{") || /^[|>][-+]?$/.test(text);
    return isElsewhere || text.replace(/^(["'])(.*)\1$/, "$2") === value.trim();
  };
}
//! src/step/github.ts
function githubHost(environment) {
  const { GITHUB_SERVER_URL, GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT } = environment;
  const run2 = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}/attempts/${GITHUB_RUN_ATTEMPT ?? 1}`;
  return {
    given: inputsGiven(environment),
    origin: {
      run: GITHUB_RUN_ID === void 0 ? "no run" : run2,
      actor: environment.GITHUB_ACTOR ?? "unknown",
      commit: environment.GITHUB_SHA ?? "",
      github: GITHUB_REPOSITORY === void 0 ? void 0 : {
        repository: GITHUB_REPOSITORY,
        apiUrl: GITHUB_API_URL ?? "https://api.github.com",
        ...readEvent(environment)
      }
    },
    reportFolder: (0, import_node_path.join)(environment.RUNNER_TEMP ?? (0, import_node_os.tmpdir)(), "tenantry"),
    mask: (secret) => setSecret(secret),
    line: (text) => info(text),
    debug: (text) => debug(text),
    warning: (text, place) => warning(text, place === void 0 ? {} : annotated(place)),
    fail(sentence, written) {
      const place = written && "like" in written ? lineLike(written, filesOfCheckout(environment)) : written;
      if (place === void 0) return setFailed(sentence);
      process.exitCode = 1;
      error(sentence, annotated(place));
    },
    output: (name, value) => setOutput(name, value),
    exportVariable: (name, value) => exportVariable(name, value),
    fold(title, text) {
      startGroup(title);
      info(text);
      endGroup();
    },
    async summary(markdown) {
      if (environment.GITHUB_STEP_SUMMARY) await summary.addRaw(markdown, true).write();
    }
  };
}
function annotated({ file, line }) {
  return { file, ...line === void 0 ? {} : { startLine: line } };
}
function inputsGiven(environment) {
  const given = /* @__PURE__ */ new Map();
  for (const [variable, value] of Object.entries(environment)) {
    if (variable.startsWith("INPUT_") && value !== void 0 && value.trim() !== "") {
      given.set(variable.slice("INPUT_".length).toLowerCase(), value);
    }
  }
  return given;
}
//! src/step/run.ts
//! src/report/mermaid.ts
function lineOf(stops) {
  const boxes = stops.map(({ name, result, milliseconds, failed, skipped = false }, index) => {
    const time = milliseconds === void 0 ? [] : [(0, import_ground_duration.showDuration)(milliseconds)];
    const look = failed ? ":::failed" : skipped ? ":::skipped" : "";
    return `  stop${index}["${[name, result, ...time].map(plain).join("<br>")}"]${look}`;
  });
  const arrows = stops.slice(1).map((_, index) => `  stop${index} --> stop${index + 1}`);
  return [
    "```mermaid",
    "flowchart LR",
    ...boxes,
    ...arrows,
    "  classDef failed fill:#ffebe9,stroke:#cf222e,color:#82071e",
    ...stops.some(({ skipped }) => skipped === true) ? ["  classDef skipped fill:#f6f8fa,stroke:#d1d9e0,color:#59636e,stroke-dasharray:4"] : [],
    "```"
  ].join("\n");
}
function timelineOf(phases, title) {
  const bars = phases.map(
    // A bar of no length would not be drawn.
    ({ name, from, to, failed }) => `  ${plain(name).replace(/[:,]/g, " ")} (${(0, import_ground_duration.showDuration)(to - from)}) :${failed === true ? "crit, " : ""}${Math.round(from)}, ${Math.max(Math.round(to), Math.round(from) + 1)}`
  );
  const titles = title === void 0 ? [] : [`  title ${plain(title).replace(/[:,]/g, " ")}`];
  return ["```mermaid", "gantt", ...titles, "  dateFormat x", "  axisFormat %M:%S", ...bars, "```"].join(
    "\n"
  );
}
function plain(text) {
  return text.replace(/["<>[\]{}|`#;]/g, " ").trim();
}
//! src/report/report.ts
var Report = class {
  #sections = [];
  #data = {};
  #title;
  #verdict;
  #isGood = true;
  /** The headline of the summary, where it is about more than the step. */
  called(title) {
    this.#title = title;
  }
  /** The first sentence of the summary when all went well. */
  verdict(sentence) {
    this.#verdict = sentence;
  }
  /** The same of something that may have gone wrong elsewhere, while the step itself does well. */
  headline(isGood, sentence) {
    this.#isGood = isGood;
    this.#verdict = sentence;
  }
  table(title, header, rows) {
    this.#sections.push(`### ${title}`, (0, import_report_markdown.table)(header, rows));
  }
  /** A table that is there for whoever looks closer. */
  foldedTable(title, header, rows) {
    this.#sections.push((0, import_report_markdown.folded)(title, (0, import_report_markdown.table)(header, rows)));
  }
  /** A text as it stands, to be copied. */
  foldedText(title, text, language) {
    this.#sections.push((0, import_report_markdown.folded)(title, text, language));
  }
  /** The stops of a line as a picture, each with its result and time. */
  line(stops) {
    this.#sections.push(lineOf(stops));
  }
  /** What took how long, as a picture; with a title where there are several. */
  timeline(phases, title) {
    this.#sections.push(timelineOf(phases, title));
  }
  /** The same for whoever looks closer. */
  foldedTimeline(title, phases) {
    this.#sections.push((0, import_report_markdown.folded)(title, timelineOf(phases)));
  }
  /** Something that did not fail the step but wants a look. */
  lookAt(sentence) {
    this.#sections.push((0, import_report_markdown.bullet)(`**Look at this:** ${sentence}`));
  }
  /** What to do now. */
  next(sentence) {
    this.#sections.push((0, import_report_markdown.bullet)(`**Next:** ${sentence}`));
  }
  /** A part of the JSON report. */
  data(key, value) {
    this.#data[key] = value;
  }
  /** The summary as Markdown. */
  summary(title, failure) {
    const first = failure === void 0 ? this.#verdict : failure.sentence;
    const isGood = failure === void 0 && this.#isGood;
    return [
      `## ${this.#title ?? title}`,
      ...first === void 0 ? [] : [(0, import_report_markdown.quote)(`${isGood ? "✅" : "❌"} ${first}`)],
      ...this.#sections,
      ...failure?.evidence === void 0 ? [] : [(0, import_report_markdown.folded)("Evidence", failure.evidence, "text")],
      ""
    ].join("\n\n");
  }
  get collected() {
    return this.#data;
  }
};
//! src/step/cancel.ts
var unwindingTime = 7e3;
function onCancel() {
  const controller = new AbortController();
  const { signal } = controller;
  let timer;
  const cancel = (name) => controller.abort(new import_ground_errors.Cancelled(`The step was cancelled (${name})`));
  process.on("SIGINT", cancel);
  process.on("SIGTERM", cancel);
  return {
    signal,
    limit(milliseconds) {
      timer = setTimeout(() => {
        controller.abort(
          new import_ground_errors.Cancelled(
            `The step did not end within ${(0, import_ground_duration.showDuration)(milliseconds)} — it was stopped`,
            "raise the input timeout, or run again: what is done stays done",
            "timed-out"
          )
        );
      }, milliseconds);
    },
    async race(work) {
      const overdue = new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          void (0, import_promises.setTimeout)(unwindingTime, void 0, { ref: false }).then(() => reject(signal.reason));
        });
      });
      return Promise.race([work, overdue]);
    },
    end() {
      clearTimeout(timer);
      process.off("SIGINT", cancel);
      process.off("SIGTERM", cancel);
    }
  };
}
//! src/step/defect.ts
function describeDefect(error2) {
  const kind = error2 instanceof Error ? error2.name : typeof error2;
  const place = error2 instanceof Error ? placeInSource(error2.stack ?? "") : void 0;
  return new import_ground_errors.UserError(
    `This is a defect in Tenantry, not in your project — ${kind}: ${(0, import_ground_errors.messageOf)(error2)}${place === void 0 ? "" : ` in ${place}`}`,
    "please report it with the report file",
    {
      code: "defect",
      cause: error2,
      ...error2 instanceof Error && error2.stack ? { evidence: error2.stack } : {}
    }
  );
}
function placeInSource(stack) {
  const [, file, line] = /\(?((?:file:\/\/)?\/[^\s():]+):(\d+):\d+\)?/.exec(stack) ?? [];
  if (file === void 0 || line === void 0) return void 0;
  const path = file.replace(/^file:\/\//, "");
  const source = path.split("/src/")[1];
  if (source !== void 0) return `${source}:${line}`;
  try {
    const before = (0, import_node_fs3.readFileSync)(path, "utf8").split("\n").slice(0, Number(line));
    const marker = before.findLast((text) => /^\/\/!? src\/.*\.ts$/.test(text.trim()));
    return marker?.trim().replace(/^\/\/!? src\//, "");
  } catch {
    return void 0;
  }
}
//! src/step/ending.ts
async function tellEnding(ending, teller) {
  const { outputs, failure, standing } = ending;
  const { masker } = teller;
  const sentence = failure === void 0 ? void 0 : masker.clean(sentenceOf(failure, standing));
  if (failure !== void 0) {
    const told = outputs.get("result") ?? "failed";
    outputs.set("result", failure instanceof import_ground_errors.Cancelled ? "cancelled" : told);
    outputs.set("failure-code", failure.code);
    outputs.set("failure-reason", sentence);
  }
  outputs.set("duration-ms", teller.milliseconds);
  if (failure?.code !== cannotWrite) outputs.set("report-path", await writeReport(ending, teller));
  writeOutputs(ending, teller);
  await writeSummary(ending, teller, sentence);
  if (failure !== void 0 && sentence !== void 0) fail(failure, sentence, teller);
}
function sentenceOf(failure, standing) {
  return standing === "" || failure.sentence.includes(standing) ? failure.sentence : `${failure.sentence}; ${standing}`;
}
var cannotWrite = "cannot-write-report";
async function requireWritable(folder) {
  try {
    await (0, import_promises2.mkdir)(folder, { recursive: true });
    await (0, import_promises2.access)(folder, import_promises2.constants.W_OK);
  } catch (error2) {
    throw new import_ground_errors.UserError(
      `The report cannot be written to ${folder} — ${(0, import_ground_errors.messageOf)(error2)}`,
      "make the folder writable, or free some space; nothing was done",
      { code: cannotWrite, cause: error2 }
    );
  }
}
async function writeReport({ outputs, steps, report }, { name, host, masker }) {
  const path = (0, import_node_path3.join)(host.reportFolder, `${name}-${process.pid}.json`);
  const content = { schema: 1, action: name, ...Object.fromEntries(outputs), steps, ...report.collected };
  try {
    await (0, import_promises2.mkdir)(host.reportFolder, { recursive: true });
    await (0, import_promises2.writeFile)(path, `${masker.clean(JSON.stringify(content, null, 2))}
`);
    return path;
  } catch (error2) {
    host.warning(
      `The report could not be written to ${path} — ${(0, import_ground_errors.messageOf)(error2)} — free some space or make the folder writable`
    );
    return void 0;
  }
}
var ownWords = ["result", "failure-code", "duration-ms", "report-path"];
function writeOutputs({ outputs }, { host, masker, secretOutputs }) {
  for (const [output, value] of outputs) {
    if (value === void 0) continue;
    const isKept = secretOutputs.includes(output) || ownWords.includes(output);
    host.output(output, isKept ? String(value) : masker.clean(String(value)));
  }
}
async function writeSummary({ report, failure }, { host, masker, title }, sentence) {
  if (/^false$/i.test(host.given.get("summary") ?? "")) return;
  const failed = sentence === void 0 ? void 0 : { sentence, evidence: failure?.evidence };
  try {
    await host.summary(masker.clean(report.summary(title, failed)));
  } catch (error2) {
    host.warning(
      `The job summary could not be written — ${(0, import_ground_errors.messageOf)(error2)} — free some space on the runner`
    );
  }
}
function fail(failure, sentence, { host, masker }) {
  if (failure.evidence !== void 0) host.fold("Evidence", masker.clean(failure.evidence));
  const cause = failure.cause === void 0 ? "" : (0, import_ground_errors.messageOf)(failure.cause);
  if (cause !== "" && !sentence.includes(cause)) host.line(masker.clean(`Cause: ${cause}`));
  host.fail(sentence, failure.place);
}
//! src/ground/failure-codes.ts
var failureCodes = [
  // Project
  "manage-py-missing",
  "python-missing",
  "django-missing",
  "settings-not-importable",
  "project-not-loadable",
  "manage-py-unusable",
  "not-django-tenants",
  "tenant-engine-missing",
  "project-cannot-connect",
  "project-other-database",
  "migrations-not-loadable",
  "probe-failed",
  // Database
  "database-url-invalid",
  "database-url-unsupported",
  "database-parts-invalid",
  "database-name-not-resolved",
  "database-refused",
  "database-no-answer",
  "database-hung-up",
  "not-postgresql",
  "database-tls-required",
  "database-tls-refused",
  "database-tls-failed",
  "database-tls-file",
  "database-certificate-not-trusted",
  "database-wrong-password",
  "database-no-password",
  "database-no-such-role",
  "database-no-such-database",
  "database-access-refused",
  "database-too-many-connections",
  "database-starting-up",
  "database-other-session",
  "database-pooler-transaction-mode",
  "database-pooler-refuses-options",
  "database-pooler-cannot-connect",
  "database-pooler-unknown-mode",
  "database-not-connected",
  "database-locked",
  "database-permission-denied",
  "database-read-only",
  "replica-behind",
  // Migrations
  "migrations-conflict",
  "shared-schema-missing",
  "schema-unreadable",
  "tenant-without-schema",
  "migration-history-inconsistent",
  "tenant-type-unknown",
  "code-older-than-database",
  "migration-renamed",
  "squash-partly-applied",
  "ledger-missing",
  "migration-would-alter-shared",
  "migration-dangerous",
  "preview-not-usable",
  "preview-database-failed",
  "migration-half-applied",
  "migration-not-recorded",
  "undoing-not-recorded",
  "tables-of-another-role",
  "timeouts-not-honoured",
  "command-missing",
  "tenant-query-unusable",
  "worker-unsupported",
  "shared-tables-exist",
  "shared-tables-differ",
  "shared-tables-unproven",
  "shared-migration-failed",
  "super-tenant-failed",
  "tenant-migration-failed",
  "migration-blocked",
  "shared-schema-changed",
  "tenants-failed",
  "time-limit-near",
  "rollout-incomplete",
  "rollout-query-failed",
  "rollout-check-failed",
  "schemas-unknown",
  "smoke-test-failed",
  "rollback-target-unknown",
  "rollback-impossible",
  "rollback-not-proven",
  "migrations-left-pending",
  "tenant-drifted",
  "tenant-tables-missing",
  "invalid-index",
  "tenants-unreadable",
  // Backups
  "backup-program-missing",
  "backup-failed",
  "backup-not-proven",
  "backup-unreadable",
  "backup-key-wrong",
  "lock-table-too-small",
  "schema-vanished",
  "backup-not-found",
  "backup-other-database",
  "restore-pointed-into",
  "restore-name-taken",
  "restore-failed",
  "restore-not-proven",
  "extension-missing",
  // Tenants
  "tenant-fields-wrong",
  "shared-schema-behind",
  "domain-taken",
  "schema-left-over",
  "tenant-hidden",
  "cannot-create-schema",
  "tenant-not-made",
  "tenant-signal-failed",
  "tenant-not-proven",
  "superuser-not-made",
  "after-command-failed",
  "tenants-file-invalid",
  "tenants-not-provisioned",
  "tenant-unknown",
  "tenant-not-repairable",
  "tenant-not-copied",
  "tenant-not-removed",
  // Server and SSH
  "ssh-name-not-resolved",
  "ssh-refused",
  "ssh-no-answer",
  "ssh-not-ssh",
  "ssh-host-key-unknown",
  "ssh-host-key-mismatch",
  "ssh-fingerprint-invalid",
  "ssh-known-hosts-invalid",
  "ssh-no-credentials",
  "ssh-key-rejected",
  "ssh-password-rejected",
  "ssh-key-unreadable",
  "ssh-passphrase-missing",
  "ssh-passphrase-wrong",
  "ssh-no-common-algorithm",
  "ssh-too-many-attempts",
  "ssh-jump-forbidden",
  "ssh-shell-unusable",
  "ssh-failed",
  "tunnel-forbidden",
  "tunnel-lost",
  "connection-lost",
  "command-not-found",
  "command-timed-out",
  "cannot-write",
  "cannot-read",
  "environment-name-invalid",
  // Docker and registry
  "docker-missing",
  "docker-not-running",
  "docker-not-allowed",
  "docker-not-understood",
  "docker-failed",
  "swarm-not-manager",
  "swarm-without-leader",
  "disk-full",
  "server-clock-wrong",
  "registry-login-missing",
  "registry-login-refused",
  "registry-login-not-kept",
  "registry-unreachable",
  "registry-certificate",
  "registry-rate-limit",
  "image-not-found",
  "image-name-invalid",
  "image-not-sent",
  "image-without-digest",
  "image-wrong-architecture",
  "image-user-unknown",
  "port-taken",
  "container-name-taken",
  "container-not-adoptable",
  "network-missing",
  "mount-source-missing",
  "mount-source-wrong-kind",
  "mount-denied",
  "mounted-file-unreadable",
  "volume-not-writable",
  "limit-impossible",
  "health-url-impossible",
  "firewall-rules-missing",
  "address-pool-exhausted",
  "env-file-unreadable",
  "env-invalid",
  "env-missing",
  // Deployment
  "pre-deploy-failed",
  "container-stopped",
  "container-ended",
  "container-killed",
  "server-out-of-memory",
  "container-out-of-memory",
  "container-script-broken",
  "command-not-in-image",
  "command-not-executable",
  "database-on-localhost",
  "container-name-not-resolved",
  "container-unhealthy",
  "container-wrong-port",
  "container-listens-locally",
  "container-slow",
  "container-gone",
  "deployment-overtaken",
  "deployment-locked",
  "deployment-unsettled",
  "nothing-to-go-back-to",
  "release-unreadable",
  "nginx-reload-failed",
  "strategy-impossible",
  "switch-failed",
  "proxy-unchanged",
  "swarm-no-node",
  "swarm-update-stopped",
  "promotion-refused",
  // Health
  "health-status",
  "health-server-error",
  "health-host-refused",
  "health-redirect",
  "health-text",
  "health-json",
  "health-header",
  "health-other-release",
  "health-slow",
  "health-certificate",
  "health-unsteady",
  "health-name-not-resolved",
  "health-refused",
  "health-no-answer",
  "health-cut-off",
  "health-tls",
  "tenant-domains-unknown",
  "server-not-ready",
  // Steps
  "input-invalid",
  "cancelled",
  "timed-out",
  "cannot-write-report",
  "defect"
];
function isFailureCode(text) {
  return failureCodes.includes(text);
}
//! src/step/inputs.ts
function readInputs(fields, rules, manifest, given) {
  const problems = unknownInputs(Object.keys(manifest.inputs), given);
  const inputs = {};
  for (const [name, field] of Object.entries(fields)) {
    const written = (0, import_step_manifest.kebabCase)(name);
    const value = given.get(written) ?? manifest.inputs[written]?.default;
    const read = field.safeParse(value === "" ? void 0 : value);
    if (read.success) {
      inputs[name] = read.data;
      continue;
    }
    Object.defineProperty(inputs, name, { get: refuseToSay });
    if (value === void 0 || value === "") problems.push({ sentence: `${written}: is required` });
    else problems.push(...read.error.issues.map((issue2) => problemOf(written, value, issue2)));
  }
  for (const rule of rules) {
    const broken = judged(rule, inputs);
    if (broken !== void 0) problems.push({ sentence: broken });
  }
  if (problems.length > 0) throw invalid(problems);
  return inputs;
}
var unreadable = new Error("the input could not be read");
function refuseToSay() {
  throw unreadable;
}
function judged(rule, inputs) {
  try {
    return rule(inputs);
  } catch (error2) {
    if (error2 === unreadable) return void 0;
    throw error2;
  }
}
function secretsIn(fields, given) {
  return Object.entries(fields).flatMap(([name, field]) => {
    const value = given.get((0, import_step_manifest.kebabCase)(name));
    const form = (0, import_step_fields.secretForm)(field);
    if (value === void 0 || form === void 0) return [];
    return form.whole ? [value, ...form.parts(value)] : form.parts(value);
  });
}
function problemOf(input, value, issue2) {
  const code = issue2.code === "custom" ? issue2.params?.failureCode : void 0;
  const within = /\bline (\d+)/.exec(issue2.message)?.[1];
  return {
    sentence: `${input}: ${issue2.message}`,
    place: { like: inputLike(input, value), within: within === void 0 ? void 0 : Number(within) },
    ...isFailureCode(code) ? { code } : {}
  };
}
function unknownInputs(known, given) {
  return [...given.keys()].filter((name) => !known.includes(name)).map((name) => {
    const meant = (0, import_ground_words.nearest)(name, known);
    const hint = meant === void 0 ? "" : ` — did you mean ${meant}?`;
    const place = { like: inputLike(name, given.get(name) ?? "") };
    return { sentence: `${name}: there is no such input${hint}`, place };
  });
}
function invalid(problems) {
  const [only, another] = problems;
  const isOne = another === void 0;
  return new import_ground_errors.UserError(
    isOne ? `An input is wrong — ${only?.sentence}` : `${(0, import_ground_words.counted)(problems.length, "input")} are wrong — ${problems.map(({ sentence }, i) => `(${i + 1}) ${sentence}`).join("; ")}`,
    `correct ${isOne ? "it" : "them"} in the workflow and run again; nothing was done`,
    {
      code: (isOne ? only?.code : void 0) ?? "input-invalid",
      ...only?.place === void 0 ? {} : { place: only.place }
    }
  );
}
//! src/step/masking.ts
var Masker = class {
  #forms = /* @__PURE__ */ new Set();
  #announce;
  /** @param announce tells the runner each form once, so that it masks what other programs print, too. */
  constructor(announce) {
    this.#announce = announce;
  }
  add(secret) {
    for (const form of formsOf(secret)) {
      if (this.#forms.has(form)) continue;
      this.#forms.add(form);
      this.#announce(form);
    }
  }
  /** The text with `***` for every form of every secret. */
  clean(text) {
    const longestFirst = [...this.#forms].sort((a, b) => b.length - a.length);
    return longestFirst.reduce((cleaned, form) => cleaned.replaceAll(form, "***"), text);
  }
};
var shortestDerived = 4;
function formsOf(secret) {
  const raw = secret.trim();
  if (raw === "") return [];
  const bodyLines = raw.split(/\r?\n/).filter((line) => !line.startsWith("-----"));
  const derived = [
    ...bodyLines.length > 1 || raw.includes("-----") ? bodyLines.map((line) => line.trim()) : [],
    Buffer.from(secret).toString("base64"),
    Buffer.from(raw).toString("base64"),
    JSON.stringify(raw).slice(1, -1),
    encodeURIComponent(raw.toWellFormed()),
    percentDecoded(raw)
  ];
  return [.../* @__PURE__ */ new Set([raw, ...derived.filter((form) => form.length >= shortestDerived)])];
}
function percentDecoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
//! src/step/step-log.ts
var width = 90;
var labelWidth = 12;
function logTo(host, masker, steps) {
  return {
    step(label, text, milliseconds) {
      const clean = masker.clean(text);
      const took = milliseconds === void 0 ? {} : { milliseconds: Math.round(milliseconds) };
      steps.push({ label, text: clean, ...took });
      const line = `${label.padEnd(labelWidth)} ${clean}`;
      host.line(milliseconds === void 0 ? line : `${line.padEnd(width)}  ${(0, import_ground_duration.showDuration)(milliseconds)}`);
    },
    info: (text) => host.line(`${" ".repeat(labelWidth)} ${masker.clean(text)}`),
    debug: (text) => host.debug(masker.clean(text)),
    warning: (text, place) => host.warning(masker.clean(text), place),
    details(title, text) {
      if (text.trim() !== "") host.fold(masker.clean(title), masker.clean(text));
    }
  };
}
//! src/step/run.ts
async function runStep(name, action, manifest, host) {
  const started = import_node_perf_hooks.performance.now();
  const masker = new Masker((form) => host.mask(form));
  for (const secret of secretsIn(action.inputs, host.given)) masker.add(secret);
  const cancellation = onCancel();
  const ending = await runAction(action, { manifest, host, masker, cancellation });
  cancellation.end();
  await tellEnding(ending, {
    name,
    title: manifest.name,
    host,
    masker,
    secretOutputs: action.secretOutputs,
    milliseconds: Math.round(import_node_perf_hooks.performance.now() - started)
  });
  return ending.failure === void 0;
}
async function runAction(action, { manifest, host, masker, cancellation }) {
  const outputs = /* @__PURE__ */ new Map();
  const steps = [];
  const report = new Report();
  let standing = "";
  const tell = (facts) => {
    for (const [output, value] of Object.entries(facts)) if (value !== void 0) outputs.set(output, value);
  };
  let failure;
  try {
    const inputs = readInputs(action.inputs, action.rules, manifest, host.given);
    await requireWritable(host.reportFolder);
    if (typeof inputs.timeout === "number") cancellation.limit(inputs.timeout);
    const running = action.run({
      inputs,
      report,
      log: logTo(host, masker, steps),
      signal: cancellation.signal,
      origin: host.origin,
      tell,
      standing: (sentence) => {
        standing = sentence;
      },
      exportVariable: (variable, value) => host.exportVariable(variable, value),
      mask: (secret) => masker.add(secret),
      clean: (text) => masker.clean(text)
    });
    tell(await cancellation.race(running));
  } catch (error2) {
    failure = asFailure(error2, cancellation.signal);
  }
  return { outputs, steps, report, standing, failure };
}
function asFailure(error2, signal) {
  if (signal.aborted && signal.reason instanceof import_ground_errors.UserError) return signal.reason;
  return error2 instanceof import_ground_errors.UserError ? error2 : describeDefect(error2);
}
//! src/index.ts
var actions = {
  "parse-db-url": async () => widened((await Promise.resolve().then(() => __toESM(require("./actions-parse-db-url.cjs")))).parseDbUrl),
  "migrate-schemas": async () => widened((await Promise.resolve().then(() => __toESM(require("./actions-migrate-schemas.cjs")))).migrateSchemas),
  "provision-tenant": async () => widened((await Promise.resolve().then(() => __toESM(require("./actions-provision-tenant.cjs")))).provisionTenant),
  "deploy-container": async () => widened((await Promise.resolve().then(() => __toESM(require("./actions-deploy-container.cjs")))).deployContainer),
  "health-check": async () => widened((await Promise.resolve().then(() => __toESM(require("./actions-health-check-2.cjs")))).healthCheck),
  "report-line": async () => widened((await Promise.resolve().then(() => __toESM(require("./actions-report-line.cjs")))).reportLine),
  tenantry: async () => widened((await Promise.resolve().then(() => __toESM(require("./actions-tenantry.cjs")))).tenantry)
};
async function run(name) {
  const done = await runStep(name, await actions[name](), manifestOf(name), githubHost(process.env));
  process.exit(done ? 0 : 1);
}
function widened(action) {
  return action;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  actions,
  manifestOf,
  run,
  runStep
});
