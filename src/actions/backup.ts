/** Backups as the actions' inputs ask for them: before a change, and back again. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type BackupRequest, backUp, type ProvenBackup } from '../backup/back-up.ts';
import { chooseBackup, partsOfPath } from '../backup/chosen-backup.ts';
import { parseIdentity, parseRecipient } from '../backup/encryption.ts';
import { readSurroundings } from '../backup/extent.ts';
import type { Manifest } from '../backup/manifest.ts';
import { type Rehearsal, rehearse } from '../backup/rehearse.ts';
import {
  chosenSchemas,
  type PlannedRestore,
  planRestore,
  type RestoredSchema,
  restore,
  restoreLines,
} from '../backup/restore.ts';
import { runnerShelf } from '../backup/runner-shelf.ts';
import { serverShelf } from '../backup/server-shelf.ts';
import type { Shelf } from '../backup/shelf.ts';
import type { Database } from '../database/session.ts';
import type { DatabaseUrl } from '../database/url.ts';
import { databaseUrlOf } from '../database/url-compose.ts';
import type { Log } from '../ground/log.ts';
import { localMachine } from '../machine/local.ts';
import { connectSsh } from '../machine/ssh.ts';
import type { Tunnel } from '../machine/tunnel.ts';
import { patternOf } from '../migrations/rollout.ts';
import type { Inputs } from '../step/action.ts';
import { boolean, choice, duration, linesOf, readAs, secret, text } from '../step/fields.ts';
import { serverOf } from './server.ts';
import type { WayInputs } from './way.ts';

/** For what changes tenants; the root action has these, too. */
export const backupFields = {
  backup: boolean,
  backupTo: choice('runner', 'server'),
  backupFolder: text.optional(),
  backupKeep: duration,
  backupRecipient: linesOf(parseRecipient).optional(),
};

/** For going back. */
export const restoreFields = {
  restoreTo: choice('beside', 'in-place', 'scratch'),
  backupPath: text.optional(),
  backupIdentity: secret(readAs(parseIdentity).optional()),
};

type BackupInputs = Inputs<typeof backupFields> &
  Omit<WayInputs, 'connectThrough'> & {
    readonly databaseUrl: DatabaseUrl;
    readonly through?: Tunnel | undefined;
    readonly lockTimeout: number;
  };
type RestoreInputs = BackupInputs &
  Inputs<typeof restoreFields> & {
    readonly schemas?: readonly string[] | undefined;
    readonly dryRun: boolean;
  };

export interface BackupContext {
  readonly database: Database;
  readonly another: () => Promise<Database>;
  readonly sessions: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly origin: BackupRequest['origin'];
}

/** Opens the place where backups stand, and closes it whatever happens. */
async function withShelf<T>(
  inputs: BackupInputs,
  { log, signal }: Pick<BackupContext, 'log' | 'signal'>,
  use: (shelf: Shelf) => Promise<T>,
): Promise<T> {
  const { backupTo, backupFolder } = inputs;
  if (backupTo === 'runner') {
    return use(runnerShelf(backupFolder ?? join(process.env.RUNNER_TEMP ?? tmpdir(), 'tenantry-backups')));
  }
  const { sshUser = '', host: [host = ''] = [] } = inputs;
  const machine = await connectSsh(serverOf({ ...inputs, sshUser }, host), { signal, log });
  const shelf = serverShelf(backupFolder ?? '.tenantry/backups', { machine, signal });
  try {
    return await use(shelf);
  } finally {
    await shelf.close();
    await machine.close();
  }
}

type Wanted = Pick<BackupRequest, 'schemas' | 'shared' | 'structures' | 'before'>;

/** Takes a backup of what is about to change; undefined where that was not wanted. */
export function backingUp(
  inputs: BackupInputs,
  context: BackupContext,
): ((wanted: Wanted) => Promise<ProvenBackup | undefined>) | undefined {
  if (!inputs.backup) return undefined;
  return (wanted) =>
    withShelf(inputs, context, (shelf) =>
      backUp(
        {
          ...wanted,
          databaseUrl: inputs.databaseUrl,
          through: inputs.through,
          shelf,
          recipients: inputs.backupRecipient,
          keep: inputs.backupKeep,
          origin: context.origin,
          lockTimeout: inputs.lockTimeout,
          sessions: context.sessions,
        },
        { ...context, machine: localMachine },
      ),
    );
}

export interface RestoreOutcome {
  readonly path: string;
  readonly manifest: Manifest;
  readonly planned: readonly PlannedRestore[];
  readonly restored: readonly RestoredSchema[];
  readonly rehearsal?: Rehearsal | undefined;
}

interface RestoreContext extends BackupContext {
  readonly connectTo: (databaseUrl: DatabaseUrl) => Promise<Database>;
  readonly atSafePoint: (phase: string) => Promise<void>;
  /** Told after each schema. */
  readonly onStanding: (outcome: RestoreOutcome) => void;
}

/** Goes back to a backup, or tries whether one could. */
export function restoreFrom(inputs: RestoreInputs, context: RestoreContext): Promise<RestoreOutcome> {
  const place = inputs.backupPath === undefined ? undefined : partsOfPath(inputs.backupPath);
  const at = place === undefined ? inputs : { ...inputs, backupFolder: place.folder };
  return withShelf(at, context, (shelf) => restoreFromShelf(shelf, place?.id, inputs, context));
}

async function restoreFromShelf(
  shelf: Shelf,
  id: string | undefined,
  inputs: RestoreInputs,
  context: RestoreContext,
): Promise<RestoreOutcome> {
  const { database, log } = context;
  const identity = await identityOf(database);
  const backup = await chooseBackup({ shelf, id, database: identity, identity: inputs.backupIdentity });
  try {
    const { manifest, path } = backup;
    log.step('Backup', `${path} on ${shelf.place}: ${manifest.database.label}, ${manifest.taken}`);
    const outcome = { path, manifest, planned: [] as PlannedRestore[], restored: [] as RestoredSchema[] };
    const { databaseUrl, through, lockTimeout, dryRun, restoreTo: to } = inputs;
    if (to === 'scratch') {
      if (dryRun) return outcome;
      const connectTo = (name: string) =>
        context.connectTo(databaseUrlOf({ ...databaseUrl, name }, databaseUrl.scheme));
      const ports = { ...context, machine: localMachine, connectTo };
      return {
        ...outcome,
        rehearsal: await rehearse({ databaseUrl, through, backup, sessions: context.sessions }, ports),
      };
    }
    const schemas = chosenSchemas(manifest, inputs.schemas, (pattern, name) => patternOf(pattern).test(name));
    const request = {
      databaseUrl,
      through,
      backup,
      schemas,
      to,
      identity,
      dryRun,
      lockTimeout,
      sessions: context.sessions,
    };
    const planned = await planRestore(request, context);
    outcome.planned.push(...planned);
    for (const line of restoreLines(planned)) log.info(line);
    if (dryRun) return outcome;
    await restore(planned, request, {
      ...context,
      machine: localMachine,
      onRestored(restored) {
        outcome.restored.push(restored);
        context.onStanding(outcome);
      },
    });
    return outcome;
  } finally {
    await backup.close();
  }
}

async function identityOf(database: Database): Promise<Manifest['database']> {
  const { database: name, system, oid } = await readSurroundings(database);
  return { name, label: database.label, system, oid, server: database.serverVersion };
}
