import { expect, test } from '@jest/globals';

import { complaintIn } from '../../src/command/output.ts';

test.each<{ tool: string; stderr: string; said: string }>`
  tool                 | stderr                                                                                                                                           | said
  ${'psql'}            | ${'psql:up.sql:3: ERROR:  relation "a" already exists\nDETAIL:  It was there.'}                                                                  | ${'psql:up.sql:3: ERROR:  relation "a" already exists (It was there.)'}
  ${'node-pg-migrate'} | ${`Error executing:\n  ALTER TABLE a\nerror: duplicate key\n    at Parser (x.js:1)\n  code: '23505',\n  detail: 'Key (email)=(a@b) is twice.',`} | ${'error: duplicate key (Key (email)=(a@b) is twice.)'}
  ${'a Go program'}    | ${'2026/01/01 migrating\npanic: pq: no such table\n'}                                                                                            | ${'panic: pq: no such table'}
  ${'something else'}  | ${'cannot do it\nsorry\n'}                                                                                                                       | ${'sorry'}
`('$tool', ({ stderr, said }) => {
  expect(complaintIn({ stdout: '', stderr })).toBe(said);
});
