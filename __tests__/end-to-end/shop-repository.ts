import { mkdtempSync, rmSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { command } from '../../lab/command.ts';
import { shopFolder } from '../../lab/shop.ts';
import { provideWheels } from '../../lab/wheels.ts';
import { forAct, root } from '../workflows/files.ts';

/** Files of a commit: what they hold, or how it follows from what they held. */
export type Changes = Readonly<Record<string, string | ((before: string) => string)>>;

/** A repository of somebody who took the example application and the example workflows. */
export interface ShopRepository {
  readonly folder: string;
  /** @returns the commit */
  commit(message: string, changes?: Changes): Promise<string>;
  remove(): void;
}

/** It brings its wheels along, because a build in the lab has no package index to ask. */
export async function shopRepository(): Promise<ShopRepository> {
  const folder = mkdtempSync(join(tmpdir(), 'shop-repository-'));
  const git = (...args: string[]) =>
    command(['git', '-c', 'user.name=Ana', '-c', 'user.email=ana@example.com', '-C', folder, ...args]);
  await cp(shopFolder, folder, {
    recursive: true,
    filter: (path) => !/__pycache__|\.venv|\.ruff_cache|\/wheels$/.test(path),
  });
  await provideWheels(join(shopFolder, 'requirements.txt'), join(folder, 'wheels'));
  // The shop's own list has the wheels, and what is ignored does not come into a job.
  await writeFile(join(folder, '.gitignore'), '.venv/\n__pycache__/\n');
  for (const workflow of [
    'deploy-dev.yml',
    'one-step.yml',
    'deploy.yml',
    'deploy-uat.yml',
    'deploy-production.yml',
    'rollback.yml',
    'provision.yml',
    'verify-nightly.yml',
    'restore.yml',
    'preview.yml',
    'preview-comment.yml',
    'provision-tenant.yml',
    'tenants-from-a-file.yml',
  ]) {
    const path = join(folder, '.github/workflows', workflow);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, forAct(await readFile(join(root, 'examples/workflows', workflow), 'utf8')));
  }
  await git('init', '--quiet', '--initial-branch', 'dev');
  await git('remote', 'add', 'origin', 'https://github.com/acme/shop.git');
  return {
    folder,
    async commit(message, changes = {}) {
      await change(folder, changes);
      await git('add', '--all');
      await git('commit', '--quiet', '--message', message);
      return (await git('rev-parse', 'HEAD')).trim();
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Makes changes in a folder. */
export async function change(folder: string, changes: Changes): Promise<void> {
  for (const [name, content] of Object.entries(changes)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, typeof content === 'string' ? content : content(await readFile(path, 'utf8')));
  }
}
