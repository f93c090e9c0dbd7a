import { shortDigest } from '../../docker/image.ts';
import type { Container } from '../../docker/inspect.ts';
import { showDuration } from '../../ground/duration.ts';
import { adoptionLines } from '../releases/adoption.ts';
import { digestOf, labels, releaseNameOf } from '../releases/release.ts';
import type { Plan } from '../request/outcome.ts';
import { type Compared, differencesBetween, type FromImage } from './differences.ts';
import type { Choice } from './mechanism.ts';

export interface Wanted extends Compared {
  readonly choice: Choice;
  /** Why this mechanism. */
  readonly why: string;
  /** Milliseconds that the old one stays ready. */
  readonly bake: number;
  readonly healthTimeout: number;
}

export function planFor(wanted: Wanted, current: Container | undefined, image: FromImage): Plan {
  const { choice, release, why } = wanted;
  const { mechanism } = choice;
  if (current === undefined) {
    const summary = `nothing runs yet; ${release} will be started`;
    return { ...nothing, kind: 'first', summary, now: 'nothing', mechanism, why };
  }
  const runs = releaseNameOf(current);
  const now = nowOf(current);
  const isSame =
    wanted.digest !== undefined &&
    digestOf(current) === wanted.digest &&
    current.labels[labels.settings] === wanted.spec.labels[labels.settings];
  if (isSame && current.state.status === 'running') {
    return { ...nothing, kind: 'unchanged', summary: `${runs} runs, as asked for`, now };
  }
  const seen = differencesBetween(wanted, current, image);
  const changes = seen.length === 0 && !isSame ? ['settings that Docker does not show'] : seen;
  const differences = [
    ...adoptionLines(current, wanted.spec.labels[labels.app] ?? '', {
      image,
      keepsPort: choice.move === undefined,
    }),
    ...(current.state.status === 'running' ? [] : [`it is ${current.state.status}`]),
    ...changes,
  ];
  return {
    kind: 'replace',
    summary: `${runs} ${current.state.status === 'running' ? 'runs' : 'is there'}; ${courseOf(wanted, current)}`,
    now,
    mechanism,
    why,
    differences: [
      ...differences,
      ...choice.leftOut.map((clients) => `not redirected: ${clients}`),
      ...choice.seen,
    ],
    changes,
    kept: keptOf(wanted, current),
  };
}

const nothing = {
  mechanism: undefined,
  why: undefined,
  differences: [],
  changes: [],
  kept: undefined,
} as const;

/** `v1 (sha256:3f2a91c…), running and healthy since 2026-01-02 03:04 UTC`. */
function nowOf(current: Container): string {
  const { status, health, startedAt, finishedAt } = current.state;
  const digest = digestOf(current);
  const hasEnded = status === 'exited' || status === 'dead';
  const since = hasEnded ? finishedAt : startedAt;
  return [
    `${releaseNameOf(current)}${digest === undefined ? '' : ` (${shortDigest(digest)})`}, ${status}`,
    health === undefined ? '' : ` and ${health.status}`,
    since.getTime() <= 0 ? '' : ` since ${since.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
  ].join('');
}

/** How each mechanism moves the traffic without a gap. */
const ways: Readonly<Record<string, string>> = {
  bridge: 'a redirect for the time of the switch',
  nginx: 'its requests go to another port',
  caddy: 'one request to its admin API, and its file',
  swarm: 'an update of its service',
};

function courseOf({ choice, release, bake }: Wanted, current: Container): string {
  const way = ways[choice.mechanism];
  if (way !== undefined) {
    return `${release} will take its place without a gap (${choice.mechanism}: ${way}; it stays ready for ${showDuration(bake)})`;
  }
  const why = choice.obstacle === undefined ? '' : `: ${choice.obstacle}`;
  if (current.state.status !== 'running') return `it will be replaced by ${release} (recreate)`;
  return `it will be stopped, and ${release} started (recreate, with a gap${why})`;
}

function keptOf({ choice, release, bake, healthTimeout }: Wanted, current: Container): string {
  const old = releaseNameOf(current);
  if (ways[choice.mechanism] !== undefined) {
    return `${old} has the traffic back at once if ${release} is no good within ${showDuration(bake)} after the switch; then it is stopped`;
  }
  return `${old} is started again if ${release} is no good within ${showDuration(healthTimeout)}`;
}
