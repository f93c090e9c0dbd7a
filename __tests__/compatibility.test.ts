/** docs/compatibility.md has the rows of the matrix, and what they came to. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

import { impossible, matrix, nameOf } from './integration/compatibility/matrix.ts';
import { compatibilityPage } from './integration/compatibility/table.ts';

/** The cells of each row of the table. */
function rowsOf(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const rows = rowsOf(readFileSync(compatibilityPage, 'utf8'));

test('the page has exactly the rows of the matrix', () => {
  expect(rows.map((row) => row.slice(0, 4))).toEqual(matrix.map(nameOf));
});

test('each row was run, and said its own versions', () => {
  for (const [index, row] of rows.entries()) {
    const { django, djangoTenants } = matrix[index] ?? { django: '', djangoTenants: '' };
    expect(row[4]).toBe('works');
    expect(row[5]).toContain(`Django ${django}, django-tenants ${djangoTenants}, psycopg `);
  }
});

test('any two versions that can be installed stand together', () => {
  const values = [0, 1, 2, 3].map((column) => [...new Set(matrix.map((stack) => nameOf(stack)[column]))]);
  for (const [one, other] of [0, 1, 2, 3].flatMap((a) =>
    [0, 1, 2, 3].slice(a + 1).map((b) => [a, b] as const),
  )) {
    for (const a of values[one] ?? []) {
      for (const b of values[other] ?? []) {
        if (impossible.some((pair) => pair.join() === [a, b].join())) continue;
        const together = matrix.filter((stack) => nameOf(stack)[one] === a && nameOf(stack)[other] === b);
        expect({ a, b, together: together.length > 0 }).toEqual({ a, b, together: true });
      }
    }
  }
});
