import { describe, expect, test } from '@jest/globals';

import type { Discovery } from '../../src/django/discovery.ts';
import {
  locksOnShared,
  notices,
  notRecorded,
  planMigrations,
  refusals,
  troubles,
} from '../../src/migrations/plan.ts';
import { planLines, planSentence } from '../../src/migrations/plan-text.ts';
import { discovered, group, migration, tenant } from './discovered.ts';
import { structured } from './structures.ts';

const behind = discovered({
  groups: [
    group(['public', 'acme']),
    group(['beta'], { pending: ['orders.0002_total'] }),
    group(['zeta'], { pending: ['orders.0001_initial', 'orders.0002_total'], ledger: false }),
  ],
});

describe('the plan as a sentence', () => {
  test.each<{ discovery: Discovery; sentence: string }>`
    discovery                                                                                                                | sentence
    ${discovered()}                                                                                                          | ${'3 tenants: 3 up to date'}
    ${behind}                                                                                                                | ${'3 tenants: 1 up to date, 1 needs 1 migration, 1 needs 2 migrations'}
    ${discovered({ tenants: [tenant('public')] })}                                                                           | ${'no tenants'}
    ${discovered({ tenants: [], tenantsUnread: 'no-table' })}                                                                | ${'no tenants yet: the shared schema comes first'}
    ${discovered({ tenants: [], tenantsUnread: 'column "plan" does not exist' })}                                            | ${'the tenants are known once the shared schema is migrated'}
    ${discovered({ groups: [group(['public', 'acme', 'beta'])], withoutSchema: ['zeta'] })}                                  | ${'3 tenants: 2 up to date, 1 has no schema'}
    ${discovered({ groups: [group(['public', 'acme', 'beta'])], unreadable: [{ schema: 'zeta', reason: 'no USAGE' }] })}     | ${'3 tenants: 2 up to date, 1 cannot be read'}
    ${discovered({ groups: [group(['public', 'acme', 'beta']), group(['zeta'], { inconsistent: 'child before parent' })] })} | ${'3 tenants: 2 up to date, 1 with an inconsistent history'}
  `('$sentence', ({ discovery, sentence }) => {
    expect(planSentence(planMigrations(discovery))).toBe(sentence);
  });
});

test('the whole plan has a line for each group of tenants that need the same', () => {
  const discovery = discovered({
    groups: [
      group(['public'], { pending: ['customers.0002_plan'] }),
      group(['acme', 'beta'], { pending: ['orders.0002_total'] }),
      group(['zeta'], { pending: ['orders.0001_initial', 'orders.0002_total'] }),
    ],
  });
  expect(planLines(planMigrations(discovery))).toEqual([
    'public (shared): customers.0002_plan',
    '2 tenants (acme and beta): orders.0002_total',
    '1 tenant (zeta): orders.0001_initial, orders.0002_total',
  ]);
});

test('what only writes rows, what locks shared tables and what cannot be taken back is said', () => {
  const discovery = discovered({
    groups: [
      group(['public'], { pending: ['customers.0002_plan'] }),
      group(['acme'], { pending: ['customers.0002_plan'] }),
      group(['beta'], { bookkeeping: ['orders.0001_squashed_0002'] }),
      group(['zeta'], { pending: ['customers.0002_plan', 'orders.0003_note'] }),
    ],
    migrations: [
      migration('customers.0002_plan', { runsIn: [{ kind: 'shared', tenantType: null }] }),
      migration('orders.0003_note', {
        atomic: false,
        reversible: false,
        touchesShared: ['customers_plan'],
        keepsOldCode: 'no',
        oldCodeReason: 'order.note is removed, which the old code reads',
      }),
    ],
    templates: [
      { schema: 'pattern', tenantType: null, exists: true, pending: ['orders.0003_note'], unknown: null },
    ],
  });
  const plan = planMigrations(discovery);
  expect(planSentence(plan)).toBe(
    '3 tenants: 1 needs 2 migrations, 1 needs only a row in the ledger, 1 needs only the squash row',
  );
  expect(planLines(plan)).toEqual([
    'public (shared): customers.0002_plan',
    'pattern (template): orders.0003_note',
    '1 tenant (acme): customers.0002_plan (row only)',
    '1 tenant (beta): only the squash row orders.0001_squashed_0002',
    '1 tenant (zeta): customers.0002_plan (row only), orders.0003_note',
    'locks public.customers_plan for writes: one worker (orders.0003_note)',
    'cannot be rolled back: orders.0003_note',
    'not in a transaction, so that half of it may stay when it fails: orders.0003_note',
    'the old code does not go on working after it: orders.0003_note (order.note is removed, which the old code reads)',
    'the template pattern is 1 migration behind: a tenant copied from it would have them recorded and not made',
  ]);
  expect([...locksOnShared(plan)]).toEqual([['customers_plan', ['orders.0003_note']]]);
});

test('shared tables that no tenant is going to lock are not mentioned', () => {
  const plan = planMigrations(
    discovered({
      groups: [group(['public'], { pending: ['orders.0003_note'] }), group(['acme', 'beta', 'zeta'])],
      migrations: [migration('orders.0003_note', { touchesShared: ['customers_plan'] })],
    }),
  );
  expect([...locksOnShared(plan)]).toEqual([]);
});

test('a squashed migration whose row is missing counts as work: Django writes the row', () => {
  const discovery = discovered({
    groups: [group(['public', 'acme', 'beta', 'zeta'], { bookkeeping: ['orders.0001_squashed_0002'] })],
  });
  const plan = planMigrations(discovery);
  expect(plan.tenants[0]?.pending).toEqual(['orders.0001_squashed_0002']);
});

test('tenants keep the project’s order of migration', () => {
  const discovery = discovered({ tenants: ['zeta', 'public', 'acme'].map(tenant) });
  expect(planMigrations(discovery).tenants.map(({ schema }) => schema)).toEqual(['zeta', 'acme']);
});

const newer = { migration: 'orders.0009_later', newer: true, looksLike: null };
const renamed = { migration: 'orders.0002_sum', newer: false, looksLike: 'orders.0003_sum' };

describe('what stands in the way of the whole project', () => {
  test.each<{ changes: Partial<Discovery>; code: string[] }>`
    changes                                                                                                    | code
    ${{}}                                                                                                      | ${[]}
    ${{ conflicts: [{ app: 'orders', leaves: ['0002_a', '0002_b'] }] }}                                        | ${['migrations-conflict']}
    ${{ withoutSchema: ['public'] }}                                                                           | ${['shared-schema-missing']}
    ${{ unreadable: [{ schema: 'public', reason: 'x' }] }}                                                     | ${['schema-unreadable']}
    ${{ groups: [group(['public'], { inconsistent: 'child before parent' })] }}                                | ${['migration-history-inconsistent']}
    ${{ withoutSchema: ['beta'], unreadable: [{ schema: 'zeta', reason: 'x' }] }}                              | ${[]}
    ${{ groups: [group(['acme'], { ghosts: ['orders.0009_later'] })], ghosts: [newer] }}                       | ${['code-older-than-database']}
    ${{ groups: [group(['acme'], { ghosts: ['orders.0002_sum'] })], ghosts: [renamed] }}                       | ${['migration-renamed']}
    ${{ groups: [group(['acme'], { ghosts: ['orders.0002_x'] })], ghosts: [{ ...renamed, looksLike: null }] }} | ${[]}
  `('$code', ({ changes, code }) => {
    expect(refusals(planMigrations(discovered(changes))).map((refusal) => refusal.code)).toEqual(code);
  });

  test('unknown migrations can be allowed', () => {
    const plan = planMigrations(
      discovered({
        groups: [group(['acme', 'beta'], { ghosts: ['orders.0009_later', 'orders.0002_sum'] })],
        ghosts: [newer, renamed],
      }),
    );
    expect(refusals(plan).map(({ sentence }) => sentence)).toEqual([
      'The database has 1 migration that this code does not know — orders.0009_later (2 schemas): an older commit may be on its way — deploy the commit that made it, or set allow-unknown-migrations: true; nothing was changed',
      '1 recorded migration has no file any more — orders.0002_sum is recorded in 2 schemas, and the pending orders.0003_sum looks the same: renaming an applied migration runs it again — give it its old name back, or set allow-unknown-migrations: true; nothing was changed',
    ]);
    expect(refusals(plan, '', { allowUnknownMigrations: true })).toEqual([]);
  });

  test('the sentence ends in what has been changed so far', () => {
    const plan = planMigrations(discovered({ withoutSchema: ['public'] }));
    expect(refusals(plan)[0]?.sentence).toMatch(/; nothing was changed$/);
    expect(refusals(plan, 'half is done')[0]?.sentence).toMatch(/; half is done$/);
  });
});

const tables = { orders_line: ['id', 'order_id'], orders_order: ['id', 'total'] };

describe('what stands in the way of single tenants', () => {
  test.each<{ what: string; changes: Partial<Discovery>; troubled: string[] }>`
    what                         | changes                                                                                                                       | troubled
    ${'no schema'}               | ${{ withoutSchema: ['beta', 'public'] }}                                                                                      | ${['beta tenant-without-schema']}
    ${'no rights'}               | ${{ unreadable: [{ schema: 'beta', reason: 'no USAGE' }] }}                                                                   | ${['beta schema-unreadable']}
    ${'no order in its history'} | ${{ groups: [group(['public', 'acme'], { inconsistent: 'child before parent' })] }}                                           | ${['acme migration-history-inconsistent']}
    ${'a type nobody knows'}     | ${{ tenants: [{ ...tenant('acme'), tenantType: 'fort' }, tenant('beta')] }}                                                   | ${['acme tenant-type-unknown']}
    ${'a squash without files'}  | ${{ groups: [group(['zeta'], { partialSquashes: [{ squash: 's', applied: 1, of: 2, missing: ['x'], gone: ['x'] }] })] }}      | ${['zeta squash-partly-applied']}
    ${'a squash with its files'} | ${{ groups: [group(['acme', 'zeta'], { partialSquashes: [{ squash: 's', applied: 1, of: 2, missing: ['x'], gone: [] }] })] }} | ${[]}
    ${'several things at once'}  | ${{ tenants: [{ ...tenant('acme'), tenantType: 'fort' }], withoutSchema: ['acme'] }}                                          | ${['acme tenant-without-schema']}
  `('$what', ({ changes, troubled }) => {
    const plan = planMigrations(discovered(changes));
    expect(plan.troubled.map(({ schema, code }) => `${schema} ${code}`)).toEqual(troubled);
    const names = new Set(plan.tenants.map(({ schema }) => schema));
    expect(plan.troubled.filter(({ schema }) => names.has(schema))).toEqual([]);
  });

  test('one sentence for many tenants, the reasons grouped', () => {
    const names = Array.from({ length: 12 }, (_, index) => `t${index + 1}`);
    const plan = planMigrations(
      discovered({
        tenants: names.map(tenant),
        groups: [group(['public'])],
        unreadable: names.map((schema, index) => ({
          schema,
          reason: index === 0 ? 'no SELECT' : 'no USAGE',
        })),
      }),
    );
    const [sentence, ...more] = troubles(plan);
    expect(more).toEqual([]);
    expect(sentence?.message).toBe(
      '12 tenants cannot be read — t1: no SELECT; t2, t3, t4, t5, t6 and 6 more: no USAGE',
    );
    expect(sentence?.evidence?.split('\n')).toHaveLength(12);
    expect(sentence?.hint).toMatch(/GRANT.*; nothing was changed$/);
  });

  test('tables that the ledger promises and nobody has made: the app is faked to zero', () => {
    const plan = planMigrations(discovered(), [
      structured(['acme', 'zeta'], tables),
      structured(['beta'], {}),
      structured(['public'], { customers_customer: ['id', 'schema_name'] }),
    ]);
    expect(plan.tenants.map(({ schema }) => schema)).toEqual(['acme', 'zeta']);
    expect(planSentence(plan)).toBe('3 tenants: 2 up to date, 1 lacks tables');
    expect(troubles(plan).map(({ sentence }) => sentence)).toEqual([
      '1 tenant lacks what its ledger promises — beta: orders is recorded as applied, but its 2 tables (orders_line and orders_order) do not exist — take the record back, then run again: python manage.py migrate_schemas --schema=beta orders zero --fake; nothing was changed',
    ]);
  });

  test('where other apps depend on those tables, faking to zero would take their records back too', () => {
    const [shared, own] = discovered().kinds;
    const kinds = [shared, own].flatMap((kind) => kind ?? []);
    const invoices = { invoices_invoice: ['id'] };
    const discovery = discovered({
      dependents: { orders: ['invoices'] },
      kinds: kinds.map((kind) =>
        kind.kind === 'shared'
          ? kind
          : {
              ...kind,
              apps: ['invoices', 'orders'],
              columns: { ...kind.columns, ...invoices },
              owners: { ...kind.owners, invoices_invoice: 'invoices' },
            },
      ),
    });
    const half = planMigrations(discovery, [structured(['beta'], invoices)]);
    expect(half.troubled[0]?.next).toMatch(/^make what is missing as another tenant has it/);
    const whole = planMigrations(discovery, [structured(['beta'], {})]);
    expect(whole.troubled[0]?.next).toMatch(/--schema=beta invoices zero --fake and the same for orders$/);
  });

  test('a table or a column less', () => {
    const plan = planMigrations(discovered(), [
      structured(['beta'], { orders_order: ['id'], orders_line: ['id', 'order_id'] }),
    ]);
    expect(plan.troubled).toEqual([
      expect.objectContaining({
        code: 'tenant-tables-missing',
        reason: 'lacks the column orders_order.total, which its ledger says it has',
        next: 'make what is missing as another tenant has it, or restore the schema from a backup',
      }),
    ]);
  });

  test('a migration that would change the shared schema’s table, because the tenant has none', () => {
    const named = { kind: 'tenant', tenantType: null } as const;
    const discovery = discovered({
      groups: [
        group(['public']),
        group(['acme', 'beta', 'zeta'], {
          pending: ['orders.0003_note'],
          expects: [{ ...named, columns: tables, named: {} }],
        }),
      ],
      migrations: [migration('orders.0003_note', { tables: ['orders_order'] })],
    });
    const plan = planMigrations(discovery, [
      structured(['acme', 'zeta'], tables),
      structured(['beta'], { orders_line: ['id', 'order_id'] }),
      structured(['public'], { customers_customer: ['id', 'schema_name'], orders_order: ['id', 'total'] }),
    ]);
    expect(troubles(plan).map(({ code, message }) => ({ code, message }))).toEqual([
      {
        code: 'migration-would-alter-shared',
        message:
          '1 tenant would change the shared schema — beta: orders.0003_note would alter public.orders_order, because the tenant has no such table: stopped before running',
      },
    ]);
  });

  test('a migration that is there and not recorded is no trouble yet', () => {
    const named = { kind: 'tenant', tenantType: null } as const;
    const before = { orders_line: ['id', 'order_id'], orders_order: ['id'] };
    const discovery = discovered({
      groups: [
        group(['public']),
        group(['acme', 'beta', 'zeta'], {
          pending: ['orders.0002_total'],
          expects: [{ ...named, columns: before, named: {} }],
          afterNext: {
            migration: 'orders.0002_total',
            expects: [{ ...named, columns: tables, named: {} }],
          },
        }),
      ],
    });
    const plan = planMigrations(discovery, [
      structured(['acme', 'zeta'], before),
      structured(['beta'], tables),
    ]);
    expect(plan.tenants.map(({ schema, unrecorded }) => [schema, unrecorded])).toEqual([
      ['acme', undefined],
      ['beta', 'orders.0002_total'],
      ['zeta', undefined],
    ]);
    expect(planLines(plan)).toContain(
      'orders.0002_total seems to be there already in 1 tenant (beta): it is recorded when their structure proves it',
    );
    expect(notRecorded('beta', undefined, 'orders.0002_total').next).toContain(
      'migrate_schemas --schema=beta orders 0002_total --fake',
    );
  });

  test('what is missing in the shared schema concerns everybody', () => {
    const plan = planMigrations(discovered(), [structured(['public'], {})]);
    expect(plan.troubled).toEqual([]);
    expect(refusals(plan).map(({ code, message }) => ({ code, message }))).toEqual([
      {
        code: 'tenant-tables-missing',
        message:
          'The shared schema public lacks what its ledger promises — customers is recorded as applied, but its 1 table (customers_customer) does not exist',
      },
    ]);
  });
});

test('what deserves a look', () => {
  const plan = planMigrations(
    discovered({
      orphans: [
        { schema: 'old_demo', lastApplied: '2025-03-01 10:00' },
        { schema: 'older', lastApplied: null },
      ],
      hiddenTenants: ['gone'],
      groups: [
        group(['acme', 'beta'], { ghosts: ['orders.0003_later'] }),
        group(['zeta', 'public'], {
          partialSquashes: [{ squash: 'orders.0001_squashed', applied: 3, of: 5, missing: ['x'], gone: [] }],
        }),
      ],
      appsWithoutMigrations: ['polls'],
      templates: [{ schema: 'pattern', tenantType: null, exists: false, pending: [], unknown: null }],
      duplicates: [{ schema: 'beta', migrations: ['orders.0001_initial'] }],
      postMigrate: {
        otherReceivers: [],
        lacking: [{ schemas: ['acme', 'beta'], contentTypes: ['orders.order'], permissions: [] }],
      },
      particulars: {
        ...discovered().particulars,
        baseMigrateCommand: 'shop.commands.Migrate',
        extraSearchPaths: ['extensions'],
      },
    }),
  );
  expect(notices(plan)).toEqual([
    '2 schemas of no tenant, not migrated: old_demo (last migrated 2025-03-01 10:00 UTC) and older',
    '1 tenant hidden by the default manager, not migrated: gone',
    'recorded, but not in this code: orders.0003_later (2 schemas)',
    'apps with models but without migrations, which get no tables: polls',
    'the template pattern, which new tenants are copied from, does not exist',
    '2 schemas with 3 of the 5 migrations that orders.0001_squashed replaces (zeta and public): keep the old files until they have all',
    'migrations recorded twice, as two runs at once do: beta (orders.0001_initial)',
    '2 schemas without content types or permissions of the code (acme and beta): orders.order',
    'the project changes how django-tenants works: TENANT_BASE_MIGRATE_COMMAND is shop.commands.Migrate; PG_EXTRA_SEARCH_PATHS has extensions',
  ]);
});

test('a squashed migration that is partly applied is told once, whatever else differs', () => {
  const partialSquashes = [{ squash: 'orders.0001_squashed', applied: 3, of: 5, missing: ['x'], gone: [] }];
  const plan = planMigrations(
    discovered({
      groups: [
        group(['acme'], { partialSquashes }),
        group(['beta'], { partialSquashes, pending: ['orders.0009'] }),
        group(['zeta'], { partialSquashes: partialSquashes.map((one) => ({ ...one, applied: 4 })) }),
      ],
    }),
  );
  expect(notices(plan)).toEqual([
    '2 schemas with 3 of the 5 migrations that orders.0001_squashed replaces (acme and beta): keep the old files until they have all',
    '1 schema with 4 of the 5 migrations that orders.0001_squashed replaces (zeta): keep the old files until it has all',
  ]);
});

test('schemas of tenants that nobody could read yet are not called ownerless', () => {
  const plan = planMigrations(
    discovered({
      tenants: [],
      tenantsUnread: 'column does not exist',
      orphans: [{ schema: 'acme', lastApplied: null }],
    }),
  );
  expect(plan.orphans).toEqual([]);
});
