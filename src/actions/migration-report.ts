/** What a run of migrations tells: outputs for later steps, a summary for people, data for programs. */

import { showDuration } from '../ground/duration.ts';
import { showSize } from '../ground/size.ts';
import { counted, grouped, listed } from '../ground/words.ts';
import { wayBack } from '../migrations/backup.ts';
import { sameFailure } from '../migrations/budget.ts';
import { driftGroups } from '../migrations/drift.ts';
import { judgeCode } from '../migrations/old-code.ts';
import { type MigrationOutcome, type SchemaResult, totalsOf } from '../migrations/outcome.ts';
import type { MigrationPlan } from '../migrations/plan.ts';
import type { Report } from '../report/report.ts';

/** The outputs, as far as they are known. */
export function facts(outcome: MigrationOutcome) {
  const { total, migrated, skipped, failed } = totalsOf(outcome);
  const code = outcome.plan && judgeCode(outcome.plan);
  return {
    'tenants-total': total,
    'tenants-migrated': migrated,
    'tenants-skipped': skipped,
    'tenants-failed': failed,
    'drift-groups': outcome.proof && driftGroups(outcome.proof.drift),
    plan: outcome.plan === undefined ? undefined : JSON.stringify(shortPlan(outcome.plan)),
    reversible: code?.reversible,
    'old-code-compatible': code?.oldCode,
    'backup-path':
      outcome.backups.length === 0 ? undefined : outcome.backups.map(({ path }) => path).join('\n'),
  };
}

/** What was pending, or to be undone: migrations, and how many tenants are concerned. */
function shortPlan({ shared, tenants, troubled, back }: MigrationPlan) {
  const groups = Map.groupBy(
    tenants.filter(({ pending }) => pending.length > 0),
    ({ pending }) => pending.join('\n'),
  );
  const troubles = Map.groupBy(troubled, ({ code }) => code);
  return {
    ...(back === undefined ? {} : { backTo: back.targets }),
    shared: shared.pending,
    tenants: [...groups].map(([pending, group]) => ({ pending: pending.split('\n'), tenants: group.length })),
    ...(troubled.length === 0
      ? {}
      : { troubled: Object.fromEntries([...troubles].map(([code, { length }]) => [code, length])) }),
  };
}

/** Tables show so many rows; the report has them all. */
const shownRows = 100;

export function tellReport(outcome: MigrationOutcome, report: Report): void {
  const schemas = [...(outcome.shared === undefined ? [] : [outcome.shared]), ...outcome.tenants];
  report.data('schemas', schemas);
  report.data('plan', outcome.plan);
  report.data('proof', outcome.proof);
  report.data('phases', outcome.phases);
  report.data('notices', outcome.notices);
  report.data(
    'backups',
    outcome.backups.map(({ path, place, bytes, manifest }) => ({
      path,
      place,
      bytes,
      taken: manifest.taken,
      schemas: manifest.schemas.length,
    })),
  );
  tellBackups(outcome, report);
  const done = outcome.plan?.back === undefined ? 'migrated' : 'undone';
  tellFailures(outcome.tenants, report, done);
  for (const notice of outcome.notices) report.lookAt(notice);
  if (schemas.length === 0) return;
  if (outcome.phases.length > 1) report.timeline(outcome.phases);
  tellRows(outcome.tenants, report);
  const rows = [...schemas]
    .sort(worstFirst)
    .slice(0, shownRows)
    .map((row) => rowOf(row, done));
  report.foldedTable(
    schemas.length > shownRows
      ? `The first ${shownRows} of ${counted(schemas.length, 'schema')}, failed and slowest first`
      : counted(schemas.length, 'schema'),
    ['schema', 'result', 'migrations', 'time', 'by'],
    rows,
  );
}

/** Where the backup is, and the step that goes back to it. */
function tellBackups({ backups, shared, tenants }: MigrationOutcome, report: Report): void {
  const touched = [...(shared === undefined ? [] : [shared]), ...tenants].filter(
    ({ outcome }) => outcome !== 'skipped' && outcome !== 'not-tried',
  );
  for (const backup of backups) {
    const { path, place, bytes, manifest } = backup;
    report.table(
      'Backup from before this run',
      ['where', 'schemas', 'size', 'as of'],
      [[`${path} on ${place}`, grouped(manifest.schemas.length), showSize(bytes), manifest.taken]],
    );
    const inIt = new Set(manifest.schemas.map(({ name }) => name));
    const names = touched
      .map(({ schema }) => schema)
      .filter((name) => inIt.has(name) && name !== manifest.shared);
    if (names.length > 0) report.foldedText('To go back to it', wayBack(backup, names), 'yaml');
  }
}

/** Equal failures are one row: what is wrong, and in which tenants. */
function tellFailures(tenants: readonly SchemaResult[], report: Report, done: string): void {
  const failed = tenants.filter(({ outcome }) => outcome === 'failed' || outcome === 'unknown');
  if (failed.length === 0) return;
  const kinds = Map.groupBy(failed, ({ schema, failure = '' }) => sameFailure(failure, schema));
  const others = Map.groupBy(tenants, ({ outcome }) => outcome);
  const count = (outcome: SchemaResult['outcome']) => others.get(outcome)?.length ?? 0;
  const rest = [
    ...(count('migrated') === 0 ? [] : [`${grouped(count('migrated'))} ${done}`]),
    ...(count('skipped') === 0 ? [] : [`${grouped(count('skipped'))} up to date`]),
    ...(count('not-tried') === 0 ? [] : [`${grouped(count('not-tried'))} not tried`]),
  ];
  report.table(
    `${counted(failed.length, 'tenant')} failed${rest.length === 0 ? '' : ` (${listed(rest)})`}`,
    ['tenants', 'what is wrong'],
    [...kinds.values()]
      .sort((one, other) => other.length - one.length)
      .slice(0, shownRows)
      .map((equal) => [
        `${equal.length > 1 ? `**${grouped(equal.length)}:** ` : ''}${listed(
          equal.map(({ schema }) => schema),
          5,
        )}`,
        equal[0]?.failure ?? '',
      ]),
  );
}

/** Rows of the tables in `smoke-tables`. */
function tellRows(tenants: readonly SchemaResult[], report: Report): void {
  const counted = tenants.filter(({ rows }) => rows !== undefined).slice(0, shownRows);
  if (counted.length === 0) return;
  report.foldedTable(
    'Rows of the smoke tables',
    ['schema', 'table', 'rows'],
    counted.flatMap(({ schema, rows = [] }) =>
      rows.map(({ table, rows: amount, exact }) => [
        schema,
        table,
        amount === undefined ? '?' : `${exact ? '' : 'about '}${grouped(amount)}`,
      ]),
    ),
  );
}

const badness: Readonly<Record<SchemaResult['outcome'], number>> = {
  failed: 0,
  unknown: 1,
  'not-tried': 2,
  migrated: 3,
  skipped: 4,
};

function worstFirst(a: SchemaResult, b: SchemaResult): number {
  return badness[a.outcome] - badness[b.outcome] || b.milliseconds - a.milliseconds;
}

function rowOf(
  { schema, outcome, migrations, failure, milliseconds, engine }: SchemaResult,
  done: string,
): string[] {
  const result = outcome === 'migrated' ? done : outcome;
  return [
    schema,
    failure === undefined ? result : `**${result}**: ${failure}`,
    migrations.join(', '),
    milliseconds === 0 ? '' : showDuration(milliseconds),
    engine ?? '',
  ];
}
