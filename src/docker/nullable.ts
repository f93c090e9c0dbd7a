/** Go writes an empty list or map as null. */
import * as z from 'zod';

export const texts = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);
export const textMap = z
  .record(z.string(), z.string())
  .nullish()
  .transform((map) => map ?? {});
