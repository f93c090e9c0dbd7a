import type { ProvenBackup } from '../backup/back-up.ts';
import type { StructureGroup } from '../database/structure.ts';
import { UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';
import type { Look } from './look.ts';
import type { MigrateOptions } from './options.ts';
import { type MigrationPlan, needsMigration } from './plan.ts';
import type { Progress } from './progress.ts';

/** What a run asks a backup of, before it changes anything. */
export type TakeBackup = (wanted: {
  readonly schemas: readonly string[];
  readonly shared: string;
  readonly structures: readonly StructureGroup[];
  readonly before: string;
}) => Promise<ProvenBackup | undefined>;

/** The schemas that a run would change, the shared one not among them. Pure. */
export function changedBy({ tenants, templates }: MigrationPlan): string[] {
  return [
    ...tenants.filter((tenant) => needsMigration(tenant)).map(({ schema }) => schema),
    ...templates.filter(({ exists, pending }) => exists && pending.length > 0).map(({ schema }) => schema),
  ];
}

/**
 * Backs up what the plan would change, as far as this run has not done so yet.
 * @param soFar what this run has changed before, for the sentence
 * @throws UserError what `backUp` throws: without a proven backup nothing is migrated
 */
export async function backUpFirst(
  look: Look,
  progress: Progress,
  options: MigrateOptions,
  soFar?: string,
): Promise<void> {
  const { plan, structures } = look;
  const kept = new Set(progress.backups.flatMap(({ manifest }) => manifest.schemas.map(({ name }) => name)));
  const there = new Set(structures.flatMap(({ schemas }) => schemas));
  const schemas = changedBy(plan).filter((schema) => !kept.has(schema) && there.has(schema));
  const changesShared = needsMigration(plan.shared) && !kept.has(plan.shared.schema);
  if (options.takeBackup === undefined || (schemas.length === 0 && !changesShared)) return;
  const since = performance.now();
  const backup = await options
    .takeBackup({
      schemas,
      shared: plan.shared.schema,
      structures,
      before: plan.back === undefined ? 'migration' : 'rollback',
    })
    .catch((error: unknown) => {
      throw soFar !== undefined && error instanceof UserError ? told(error, soFar) : error;
    });
  if (backup === undefined) return;
  progress.backedUp(backup);
  progress.phase('Backup', since);
}

/** For whoever takes a backup nothing has been changed yet. */
function told(failure: UserError, soFar: string): UserError {
  return new UserError(failure.message, failure.hint.replace('nothing was changed', soFar), {
    code: failure.code,
    cause: failure,
    ...(failure.evidence === undefined ? {} : { evidence: failure.evidence }),
  });
}

/** What a dry run says of it; undefined where no backup would be taken. */
export function backupSentence({ plan }: Look, { takeBackup }: MigrateOptions): string | undefined {
  const schemas = changedBy(plan);
  if (takeBackup === undefined || (schemas.length === 0 && !needsMigration(plan.shared))) return undefined;
  return `a backup of ${counted(schemas.length + 1, 'schema')} would be taken first`;
}

/** The step that brings these schemas back, as a workflow has it. Pure. */
export function wayBack(backup: ProvenBackup, schemas: readonly string[]): string {
  return [
    'mode: restore',
    `backup-path: ${backup.path}`,
    'restore-to: in-place',
    'schemas: |',
    ...schemas.map((schema) => `  ${schema}`),
  ].join('\n');
}

/** A failure after a backup says where that is, and which mode brings back whom it has hit; the summary has the step. */
export function withWayBack(failure: UserError, progress: Progress): UserError {
  const hit = progress.hit;
  const backup = progress.backups.find(({ manifest }) =>
    manifest.schemas.some(({ name }) => hit.includes(name)),
  );
  if (backup === undefined) return failure;
  const hint = `${failure.hint}; mode: restore brings back ${listed(hit, 3)} from before this run: ${backup.path} on ${backup.place}`;
  return new UserError(failure.message, hint, {
    code: failure.code,
    cause: failure.cause,
    ...(failure.evidence === undefined ? {} : { evidence: failure.evidence }),
  });
}
