import type { Structure, StructureTable } from '../database/structure.ts';

/** Parts of structures: what is new in one, and what corresponds to it in another. */

/** The tables, columns, constraints and indexes, by name, that were not there before. */
export function newIn({ tables }: Structure, before: Structure): Structure {
  return only(tables, (name, part) => {
    const table = before.tables.get(name);
    return table === undefined || !namesOf(table).has(part);
  });
}

/** Of another structure, what has the same names. */
export function counterpart(made: Structure, { tables }: Structure): Structure {
  return only(tables, (name, part) => {
    const table = made.tables.get(name);
    return table !== undefined && namesOf(table).has(part);
  });
}

/** The parts of tables that are wanted; a table without one is left out. */
function only(tables: Structure['tables'], isWanted: (table: string, part: string) => boolean): Structure {
  const parts = [...tables].map(([name, table]): [string, StructureTable] => {
    const wanted = <Part extends { readonly name: string }>(of: readonly Part[]) =>
      of.filter((part) => isWanted(name, part.name));
    return [
      name,
      {
        columns: wanted(table.columns),
        constraints: wanted(table.constraints),
        indexes: wanted(table.indexes),
      },
    ];
  });
  return { tables: new Map(parts.filter(([, table]) => namesOf(table).size > 0)), others: [] };
}

function namesOf({ columns, constraints, indexes }: StructureTable): Set<string> {
  return new Set([...columns, ...constraints, ...indexes].map(({ name }) => name));
}
