import { UserError } from '../ground/errors.ts';
import { lastWords, type Machine, type RunOptions, succeeded } from './machine.ts';
import { runOn } from './ssh-command.ts';
import { converseOn } from './ssh-conversation.ts';
import { channelTimeout, lossOf, type SshClient, type SshSession } from './ssh-session.ts';

/** Milliseconds for reading or writing one small file. */
const fileTimeout = 60_000;

/**
 * A server behind an SSH connection. It is asked for a sign of life first, so that an account that cannot run
 * commands is recognised at once.
 * @throws UserError `ssh-shell-unusable`
 */
export async function sshMachine(
  client: SshClient,
  { name, signal, close }: { name: string; signal: AbortSignal; close(): Promise<void> },
): Promise<Machine> {
  const session: SshSession = { name, client, lost: lossOf(client) };
  const run = (argv: readonly string[], options: RunOptions) => runOn(session, argv, options);
  try {
    await run(['true'], { timeout: channelTimeout, signal });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    name,
    run,
    converse: (argv, options) => converseOn(session, argv, options),
    writeFile: (path, content, { mode }) => writeFileOn(session, path, content, mode),
    readFile: (path) => readFileOn(session, path),
    close,
  };
}

/** Written beside its place, checked for completeness (a lost connection looks like the end of the input), renamed. */
const writeScript = `
  path=$1 length=$2 mode=$3
  [ ! -d "$path" ] || { echo "it is a folder" >&2; exit 1; }
  case $path in */*) mkdir -p -- "\${path%/*}/" || exit ;; esac
  unfinished=$path.$$.tmp
  trap 'rm -f -- "$unfinished"' EXIT
  trap 'exit 1' HUP INT TERM
  (umask 077 && cat > "$unfinished") || exit
  [ "$(wc -c < "$unfinished")" -eq "$length" ] || { echo "only a part of it arrived" >&2; exit 1; }
  chmod "$mode" "$unfinished" && mv -f -- "$unfinished" "$path"`;

async function writeFileOn(session: SshSession, path: string, content: string, mode: number): Promise<void> {
  const length = String(Buffer.byteLength(content));
  const script = ['sh', '-c', writeScript, 'sh', path, length, mode.toString(8).padStart(4, '0')];
  const result = await runOn(session, script, { timeout: fileTimeout, stdin: content });
  if (succeeded(result)) return;
  throw new UserError(
    `Cannot write ${path} on ${session.name} — ${lastWords(result, 1)}`,
    'give this account the right to write there, free some space, or choose another folder',
    { code: 'cannot-write', evidence: lastWords(result) },
  );
}

async function readFileOn(session: SshSession, path: string): Promise<string | undefined> {
  const result = await runOn(session, ['cat', '--', path], { timeout: fileTimeout, env: { LC_ALL: 'C' } });
  if (succeeded(result)) return result.stdout;
  if (/No such file or directory/.test(result.stderr)) return undefined;
  throw new UserError(
    `Cannot read ${path} on ${session.name} — ${lastWords(result, 1)}`,
    'give this account the right to read it',
    { code: 'cannot-read', evidence: lastWords(result) },
  );
}
