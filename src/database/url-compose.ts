import { UserError } from '../ground/errors.ts';
import { listed, nearest } from '../ground/words.ts';
import { type DatabaseParts, type DatabaseUrl, parseDatabaseUrl } from './url.ts';
import { asLibpqReads, foreignParameters, libpqParameters, partOfParameter } from './url-parameters.ts';
import type { Scheme } from './url-scheme.ts';

/**
 * The URL that libpq reads back as these parts. Everything that could end a part is percent-encoded.
 * @throws UserError `database-parts-invalid` for a parameter that libpq does not know or that has a part of its
 *   own, and for text that no URL can hold
 */
export function composeUrl(parts: DatabaseParts, scheme: Scheme = 'postgresql'): string {
  refuseImpossible(parts);
  const parameters = Object.entries(parts.params).map(([keyword, value]) => asLibpqReads(keyword, value));
  const places = composePlaces(parts.host, parts.port);
  const query = [
    ...(places === undefined ? [`host=${encoded(parts.host)}`] : []),
    ...(places === undefined && parts.port !== '' ? [`port=${encoded(parts.port)}`] : []),
    ...parameters.map(({ keyword, value }) => `${encoded(keyword)}=${encoded(value)}`),
  ].join('&');
  return [
    `${scheme}://`,
    parts.user === '' && parts.password === '' ? '' : `${composeUser(parts)}@`,
    places ?? '',
    parts.name === '' ? (query === '' ? '' : '/') : `/${encoded(parts.name)}`,
    query === '' ? '' : `?${query}`,
  ].join('');
}

/** The typed value of parts that were given one by one. */
export function databaseUrlOf(parts: DatabaseParts, scheme: Scheme = 'postgresql'): DatabaseUrl {
  return parseDatabaseUrl(composeUrl(parts, scheme));
}

/**
 * Percent-encoded but for letters, digits and `-._~`, so that neither libpq nor a shell, a Python string or a
 * YAML file sees anything special in it.
 */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function composeUser({ user, password }: DatabaseParts): string {
  return password === '' ? encoded(user) : `${encoded(user)}:${encoded(password)}`;
}

/**
 * Hosts with their ports, or undefined when a URL has no other place for them than its query: in
 * `//a,b/` libpq reads two ports, both empty, so several hosts with one port or none go there.
 */
function composePlaces(host: string, port: string): string | undefined {
  const hosts = host.split(',');
  const ports = port.split(',');
  if (hosts.length !== ports.length) return undefined;
  return hosts
    .map((one, index) => `${composeHost(one)}${ports[index] === '' ? '' : `:${encoded(ports[index] ?? '')}`}`)
    .join(',');
}

function composeHost(host: string): string {
  const address = /^([0-9a-fA-F:.]*:[0-9a-fA-F:.]*)(%.+)?$/s.exec(host);
  return address === null ? encoded(host) : `[${address[1]}${encoded(address[2] ?? '')}]`;
}

function refuseImpossible(parts: DatabaseParts): void {
  for (const [keyword, value] of Object.entries(parts.params)) {
    const part = partOfParameter.get(keyword);
    if (part !== undefined) {
      throw refused(`params has ${keyword}, which has an input of its own`, `give it as ${part}`);
    }
    if (!libpqParameters.has(asLibpqReads(keyword, value).keyword)) {
      const meant = nearest(keyword, [...libpqParameters]);
      const hint =
        foreignParameters.get(keyword) ?? (meant === undefined ? 'remove it' : `did you mean ${meant}?`);
      throw refused(`params has ${keyword}, which libpq does not know`, hint);
    }
  }
  const { host, port, name, user, password, params } = parts;
  const impossible = Object.entries({ host, port, name, user, password, ...params }).filter(
    ([, text]) => text.includes('\0') || !text.isWellFormed(),
  );
  if (impossible.length > 0) {
    const names = listed(impossible.map(([name]) => name));
    throw refused(`${names} holds a NUL or half a character`, 'copy the text again');
  }
}

function refused(observed: string, hint: string): UserError {
  return new UserError(`The database URL cannot be composed — ${observed}`, hint, {
    code: 'database-parts-invalid',
  });
}
