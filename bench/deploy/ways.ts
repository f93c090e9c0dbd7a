/**
 * The ways in which traffic moves, as rows of steps at which something can happen. Whoever adds a mechanism adds an
 * entry: the fault table then has a row for each of its steps and each fault.
 */

import type { Strategy } from '../../src/deployment/request/request.ts';
import { slotSteps, switchSteps } from '../../src/deployment/switch/journal.ts';

export interface Way {
  readonly strategy: Strategy;
  /** In their order. */
  readonly steps: readonly string[];
  /** Those that take a while: something may happen in their middle, too. */
  readonly long: readonly string[];
  /**
   * Who takes them. A program on the server writes each into its journal when it is done; a runner gives a command
   * (its argument list, and below it the first line that it is told), and `stepOf` says which step that begins, after
   * those that were begun.
   */
  readonly driver:
    | { readonly kind: 'program' }
    | {
        readonly kind: 'runner';
        stepOf(command: string, begun: readonly string[]): string | undefined;
      };
  /** What serves runs on other servers than the one that is deployed through. */
  readonly servesElsewhere?: boolean;
  /** Whether the site is down while this way works: then it serves again after the next run. */
  readonly hasGap: boolean;
}

/** What `recreate` asks Docker for, in this order. */
const recreateSteps: readonly (readonly [step: string, command: RegExp])[] = [
  ['create', /^docker create /],
  ['stop', /^docker stop /],
  ['start', /^docker start /],
  ['prove', /^docker container inspect \S+-tenantry-next$/],
  ['policy-next', /^docker update --restart unless-stopped /],
  ['policy-old', /^docker update --restart no /],
  ['rename-old', /^docker rename (?!\S+-tenantry-next )/],
  ['rename-next', /^docker rename \S+-tenantry-next /],
  ['remove', /^docker rm --force \S+-tenantry-previous$/],
];

/**
 * What is done in a swarm, in this order. `watch` is the first look after the swarm was told, `watch-on` the fifth, two
 * seconds later: the swarm itself waits for nobody.
 */
const swarmCommands: readonly (readonly [step: string, command: RegExp])[] = [
  ['prepare', / releases prepare \.tenantry\//],
  ['tell', /^POST \/services\/\S+\/update\?version=\d+ /m],
  ['watch', /^GET \/services\/\S+ /m],
  ['record', / releases finish \.tenantry\//],
  ['release', / lease release \.tenantry\//],
];
const looksUntilOn = 4;

function swarmStep(command: string, begun: readonly string[]): string | undefined {
  const step = swarmCommands.find(([, pattern]) => pattern.test(command))?.[0];
  if (step !== 'watch') return step;
  if (!begun.includes('tell')) return undefined; // it looks at what is there
  return begun.filter((each) => each === 'watch').length < looksUntilOn ? 'watch' : 'watch-on';
}

export const ways: readonly Way[] = [
  {
    strategy: 'bridge',
    steps: switchSteps,
    long: ['begin', 'stopping', 'final-started', 'unflipped'],
    driver: { kind: 'program' },
    hasGap: false,
  },
  ...(['nginx', 'caddy'] as const).map(
    (strategy): Way => ({
      strategy,
      steps: slotSteps,
      long: ['begin', 'flipped', 'committed'],
      driver: { kind: 'program' },
      hasGap: false,
    }),
  ),
  {
    strategy: 'recreate',
    steps: recreateSteps.map(([step]) => step),
    long: ['stop', 'prove'],
    driver: {
      kind: 'runner',
      stepOf: (line) => recreateSteps.find(([, command]) => command.test(line))?.[0],
    },
    hasGap: true,
  },
  {
    strategy: 'swarm',
    steps: ['prepare', 'tell', 'watch', 'watch-on', 'record', 'release'],
    long: [],
    driver: { kind: 'runner', stepOf: swarmStep },
    hasGap: false,
    servesElsewhere: true,
  },
];

export function wayOf(strategy: Strategy): Way {
  const way = ways.find((each) => each.strategy === strategy);
  if (way === undefined) throw new Error(`no rows for ${strategy}: add them to ways.ts`);
  return way;
}
