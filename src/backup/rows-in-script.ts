/**
 * Counts the rows in what `pg_restore --data-only --file=-` writes, as it flows by: between `COPY … FROM stdin;` and
 * `\.` each line is a row (line ends within values are written as `\n`).
 */
export class RowsInScript {
  /** By the schema's name, then the table's. */
  readonly rows = new Map<string, Map<string, number>>();
  #rest: Buffer = Buffer.alloc(0);
  #current: { schema: string; table: string; rows: number } | undefined;

  push(chunk: Buffer): void {
    const text = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (let end = text.indexOf(lineEnd); end !== -1; end = text.indexOf(lineEnd, start)) {
      this.#line(text, start, end);
      start = end + 1;
    }
    this.#rest = Buffer.from(text.subarray(start));
  }

  /** Whether it ended between tables: cut off within one, it has not been read to its end. */
  get isWhole(): boolean {
    return this.#current === undefined;
  }

  #line(text: Buffer, start: number, end: number): void {
    const current = this.#current;
    if (current !== undefined) {
      if (end - start === 2 && text[start] === backslash && text[start + 1] === point) {
        const tables = this.rows.get(current.schema) ?? new Map<string, number>();
        tables.set(current.table, current.rows);
        this.rows.set(current.schema, tables);
        this.#current = undefined;
      } else current.rows += 1;
      return;
    }
    if (text[start] !== letterC || end - start < 12) return;
    const [, schema, table] = copyLine.exec(text.toString('utf8', start, end)) ?? [];
    if (schema !== undefined && table !== undefined) {
      this.#current = { schema: unquoted(schema), table: unquoted(table), rows: 0 };
    }
  }
}

const lineEnd = 10;
const backslash = 92;
const point = 46;
const letterC = 67;

const identifier = '("(?:[^"]|"")+"|[^\\s".]+)';
const copyLine = new RegExp(`^COPY ${identifier}\\.${identifier} (?:\\(.*\\) )?FROM stdin;$`);

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
