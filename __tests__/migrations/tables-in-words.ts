import type { Structure, StructureGroup, StructureTable } from '../../src/database/structure.ts';

/** Structures for tests: tables with the names of their columns and, after a slash, of indexes; `!` marks an invalid one. */
export function structure(tables: Record<string, string>): Structure {
  return {
    tables: new Map(Object.entries(tables).map(([name, parts]) => [name, table(parts)])),
    others: [],
  };
}

function table(parts: string): StructureTable {
  const [columns = '', indexes = ''] = parts.split('/');
  return {
    columns: words(columns).map((name) => ({ name, type: 'integer', notNull: true, value: undefined })),
    constraints: [],
    indexes: words(indexes).map((name) => ({
      name: name.replace('!', ''),
      definition: name.replace('!', ''),
      valid: !name.endsWith('!'),
    })),
  };
}

const words = (text: string) => text.split(' ').filter((word) => word !== '');

/** Groups of the schemas that have equal tables. */
export function structures(bySchema: Record<string, Record<string, string>>): StructureGroup[] {
  const alike = Map.groupBy(Object.entries(bySchema), ([, tables]) => JSON.stringify(tables));
  return [...alike]
    .map(([id, members]) => ({
      id,
      schemas: members.map(([schema]) => schema),
      structure: structure(members[0]?.[1] ?? {}),
    }))
    .sort((a, b) => b.schemas.length - a.schemas.length);
}
