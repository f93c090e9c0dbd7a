/** How a step ends: its outputs, report, summary and, when it failed, its one annotation. */
import { access, constants, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Cancelled, messageOf, UserError } from '../ground/errors.ts';
import type { Report } from '../report/report.ts';
import type { OutputValue } from './action.ts';
import type { StepHost } from './host.ts';
import type { Masker } from './masking.ts';
import type { LoggedStep } from './step-log.ts';

export interface Ending {
  readonly outputs: Map<string, OutputValue>;
  readonly steps: readonly LoggedStep[];
  readonly report: Report;
  /** What is true of the world now. */
  readonly standing: string;
  readonly failure: UserError | undefined;
}

interface Teller {
  /** Of the action, for the report. */
  readonly name: string;
  /** For the summary. */
  readonly title: string;
  readonly host: StepHost;
  readonly masker: Masker;
  readonly secretOutputs: readonly string[];
  readonly milliseconds: number;
}

/** Writes everything that a step leaves behind. Nothing of it throws: a step that is over must be told. */
export async function tellEnding(ending: Ending, teller: Teller): Promise<void> {
  const { outputs, failure, standing } = ending;
  const { masker } = teller;
  const sentence = failure === undefined ? undefined : masker.clean(sentenceOf(failure, standing));
  if (failure !== undefined) {
    // How it failed, where the action has a word for it.
    const told = outputs.get('result') ?? 'failed';
    outputs.set('result', failure instanceof Cancelled ? 'cancelled' : told);
    outputs.set('failure-code', failure.code);
    outputs.set('failure-reason', sentence);
  }
  outputs.set('duration-ms', teller.milliseconds);
  if (failure?.code !== cannotWrite) outputs.set('report-path', await writeReport(ending, teller));
  writeOutputs(ending, teller);
  await writeSummary(ending, teller, sentence);
  if (failure !== undefined && sentence !== undefined) fail(failure, sentence, teller);
}

/** The sentence of a failure, with the state of the world at its end. */
function sentenceOf(failure: UserError, standing: string): string {
  return standing === '' || failure.sentence.includes(standing)
    ? failure.sentence
    : `${failure.sentence}; ${standing}`;
}

const cannotWrite = 'cannot-write-report';

/**
 * Nothing is begun that could not be reported.
 * @throws UserError `cannot-write-report`
 */
export async function requireWritable(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new UserError(
      `The report cannot be written to ${folder} — ${messageOf(error)}`,
      'make the folder writable, or free some space; nothing was done',
      { code: cannotWrite, cause: error },
    );
  }
}

async function writeReport(
  { outputs, steps, report }: Ending,
  { name, host, masker }: Teller,
): Promise<string | undefined> {
  const path = join(host.reportFolder, `${name}-${process.pid}.json`);
  const content = { schema: 1, action: name, ...Object.fromEntries(outputs), steps, ...report.collected };
  try {
    await mkdir(host.reportFolder, { recursive: true });
    await writeFile(path, `${masker.clean(JSON.stringify(content, null, 2))}\n`);
    return path;
  } catch (error) {
    host.warning(
      `The report could not be written to ${path} — ${messageOf(error)} — free some space or make the folder writable`,
    );
    return undefined;
  }
}

/** Words of closed lists, a number, a path of ours: a password of two letters must not make them unreadable. */
const ownWords: readonly string[] = ['result', 'failure-code', 'duration-ms', 'report-path'];

/** An output that holds a secret is cleaned of it, unless the action means it. */
function writeOutputs({ outputs }: Ending, { host, masker, secretOutputs }: Teller): void {
  for (const [output, value] of outputs) {
    if (value === undefined) continue;
    const isKept = secretOutputs.includes(output) || ownWords.includes(output);
    host.output(output, isKept ? String(value) : masker.clean(String(value)));
  }
}

async function writeSummary(
  { report, failure }: Ending,
  { host, masker, title }: Teller,
  sentence: string | undefined,
): Promise<void> {
  if (/^false$/i.test(host.given.get('summary') ?? '')) return;
  const failed = sentence === undefined ? undefined : { sentence, evidence: failure?.evidence };
  try {
    await host.summary(masker.clean(report.summary(title, failed)));
  } catch (error) {
    host.warning(
      `The job summary could not be written — ${messageOf(error)} — free some space on the runner`,
    );
  }
}

function fail(failure: UserError, sentence: string, { host, masker }: Teller): void {
  if (failure.evidence !== undefined) host.fold('Evidence', masker.clean(failure.evidence));
  const cause = failure.cause === undefined ? '' : messageOf(failure.cause);
  if (cause !== '' && !sentence.includes(cause)) host.line(masker.clean(`Cause: ${cause}`));
  host.fail(sentence, failure.place);
}
