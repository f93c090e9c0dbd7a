import { expect, test } from '@jest/globals';

import { adoptionLines } from '../../../src/deployment/releases/adoption.ts';
import type { Container } from '../../../src/docker/inspect.ts';
import { container } from '../container.ts';

const direct = ['CMD', 'true'];
const shell = { command: 'up', interval: 1_000, timeout: 1_000, retries: 3, startPeriod: 0 };

test.each<[found: Partial<Container>, image: readonly string[], says: string | undefined, why: string]>([
  [{}, [], undefined, 'nothing of its own'],
  [{ beyondUs: ['--privileged'] }, [], 'without --privileged, which', 'an option that is not ours'],
  [{ healthTest: direct }, direct, undefined, "the image's health check"],
  [{ healthTest: direct }, [], 'without its own health check, which', 'one that only Compose can give'],
  [{ healthTest: ['NONE'] }, direct, 'without its own health check, which', "the image's was turned off"],
  [{ healthTest: ['CMD-SHELL', 'up'], healthCheck: shell }, [], undefined, 'one that docker run can give'],
  [
    { beyondUs: ['--device'], healthTest: ['NONE'] },
    direct,
    'without --device and its own health check, which',
    'both',
  ],
])('%j, of an image with %j: %s', (found, healthTest, says) => {
  const [line = ''] = adoptionLines(container(found), 'shop', { image: { healthTest }, keepsPort: true });
  expect(line).toContain('it is taken over as the release adopted-');
  if (says === undefined) expect(line).not.toContain('a rollback would make it anew');
  else expect(line).toContain(says);
});

test.each([
  [true, 'fail because the port is taken'],
  [false, 'on its old port, where the proxy does not ask any more'],
])('of a Compose project, whose port the new one gets (%s): a later "up" would %s', (keepsPort, says) => {
  const labels = { 'com.docker.compose.project': 'acme', 'com.docker.compose.service': 'web' };
  const [, line] = adoptionLines(container({ labels }), 'shop', { image: undefined, keepsPort });
  expect(line).toContain(says);
});
