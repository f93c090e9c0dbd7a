import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from '@jest/globals';

import { Timeline } from '../../../src/deployment/fleet/timeline.ts';

test('steps become phases: by their own time, or from the end of the one before; sums do not', async () => {
  const told: string[] = [];
  const timeline = new Timeline();
  const log = timeline.of({
    step: (label) => void told.push(label),
    info: (text) => void told.push(text),
    debug: () => {},
    warning: () => {},
    details: () => {},
  });
  log.step('Plan', 'v1 runs');
  await sleep(20);
  log.step('Image', 'v2', 10);
  log.info('a line');
  log.step('Deployed', 'v2 serves', 30);
  const [plan, image, failed, ...more] = timeline.phases('container-stopped');
  expect(told).toEqual(['Plan', 'Image', 'a line', 'Deployed']);
  expect(plan).toMatchObject({ name: 'Plan', from: 0 });
  expect(image?.name).toBe('Image');
  expect((image?.to ?? 0) - (image?.from ?? 0)).toBeCloseTo(10);
  expect(failed).toMatchObject({ name: 'container-stopped', from: image?.to, failed: true });
  expect(more).toEqual([]);
  expect(timeline.phases(undefined)).toHaveLength(2);
});
