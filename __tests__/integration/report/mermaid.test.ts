import { beforeAll, describe, expect, test } from '@jest/globals';

import { type MermaidParser, mermaidParser } from '../../../lab/tools/mermaid.ts';
import { lineOf, timelineOf } from '../../../src/report/mermaid.ts';

/** Every kind of picture that a summary has, read by the real Mermaid. */
let parse: MermaidParser;

beforeAll(async () => {
  parse = await mermaidParser();
}, 900_000);

/** What stands between the fences, as GitHub hands it over. */
function picture(block: string): string {
  const [, text] = /^```mermaid\n([\s\S]*)\n```$/.exec(block) ?? [];
  if (text === undefined) throw new Error(`not a block: ${block}`);
  return text;
}

const odd = [
  'web-1',
  '10.0.0.1',
  '2001:db8::1',
  'In place',
  'a: b, c; d',
  '"quoted" #35; %% [x] {y} (z) <b>|</b>`',
  'crit',
  'end',
  'section of',
  'title',
];

describe.each(odd)('a name like %s', (name) => {
  test('in a timeline', async () => {
    const phases = [
      { name, from: 0, to: 1_200.4 },
      { name: 'Bake', from: 1_200.4, to: 1_200.4 },
      { name, from: 1_201, to: 90_000, failed: true },
    ];
    expect(await parse(picture(timelineOf(phases)))).toBe('gantt');
    expect(await parse(picture(timelineOf(phases, name)))).toBe('gantt');
  });

  test('in a line', async () => {
    const stops = [
      { name, result: 'deployed', milliseconds: 1, failed: false },
      { name: 'check', result: name, milliseconds: 60_000, failed: true },
    ];
    expect(await parse(picture(lineOf(stops)))).toBe('flowchart-v2');
  });
});

test('it refuses what is no picture', async () => {
  await expect(parse('gantt\n nonsense\n ::')).rejects.toThrow('Parse error');
});
