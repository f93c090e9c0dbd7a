/** A preview with nothing but the repository: a database that the target branch's code makes, for one step. */

import { posix } from 'node:path';

import { type DatabaseUrl, parseDatabaseUrl } from '../database/url.ts';
import type { Log } from '../ground/log.ts';
import { listed } from '../ground/words.ts';
import { environmentOf } from './container-environment.ts';
import { projectOf } from './project.ts';

interface TargetBranchInputs {
  /** A folder with its code, laid out like the checkout. */
  readonly base: string;
  readonly workingDirectory: string;
  readonly python: string;
  readonly settingsModule?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly envFile?: string | undefined;
  readonly timeout: number;
}

interface Ports {
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly mask: (secret: string) => void;
}

/** Gives `use` the database as it would be before the project's own code comes. @throws UserError `preview-database-failed` */
export async function withTargetBranch<T>(
  inputs: TargetBranchInputs,
  { log, signal, mask }: Ports,
  use: (database: DatabaseUrl) => Promise<T>,
): Promise<T> {
  const { withThrowAway } = await import('../database/throw-away.ts');
  const { makeAsCodeDoes } = await import('../django/target-branch.ts');
  const started = performance.now();
  const env = await environmentOf(inputs, mask);
  return withThrowAway({ signal }, async ({ url, password, programs }) => {
    mask(password);
    const databaseUrl = parseDatabaseUrl(url);
    const workingDirectory = posix.join(inputs.base, inputs.workingDirectory);
    const asBefore = projectOf(
      { ...inputs, databaseUrl, workingDirectory, waitAttempts: 1, waitInterval: 0 },
      env,
    );
    const schemas = await makeAsCodeDoes(asBefore, { timeout: inputs.timeout, signal });
    log.step(
      'Before',
      `${workingDirectory} made the shared schema and ${listed(schemas)}, in a PostgreSQL of this step’s own (${programs})`,
      performance.now() - started,
    );
    return use(databaseUrl);
  });
}

/** A relation between the inputs that does not hold, if there is one. */
export function targetBranchIsComplete(given: {
  readonly previewBase?: string | undefined;
  readonly databaseUrl?: unknown;
  readonly dryRun?: boolean | undefined;
  readonly mode?: string | undefined;
  readonly runIn?: string | undefined;
  readonly preset?: string | undefined;
}): string | undefined {
  if (given.previewBase === undefined) return undefined;
  if (given.databaseUrl !== undefined) {
    return 'preview-base and database-url: give one; a preview of the code against a database that you made has preview-basis: code';
  }
  if (given.dryRun !== true || given.mode !== 'migrate') return 'preview-base: is for dry-run: true';
  if (given.runIn !== 'runner') return 'preview-base: goes with run-in: runner';
  return given.preset === 'command' ? 'preview-base: is for Django only' : undefined;
}
