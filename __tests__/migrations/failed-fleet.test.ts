import { expect, test } from '@jest/globals';

import { UserError } from '../../src/ground/errors.ts';
import { fleetFailure } from '../../src/migrations/failed-fleet.ts';
import type { FleetEnd } from '../../src/migrations/fleet.ts';

const failed = (schema: string, observed = 'division by zero') => ({
  schema,
  failure: new UserError(`Migration orders.0002 failed in tenant ${schema} — ${observed}`, 'mend it', {
    code: 'tenant-migration-failed',
  }),
});
const one = [failed('t1')];
const equal = [failed('t1'), failed('t2')];
const different = [failed('t1'), failed('t2', 'duplicate key')];

test.each<{ why: string; of: typeof one; end: FleetEnd; limit: number; sentence: string | undefined }>`
  of           | end           | limit | sentence                                                                                                                                                | why
  ${[]}        | ${'done'}     | ${3}  | ${undefined}                                                                                                                                            | ${'nothing failed'}
  ${[]}        | ${'time'}     | ${3}  | ${'The time limit is near — the next tenant could not be finished before it — run again to continue, or raise timeout; 4 done'}                         | ${'only the time was up'}
  ${one}       | ${'done'}     | ${3}  | ${'Migration orders.0002 failed in tenant t1 — division by zero — mend it; 4 done'}                                                                     | ${'the budget lasted'}
  ${one}       | ${'failures'} | ${1}  | ${'Migration orders.0002 failed in tenant t1 — division by zero — mend it; 4 done'}                                                                     | ${'one is enough: nothing to explain'}
  ${one}       | ${'failures'} | ${3}  | ${'Migration orders.0002 failed in tenant t1 — division by zero — mend it; 4 done'}                                                                     | ${'one was enough in a canary, whatever the budget'}
  ${one}       | ${'time'}     | ${3}  | ${'Migration orders.0002 failed in tenant t1 — division by zero — mend it; stopped, because the time limit is near; 4 done'}                            | ${'one failed, and the time was up'}
  ${equal}     | ${'failures'} | ${2}  | ${'2 tenants failed with the same error — Migration orders.0002 failed in tenant t1 — division by zero — mend it; stopped at max-failures (2); 4 done'} | ${'equal errors are one'}
  ${different} | ${'failures'} | ${2}  | ${'2 tenants failed in 2 ways — Migration orders.0002 failed in tenant t1 — division by zero — mend it; stopped at max-failures (2); 4 done'}           | ${'different errors are counted'}
`('$why', ({ of, end, limit, sentence }) => {
  expect(fleetFailure(of, { end, limit, standing: ['4 done'] })?.sentence).toBe(sentence);
});
