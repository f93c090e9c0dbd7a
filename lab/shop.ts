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
  /** `IP:PORT/shop:RELEASE`. */
  readonly image: string;
  /** `sha256:…`, as the registry has it. */
  readonly digest: string;
}

/**
 * Builds the shop (or a changed copy of it) as its users do, and pushes it to the lab's registry.
 * @param release the tag, and what `/health/` says
 */
export async function buildShop(lab: Lab, release: string, folder: string = shopFolder): Promise<ShopImage> {
  const work = await mkdtemp(join(tmpdir(), 'tenantry-shop-'));
  const config = join(work, 'docker');
  const context = join(work, 'shop');
  const env = {
    ...process.env,
    DOCKER_HOST: lab.builder.dockerHost,
    DOCKER_CONFIG: config,
    DOCKER_BUILDKIT: '0',
  };
  const docker = (args: readonly string[], stdin?: string) =>
    command([lab.docker, ...args], { env, ...(stdin === undefined ? {} : { stdin }) });
  const image = `${lab.registry.address}/shop:${release}`;
  try {
    await cp(folder, context, { recursive: true });
    await provideWheels(join(folder, 'requirements.txt'), join(context, 'wheels'));
    await docker(
      ['login', '--username', lab.registry.username, '--password-stdin', lab.registry.address],
      lab.registry.password,
    );
    const buildArgs = ['--build-arg', `BASE_IMAGE=${lab.baseImage}`, '--build-arg', `RELEASE=${release}`];
    await docker(['build', '--quiet', ...buildArgs, '--tag', image, context]);
    await docker(['push', '--quiet', image]);
    const digests = JSON.parse(
      await docker(['image', 'inspect', '--format', '{{json .RepoDigests}}', image]),
    );
    return { image, digest: String(digests[0]).split('@')[1] ?? '' };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
