/** What was seen of a failure that no rule knows, the most telling first. */
import { showSize } from '../ground/size.ts';
import { counted } from '../ground/words.ts';
import type { Evidence } from './evidence.ts';
import { kernelWithoutOthers } from './out-of-memory.ts';
import { hasEnded, tracebackOf } from './rule.ts';

interface Clue {
  /** From 0 to 1: how often something like it is the reason. */
  readonly likely: number;
  readonly text: string;
}

const signals: Readonly<Record<number, string>> = {
  129: 'SIGHUP',
  130: 'SIGINT',
  131: 'SIGQUIT',
  132: 'SIGILL',
  134: 'SIGABRT',
  135: 'SIGBUS',
  136: 'SIGFPE',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  143: 'SIGTERM: somebody told it to end',
};

/** How a container ended, for a sentence: `exit 3`, `SIGSEGV`. */
export function endOf(exitCode: number | undefined): string {
  if (exitCode === undefined) return 'it was started again since';
  const signal = signals[exitCode];
  return signal === undefined ? `exit ${exitCode}` : `exit ${exitCode}, ${signal}`;
}

export function clues(evidence: Evidence): string[] {
  const all = [...ofProgram(evidence), ...ofServer(evidence)];
  return all.sort((a, b) => b.likely - a.likely).map(({ text }) => text);
}

function ofProgram({ docker, container, log, answer }: Evidence): Clue[] {
  const traceback = log === undefined ? undefined : tracebackOf(log.text);
  const complaint = log?.text
    .split('\n')
    .findLast((line) => /\b(?:error|fatal|critical|panic|exception|failed|cannot)\b/i.test(line));
  const ended = container !== undefined && hasEnded(container.status);
  return [
    ...when(docker, (text) => ({ likely: 1, text: `Docker said: ${text}` })),
    ...when(traceback?.cause, (text) => ({ likely: 0.95, text: `its last error: ${text}` })),
    ...when(traceback === undefined ? complaint : undefined, (text) => ({
      likely: 0.8,
      text: `its last line about an error: ${text.trim()}`,
    })),
    ...when(ended && container.exitCode !== undefined ? container : undefined, ({ exitCode }) => ({
      likely: (exitCode ?? 0) > 128 ? 0.85 : 0.4,
      text: `it ended with ${endOf(exitCode)}`,
    })),
    ...when(answer, ({ observed }) => ({ likely: 0.7, text: `asked, it ${observed}` })),
    ...when((container?.restarts ?? 0) > 0 ? container : undefined, ({ restarts }) => ({
      likely: 0.5,
      text: `it was restarted ${counted(restarts, 'time')}`,
    })),
    ...when(container?.listening?.length === 0 ? container : undefined, () => ({
      likely: 0.6,
      text: 'nothing in it listens on a TCP port',
    })),
  ];
}

/** Less than these shares free or a clock so many milliseconds off is worth a word. */
const low = 0.1;
const off = 5_000;

function ofServer(evidence: Evidence): Clue[] {
  const { host, container } = evidence;
  const { memory, disk, clockAhead = 0 } = host ?? {};
  const used = disk === undefined ? 0 : Math.max(disk.usedBytes, disk.usedFiles);
  const ended = container?.finishedAt.getTime() ?? 0;
  const near = kernelWithoutOthers(evidence).findLast(
    ({ at }) => at !== undefined && Math.abs(at.getTime() - ended) < 60_000,
  );
  return [
    ...when(memory !== undefined && memory.available < memory.total * low ? memory : undefined, (seen) => ({
      likely: 0.55,
      text: `the server has ${showSize(seen.available)} of memory left, of ${showSize(seen.total)}`,
    })),
    ...when(used > 1 - low ? disk : undefined, ({ folder }) => ({
      likely: used > 0.99 ? 0.9 : 0.45,
      text: `${folder} is ${Math.floor(used * 100)} % full`,
    })),
    ...when(near, ({ text }) => ({ likely: 0.65, text: `the kernel said about then: ${text}` })),
    ...when(Math.abs(clockAhead) > off ? clockAhead : undefined, (ahead) => ({
      likely: 0.3,
      text: `the server's clock is ${Math.round(Math.abs(ahead) / 1_000)} s ${ahead > 0 ? 'ahead' : 'behind'}`,
    })),
  ];
}

function when<T>(value: T | undefined, clue: (value: T) => Clue): Clue[] {
  return value === undefined || value === '' ? [] : [clue(value)];
}
