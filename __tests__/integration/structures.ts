import { allSchemas, columnsBySchema } from '../../src/database/catalog.ts';
import type { Database } from '../../src/database/session.ts';
import type { StructureGroup } from '../../src/database/structure.ts';

/** Tables, columns and indexes of every schema; each schema is a group of its own. */
export async function readStructures(database: Database): Promise<StructureGroup[]> {
  const schemas = await allSchemas(database);
  const columns = await columnsBySchema(database, schemas);
  const indexes = await database.query<{ schema: string; table: string; name: string; valid: boolean }>(
    `select n.nspname::text as schema, t.relname::text as table, c.relname::text as name, i.indisvalid as valid
       from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
       join pg_namespace n on n.oid = t.relnamespace where n.nspname = any($1::text[])`,
    [schemas],
  );
  return schemas.map((schema) => ({
    id: schema,
    schemas: [schema],
    structure: {
      tables: new Map(
        [...(columns.get(schema) ?? [])].map(([table, found]) => [
          table,
          {
            columns: found.map((column) => ({ ...column, value: undefined })),
            constraints: [],
            indexes: indexes
              .filter((index) => index.schema === schema && index.table === table)
              .map(({ name, valid }) => ({ name, definition: '', valid })),
          },
        ]),
      ),
      others: [],
    },
  }));
}
