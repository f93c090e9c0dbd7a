/** Deployments of versions that are no good: what the clients of the old one notice, and what is said. */
import type { Course, Site } from '../../__tests__/integration/deployment/site.ts';
import type { DeployRequest } from '../../src/deployment/request/request.ts';
import { counts, deploy, left, mustDeploy, request, seconds, underLoad } from './scene.ts';
import { table } from './table.ts';

/** Seconds that a version has to become healthy. */
const healthTimeout = 8;

interface Bad {
  readonly called: string;
  readonly tag: string;
  readonly changes?: (site: Site) => Partial<DeployRequest>;
  /** It had the traffic when it failed. */
  readonly isLate?: boolean;
}

const versions: readonly Bad[] = [
  { called: 'no such image', tag: 'never-built' },
  { called: 'crashes at boot', tag: 'crash' },
  { called: 'ends by itself, exit 0', tag: 'end' },
  { called: 'crashes again and again', tag: 'crash', changes: () => ({ restart: 'always' }) },
  { called: 'command not in the image', tag: 'b', changes: () => ({ command: ['no-such-program'] }) },
  { called: 'answers 500', tag: 'sick' },
  { called: 'listens on another port', tag: 'port' },
  { called: 'never becomes ready', tag: 'slow' },
  {
    called: 'its own check says unhealthy',
    tag: 'b',
    changes: () => ({
      health: { command: 'exit 1', interval: 1_000, timeout: 1_000, retries: 2, startPeriod: 0 },
    }),
  },
  { called: 'database away: asks for 5 s, then ends', tag: 'no-database' },
  { called: 'memory limit too small', tag: 'b', changes: () => ({ memory: 8 * 2 ** 20 }) },
  {
    called: 'mount source missing',
    tag: 'b',
    changes: () => ({ mounts: missingMount, sharedVolumes: true }),
  },
  { called: 'becomes unhealthy in the bake', tag: 'sickens', isLate: true },
  { called: 'dies in the bake', tag: 'dies', isLate: true },
];

const missingMount: DeployRequest['mounts'] = [
  { type: 'bind', source: '/srv/never-made', target: '/data', readOnly: true },
];

const heading = [
  'new version',
  'sent',
  'failed',
  'gap',
  'told after',
  'result',
  'code',
  'serves',
  'left over',
];

/**
 * Prints the table.
 * @param wanted tags of versions; all when there is none among them
 */
export async function failingTable(
  site: Site,
  { rounds, rate, wanted: words }: { rounds: number; rate: number; wanted: readonly string[] },
  tell: (row: string[]) => void,
): Promise<void> {
  const rows: string[][] = [];
  await site.clear();
  await mustDeploy(site, request(site, 'a', { strategy: site.startStrategy }));
  const some = versions.filter(({ tag }) => words.includes(tag));
  for (const bad of some.length === 0 ? versions : some) {
    for (let round = 0; round < rounds; round += 1) {
      const wanted = request(site, bad.tag, {
        healthTimeout: healthTimeout * 1_000,
        bake: 15_000,
        ...bad.changes?.(site),
      });
      const { load, duration, done } = await underLoad(site, { rate }, () => deploy(site, wanted));
      const { outcome }: Course = done;
      const row = [
        bad.called,
        ...counts(load),
        seconds(duration),
        outcome.result,
        outcome.failure?.code ?? '',
        (await site.answer()).split(' ')[0] ?? '',
        (await left(site)) ?? 'nothing',
      ];
      tell(row);
      rows.push(row);
    }
  }
  console.log(table(heading, rows));
}
