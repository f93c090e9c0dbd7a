/** The part of an address plan that is a /24: `10.87.14`. */
type Prefix = string;

/**
 * An uncommon /24 in 10.64.0.0/10 that no route touches, first tried at a place
 * derived from `mark` (hexadecimal), so that two labs rarely try the same one.
 * @param taken destinations of routes as `ip` prints them: `10.64/16`, `172.17.0.0/16`, `10.1.2.3`, `default`
 * @throws Error when there is none
 */
export function freePrefix(mark: string, taken: readonly string[]): Prefix {
  const start = Number.parseInt(mark, 16);
  for (let step = 0; step < 64 * 256; step++) {
    // 97 is odd, so every place comes up once.
    const place = (start + step * 97) % (64 * 256);
    const prefix = `10.${64 + (place >> 8)}.${place & 255}`;
    if (!taken.some((destination) => overlaps(destination, prefix))) return prefix;
  }
  throw new Error('no free /24 in 10.64.0.0/10: the routes of this machine cover it all');
}

/** Whether a route's destination and a /24 have an address in common. The default route does not count. */
export function overlaps(destination: string, prefix: Prefix): boolean {
  if (destination === 'default') return false;
  const [address = '', bits = '32'] = destination.split('/');
  const common = Math.min(Number(bits), 24);
  const mask = common === 0 ? 0 : (~0 << (32 - common)) >>> 0;
  return (numberOf(address) & mask) >>> 0 === (numberOf(prefix) & mask) >>> 0;
}

/** Missing numbers at the end are zeros: `ip` shortens 10.64.0.0/16 to 10.64/16. */
function numberOf(address: string): number {
  const parts = address.split('.').map(Number);
  return [0, 1, 2, 3].reduce((sum, index) => sum * 256 + (parts[index] ?? 0), 0) >>> 0;
}
