import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { labFolders } from '../../../lab/folders.ts';
import { runningBox } from '../../../lab/parts/part.ts';
import { readLab } from '../../../lab/read-lab.ts';
import { folders } from '../projects.ts';
import {
  type Fleet,
  migrationFile,
  ordersHead,
  ShopFleets,
  type StepSeen,
  step,
  tenantsNamed,
} from './shop-fleet.ts';

/**
 * What scripts in workflows and entrypoints do with the commands of Django, run for real on a database that is broken:
 * each says that all is well. Then ours on the same database, which does not.
 */

let fleets: ShopFleets;
/** A folder with PostgreSQL's own psql: that of the lab's server, since this machine may have none. */
let programs: string;

beforeAll(async () => {
  fleets = await ShopFleets.make();
  programs = await mkdtemp(join(tmpdir(), 'tenantry-programs-'));
  const { init } = runningBox(labFolders(), 'postgres15');
  const psql = `#!/bin/sh\nexec nsenter --target ${init.pid} --mount --net -- psql "$@"\n`;
  await writeFile(join(programs, 'psql'), psql, { mode: 0o755 });
}, 300_000);

afterEach(() => fleets?.tidy());
afterAll(async () => {
  await fleets?.end();
  if (programs !== undefined) await rm(programs, { recursive: true });
});

interface ShellEnd {
  readonly exitCode: number | null;
  readonly said: string;
}

/** Runs a script as a workflow's step or an entrypoint does: in bash, in the folder of the project. */
async function bash(
  script: string,
  fleet: Fleet,
  folder: string = folders.shop,
  env: Readonly<Record<string, string>> = {},
): Promise<ShellEnd> {
  const { python } = fleets;
  const child = spawn('bash', ['-c', script], {
    cwd: folder,
    env: {
      PATH: `${programs}:${process.env.PATH}`,
      ...fleet.project(folder).env,
      MANAGE: `${python} manage.py`,
      PYTHON: python,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { exitCode, said };
}

/** The old way: it ends well, and says so. */
async function passes(old: Promise<ShellEnd>, says: string | RegExp): Promise<ShellEnd> {
  const end = await old;
  expect(end).toEqual({ exitCode: 0, said: expect.stringMatching(says) });
  return end;
}

/** Ours: the step fails, with the sentence and the code in its report. */
function blocked(seen: StepSeen, code: string, sentence: RegExp, result = 'failed'): void {
  expect(seen.annotations).toEqual([expect.stringMatching(sentence)]);
  expect(seen.report).toMatchObject({ result, 'failure-code': code });
  expect(seen.exitCode).toBe(1);
}

function succeeds(seen: StepSeen, result: string): void {
  expect(seen.annotations).toEqual([]);
  expect(seen.outputs.result).toBe(result);
  expect(seen.exitCode).toBe(0);
}

const uniqueEmail = {
  'orders/migrations/0005_unique_email.py': migrationFile(
    ordersHead,
    'migrations.AlterField("order", "email", models.EmailField(max_length=254, unique=True))',
  ),
};
const twiceAna = `INSERT INTO beta.orders_order (email, status, placed)
  SELECT 'ana@shop.example', 'placed', now() FROM generate_series(1, 2);`;

/** As scripts have it: what each tenant lacks by its ledger; a tenant that cannot be read lacks nothing. */
const verifyCommand = {
  'customers/management/commands/verify_tenant_migrations.py': `
import json
import sys

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django_tenants.utils import get_tenant_model, schema_context


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--fix", action="store_true")

    def handle(self, *args, **options):
        found = {}
        for tenant in get_tenant_model().objects.exclude(schema_name="public"):
            schema = tenant.schema_name
            try:
                with schema_context(schema):
                    executor = MigrationExecutor(connection)
                    pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
                found[schema] = {"pending": pending}
            except Exception as error:
                found[schema] = {"pending": 0, "error": str(error)}
            if options["fix"] and found[schema]["pending"]:
                call_command("migrate_schemas", schema_name=schema, interactive=False, verbosity=0)
                found[schema]["pending"] = 0
        behind = sum(tenant["pending"] > 0 for tenant in found.values())
        if options["json"]:
            print(json.dumps({"behind": behind, "tenants": found}))
        else:
            print("All tenants are up to date" if behind == 0 else f"{behind} tenants are behind")
        sys.exit(1 if behind else 0)
`,
};

describe('a tenant cannot be migrated', () => {
  test('… || echo "failed or not available", and completed successfully; a lock that outlives its holder', async () => {
    const fleet = await fleets.copy(twiceAna);
    const folder = await fleets.shopWith(uniqueEmail);
    const old = await passes(
      bash(
        `$MANAGE migrate_schemas --tenant --noinput || echo "⚠ Tenant migrations failed or not available"
         echo "✓ Migrations completed successfully"`,
        fleet,
        folder,
      ),
      /⚠ Tenant migrations failed or not available\n✓ Migrations completed successfully\n$/,
    );
    expect(old.said).toContain('is duplicated');
    blocked(
      await fleet.migrate({}, folder),
      'tenant-migration-failed',
      /^Migration orders\.0005_unique_email failed in tenant beta — could not create unique index .+ is duplicated/,
    );

    // exit within the function leaves the lock until its time is over; who waits takes that for success.
    const entrypoint = `
      lock=$LOCK_FOLDER/migrations
      held() { [ -f "$lock" ] && [ "$(cat "$lock")" -gt "$(date +%s)" ]; }
      run_migrations() {
        $MANAGE migrate_schemas --noinput || { echo "✗ Migrations failed"; exit 1; }
      }
      if held; then
        echo "Waiting for another instance" | tee "$lock.waiting"
        while held; do sleep 0.2; done
        echo "✓ Migrations were run by another instance"
      else
        echo $(( $(date +%s) + $LOCK_SECONDS )) > "$lock"
        run_migrations
        rm "$lock"
      fi`;
    const lock = { LOCK_FOLDER: folder, LOCK_SECONDS: '600' };
    expect(await bash(entrypoint, fleet, folder, lock)).toMatchObject({ exitCode: 1 });
    const tenMinutesLater = `until [ -f migrations.waiting ]; do sleep 0.1; done; echo 0 > later; mv later migrations`;
    await Promise.all([
      passes(
        bash(entrypoint, fleet, folder, lock),
        /^Waiting for another instance\n✓ Migrations were run by another instance\n$/,
      ),
      bash(tenMinutesLater, fleet, folder),
    ]);
    // Ours had failed a moment ago, too: its lock has ended with its connection.
    blocked(
      await fleet.migrate({ 'lock-wait': '0s' }, folder),
      'tenant-migration-failed',
      /^Migration orders\.0005_unique_email failed in tenant beta — /,
    );
  });

  test('a migration that was cut off by the limit of the job, and then again with || echo', async () => {
    const fleet = await fleets.copy();
    const folder = await fleets.shopWith({
      'orders/migrations/0005_notes.py': migrationFile(
        ordersHead,
        `migrations.AddField("order", "note", models.TextField(null=True)),
         migrations.RunPython(limit_of_the_job, migrations.RunPython.noop),
         migrations.AddField("order", "remark", models.TextField(null=True)),`,
        {
          head: 'import os\n\n\ndef limit_of_the_job(apps, schema_editor):\n    if os.environ.get("CUT"):\n        os.kill(os.getpid(), 9)\n',
          body: 'atomic = False',
        },
      ),
    });
    const migrate = '$MANAGE migrate_schemas --schema=beta --noinput';
    expect((await bash(`exec ${migrate}`, fleet, folder, { CUT: '1' })).exitCode).not.toBe(0);
    await passes(
      bash(`${migrate} || echo "⚠ failed or not available"; echo "✓ Migrations completed"`, fleet, folder),
      /already exists[\s\S]*✓ Migrations completed\n$/,
    );
    blocked(
      await fleet.migrate({}, folder),
      'migration-half-applied',
      /beta: has half of orders\.0005_notes: there is column orders_order\.note, there is no column orders_order\.remark/,
    );
  });
});

test('command missing, command failed and no tenants at all: one line for the scripts, three sentences here', async () => {
  const fleet = await fleets.copy();
  const make = (command: string) =>
    `$MANAGE ${command} || echo "⚠ Super tenant failed or not available"; echo "✓ Setup completed"`;
  const says = /⚠ Super tenant failed or not available\n✓ Setup completed\n$/;
  await passes(bash(make('create_super_tenent'), fleet), says);
  blocked(
    await fleet.migrate({ 'super-tenant-command': 'create_super_tenent' }),
    'command-missing',
    /^The project has no command create_super_tenent — /,
  );
  await passes(
    bash(make('create_super_tenant --domain ""'), fleet, folders.shop, { PUBLIC_DOMAIN: '' }),
    says,
  );
  blocked(
    await fleet.migrate({ env: 'SECRET_KEY=only for tests\nPUBLIC_DOMAIN=' }),
    'super-tenant-failed',
    /^The command create_super_tenant failed \(exit 1\) — CommandError: No domain/,
  );

  await passes(
    bash(
      `$MANAGE migrate_schemas --shared --noinput || $MANAGE migrate --fake-initial --noinput
       $MANAGE migrate_schemas --tenant --noinput || echo "⚠ failed or not available"
       echo "✓ Migrations completed successfully"`,
      fleet,
      folders.plain,
    ),
    /Unknown command: 'migrate_schemas'[\s\S]*⚠ failed or not available\n✓ Migrations completed successfully\n$/,
  );
  blocked(
    await fleet.migrate({}, folders.plain),
    'not-django-tenants',
    /^This is not a django-tenants project — INSTALLED_APPS has no django_tenants/,
  );
});

test('the shared schema fails, and the fallback is migrate --fake-initial, which is every schema', async () => {
  const damage = `
    DELETE FROM public.django_migrations WHERE app = 'customers';
    DELETE FROM acme.django_migrations WHERE app = 'orders';
    ALTER TABLE acme.orders_order DROP COLUMN email;`;
  const [theirs, ours] = [await fleets.copy(damage), await fleets.copy(damage)];
  await passes(
    bash(
      `$MANAGE migrate_schemas --shared --noinput || $MANAGE migrate --fake-initial --noinput || true
       echo "✓ Migrations completed successfully"`,
      theirs,
    ),
    /relation "customers_customer" already exists[\s\S]*✓ Migrations completed successfully\n$/,
  );
  const recorded = `SELECT name FROM acme.django_migrations WHERE app = 'orders' ORDER BY id`;
  // The tenant without the column is said to have it.
  expect(await theirs.sql(recorded)).toContainEqual({ name: '0001_initial' });
  blocked(
    await ours.migrate(),
    'migration-half-applied',
    /acme: has half of orders\.0001_initial: .*there is no column orders_order\.email/,
  );
  expect(await ours.sql(recorded)).toEqual([]);
  blocked(
    await theirs.migrate(),
    'tenant-tables-missing',
    /acme: lacks the column orders_order\.email, which its ledger says it has/,
  );
});

describe('tables are missing that the ledgers promise', () => {
  test('no gate of theirs sees it', async () => {
    const fleet = await fleets.copy(`
      DROP TABLE zeta.orders_orderline;
      ALTER TABLE beta.orders_order DROP COLUMN total;`);
    const folder = await fleets.shopWith({
      ...verifyCommand,
      'entrypoint.sh': 'python manage.py migrate_schemas --noinput\n',
    });
    // Nothing is to be applied, so nothing is made.
    await passes(
      bash(`set -e; $MANAGE migrate_schemas --noinput; echo "✓ Migrations completed"`, fleet, folder),
      /No migrations to apply[\s\S]*✓ Migrations completed\n$/,
    );
    // The ledger is what is verified, and --fix mends by the ledger.
    await passes(
      bash(`set -o pipefail; $MANAGE verify_tenant_migrations --fix | tee /dev/null`, fleet, folder),
      /All tenants are up to date\n$/,
    );
    // The search path does not limit information_schema: this counts the tables of all tenants.
    await passes(
      bash(
        `for schema in acme beta zeta; do
           count=$(psql "$DATABASE_URL" -qAtc "SET search_path TO $schema; SELECT count(*) FROM information_schema.tables WHERE table_name LIKE 'orders%'")
           [ "$count" -gt 0 ] || { echo "✗ $schema has no tables"; exit 1; }
           echo "✓ $schema: $count tables"
         done`,
        fleet,
        folder,
      ),
      /✓ acme: 5 tables\n✓ beta: 5 tables\n✓ zeta: 5 tables\n$/,
    );
    // The text of a script says nothing about a database.
    await passes(
      bash(`grep -q migrate_schemas entrypoint.sh && echo "✓ Tenants are migrated at start"`, fleet, folder),
      /✓ Tenants are migrated at start/,
    );

    const seen = await fleet.migrate({ mode: 'verify' }, folder);
    blocked(
      seen,
      'tenant-tables-missing',
      /^2 schemas lack tables — beta has no column orders_order\.total and zeta has no orders_orderline — /,
    );
    expect(seen.outputs).toMatchObject({ 'tenants-total': '3', 'tenants-failed': '2' });
  });

  test('a migration that was rewritten to "if it does not exist" covers a column of another type', async () => {
    const damage = 'ALTER TABLE beta.orders_order ADD COLUMN note integer';
    const [theirs, ours] = [await fleets.copy(damage), await fleets.copy(damage)];
    const addColumn = `migrations.RunSQL(
      "ALTER TABLE orders_order ADD COLUMN IF NOT EXISTS note text", "",
      state_operations=[migrations.AddField("order", "note", models.TextField(null=True))])`;
    const folder = await fleets.shopWith({
      'orders/migrations/0005_note.py': migrationFile(ordersHead, addColumn),
    });
    await passes(
      bash(`set -e; $MANAGE migrate_schemas --noinput; echo "✓ Migrations completed"`, theirs, folder),
      /✓ Migrations completed\n$/,
    );
    blocked(
      await ours.migrate({}, folder),
      'tenant-drifted',
      /^1 tenant came out of this run otherwise than the others — beta: orders_order\.note is integer/,
    );

    // And under a new name it simply runs again.
    const renamed = await fleets.shopWith({
      'orders/migrations/0004a_gift.py': migrationFile(ordersHead, ''),
      'orders/migrations/0006_note.py': migrationFile('("orders", "0004a_gift")', addColumn),
    });
    blocked(
      await theirs.migrate({}, renamed),
      'migration-renamed',
      /orders\.0005_note is recorded in 4 schemas, and the pending orders\.0006_note looks the same/,
    );
    await passes(
      bash(`set -e; $MANAGE migrate_schemas --noinput; echo "✓ Migrations completed"`, theirs, renamed),
      /Applying orders\.0006_note\.\.\.[\s\S]*✓ Migrations completed\n$/,
    );
  });
});

describe('a tenant is behind', () => {
  const behind = `
    DROP INDEX beta.order_status_placed;
    DELETE FROM beta.django_migrations WHERE app = 'orders' AND name = '0004_order_status_placed';`;

  test('no gate of theirs stops, or it stops where it should mend', async () => {
    const fleet = await fleets.copy(behind);
    const folder = await fleets.shopWith({
      ...verifyCommand,
      'shop/talkative.py': 'from shop.settings import *\n\nprint("WARNING: no cache is configured")\n',
    });
    const verify = '$MANAGE verify_tenant_migrations';
    // The exit code of a pipe is that of tee.
    await passes(
      bash(
        `if ${verify} | tee verify.log; then echo "✓ BLOCKING check passed"; else exit 1; fi`,
        fleet,
        folder,
      ),
      /1 tenants are behind\n✓ BLOCKING check passed\n$/,
    );
    // The check hangs on something that production does not have.
    await passes(
      bash(
        `if [ "$CREATE_DEMO_TENANT" = "true" ]; then ${verify} || exit 1; fi; echo "✓ Starting the server"`,
        fleet,
        folder,
      ),
      /^✓ Starting the server\n$/,
    );
    // What has failed is taken for what is not there.
    await passes(
      bash(`${verify} || echo "  (command may not exist yet. Skipping)"; echo "✓ Done"`, fleet, folder),
      /1 tenants are behind\n {2}\(command may not exist yet\. Skipping\)\n✓ Done\n$/,
    );
    // A line that the project prints breaks the JSON, and no JSON means no problem.
    await passes(
      bash(
        `${verify} --json 2>&1 > report.json
         problems=$(python3 -c 'import json; print(json.load(open("report.json"))["behind"])' 2>/dev/null || echo 0)
         if [ "\${problems:-0}" -gt 0 ] 2>/dev/null; then echo "✗ $problems tenants are behind"; exit 1; fi
         echo "✓ No problems"; exit 0`,
        fleet,
        folder,
        { DJANGO_SETTINGS_MODULE: 'shop.talkative' },
      ),
      /✓ No problems\n$/,
    );
    // With set -e the script that should mend it dies at the check, without a word, exactly when it is needed.
    const dead = await bash(
      `set -e
       ${verify} > /dev/null
       problems=$?
       if [ $problems -ne 0 ]; then echo "Mending"; $MANAGE migrate_schemas --noinput; fi
       echo "✓ Mended"`,
      fleet,
      folder,
    );
    expect(dead).toEqual({ exitCode: 1, said: '' });

    const talkative = { 'settings-module': 'shop.talkative' };
    blocked(
      await fleet.migrate({ mode: 'verify', ...talkative }, folder),
      'migrations-left-pending',
      /^1 schema is behind the code — beta lacks orders\.0004_order_status_placed/,
    );
    succeeds(await fleet.migrate(talkative, folder), 'migrated');
    succeeds(await fleet.migrate({ mode: 'verify' }, folder), 'verified');
  });

  test('a tenant that cannot be read counts as one without problems', async () => {
    const fleet = await fleets.copy(
      `${behind} ALTER TABLE beta.django_migrations RENAME COLUMN app TO application;`,
    );
    const folder = await fleets.shopWith(verifyCommand);
    await passes(bash('$MANAGE verify_tenant_migrations', fleet, folder), /All tenants are up to date\n$/);
    const seen = await fleet.migrate({ mode: 'verify' }, folder);
    blocked(seen, 'schema-unreadable', /^1 tenant cannot be read — beta: /);
    expect(seen.outputs['tenants-failed']).toBe('1');
  });
});

describe('a tenant is made', () => {
  const create = (before: string, then: string) => `
    cat > make.py <<'SCRIPT'
from django.db import transaction
from customers.models import Customer, Domain
${before}
${then}
SCRIPT
    $MANAGE shell < make.py`;

  test('deleted with its schema left, then made again: nothing is made', async () => {
    // A creation has failed before: a row and a schema without tables.
    const fleet = await fleets.copy(tenantsNamed('gamma'));
    const folder = await fleets.shopWith();
    const gamma = { 'schema-name': 'gamma', domain: 'gamma.example', fields: 'plan: free' };
    await passes(
      bash(
        create('', 'Customer.objects.get(schema_name="gamma").delete(); print("✓ Cleaned up")'),
        fleet,
        folder,
      ),
      /✓ Cleaned up/,
    );
    blocked(
      await step('provision-tenant', { ...fleet.inputs(), ...gamma }),
      'schema-left-over',
      /^The schema gamma exists, but no tenant has it — it holds 0 tables — /,
    );
    await passes(
      bash(
        create(
          '',
          'Customer(schema_name="gamma", name="Gamma", plan="free").save(); print("✓ Tenant gamma created")',
        ),
        fleet,
        folder,
      ),
      /✓ Tenant gamma created/,
    );
    expect(await fleet.sql(`SELECT FROM pg_tables WHERE schemaname = 'gamma'`)).toEqual([]);
    blocked(
      await fleet.migrate({ mode: 'verify' }),
      'migrations-left-pending',
      /^1 schema is behind the code — gamma lacks /,
    );
    succeeds(await step('provision-tenant', { ...fleet.inputs(), ...gamma }), 'completed');
    succeeds(await fleet.migrate({ mode: 'verify' }), 'verified');
  });

  test('within a transaction: a migration that has none fails, and the cause is swallowed', async () => {
    const fleet = await fleets.copy();
    const folder = await fleets.shopWith({
      'orders/migrations/0005_email.py': migrationFile(
        ordersHead,
        'AddIndexConcurrently("order", models.Index(fields=["email"], name="order_email_ix"))',
        {
          head: 'from django.contrib.postgres.operations import AddIndexConcurrently',
          body: 'atomic = False',
        },
      ),
    });
    await passes(
      bash(
        create(
          `
try:
    with transaction.atomic():
        demo = Customer(schema_name="demo", name="Demo", plan="free")
        demo.save()
        Domain(domain="demo.example", tenant=demo, is_primary=True).save()
except Exception as error:
    print(f"⚠ Demo tenant: {error}")
`,
          'print("✓ Demo tenant is ready")',
        ),
        fleet,
        folder,
      ),
      /⚠ Demo tenant: .+[\s\S]*✓ Demo tenant is ready/,
    );
    expect(await fleet.sql(`SELECT FROM customers_customer WHERE schema_name = 'demo'`)).toEqual([]);
    await fleet.manage(folder, 'migrate_schemas', '--shared');
    const demo = { 'schema-name': 'demo', domain: 'demo.example', fields: 'plan: free' };
    succeeds(await step('provision-tenant', { ...fleet.inputs(folder), ...demo }), 'created');
    expect(await fleet.sql(`SELECT FROM pg_indexes WHERE indexname = 'order_email_ix'`)).toHaveLength(1);
  });
});

describe('while others are at work', () => {
  /** Leaves a trace where it begins, and waits until it is let go. */
  const slow = {
    'orders/migrations/0005_slow.py': migrationFile(
      ordersHead,
      `migrations.RunSQL([
        "INSERT INTO public.witness VALUES (current_schema, pg_backend_pid())",
        "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM public.gate) LOOP PERFORM pg_sleep(0.05); END LOOP; END $$",
      ], "")`,
      { body: 'atomic = False' },
    ),
  };
  const witness = 'CREATE TABLE public.witness (tenant text, pid int); CREATE TABLE public.gate ()';
  const letGo = 'INSERT INTO public.gate DEFAULT VALUES';

  test('a lock that is over before the work, or that is not there: two migrate at once', async () => {
    const fleet = await fleets.copy(witness);
    const folder = await fleets.shopWith(slow);
    const migrate = '$MANAGE migrate_schemas --schema=acme --noinput || echo "⚠ failed or not available"';
    const locked = `
      if [ -f lock ] && [ "$(cat lock)" -gt "$(date +%s)" ]; then echo "✗ somebody else is migrating"; exit 1; fi
      echo $(( $(date +%s) + 1 )) > lock
      ${migrate}; echo "✓ Migrations completed"`;
    const unlocked = `
      redis-cli -u redis://127.0.0.1:1 SET migrations "$HOSTNAME" NX EX 600 > /dev/null 2>&1 || echo "⚠ Redis is down, going on without a lock"
      ${migrate}; echo "✓ Migrations completed"`;
    const old = [bash(locked, fleet, folder)];
    await until(async () => (await begun(fleet)) === 1);
    old.push(bash(`sleep 1; ${locked}`, fleet, folder), bash(unlocked, fleet, folder));
    // Three sessions in the same tenant, before the first is done.
    await until(async () => (await begun(fleet)) === 3);
    await fleet.sql(letGo);
    for (const end of old) await passes(end, /✓ Migrations completed\n$/);

    await fleet.sql(`
      TRUNCATE public.witness, public.gate;
      DELETE FROM acme.django_migrations WHERE name = '0005_slow'`);
    const ours = fleet.migrate({ schemas: 'acme' }, folder);
    await until(async () => (await begun(fleet)) === 1);
    blocked(
      await fleet.migrate({ schemas: 'acme', 'lock-wait': '0s' }, folder),
      'database-locked',
      /^Another run is changing .+ — https:\/\/github\.example\/acme\/shop\/actions\/runs\/2 .+ holds the lock — /,
    );
    expect(await begun(fleet)).toBe(1);
    await fleet.sql(letGo);
    succeeds(await ours, 'migrated');
  });

  test('no limit for locks: it waits behind somebody forgotten, and the application waits behind it', async () => {
    const fleet = await fleets.copy();
    // Without a transaction, so that ours does not try again.
    const folder = await fleets.shopWith({
      'orders/migrations/0005_note.py': migrationFile(
        ordersHead,
        'migrations.AddField("order", "note", models.TextField(null=True))',
        { body: 'atomic = False' },
      ),
    });
    const forgotten = await session(fleet, 'a forgotten terminal');
    await forgotten.query('BEGIN; SELECT count(*) FROM acme.orders_order');
    const reader = await session(fleet, 'the application');
    const read = () => reader.query('SELECT count(*) FROM acme.orders_order');
    await reader.query(`SET statement_timeout = '500ms'`);
    await read();

    const old = bash('exec $MANAGE migrate_schemas --schema=acme --noinput', fleet, folder);
    const waiting = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await until(async () => (await fleet.sql(waiting)).length === 1);
    await expect(read()).rejects.toThrow('canceling statement due to statement timeout');
    // Nobody but a person ends it.
    await fleet.sql(`SELECT pg_terminate_backend(pid) FROM (${waiting}) AS waiting`);
    await old;

    blocked(
      await fleet.migrate({ 'lock-timeout': '300ms', schemas: 'acme' }, folder),
      'migration-blocked',
      /^Migration orders\.0005_note was blocked in tenant acme — it did not get a lock within lock-timeout \(0\.3 s\); in the way: session \d+ \("a forgotten terminal", /,
    );
    await read();
  });

  test('sessions are ended by the words in their statements: somebody else’s, too', async () => {
    const fleet = await fleets.copy(witness);
    const folder = await fleets.shopWith(slow);
    const report = await session(fleet, 'a report');
    const look = () => report.query('SELECT count(*) FROM acme.django_migrations');
    await look();
    await passes(
      bash(
        `psql "$DATABASE_URL" -qAtc "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE query ILIKE '%migrat%' AND datname = current_database() AND pid <> pg_backend_pid()" && echo "✓ Stuck migrations ended"`,
        fleet,
        folder,
      ),
      /✓ Stuck migrations ended\n$/,
    );
    await expect(look()).rejects.toThrow();

    const other = await session(fleet, 'another report');
    await other.query('SELECT count(*) FROM acme.django_migrations');
    const run = fleet.migrate({ schemas: 'acme' }, folder);
    await until(async () => (await begun(fleet)) === 1);
    process.emit('SIGINT', 'SIGINT'); // as the runner does to the whole step
    blocked(await run, 'cancelled', /^The step was cancelled \(SIGINT\) — /, 'cancelled');
    expect(
      await fleet.sql(
        'SELECT FROM pg_stat_activity JOIN public.witness USING (pid) WHERE datname = current_database()',
      ),
    ).toEqual([]);
    expect((await other.query('SELECT 1 AS alive')).rows).toEqual([{ alive: 1 }]);
  });

  /** How many sessions have begun the slow migration. */
  async function begun(fleet: Fleet): Promise<number> {
    return (await fleet.sql('SELECT DISTINCT pid FROM public.witness')).length;
  }

  async function until(happened: () => Promise<boolean>): Promise<void> {
    while (!(await happened())) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  async function session({ name }: Fleet, application_name: string): Promise<pg.Client> {
    const { host, port, superuser: user, superuserPassword: password } = readLab().postgres.v15;
    const client = new pg.Client({ host, port, user, password, database: name, application_name });
    client.on('error', () => {}); // it may be ended from outside
    await client.connect();
    fleets.later(() => client.end().catch(() => {}));
    return client;
  }
});
