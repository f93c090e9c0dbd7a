import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { showDuration } from '../ground/duration.ts';
import { Cancelled, messageOf, UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { Report } from '../report/report.ts';
import type { Action, ActionContext, Fields, OutputValue } from './action.ts';
import { onCancel } from './cancel.ts';
import { describeDefect } from './defect.ts';
import type { StepHost } from './host.ts';
import { readInputs, secretsIn } from './inputs.ts';
import type { Manifest } from './manifest.ts';
import { Masker } from './masking.ts';

interface Step {
  readonly label: string;
  readonly text: string;
  readonly milliseconds?: number;
}

/**
 * Runs one action as a step: reads and masks its inputs, runs it, and writes outputs, summary and report whether it
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

  const report = new Report();
  const steps: Step[] = [];
  const outputs = new Map<string, OutputValue>();
  const cancellation = onCancel();
  let standing = '';
  let failure: UserError | undefined;

  const tell = (facts: Readonly<Record<string, OutputValue>>) => {
    for (const [output, value] of Object.entries(facts)) if (value !== undefined) outputs.set(output, value);
  };

  try {
    const inputs = readInputs(action.inputs, action.rules, manifest, host.given);
    if ('timeout' in inputs) cancellation.limit(inputs.timeout as number);
    const context: ActionContext<F, O> = {
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
    };
    const ended = await cancellation.race(action.run(context));
    tell(ended as Readonly<Record<string, OutputValue>>);
  } catch (error) {
    failure = asFailure(error, cancellation.signal);
  }
  cancellation.end();

  const duration = Math.round(performance.now() - started);
  const sentence = failure === undefined ? undefined : masker.clean(withStanding(failure, standing));
  if (failure !== undefined) {
    tell({
      result: failure instanceof Cancelled ? 'cancelled' : 'failed',
      'failure-code': failure.code,
      'failure-reason': sentence,
    });
  }
  tell({ 'duration-ms': duration });

  const reportFile = { schema: 1, action: name, ...Object.fromEntries(outputs), steps, ...report.collected };
  const reportPath = await writeReport(host, name, masker.clean(JSON.stringify(reportFile, null, 2)));
  if (reportPath !== undefined) tell({ 'report-path': reportPath });

  for (const [output, value] of outputs) {
    const secretOnPurpose = (action.secretOutputs as readonly string[]).includes(output);
    host.output(output, secretOnPurpose ? String(value) : masker.clean(String(value)));
  }
  if (!('summary' in action.inputs) || host.given.get('summary') !== 'false') {
    const evidence = failure?.evidence === undefined ? undefined : masker.clean(failure.evidence);
    const title = manifest.name;
    await host.summary(
      masker.clean(report.summary(title, sentence === undefined ? undefined : { sentence, evidence })),
    );
  }
  if (failure !== undefined && sentence !== undefined) {
    if (failure.evidence !== undefined) host.fold('Evidence', masker.clean(failure.evidence));
    const cause = failure.cause === undefined ? '' : `Cause: ${messageOf(failure.cause)}`;
    if (cause !== '' && !sentence.includes(messageOf(failure.cause))) host.line(masker.clean(cause));
    host.fail(sentence);
  }
  return failure === undefined;
}

function asFailure(error: unknown, signal: AbortSignal): UserError {
  if (signal.aborted && signal.reason instanceof UserError) return signal.reason;
  return error instanceof UserError ? error : describeDefect(error);
}

function withStanding(failure: UserError, standing: string): string {
  const end = standing === '' ? '' : `; ${standing}`;
  return `${failure.sentence}${end}`;
}

async function writeReport(host: StepHost, name: string, text: string): Promise<string | undefined> {
  const path = join(host.reportFolder, `${name}-${process.pid}.json`);
  try {
    await mkdir(host.reportFolder, { recursive: true });
    await writeFile(path, `${text}\n`);
    return path;
  } catch (error) {
    host.warning(
      `The report could not be written to ${path} — ${messageOf(error)} — free some space or make the folder writable`,
    );
    return undefined;
  }
}

/** The width of a log line; the time of a step stands at its right end. */
const width = 88;

function logTo(host: StepHost, masker: Masker, steps: Step[]): Log {
  return {
    step(label, text, milliseconds) {
      const clean = masker.clean(text);
      steps.push({
        label,
        text: clean,
        ...(milliseconds === undefined ? {} : { milliseconds: Math.round(milliseconds) }),
      });
      const line = `${label.padEnd(10)}${clean}`;
      host.line(milliseconds === undefined ? line : `${line.padEnd(width)}  ${showDuration(milliseconds)}`);
    },
    info: (text) => host.line(`${' '.repeat(10)}${masker.clean(text)}`),
    debug: (text) => host.debug(masker.clean(text)),
    warning: (text) => host.warning(masker.clean(text)),
    details(title, text) {
      if (text.trim() !== '') host.fold(masker.clean(title), masker.clean(text));
    },
  };
}
