/** Something on a server that waits for connections. */
export interface Listener {
  /** `0.0.0.0` where it takes them on every address, of IPv6, too. */
  readonly address: string;
  readonly port: number;
}

const anywhere = '0.0.0.0';

/** Whether a port that is published on an address (undefined: every one) would meet it. */
export function meets(listener: Listener, address: string | undefined): boolean {
  return address === undefined || address === anywhere || [anywhere, address].includes(listener.address);
}

export function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (/^127\./.test(address) || address === '::1');
}

/** Every port on which something listens, as survey.sh lists it. */
export function listeningOf(lines: readonly string[]): Listener[] {
  return lines.flatMap((line) => {
    const [address = '', port = ''] = line.split(':');
    const read = addressOf(address);
    return read === undefined || !/^[0-9A-F]{4}$/.test(port)
      ? []
      : [{ address: read, port: Number.parseInt(port, 16) }];
  });
}

/** `/proc/net/tcp` has four bytes as one number of the machine, `tcp6` four of those. */
function addressOf(hex: string): string | undefined {
  if (/^0+$/.test(hex) && (hex.length === 8 || hex.length === 32)) return anywhere;
  const bytes = (word: string) =>
    (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16));
  if (/^[0-9A-F]{8}$/.test(hex)) return bytes(hex).join('.');
  if (!/^[0-9A-F]{32}$/.test(hex)) return undefined;
  const all = (hex.match(/.{8}/g) ?? []).flatMap(bytes);
  const mapped = all.slice(0, 10).every((byte) => byte === 0) && all[10] === 255 && all[11] === 255;
  if (mapped) return all.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((all[2 * index] ?? 0) << 8) | (all[2 * index + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
