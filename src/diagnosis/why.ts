/** The sentence of a container that does not serve, and what stands folded below it. */
import { showDuration } from '../ground/duration.ts';
import { UserError } from '../ground/errors.ts';
import { showSize } from '../ground/size.ts';
import { counted } from '../ground/words.ts';
import { clues, endOf } from './clues.ts';
import { causeOfItsOwn, type Diagnosis, diagnose, whereOfItsOwn } from './diagnose.ts';
import type { Evidence, SeenContainer } from './evidence.ts';
import { withoutLibraries } from './own-lines.ts';
import { withoutSecrets } from './redact.ts';
import { hasEnded, tracebackOf } from './rule.ts';

interface Circumstances {
  /** Milliseconds that it was waited for. */
  readonly waited?: number;
  /** What happened, where the state of the container does not tell: `did not stay on node-2`. */
  readonly happened?: string;
}

/**
 * Why something does not serve: what happened, what was observed, what to do next.
 * @param called what it is called in sentences.
 */
export function whyNotServing(
  called: string,
  evidence: Evidence,
  circumstances: Circumstances = {},
): UserError {
  const { code, observed, next, line } = causeOf(evidence);
  const happened = circumstances.happened ?? happenedTo(evidence, circumstances.waited);
  return new UserError(withoutSecrets(`${called} ${happened} — ${observed}`), withoutSecrets(next), {
    code,
    evidence: showEvidence(evidence, line),
  });
}

/** What is known, or at least what was seen. */
export function causeOf(evidence: Evidence): Diagnosis {
  const known = diagnose(evidence);
  if (known !== undefined) {
    return {
      ...known,
      observed: `${known.observed}${whereOfItsOwn(evidence, known.line)}${lastWord(evidence, known)}`,
    };
  }
  const { container, answer, log } = evidence;
  const own = causeOfItsOwn(evidence);
  if (container !== undefined && hasEnded(container.status)) {
    const last = own ?? log?.lastLine ?? '';
    return {
      code: 'container-stopped',
      observed: last === '' ? withoutWords(evidence, container) : withEnd(last, container.exitCode),
      next: 'mend the application or its environment; the evidence has what was seen, the most telling first',
      line: '',
    };
  }
  if (answer !== undefined) {
    const isItsFault = own !== undefined && answer.code === 'health-server-error';
    return {
      code: answer.code,
      observed: isItsFault ? `${answer.observed}: ${own}` : `${answer.observed}${lastWord(evidence, answer)}`,
      next: isItsFault ? mendIt : isSilent(evidence, own) ? itsLogIsSilent : answer.hint,
      line: '',
    };
  }
  if (container === undefined && log === undefined && evidence.docker === undefined) {
    return {
      code: 'container-slow',
      observed: `why could not be looked at: ${evidence.unread[0] ?? 'its container is gone'}`,
      next: `look there: docker inspect and docker logs ${evidence.name ?? ''} on ${evidence.server}`,
      line: '',
    };
  }
  return {
    code: 'container-slow',
    observed: `nothing says why${lastWord(evidence, { code: 'container-slow' })}`,
    next: 'what was seen is in the evidence, the most telling first',
    line: '',
  };
}

/** It answers with an error, and its log does not say a word about it. */
function isSilent({ answer, log }: Evidence, own: string | undefined): boolean {
  return answer?.code === 'health-server-error' && log !== undefined && own === undefined;
}

const mendIt = 'mend the application; the traceback is in the evidence';
const itsLogIsSilent =
  'its log has no traceback: let it log errors to standard error (Django with DEBUG = False does not, unless LOGGING has a console handler for django.request), and ask again';

/** Silence is something else than what could not be heard. */
function withoutWords({ log, unread }: Evidence, { exitCode }: SeenContainer): string {
  if (log === undefined) return `could not be looked at: ${unread[0] ?? 'its container is gone'}`;
  return `${endOf(exitCode)}, and not a word in its log`;
}

/** A signal says more than the last line before it. */
function withEnd(last: string, exitCode: number | undefined): string {
  return (exitCode ?? 0) > 128 ? `${endOf(exitCode)}; its last line: ${last}` : last;
}

/** What it last said explains a silence better than the silence. */
function lastWord({ log }: Evidence, { code }: Pick<Diagnosis, 'code'>): string {
  const explains = [
    'container-slow',
    'container-unhealthy',
    'health-refused',
    'health-cut-off',
    'health-no-answer',
  ];
  const last = log?.lastLine ?? '';
  return last === '' || !explains.includes(code) ? '' : `; its last line: ${last}`;
}

function happenedTo({ container }: Evidence, waited: number | undefined): string {
  if (container !== undefined && container.status === 'created') return 'could not be started';
  if (container !== undefined && hasEnded(container.status)) {
    const { startedAt, finishedAt, restarts } = container;
    if (Number.isNaN(finishedAt.getTime())) return 'stopped';
    if (restarts > 0) return `stops again and again (${counted(restarts, 'restart')})`;
    const lived = finishedAt.getTime() - startedAt.getTime();
    return lived >= 0 ? `stopped ${showDuration(lived)} after it started` : 'stopped right after it started';
  }
  return waited === undefined ? 'is not healthy' : `did not become healthy within ${showDuration(waited)}`;
}

/** A container that ended, and that nobody could look at afterwards. */
const unseen: SeenContainer = {
  status: 'exited',
  exitCode: undefined,
  error: '',
  outOfMemory: false,
  restarts: 0,
  startedAt: new Date(0),
  finishedAt: new Date(Number.NaN),
  memory: 0,
  ports: [],
  mounts: [],
};

/** Of one that stopped, whatever Docker has made of it since. */
export function thatStopped(evidence: Evidence): Evidence {
  const { container = unseen } = evidence;
  if (container.status !== 'running') return { ...evidence, container };
  return { ...evidence, container: { ...container, status: 'restarting', exitCode: undefined } };
}

/** Lines of the log that are kept. */
const shownLines = 60;

/** For whoever looks closer: what shows it first, then all else. */
export function showEvidence(evidence: Evidence, line = ''): string {
  const { container, log, unread, host } = evidence;
  const telling = line === '' ? clues(evidence) : [line];
  // Of one that is started again and again, once is enough.
  const again = (container?.restarts ?? 0) > 0 && log !== undefined ? tracebackOf(log.text)?.text : undefined;
  const text = again ?? log?.text.trim().split('\n').slice(-shownLines).join('\n') ?? '';
  const parts = [
    part(line === '' ? 'What was seen, the most telling first' : 'What shows it', telling),
    part('Its last lines', text === '' ? [] : [withoutLibraries(text)]),
    part('The server', serverLines(host)),
    part('Could not be read', unread),
  ];
  return withoutSecrets(parts.filter((each) => each !== '').join('\n\n'));
}

function part(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}:\n${lines.join('\n')}`;
}

function serverLines(host: Evidence['host']): string[] {
  if (host === undefined) return [];
  const { memory, disk } = host;
  return [
    ...(memory === undefined
      ? []
      : [`memory: ${showSize(memory.available)} of ${showSize(memory.total)} available`]),
    ...(disk === undefined
      ? []
      : [
          `disk: ${disk.folder} is ${Math.floor(disk.usedBytes * 100)} % full (${showSize(disk.freeBytes)} free)`,
        ]),
  ];
}
