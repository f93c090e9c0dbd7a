import { expect, test } from '@jest/globals';

import { type Blocker, describeBlockers } from '../../src/database/blockers.ts';

const blocker: Blocker = {
  pid: 4711,
  role: 'ops',
  application: 'psql',
  state: 'idle in transaction',
  query: 'LOCK TABLE\n  orders_order',
  milliseconds: 192_000,
};

test.each<[string, Partial<Blocker>, string]>([
  [
    'everything is known',
    {},
    'session 4711 ("psql", role ops, idle in transaction for 3 min 12 s, last statement: LOCK TABLE orders_order)',
  ],
  [
    'it is busy',
    { state: 'active', application: '' },
    'session 4711 (role ops, active for 3 min 12 s, statement: LOCK TABLE orders_order)',
  ],
  [
    'it may not be seen',
    { state: '', query: '<insufficient privilege>', milliseconds: null },
    'session 4711 ("psql", role ops, what it does is shown only to its role and to members of pg_read_all_stats)',
  ],
  ['it has ended', { role: '', application: '', state: '', query: '', milliseconds: null }, 'session 4711'],
  ['it has no session', { pid: 0 }, 'a prepared transaction (pg_prepared_xacts shows it)'],
  [
    'it says much',
    { query: 'x'.repeat(200), role: '', application: '', state: 'active', milliseconds: null },
    `session 4711 (active, statement: ${'x'.repeat(99)}…)`,
  ],
])('%s', (_, changes, told) => {
  expect(describeBlockers([{ ...blocker, ...changes }])).toBe(told);
});

test('several are listed', () => {
  const other = { pid: 2, role: '', application: '', state: '', query: '', milliseconds: null };
  expect(describeBlockers([{ ...other, pid: 1 }, other])).toBe('session 1 and session 2');
});
