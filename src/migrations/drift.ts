import { differences, type Structure, type StructureGroup } from '../database/structure.ts';
import { counted, grouped, listed } from '../ground/words.ts';
import type { Before, Fleet } from './application.ts';
import { counterpart, newIn } from './structure-parts.ts';

/** How tenants of one kind that are at the same point of the migrations differ in structure. Pure. */

export interface DriftingGroup {
  readonly schemas: readonly string[];
  /** What is otherwise than in the norm, in words about these tenants: `orders_order lacks index orders_total_ix`. */
  readonly differences: readonly string[];
  /** Those of `schemas` that became different in this run. */
  readonly byThisRun: readonly string[];
}

/** The tenants at head of one kind. */
export interface Drift {
  readonly tenantType: string | null;
  /** The tenants of the largest group; what they have is the norm. */
  readonly equal: readonly string[];
  readonly others: readonly DriftingGroup[];
}

/**
 * Compares the tenants at head, kind by kind. Those with pending migrations are left out: they have to differ.
 * @param before to tell what this run has made from what was there
 */
export function driftOf(fleet: Fleet, structures: readonly StructureGroup[], before?: Before): Drift[] {
  const byRun = before === undefined ? new Set<string>() : driftedByRun(fleet, structures, before);
  return kindsAtHead(fleet).flatMap(([tenantType, schemas]) => {
    const [norm, ...others] = among(schemas, structures);
    if (norm === undefined) return [];
    return [
      {
        tenantType,
        equal: norm.schemas,
        others: others.map((group) => ({
          schemas: group.schemas,
          differences: differences(norm.structure, group.structure),
          byThisRun: group.schemas.filter((schema) => byRun.has(schema)),
        })),
      },
    ];
  });
}

/** How many structures there are, kind by kind: as many as kinds when all is well. */
export function driftGroups(drift: readonly Drift[]): number {
  return drift.reduce((sum, { others }) => sum + 1 + others.length, 0);
}

/**
 * Tenants that this run has made different. Three ways show it: of tenants with equal ledgers and structures, most
 * became something else; or such a tenant differs from the norm in something in which it did not differ before; or a
 * tenant that was different has otherwise what the same migrations have made new in the others.
 */
function driftedByRun(fleet: Fleet, structures: readonly StructureGroup[], before: Before): Set<string> {
  const structureOf = bySchema(structures);
  const structureBefore = bySchema(before.structures);
  const drifted = new Set<string>();
  for (const [, schemas] of kindsAtHead(fleet)) {
    const [norm] = among(schemas, structures);
    if (norm === undefined) continue;
    const atHead = new Set(schemas);
    const isMigrated = (schema: string) => before.migrated.has(schema) && atHead.has(schema);
    for (const { alike, others } of equalLedgersBefore(before)) {
      const migrated = alike.filter(isMigrated);
      const usual = among(migrated, structures)[0];
      for (const schema of migrated) {
        const now = structureOf.get(schema);
        if (now === undefined || now.id === norm.id) continue;
        const then = structureBefore.get(schema)?.structure;
        if (now.id !== usual?.id || hasNewDifference(norm.structure, now.structure, then)) {
          drifted.add(schema);
        }
      }
      const model = structureBefore.get(alike[0] ?? '')?.structure;
      if (usual === undefined || model === undefined) continue;
      const made = newIn(usual.structure, model);
      for (const schema of others.filter(isMigrated)) {
        const now = structureOf.get(schema)?.structure;
        if (now !== undefined && differences(made, counterpart(made, now)).length > 0) drifted.add(schema);
      }
    }
  }
  return drifted;
}

function hasNewDifference(norm: Structure, now: Structure, then: Structure | undefined): boolean {
  const known = new Set(then === undefined ? [] : differences(norm, then));
  return differences(norm, now).some((difference) => !known.has(difference));
}

/** For each kind and each ledger that there was, the tenants of the largest structure, and the others. */
function equalLedgersBefore({
  fleet,
  structures,
}: Before): { readonly alike: readonly string[]; readonly others: readonly string[] }[] {
  const ledgers = new Map(fleet.groups.flatMap(({ id, schemas }) => schemas.map((name) => [name, id])));
  return kindsOf(fleet).flatMap(([, schemas]) => {
    const equalLedgers = Map.groupBy(schemas, (schema) => ledgers.get(schema));
    return [...equalLedgers.values()].map((equal) => {
      const [largest, ...rest] = among(equal, structures);
      return { alike: largest?.schemas ?? [], others: rest.flatMap((group) => group.schemas) };
    });
  });
}

function kindsAtHead(fleet: Fleet): (readonly [string | null, readonly string[]])[] {
  const atHead = new Set(
    fleet.groups
      .filter(
        ({ ledger, pending, bookkeeping, inconsistent }) =>
          ledger && pending.length + bookkeeping.length === 0 && inconsistent === null,
      )
      .flatMap(({ schemas }) => schemas),
  );
  return kindsOf(fleet).map(([tenantType, schemas]) => [
    tenantType,
    schemas.filter((schema) => atHead.has(schema)),
  ]);
}

function kindsOf({ tenants, publicSchema }: Fleet): (readonly [string | null, readonly string[]])[] {
  const rows = tenants.filter(({ schema }) => schema !== publicSchema);
  return [...Map.groupBy(rows, ({ tenantType }) => tenantType)].map(([tenantType, ofType]) => [
    tenantType,
    ofType.map(({ schema }) => schema),
  ]);
}

/** The groups as far as they consist of these schemas, the largest first. */
function among(schemas: readonly string[], structures: readonly StructureGroup[]): StructureGroup[] {
  const wanted = new Set(schemas);
  return structures
    .map((group) => ({ ...group, schemas: group.schemas.filter((schema) => wanted.has(schema)) }))
    .filter((group) => group.schemas.length > 0)
    .sort((a, b) => b.schemas.length - a.schemas.length);
}

function bySchema(structures: readonly StructureGroup[]): Map<string, StructureGroup> {
  return new Map(structures.flatMap((group) => group.schemas.map((schema) => [schema, group])));
}

/** So many groups are told in a sentence. */
const told = 3;

/**
 * `996 tenants equal; 4 differ: t5 lacks index orders_email_ix`; undefined: all are equal.
 * @param since put after what this run has not made: ` (since before this run)`
 */
export function driftSentence(drift: readonly Drift[], since = ''): string | undefined {
  if (drift.every(({ others }) => others.length === 0)) return undefined;
  const equal = drift.reduce((sum, kind) => sum + kind.equal.length, 0);
  return `${counted(equal, 'tenant')} equal; ${differingSentence(drift, since)}`;
}

/** `1 differs: t5 lacks index orders_email_ix`. */
export function differingSentence(drift: readonly Drift[], since = ''): string {
  const others = drift.flatMap((kind) => kind.others);
  const sum = (groups: readonly DriftingGroup[]) =>
    groups.reduce((total, { schemas }) => total + schemas.length, 0);
  const rest = sum(others.slice(told));
  const shown = [
    ...others.slice(0, told).map((group) => groupSentence(group, since)),
    ...(rest === 0 ? [] : [`and ${grouped(rest)} more`]),
  ];
  return `${grouped(sum(others))} ${sum(others) === 1 ? 'differs' : 'differ'}: ${shown.join('; ')}`;
}

function groupSentence({ schemas, differences, byThisRun }: DriftingGroup, since: string): string {
  const [first = '', ...others] = differences;
  const more = others.length === 0 ? '' : ` and ${counted(others.length, 'more difference')}`;
  return `${listed(schemas, 3)}${predicate(first, schemas.length > 1)}${more}${byThisRun.length === 0 ? since : ' (by this run)'}`;
}

/** What follows the tenant's name. An index has a name of its own in its schema: its table need not be named. */
function predicate(difference: string, plural: boolean): string {
  const verb = /^(?:\S+ (?=lacks index \S+$))?(lacks|has) (.*)$/.exec(difference);
  if (verb === null) return `: ${difference}`;
  return ` ${plural ? (verb[1] === 'has' ? 'have' : 'lack') : verb[1]} ${verb[2]}`;
}

/** Every difference of every tenant that is not like the others, for whoever wants it all. */
export function driftLines(drift: readonly Drift[]): string[] {
  return drift.flatMap(({ others }) =>
    others.flatMap(({ schemas, differences }) => [
      `${listed(schemas, 20)}:`,
      ...differences.map((difference) => `  ${difference}`),
    ]),
  );
}
