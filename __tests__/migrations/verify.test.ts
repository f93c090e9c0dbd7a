import { expect, test } from '@jest/globals';

import type { StructureGroup } from '../../src/database/structure.ts';
import type { Discovery } from '../../src/django/discovery.ts';
import { judge, proofSentence } from '../../src/migrations/verify.ts';
import { discovered, group, tenant } from './discovered.ts';
import { structures } from './tables-in-words.ts';

const shared = { customers_customer: 'id schema_name' };
const orders = { orders_line: 'id order_id', orders_order: 'id total / orders_total_ix' };

function existing(changes: Record<string, Record<string, string>> = {}): StructureGroup[] {
  return structures({ public: shared, acme: orders, beta: orders, zeta: orders, ...changes });
}

test('all tables and columns are there', () => {
  const proof = judge(discovered(), existing());
  expect(proof).toMatchObject({ schemas: 4, tables: [2], columns: [4], incomplete: [], invalidIndexes: [] });
  expect(proof.failure).toBeUndefined();
  expect(proofSentence(proof)).toBe('3 tenants have all 2 tables and 4 columns');
});

test('what a tenant has besides is told and stops nothing', () => {
  const proof = judge(discovered(), existing({ acme: { ...orders, left_over: 'id' } }));
  expect(proof.failure).toBeUndefined();
  expect(proofSentence(proof)).toBe(
    '3 tenants have all 2 tables and 4 columns; 1 differs: acme has a table that others do not have: left_over',
  );
});

test.each<{ discovery: Discovery; found: StructureGroup[]; code: string }>`
  what                               | discovery                                                                                                           | found                                                                                  | code
  ${'a table is missing'}            | ${discovered()}                                                                                                     | ${existing({ beta: { orders_order: 'id total' } })}                                    | ${'tenant-tables-missing'}
  ${'a column is missing'}           | ${discovered()}                                                                                                     | ${existing({ beta: { ...orders, orders_order: 'id' } })}                               | ${'tenant-tables-missing'}
  ${'a shared table is missing'}     | ${discovered()}                                                                                                     | ${existing({ public: {} })}                                                            | ${'tenant-tables-missing'}
  ${'a schema is not in the answer'} | ${discovered()}                                                                                                     | ${structures({ public: shared, acme: orders, beta: orders })}                          | ${'tenant-tables-missing'}
  ${'nothing is in the answer'}      | ${discovered()}                                                                                                     | ${[]}                                                                                  | ${'tenant-tables-missing'}
  ${'an index is invalid'}           | ${discovered()}                                                                                                     | ${existing({ beta: { ...orders, orders_order: 'id total / orders_total_ix!' } })}      | ${'invalid-index'}
  ${'a shared index is invalid'}     | ${discovered()}                                                                                                     | ${existing({ public: { customers_customer: 'id schema_name / customers_name_ix!' } })} | ${'invalid-index'}
  ${'a migration is pending'}        | ${discovered({ groups: [group(['public', 'acme', 'beta']), group(['zeta'], { pending: ['orders.0002_total'] })] })} | ${existing()}                                                                          | ${'migrations-left-pending'}
  ${'a schema cannot be read'}       | ${discovered({ unreadable: [{ schema: 'beta', reason: 'no USAGE' }] })}                                             | ${existing()}                                                                          | ${'schema-unreadable'}
  ${'a tenant has no schema'}        | ${discovered({ withoutSchema: ['beta'] })}                                                                          | ${existing()}                                                                          | ${'tenant-without-schema'}
  ${'the tenants could not be read'} | ${discovered({ tenants: [tenant('public')], tenantsUnread: 'no-table' })}                                           | ${existing()}                                                                          | ${'tenants-unreadable'}
  ${'a type that nobody knows'}      | ${discovered({ tenants: [{ ...tenant('acme'), tenantType: 'fort' }] })}                                             | ${existing()}                                                                          | ${'tenant-type-unknown'}
`('$what: no proof', ({ discovery, found, code }) => {
  expect(judge(discovery, found).failure?.code).toBe(code);
});

test('the sentence counts, names the first and keeps the rest as evidence', () => {
  const proof = judge(discovered(), existing({ acme: { orders_order: 'id' }, zeta: {} }));
  expect(proof.incomplete).toEqual([
    { schema: 'acme', missing: ['orders_line'], missingColumns: ['orders_order.total'] },
    { schema: 'zeta', missing: ['orders_line', 'orders_order'], missingColumns: [] },
  ]);
  expect(proof.failure?.message).toBe(
    '2 schemas lack tables — acme has no orders_line and column orders_order.total and zeta has no orders_line and orders_order',
  );
  expect(proof.failure?.evidence).toBe(
    'acme: orders_line, orders_order.total\nzeta: orders_line, orders_order',
  );
});

test('an invalid index comes with the command that removes it, its names quoted', () => {
  const proof = judge(
    discovered({ tenants: ['public', 'Big "one"'].map(tenant), groups: [group(['public', 'Big "one"'])] }),
    structures({ public: shared, 'Big "one"': { ...orders, orders_order: 'id total / Total-ix!' } }),
  );
  expect(proof.failure?.sentence).toBe(
    'An index is invalid — Big "one": Total-ix: PostgreSQL keeps it up to date and never reads it — unless it is being built right now, remove it and make it again: DROP INDEX CONCURRENTLY "Big ""one"""."Total-ix";',
  );
});

test('an invalid index of a schema that is no tenant is nobody’s business', () => {
  const proof = judge(discovered(), existing({ elsewhere: { t: 'id / t_ix!' } }));
  expect(proof.failure).toBeUndefined();
});

test('each type of tenant has tables of its own, and a norm of its own', () => {
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
  const proof = judge(discovery, structures({ public: {}, acme: { field: '' }, beta: { lease: '' } }));
  expect(proof.incomplete).toEqual([{ schema: 'beta', missing: ['key'], missingColumns: [] }]);
  expect(proof.drift.map(({ equal, others }) => ({ equal, others }))).toEqual([
    { equal: ['acme'], others: [] },
    { equal: ['beta'], others: [] },
  ]);
  const whole = judge(
    discovery,
    structures({ public: {}, acme: { field: '' }, beta: { lease: '', key: '' } }),
  );
  expect(proofSentence(whole)).toBe('2 tenants have all tables and columns of their type');
});

test('drift that the run has made is a failure, older drift is a part of the sentence', () => {
  const lacking = { ...orders, orders_order: 'id total' };
  const discovery = discovered();
  const before = {
    fleet: discovery,
    structures: existing({ zeta: lacking }),
    migrated: new Set(['acme', 'zeta']),
  };
  const older = judge(discovery, existing({ zeta: lacking }), before);
  expect(older.failure).toBeUndefined();
  expect(proofSentence(older)).toBe(
    '3 tenants have all 2 tables and 4 columns; 1 differs: zeta lacks index orders_total_ix (since before this run)',
  );
  const made = judge(discovery, existing({ acme: lacking }), { ...before, structures: existing() });
  expect(made.failure?.code).toBe('tenant-drifted');
  expect(made.failure?.message).toBe(
    '1 tenant came out of this run otherwise than the others — acme: orders_order lacks index orders_total_ix',
  );
});
