import { expect, test } from '@jest/globals';

import { namedIn } from '../../src/command/tenant-query.ts';

test('names, and who needs the command where the query says so', () => {
  expect(namedIn([{ schema_name: 'acme' }, { schema_name: 'Berlin-Mitte' }], 'public')).toEqual([
    { schema: 'acme', pending: undefined },
    { schema: 'Berlin-Mitte', pending: undefined },
  ]);
  expect(namedIn([{ name: 'acme', pending: false }], 'public')).toEqual([{ schema: 'acme', pending: false }]);
});

test.each<{ rows: Record<string, unknown>[]; why: string }>`
  rows                                    | why
  ${[{}]}                                 | ${'it returns no column'}
  ${[{ a: 'x', b: 'y' }]}                 | ${'it returns 2 columns (a and b)'}
  ${[{ a: 'x', pending: true, c: 1 }]}    | ${'it returns 3 columns'}
  ${[{ a: 7 }]}                           | ${'its first column is 7, and no name'}
  ${[{ a: null }]}                        | ${'its first column is null, and no name'}
  ${[{ a: 'x', pending: null }]}          | ${'its column pending is null for x'}
  ${[{ a: 'x' }, { a: 'y' }, { a: 'x' }]} | ${'it names x more than once'}
  ${[{ a: 'public' }]}                    | ${'it names public: that is the shared schema'}
  ${[{ a: 'pg_toast' }]}                  | ${'it names pg_toast: that is PostgreSQL’s own'}
  ${[{ a: 'information_schema' }]}        | ${'that is PostgreSQL’s own'}
  ${[{ a: '--drop' }]}                    | ${'a command would take that for an option'}
  ${[{ a: 'a\nb' }]}                      | ${'it names "a\\nb": a command could not be told'}
  ${[{ a: '' }]}                          | ${'it names "": that is no name'}
`('$rows is refused: $why', ({ rows, why }) => {
  expect(() => namedIn(rows, 'public')).toThrow(
    expect.objectContaining({ code: 'tenant-query-unusable', message: expect.stringContaining(why) }),
  );
});
