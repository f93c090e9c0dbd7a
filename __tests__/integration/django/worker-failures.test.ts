import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Held } from '../../../src/django/worker.ts';
import { LostConnection } from '../../../src/ground/errors.ts';
import { withTimeouts } from '../../../src/machine/timeouts.ts';
import { failureOf } from '../lab-server.ts';
import type { ScratchDatabase } from '../scratch-database.ts';
import { addNote, done, type Farms, farm, farming, farmsWith, stacks } from './farms.ts';

let scratch: ScratchDatabase;

describe.each(stacks)('%s', (_, pythonOf) => {
  let lab: Farms;

  beforeAll(async () => {
    lab = await farmsWith(await pythonOf());
  }, 300_000);

  beforeEach(async () => {
    scratch = await lab.fresh();
  });

  afterEach(() => lab.endTest());

  test('a poisoned tenant between two healthy ones: its own words, nothing left, the others done', async () => {
    const farms = await lab.project(
      farming(
        2,
        'once',
        `${addNote} migrations.AddConstraint("harvest", models.UniqueConstraint(fields=["field"], name="once_a_field")),`,
      ),
    );
    await scratch.sql(
      `INSERT INTO beta.farming_field (name) VALUES ('north'); INSERT INTO beta.farming_harvest (field_id) SELECT id FROM beta.farming_field, generate_series(1, 2)`,
    );
    const fast = await lab.worker(farms);
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
    expect(await lab.differencesToDjango(farms, 'gamma')).toEqual([]);
  });

  test('code that fails is told with its line; what was applied before stays', async () => {
    const code = 'def fail(apps, schema_editor):\n    raise KeyError("no such farm")\n';
    const farms = await lab.project({
      ...farming(2, 'note', addNote),
      ...farming(3, 'fails', 'migrations.RunPython(fail)', { before: code, after: '0002_note' }),
    });
    const fast = await lab.worker(farms);
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

  test('a migration that is not atomic fails half-way: not said to be whole', async () => {
    const farms = await lab.project(
      farming(2, 'half', `${addNote} migrations.RunSQL("SELECT 1 / 0")`, { attributes: 'atomic = False' }),
    );
    const fast = await lab.worker(farms);
    expect(await fast.migrate(farm('beta'))).toMatchObject({
      outcome: 'failed',
      sqlstate: '22012',
      atomic: false,
    });
  });

  test('sys.exit() and a changed session end one tenant only', async () => {
    const code = `
def odd(apps, schema_editor):
    cursor = schema_editor.connection.cursor()
    cursor.execute("SET statement_timeout = '7s'")
    if schema_editor.connection.schema_name == "beta":
        sys.exit(3)
`;
    const farms = await lab.project(
      farming(2, 'odd', 'migrations.RunPython(odd)', {
        before: code,
      }),
    );
    const fast = await lab.worker(farms);
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

  test('a schema that does not exist, a history that Django refuses', async () => {
    const farms = await lab.project(farming(2, 'note', addNote));
    const fast = await lab.worker(farms);
    expect(await fast.migrate(farm('nobody'))).toMatchObject({
      outcome: 'failed',
      during: 'ledger',
      migration: null,
      message: 'Schema "nobody" does not exist',
    });
    expect(await fast.migrate(farm('shared'))).toMatchObject({
      outcome: 'failed',
      message: "shared is the shared schema, not a tenant's",
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

  test('a worker that is killed: the outcome is unknown, and the next tenant gets a new one', async () => {
    const code = `
def die(apps, schema_editor):
    if schema_editor.connection.schema_name == "beta":
        print("last words", flush=True)
        os.kill(os.getpid(), 9)
`;
    const farms = await lab.project(
      farming(2, 'die', `${addNote} migrations.RunPython(die)`, { before: code }),
    );
    const fast = await lab.worker(farms);
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
    const farms = await lab.project(farming(2, 'hang_up', 'migrations.RunPython(hang_up)', { before: code }));
    const fast = await lab.worker(farms);
    const { pid } = fast.ready;
    const lost = await failureOf(fast.migrate(farm('beta')), LostConnection);
    expect(lost.message).toContain('the migration of beta (migration farming.0002_hang_up)');
    done(await fast.migrate(farm('gamma')));
    expect(fast.ready.pid).toBe(pid);
  });

  test('the time of a tenant is up: its statement is ended, too, and the next one is served', async () => {
    const farms = await lab.project(
      farming(
        2,
        'sleep',
        `migrations.RunSQL("SELECT pg_sleep(CASE current_schema() WHEN 'beta' THEN 100 ELSE 0 END)")`,
      ),
    );
    const fast = await lab.worker(farms);
    const lost = await failureOf(fast.migrate({ ...farm('beta'), timeout: 1_500 }), LostConnection);
    expect(lost.message).toContain('it was not done within 1.5 s and was ended');
    expect(await sessions('tenantry/test/beta')).toEqual([]);
    done(await fast.migrate(farm('gamma')));
  });

  test('a cancelled step leaves no statement behind', async () => {
    const farms = await lab.project(farming(2, 'sleep', `migrations.RunSQL("SELECT pg_sleep(100)")`));
    const cancelled = new AbortController();
    const fast = await lab.worker(farms, { signal: cancelled.signal });
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
    const farms = await lab.project(farming(2, 'note', addNote), { PGOPTIONS: options });
    const fast = await lab.worker(farms);
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
});
