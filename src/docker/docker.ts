import type { Readable } from 'node:stream';
import { collectEvidence } from '../diagnosis/collect.ts';
import { type ContainerLog, readLog } from '../diagnosis/container-log.ts';
import type { Evidence } from '../diagnosis/evidence.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { listed } from '../ground/words.ts';
import { type CommandResult, type Machine, type RunOptions, succeeded } from '../machine/machine.ts';
import { archiveOf, lookWhoRuns, readOwner } from './container-files.ts';
import type { ContainerSpec } from './container-spec.ts';
import { digestAmong, type ImageReference, showImage } from './image.ts';
import { type Container, type Image, readContainer, readContainers, readImage } from './inspect.ts';
import { type Layer, readManifest } from './manifest.ts';
import { loginFailed, manifestScript, pullScript, type RegistryLogin } from './registry.ts';
import { connectArguments, createArguments } from './run-arguments.ts';
import { serverScript } from './server-script.ts';
import { dockerVerdict } from './verdict.ts';

/** Docker on one machine. Every failure is a `UserError` with a code of docs/troubleshooting.md. */
export interface Docker {
  /** `linux/amd64`: what the server runs. */
  platform(): Promise<string>;
  /** Pulls an image and returns the digest under which it came. */
  pull(image: ImageReference, login: RegistryLogin | undefined): Promise<string>;
  image(reference: string): Promise<Image | undefined>;
  /** What would be pulled, as the registry says; undefined when it does not. */
  layersOf(
    image: string,
    login: RegistryLogin | undefined,
    platform: string,
  ): Promise<readonly Layer[] | undefined>;
  /** What removing unused images would free, in Docker's words: `1.2GB (60%)`. */
  reclaimable(): Promise<string>;
  /** For each image that is there, its layers from the bottom up, by what they hold (`diffId`s). */
  layerChains(): Promise<string[][]>;
  /** Gives it an archive of images. Whether that helped, the images tell. */
  load(archive: Readable): Promise<CommandResult>;
  container(name: string): Promise<Container | undefined>;
  /** Those that have a label, `name=value`, whatever their state. */
  labelled(label: string): Promise<Container[]>;
  /** Those that exist of some containers, and all that have a label (`NAME=VALUE`), in one look. */
  containers(names: readonly string[], label: string): Promise<Container[]>;
  /** Makes a container, connects it to its networks and gives it its files, without starting it. */
  create(spec: ContainerSpec): Promise<void>;
  start(name: string): Promise<void>;
  /** Asks a container's own health check now, instead of when Docker does. False when there is none. */
  passesOwnCheck(name: string): Promise<boolean>;
  /**
   * Waits until it has ended. Its exit code stays with it.
   * @throws UserError `command-timed-out` after `timeout` milliseconds; it runs on.
   */
  wait(name: string, timeout: number): Promise<void>;
  /** SIGTERM, and SIGKILL after `timeout` milliseconds. */
  stop(name: string, timeout: number): Promise<void>;
  /** Starts it anew, also when a stop of it is under way. */
  restart(name: string, timeout: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  setRestartPolicy(name: string, policy: string): Promise<void>;
  /** Ends it if it runs. Its volumes stay. There being none is as good. */
  remove(name: string): Promise<void>;
  /** Its last lines. */
  logs(name: string, lines: number): Promise<ContainerLog>;
  /** All that the server shows about a container that failed, in one look; never fails. */
  evidence(name: string): Promise<Evidence>;
  /** The names of the running containers that publish a port. */
  publishersOf(port: number, protocol: 'tcp' | 'udp'): Promise<string[]>;
}

export interface DockerPorts {
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Milliseconds: for questions, for small changes, and for an image to come. */
const limits = { ask: 30_000, change: 60_000, pull: 20 * 60_000 } as const;

/** One round trip; one that is removed in between is none. */
const inspectLabelled = `
  ids=$(docker ps --all --quiet --no-trunc --filter "$1") || exit
  [ -n "$ids" ] || { echo '[]'; exit 0; }
  { said=$(docker container inspect $ids 2>&1 >&3); } 3>&1 && exit
  case $said in *[Nn]o such container*) exit 0 ;; esac
  echo "$said" >&2
  exit 1`;

/** A label before names. One that ends while we look is as if it had never been there. */
const inspectAll = `
  label=$1
  shift
  labelled=$(docker ps --all --quiet --no-trunc --filter "label=$label") || exit
  docker container inspect "$@" $labelled`;

const inspectLayers = `
  ids=$(docker image ls --quiet --no-trunc | sort -u) || exit
  [ -z "$ids" ] || docker image inspect --format '{{json .RootFS.Layers}}' $ids 2>/dev/null || true`;

/** Docker on a machine, through its command-line program. */
export function dockerOn(machine: Machine, { signal, log }: DockerPorts): Docker {
  const run = async (argv: readonly string[], options: Partial<RunOptions> = {}): Promise<CommandResult> => {
    try {
      return await machine.run(argv, { timeout: limits.ask, signal, ...options });
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== 'command-not-found') throw error;
      throw dockerVerdict({
        failed: 'Cannot use Docker',
        server: machine.name,
        result: { exitCode: 127, signal: null, stdout: '', stderr: 'docker: not found' },
      });
    }
  };
  /** What must succeed. */
  const must = async (failed: string, args: readonly string[], options: Partial<RunOptions> = {}) => {
    const result = await run(['docker', ...args], options);
    if (succeeded(result)) return result;
    throw dockerVerdict({ failed, server: machine.name, result });
  };
  /** What must succeed with a container: what the server shows tells more than Docker's words. */
  const mustWith = async (name: string, failed: string, args: readonly string[]) => {
    const result = await run(['docker', ...args], { timeout: limits.change });
    if (succeeded(result)) return;
    const port = /:(\d+)(?: failed: port is already|: bind: address already)/.exec(result.stderr)?.[1];
    const ports = port === undefined ? [] : [Number(port)];
    const seen = await collectEvidence(machine, { name, ports, signal });
    throw dockerVerdict({ failed, server: machine.name, result, seen });
  };
  /** What may not exist. */
  const inspect = async (kind: 'container' | 'image', name: string): Promise<string | undefined> => {
    const result = await run(['docker', kind, 'inspect', name]);
    if (succeeded(result)) return result.stdout;
    if (/no such (container|image)/i.test(result.stderr)) return undefined;
    throw dockerVerdict({ failed: `Cannot look at the ${kind} ${name}`, server: machine.name, result });
  };

  /** What a container gets before it starts, as its own user may read it. */
  const giveFiles = async ({ name, files = [] }: ContainerSpec) => {
    if (files.length === 0) return;
    const failed = `Cannot write ${listed(files.map(({ path }) => path))} into the container ${name}`;
    const seen = await run(['sh', '-c', lookWhoRuns, 'sh', name]);
    if (!succeeded(seen)) throw dockerVerdict({ failed, server: machine.name, result: seen });
    const owner = readOwner(seen.stdout);
    if (owner === undefined) {
      throw new UserError(
        `${failed} on ${machine.name} — the image does not know its user`,
        'give the user as a number (USER in the Dockerfile, or the input user)',
        { code: 'image-user-unknown' },
      );
    }
    await must(failed, ['cp', '-', `${name}:/`], { stdin: archiveOf(files, owner), timeout: limits.change });
  };

  return {
    async platform() {
      const format = '{{.Server.Os}}/{{.Server.Arch}}';
      return (await must('Cannot use Docker', ['version', '--format', format])).stdout.trim();
    },

    async pull(image, login) {
      const { argv, stdin } = pullScript(showImage(image), login);
      const result = await run(argv, { timeout: limits.pull, stdin, onLine: (line) => log.debug(line) });
      if (!succeeded(result)) {
        const failed = loginFailed(result)
          ? `Cannot log in to ${login?.registry}`
          : `Cannot pull ${showImage(image)}`;
        throw dockerVerdict({ failed, server: machine.name, result });
      }
      const told = image.digest ?? /^Digest: (sha256:[0-9a-f]{64})$/m.exec(result.stdout)?.[1];
      if (told !== undefined) return told;
      const pulled = await inspect('image', showImage(image));
      const digest = digestAmong(pulled === undefined ? [] : readImage(pulled).repoDigests, image);
      if (digest !== undefined) return digest;
      throw new UserError(
        `${showImage(image)} has no digest on ${machine.name} — Docker did not say under which it came`,
        'give the image by its digest: NAME@sha256:…',
        { code: 'image-without-digest', evidence: result.stdout },
      );
    },

    async image(reference) {
      const json = await inspect('image', reference);
      return json === undefined ? undefined : readImage(json);
    },

    async layersOf(image, login, platform) {
      const ask = async (reference: string) => {
        const { argv, stdin } = manifestScript(reference, login);
        const result = await run(argv, { stdin });
        return succeeded(result) ? readManifest(result.stdout, platform) : undefined;
      };
      const found = await ask(image);
      if (found === undefined || 'layers' in found) return found?.layers;
      const one = await ask(`${image.replace(/@.*$|:[^:/]+$/, '')}@${found.see}`);
      return one !== undefined && 'layers' in one ? one.layers : undefined;
    },

    async reclaimable() {
      const format = '{{if eq .Type "Images"}}{{.Reclaimable}}{{end}}';
      return (
        await must('Cannot look what Docker holds', ['system', 'df', '--format', format])
      ).stdout.trim();
    },

    async layerChains() {
      const result = await run(['sh', '-c', inspectLayers]);
      if (!succeeded(result))
        throw dockerVerdict({ failed: 'Cannot list the images', server: machine.name, result });
      const lines = result.stdout.split('\n').filter((line) => line.startsWith('['));
      return lines.map((line) => JSON.parse(line) as string[]);
    },

    load(archive) {
      return run(['docker', 'load'], {
        timeout: limits.pull,
        stdin: archive,
        onLine: (line) => log.debug(line),
      });
    },

    async container(name) {
      const json = await inspect('container', name);
      return json === undefined ? undefined : readContainer(json);
    },

    async containers(names, label) {
      const result = await run(['sh', '-c', inspectAll, 'containers', label, ...names]);
      const complaints = result.stderr.split('\n').filter((line) => line.trim() !== '');
      if (succeeded(result) || complaints.every((line) => /no such container/i.test(line))) {
        const byId = new Map(readContainers(result.stdout).map((container) => [container.id, container]));
        return [...byId.values()];
      }
      throw dockerVerdict({ failed: 'Cannot look at the containers', server: machine.name, result });
    },

    async labelled(label) {
      const result = await run(['sh', '-c', inspectLabelled, 'sh', `label=${label}`]);
      if (succeeded(result)) return readContainers(result.stdout);
      throw dockerVerdict({ failed: 'Cannot list the containers', server: machine.name, result });
    },

    async wait(name, timeout) {
      await must(`Cannot wait for the container ${name}`, ['wait', name], { timeout });
    },

    async create(spec) {
      const failed = `Cannot create the container ${spec.name}`;
      await mustWith(spec.name, failed, createArguments(spec));
      for (const args of connectArguments(spec)) await must(failed, args, { timeout: limits.change });
      await giveFiles(spec);
    },

    async start(name) {
      await mustWith(name, `Cannot start the container ${name}`, ['start', name]);
    },

    async passesOwnCheck(name) {
      const script = `${serverScript('own-check')}\nown_check "$1"`;
      return succeeded(await run(['sh', '-c', script, 'sh', name]));
    },

    async stop(name, timeout) {
      const seconds = String(Math.ceil(timeout / 1_000));
      await must(`Cannot stop the container ${name}`, ['stop', '-t', seconds, name], {
        timeout: timeout + limits.change,
      });
    },

    async restart(name, timeout) {
      const seconds = String(Math.ceil(timeout / 1_000));
      await must(`Cannot restart the container ${name}`, ['restart', '-t', seconds, name], {
        timeout: timeout + limits.change,
      });
    },

    async setRestartPolicy(name, policy) {
      const failed = `Cannot set the restart policy of ${name}`;
      await must(failed, ['update', '--restart', policy, name], { timeout: limits.change });
    },

    async rename(from, to) {
      await must(`Cannot rename the container ${from}`, ['rename', from, to]);
    },

    async remove(name) {
      const result = await run(['docker', 'rm', '--force', name], { timeout: limits.change });
      if (succeeded(result) || /no such container/i.test(result.stderr)) return;
      throw dockerVerdict({ failed: `Cannot remove the container ${name}`, server: machine.name, result });
    },

    async logs(name, lines) {
      const args = ['logs', '--timestamps', '--tail', String(lines), name];
      const { stdout, stderr } = await must(`Cannot read the log of ${name}`, args);
      return readLog(stdout, stderr);
    },

    evidence: (name) => collectEvidence(machine, { name, signal }),

    async publishersOf(port, protocol) {
      const format = '{{.Names}}';
      const args = ['ps', '--filter', `publish=${port}/${protocol}`, '--format', format];
      const result = await must('Cannot list the containers', args);
      return result.stdout.split('\n').filter((name) => name !== '');
    },
  };
}
