import type { Structure, StructureGroup, StructureTable } from '../database/structure.ts';
import type { Discovery, LedgerGroup, MigrationFacts, SchemaKind } from '../django/discovery.ts';

/** A small fleet as discovery would tell it, for the sentences in the documents: acme, beta and zeta, all at head. */

const tenantKind: SchemaKind = {
  kind: 'tenant',
  tenantType: null,
  apps: ['finance', 'orders'],
  tables: ['auth_user', 'finance_invoice', 'orders_order'],
  columns: { auth_user: ['id'], finance_invoice: ['id'], orders_order: ['id', 'total'] },
  owners: { auth_user: 'auth', finance_invoice: 'finance', orders_order: 'orders' },
};

const sharedKind: SchemaKind = {
  kind: 'shared',
  tenantType: null,
  apps: ['customers'],
  tables: ['auth_user', 'customers_customer'],
  columns: { auth_user: ['id'], customers_customer: ['id', 'schema_name'] },
  owners: { auth_user: 'auth', customers_customer: 'customers' },
};

const names = ['acme', 'beta', 'zeta'];

/** All ledgers that are not in one of the groups are at head. */
export function exampleDiscovery({ groups = [], ...changes }: Partial<Discovery> = {}): Discovery {
  const told = new Set(groups.flatMap(({ schemas }) => schemas));
  const rest = ['public', ...names].filter((schema) => !told.has(schema));
  return {
    versions: { django: '5.2', djangoTenants: '4.0', psycopg: '3.3' },
    database: {
      alias: 'default',
      settings: {
        engine: 'django_tenants.postgresql_backend',
        host: 'db.internal',
        port: '5432',
        name: 'shop',
      },
      timeouts: {
        lock: { milliseconds: 5_000, source: 'client' },
        statement: { milliseconds: 0, source: 'default' },
        options: null,
      },
      identity: { oid: '1', name: 'shop', role: 'shop', serverStarted: '' },
    },
    publicSchema: 'public',
    multiType: null,
    tenantModel: {
      name: 'customers.Customer',
      table: 'customers_customer',
      fields: [],
      autoCreateSchema: true,
      autoDropSchema: false,
      cloneMode: 'DATA',
    },
    domainModel: { name: 'customers.Domain', table: 'customers_domain', fields: [] },
    commands: [],
    leaves: [],
    conflicts: [],
    dependents: {},
    kinds: [sharedKind, tenantKind],
    appsWithoutMigrations: [],
    tenantsUnread: null,
    hiddenTenants: [],
    tenants: names.map((schema) => ({
      pk: schema,
      schema,
      tenantType: null,
      primaryDomain: null,
      domains: [],
    })),
    schemasWithLedger: ['public', ...names],
    migrations: [],
    ghosts: [],
    orphans: [],
    templates: [],
    sql: [],
    duplicates: [],
    postMigrate: { otherReceivers: [], lacking: [] },
    particulars: {
      extraSearchPaths: [],
      baseMigrateCommand: null,
      executorFunction: null,
      extraSetTenantMethod: null,
      limitSetCalls: false,
    },
    withoutSchema: [],
    unreadable: [],
    ...changes,
    groups: [...groups, ...(rest.length === 0 ? [] : [exampleGroup(rest)])],
  };
}

/** Schemas whose ledgers are equal, and by these at head unless something else is said. */
export function exampleGroup(schemas: string[], changes: Partial<LedgerGroup> = {}): LedgerGroup {
  return {
    ledger: true,
    id: schemas.join(),
    schemas,
    pending: [],
    bookkeeping: [],
    ghosts: [],
    inconsistent: null,
    expects: [
      { ...sharedKind, named: {} },
      { ...tenantKind, named: {} },
    ],
    afterNext: null,
    partialSquashes: [],
    ...changes,
  };
}

/** A migration that runs in tenants. */
export function exampleMigration(migration: string, changes: Partial<MigrationFacts> = {}): MigrationFacts {
  return {
    migration,
    atomic: true,
    reversible: true,
    operations: [],
    runsIn: [{ kind: 'tenant', tenantType: null }],
    tables: [],
    touchesShared: [],
    keepsOldCode: 'yes',
    oldCodeReason: '',
    ...changes,
  };
}

/** What the catalogue says about them. @param changed the structures of some, in place of that of their kind */
export function exampleStructures(
  changed: Readonly<Record<string, Readonly<Record<string, Partial<StructureTable>>>>> = {},
): StructureGroup[] {
  const alike = names.filter((schema) => changed[schema] === undefined);
  return [
    { id: 'tenants', schemas: alike, structure: structureOf(tenantKind.columns) },
    { id: 'public', schemas: ['public'], structure: structureOf(sharedKind.columns) },
    ...Object.entries(changed).map(([schema, tables]) => ({
      id: schema,
      schemas: [schema],
      structure: withTables(structureOf(tenantKind.columns, Object.keys(tables)), tables),
    })),
  ];
}

/** @param except tables that are left out */
function structureOf(columns: SchemaKind['columns'], except: readonly string[] = []): Structure {
  const tables = Object.entries(columns).filter(([table]) => !except.includes(table));
  return { tables: new Map(tables.map(([table, of]) => [table, exampleTable(of)])), others: [] };
}

/** A table is replaced by what is said about it; by nothing where nothing is said. */
function withTables(
  { tables, others }: Structure,
  changed: Readonly<Record<string, Partial<StructureTable>>>,
): Structure {
  const told = Object.entries(changed).filter(([, table]) => Object.keys(table).length > 0);
  return {
    others,
    tables: new Map([
      ...tables,
      ...told.map(([name, table]): [string, StructureTable] => [
        name,
        { ...exampleTable(tenantKind.columns[name] ?? []), ...table },
      ]),
    ]),
  };
}

function exampleTable(columns: readonly string[]): StructureTable {
  return { columns: columns.map(exampleColumn), constraints: [], indexes: [] };
}

export function exampleColumn(name: string): StructureTable['columns'][number] {
  return { name, type: 'bigint', notNull: true, value: undefined };
}
