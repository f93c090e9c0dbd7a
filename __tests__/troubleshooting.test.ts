/** docs/troubleshooting.md has a paragraph for every failure, and none for a failure that cannot happen. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

import { literally, withTables } from '../scripts/docs.ts';
import type { Rule } from '../src/diagnosis/rule.ts';
import { rules } from '../src/diagnosis/rules.ts';
import { failureCodes } from '../src/ground/failure-codes.ts';

const root = join(import.meta.dirname, '..');
const document = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8');

test('every failure has its heading, in the order of the list', () => {
  expect([...document.matchAll(/^### (.+)$/gm)].map(([, code]) => code)).toEqual([...failureCodes]);
});

test('every heading has a paragraph', () => {
  const empty = document
    .split(/^### /m)
    .slice(1)
    .filter((part) => part.split('\n').slice(1).join('').trim().length < 30);
  expect(empty).toEqual([]);
});

test('what rules recognise is generated from them, under the heading of their code', () => {
  const paragraphs = new Map(
    document.split(/^### /m).map((part) => [part.slice(0, part.indexOf('\n')), part] as const),
  );
  const all = [...new Set([...rules.docker, ...rules.ended, ...rules.running])];
  expect(all.filter(({ code }) => !paragraphs.get(code)?.includes(`<!-- rules:${code} -->`))).toEqual([]);
  expect(withTables(document)).toBe(document);
  // Whatever somebody writes between the marks is gone with the next run.
  for (const { next } of all) expect(document).toContain(literally(next).replaceAll('|', '\\|'));
  const [{ next }] = rules.docker as [Rule];
  expect(withTables(document.replace(literally(next), 'something else'))).toBe(document);
});

test('every failure is raised somewhere', () => {
  const source = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && path !== 'ground/failure-codes.ts')
    .map((path) => readFileSync(join(root, 'src', path), 'utf8'))
    .join('\n');
  expect(failureCodes.filter((code) => !source.includes(`'${code}'`))).toEqual([]);
});

test('links to sections of the document lead somewhere', () => {
  const anchors = [...document.matchAll(/^#{2,3} (.+)$/gm)].map(([, title]) =>
    (title ?? '').toLowerCase().replaceAll(' ', '-'),
  );
  const pages = [
    'README.md',
    ...readdirSync(join(root, 'actions')).map((name) => `actions/${name}/README.md`),
  ];
  const links = pages.flatMap((page) => [
    ...readFileSync(join(root, page), 'utf8').matchAll(/docs\/troubleshooting\.md#([\w-]+)/g),
  ]);
  expect(links.length).toBeGreaterThan(0);
  expect(links.map(([, anchor]) => anchor).filter((anchor) => !anchors.includes(anchor ?? ''))).toEqual([]);
});
