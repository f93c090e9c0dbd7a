/** What the programs that move the traffic have in common: what they have to know, and what they stand on. */
import { collector } from '../../diagnosis/collect.ts';
import type { Container } from '../../docker/inspect.ts';
import { serverScript as dockerScript } from '../../docker/server-script.ts';
import { quoted } from '../../machine/quoting.ts';
import { isForeign, namesFor } from '../releases/release.ts';
import type { DeployRequest } from '../request/request.ts';
import { serverScript } from '../server/server-script.ts';
import type { Survey } from '../server/survey.ts';

export interface ProgramFacts {
  readonly request: DeployRequest;
  readonly host: string;
  readonly survey: Survey;
  readonly current: Container | undefined;
  /** The release that shall serve. */
  readonly release: string;
}

/** Settings as a shell reads them, one a line. */
export function textOf(settings: Readonly<Record<string, string | number>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${quoted(String(value))}\n`)
    .join('');
}

/** What stands between the settings and the way of the mechanism. */
export function commonProgram(): string {
  return [serverScript('server-program'), dockerScript('own-check'), collector()].join('\n');
}

/** What every program of this kind has to know. */
export function commonSettings({ request, survey, current, release }: ProgramFacts) {
  const { container, restart, stopTimeout, bake, drainTimeout, healthTimeout } = request;
  const names = namesFor(container, { release, current });
  return {
    OLD: names.old,
    FINAL: names.final,
    NEXT: names.next,
    PREVIOUS: names.previous,
    KEEP: current !== undefined && isForeign(current) ? names.adopted : '',
    SUDO: survey.isRoot ? '' : 'sudo -n',
    BAKE: centiseconds(bake),
    DRAIN: centiseconds(drainTimeout),
    HEALTH_TIMEOUT: centiseconds(healthTimeout),
    STOP: seconds(stopTimeout),
    RESTART: restart,
    OLD_ID: current?.id ?? '',
    OLD_RESTART: current?.restart ?? 'no',
    PORTS: hexadecimal(request.ports.map(({ containerPort }) => containerPort)),
    OLD_PORTS: hexadecimal((current?.ports ?? []).map(({ containerPort }) => containerPort)),
  };
}

function centiseconds(milliseconds: number): number {
  return Math.round(milliseconds / 10);
}

function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1_000);
}

/** As /proc/net/tcp writes port numbers. */
function hexadecimal(ports: readonly number[]): string {
  return ports.map((port) => port.toString(16).toUpperCase().padStart(4, '0')).join(' ');
}
