import { expect, test } from '@jest/globals';

import { dumpArguments } from '../../src/backup/dump.ts';
import { fingerprintOf } from '../../src/backup/fingerprint.ts';
import { programEnvironment } from '../../src/backup/program-environment.ts';
import { nameWith } from '../../src/backup/restore-names.ts';
import { parseDatabaseUrl } from '../../src/database/url.ts';

const programs = { dump: 'pg_dump', restore: 'pg_restore', psql: 'psql', version: '15.18' };
const databaseUrl = parseDatabaseUrl(
  'postgresql://shop:c%40nary@db:6543/shop?sslmode=verify-full&keepalives=1',
);

test('names with capitals, quotes and stars are no patterns', () => {
  const schemas = ['acme', 'Big One', 'a*', 'say "hi"'].map((name) => ({
    name,
    oid: 1,
    tables: [],
    others: [],
    locks: 0,
    bytes: 0,
  }));
  expect(
    dumpArguments({ schemas, locks: 0 }, '/b/archive-1.dump', {
      programs,
      snapshot: '1-2',
      lockTimeout: 5_000,
    }).filter((word) => word.startsWith('--schema')),
  ).toEqual(['--schema="acme"', '--schema="Big One"', '--schema="a*"', '--schema="say ""hi"""']);
});

test('everything about the connection goes by environment, the password above all', () => {
  const environment = programEnvironment({ databaseUrl, applicationName: 'tenantry/1/backup' });
  expect(environment).toEqual({
    PGHOST: 'db',
    PGPORT: '6543',
    PGUSER: 'shop',
    PGPASSWORD: 'c@nary',
    PGDATABASE: 'shop',
    PGSSLMODE: 'verify-full',
    PGAPPNAME: 'tenantry/1/backup',
    LC_ALL: 'C',
  });
  const words = dumpArguments({ schemas: [], locks: 0 }, 'f', { programs, snapshot: '1', lockTimeout: 1 });
  expect(words.join(' ')).not.toContain('c@nary');
});

test('through a tunnel the name stays, for the certificate is made out to it', () => {
  expect(programEnvironment({ databaseUrl, applicationName: 'a', through: { port: 40_000 } })).toMatchObject({
    PGHOST: 'db',
    PGHOSTADDR: '127.0.0.1',
    PGPORT: '40000',
  });
});

test('the passphrase of a client key cannot be handed over, and is not left out in silence', () => {
  const url = parseDatabaseUrl('postgresql://db/shop?sslpassword=canary');
  expect(() => programEnvironment({ databaseUrl: url, applicationName: 'a' })).toThrow(/sslpassword/);
});

test.each`
  schema            | end            | name
  ${'acme'}         | ${'_restored'} | ${'acme_restored'}
  ${'x'.repeat(63)} | ${'_restored'} | ${`${'x'.repeat(54)}_restored`}
  ${'ä'.repeat(31)} | ${'_restored'} | ${`${'ä'.repeat(27)}_restored`}
`('a name of at most 63 bytes: $name', ({ schema = '', end = '', name }) => {
  expect(nameWith(schema, end)).toBe(name);
});

/** As PostgreSQL 15 writes one condition before it was dumped and after it was restored. */
const before = `CHECK (((status)::text = ANY ((ARRAY['a b'::character varying, 'it''s'::character varying])::text[])))`;
const after = `CHECK (((status)::text = ANY (ARRAY[('a b'::character varying)::text, ('it''s'::character varying)::text])))`;

function structureWith(definition: string) {
  const constraint = { name: 'c', definition, validated: true };
  return { tables: new Map([['t', { columns: [], constraints: [constraint], indexes: [] }]]), others: [] };
}

test('a fingerprint stays the same when PostgreSQL writes a condition in other words, and no longer', () => {
  const one = fingerprintOf(structureWith(before));
  expect(fingerprintOf(structureWith(after))).toBe(one);
  expect(fingerprintOf(structureWith(after.replace('a b', 'a c')))).not.toBe(one);
});
