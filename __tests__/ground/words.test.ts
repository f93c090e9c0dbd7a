import { expect, test } from '@jest/globals';

import { counted, listed, nearest, shortCommits } from '../../src/ground/words.ts';

test('counted things agree with their number', () => {
  expect([counted(0, 'tenant'), counted(1, 'tenant'), counted(1_000, 'tenant')]).toEqual([
    '0 tenants',
    '1 tenant',
    '1,000 tenants',
  ]);
  expect(counted(2, 'try', 'tries')).toBe('2 tries');
});

test('a commit is short, a digest is another thing', () => {
  const commit = '0123456789abcdef0123456789abcdef01234567';
  expect(shortCommits(`dev-${commit} → ${commit}`)).toBe('dev-0123456 → 0123456');
  expect(shortCommits(`sha256:${'ab'.repeat(32)}`)).toBe(`sha256:${'ab'.repeat(32)}`);
});

test('a list reads like a sentence, and says how many it leaves out', () => {
  expect(listed([])).toBe('none');
  expect(listed(['a'])).toBe('a');
  expect(listed(['a', 'b', 'c'])).toBe('a, b and c');
  expect(listed(['a', 'b', 'c', 'd', 'e'], 2)).toBe('a, b and 3 more');
});

test.each<{ text: string; found: string | undefined }>`
  text             | found
  ${'dryrun'}      | ${'dry-run'}
  ${'DRY_RUN'}     | ${'dry-run'}
  ${'databse-url'} | ${'database-url'}
  ${'colour'}      | ${undefined}
`('$text is nearest to $found', ({ text, found }) => {
  expect(nearest(text, ['dry-run', 'database-url', 'timeout'])).toBe(found);
});
