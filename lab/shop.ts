import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from './command.ts';
import { venv } from './python.ts';
import type { Lab } from './read-lab.ts';
import { provideWheels } from './wheels.ts';

/** The example application. */
export const shopFolder = join(import.meta.dirname, '../examples/shop');

/** The Python that has what the shop is installed from. */
export async function shopPython(): Promise<string> {
  return venv(await readFile(join(shopFolder, 'requirements.txt'), 'utf8'));
}

export interface ShopImage {
  /** `REGISTRY/shop:RELEASE`. */
  readonly image: string;
  /** `sha256:…`, as the registry has it. */
  readonly digest: string;
}

/** Where an image is built, and where it is pushed to. */
export interface Workshop {
  /** A `docker` client. */
  readonly docker: string;
  /** The engine; the client's own choice where it is left out. */
  readonly dockerHost?: string;
  readonly registry: { readonly address: string; readonly username?: string; readonly password?: string };
  /** The image that the Dockerfile starts from; its own choice where it is left out. */
  readonly baseImage?: string;
  /** Puts the packages beside the Dockerfile, where a build has no index to ask. */
  readonly providePackages?: (folder: string) => Promise<unknown>;
}

/** Builds in the lab have no package index and no registry but the lab's own. */
export function workshopOf(lab: Lab): Workshop {
  return {
    docker: lab.docker,
    dockerHost: lab.builder.dockerHost,
    registry: lab.registry,
    baseImage: lab.baseImage,
    providePackages: (folder) => provideWheels(join(folder, 'requirements.txt'), join(folder, 'wheels')),
  };
}

/**
 * Builds the shop (or a changed copy of it) as its users do, and pushes it.
 * @param release the tag, and what `/health/` says
 */
export async function buildShop(
  workshop: Workshop,
  release: string,
  folder: string = shopFolder,
): Promise<ShopImage> {
  const { registry, baseImage } = workshop;
  const work = await mkdtemp(join(tmpdir(), 'tenantry-shop-'));
  const context = join(work, 'shop');
  const env = {
    ...process.env,
    DOCKER_CONFIG: join(work, 'docker'),
    DOCKER_BUILDKIT: '0',
    ...(workshop.dockerHost === undefined ? {} : { DOCKER_HOST: workshop.dockerHost }),
  };
  const docker = (args: readonly string[], stdin = '') => command([workshop.docker, ...args], { env, stdin });
  const image = `${registry.address}/shop:${release}`;
  try {
    await cp(folder, context, { recursive: true });
    await workshop.providePackages?.(context);
    if (registry.username !== undefined) {
      const login = ['login', '--username', registry.username, '--password-stdin', registry.address];
      await docker(login, registry.password);
    }
    const base = baseImage === undefined ? [] : ['--build-arg', `BASE_IMAGE=${baseImage}`];
    await docker(['build', '--quiet', ...base, '--build-arg', `RELEASE=${release}`, '--tag', image, context]);
    await docker(['push', '--quiet', image]);
    const said = await docker(['image', 'inspect', '--format', '{{json .RepoDigests}}', image]);
    return { image, digest: String(JSON.parse(said)[0]).split('@')[1] ?? '' };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
