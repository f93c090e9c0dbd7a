/** Whether a proxy of the server can move the traffic, and what that takes. */
import type { Container } from '../../docker/inspect.ts';
import { UserError } from '../../ground/errors.ts';
import { listed } from '../../ground/words.ts';
import type { Found } from '../releases/repair.ts';
import type { Asked, Obstacle } from '../request/asked.ts';
import type { DeployRequest } from '../request/request.ts';
import type { CaddyFront, Front, FrontForm, NginxFront } from '../server/front.ts';
import { inSlot, otherSlot, type Slots, slotPort } from '../server/slots.ts';
import type { Survey } from '../server/survey.ts';
import { caddyPatch } from './caddy-config.ts';
import { type CaddyPointer, type CaddyReload, caddyMove, tellCaddy } from './caddy-move.ts';
import { turnsIn } from './caddy-pointer.ts';
import { type TakeOver, takeOverNginx, tellTakeOver } from './nginx-sites.ts';

/** Everything that a program on the server needs to know of the proxy. */
export type FrontMove = NginxMove | CaddyPointer | CaddyReload;

export interface NginxMove {
  readonly proxy: 'nginx';
  readonly slots: Slots;
  readonly form: FrontForm;
  readonly first: number;
  readonly second: number;
  /** What has to change once; undefined where that has been done. */
  readonly takeOver: TakeOver | undefined;
  readonly changesPath: boolean;
}

/** @returns the way, an obstacle, or undefined where this proxy has nothing to do with the application. */
export function moveBy(
  proxy: 'nginx' | 'caddy',
  asked: Asked,
  survey: Survey,
  current: Container | undefined,
): FrontMove | Obstacle | undefined {
  const seen = survey.front[proxy];
  if (seen === undefined) return undefined;
  const port = slotPort(asked.ports);
  if (port === undefined) {
    return {
      observed: 'it can take turns between two ports only if it publishes one port, on 127.0.0.1',
      hint: `write ports: 127.0.0.1:8000:8000, with the port that ${proxy} hands requests to`,
    };
  }
  const slots = servingSlots(port, survey.front);
  const move =
    proxy === 'nginx'
      ? nginxMove(asked, slots, seen as NginxFront)
      : caddyMove(asked, slots, seen as CaddyFront);
  if (move === undefined || !('slots' in move)) return move;
  const missing = [...survey.missing, ...(survey.http === 'curl' ? [] : ['curl'])];
  if (missing.length > 0) {
    return { observed: `the server lacks ${listed(missing)}`, hint: `install ${listed(missing)} there` };
  }
  if (current !== undefined && !current.ports.some(({ hostPort }) => hostPort === slots.serving)) {
    return {
      observed: `${proxy} hands requests to port ${slots.serving}, and what runs does not publish it`,
      hint: `correct ports, or what ${proxy} is told`,
    };
  }
  return move;
}

/** Which of both ports the proxy hands requests to; without one, the port that was asked for. */
export function servingSlots(port: number, front: Front): Slots {
  const other = otherSlot(port) ?? port;
  const said = front.nginx?.taken === undefined ? caddySlot(port, other, front.caddy) : front.nginx.slot;
  const serving = said === other ? other : port;
  return { serving, free: serving === port ? other : port };
}

/** The request for a container in the slot that serves, which the next one replaces, or where the first one starts. */
export function inServingSlot(request: DeployRequest, { front }: Survey): DeployRequest {
  const port = slotPort(request.ports);
  return port === undefined ? request : inSlot(request, servingSlots(port, front).serving);
}

/** Whether a proxy that is ours to move hands requests to this port. */
export function isServing(port: number, { nginx, caddy }: Front): boolean {
  if (nginx?.taken !== undefined) return nginx.slot === port;
  return caddySlot(port, otherSlot(port) ?? port, caddy) === port;
}

/** Whether an earlier run left a change of slots that did not come to its end. */
export function isBetweenSlots({ next }: Found, { hasSlotProgram, front }: Survey): boolean {
  if (hasSlotProgram || front.nginx?.isTaking === true || front.caddy?.isTaking === true) return true;
  // Its program is gone, and the proxy hands requests to it.
  const port = slotPort(next?.ports ?? []);
  return port !== undefined && isServing(port, front);
}

function caddySlot(port: number, other: number, caddy: CaddyFront | undefined): number | undefined {
  const turns = turnsIn(caddy?.config, [port, other]);
  if (turns !== undefined) return caddy?.isSecond === true ? turns.second : turns.first;
  if (caddyPatch(caddy?.config, { serving: port, free: other }) !== undefined) return port;
  return caddyPatch(caddy?.config, { serving: other, free: port }) === undefined ? undefined : other;
}

function nginxMove({ container }: Asked, slots: Slots, seen: NginxFront): NginxMove | Obstacle | undefined {
  const { taken, isAllowed } = seen;
  const needed =
    'log in as root, or let this account run nginx by "sudo -n" (and, for the first time, all else)';
  if (seen.complaint !== undefined && !(taken?.form === 'pointer')) {
    return {
      observed: `nginx does not take its own configuration: ${seen.complaint}`,
      hint: 'mend it (nginx -t)',
    };
  }
  if (taken !== undefined) {
    if (taken.form === 'reload' && !isAllowed) {
      return { observed: 'this account may not reload nginx', hint: needed };
    }
    return { proxy: 'nginx', slots, ...taken, takeOver: undefined };
  }
  if (!isAllowed)
    return { observed: 'this account may not read and test the configuration of nginx', hint: needed };
  if (seen.hasOwnStart) {
    return {
      observed: 'nginx was started with a configuration of its own',
      hint: 'start it without -c and -p',
    };
  }
  const takeOver = takeOverNginx(container, slots, seen);
  if (takeOver === undefined) return undefined;
  if ('obstacle' in takeOver) {
    return {
      observed: takeOver.obstacle,
      hint: `write the address into proxy_pass (or a server of an upstream), as http://127.0.0.1:${slots.serving}`,
    };
  }
  const { form, changesPath } = takeOver;
  return { proxy: 'nginx', slots, form, first: slots.serving, second: slots.free, takeOver, changesPath };
}

/** What is in front and not ours to move, and what to choose; and what a first time changes. */
export function tellFront(front: Front, move: FrontMove | undefined, container: string): string[] {
  const others = front.programs.filter(
    (one) => move === undefined || one.name !== move.proxy || one.container !== undefined,
  );
  const told = others
    .filter(({ name, container: where }) => where !== undefined || (name !== 'nginx' && name !== 'caddy'))
    .map(({ name, container: where }) => {
      const called = called_(name, where);
      return where === undefined
        ? `${called} runs on the server, and is not ours to move: bridge (a redirect of the published port) serves what it hands to that port`
        : `${called} runs on the server, and is not ours to move: if it hands requests to a published port of the server, choose bridge; if it finds containers on a Docker network, choose recreate`;
    });
  if (move?.proxy === 'nginx' && move.takeOver !== undefined)
    told.push(tellTakeOver(move.takeOver, container));
  if (move?.proxy === 'caddy') told.push(...tellCaddy(move, container));
  if (move !== undefined) {
    const { serving, free } = move.slots;
    told.push(
      `ports ${serving} and ${free} take turns behind ${move.proxy}: whoever asks 127.0.0.1:${serving} without it finds nobody there afterwards`,
    );
  }
  return told;
}

const names: Readonly<Record<string, string>> = {
  traefik: 'Traefik',
  haproxy: 'HAProxy',
  apache2: 'Apache',
  httpd: 'Apache',
  envoy: 'Envoy',
  caddy: 'Caddy',
};

function called_(name: string, where: string | undefined): string {
  const called = names[name] ?? name;
  return where === undefined ? called : `${called} (container ${where})`;
}

/** @throws UserError `strategy-impossible` */
export function refused(container: string, way: string, { observed, hint }: Obstacle): UserError {
  return new UserError(`${container} cannot be deployed by ${way} — ${observed}`, hint, {
    code: 'strategy-impossible',
  });
}
