import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { DjangoProject } from '../../src/django/project.ts';
import type { Log } from '../../src/ground/log.ts';
import { localMachine } from '../../src/machine/local.ts';
import type { ScratchDatabase } from './scratch-database.ts';

const root = join(import.meta.dirname, '../..');

/** The folders of real projects that tests run. */
export const folders = {
  shop: join(root, 'examples/shop'),
  /** Two types of tenant, a shared schema that is not called public, old and new Django. */
  kinds: join(root, '__tests__/projects/kinds'),
  /** A migration of every kind. */
  zoo: join(root, '__tests__/projects/zoo'),
  /** Django without django-tenants. */
  plain: join(root, '__tests__/projects/plain'),
} as const;

/** A project in its folder, on this machine, with what it needs in its environment. */
export function project(
  workingDirectory: string,
  python: string,
  { env }: Pick<ScratchDatabase, 'env'>,
  more: Readonly<Record<string, string>> = {},
): DjangoProject {
  return {
    machine: localMachine,
    workingDirectory,
    python,
    env: { ...env, SECRET_KEY: 'only for tests', PUBLIC_DOMAIN: 'shop.example', ...more },
  };
}

/** A copy of a project with some files more or other; remove it with `remove`. */
export async function changedCopy(
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<{ folder: string; remove(): Promise<void> }> {
  const copy = await mkdtemp(join(tmpdir(), 'tenantry-project-'));
  await cp(folder, copy, { recursive: true, filter: (path) => !path.endsWith('__pycache__') });
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(copy, name)), { recursive: true });
    await writeFile(join(copy, name), text);
  }
  return { folder: copy, remove: () => rm(copy, { recursive: true, force: true }) };
}

/** A log whose lines a test can read. */
export function recordedLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    step: (label, text) => lines.push(`${label}: ${text}`),
    info: (text) => lines.push(text),
    debug: () => {},
    warning: (text) => lines.push(`warning: ${text}`),
    details: (title, text) => lines.push(...(text === '' ? [] : [title, ...text.split('\n')])),
  };
}
