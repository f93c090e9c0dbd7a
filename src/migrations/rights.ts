import { standbyRefusal } from '../database/headroom-verdict.ts';
import { type Rights, readRights } from '../database/rights.ts';
import type { Database } from '../database/session.ts';
import { readForeignTables } from '../database/structure-owners.ts';
import { UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';
import { ownersRefusal } from './owners.ts';
import type { MigrationPlan } from './plan.ts';

/**
 * What the database would refuse anyway, said before the first change: a standby, a role that may only read, tables
 * that belong to somebody else, schemas where nothing may be made. @throws UserError
 */
export async function requireRights(plan: MigrationPlan, database: Database): Promise<void> {
  // Where the shared schema of an application is that is no Django project, nobody has said.
  const shared = plan.tenantCommand === undefined ? [plan.shared] : [];
  const running = [...shared, ...plan.tenants].filter(({ runs }) => runs.length > 0);
  if (running.length === 0) return;
  const schemas = running.map(({ schema }) => schema);
  const rights = await readRights(database, schemas);
  const refusal =
    readOnlyRefusal(rights, database.label) ??
    ownersRefusal(await readForeignTables(database, schemas), rights.role) ??
    createRefusal(rights);
  if (refusal !== undefined) throw refusal;
}

/** Pure. */
export function readOnlyRefusal({ standby, readOnly, role }: Rights, label: string): UserError | undefined {
  if (standby) return standbyRefusal({ standby, label });
  if (!readOnly) return undefined;
  return new UserError(
    `${label} takes no changes from ${role} — its transactions begin read-only (default_transaction_read_only)`,
    `migrate as a role that may change something, or: ALTER ROLE ${quoted(role)} RESET default_transaction_read_only (it may also be set for the database, or in the options of the URL); nothing was changed`,
    { code: 'database-read-only' },
  );
}

/** Pure. */
export function createRefusal({ role, withoutCreate }: Rights): UserError | undefined {
  const [first] = withoutCreate;
  if (first === undefined) return undefined;
  const grants = withoutCreate.map((schema) => `GRANT CREATE ON SCHEMA ${quoted(schema)} TO ${quoted(role)}`);
  const one = withoutCreate.length === 1;
  const since =
    first === 'public' ? ' (from PostgreSQL 15 on nobody may in public who was not given it)' : '';
  return new UserError(
    `${role} may make no table and no index in ${counted(withoutCreate.length, 'schema')} that ${one ? 'is' : 'are'} to be migrated — no CREATE in ${listed(withoutCreate, 3)}${since}`,
    `as the owner of ${one ? 'the schema' : 'each schema'}: ${grants[0]}; nothing was changed`,
    { code: 'database-permission-denied', ...(one ? {} : { evidence: grants.join('\n') }) },
  );
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
