#!/usr/bin/env node
import { parseArgs } from 'node:util';

import { manifestOf } from './actions/manifests.ts';
import { type ActionName, actionNames } from './actions/names.ts';
import { messageOf } from './ground/errors.ts';
import { nearest } from './ground/words.ts';
import { actions } from './index.ts';
import type { Action } from './step/action.ts';
import { secretForm } from './step/fields.ts';
import { kebabCase, type Manifest, type ManifestInput } from './step/manifest.ts';
import { runStep } from './step/run.ts';
import { terminalHost } from './step/terminal.ts';

/** Exit codes as shells know them: done, failed, and used in a way that it does not understand. */
const exitCode = { done: 0, failed: 1, misused: 2 } as const;

/**
 * The actions as a program: `tenantry migrate-schemas --working-directory . --dry-run`. Same inputs, same messages.
 * @returns the exit code.
 */
export async function cli(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const [first = '', ...others] = argv;
  // What a beginner needs before anything else has a name of its own.
  const [name, rest] =
    first === 'doctor' ? ['health-check', ['--mode', 'doctor', ...others]] : [first, others];
  if (name === '' || name === '--help' || name === 'help') {
    process.stdout.write(overview());
    return exitCode.done;
  }
  if (!isActionName(name)) {
    const meant = nearest(name, actionNames);
    return misused(
      `There is no action ${name}${meant === undefined ? '' : ` — did you mean ${meant}?`}`,
      'tenantry',
    );
  }
  const action = await actions[name]();
  const manifest = manifestOf(name);
  if (rest.includes('--help')) {
    process.stdout.write(help(name, manifest, action));
    return exitCode.done;
  }
  let given: Map<string, string>;
  try {
    given = await readGiven(rest, manifest, action, environment);
  } catch (error) {
    return misused(messageOf(error), `tenantry ${name} --help`);
  }
  const host = terminalHost(given, process, environment.RUNNER_DEBUG === '1');
  return (await runStep(name, action, manifest, host)) ? exitCode.done : exitCode.failed;
}

function isActionName(name: string): name is ActionName {
  return (actionNames as readonly string[]).includes(name);
}

/** The inputs from the command line: options with a value, repeated ones as lines, booleans without a value. */
async function readGiven(
  argv: readonly string[],
  manifest: Manifest,
  action: Action,
  environment: NodeJS.ProcessEnv,
): Promise<Map<string, string>> {
  const options = Object.fromEntries(
    Object.entries(manifest.inputs).map(([name, input]) => [
      name,
      isSwitch(input) ? ({ type: 'boolean' } as const) : ({ type: 'string', multiple: true } as const),
    ]),
  );
  const known = Object.keys(manifest.inputs);
  for (const argument of argv.filter((text) => text.startsWith('--'))) {
    const option = argument.slice(2).replace(/=.*$/s, '').replace(/^no-/, '');
    const meant = known.includes(option) ? undefined : nearest(option, known);
    if (!known.includes(option)) {
      throw new RangeError(
        `There is no option --${option}${meant === undefined ? '' : ` — did you mean --${meant}?`}`,
      );
    }
  }
  const { values } = parseArgs({ args: [...argv], options, strict: true, allowNegative: true });
  const given = new Map<string, string>();
  for (const [name, value] of Object.entries(values)) {
    given.set(name, Array.isArray(value) ? value.join('\n') : String(value));
  }
  for (const name of secretInputs(action)) {
    const written = given.get(name);
    if (written === '-') given.set(name, await standardInput());
    else if (written !== undefined) {
      throw new RangeError(
        `--${name} would show a secret to everybody who can list processes — pipe it in and write --${name} -, or set ${variableFor(name)}`,
      );
    } else if (environment[variableFor(name)]) given.set(name, environment[variableFor(name)] ?? '');
  }
  return given;
}

function secretInputs(action: Action): string[] {
  return Object.entries(action.inputs)
    .filter(([, field]) => secretForm(field) !== undefined)
    .map(([name]) => kebabCase(name));
}

function isSwitch(input: ManifestInput): boolean {
  return input.default === 'true' || input.default === 'false';
}

function variableFor(name: string): string {
  return `TENANTRY_${name.toUpperCase().replaceAll('-', '_')}`;
}

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8').trim();
}

function overview(): string {
  const rows = actionNames.map(
    (name) => `  ${name.padEnd(18)}${firstSentence(manifestOf(name).description)}`,
  );
  return [
    'Tenantry deploys schema-per-tenant PostgreSQL applications to servers that run Docker behind SSH.',
    '',
    'tenantry ACTION [--input value …]     run one action here, with the inputs it has in a workflow',
    'tenantry ACTION --help                its inputs and outputs',
    'tenantry doctor --host … --ssh-user … whether a server is ready for a first deployment',
    '',
    ...rows,
    '',
    'Secrets come from the environment (TENANTRY_DATABASE_URL, …) or from standard input (--database-url -).',
    '',
  ].join('\n');
}

function help(name: ActionName, manifest: Manifest, action: Action): string {
  const secrets = secretInputs(action);
  const options = Object.entries(manifest.inputs).map(
    ([input, { description, required, default: preset }]) => {
      const how = secrets.includes(input) ? ` (secret: ${variableFor(input)}, or --${input} -)` : '';
      const rule = required === true ? ' [required]' : preset ? ` [${preset.replaceAll('\n', ', ')}]` : '';
      return `  --${input}${rule}\n${indented(description + how)}`;
    },
  );
  const outputs = Object.entries(manifest.outputs).map(
    ([output, { description }]) => `  ${output}\n${indented(description)}`,
  );
  return [manifest.description, '', 'Options', ...options, '', 'Outputs', ...outputs, '']
    .join('\n')
    .replace(/^/, `tenantry ${name}\n\n`);
}

function indented(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line.length + word.length > 90) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => `      ${each}`).join('\n');
}

function firstSentence(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/\. .*$/, '.');
}

function misused(what: string, look: string): number {
  process.stderr.write(`${what}\n${look} shows what there is.\n`);
  return exitCode.misused;
}
