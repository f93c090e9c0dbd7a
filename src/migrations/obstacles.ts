import type { Discovery, Ghost } from '../django/discovery.ts';
import { UserError } from '../ground/errors.ts';
import type { FailureCode } from '../ground/failure-codes.ts';
import { counted, grouped, listed } from '../ground/words.ts';
import type { Trouble } from './trouble.ts';

/** What stands in the way of a plan, as sentences. */

export interface GhostInPlan extends Ghost {
  /** How many schemas have it in their ledgers. */
  readonly schemas: number;
}

/** The part of a plan that stands in its way. */
export interface Obstacles {
  readonly shared: { readonly schema: string };
  /** What is wrong with the shared schema. */
  readonly sharedTrouble: Trouble | undefined;
  /** Tenants that cannot be migrated; they are none of the plan's `tenants`. */
  readonly troubled: readonly Trouble[];
  readonly conflicts: Discovery['conflicts'];
  /** Migrations that are recorded somewhere and not in the code. */
  readonly ghosts: readonly GhostInPlan[];
}

export interface RefusalOptions {
  /** Recorded migrations that the code does not know are told, and stop nothing. */
  readonly allowUnknownMigrations?: boolean | undefined;
}

/**
 * Why a plan must not be begun at all, the gravest first, each ending in what has been changed so far. What is
 * wrong with single tenants is told by `troubles`.
 */
export function refusals(
  { shared, sharedTrouble, conflicts, ghosts }: Obstacles,
  soFar = 'nothing was changed',
  { allowUnknownMigrations = false }: RefusalOptions = {},
): UserError[] {
  const found: UserError[] = [];
  const refuse = (code: FailureCode, message: string, hint: string) =>
    found.push(new UserError(message, `${hint}; ${soFar}`, { code }));

  const [conflict] = conflicts;
  if (conflict !== undefined) {
    refuse(
      'migrations-conflict',
      `The app ${conflict.app} has several newest migrations — ${listed(conflict.leaves)}`,
      'run python manage.py makemigrations --merge and commit its migration',
    );
  }
  if (sharedTrouble?.code === 'tenant-without-schema') {
    refuse(
      'shared-schema-missing',
      `The shared schema ${shared.schema} does not exist — PUBLIC_SCHEMA_NAME names it`,
      `create it with CREATE SCHEMA "${shared.schema}", as the role that migrates`,
    );
  } else if (sharedTrouble !== undefined) {
    refuse(
      sharedTrouble.code,
      `The shared schema ${shared.schema} ${sharedTitles[sharedTrouble.code] ?? 'cannot be migrated'} — ${sharedTrouble.reason}`,
      sharedTrouble.next,
    );
  }
  if (!allowUnknownMigrations) {
    for (const [code, message, hint] of unknownMigrations(ghosts)) refuse(code, message, hint);
  }
  return found;
}

const sharedTitles: Partial<Record<FailureCode, string>> = {
  'schema-unreadable': 'cannot be read',
  'migration-history-inconsistent': 'has a history that Django refuses',
  'tenant-tables-missing': 'lacks what its ledger promises',
};

function unknownMigrations(ghosts: readonly GhostInPlan[]): [FailureCode, string, string][] {
  const renamed = ghosts.filter(({ looksLike }) => looksLike !== null);
  const newer = ghosts.filter((ghost) => ghost.newer && ghost.looksLike === null);
  const allow = 'or set allow-unknown-migrations: true';
  const named = (of: readonly GhostInPlan[]) =>
    listed(
      of.map(({ migration, schemas }) => `${migration} (${counted(schemas, 'schema')})`),
      5,
    );
  const [first] = renamed;
  return [
    ...(newer.length === 0
      ? []
      : ([
          [
            'code-older-than-database',
            `The database has ${counted(newer.length, 'migration')} that this code does not know — ${named(newer)}: an older commit may be on its way`,
            `deploy the commit that made ${newer.length === 1 ? 'it' : 'them'}, ${allow}`,
          ],
        ] satisfies [FailureCode, string, string][])),
    ...(first === undefined
      ? []
      : ([
          [
            'migration-renamed',
            `${counted(renamed.length, 'recorded migration')} ${renamed.length === 1 ? 'has' : 'have'} no file any more — ${first.migration} is recorded in ${counted(first.schemas, 'schema')}, and the pending ${first.looksLike} looks the same: renaming an applied migration runs it again`,
            `give ${renamed.length === 1 ? 'it its old name' : 'them their old names'} back, ${allow}`,
          ],
        ] satisfies [FailureCode, string, string][])),
  ];
}

/** `12 tenants …`, for each code that occurs. */
const titles: Partial<Record<FailureCode, (tenants: number) => string>> = {
  'schema-unreadable': (n) => `${counted(n, 'tenant')} cannot be read`,
  'tenant-without-schema': (n) =>
    `${counted(n, 'tenant')} ${n === 1 ? 'has a row but' : 'have rows but'} no schema`,
  'tenant-type-unknown': (n) => `${counted(n, 'tenant')} of a type that TENANT_TYPES does not have`,
  'migration-history-inconsistent': (n) => `Django refuses the history of ${counted(n, 'tenant')}`,
  'squash-partly-applied': (n) => `A squashed migration is partly applied in ${counted(n, 'tenant')}`,
  'tenant-tables-missing': (n) =>
    `${counted(n, 'tenant')} ${n === 1 ? 'lacks' : 'lack'} what ${n === 1 ? 'its ledger promises' : 'their ledgers promise'}`,
  'migration-would-alter-shared': (n) => `${counted(n, 'tenant')} would change the shared schema`,
  'migration-half-applied': (n) =>
    `A migration was interrupted half-way in ${counted(n, 'tenant')} and is not recorded`,
  'migration-not-recorded': (n) => `A migration is there and not recorded in ${counted(n, 'tenant')}`,
  'ledger-missing': (n) =>
    `${counted(n, 'tenant')} ${n === 1 ? 'has' : 'have'} tables but no ledger of migrations`,
};

/** So many tenants are named in a sentence; the evidence has them all. */
const named = 3;

/** What is wrong with single tenants: a sentence for each code, however many tenants it concerns. */
export function troubles(
  { troubled }: Pick<Obstacles, 'troubled'>,
  soFar = 'nothing was changed',
): UserError[] {
  return [...Map.groupBy(troubled, ({ code }) => code)].map(([code, concerned]) => {
    const title =
      titles[code]?.(concerned.length) ?? `${counted(concerned.length, 'tenant')} cannot be migrated`;
    const evidence = concerned.map(({ schema, reason }) => `${schema}: ${reason}`).join('\n');
    const next = nextOf(concerned);
    return new UserError(`${title} — ${reasonsOf(concerned)}`, `${next}; ${soFar}`, {
      code,
      ...(concerned.length > named ? { evidence } : {}),
    });
  });
}

/** The advice for the first one, which the others need as well. */
function nextOf(concerned: readonly Trouble[]): string {
  const [first, ...others] = concerned;
  const isOwn = first !== undefined && others.some(({ next }) => next !== first.next);
  return `${first?.next ?? ''}${isOwn ? ' (the same, with its own names, for each of them)' : ''}`;
}

/** `acme: no USAGE`, `acme, beta and 10 more: no USAGE`, or only the names where the title says it all. */
function reasonsOf(concerned: readonly Trouble[]): string {
  const names = (of: readonly Trouble[]) =>
    listed(
      of.map(({ schema }) => schema),
      5,
    );
  if (concerned[0]?.code === 'tenant-without-schema') return names(concerned);
  const reasons = [...Map.groupBy(concerned, ({ reason }) => reason)];
  const shown = reasons.slice(0, named).map(([reason, of]) => `${names(of)}: ${reason}`);
  const left = reasons.slice(named).reduce((sum, [, of]) => sum + of.length, 0);
  return [...shown, ...(left === 0 ? [] : [`and ${grouped(left)} more`])].join('; ');
}
