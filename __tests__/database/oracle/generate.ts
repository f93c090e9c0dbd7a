import { libpqParameters } from '../../../src/database/url-parameters.ts';
import type { Random } from './random.ts';

/** Stands in passwords only, so that a test can look for it where no password may be. */
export const canary = 'CANARY';

const nasty = [
  ...'@:/?#[]%,&=+ ;!$*()\'"\\|~^`{}<>._-',
  ...'\t\n\r\u0001\u007f\u0085\u00a0\ufeff\u2028éß日🐘',
  ...[
    '%00',
    '%zz',
    '%',
    '%4',
    '%41',
    '%2F',
    '%40',
    '%c3',
    '%C3%A9',
    '%ff',
    '%F0%9F%90%98',
    '%20',
    '%25',
    '%0a',
  ],
  ...['//', '://', '::', '@@', '[::1]', '127.0.0.1', ':5432', 'postgresql://', 'localhost', '  '],
];
const schemes = [
  'postgresql',
  'postgresql',
  'postgresql',
  'postgres',
  'postgres',
  'postgis',
  'psql',
  'pgsql',
];
const otherSchemes = [
  'Postgres',
  'POSTGRESQL',
  'mysql',
  'postgresqls',
  'postgresql+psycopg',
  ' postgresql',
  '',
];
const hosts = [
  '',
  'db',
  'db.internal',
  '[::1]',
  '[fe80::1%25eth0]',
  '10.0.0.7',
  '%2Frun%2Fpostgresql',
  '[',
  ']',
  '[]',
  '[::1]x',
  'h h',
];
const ports = ['', '', '5432', '6543', 'abc', '0', '99999', '-1', ' 5432', '%35432'];
const keywords = [
  ...libpqParameters,
  'ssl',
  'requiressl',
  'schema',
  'SSLMODE',
  'sslmode ',
  ' host',
  'u%73er',
  '',
];
const values = [
  '',
  'require',
  'disable',
  'true',
  'false',
  '1',
  '0',
  ' 1',
  '10',
  '/run/pg',
  '-c%20a%3Db',
  'a=b',
  'x y',
  '%',
  '%00',
];

/** One connection URL, or something that looks a little like one. */
export function generateUrl(random: Random): string {
  const kind = random.below(10);
  if (kind === 0) return `${scheme(random)}://${soup(random, 30)}`;
  const url = structured(random);
  return kind < 5 ? url : mutate(random, url);
}

/** A URL as somebody writes it who does not escape: a canary and nasty characters between colon and @. */
export function generateUnescaped(random: Random): string {
  const password = `${soup(random, 3)}${canary}${soup(random, 3)}`;
  return `postgresql://app:${password}@db.internal:5432/shop${random.chance(0.3) ? '?sslmode=require' : ''}`;
}

function structured(random: Random): string {
  const user = random.chance(0.6)
    ? `${word(random)}${random.chance(0.7) ? `:${random.chance(0.5) ? canary : ''}${word(random)}` : ''}@`
    : '';
  const places = Array.from(
    { length: random.chance(0.25) ? 1 + random.below(4) : 1 },
    () =>
      `${random.chance(0.8) ? random.pick(hosts) : word(random)}${random.chance(0.5) ? `:${random.pick(ports)}` : ''}`,
  ).join(',');
  const name = random.chance(0.7) ? `/${word(random)}` : '';
  const query = random.chance(0.5) ? `?${parameters(random)}` : '';
  return `${scheme(random)}://${user}${places}${name}${query}`;
}

function parameters(random: Random): string {
  const pairs = Array.from({ length: 1 + random.below(4) }, () => {
    const value = random.chance(0.6) ? random.pick(values) : word(random);
    return random.chance(0.95) ? `${random.pick(keywords)}=${value}` : random.pick(keywords);
  });
  if (random.chance(0.2)) pairs.push(random.pick(pairs));
  return `${pairs.join('&')}${random.chance(0.1) ? '&' : ''}`;
}

function scheme(random: Random): string {
  return random.chance(0.97) ? random.pick(schemes) : random.pick(otherSchemes);
}

/** Text for one part: mostly letters, at times nasty characters, most of them escaped. */
function word(random: Random): string {
  const text = Array.from({ length: random.below(9) }, () =>
    random.chance(0.8)
      ? random.pick([...'abcXYZ019'])
      : random.chance(0.7)
        ? escaped(random.pick(nasty))
        : random.pick(nasty),
  );
  return text.join('');
}

function escaped(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

function soup(random: Random, length: number): string {
  return Array.from({ length: random.below(length + 1) }, () =>
    random.chance(0.3) ? random.pick([...'abc019']) : random.pick(nasty),
  ).join('');
}

/** One to four small damages anywhere behind the scheme, now and then in it. */
function mutate(random: Random, url: string): string {
  let text = url;
  const from = random.chance(0.05) ? 0 : url.indexOf('://') + 3;
  for (let times = 1 + random.below(4); times > 0; times -= 1) {
    const at = from + random.below(text.length - from + 1);
    const end = Math.min(text.length, at + 1 + random.below(3));
    const change = random.below(4);
    if (change === 0) text = text.slice(0, at) + random.pick(nasty) + text.slice(at);
    else if (change === 1) text = text.slice(0, at) + text.slice(end);
    else if (change === 2) text = text.slice(0, at) + random.pick(nasty) + text.slice(end);
    else text = text.slice(0, end) + text.slice(at);
  }
  return random.chance(0.005) ? `${text}${random.pick(['\0', '\ud800', '\0/x'])}` : text;
}
