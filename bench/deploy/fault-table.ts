/** Each fault at each step of each way: what serves meanwhile, and what the next run makes of it. */
import type { Course, Site } from '../../__tests__/integration/deployment/site.ts';
import type { DeployRequest } from '../../src/deployment/request/request.ts';
import { messageOf } from '../../src/ground/errors.ts';
import { absence, type Fault, type FaultKind, faults, isDownWith, type Struck, struckAt } from './faults.ts';
import { left, mustDeploy, request, underLoad } from './scene.ts';
import { table } from './table.ts';
import { type Way, ways } from './ways.ts';

/** Requests a second: enough to see a gap of 20 ms. */
const gentle = { rate: 50, slowEvery: 0, around: 200 };
const versions = ['quick-a', 'quick-b'] as const;

const heading = ['way', 'fault', 'at', 'lost', 'served meanwhile', 'the next run', 'serves', 'left over', ''];

/** Prints the table. @returns how many rows do not hold */
export async function faultTable(site: Site, wanted: readonly string[], tell: (row: string[]) => void) {
  const rows: string[][] = [];
  const chosen = ways.filter(({ strategy }) =>
    isAmong(
      strategy,
      ways.map((way) => way.strategy),
      wanted,
    ),
  );
  const names = Object.keys(faults) as Fault[];
  for (const fault of names.filter((each) => isAmong(each, names, wanted))) {
    const kind: FaultKind = faults[fault];
    await site.clear();
    await kind.prepare?.(site);
    try {
      for (const way of chosen) {
        const why = absence(kind, way);
        if (why !== undefined) {
          rows.push([way.strategy, kind.called, '–', '', '', '', '', '', `cannot be: ${why}`]);
          continue;
        }
        for (const step of stepsOf(way).filter((each, _, all) => isAmong(each, all, wanted))) {
          const row = [way.strategy, kind.called, step, ...(await rowOf(site, way, { fault, step }))];
          tell(row);
          rows.push(row);
        }
      }
    } finally {
      await site.clear();
      await kind.finish?.(site);
    }
  }
  console.log(table(heading, rows));
  const tried = rows.filter(([, , step]) => step !== '–');
  const broken = tried.filter((row) => row.at(-1) !== 'holds').length;
  console.log(
    broken === 0 ? `all ${tried.length} rows hold` : `${broken} of ${tried.length} rows do not hold`,
  );
  return broken;
}

/** Words of the command line choose among names; when none of them does, all are meant. */
function isAmong(name: string, names: readonly string[], wanted: readonly string[]): boolean {
  return !names.some((each) => wanted.includes(each)) || wanted.includes(name);
}

/** Each step; and for those that take a while, a moment later. */
function stepsOf({ steps, long }: Way): string[] {
  return steps.flatMap((step) => (long.includes(step) ? [step, `${step}…`] : [step]));
}

async function rowOf(
  site: Site,
  way: Way,
  { fault, step }: { fault: Fault; step: string },
): Promise<string[]> {
  const wish = (tag: string): DeployRequest =>
    request(site, tag, {
      strategy: way.strategy,
      healthTimeout: 60_000,
      drainTimeout: 1_000,
      stopTimeout: 2_000,
    });
  try {
    // A proxy is taken over once.
    if (step.startsWith('taken')) await site.clear();
    const old = await servingVersion(site, wish(versions[0]));
    const next = old === versions[0] ? versions[1] : versions[0];
    const { load, done } = await underLoad(site, gentle, () => struckAt(site, wish(next), { fault, step }));
    const over = (await left(site)) ?? 'nothing';
    const serves = await site.answer();
    const policy = await site.restartPolicy();
    const isDown = isDownWith(faults[fault], way);
    const complaints = [
      ...(isDown || way.hasGap || load.failed === 0 ? [] : ['requests were lost']),
      ...(/^quick-[ab] /.test(done.meanwhile) || way.hasGap ? [] : ['nothing served']),
      ...(serves.startsWith(`${next} `) ? [] : ['the wrong version serves']),
      ...(over === 'nothing' ? [] : ['something is left over']),
      ...(policy === 'unless-stopped' ? [] : [`restart policy ${policy}`]),
      ...(done.second.outcome.failure === undefined ? [] : [done.second.outcome.failure.sentence]),
    ];
    return [
      isDown ? 'server down' : String(load.failed),
      done.meanwhile.split(' ')[0] ?? '',
      courseOf(done),
      serves.split(' ')[0] ?? '',
      over,
      complaints.length === 0 ? 'holds' : complaints.join('; '),
    ];
  } catch (error) {
    await site.clear();
    return ['', '', '', '', '', messageOf(error).split('\n').slice(0, 1).join().slice(0, 150)];
  }
}

/** The version that serves, and nothing else; put there when it is not so. */
async function servingVersion(site: Site, wanted: DeployRequest): Promise<string> {
  const answer = await site.answer().catch(() => '');
  const version = versions.find((each) => answer.startsWith(`${each} `));
  if (version !== undefined && (await left(site)) === undefined) return version;
  await site.clear();
  await mustDeploy(site, { ...wanted, strategy: site.startStrategy });
  return versions[0];
}

/** What the next run said of the one before, and what became of itself. */
function courseOf({ second }: Struck): string {
  const { outcome, log }: Course = second;
  const verdict = log.lines.find((line) =>
    /^it (was (undone|finished|completed)|did not get there)/.test(line),
  );
  const repair = log.lines.find((line) => line.startsWith('Repair '));
  const said =
    verdict !== undefined
      ? `${/^it was (\w+)/.exec(verdict)?.[1] ?? 'gone back'}, `
      : repair !== undefined
        ? `${/finish|proven/.test(repair) ? 'proven or removed' : /tidy|removed/.test(repair) ? 'removed' : 'put back'}, `
        : '';
  return `${said}${outcome.failure?.code ?? outcome.result}`;
}
