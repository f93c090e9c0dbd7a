import { counted } from '../ground/words.ts';

/** So many failed tenants end a run: a number of them, or a share of all. */
export type FailureLimit = { readonly count: number } | { readonly share: number };

/** `3`, or `1%` of all tenants. @throws RangeError with the rest of a sentence */
export function parseFailureLimit(written: string): FailureLimit {
  const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(written.trim()) ?? [];
  const value = Number(number);
  if (percent === '%' && value > 0 && value <= 100) return { share: value / 100 };
  if (percent === '' && Number.isInteger(value) && value >= 1) return { count: value };
  throw new RangeError(`"${written}" is neither a number from 1 on, like 3, nor a share, like 1%`);
}

/** `1%`, as a part of one. @throws RangeError with the rest of a sentence */
export function parseShare(written: string): number {
  const [, number] = /^(\d+(?:\.\d+)?)%$/.exec(written.trim()) ?? [];
  const value = Number(number);
  if (number !== undefined && value <= 100) return value / 100;
  const meant = /^\d+(\.\d+)?$/.test(written.trim()) ? ` — did you mean ${written.trim()}%?` : '';
  throw new RangeError(`"${written}" is not a share from 0% to 100%${meant}`);
}

/** How many failed tenants end the run: never less than one. */
export function failuresThatStop(limit: FailureLimit, tenants: number): number {
  return 'count' in limit ? limit.count : Math.max(1, Math.floor(limit.share * tenants));
}

/** Failures that differ only in the tenant and in values are one: what they have in common, for counting. */
export function sameFailure(message: string, schema: string): string {
  return message
    .replaceAll(schema, '…')
    .replace(/"[^"]*"|'[^']*'|\([^)]*\)|\d+/g, '…')
    .replace(/\s+/g, ' ');
}

/** `3 tenants failed with the same error`, `3 tenants failed in 2 ways`. */
export function failureCountSentence(kinds: readonly string[]): string {
  const different = new Set(kinds).size;
  const failed = `${counted(kinds.length, 'tenant')} failed`;
  if (kinds.length === 1) return failed;
  return different === 1 ? `${failed} with the same error` : `${failed} in ${different} ways`;
}
