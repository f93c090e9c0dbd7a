import { expect, test } from '@jest/globals';

import { lookAt } from '../../../src/deployment/gate/gate.ts';
import type { ContainerState } from '../../../src/docker/inspect.ts';
import { container } from '../container.ts';

const healthy = { status: 'healthy', output: '' } as const;
const starting = { status: 'starting', output: '' } as const;
const unhealthy = { status: 'unhealthy', output: 'line\nqueue is down' } as const;

test.each<[state: Partial<ContainerState>, waited: number, hasProbe: boolean, now: string]>([
  [{ status: 'running' }, 0, false, 'not yet'],
  [{ status: 'running' }, 3_000, false, 'ready'],
  [{ status: 'running' }, 0, true, 'ready'],
  [{ status: 'running', health: starting }, 9_000, true, 'unchecked'],
  [{ status: 'running', health: unhealthy }, 9_000, false, 'not yet'],
  [{ status: 'running', health: healthy }, 0, false, 'ready'],
  [{ status: 'exited' }, 0, true, 'stopped'],
  [{ status: 'restarting' }, 0, true, 'stopped'],
  [{ status: 'created' }, 0, true, 'stopped'],
])('%j after %d ms, with an address to ask: %p: %s', (state, waited, hasProbe, now) => {
  expect(lookAt(container({ state }), waited, hasProbe).now).toBe(now);
});

test('an unhealthy container is told by what its check said last', () => {
  const look = lookAt(container({ state: { health: unhealthy } }), 0, false);
  expect(look).toMatchObject({ now: 'not yet', observed: 'its health check says: queue is down' });
});
