import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { labFolders } from '../../lab/folders.ts';
import { codeOf } from '../../src/ground/errors.ts';
import { localMachine } from '../../src/machine/local.ts';
import { lastWords, succeeded } from '../../src/machine/machine.ts';

const fiveMinutes = 5 * 60_000;
const complete = 'tenantry-complete';

/**
 * The Python of a virtual environment with these requirements, made when there is none yet. Environments are
 * kept in the lab's cache; two tests that want the same one at once get one.
 */
export async function venv(requirements: string): Promise<string> {
  const version = await python('python3', ['--version']);
  const hash = createHash('sha256').update(`${version}\n${requirements}`).digest('hex').slice(0, 12);
  const folder = join(labFolders().cache, 'venvs', hash);
  await alone(`${folder}.lock`, async () => {
    if (existsSync(join(folder, complete))) return;
    await rm(folder, { recursive: true, force: true });
    await python('python3', ['-m', 'venv', folder]);
    const list = join(folder, 'requirements.txt');
    await writeFile(list, requirements);
    await python(join(folder, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '--requirement', list]);
    await writeFile(join(folder, complete), '');
  });
  return join(folder, 'bin/python');
}

/** What examples/shop is installed from. */
export async function shopPython(): Promise<string> {
  const file = join(import.meta.dirname, '../../examples/shop/requirements.txt');
  return venv(await readFile(file, 'utf8'));
}

/** The oldest Django and django-tenants that are supported, with psycopg 2. */
export async function oldestPython(): Promise<string> {
  return venv('Django==4.2.30\ndjango-tenants==3.7.0\npsycopg2-binary==2.9.13\n');
}

async function python(program: string, args: readonly string[]): Promise<string> {
  const result = await localMachine.run([program, ...args], {
    timeout: fiveMinutes,
    env: { PIP_DISABLE_PIP_VERSION_CHECK: '1' },
  });
  if (!succeeded(result)) throw new Error(`${program} ${args.join(' ')}: ${lastWords(result)}`);
  return result.stdout.trim();
}

/** Waits for others who hold the lock and are alive. */
async function alone(lock: string, work: () => Promise<void>): Promise<void> {
  await mkdir(join(lock, '..'), { recursive: true });
  for (;;) {
    try {
      await writeFile(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
      if (holder > 0 && !isAlive(holder)) await rm(lock, { force: true });
      await sleep(200);
    }
  }
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
