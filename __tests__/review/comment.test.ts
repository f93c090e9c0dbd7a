import { expect, test } from '@jest/globals';

import { acceptedByLabel, acceptedInFile } from '../../src/review/acknowledged.ts';
import { commentMarker, longestComment, previewComment } from '../../src/review/comment.ts';
import type { Finding, Preview } from '../../src/review/review-shape.ts';

const finding: Finding = {
  row: 21,
  name: 'drop',
  level: 'error',
  migration: 'orders.0012_away',
  file: 'orders/migrations/0012_away.py',
  line: 9,
  said: 'removes the column orders_order.status',
  next: 'remove it later',
  acknowledged: null,
};

const preview = (findings: Finding[], migrations = 1, schemas = 1_000): Preview => ({
  plan: '1,000 tenants: 1,000 need 1 migration',
  basis: 'as the database is now',
  goingBack: 'the old code does not work with the migrated database',
  review: {
    findings,
    groups: Array.from({ length: migrations }, (_, index) => ({
      kind: 'tenant',
      tenantType: null,
      schemas: Array.from({ length: schemas }, (_, tenant) => `tenant_with_a_long_name_${tenant}`),
      migrations: [
        {
          migration: `orders.${1000 + index}_away`,
          atomic: true,
          reversible: true,
          statements: Array.from(
            { length: 20 },
            () => 'ALTER TABLE "orders_order" DROP COLUMN "status" CASCADE;',
          ),
          unknown: [],
          touches: [{ table: 'orders_order', lock: 'ACCESS EXCLUSIVE', cost: 'instant', size: null }],
          needs: [],
        },
      ],
    })),
  },
});

test('what needs a decision comes first; what was accepted is said with its reason', () => {
  const lines = previewComment(
    preview([finding, { ...finding, acknowledged: 'nobody reads it' }]),
    undefined,
  ).split('\n');
  expect(lines[0]).toBe(commentMarker);
  expect(lines[2]).toBe('### 🛑 1 migration: 1 danger');
  expect(lines[8]).toMatch(/^\| 🛑 \| \*\*`orders\.0012_away`\*\*<br>removes the column/);
  expect(lines.join('\n')).toContain('**accepted:** nobody reads it');
  expect(previewComment(preview([]), undefined)).toContain('### ✅ 1 migration: nothing dangerous');
  expect(previewComment(preview([], 0), undefined)).toContain('### ✅ No migration is pending');
});

test('the line that accepts it stands there by file, once, and without a reason accepts nothing', () => {
  const other = { ...finding, name: 'rename', file: 'a`b.py\nx' };
  const text = previewComment(preview([finding, finding, other]), undefined);
  const block = /```python\n([\s\S]+?)\n```/.exec(text)?.[1];
  expect(block).toBe(
    "# orders/migrations/0012_away.py\n# tenantry: allow drop:\n\n# a'b.py x\n# tenantry: allow rename:",
  );
  expect(acceptedInFile('drop', { comments: [{ line: 1, text: 'allow drop:' }] })).toBeUndefined();
});

test('a thousand tenants in three hundred groups, and a hundred dangers, fit', () => {
  const text = previewComment(preview(Array(100).fill(finding), 300), 'https://github.example/runs/1');
  expect(text.length).toBeLessThanOrEqual(longestComment);
  expect(text.length).toBeGreaterThan(longestComment * 0.9);
  expect(text).toContain('… and 80 more');
  expect(text.endsWith('The rest is in [the report of the run](https://github.example/runs/1).')).toBe(true);
  expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length);
});

test('what a fork has written is text: no Markdown, no HTML, no mention', () => {
  const said = 'x | **bold** <img src=x> @octocat `code` [link](https://evil.example)';
  const text = previewComment(preview([{ ...finding, said, migration: 'a`b' }]), undefined);
  expect(text).not.toMatch(/<img|@octocat|\*\*bold|\[link\]/);
});

test.each([
  ['with its reason', 'allow drop: nobody reads it', [], 'nobody reads it'],
  ['without a reason', 'allow drop:', [], undefined],
  ['another situation', 'allow rename: nobody reads it', [], undefined],
  [
    'by a label',
    '',
    [{ name: 'tenantry: allow drop', description: 'agreed' }],
    'agreed (label tenantry: allow drop)',
  ],
  ['by a label without a reason', '', [{ name: 'tenantry: allow drop', description: ' ' }], undefined],
])('accepted %s', (_how, text, labels, reason) => {
  const inFile = acceptedInFile('drop', { comments: [{ line: 1, text }] });
  expect(inFile ?? acceptedByLabel('drop', labels)).toBe(reason);
});
