/** Loaded before everything else by each worker of Jest (`--import`): what is tested there has a lab of its own. */
import { join } from 'node:path';

import { labFolders } from '../lab/folders.ts';

/** Where the lab of a worker is: beside the usual one, and made from the same cache. */
export function labOfWorker(number: number | string): Record<'TENANTRY_LAB' | 'TENANTRY_LAB_CACHE', string> {
  const { base, cache } = labFolders();
  return { TENANTRY_LAB: join(base, `worker-${number}`), TENANTRY_LAB_CACHE: cache };
}

const number = process.env.JEST_WORKER_ID;
if (number !== undefined) Object.assign(process.env, labOfWorker(number));
