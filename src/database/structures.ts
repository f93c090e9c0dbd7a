import { createHash } from 'node:crypto';
import type { Database } from './session.ts';
import type { Structure, StructureGroup } from './structure.ts';
import { type DefinitionsRow, definitionsStatement, structureOf } from './structure-definitions.ts';

export async function readStructures(database: Database, schemas: readonly string[]): Promise<StructureGroup[]> {
  const groups = new Map<string, { id: string; schemas: string[]; structure: Structure }>();
  for (let i = 0; i < schemas.length; i += 100) {
    const rows = await database.query<DefinitionsRow>(`${definitionsStatement(Number.parseInt(database.serverVersion))}`, [schemas.slice(i, i + 100)]);
    for (const row of rows) {
      const structure = structureOf(row);
      const id = createHash('sha256').update(JSON.stringify([...structure.tables, structure.others])).digest('hex').slice(0, 12);
      const g = groups.get(id) ?? { id, schemas: [], structure };
      g.schemas.push(row.schema);
      groups.set(id, g);
    }
  }
  return [...groups.values()];
}
export async function readStructure(database: Database, schema: string): Promise<Structure> {
  const [g] = await readStructures(database, [schema]);
  if (g === undefined) throw new Error('no schema');
  return g.structure;
}

export function differences(from: Structure, to: Structure): string[] {
  const found: string[] = [];
  for (const table of new Set([...from.tables.keys(), ...to.tables.keys()])) {
    const [a, b] = [JSON.stringify(from.tables.get(table)), JSON.stringify(to.tables.get(table))];
    if (a !== b) found.push(`${table} differs`);
  }
  if (JSON.stringify(from.others) !== JSON.stringify(to.others)) found.push('others differ');
  return found;
}
