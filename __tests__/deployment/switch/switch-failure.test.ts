import { describe, expect, test } from '@jest/globals';

import { type Evidence, switchFailure } from '../../../src/deployment/switch/switch-failure.ts';
import { collectedText } from '../../diagnosis/seen.ts';

function failure(failed: string, evidence: Evidence) {
  return switchFailure({
    called: 'shop (v2)',
    server: 'deploy@web-1',
    result: { result: 'undone', failed, who: 'bridge' },
    evidence: { 'evidence.seen': collectedText({}), ...evidence },
    healthTimeout: 5_000,
    outside: undefined,
  });
}

describe('why the new version did not get there', () => {
  test.each<[failed: string, evidence: Evidence, code: string, says: string]>([
    [
      'stopped',
      {
        'evidence.seen': collectedText(
          { Status: 'exited', ExitCode: 1 },
          { err: "2026-01-02T03:04:06.000000000Z KeyError: 'SECRET_KEY'" },
        ),
      },
      'env-missing',
      'add SECRET_KEY to the input env',
    ],
    ['unhealthy', { 'evidence.status': '500', 'evidence.body': 'no' }, 'health-server-error', 'answers 500'],
    ['unhealthy', { 'evidence.status': '000' }, 'health-refused', 'refuses connections'],
    ['unhealthy', { 'evidence.status': 'late' }, 'health-no-answer', 'no answer within 5 s'],
    ['unhealthy', {}, 'container-slow', 'nothing says why'],
    [
      'unhealthy',
      {
        'evidence.seen': collectedText({
          Health: { Status: 'unhealthy', Log: [{ Output: 'the queue is down' }] },
        }),
      },
      'container-unhealthy',
      'the queue is down',
    ],
    ['gone', {}, 'container-gone', 'somebody removed its container'],
    ['public', {}, 'switch-failed', 'does not answer on its public port'],
    ['filter', { 'filter.error': 'iptables-restore: line 3 failed\n' }, 'switch-failed', 'line 3 failed'],
    [
      'docker',
      { 'docker.error': 'driver failed: Bind for 0.0.0.0:80 failed: port is already allocated\n' },
      'port-taken',
      'Cannot put shop (v2) into its place',
    ],
  ])('%s %#', (failed, evidence, code, says) => {
    const error = failure(failed, evidence);
    expect(error.code).toBe(code);
    expect(error.sentence).toContain(says);
  });
});
