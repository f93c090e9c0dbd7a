import { setTimeout as sleep } from 'node:timers/promises';

import { showDuration } from '../ground/duration.ts';
import { UserError } from '../ground/errors.ts';
import { counted } from '../ground/words.ts';
import { applicationOf } from './application-of.ts';
import { estimateRest, judgePace } from './estimate.ts';
import { deadlineOf, type MigrateOptions, workOf } from './options.ts';
import type { SchemaResult } from './outcome.ts';
import type { PlannedTenant } from './plan.ts';
import type { Progress } from './progress.ts';
import { kindOfWork, type Wave } from './rollout.ts';
import { compareCounts, fewerRowsNotice, type SmokeResult, smokeTables } from './smoke.ts';

/** What has to hold after a wave of tenants before the next one begins. */

interface Circumstances {
  /** Tenants that are still to come. */
  readonly next: readonly PlannedTenant[];
  /** How many tenants at once. */
  readonly parallel: number;
  readonly rows: readonly SmokeResult[];
  readonly progress: Progress;
  readonly options: MigrateOptions;
}

/** Rows of the key tables before anything is changed, to compare with afterwards. */
export async function rowsBefore(
  tenants: readonly PlannedTenant[],
  { database, smokeTables: tables = [], signal }: MigrateOptions,
): Promise<readonly SmokeResult[]> {
  if (tables.length === 0) return [];
  return smokeTables(
    database,
    tenants.map(({ schema }) => schema),
    tables,
    { signal },
  );
}

/** Tries the tenants of a wave, waits, asks its addresses, and looks whether there is time for the rest. @throws UserError */
export async function afterWave(wave: Wave, circumstances: Circumstances): Promise<void> {
  const { progress } = circumstances;
  const migrated = new Set(progress.migratedTenants);
  const schemas = wave.tenants.map(({ schema }) => schema).filter((schema) => migrated.has(schema));
  await countRows(schemas, circumstances);
  await tryCommands(schemas, circumstances);
  await bake(wave, circumstances);
  await askAddresses(wave, circumstances);
  judgeTime(wave, circumstances);
}

async function countRows(
  schemas: readonly string[],
  { rows, progress, options }: Circumstances,
): Promise<void> {
  const { database, signal, log, smokeTables: tables = [] } = options;
  if (tables.length === 0 || schemas.length === 0) return;
  const since = performance.now();
  const after = await smokeTables(database, schemas, tables, { signal });
  progress.counted(after);
  const { failures, fewer } = compareCounts(
    rows.filter(({ schema }) => schemas.includes(schema)),
    after,
  );
  for (const notice of after.flatMap((result) => result.notices)) log.info(notice);
  const notice = fewerRowsNotice(fewer);
  if (notice !== undefined) log.info(notice);
  stopAtFirst([...after.flatMap(ownFailure), ...failures], progress);
  log.step(
    'Smoke',
    `${counted(tables.length, 'table')} in ${counted(schemas.length, 'tenant')}`,
    performance.now() - since,
  );
}

function ownFailure({ schema, failure }: SmokeResult) {
  return failure === undefined ? [] : [{ schema, failure }];
}

async function tryCommands(schemas: readonly string[], { progress, options }: Circumstances): Promise<void> {
  const commands = options.smokeCommands ?? [];
  const { smoke } = applicationOf(options.project);
  const since = performance.now();
  for (const schema of schemas) {
    for (const command of commands) {
      const failure = await smoke(command, schema, workOf(options));
      stopAtFirst(failure === undefined ? [] : [{ schema, failure }], progress);
    }
  }
  if (commands.length === 0 || schemas.length === 0) return;
  options.log.step(
    'Smoke',
    `${counted(commands.length, 'command')} in ${counted(schemas.length, 'tenant')}`,
    performance.now() - since,
  );
}

function stopAtFirst(
  failures: readonly { readonly schema: string; readonly failure: UserError }[],
  progress: Progress,
): void {
  for (const { schema, failure } of failures) progress.failedAfterwards(schema, failure);
  const [first] = failures;
  if (first === undefined) return;
  const { message, hint, code, evidence } = first.failure;
  const others = failures.slice(1).map(({ failure }) => failure.message);
  throw new UserError(message, [hint, ...progress.standing].join('; '), {
    code,
    evidence: [...(evidence === undefined ? [] : [evidence]), ...others].join('\n'),
  });
}

async function bake(wave: Wave, { next, options: { log, signal } }: Circumstances): Promise<void> {
  if (wave.bake === 0 || next.length === 0) return;
  log.step('Bake', `${wave.name}: ${showDuration(wave.bake)} before the next group`);
  await sleep(wave.bake, undefined, { signal }).catch(() => signal.throwIfAborted());
}

async function askAddresses(wave: Wave, { progress, options: { check, log } }: Circumstances): Promise<void> {
  for (const address of wave.check) {
    const since = performance.now();
    const wrong = await check?.(address);
    if (wrong !== undefined) {
      throw new UserError(
        `After the group ${wave.name}, ${address} is not well — ${wrong}`,
        ['look at what it answers; when that is mended, run again', ...progress.standing].join('; '),
        { code: 'rollout-check-failed' },
      );
    }
    log.step('Check', `${address} is well`, performance.now() - since);
  }
}

function judgeTime(wave: Wave, { next, parallel, progress, options }: Circumstances): void {
  const kinds = new Map(wave.tenants.map((tenant) => [tenant.schema, kindOfWork(tenant)]));
  const measured = typical(progress.measuredIn(wave.name)).map(({ schema, milliseconds }) => ({
    kind: kinds.get(schema) ?? '',
    milliseconds,
  }));
  const estimate = estimateRest(measured, { kinds: next.map(kindOfWork), parallel });
  if (estimate === undefined) return;
  const { sentence, warning, refusal } = judgePace(wave.name, estimate, {
    spent: progress.spent,
    timeLeft: deadlineOf(options) - performance.now(),
    expected: options.expectMaxDuration,
  });
  options.log.info(sentence);
  if (warning !== undefined) options.log.warning(warning);
  if (refusal !== undefined) throw refusal;
}

/** The first tenant of each kind goes by Django, as a model for the worker: that says nothing of the others. */
function typical(migrated: readonly SchemaResult[]): readonly SchemaResult[] {
  const likeTheRest = migrated.filter(({ engine }) => engine === 'worker' || engine === 'command');
  if (likeTheRest.length > 0) return likeTheRest;
  return migrated.length > 1 ? migrated : [];
}
