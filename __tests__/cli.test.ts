/** The program: the same actions, inputs and messages at a terminal. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

import { manifestOf } from '../src/actions/manifests.ts';
import { actionNames } from '../src/actions/names.ts';

interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function tenantry(args: readonly string[], { env = {}, stdin = '' } = {}): Promise<Said> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../dist/cli.cjs'), ...args], {
    env: { PATH: process.env.PATH, ...env },
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  child.stdin.end(stdin);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })));
}

const url = 'postgresql://shop:p%40ss@db.internal:5432/shop';

test('doctor is a job of health-check, and says what it needs', async () => {
  const { code, stdout } = await tenantry(['doctor']);
  expect(code).toBe(1);
  expect(stdout).toContain('mode: doctor: needs host and ssh-user');
});

describe('what it can do', () => {
  test('alone it says what there is', async () => {
    const { code, stdout } = await tenantry([]);
    expect(code).toBe(0);
    for (const name of actionNames) expect(stdout).toContain(`  ${name} `);
  });

  test.each(actionNames)('%s --help is made from its action.yml', async (name) => {
    const { code, stdout } = await tenantry([name, '--help']);
    const { inputs, outputs } = manifestOf(name);
    expect(code).toBe(0);
    for (const input of Object.keys(inputs)) expect(stdout).toContain(`\n  --${input}`);
    for (const output of Object.keys(outputs)) expect(stdout).toContain(`\n  ${output}\n`);
  });
});

describe('what it does', () => {
  test('the log on standard error, the outputs on standard output', async () => {
    const { code, stdout, stderr } = await tenantry(['parse-db-url'], {
      env: { TENANTRY_DATABASE_URL: url },
    });
    expect(code).toBe(0);
    expect(stderr).toBe('Read         postgresql://shop:***@db.internal:5432/shop\n');
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining([
        'result=parsed',
        'host=db.internal',
        'port=5432',
        'user=shop',
        'password=p@ss',
      ]),
    );
    expect(`${stdout}${stderr}`).not.toContain('::');
  });

  test('a secret comes by standard input', async () => {
    const { code, stdout } = await tenantry(['parse-db-url', '--database-url', '-'], { stdin: `${url}\n` });
    expect(code).toBe(0);
    expect(stdout).toContain('name=shop');
  });

  test('a failing action ends with 1 and its sentence', async () => {
    const { code, stdout, stderr } = await tenantry(['parse-db-url'], {
      env: { TENANTRY_DATABASE_URL: 'postgresql://shop:p@ss@db/shop?colour=red' },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/\nFailed {7}An input is wrong — database-url: .* — .*\n$/);
    expect(stdout).toContain('failure-code=database-url-invalid');
  });
});

describe('what it refuses', () => {
  test.each<{ args: string[]; said: string }>`
    args                                       | said
    ${['migrate-schema']}                      | ${'There is no action migrate-schema — did you mean migrate-schemas?'}
    ${['migrate-schemas', '--dryrun']}         | ${'There is no option --dryrun — did you mean --dry-run?'}
    ${['parse-db-url', '--database-url', url]} | ${'--database-url would show a secret to everybody who can list processes'}
    ${['parse-db-url', 'shop']}                | ${'Unexpected argument'}
  `('$args', async ({ args, said }) => {
    const { code, stderr } = await tenantry(args);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
    expect(stderr).not.toContain('p%40ss');
  });
});
