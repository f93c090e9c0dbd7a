import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

import { withTables } from '../../scripts/docs.ts';
import { migrationSituations } from '../../src/migrations/situations.ts';
import { tenantSituations } from '../../src/provisioning/situations.ts';

const document = readFileSync(join(import.meta.dirname, '../../docs/troubleshooting.md'), 'utf8');
const situations = [...migrationSituations, ...tenantSituations];

test('the table in docs/troubleshooting.md is what the functions say', () => {
  expect(withTables(document)).toBe(document);
  for (const { title } of situations) expect(document).toContain(`\n| ${title} | `);
});

test('a table that is stale is noticed', () => {
  const [{ said } = { said: '' }] = situations;
  expect(document).toContain(said);
  expect(withTables(document.replace(said, 'something else'))).toBe(document);
});

test('every code of the table has its paragraph', () => {
  const codes = situations.flatMap(({ code }) => code ?? []);
  expect(codes.filter((code) => !document.includes(`\n### ${code}\n`))).toEqual([]);
});

test('every situation is told in other words, and says what to do', () => {
  for (const text of ['title', 'said', 'next'] as const) {
    expect(situations.filter((situation) => situation[text].trim() === '')).toEqual([]);
  }
  expect(new Set(situations.map(({ title }) => title)).size).toBe(situations.length);
  expect(new Set(situations.map(({ said }) => said)).size).toBe(situations.length);
});

test('what stops has a sentence of three parts', () => {
  const stopping = situations.filter(({ code }) => code !== undefined);
  expect(stopping.filter(({ said }) => !said.includes(' — '))).toEqual([]);
});
