/** Going back, as far as it is told from what was discovered: targets, plan, refusals, proof. */
import { describe, expect, test } from '@jest/globals';

import { migrateSchemas } from '../../src/actions/migrate-schemas.ts';
import type { StructureGroup } from '../../src/database/structure.ts';
import type { Discovery, LedgerGroup, UndoneFacts } from '../../src/django/discovery.ts';
import { LostConnection } from '../../src/ground/errors.ts';
import { judgeCode } from '../../src/migrations/old-code.ts';
import { notices } from '../../src/migrations/plan.ts';
import { planLines, planSentence } from '../../src/migrations/plan-text.ts';
import { parseTarget } from '../../src/migrations/target.ts';
import { planUndo, type Reach, undoRefusal } from '../../src/migrations/undo-plan.ts';
import { judgeUndone } from '../../src/migrations/undo-proof.ts';
import { whatIsLeft } from '../../src/migrations/unknown-outcome.ts';
import { proofSentence } from '../../src/migrations/verify.ts';
import { discovered, group, migration } from './discovered.ts';
import { structures } from './tables-in-words.ts';

describe('a line of target', () => {
  test.each<{ written: string; app: string; name: string }>`
    written                  | app         | name
    ${'orders 0001_initial'} | ${'orders'} | ${'0001_initial'}
    ${'  orders\t0001'}      | ${'orders'} | ${'0001'}
    ${'orders zero'}         | ${'orders'} | ${'zero'}
  `('$written', ({ written, app, name }) => {
    expect(parseTarget(written)).toEqual({ app, migration: name });
  });

  test.each(['orders', 'orders.0001_initial', 'orders 0001 --fake', '--fake zero', ''])(
    '"%s" is none',
    (written: string) => {
      expect(() => parseTarget(written)).toThrow(RangeError);
    },
  );
});

test.each<{ inputs: object; says: string | undefined }>`
  inputs                                                                                  | says
  ${{ mode: 'rollback' }}                                                                 | ${'target: is required with mode rollback: an app and a migration of it on each line, like orders 0001_initial'}
  ${{ mode: 'migrate', target: [parseTarget('orders zero')] }}                            | ${'target: is for mode rollback'}
  ${{ mode: 'rollback', preset: 'command', target: [parseTarget('orders zero')] }}        | ${'mode rollback: is for Django only, and preset is command: its own tool knows the way back'}
  ${{ mode: 'rollback', preset: 'django-tenants', target: [parseTarget('orders zero')] }} | ${undefined}
`('$inputs.mode of $inputs.preset: $says', ({ inputs, says }) => {
  const found = migrateSchemas.rules.map((rule) => rule({ databaseUrl: 'given', ...inputs } as never));
  expect(found.find((sentence) => sentence?.includes('rollback'))).toBe(says);
});

const tenantKind = { kind: 'tenant', tenantType: null } as const;
const sharedKind = { kind: 'shared', tenantType: null } as const;
const shared = { customers_customer: 'id schema_name' };
const head = { orders_line: 'id order_id', orders_order: 'id total / orders_total_ix' };
const atFirst = { orders_line: 'id order_id', orders_order: 'id' };

const inTenants = {
  expects: [
    { ...tenantKind, columns: { orders_line: ['id', 'order_id'], orders_order: ['id'] }, named: {} },
    { ...sharedKind, columns: { customers_customer: ['id', 'schema_name'] }, named: {} },
  ],
  gone: [
    { ...tenantKind, columns: { orders_order: ['total'] }, named: { orders_order: ['orders_total_ix'] } },
    { ...sharedKind, columns: {}, named: {} },
  ],
};
const undoes = ['orders.0003_ix', 'orders.0002_total'];
const steps = [{ target: 'orders 0001_initial', migrations: undoes }];

const further = (schemas: string[], changes: Partial<LedgerGroup> = {}) =>
  group(schemas, { id: `further ${schemas}`, back: { ...inTenants, steps }, ...changes });
const there = (schemas: string[]) =>
  group(schemas, {
    id: `there ${schemas}`,
    pending: [...undoes].reverse(),
    expects: inTenants.expects,
    back: { ...inTenants, steps: [] },
  });

const undone = (name: string, changes: Partial<UndoneFacts> = {}): UndoneFacts => ({
  ...migration(name),
  irreversible: null,
  ...changes,
});

function goingBack(groups: LedgerGroup[], facts = undoes.map((name) => undone(name))): Discovery {
  return discovered({ groups, back: { targets: ['orders 0001_initial'], migrations: facts } });
}

const fleet = (changes: Record<string, Record<string, string>> = {}): StructureGroup[] =>
  structures({ public: shared, acme: head, beta: head, zeta: atFirst, ...changes });
const halfWay = () => goingBack([further(['public', 'acme', 'beta']), there(['zeta'])]);

describe('the plan', () => {
  test('tenants that are there have nothing to undo; in the shared schema only rows go; what is taken away is told', () => {
    const plan = planUndo(halfWay(), fleet(), 'everything');
    expect(planSentence(plan)).toBe('back to orders 0001_initial: 2 of 3 tenants undo 2 migrations');
    expect(planLines(plan)).toEqual([
      'public (shared): orders.0003_ix (row only), orders.0002_total (row only)',
      '2 tenants (acme and beta): orders.0003_ix, orders.0002_total',
      'takes away, with what is in it: column orders_order.total and index or constraint orders_total_ix',
    ]);
    expect(judgeCode(plan)).toBeUndefined();
  });

  test('what is undone and still recorded has its own sentence, with the command that takes the record back', () => {
    const first = {
      migration: 'orders.0003_ix',
      before: 'orders 0002_total',
      expects: [
        {
          ...tenantKind,
          columns: { orders_line: ['id', 'order_id'], orders_order: ['id', 'total'] },
          named: {},
        },
      ],
      gone: [
        { ...tenantKind, columns: { orders_order: ['stock'] }, named: { orders_order: ['orders_total_ix'] } },
      ],
    };
    const recorded = further(['public', 'acme', 'beta', 'zeta'], { back: { ...inTenants, steps, first } });
    const troubles = (order: string) => {
      const tables = { ...head, orders_order: order };
      const kinds = [
        {
          ...tenantKind,
          apps: ['orders'],
          tables: ['orders_line', 'orders_order'],
          columns: { orders_line: ['id', 'order_id'], orders_order: ['id', 'total', 'stock'] },
          owners: { orders_line: 'orders', orders_order: 'orders' },
        },
      ];
      const all = fleet({
        acme: tables,
        beta: { ...head, orders_order: 'id total stock / orders_total_ix' },
      });
      const plan = planUndo({ ...goingBack([recorded]), kinds }, all, 'everything');
      return plan.troubled.filter(({ schema }) => schema === 'acme');
    };
    expect(troubles('id total')).toEqual([
      {
        schema: 'acme',
        tenantType: undefined,
        code: 'undoing-not-recorded',
        reason:
          'has nothing of orders.0003_ix, which is still recorded: it was undone, and the run was cut off before it was written down',
        next: 'take the record back, then run again: python manage.py migrate_schemas --schema=acme orders 0002_total --fake',
      },
    ]);
    // Something of it is there, or more is gone: that is no undoing.
    expect(troubles('id total / orders_total_ix')).toMatchObject([{ code: 'tenant-tables-missing' }]);
    expect(troubles('id')).toMatchObject([{ code: 'tenant-tables-missing' }]);
  });

  test('a template goes back with all tenants, and is told of where only some go', () => {
    const template = {
      schema: 'pattern',
      tenantType: null,
      exists: true,
      pending: [],
      unknown: null,
      undo: steps,
    };
    const all = planUndo({ ...halfWay(), templates: [template] }, fleet(), 'everything');
    expect(all.templates).toMatchObject([{ schema: 'pattern', pending: undoes, undo: steps }]);
    expect(notices(all).join()).toContain(
      'the template pattern, which new tenants are copied from, goes back, too',
    );
    const some = planUndo({ ...halfWay(), templates: [template] }, fleet(), 'tenants');
    expect(some.templates).toEqual([]);
    expect(notices(some).join()).toContain('the template pattern stays where it is');
    const left = judgeUndone(
      { ...goingBack([there(['public', 'acme', 'beta', 'zeta'])]), templates: [template] },
      [],
      {
        reach: 'everything',
      },
    );
    expect(left.failure?.message).toContain('pattern still has orders.0003_ix and orders.0002_total');
  });

  test('for some tenants the shared schema stays', () => {
    const plan = planUndo(halfWay(), fleet(), 'tenants');
    expect([plan.shared.pending, plan.shared.undo]).toEqual([[], []]);
    expect(plan.tenants.map(({ schema, undo }) => [schema, undo])).toEqual([
      ['acme', steps],
      ['beta', steps],
      ['zeta', []],
    ]);
  });

  test('nothing to undo', () => {
    const plan = planUndo(goingBack([there(['public', 'acme', 'beta', 'zeta'])], []), [], 'everything');
    expect(planSentence(plan)).toBe('back to orders 0001_initial: no tenant has anything to undo');
    const left = goingBack([further(['public']), there(['acme', 'beta', 'zeta'])]);
    expect(planSentence(planUndo(left, [], 'everything'))).toBe(
      'back to orders 0001_initial: no tenant has anything to undo, the shared schema has',
    );
  });

  test('a tenant that has more than its ledger says is not begun', () => {
    const next = {
      migration: 'orders.0003_ix',
      expects: [
        {
          ...tenantKind,
          columns: { ...inTenants.expects[0]?.columns, orders_order: ['id', 'total'] },
          named: { orders_order: ['orders_total_ix'] },
        },
      ],
    };
    const behind = further(['acme'], {
      pending: ['orders.0003_ix'],
      expects: [{ ...next.expects[0], ...tenantKind, columns: next.expects[0]?.columns ?? {}, named: {} }],
      afterNext: next,
      back: { ...inTenants, steps: [{ target: 'orders 0001_initial', migrations: ['orders.0002_total'] }] },
    });
    const plan = planUndo(goingBack([behind, there(['public', 'beta', 'zeta'])]), fleet(), 'everything');
    expect(plan.troubled).toMatchObject([{ schema: 'acme', code: 'migration-not-recorded' }]);
    expect(plan.tenants.map(({ schema }) => schema)).not.toContain('acme');
  });
});

describe('refused before anything is touched', () => {
  const refusal = (facts: UndoneFacts[], reach: Reach = 'everything') =>
    undoRefusal(
      planUndo(goingBack([further(['public', 'acme', 'beta', 'zeta'])], facts), [], reach),
      facts,
      reach,
    );

  test('the first one that Django cannot undo, and the restore that would be needed', () => {
    const found = refusal([
      undone('orders.0003_ix'),
      undone('orders.0002_total', { irreversible: 'Raw Python operation' }),
    ]);
    expect([found?.code, found?.sentence]).toEqual([
      'rollback-impossible',
      'orders.0002_total cannot be undone — Django knows no way back for “Raw Python operation”, and it is applied in 4 schemas — choose a target after it, or go back to a backup from before it: mode: restore with backup-path: (the output of the run that applied it), restore-to: in-place and schemas: public, acme, beta and 1 more; nothing was changed',
    ]);
  });

  test('one that none of these tenants has is in nobody’s way', () => {
    expect(
      refusal([...undoes.map((name) => undone(name)), undone('orders.0009', { irreversible: 'x' })]),
    ).toBeUndefined();
  });

  test.each<{ runsIn: UndoneFacts['runsIn']; reach: Reach; code: string | undefined }>`
    runsIn                      | reach           | code
    ${[sharedKind]}             | ${'tenants'}    | ${'rollback-impossible'}
    ${[sharedKind]}             | ${'everything'} | ${undefined}
    ${[sharedKind, tenantKind]} | ${'tenants'}    | ${undefined}
    ${[]}                       | ${'tenants'}    | ${undefined}
  `('a migration that runs in $runsIn, for $reach: $code', ({ runsIn, reach, code }) => {
    expect(
      refusal(
        undoes.map((name) => undone(name, { runsIn })),
        reach,
      )?.code,
    ).toBe(code);
  });
});

describe('the proof', () => {
  const allThere = () => goingBack([there(['public', 'acme', 'beta', 'zeta'])], []);
  const asWanted = { acme: atFirst, beta: atFirst };

  test('ledgers and structures are at the target', () => {
    const proof = judgeUndone(allThere(), fleet(asWanted), { reach: 'everything' });
    expect(proof.failure).toBeUndefined();
    expect(proofSentence(proof)).toBe(
      '3 tenants at orders 0001_initial or before it, by ledger and catalogue',
    );
  });

  test.each<{ what: string; discovery: Discovery; found: StructureGroup[]; says: string }>`
    what                         | discovery     | found                                                                                 | says
    ${'the ledger is not there'} | ${halfWay()}  | ${fleet()}                                                                            | ${'3 schemas are not at orders 0001_initial — public still has orders.0003_ix and orders.0002_total'}
    ${'a column is left'}        | ${allThere()} | ${fleet({ ...asWanted, beta: { ...atFirst, orders_order: 'id total' } })}             | ${'1 schema still has what was undone — beta has column orders_order.total'}
    ${'an index is left'}        | ${allThere()} | ${fleet({ ...asWanted, beta: { ...atFirst, orders_order: 'id / orders_total_ix' } })} | ${'1 schema still has what was undone — beta has index or constraint orders_total_ix'}
    ${'a table is missing'}      | ${allThere()} | ${fleet({ ...asWanted, beta: { orders_order: 'id' } })}                               | ${'lacks'}
    ${'a schema is not there'}   | ${allThere()} | ${structures({ public: shared, acme: atFirst, zeta: atFirst })}                       | ${'beta has no django_migrations'}
    ${'an index is invalid'}     | ${allThere()} | ${fleet({ ...asWanted, beta: { ...atFirst, orders_line: 'id order_id / x!' } })}      | ${'An index is invalid — beta: x'}
  `('$what: no proof', ({ discovery, found, says }) => {
    const { failure } = judgeUndone(discovery, found, { reach: 'everything' });
    expect(failure?.message).toContain(says);
  });

  test('a shared schema that stays is not asked to be there', () => {
    const discovery = goingBack([further(['public']), there(['acme', 'beta', 'zeta'])]);
    expect(judgeUndone(discovery, fleet(asWanted), { reach: 'tenants' }).failure).toBeUndefined();
    expect(judgeUndone(discovery, fleet(asWanted), { reach: 'everything' }).failure?.code).toBe(
      'rollback-not-proven',
    );
  });
});

test('a tenant that was cut off: what is undone and what is not, by its ledger', () => {
  const lost = new LostConnection('going back in acme', 'server closed the connection unexpectedly');
  const tenant = { schema: 'acme', pending: undoes };
  expect(whatIsLeft(tenant, new Set(['orders.0001_initial']), lost)).toBeUndefined();
  expect(whatIsLeft(tenant, new Set(['orders.0002_total']), lost)?.sentence).toBe(
    'Going back in tenant acme was cut off — server closed the connection unexpectedly; its ledger was read again: orders.0003_ix is undone, orders.0002_total is not — run again: it goes on from there',
  );
});
