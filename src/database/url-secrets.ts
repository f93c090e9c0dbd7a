import { UserError } from '../ground/errors.ts';
import { readDatabaseUrl } from './url.ts';
import { composeUrl, encoded } from './url-compose.ts';

const hidden = '***';

/**
 * A URL that may be shown: every secret in it is `***`. Of a URL that cannot be read, or that was probably
 * not meant as libpq reads it, nothing but the scheme is left.
 */
export function redactUrl(url: string): string {
  const read = tryToRead(url);
  if (read === undefined || read.value.perhapsMisread) {
    const scheme = /^[a-z][a-z0-9+]*:\/\//.exec(url)?.[0] ?? '';
    return `${scheme}${hidden}`;
  }
  const places = [...read.secrets].sort((a, b) => b.start - a.start);
  return places.reduce((text, { start, end }) => `${text.slice(0, start)}${hidden}${text.slice(end)}`, url);
}

/**
 * Every text that must be masked because of this URL: the URL itself, each secret in it as it is written,
 * decoded, and as we would encode it, and the URL that we would compose. Of a URL that cannot be read, the
 * places where a password may stand. Never throws; longest first.
 */
export function secretsInUrl(url: string): string[] {
  const read = tryToRead(url);
  const found = new Set<string>([url, url.trim()]);
  for (const { start, end, decoded } of read?.secrets ?? []) {
    for (const text of [url.slice(start, end), url.slice(start, end).trim(), decoded, encoded(decoded)]) {
      found.add(text);
    }
  }
  if (read !== undefined) found.add(composeUrl(read.value, read.value.scheme));
  if (read === undefined || read.value.perhapsMisread) {
    const { host = '', port = '', name = '' } = read?.value ?? {};
    for (const text of [host, port, name, ...perhapsPassword(url)]) {
      found.add(text);
      found.add(decodedIfPossible(text));
    }
  }
  found.delete('');
  return [...found].sort((a, b) => b.length - a.length);
}

function tryToRead(url: string): ReturnType<typeof readDatabaseUrl> | undefined {
  try {
    return readDatabaseUrl(url);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/**
 * Where a person may have put a password that libpq does not find there: the text between the first colon after
 * the scheme and the last @, and its pieces at every character that ends something for libpq. Pieces of one
 * or two characters betray nothing and, masked, would make the log unreadable.
 */
function perhapsPassword(url: string): string[] {
  const rest = url.includes('://') ? url.slice(url.indexOf('://') + 3) : url;
  const end = rest.lastIndexOf('@');
  if (end === -1) return [];
  const colon = rest.indexOf(':');
  const text = rest.slice(colon !== -1 && colon < end ? colon + 1 : 0, end);
  return [text, ...text.split(/[@/,:?&=]/).filter((piece) => piece.length > 2)];
}

function decodedIfPossible(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
