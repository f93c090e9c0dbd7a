import type { CommandResult } from '../machine/machine.ts';

/** Reading what commands print that nobody here knows. Only for sentences: what really happened is asked of the database. */

// The end of a terminal's colour codes.
const colours = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

const complaint = /^\W*(?:\S+: +)?(?:\w*(?:error|exception)|fatal|panic|err)\b(?: \w+)?: +\S/i;

/** node-postgres prints PostgreSQL's DETAIL so; psql and most others have PostgreSQL's own word. */
const detailLine = /^\s*(?:DETAIL: +(.*)|detail: ['"`](.*)['"`],?)$/;

/** What went wrong in the command's own words, on one line: the last line that begins like an error, else the last one. */
export function complaintIn({ stdout, stderr }: Pick<CommandResult, 'stdout' | 'stderr'>): string {
  const lines = (stderr.trim() === '' ? stdout : stderr).replace(colours, '').trimEnd().split('\n');
  const start = lines.findLastIndex((line) => complaint.test(line));
  if (start === -1) return (lines.at(-1) ?? '').trim();
  const [, word, printed] = lines.slice(start).join('\n').match(new RegExp(detailLine, 'm')) ?? [];
  const detail = word ?? printed;
  const said = (lines[start] ?? '').trim();
  return detail === undefined || said.includes(detail) ? said : `${said} (${detail})`;
}
