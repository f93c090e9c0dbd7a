import type { Structure } from '../database/structure.ts';
import type { Expectation, LedgerGroup, SchemaKind } from '../django/discovery.ts';

/** Compares what a schema has with what its ledger promises. Pure; types and definitions are not looked at. */

/** Columns of each table, and its indexes and constraints that migrations gave a name. */
type Promised = Pick<Expectation, 'columns' | 'named'>;

export type Condition =
  /** Nothing contradicts the ledger. */
  | { readonly state: 'clean' }
  /** Recorded, but not there. */
  | {
      readonly state: 'tables-missing';
      readonly tables: readonly string[];
      /** `table.column` of tables that are there. */
      readonly columns: readonly string[];
      /** Those of the tables that the shared schema has: statements about them would reach that one. */
      readonly inShared: readonly string[];
    }
  /** There, but not recorded: by its tables and columns the schema is where the next migration leads. */
  | { readonly state: 'applied-unrecorded'; readonly migration: string }
  | {
      readonly state: 'half-applied';
      readonly migration: string;
      /** What of the migration is done, and what is not: `table orders_order`, `no column orders_order.total`. */
      readonly done: readonly string[];
      readonly open: readonly string[];
      /** Indexes that CREATE INDEX CONCURRENTLY has left; they are in the way of another try. */
      readonly invalid: readonly string[];
    }
  /** Tables of the project, but no ledger: Django would make them again. */
  | { readonly state: 'ledger-missing'; readonly tables: readonly string[] };

export interface Observed {
  readonly structure: Structure;
  /** Undefined: unknown, or this is the shared schema itself. */
  readonly shared?: Structure | undefined;
  /** The next migration runs without a transaction, so that a failed try may have left something. */
  readonly nextIsUnatomic?: boolean | undefined;
}

const clean: Condition = { state: 'clean' };

/** The condition of the schemas of one kind that have the same ledger and the same structure. */
export function conditionOf(
  group: LedgerGroup,
  kind: SchemaKind,
  { structure, shared, nextIsUnatomic = false }: Observed,
): Condition {
  if (!group.ledger) {
    const tables = Object.keys(kind.columns).filter((table) => structure.tables.has(table));
    return tables.length === 0 ? clean : { state: 'ledger-missing', tables };
  }
  const now = group.pending.length === 0 ? { ...kind, named: {} } : ofKind(group.expects, kind);
  if (now === undefined) return clean;
  const next = group.afterNext;
  const then = next === null ? undefined : ofKind(next.expects, kind);
  const step = then === undefined ? [] : differencesOf(now, then);
  const removed = new Set(step.filter(({ adds }) => !adds).map(({ name }) => name));

  const missing = piecesOf(now, 'columns').filter(
    (piece) => !has(structure, piece) && !removed.has(nameOf(piece)),
  );
  const tables = missing.filter(({ part }) => part === undefined).map(({ table }) => table);
  const columns = missing.filter(({ part, table }) => part !== undefined && structure.tables.has(table));
  if (tables.length + columns.length > 0) {
    return {
      state: 'tables-missing',
      tables,
      columns: columns.map(({ table, part }) => `${table}.${part}`),
      inShared: tables.filter((table) => shared?.tables.has(table)),
    };
  }

  const invalid = invalidAmong(step, structure);
  const sure = step.filter(({ piece }) => piece.part === undefined || !invalid.includes(piece.part));
  const done = sure.filter(({ piece, adds }) => has(structure, piece) === adds);
  const open = sure.filter(({ piece, adds }) => has(structure, piece) !== adds);
  // What SQL of the project's own makes is in no state; an index that it began is seen all the same.
  const begun = nextIsUnatomic && invalid.length === 0 ? invalidIn(structure) : [];
  const [migration] = group.pending;
  if (migration !== undefined && begun.length > 0 && done.length === 0) {
    return { state: 'half-applied', migration, done: begun.map(invalidIndex), open: [], invalid: begun };
  }
  if (next === null || done.length + invalid.length === 0) return clean;
  if (open.length + invalid.length === 0) return { state: 'applied-unrecorded', migration: next.migration };
  return {
    state: 'half-applied',
    migration: next.migration,
    done: [...worded(done), ...invalid.map(invalidIndex)],
    open: worded(open.map(({ adds, ...rest }) => ({ ...rest, adds: !adds }))),
    invalid,
  };
}

/** Where a schema is not what it must be after going back. */
export interface Disagreement {
  readonly tables: readonly string[];
  /** `table.column` of tables that are there. */
  readonly columns: readonly string[];
  /** What must be gone and is there: `table orders_order`, `column orders_order.total`. */
  readonly left: readonly string[];
}

/** Compares a schema with what it must have and with what must be gone; nothing of `gone` is in `must`. */
export function disagreementWith(must: Promised, gone: Promised, structure: Structure): Disagreement {
  const missing = piecesOf(must, 'columns').filter((piece) => !has(structure, piece));
  const left = piecesOf(gone)
    .filter(({ table, part }) => part !== undefined || must.columns[table] === undefined)
    .filter((piece) => has(structure, piece));
  return {
    tables: missing.filter(({ part }) => part === undefined).map(({ table }) => table),
    columns: missing
      .filter(({ table, part }) => part !== undefined && structure.tables.has(table))
      .map(({ table, part }) => `${table}.${part}`),
    left: worded(left.map((piece) => ({ piece, name: nameOf(piece), adds: true }))),
  };
}

function ofKind(
  expectations: readonly Expectation[],
  { kind, tenantType }: SchemaKind,
): Promised | undefined {
  return expectations.find((one) => one.kind === kind && one.tenantType === tenantType);
}

/** A table (without part), a column of one, or an index or constraint on one. */
interface Piece {
  readonly table: string;
  readonly part?: string;
  readonly what: 'table' | 'column' | 'index or constraint';
}

function piecesOf({ columns, named }: Promised, only?: 'columns'): Piece[] {
  return [
    ...Object.entries(columns).flatMap(([table, parts]): Piece[] => [
      { table, what: 'table' },
      ...parts.map((part): Piece => ({ table, part, what: 'column' })),
    ]),
    ...(only === undefined
      ? Object.entries(named).flatMap(([table, parts]) =>
          parts.map((part): Piece => ({ table, part, what: 'index or constraint' })),
        )
      : []),
  ];
}

const nameOf = ({ what, table, part }: Piece) => `${what} ${table}${part === undefined ? '' : `.${part}`}`;

interface Step {
  readonly piece: Piece;
  readonly name: string;
  /** False: the migration takes it away. */
  readonly adds: boolean;
}

/** What leads from one to the other. */
function differencesOf(now: Promised, then: Promised): Step[] {
  const [before, after] = [piecesOf(now), piecesOf(then)];
  const [known, wanted] = [new Set(before.map(nameOf)), new Set(after.map(nameOf))];
  const steps = (pieces: readonly Piece[], other: ReadonlySet<string>, adds: boolean): Step[] =>
    pieces.flatMap((piece) => (other.has(nameOf(piece)) ? [] : [{ piece, name: nameOf(piece), adds }]));
  return [...steps(after, known, true), ...steps(before, wanted, false)];
}

function has({ tables }: Structure, { table, part, what }: Piece): boolean {
  const found = tables.get(table);
  if (found === undefined || part === undefined) return found !== undefined;
  if (what === 'column') return found.columns.some(({ name }) => name === part);
  return [...found.indexes, ...found.constraints].some(({ name }) => name === part);
}

const invalidIndex = (name: string) => `invalid index ${name}`;

function invalidIn({ tables }: Structure): string[] {
  return [...tables.values()].flatMap(({ indexes }) =>
    indexes.filter(({ valid }) => !valid).map(({ name }) => name),
  );
}

/** Indexes that the migration makes, and that PostgreSQL began and does not use. */
function invalidAmong(steps: readonly Step[], { tables }: Structure): string[] {
  return steps.flatMap(({ piece: { what, table, part }, adds }) => {
    if (!adds || part === undefined || what === 'column') return [];
    const index = tables.get(table)?.indexes.find(({ name }) => name === part);
    return index?.valid === false ? [part] : [];
  });
}

/** As a person would say it: what belongs to a table that comes or goes as a whole is not told. */
function worded(steps: readonly Step[]): string[] {
  const whole = new Set(steps.filter(({ piece }) => piece.what === 'table').map(({ piece }) => piece.table));
  return steps
    .filter(({ piece }) => piece.what === 'table' || !whole.has(piece.table))
    .map(({ piece: { what, table, part }, adds }) => {
      const name = what === 'column' ? `${table}.${part}` : (part ?? table);
      return `${adds ? '' : 'no '}${what} ${name}`;
    });
}
