import { isDeepStrictEqual } from 'node:util';
import { differences, type Structure } from '../database/structure.ts';
import type { PendingTables, TablesCompared } from '../django/initial-tables.ts';
import type { RecordingFlag } from './commands.ts';

export interface InitialVerdict {
  /** Migrations, as `app.name`, that are recorded in the shared schema without running. */
  readonly fake: readonly string[];
  /** How; undefined: nothing is recorded so. */
  readonly flag: RecordingFlag | undefined;
}

/** Why the tables that are there cannot be taken for what the migrations make. */
export interface Objection {
  readonly kind: 'differ' | 'unproven';
  /** One line each, the first ones for the sentence. */
  readonly lines: readonly string[];
  /** What the tables were compared with. */
  readonly against: string;
}

/** What was read, as structures. */
export interface Compared {
  readonly report: TablesCompared;
  readonly real: Structure;
  readonly snapshots: readonly Structure[];
}

/**
 * Whether the pending migrations can be recorded: those that Django's `--fake-initial` would record when their
 * tables are what each of them makes, else all that are pending when the tables are what all together make. Pure.
 */
export function verdictOn(
  standing: readonly PendingTables[],
  compared: Compared,
  pending: readonly string[],
): InitialVerdict | Objection {
  const { report } = compared;
  if (report.outside.length > 0) {
    return unproven([`the migrations change ${report.outside.join(', ')}, which is not theirs to make`]);
  }
  const initial = objectionsToInitial(standing, compared);
  if (initial.lines.length === 0) {
    return { fake: report.steps.map(({ migration }) => migration), flag: '--fake-initial' };
  }
  const whole = objectionsToAll(compared);
  if (whole.lines.length === 0) return { fake: pending, flag: '--fake' };
  return easierOf(initial, whole, report);
}

/** Every migration that Django would take for applied has made exactly what is there. */
function objectionsToInitial(standing: readonly PendingTables[], compared: Compared): Objection {
  const { report, real, snapshots } = compared;
  const against = 'each of its initial migrations makes';
  if (report.failure !== null) return unproven([report.failure]);
  const halves = standing
    .filter(({ initial, faked, present }) => initial && !faked && present.length > 0)
    .map(({ migration, makes, present }) => `${migration}: ${halfOf(makes, present)}`);
  const later = standing
    .filter(({ initial, present }) => !initial && present.length > 0)
    .map(
      ({ migration, present }) => `${migration}: ${present.join(', ')} is there, and it would make it again`,
    );
  const different = report.steps.flatMap(({ migration, before, after, unfilled }) => [
    ...found(snapshots[before], snapshots[after], real).map((line) => `${migration}: ${line}`),
    ...unfilled.map((table) => `${migration}: it puts rows into ${table}, which is empty`),
  ]);
  return { kind: 'differ', lines: [...halves, ...different, ...later], against };
}

function halfOf(makes: readonly string[], present: readonly string[]): string {
  const missing = makes.filter((name) => !present.includes(name));
  return `${present.join(', ')} ${present.length === 1 ? 'is' : 'are'} there, ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`;
}

/** The tables are those of the newest code, and only the ledger is lost. */
function objectionsToAll({ report, real, snapshots }: Compared): Objection {
  if (report.end === null) return unproven([report.endFailure ?? 'the pending migrations did not run']);
  const { before, after } = report.end;
  const lines = [
    ...found(snapshots[before], snapshots[after], real),
    ...report.endUnfilled.map((table) => `the migrations put rows into ${table}, which is empty`),
  ];
  if (lines.length > 0) return { kind: 'differ', lines, against: 'its pending migrations make together' };
  return unproven(
    report.rowsUnknown.map(
      (migration) => `nothing in the catalogue tells whether ${migration}, which works on rows, has run`,
    ),
  );
}

function unproven(lines: readonly string[]): Objection {
  return { kind: 'unproven', lines, against: '' };
}

/** The one that is easier to mend. */
function easierOf(initial: Objection, whole: Objection, { end }: TablesCompared): Objection {
  if (end === null) return initial;
  if (whole.kind === 'unproven') return whole; // the tables are right, only the rows are unknown
  return whole.lines.length < initial.lines.length ? whole : initial;
}

/** How the real tables differ from what was made or changed between two moments. */
function found(before: Structure | undefined, after: Structure | undefined, real: Structure): string[] {
  if (before === undefined || after === undefined) throw new Error('a snapshot is missing');
  const made = madeBetween(before, after);
  const lines = differences(made, counterpart(made, real));
  return [
    ...lines.map((line) => line.replace('that others do not have', 'that no migration makes')),
    ...unusualIn(made, real),
  ];
}

/** The tables that are new or other than before, and the new lines about everything else. */
export function madeBetween(before: Structure, after: Structure): Structure {
  const known = new Set(before.others);
  return {
    tables: new Map(
      [...after.tables].filter(([name, table]) => !isDeepStrictEqual(table, before.tables.get(name))),
    ),
    others: after.others.filter((line) => !known.has(line)),
  };
}

/**
 * That part of the shared schema that corresponds; what else is in it (extensions, triggers that somebody has added) is
 * nobody's business here.
 */
function counterpart(made: Structure, real: Structure): Structure {
  const wanted = new Set(made.others);
  return {
    tables: new Map([...real.tables].filter(([name]) => made.tables.has(name))),
    others: real.others.filter((line) => wanted.has(line)),
  };
}

/** A foreign key that is switched off, a table that is not kept as Django keeps them: no column says that. */
function unusualIn(made: Structure, real: Structure): string[] {
  const wanted = new Set(made.others);
  const names = [...made.tables.keys()].map(asIdentifier);
  return real.others
    .filter((line) => !wanted.has(line) && names.some((name) => isUnusual(line, name)))
    .map((line) => `has ${line}`);
}

function isUnusual(line: string, table: string): boolean {
  return (
    line === `unlogged table ${table}` ||
    line.startsWith(`partition key of ${table}: `) ||
    line.startsWith(`parents of ${table}: `) ||
    (line.startsWith('disabled triggers of constraint ') && line.endsWith(` on ${table}`))
  );
}

function asIdentifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
