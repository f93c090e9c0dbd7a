/** Where the commands of a project run: on this machine, in its image here, or in its image on a server. */
import { createHash, randomBytes } from 'node:crypto';

import type { LockOrigin } from '../database/lock-holder.ts';
import type { DatabaseUrl } from '../database/url.ts';
import { openContainer } from '../docker/container-machine.ts';
import { dockerOn } from '../docker/docker.ts';
import { type ImageReference, showImage } from '../docker/image.ts';
import { settleEarlierWork } from '../docker/work-command.ts';
import type { WorkContainer } from '../docker/work-container.ts';
import type { Log } from '../ground/log.ts';
import { lateMachine } from '../machine/late.ts';
import { localMachine } from '../machine/local.ts';
import type { Machine } from '../machine/machine.ts';
import { connectSsh } from '../machine/ssh.ts';
import { showAccount } from '../machine/ssh-server.ts';
import type { Inputs } from '../step/action.ts';
import type { registryFields } from './fields.ts';
import { registryLoginOf } from './registry-login.ts';
import { serverOf } from './server.ts';
import type { ServerInputs } from './way.ts';

interface Whereabouts {
  readonly connectThrough?: 'direct' | 'ssh';
  readonly runIn?: 'runner' | 'image' | 'server';
  readonly backupTo?: 'runner' | 'server';
  readonly host?: readonly string[] | undefined;
  readonly sshUser?: string | undefined;
  readonly image?: unknown;
}

/** The input for which a server has to be given, if there is one. */
export function serverIsNeeded({ connectThrough, runIn, backupTo }: Whereabouts): string | undefined {
  if (runIn === 'server') return 'run-in: server';
  if (connectThrough === 'ssh') return 'connect-through: ssh';
  return backupTo === 'server' ? 'backup-to: server' : undefined;
}

/** What the place needs, and what would be given for nothing and look as if it were used. */
export function placeIsComplete(given: Whereabouts): string | undefined {
  const { runIn = 'runner', host, sshUser, image } = given;
  const wish = serverIsNeeded(given);
  if (runIn !== 'runner' && image === undefined) return `run-in: ${runIn} needs image`;
  if (runIn === 'runner' && image !== undefined) return 'image: goes with run-in: image or server';
  if (wish === undefined) {
    return host === undefined
      ? undefined
      : 'host: goes with connect-through: ssh, run-in: server or backup-to: server';
  }
  if (host === undefined || sshUser === undefined) return `${wish} needs host and ssh-user`;
  return host.length === 1 ? undefined : `host: ${wish} takes one server, not ${host.length}`;
}

export interface PlaceInputs extends ServerInputs, Partial<Inputs<typeof registryFields>> {
  readonly runIn: 'runner' | 'image' | 'server';
  readonly image?: ImageReference | undefined;
  readonly databaseUrl: DatabaseUrl;
}

export interface Place {
  readonly machine: Machine;
  /** Whether an address means there what it means on this machine. */
  readonly isHere: boolean;
  /**
   * Waits for what earlier runs have left at work there; to be called with the lock on the database.
   * @param wait milliseconds
   */
  readonly settle?: (wait: number) => Promise<void>;
}

interface PlacePorts {
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly origin: LockOrigin;
}

/**
 * Makes the place ready while `use` already begins, and leaves nothing of it behind.
 * @throws UserError `ssh-…`, `image-not-found` and the others of Docker, as soon as the place is needed
 */
export async function withPlace<T>(
  inputs: PlaceInputs,
  ports: PlacePorts,
  use: (place: Place) => Promise<T>,
): Promise<T> {
  if (inputs.runIn === 'runner' || inputs.image === undefined) {
    return use({ machine: localMachine, isHere: true });
  }
  const over = new AbortController();
  const signal = AbortSignal.any([ports.signal, over.signal]);
  const host = hostOf(inputs, { ...ports, signal });
  const work = workOf(inputs, inputs.image, ports.origin);
  let isOpen = false;
  const opening = open(host, work, inputs, { ...ports, signal }).then((opened) => {
    isOpen = true;
    return opened;
  });
  const machine = lateMachine(`the image ${work.image} on ${host.name}`, opening);
  const settle = async (wait: number) => {
    await settleEarlierWork({ host, work, ...ports }, wait);
  };
  try {
    return await use({ machine, isHere: inputs.runIn === 'image', settle });
  } finally {
    if (!isOpen) over.abort(new Error('the work is over')); // nobody waits for what comes up for nothing
    await machine.close();
    await host.close();
  }
}

function hostOf(inputs: PlaceInputs, { log, signal }: PlacePorts): Machine {
  if (inputs.runIn === 'image') return localMachine;
  const { sshUser = '', host: [host = ''] = [] } = inputs;
  const server = serverOf({ ...inputs, sshUser }, host);
  return lateMachine(showAccount(server), connectSsh(server, { log, signal }));
}

async function open(
  host: Machine,
  work: WorkContainer,
  inputs: PlaceInputs,
  { log, signal }: PlacePorts,
): Promise<Machine> {
  const started = performance.now();
  const docker = dockerOn(host, { log, signal });
  const login = registryLoginOf(inputs);
  const openIt = () => openContainer(host, work, { log, signal });
  const pullAndOpen = async () => {
    if (inputs.image !== undefined) await docker.pull(inputs.image, login);
    return openIt();
  };
  // A tag that stays means the same image wherever it is: what may be there already is not asked for first.
  const openOrPull = () =>
    openIt().catch(async (error: unknown) => {
      if ((await docker.image(work.image)) !== undefined) throw error;
      return pullAndOpen();
    });
  const machine = await (login === undefined ? openOrPull() : pullAndOpen());
  log.step('Place', machine.name, performance.now() - started);
  return machine;
}

function workOf(inputs: PlaceInputs, image: ImageReference, { run }: LockOrigin): WorkContainer {
  const { host, port, name } = inputs.databaseUrl;
  const address = `${host}:${port === '' ? 5432 : port}/${name}`;
  const database = createHash('sha256').update(address).digest('hex').slice(0, 12);
  const token = randomBytes(4).toString('hex');
  return {
    image: showImage(image),
    name: `tenantry-work-${database}-${token}`,
    database,
    run,
  };
}
