/** What the catalogue says about one schema, without the schema's name: two tenants at the same head are equal. */

export interface StructureColumn {
  readonly name: string;
  /** As PostgreSQL writes it, with its length or precision: `character varying(100)`. */
  readonly type: string;
  readonly notNull: boolean;
  /** The default's expression, `generated …` or `identity …`; undefined: none. */
  readonly value: string | undefined;
}

export interface StructureConstraint {
  readonly name: string;
  /** As pg_get_constraintdef writes it, with the schema's own name left out. */
  readonly definition: string;
  readonly validated: boolean;
}

export interface StructureIndex {
  readonly name: string;
  /** As pg_get_indexdef writes it, with the schema's own name left out. */
  readonly definition: string;
  /** False: CREATE INDEX CONCURRENTLY has failed half-way; PostgreSQL does not use it. */
  readonly valid: boolean;
}

export interface StructureTable {
  /** Sorted by name: physical order tells of history, not of structure. */
  readonly columns: readonly StructureColumn[];
  readonly constraints: readonly StructureConstraint[];
  readonly indexes: readonly StructureIndex[];
}

export interface Structure {
  readonly tables: ReadonlyMap<string, StructureTable>;
  /** Everything else, one line each, sorted: `sequence orders_order_id_seq …`, `view …`, `trigger …`, `type …`. */
  readonly others: readonly string[];
}

/** Schemas that cannot be told apart by their structure. */
export interface StructureGroup {
  /** Short and stable: equal for equal structures, in every run and database. */
  readonly id: string;
  readonly schemas: readonly string[];
  readonly structure: Structure;
}

/**
 * How `to` differs from `from`, in words: what `to` lacks, has, or has otherwise. Without its name, for that a reader
 * knows: `orders_order lacks index orders_order_total_idx`. None: the two are equal.
 */
export function differences(from: Structure, to: Structure): string[] {
  const tables = [...new Set([...from.tables.keys(), ...to.tables.keys()])].sort();
  return [
    ...tables.flatMap((table) => differencesOfTable(table, from.tables.get(table), to.tables.get(table))),
    ...differencesOfOthers(from.others, to.others),
  ];
}

function differencesOfTable(table: string, from?: StructureTable, to?: StructureTable): string[] {
  if (to === undefined) return [`lacks table ${table}`];
  if (from === undefined) return [`has a table that others do not have: ${table}`];
  return [
    ...compared(from.columns, to.columns, {
      lacks: ({ name }) => [`${table} lacks column ${name}`],
      has: ({ name }) => [`${table} has a column that others do not have: ${name}`],
      differs: (a, b) => differencesOfColumn(`${table}.${b.name}`, a, b),
    }),
    ...compared(from.constraints, to.constraints, {
      lacks: ({ name, definition }) => [`${table} lacks constraint ${name}: ${definition}`],
      has: ({ name, definition }) => [
        `${table} has a constraint that others do not have: ${name}: ${definition}`,
      ],
      differs: (a, b) => differencesOfConstraint(table, a, b),
    }),
    ...compared(from.indexes, to.indexes, {
      lacks: ({ name }) => [`${table} lacks index ${name}`],
      has: ({ name, valid }) => [
        `${table} has an index that others do not have: ${name}${valid ? '' : ', which is invalid'}`,
      ],
      differs: differencesOfIndex,
    }),
  ];
}

function differencesOfColumn(name: string, from: StructureColumn, to: StructureColumn): string[] {
  return [
    ...(from.type === to.type ? [] : [`${name} is ${to.type} instead of ${from.type}`]),
    ...(from.notNull === to.notNull ? [] : [`${name} ${to.notNull ? 'is NOT NULL' : 'may be NULL'}`]),
    ...(from.value === to.value
      ? []
      : [
          `${name} has ${worded(to.value)}${from.value === undefined ? '' : ` instead of ${worded(from.value)}`}`,
        ]),
  ];
}

function worded(value: string | undefined): string {
  if (value === undefined) return 'no default';
  return /^(generated|identity) /.test(value) ? value : `default ${value}`;
}

function differencesOfConstraint(
  table: string,
  from: StructureConstraint,
  to: StructureConstraint,
): string[] {
  return [
    ...(from.definition === to.definition
      ? []
      : [`constraint ${to.name} of ${table} is ${to.definition} instead of ${from.definition}`]),
    ...(from.validated === to.validated
      ? []
      : [`constraint ${to.name} of ${table} is ${to.validated ? 'validated' : 'not validated'}`]),
  ];
}

function differencesOfIndex(from: StructureIndex, to: StructureIndex): string[] {
  return [
    ...(from.definition === to.definition
      ? []
      : [`index ${to.name} is ${to.definition} instead of ${from.definition}`]),
    ...(from.valid === to.valid ? [] : [`index ${to.name} is ${to.valid ? 'valid' : 'invalid'}`]),
  ];
}

interface Named {
  readonly name: string;
}

interface Words<Item> {
  lacks(item: Item): string[];
  has(item: Item): string[];
  differs(from: Item, to: Item): string[];
}

function compared<Item extends Named>(
  from: readonly Item[],
  to: readonly Item[],
  words: Words<Item>,
): string[] {
  const before = new Map(from.map((item) => [item.name, item]));
  const after = new Map(to.map((item) => [item.name, item]));
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((name) => {
    const [a, b] = [before.get(name), after.get(name)];
    if (a === undefined) return b === undefined ? [] : words.has(b);
    return b === undefined ? words.lacks(a) : words.differs(a, b);
  });
}

/** Lines such as `sequence orders_id_seq: bigint …`; up to the colon they say which object it is. */
function differencesOfOthers(from: readonly string[], to: readonly string[]): string[] {
  const [before, after] = [new Set(from), new Set(to)];
  const gone = from.filter((line) => !after.has(line));
  const come = to.filter((line) => !before.has(line));
  const objects = new Set([...gone, ...come].map(objectOf));
  return [...objects].sort().flatMap((object) => {
    const [a, b] = [gone, come].map((lines) => lines.filter((line) => objectOf(line) === object));
    if (b === undefined || b.length === 0) return [`lacks ${object}`];
    if (a === undefined || a.length === 0) return [`has ${object}, which others do not have`];
    return [`${b.map(shortened).join('; ')} instead of ${a.map(shortened).join('; ')}`];
  });
}

const objectOf = (line: string): string => line.split(': ', 1)[0] ?? line;

/** A view's definition has many lines. */
const shortened = (line: string): string => line.replace(/\s+/g, ' ');
