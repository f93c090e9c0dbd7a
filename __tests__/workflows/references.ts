import { parse } from 'yaml';

import { manifests, suite, translated } from './files.ts';

interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly needs?: string | readonly string[];
  readonly outputs?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
}

interface Manifest {
  readonly inputs?: Readonly<Record<string, { readonly required?: boolean }>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** The suite's actions by what a workflow writes before the `@`. */
const actions: ReadonlyMap<string, Manifest> = new Map(
  manifests.map(({ name, text }) => [`${suite}/${name}`.replace(/\/action\.yml$/, ''), parse(text)]),
);

/**
 * What a workflow says of others that is not so: inputs that an action does not have, required ones that are not
 * given, outputs of jobs and steps that nobody writes. Empty when all is well.
 */
export function brokenReferences(text: string): string[] {
  const { jobs } = parse(translated(text)) as { jobs: Readonly<Record<string, Job>> };
  return Object.entries(jobs).flatMap(([id, job]) => [
    ...(job.steps ?? []).flatMap((step) => brokenInputs(step)),
    ...brokenOutputsOfJobs(id, job, jobs),
    ...brokenOutputsOfSteps(id, job),
  ]);
}

function manifestOf({ uses = '' }: Step): Manifest | undefined {
  return actions.get(uses.replace(/@.*$/, ''));
}

function brokenInputs(step: Step): string[] {
  const { uses = '', with: given = {} } = step;
  const manifest = manifestOf(step);
  if (manifest === undefined) {
    return uses.toLowerCase().startsWith(`${suite}/`) ? [`${uses}: there is no such action`] : [];
  }
  const inputs = manifest.inputs ?? {};
  const unknown = Object.keys(given).filter((name) => !(name in inputs));
  const missing = Object.keys(inputs).filter((name) => inputs[name]?.required === true && !(name in given));
  return [
    ...unknown.map((name) => `${uses}: there is no input ${name}`),
    ...missing.map((name) => `${uses}: the required input ${name} is not given`),
  ];
}

function brokenOutputsOfJobs(id: string, job: Job, jobs: Readonly<Record<string, Job>>): string[] {
  const needed = typeof job.needs === 'string' ? [job.needs] : (job.needs ?? []);
  return matches(job, /\bneeds\.([\w-]+)\.outputs\.([\w-]+)/g).flatMap(([other = '', output = '']) => {
    if (!needed.includes(other)) return [`${id}: reads an output of ${other}, which is not in its needs`];
    return output in (jobs[other]?.outputs ?? {}) ? [] : [`${id}: ${other} has no output ${output}`];
  });
}

function brokenOutputsOfSteps(id: string, job: Job): string[] {
  return matches(job, /\bsteps\.([\w-]+)\.outputs\.([\w-]+)/g).flatMap(([other = '', output = '']) => {
    const step = (job.steps ?? []).find((candidate) => candidate.id === other);
    if (step === undefined) return [`${id}: there is no step ${other}`];
    return writes(step, output) ? [] : [`${id}: nothing shows that the step ${other} writes ${output}`];
  });
}

/** An action of the suite declares its outputs; a script shows them. Of other actions nothing is known. */
function writes(step: Step, output: string): boolean {
  const manifest = manifestOf(step);
  if (manifest !== undefined) return output in (manifest.outputs ?? {});
  return new RegExp(`echo "${output}=[^\\n]*GITHUB_OUTPUT`).test(step.run ?? '');
}

function matches(value: unknown, pattern: RegExp): string[][] {
  return [...JSON.stringify(value).matchAll(pattern)].map(([, ...groups]) => groups.map(String));
}
