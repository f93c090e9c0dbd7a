import { test } from '@jest/globals';

/**
 * How much is tested: `npm test` sees everything once, `npm test -- --whole` on every server and with every end of the
 * range of versions that it is meant for. Nothing is skipped in silence: what is not whole is named so.
 */
const isWhole = process.env.TENANTRY_TESTS === 'whole';

/** All of them in a whole run, else the one that a change breaks first. */
export function each<T>(all: readonly T[], first: T): readonly T[] {
  return isWhole ? all : [first];
}

/** These in a whole run only. */
export function whole<T>(more: readonly T[]): readonly T[] {
  return isWhole ? more : [];
}

/** A test of a whole run: what it sees, another test sees in another way each time. */
export const testWhole: (...given: Parameters<typeof test>) => void = isWhole ? test : () => {};
