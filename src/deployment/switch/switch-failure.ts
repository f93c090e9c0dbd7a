/** Why a switch failed, from what its program left on the server: in the words that every failed start has. */
import { type ContainerLog, readLog } from '../../diagnosis/container-log.ts';
import { type Container, readContainer } from '../../docker/inspect.ts';
import { dockerVerdict } from '../../docker/verdict.ts';
import { UserError } from '../../ground/errors.ts';
import { type Answer, complaintAbout } from '../../health/probe.ts';
import { lookAt } from '../gate/gate.ts';
import { whyItStopped, whyNotHealthy } from '../gate/why.ts';
import type { SwitchResult } from './journal.ts';

/** The files that the program left, by their names. */
export type Evidence = Readonly<Record<string, string>>;

export interface SwitchFailure {
  /** What the new version is called in sentences. */
  readonly called: string;
  readonly server: string;
  readonly result: SwitchResult;
  readonly evidence: Evidence;
  /** Milliseconds that it had to become healthy. */
  readonly healthTimeout: number;
  /** What the runner saw, where it asked to go back. */
  readonly outside: UserError | undefined;
}

export function switchFailure(failure: SwitchFailure): UserError {
  const { called, server, result, evidence, healthTimeout, outside } = failure;
  const container = containerIn(evidence);
  const log = readLog(evidence['evidence.out'] ?? '', evidence['evidence.err'] ?? '');
  switch (result.failed) {
    case 'stopped':
      if (container !== undefined) return whyItStopped(called, container, log);
      break;
    case 'unhealthy':
      return unhealthy(called, container, { evidence, log, healthTimeout });
    case 'gone':
      return new UserError(
        `${called} is gone — somebody removed its container`,
        'find out who, then deploy again',
        {
          code: 'container-gone',
        },
      );
    case 'docker':
      return dockerVerdict({
        failed: `Cannot put ${called} into its place`,
        server,
        result: { exitCode: 1, signal: null, stdout: '', stderr: evidence['docker.error'] ?? '' },
      });
    case 'outside':
      if (outside !== undefined) return outside;
      break;
    case 'front':
      return new UserError(
        `The proxy in front of ${called} on ${server} did not take the change — ${firstLine(evidence['front.error']) ?? 'it said nothing'}`,
        'mend what it says there (nginx -t, or what Caddy logs), or choose strategy: bridge',
        { code: 'proxy-unchanged', evidence: evidence['front.error'] ?? '' },
      );
    case 'public':
      return new UserError(
        `${called} does not answer on its public port of ${server} — it is healthy, and ${result.who === 'next' ? 'the proxy hands requests to it' : 'the port was redirected to it'}`,
        result.who === 'next'
          ? 'ask health-url on the server itself, and read the log of the proxy'
          : 'look for rules of another program before ours (iptables-save -t nat, nft list ruleset), or choose strategy: recreate',
        { code: 'switch-failed', evidence: log.text },
      );
  }
  const said = firstLine(evidence['filter.error']);
  return new UserError(
    `The traffic of ${called} could not be moved on ${server} — ${said ?? result.failed}`,
    'look at the rules there (iptables-save -t nat, nft list ruleset), or choose strategy: recreate',
    // Not what Docker says about the container: that has the values of its environment.
    { code: 'switch-failed', evidence: [log.text, evidence['program.log'] ?? ''].join('\n').trim() },
  );
}

function firstLine(text = ''): string | undefined {
  return text.trim().split('\n')[0] || undefined;
}

function containerIn(evidence: Evidence): Container | undefined {
  try {
    return readContainer(evidence['evidence.json'] ?? '');
  } catch {
    return undefined; // the disk was full, or the container was gone
  }
}

function unhealthy(
  called: string,
  container: Container | undefined,
  { evidence, log, healthTimeout }: { evidence: Evidence; log: ContainerLog; healthTimeout: number },
): UserError {
  const look = container && lookAt(container, Number.POSITIVE_INFINITY, true);
  if (look?.now === 'not yet') return whyNotHealthy(called, look, healthTimeout, log);
  const answer = answerIn(evidence);
  const complaint = answer && complaintAbout(answer, { status: [[200, 299]], headers: {} });
  const observed = complaint ?? {
    code: 'container-slow' as const,
    observed: 'it listens on none of its published ports',
    hint: 'correct ports, or the port and address (0.0.0.0) that it listens on',
  };
  return whyNotHealthy(called, observed, healthTimeout, log);
}

/** What the last probe was told; undefined when none was made. */
function answerIn(evidence: Evidence): Answer | undefined {
  const said = evidence['evidence.status'] ?? '';
  if (said === '') return undefined;
  if (said === 'late') {
    return { kind: 'silence', code: 'health-no-answer', observed: 'no answer within 5 s' };
  }
  if (said === '000') {
    return { kind: 'silence', code: 'health-refused', observed: 'the container refuses connections' };
  }
  return {
    kind: 'answer',
    status: Number(said),
    headers: {},
    body: evidence['evidence.body'] ?? '',
    milliseconds: 0,
  };
}
