import { performance } from 'node:perf_hooks';

import { UserError } from '../ground/errors.ts';
import { Report } from '../report/report.ts';
import type { Action, Fields, OutputValue } from './action.ts';
import { type Cancellation, onCancel } from './cancel.ts';
import { describeDefect } from './defect.ts';
import { type Ending, requireWritable, tellEnding } from './ending.ts';
import type { StepHost } from './host.ts';
import { readInputs, secretsIn } from './inputs.ts';
import type { Manifest } from './manifest.ts';
import { Masker } from './masking.ts';
import { type LoggedStep, logTo } from './step-log.ts';

/**
 * Runs one action as a step: masks and reads its inputs, runs it, and writes outputs, summary and report whether it
 * succeeded or not. The one place that catches: one failure is one annotation.
 * @returns whether the action did the whole of what was asked.
 */
export async function runStep<F extends Fields, O extends string>(
  name: string,
  action: Action<F, O>,
  manifest: Manifest,
  host: StepHost,
): Promise<boolean> {
  const started = performance.now();
  const masker = new Masker((form) => host.mask(form));
  for (const secret of secretsIn(action.inputs, host.given)) masker.add(secret);
  const cancellation = onCancel();
  const ending = await runAction(action, { manifest, host, masker, cancellation });
  cancellation.end();
  await tellEnding(ending, {
    name,
    title: manifest.name,
    host,
    masker,
    secretOutputs: action.secretOutputs,
    milliseconds: Math.round(performance.now() - started),
  });
  return ending.failure === undefined;
}

interface Surroundings {
  readonly manifest: Manifest;
  readonly host: StepHost;
  readonly masker: Masker;
  readonly cancellation: Cancellation;
}

/** What the action came to: outputs as far as they were known, and the failure, if there is one. */
async function runAction<F extends Fields, O extends string>(
  action: Action<F, O>,
  { manifest, host, masker, cancellation }: Surroundings,
): Promise<Ending> {
  const outputs = new Map<string, OutputValue>();
  const steps: LoggedStep[] = [];
  const report = new Report();
  let standing = '';
  const tell = (facts: Readonly<Record<string, OutputValue>>) => {
    for (const [output, value] of Object.entries(facts)) if (value !== undefined) outputs.set(output, value);
  };
  let failure: UserError | undefined;
  try {
    const inputs = readInputs(action.inputs, action.rules, manifest, host.given);
    await requireWritable(host.reportFolder);
    if (typeof inputs.timeout === 'number') cancellation.limit(inputs.timeout);
    const running = action.run({
      inputs,
      report,
      log: logTo(host, masker, steps),
      signal: cancellation.signal,
      origin: host.origin,
      tell,
      standing: (sentence) => {
        standing = sentence;
      },
      exportVariable: (variable, value) => host.exportVariable(variable, value),
      mask: (secret) => masker.add(secret),
      clean: (text) => masker.clean(text),
    });
    tell((await cancellation.race(running)) as Readonly<Record<string, OutputValue>>);
  } catch (error) {
    failure = asFailure(error, cancellation.signal);
  }
  return { outputs, steps, report, standing, failure };
}

function asFailure(error: unknown, signal: AbortSignal): UserError {
  if (signal.aborted && signal.reason instanceof UserError) return signal.reason;
  return error instanceof UserError ? error : describeDefect(error);
}
