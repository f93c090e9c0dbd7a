import type { Discovery, LedgerGroup, MigrationFacts, Tenant } from '../../src/django/discovery.ts';
import { exampleDiscovery, exampleGroup } from '../../src/migrations/example.ts';

/** A small project as discover.py would tell it: three tenants, all at head. Tests change what they are about. */
export function discovered(changes: Partial<Discovery> = {}): Discovery {
  const example = exampleDiscovery();
  return {
    ...example,
    tenantModel: {
      ...example.tenantModel,
      fields: [
        field({ name: 'id', type: 'BigAutoField', required: false, madeByDjango: true }),
        field({ name: 'schema_name', maxLength: 63, unique: true }),
        field({ name: 'name', maxLength: 100 }),
        field({ name: 'plan', required: false, hasDefault: true, choices: ['free', 'team'] }),
        field({ name: 'owner', type: 'ForeignKey', required: false, relatedTo: 'auth.User' }),
      ],
    },
    commands: ['create_super_tenant', 'migrate_schemas'],
    leaves: ['orders.0002_total'],
    kinds: [
      {
        kind: 'shared',
        tenantType: null,
        apps: ['customers'],
        tables: ['customers_customer'],
        columns: { customers_customer: ['id', 'schema_name'] },
        owners: { customers_customer: 'customers' },
      },
      {
        kind: 'tenant',
        tenantType: null,
        apps: ['orders'],
        tables: ['orders_line', 'orders_order'],
        columns: { orders_line: ['id', 'order_id'], orders_order: ['id', 'total'] },
        owners: { orders_line: 'orders', orders_order: 'orders' },
      },
    ],
    tenants: ['public', 'acme', 'beta', 'zeta'].map(tenant),
    schemasWithLedger: ['acme', 'beta', 'public', 'zeta'],
    groups: [group(['public', 'acme', 'beta', 'zeta'])],
    ...changes,
  };
}

export function tenant(schema: string): Tenant {
  return { pk: schema, schema, tenantType: null, primaryDomain: `${schema}.example`, domains: [] };
}

export function group(schemas: string[], changes: Partial<LedgerGroup> = {}): LedgerGroup {
  return exampleGroup(schemas, { expects: [], ...changes });
}

/** A migration that runs in tenants and is harmless. */
export function migration(label: string, changes: Partial<MigrationFacts> = {}): MigrationFacts {
  return {
    migration: label,
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

type Field = Discovery['tenantModel']['fields'][number];

export function field(changes: Partial<Field> & { name: string }): Field {
  return {
    type: 'CharField',
    required: true,
    madeByDjango: false,
    hasDefault: false,
    default: null,
    unique: false,
    maxLength: null,
    choices: null,
    relatedTo: null,
    ...changes,
  };
}
