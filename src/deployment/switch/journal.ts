import * as z from 'zod';

/** What the program on the server tells while it moves the traffic, in this order when all goes well. */
export const switchSteps = [
  'begin',
  'healthy',
  'flipped',
  'proven',
  'drained',
  'baked',
  'stopping',
  'stopped',
  'final-started',
  'final-healthy',
  'committed',
  'unflipped',
  'tidied',
] as const;

/** The same where two ports take turns behind a proxy. `taken`: only the first time. */
export const slotSteps = [
  'begin',
  'taken',
  'healthy',
  'flipped',
  'proven',
  'drained',
  'baked',
  'committed',
  'stopped',
  'tidied',
] as const;

/** How it ended: `undone` and `finished` after something had gone wrong, `stuck` when neither could be done. */
export type SwitchEnd = 'deployed' | 'undone' | 'finished' | 'stuck';

/** One line of the journal. */
export interface Entry {
  /** Milliseconds since the server started. */
  readonly at: number;
  /** One of `switchSteps`, `failed`, or a `SwitchEnd`. */
  readonly step: string;
  /** The time for draining was up: connections were still open. */
  readonly isLate: boolean;
}

export interface SwitchResult {
  readonly result: SwitchEnd;
  /** What went wrong: `stopped`, `gone`, `unhealthy`, `filter`, `public`, `docker`, or what was asked for by `cancel`. */
  readonly failed: string;
  /** Which container it was about: `bridge` or `next` (the new version beside the old), or `final` (in its place). */
  readonly who: string;
}

const entryJson = z.object({ at: z.number(), step: z.string(), late: z.boolean().default(false) });
const resultJson = z.object({
  result: z.enum(['deployed', 'undone', 'finished', 'stuck']),
  failed: z.string(),
  who: z.string(),
});

/** Reads one line; a line that a crash cut off is no entry. */
export function readEntry(line: string): Entry | undefined {
  const entry = parsed(line, entryJson);
  return entry && { at: entry.at * 10, step: entry.step, isLate: entry.late };
}

export function readResult(text: string): SwitchResult | undefined {
  return parsed(text, resultJson);
}

function parsed<T>(text: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
