import { X509Certificate } from 'node:crypto';

import { codeOf, messageOf } from '../ground/errors.ts';

/** What was seen when a connection failed, and nothing else. The verdict says what it means. */
export type Observation =
  | { readonly kind: 'name-not-resolved'; readonly code: string }
  | { readonly kind: 'refused' }
  | { readonly kind: 'no-socket'; readonly code: string }
  | { readonly kind: 'unreachable'; readonly code: string }
  | { readonly kind: 'no-answer' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'not-postgresql'; readonly said: string }
  | { readonly kind: 'tls-not-offered' }
  | { readonly kind: 'certificate'; readonly reason: string }
  | { readonly kind: 'tls-failed'; readonly reason: string }
  | { readonly kind: 'server'; readonly sqlState: string; readonly message: string; readonly routine: string }
  | { readonly kind: 'not-forwarded'; readonly said: string }
  | { readonly kind: 'no-password' }
  | { readonly kind: 'no-channel-binding' }
  | { readonly kind: 'other-session'; readonly found: string }
  | { readonly kind: 'other'; readonly message: string };

/** How far a try had come. */
export type Phase = 'resolve' | 'connect' | 'greet' | 'encrypt' | 'log-in';

/** A failure that is an observation already. */
export class Observed extends Error {
  readonly observation: Observation;

  constructor(observation: Observation, cause?: unknown) {
    super(observation.kind, cause === undefined ? undefined : { cause });
    this.name = 'Observed';
    this.observation = observation;
  }
}

/** What an error says that Node, OpenSSL or the server gave in a phase of connecting. */
export function observe(error: unknown, phase: Phase): Observation {
  if (error instanceof Observed) return error.observation;
  const code = codeOf(error) ?? '';
  if (isServerError(error)) {
    return { kind: 'server', sqlState: code, message: messageOf(error), routine: error.routine ?? '' };
  }
  if (phase === 'resolve') return { kind: 'name-not-resolved', code };
  if (phase === 'connect') return observeConnecting(error, code);
  if (isCertificateError(code)) return { kind: 'certificate', reason: certificateReason(code, error) };
  if (phase === 'encrypt' || code.startsWith('ERR_SSL'))
    return { kind: 'tls-failed', reason: tlsReason(error) };
  if (['ECONNRESET', 'EPIPE'].includes(code) || /^Connection terminated/.test(messageOf(error)))
    return { kind: 'closed' };
  return { kind: 'other', message: messageOf(error) };
}

function observeConnecting(error: unknown, code: string): Observation {
  switch (code) {
    case 'ENOENT':
    case 'EACCES':
    case 'ENOTSOCK':
    case 'ENOTDIR':
      return { kind: 'no-socket', code };
    case 'ECONNREFUSED':
      return { kind: 'refused' };
    case 'ETIMEDOUT':
      return { kind: 'no-answer' };
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
    case 'EADDRNOTAVAIL':
    case 'EPERM':
      return { kind: 'unreachable', code };
    case 'ECONNRESET':
      return { kind: 'closed' };
    default:
      return { kind: 'other', message: messageOf(error) };
  }
}

/** What a server says that should have opened the way, in the words of its sshd. */
export function observeTunnel(error: unknown): Observation {
  const said = messageOf(error).replace('(SSH) Channel open failure: ', '');
  if (/refused/i.test(said)) return { kind: 'refused' };
  if (/not known|resolution|no address/i.test(said)) return { kind: 'name-not-resolved', code: said };
  if (/no route|unreachable/i.test(said)) return { kind: 'unreachable', code: said };
  if (/timed out/i.test(said)) return { kind: 'no-answer' };
  return /prohibited|^open failed/i.test(said)
    ? { kind: 'not-forwarded', said }
    : { kind: 'other', message: said };
}

/** An error response of the server, as node-postgres gives it: with a SQLSTATE and the function that raised it. */
function isServerError(error: unknown): error is Error & { readonly routine?: string } {
  return error instanceof Error && 'severity' in error && /^[0-9A-Z]{5}$/.test(codeOf(error) ?? '');
}

/** Errors of OpenSSL's verification, by the codes that Node gives them. */
const certificateCodes: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is signed by itself, and by no authority that was given',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is none of those that were given',
  UNABLE_TO_GET_ISSUER_CERT: 'its authority is none of those that were given',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is none of those that were given',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is none of those that were given',
  CERT_SIGNATURE_FAILURE: 'its signature is not that of its authority',
  CERT_UNTRUSTED: 'its authority is not trusted',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  CERT_REVOKED: 'it was revoked',
  CERT_REJECTED: 'it is not meant for this purpose',
  INVALID_PURPOSE: 'it is not meant for this purpose',
  INVALID_CA: 'what signed it is no authority',
  PATH_LENGTH_EXCEEDED: 'its chain of authorities is too long',
  UNABLE_TO_GET_CRL: 'the list of revoked certificates does not belong to its authority',
  CRL_HAS_EXPIRED: 'the list of revoked certificates has expired',
};

function isCertificateError(code: string): boolean {
  return code in certificateCodes || code === 'ERR_TLS_CERT_ALTNAME_INVALID';
}

function certificateReason(code: string, error: unknown): string {
  if (code !== 'ERR_TLS_CERT_ALTNAME_INVALID') return certificateCodes[code] ?? messageOf(error);
  const names = namesOf(error);
  return names === undefined ? 'it is made out to other names' : `it is made out to ${names}`;
}

/** The names that a certificate has, from Node's error about the one that it has not. */
function namesOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('cert' in error)) return undefined;
  const { raw } = error.cert as { raw?: Buffer };
  if (raw === undefined) return undefined;
  const { subjectAltName, subject } = new X509Certificate(raw);
  return (
    subjectAltName?.replaceAll('DNS:', '').replaceAll('IP Address:', '') ?? /CN=(.*)/.exec(subject ?? '')?.[1]
  );
}

/** OpenSSL's lines begin with numbers and files that tell a user nothing. */
function tlsReason(error: unknown): string {
  const reason = typeof error === 'object' && error !== null && 'reason' in error ? error.reason : undefined;
  if (typeof reason === 'string') return reason;
  return codeOf(error) === 'ECONNRESET' ? 'the server closed the connection' : messageOf(error);
}
