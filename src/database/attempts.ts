import { UserError } from '../ground/errors.ts';
import type { Tunnel } from '../machine/tunnel.ts';
import type { ConnectionPlan, Place } from './connection-plan.ts';
import { type Observation, observe } from './observation.ts';
import { isAboutEncryption } from './server-verdict.ts';
import { type Encryption, encryptionsOf, tlsOptions } from './tls-plan.ts';
import { type Circumstances, mostTellingOf, NoConnection } from './verdict.ts';
import { addressesOf, type Try } from './wire.ts';

/** How one URL is called in sentences. */
export interface Names {
  /** `the database shop`. */
  readonly database: string;
  readonly user: string;
  /** Nothing of the URL is shown: what libpq reads there may be a piece of the password. */
  readonly discreet: boolean;
}

interface Limits {
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Leads to the one place of the plan. */
  readonly through?: Tunnel | undefined;
}

/**
 * Goes through hosts, their addresses and the ways of encryption as libpq does: the next address when one
 * cannot be reached, but no other server after one that has said no.
 * @param timeout milliseconds for a name to be resolved; `attempt` keeps to its own
 * @param attempt makes one try; throws what happened
 * @throws NoConnection with the most telling of all failures
 */
export async function connectSomewhere<T>(
  plan: ConnectionPlan,
  names: Names,
  { timeout, signal, through }: Limits,
  attempt: (one: Try) => Promise<T>,
): Promise<T> {
  const failures: { observation: Observation; place: Place; cause: unknown }[] = [];

  places: for (const place of plan.places) {
    const encryptions = encryptionsOf(plan.tls.mode, place.kind);
    let addresses: (string | undefined)[] = [];
    try {
      addresses =
        through === undefined
          ? await addressesOf(place, AbortSignal.any([signal, AbortSignal.timeout(timeout)]))
          : [undefined];
    } catch (error) {
      signal.throwIfAborted();
      failures.push({ observation: observe(error, 'resolve'), place, cause: error });
    }
    for (const address of addresses) {
      for (const encryption of encryptions) {
        const one: Try = {
          place,
          address,
          encryption,
          direct: plan.tls.direct,
          tls: () => tlsOptions(plan.tls, place.kind === 'tcp' ? place.host : ''),
          dial: through && (() => through.open()),
        };
        try {
          return await attempt(one);
        } catch (error) {
          // A file that cannot be read, a cancelled step: nothing that another address would change.
          if (error instanceof UserError || !isObservable(error)) throw error;
          const { observation } = error;
          failures.push({ observation, place, cause: error.cause ?? error });
          if (isFinal(observation)) break places;
          if (!worthOtherEncryption(observation, encryption)) break;
        }
      }
    }
  }

  const telling = mostTellingOf(failures);
  if (telling === undefined) throw new Error('a connection plan without a place');
  throw new NoConnection(
    telling.observation,
    { ...circumstances(plan, names, timeout, telling.place), through: through?.through },
    telling.cause,
  );
}

function isObservable(error: unknown): error is Error & { readonly observation: Observation } {
  return error instanceof Error && 'observation' in error;
}

/** The server has answered, and another one, or another address of it, would answer for something else. */
function isFinal(observation: Observation): boolean {
  if (observation.kind === 'no-password') return true;
  return observation.kind === 'server' && observation.sqlState !== '57P03' && !isAboutEncryption(observation);
}

/**
 * Rules may differ with and without encryption. A wrong password stays wrong: libpq would try it once more, and
 * it would count twice where failures are counted.
 */
function worthOtherEncryption(observation: Observation, encryption: Encryption): boolean {
  if (observation.kind === 'server') return isAboutEncryption(observation);
  return encryption === 'tls-if-offered' && ['certificate', 'tls-failed'].includes(observation.kind);
}

function circumstances(
  plan: ConnectionPlan,
  { database, user, discreet }: Names,
  timeout: number,
  place: Place,
): Circumstances {
  return {
    server: discreet ? 'the server that the database URL names' : serverName(place),
    host: discreet ? 'in the database URL' : place.kind === 'tcp' ? place.host : '',
    database,
    user,
    sslMode: plan.tls.mode,
    timeout,
    discreet,
  };
}

/** A place for people: `db.internal:5432`, `[::1]:5432`, `the socket in /run/postgresql (port 5432)`. */
export function serverName(place: Place): string {
  if (place.kind === 'socket') return `the socket in ${place.folder} (port ${place.port})`;
  return `${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`;
}
