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
    ...(pending.size === 0 ? [] : [`${plain(plan)} (${plain(basis)}).`]),
    ...findingsTable(review.findings),
    ...howToAccept(unacknowledged(review.findings)),
    ...(goingBack === null ? [] : [`**If it goes wrong:** ${plain(goingBack)}.`]),
    ...accepted(review.findings),
  ];
  const whole = run === undefined ? 'the report of the run' : `[the report of the run](${run})`;
  const sections = [...new Set([...review.groups.map(groupSection), ...review.groups.flatMap(sqlSections)])];
  return within(longestComment, head, sections, `\n\nThe rest is in ${whole}.`);
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
  const rows = open.slice(0, shownFindings).map((one, index) => {
    const isNew = one.migration !== open[index - 1]?.migration;
    return [
      one.level === 'error' ? '🛑' : '⚠️',
      `${isNew ? `**${code(one.migration)}**<br>` : ''}${plain(one.said)}`,
      plain(one.next),
    ];
  });
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

/** Who waits for what in one group; folded, for it is long, and looked at when something is to be decided. */
function groupSection({ kind, tenantType, schemas, migrations }: ReviewedGroup): string {
  const of = tenantType === null ? '' : ` of type ${tenantType}`;
  const whose =
    kind === 'shared'
      ? `The shared schema (${schemas[0] ?? ''})`
      : `${counted(schemas.length, `tenant${of}`, `tenants${of}`)} (${listed(schemas, 3)})`;
  const working = migrations.filter(({ statements, unknown }) => statements.length + unknown.length > 0);
  if (working.length === 0) return `**${plain(whose)}**: nothing but rows in the ledger.`;
  const rows = working.flatMap(touchRows);
  const header = ['migration', 'table', 'while it runs', 'largest'];
  return folded(`${noMention(whose)}: ${longestWait(working)}`, table(header, rows));
}

/** What has to be known of a group without unfolding it. */
function longestWait(migrations: readonly ReviewedMigration[]): string {
  const long = migrations
    .flatMap(({ touches }) => touches)
    .filter(({ lock, cost }) => blocks.has(lock) && lasts.has(cost))
    .map((touch) => noMention(touch.table));
  const tables = [...new Set(long)];
  return tables.length === 0
    ? 'nobody waits for long'
    : `${listed(tables, 3)} ${tables.length === 1 ? 'is' : 'are'} locked for as long as the work takes`;
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
  if (touches.length === 0) return [[name, '–', 'nobody waits', '']];
  return touches.map((touch, index) => [index === 0 ? name : '', ...touchCells(touch)]);
}

function touchCells({ table: name, lock, cost, size }: Touch): string[] {
  const who = lockWords[lock];
  const waits = blocks.has(lock) ? `${who}, ${costWords[cost]}` : who;
  const told = blocks.has(lock) && lasts.has(cost) ? `**${waits}**` : waits;
  return [
    code(name),
    lock === 'none' ? told : `${told}<br>(${lock})`,
    size === null
      ? ''
      : `${plain(size.largest.schema)}: ${size.largest.rows > 0 ? `${grouped(Math.round(size.largest.rows))} rows, ` : ''}${showSize(size.largest.bytes)}`,
  ];
}

/** Locks that let others wait, and what keeps them for longer than an instant. */
const blocks: ReadonlySet<Touch['lock']> = new Set(['ACCESS EXCLUSIVE', 'SHARE ROW EXCLUSIVE', 'SHARE']);
const lasts: ReadonlySet<Touch['cost']> = new Set(['scan', 'index', 'rewrite', 'rows']);

const lockWords: Readonly<Record<Touch['lock'], string>> = {
  'ACCESS EXCLUSIVE': 'nobody reads or writes it',
  'SHARE ROW EXCLUSIVE': 'nobody writes it',
  SHARE: 'nobody writes it',
  'SHARE UPDATE EXCLUSIVE': 'others go on',
  'ROW EXCLUSIVE': 'others go on, but on rows that change',
  none: 'others go on',
};

const costWords: Readonly<Record<Touch['cost'], string>> = {
  instant: 'for an instant',
  type: 'for an instant',
  scan: 'as long as all of it is read',
  index: 'as long as an index is built',
  rewrite: 'as long as it is written anew',
  rows: 'as long as its rows are changed',
  unknown: 'nobody knows how long',
};

function sqlSections({ migrations }: ReviewedGroup): string[] {
  return migrations.flatMap(sqlSection);
}

function sqlSection({ migration, statements, unknown }: ReviewedMigration): string[] {
  const lines = [...unknown.map((one) => `-- ${one}`), ...statements];
  return lines.length === 0 ? [] : [folded(`SQL of ${noMention(migration)}`, lines.join('\n'), 'sql')];
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

/** The same for what is escaped by whoever takes it. */
function noMention(text: string): string {
  return text.replaceAll('@', '@\u200b');
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
