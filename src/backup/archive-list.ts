/** What `pg_restore --list` says about an archive. Pure. */

export interface ListedEntry {
  /** Its number in the archive. */
  readonly id: number;
  /** The number of the object in the catalogue; 0 where it has none of its own. */
  readonly oid: number;
  /** The number of the catalogue's table that it is in: 1259 is pg_class, 2615 pg_namespace; 0: a part of another object. */
  readonly catalogue: number;
  /** Kind, schema, name and owner, with blanks between them (and in them). */
  readonly rest: string;
  readonly line: string;
}

/** Lines such as `218; 1259 16390 TABLE acme orders_order postgres`; those that begin with ; are remarks. */
export function readArchiveList(text: string): ListedEntry[] {
  return text.split('\n').flatMap((line) => {
    const [, id, catalogue, oid, rest = ''] = /^(\d+); (\d+) (\d+) (.*)$/.exec(line) ?? [];
    return id === undefined
      ? []
      : [{ id: Number(id), catalogue: Number(catalogue), oid: Number(oid), rest, line }];
  });
}

const relations = 1259;
const namespaces = 2615;

export interface Expected {
  readonly name: string;
  readonly oid: number;
  readonly tables: readonly number[];
  readonly others: readonly number[];
}

/** What an archive should have and does not list, in words; none: it has everything that the catalogue says. */
export function missingIn(entries: readonly ListedEntry[], expected: readonly Expected[]): string[] {
  const listed = new Set(entries.filter(({ catalogue }) => catalogue === relations).map(({ oid }) => oid));
  const withRows = new Set(
    entries.filter(({ rest }) => rest.startsWith('TABLE DATA ')).map(({ oid }) => oid),
  );
  return expected.flatMap(({ name, tables, others }) => {
    const tablesLost = tables.filter((oid) => !listed.has(oid)).length;
    const rowsLost = tables.filter((oid) => listed.has(oid) && !withRows.has(oid)).length;
    const othersLost = others.filter((oid) => !listed.has(oid)).length;
    return [
      ...(tablesLost === 0 ? [] : [`${name}: ${tablesLost} of ${tables.length} tables are not in it`]),
      ...(rowsLost === 0
        ? []
        : [`${name}: the rows of ${rowsLost} of ${tables.length} tables are not in it`]),
      ...(othersLost === 0
        ? []
        : [`${name}: ${othersLost} of ${others.length} views and sequences are not in it`]),
    ];
  });
}

/**
 * The entries that make one schema again, as lines for `pg_restore --use-list`: what `pg_restore --list --schema` says
 * about it, and the schema itself with its privileges and comment, which that leaves out.
 * @param all the names of the archive's schemas: one may begin with another, and a blank
 */
export function entriesOfSchema(
  whole: readonly ListedEntry[],
  inSchema: readonly ListedEntry[],
  { name, oid }: { readonly name: string; readonly oid: number },
  all: readonly string[],
): ListedEntry[] {
  const ids = new Set(inSchema.map(({ id }) => id));
  const isOfIt = ({ rest }: ListedEntry) => {
    const [, named] = /^(?:ACL|COMMENT|SECURITY LABEL) - SCHEMA (.*)$/.exec(rest) ?? [];
    if (named === undefined) return false;
    const fitting = all.filter((one) => named.startsWith(`${one} `)).sort((a, b) => b.length - a.length);
    return fitting[0] === name;
  };
  return whole.filter(
    (entry) => ids.has(entry.id) || (entry.catalogue === namespaces && entry.oid === oid) || isOfIt(entry),
  );
}
