import * as z from 'zod';

import type { Database } from '../database/session.ts';
import { differences } from '../database/structure.ts';
import { exactStructure } from '../database/structures.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { counted, listed } from '../ground/words.ts';
import type { Provisioner } from './provisioner.ts';

const copied = z.object({
  refused: z.string().optional(),
  tables: z.number().optional(),
  rows: z.number().optional(),
});

/**
 * Copies every row of one tenant into another that has just got its tables; sessions are left out.
 * @throws UserError `tenant-not-copied`
 */
export async function copyTenant(
  source: string,
  schema: string,
  { provisioner, database, log }: { provisioner: Provisioner; database: Database; log: Log },
): Promise<void> {
  const since = performance.now();
  const [from, to] = [await exactStructure(database, source), await exactStructure(database, schema)];
  if (from.tables.size === 0) throw notCopied(source, 'it has no tables');
  const found = differences(to, from);
  if (found.length > 0) {
    throw notCopied(source, `it is not what the migrations make: ${listed(found, 3)}`, found.join('\n'));
  }
  const answer = await provisioner.ask(
    { do: 'copy', schema, source },
    copied,
    `copying ${source} to ${schema}`,
  );
  if (answer.refused !== undefined) throw notCopied(source, answer.refused);
  log.step(
    'Copy',
    `${counted(answer.rows ?? 0, 'row')} of ${source} are in ${schema}`,
    performance.now() - since,
  );
}

function notCopied(source: string, observed: string, evidence?: string): UserError {
  return new UserError(
    `The tenant ${source} cannot be copied — ${observed}`,
    'bring it to the head of the migrations first (migrate-schemas, or mode: repair)',
    { code: 'tenant-not-copied', ...(evidence === undefined ? {} : { evidence }) },
  );
}
