import { types } from 'node:util';

import type { FailureCode } from './failure-codes.ts';

/**
 * What can go wrong, in three kinds: something a user can mend, a connection that was lost before the
 * outcome was known, and a defect of our own (every other error).
 */

/** A line of a file of the checkout, where the mistake is. */
export interface Place {
  /** From the folder of the checkout on. */
  readonly file: string;
  readonly line: number | undefined;
}

/** What the line with the mistake looks like, in a workflow or a Dockerfile that nobody has opened yet. */
export interface LineLike {
  readonly like: (line: string) => boolean;
  /** The line, from 1, of the block that begins there. */
  readonly within?: number | undefined;
}

interface Circumstances {
  readonly code: FailureCode;
  readonly cause?: unknown;
  /** Longer evidence (a command's last lines, a table), shown folded below the sentence. */
  readonly evidence?: string;
  readonly place?: Place | LineLike;
}

/**
 * Something that the user can mend. `message` says what failed and what was observed, with ` — ` between
 * the two; `hint` says what to do next.
 */
export class UserError extends Error {
  readonly hint: string;
  readonly code: FailureCode;
  readonly evidence: string | undefined;
  readonly place: Place | LineLike | undefined;

  constructor(message: string, hint: string, { code, cause, evidence, place }: Circumstances) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'UserError';
    this.hint = hint;
    this.code = code;
    this.evidence = evidence;
    this.place = place;
  }

  /** The whole sentence: what failed — what was observed — what to do next. */
  get sentence(): string {
    return `${this.message} — ${this.hint}`;
  }
}

/**
 * The connection ended before the outcome of the work was known. Neither success nor failure: whoever
 * catches it looks up what happened. Uncaught, it is told to the user in these words.
 */
export class LostConnection extends UserError {
  /** What was seen of it, without a sentence around. */
  readonly observed: string;

  constructor(during: string, words: string, circumstances: Partial<Circumstances> = {}) {
    const observed = words.replace(/\s+/g, ' ').trim();
    super(
      `The connection was lost during ${during} — ${observed}`,
      'the other side may still be working: look there first, then run again',
      { code: 'connection-lost', ...circumstances },
    );
    this.name = 'LostConnection';
    this.observed = observed;
  }
}

/** The step was cancelled (by a person, by `timeout`, or by the end of the job). */
export class Cancelled extends UserError {
  constructor(why: string, hint = 'run again: what is done stays done', code: FailureCode = 'cancelled') {
    super(why, hint, { code });
    this.name = 'Cancelled';
  }
}

/** The text of anything that was thrown, on one line. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '') {
    return [...new Set(thrown.errors.map(messageOf))].join('; ');
  }
  const text = types.isNativeError(thrown) ? thrown.message || thrown.name : String(thrown);
  return text.replace(/\s+/g, ' ').trim();
}

/** The `code` that Node and PostgreSQL put on their errors (`ECONNREFUSED`, `28P01`), if there is one. */
export function codeOf(thrown: unknown): string | undefined {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return codeOf(thrown.errors[0]);
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
