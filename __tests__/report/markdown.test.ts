import { expect, test } from '@jest/globals';

import { folded } from '../../src/report/markdown.ts';

test('a title is text in a line of HTML: no tag of its own, no backslash that would be shown', () => {
  expect(folded('orders.0012_away <b>\nand `more`', 'x')).toBe(
    '<details><summary>orders.0012_away &lt;b&gt; and `more`</summary>\n\nx\n\n</details>',
  );
});
