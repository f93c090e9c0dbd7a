/** Why a switch failed, from what its program left on the server: in the words that every failed start has. */
import { readCollected } from '../../diagnosis/collected.ts';
import { thatStopped, whyNotServing } from '../../diagnosis/why.ts';
import { dockerVerdict } from '../../docker/verdict.ts';
import { UserError } from '../../ground/errors.ts';
import { type Answer, complaintAbout } from '../../health/probe.ts';
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
  const seen = readCollected(evidence['evidence.seen'] ?? '', server, undefined);
  const said = seen.log?.text ?? '';
  switch (result.failed) {
    case 'stopped':
      return whyNotServing(called, thatStopped(seen));
    case 'unhealthy': {
      const told = answerIn(evidence);
      const answer = told && complaintAbout(told, { status: [[200, 299]], headers: {} });
      return whyNotServing(called, { ...seen, answer }, { waited: healthTimeout });
    }
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
        { code: 'switch-failed', evidence: said },
      );
  }
  const complaint = firstLine(evidence['filter.error']);
  return new UserError(
    `The traffic of ${called} could not be moved on ${server} — ${complaint ?? result.failed}`,
    'look at the rules there (iptables-save -t nat, nft list ruleset), or choose strategy: recreate',
    // Not what Docker says about the container: that has the values of its environment.
    { code: 'switch-failed', evidence: [said, evidence['program.log'] ?? ''].join('\n').trim() },
  );
}

function firstLine(text = ''): string | undefined {
  return text.trim().split('\n')[0] || undefined;
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
