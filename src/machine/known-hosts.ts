import { createHmac } from 'node:crypto';

/** One line of a known_hosts file. */
interface KnownHostsLine {
  readonly marker: string | undefined;
  readonly patterns: readonly string[];
  readonly type: string;
  readonly key: Buffer;
}

export interface KnownKeys {
  /** The host keys that this server may show. */
  readonly accepted: readonly Buffer[];
  /** Keys that were marked `@revoked`: never accepted. */
  readonly revoked: readonly Buffer[];
  /** Numbers (from 1) of lines that are no known_hosts lines, or of a kind that is not supported. */
  readonly unreadable: readonly number[];
}

/**
 * The keys that lines of a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT") name for a server: plain
 * and hashed names, `*` and `?`, `!`, `[host]:port`, `@revoked`. Certificate authorities are not supported.
 */
export function knownKeys(text: string, { host, port }: { host: string; port: number }): KnownKeys {
  const name = port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
  const accepted: Buffer[] = [];
  const revoked: Buffer[] = [];
  const unreadable: number[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    if (raw.trim() === '' || raw.trim().startsWith('#')) continue;
    const line = readLine(raw.trim());
    if (line === undefined || line.marker === '@cert-authority') unreadable.push(index + 1);
    else if (matchesAny(line.patterns, name))
      (line.marker === '@revoked' ? revoked : accepted).push(line.key);
  }
  return { accepted, revoked, unreadable };
}

function readLine(text: string): KnownHostsLine | undefined {
  const words = text.split(/\s+/);
  const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
  const [names, type, encoded] = words;
  if (names === undefined || type === undefined || encoded === undefined) return undefined;
  const key = Buffer.from(encoded, 'base64');
  // The key repeats its own type: a check that the line is whole.
  if (keyTypeOf(key) !== type) return undefined;
  return { marker, patterns: names.split(','), type, key };
}

function matchesAny(patterns: readonly string[], name: string): boolean {
  const matching = patterns.filter((pattern) => matches(pattern.replace(/^!/, ''), name));
  return matching.length > 0 && !matching.some((pattern) => pattern.startsWith('!'));
}

function matches(pattern: string, name: string): boolean {
  const [, version, salt, hash] = pattern.startsWith('|') ? pattern.split('|') : [];
  if (version === '1' && salt !== undefined && hash !== undefined) {
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  }
  const expression = pattern
    .toLowerCase()
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`).test(name);
}

/** The type that stands at the beginning of every public key in SSH's wire form (RFC 4253, 6.6). */
export function keyTypeOf(key: Buffer): string | undefined {
  if (key.length < 4) return undefined;
  const length = key.readUInt32BE(0);
  return length <= 64 && key.length >= 4 + length ? key.toString('latin1', 4, 4 + length) : undefined;
}
