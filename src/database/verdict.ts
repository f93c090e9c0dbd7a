import { showDuration } from '../ground/duration.ts';
import { UserError } from '../ground/errors.ts';
import { counted } from '../ground/words.ts';
import type { Observation } from './observation.ts';
import { isAboutEncryption, judgeAnswer } from './server-verdict.ts';
import { type Circumstances, capitalised, type Verdict, type Waiting } from './verdict-terms.ts';

export type { Circumstances };

/** A connection that could not be made, with the verdict as its sentence. */
export class NoConnection extends UserError {
  readonly observation: Observation;
  readonly circumstances: Circumstances;
  readonly waiting: Waiting;

  constructor(observation: Observation, circumstances: Circumstances, cause?: unknown) {
    const { code, failed, observed, hint, waiting } = judge(observation, circumstances);
    const escaping = circumstances.discreet
      ? '; there is a second @ in it: in a user or password, write @ as %40'
      : '';
    super(`${failed}${howOften(circumstances)} — ${observed}`, `${hint}${escaping}`, { code, cause });
    this.name = 'NoConnection';
    this.observation = observation;
    this.circumstances = circumstances;
    this.waiting = waiting;
  }

  /** The same verdict, which also says how long was waited for it to change. */
  after(attempts: number, milliseconds: number): NoConnection {
    return this.knowing({ tried: { attempts, milliseconds } });
  }

  /** The verdict when more is known. */
  knowing(more: Partial<Circumstances>): NoConnection {
    return new NoConnection(this.observation, { ...this.circumstances, ...more }, this.cause);
  }
}

function howOften({ tried }: Circumstances): string {
  if (tried === undefined || tried.attempts === 1) return '';
  return ` (tried ${counted(tried.attempts, 'time')} in ${showDuration(tried.milliseconds)})`;
}

/** How telling an observation is, when several addresses or ways of encryption failed in different ways: the first wins. */
const mostTelling: readonly Observation['kind'][] = [
  'server',
  'no-password',
  'no-channel-binding',
  'other-session',
  'certificate',
  'tls-not-offered',
  'tls-failed',
  'not-postgresql',
  'not-forwarded',
  'other',
  'silent',
  'closed',
  'refused',
  'no-answer',
  'unreachable',
  'name-not-resolved',
  'no-socket',
];

/** The most telling of several failures; the first of several like it. */
export function mostTellingOf<T extends { readonly observation: Observation }>(
  failures: readonly T[],
): T | undefined {
  const rank = ({ observation }: T) =>
    isAboutEncryption(observation) ? 0.5 : mostTelling.indexOf(observation.kind);
  return failures.toSorted((a, b) => rank(a) - rank(b))[0];
}

/** What an observation means, whether waiting can change it, and what to do. */
export function judge(observation: Observation, circumstances: Circumstances): Verdict {
  const { server, host, timeout, through } = circumstances;
  const seenFrom = through === undefined ? '' : ` from ${through}`;
  switch (observation.kind) {
    case 'not-forwarded':
      return {
        code: 'tunnel-forbidden',
        failed: `${through} does not forward to ${server}`,
        observed: `its sshd says: ${observation.said}`,
        hint: 'allow it there in sshd_config (AllowTcpForwarding, PermitOpen, DisableForwarding), and in the line of the key in authorized_keys (restrict, no-port-forwarding, permitopen)',
        waiting: 'is useless',
      };
    case 'name-not-resolved':
      if (through !== undefined) {
        return {
          code: 'database-name-not-resolved',
          failed: `The name ${host} does not resolve on ${through}`,
          observed: `that server looks it up, and says: ${observation.code}`,
          hint: 'correct the host in the database URL: the name, or address, by which that server knows it',
          waiting: 'helps briefly',
        };
      }
      return {
        code: 'database-name-not-resolved',
        failed: `The name ${host} does not resolve`,
        observed:
          observation.code === 'ENOTFOUND'
            ? 'there is no such host (ENOTFOUND)'
            : `the name server gave no answer (${observation.code})`,
        hint: 'correct the host in the database URL; a name of a private network resolves only inside it',
        // A container or a fresh server may get its name later; mostly, it is a slip of the pen.
        waiting: observation.code === 'ENOTFOUND' ? 'helps briefly' : 'helps',
      };
    case 'refused':
      return {
        code: 'database-refused',
        failed: `${capitalised(server)} refused the connection${seenFrom}`,
        observed: 'nothing listens there',
        hint: 'start the database, or correct host and port; from other machines PostgreSQL is reached only with listen_addresses set',
        waiting: 'helps',
      };
    case 'no-socket':
      return {
        code: 'database-refused',
        failed: `${capitalised(server)} cannot be used`,
        observed: socketReason(observation.code),
        hint: 'start the database on this machine, or name a host in the database URL',
        waiting: 'helps',
      };
    case 'unreachable':
      return {
        code: 'database-no-answer',
        failed: `${capitalised(server)} cannot be reached${seenFrom}`,
        observed: `there is no way to it from ${through === undefined ? 'here' : 'there'} (${observation.code})`,
        hint: wayThere(through),
        waiting: 'helps',
      };
    case 'no-answer':
      return {
        code: 'database-no-answer',
        failed: `No answer from ${server} within ${showDuration(timeout)}${through === undefined ? '' : ` through ${through}`}`,
        observed: `a firewall may drop what ${through === undefined ? 'this machine' : 'that server'} sends`,
        hint: wayThere(through),
        waiting: 'helps',
      };
    case 'silent':
      return {
        code: 'database-no-answer',
        failed: `${capitalised(server)} took the connection and gave no answer within ${showDuration(timeout)}`,
        observed: 'it is busy, or no PostgreSQL',
        hint: 'look at the server, and check host and port',
        waiting: 'helps',
      };
    case 'closed':
      return {
        code: 'database-hung-up',
        failed: `${capitalised(server)} took the connection and closed it without a word`,
        observed: 'a proxy with nothing behind it does so, or a server that is just starting',
        hint: 'look at what listens there, and at its log',
        waiting: 'helps',
      };
    case 'not-postgresql':
      return {
        code: 'not-postgresql',
        failed: `What listens on ${server} is not PostgreSQL`,
        observed:
          observation.said === '' ? 'it does not speak its protocol' : `it says "${observation.said}"`,
        hint: 'correct host and port in the database URL',
        waiting: 'is useless',
      };
    case 'tls-not-offered':
      return {
        code: 'database-tls-refused',
        failed: `${capitalised(server)} offers no TLS`,
        observed: `the URL asks for it with sslmode=${circumstances.sslMode}`,
        hint: 'switch TLS on in the server (ssl = on); in a network that you trust, sslmode=prefer does without',
        waiting: 'is useless',
      };
    case 'certificate':
      return {
        code: 'database-certificate-not-trusted',
        failed: `The certificate of ${server} is not trusted`,
        observed: observation.reason,
        hint: 'give its authority with sslrootcert, and connect by a name that the certificate has',
        waiting: 'is useless',
      };
    case 'tls-failed':
      return {
        code: 'database-tls-failed',
        failed: `No TLS connection to ${server}`,
        observed: observation.reason,
        hint: 'look at the log of the server; at least TLS 1.2 is needed',
        waiting: 'is useless',
      };
    case 'no-password':
      return {
        code: 'database-no-password',
        failed: `${capitalised(server)} asks for a password`,
        observed: 'the database URL has none',
        hint: 'add it after the user (user:password@…); a password file is not read',
        waiting: 'is useless',
      };
    case 'no-channel-binding':
      return {
        code: 'database-tls-failed',
        failed: `${capitalised(server)} does not bind the password to the encryption`,
        observed: 'the URL asks for it with channel_binding=require',
        hint: 'connect with TLS to the server itself, with a password stored as SCRAM, or leave channel_binding out',
        waiting: 'is useless',
      };
    case 'other-session':
      return {
        code: 'database-other-session',
        failed: `${capitalised(server)} is not what target_session_attrs asks for`,
        observed: observation.found,
        hint: 'name the right server in the database URL, or all of them with commas between',
        waiting: 'helps',
      };
    case 'server':
      return judgeAnswer(observation, circumstances);
    case 'other':
      return {
        code: 'database-not-connected',
        failed: `No connection to ${server}`,
        observed: circumstances.discreet
          ? 'the reason is not shown: it may hold a piece of the password'
          : observation.message,
        hint: 'look at the log of the server',
        waiting: 'is useless',
      };
  }
}

function wayThere(through: string | undefined): string {
  return through === undefined
    ? 'let the address of this runner in, use a runner in the network of the database, or go through a bastion (connect-through: ssh)'
    : `let ${through} in where the database is, or go through another server`;
}

function socketReason(code: string): string {
  if (code === 'ENOENT') return 'there is no such socket';
  return code === 'EACCES' ? 'this user may not use the socket' : `it is no socket (${code})`;
}
