/** Deployments that are killed on their way, and the runs that come after them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Course, Site } from '../../__tests__/integration/deployment/site.ts';
import { sshServerOf } from '../../__tests__/integration/lab-server.ts';
import { control } from '../../lab/lab.ts';
import type { switchSteps } from '../../src/deployment/journal.ts';
import type { DeployRequest } from '../../src/deployment/request.ts';
import { startRunner } from './runner.ts';

export type SwitchStep = (typeof switchSteps)[number];

/**
 * `runner`: its process is killed. `program`: the one on the server; the runner lives. `both`. `reboot`: of the server,
 * like a power cut, and the runner is killed, too.
 */
export const faults = ['runner', 'program', 'both', 'reboot'] as const;
export type Fault = (typeof faults)[number];

export interface Killed {
  /** What the public port said after the fault, before anybody mended anything. */
  readonly meanwhile: string;
  /** What the runner said at its end; nothing when it was killed. */
  readonly runner: string;
  /** The run after it, which asks for the same. */
  readonly second: Course;
}

/** One deployment, killed when its journal has the step; then another one. */
export async function killedAt(
  site: Site,
  request: DeployRequest,
  { fault, step }: { fault: Fault; step: SwitchStep },
): Promise<Killed> {
  const folder = `${site.environmentFolder}/switch`;
  await site.onServer(`rm -f ${folder}/journal`);
  const runner = startRunner({ server: sshServerOf(site.host), request });
  await site.reached(step);
  if (fault === 'program' || fault === 'both') await site.onServer("pkill -KILL -f '^sh program '");
  if (fault !== 'program') runner.process.kill('SIGKILL');
  if (fault === 'reboot') await control(site.host.name).reboot();
  const meanwhile = await firstAnswer(site);
  const said = await runner.ended;
  // What a killed runner left alone goes on; a lease without a sign of life counts as dead after 90 seconds.
  await site.onServer(`
    while pgrep -f '^sh program ' >/dev/null; do sleep 0.1; done
    [ ! -d ${folder}/lease ] || touch -d '-2 minutes' ${folder}/lease/heartbeat`);
  return { meanwhile, runner: said, second: await site.deploy(request) };
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
  throw new Error(`nothing serves after the fault`, { cause: last });
}
