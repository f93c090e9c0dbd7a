/** What a server had free when a release was deployed: what became of it since may be why the next one fails. */
import * as z from 'zod';

import { showSize } from '../../ground/size.ts';
import type { Survey } from '../server/survey.ts';

/** Bytes; left out where it could not be told. */
export interface Room {
  /** Free, together with what the application itself holds: so the first release is comparable with every later one. */
  readonly memory?: number | undefined;
  readonly totalMemory?: number | undefined;
  /** Free where Docker keeps images. */
  readonly disk?: number | undefined;
}

const bytes = z.number().nonnegative().optional();
export const roomJson = z.object({ memory: bytes, totalMemory: bytes, disk: bytes });

export function roomOf({
  availableMemory,
  usedMemory = 0,
  totalMemory,
  disk,
}: Pick<Survey, 'availableMemory' | 'usedMemory' | 'totalMemory' | 'disk'>): Room {
  return {
    memory: availableMemory === undefined ? undefined : availableMemory + usedMemory,
    totalMemory,
    disk: disk.bytes,
  };
}

/** Less than this share of what was free is told: a server breathes. A kernel that changes takes a little, too. */
const muchLess = 0.5;
const same = 0.02;

/** What a server has less of than then, or has become, a line each. */
export function roomChanges(then: Room | undefined, now: Room): string[] {
  if (then === undefined) return [];
  return [
    ...resized(then.totalMemory, now.totalMemory),
    ...shrunk('free memory of the server', then.memory, now.memory),
    ...shrunk("free disk of the server, where Docker's images are", then.disk, now.disk),
  ];
}

function resized(then: number | undefined, now: number | undefined): string[] {
  if (then === undefined || now === undefined || Math.abs(now - then) <= then * same) return [];
  return [`memory of the server: ${showSize(then)} → ${showSize(now)}`];
}

function shrunk(what: string, then: number | undefined, now: number | undefined): string[] {
  if (then === undefined || now === undefined || now >= then * muchLess) return [];
  return [`${what}: ${showSize(then)} → ${showSize(now)}`];
}
