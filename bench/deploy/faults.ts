/** Deployments to which something happens on their way, and the runs that come after them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Course, Site } from '../../__tests__/integration/deployment/site.ts';
import { sshServerOf } from '../../__tests__/integration/lab-server.ts';
import { control } from '../../lab/lab.ts';
import type { DeployRequest } from '../../src/deployment/request/request.ts';
import { met, waiting } from './held.ts';
import { type Runner, startRunner } from './runner.ts';
import { type Way, wayOf } from './ways.ts';

export interface FaultKind {
  readonly called: string;
  /** Only where a program on the server does the work, or where there is another server that serves. */
  readonly needs?: 'program' | 'another node';
  /** Before the deployment, once for all rows. */
  prepare?(site: Site): Promise<void>;
  /** The end of `prepare`. */
  finish?(site: Site): Promise<void>;
  /** What happens while the deployment waits at its step. */
  strike(scene: { site: Site; runner: Runner }): Promise<void>;
  /** What becomes of it by itself, once the deployment goes on. */
  mend?(site: Site, runner: Runner): Promise<void>;
  /** What serves goes down with it, whatever a deployment does. */
  readonly takesSiteDown?: boolean;
}

type Strike = FaultKind['strike'];

const killProgram: Strike = async ({ site }) => {
  await site.onServer("pkill -KILL -f '^sh program ' || true");
};
const killRunner: Strike = async ({ runner }) => {
  runner.process.kill('SIGKILL');
  await runner.ended;
};
const reboot: Strike = ({ site }) => control(site.host.name).reboot();

function otherNode({ otherNode: name }: Site) {
  if (name === undefined) throw new Error('there is one server only');
  return control(name);
}

/** One after the other. */
function inTurn(...strikes: readonly Strike[]): Strike {
  return async (scene) => {
    for (const strike of strikes) await strike(scene);
  };
}

/** Where the lab's hosts keep what the disk holds: each becomes a small disk of its own. */
const disks = [
  { folder: '/var/lib/docker', size: '700m', owner: 'root' },
  { folder: '/home/deploy/.tenantry', size: '2m', owner: 'deploy' },
] as const;

async function smallDisks(site: Site): Promise<void> {
  const engine = control(site.host.name);
  await engine.stop();
  for (const { folder, size, owner } of disks) {
    await site.onServer(
      `[ -d ${folder} ] || install -d -o ${owner} -g ${owner} ${folder}; mount -t tmpfs -o size=${size} tmpfs ${folder} && chown ${owner}: ${folder}`,
    );
  }
  await engine.start();
}

async function largeDisks(site: Site): Promise<void> {
  const engine = control(site.host.name);
  await engine.stop();
  for (const { folder } of disks) await site.onServer(`umount -R -l ${folder}`);
  await engine.start();
}

const fill = disks
  .map(({ folder }) => `cat /dev/zero >${folder}/filling 2>/dev/null; [ -s ${folder}/filling ]`)
  .join('; ');
const free = disks.map(({ folder }) => `rm -f ${folder}/filling`).join('; ');

/** Milliseconds that Docker, or sshd, is away. */
const away = 2_000;

export const faults = {
  runner: { called: 'runner killed', strike: killRunner },
  program: { called: 'program killed', needs: 'program', strike: killProgram },
  both: {
    called: 'runner and program killed',
    needs: 'program',
    strike: inTurn(killProgram, killRunner),
  },
  sshd: {
    called: 'sshd killed',
    strike: async ({ site }) => void (await site.onServer('pkill -KILL -x sshd || true')),
    async mend(site) {
      await sleep(away);
      await control(site.host.name).startSsh();
    },
  },
  reboot: { called: 'server rebooted', takesSiteDown: true, strike: reboot },
  'reboot-both': {
    called: 'server rebooted, runner killed',
    takesSiteDown: true,
    strike: inTurn(killRunner, reboot),
  },
  docker: {
    called: 'Docker stopped',
    takesSiteDown: true,
    strike: ({ site }) => control(site.host.name).stop(),
    async mend(site) {
      await sleep(away);
      await control(site.host.name).start();
    },
  },
  node: {
    called: 'Docker of a worker stopped',
    needs: 'another node',
    // Swarm does not spread tasks anew: all of them may have been there.
    takesSiteDown: true,
    strike: ({ site }) => otherNode(site).stop(),
    async mend(site, runner) {
      await Promise.race([runner.ended, sleep(60_000)]);
      await otherNode(site).start();
    },
  },
  disk: {
    called: 'disk full',
    prepare: smallDisks,
    finish: largeDisks,
    strike: async ({ site }) => void (await site.onServer(fill)),
    async mend(site, runner) {
      await Promise.race([runner.ended, sleep(60_000)]);
      await site.onServer(free);
    },
  },
} as const satisfies Readonly<Record<string, FaultKind>>;
export type Fault = keyof typeof faults;

/** Whether what serves goes down with a fault, whatever a deployment does. */
export function isDownWith({ needs, takesSiteDown }: FaultKind, { servesElsewhere }: Way): boolean {
  return takesSiteDown === true && (needs === 'another node' || servesElsewhere !== true);
}

/** Why a fault cannot happen to a way; undefined where it can. */
export function absence({ needs }: FaultKind, { driver, servesElsewhere }: Way): string | undefined {
  if (needs === 'program' && driver.kind !== 'program') return 'the runner works; no program does';
  if (needs === 'another node' && servesElsewhere !== true) return 'there is one server';
  return undefined;
}

export interface Struck {
  /** What the public port said after the fault, before anybody mended anything. */
  readonly meanwhile: string;
  /** What the runner said at its end; nothing when it was killed. */
  readonly runner: string;
  /** The run after it, which asks for the same, or for what was given as `next`. */
  readonly second: Course;
}

/**
 * One deployment, to which something happens when it has come to a step (with an ellipsis: a moment later); then
 * another one.
 */
export async function struckAt(
  site: Site,
  request: DeployRequest,
  { fault, step, next = request }: { fault: Fault; step: string; next?: DeployRequest },
): Promise<Struck> {
  const folder = `${site.environmentFolder}/switch`;
  const way = wayOf(request.strategy);
  const kind: FaultKind = faults[fault];
  const isInMiddle = step.endsWith('…');
  const hold = step.replace('…', '');
  await site.onServer(`rm -rf ${folder}/journal ${folder}/${met} ${folder}/${waiting}`);
  const runner = startRunner({ server: sshServerOf(site.host), request, hold });
  // A program may go on when its runner has heard enough.
  const over = runner.ended.then(async (said) => {
    await site.rested();
    throw new Error(`the deployment ended before it came there: ${said}`);
  });
  over.catch(() => {});
  await Promise.race([reached(site, way, { runner, folder }), over]);
  const goOn = async () => {
    if (way.driver.kind === 'program') await site.onServer(`rm -f ${folder}/${waiting}`);
    runner.goOn();
  };
  if (isInMiddle) {
    await goOn();
    await sleep(200);
  }
  await kind.strike({ site, runner });
  await goOn();
  await kind.mend?.(site, runner);
  const meanwhile = await firstAnswer(site);
  const said = await runner.ended;
  // What a killed runner left alone goes on; a lease without a sign of life counts as dead after 90 seconds.
  await site.onServer(`
    while pgrep -f '^sh program ' >/dev/null; do sleep 0.1; done
    [ ! -d ${folder}/lease ] || touch -d '-2 minutes' ${folder}/lease/heartbeat`);
  return { meanwhile, runner: said, second: await site.deploy(next) };
}

async function reached(
  site: Site,
  way: Way,
  { runner, folder }: { runner: Runner; folder: string },
): Promise<void> {
  if (way.driver.kind === 'runner') return runner.held;
  await site.onServer(`
    tries=0
    until [ -e ${folder}/${waiting} ]; do
      tries=$((tries + 1))
      [ $tries -lt 3000 ] || { echo "it never came there" >&2; exit 1; }
      sleep 0.02
    done`);
}

/** Within half a minute: a server that was started anew has its own time to boot. */
async function firstAnswer(site: Site): Promise<string> {
  let last: unknown;
  for (let tries = 0; tries < 60; tries += 1) {
    try {
      return await site.answer();
    } catch (error) {
      last = error;
      await sleep(500);
    }
  }
  return `nothing: ${last}`;
}
