import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Adds the argument list of every process of this machine: what anybody who may list processes could have seen. A
 * process may become another program, mostly soon after it began: one that is known is looked at again now and then.
 * @param looks how often each process was there, kept from one look to the next
 */
export function lookAtProcesses(seen: Set<string>, looks: Map<string, number>): void {
  const there = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  for (const pid of there) {
    const before = looks.get(pid) ?? 0;
    looks.set(pid, before + 1);
    if (before > 3 && before % 16 !== 0) continue;
    const list = argumentsOf(pid);
    if (list === undefined) looks.delete(pid);
    else seen.add(list);
  }
  if (looks.size > there.length * 2) {
    const alive = new Set(there);
    for (const pid of looks.keys()) if (!alive.has(pid)) looks.delete(pid);
  }
}

/** What GitHub's runner sends, and the milliseconds after which it sends the next one. */
const cancelling = [
  ['SIGINT', 7_500],
  ['SIGTERM', 2_500],
  ['SIGKILL', 0],
] as const;

/**
 * Ends a process as GitHub's runner ends a step that is cancelled: it gets time to put things in order.
 * @param words all of which stand in its argument list
 * @throws Error when there is not exactly one
 */
export async function cancelProcess(...words: readonly string[]): Promise<void> {
  const found = readdirSync('/proc').filter((pid) => words.every((word) => argumentsOf(pid)?.includes(word)));
  const [pid = ''] = found;
  if (found.length !== 1) throw new Error(`${found.length} processes with ${words.join(' ')}`);
  for (const [signal, patience] of cancelling) {
    process.kill(Number(pid), signal);
    for (const end = performance.now() + patience; performance.now() < end; await sleep(50)) {
      if (!argumentsOf(pid)) return; // nobody may have waited for it yet
    }
  }
}

/** Undefined when there is no such process (any more). */
function argumentsOf(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return undefined;
  }
}
