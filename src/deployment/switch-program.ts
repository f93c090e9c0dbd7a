/** The program that moves the traffic, with what it has to know: one file on the server. */

import type { Container } from '../docker/inspect.ts';
import { quoted } from '../machine/quoting.ts';
import { healthProbe } from './health-probe.ts';
import { chainOf, ip6tablesFlip, iptablesFlip, nftFlip, type PublicPort } from './redirect.ts';
import { isForeign, namesFor, workingNames } from './release.ts';
import type { DeployRequest } from './request.ts';
import { serverScript } from './server-script.ts';
import type { Survey } from './survey.ts';

export interface ProgramFacts {
  readonly request: DeployRequest;
  readonly host: string;
  readonly survey: Survey;
  /** Without it, the program can only recover. */
  readonly ports: readonly PublicPort[];
  readonly current: Container | undefined;
  /** The release that shall serve. */
  readonly release: string;
}

/** The whole file. Nothing in it is secret. */
export function switchProgram(facts: ProgramFacts): string {
  return `${textOf(settings(facts))}\n${serverScript('server-program')}\n${serverScript('switch')}`;
}

/** Settings as a shell reads them, one a line. */
export function textOf(settings: Readonly<Record<string, string | number>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${quoted(String(value))}\n`)
    .join('');
}

function settings({ request, host, survey, ports, current, release }: ProgramFacts) {
  const chain = chainOf(request.container);
  const filter = survey.filter ?? 'iptables';
  const isNft = filter === 'nft';
  const probe = healthProbe(request, host);
  const http = probe === undefined || (probe.scheme === 'https' && survey.http !== 'curl') ? '' : survey.http;
  return {
    ...commonSettings({ request, host, survey, current, release }),
    BRIDGE: workingNames(request.container).bridge,
    CHAIN: chain,
    FILTER: filter,
    FILTER6: survey.filter6 ?? '',
    FLIP: isNft ? nftFlip(chain, ports) : iptablesFlip(chain, ports),
    FLIP6: isNft ? '' : ip6tablesFlip(chain, ports),
    HTTP: http ?? '',
    HEALTH_SCHEME: probe?.scheme ?? 'http',
    HEALTH_HOST: probe?.host ?? '',
    HEALTH_PORT: probe?.containerPort ?? 0,
    HEALTH_PATH: probe?.path ?? '/',
    PUBLIC: probe === undefined ? '' : placesOf(probe, survey.own).join(' '),
  };
}

/** What every program of this kind has to know. */
export function commonSettings({ request, survey, current, release }: Omit<ProgramFacts, 'ports'>) {
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

/** Where a process of the server itself reaches the public port. */
function placesOf(
  { hostPort, address }: { hostPort: number; address: string | undefined },
  own: string | undefined,
): string[] {
  if (address !== undefined) return [`${address}:${hostPort}`];
  return [`127.0.0.1:${hostPort}`, ...(own === undefined ? [] : [`${own}:${hostPort}`])];
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
