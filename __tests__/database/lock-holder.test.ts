import { expect, test } from '@jest/globals';

import {
  describeHolder,
  type LockNote,
  lockApplicationName,
  noteOf,
  readHolder,
} from '../../src/database/lock-holder.ts';

const note: LockNote = {
  run: 'https://github.example/acme/shop/actions/runs/4812/attempts/1',
  actor: 'ana',
  commit: 'a1b2c3d4e5f60718293a4b5c6d7e8f9012345678',
  phase: 'tenant acme (3 of 12)',
  since: '2026-08-12T10:00:00Z',
};
const row = {
  pid: 4711,
  role: 'shop',
  application: 'tenantry lock run 4812 by ana',
  now: Date.parse(note.since) + 192_000,
};

test('what a run writes is what another one reads', () => {
  const query = `${noteOf(note)} select from pg_locks`;
  expect(readHolder({ ...row, query })).toEqual({
    pid: 4711,
    role: 'shop',
    application: 'tenantry lock run 4812 by ana',
    note,
    visible: true,
    milliseconds: 192_000,
  });
  expect(describeHolder(readHolder({ ...row, query }))).toBe(
    'https://github.example/acme/shop/actions/runs/4812/attempts/1 (commit a1b2c3d, by ana, at tenant acme (3 of 12), for 3 min 12 s)',
  );
});

test.each`
  why                                | query                         | told
  ${'another role may not see it'}   | ${'<insufficient privilege>'} | ${'session 4711 of the role shop ("tenantry lock run 4812 by ana"), whose run is shown only to that role and to members of pg_read_all_stats,'}
  ${'the server keeps no statement'} | ${''}                         | ${'session 4711 of the role shop ("tenantry lock run 4812 by ana"), whose run is shown only to that role and to members of pg_read_all_stats,'}
  ${'somebody else took the key'}    | ${'select 1'}                 | ${'session 4711 of the role shop ("tenantry lock run 4812 by ana")'}
  ${'the note is cut off'}           | ${noteOf(note).slice(0, 100)} | ${'session 4711 of the role shop ("tenantry lock run 4812 by ana")'}
`('$why: the session is named', ({ query, told }: Record<'query' | 'told', string>) => {
  expect(describeHolder(readHolder({ ...row, query }))).toBe(told);
});

test.each`
  actor
  ${'*/ drop table x; /*'}
  ${'/* /* */'}
  ${'"quoted" \\ back'}
`('$actor does not end the comment, and comes back as it was', ({ actor }: Record<string, string>) => {
  const written = noteOf({ ...note, actor: actor ?? '' });
  expect(written.slice(2, -2)).not.toMatch(/\*\/|\/\*/);
  expect(readHolder({ ...row, query: written }).note?.actor).toBe(actor);
});

test('what somebody wrote there is told on one line', () => {
  const forged = noteOf(note).replace('"ana"', '"ana\\n::add-mask::x"');
  expect(describeHolder(readHolder({ ...row, query: forged }))).not.toContain('\n');
});

test('a note of the longest words fits into what pg_stat_activity keeps', () => {
  const long = 'x'.repeat(1_000);
  expect(
    Buffer.byteLength(noteOf({ run: long, actor: long, commit: long, phase: long, since: long })),
  ).toBeLessThan(1_024);
});

test.each`
  run             | actor             | name
  ${note.run}     | ${'ana'}          | ${'tenantry lock run 4812 by ana'}
  ${note.run}     | ${'x'.repeat(80)} | ${`tenantry lock run 4812 by ${'x'.repeat(37)}`}
  ${'ana@laptop'} | ${'ana'}          | ${'tenantry lock ana@laptop'}
`(
  '$run by $actor: the name of its session',
  ({ run, actor, name }: Record<'run' | 'actor' | 'name', string>) => {
    expect(lockApplicationName({ run, actor, commit: '' })).toBe(name);
    expect(name.length).toBeLessThanOrEqual(63);
  },
);
