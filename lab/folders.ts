import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Where a lab lives. Everything it makes is below `base`: `cache/` is kept
 * between runs (it may be shared by several labs), `run/` goes with `down`.
 */
export interface LabFolders {
  readonly base: string;
  readonly cache: string;
  readonly run: string;
  /** Six letters that tell this lab from another one on the same machine. */
  readonly mark: string;
}

/** Docker and PostgreSQL sockets below `run/` must fit in a `sockaddr_un` (107 bytes). */
const LONGEST_BASE = 60;

/**
 * The folders of this lab: `TENANTRY_LAB`, or `~/.cache/tenantry-lab`; the cache
 * can be put elsewhere by `TENANTRY_LAB_CACHE`.
 */
export function labFolders(environment: NodeJS.ProcessEnv = process.env): LabFolders {
  const base = resolve(environment.TENANTRY_LAB || join(homedir(), '.cache', 'tenantry-lab'));
  if (base.length > LONGEST_BASE) {
    throw new Error(
      `the lab's folder ${base} is ${base.length} characters long, and socket paths below it would not fit in 107 — set TENANTRY_LAB to a folder of at most ${LONGEST_BASE}`,
    );
  }
  if (/[:,\\\s]/.test(base)) {
    throw new Error(
      `the lab's folder ${base} has a colon, comma, backslash or space, which overlay mounts cannot name — set TENANTRY_LAB to a plain path`,
    );
  }
  return {
    base,
    cache: resolve(environment.TENANTRY_LAB_CACHE || join(base, 'cache')),
    run: join(base, 'run'),
    mark: createHash('sha256').update(base).digest('hex').slice(0, 6),
  };
}
