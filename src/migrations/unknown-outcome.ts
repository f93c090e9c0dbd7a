import { endSession } from '../database/own-sessions.ts';
import type { Database } from '../database/session.ts';
import type { DjangoProject } from '../django/project.ts';
import { LostConnection, messageOf, UserError } from '../ground/errors.ts';
import { listed } from '../ground/words.ts';
import { sessionName } from '../machine/project.ts';
import type { Asking } from './application.ts';
import type { PlannedTenant } from './plan.ts';
import type { Ran } from './work.ts';

/**
 * What became of a tenant whose migration ended without a word: the program or its connection was lost, or its time
 * was up. That is neither success nor failure, and the ledger says which.
 */

/** Whether it is not known what became of the work. */
export function isUnknownOutcome(error: unknown): error is UserError {
  return (
    error instanceof LostConnection || (error instanceof UserError && error.code === 'command-timed-out')
  );
}

/**
 * Ends what is left of the tenant's session in the server, where a statement may run on for nobody, and reads the
 * ledger after that. @returns the failure, or none when everything is recorded
 * @throws UserError `connection-lost` when the database cannot be asked
 */
export async function lookWhatBecame(
  tenant: PlannedTenant,
  error: UserError,
  { project, database, another, standing }: Asking & { readonly project: DjangoProject },
): Promise<Pick<Ran, 'failure'>> {
  const { schema } = tenant;
  let applied: ReadonlySet<string>;
  try {
    const look = async (session: Database) => {
      await endSession(session, sessionName(project, schema));
      return appliedIn(session, schema);
    };
    applied = await look(database).catch((lost: unknown) => {
      if (another === undefined || !(lost instanceof LostConnection)) throw lost;
      return lookAnew(another, look);
    });
  } catch (unreadable) {
    const why = unreadable instanceof LostConnection ? unreadable.observed : messageOf(unreadable);
    const [what, observed] = wordsOf(schema, error);
    throw new UserError(
      `${what} — ${observed}; what became of it is not known, because its ledger cannot be read: ${why}`,
      ['run again: the ledger is read first, and it goes on from there', ...standing].join('; '),
      circumstancesOf(error),
    );
  }
  const judge = tenant.undo === undefined ? whatIsMissing : whatIsLeft;
  const failure = judge(tenant, applied, error);
  return failure === undefined ? {} : { failure };
}

/** The failure of a tenant whose ledger was read after its connection was lost; none when everything is recorded. */
export function whatIsMissing(
  { schema, pending }: Pick<PlannedTenant, 'schema' | 'pending'>,
  applied: ReadonlySet<string>,
  error: UserError,
): UserError | undefined {
  const [what, observed] = wordsOf(schema, error);
  const [next, ...others] = pending.filter((migration) => !applied.has(migration));
  if (next === undefined) return undefined;
  const recorded = pending.filter((migration) => applied.has(migration));
  const done =
    recorded.length === 0 ? '' : `${listed(recorded, 3)} ${recorded.length === 1 ? 'is' : 'are'} recorded, `;
  const more = others.length === 0 ? '' : `, nor ${others.length === 1 ? others[0] : 'what follows'}`;
  return new UserError(
    `${what} — ${observed}; its ledger was read again: ${done}${next} is not${recorded.length === 0 ? ' recorded' : ''}${more}`,
    'run again: it goes on from there, or says what was left half done',
    circumstancesOf(error),
  );
}

/** The same of a tenant in which everything that was pending should be undone; none when nothing is recorded. */
export function whatIsLeft(
  { schema, pending }: Pick<PlannedTenant, 'schema' | 'pending'>,
  recorded: ReadonlySet<string>,
  error: UserError,
): UserError | undefined {
  const left = pending.filter((migration) => recorded.has(migration));
  if (left.length === 0) return undefined;
  const undone = pending.filter((migration) => !recorded.has(migration));
  const observed = error instanceof LostConnection ? error.observed : error.message.replaceAll(' — ', ', ');
  return new UserError(
    `Going back in tenant ${schema} was cut off — ${observed}; its ledger was read again: ${
      undone.length === 0 ? '' : `${listed(undone, 3)} ${undone.length === 1 ? 'is' : 'are'} undone, `
    }${listed(left, 3)} ${left.length === 1 ? 'is' : 'are'} not`,
    'run again: it goes on from there',
    circumstancesOf(error),
  );
}

function circumstancesOf(error: UserError) {
  const { code, evidence } = error;
  return { code, cause: error, ...(evidence ? { evidence } : {}) };
}

async function lookAnew<T>(
  another: () => Promise<Database>,
  look: (session: Database) => Promise<T>,
): Promise<T> {
  const session = await another();
  try {
    return await look(session);
  } finally {
    await session.close();
  }
}

function wordsOf(schema: string, error: UserError): [string, string] {
  if (error instanceof LostConnection) return [`The connection was lost in tenant ${schema}`, error.observed];
  return [`Tenant ${schema} was not migrated in time`, error.message.replaceAll(' — ', ', ')];
}

async function appliedIn(database: Database, schema: string): Promise<Set<string>> {
  const ledger = `"${schema.replaceAll('"', '""')}".django_migrations`;
  const [found] = await database.query<{ exists: boolean }>('select to_regclass($1) is not null as exists', [
    ledger,
  ]);
  if (found?.exists !== true) return new Set();
  const rows = await database.query<{ name: string }>(`select app || '.' || name as name from ${ledger}`);
  return new Set(rows.map(({ name }) => name));
}
