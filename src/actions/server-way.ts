/** Asking from servers: requests begin there, through the connection that the step has to each. */
import type { Duplex } from 'node:stream';

import type { Log } from '../ground/log.ts';
import { listed } from '../ground/words.ts';
import type { Probe } from '../health/probe.ts';
import { openTunnel } from '../machine/ssh-tunnel.ts';
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
  /** The servers, for people. */
  readonly places: string;
  /** @param from the server that asks; without it, the only one. */
  dial(url: URL, from: string | undefined): Promise<Duplex>;
}

/** Every server asks everything, each by its name where there are several: one may be well, and the next one not. */
export function fromEachServer(
  { from, host = [] }: Pick<ServerInputs, 'from' | 'host'>,
  probes: readonly Probe[],
): Probe[] {
  if (from === 'runner' || host.length < 2) return [...probes];
  return host.flatMap((each) => probes.map((probe) => ({ ...probe, from: each })));
}

/**
 * Opens a way for each address that is asked, and closes them whatever happens.
 * @throws UserError `ssh-…`, and what `use` throws
 */
export async function withDialers<T>(
  { inputs, log, signal }: { inputs: ServerInputs; log: Log; signal: AbortSignal },
  use: (dialers: Dialers | undefined) => Promise<T>,
): Promise<T> {
  const { from, sshUser = '', host: hosts = [] } = inputs;
  if (from === 'runner') return use(undefined);
  const tunnels = new Map<string, Promise<Tunnel>>();
  const tunnelTo = (url: URL, host: string) => {
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    const far = { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port };
    const key = `${host} ${far.host} ${port}`;
    const known =
      tunnels.get(key) ?? openTunnel(serverOf({ ...inputs, sshUser }, host), far, { log, signal });
    tunnels.set(key, known);
    return known;
  };
  try {
    const [only = ''] = hosts;
    return await use({
      places: listed(hosts.map((host) => `${sshUser}@${host}`)),
      dial: async (url, asking = only) => (await tunnelTo(url, asking)).open(),
    });
  } finally {
    for (const tunnel of tunnels.values()) await tunnel.then((each) => each.close()).catch(() => {});
  }
}
