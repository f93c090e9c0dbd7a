import { showDuration } from '../ground/duration.ts';

/**
 * Who holds the lock on a database, told without a table: the holder's last statement carries a comment, and
 * pg_stat_activity shows a session's last statement to its own role and to members of pg_read_all_stats.
 */

export interface LockOrigin {
  /** The run's address, or `user@machine` at a terminal. */
  readonly run: string;
  readonly actor: string;
  readonly commit: string;
}

export interface LockNote extends LockOrigin {
  /** What the run is about to do: `tenant acme (3 of 12)`. */
  readonly phase: string;
  /** When it took the lock, by the server's clock: `2026-08-12T10:00:00Z`; empty in the first moment. */
  readonly since: string;
}

export interface Holder {
  /** The process of the server that holds the lock. */
  readonly pid: number;
  readonly role: string;
  readonly application: string;
  /** undefined: this role may not see it, or it is none of our runs. */
  readonly note: LockNote | undefined;
  /** Whether the statement could be seen. */
  readonly visible: boolean;
  /** Milliseconds since it took the lock. */
  readonly milliseconds: number | undefined;
}

/** Characters. pg_stat_activity keeps the first 1024 bytes of a statement; the note stands at its beginning. */
const longest = { run: 250, actor: 40, commit: 40, phase: 80, since: 20 } as const;

/** The note as an SQL comment, which nothing in it can end. */
export function noteOf(note: LockNote): string {
  const short = Object.entries(longest).map(([name, length]) => [
    name,
    printable(note[name as keyof LockNote]).slice(0, length),
  ]);
  // Without a star there is neither an end nor another beginning of a comment.
  return `/* tenantry ${JSON.stringify(Object.fromEntries(short)).replaceAll('*', '\\u002a')} */`;
}

/** What is known about the holder, from its row of pg_stat_activity. */
export function readHolder(row: {
  readonly pid: number;
  readonly role: string;
  readonly application: string;
  readonly query: string;
  /** The server's clock, in milliseconds since 1970. */
  readonly now: number;
}): Holder {
  const note = readNote(row.query);
  const since = Date.parse(note?.since ?? '');
  return {
    pid: row.pid,
    role: printable(row.role),
    application: printable(row.application),
    note,
    visible: row.query !== '' && row.query !== '<insufficient privilege>',
    milliseconds: Number.isNaN(since) ? undefined : Math.max(0, row.now - since),
  };
}

function readNote(query: string): LockNote | undefined {
  const [, written = ''] = /\/\* tenantry (\{.*\}) \*\//s.exec(query) ?? [];
  try {
    const found: Readonly<Record<string, unknown>> = JSON.parse(written);
    const word = (name: keyof LockNote) => printable(String(found[name] ?? ''));
    return {
      run: word('run'),
      actor: word('actor'),
      commit: word('commit'),
      phase: word('phase'),
      since: word('since'),
    };
  } catch {
    return undefined;
  }
}

/** The holder for people. */
export function describeHolder({ pid, role, application, note, visible, milliseconds }: Holder): string {
  if (note !== undefined) {
    const facts = [
      ...(note.commit === '' ? [] : [`commit ${note.commit.slice(0, 7)}`]),
      `by ${note.actor}`,
      ...(note.phase === '' ? [] : [`at ${note.phase}`]),
      ...(milliseconds === undefined ? [] : [`for ${showDuration(milliseconds)}`]),
    ];
    return `${note.run} (${facts.join(', ')})`;
  }
  const session = `session ${pid} of the role ${role || 'unknown'}${application === '' ? '' : ` ("${application}")`}`;
  return visible
    ? session
    : `${session}, whose run is shown only to that role and to members of pg_read_all_stats,`;
}

/** Seen by everybody, also where the note is not: `tenantry lock run 4812 by ana`, at most 63 bytes. */
export function lockApplicationName({ run, actor }: LockOrigin): string {
  const [, number] = /\/runs\/(\d+)/.exec(run) ?? [];
  const name = number === undefined ? `tenantry lock ${run}` : `tenantry lock run ${number} by ${actor}`;
  return name.replace(/[^\x20-\x7e]/g, '?').slice(0, 63);
}

/** On one line, whatever somebody wrote there. */
function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}
