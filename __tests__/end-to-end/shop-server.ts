import { command } from '../../lab/command.ts';
import { control, type Lab } from '../../lab/lab.ts';
import { ask } from '../../src/health/http.ts';

/** What runs on the lab's first host, as a visitor and as its administrator see it. */
export interface ShopServer {
  readonly port: string;
  /** What `/health/` says on each of these domains. */
  answers(domains: readonly string[]): Promise<ShopAnswer[]>;
  /** Of the image that the container runs, as the host knows it under this repository. */
  digestOf(container: string, repository: string): Promise<string | undefined>;
  /** Every container of this name: which it is, and since when it runs. */
  containers(container: string): Promise<string[]>;
  /** Whether a run that is alive, or was within the last 90 seconds, may deploy and nobody else. */
  isHeld(container: string): Promise<boolean>;
  /** Removes a container, the older ones beside it, its uploads and its env files. */
  remove(container: string): Promise<void>;
}

interface ShopAnswer {
  readonly status: number | undefined;
  readonly release: string | undefined;
  readonly schema: unknown;
}

export function shopServer({ docker, host1 }: Lab, port: string): ShopServer {
  const onHost = (...args: string[]) => command([docker, '--host', host1.dockerHost, ...args]);
  return {
    port,
    answers: (domains) =>
      Promise.all(domains.map((domain) => answerOf(`http://${host1.address}:${port}/health/`, domain))),
    async digestOf(container, repository) {
      const label = `label=tenantry.app=${container}`;
      // The newest first: the one before may still have connections that come to their end.
      const [newest = ''] = (await onHost('ps', '--quiet', '--filter', label)).trim().split('\n');
      const image = (await onHost('container', 'inspect', '--format', '{{.Image}}', newest)).trim();
      const digests: string[] = JSON.parse(
        await onHost('image', 'inspect', '--format', '{{json .RepoDigests}}', image),
      );
      return digests.find((digest) => digest.startsWith(`${repository}@`))?.split('@')[1];
    },
    async containers(container) {
      const ids = await onHost('ps', '--all', '--quiet', '--filter', `label=tenantry.app=${container}`);
      const format = '{{.Id}} {{.State.StartedAt}}';
      const said = await onHost('container', 'inspect', '--format', format, ...ids.trim().split('\n'));
      return said.trim().split('\n').sort();
    },
    async isHeld(container) {
      const lease = `/home/${host1.user}/.tenantry/${container}/switch/lease/heartbeat`;
      const newer = ['find', lease, '-newermt', '-90 seconds'];
      return (
        (
          await control('host1').run(['sh', '-c', `${newer.map((word) => `'${word}'`).join(' ')} 2>&1 || :`])
        ).trim() === lease
      );
    },
    async remove(container) {
      const names = await onHost('ps', '--all', '--format', '{{.Names}}', '--filter', `name=^/?${container}`);
      for (const name of names.split('\n').filter((line) => line !== '')) await onHost('rm', '--force', name);
      await onHost('volume', 'rm', '--force', `${container}-media`);
      await control('host1').run(['rm', '-rf', `/home/${host1.user}/.tenantry/${container}`]);
    },
  };
}

async function answerOf(url: string, host: string): Promise<ShopAnswer> {
  const answer = await ask({ url: new URL(url), host, headers: {} }, 10_000, new AbortController().signal);
  if (answer.kind !== 'answer') return { status: undefined, release: undefined, schema: undefined };
  return {
    status: answer.status,
    release: answer.headers['x-release'],
    schema: answer.body.startsWith('{') ? JSON.parse(answer.body).schema : answer.body,
  };
}

/** What the lab's registry has under a tag; undefined when it has nothing. */
export async function digestInRegistry(
  { registry }: Lab,
  repository: string,
  tag: string,
): Promise<string | undefined> {
  const { address, username, password } = registry;
  const answer = await fetch(`http://${address}/v2/${repository}/manifests/${tag}`, {
    method: 'HEAD',
    headers: {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      accept:
        'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json',
    },
  });
  return answer.headers.get('docker-content-digest') ?? undefined;
}
