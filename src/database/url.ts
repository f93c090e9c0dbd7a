import { Buffer } from 'node:buffer';

import {
  asLibpqReads,
  foreignParameters,
  libpqParameters,
  partOfParameter,
  secretParameters,
} from './url-parameters.ts';
import { refuse, refuseScheme } from './url-refusal.ts';
import { type Scheme, schemeOf } from './url-scheme.ts';
import { type Decoded, joined, percentDecode, type Stretch, stretch, utf8 } from './url-text.ts';

/** The parts of a connection URL, decoded. What the URL leaves out is the empty text. */
export interface DatabaseParts {
  /** As libpq has it: several hosts with commas between them, a folder with a socket, or nothing. */
  readonly host: string;
  /** As many as there are hosts, with commas between them. libpq does not ask here whether they are numbers. */
  readonly port: string;
  readonly name: string;
  readonly user: string;
  readonly password: string;
  /** Everything else, by libpq's names: `sslmode`, `connect_timeout`, `options` … */
  readonly params: Readonly<Record<string, string>>;
}

/** A connection URL as libpq understands it. */
export interface DatabaseUrl extends DatabaseParts {
  readonly scheme: Scheme;
  /** Exactly what libpq stores, where `dbname` missing and `dbname` empty are two things. */
  readonly options: Readonly<Record<string, string>>;
  /**
   * libpq accepts it, yet probably means something else by it than the person who wrote it: there is an @
   * beyond the one that ends the user part, so a piece of the password may stand in `host`, `port` or
   * `name`. These must not be shown then.
   */
  readonly perhapsMisread: boolean;
}

/** A place in a URL whose text is secret, from one UTF-16 offset to another, and what it stands for. */
export interface SecretPlace {
  readonly start: number;
  readonly end: number;
  readonly decoded: string;
}

/**
 * Reads a PostgreSQL connection URL exactly as libpq 18 does (source: `conninfo_uri_parse_options` in its
 * fe-connect.c; a test compares 50,000 URLs with the real one), but for four things:
 * 1. Django's own schemes `postgis://`, `psql://` and `pgsql://` are read like `postgresql://`;
 * 2. libpq's other form, `host=db dbname=shop`, is refused: it is no URL;
 * 3. a NUL character is refused, where libpq takes it for the end of the text;
 * 4. percent-encoded bytes that are not UTF-8 are refused, as psycopg does, where libpq keeps the bytes.
 * @throws UserError `database-url-invalid`, which says what is wrong at which character and shows no text of the URL
 */
export function parseDatabaseUrl(url: string): DatabaseUrl {
  return readDatabaseUrl(url).value;
}

/** The same, with the places of what is secret. */
export function readDatabaseUrl(url: string): { value: DatabaseUrl; secrets: SecretPlace[] } {
  refuseWhatNoUrlHolds(url);
  const scheme = schemeOf(url) ?? refuseScheme(url);
  const options = new Map<string, Decoded>();
  const secrets: SecretPlace[] = [];
  const store = (keyword: string, value: Decoded) => {
    options.set(keyword, value);
    if (secretParameters.has(keyword)) secrets.push(placeOf(value));
  };
  const storePart = (keyword: string, part: Stretch) => {
    if (part.text !== '') store(keyword, percentDecode(url, part));
  };

  const start = scheme.length + '://'.length;
  const userEnd = endOfUser(url, start);
  if (userEnd !== undefined) {
    const nameEnd = indexOr(url, ':', start, userEnd);
    storePart('user', stretch(url, start, nameEnd));
    if (nameEnd < userEnd) storePart('password', stretch(url, nameEnd + 1, userEnd));
  }

  const afterUser = userEnd === undefined ? start : userEnd + 1;
  const places = readPlaces(url, afterUser);
  storePart('host', joined(places.hosts));
  storePart('port', joined(places.ports));

  let at = places.end;
  if (url[at] === '/') {
    const end = indexOr(url, '?', at + 1, url.length);
    storePart('dbname', stretch(url, at + 1, end));
    at = end;
  }
  for (const { keyword, value } of readQuery(url, at + 1)) {
    const name = percentDecode(url, keyword).bytes.toString('latin1');
    const decoded = percentDecode(url, value);
    const read = asLibpqReads(name, decoded.bytes.toString('latin1'));
    if (!libpqParameters.has(read.keyword)) {
      refuse(url, 'parameter', keyword.start, hintFor(url, keyword.start, name));
    }
    store(read.keyword, read.keyword === name ? decoded : { ...decoded, bytes: Buffer.from(read.value) });
  }

  const texts = [...options].map(([keyword, value]) => [keyword, utf8(url, value)] as const);
  const perhapsMisread = url.includes('@', afterUser);
  return { value: asDatabaseUrl(scheme, Object.fromEntries(texts), perhapsMisread), secrets };
}

function placeOf({ bytes, written: { text, start } }: Decoded): SecretPlace {
  return { start, end: start + text.length, decoded: bytes.toString('utf8') };
}

/** The typed value of what libpq has stored. */
function asDatabaseUrl(
  scheme: Scheme,
  options: Readonly<Record<string, string>>,
  perhapsMisread: boolean,
): DatabaseUrl {
  const { host = '', port = '', dbname: name = '', user = '', password = '' } = options;
  const params = Object.fromEntries(
    Object.entries(options).filter(([keyword]) => !partOfParameter.has(keyword)),
  );
  return { scheme, host, port, name, user, password, params, options, perhapsMisread };
}

/** A C string ends at a NUL, and half a surrogate pair is no UTF-8: libpq never sees either. */
function refuseWhatNoUrlHolds(url: string): void {
  const nul = url.indexOf('\0');
  if (nul !== -1) refuse(url, 'nul', nul);
  const half = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.exec(url);
  if (half !== null) refuse(url, 'not-unicode', half.index);
}

/** Where the user part ends: at the first @, unless a / comes before it. */
function endOfUser(url: string, start: number): number | undefined {
  const end = url.slice(start).search(/[@/]/);
  return end !== -1 && url[start + end] === '@' ? start + end : undefined;
}

/** Hosts and ports, each with its commas. */
interface Places {
  readonly hosts: Stretch[];
  readonly ports: Stretch[];
  /** Where they end: at a /, a ?, or the end of the URL. */
  readonly end: number;
}

function readPlaces(url: string, start: number): Places {
  const hosts: Stretch[] = [];
  const ports: Stretch[] = [];
  for (let at = start; ; at += 1) {
    let end: number;
    if (url[at] === '[') {
      end = indexOr(url, ']', at + 1, url.length);
      if (end === url.length) refuse(url, 'bracket-open', at);
      if (end === at + 1) refuse(url, 'bracket-empty', at);
      hosts.push(stretch(url, at + 1, end));
      end += 1;
      if (end < url.length && !':/?,'.includes(url.charAt(end))) refuse(url, 'bracket-after', end);
    } else {
      end = searchOr(url, /[:/?,]/g, at);
      hosts.push(stretch(url, at, end));
    }
    at = url[end] === ':' ? searchOr(url, /[/?,]/g, end + 1) : end;
    ports.push(stretch(url, Math.min(end + 1, at), at));
    if (url[at] !== ',') return { hosts, ports, end: at };
    hosts.push(stretch(url, at, at + 1));
    ports.push(stretch(url, at, at + 1));
  }
}

/** Parameters one by one, so that an error in the first is told before an error in the second. */
function* readQuery(url: string, start: number): Generator<{ keyword: Stretch; value: Stretch }> {
  for (let at = start; at < url.length; ) {
    const end = indexOr(url, '&', at, url.length);
    const equals = indexOr(url, '=', at, end);
    if (equals >= end) refuse(url, 'no-equals', at);
    const second = indexOr(url, '=', equals + 1, end);
    if (second < end) refuse(url, 'two-equals', second);
    yield { keyword: stretch(url, at, equals), value: stretch(url, equals + 1, end) };
    at = end + 1;
  }
}

/** Help for parameters of other programs. With an @ behind it, the name may be a piece of a password: no word of it. */
function hintFor(url: string, at: number, keyword: string): string | undefined {
  const hint = url.includes('@', at) ? undefined : foreignParameters.get(keyword);
  return hint === undefined ? undefined : `its name is ${keyword}: ${hint}`;
}

/** The offset of a character from one offset to another, or the latter. */
const indexOr = (text: string, character: string, from: number, to: number): number => {
  const index = text.indexOf(character, from);
  return index === -1 || index > to ? to : index;
};

const searchOr = (text: string, pattern: RegExp, from: number): number => {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? text.length;
};
