import { expect, test } from '@jest/globals';

import { connectSomewhere, serverName } from '../../src/database/attempts.ts';
import { planConnection } from '../../src/database/connection-plan.ts';
import { type Observation, Observed } from '../../src/database/observation.ts';
import { parseDatabaseUrl } from '../../src/database/url.ts';
import type { Try } from '../../src/database/wire.ts';

const refused: Observation = { kind: 'refused' };
const certificate: Observation = { kind: 'certificate', reason: '' };
const server = (sqlState: string, routine = ''): Observation => ({
  kind: 'server',
  sqlState,
  message: '',
  routine,
});
const noRule = server('28000', 'ClientAuthentication');

/** Goes through a plan with attempts that fail as told; the steps it took, and how it ended. */
async function steps(query: string, failing: (one: Try) => Observation | undefined) {
  const taken: string[] = [];
  const plan = planConnection(parseDatabaseUrl(`postgresql://127.0.0.1:1,127.0.0.2:2/shop?${query}`), {
    environment: {},
    systemUser: 'runner',
    homeFolder: '/nowhere',
  });
  const names = { database: 'the database shop', user: 'runner', discreet: false };
  const options = { timeout: 1_000, signal: new AbortController().signal };
  const ended = connectSomewhere(plan, names, options, async (one) => {
    taken.push(`${serverName(one.place)} ${one.encryption}`);
    const failure = failing(one);
    if (failure !== undefined) throw new Observed(failure);
    return 'connected';
  });
  return { outcome: await ended.catch((error: { code: string }) => error.code), taken };
}

const first = '127.0.0.1:1';
const second = '127.0.0.2:2';

test.each<{
  why: string;
  query: string;
  failing: (one: Try) => Observation | undefined;
  outcome: string;
  taken: string[];
}>`
  why                                                      | query                | failing                                                                      | outcome                               | taken
  ${'the first that works'}                                | ${''}                | ${() => undefined}                                                           | ${'connected'}                        | ${[`${first} tls-if-offered`]}
  ${'the next host after one that cannot be reached'}      | ${''}                | ${(one: Try) => (one.address === '127.0.0.1' ? refused : undefined)}         | ${'connected'}                        | ${[`${first} tls-if-offered`, `${second} tls-if-offered`]}
  ${'no other host after a wrong password'}                | ${''}                | ${() => server('28P01')}                                                     | ${'database-wrong-password'}          | ${[`${first} tls-if-offered`]}
  ${'no other host when there is no such role'}            | ${''}                | ${() => server('28000', 'InitializeSessionUserId')}                          | ${'database-no-such-role'}            | ${[`${first} tls-if-offered`]}
  ${'the next host while one is starting up'}              | ${''}                | ${(one: Try) => (one.address === '127.0.0.1' ? server('57P03') : undefined)} | ${'connected'}                        | ${[`${first} tls-if-offered`, `${second} tls-if-offered`]}
  ${'prefer: without TLS when TLS fails'}                  | ${''}                | ${(one: Try) => (one.encryption === 'plain' ? undefined : certificate)}      | ${'connected'}                        | ${[`${first} tls-if-offered`, `${first} plain`]}
  ${'prefer: without TLS when the rules do not let us in'} | ${''}                | ${(one: Try) => (one.encryption === 'plain' ? undefined : noRule)}           | ${'connected'}                        | ${[`${first} tls-if-offered`, `${first} plain`]}
  ${'allow: with TLS when the rules do not let us in'}     | ${'sslmode=allow'}   | ${(one: Try) => (one.encryption === 'plain' ? noRule : undefined)}           | ${'connected'}                        | ${[`${first} plain`, `${first} tls`]}
  ${'require: never without TLS'}                          | ${'sslmode=require'} | ${() => certificate}                                                         | ${'database-certificate-not-trusted'} | ${[`${first} tls`, `${second} tls`]}
  ${'disable: never with TLS'}                             | ${'sslmode=disable'} | ${() => noRule}                                                              | ${'database-access-refused'}          | ${[`${first} plain`, `${second} plain`]}
`('$why', async ({ query, failing, outcome, taken }) => {
  expect(await steps(query, failing)).toEqual({ outcome, taken });
});
