/** Resident memory of a process and those it started, as the kernel counts it. */
import { readdirSync, readFileSync } from 'node:fs';

/** Bytes at their peak. */
export interface Memory {
  /** The process itself. */
  readonly own: number;
  /** The largest of those it started. */
  readonly largestChild: number;
  /** All of them at the same moment; what they share is counted once for each. */
  readonly together: number;
  /** The same, but what several processes share, whosever they are, is divided among them (the kernel's PSS). */
  readonly proportional: number;
}

/** Looks every 20 ms. @returns ends it, and tells what was seen */
export function watchMemory(pid: number): () => Memory {
  const peak = { own: 0, largestChild: 0, together: 0, proportional: 0 };
  const look = () => {
    const seen = family(pid);
    peak.own = Math.max(peak.own, seen.get(pid)?.highWater ?? 0);
    const children = [...seen].filter(([each]) => each !== pid).map(([, memory]) => memory);
    peak.largestChild = Math.max(peak.largestChild, ...children.map(({ highWater }) => highWater));
    const together = [...seen.values()].reduce((sum, { now }) => sum + now, 0);
    peak.together = Math.max(peak.together, together);
    const proportional = [...seen.keys()].reduce((sum, each) => sum + proportionalOf(each), 0);
    peak.proportional = Math.max(peak.proportional, proportional);
  };
  const timer = setInterval(look, 20);
  return () => {
    clearInterval(timer);
    return peak;
  };
}

interface Resident {
  readonly now: number;
  readonly highWater: number;
}

/** The process and everything below it. */
function family(root: number): Map<number, Resident> {
  const members = new Map<number, Resident>();
  const parents = new Map<number, number>();
  const memory = new Map<number, Resident>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const status = fileOf(name, 'status');
    if (status === undefined) continue;
    parents.set(Number(name), numberIn(status, 'PPid'));
    memory.set(Number(name), {
      now: numberIn(status, 'VmRSS') * 1_024,
      highWater: numberIn(status, 'VmHWM') * 1_024,
    });
  }
  for (const [pid, resident] of memory) {
    for (let each: number | undefined = pid; each !== undefined && each > 1; each = parents.get(each)) {
      if (each !== root) continue;
      members.set(pid, resident);
      break;
    }
  }
  return members;
}

function proportionalOf(pid: number): number {
  return numberIn(fileOf(String(pid), 'smaps_rollup') ?? '', 'Pss') * 1_024;
}

function fileOf(pid: string, file: 'status' | 'smaps_rollup'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined; // it has ended
  }
}

const numberIn = (status: string, name: string) =>
  Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
