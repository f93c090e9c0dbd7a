import { UserError } from '../ground/errors.ts';
import { listed } from '../ground/words.ts';
import { invalid, oneOf, type Surroundings } from './libpq-values.ts';
import { readTlsPlan, type TlsPlan } from './tls-plan.ts';
import type { DatabaseUrl } from './url.ts';

/** Where a server may be. */
export type Place =
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly address: string | undefined;
      readonly port: number;
    }
  | { readonly kind: 'socket'; readonly folder: string; readonly port: number };

/** What the session must allow (libpq's `target_session_attrs`). */
export const sessionWishes = [
  'any',
  'read-write',
  'read-only',
  'primary',
  'standby',
  'prefer-standby',
] as const;
export type SessionWish = (typeof sessionWishes)[number];

/** What libpq would do with a URL, as far as we do it too. */
export interface ConnectionPlan {
  /** In the order in which they are tried. */
  readonly places: readonly Place[];
  readonly user: string;
  readonly database: string;
  /** undefined when none is given, which is fine as long as the server asks for none. */
  readonly password: string | undefined;
  readonly tls: TlsPlan;
  readonly sessionWish: SessionWish;
  /** Given to the server's backend: `-c statement_timeout=5s`. */
  readonly backendOptions: string | undefined;
  /** Milliseconds for one place, when the URL says so. */
  readonly connectTimeout: number | undefined;
  readonly channelBinding: boolean;
}

/** The variables in which libpq looks for what a URL leaves out, as far as they matter here. */
export const environmentVariables: Readonly<Record<string, string>> = {
  host: 'PGHOST',
  hostaddr: 'PGHOSTADDR',
  port: 'PGPORT',
  dbname: 'PGDATABASE',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  options: 'PGOPTIONS',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
  channel_binding: 'PGCHANNELBINDING',
  sslmode: 'PGSSLMODE',
  sslnegotiation: 'PGSSLNEGOTIATION',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslcrl: 'PGSSLCRL',
  sslcertmode: 'PGSSLCERTMODE',
  sslsni: 'PGSSLSNI',
  ssl_min_protocol_version: 'PGSSLMINPROTOCOLVERSION',
  ssl_max_protocol_version: 'PGSSLMAXPROTOCOLVERSION',
};

/** Debian's folder for sockets, then that of PostgreSQL's own builds. */
const socketFolders = ['/var/run/postgresql', '/tmp'];

/**
 * From a URL to what has to be tried, with libpq's defaults.
 * @throws UserError `database-url-invalid` for values that libpq refuses when it connects (a port that is no number),
 *   `database-url-unsupported` for what we cannot do and must not ignore
 */
export function planConnection(url: DatabaseUrl, surroundings: Surroundings): ConnectionPlan {
  refuseMisread(url);
  refuseUnsupported(url.options);
  // An empty value counts as none, but for the environment an empty `sslmode=` counts as given: as libpq has it.
  const value = (keyword: string): string | undefined => {
    const variable = environmentVariables[keyword];
    const given =
      url.options[keyword] ?? (variable === undefined ? undefined : surroundings.environment[variable]);
    return given === '' ? undefined : given;
  };
  const user = value('user') ?? surroundings.systemUser;
  return {
    places: planPlaces(value('host'), value('hostaddr'), value('port')),
    user,
    database: value('dbname') ?? user,
    password: value('password'),
    tls: readTlsPlan(value, surroundings),
    sessionWish: oneOf('target_session_attrs', value('target_session_attrs') ?? 'any', sessionWishes),
    backendOptions: value('options'),
    connectTimeout: planTimeout(value('connect_timeout')),
    channelBinding:
      oneOf('channel_binding', value('channel_binding') ?? 'prefer', ['disable', 'prefer', 'require']) ===
      'require',
  };
}

/**
 * The one place that a URL names, for whoever leads there.
 * @throws UserError `database-url-unsupported` for several hosts, and for a socket
 */
export function farEndOf(url: DatabaseUrl): { readonly host: string; readonly port: number } {
  const { places } = planConnection(url, {
    environment: process.env,
    systemUser: '',
    homeFolder: '',
    caFile: undefined,
  });
  const [place, ...others] = places;
  if (place?.kind === 'tcp' && others.length === 0)
    return { host: place.address ?? place.host, port: place.port };
  throw new UserError(
    `connect-through: ssh leads to one host, and the database URL names ${place?.kind === 'tcp' ? `${places.length} of them` : 'a socket'}`,
    'name the one host that is to be migrated, as the server that is gone through knows it',
    { code: 'database-url-unsupported' },
  );
}

function planPlaces(
  host: string | undefined,
  address: string | undefined,
  port: string | undefined,
): Place[] {
  const addresses = address?.split(',');
  const hosts = host?.split(',') ?? addresses?.map(() => '') ?? [''];
  if (addresses !== undefined && addresses.length !== hosts.length) {
    throw invalid(
      `it has ${hosts.length} hosts and ${addresses.length} addresses`,
      'give one hostaddr for each host',
    );
  }
  const ports = port?.split(',') ?? [''];
  if (ports.length !== 1 && ports.length !== hosts.length) {
    throw invalid(
      `it has ${hosts.length} hosts and ${ports.length} ports`,
      'give one port, or one for each host',
    );
  }
  return hosts.flatMap((name, index) =>
    placesOf(name, addresses?.[index], planPort(ports.length === 1 ? ports[0] : ports[index])),
  );
}

function placesOf(host: string, address: string | undefined, port: number): Place[] {
  if (address !== undefined && address !== '') return [{ kind: 'tcp', host: host || address, address, port }];
  if (host === '') return socketFolders.map((folder) => ({ kind: 'socket', folder, port }));
  // A folder, or with an @ a name in Linux's abstract namespace.
  if (/^[/@]/.test(host)) return [{ kind: 'socket', folder: host, port }];
  return [{ kind: 'tcp', host, address: undefined, port }];
}

function planPort(written: string | undefined): number {
  if (written === undefined || written === '') return 5432;
  const port = Number(written.trim());
  if (/^\s*\+?\d+\s*$/.test(written) && port >= 1 && port <= 65_535) return port;
  // Not shown: in `user:pass/word@host`, libpq takes a piece of the password for the port.
  throw invalid(
    'its port is not a number from 1 to 65535',
    'correct the port; if the password has a / in it, write that as %2F',
  );
}

function planTimeout(written: string | undefined): number | undefined {
  if (written === undefined) return undefined;
  if (!/^\s*[+-]?\d+\s*$/.test(written))
    throw invalid('its connect_timeout is not a number', 'give whole seconds');
  return Number(written) > 0 ? Number(written) * 1_000 : undefined;
}

/** A host has no @: there, and in a port, it can only be a piece of a password. A database name may have one. */
function refuseMisread({ host, port, perhapsMisread }: DatabaseUrl): void {
  if (!perhapsMisread || !`${host}${port}`.includes('@')) return;
  throw invalid(
    'there is a second @, so that what should be the end of the password is read as the host',
    'write an @ in a user or password as %40',
  );
}

/** Parameters that promise something which we would not keep. Others that we do not know only tune. */
const unsupported: Readonly<Record<string, (value: string) => boolean>> = {
  service: () => true,
  passfile: () => true,
  sslcrldir: () => true,
  requirepeer: () => true,
  require_auth: () => true,
  replication: (value) => !['false', 'off', 'no', '0'].includes(value),
  gssencmode: (value) => value === 'require',
  oauth_issuer: () => true,
  scram_client_key: () => true,
};

function refuseUnsupported(options: Readonly<Record<string, string>>): void {
  const found = Object.keys(unsupported).filter((keyword) => {
    const value = options[keyword];
    return value !== undefined && value !== '' && unsupported[keyword]?.(value);
  });
  if (found.length === 0) return;
  throw new UserError(
    `The database URL asks for what Tenantry cannot do — ${listed(found)}`,
    'leave it out, or give what stands behind it (host, user, password, sslmode) in the URL itself',
    { code: 'database-url-unsupported' },
  );
}
