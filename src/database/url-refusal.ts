import { UserError } from '../ground/errors.ts';

/**
 * Why a URL is refused. The sentences never repeat text of the URL: in a malformed one, the password may be
 * anywhere. They say the place instead, as the number of the character, from 1.
 */
export type Refusal =
  | 'scheme'
  | 'nul'
  | 'not-unicode'
  | 'percent'
  | 'percent-zero'
  | 'not-utf-8'
  | 'space'
  | 'bracket-open'
  | 'bracket-empty'
  | 'bracket-after'
  | 'no-equals'
  | 'two-equals'
  | 'parameter';

const refusals: Readonly<Record<Exclude<Refusal, 'scheme'>, readonly [observed: string, hint: string]>> = {
  nul: ['character N is a NUL', 'copy the URL again'],
  'not-unicode': ['character N is half of a character', 'copy the URL again'],
  percent: [
    'the % at character N is not followed by two hexadecimal digits',
    'write a % that is meant itself as %25',
  ],
  'percent-zero': ['%00 at character N stands for a NUL, which no part can hold', 'remove it'],
  'not-utf-8': [
    'the percent-encoded bytes at character N are not UTF-8',
    'encode the text as UTF-8 first (é is %C3%A9), and write a % that is meant itself as %25',
  ],
  space: ['there is a space at character N', 'write it as %20'],
  'bracket-open': [
    'the [ at character N, where a host begins, has no ]',
    'write an IPv6 address as [::1]; a [ in a user or password is %5B',
  ],
  'bracket-empty': ['there is nothing between the brackets at character N', 'write an IPv6 address as [::1]'],
  'bracket-after': [
    'the ] before character N is followed by something else than a :, / or ?, a comma, or the end',
    'write an IPv6 address with its port as [::1]:5432; a [ in a user or password is %5B',
  ],
  'no-equals': [
    'the query parameter at character N has no =',
    'write it as name=value, and a ? or & that is meant itself as %3F or %26',
  ],
  'two-equals': [
    'the = at character N is the second one in its query parameter',
    'write an = inside a value as %3D',
  ],
  parameter: [
    'the query parameter at character N is none that libpq knows',
    'correct its name, or remove it',
  ],
};

/**
 * @param offset where in `url`, in UTF-16 units from 0
 * @param hint instead of the usual one
 * @throws UserError `database-url-invalid`, always
 */
export function refuse(
  url: string,
  refusal: Exclude<Refusal, 'scheme'>,
  offset: number,
  hint?: string,
): never {
  const [observed, usualHint] = refusals[refusal];
  const place = [...url.slice(0, offset)].length + 1;
  const escaping = perhapsUnescaped(url)
    ? '; in a user or password, write @ as %40, / as %2F, : as %3A, ? as %3F, # as %23 and % as %25'
    : '';
  throw new DatabaseUrlRefused(
    refusal,
    observed.replace('N', String(place)),
    `${hint ?? usualHint}${escaping}`,
  );
}

/** @throws UserError `database-url-invalid`, always */
export function refuseScheme(url: string): never {
  const [observed, hint] = whatInstead(url);
  throw new DatabaseUrlRefused('scheme', observed, hint);
}

/** A database URL that libpq refuses, with the reason as a word for whoever compares. */
export class DatabaseUrlRefused extends UserError {
  readonly refusal: Refusal;

  constructor(refusal: Refusal, observed: string, hint: string) {
    super(`The database URL cannot be read — ${observed}`, hint, { code: 'database-url-invalid' });
    this.name = 'DatabaseUrlRefused';
    this.refusal = refusal;
  }
}

const schemeHint = 'begin it with postgresql:// (user:password@host:port/database)';

/** Only the beginning is looked at, and only words that stand in this file are repeated. */
function whatInstead(url: string): readonly [observed: string, hint: string] {
  if (url.trim() === '') return ['it is empty', 'set the secret, and check its name in the workflow'];
  if (/^\s/.test(url))
    return ['it begins with a space or a line break', 'remove what is before postgresql://'];
  if (/^["'`]/.test(url)) return ['it begins with a quotation mark', 'store it without quotation marks'];
  if (/^(export\s+)?[A-Z_]+=/.test(url)) {
    return ['it begins with a name and =, like a line of an env file', 'give only what is after the ='];
  }
  if (/^psql\s/.test(url)) return ['it begins with the command psql', 'give only the URL'];
  if (/^jdbc:/i.test(url))
    return ['it begins with jdbc:', 'remove jdbc: and put user and password before the host'];
  if (/^postgres(ql)?\+\w+:\/\//i.test(url)) {
    return [
      'it begins with a scheme of SQLAlchemy, which names a driver',
      'remove the + and the word after it',
    ];
  }
  if (/^(postgres|postgresql|postgis|psql|pgsql):\/\//i.test(url)) {
    return ['its scheme has capital letters, and libpq takes only small ones', schemeHint];
  }
  if (/^postgres(ql)?:/i.test(url)) return ['its scheme is not followed by ://', schemeHint];
  if (/^(mysql|mariadb|sqlite|sqlite3|oracle|mssql|spatialite):/i.test(url)) {
    return ['it is the URL of another kind of database', 'tenants by schema need PostgreSQL'];
  }
  if (/^\s*\w+\s*=/.test(url)) {
    return ['it is a list of name=value, and only a URL is taken', schemeHint];
  }
  return ['it does not begin with postgresql:// or postgres://', schemeHint];
}

/** Whether a password seems to hold characters that end it: a second @, or a / before the first one. */
function perhapsUnescaped(url: string): boolean {
  const rest = url.slice(url.indexOf('://') + 3);
  const first = rest.indexOf('@');
  return first !== rest.lastIndexOf('@') || (first !== -1 && /[/?[]/.test(rest.slice(0, first)));
}
