import { readFileSync } from 'node:fs';

import { messageOf, UserError } from '../ground/errors.ts';

/** Anything that is not a `UserError` is a defect of our own, and says so, with the place in our source. */
export function describeDefect(error: unknown): UserError {
  const kind = error instanceof Error ? error.name : typeof error;
  const place = error instanceof Error ? placeInSource(error.stack ?? '') : undefined;
  return new UserError(
    `This is a defect in Tenantry, not in your project — ${kind}: ${messageOf(error)}${place === undefined ? '' : ` in ${place}`}`,
    'please report it with the report file',
    {
      code: 'defect',
      cause: error,
      ...(error instanceof Error && error.stack ? { evidence: error.stack } : {}),
    },
  );
}

/** `migrations/plan.ts:88` from a stack; in dist/, the source file that the place comes from. */
export function placeInSource(stack: string): string | undefined {
  const [, file, line] = /\(?((?:file:\/\/)?\/[^\s():]+):(\d+):\d+\)?/.exec(stack) ?? [];
  if (file === undefined || line === undefined) return undefined;
  const path = file.replace(/^file:\/\//, '');
  const source = path.split('/src/')[1];
  if (source !== undefined) return `${source}:${line}`;
  try {
    const before = readFileSync(path, 'utf8').split('\n').slice(0, Number(line));
    const marker = before.findLast((text) => /^\/\/!? src\/.*\.ts$/.test(text.trim()));
    return marker?.trim().replace(/^\/\/!? src\//, '');
  } catch {
    return undefined;
  }
}
