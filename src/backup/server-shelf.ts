import { createReadStream } from 'node:fs';
import { appendFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { UserError } from '../ground/errors.ts';
import { type CommandResult, lastWords, type Machine, succeeded } from '../machine/machine.ts';
import { sha256Of } from './checksum.ts';
import { manifestFile } from './manifest.ts';
import { standingOf, workshop } from './runner-shelf.ts';
import { ourFile, type Shelf, unfinishedEnd } from './shelf.ts';

const shortly = 60_000;
/** Milliseconds for one archive on its way. */
const transferTimeout = 2 * 60 * 60_000;
/** So many MiB are fetched with one command. */
const fetchedAtOnce = 16;

/** Takes standard input into a file that nobody else may read. Arguments: its path. */
const receive = 'umask 077 && cat > "$1"';

/** Backups in a folder of a server; folders have mode 700, files 600. What is in the making is made on this machine. */
export function serverShelf(
  folder: string,
  { machine, signal }: { machine: Machine; signal: AbortSignal },
): Shelf {
  const run = (argv: readonly string[], timeout = shortly) =>
    machine.run(argv, { timeout, signal, env: { LC_ALL: 'C' } });
  const must = async (argv: readonly string[], timeout?: number) => {
    const result = await run(argv, timeout);
    if (succeeded(result)) return result;
    throw cannotWrite(machine, folder, result);
  };
  let copies: Promise<string> | undefined;
  return {
    place: machine.name,
    folder,
    async begin(id) {
      const unfinished = `${folder}/${id}${unfinishedEnd}`;
      await must(['sh', '-c', 'umask 077 && mkdir -p -- "$1"', 'sh', unfinished]);
      const here = await workshop();
      return {
        workshop: here,
        async take(file) {
          const [from, to] = [join(here, file), `${unfinished}/${file}`];
          const sent = await machine.run(['sh', '-c', receive, 'sh', to], {
            timeout: transferTimeout,
            signal,
            stdin: createReadStream(from),
          });
          if (!succeeded(sent)) throw cannotWrite(machine, folder, sent);
          // A connection that breaks looks like the end of the file.
          const arrived = await must(['sha256sum', '--', to], transferTimeout);
          if (!arrived.stdout.includes(await sha256Of(from)))
            throw cannotWrite(machine, folder, { ...arrived, stdout: 'only a part of it arrived' });
          await rm(from);
        },
        async finish() {
          const whole = `${folder}/${id}`;
          await must(['mv', '--', unfinished, whole]);
          await rm(here, { recursive: true, force: true });
          return whole;
        },
        async giveUp() {
          await rm(here, { recursive: true, force: true }).catch(() => {});
          await machine.run(['rm', '-rf', '--', unfinished], { timeout: shortly }).catch(() => {});
        },
      };
    },
    async list() {
      const listed = await run(['ls', '-1', '--', folder]);
      return standingOf(succeeded(listed) ? listed.stdout.split('\n').sort() : []);
    },
    manifest: (id) => machine.readFile(`${folder}/${id}/${manifestFile}`),
    async fetch(id, file) {
      copies ??= workshop();
      return await fetchFile(`${folder}/${id}/${file}`, join(await copies, basename(file)), machine, signal);
    },
    async remove(name) {
      const listed = await must(['ls', '-1', '--', `${folder}/${name}`]);
      const ours = listed.stdout.split('\n').filter((file) => ourFile.test(file));
      if (ours.length > 0) await must(['rm', '-f', '--', ...ours.map((file) => `${folder}/${name}/${file}`)]);
      await run(['rmdir', '--', `${folder}/${name}`]); // fails where somebody has put something there
    },
    async close() {
      if (copies !== undefined) await rm(await copies, { recursive: true, force: true });
    },
  };
}

/** In pieces, as text: what a command prints is text, and a piece is proven by its length. */
async function fetchFile(from: string, to: string, machine: Machine, signal: AbortSignal): Promise<string> {
  const unread = (result: CommandResult) =>
    new UserError(
      `Cannot read ${from} on ${machine.name} — ${lastWords(result, 1)}`,
      'see what is there; nothing was changed',
      { code: 'cannot-read', evidence: lastWords(result) },
    );
  const asked = await machine.run(['wc', '-c', '--', from], {
    timeout: shortly,
    signal,
    env: { LC_ALL: 'C' },
  });
  if (!succeeded(asked)) throw unread(asked);
  const length = Number.parseInt(asked.stdout, 10);
  await rm(to, { force: true });
  const script = 'dd if="$1" bs=1048576 skip="$2" count="$3" 2>/dev/null | base64';
  for (let piece = 0; piece * fetchedAtOnce * 2 ** 20 < length; piece += 1) {
    const argv = ['sh', '-c', script, 'sh', from, String(piece * fetchedAtOnce), String(fetchedAtOnce)];
    const got = await machine.run(argv, { timeout: transferTimeout, signal });
    if (!succeeded(got)) throw unread(got);
    await appendFile(to, Buffer.from(got.stdout, 'base64'), { mode: 0o600 });
  }
  if ((await stat(to)).size === length) return to;
  throw unread({ exitCode: 0, signal: null, stdout: 'only a part of it arrived', stderr: '' });
}

function cannotWrite(machine: Machine, folder: string, result: CommandResult): UserError {
  const words = lastWords(result, 1);
  const isFull = /No space left|quota exceeded/i.test(words);
  return new UserError(
    `Cannot write a backup into ${folder} on ${machine.name} — ${words === '' ? 'the command said nothing' : words}`,
    `${isFull ? 'free space there' : 'give this account the right to write there'}, or choose another folder (backup-folder); nothing was changed`,
    { code: isFull ? 'disk-full' : 'cannot-write', evidence: lastWords(result) },
  );
}
