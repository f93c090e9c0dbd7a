import type { ByteStream, CommandResult, StreamOptions } from './machine.ts';
import { cannotStart, endGroup, startGroup } from './process-group.ts';

/** `Machine.stream` on this machine. */
export function streamLocally(argv: readonly string[], options: StreamOptions): ByteStream {
  options.signal?.throwIfAborted();
  const child = startGroup(argv, options);
  const [program = ''] = argv;
  child.stdin.on('error', () => {});
  child.stdin.end();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const onAbort = () => void endGroup(child);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const ended = new Promise<CommandResult>((resolve, reject) => {
    child.once('error', (error) => reject(cannotStart(program, options.workingDirectory, error)));
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, stdout: '', stderr }));
  }).finally(() => options.signal?.removeEventListener('abort', onAbort));
  ended.catch(() => {}); // whoever waits for it is told
  return {
    output: child.stdout,
    ended,
    async end() {
      child.stdout.destroy();
      await endGroup(child);
    },
  };
}
