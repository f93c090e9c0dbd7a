/** One backup in a process of its own, so that its memory can be told: a request by standard input, what came of it out. */
import { text } from 'node:stream/consumers';

import { type BackupRequest, backUp } from '../../src/backup/back-up.ts';
import { runnerShelf } from '../../src/backup/runner-shelf.ts';
import { connect } from '../../src/database/connection.ts';
import { parseDatabaseUrl } from '../../src/database/url.ts';
import { localMachine } from '../../src/machine/local.ts';

/** What a bench wants to have backed up. */
export interface BackupWish {
  /** Secret. */
  readonly url: string;
  readonly schemas: readonly string[];
  /** Where the archives go. */
  readonly folder: string;
}

export interface BackupDone {
  readonly milliseconds: number;
  readonly bytes: number;
  readonly archives: number;
  /** What a run says of it. */
  readonly told: readonly string[];
}

/** @throws whatever `backUp` throws */
export async function backUpOnce({ url, schemas, folder }: BackupWish): Promise<BackupDone> {
  const { signal } = new AbortController();
  const databaseUrl = parseDatabaseUrl(url);
  const another = () =>
    connect(databaseUrl, { applicationName: 'tenantry bench', connectTimeout: 20_000, signal });
  const request: BackupRequest = {
    databaseUrl,
    schemas,
    shared: 'public',
    shelf: runnerShelf(folder),
    keep: 86_400_000,
    before: 'nothing',
    origin: { run: 'bench', actor: 'bench', commit: '' },
    lockTimeout: 5_000,
    sessions: 'tenantry/bench',
  };
  const told = new Set<string>();
  const database = await another();
  const started = performance.now();
  const backup = await backUp(request, {
    database,
    another,
    machine: localMachine,
    signal,
    log: { step() {}, info: (line) => told.add(line), debug() {}, warning() {}, details() {} },
  });
  const milliseconds = performance.now() - started;
  await database.close();
  const { bytes = 0, manifest } = backup ?? {};
  return { milliseconds, bytes, archives: manifest?.archives.length ?? 0, told: [...told] };
}

if (import.meta.main) console.log(JSON.stringify(await backUpOnce(JSON.parse(await text(process.stdin)))));
