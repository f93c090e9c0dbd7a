/** In which order several servers are deployed to: canaries first, then groups. */
import { counted, listed } from '../../ground/words.ts';

/** How many of the first servers are canaries, or which ones. */
export type CanaryHosts = number | readonly string[];

export interface Rollout {
  readonly canaryHosts: CanaryHosts;
  /** How many servers at the same time. */
  readonly maxParallel: number;
  /** What becomes of the servers that this run has switched already when one fails. */
  readonly onFailure: 'rollback-all' | 'halt';
}

/** Servers that are deployed to at the same time. The next wave begins when all of them are well. */
export interface Wave {
  readonly isCanary: boolean;
  readonly hosts: readonly string[];
}

/**
 * Reads `canary-hosts`: a number, or names of servers, one a line.
 * @throws RangeError
 */
export function parseCanaryHosts(text: string): CanaryHosts {
  const names = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (names.length !== 1 || !/^[-+]?\d+(?:[.,]\d+)?%?$/.test(names[0] ?? '')) return names;
  if (/^\d{1,4}$/.test(names[0] ?? '')) return Number(names[0]);
  throw new RangeError(`"${text.trim()}" is neither a whole number from 0 on nor names of servers`);
}

/** What is wrong with a list of servers and its canaries, as a sentence that begins with the input's name. */
export function complaintAboutHosts(hosts: readonly string[], canaryHosts: CanaryHosts): string | undefined {
  const repeated = hosts.filter((host, index) => hosts.indexOf(host) !== index);
  if (repeated.length > 0) return `host: ${listed([...new Set(repeated)])} is given more than once`;
  if (typeof canaryHosts === 'number') return undefined;
  const unknown = canaryHosts.filter((name) => !hosts.includes(name));
  if (unknown.length === 0) return undefined;
  return `canary-hosts: ${listed(unknown)} is none of the servers in host (${listed(hosts)})`;
}

/** Canaries in the order of `host`, then the rest, never more than `maxParallel` at the same time. */
export function planWaves(
  hosts: readonly string[],
  { canaryHosts, maxParallel }: Pick<Rollout, 'canaryHosts' | 'maxParallel'>,
): Wave[] {
  const isCanary = (host: string, index: number) =>
    typeof canaryHosts === 'number' ? index < canaryHosts : canaryHosts.includes(host);
  const canaries = hosts.filter(isCanary);
  const others = hosts.filter((host) => !canaries.includes(host));
  const groups = (list: readonly string[], canary: boolean): Wave[] =>
    Array.from({ length: Math.ceil(list.length / maxParallel) }, (_, index) => ({
      isCanary: canary,
      hosts: list.slice(index * maxParallel, (index + 1) * maxParallel),
    }));
  return [...groups(canaries, true), ...groups(others, false)];
}

/** `web-1 as the canary, then web-2 and web-3, then web-4`. */
export function showWaves(waves: readonly Wave[]): string {
  return waves
    .map(({ isCanary, hosts }) => {
      const names = hosts.length > 5 ? counted(hosts.length, 'server') : listed(hosts);
      if (!isCanary) return names;
      return `${names} as ${hosts.length === 1 ? 'the canary' : 'canaries'}`;
    })
    .join(', then ');
}
