/** A line of jobs as a whole: how each stop ended, the verdict, and what to do next. */
import * as z from 'zod';

import { grouped } from '../ground/words.ts';
import { goingBackSentence } from '../migrations/old-code.ts';
import type { Stop } from '../report/mermaid.ts';

/** GitHub's context `needs`, as toJSON writes it. */
const needsShape = z.record(
  z.string(),
  z.object({
    // Some local runners have no word for a job that was not come to.
    result: z
      .enum(['success', 'failure', 'cancelled', 'skipped', ''])
      .transform((result) => (result === '' ? 'skipped' : result)),
    outputs: z
      .record(z.string(), z.string())
      .nullish()
      .transform((outputs) => outputs ?? {}),
  }),
);

export type Needs = z.output<typeof needsShape>;

/** @throws RangeError that says how to write it */
export function parseNeeds(written: string): Needs {
  try {
    return needsShape.parse(JSON.parse(written));
  } catch {
    throw new RangeError(`is not the context needs — write \${{ toJSON(needs) }}`);
  }
}

export interface LineStop extends Stop {
  /** What there is to say of it, in a few words. */
  readonly detail: string;
}

export interface LineEnd {
  readonly outcome: 'success' | 'failure' | 'cancelled';
  readonly stops: readonly LineStop[];
  /** One sentence: what is true now. */
  readonly verdict: string;
  /** What to do next; empty: nothing. */
  readonly next: readonly string[];
}

/** The order of the suite's own jobs; those of others come after them. `needs` itself promises none. */
const order = ['image', 'test', 'migrate', 'deploy', 'check'];

function inOrder(needs: Needs): Needs {
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const sorted = Object.entries(needs).sort(([one], [other]) => rank(one) - rank(other));
  // A job that was not come to has told nothing, whatever stands there.
  return Object.fromEntries(
    sorted.map(([name, job]) => [name, job.result === 'skipped' ? { ...job, outputs: {} } : job]),
  );
}

/** Pure. */
export function endOfLine(
  jobs: Needs,
  { container, environment }: { readonly container: string; readonly environment: string },
): LineEnd {
  const needs = inOrder(jobs);
  const stops = Object.entries(needs).map(([name, { result, outputs }]): LineStop => {
    const told = outputs.result;
    return {
      name,
      result: result === 'skipped' ? 'not come to' : (told ?? (result === 'success' ? 'done' : result)),
      milliseconds: outputs['duration-ms'] === undefined ? undefined : Number(outputs['duration-ms']),
      failed: result === 'failure' || result === 'cancelled',
      skipped: result === 'skipped',
      detail: detailOf(outputs),
    };
  });
  const [failed] = Object.entries(needs).filter(([, { result }]) => result === 'failure');
  const isCancelled = Object.values(needs).some(({ result }) => result === 'cancelled');
  const outcome = failed !== undefined ? 'failure' : isCancelled ? 'cancelled' : 'success';
  if (outcome === 'success') {
    const isSame = needs.deploy?.outputs.result === 'unchanged';
    const release = releaseOf(needs);
    return {
      outcome,
      stops,
      verdict: `${container} ${isSame ? 'stays' : 'is'} on ${release} in ${environment}.`,
      next: [],
    };
  }
  const [stop, { outputs }] = failed ?? ['', { outputs: {} as Record<string, string> }];
  const what =
    failed === undefined
      ? `The deployment of ${container} to ${environment} was cancelled.`
      : `${stop}: ${outputs['failure-reason'] ?? 'failed — its log says why'}`;
  return { outcome, stops, verdict: what, next: nextSteps(needs) };
}

function releaseOf(needs: Needs): string {
  const { deploy, image } = needs;
  return deploy?.outputs.release ?? image?.outputs.image ?? 'its release';
}

/** Of what a job told by the outputs of its action. */
function detailOf(outputs: Readonly<Record<string, string>>): string {
  const number = (name: string) => grouped(Number(outputs[name] ?? 0));
  const parts: string[] = [];
  if (outputs['tenants-total'] !== undefined && outputs['tenants-migrated'] !== undefined) {
    parts.push(`${number('tenants-migrated')} migrated, ${number('tenants-skipped')} up to date`);
  }
  if (outputs['backup-path']) parts.push(`backup: ${outputs['backup-path']}`);
  if (
    outputs['image-digest'] &&
    ['deployed', 'unchanged', 'rolled-back'].includes(outputs.result ?? '') &&
    !outputs['failure-code']
  )
    parts.push(`${outputs['image-digest'].slice(0, 19)}… serves`);
  if (outputs['downtime-ms'] !== undefined && outputs.result === 'deployed') {
    parts.push(`${number('downtime-ms')} ms without a container`);
  }
  if (outputs['latency-ms']) parts.push(`slowest ${number('latency-ms')} ms`);
  if (outputs.image && outputs['image-digest'] === undefined) parts.push(outputs.image);
  if (outputs['failure-code']) parts.push(outputs['failure-code']);
  return parts.join('; ');
}

/** What is true of containers and database now, and which way leads on. */
function nextSteps(needs: Needs): string[] {
  const { migrate, deploy, check } = needs;
  const wasSwitched = ['deployed', 'unchanged'].includes(deploy?.outputs.result ?? '');
  const hasMigrated = migrate?.outputs.result === 'migrated';
  const steps: string[] = [];
  if (deploy === undefined || deploy.result === 'skipped') {
    steps.push('Nothing was deployed: the containers from before serve on.');
  } else if (!wasSwitched) {
    steps.push(
      'The deployment says above what serves now; run this again when its cause is gone: what is done stays done.',
    );
  }
  if (migrate?.result === 'failure') {
    steps.push('Mend the migration or the data it names, and push: tenants that are done stay done.');
  }
  if (wasSwitched && check !== undefined && check.result !== 'success') {
    steps.push(
      'The new version serves, and not every check is content with it. To go back, run the rollback workflow: it takes the containers back, never the database.',
    );
  }
  if (hasMigrated && (check?.result !== 'success' || !wasSwitched)) steps.push(goingBack(migrate.outputs));
  return steps;
}

/** Of the code from before on the database of now. */
function goingBack(outputs: Readonly<Record<string, string>>): string {
  const told = outputs['old-code-compatible'];
  const oldCode = told === 'yes' || told === 'no' ? told : 'unknown';
  const sentence = goingBackSentence({ oldCode, reversible: outputs.reversible === 'true' });
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}
