/** `npm run format`: format and lint everything, mending what can be mended. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const { status } = spawnSync('biome', ['check', '--write', '.'], { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);
