/** An image goes from one Docker to another one without a registry. */
import { pipeline, Readable, Transform } from 'node:stream';
import { createGzip } from 'node:zlib';

import { codeOf, messageOf, UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { showSize } from '../ground/size.ts';
import { lastWords, type Machine, succeeded } from '../machine/machine.ts';
import type { Docker } from './docker.ts';
import { type ImageReference, showImage } from './image.ts';
import { type ArchivedImage, archiveFor, archiveSize, layersInCommon, readArchive } from './image-archive.ts';
import type { Image } from './inspect.ts';
import { dockerVerdict } from './verdict.ts';

export interface TransferPorts {
  /** Where the image is. */
  readonly from: Machine;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** An image that is here, for servers that do not get it from a registry. */
export interface ImageSender {
  /**
   * What it consists of.
   * @throws UserError `image-not-found` when it is not here.
   */
  look(): Promise<ArchivedImage>;
  /**
   * Sends what a server lacks of it, and proves that it has it then.
   * @throws UserError `image-not-sent`
   */
  sendTo(server: Receiver): Promise<Image>;
}

interface Receiver {
  readonly docker: Docker;
  /** For people. */
  readonly name: string;
}

/** Milliseconds for looking at an image here. */
const lookTimeout = 60_000;

export function imageSender(image: ImageReference, ports: TransferPorts): ImageSender {
  let looked: Promise<ArchivedImage> | undefined;
  const look = () => {
    looked ??= lookHere(image, ports);
    return looked;
  };
  return { look, sendTo: async (server) => await sendImage(image, await look(), server, ports) };
}

async function lookHere(image: ImageReference, { from, signal }: TransferPorts): Promise<ArchivedImage> {
  const written = showImage(image);
  const found = await from.run(['docker', 'image', 'inspect', '--format', '{{.Id}}', written], {
    timeout: lookTimeout,
    signal,
  });
  if (!succeeded(found)) {
    if (!/no such image/i.test(found.stderr)) {
      throw dockerVerdict({ failed: `Cannot look at ${written}`, server: from.name, result: found });
    }
    throw new UserError(
      `${written} cannot be sent — Docker on ${from.name} has no such image`,
      'build it in the same job (docker build --tag …, or load: true in the build step), or take transfer: ssh away',
      { code: 'image-not-found' },
    );
  }
  return await saved(written, { from, signal }, (output) => readArchive(output, tagOf(image)));
}

/** The name that the server gives it: without one it would be removed as one that nobody wants. */
function tagOf({ name, tag, digest = '' }: ImageReference): string {
  return `${name}:${tag ?? digest.slice('sha256:'.length, 'sha256:'.length + 12)}`;
}

/** Runs `docker save` and lets somebody read what it prints. */
async function saved<T>(
  tag: string,
  { from, signal }: Pick<TransferPorts, 'from' | 'signal'>,
  read: (output: Readable) => Promise<T>,
): Promise<T> {
  if (from.stream === undefined) throw new Error(`${from.name} cannot be read from`);
  const source = from.stream(['docker', 'save', tag], { signal });
  try {
    const got = await read(source.output);
    return got;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UserError) throw error;
    await source.end();
    const result = await source.ended;
    throw new UserError(
      `${tag} cannot be sent — docker save on ${from.name}: ${result.stderr.trim() === '' ? messageOf(error) : lastWords(result, 1)}`,
      'try "docker save" by hand there; the evidence has all that Docker said',
      { code: 'docker-failed', cause: error, evidence: lastWords(result) },
    );
  } finally {
    await source.end();
  }
}

/** The image on the server, when it is there as it is here. */
export async function sameImage(docker: Docker, { ids }: ArchivedImage): Promise<Image | undefined> {
  return (await docker.image(ids.classic)) ?? (await docker.image(ids.containerd));
}

async function sendImage(
  reference: ImageReference,
  image: ArchivedImage,
  to: Receiver,
  ports: TransferPorts,
): Promise<Image> {
  const common = layersInCommon(image, await to.docker.layerChains());
  const tries = common === 0 ? [0] : [common, 0]; // an engine that cannot do with less gets all of it
  let said = '';
  for (const leftOut of tries) {
    const result = await send({ written: showImage(reference), image, leftOut }, to, ports);
    said = lastWords(result);
    // An engine says that all is well also when it could not unpack what it got.
    const isWhole = succeeded(result) && !/error unpacking/i.test(`${result.stdout}${result.stderr}`);
    const found = isWhole ? await sameImage(to.docker, image) : undefined;
    if (found !== undefined) return found;
    ports.log.debug(`docker load on ${to.name}: ${said}`);
    if (/no space left on device/.test(said)) break;
  }
  const failed = `Cannot send ${image.tag}`;
  const result = { exitCode: 1, signal: null, stdout: '', stderr: said };
  const known = dockerVerdict({ failed, server: to.name, result });
  if (known.code !== 'docker-failed') throw known;
  throw new UserError(
    `${failed} to ${to.name} — it does not have the image after it was loaded: ${said.split('\n').at(-1)}`,
    'try "docker save | ssh … docker load" by hand; the evidence has what Docker said',
    { code: 'image-not-sent', evidence: said },
  );
}

async function send(
  { written, image, leftOut }: { written: string; image: ArchivedImage; leftOut: number },
  { docker, name }: Receiver,
  { from, signal, log }: TransferPorts,
) {
  const total = archiveSize(image, leftOut);
  const all = image.layers.length;
  const rest = leftOut === 0 ? '' : `, ${leftOut} of ${all} layers are there already`;
  log.info(`sending ${image.tag} to ${name}: ${showSize(total)}${rest}`);
  return await saved(written, { from, signal }, async (output) => {
    const archive = Readable.from(archiveFor(image, leftOut, output), { objectMode: false });
    const counted = progress(total, (share) => log.info(`sent ${share} % of ${showSize(total)}`));
    const packed = createGzip({ level: 1 });
    let broken: Error | undefined;
    pipeline(archive, counted, packed, (error) => {
      broken = error ?? undefined;
    });
    const result = await docker.load(packed);
    // When Docker did not want the rest, it says why itself.
    if (broken !== undefined && codeOf(broken) !== 'ERR_STREAM_PREMATURE_CLOSE') throw broken;
    return result;
  });
}

/** Tells each tenth that has gone through, of what takes more than a moment. */
function progress(total: number, tell: (percent: number) => void): Transform {
  let [sent, told] = [0, 0];
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sent += chunk.length;
      const percent = Math.floor((sent / total) * 10) * 10;
      if (total > 16 * 2 ** 20 && percent > told && percent <= 100) {
        told = percent;
        tell(percent);
      }
      done(null, chunk);
    },
  });
}
