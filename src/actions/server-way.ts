/** Asking from a server: requests begin there, through the connection that the step has to it. */
import type { Duplex } from 'node:stream';

import type { Log } from '../ground/log.ts';
import type { Tunnel } from '../machine/tunnel.ts';
import type { Inputs } from '../step/action.ts';
import type { serverFields } from './fields.ts';
import { serverOf } from './server.ts';

export interface ServerInputs extends Omit<Inputs<typeof serverFields>, 'host' | 'sshUser'> {
  readonly from: 'runner' | 'server';
  readonly host?: readonly string[] | undefined;
  readonly sshUser?: string | undefined;
}

export interface Dialers {
  /** The server, for people. */
  readonly place: string;
  dial(url: URL): Promise<Duplex>;
}

/**
 * Opens a way for each address that is asked, and closes them whatever happens.
 * @throws UserError `ssh-…`, and what `use` throws
 */
export async function withDialers<T>(
  { inputs, log, signal }: { inputs: ServerInputs; log: Log; signal: AbortSignal },
  use: (dialers: Dialers | undefined) => Promise<T>,
): Promise<T> {
  const { from, sshUser = '', host: [host = ''] = [] } = inputs;
  if (from === 'runner') return use(undefined);
  const { openTunnel } = await import('../machine/ssh-tunnel.ts'); // slow to load: not before it is needed
  const tunnels = new Map<string, Promise<Tunnel>>();
  const tunnelTo = (url: URL) => {
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    const far = { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port };
    const key = `${far.host} ${port}`;
    const known =
      tunnels.get(key) ?? openTunnel(serverOf({ ...inputs, sshUser }, host), far, { log, signal });
    tunnels.set(key, known);
    return known;
  };
  try {
    const dial = async (url: URL) => (await tunnelTo(url)).open();
    return await use({ place: `${sshUser}@${host}`, dial });
  } finally {
    for (const tunnel of tunnels.values()) await tunnel.then((each) => each.close()).catch(() => {});
  }
}
