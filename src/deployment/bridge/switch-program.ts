/** The program that moves the traffic, with what it has to know: one file on the server. */

import { workingNames } from '../releases/release.ts';
import { healthProbe } from '../request/health-probe.ts';
import { chainOf, ip6tablesFlip, iptablesFlip, nftFlip, type PublicPort } from '../server/redirect.ts';
import { serverScript } from '../server/server-script.ts';
import { commonProgram, commonSettings, type ProgramFacts, textOf } from '../switch/program-settings.ts';

interface BridgeFacts extends ProgramFacts {
  /** Without it, the program can only recover. */
  readonly ports: readonly PublicPort[];
}

/** The whole file. Nothing in it is secret. */
export function switchProgram(facts: BridgeFacts): string {
  return `${textOf(settings(facts))}\n${commonProgram()}\n${serverScript('switch')}`;
}

function settings({ request, host, survey, ports, current, release }: BridgeFacts) {
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

/** Where a process of the server itself reaches the public port. */
function placesOf(
  { hostPort, address }: { hostPort: number; address: string | undefined },
  own: string | undefined,
): string[] {
  if (address !== undefined) return [`${address}:${hostPort}`];
  return [`127.0.0.1:${hostPort}`, ...(own === undefined ? [] : [`${own}:${hostPort}`])];
}
