import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts';

/**
 * Does `work` while no other process does: two `up` at once would make every
 * box twice. A lock whose owner has died is taken over.
 * @param onWait called once with the owner's PID when there is one to wait for
 */
export async function withLock<Result>(
  path: string,
  work: () => Promise<Result>,
  onWait: (pid: number) => void = () => {},
): Promise<Result> {
  mkdirSync(dirname(path), { recursive: true });
  const own = JSON.stringify(identify(process.pid));
  let told = false;
  for (;;) {
    try {
      writeFileSync(path, own, { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = readOwner(path);
    if (owner === 'writing') {
      await sleep(50);
    } else if (isAlive(owner)) {
      if (!told) onWait(owner.pid);
      told = true;
      await sleep(200);
    } else {
      rmSync(path, { force: true });
    }
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function readOwner(path: string): ProcessIdentity | undefined | 'writing' {
  try {
    const text = readFileSync(path, 'utf8');
    return text === '' ? 'writing' : (JSON.parse(text) as ProcessIdentity);
  } catch {
    return undefined;
  }
}
