import { expect, test } from '@jest/globals';

import { ownersRefusal } from '../../src/migrations/owners.ts';

test('nothing belongs to others', () => {
  expect(ownersRefusal([], 'shop')).toBeUndefined();
});

test('the sentence counts, names the owner and says what to grant', () => {
  const foreign = ['t1', 't2', 't3', 't4'].map((schema) => ({
    schema,
    owners: ['postgres'],
    tables: ['orders', 'lines'],
  }));
  const refusal = ownersRefusal(foreign, 'shop "app"');
  expect(refusal?.code).toBe('tables-of-another-role');
  expect(refusal?.sentence).toBe(
    '4 schemas have tables that belong to another role — t1: 2 tables of postgres, t2: 2 tables of postgres, t3: 2 tables of postgres and 1 more: ALTER would fail — migrate as postgres, or make shop "app" a member: GRANT "postgres" TO "shop ""app"""; nothing was changed',
  );
  expect(refusal?.evidence?.split('\n')).toHaveLength(4);
});
