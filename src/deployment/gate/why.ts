import type { ContainerLog } from '../../diagnosis/container-log.ts';
import type { Container } from '../../docker/inspect.ts';
import { showSize } from '../../ground/size.ts';
import { showDuration } from '../../ground/duration.ts';
import { UserError } from '../../ground/errors.ts';
import type { FailureCode } from '../../ground/failure-codes.ts';

/** Why a container does not serve: what happened, what was observed, what to do. */
export interface Cause {
  readonly code: FailureCode;
  readonly happened: string;
  readonly observed: string;
  readonly hint: string;
}

/** The sentence for a container that ended, from its state and its last lines. */
export function whyItStopped(
  name: string,
  container: Pick<Container, 'state' | 'memory'>,
  log: ContainerLog,
): UserError {
  const { code, happened, observed, hint } = causeOf(container, log);
  return new UserError(`${name} ${happened} — ${observed}`, hint, { code, evidence: log.text });
}

export function causeOf(
  { state, memory }: Pick<Container, 'state' | 'memory'>,
  { text: log, lastLine: last }: ContainerLog,
): Cause {
  const happened = `stopped ${after(state)}`;
  const missing = /(?:^|\n)(?:standard_init_linux\.go:\d+: )?exec (\S+): no such file or directory/.exec(
    log,
  )?.[1];
  if (state.outOfMemory) {
    return {
      code: 'container-out-of-memory',
      happened,
      observed: `it needed more than its ${memory === 0 ? "server's memory" : showSize(memory)}`,
      hint: 'raise memory, or find out what needs so much',
    };
  }
  if (/exec format error/.test(log)) {
    return {
      code: 'image-wrong-architecture',
      happened,
      observed: 'the image is built for another kind of processor',
      hint: 'build it for the server (platforms: in the build step)',
    };
  }
  if (missing !== undefined || /exec user process caused: no such file or directory/.test(log)) {
    return {
      code: 'container-script-broken',
      happened,
      observed: `${missing ?? 'its start script'} cannot be executed although it is there`,
      hint: 'it has Windows line ends, or the program behind its #! is not in the image',
    };
  }
  if (state.exitCode === 0 && state.status === 'exited') {
    return {
      code: 'container-ended',
      happened,
      observed: `its program ended by itself, without an error${last === '' ? '' : `: ${last}`}`,
      hint: 'the command must be a server that stays in the foreground: correct command, or CMD in the Dockerfile',
    };
  }
  if (state.exitCode === 137) {
    return {
      code: 'container-killed',
      happened,
      observed: 'it was killed (SIGKILL), and not at a memory limit of its own',
      hint: 'the server may have run out of memory: look at "dmesg" and "free -m" there',
    };
  }
  return {
    code: 'container-stopped',
    happened,
    observed: last === '' ? `exit ${state.exitCode}, and not a word in its log` : last,
    hint: hintFor(last),
  };
}

function hintFor(last: string): string {
  const [, variable] =
    /KeyError: '([A-Z][A-Z0-9_]+)'|([A-Z][A-Z0-9_]{2,}) (?:is not set|setting must not be empty)/.exec(
      last,
    ) ?? [];
  if (variable !== undefined) return `add ${variable} to the input env`;
  if (/127\.0\.0\.1|localhost/.test(last) && /refused|ECONNREFUSED/i.test(last)) {
    return 'localhost in a container is the container itself: give the address of the other server';
  }
  return 'its last lines are in the evidence; mend the application or its environment';
}

/** The sentence for a container that runs and does not become healthy. */
export function whyNotHealthy(
  name: string,
  { code, observed, hint }: { code: FailureCode; observed: string; hint: string },
  waited: number,
  log: ContainerLog,
): UserError {
  // What it last said explains a silence better than the silence.
  const last = log.lastLine === '' ? '' : `; its last line: ${log.lastLine}`;
  return new UserError(
    `${name} did not become healthy within ${showDuration(waited)} — ${observed}${last}`,
    hint,
    {
      code,
      evidence: log.text,
    },
  );
}

function after({ startedAt, finishedAt }: Container['state']): string {
  const lived = finishedAt.getTime() - startedAt.getTime();
  return lived >= 0 ? `${showDuration(lived)} after it started` : 'right after it started';
}
