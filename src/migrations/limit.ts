import type { Database } from '../database/session.ts';
import type { Discovery } from '../django/discovery.ts';
import { UserError } from '../ground/errors.ts';
import { listed, nearest } from '../ground/words.ts';
import { patternOf } from './rollout.ts';

/** A run that is about some tenants only: names and patterns, as the input `schemas` has them. */

/** The schemas in the rows of the tenant model, as they are now; only those that fit a name or pattern, if given. */
export async function tenantNames(
  database: Database,
  { publicSchema, tenantModel }: Pick<Discovery, 'publicSchema' | 'tenantModel'>,
  written?: readonly string[],
): Promise<string[]> {
  const table = [publicSchema, tenantModel.table].map((name) => `"${name.replaceAll('"', '""')}"`).join('.');
  const rows = await database.query<{ name: string }>(`select schema_name::text as name from ${table}`);
  const patterns = written?.map(patternOf);
  return rows.map(({ name }) => name).filter((name) => patterns?.some((one) => one.test(name)) ?? true);
}

/** A discovery in which only some tenants occur. The shared schema is always among them. */
export function limitedTo(discovery: Discovery, written: readonly string[]): Discovery {
  const names = discovery.tenants.map(({ schema }) => schema);
  const isWanted = wantedAmong(names, written, discovery.tenantsUnread === null);
  const concerned = (name: string) => name === discovery.publicSchema || isWanted(name);
  return {
    ...discovery,
    tenants: discovery.tenants.filter(({ schema }) => concerned(schema)),
    groups: discovery.groups
      .map((group) => ({ ...group, schemas: group.schemas.filter(concerned) }))
      .filter((group) => group.schemas.length > 0),
    withoutSchema: discovery.withoutSchema.filter(concerned),
    unreadable: discovery.unreadable.filter(({ schema }) => concerned(schema)),
  };
}

/**
 * Which names are meant.
 * @param isComplete whether these are all the tenants that there are, so that a name that fits none is wrong
 * @throws UserError `schemas-unknown`
 */
export function wantedAmong(
  names: readonly string[],
  written: readonly string[],
  isComplete: boolean,
): (name: string) => boolean {
  const patterns = written.map(patternOf);
  const fitless = written.filter((_, index) => !names.some((name) => patterns[index]?.test(name)));
  if (fitless.length > 0 && isComplete) throw unknown(fitless, names);
  return (name) => patterns.some((pattern) => pattern.test(name));
}

function unknown(fitless: readonly string[], names: readonly string[]): UserError {
  const [first = ''] = fitless;
  const meant = nearest(first, names);
  return new UserError(
    `The input schemas names what does not exist — no tenant fits ${listed(fitless, 5)}`,
    `${meant === undefined ? 'correct the names' : `did you mean ${meant}?`}; nothing was changed`,
    { code: 'schemas-unknown' },
  );
}
