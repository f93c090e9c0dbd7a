import { readdirSync, readFileSync } from 'node:fs';

/** Adds the argument list of every process of this machine: what anybody who may list processes could have seen. */
export function lookAtProcesses(seen: Set<string>): void {
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
    } catch {
      // it has ended
    }
  }
}
