import type { Database } from '../database/session.ts';
import { differences, type Structure, type StructureGroup } from '../database/structure.ts';
import { exactStructure, readStructures } from '../database/structures.ts';
import { UserError } from '../ground/errors.ts';
import { listed } from '../ground/words.ts';

/** What a tenant was found to have whose application has written down nowhere what it must have. */
export interface Likeness {
  readonly tables: number;
  /** A tenant that has the same; undefined: there is none to compare it with. */
  readonly like: string | undefined;
}

/**
 * Looks whether a tenant is as another one is.
 * @param references tenants of which it must equal one, if there is any
 * @throws UserError `tenant-not-proven`
 */
export async function proveLikeness(
  schema: string,
  references: readonly string[],
  database: Database,
): Promise<Likeness> {
  const structure = await exactStructure(database, schema);
  const others = (await readStructures(database, references)).filter((one) => one.structure.tables.size > 0);
  const equal = others.find((other) => differences(other.structure, structure).length === 0);
  const problems = [...ownProblems(structure), ...(equal === undefined ? unlike(structure, others) : [])];
  if (problems.length === 0) return { tables: structure.tables.size, like: equal?.schemas[0] };
  throw new UserError(
    `The tenant ${schema} is not what the other tenants are — ${listed(problems, 3)}`,
    'run migrate-schemas first, so that they are what the tenant command makes today; or look what else has made the difference',
    { code: 'tenant-not-proven', evidence: problems.join('\n') },
  );
}

function ownProblems({ tables }: Structure): string[] {
  if (tables.size === 0) {
    return ['it has no table at all: look whether tenant-command works in the schema that it is given'];
  }
  const indexes = [...tables.values()].flatMap((table) => table.indexes);
  return indexes.filter(({ valid }) => !valid).map(({ name }) => `the index ${name} is invalid`);
}

/** Beside the largest group of them. */
function unlike(structure: Structure, [largest]: readonly StructureGroup[]): string[] {
  if (largest === undefined) return [];
  const { schemas, structure: theirs } = largest;
  return differences(theirs, structure).map((difference) => `it ${difference}, beside ${listed(schemas)}`);
}
