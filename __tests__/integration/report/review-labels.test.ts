/** Which labels accept a migration when it is deployed: those of the merged pull request that its file came with. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { labelsFor } from '../../../src/actions/review-labels.ts';
import { acceptedByLabel } from '../../../src/review/acknowledged.ts';
import type { Origin } from '../../../src/step/action.ts';
import { type GitHub, startGitHub } from '../../github/github.ts';

let github: GitHub;
beforeAll(async () => {
  github = await startGitHub();
});
afterAll(() => github.close());

const allowed = { name: 'tenantry: allow drop', description: 'nobody reads it' };
const file = 'orders/migrations/0005_gone.py';
const commit = 'a'.repeat(40);

async function reason(given: { pullRequest?: (typeof allowed)[]; token?: string } = {}) {
  const warnings: string[] = [];
  const { pullRequest, token = 'canary-token' } = given;
  const origin: Origin = {
    run: 'a run',
    actor: 'ana',
    commit,
    github: {
      repository: 'acme/shop',
      apiUrl: github.apiUrl,
      ...(pullRequest === undefined ? {} : { pullRequest: { number: 7, labels: pullRequest } }),
    },
  };
  const log = { warning: (text: string) => warnings.push(text) } as never;
  const inputs = { githubToken: token === '' ? undefined : token, workingDirectory: 'shop' };
  const labels = labelsFor(inputs, { origin, log });
  const first = acceptedByLabel('drop', await labels.of({ file }));
  expect(acceptedByLabel('drop', await labels.of({ file }))).toBe(first);
  return { reason: first, warnings, unread: labels.unread };
}

test.each([
  ['merged with the label', `shop/${file}`, [allowed], 'nobody reads it (label tenantry: allow drop)'],
  ['the label has no reason', `shop/${file}`, [{ ...allowed, description: '' }], undefined],
  ['another label', `shop/${file}`, [{ ...allowed, name: 'tenantry: allow rename' }], undefined],
  ['no pull request was merged with it', `shop/${file}`, undefined, undefined],
  ['another file', 'shop/orders/migrations/0004.py', [allowed], undefined],
])('%s', async (_what, path, merged, accepted) => {
  github.repository.commits.splice(0);
  github.repository.commits.push({ sha: 'e'.repeat(40), paths: [path], ...(merged ? { merged } : {}) });
  const before = github.received.length;
  expect(await reason()).toEqual({ reason: accepted, warnings: [], unread: '' });
  // A file is asked about once.
  expect(github.received.length - before).toBeLessThanOrEqual(2);
  expect(github.refused).toEqual([]);
});

test('in a pull request its own labels count, and nobody asks', async () => {
  const before = github.received.length;
  expect((await reason({ pullRequest: [allowed] })).reason).toContain('nobody reads it');
  expect((await reason({ pullRequest: [] })).reason).toBeUndefined();
  expect(github.received.length).toBe(before);
});

test('a token that may not read, or none, accepts nothing and says so', async () => {
  expect((await reason({ token: '' })).unread).toContain('github-token');
  github.fail('*', { status: 403, message: 'Resource not accessible by integration' });
  const { reason: accepted, warnings } = await reason();
  github.fail('*', undefined);
  expect(accepted).toBeUndefined();
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/Resource not accessible .*pull-requests: read$/);
});
