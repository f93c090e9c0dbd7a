import type { Machine, RunOptions } from './machine.ts';
import { readByShell, writeByShell } from './shell-files.ts';
import { runOn } from './ssh-command.ts';
import { converseOn } from './ssh-conversation.ts';
import { channelTimeout, lossOf, type SshClient, type SshSession } from './ssh-session.ts';

/**
 * A server behind an SSH connection. It is asked for a sign of life first, so that an account that cannot run
 * commands is recognised at once.
 * @throws UserError `ssh-shell-unusable`
 */
export async function sshMachine(
  client: SshClient,
  { name, signal, close }: { name: string; signal: AbortSignal; close(): Promise<void> },
): Promise<Machine> {
  const session: SshSession = { name, client, lost: lossOf(client) };
  const run = (argv: readonly string[], options: RunOptions) => runOn(session, argv, options);
  try {
    await run(['true'], { timeout: channelTimeout, signal });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    name,
    run,
    converse: (argv, options) => converseOn(session, argv, options),
    writeFile: (path, content, { mode }) => writeByShell({ name, run }, path, content, mode),
    readFile: (path) => readByShell({ name, run }, path),
    close,
  };
}
