import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { counted, listed } from '../ground/words.ts';
import { wrongFields } from './decision.ts';
import type { NewTenant } from './fields.ts';
import type { TenantWork } from './maker.ts';
import { domainProblem, schemaNameProblem } from './names.ts';
import { planSentence } from './outcome.ts';

/** A list of tenants is planned as a whole: what is wrong with any of them is told before the first is begun. */

/** @throws UserError `tenant-fields-wrong` with every name that cannot be, or that two of them have */
export function requireNames(tenants: readonly NewTenant[]): void {
  const many = tenants.length > 1;
  const problems = tenants.flatMap(({ schemaName, domains }) => {
    const schemaProblem = schemaNameProblem(schemaName);
    const own = [
      ...(schemaProblem === undefined ? [] : [`schema-name: ${schemaProblem}`]),
      ...(domains.length === 0 && many ? ['it has no domain'] : []),
      ...domains.flatMap((domain) => {
        const problem = domainProblem(domain);
        return problem === undefined ? [] : [`domain ${JSON.stringify(domain)}: ${problem}`];
      }),
    ];
    return many ? own.map((problem) => `${schemaName}: ${problem}`) : own;
  });
  const twice = (names: readonly string[]) => names.filter((name, index) => names.indexOf(name) !== index);
  for (const name of new Set(twice(tenants.map(({ schemaName }) => schemaName)))) {
    problems.push(`${name}: the schema’s name is there twice`);
  }
  for (const domain of new Set(twice(tenants.flatMap(({ domains }) => [...new Set(domains)])))) {
    problems.push(`${domain}: two of the new tenants have this domain`);
  }
  if (problems.length > 0) throw wrongFields(problems);
}

/** Decides about each. @throws UserError with everything that stands against any of them */
export async function planEach<Work>(
  tenants: readonly NewTenant[],
  planOne: (tenant: NewTenant) => Promise<Work>,
): Promise<Work[]> {
  const works: Work[] = [];
  const refusals: { readonly schema: string; readonly error: UserError }[] = [];
  for (const tenant of tenants) {
    try {
      works.push(await planOne(tenant));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refusals.push({ schema: tenant.schemaName, error });
    }
  }
  const [first] = refusals;
  if (first === undefined) return works;
  throw tenants.length === 1 ? first.error : refusedTogether(refusals, tenants.length);
}

function refusedTogether(
  refusals: readonly { readonly schema: string; readonly error: UserError }[],
  of: number,
): UserError {
  const [first] = refusals;
  return new UserError(
    `${refusals.length} of ${counted(of, 'tenant')} cannot be made — ${first?.schema}: ${first?.error.message}`,
    'correct the list and run again; nothing was made',
    {
      code: refusals.length === 1 && first !== undefined ? first.error.code : 'tenant-fields-wrong',
      evidence: refusals.map(({ schema, error }) => `${schema}: ${error.sentence}`).join('\n'),
    },
  );
}

/** @param tables what gives a tenant its tables, for people; none: it has them */
export function tellPlan<Work extends TenantWork>(
  works: readonly Work[],
  log: Log,
  tables: (work: Work) => readonly string[],
): void {
  for (const work of works) {
    for (const notice of work.notices) log.info(notice);
    if (works.length <= 10)
      log.step('Plan', planSentence(work.schema, [...work.decision.steps, ...tables(work)]));
  }
  if (works.length > 10) log.step('Plan', summaryOf(works));
}

function summaryOf(works: readonly TenantWork[]): string {
  const states = Map.groupBy(works, ({ decision }) => decision.state);
  const told = [...states].map(([state, same]) => `${same.length} to be ${state}`);
  return `${counted(works.length, 'tenant')}: ${listed(told)}`;
}
