/** The way to a database that only a server reaches. */
import { farEndOf } from '../database/connection-plan.ts';
import type { DatabaseUrl } from '../database/url.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { openTunnel } from '../machine/ssh-tunnel.ts';
import { type Tunnel, tunnelLost } from '../machine/tunnel.ts';
import type { Inputs } from '../step/action.ts';
import type { serverFields } from './fields.ts';
import { serverOf } from './server.ts';

/** A server, where one is asked for. */
export interface ServerInputs extends Omit<Inputs<typeof serverFields>, 'host' | 'sshUser'> {
  readonly host?: readonly string[] | undefined;
  readonly sshUser?: string | undefined;
}

export interface WayInputs extends ServerInputs {
  readonly connectThrough: 'direct' | 'ssh';
  readonly databaseUrl: DatabaseUrl;
}

/**
 * Opens the tunnel that is asked for, and closes it whatever happens. What fails after it broke, failed because of
 * that, and says so.
 * @throws UserError `ssh-…`, `tunnel-lost`, and what `use` throws
 */
export async function withWay<T>(
  inputs: WayInputs,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
  use: (through: Tunnel | undefined) => Promise<T>,
): Promise<T> {
  if (inputs.connectThrough === 'direct') return use(undefined);
  const { sshUser = '', host: [host = ''] = [] } = inputs;
  const far = farEndOf(inputs.databaseUrl);
  const tunnel = await openTunnel(serverOf({ ...inputs, sshUser }, host), far, { log, signal });
  try {
    return await use(tunnel);
  } catch (error) {
    signal.throwIfAborted();
    throw tunnel.lost === undefined || !(error instanceof UserError) ? error : tunnelLost(tunnel, error);
  } finally {
    await tunnel.close();
  }
}
