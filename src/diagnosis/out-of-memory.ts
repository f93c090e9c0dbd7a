/** Whose memory ran out, by the words of the kernel and of Docker. */
import { showSize } from '../ground/size.ts';
import type { Comparison } from './comparisons.ts';
import type { Evidence, KernelLine } from './evidence.ts';

/** A process was ended at the container's own limit. The kernel knows; Docker mostly, and sometimes too late. */
export const atOwnLimit: Comparison = (evidence) => {
  const { memory = 0, outOfMemory = false } = evidence.container ?? {};
  const ended = endedByKernel(evidence);
  if (memory === 0 || (ended === undefined ? !outOfMemory : ended.limit !== 'own')) return undefined;
  const limit = showSize(memory);
  return { limit, line: ended?.line ?? `docker inspect: OOMKilled, with a limit of ${limit}` };
};

/** The kernel ended the container, and no limit of its own was the reason. */
export const atServersEnd: Comparison = (evidence) => {
  const { container, host } = evidence;
  const ended = endedByKernel(evidence);
  if (ended?.limit === 'own') return undefined;
  if (ended?.limit === 'around')
    return { what: 'what all its containers may use together', line: ended.line };
  const line = ended?.line ?? killedThen(evidence);
  if (line !== undefined) return { what: `its ${showSize(host?.memory?.total ?? 0)} of memory`, line };
  if (container?.outOfMemory !== true || container.memory > 0) return undefined;
  return { what: 'memory', line: 'docker inspect: OOMKilled, without a limit' };
};

/** Milliseconds: the kernel's clock and Docker's differ by a little. */
const nearby = 15_000;

interface Killing {
  /** Whose limit was reached: the container's, one around it, or none. */
  readonly limit: 'own' | 'around' | 'none';
  /** The kernel's own line. */
  readonly line: string;
}

/** How the kernel ended a process of this container: it names the control group, which is called after the container. */
function endedByKernel(evidence: Evidence): Killing | undefined {
  const { id } = evidence.container ?? {};
  const said = thenOfKernel(evidence);
  const kill = said.find((text) => id !== undefined && isKill(text) && text.includes(id));
  if (id === undefined || kill === undefined) return undefined;
  const group = /\boom_memcg=([^,\s]*)/.exec(kill)?.[1];
  return {
    limit: group === undefined ? 'none' : group.includes(id) ? 'own' : 'around',
    line: said.find((text) => isOf(kill, text)) ?? kill, // the same in words for people
  };
}

/** Kernels before 4.20 do not say whose process it was: the time has to tell. */
function killedThen(evidence: Evidence): string | undefined {
  const said = thenOfKernel(evidence);
  if (evidence.container?.id !== undefined && said.some(isKill)) return undefined;
  return said.find((text) => /^Out of memory: Kill(?:ed)? process/.test(text));
}

/** What the kernel said about when the container ended, the last first. */
function thenOfKernel({ container, host }: Evidence): string[] {
  const ended = container?.finishedAt.getTime() ?? 0;
  return (host?.kernel ?? [])
    .filter(({ at }) => at !== undefined && Math.abs(at.getTime() - ended) < nearby)
    .map(({ text }) => text)
    .reverse();
}

function isKill(text: string): boolean {
  return text.startsWith('oom-kill:') && text.includes('task_memcg=');
}

/** Whether a line is about the process of such a kill: `Memory cgroup out of memory: Killed process 4711 (python3) …`. */
function isOf(kill: string, text: string): boolean {
  const pid = /\bpid=(\d+)/.exec(kill)?.[1];
  return pid !== undefined && text.includes(`Killed process ${pid} `);
}

/** What the kernel said, without processes that it ended elsewhere. */
export function kernelWithoutOthers({ container, host }: Evidence): readonly KernelLine[] {
  const { kernel = [] } = host ?? {};
  const id = container?.id;
  if (id === undefined) return kernel;
  const others = kernel.map(({ text }) => text).filter((text) => isKill(text) && !text.includes(id));
  return kernel.filter(
    ({ text }) =>
      !text.includes('invoked oom-killer') && !others.some((kill) => kill === text || isOf(kill, text)),
  );
}
