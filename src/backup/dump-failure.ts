import { LostConnection, UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';
import { type CommandResult, ending, lastWords } from '../machine/machine.ts';

interface Circumstances {
  readonly schemas: readonly string[];
  readonly version: string;
  /** Who held a lock, for people. */
  readonly blockers: string | undefined;
}

/** Why pg_dump ended before it was done, in a sentence. Pure. */
export function dumpFailure(result: CommandResult, { schemas, version, blockers }: Circumstances): UserError {
  const failed = `The backup of ${schemas.length === 1 ? schemas[0] : counted(schemas.length, 'schema')} failed`;
  const said = saidBy(result);
  const evidence = lastWords(result);
  const error = (observed: string, hint: string, code: UserError['code']) =>
    new UserError(`${failed} — ${observed}`, `${hint}; nothing was changed`, { code, evidence });
  if (result.signal !== null) {
    return error(
      `pg_dump was ${ending(result)}`,
      result.signal === 'SIGKILL'
        ? 'mostly that is a lack of memory on this machine: see its kernel log, give it more, then run again'
        : 'see what ended it, then run again',
      'backup-failed',
    );
  }
  if (/No space left on device|Disk quota exceeded/.test(said)) {
    return error(
      'the disk that it goes to is full',
      'free space there, or choose another folder (backup-folder), then run again; what was written of it is removed',
      'disk-full',
    );
  }
  if (/canceling statement due to (lock|statement) timeout/.test(said)) {
    const [, table = 'a table'] = /LOCK TABLE (\S+) IN /.exec(said) ?? [];
    return error(
      `it did not get to read ${table} within lock-timeout${blockers === undefined ? ', because somebody changes it' : `; in the way: ${blockers}`}`,
      'run again when that has ended (or end it with pg_terminate_backend), or raise lock-timeout',
      'migration-blocked',
    );
  }
  if (/no matching schemas were found/.test(said)) {
    const [, gone] = /for pattern "(.*)"/.exec(said) ?? [];
    return error(
      `${gone === undefined ? 'a schema' : `the schema ${gone.replace(/^"|"$/g, '')}`} is not there any more`,
      'somebody has removed it meanwhile: run again',
      'schema-vanished',
    );
  }
  if (/(relation|schema) ".*" does not exist|cache lookup failed|could not open relation/.test(said)) {
    return error(
      `something was removed while it was read: ${observedIn(said)}`,
      `see whether ${listed(schemas, 3)} ${schemas.length === 1 ? 'is' : 'are'} still wanted, then run again`,
      'schema-vanished',
    );
  }
  if (/out of shared memory|max_locks_per_transaction/.test(said)) {
    return error(
      'the server’s lock table is full: others took what was free of it',
      'run again when less is going on, or set max_locks_per_transaction higher and restart the server',
      'lock-table-too-small',
    );
  }
  if (/permission denied|query would be affected by row-level security/.test(said)) {
    return error(
      observedIn(said),
      'pg_dump reads everything: grant the role that right (for all tenants at once: GRANT pg_read_all_data), and BYPASSRLS where there are row policies, or use the role that owns the tables',
      'database-permission-denied',
    );
  }
  if (
    /server closed the connection|terminating connection|connection to server .* failed|SSL SYSCALL|could not receive data|lost synchronization/.test(
      said,
    )
  ) {
    return new LostConnection(`the backup of ${counted(schemas.length, 'schema')}`, observedIn(said), {
      evidence,
    });
  }
  if (/server version mismatch/.test(said)) {
    return error(
      `pg_dump ${version} is too old for the server`,
      'install the server’s version of it',
      'backup-program-missing',
    );
  }
  return error(
    `pg_dump: ${observedIn(said)} (${ending(result)})`,
    'the evidence has all that it said',
    'backup-failed',
  );
}

function saidBy({ stderr, stdout }: CommandResult): string {
  return stderr.trim() === '' ? stdout : stderr;
}

/** The first error, without the program's name. */
function observedIn(said: string): string {
  const lines = said.split('\n').map((line) => line.trim());
  const line =
    lines.find((one) => /error:/i.test(one)) ?? lines.find((one) => one !== '') ?? 'it said nothing';
  return line.replace(/^pg_(dump|restore): /, '').replace(/^error: /, '');
}
