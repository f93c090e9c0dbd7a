import { expect, test } from '@jest/globals';

import { describeCommand, preDeployShape } from '../../../src/deployment/request/pre-deploy-command.ts';
import { yamlOf } from '../../../src/step/yaml-field.ts';

const preDeploy = yamlOf(preDeployShape);

test('what is written in YAML arrives in its shape', () => {
  const { data } = preDeploy.safeParse(`
- run: [python, manage.py, check, --deploy]
- name: static files
  run: python manage.py collectstatic --noinput
  blocking: false
  timeout: 90s
`);
  expect(data).toEqual([
    {
      name: 'python manage.py check --deploy',
      run: ['python', 'manage.py', 'check', '--deploy'],
      blocking: true,
      timeout: 300_000,
    },
    {
      name: 'static files',
      run: ['python', 'manage.py', 'collectstatic', '--noinput'],
      blocking: false,
      timeout: 90_000,
    },
  ]);
  expect(data?.map(describeCommand)).toEqual([
    'python manage.py check --deploy (blocking, at most 5 min)',
    'static files (a failure is only a warning, at most 1 min 30 s)',
  ]);
});

test.each`
  written                                     | says
  ${'- run: check\n- name: b\n  run: a && b'} | ${'line 3, run: has &, which only a shell would read'}
  ${'- run: check\n  blocking: maybe'}        | ${'line 2, blocking: '}
  ${'- run: check\n  timeout: 5'}             | ${'line 2, timeout: "5" has no unit'}
  ${'- run: check\n  limit: 5m'}              | ${'line 1: Unrecognized key: "limit"'}
  ${'- name: check'}                          | ${'line 1, run: '}
  ${'- run: ""'}                              | ${'line 1, run: has no word'}
  ${'- run: []'}                              | ${'line 1, run: '}
  ${'- run: check\n- run: [check]'}           | ${'line 2: there are two commands named check'}
  ${'run: check'}                             | ${'line 1: '}
  ${'[]'}                                     | ${'line 1: has no command'}
`('refuses $written', ({ written, says }) => {
  expect(preDeploy.safeParse(String(written)).error?.issues[0]?.message).toContain(says);
});
