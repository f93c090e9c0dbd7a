import { describe, expect, test } from '@jest/globals';

import { type Countable, packed } from '../../src/database/row-counts.ts';
import { shellLine } from '../../src/machine/quoting.ts';
import { compareCounts, fewerRowsNotice, type SmokeResult } from '../../src/migrations/smoke.ts';
import {
  notOfManagePy,
  parseSmokeCommand,
  requireSmokeCommands,
} from '../../src/migrations/smoke-command.ts';

describe('which tables are counted in one statement', () => {
  const table = (name: string, relations: number, pages: number): Countable => ({
    schema: 'acme',
    table: name,
    quoted: `acme.${name}`,
    relations,
    pages,
    rows: undefined,
  });
  const names = (targets: readonly Countable[]) =>
    packed(targets).map((pack) => pack.map((target) => target.table).join(' '));

  test.each<[string, Countable[], string[]]>([
    ['none', [], []],
    ['small ones together', [table('a', 2, 1), table('b', 2, 1)], ['a b']],
    ['no more than 500 relations', [table('a', 300, 1), table('b', 200, 1), table('c', 1, 1)], ['a b', 'c']],
    ['more than 500 alone are counted all the same', [table('a', 900, 1), table('b', 1, 2)], ['a', 'b']],
    [
      'large ones last and alone',
      [table('huge', 2, 9_000_000), table('a', 2, 3), table('b', 2, 0)],
      ['b a', 'huge'],
    ],
    ['no more than 512 MiB', [table('a', 2, 40_000), table('b', 2, 40_000)], ['a', 'b']],
  ])('%s', (_, targets, packs) => {
    expect(names(targets)).toEqual(packs);
  });
});

describe('rows before and after', () => {
  /** `acme: orders 100, lines ~9` */
  const result = (written: string): SmokeResult => {
    const [schema = '', tables = ''] = written.split(': ');
    const counts = tables.split(', ').map((text) => {
      const [, table = '', about = '', rows = ''] = /^(\w+) (~?)(\d+|\?)$/.exec(text) ?? [];
      return { table, rows: rows === '?' ? undefined : Number(rows), exact: about === '' };
    });
    return { schema, counts, notices: [], failure: undefined };
  };

  test.each<[string, string, string | undefined, string | undefined]>([
    ['acme: orders 100', 'acme: orders 100', undefined, undefined],
    ['acme: orders 100', 'acme: orders 101', undefined, undefined],
    [
      'acme: orders 100',
      'acme: orders 90',
      undefined,
      '1 table has fewer rows than before: acme.orders 90 (100 before)',
    ],
    ['acme: orders 100', 'acme: orders 0', 'orders had 100 rows and has none now', undefined],
    ['acme: orders 0', 'acme: orders 0', undefined, undefined],
    ['acme: lines 1', 'acme: orders 0', undefined, undefined],
    ['beta: orders 1', 'acme: orders 0', undefined, undefined],
    ['acme: orders ~100', 'acme: orders 0', 'orders had 100 rows and has none now', undefined],
    ['acme: orders ~100', 'acme: orders 90', undefined, undefined],
    ['acme: orders 100', 'acme: orders ~0', undefined, undefined],
    ['acme: orders ~?', 'acme: orders 0', undefined, undefined],
    [
      'acme: orders 1, lines 2000',
      'acme: orders 0, lines 0',
      'orders had 1 row and has none now and lines had 2,000 rows and has none now',
      undefined,
    ],
  ])('%s → %s: %s %s', (before, after, failure, notice) => {
    const { failures, fewer } = compareCounts([result(before)], [result(after)]);
    expect(failures.map((one) => one.failure.message)).toEqual(
      failure === undefined ? [] : [`The smoke test failed in tenant acme — ${failure}`],
    );
    expect(failures.map((one) => [one.schema, one.failure.code])).toEqual(
      failure === undefined ? [] : [['acme', 'smoke-test-failed']],
    );
    expect(fewerRowsNotice(fewer)).toBe(notice);
  });

  test('the greatest losses are told first, and not all of many', () => {
    const lost = Array.from({ length: 8 }, (_, index) => ({
      schema: `t${index}`,
      table: 'orders',
      before: 100,
      after: 99 - index,
    }));
    expect(fewerRowsNotice(lost)).toBe(
      '8 tables have fewer rows than before: t7.orders 92 (100 before), t6.orders 93 (100 before), t5.orders 94 (100 before), t4.orders 95 (100 before), t3.orders 96 (100 before) and 3 more',
    );
  });
});

describe('smoke-command', () => {
  test.each<[string, string[]]>([
    ['check_orders {schema}', ['check_orders', '{schema}']],
    ['  tenant_command check  --schema={schema} ', ['tenant_command', 'check', '--schema={schema}']],
    [`check --where "id > 1" --schema='{schema}'`, ['check', '--where', 'id > 1', '--schema={schema}']],
    [`check --none "" {schema}`, ['check', '--none', '', '{schema}']],
  ])('%s', (line, words) => {
    expect(parseSmokeCommand(line)).toEqual(words);
  });

  test.each`
    line                 | why
    ${'check_orders'}    | ${'has no {schema} — it is run for each tenant and must say for which, like: tenant_command check_orders --schema={schema}'}
    ${''}                | ${'has no {schema}'}
    ${'{schema} check'}  | ${'does not begin with a command'}
    ${'check "{schema}'} | ${'has a quote that is not closed'}
  `('$line is refused: $why', ({ line, why }) => {
    expect(() => parseSmokeCommand(String(line))).toThrow(String(why));
  });

  test.each(['python manage.py check {schema}', './manage.py check {schema}', 'python3.11 x.py {schema}'])(
    '%s is no command of manage.py',
    (line) => {
      const [first] = parseSmokeCommand(line);
      expect(notOfManagePy([parseSmokeCommand(line)])).toBe(
        `smoke-command: "${shellLine(parseSmokeCommand(line))}" begins with ${first} — write what follows manage.py`,
      );
    },
  );

  test.each<[string, string | undefined]>([
    ['check_orders {schema}', undefined],
    ['tenant_command check_orders --schema={schema}', undefined],
    ['tenant_command check --schema={schema}', undefined],
    ['check_order {schema}', 'did you mean check_orders?'],
    ['tenant_command check_order --schema={schema}', 'did you mean check_orders?'],
    ['something {schema}', 'correct smoke-command, or leave it out'],
  ])('%s in a project with check and check_orders: %s', (line, hint) => {
    const require = () =>
      requireSmokeCommands([parseSmokeCommand(line)], {
        commands: ['check', 'check_orders', 'tenant_command'],
      });
    if (hint === undefined) expect(require).not.toThrow();
    else
      expect(require).toThrow(
        expect.objectContaining({ code: 'command-missing', hint: expect.stringContaining(hint) }),
      );
  });
});
