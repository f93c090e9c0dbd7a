import { control } from '../../../lab/lab.ts';
import { deployment } from './deployment.ts';
import type { Row } from './row.ts';

const clean =
  'docker ps -aq --filter name=diagnosed | xargs -r docker rm -f >/dev/null; rm -rf /home/deploy/.tenantry/diagnosed-app';

/** What only a whole deployment meets. */
export const deploymentRows: readonly Row[] = [
  {
    row: 60,
    failure: 'migration before the switch fails',
    provoked: 'a pre-deploy command that raises',
    code: 'pre-deploy-failed',
    says: 'no migrations for you',
    provoke: (scene) =>
      deployment(scene, {
        preDeploy: [
          {
            name: 'migrate',
            run: ['python3', '-c', "raise RuntimeError('no migrations for you')"],
            blocking: true,
            timeout: 30_000,
          },
        ],
      }),
  },
  {
    row: 61,
    failure: 'another deployment holds the lock',
    provoked: 'a lease that is fresh',
    code: 'deployment-locked',
    says: 'https://example.com/runs/',
    async provoke(scene) {
      const [one, other] = await Promise.allSettled([
        deployment(scene, {}),
        deployment(scene, { run: 'https://example.com/runs/2' }),
      ]);
      const failures = [one, other].flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
      await scene.root(clean);
      const found = failures.find(({ code }) => code === 'deployment-locked');
      if (found === undefined)
        throw new Error(`both got through, or both failed: ${failures.map(({ sentence }) => sentence)}`);
      return found;
    },
  },
  {
    row: 12,
    failure: 'sudo needs a password',
    provoked: 'strategy: bridge with an account that may not use sudo',
    code: 'strategy-impossible',
    says: 'sudo',
    async provoke(scene) {
      await control(scene.host.name).run([
        'sh',
        '-c',
        'mkdir -p /srv/away; mv /etc/sudoers.d/* /srv/away/ 2>/dev/null; true',
      ]);
      try {
        await scene.root(clean);
        await scene.root(
          `docker run -d --name diagnosed-app -p 18997:8000 ${scene.image} node /app/server.js`,
        );
        return await deployment(scene, { strategy: 'bridge' });
      } finally {
        await scene.root('mv /srv/away/* /etc/sudoers.d/ 2>/dev/null; true');
        await scene.root(clean);
      }
    },
  },
];
