import { expect, test } from '@jest/globals';

import { checkOwner } from '../../../src/deployment/releases/find-containers.ts';
import { labels } from '../../../src/deployment/releases/release.ts';
import { type Repair, repairFor } from '../../../src/deployment/releases/repair.ts';
import { container } from '../container.ts';

const runs = container();
const stopped = container({ state: { status: 'exited' } });
const created = container({ state: { status: 'created' } });
const none = undefined;

test.each([
  { current: none, next: none, previous: none, repair: 'none', why: 'nothing was ever deployed' },
  { current: runs, next: none, previous: none, repair: 'none', why: 'at rest' },
  {
    current: stopped,
    next: none,
    previous: none,
    repair: 'none',
    why: 'stopped by somebody: not our business',
  },
  { current: runs, next: created, previous: none, repair: 'undo', why: 'killed before the stop' },
  { current: stopped, next: created, previous: none, repair: 'undo', why: 'killed after the stop' },
  { current: stopped, next: stopped, previous: none, repair: 'undo', why: 'the next one ended' },
  { current: stopped, next: runs, previous: none, repair: 'judge', why: 'killed while it was proven' },
  { current: none, next: runs, previous: none, repair: 'judge', why: 'the first deployment, killed' },
  { current: none, next: runs, previous: stopped, repair: 'finish', why: 'killed between the two names' },
  { current: none, next: stopped, previous: stopped, repair: 'finish', why: 'the same, and a reboot' },
  { current: runs, next: none, previous: stopped, repair: 'tidy', why: 'killed before the removal' },
  { current: none, next: none, previous: stopped, repair: 'restore', why: 'somebody removed the next one' },
  { current: runs, next: runs, previous: stopped, repair: 'judge', why: 'two runs were killed' },
] as const)('$why: $repair', ({ current, next, previous, repair }) => {
  expect(repairFor({ current, next, previous })).toBe(repair satisfies Repair);
});

const ours = container({ labels: { [labels.app]: 'shop', [labels.environment]: 'uat' } });
const otherStage = container({ labels: { [labels.app]: 'shop', [labels.environment]: 'production' } });
const otherApp = container({ labels: { [labels.app]: 'web', [labels.environment]: 'uat' } });

test.each([
  { current: ours, next: ours, allowed: true, why: 'ours' },
  { current: runs, next: none, allowed: true, why: 'started by hand: taken over' },
  { current: none, next: runs, allowed: false, why: 'a stranger with our working name' },
  { current: otherStage, next: none, allowed: false, why: 'another environment' },
  { current: otherApp, next: none, allowed: false, why: 'another application' },
])('$why: may be touched: $allowed', ({ current, next, allowed }) => {
  const check = () =>
    checkOwner({ current, next, previous: none, bridge: none, adopted: none }, 'shop', 'uat');
  if (allowed) expect(check).not.toThrow();
  else expect(check).toThrow('belongs to');
});
