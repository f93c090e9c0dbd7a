/** A failure that is brought about for real, and what has to be said of it. */
import type { UserError } from '../../../src/ground/errors.ts';
import type { FailureCode } from '../../../src/ground/failure-codes.ts';
import type { Scene } from './scene.ts';

export interface Row {
  /** Of the catalogue; 0 is none of them. */
  readonly row: number;
  readonly failure: string;
  readonly provoked: string;
  readonly code: FailureCode;
  /** In the sentence. */
  readonly says: string;
  provoke(scene: Scene): Promise<UserError>;
}

export const row = (
  number: number,
  failure: string,
  provoked: string,
  said: { code: FailureCode; says: string },
  provoke: Row['provoke'],
): Row => ({ row: number, failure, provoked, ...said, provoke });
