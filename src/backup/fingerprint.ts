import { createHash } from 'node:crypto';

import type { Database } from '../database/session.ts';
import type { Structure, StructureGroup } from '../database/structure.ts';
import { readStructures } from '../database/structures.ts';

/**
 * Short, and equal for schemas that a restore made of each other. Not the group's own id: PostgreSQL writes a condition
 * such as `status IN ('a', 'b')` in other words once it was dumped and read again.
 */
export function fingerprintOf({ tables, others }: Structure): string {
  const text = JSON.stringify([[...tables], others]);
  return createHash('sha256').update(canonical(text)).digest('hex').slice(0, 12);
}

/** `(ARRAY['a'::character varying])::text[]` comes back as `ARRAY[('a'::character varying)::text]`. */
function canonical(text: string): string {
  return text
    .replace(/('(?:[^']|'')*')::character varying/g, '$1')
    .replace(/\(('(?:[^']|'')*')\)::text/g, '$1')
    .replace(/\(ARRAY\[([^\]]*)\]\)::text\[\]/g, 'ARRAY[$1]');
}

export function fingerprintsIn(groups: readonly StructureGroup[]): Map<string, string> {
  return new Map(
    groups.flatMap(({ structure, schemas }) => {
      const fingerprint = fingerprintOf(structure);
      return schemas.map((name) => [name, fingerprint] as const);
    }),
  );
}

/** Of each of these schemas that exists. */
export async function readFingerprints(
  database: Pick<Database, 'query' | 'serverVersion'>,
  names: readonly string[],
): Promise<Map<string, string>> {
  return fingerprintsIn(await readStructures(database, names));
}
