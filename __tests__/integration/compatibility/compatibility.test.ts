import { expect, test } from '@jest/globals';

import { each } from '../breadth.ts';
import { matrix, nameOf } from './matrix.ts';
import { tryOut } from './scene.ts';

const [first] = matrix;

test.each(
  each(matrix, first as (typeof matrix)[number]).map((stack) => [nameOf(stack).join(', '), stack] as const),
)(
  'Django, django-tenants, driver, PostgreSQL %s: everything unusual at once',
  async (_, stack) => {
    const { tenants, proof, versions } = await tryOut(stack);
    expect(versions.slice(0, 2)).toEqual([stack.django, stack.djangoTenants]);
    expect(tenants).toHaveLength(5);
    expect(tenants.join()).not.toMatch(/failed|not-tried|unknown/);
    expect(proof).toMatch(/^Proof: 5 tenants have all tables and columns of their type/);
  },
  300_000,
);
