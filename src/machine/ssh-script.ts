import { UserError } from '../ground/errors.ts';
import { quoted, shellLine } from './quoting.ts';

/** What is sent to a place for one command: a program for a shell there, and what goes first to standard input. */
export interface RemoteCommand {
  /** For `sh -c`. Always the same, but for a number. */
  readonly program: string;
  /** The same as a line for a login shell. */
  readonly line: string;
  /** Ends with a line break. */
  readonly script: string;
}

interface Preparation {
  /** Printed on standard output before the command: what stands before it is noise of the login shell. */
  readonly marker: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly workingDirectory?: string | undefined;
}

/**
 * A command for a server, or for a container. The login shell (sh, bash, fish, csh, …) sees one constant line only,
 * without anything that these shells read differently; the environment and the argument list come after it on
 * standard input, where no list of processes shows them, and what follows there is the command's own input.
 * `dd` with one byte a read takes exactly its share of the input: `read` and `head` of some systems take more.
 * @throws UserError `environment-name-invalid`
 */
export function remoteCommand(argv: readonly string[], preparation: Preparation): RemoteCommand {
  const script = scriptFor(argv, preparation);
  const program = `eval "$(dd bs=1 count=${Buffer.byteLength(script)} 2>/dev/null)"`;
  return { program, line: `sh -c '${program}'`, script };
}

function scriptFor(argv: readonly string[], { marker, env = {}, workingDirectory }: Preparation): string {
  const [program = ''] = argv;
  return [
    `echo ${marker} $$`,
    ...Object.entries(env).map(([name, value]) => `export ${environmentName(name)}=${quoted(value)}`),
    ...(workingDirectory === undefined
      ? []
      : [`cd ${quoted(workingDirectory)} 2>/dev/null || { echo ${noFolder(marker)} >&2; exit 126; }`]),
    `command -v ${quoted(program)} >/dev/null 2>&1 || { echo ${noProgram(marker)} >&2; exit 127; }`,
    `exec ${shellLine(argv)}`,
    '',
  ].join('\n');
}

function environmentName(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new UserError(
    `The environment variable "${name}" cannot be set — a name has letters, digits and _ only`,
    'give it another name',
    { code: 'environment-name-invalid' },
  );
}

/** What standard error says, and nothing else, when there is no such program. */
export function noProgram(marker: string): string {
  return `${marker}-no-program`;
}

/** What standard error says, and nothing else, when there is no such folder. */
export function noFolder(marker: string): string {
  return `${marker}-no-folder`;
}

/**
 * Lets standard output through from the line after the marker on; the marker's line tells the process that the
 * command is.
 */
export function afterMarker(
  marker: string,
  told: { onStart(processId: number): void; onText(text: string): void },
): (text: string) => void {
  let noise: string | undefined = '';
  return (text) => {
    if (noise === undefined) return told.onText(text);
    noise += text;
    const start = new RegExp(`${marker} (\\d+)\\n`).exec(noise);
    if (start === null) return;
    const rest = noise.slice(start.index + start[0].length);
    noise = undefined;
    told.onStart(Number(start[1]));
    if (rest !== '') told.onText(rest);
  };
}

/** Sends a signal to a command and what it started: sshd gives every command a process group of its own. */
export function signalScript(processId: number, signal: 'TERM' | 'KILL'): string {
  return `
    group=$(sed 's/.*) //' /proc/${processId}/stat | cut -d ' ' -f 3)
    [ -z "$group" ] || kill -s ${signal} -- "-$group"`;
}
