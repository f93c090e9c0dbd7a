import type { Structure, StructureGroup, StructureTable } from '../../src/database/structure.ts';

/** A structure with these tables and columns; types and definitions do not matter. */
export function structureOf(tables: Readonly<Record<string, readonly string[]>>): Structure {
  return {
    tables: new Map(
      Object.entries(tables).map(([name, columns]): [string, StructureTable] => [
        name,
        {
          columns: columns.map((column) => ({
            name: column,
            type: 'bigint',
            notNull: true,
            value: undefined,
          })),
          constraints: [],
          indexes: [],
        },
      ]),
    ),
    others: [],
  };
}

/** Schemas of one structure. */
export function structured(
  schemas: readonly string[],
  tables: Readonly<Record<string, readonly string[]>>,
): StructureGroup {
  return { id: schemas.join(), schemas, structure: structureOf(tables) };
}
