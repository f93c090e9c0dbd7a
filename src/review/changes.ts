/** What SQL does to tables: which lock it takes, and what happens while it is held. Read from PostgreSQL's own tree. */

import type { Node, SqlParser, Statement } from './sql-parser.ts';
import { isStable, nodeOf, relationOf, strings, textAfter, typeOf } from './sql-tree.ts';

/** A table as it is named; without a schema it is the tenant's own, or one that only the shared schema has. */
export interface Relation {
  readonly schema?: string | undefined;
  readonly name: string;
}

/** PostgreSQL's names; `none`: nobody else can see the table yet, or there is none. */
export type Lock =
  | 'ACCESS EXCLUSIVE'
  | 'SHARE ROW EXCLUSIVE'
  | 'SHARE'
  | 'SHARE UPDATE EXCLUSIVE'
  | 'ROW EXCLUSIVE'
  | 'none';

/**
 * How long the lock is held: `instant`, or for as long as PostgreSQL reads the table (`scan`), builds an index
 * (`index`), writes the table anew (`rewrite`) or changes rows (`rows`). `type`: as the old type decides.
 */
export type Cost = 'instant' | 'scan' | 'index' | 'rewrite' | 'rows' | 'type' | 'unknown';

export type Deed =
  | 'create-table'
  | 'add-column'
  | 'drop-column'
  | 'alter-type'
  | 'set-default'
  | 'drop-default'
  | 'set-not-null'
  | 'add-unique'
  | 'add-check'
  | 'add-foreign-key'
  | 'create-index'
  | 'drop-table'
  | 'drop-constraint'
  | 'drop-index'
  | 'rename-column'
  | 'rename-table'
  | 'validate'
  | 'change-rows'
  | 'truncate'
  | 'create-extension'
  | 'other';

export interface Change {
  readonly does: Deed;
  readonly table: Relation;
  readonly lock: Lock;
  readonly cost: Cost;
  readonly columns: readonly string[];
  /** Of a new column, or of one that changes. */
  readonly type?: string;
  /** A new column takes no NULL. */
  readonly notNull?: boolean;
  /** A new column has a default in the database. */
  readonly hasDefault?: boolean;
  readonly concurrently?: boolean;
  readonly isUnique?: boolean;
  /** Where two NULLs count as equal. */
  readonly nullsEqual?: boolean;
  /** The condition of a CHECK, or of an index of some rows only, as it was written. */
  readonly condition?: string;
  /** It is of expressions: which rows are concerned is not known. */
  readonly hasExpressions?: boolean;
  /** Existing rows are not looked at. */
  readonly notValid?: boolean;
  /** Where a foreign key leads to. */
  readonly references?: { readonly table: Relation; readonly columns: readonly string[] };
  /** A new name, or an extension's. */
  readonly name?: string;
  /** Rows get a value where they have none in this column. */
  readonly fills?: string;
}

/** What a text of SQL does, in order. What the parser does not take is `unknown`, with its words. */
export function changesOf(sql: string, parser: SqlParser): { changes: Change[]; unreadable?: string } {
  try {
    return { changes: parser.statements(sql).flatMap((one) => changesOfStatement(one, sql)) };
  } catch (error) {
    return { changes: [], unreadable: error instanceof Error ? error.message : String(error) };
  }
}

const nowhere: Relation = { name: '' };

function changesOfStatement(statement: Statement, sql: string): Change[] {
  const { kind, node } = statement;
  const table = relationOf(node.relation);
  switch (kind) {
    case 'AlterTableStmt':
      if (node.objtype !== 'OBJECT_TABLE') return [];
      return (node.cmds as Node[]).flatMap((one) => alteration(nodeOf(one), table, sql));
    case 'CreateStmt':
      return creation(node, table);
    case 'IndexStmt':
      return [index(node, table, statement)];
    case 'DropStmt':
      return dropping(node);
    case 'RenameStmt':
      return renaming(node, table);
    case 'UpdateStmt':
    case 'DeleteStmt':
    case 'InsertStmt':
      return [
        {
          ...on(table, 'change-rows', 'ROW EXCLUSIVE', kind === 'InsertStmt' ? 'instant' : 'rows'),
          ...filling(node),
        },
      ];
    case 'TruncateStmt':
      return (node.relations as Node[]).map((one) =>
        on(relationOf(one.RangeVar), 'truncate', 'ACCESS EXCLUSIVE', 'instant'),
      );
    case 'CreateExtensionStmt':
      return [{ ...on(nowhere, 'create-extension', 'none', 'instant'), name: String(node.extname) }];
    case 'VacuumStmt':
    case 'ClusterStmt':
    case 'ReindexStmt':
      return [on(table, 'other', 'ACCESS EXCLUSIVE', 'rewrite')];
    case 'DoStmt':
    case 'SelectStmt':
    case 'CallStmt':
      return [on(nowhere, 'other', 'none', 'unknown')];
    default:
      return [];
  }
}

function on(table: Relation, does: Deed, lock: Lock, cost: Cost, columns: readonly string[] = []): Change {
  return { does, table, lock, cost, columns };
}

function alteration(command: Node, table: Relation, sql: string): Change[] {
  const column = String(command.name ?? '');
  const exclusive = (does: Deed, cost: Cost = 'instant') =>
    on(table, does, 'ACCESS EXCLUSIVE', cost, [column]);
  switch (command.subtype) {
    case 'AT_AddColumn':
      return newColumn(nodeOf(command.def), table, sql);
    case 'AT_DropColumn':
      return [exclusive('drop-column')];
    case 'AT_AlterColumnType':
      return [{ ...exclusive('alter-type', 'type'), type: typeOf(nodeOf(command.def).typeName) }];
    case 'AT_ColumnDefault':
      return [exclusive(command.def === undefined ? 'drop-default' : 'set-default')];
    case 'AT_SetNotNull':
      return [exclusive('set-not-null', 'scan')];
    case 'AT_AddConstraint':
      return [constraint(nodeOf(command.def), table, sql)];
    case 'AT_DropConstraint':
      return [exclusive('drop-constraint')];
    case 'AT_ValidateConstraint':
      return [{ ...exclusive('validate', 'scan'), lock: 'SHARE UPDATE EXCLUSIVE' }];
    case 'AT_AddIdentity':
      return [exclusive('other')];
    case 'AT_SetLogged':
    case 'AT_SetUnLogged':
    case 'AT_SetAccessMethod':
    case 'AT_SetTableSpace':
      return [exclusive('other', 'rewrite')];
    default:
      return [exclusive('other')];
  }
}

function newColumn(definition: Node, table: Relation, sql: string): Change[] {
  const name = String(definition.colname);
  const constraints = ((definition.constraints as Node[] | undefined) ?? []).map(nodeOf);
  const of = (...types: string[]) => constraints.find(({ contype }) => types.includes(String(contype)));
  const preset = of('CONSTR_DEFAULT');
  const generated = of('CONSTR_GENERATED', 'CONSTR_IDENTITY');
  const type = typeOf(definition.typeName);
  const isSerial = /^(small|big)?serial\d?$/.test(type);
  const rewrites =
    generated !== undefined || isSerial || (preset !== undefined && !isStable(preset.raw_expr));
  return [
    {
      ...on(table, 'add-column', 'ACCESS EXCLUSIVE', rewrites ? 'rewrite' : 'instant', [name]),
      type,
      notNull: of('CONSTR_NOTNULL', 'CONSTR_PRIMARY') !== undefined,
      hasDefault: preset !== undefined || generated !== undefined || isSerial,
    },
    ...constraints
      .filter(({ contype }) =>
        ['CONSTR_UNIQUE', 'CONSTR_PRIMARY', 'CONSTR_CHECK', 'CONSTR_FOREIGN'].includes(String(contype)),
      )
      .map((one) => constraint({ ...one, keys: [name], fk_attrs: [name] }, table, sql)),
  ];
}

/** `keys` and `fk_attrs` are nodes, or names already. */
function constraint(node: Node, table: Relation, sql: string): Change {
  const names = (value: unknown) =>
    ((value as unknown[] | undefined) ?? []).every((one) => typeof one === 'string')
      ? ((value as string[] | undefined) ?? [])
      : strings(value);
  const notValid = node.skip_validation === true;
  switch (node.contype) {
    case 'CONSTR_CHECK':
      return {
        ...on(table, 'add-check', 'ACCESS EXCLUSIVE', notValid ? 'instant' : 'scan'),
        condition: textAfter(sql, Number(node.location), /CHECK\s*(?=\()/i),
        notValid,
      };
    case 'CONSTR_FOREIGN':
      return {
        ...on(
          table,
          'add-foreign-key',
          'SHARE ROW EXCLUSIVE',
          notValid ? 'instant' : 'scan',
          names(node.fk_attrs),
        ),
        references: { table: relationOf(node.pktable), columns: strings(node.pk_attrs) },
        notValid,
      };
    case 'CONSTR_UNIQUE':
    case 'CONSTR_PRIMARY':
      return {
        ...on(
          table,
          'add-unique',
          'ACCESS EXCLUSIVE',
          node.indexname === undefined ? 'index' : 'instant',
          names(node.keys),
        ),
        nullsEqual: node.nulls_not_distinct === true,
        notValid: node.indexname !== undefined,
      };
    default:
      return on(table, 'other', 'ACCESS EXCLUSIVE', 'index');
  }
}

function creation(node: Node, table: Relation): Change[] {
  const elements = ((node.tableElts as Node[] | undefined) ?? []).map(nodeOf);
  const all = elements.flatMap((one) => [
    one,
    ...((one.constraints as Node[] | undefined) ?? []).map(nodeOf),
  ]);
  return [
    on(table, 'create-table', 'none', 'instant'),
    ...all
      .filter(({ contype }) => contype === 'CONSTR_FOREIGN')
      .map((one) => ({
        ...on(table, 'add-foreign-key', 'SHARE ROW EXCLUSIVE', 'instant', strings(one.fk_attrs)),
        references: { table: relationOf(one.pktable), columns: strings(one.pk_attrs) },
        notValid: true,
      })),
  ];
}

function index(node: Node, table: Relation, { text }: Statement): Change {
  const elements = (node.indexParams as Node[]).map(nodeOf);
  const concurrently = node.concurrent === true;
  const where = node.whereClause === undefined ? undefined : /\sWHERE\s+(.+)$/is.exec(text)?.[1];
  return {
    ...on(
      table,
      'create-index',
      concurrently ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE',
      'index',
      elements.flatMap(({ name }) => (typeof name === 'string' ? [name] : [])),
    ),
    concurrently,
    isUnique: node.unique === true,
    nullsEqual: node.nulls_not_distinct === true,
    hasExpressions: elements.some(({ expr }) => expr !== undefined),
    ...(where === undefined ? {} : { condition: where }),
  };
}

function dropping({ removeType, objects, concurrent }: Node): Change[] {
  const does =
    removeType === 'OBJECT_TABLE' ? 'drop-table' : removeType === 'OBJECT_INDEX' ? 'drop-index' : 'other';
  if (does === 'other') return [];
  return (objects as Node[]).map((one) => {
    const names = strings(nodeOf(one).items);
    const table = { name: names.at(-1) ?? '', ...(names.length > 1 ? { schema: names.at(-2) } : {}) };
    const lock = concurrent === true ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE';
    return { ...on(table, does, lock, 'instant'), concurrently: concurrent === true };
  });
}

function renaming({ renameType, subname, newname }: Node, table: Relation): Change[] {
  const does = { OBJECT_COLUMN: 'rename-column', OBJECT_TABLE: 'rename-table' }[String(renameType)];
  if (does === undefined) return [];
  const columns = subname === undefined ? [] : [String(subname)];
  return [{ ...on(table, does as Deed, 'ACCESS EXCLUSIVE', 'instant', columns), name: String(newname) }];
}

/** `UPDATE … SET c = … WHERE c IS NULL`. */
function filling({ targetList, whereClause }: Node): { readonly fills?: string } {
  const test = whereClause as { NullTest?: { nulltesttype?: string } } | undefined;
  if (test?.NullTest?.nulltesttype !== 'IS_NULL') return {};
  const [target] = ((targetList as Node[] | undefined) ?? []).map(nodeOf);
  return target === undefined ? {} : { fills: String(target.name) };
}
