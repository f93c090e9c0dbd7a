/** One line for each thing that was measured. Goals are shown beside it; nothing passes or fails. */
import { median } from '../statistics.ts';
import type { Memory } from './memory.ts';
import type { Peer, PeerRun } from './peers.ts';

/** How many times our time a peer is wanted to take, by its name. */
export type Wanted = Readonly<Record<string, number>>;

export function tellPeer(
  { name }: Peer,
  { milliseconds, sample }: PeerRun,
  ours: number,
  wanted: Wanted,
): void {
  const how = sample === undefined ? '' : ` [sample: ${sample} tenants]`;
  const goal = wanted[name] === undefined ? '' : ` (wanted: at least ${wanted[name]}×)`;
  tellRow(name, `${seconds([milliseconds])}${how}   ${ratio(milliseconds, ours)} ours${goal}`);
}

/** @param wanted the goal: `below 200 MB at 3,000` */
export function tellMemory({ own, largestChild, together, proportional }: Memory, wanted: string): void {
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  const parts = `Node ${mebibytes(own)}, Python ${mebibytes(largestChild)}`;
  const all = `together ${mebibytes(together)}, shared pages once ${mebibytes(proportional)}`;
  tellRow('peak memory', `${parts}, ${all} (wanted: ${wanted})`);
}

export const tellRow = (what: string, found: string) => console.log(`${what.padEnd(38)} ${found}`);
export const ratio = (larger: number, smaller: number) => `${(larger / smaller).toFixed(1)}×`;

/** `1.32 s (1.28–1.41)`: the middle, and from the smallest to the largest. */
export function seconds(milliseconds: readonly number[]): string {
  const show = (value: number) => (value / 1_000).toFixed(2);
  const middle = `${show(median(milliseconds))} s`;
  if (milliseconds.length === 1) return middle;
  return `${middle} (${show(Math.min(...milliseconds))}–${show(Math.max(...milliseconds))})`;
}
