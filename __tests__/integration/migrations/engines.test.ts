/**
 * The same tenants migrated by Django itself and by each engine, and compared in everything that a migration can
 * change. The zoo's migrations are one of each kind, so that what differs names its kind.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { differences as structureDifferences } from '../../../src/database/structure.ts';
import { manage } from '../../../src/django/project.ts';
import { startWorker, type TenantResult } from '../../../src/django/worker.ts';
import { each, whole } from '../breadth.ts';
import { compare, type Difference, linesOf, type Picture, takePictures } from '../comparison.ts';
import { changedCopy, folders, project } from '../projects.ts';
import { type ScratchDatabase, scratchDatabase } from '../scratch-database.ts';
import { zooPython } from '../venv.ts';
import { byDjango, byOriginal, byWorker, type DjangoOf, type Migrated, migrated } from './contestants.ts';
import { kinds } from './kinds.ts';
import { failing, type Tenant, tenantNames, tenants, waitingZoo, zoo } from './zoo.ts';

// Python starts some fifty times; others may be at work on the same machine.
jest.setTimeout(300_000);

type Pictures = ReadonlyMap<string, Picture>;

function differences(expected: Pictures, found: Pictures, schema: string): Difference[] {
  const [one, other] = [expected.get(schema), found.get(schema)];
  if (one === undefined || other === undefined) throw new Error(`nobody has looked at ${schema}`);
  return compare(one, other);
}

/** Whether a difference is in what a kind of migration makes. */
function isOf({ in: place, name, expected, found }: Difference, migration: string, trace: RegExp): boolean {
  const lines = [expected, found].flatMap((text) =>
    place === 'rows' ? text.split('\n') : text.replaceAll('\n', ' '),
  );
  return name === migration || lines.some((line) => trace.test(`${place} ${name} ${line}`));
}

/** The reason of a failure, whoever tells it and how. */
const duplicate = /could not create unique index "\w+"/;

type Versions = Parameters<typeof zooPython>[0];

const templates = new Map<Versions, Promise<ScratchDatabase>>();

/** The waiting database of these versions, made once. */
function templateOf(versions: Versions): Promise<ScratchDatabase> {
  const template = templates.get(versions) ?? zooPython(versions).then(waitingZoo);
  templates.set(versions, template);
  return template;
}

const references = new Map<Versions, Promise<Migrated>>();

/** What Django itself makes of it, seen once. */
function referenceOf(versions: Versions): Promise<Migrated> {
  const reference = references.get(versions) ?? make();
  references.set(versions, reference);
  return reference;

  async function make() {
    const python = await zooPython(versions);
    const django: DjangoOf = (database) => zoo(python, database);
    return migrated(await templateOf(versions), wanted, byDjango(django));
  }
}

afterAll(async () => {
  for (const template of templates.values()) await (await template).drop();
});

/** What is migrated in the end; the one that waits is only tried out. */
const wanted = tenantNames.filter((tenant) => tenant !== 'waiting');

describe.each(each(['newest', 'oldest'] as const, 'newest'))('with the %s versions', (versions) => {
  const present = kinds.filter((one) => versions === 'newest' || one.new !== true);
  // The project's own command is Django itself, and a control: it is enough to see once that runs are alike.
  const control = versions === 'newest' ? whole(['original'] as const) : [];
  const engines = [...control, 'worker' as const];
  let before: Pictures;
  let expected: Migrated;
  let found: Record<string, Migrated>;

  beforeAll(async () => {
    const python = await zooPython(versions);
    const template = await templateOf(versions);
    const django: DjangoOf = (database) => zoo(python, database);
    const by = { original: byOriginal(django), worker: byWorker(django) };
    const runs = engines.map(async (name) => [name, await migrated(template, wanted, by[name])] as const);
    const reference = referenceOf(versions);
    const untouched = migrated(template, [], byDjango(django));
    const others = await Promise.all(runs);
    before = (await untouched).pictures;
    expected = await reference;
    found = Object.fromEntries(others);
  }, 600_000);

  test.each(present)('$kind: has a trace by which differences are told', ({ migration, trace }) => {
    const all = (pictures: Pictures) =>
      ['first', 'public'].flatMap((schema) =>
        linesOf(pictures.get(schema)).map((line) => ({ schema, line })),
      );
    const old = new Set(all(before).map(({ schema, line }) => `${schema} ${line}`));
    const made = all(expected.pictures).filter(({ schema, line }) => !old.has(`${schema} ${line}`));
    expect(made.filter(({ line }) => trace.test(line))).not.toEqual([]);
    if (migration === 'watch') return; // an app without migrations, which listens
    expect(made.some(({ line }) => line === `ledger ${migration}`)).toBe(true);
  });

  describe.each(engines)('engine %s', (engine) => {
    const pictures = (): Pictures => found[engine]?.pictures ?? new Map();

    test.each(present)('$kind', ({ migration, trace }) => {
      const ofThisKind = [...wanted, 'public'].flatMap((schema) =>
        differences(expected.pictures, pictures(), schema)
          .filter((one) => isOf(one, migration, trace))
          .map((one) => ({ schema, ...one })),
      );
      expect(ofThisKind).toEqual([]);
    });

    test.each(wanted.map((tenant) => ({ tenant, has: tenants[tenant] })))(
      'tenant $tenant, which $has: nothing differs',
      ({ tenant }) => expect(differences(expected.pictures, pictures(), tenant)).toEqual([]),
    );

    test('the shared schema: nothing differs', () => {
      expect(differences(expected.pictures, pictures(), 'public')).toEqual([]);
    });

    test('schemas are alike to one look at all of them where they are alike one by one', () => {
      expect(found[engine]?.alike).toEqual(expected.alike);
      const failed: readonly string[] = failing;
      const atHead = wanted.filter((tenant) => !failed.includes(tenant));
      expect(expected.alike[0]).toEqual([...atHead].sort());
      const group = (schema: string) => expected.alike.findIndex((group) => group.includes(schema));
      for (const [schema, picture] of pictures()) {
        for (const [other, { structure }] of pictures()) {
          const same = structureDifferences(picture.structure, structure).length === 0;
          expect({ schema, other, same }).toEqual({ schema, other, same: group(schema) === group(other) });
        }
      }
    });

    test('the same tenants fail, for the same reasons', () => {
      expect([...expected.failures.keys()]).toEqual(failing);
      const reasons = (run: Migrated | undefined) =>
        [...(run?.failures ?? [])].map(([tenant, text]) => [tenant, duplicate.exec(text)?.[0] ?? text]);
      expect(reasons(found[engine])).toEqual(reasons(expected));
    });
  });
});

describe('beside the matrix', () => {
  let python: string;
  let template: ScratchDatabase;
  const few: readonly Tenant[] = ['first', 'second', 'untold'];
  const inPictures = (run: Migrated, other: Migrated) =>
    [...run.pictures.keys()].map((schema) => ({
      schema,
      differences: differences(run.pictures, other.pictures, schema),
    }));

  beforeAll(async () => {
    python = await zooPython('newest');
    template = await templateOf('newest');
  }, 600_000);

  test.each([
    { apps: 'quiet', why: 'nobody but Django listens, so that the worker may leave signals out' },
    { apps: 'strange', why: 'a migration has an apply() of its own, so that the worker shares no states' },
    ...whole([
      { apps: 'backend', why: 'the database’s backend is django-pg-zero-downtime-migrations’' },
    ] as const),
  ] as const)('the worker makes what Django makes: $why', async ({ apps }) => {
    const django: DjangoOf = (database) => zoo(python, database, apps);
    const [expected, found] = await Promise.all([
      migrated(template, few, byDjango(django)),
      migrated(template, few, byWorker(django)),
    ]);
    expect([expected.failures.size, found.failures.size]).toEqual([0, 0]);
    for (const { schema, differences } of inPictures(expected, found)) {
      expect({ schema, differences }).toEqual({ schema, differences: [] });
    }
  });

  test.each(['all', 'strange'] as const)(
    'the zoo’s models are what its migrations make: %s',
    async (apps) => {
      const check = ['makemigrations', '--check', '--dry-run'];
      const result = await manage(zoo(python, template, apps), check, { timeout: 120_000 });
      expect(result).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('No changes detected') });
    },
  );

  test('another migration is found, and named', async () => {
    const name = 'constraints/migrations/0003_check.py';
    const text = await readFile(join(folders.zoo, name), 'utf8');
    const copy = await changedCopy(folders.zoo, { [name]: text.replace('price__gte=0', 'price__gte=1') });
    try {
      const expected = await referenceOf('newest');
      const found = await migrated(
        template,
        ['first'],
        byDjango((database) => project(copy.folder, python, database)),
      );
      const differing = differences(expected.pictures, found.pictures, 'first');
      expect(differing.map((one) => one.in)).toEqual(['structure', 'objects']);
      for (const { name, expected } of differing)
        expect(name + expected).toContain('constraints_booking_price');
      const named = kinds.filter(({ migration, trace }) =>
        differing.some((one) => isOf(one, migration, trace)),
      );
      expect(named.map(({ kind }) => kind)).toEqual(['check constraint']);
    } finally {
      await copy.remove();
    }
  });

  test('what was tried out and dropped has left nothing', async () => {
    const database = await scratchDatabase({ template: template.name });
    const schemas: readonly Tenant[] = ['first', 'waiting', 'together'];
    const look = () => takePictures(database, [...schemas, 'public']);
    const worker = await startWorker(zoo(python, database));
    try {
      const before = await look();
      const results: Record<string, TenantResult> = {};
      for (const schema of schemas) {
        results[schema] = await worker.migrate({
          schema,
          postMigrate: 'auto',
          timeout: 120_000,
          tryOut: { sql: 'SELECT $1::text', decide: () => 'drop' },
        });
      }
      expect(results).toMatchObject({
        first: { outcome: 'cannot-try-out', reason: expect.stringContaining('not atomic') },
        waiting: { outcome: 'cannot-try-out', reason: expect.stringContaining('on_commit') },
        together: { outcome: 'dropped' },
      });
      const after = await look();
      // Sequences never go back; and receivers are told that a schema will be migrated before the transaction begins.
      const left = [...before.keys()].flatMap((schema) => differences(before, after, schema));
      expect(left.filter((one) => one.in !== 'sequences')).toEqual([
        expect.objectContaining({ in: 'rows', name: 'estate_journal', expected: '' }),
      ]);
      expect(left.find((one) => one.in === 'rows')?.found.match(/"what": "\w+"/g)).toEqual(
        schemas.map(() => '"what": "schema_pre_migration"'),
      );
    } finally {
      await worker.end();
      await database.drop();
    }
  });
});
