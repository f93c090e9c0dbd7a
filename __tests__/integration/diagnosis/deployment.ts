import { deployContainer } from '../../../src/deployment/fleet/deploy.ts';
import type { DeployRequest } from '../../../src/deployment/request/request.ts';
import { parseImage } from '../../../src/docker/image.ts';
import type { UserError } from '../../../src/ground/errors.ts';
import { connectSsh } from '../../../src/machine/ssh.ts';
import { imageForAnotherProcessor } from '../deployment/test-images.ts';
import { KeptLog, sshServerOf } from '../lab-server.ts';
import type { Scene } from './scene.ts';

const signal = new AbortController().signal;

/** Of a deployment that must fail. */
export function deployment(scene: Scene, changes: Partial<DeployRequest>): Promise<UserError> {
  return scene.failure(() => deploy(scene, changes));
}

/** @returns what was told. */
export async function deploy(scene: Scene, changes: Partial<DeployRequest>): Promise<KeptLog> {
  const { address, username, password } = scene.lab.registry;
  const log = new KeptLog();
  const [outcome] = await deployContainer(
    {
      hosts: [scene.host.address],
      container: 'diagnosed-app',
      environment: 'test',
      image: parseImage(scene.image),
      registryLogin: { registry: address, username, password },
      ports: [{ address: undefined, hostPort: 18_997, containerPort: 8000, protocol: 'tcp' }],
      mounts: [],
      networks: [],
      extraHosts: [],
      labels: {},
      restart: 'no',
      env: {},
      requiredEnv: [],
      healthUrl: 'http://{host}:18997/',
      healthTimeout: 5_000,
      stopTimeout: 2_000,
      strategy: 'recreate',
      sharedVolumes: false,
      bake: 0,
      drainTimeout: 1_000,
      run: 'https://example.com/runs/1',
      dryRun: false,
      command: ['node', '/app/server.js'],
      ...changes,
    } as DeployRequest,
    {
      connect: (_host, limit) => connectSsh(sshServerOf(scene.host), { signal: limit, log }),
      log,
      signal,
      standing() {},
    },
  );
  if (outcome?.failure !== undefined) throw outcome.failure;
  return log;
}

/** Pulling such an image fails nowhere: it is refused before anything is touched. */
export async function otherPlatformImage(scene: Scene): Promise<UserError> {
  const { address, username, password } = scene.lab.registry;
  const image = `${address}/test/diagnosis:arm64`;
  await scene.root(`
    echo '${password}' | docker login --username ${username} --password-stdin ${address} 2>/dev/null
    ${imageForAnotherProcessor(image)}
    docker push --quiet ${image}; docker logout ${address}; docker rmi ${image}`);
  return deployment(scene, { image: parseImage(image) });
}
