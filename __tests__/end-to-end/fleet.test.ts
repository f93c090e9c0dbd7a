import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';

import { type Fleet, fleetDatabase, fleetProject, smallShape } from '../../lab/fleet.ts';
import { grouped } from '../../src/ground/words.ts';
import { each } from '../integration/breadth.ts';
import { changedCopy } from '../integration/projects.ts';
import { runDoor, type StepEnd } from './door.ts';

let fleet: Fleet;
let project: { folder: string; remove(): Promise<void> };
let stranger: pg.Client;
let first: StepEnd;

/** More than are looked at in one statement. */
const [tenants = 0] = each([1_000], 600);
const troubled = { locked: 't0100', half: 't0200', drifted: 't0300', poisoned: 't0400', unreadable: 't0500' };

beforeAll(async () => {
  fleet = await fleetDatabase({ tenants, shape: smallShape });
  project = await changedCopy(await fleetProject(0, smallShape), {
    'app00/migrations/0004_code.py': `
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("app00", "0003_record1_label_1")]
    operations = [
        migrations.AddField("record0", "code", models.CharField(max_length=20, null=True)),
        migrations.AddIndex("record0", models.Index(fields=["code"], name="app00_code")),
        migrations.AddConstraint("record0", models.UniqueConstraint(fields=["reference"], name="app00_reference")),
    ]
`,
  });
  await fleet.sql(`
    ALTER TABLE ${troubled.half}.app00_record0 ADD code varchar(20);
    DROP INDEX ${troubled.drifted}.app00_r1_i0;
    INSERT INTO ${troubled.poisoned}.app00_record0 (reference, amount, active, created, notes)
      SELECT 'A-1', 0, true, now(), '' FROM generate_series(1, 2);
    ALTER TABLE ${troubled.unreadable}.django_migrations RENAME COLUMN app TO application;`);
  stranger = new pg.Client({ connectionString: fleet.url, application_name: 'a forgotten terminal' });
  await stranger.connect();
  await stranger.query(`BEGIN; SELECT count(*) FROM ${troubled.locked}.app00_record0`);
  first = await migrate();
}, 600_000);

afterAll(async () => {
  await stranger?.end();
  await fleet?.drop();
  await project?.remove();
});

function migrate(more: Record<string, string> = {}): Promise<StepEnd> {
  return runDoor(
    'migrate-schemas',
    {
      'database-url': fleet.url,
      'working-directory': project.folder,
      python: fleet.python,
      'lock-timeout': '500ms',
      backup: 'false',
      lint: 'off', // a run that looks first would not begin
      ...more,
    },
    { env: { ...fleet.env } },
  );
}

test(`${tenants - 4} tenants are migrated, four fail each with a sentence of its own, a fifth is told as drifted`, async () => {
  expect(first.exitCode).toBe(1);
  expect(first.outputs).toMatchObject({
    result: 'failed',
    'failure-code': 'tenants-failed',
    'tenants-total': String(tenants),
    'tenants-migrated': String(tenants - 4),
    'tenants-skipped': '0',
    'tenants-failed': '4',
    'drift-groups': expect.stringMatching(/^\d+$/),
    reversible: 'true',
    'old-code-compatible': 'unknown',
  });
  expect(first.annotations).toHaveLength(1);
  const behind = await fleet.sql<{ schema: string }>(`
    SELECT n.nspname AS schema FROM pg_namespace n WHERE n.nspname ~ '^t\\d{4}$'
       AND to_regclass(n.nspname || '.app00_code') IS NULL ORDER BY 1`);
  expect(behind.map(({ schema }) => schema)).toEqual([
    troubled.locked,
    troubled.half,
    troubled.poisoned,
    troubled.unreadable,
  ]);
});

test('the summary is understood at first reading', () => {
  const { summary } = first;
  expect(summary).toContain(`4 tenants failed (${tenants - 4} migrated)`);
  const sentences = {
    [troubled.locked]:
      /was blocked in tenant t0100 — it did not get a lock .+ \("a forgotten terminal", role .+ SELECT count/,
    [troubled.half]: /has half of app00\.0004_code: there is .*code/,
    [troubled.poisoned]:
      /failed in tenant t0400 — could not create unique index .+ \(Key \(reference\)=\(A-1\) is duplicated/,
    [troubled.unreadable]: /column "app" does not exist/,
  };
  for (const [schema, sentence] of Object.entries(sentences)) {
    const row = summary.split('\n').find((line) => line.startsWith(`| ${schema} |`));
    expect(row).toMatch(sentence);
  }
  expect(summary).toMatch(/\*\*Look at this:\*\* .*t0300.* lacks index app00_r1_i0/);
  expect(summary.length).toBeLessThan(65_536);
});

test('the log stays readable: groups, not a line for each of so many tenants', () => {
  expect(first.log.split('\n').length).toBeLessThan(120);
  expect(first.log).toMatch(
    new RegExp(
      `Plan +${grouped(tenants)} tenants: ${tenants - 2} need 1 migration, 1 migrated half-way, 1 cannot be read`,
    ),
  );
  const canary = Math.ceil(tenants / 100);
  expect(first.log).toMatch(new RegExp(`Canary +${canary} of ${canary} migrated`));
  expect(first.log).toMatch(/t0100: .*try 2\/5 in /);
});

test('when the causes are mended, the second run does the four and nothing else', async () => {
  await stranger.query('ROLLBACK');
  await fleet.sql(`
    ALTER TABLE ${troubled.half}.app00_record0 DROP code;
    DELETE FROM ${troubled.poisoned}.app00_record0;
    ALTER TABLE ${troubled.unreadable}.django_migrations RENAME COLUMN application TO app;`);
  const { exitCode, outputs, summary } = await migrate();
  expect(outputs).toMatchObject({
    result: 'migrated',
    'tenants-migrated': '4',
    'tenants-skipped': String(tenants - 4),
    'tenants-failed': '0',
  });
  expect(exitCode).toBe(0);
  expect(summary).toMatch(
    new RegExp(`${grouped(tenants - 1)} .*equal.*t0300.*|1 differs: t0300 lacks index app00_r1_i0`),
  );
}, 120_000);
