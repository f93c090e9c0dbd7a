/** A PostgreSQL for one step: it answers, and nothing of it stays, however the step ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';

import { command } from '../../../lab/command.ts';
import { labFolders } from '../../../lab/folders.ts';
import { postgres18Folder } from '../../../lab/postgres18.ts';
import { findPrograms, withThrowAway } from '../../../src/database/throw-away.ts';
import { root } from '../../workflows/files.ts';

/** Where whoever is not root may read them, too. */
let folder: string;
let path: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'throw-away-'));
  cpSync(await postgres18Folder(labFolders()), folder, { recursive: true, verbatimSymlinks: true });
  await command(['chmod', '-R', 'a+rX', folder]);
  path = join(folder, 'bin');
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('tenantry-postgres-'));
const { signal } = new AbortController();

test('it takes the password and nothing else, is no root, and is gone with its files', async () => {
  const before = left();
  const { url } = await withThrowAway({ signal, path }, async (server) => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    const { rows } = await client.query(
      `select current_user::text as role, inet_server_addr()::text as host`,
    );
    expect(rows).toEqual([{ role: 'postgres', host: '127.0.0.1/32' }]);
    await client.end();
    const stranger = new pg.Client({ connectionString: server.url.replace(server.password, 'guessed') });
    await expect(stranger.connect()).rejects.toMatchObject({ code: '28P01' });
    expect(left().length).toBe(before.length + 1);
    return server;
  });
  await expect(new pg.Client({ connectionString: url }).connect()).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
  expect(left()).toEqual(before);
}, 60_000);

test('a step that is killed takes it along', async () => {
  const before = left();
  const program = `import { withThrowAway } from './src/database/throw-away.ts';
    const { signal } = new AbortController();
    await withThrowAway({ signal, path: process.argv[1] }, async ({ url }) => {
      console.log(url);
      setInterval(() => {}, 1000);
      await new Promise(() => {});
    });`;
  const step = spawn(process.execPath, ['--input-type=module', '--eval', program, path], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(step.stdout, 'data');
  step.kill('SIGKILL');
  for (let waited = 0; left().length > before.length && waited < 60_000; waited += 100) await sleep(100);
  expect(left()).toEqual(before);
  await expect(new pg.Client({ connectionString: String(said).trim() }).connect()).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
}, 60_000);

test('without the programs, or with some that do not work, the sentence says so', async () => {
  expect(() => findPrograms('/nowhere', [])).toThrow('no folder of PATH and none of ');
  const places = [{ root: join(folder, 'versions'), version: /^(\d+)$/ }];
  for (const version of ['9', '16', '14']) {
    const programs = join(folder, 'versions', version, 'bin');
    mkdirSync(programs, { recursive: true });
    for (const name of ['initdb', 'pg_ctl', 'postgres']) {
      const text = '#!/bin/sh\necho "initdb: error: disk full" >&2\nexit 1\n';
      writeFileSync(join(programs, name), text, { mode: 0o755 });
    }
  }
  const newest = findPrograms('/nowhere', places);
  expect(newest).toBe(join(folder, 'versions/16/bin'));
  expect(existsSync(newest)).toBe(true);
  await expect(withThrowAway({ signal, path: newest }, async () => {})).rejects.toMatchObject({
    code: 'preview-database-failed',
    message: 'No PostgreSQL could be started for the preview — initdb: error: disk full',
  });
}, 60_000);
