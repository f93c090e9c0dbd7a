import type { Database } from '../database/session.ts';
import type { Structure } from '../database/structure.ts';
import { exactStructure } from '../database/structures.ts';
import type { SchemaKind } from '../django/discovery.ts';
import { UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';
import { missingOf } from '../migrations/verify.ts';
import { type ProjectProof, proveByProject } from './parts.ts';
import type { Provisioner } from './provisioner.ts';

/** What a tenant that is proven was found to have. */
export interface TenantProof {
  readonly tables: number;
  /** Models that the project was asked for rows of. */
  readonly models: number;
}

/**
 * Looks at a tenant from both sides: the catalogue says which tables and columns there are, the project reads its
 * ledger and asks each of its models.
 * @throws UserError `tenant-not-proven` with everything that is not as it should be
 */
export async function proveTenant(
  schema: string,
  kind: SchemaKind,
  { database, provisioner }: { readonly database: Database; readonly provisioner: Provisioner },
): Promise<TenantProof> {
  const [structure, told] = await Promise.all([
    exactStructure(database, schema),
    proveByProject({ schema, tenantType: kind.tenantType }, provisioner),
  ]);
  const problems = problemsOf(kind, structure, told);
  if (problems.length > 0) throw notProven(schema, problems);
  return { tables: kind.tables.length, models: told.asked };
}

/** What is wrong with a tenant, in words, the gravest first. Pure. */
export function problemsOf(kind: SchemaKind, structure: Structure, told: ProjectProof): string[] {
  const { missing, missingColumns } = missingOf(kind, structure);
  const invalid = [...structure.tables.values()].flatMap(({ indexes }) =>
    indexes.filter(({ valid }) => !valid).map(({ name }) => name),
  );
  const lacking = (what: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`${what} ${listed(names, 3)}`];
  return [
    ...lacking(missing.length === 1 ? 'it lacks the table' : 'it lacks the tables', missing),
    ...lacking(missingColumns.length === 1 ? 'it lacks the column' : 'it lacks the columns', missingColumns),
    ...(told.inconsistent === null ? [] : [`its ledger is inconsistent: ${told.inconsistent}`]),
    ...lacking('its ledger lacks', told.pending),
    ...lacking('its ledger has what the code does not have:', told.ghosts),
    ...lacking('its ledger has twice:', told.duplicates),
    ...lacking('it lacks the content types', told.contentTypes),
    ...lacking('it lacks the permissions', told.permissions),
    ...lacking('sequences are behind the keys of', told.sequences),
    ...lacking('invalid indexes:', invalid),
    ...told.unanswered.slice(0, 3).map(({ model, reason }) => `${model} cannot be asked: ${reason}`),
    ...(told.unanswered.length > 3 ? [`${counted(told.unanswered.length - 3, 'more model')} cannot`] : []),
  ];
}

function notProven(schema: string, problems: readonly string[]): UserError {
  return new UserError(
    `The tenant ${schema} is not what the migrations make — ${listed(problems, 3)}`,
    'mode: repair says what it can mend; what else there is, a migration of the project or somebody else has made',
    { code: 'tenant-not-proven', evidence: problems.join('\n') },
  );
}
