/** What runs in the new image before anything is touched, as it is written in the workflow. */
import * as z from 'zod';

import { parseDuration, showDuration } from '../../ground/duration.ts';
import { orRefused } from '../../ground/refusal.ts';

/** One command. */
export interface PreDeployCommand {
  /** How the log calls it. */
  readonly name: string;
  /** Arguments for the image's entry point, as after the image in a `docker run` line. */
  readonly run: readonly string[];
  /** Whether its failure ends the deployment. */
  readonly blocking: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Words as a list, or as a text without anything that a shell would read otherwise. */
const words = z
  .union([z.string(), z.array(z.string()).min(1, 'has no word')])
  .transform(orRefused((run) => (typeof run === 'string' ? splitWords(run) : run)));
const duration = z
  .union([z.string(), z.number().transform(String)])
  .transform(orRefused(parseDuration))
  .prefault('5m');

const command = z.strictObject({
  run: words.describe(
    'The command: a list of words, or one text whose words stand apart. No shell reads it.',
  ),
  name: z.string().optional().describe('What the log calls it. Default: the command itself.'),
  blocking: z
    .boolean()
    .default(true)
    .describe('Whether its failure ends the deployment; else it is a warning.'),
  timeout: duration.describe('How long it may run: 90s. Default: 5m.'),
});

/** The input `pre-deploy`, as it is written. */
export const preDeployShape = z
  .array(
    command.transform(
      ({ name, ...rest }): PreDeployCommand => ({ name: name ?? rest.run.join(' '), ...rest }),
    ),
  )
  .min(1, 'has no command')
  .superRefine((commands, context) => {
    for (const [index, { name }] of commands.entries()) {
      if (commands.findIndex((other) => other.name === name) === index) continue;
      context.addIssue({ code: 'custom', path: [index], message: `there are two commands named ${name}` });
    }
  });

function splitWords(text: string): string[] {
  const [odd] = /["'`$\\|&;<>*]/.exec(text) ?? [];
  if (odd !== undefined) {
    throw new RangeError(`has ${odd}, which only a shell would read — write a list: [sh, -c, "…"]`);
  }
  const found = text.split(/\s+/).filter((word) => word !== '');
  if (found.length === 0) throw new RangeError('has no word');
  return found;
}

/** `check (blocking, at most 5 m)`: for a plan. */
export function describeCommand({ name, blocking, timeout }: PreDeployCommand): string {
  return `${name} (${blocking ? 'blocking' : 'a failure is only a warning'}, at most ${showDuration(timeout)})`;
}
