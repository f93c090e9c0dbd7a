import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type ConnectionOptions, getCACertificates, type SecureVersion } from 'node:tls';

import { codeOf, messageOf, UserError } from '../ground/errors.ts';
import { invalid, type Lookup, oneOf, type Surroundings } from './libpq-values.ts';

export const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof sslModes)[number];

/** How one try to connect deals with encryption. */
export type Encryption = 'plain' | 'tls-if-offered' | 'tls';

/** TLS as libpq's `ssl…` parameters describe it. */
export interface TlsPlan {
  readonly mode: SslMode;
  /** Whether the handshake starts without asking in PostgreSQL's own protocol first. */
  readonly direct: boolean;
  /** `system`, or a file, which with the modes up to `require` may be missing. */
  readonly roots: string;
  readonly certificate:
    | { readonly file: string; readonly keyFile: string; readonly passphrase: string | undefined }
    | undefined;
  readonly revocations: string | undefined;
  readonly serverName: boolean;
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion | undefined;
}

const versions: Readonly<Record<string, SecureVersion>> = {
  TLSv1: 'TLSv1',
  'TLSv1.1': 'TLSv1.1',
  'TLSv1.2': 'TLSv1.2',
  'TLSv1.3': 'TLSv1.3',
};

/** @throws UserError `database-url-invalid` for combinations that libpq refuses */
export function readTlsPlan(value: Lookup, { homeFolder, caFile }: Surroundings): TlsPlan {
  const own = (file: string) => join(homeFolder, '.postgresql', file);
  const roots = caFile ?? value('sslrootcert');
  const written = value('sslmode');
  // Whoever gives authorities wants them to be looked at: libpq thinks so of `system`, we of database-ca as well.
  const usual = roots === 'system' || caFile !== undefined ? 'verify-full' : 'prefer';
  const mode = oneOf('sslmode', written ?? usual, sslModes);
  if (roots === 'system' && mode !== 'verify-full') {
    throw invalid('sslrootcert=system goes with sslmode=verify-full only', 'set sslmode=verify-full');
  }
  const direct =
    oneOf('sslnegotiation', value('sslnegotiation') ?? 'postgres', ['postgres', 'direct']) === 'direct';
  if (direct && ['disable', 'allow', 'prefer'].includes(mode)) {
    throw invalid('sslnegotiation=direct goes with sslmode=require or stricter only', 'set sslmode=require');
  }
  return {
    mode,
    direct,
    roots: roots ?? own('root.crt'),
    certificate: certificateOf(value, own),
    revocations: value('sslcrl'),
    serverName: value('sslsni') !== '0',
    minVersion: version('ssl_min_protocol_version', value('ssl_min_protocol_version')) ?? 'TLSv1.2',
    maxVersion: version('ssl_max_protocol_version', value('ssl_max_protocol_version')),
  };
}

function certificateOf(value: Lookup, own: (file: string) => string): TlsPlan['certificate'] {
  if (value('sslcertmode') === 'disable') return undefined;
  const given = value('sslcert');
  const file = given ?? own('postgresql.crt');
  if (given === undefined && !existsSync(file)) return undefined;
  return { file, keyFile: value('sslkey') ?? own('postgresql.key'), passphrase: value('sslpassword') };
}

function version(keyword: string, written: string | undefined): SecureVersion | undefined {
  return written === undefined ? undefined : versions[oneOf(keyword, written, Object.keys(versions))];
}

/** The tries that a mode means, in their order. Sockets are never encrypted. */
export function encryptionsOf(mode: SslMode, kind: 'tcp' | 'socket'): readonly Encryption[] {
  if (kind === 'socket' || mode === 'disable') return ['plain'];
  if (mode === 'allow') return ['plain', 'tls'];
  if (mode === 'prefer') return ['tls-if-offered', 'plain'];
  return ['tls'];
}

/**
 * Options for Node's TLS. As with libpq, a certificate is verified in every mode as soon as there are authorities to
 * verify it with, and its names in `verify-full` only.
 * @throws UserError `database-tls-file` when a file that is needed is missing or cannot be read
 */
export function tlsOptions(plan: TlsPlan, host: string): ConnectionOptions {
  const roots = rootsOf(plan);
  const { certificate } = plan;
  return {
    host,
    ...(plan.serverName && isIP(host) === 0 ? { servername: host } : {}),
    rejectUnauthorized: roots !== undefined,
    ...(roots === undefined ? {} : { ca: roots }),
    ...(plan.mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
    ...(certificate === undefined
      ? {}
      : {
          cert: readTlsFile('sslcert', certificate.file),
          key: readTlsFile('sslkey', certificate.keyFile),
          ...(certificate.passphrase === undefined ? {} : { passphrase: certificate.passphrase }),
        }),
    ...(plan.revocations === undefined ? {} : { crl: readTlsFile('sslcrl', plan.revocations) }),
    ...(plan.direct ? { ALPNProtocols: ['postgresql'] } : {}),
    minVersion: plan.minVersion,
    ...(plan.maxVersion === undefined ? {} : { maxVersion: plan.maxVersion }),
  };
}

function rootsOf({ roots, mode }: TlsPlan): string | string[] | undefined {
  if (roots === 'system') return getCACertificates('system');
  if (!mode.startsWith('verify') && !existsSync(roots)) return undefined;
  return readTlsFile('sslrootcert', roots);
}

function readTlsFile(parameter: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const observed = codeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error);
    const otherwise =
      parameter === 'sslrootcert' ? ', or sslrootcert=system for the authorities of this machine' : '';
    throw new UserError(
      `Cannot read ${file}, the ${parameter} of the database connection — ${observed}`,
      `give the path of a file in PEM form${otherwise}`,
      { code: 'database-tls-file', cause: error },
    );
  }
}
