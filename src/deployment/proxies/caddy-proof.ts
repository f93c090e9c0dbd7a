/** Whether a changed configuration of Caddy says what the one of before says, but for the port. */
import { isDeepStrictEqual } from 'node:util';
import type { Slots } from '../server/slots.ts';
import { chooser, handingOver, isPlace, type Json, mapped } from './caddy-pointer.ts';

/**
 * Whether a configuration that was made from a changed file says what the one of before says, but for the port: each
 * place hands over by the variable, behind what chooses it.
 */
export function isSameButForPointer(
  changed: unknown,
  config: unknown,
  { container, serving, free }: Slots & { readonly container: string },
): boolean {
  const choose = chooser(container, { first: serving, second: free });
  const handOver = handingOver(container);
  const isOurs = (handler: Json) =>
    Object.entries(handOver).every(([name, value]) => isDeepStrictEqual(handler[name], value));
  const without = mapped(changed, (handlers) =>
    handlers.flatMap((handler) => {
      if (isDeepStrictEqual(handler, choose)) return [];
      return isOurs(handler) ? [place(handler, Object.keys(handOver))] : [handler];
    }),
  );
  const before = mapped(config, (handlers) =>
    handlers.map((handler) => (isPlace(handler, serving) ? place(handler, ['upstreams']) : handler)),
  );
  return isDeepStrictEqual(joined(without), joined(before)) && isChosenFirst(changed, choose, isOurs);
}

/** One that is compared: whom it hands over to is left open. */
function place(handler: Json, names: readonly string[]): Json {
  const others = Object.entries(handler).filter(([name]) => !names.includes(name));
  return { ...Object.fromEntries(others), upstreams: 'the application' };
}

/** Neighbouring routes that differ in their handlers only are one, as the Caddyfile's adapter has it; empty ones go. */
function joined(value: unknown): unknown {
  if (Array.isArray(value)) {
    const all: unknown[] = [];
    for (const each of value.map(joined)) {
      const last = all.at(-1) as Json | undefined;
      const { handle: one, ...others } = (each ?? {}) as Json;
      const { handle: before, ...lastOthers } = last ?? {};
      if (Array.isArray(one) && one.length === 0) continue;
      if (Array.isArray(one) && Array.isArray(before) && isDeepStrictEqual(others, lastOthers)) {
        all[all.length - 1] = { ...others, handle: [...before, ...one] };
      } else all.push(each);
    }
    return all;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, joined(inner)]));
}

/** Whether nothing is handed over by a variable that nobody has set: in order, as a request passes. */
function isChosenFirst(
  value: unknown,
  choose: Json,
  isOurs: (handler: Json) => boolean,
  isSet = false,
): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (!Array.isArray(value)) {
    return (
      (isSet || !isOurs(value as Json)) &&
      Object.values(value).every((each) => isChosenFirst(each, choose, isOurs, isSet))
    );
  }
  let isSetHere = isSet;
  for (const each of value) {
    const { handle, match } = (each ?? {}) as Json;
    const isUnconditional = match === undefined && Array.isArray(handle);
    if (!isChosenFirst(each, choose, isOurs, isSetHere)) return false;
    if (isDeepStrictEqual(each, choose)) isSetHere = true;
    if (isUnconditional && handle.some((one) => isDeepStrictEqual(one, choose))) isSetHere = true;
  }
  return true;
}
