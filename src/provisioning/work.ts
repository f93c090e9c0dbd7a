import type { Database } from '../database/session.ts';
import type { SchemaKind } from '../django/discovery.ts';
import type { DjangoProject } from '../django/project.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { listed } from '../ground/words.ts';
import { type AfterCommand, managing, runAfterCommand } from './after-command.ts';
import { copyTenant } from './copy.ts';
import type { Step, TenantWork } from './maker.ts';
import type { CheckHealth, CopyWish } from './options.ts';
import {
  announce,
  beginTenant,
  closeJournal,
  type Found,
  makeDomains,
  makePerson,
  noteDone,
  type Refused,
  type Wanted,
} from './parts.ts';
import { proveTenant } from './proof.ts';
import type { Provisioner } from './provisioner.ts';
import type { MakeTables } from './tables.ts';

/** A tenant of a Django project on its way: what is wanted, and what was found. */
export interface DjangoWork extends TenantWork {
  readonly wanted: Wanted;
  readonly found: Found;
  readonly kind: SchemaKind;
  readonly isRoot: boolean;
  /** Migrations that the tenant's own ledger lacks; of a new one nothing is known. */
  readonly pending: readonly string[];
}

export interface WorkTools {
  readonly provisioner: Provisioner;
  readonly makeTables: MakeTables;
  readonly project: DjangoProject;
  readonly database: Database;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Fills a new tenant with the rows of another one, before anybody can reach it. */
  readonly copy: CopyWish | undefined;
  readonly afterCommands: readonly AfterCommand[];
  readonly checkHealth: CheckHealth | undefined;
  /** Milliseconds for one command of the project. */
  readonly commandTimeout: number;
}

/**
 * What has to be done for one tenant, in order. It can be reached by its domains only when everything else is there.
 * Each step leaves the database so that the next run can go on: what is there is seen, what cannot be seen is in the
 * journal.
 */
export function stepsOf(work: DjangoWork, tools: WorkTools): { readonly steps: Step[]; readonly end: Step } {
  const { wanted, decision, isRoot, pending } = work;
  const { schema } = wanted;
  const { isNew, resumes } = decision;
  const done = new Set(resumes?.done);
  const steps: Step[] = [];
  const step = (about: string, run: () => Promise<void>) =>
    void steps.push({ about: `${about} of ${schema}`, run });

  if (isNew && resumes === null) step('row and schema', () => begin(work, tools));
  const hasTables = done.has('tables') && pending.length === 0;
  if (!isRoot && !hasTables && (isNew || pending.length > 0)) step('the tables', () => tables(work, tools));
  if (isNew && tools.copy !== undefined) {
    const { source, anonymiseCommand } = tools.copy;
    if (!done.has('rows')) step('the rows', () => copyTenant(source, schema, tools));
    if (anonymiseCommand !== undefined && !done.has('anonymise')) {
      step('the anonymising', () => after('anonymise', anonymiseCommand, work, tools));
    }
  }
  step('the proof', () => prove(work, tools));
  if (isNew && !isRoot && !done.has('signal')) step('the signal', () => signal(work, tools));
  if (decision.makePerson) step('the superuser', () => person(work, tools));
  if (decision.makeDomains.length > 0) step('the domains', () => domains(work, tools));
  if (isNew) {
    for (const [index, command] of tools.afterCommands.entries()) {
      const name = `command ${index + 1}`;
      if (!done.has(name)) step(`the ${name}`, () => after(name, command, work, tools));
    }
  }
  const { checkHealth } = tools;
  const [domain] = wanted.domains;
  if (checkHealth !== undefined && domain !== undefined) {
    step('the health', () => checkHealth(schema, domain));
  }
  const end = {
    about: `the end of ${schema}`,
    run: async () => void (isNew && (await closeJournal(schema, tools.provisioner))),
  };
  return { steps, end };
}

async function begin(work: DjangoWork, { provisioner, log }: WorkTools): Promise<void> {
  const { wanted, decision, journal } = work;
  const { makeRow, makeSchema } = decision;
  const since = performance.now();
  const asked = { schema: wanted.schema, fields: wanted.fields, makeRow, makeSchema };
  const answer = await beginTenant({ ...asked, journal }, provisioner);
  if (answer.made === undefined) {
    throw refusedBy(`The tenant ${wanted.schema} could not be made`, answer, {
      hint: 'if another run was making it at the same time, run again',
      code: 'tenant-not-made',
    });
  }
  work.made = answer.made;
  const parts = [...(makeRow ? ['row'] : []), ...(makeSchema ? ['schema'] : [])];
  work.steps.push(...parts);
  if (parts.length > 0) log.step('Made', `${wanted.schema}: ${listed(parts)}`, performance.now() - since);
}

async function tables(work: DjangoWork, tools: WorkTools): Promise<void> {
  const { wanted, decision, found } = work;
  const { schema, tenantType } = wanted;
  const isEmpty = decision.makeSchema || (decision.resumes !== null && found.schema.tables === 0);
  const ran = await tools.makeTables({ schema, tenantType, isEmpty, provisioner: tools.provisioner });
  if (ran.failure !== undefined) throw ran.failure;
  await noteDone(schema, 'tables', tools.provisioner);
  tools.log.step('Tables', `migrated ${schema}`, ran.milliseconds);
  work.steps.push('tables');
}

async function prove(work: DjangoWork, tools: WorkTools): Promise<void> {
  if (work.isRoot) return; // the shared schema has its own proof: migrate-schemas, and `shared-schema-behind`
  const since = performance.now();
  const { tables, models } = await proveTenant(work.wanted.schema, work.kind, tools);
  work.tables = tables;
  tools.log.step(
    'Proof',
    `${work.wanted.schema} has all ${tables} tables, and its ${models} models answer`,
    performance.now() - since,
  );
}

async function signal({ wanted: { schema } }: DjangoWork, { provisioner }: WorkTools): Promise<void> {
  const answer = await announce(schema, provisioner);
  if (answer.refused === undefined) return;
  throw refusedBy(`A receiver of post_schema_sync failed for ${schema}`, answer, {
    hint: 'mend the receiver, then run again',
    code: 'tenant-signal-failed',
  });
}

async function person(work: DjangoWork, { provisioner, log }: WorkTools): Promise<void> {
  const { schema, person: wanted } = work.wanted;
  const where = work.found.person?.where;
  if (wanted === undefined || where === undefined || where === null) return;
  const answer = await makePerson(schema, wanted, where, provisioner);
  if (answer.refused !== undefined) {
    throw refusedBy(`The superuser of ${schema} could not be made`, answer, {
      hint: 'mend what the user model asks for, then run again',
      code: 'superuser-not-made',
    });
  }
  if (answer.person == null) return;
  work.made = { ...work.made, person: answer.person };
  work.steps.push('superuser');
  log.step('Superuser', `made in ${where === 'shared' ? 'the shared schema' : schema}`);
}

async function domains(work: DjangoWork, { provisioner }: WorkTools): Promise<void> {
  const { schema } = work.wanted;
  const answer = await makeDomains(schema, work.decision.makeDomains, provisioner);
  if (answer.domains === undefined) {
    throw refusedBy(`The domains of ${schema} could not be made`, answer, {
      hint: 'if another run was making it at the same time, run again',
      code: 'tenant-not-made',
    });
  }
  work.made = { ...work.made, domains: answer.domains };
  work.steps.push(...work.decision.makeDomains.map((domain) => `domain ${domain}`));
}

async function after(
  name: string,
  command: AfterCommand,
  { wanted: { schema, domains }, steps }: DjangoWork,
  { project, log, signal, provisioner, commandTimeout: timeout }: WorkTools,
): Promise<void> {
  const since = performance.now();
  const runner = managing(project, schema, { log, signal, timeout });
  await runAfterCommand(command, { schema, domain: domains[0] ?? '' }, timeout, runner);
  await noteDone(schema, name, provisioner);
  steps.push(name);
  log.step('After', `${schema}: ${command[0]}`, performance.now() - since);
}

function refusedBy(
  what: string,
  { refused, where }: Refused,
  { hint, code }: { hint: string; code: UserError['code'] },
): UserError {
  const place = where == null ? '' : ` (${where})`;
  return new UserError(`${what} — ${refused}${place}`, hint, { code });
}
