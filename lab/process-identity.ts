import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since boot. */
  readonly startTime: string;
  /** A new boot makes every recorded process a stranger. */
  readonly bootId: string;
}

function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, and may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** @throws Error when the process has ended already */
export function identify(pid: number): ProcessIdentity {
  const startTime = startTimeOf(pid);
  if (startTime === undefined) throw new Error(`process ${pid} ended before it could be recorded`);
  return { pid, startTime, bootId: bootId() };
}

export function isAlive(identity: ProcessIdentity | undefined): identity is ProcessIdentity {
  return (
    identity !== undefined && identity.bootId === bootId() && startTimeOf(identity.pid) === identity.startTime
  );
}

/** Ends exactly this process, by SIGKILL; does nothing when it has gone. Waits until it has. */
export async function end(identity: ProcessIdentity | undefined): Promise<void> {
  if (!isAlive(identity)) return;
  process.kill(identity.pid, 'SIGKILL');
  for (let tries = 0; isAlive(identity); tries++) {
    if (tries > 500) throw new Error(`process ${identity.pid} does not end, 10 s after SIGKILL`);
    await sleep(20);
  }
}
