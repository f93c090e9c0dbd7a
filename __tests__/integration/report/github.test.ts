/** The stand-in for GitHub refuses what GitHub's description refuses: else a test with it would prove nothing. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { type GitHub, startGitHub } from '../../github/github.ts';

let github: GitHub;
beforeAll(async () => {
  github = await startGitHub({ prefix: '' });
});
afterAll(() => github.close());

/** As much of an answer as is looked at here. */
type Answer = { message: string } & { id: number; body: string }[];

async function ask(method: string, path: string, body?: object, token = 'canary-token') {
  const response = await fetch(`${github.apiUrl}${path}`, {
    method,
    headers: token === '' ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return {
    status: response.status,
    link: response.headers.get('link'),
    body: (await response.json()) as Answer,
  };
}

const repo = '/repos/acme/shop';
const check = { name: 'Tenantry', head_sha: 'a'.repeat(40) };
const annotation = { path: 'a.py', start_line: 1, end_line: 1, annotation_level: 'failure', message: 'x' };

test.each([
  ['a path that there is not', 'GET', '/repos/acme/shop/comments/of/me', undefined, 404, /Not Found/],
  ['a body that is missing', 'POST', `${repo}/issues/1/comments`, undefined, 422, /body is missing/],
  [
    'a body without what it must have',
    'POST',
    `${repo}/issues/1/comments`,
    {},
    422,
    /required property 'body'/,
  ],
  [
    'a property that nobody reads',
    'POST',
    `${repo}/issues/1/comments`,
    { body: 'x', text: 'y' },
    422,
    /text/,
  ],
  [
    'a comment that is too long',
    'POST',
    `${repo}/issues/1/comments`,
    { body: 'x'.repeat(65_537) },
    422,
    /65536/,
  ],
  [
    'a value that is not on the list',
    'POST',
    `${repo}/check-runs`,
    { ...check, status: 'done' },
    422,
    /status/,
  ],
  [
    'a parameter of another type',
    'GET',
    `${repo}/issues/one/comments`,
    undefined,
    422,
    /issue_number: .*integer/,
  ],
  ['a parameter that nobody reads', 'GET', `${repo}/issues/1/comments?size=3`, undefined, 422, /size/],
  [
    'more annotations than one request takes',
    'POST',
    `${repo}/check-runs`,
    { ...check, output: { title: 't', summary: 's', annotations: Array(51).fill(annotation) } },
    422,
    /more than 50/,
  ],
  ['a comment that there is not', 'PATCH', `${repo}/issues/comments/7`, { body: 'x' }, 404, /Not Found/],
])('refused: %s', async (_what, method, path, body, status, why) => {
  const answer = await ask(method, path, body);
  expect(answer).toMatchObject({ status, body: { message: expect.stringMatching(why) } });
  expect(github.refused.at(-1)).toMatch(why);
});

test('refused: nobody, and a stranger', async () => {
  expect((await ask('GET', `${repo}/issues/1/comments`, undefined, '')).status).toBe(401);
  expect((await ask('GET', `${repo}/issues/1/comments`, undefined, 'x')).body.message).toBe(
    'Bad credentials',
  );
});

test('what it is told it keeps, and gives back in pages', async () => {
  for (const body of ['one', 'two', 'three']) await ask('POST', `${repo}/issues/2/comments`, { body });
  const first = await ask('GET', `${repo}/issues/2/comments?per_page=2`);
  expect(first.body.map(({ body }: { body: string }) => body)).toEqual(['one', 'two']);
  const next = new URL(/<(.+)>; rel="next"/.exec(first.link ?? '')?.[1] ?? '');
  const [entry] = (await ask('GET', next.pathname + next.search)).body;
  await ask('PATCH', `${repo}/issues/comments/${entry?.id}`, { body: 'changed' });
  expect((await ask('GET', `${repo}/issues/2/comments?page=1`)).body[2]).toMatchObject({ body: 'changed' });
});
