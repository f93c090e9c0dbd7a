/** What a door loads before its action does anything: run without inputs, it only refuses. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Loaded {
  /** Of dist/. */
  readonly files: readonly string[];
  /** Together. */
  readonly bytes: number;
  /** Resident memory of the process at its peak, in bytes. */
  readonly memory: number;
}

/** @param argv of Node: the door */
export function loadedBy(argv: readonly string[]): Loaded {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-loaded-'));
  const [witness, told] = [join(folder, 'witness.cjs'), join(folder, 'told.json')];
  writeFileSync(
    witness,
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(told)}, JSON.stringify({
      files: Object.keys(require.cache).filter((file) => file !== __filename),
      memory: process.resourceUsage().maxRSS * 1024,
    })));\n`,
  );
  spawnSync(process.execPath, ['--require', witness, ...argv], {
    env: { PATH: process.env.PATH, RUNNER_TEMP: folder },
    stdio: 'ignore',
  });
  const { files, memory } = JSON.parse(readFileSync(told, 'utf8'));
  rmSync(folder, { recursive: true });
  const bytes = files.reduce((sum: number, file: string) => sum + statSync(file).size, 0);
  return { files, bytes, memory };
}
