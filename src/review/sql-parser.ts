/** PostgreSQL's own parser, compiled to WebAssembly. The only file that knows it; loaded when there is SQL to read. */

/** A node of the tree: its kind, and what it consists of. */
export type Node = Readonly<Record<string, unknown>>;

/** One statement of a text. */
export interface Statement {
  /** PostgreSQL's name for the kind: `AlterTableStmt`. */
  readonly kind: string;
  readonly node: Node;
  /** As it was written, without the semicolon. */
  readonly text: string;
  /** Bytes of the text before it: the tree counts from the beginning of all. */
  readonly start: number;
}

export interface SqlParser {
  /** @throws Error with PostgreSQL's own words where it would not take the text */
  statements(sql: string): Statement[];
}

let loaded: Promise<SqlParser> | undefined;

export function sqlParser(): Promise<SqlParser> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<SqlParser> {
  // By its default: a part of the bundle that holds a CommonJS package exports nothing else.
  const { loadModule, parseSync } = (await import('libpg-query')).default;
  await loadModule();
  return {
    statements(sql) {
      if (sql.trim() === '') return []; // the parser wants a statement
      const bytes = Buffer.from(sql);
      return (parseSync(sql).stmts ?? []).flatMap(({ stmt, stmt_location: start = 0, stmt_len }) =>
        Object.entries(stmt ?? {}).map(([kind, node]) => ({
          kind,
          node: node as Node,
          text: bytes
            .subarray(start, stmt_len === undefined ? undefined : start + stmt_len)
            .toString()
            .trim()
            .replace(/;$/, ''),
          start,
        })),
      );
    },
  };
}
