import { UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';
import type { Found, Journal, Wanted } from './parts.ts';

export type ProvisionState = 'created' | 'completed' | 'adopted' | 'unchanged';

export interface Decision {
  readonly makeRow: boolean;
  readonly makeSchema: boolean;
  readonly makeDomains: readonly string[];
  readonly makePerson: boolean;
  /** What is done once for a tenant (signal, commands) is due: it is new, or was never finished. */
  readonly isNew: boolean;
  /** The journal of a run that did not finish it. */
  readonly resumes: Journal | null;
  /** What the run will call itself when it has made the parts and the tables. */
  readonly state: ProvisionState;
  /** For people, in the order of doing; empty when there is nothing to make. */
  readonly steps: readonly string[];
}

/**
 * Which of row, domains, schema and superuser have to be made. Each of the eight combinations has its answer.
 * @throws UserError `domain-taken`, `schema-left-over`, `tenant-hidden`, `tenant-fields-wrong`, `cannot-create-schema`;
 *   nothing has been made then.
 */
export function decide(wanted: Wanted, found: Found, { adopt, isRoot = false }: Choices): Decision {
  const { schema, domains } = wanted;
  refuseTaken(schema, found);
  const makeRow = found.row === null;
  const makeSchema = !found.schema.exists;
  if (makeRow && !makeSchema && !adopt && !isRoot) throw leftOver(schema, found);
  if (found.row?.hidden) {
    throw new UserError(
      `The tenant ${schema} exists and is hidden — the project’s default manager does not show its row`,
      'bring it back (or remove it) in the project first; nothing was made',
      { code: 'tenant-hidden' },
    );
  }
  const problems = [...found.problems.map(told), ...(found.person?.problems ?? [])];
  if (problems.length > 0) throw wrongFields(problems);
  if (makeSchema && !found.schema.mayCreate) {
    throw new UserError(
      `The role ${found.schema.role} may not create schemas — it has no CREATE on this database`,
      `run GRANT CREATE ON DATABASE … TO "${found.schema.role}"; nothing was made`,
      { code: 'cannot-create-schema' },
    );
  }
  const existing = new Set(found.domains.map(({ domain }) => domain));
  const makeDomains = domains.filter((domain) => !existing.has(domain));
  const makePerson = found.person !== null && !found.person.exists;
  const resumes = found.schema.journal;
  const isNew = makeRow || makeSchema || resumes !== null || (!isRoot && found.schema.tables === 0);
  const isChanged = isNew || makeDomains.length > 0 || makePerson;
  return {
    makeRow,
    makeSchema,
    makeDomains,
    makePerson,
    isNew,
    resumes,
    state: makeRow ? (makeSchema || isRoot ? 'created' : 'adopted') : isChanged ? 'completed' : 'unchanged',
    steps: [
      ...(makeRow ? ['row'] : []),
      ...(makeSchema ? ['schema'] : []),
      ...(makePerson ? ['superuser'] : []),
      ...makeDomains.map((domain) => `domain ${domain}`),
    ],
  };
}

interface Choices {
  /** Takes over a schema that exists without a row. */
  readonly adopt: boolean;
  /** The tenant of the shared schema: it has that schema from the start. */
  readonly isRoot?: boolean;
}

/** Everything that is wrong with the tenant's values, in one error. */
export function wrongFields(problems: readonly string[]): UserError {
  return new UserError(
    `The tenant cannot be made like this — ${problems.join('; ')}`,
    'correct the inputs and run again; nothing was made',
    { code: 'tenant-fields-wrong' },
  );
}

function told({ field, message }: Found['problems'][number]): string {
  return field === '' ? message : `${field}: ${message}`;
}

function refuseTaken(schema: string, found: Found): void {
  const taken = found.domains.filter((domain) => domain.schema !== schema);
  if (taken.length === 0) return;
  throw new UserError(
    `${counted(taken.length, 'domain')} of ${schema} ${taken.length === 1 ? 'belongs' : 'belong'} to another tenant — ${listed(
      taken.map(({ domain, schema: owner }) => `${domain} to ${owner}`),
    )}`,
    'choose another domain, or remove it from the other tenant first; nothing was made',
    { code: 'domain-taken' },
  );
}

function leftOver(schema: string, found: Found): UserError {
  return new UserError(
    `The schema ${schema} exists, but no tenant has it — it holds ${counted(found.schema.tables, 'table')}`,
    `set adopt: true to give it to the new tenant and migrate it, or remove it (DROP SCHEMA "${schema}" CASCADE) if nobody needs what is in it; nothing was made`,
    { code: 'schema-left-over' },
  );
}
