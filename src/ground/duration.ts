/** Lengths of time, as they are written in inputs and shown in logs. In the code they are milliseconds. */

const millisecondsPer = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof millisecondsPer;

const written = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/**
 * Milliseconds of a duration with its unit: `500ms`, `5s`, `2m`, `1h`, `7d`.
 * @throws RangeError that says how to write it; a bare number is refused with its two likely readings.
 */
export function parseDuration(text: string): number {
  const [, amount, unit] = written.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) return Number(amount) * millisecondsPer[unit as Unit];
  if (/^\d+(\.\d+)?$/.test(text)) {
    throw new RangeError(`"${text}" has no unit — did you mean ${text}s or ${text}m?`);
  }
  throw new RangeError(`"${text}" is not a duration — write a number and a unit, like 500ms, 5s, 2m or 1h`);
}

/** A duration for people: `85 ms`, `2.1 s`, `41 s`, `3 min 12 s`, `1 h 4 min`. */
export function showDuration(milliseconds: number): string {
  if (milliseconds < 100) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1_000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return withRest(minutes, 'min', Math.round(seconds) % 60, 's');
  return withRest(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

function withRest(amount: number, unit: string, rest: number, smaller: string): string {
  return rest === 0 ? `${amount} ${unit}` : `${amount} ${unit} ${rest} ${smaller}`;
}
