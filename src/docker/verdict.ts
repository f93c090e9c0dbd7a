import { diagnose, lastLineOf } from '../diagnosis/diagnose.ts';
import type { Evidence } from '../diagnosis/evidence.ts';
import { UserError } from '../ground/errors.ts';
import { type CommandResult, ending, lastWords } from '../machine/machine.ts';

/** A `docker` command that failed. Nothing in it is secret. */
export interface DockerFailure {
  /** What did not happen, as the beginning of a sentence: `Cannot pull ghcr.io/acme/shop:3f2a91c`. */
  readonly failed: string;
  /** The server's name, for a person. */
  readonly server: string;
  readonly result: CommandResult;
  /** What was seen of the server afterwards. */
  readonly seen?: Partial<Evidence>;
}

/** The sentence for a failed `docker` command (the codes are in docs/troubleshooting.md). */
export function dockerVerdict({ failed, server, result, seen = {} }: DockerFailure): UserError {
  const evidence = lastWords(result);
  const cause = diagnose({
    unread: [],
    ...seen,
    server,
    docker: `${result.stderr}\n${result.stdout}`,
    log: undefined,
    answer: undefined,
  });
  if (cause !== undefined) {
    return new UserError(`${failed} on ${server} — ${cause.observed}`, cause.next, {
      code: cause.code,
      evidence,
    });
  }
  return new UserError(
    `${failed} on ${server} — ${lastLineOf(evidence) ?? `it ended with ${ending(result)}`}`,
    'try it by hand there; the evidence has all that Docker said',
    { code: 'docker-failed', evidence },
  );
}
