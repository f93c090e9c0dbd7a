import type { Duplex } from 'node:stream';

import { UserError } from '../ground/errors.ts';

/** A way to one address that only a server reaches. */
export interface Tunnel {
  /** The server that is gone through, for people: `deploy@bastion`. */
  readonly through: string;
  /** Of 127.0.0.1: whatever program connects there comes out at the far end. */
  readonly port: number;
  /** Why the connection to the server broke, as soon as it did. It is made anew for whoever comes next, if it can be. */
  readonly lost: string | undefined;
  /**
   * A stream to the far end.
   * @throws Error in the words of the server, when it does not get there
   * @throws UserError `ssh-…` when the connection to the server has to be made anew and cannot be
   */
  open(): Promise<Duplex>;
  /** Idempotent; never fails. */
  close(): Promise<void>;
}

/** What failed after a tunnel broke, failed because of that. */
export function tunnelLost({ through, lost }: Pick<Tunnel, 'through' | 'lost'>, error: UserError): UserError {
  return new UserError(
    `The SSH tunnel through ${through} was lost — ${lost}; what followed from it: ${error.message}`,
    error.hint,
    {
      code: 'tunnel-lost',
      cause: error,
      ...(error.evidence === undefined ? {} : { evidence: error.evidence }),
    },
  );
}
