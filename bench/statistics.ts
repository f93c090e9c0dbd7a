/** The middle of some measurements. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** `41 ms (38–57)`: the middle, and from the smallest to the largest. */
export function spread(values: readonly number[]): string {
  const rounded = (value: number) => value.toFixed(0);
  return `${rounded(median(values))} ms (${rounded(Math.min(...values))}–${rounded(Math.max(...values))})`;
}

/** What machine the numbers come from. */
export function machine(cores: number): string {
  return `Node ${process.version}, ${cores} cores, ${process.platform} ${process.arch}`;
}
