import { readFileSync } from 'node:fs';

import { bringDown, bringUp, type Lab, readLab } from '../../lab/lab.ts';
import { buildShop, workshopOf } from '../../lab/shop.ts';
import { removeShop, type Scene } from './scene.ts';

/** Servers simulated on this machine. What was up before stays up. */
export async function labScene(progress: (line: string) => void): Promise<Scene> {
  const wasUp = isUp();
  const parts = ['postgres18', 'registry', 'builder', 'base-image', 'host1'] as const;
  const lab = await bringUp(parts, (part, text, seconds) => {
    progress(`${part.padEnd(12)}${text}${seconds === undefined ? ' …' : `   ${seconds.toFixed(1)} s`}`);
  });
  const { address, sshPort, user, privateKeyPath, hostKeyFingerprint } = lab.host1;
  return {
    about: 'PostgreSQL 18, a registry, a builder, a server with Docker and SSH',
    superuserUrl: lab.postgres.v18.superuserUrl,
    site: {
      server: {
        host: address,
        port: sshPort,
        user,
        privateKey: readFileSync(privateKeyPath, 'utf8'),
        fingerprint: hostKeyFingerprint,
      },
      registry: lab.registry,
      build: (release) => buildShop(workshopOf(lab), release),
      urlInside: (url) => url,
      extraHosts: '',
      publish: '8000:8000',
      web: { host: address, port: 8000 },
    },
    close: () => (wasUp ? removeContainer(lab) : bringDown()),
  };
}

function isUp(): boolean {
  try {
    readLab();
    return true;
  } catch {
    return false;
  }
}

async function removeContainer(lab: Lab): Promise<void> {
  const env = { ...process.env, DOCKER_HOST: lab.host1.dockerHost };
  await removeShop(lab.docker, env);
}
