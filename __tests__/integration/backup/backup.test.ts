import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { bringUp, control, type Lab } from '../../../lab/lab.ts';
import { postgresPrograms } from '../../../lab/postgres-programs.ts';
import type { Manifest } from '../../../src/backup/manifest.ts';
import { sshInputs } from '../lab-server.ts';
import {
  type Fleet,
  migrationFile,
  note,
  ordersHead,
  ShopFleets,
  type StepSeen,
} from '../migrations/shop-fleet.ts';
import { folders } from '../projects.ts';
import { serveShop } from './shop-pages.ts';

/** Backups as a workflow sees them: before a migration, and the way back. */
let lab: Lab;
let fleets: ShopFleets;
const pgbin = process.env.PGBIN;
const tenMinutes = 600_000;

beforeAll(async () => {
  lab = await bringUp(['postgres15', 'host1']);
  process.env.PGBIN = postgresPrograms();
  fleets = await ShopFleets.make();
}, tenMinutes);

afterEach(() => fleets?.tidy());
afterAll(async () => {
  if (pgbin === undefined) delete process.env.PGBIN;
  else process.env.PGBIN = pgbin;
  await fleets?.end();
});

/** Two products in acme, a domain, and two things of the shared schema that point into acme. */
const stocked = `
  INSERT INTO customers_domain (domain, is_primary, tenant_id) SELECT schema_name || '.shop.example', true, id FROM customers_customer WHERE schema_name = 'acme';
  INSERT INTO acme.catalog_category (id, name) VALUES (1, 'Tea');
  INSERT INTO acme.catalog_product (category_id, name, slug, price, active, image) VALUES (1, 'Green tea', 'green', 4, true, ''), (1, 'Black tea', 'black', 5, true, '');
  CREATE TABLE favourites (product bigint REFERENCES acme.catalog_product);
  INSERT INTO favourites SELECT min(id) FROM acme.catalog_product;
  CREATE VIEW teas WITH (security_barrier) AS SELECT name FROM acme.catalog_product;`;

async function backupFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-backups-'));
  fleets.later(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function manifestIn(path: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8'));
}

function restore(fleet: Fleet, inputs: Record<string, string>): Promise<StepSeen> {
  return fleet.migrate({ mode: 'restore', ...inputs });
}

async function names(fleet: Fleet, sql: string): Promise<string[]> {
  const rows = await fleet.sql<{ name: string }>(sql);
  return rows.map(({ name }) => name).sort();
}

const products = (schema: string) => `SELECT name FROM "${schema}".catalog_product`;

test(
  'before a migration: what changes and the shared schema; and each way back',
  async () => {
    const fleet = await fleets.copy(stocked);
    const folder = await backupFolder();
    const newer = await fleets.shopWith(note);
    const migrated = await fleet.migrate(
      { backup: 'true', 'backup-folder': folder, schemas: 'acme\nbeta', canary: '0%' },
      newer,
    );
    expect(migrated.annotations).toEqual([]);
    const path = migrated.outputs['backup-path'] ?? '';
    const manifest = await manifestIn(path);
    expect(manifest.schemas.map(({ name }) => name)).toEqual(['acme', 'beta', 'public']);
    expect(manifest.schemas.find(({ name }) => name === 'acme')?.rows).toMatchObject({
      catalog_product: 2,
      orders_order: 0,
    });
    expect(manifest.schemas.every(({ rowsCompared }) => rowsCompared)).toBe(true);
    for (const file of await readdir(path)) expect((await stat(join(path, file))).mode & 0o777).toBe(0o600);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect(migrated.log.join('\n')).toMatch(/3 schemas, .* KiB, proven: /);
    expect(migrated.summary).toContain(`backup-path: ${path}`);
    const again = await fleet.migrate(
      { backup: 'true', 'backup-folder': folder, schemas: 'acme\nbeta' },
      newer,
    );
    expect(again.outputs).toMatchObject({ result: 'up-to-date' });
    expect(again.outputs['backup-path']).toBeUndefined();

    await fleet.sql(
      `INSERT INTO acme.catalog_product (category_id, name, slug, price, active, image) VALUES (1, 'Coffee', 'coffee', 6, true, '')`,
    );
    const back = { 'backup-path': path, schemas: 'acme' };

    const planned = await restore(fleet, { ...back, 'restore-to': 'in-place', 'dry-run': 'true' });
    expect(planned.outputs.result).toBe('planned');
    expect(planned.log).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^acme is replaced \(\d+ tables, \d+ rows\); the one of now stays as acme_replaced_/,
        ),
        'points into it: constraint favourites_product_fkey on table public.favourites',
        'points into it: rule _RETURN on view public.teas',
      ]),
    );
    expect(await names(fleet, products('acme'))).toEqual(['Black tea', 'Coffee', 'Green tea']);

    const beside = await restore(fleet, back);
    expect(beside.annotations).toEqual([]);
    expect(JSON.parse(beside.outputs.restored ?? '')).toEqual([{ schema: 'acme', as: 'acme_restored' }]);
    expect(await names(fleet, products('acme_restored'))).toEqual(['Black tea', 'Green tea']);
    expect(await names(fleet, products('acme'))).toEqual(['Black tea', 'Coffee', 'Green tea']);
    const taken = await restore(fleet, back);
    expect(taken.outputs['failure-code']).toBe('restore-name-taken');

    const shop = await serveShop(fleet, folders.shop);
    fleets.later(() => shop.end());
    await fleet.sql('ALTER TABLE acme.catalog_product RENAME COLUMN price TO cost');
    expect((await shop.home('acme.shop.example')).status).toBe(500);
    const inPlace = await restore(fleet, { ...back, 'restore-to': 'in-place' });
    expect(inPlace.annotations).toEqual([]);
    const [{ replaced = '' } = {}] = JSON.parse(inPlace.outputs.restored ?? '');
    expect(await names(fleet, products('acme'))).toEqual(['Black tea', 'Green tea']);
    expect(await names(fleet, products(replaced))).toEqual(['Black tea', 'Coffee', 'Green tea']);
    expect(await names(fleet, 'SELECT name FROM teas')).toEqual(['Black tea', 'Green tea']);
    expect(await fleet.sql(`SELECT reloptions FROM pg_class WHERE relname = 'teas'`)).toEqual([
      { reloptions: ['security_barrier=true'] },
    ]);
    await expect(fleet.sql('INSERT INTO favourites VALUES (99)')).rejects.toThrow(/favourites_product_fkey/);
    const home = await shop.home('acme.shop.example');
    expect(home.status).toBe(200);
    expect(home.text).toContain('Green tea');
    expect(home.text).not.toContain('Coffee');
    // The sequence goes on behind the last row, and the ledger is that of the old code.
    await fleet.sql(
      `INSERT INTO acme.catalog_product (category_id, name, slug, price, active, image) VALUES (1, 'Water', 'water', 1, true, '')`,
    );
    // It is where the old code was, so the next run migrates it again.
    const forward = await fleet.migrate({ schemas: 'acme', canary: '0%' }, newer);
    expect(forward.outputs).toMatchObject({ result: 'migrated', 'tenants-migrated': '1' });

    const rehearsed = await restore(fleet, { 'backup-folder': folder, 'restore-to': 'scratch' });
    expect(rehearsed.annotations).toEqual([]);
    expect(rehearsed.outputs).toMatchObject({ result: 'rehearsed', 'backup-path': path });
    expect(rehearsed.log.join('\n')).toMatch(
      /3 schemas of .* restored: structures and \d+ rows are what the manifest says; restoring all of it takes about/,
    );
    expect(
      await fleet.sql(`SELECT datname FROM pg_database WHERE starts_with(datname, 'tenantry_rehearsal_')`),
    ).toEqual([]);
  },
  tenMinutes,
);

/** Half of it is done when it fails. */
const halfDone = {
  'orders/migrations/0005_half.py': migrationFile(
    ordersHead,
    'migrations.RunSQL("DROP TABLE orders_orderline"), migrations.RunSQL("SELECT 1/0")',
    { body: 'atomic = False' },
  ),
};

test(
  'a migration that fails half-way says how to go back, and that step does',
  async () => {
    const fleet = await fleets.copy();
    const folder = await backupFolder();
    const failed = await fleet.migrate(
      { backup: 'true', 'backup-folder': folder, schemas: 'beta', canary: '0%' },
      await fleets.shopWith(halfDone),
    );
    expect(failed.exitCode).toBe(1);
    const path = failed.outputs['backup-path'] ?? '';
    expect(failed.annotations[0]).toContain(
      `mode: restore brings back beta from before this run: ${path} on this machine`,
    );
    const [, step = ''] = /```yaml\n([\s\S]*?)\n```/.exec(failed.summary) ?? [];
    const back = await fleet.migrate(parse(step));
    expect(back.annotations).toEqual([]);
    expect(back.outputs.result).toBe('restored');
    expect(
      await names(
        fleet,
        `SELECT relname AS name FROM pg_class WHERE oid = 'beta.orders_orderline'::regclass`,
      ),
    ).toEqual(['orders_orderline']);
    expect(await names(fleet, `SELECT name FROM beta.django_migrations WHERE app = 'orders'`)).not.toContain(
      '0005_half',
    );
  },
  tenMinutes,
);

test(
  'a backup that cannot be written ends the run before anything is changed',
  async () => {
    const fleet = await fleets.copy();
    const seen = await fleet.migrate(
      { backup: 'true', 'backup-folder': '/dev/null/backups', schemas: 'beta', canary: '0%' },
      await fleets.shopWith(note),
    );
    expect(seen.outputs).toMatchObject({
      result: 'failed',
      'failure-code': 'cannot-write',
      'tenants-migrated': '0',
    });
    const recorded = `SELECT name FROM beta.django_migrations WHERE app = 'orders' AND name = '0005_note'`;
    expect(await fleet.sql(recorded)).toEqual([]);
  },
  tenMinutes,
);

describe('on a server', () => {
  test(
    'encrypted, for its account alone; read back with the private key and no other',
    async () => {
      const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
      const identity = await generateX25519Identity();
      const fleet = await fleets.copy(stocked);
      const folder = `/home/${lab.host1.user}/${fleet.name}`;
      fleets.later(() => control('host1').run(['rm', '-rf', folder]));
      const place = { ...sshInputs(lab.host1), 'backup-to': 'server', 'backup-folder': folder };
      const migrated = await fleet.migrate(
        {
          ...place,
          backup: 'true',
          schemas: 'acme',
          canary: '0%',
          'backup-recipient': await identityToRecipient(identity),
        },
        await fleets.shopWith(note),
      );
      expect(migrated.annotations).toEqual([]);
      const path = migrated.outputs['backup-path'] ?? '';
      const there = await control('host1').run([
        'sh',
        '-c',
        `stat -c '%a %U %n' ${path} ${path}/*; head -c 21 ${path}/archive-1.dump.age`,
      ]);
      expect(there).toBe(
        [
          `700 ${lab.host1.user} ${path}`,
          `600 ${lab.host1.user} ${path}/archive-1.dump.age`,
          `600 ${lab.host1.user} ${path}/manifest.json`,
          'age-encryption.org/v1',
        ].join('\n'),
      );
      const back = { ...place, 'backup-path': path, schemas: 'acme' };
      for (const key of [{}, { 'backup-identity': await generateX25519Identity() }]) {
        const refused = await restore(fleet, { ...back, ...key });
        expect(refused.outputs['failure-code']).toBe('backup-key-wrong');
      }
      const restored = await restore(fleet, { ...back, 'backup-identity': identity });
      expect(restored.annotations).toEqual([]);
      expect(await names(fleet, products('acme_restored'))).toEqual(['Black tea', 'Green tea']);
      await control('host1').run(['sh', '-c', `printf x >> ${path}/archive-1.dump.age`]);
      await fleet.sql('DROP SCHEMA acme_restored CASCADE');
      const damaged = await restore(fleet, { ...back, 'backup-identity': identity });
      expect(damaged.annotations[0]).toMatch(
        /cannot be read — its checksum is another one than its manifest says/,
      );
      expect(await readdir(tmpdir())).not.toContainEqual(expect.stringMatching(/^tenantry-backup-/));
    },
    tenMinutes,
  );
});
