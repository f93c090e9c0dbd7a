/** A preview as one comment of a pull request: what needs a decision first, then what will happen, then the SQL. */

import { showSize } from '../ground/size.ts';
import { counted, grouped, listed } from '../ground/words.ts';
import { folded, table } from '../report/markdown.ts';
import { acceptingLabel, acceptingLine } from './acknowledged.ts';
import { unacknowledged } from './review.ts';
import type { Finding, Preview, ReviewedGroup, ReviewedMigration, Touch } from './review-shape.ts';

/** GitHub takes no longer comment. */
export const longestComment = 65_536;

/** So that the comment of the last push is found again. It is not shown. */
export const commentMarker = '<!-- tenantry: preview of migrations -->';

const shownFindings = 20;

/** @param run the address of the run that has the whole report, where there is one */
export function previewComment({ review, plan, basis, goingBack }: Preview, run: string | undefined): string {
  const pending = new Set(review.groups.flatMap(({ migrations }) => migrations.map((one) => one.migration)));
  const head = [
    commentMarker,
    `### ${verdict(review.findings, pending.size)}`,
    ...findingsTable(review.findings),
    ...howToAccept(unacknowledged(review.findings)),
    [
      ...(pending.size === 0 ? [] : [`**Runs in** ${plain(plan)} (${plain(basis)}).`]),
      ...(goingBack === null ? [] : [`**If it goes wrong:** ${plain(goingBack)}.`]),
    ].join('<br>\n'),
    ...accepted(review.findings),
  ];
  const whole = run === undefined ? 'the report of the run' : `[the report of the run](${run})`;
  return within(longestComment, head, review.groups.flatMap(sections), `\n\nThe rest is in ${whole}.`);
}

function verdict(findings: readonly Finding[], migrations: number): string {
  if (migrations === 0) return '✅ No migration is pending';
  const errors = unacknowledged(findings).length;
  const warnings = findings.filter((one) => one.level === 'warning' && one.acknowledged === null).length;
  const also = warnings === 0 ? '' : `, ${counted(warnings, 'warning')}`;
  if (errors > 0) return `🛑 ${counted(migrations, 'migration')}: ${counted(errors, 'danger')}${also}`;
  return `${warnings > 0 ? '⚠️' : '✅'} ${counted(migrations, 'migration')}: nothing dangerous${also}`;
}

/** One row for each that nobody has accepted: what, where, what to do. */
function findingsTable(findings: readonly Finding[]): string[] {
  const open = findings.filter(({ acknowledged }) => acknowledged === null);
  if (open.length === 0) return [];
  const rows = open
    .slice(0, shownFindings)
    .map((one) => [
      one.level === 'error' ? '🛑' : '⚠️',
      `**${code(one.migration)}**<br>${plain(one.said)}`,
      plain(one.next),
    ]);
  const more = open.length - shownFindings;
  return [
    table(['', 'what happens', 'do this instead'], rows),
    ...(more > 0 ? [`… and ${counted(more, 'more')}.`] : []),
  ];
}

/** The very lines, ready to be copied; the reason is left out, and without one they accept nothing. */
function howToAccept(errors: readonly Finding[]): string[] {
  const files = Map.groupBy(errors, ({ file, migration }) => file ?? migration);
  const [first] = errors;
  if (first === undefined) return [];
  const lines = [...files]
    .slice(0, shownFindings)
    .map(([file, found]) =>
      [`# ${oneLine(file)}`, ...new Set(found.map(({ name }) => acceptingLine(name)))].join('\n'),
    );
  return [
    `**Meant so?** Give the reason in the migration, after the colon, or as the description of a label like ${code(acceptingLabel(first.name))}:`,
    `\`\`\`python\n${lines.join('\n\n').replaceAll('`', "'")}\n\`\`\``,
  ];
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ');

function accepted(findings: readonly Finding[]): string[] {
  const lines = findings.flatMap((one) =>
    one.acknowledged === null
      ? []
      : [`- ${code(one.migration)} ${plain(one.said)} — **accepted:** ${plain(one.acknowledged)}`],
  );
  return lines.length === 0 ? [] : [folded(`${counted(lines.length, 'accepted danger')}`, lines.join('\n'))];
}

/** The groups: first what each does, then the SQL. */
function sections(group: ReviewedGroup): string[] {
  return [groupSection(group), ...group.migrations.flatMap(sqlSection)];
}

function groupSection({ kind, tenantType, schemas, migrations }: ReviewedGroup): string {
  const whose =
    kind === 'shared'
      ? `The shared schema (${plain(schemas[0] ?? '')})`
      : `${counted(schemas.length, `tenant${tenantType === null ? '' : ` of type ${tenantType}`}`, tenantType === null ? 'tenants' : `tenants of type ${tenantType}`)} (${listed(schemas.map(plain), 3)})`;
  const working = migrations.filter(({ statements, unknown }) => statements.length + unknown.length > 0);
  if (working.length === 0) return `**${whose}**: nothing but rows in the ledger.`;
  const rows = working.flatMap(touchRows);
  return `**${whose}**\n\n${table(['migration', 'table', 'while it runs', 'for how long', 'largest', 'all together'], rows)}`;
}

function touchRows(migration: ReviewedMigration): string[][] {
  const { touches, unknown, needs, atomic, reversible } = migration;
  const marks = [
    ...(reversible ? [] : ['cannot be undone']),
    ...(atomic ? [] : ['not in a transaction']),
    ...needs,
    ...(unknown.length > 0 ? [`${counted(unknown.length, 'operation')} that cannot be shown as SQL`] : []),
  ];
  const name = `${code(migration.migration)}${marks.length === 0 ? '' : `<br>${plain(marks.join('; '))}`}`;
  if (touches.length === 0) return [[name, '–', 'nobody waits', '', '', '']];
  return touches.map((touch, index) => [index === 0 ? name : '', ...touchCells(touch)]);
}

function touchCells({ table: name, lock, cost, size }: Touch): string[] {
  const { largest } = size ?? {};
  const extent = (one: { rows: number; bytes: number }) =>
    `${one.rows > 0 ? `${grouped(Math.round(one.rows))} rows, ` : ''}${showSize(one.bytes)}`;
  return [
    code(name),
    lockWords[lock],
    costWords[cost],
    largest === undefined ? '?' : `${plain(largest.schema)}: ${extent(largest)}`,
    size === null ? '?' : `${extent(size)} in ${grouped(size.schemas)}`,
  ];
}

const lockWords: Readonly<Record<Touch['lock'], string>> = {
  'ACCESS EXCLUSIVE': '**nobody reads or writes** it (ACCESS EXCLUSIVE)',
  'SHARE ROW EXCLUSIVE': '**nobody writes** it (SHARE ROW EXCLUSIVE)',
  SHARE: '**nobody writes** it (SHARE)',
  'SHARE UPDATE EXCLUSIVE': 'others go on (SHARE UPDATE EXCLUSIVE)',
  'ROW EXCLUSIVE': 'others go on, but on rows that change (ROW EXCLUSIVE)',
  none: 'others go on',
};

const costWords: Readonly<Record<Touch['cost'], string>> = {
  instant: 'an instant',
  type: 'an instant',
  scan: '**as long as reading all of it takes**',
  index: '**as long as building an index takes**',
  rewrite: '**as long as writing it anew takes**',
  rows: 'as long as changing its rows takes',
  unknown: 'not known',
};

function sqlSection({ migration, statements, unknown }: ReviewedMigration): string[] {
  const lines = [...unknown.map((one) => `-- ${one}`), ...statements];
  return lines.length === 0 ? [] : [folded(`SQL of ${migration}`, lines.join('\n'), 'sql')];
}

/** A name of the project's: nothing in it is read as Markdown. */
function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}

/** Text from outside: no character of it is Markdown, HTML, or somebody's name to be called. */
function plain(text: string): string {
  return text
    .replace(/[&<>\\`*_{}[\]#~]/g, (letter) => `&#${letter.charCodeAt(0)};`)
    .replaceAll('@', '@\u200b');
}

/** As many sections as fit, and a last word where some do not. */
export function within(
  most: number,
  head: readonly string[],
  sections: readonly string[],
  rest: string,
): string {
  const join = (parts: readonly string[]) => parts.filter((part) => part !== '').join('\n\n');
  let text = join(head);
  if (text.length + rest.length > most) return `${text.slice(0, most - rest.length)}${rest}`;
  let left = 0;
  for (const section of sections) {
    const longer = join([text, section]);
    if (longer.length + rest.length <= most) text = longer;
    else left += 1;
  }
  return left === 0 ? text : `${text}${rest}`;
}
