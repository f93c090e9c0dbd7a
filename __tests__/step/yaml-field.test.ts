import { expect, test } from '@jest/globals';

import { rolloutShape } from '../../src/migrations/rollout.ts';
import { yamlOf } from '../../src/step/yaml-field.ts';

const rollout = yamlOf(rolloutShape);

test('what is written in YAML arrives in its shape', () => {
  const { data } = rollout.safeParse(`
- name: friends
  schemas: [acme, "demo-*"]
  bake: 5m
- name: everybody
`);
  expect(data?.map(({ name, bake }) => [name, bake])).toEqual([
    ['friends', 300_000],
    ['everybody', undefined],
  ]);
});

test.each`
  written                                     | says
  ${'- name: a\n- name: b\n  parallel: none'} | ${'line 3, parallel: '}
  ${'- name: a\n  paralel: 2'}                | ${'line 1: Unrecognized key: "paralel"'}
  ${'- name: a\n\n- schemas: [b]'}            | ${'line 3, name: '}
  ${'- name: a\n  bake: 5'}                   | ${'line 2, bake: '}
  ${'- name: a\n  max-failures: none'}        | ${'line 2, max-failures: "none" is neither a number'}
  ${'name: a'}                                | ${'line 1: '}
  ${'- name: [a'}                             | ${'Flow sequence'}
  ${''}                                       | ${'line 1: '}
`('$written', ({ written, says }) => {
  const { error } = rollout.safeParse(String(written));
  expect(error?.issues[0]?.message).toContain(says);
});
