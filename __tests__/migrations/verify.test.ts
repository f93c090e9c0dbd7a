import { expect, test } from '@jest/globals';

import type { Discovery } from '../../src/django/discovery.ts';
import { judge, proofSentence } from '../../src/migrations/verify.ts';
import { discovered, group, tenant } from './discovered.ts';

const orders = ['orders_line', 'orders_order'];

function existing(changes: Record<string, string[]> = {}): Map<string, ReadonlySet<string>> {
  const tables = { public: ['customers_customer'], acme: orders, beta: orders, zeta: orders, ...changes };
  return new Map(Object.entries(tables).map(([schema, names]) => [schema, new Set(names)]));
}

test('all tables are there, others besides do not matter', () => {
  const proof = judge(discovered(), existing({ acme: [...orders, 'left_over'] }));
  expect(proof).toMatchObject({ schemas: 4, tables: [2], incomplete: [] });
  expect(proof.failure).toBeUndefined();
  expect(proofSentence(proof)).toBe('3 tenants have all 2 tables, the shared schema has its own');
});

test.each<{ discovery: Discovery; tables: ReturnType<typeof existing>; code: string }>`
  what                               | discovery                                                                                                           | tables                                  | code
  ${'a table is missing'}            | ${discovered()}                                                                                                     | ${existing({ beta: ['orders_order'] })} | ${'tenant-tables-missing'}
  ${'a shared table is missing'}     | ${discovered()}                                                                                                     | ${existing({ public: [] })}             | ${'tenant-tables-missing'}
  ${'a schema is not in the answer'} | ${discovered()}                                                                                                     | ${new Map()}                            | ${'tenant-tables-missing'}
  ${'a migration is pending'}        | ${discovered({ groups: [group(['public', 'acme', 'beta']), group(['zeta'], { pending: ['orders.0002_total'] })] })} | ${existing()}                           | ${'migrations-left-pending'}
  ${'a schema cannot be read'}       | ${discovered({ unreadable: [{ schema: 'beta', reason: 'no USAGE' }] })}                                             | ${existing()}                           | ${'schema-unreadable'}
  ${'a tenant has no schema'}        | ${discovered({ withoutSchema: ['beta'] })}                                                                          | ${existing()}                           | ${'tenant-without-schema'}
  ${'the tenants could not be read'} | ${discovered({ tenants: [tenant('public')], tenantsUnread: 'no-table' })}                                           | ${existing()}                           | ${'tenants-unreadable'}
  ${'a type that nobody knows'}      | ${discovered({ tenants: [{ ...tenant('acme'), tenantType: 'fort' }] })}                                             | ${existing()}                           | ${'tenant-type-unknown'}
`('$what: no proof', ({ discovery, tables, code }) => {
  expect(judge(discovery, tables).failure?.code).toBe(code);
});

test('the sentence counts, names the first and keeps the rest as evidence', () => {
  const proof = judge(discovered(), existing({ acme: ['orders_order'], zeta: [] }));
  expect(proof.incomplete).toEqual([
    { schema: 'acme', missing: ['orders_line'] },
    { schema: 'zeta', missing: orders },
  ]);
  expect(proof.failure?.message).toBe(
    '2 schemas lack tables — acme has no orders_line and zeta has no orders_line and orders_order',
  );
  expect(proof.failure?.evidence).toBe('acme: orders_line\nzeta: orders_line, orders_order');
});

test('each type of tenant has tables of its own', () => {
  const discovery = discovered({
    kinds: [
      { kind: 'shared', tenantType: null, apps: [], tables: [], columns: {}, owners: {} },
      { kind: 'tenant', tenantType: 'farm', apps: [], tables: ['field'], columns: {}, owners: {} },
      { kind: 'tenant', tenantType: 'flat', apps: [], tables: ['lease', 'key'], columns: {}, owners: {} },
    ],
    tenants: [
      { ...tenant('acme'), tenantType: 'farm' },
      { ...tenant('beta'), tenantType: 'flat' },
    ],
  });
  const proof = judge(discovery, existing({ acme: ['field'], beta: ['field'] }));
  expect(proof.incomplete).toEqual([{ schema: 'beta', missing: ['lease', 'key'] }]);
});
