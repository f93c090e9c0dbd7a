/** A line of jobs as a whole: how each stop ended, the verdict, and what to do next. */
import * as z from 'zod';

import { grouped, shortCommits } from '../ground/words.ts';
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
  /** The digest that serves again, and the one that did before. */
  readonly wentBack?: { readonly to: string; readonly from: string | undefined } | undefined;
}

/** The order of the suite's own jobs; those of others come after them. `needs` itself promises none. */
const order = ['image', 'test', 'migrate', 'deploy', 'check', 'back'];
const orderOfRollback = ['back', 'check'];

/** Of a line that deploys, and goes back when its check fails; of a rollback, which goes back and is checked. */
function isRollback({ deploy, back }: Needs): boolean {
  return deploy === undefined && back !== undefined;
}

function inOrder(needs: Needs): Needs {
  const own = isRollback(needs) ? orderOfRollback : order;
  const rank = (name: string) => (own.includes(name) ? own.indexOf(name) : own.length);
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
  const all = Object.entries(needs).map(([name, { result, outputs }]): LineStop => {
    const told = outputs.result;
    return {
      name,
      result: result === 'skipped' ? 'not come to' : (told ?? (result === 'success' ? 'done' : result)),
      milliseconds: outputs['duration-ms'] === undefined ? undefined : Number(outputs['duration-ms']),
      failed: result === 'failure' || result === 'cancelled',
      skipped: result === 'skipped',
      detail: detailOf(outputs, { serves: name === 'back' || needs.back?.result !== 'success' }),
    };
  });
  const stops = all.filter((stop, place) => !wasLeftOut(stop, all.slice(place + 1)));
  const [failed] = Object.entries(needs).filter(([, { result }]) => result === 'failure');
  const isCancelled = Object.values(needs).some(({ result }) => result === 'cancelled');
  const outcome = failed !== undefined ? 'failure' : isCancelled ? 'cancelled' : 'success';
  if (outcome === 'success') {
    const isSame = needs.deploy?.outputs.result === 'unchanged';
    const verb = isRollback(needs) ? 'is back' : isSame ? 'stays' : 'is';
    return {
      outcome,
      stops,
      wentBack: wayBack(needs),
      verdict: `${container} ${verb} on ${releaseOf(needs)} in ${environment}.`,
      next: [],
    };
  }
  const [stop, { outputs }] = failed ?? ['', { outputs: {} as Record<string, string> }];
  const what =
    failed === undefined
      ? `The deployment of ${container} to ${environment} was cancelled.`
      : `${stop}: ${shortened(outputs['failure-reason'] ?? 'failed — its log says why')}`;
  return { outcome, stops, verdict: what, next: nextSteps(needs), wentBack: wayBack(needs) };
}

/** Not come to, and not because the line ended before: nobody missed it. */
function wasLeftOut({ name, skipped }: LineStop, after: readonly LineStop[]): boolean {
  return skipped === true && (name === 'back' || after.some((stop) => stop.skipped !== true));
}

function wayBack({ back }: Needs): LineEnd['wentBack'] {
  const { 'image-digest': to, 'previous-digest': from } = back?.outputs ?? {};
  return back?.result === 'success' && to ? { to, from: from || undefined } : undefined;
}

function releaseOf(needs: Needs): string {
  const { back, deploy, image } = needs;
  return shortened((deploy ?? back)?.outputs.release ?? image?.outputs.image ?? 'its release');
}

/** Commits and digests as people say them. */
function shortened(text: string): string {
  return shortCommits(text).replaceAll(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/g, '$1…');
}

/** Of what a job told by the outputs of its action. */
function detailOf(outputs: Readonly<Record<string, string>>, { serves }: { serves: boolean }): string {
  const number = (name: string) => grouped(Number(outputs[name] ?? 0));
  const parts: string[] = [];
  if (outputs['tenants-total'] !== undefined && outputs['tenants-migrated'] !== undefined) {
    const failed = Number(outputs['tenants-failed'] ?? 0) > 0 ? `${number('tenants-failed')} failed, ` : '';
    const counted = `${failed}${number('tenants-migrated')} migrated, ${number('tenants-skipped')} up to date`;
    parts.push(outputs['tenants-total'] === '0' ? 'no tenants yet' : counted);
  }
  if (outputs['backup-path']) parts.push(`backup: ${outputs['backup-path']}`);
  if (
    outputs['image-digest'] &&
    ['deployed', 'unchanged', 'rolled-back'].includes(outputs.result ?? '') &&
    !outputs['failure-code']
  )
    parts.push(
      `${shortened(outputs['image-digest'])} ${serves ? 'serves' : 'served until it was taken back'}`,
    );
  if (Number(outputs['downtime-ms'] ?? 0) > 0 && outputs.result === 'deployed') {
    parts.push(`${number('downtime-ms')} ms without a container`);
  }
  if (outputs['latency-ms']) parts.push(`slowest ${number('latency-ms')} ms`);
  if (outputs.image && outputs['image-digest'] === undefined) parts.push(shortened(outputs.image));
  if (outputs['failure-code']) parts.push(outputs['failure-code']);
  return parts.join('; ');
}

/** What is true of containers and database now, and which way leads on. */
function nextSteps(needs: Needs): string[] {
  if (isRollback(needs)) {
    return needs.back?.result === 'success'
      ? ['The containers are back, and not every check is content with that.']
      : ['The rollback says above what serves now; run it again when its cause is gone.'];
  }
  const { migrate, deploy, check, back } = needs;
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
  if (back?.result === 'success') {
    steps.push(
      `The containers are back on ${shortened(back.outputs.release ?? 'the release from before')}; the database stays as it is now. Mend what the check names, and push.`,
    );
  } else if (wasSwitched && check !== undefined && check.result !== 'success') {
    const tried = back?.outputs['failure-reason'];
    if (tried !== undefined) steps.push(`The way back failed, too: ${tried}`);
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
