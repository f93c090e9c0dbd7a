import { readdirSync, readFileSync } from 'node:fs';

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
    try {
      seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
    } catch {
      looks.delete(pid); // it has ended
    }
  }
  if (looks.size > there.length * 2) {
    const alive = new Set(there);
    for (const pid of looks.keys()) if (!alive.has(pid)) looks.delete(pid);
  }
}
