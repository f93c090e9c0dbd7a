import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { LostConnection, messageOf } from '../ground/errors.ts';
import { conversationWith, type Partner } from './conversation.ts';
import { type CommandResult, type Conversation, type ConverseOptions, lastWords } from './machine.ts';
import { nameOf, signalCommand, startRefusal } from './ssh-command.ts';
import { remoteCommand } from './ssh-script.ts';
import { openChannel, type SshChannel, type SshSession } from './ssh-session.ts';

/** `Machine.converse` over SSH. */
export async function converseOn(
  session: SshSession,
  argv: readonly string[],
  options: ConverseOptions,
): Promise<Conversation> {
  options.signal?.throwIfAborted();
  const marker = `tenantry-${randomBytes(8).toString('hex')}`;
  const { line, script } = remoteCommand(argv, { ...options, marker });
  const what = `${nameOf(argv)} on ${session.name}`;
  const channel = await openChannel(session, line, what);
  let processId: number | undefined;
  const partner = partnerOn(session, channel, what, () => processId);
  const conversation = conversationWith(partner, options);
  channel.write(script);
  processId = await startOf(conversation, marker);
  if (processId !== undefined) return conversation;

  const result = await conversation.ended;
  options.signal?.throwIfAborted();
  const refusal = startRefusal(session.name, argv, { ...options, ...result, marker });
  throw refusal ?? new LostConnection(what, lastWords(result, 1) || 'the session ended without a word');
}

function partnerOn(
  session: SshSession,
  channel: SshChannel,
  name: string,
  processId: () => number | undefined,
): Partner {
  let ending: Pick<CommandResult, 'exitCode' | 'signal'> = { exitCode: null, signal: null };
  channel.on('exit', (code: number | null, signal?: string) => {
    ending = { exitCode: code ?? null, signal: signal ?? null };
  });
  const closed = new Promise<void>((resolve) => channel.once('close', () => resolve()));
  const lost = session.lost.catch((error) => {
    channel.destroy(new Error(messageOf(error)));
  });
  return {
    name,
    input: channel,
    output: channel,
    errors: channel.stderr,
    exited: Promise.race([closed, lost]).then(() => ending),
    async stop() {
      const id = processId();
      for (const signal of ['TERM', 'KILL'] as const) {
        if (id !== undefined) await signalCommand(session, id, signal).catch(() => {});
        const over = closed.then(() => true);
        if (await Promise.race([over, sleep(4_000, false, { ref: false })])) return;
      }
      channel.close();
    },
    tidy() {},
  };
}

/** Takes what the login shell says before the program begins. @returns its process; undefined when it never began */
async function startOf(conversation: Conversation, marker: string): Promise<number | undefined> {
  const start = new RegExp(`${marker} (\\d+)$`);
  for (;;) {
    const line = await conversation.receive();
    if (line === undefined) return undefined;
    const [, id] = start.exec(line) ?? [];
    if (id !== undefined) return Number(id);
  }
}
