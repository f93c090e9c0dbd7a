import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { type DjangoProject, manage } from '../../../src/django/project.ts';
import { withTimeouts } from '../../../src/django/timeouts.ts';
import {
  type Held,
  startWorker,
  type TenantRequest,
  type TenantResult,
  type Worker,
  type WorkerOptions,
  WorkerUnsupported,
} from '../../../src/django/worker.ts';
import { LostConnection, UserError } from '../../../src/ground/errors.ts';
import { compare, type Difference, type Picture, takePictures } from '../comparison.ts';
import { failureOf } from '../lab-server.ts';
import { changedCopy, folders, project } from '../projects.ts';
import { type ScratchDatabase, scratchDatabase } from '../scratch-database.ts';
import { oldestPython, shopPython } from '../venv.ts';

/** The project kinds with auth in every tenant, so that there are permissions. */
async function settings(more = ''): Promise<string> {
  const text = await readFile(join(folders.kinds, 'kinds/settings.py'), 'utf8');
  return `${text}
for _kind in TENANT_TYPES.values():
    _kind["APPS"].append("django.contrib.auth")
INSTALLED_APPS = list(dict.fromkeys(app for kind in TENANT_TYPES.values() for app in kind["APPS"]))
${more}
`;
}

/** A migration of the app farming. */
function farming(
  number: number,
  name: string,
  operations: string,
  more: { readonly before?: string; readonly attributes?: string; readonly after?: string } = {},
): Record<string, string> {
  const after = more.after ?? '0001_initial';
  return {
    [`farming/migrations/${String(number).padStart(4, '0')}_${name}.py`]: `
import os, subprocess, sys
import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import connection, migrations, models, transaction
${more.before ?? ''}

class Migration(migrations.Migration):
    ${more.attributes ?? ''}
    dependencies = [("farming", "${after}"), ("contenttypes", "0002_remove_content_type_name")]
    operations = [${operations}]
`,
  };
}

const addNote =
  'migrations.AddField("harvest", "note", models.CharField(default="none yet", max_length=20)),';

const stacks = [
  ['the oldest versions, psycopg 2', oldestPython],
  ['the newest versions, psycopg 3', shopPython],
] as const;

describe.each(stacks)('%s', (_, pythonOf) => {
  let python: string;
  /** The farms acme, beta and gamma, the flat loft, all at head; a content type has another number in each. */
  let template: ScratchDatabase;
  let scratch: ScratchDatabase;
  const cleanUps: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    python = await pythonOf();
    template = await scratchDatabase();
    await template.sql('CREATE SCHEMA shared');
    const original = await kinds({}, template);
    await django(original, 'migrate_schemas', '--shared');
    await template.sql(`
      INSERT INTO shared.estate_holding (schema_name, kind, acres, note)
      VALUES ('acme', 'farm', 1, ''), ('beta', 'farm', 1, ''), ('gamma', 'farm', 1, ''), ('loft', 'flat', 1, '');
      CREATE SCHEMA acme; CREATE SCHEMA beta; CREATE SCHEMA gamma; CREATE SCHEMA loft;`);
    await django(original, 'migrate_schemas');
    for (const [schema, shift] of [
      ['beta', 100],
      ['gamma', 200],
    ] as const) {
      await template.sql(`BEGIN; SET CONSTRAINTS ALL DEFERRED;
        UPDATE ${schema}.django_content_type SET id = id + ${shift};
        UPDATE ${schema}.auth_permission SET content_type_id = content_type_id + ${shift}; COMMIT`);
    }
    await template.database.close();
  }, 300_000);

  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
    await scratch?.drop();
  });

  afterAll(async () => {
    await template?.drop();
  });

  async function fresh(): Promise<ScratchDatabase> {
    scratch = await scratchDatabase({ template: template.name });
    return scratch;
  }

  /** The project with more files, on `database`. */
  async function kinds(
    files: Record<string, string>,
    database: ScratchDatabase,
    env: Record<string, string> = {},
  ): Promise<DjangoProject> {
    const copy = await changedCopy(folders.kinds, { 'kinds/settings.py': await settings(), ...files });
    cleanUps.push(copy.remove);
    return { ...project(copy.folder, python, database, env), sessions: 'tenantry/test' };
  }

  async function worker(of: DjangoProject, options: WorkerOptions = {}): Promise<Worker> {
    const started = await startWorker(of, options);
    cleanUps.push(() => started.end());
    return started;
  }

  async function django(of: DjangoProject, ...words: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await manage(of, [...words, '--noinput'], { timeout: 120_000 });
    if (exitCode !== 0) throw new Error(stdout + stderr);
    return stdout;
  }

  /** How the farms that the worker migrated differ from the farm acme, which Django migrates here. */
  async function differencesToDjango(of: DjangoProject, ...schemas: string[]): Promise<Difference[]> {
    await django(of, 'migrate_schemas', '--schema=acme');
    const pictures = await takePictures(scratch, ['acme', ...schemas]);
    const [expected, ...found] = pictures.values();
    if (expected === undefined) throw new Error('no picture of acme');
    return found.flatMap((picture) => differing(expected, picture));
  }

  test('a column: equal to Django’s own, in a handful of statements', async () => {
    const farms = await kinds(farming(2, 'note', addNote), await fresh());
    const fast = await worker(farms);
    const beta = await fast.migrate(farm('beta'));
    expect(beta).toMatchObject({ outcome: 'done', applied: ['farming.0002_note'], postMigrate: false });
    const gamma = done(await fast.migrate(farm('gamma')));
    // The question, BEGIN, twice ALTER TABLE, the record, COMMIT, whether permissions lack.
    expect(gamma.statements).toBe(7);
    expect(await differencesToDjango(farms, 'beta', 'gamma')).toEqual([]);
    expect(await fast.migrate(farm('gamma'))).toMatchObject({ outcome: 'done', applied: [] });
  });

  test('empty schemas of both types: everything, with a ledger of their own', async () => {
    await fresh();
    const names = ['farm1', 'farm2', 'farm3', 'flat1', 'flat2'];
    await scratch.sql(
      names
        .map(
          (name) => `CREATE SCHEMA ${name}; INSERT INTO shared.estate_holding (schema_name, kind, acres, note)
          VALUES ('${name}', '${name.slice(0, 4)}', 1, '')`,
        )
        .join(';'),
    );
    const farms = await kinds(farming(2, 'note', addNote), scratch);
    await django(farms, 'migrate_schemas', '--schema=farm1');
    await django(farms, 'migrate_schemas', '--schema=flat1');
    const fast = await worker(farms);
    const begun: string[] = [];
    const onBegun = (migration: string) => begun.push(migration);
    expect(done(await fast.migrate(farm('farm2'))).postMigrate).toBe(true);
    expect(done(await fast.migrate(farm('farm3'))).applied).toContain('farming.0002_note');
    done(await fast.migrate({ ...farm('flat2'), tenantType: 'flat', onBegun }));
    // Migrations of apps that are not this type's have nothing but their row.
    expect(begun).toContain('renting.0001_initial');
    expect(begun).not.toContain('farming.0001_initial');

    const pictures = await takePictures(scratch, names);
    for (const [expected, found] of [
      ['farm1', 'farm2'],
      ['farm1', 'farm3'],
      ['flat1', 'flat2'],
    ] as const) {
      expect([found, differences(pictures, expected, found)]).toEqual([found, []]);
    }
  });

  test('models, indexes, keys to the shared schema, a renamed model, SQL that loses the search path', async () => {
    const files = {
      ...farming(
        2,
        'many',
        `migrations.CreateModel("Barn", [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=9))]),
         migrations.AddField("field", "barn", models.ForeignKey("farming.barn", null=True, on_delete=django.db.models.deletion.SET_NULL)),
         migrations.AddField("field", "holding", models.ForeignKey("estate.holding", null=True, on_delete=django.db.models.deletion.CASCADE)),
         migrations.AlterField("field", "name", models.CharField(max_length=80, db_index=True)),
         migrations.AlterUniqueTogether("field", {("name", "barn")}),
         migrations.AddConstraint("barn", models.UniqueConstraint(fields=["name"], name="barn_name_once")),`,
      ),
      ...farming(
        3,
        'plot',
        `migrations.RenameModel("Field", "Plot"),
         migrations.RunSQL("SELECT pg_catalog.set_config('search_path', '', false)"),
         migrations.RunSQL(["CREATE VIEW plots AS SELECT name FROM farming_plot", "SELECT 1"]),
         migrations.AddIndex("plot", models.Index(fields=["name"], name="plot_name_ix", condition=models.Q(barn=None))),
         migrations.SeparateDatabaseAndState(
            [migrations.RunSQL("COMMENT ON TABLE farming_barn IS 'a barn'")],
            [migrations.AlterModelOptions("barn", {"permissions": [("paint", "Can paint")]})]),
         migrations.SeparateDatabaseAndState([migrations.AddField("barn", "red", models.BooleanField(default=True))], []),`,
        { after: '0002_many' },
      ),
    };
    // The shared schema's models are dependencies of a key.
    const farms = await kinds(withDependency(files, '("estate", "0001_initial")'), await fresh());
    const fast = await worker(farms);
    for (const schema of ['beta', 'gamma'])
      expect(done(await fast.migrate(farm(schema))).postMigrate).toBe(true);
    expect(await differencesToDjango(farms, 'beta', 'gamma')).toEqual([]);
    const [row] = await scratch.sql(
      `SELECT count(*)::int AS n FROM gamma.django_content_type WHERE model IN ('field', 'plot')`,
    );
    expect(row).toEqual({ n: 1 });
  });

  test('a squashed migration: recorded where all it replaces is applied, run where nothing is', async () => {
    const old = {
      ...farming(2, 'note', addNote),
      ...farming(3, 'size', 'migrations.AddField("field", "size", models.IntegerField(null=True))', {
        after: '0002_note',
      }),
    };
    await fresh();
    const before = await kinds(old, scratch);
    await django(before, 'migrate_schemas', '--schema=beta');
    await django(before, 'migrate_schemas', '--schema=gamma');
    await scratch.sql(`CREATE SCHEMA delta; CREATE SCHEMA omega;
      INSERT INTO shared.estate_holding (schema_name, kind, acres, note) VALUES ('delta', 'farm', 1, ''), ('omega', 'farm', 1, '')`);
    const squashed = farming(
      2,
      'note_squashed_0003_size',
      `${addNote} migrations.AddField("field", "size", models.IntegerField(null=True))`,
      { attributes: 'replaces = [("farming", "0002_note"), ("farming", "0003_size")]' },
    );
    const farms = await kinds({ ...old, ...squashed }, scratch);
    const fast = await worker(farms);
    expect(done(await fast.migrate(farm('beta'))).applied).toEqual(['farming.0002_note_squashed_0003_size']);
    done(await fast.migrate(farm('omega')));
    await django(farms, 'migrate_schemas', '--schema=gamma');
    await django(farms, 'migrate_schemas', '--schema=delta');
    const pictures = await takePictures(scratch, ['beta', 'gamma', 'delta', 'omega']);
    expect(differences(pictures, 'gamma', 'beta')).toEqual([]);
    expect(differences(pictures, 'delta', 'omega')).toEqual([]);
  });

  test('the project’s own code gets models of its own in each tenant', async () => {
    const code = `
def name_type(apps, schema_editor):
    Field = apps.get_model("farming", "Field")
    ContentType = apps.get_model("contenttypes", "ContentType")
    number = ContentType.objects.get_for_model(Field).pk
    Field.objects.create(name="type %s seen %s" % (number, getattr(Field, "seen", 0)))
    Field.seen = 1
`;
    const farms = await kinds(
      farming(2, 'names', 'migrations.RunPython(name_type), migrations.RunPython(name_type),', {
        before: code.replace('name="type', 'name=str(Field.objects.count()) + " type'),
      }),
      await fresh(),
    );
    const fast = await worker(farms);
    for (const schema of ['beta', 'gamma', 'acme']) {
      done(await fast.migrate(farm(schema)));
      const [own] = await scratch.sql<{ id: number }>(
        `SELECT id FROM ${schema}.django_content_type WHERE app_label = 'farming' AND model = 'field'`,
      );
      // The second call finds the mark of the first one: within a tenant the models stay the same.
      expect(await scratch.sql(`SELECT name FROM ${schema}.farming_field ORDER BY id`)).toEqual([
        { name: `0 type ${own?.id} seen 0` },
        { name: `1 type ${own?.id} seen 1` },
      ]);
    }
  });

  test('whatever the project prints, the conversation goes on', async () => {
    const code = `
def shout(apps, schema_editor):
    print("printed")
    sys.stdout.write('{"event": "done"}\\n')
    os.write(1, b'{"event": "failed"}\\n')
    subprocess.run(["echo", "from a child"], check=True)
    assert sys.stdin.read() == ""
`;
    const farms = await kinds(
      farming(2, 'shout', `migrations.RunPython(shout), ${addNote}`, { before: code }),
      await fresh(),
    );
    const lines: string[] = [];
    const fast = await worker(farms, { onLine: (line) => lines.push(line) });
    expect(done(await fast.migrate(farm('beta'))).applied).toEqual(['farming.0002_shout']);
    expect(done(await fast.migrate(farm('gamma'))).applied).toEqual(['farming.0002_shout']);
    await fast.end();
    const twice = ['printed', '{"event": "done"}', '{"event": "failed"}', 'from a child'];
    for (const text of twice)
      expect([text, lines.filter((line) => line === text)]).toEqual([text, [text, text]]);
  });

  test('a poisoned tenant between two healthy ones: its own words, nothing left, the others done', async () => {
    const farms = await kinds(
      farming(
        2,
        'once',
        `${addNote} migrations.AddConstraint("harvest", models.UniqueConstraint(fields=["field"], name="once_a_field")),`,
      ),
      await fresh(),
    );
    await scratch.sql(
      `INSERT INTO beta.farming_field (name) VALUES ('north'); INSERT INTO beta.farming_harvest (field_id) SELECT id FROM beta.farming_field, generate_series(1, 2)`,
    );
    const fast = await worker(farms);
    const { pid } = fast.ready;
    done(await fast.migrate(farm('acme')));
    const failed = await fast.migrate(farm('beta'));
    expect(failed).toMatchObject({
      outcome: 'failed',
      during: 'migration',
      migration: 'farming.0002_once',
      exception: 'UniqueViolation',
      sqlstate: '23505',
      message: 'could not create unique index "once_a_field"',
      detail: 'Key (field_id)=(1) is duplicated.',
      atomic: true,
      applied: [],
    });
    done(await fast.migrate(farm('gamma')));
    expect(fast.ready.pid).toBe(pid);
    const columns = await scratch.sql(
      `SELECT table_schema FROM information_schema.columns WHERE table_name = 'farming_harvest' AND column_name = 'note' ORDER BY 1`,
    );
    expect(columns).toEqual([{ table_schema: 'acme' }, { table_schema: 'gamma' }]);
    // Once it is mended, a second try finishes.
    await scratch.sql('DELETE FROM beta.farming_harvest');
    done(await fast.migrate(farm('beta')));
    expect(await differencesToDjango(farms, 'gamma')).toEqual([]);
  });

  test('code that fails is told with its line; what was applied before stays', async () => {
    const code = 'def fail(apps, schema_editor):\n    raise KeyError("no such farm")\n';
    const farms = await kinds(
      {
        ...farming(2, 'note', addNote),
        ...farming(3, 'fails', 'migrations.RunPython(fail)', { before: code, after: '0002_note' }),
      },
      await fresh(),
    );
    const fast = await worker(farms);
    const failed = await fast.migrate(farm('beta'));
    expect(failed).toMatchObject({
      outcome: 'failed',
      migration: 'farming.0003_fails',
      exception: 'KeyError',
      sqlstate: null,
      applied: ['farming.0002_note'],
    });
    expect(failed).toMatchObject({
      where: expect.stringMatching(/^farming\/migrations\/0003_fails\.py:\d+$/),
    });
    const ledger = await scratch.sql(
      `SELECT name FROM beta.django_migrations WHERE app = 'farming' ORDER BY id`,
    );
    expect(ledger).toEqual([{ name: '0001_initial' }, { name: '0002_note' }]);
  });

  test('sys.exit() and a changed session end one tenant only', async () => {
    const code = `
def odd(apps, schema_editor):
    cursor = schema_editor.connection.cursor()
    cursor.execute("SET statement_timeout = '7s'")
    if schema_editor.connection.schema_name == "beta":
        sys.exit(3)
`;
    const farms = await kinds(
      farming(2, 'odd', 'migrations.RunPython(odd)', {
        before: code,
      }),
      await fresh(),
    );
    const fast = await worker(farms);
    expect(await fast.migrate(farm('beta'))).toMatchObject({ outcome: 'failed', exception: 'SystemExit' });
    done(await fast.migrate(farm('gamma')));
    const timeouts: unknown[] = [];
    const tryOut = {
      sql: `SELECT current_setting('statement_timeout') AS timeout, $1 AS schema`,
      decide({ rows }: Held) {
        timeouts.push(...rows);
        return 'drop' as const;
      },
    };
    await fast.migrate({ ...farm('gamma'), tryOut });
    expect(timeouts).toEqual([{ timeout: '0', schema: 'gamma' }]);
  });

  test('a worker that is killed: the outcome is unknown, and the next tenant gets a new one', async () => {
    const code = `
def die(apps, schema_editor):
    if schema_editor.connection.schema_name == "beta":
        print("last words", flush=True)
        os.kill(os.getpid(), 9)
`;
    const farms = await kinds(
      farming(2, 'die', `${addNote} migrations.RunPython(die)`, { before: code }),
      await fresh(),
    );
    const fast = await worker(farms);
    const { pid } = fast.ready;
    const lost = await failureOf(fast.migrate(farm('beta')), LostConnection);
    expect(lost.message).toBe(
      'The connection was lost during the migration of beta — the worker ended (ended by SIGKILL)',
    );
    expect(lost.evidence).toContain('last words');
    done(await fast.migrate(farm('gamma')));
    expect(fast.ready.pid).not.toBe(pid);
    expect(await scratch.sql(`SELECT 1 FROM beta.django_migrations WHERE name = '0002_die'`)).toEqual([]);
  });

  test('a backend that is ended: the outcome is unknown, and the same worker goes on', async () => {
    const code = `
def hang_up(apps, schema_editor):
    if schema_editor.connection.schema_name == "beta":
        schema_editor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
`;
    const farms = await kinds(
      farming(2, 'hang_up', 'migrations.RunPython(hang_up)', { before: code }),
      await fresh(),
    );
    const fast = await worker(farms);
    const { pid } = fast.ready;
    const lost = await failureOf(fast.migrate(farm('beta')), LostConnection);
    expect(lost.message).toContain('the migration of beta (migration farming.0002_hang_up)');
    done(await fast.migrate(farm('gamma')));
    expect(fast.ready.pid).toBe(pid);
  });

  test('the time of a tenant is up: its statement is ended, too, and the next one is served', async () => {
    const farms = await kinds(
      farming(
        2,
        'sleep',
        `migrations.RunSQL("SELECT pg_sleep(CASE current_schema() WHEN 'beta' THEN 100 ELSE 0 END)")`,
      ),
      await fresh(),
    );
    const fast = await worker(farms);
    const lost = await failureOf(fast.migrate({ ...farm('beta'), timeout: 1_500 }), LostConnection);
    expect(lost.message).toContain('it was not done within 1.5 s and was ended');
    expect(await sessions('tenantry/test/beta')).toEqual([]);
    done(await fast.migrate(farm('gamma')));
  });

  test('a cancelled step leaves no statement behind', async () => {
    const farms = await kinds(
      farming(2, 'sleep', `migrations.RunSQL("SELECT pg_sleep(100)")`),
      await fresh(),
    );
    const cancelled = new AbortController();
    const fast = await worker(farms, { signal: cancelled.signal });
    const onBegun = () => cancelled.abort(new Error('cancelled by the test'));
    await expect(fast.migrate({ ...farm('beta'), onBegun })).rejects.toThrow('cancelled by the test');
    expect(await sessions('tenantry/test/beta')).toEqual([]);
  });

  /** Sessions of this name that are still at work, once there was time to end. */
  async function sessions(name: string): Promise<unknown[]> {
    const running = () =>
      scratch.sql(
        `SELECT query FROM pg_stat_activity WHERE application_name = '${name}' AND state = 'active'`,
      );
    for (let tries = 0; tries < 50 && (await running()).length > 0; tries += 1) await sleep(100);
    return running();
  }

  test('a lock timeout has its SQLSTATE, and the session its name', async () => {
    const options = withTimeouts(undefined, { lock: 400, statement: 0 });
    const farms = await kinds(farming(2, 'note', addNote), await fresh(), { PGOPTIONS: options });
    const fast = await worker(farms);
    expect(fast.ready).toMatchObject({ lockTimeout: 400, statementTimeout: 0 });
    await scratch.database.query('BEGIN');
    await scratch.database.query('LOCK TABLE beta.farming_harvest IN ACCESS SHARE MODE');
    const waiting = fast.migrate(farm('beta'));
    expect(await waiting).toMatchObject({
      outcome: 'failed',
      migration: 'farming.0002_note',
      exception: 'LockNotAvailable',
      sqlstate: '55P03',
      atomic: true,
    });
    await scratch.database.query('ROLLBACK');
    done(await fast.migrate(farm('beta')));
  });

  test('tried out: looked at inside its transaction, dropped without a trace, then kept', async () => {
    const files = farming(
      2,
      'holding',
      `${addNote} migrations.AddField("field", "holding", models.ForeignKey("estate.holding", null=True, on_delete=django.db.models.deletion.CASCADE))`,
    );
    const farms = await kinds(withDependency(files, '("estate", "0001_initial")'), await fresh());
    const fast = await worker(farms);
    const [before] = (await takePictures(scratch, ['beta'])).values();
    const seen: Held[] = [];
    const trying = (answer: 'keep' | 'drop') => ({
      ...farm('beta'),
      tryOut: {
        sql: `SELECT a.attname AS column FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
               WHERE c.relnamespace = $1::regnamespace AND c.relname = 'farming_harvest' AND a.attnum > 0 ORDER BY 1`,
        async decide(held: Held) {
          seen.push(held);
          return answer;
        },
      },
    });
    expect(await fast.migrate(trying('drop'))).toMatchObject({ outcome: 'dropped' });
    const [dropped] = (await takePictures(scratch, ['beta'])).values();
    expect(before && dropped && compare(before, dropped).filter((one) => one.in !== 'sequences')).toEqual([]);
    expect(await fast.migrate(trying('keep'))).toMatchObject({
      outcome: 'done',
      applied: ['farming.0002_holding'],
    });
    expect(seen).toEqual([seen[1], seen[1]]);
    expect(seen[0]).toEqual({
      rows: [{ column: 'field_id' }, { column: 'id' }, { column: 'note' }],
      locks: [{ schema: 'shared', table: 'estate_holding', mode: 'ShareRowExclusiveLock' }],
    });
    done(await fast.migrate(farm('gamma')));
    const different = await differencesToDjango(farms, 'beta', 'gamma');
    // What was dropped has used up numbers.
    expect(different.filter((one) => one.in !== 'sequences')).toEqual([]);
  });

  test('a decision that fails drops the work', async () => {
    const farms = await kinds(farming(2, 'note', addNote), await fresh());
    const fast = await worker(farms);
    const tryOut = {
      sql: 'SELECT $1 AS schema',
      async decide(): Promise<'keep'> {
        throw new Error('cannot compare');
      },
    };
    await expect(fast.migrate({ ...farm('beta'), tryOut })).rejects.toThrow('cannot compare');
    expect(await scratch.sql(`SELECT 1 FROM beta.django_migrations WHERE name = '0002_note'`)).toEqual([]);
    done(await fast.migrate(farm('beta')));
  });

  test('what does not fit into one transaction cannot be tried out, and is done without', async () => {
    const rows = `
def sow(apps, schema_editor):
    Field, Harvest = apps.get_model("farming", "Field"), apps.get_model("farming", "Harvest")
    Harvest.objects.create(field=Field.objects.create(name="sown"))
`;
    await fresh();
    const tryOut = { sql: 'SELECT $1 AS schema', decide: () => 'keep' as const };
    const index = 'AddIndexConcurrently("harvest", models.Index(fields=["field"], name="harvest_field_ix")),';
    const concurrent = await kinds(farming(2, 'index', index, { attributes: 'atomic = False' }), scratch);
    const first = await worker(concurrent);
    expect(await first.migrate({ ...farm('beta'), tryOut })).toEqual({
      outcome: 'cannot-try-out',
      reason: 'a migration of the plan is not atomic',
    });
    expect(done(await first.migrate(farm('beta'))).applied).toEqual(['farming.0002_index']);
    done(await first.migrate(farm('gamma')));
    expect(await differencesToDjango(concurrent, 'beta', 'gamma')).toEqual([]);

    const pending = await kinds(
      {
        ...farming(2, 'index', index, { attributes: 'atomic = False' }),
        ...farming(3, 'sow', 'migrations.RunPython(sow)', { before: rows, after: '0002_index' }),
        ...farming(4, 'note', addNote, { after: '0003_sow' }),
      },
      scratch,
    );
    const second = await worker(pending);
    expect(await second.migrate({ ...farm('beta'), tryOut })).toMatchObject({
      outcome: 'cannot-try-out',
      reason: expect.stringMatching(/^pending trigger events: /),
    });
    expect(await scratch.sql('SELECT name FROM beta.farming_field')).toEqual([]);
    done(await second.migrate(farm('beta')));
    done(await second.migrate(farm('gamma')));
    // What was tried in beta has used up numbers.
    expect(await differencesToDjango(pending, 'gamma')).toEqual([]);
  });

  test('a migration that is not atomic fails half-way: not said to be whole', async () => {
    const farms = await kinds(
      farming(2, 'half', `${addNote} migrations.RunSQL("SELECT 1 / 0")`, { attributes: 'atomic = False' }),
      await fresh(),
    );
    const fast = await worker(farms);
    expect(await fast.migrate(farm('beta'))).toMatchObject({
      outcome: 'failed',
      sqlstate: '22012',
      atomic: false,
    });
  });

  test('content types and permissions: asked for when something lacks, by each policy', async () => {
    const farms = await kinds(farming(2, 'note', addNote), await fresh());
    await scratch.sql(`DELETE FROM beta.auth_permission WHERE codename = 'view_field'`);
    const fast = await worker(farms);
    expect(done(await fast.migrate({ ...farm('beta'), postMigrate: 'never' })).postMigrate).toBe(false);
    expect(done(await fast.migrate(farm('beta'))).postMigrate).toBe(true);
    expect(done(await fast.migrate(farm('beta'))).postMigrate).toBe(false);
    expect(done(await fast.migrate({ ...farm('gamma'), postMigrate: 'always' })).postMigrate).toBe(true);
    const numbers = await scratch.sql(
      `SELECT p.content_type_id - c.id AS distance FROM beta.auth_permission p
         JOIN beta.django_content_type c ON c.app_label = 'farming' AND c.model = 'field' WHERE p.codename = 'view_field'`,
    );
    expect(numbers).toEqual([{ distance: 0 }]);
  });

  test('the project’s own receivers hear what they hear from migrate_schemas', async () => {
    const receivers = `
from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate, pre_migrate
from django_tenants import signals


def tell(name):
    def told(sender, signal, **named):
        shown = sorted((key, str(value)) for key, value in named.items() if key in ("schema_name", "message", "using"))
        plan = [str(migration) for migration, _ in named.get("plan", [])]
        print("HEARD", name, getattr(sender, "label", getattr(sender, "__name__", sender)), connection.schema_name, shown, plan, flush=True)
    return told


RECEIVERS = {name: tell(name) for name in ("schema_migrated", "schema_migrate_message", "schema_pre_migration", "post_schema_sync")}


class Farming(AppConfig):
    name = "farming"

    def ready(self):
        for name, signal in (("pre", pre_migrate), ("post", post_migrate)):
            RECEIVERS[name] = tell(name)
            signal.connect(RECEIVERS[name], sender=self)
        for name, receiver in RECEIVERS.items():
            if hasattr(signals, name):
                getattr(signals, name).connect(receiver)
`;
    const farms = await kinds(
      { 'farming/apps.py': receivers, ...farming(2, 'note', addNote) },
      await fresh(),
    );
    const printed = await django(farms, 'migrate_schemas', '--schema=acme');
    const lines: string[] = [];
    const fast = await worker(farms, { onLine: (line) => lines.push(line) });
    for (const schema of ['beta', 'gamma']) {
      lines.length = 0;
      done(await fast.migrate(farm(schema)));
      await sleep(50); // standard error comes by another way than the answer
      expect(heard(lines, schema)).toEqual(heard(printed.split('\n'), 'acme'));
    }
    expect(await differencesToDjango(farms, 'beta', 'gamma')).toEqual([]);
  });

  test('a schema that does not exist, a history that Django refuses', async () => {
    const farms = await kinds(farming(2, 'note', addNote), await fresh());
    const fast = await worker(farms);
    expect(await fast.migrate(farm('nobody'))).toMatchObject({
      outcome: 'failed',
      during: 'ledger',
      migration: null,
      message: 'Schema "nobody" does not exist',
    });
    await scratch.sql(
      `DELETE FROM beta.django_migrations WHERE app = 'contenttypes' AND name = '0001_initial'`,
    );
    expect(await fast.migrate(farm('beta'))).toMatchObject({
      outcome: 'failed',
      exception: 'InconsistentMigrationHistory',
      applied: [],
    });
    done(await fast.migrate(farm('gamma')));
  });

  test('after its share of tenants a new process takes over', async () => {
    const farms = await kinds(farming(2, 'note', addNote), await fresh());
    const fast = await worker(farms, { tenantsPerProcess: 2 });
    const pids = [];
    for (const schema of ['beta', 'gamma', 'acme']) {
      done(await fast.migrate(farm(schema)));
      pids.push(fast.ready.pid);
    }
    expect(pids[1]).toBe(pids[0]);
    expect(pids[2]).not.toBe(pids[0]);
  });

  test.each([
    [
      'a migrate of its own',
      'TENANT_BASE_MIGRATE_COMMAND = "kinds.migrate.Command"',
      /^it has a migrate command of its own \(TENANT_BASE_MIGRATE_COMMAND\)$/,
    ],
    ['a failing check', 'CSRF_FAILURE_VIEW = "nothing.here"', /^manage.py check finds: .*security.E102/],
  ])('%s: the worker refuses, in words', async (_what, text, reason) => {
    await fresh();
    const farms = await kinds({ 'kinds/settings.py': await settings(text) }, scratch);
    const refusal = await failureOf(startWorker(farms), WorkerUnsupported);
    expect(refusal.reason).toMatch(reason);
    expect(refusal.code).toBe('worker-unsupported');
  });

  test('a project that cannot start says why, as everywhere', async () => {
    await fresh();
    const broken = await kinds({ 'kinds/settings.py': 'import nothing_of_the_kind' }, scratch);
    const failure = await failureOf(startWorker(broken), UserError);
    expect(failure.code).toBe('settings-not-importable');
  });
});

function farm(schema: string): TenantRequest {
  return { schema, tenantType: 'farm', postMigrate: 'auto', timeout: 60_000 };
}

/** @throws what went wrong instead. */
function done(result: TenantResult): Extract<TenantResult, { outcome: 'done' }> {
  if (result.outcome === 'done') return result;
  throw new Error(JSON.stringify(result, undefined, 2));
}

function differences(pictures: Awaited<ReturnType<typeof takePictures>>, expected: string, found: string) {
  const [one, other] = [pictures.get(expected), pictures.get(found)];
  return one === undefined || other === undefined ? ['missing'] : differing(one, other);
}

/** Behind the last schema, pg_dump writes settings for what follows. */
function differing(expected: Picture, found: Picture): Difference[] {
  return compare(expected, found).filter(({ name }) => name !== 'SCHEMA THE_SCHEMA');
}

function withDependency(files: Record<string, string>, dependency: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [
      name,
      text.replace('dependencies = [', `dependencies = [${dependency}, `),
    ]),
  );
}

function heard(lines: readonly string[], schema: string): string[] {
  return lines
    .filter((line) => line.includes('HEARD'))
    .map((line) => line.slice(line.indexOf('HEARD')).replaceAll(schema, 'THE_SCHEMA'));
}
