import type { PartName, Parts } from '../state.ts';
import { baseImage } from './base-image.ts';
import { builder } from './builder.ts';
import { host1, host2, host3 } from './host.ts';
import { nginx } from './nginx.ts';
import type { Part } from './part.ts';
import { pgbouncer } from './pgbouncer.ts';
import { postgres15, postgres18 } from './postgres.ts';
import { registry } from './registry.ts';

/** Every part by its name, in the order in which they are listed. */
export const PARTS = {
  postgres15,
  postgres18,
  registry,
  builder,
  'base-image': baseImage,
  host1,
  host2,
  host3,
  pgbouncer,
  nginx,
} as unknown as { readonly [Name in PartName]: Part<Parts[Name]> };

export const PART_NAMES = Object.keys(PARTS) as PartName[];

/** Those that come up only when they are named: few need them. */
export const ON_DEMAND: readonly PartName[] = ['host3'];

/** The parts and everything that they need, each once. */
export function withNeeds(names: readonly PartName[]): PartName[] {
  const all = new Set<PartName>();
  const add = (name: PartName): void => {
    for (const needed of PARTS[name].needs) add(needed);
    all.add(name);
  };
  names.forEach(add);
  return [...all];
}
