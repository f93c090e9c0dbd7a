import type { ForeignTables } from '../database/structure-owners.ts';
import { UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';

/**
 * `12 tenants’ tables belong to another role: ALTER would fail`; undefined when the role may alter everything.
 * @param role that migrates
 */
export function ownersRefusal(
  foreign: readonly ForeignTables[],
  role: string,
  soFar = 'nothing was changed',
): UserError | undefined {
  if (foreign.length === 0) return undefined;
  const owners = [...new Set(foreign.flatMap((one) => one.owners))].sort();
  const [owner = ''] = owners;
  return new UserError(
    `${counted(foreign.length, 'schema')} ${foreign.length === 1 ? 'has' : 'have'} tables that belong to another role — ${listed(foreign.map(sentence), 3)}: ALTER would fail`,
    `migrate as ${listed(owners)}, or make ${role} a member: GRANT ${quoted(owner)} TO ${quoted(role)}; ${soFar}`,
    {
      code: 'tables-of-another-role',
      evidence: foreign
        .map(({ schema, owners, tables }) => `${schema} (${owners.join(', ')}): ${tables.join(', ')}`)
        .join('\n'),
    },
  );
}

function sentence({ schema, owners, tables }: ForeignTables): string {
  return `${schema}: ${counted(tables.length, 'table')} of ${listed(owners, 2)}`;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
