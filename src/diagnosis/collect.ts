import { messageOf } from '../ground/errors.ts';
import type { Machine } from '../machine/machine.ts';
import { readCollected } from './collected.ts';
import type { Evidence } from './evidence.ts';
import { serverScript } from './server-script.ts';

/** Milliseconds for the whole look. */
const budget = 20_000;

/** The shell function `collect`, for programs that have to look before they put things away. */
export function collector(): string {
  return serverScript('collect');
}

interface Wanted {
  /** Of the container. */
  readonly name: string;
  /** Ports of the server, where it matters who has them. */
  readonly ports?: readonly number[];
  readonly signal: AbortSignal;
}

/**
 * Everything that a server shows about a container that failed: one round trip, at most 20 s, changes nothing. It is
 * called when something has failed already: what cannot be seen is told in `unread`, never thrown.
 */
export async function collectEvidence(
  machine: Machine,
  { name, ports = [], signal }: Wanted,
): Promise<Evidence> {
  const argv = ['sh', '-c', `${collector()}\ncollect "$@"`, 'collect', name, ...ports.map(String)];
  try {
    const from = Date.now();
    const { stdout } = await machine.run(argv, { timeout: budget, signal });
    return { ...readCollected(stdout, machine.name, { from, to: Date.now() }), name };
  } catch (error) {
    signal.throwIfAborted();
    return { server: machine.name, name, unread: [`anything of the server (${messageOf(error)})`] };
  }
}
