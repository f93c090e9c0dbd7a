import * as z from 'zod';

import { parseDuration } from '../ground/duration.ts';
import { UserError } from '../ground/errors.ts';
import { orRefused } from '../ground/refusal.ts';
import { counted, listed } from '../ground/words.ts';
import { type FailureLimit, failuresThatStop, parseFailureLimit } from './budget.ts';
import type { PlannedTenant } from './plan.ts';

/** In which order tenants are migrated, and what has to hold before the next ones follow. */

const duration = z.string().transform(orRefused(parseDuration));
const limit = z.union([z.string(), z.number().transform(String)]).transform(orRefused(parseFailureLimit));
const names = z.union([z.string().transform((name) => [name]), z.array(z.string())]);

const group = z.strictObject({
  name: z.string().describe('What the log calls the group.'),
  schemas: names.optional().describe('Names of schemas, or patterns with * and ?.'),
  type: names.optional().describe('Types of tenant, where the project has several.'),
  query: z.string().optional().describe('A query whose first column is the names of schemas.'),
  order: z
    .enum(['project', 'name', 'smallest-first', 'largest-first'])
    .default('project')
    .describe('By the project’s own order, by name, or by size on disk.'),
  parallel: z.int().min(1).optional().describe('How many tenants at once; default: the input parallel.'),
  'on-error': z
    .enum(['stop', 'continue'])
    .default('continue')
    .describe('stop: the first failure ends the run. continue: go on until max-failures.'),
  'max-failures': limit.optional().describe('So many failures in this group end the run: 3, or 1% of it.'),
  bake: duration.optional().describe('How long to wait after the group, before the check: 5m.'),
  check: names
    .optional()
    .describe('Addresses that must answer with a status from 200 to 299 before the next group begins.'),
});

/** The input `rollout`, as it is written. */
export const rolloutShape = z.array(group).min(1, 'has no group');

export type RolloutGroup = z.output<typeof group>;

/** Tenants that are migrated together, and what follows them. */
export interface Wave {
  readonly name: string;
  readonly tenants: readonly PlannedTenant[];
  /** How many at once; undefined: as many as the run has. */
  readonly parallel: number | undefined;
  /** So many failures end the run: of this wave alone, or of the whole run so far. */
  readonly limit: { readonly failures: number; readonly of: 'wave' | 'run' };
  /** Milliseconds to wait afterwards. */
  readonly bake: number;
  readonly check: readonly string[];
}

export interface RolloutFacts {
  /** Of the whole fleet, up-to-date tenants included: shares are shares of it. */
  readonly fleet: number;
  /** Bytes or pages of each schema: any unit will do. */
  readonly sizes: ReadonlyMap<string, number>;
  /** What each group's query answered. */
  readonly queried: ReadonlyMap<RolloutGroup, ReadonlySet<string>>;
  /** A share of the fleet. */
  readonly canary: number;
  readonly maxFailures: FailureLimit;
}

/**
 * The waves in which pending tenants are migrated. Without `rollout`: a canary, then everybody.
 * @throws UserError `rollout-incomplete` when a tenant belongs to no group
 */
export function arrange(
  pending: readonly PlannedTenant[],
  rollout: readonly RolloutGroup[] | undefined,
  facts: RolloutFacts,
): Wave[] {
  if (rollout === undefined) return canaryThenAll(pending, facts);
  const left = new Set(pending);
  const waves = rollout.map((group) => waveOf(group, take(left, group, facts), facts));
  if (left.size > 0) throw incomplete([...left]);
  return waves.filter(({ tenants }) => tenants.length > 0);
}

/** The smallest ones come first, so that the largest is never the one to try with. */
function canaryThenAll(pending: readonly PlannedTenant[], facts: RolloutFacts): Wave[] {
  const failures = failuresThatStop(facts.maxFailures, facts.fleet);
  const share = facts.canary === 0 ? 0 : Math.max(1, Math.floor(facts.fleet * facts.canary));
  const amount = Math.min(share, pending.length - 1);
  const canary = amount <= 0 ? [] : canaries(pending, amount, facts.sizes);
  const rest = pending.filter((tenant) => !canary.includes(tenant));
  const plain = { parallel: undefined, bake: 0, check: [] };
  const waves: Wave[] = [
    { ...plain, name: 'Canary', tenants: canary, limit: { failures: 1, of: 'wave' }, parallel: 1 },
    { ...plain, name: 'Fleet', tenants: rest, limit: { failures, of: 'run' } },
  ];
  return waves.filter(({ tenants }) => tenants.length > 0);
}

/** From each kind of pending work in turn, the smallest tenants first. */
function canaries(
  pending: readonly PlannedTenant[],
  amount: number,
  sizes: RolloutFacts['sizes'],
): PlannedTenant[] {
  const largest = pending.reduce((one, other) => (sizeIn(sizes, other) < sizeIn(sizes, one) ? one : other));
  const kinds = [...Map.groupBy(pending, kindOfWork).values()].map((tenants) =>
    tenants
      .filter((tenant) => tenant !== largest)
      .sort((one, other) => sizeIn(sizes, one) - sizeIn(sizes, other)),
  );
  const chosen: PlannedTenant[] = [];
  for (let round = 0; chosen.length < amount; round += 1) {
    const next = kinds.flatMap((tenants) => tenants[round] ?? []);
    if (next.length === 0) break;
    chosen.push(...next.slice(0, amount - chosen.length));
  }
  return chosen;
}

/** Tenants of one type that need the same are migrated by the same statements. */
export function kindOfWork({ tenantType, pending }: PlannedTenant): string {
  return [tenantType ?? '', ...pending].join('\n');
}

function sizeIn(sizes: RolloutFacts['sizes'], { schema }: PlannedTenant): number {
  return sizes.get(schema) ?? 0;
}

/** Takes out of `left` what belongs to the group; a group that names nothing takes everything. */
function take(left: Set<PlannedTenant>, group: RolloutGroup, facts: RolloutFacts): PlannedTenant[] {
  const patterns = group.schemas?.map(patternOf);
  const found = [...left].filter(
    ({ schema, tenantType }) =>
      (patterns?.some((pattern) => pattern.test(schema)) ?? true) &&
      (group.type?.includes(tenantType ?? '') ?? true) &&
      (group.query === undefined || facts.queried.get(group)?.has(schema) === true),
  );
  for (const tenant of found) left.delete(tenant);
  return ordered(found, group.order, facts.sizes);
}

function ordered(
  tenants: PlannedTenant[],
  order: RolloutGroup['order'],
  sizes: RolloutFacts['sizes'],
): PlannedTenant[] {
  const bySize = (one: PlannedTenant, other: PlannedTenant) => sizeIn(sizes, one) - sizeIn(sizes, other);
  switch (order) {
    case 'project':
      return tenants;
    case 'name':
      return tenants.sort((one, other) => (one.schema < other.schema ? -1 : 1));
    case 'smallest-first':
      return tenants.sort(bySize);
    case 'largest-first':
      return tenants.sort((one, other) => bySize(other, one));
  }
}

function waveOf(group: RolloutGroup, tenants: PlannedTenant[], { maxFailures, fleet }: RolloutFacts): Wave {
  const own = group['on-error'] === 'stop' ? { count: 1 } : group['max-failures'];
  return {
    name: group.name,
    tenants,
    parallel: group.parallel,
    limit:
      own === undefined
        ? { failures: failuresThatStop(maxFailures, fleet), of: 'run' }
        : { failures: failuresThatStop(own, tenants.length), of: 'wave' },
    bake: group.bake ?? 0,
    check: group.check ?? [],
  };
}

/** A name, or a pattern with `*` (any characters) and `?` (one). */
export function patternOf(written: string): RegExp {
  const escaped = written.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}

function incomplete(left: readonly PlannedTenant[]): UserError {
  return new UserError(
    `The rollout leaves out ${counted(left.length, 'tenant')} — ${listed(
      left.map(({ schema }) => schema),
      5,
    )} ${left.length === 1 ? 'is' : 'are'} behind and in none of its groups`,
    'add a last group with only a name, which takes all that are left, or limit the run with schemas; nothing was changed',
    { code: 'rollout-incomplete' },
  );
}
