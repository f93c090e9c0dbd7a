import { describe, expect, test } from '@jest/globals';

import type { Discovery } from '../../src/django/discovery.ts';
import { notices, planMigrations, refusals } from '../../src/migrations/plan.ts';
import { planLines, planSentence } from '../../src/migrations/plan-text.ts';
import { discovered, group, tenant } from './discovered.ts';

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

describe('what stands in the way', () => {
  test.each<{ changes: Partial<Discovery>; code: string[] }>`
    changes                                                                         | code
    ${{}}                                                                           | ${[]}
    ${{ conflicts: [{ app: 'orders', leaves: ['0002_a', '0002_b'] }] }}             | ${['migrations-conflict']}
    ${{ withoutSchema: ['public'] }}                                                | ${['shared-schema-missing']}
    ${{ withoutSchema: ['beta'] }}                                                  | ${['tenant-without-schema']}
    ${{ unreadable: [{ schema: 'beta', reason: 'no USAGE' }] }}                     | ${['schema-unreadable']}
    ${{ groups: [group(['acme'], { inconsistent: 'child before parent' })] }}       | ${['migration-history-inconsistent']}
    ${{ tenants: [{ ...tenant('acme'), tenantType: 'fort' }] }}                     | ${['tenant-type-unknown']}
    ${{ withoutSchema: ['beta'], unreadable: [{ schema: 'public', reason: 'x' }] }} | ${['schema-unreadable', 'tenant-without-schema']}
  `('$code', ({ changes, code }) => {
    expect(refusals(planMigrations(discovered(changes))).map((refusal) => refusal.code)).toEqual(code);
  });

  test('the sentence ends in what has been changed so far', () => {
    const plan = planMigrations(discovered({ withoutSchema: ['beta'] }));
    expect(refusals(plan)[0]?.sentence).toMatch(/; nothing was changed$/);
    expect(refusals(plan, 'the shared schema is migrated')[0]?.sentence).toMatch(
      /; the shared schema is migrated$/,
    );
  });
});

test('what deserves a look', () => {
  const plan = planMigrations(
    discovered({
      schemasWithLedger: ['acme', 'beta', 'old_demo', 'public', 'zeta'],
      hiddenTenants: ['gone'],
      groups: [group(['acme', 'beta'], { ghosts: ['orders.0003_later'] }), group(['zeta', 'public'])],
      appsWithoutMigrations: ['polls'],
    }),
  );
  expect(notices(plan)).toEqual([
    '1 schema of no tenant, not migrated: old_demo',
    '1 tenant hidden by the default manager, not migrated: gone',
    'recorded, but not in this code: orders.0003_later (2 schemas)',
    'apps with models but without migrations, which get no tables: polls',
  ]);
});

test('schemas of tenants that nobody could read yet are not called ownerless', () => {
  const plan = planMigrations(discovered({ tenants: [], tenantsUnread: 'column does not exist' }));
  expect(plan.orphans).toEqual([]);
});
