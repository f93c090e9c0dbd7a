import { UserError } from '../ground/errors.ts';
import { lastWords, type Machine, succeeded } from './machine.ts';

/** Files of a place that is reached by its shell alone. */
type Shell = Pick<Machine, 'name' | 'run'>;

/** Milliseconds for reading or writing one small file. */
const fileTimeout = 60_000;

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

/** `Machine.writeFile` */
export async function writeByShell(shell: Shell, path: string, content: string, mode: number): Promise<void> {
  const length = String(Buffer.byteLength(content));
  const script = ['sh', '-c', writeScript, 'sh', path, length, mode.toString(8).padStart(4, '0')];
  const result = await shell.run(script, { timeout: fileTimeout, stdin: content });
  if (succeeded(result)) return;
  throw new UserError(
    `Cannot write ${path} on ${shell.name} — ${lastWords(result, 1)}`,
    'give this account the right to write there, free some space, or choose another folder',
    { code: 'cannot-write', evidence: lastWords(result) },
  );
}

/** `Machine.readFile` */
export async function readByShell(shell: Shell, path: string): Promise<string | undefined> {
  const result = await shell.run(['cat', '--', path], {
    timeout: fileTimeout,
    env: { LC_ALL: 'C' },
    quick: true,
  });
  if (succeeded(result)) return result.stdout;
  if (/No such file or directory/.test(result.stderr)) return undefined;
  throw new UserError(
    `Cannot read ${path} on ${shell.name} — ${lastWords(result, 1)}`,
    'give this account the right to read it',
    { code: 'cannot-read', evidence: lastWords(result) },
  );
}
