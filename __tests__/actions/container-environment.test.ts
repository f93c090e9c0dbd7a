import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';

import { environmentOf } from '../../src/actions/container-environment.ts';
import { UserError } from '../../src/ground/errors.ts';
import { githubHost } from '../../src/step/github.ts';

const folder = mkdtempSync(join(tmpdir(), 'tenantry-env-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('an invalid line of the environment file is annotated where it stands', async () => {
  const envFile = join(folder, 'production.env');
  writeFileSync(envFile, 'A=1\n# a remark\nexport B=2\n');
  const failure = await environmentOf({ envFile }, () => {}).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UserError);
  expect(failure).toMatchObject({ code: 'env-invalid', place: { file: envFile, line: 3 } });

  const written: string[] = [];
  const { write } = process.stdout;
  const { exitCode } = process;
  process.stdout.write = ((text: string) => written.push(text) > 0) as typeof write;
  try {
    githubHost({}).fail('it failed', { file: 'deploy/production.env', line: 3 });
    expect(process.exitCode).toBe(1);
  } finally {
    process.stdout.write = write;
    process.exitCode = exitCode;
  }
  expect(written.join('')).toContain('::error file=deploy/production.env,line=3::it failed');
});
