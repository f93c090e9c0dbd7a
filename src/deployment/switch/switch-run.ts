/** Starting the program on the server, and following it: whatever becomes of us, it goes on to its end. */
import { LostConnection, messageOf, UserError } from '../../ground/errors.ts';
import type { Log } from '../../ground/log.ts';
import { lastWords, type Machine, succeeded } from '../../machine/machine.ts';
import type { RenewableMachine } from '../../machine/renewable.ts';
import { reconnected } from '../server/reconnect.ts';
import { type Entry, readEntry, readResult, type SwitchResult } from './journal.ts';
import type { Evidence } from './switch-failure.ts';

/** Milliseconds for a small question. */
const askTimeout = 30_000;
/** Milliseconds that a lost connection is tried to be made anew: the server may be starting anew. */
const reconnectTimeout = 120_000;

export interface SwitchRun {
  readonly machine: RenewableMachine;
  /** On the server, with the file `program`. */
  readonly folder: string;
  readonly log: Log;
}

/** The program gets the lock as descriptor 9 from here, so that there is no moment in which nobody holds it. */
const launchScript = `
  cd "$1" || exit
  exec 9>lock
  flock -w 10 9 || { echo "another switch is under way" >&2; exit 75; }
  rm -f result result.new cancel before evidence.* *.error probe.*
  [ "$3" = there ] || { umask 077 && cat >program; } || exit
  [ "$2" = deploy ] || [ ! -e journal ] || mv -f journal before
  : >journal
  setsid sh program "$2" </dev/null >program.log 2>&1 &
  echo started`;

/**
 * Starts the program.
 * @param program its text, where it is not on the server yet
 * @throws UserError `switch-failed`
 */
export async function launch(
  { machine, folder }: SwitchRun,
  what: 'deploy' | 'recover',
  { signal, program }: { signal: AbortSignal; program?: string },
): Promise<void> {
  const argv = ['sh', '-c', launchScript, 'launch', folder, what, program === undefined ? 'there' : 'new'];
  const result = await machine.run(argv, { timeout: askTimeout, signal, stdin: program ?? '' });
  if (succeeded(result) && result.stdout.trim() === 'started') return;
  throw new UserError(
    `The switch could not be started on ${machine.name} — ${lastWords(result, 1)}`,
    'look into ~/.tenantry there; if another run is at work, wait until it ends',
    { code: 'switch-failed', evidence: lastWords(result) },
  );
}

/** Prints the journal from a line on as it grows, and then the result: until there is one, or the program has ended. */
const followScript = `
  cd "$1" || exit
  seen=$2
  while [ -e lock ]; do
    if [ -e result ] || flock -n lock true; then ended=yes; else ended=no; fi
    lines=$(wc -l <journal 2>/dev/null) || lines=0
    if [ "$lines" -gt "$seen" ]; then
      sed -n "$((seen + 1)),$lines p" journal
      seen=$lines
    fi
    if [ $ended = yes ]; then
      [ ! -e result ] || cat result
      exit 0
    fi
    sleep 0.05
  done`;

export interface Following {
  /** Milliseconds for the whole. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  onEntry(entry: Entry): void;
}

/**
 * Follows the program to its end, over lost connections.
 * @returns how it ended; undefined when it was killed.
 * @throws LostConnection when the server cannot be reached any more.
 */
export async function follow(
  { machine, folder, log }: SwitchRun,
  { timeout, signal, onEntry }: Following,
): Promise<SwitchResult | undefined> {
  let seen = 0;
  for (;;) {
    try {
      let ending: SwitchResult | undefined;
      await machine.run(['sh', '-c', followScript, 'follow', folder, String(seen)], {
        timeout,
        signal,
        onLine(line) {
          const entry = readEntry(line);
          if (entry !== undefined) {
            seen += 1;
            onEntry(entry);
          } else ending = readResult(line) ?? ending;
        },
      });
      return ending;
    } catch (error) {
      if (!(error instanceof LostConnection) || signal.aborted) throw error;
      log.warning(`${error.message}; the switch goes on by itself`);
      const limit = AbortSignal.any([signal, AbortSignal.timeout(reconnectTimeout)]);
      if (!(await reconnected(machine, { log, limit, attempts: Number.POSITIVE_INFINITY }))) throw error;
    }
  }
}

/** Milliseconds that the last deployment may still wait for connections. */
const tailTimeout = 15 * 60_000;

/** Waits until the program of an earlier deployment has ended; it may wait for connections that are still open. */
export async function awaitEnd(machine: Machine, folder: string, signal: AbortSignal): Promise<void> {
  const seconds = String(tailTimeout / 1_000);
  await machine.run(['flock', '-w', seconds, `${folder}/lock`, 'true'], {
    timeout: tailTimeout + askTimeout,
    signal,
  });
}

/** Asks the program to go back; it does as long as the old version still runs. */
export async function askToGoBack(
  { machine, folder, log }: SwitchRun,
  why: 'cancelled' | 'outside',
): Promise<void> {
  try {
    await machine.writeFile(`${folder}/cancel`, why, { mode: 0o600 });
  } catch (error) {
    log.debug(`the switch cannot be told to go back: ${messageOf(error)}`);
  }
}

/** The files that explain a failure, each after a line with its name and length in bytes. */
const evidenceScript = `
  cd "$1" || exit
  for file in evidence.seen evidence.status evidence.body docker.error filter.error front.error program.log; do
    [ -s "$file" ] || continue
    echo "$2 $file"
    cat "$file"
    echo
  done
  rm -f evidence.* probe.*`;

/** Reads, and removes, what the program left about a failure. */
export async function takeEvidence({ machine, folder }: SwitchRun, mark: string): Promise<Evidence> {
  const argv = ['sh', '-c', evidenceScript, 'evidence', folder, mark];
  const { stdout } = await machine.run(argv, { timeout: askTimeout });
  const parts = stdout.split(new RegExp(`^${mark} (\\S+)\\n`, 'm')).slice(1);
  return Object.fromEntries(
    parts.flatMap((name, index) =>
      index % 2 === 0 ? [[name, (parts[index + 1] ?? '').replace(/\n$/, '')]] : [],
    ),
  );
}

/** Removes what only a switch that is under way needs; its journal stays. */
export async function tidyFolder({ machine, folder, log }: SwitchRun): Promise<void> {
  const script =
    'cd "$1" && rm -f program program.log result result.new cancel before evidence.* probe.* *.error';
  try {
    await machine.run(['sh', '-c', script, 'tidy', folder], { timeout: askTimeout });
  } catch (error) {
    log.debug(`files of the switch stay in ${folder}: ${messageOf(error)}`);
  }
}
