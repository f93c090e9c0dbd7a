import { expect, test } from '@jest/globals';

import { forSchema, parseSharedCommand, parseTenantCommand } from '../../src/command/words.ts';

test.each<[string, string[]]>([
  ['migrate --schema {schema}', ['migrate', '--schema', 'a $(b) "c']],
  ['bin/migrate "--schema={schema}"  up', ['bin/migrate', '--schema=a $(b) "c', 'up']],
  [
    `sh -c 'psql -c "SET search_path = $1"' sh {schema}`,
    ['sh', '-c', 'psql -c "SET search_path = $1"', 'sh', 'a $(b) "c'],
  ],
])('%s: the name of a schema is one word, whatever it is', (line, words) => {
  expect(forSchema(parseTenantCommand(line), 'a $(b) "c')).toEqual(words);
});

test.each`
  line                                 | why
  ${'migrate up'}                      | ${'has no {schema} — it is run for each tenant and must say for which, like: migrate up --schema={schema}'}
  ${'{schema} up'}                     | ${'does not begin with a program'}
  ${'migrate "{schema}'}               | ${'has a quote that is not closed'}
  ${'migrate {schema} && echo done'}   | ${'has &&, which means something to a shell, and none reads it'}
  ${'migrate {schema} | tee log'}      | ${'has |, which means something to a shell'}
  ${'migrate {schema}\nmigrate again'} | ${'has several lines — it is one command'}
  ${`bash -euc 'migrate {schema}'`}    | ${`has {schema} within what a shell reads, which takes a name for code — give it as an argument: bash -c '… "$1" …' bash {schema}`}
`('$line is refused: $why', ({ line, why }) => {
  expect(() => parseTenantCommand(String(line))).toThrow(String(why));
});

test('what is run once has no tenant', () => {
  expect(parseSharedCommand(' migrate --shared ')).toEqual(['migrate', '--shared']);
  expect(() => parseSharedCommand('migrate {schema}')).toThrow('it is run once, before the tenants');
});
