/** The whole step, ours and the project's own connection, through a pooler and with certificates. */
import { chmod } from 'node:fs/promises';
import { afterEach, beforeAll, expect, test } from '@jest/globals';

import { readLab } from '../../../lab/read-lab.ts';
import { manifestOf } from '../../../src/actions/manifests.ts';
import { migrateSchemas } from '../../../src/actions/migrate-schemas.ts';
import { UserError } from '../../../src/ground/errors.ts';
import { Report } from '../../../src/report/report.ts';
import { readInputs } from '../../../src/step/inputs.ts';
import { type OwnPostgres, ownPostgres } from '../database/own-postgres.ts';
import { folders, recordedLog } from '../projects.ts';
import { type ScratchDatabase, scratchDatabase } from '../scratch-database.ts';
import { shopPython } from '../venv.ts';

let python: string;
let scratch: ScratchDatabase | undefined;
let own: OwnPostgres | undefined;

beforeAll(async () => {
  python = await shopPython();
}, 300_000);

afterEach(async () => {
  await scratch?.drop();
  await own?.remove();
  scratch = undefined;
  own = undefined;
});

async function migrate(url: string, more: Readonly<Record<string, string>> = {}) {
  const given = new Map(
    Object.entries({
      'database-url': url,
      'working-directory': folders.shop,
      python,
      env: 'SECRET_KEY=only for tests\nPUBLIC_DOMAIN=shop.example',
      backup: 'false',
      ...more,
    }),
  );
  const inputs = readInputs(
    migrateSchemas.inputs,
    migrateSchemas.rules,
    manifestOf('migrate-schemas'),
    given,
  );
  const running = migrateSchemas.run({
    inputs,
    log: recordedLog(),
    report: new Report(),
    signal: new AbortController().signal,
    origin: { run: 'https://github.example/acme/shop/actions/runs/7', actor: 'ana', commit: 'c'.repeat(40) },
    tell: () => {},
    standing: () => {},
    exportVariable: () => {},
    mask: () => {},
    clean: (text: string) => text,
  });
  return running.catch((error: unknown) => {
    if (error instanceof UserError) return { result: error.code };
    throw error;
  });
}

test('a pooler: by session the whole step works, where no limit has to be handed over; by transaction it is refused', async () => {
  scratch = await scratchDatabase();
  const { superuser, superuserPassword } = readLab().postgres.v15;
  const through = ({ host, port }: { host: string; port: number }) =>
    `postgres://${superuser}:${superuserPassword}@${host}:${port}/${scratch?.name}`;
  const { session, transaction } = readLab().pgbouncer;
  expect(await migrate(through(transaction))).toEqual({ result: 'database-pooler-transaction-mode' });
  expect(await migrate(through(session), { 'lock-timeout': '0s' })).toEqual({ result: 'migrated' });
  expect(await migrate(through(session), { 'lock-timeout': '0s' })).toEqual({ result: 'up-to-date' });
}, 180_000);

test('certificates on both sides: a server that asks for one, checked by name; without it nobody comes in', async () => {
  own = await ownPostgres({ rules: 'hostssl all all 0.0.0.0/0 cert\n' });
  await own.sql('CREATE ROLE certified LOGIN');
  await own.sql('CREATE DATABASE shop OWNER certified');
  const { file, keyFile } = await own.clientCertificate('certified', 'a passphrase');
  await chmod(keyFile, 0o600); // libpq takes no other
  const checked = `sslmode=verify-full&sslrootcert=${own.caFile}`;
  const address = `postgres://certified@${own.host}:${own.port}/shop`;
  const whole = `${address}?${checked}&sslcert=${file}&sslkey=${keyFile}&sslpassword=a%20passphrase`;
  expect((await migrate(`${address}?${checked}`)).result).toMatch(/^database-/);
  expect(await migrate(whole)).toEqual({ result: 'migrated' });
}, 180_000);
