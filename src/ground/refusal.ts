import type * as z from 'zod';

import { messageOf } from './errors.ts';

/** A step of a schema that reads a value by a function; what the function throws is what the schema refuses it with. */
export function orRefused<I, O>(read: (value: I) => O) {
  return (value: I, context: z.RefinementCtx): O => {
    try {
      return read(value);
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error), input: value });
      return undefined as never;
    }
  };
}
