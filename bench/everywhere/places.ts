/**
 * A fleet with nothing pending: directly, through a bastion, and in the application's image. The network between is
 * 40 ms long where it says so. Round trips are counted in two ways: what the longer network costs, divided by its
 * length (what is under way at the same time counts once; needs a quiet machine), and how often the wire turned round
 * in all connections together (the same on every machine).
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

import { command } from '../../lab/command.ts';
import { type Fleet, fleetDatabase } from '../../lab/fleet.ts';
import { bringUp, type Lab } from '../../lab/lab.ts';
import { provideWheels } from '../../lab/wheels.ts';
import { buildInto } from '../../scripts/build.ts';
import { runAction } from '../fleet/action.ts';
import { machine, median, spread } from '../statistics.ts';
import { farAway } from './far-away.ts';

/** Milliseconds. */
const distance = 40;
/** Round trips that the way through a bastion may cost. */
const allowed = 25;

interface Bed {
  readonly lab: Lab;
  readonly fleet: Fleet;
  readonly dist: string;
  readonly repeats: number;
}

export async function run(words: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...words],
    options: { tenants: { type: 'string', default: '1000' }, repeats: { type: 'string', default: '5' } },
  });
  const tenants = Number(values.tenants);
  const lab = await bringUp(['postgres15', 'host1', 'builder', 'base-image']);
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-bench-'));
  const fleet = await fleetDatabase({ tenants, progress: (_part, text) => console.error(text) });
  try {
    await buildInto(join(folder, 'dist'));
    const bed = { lab, fleet, dist: join(folder, 'dist'), repeats: Number(values.repeats) };
    console.log(
      `${machine(availableParallelism())}; ${loadavg()[0]?.toFixed(1)} processes were at work before`,
    );
    console.log(`\n# ${tenants.toLocaleString('en')} tenants, nothing pending; median (smallest–largest)\n`);
    await throughABastion(bed);
    await inAnImage(bed, folder);
  } finally {
    await fleet.drop();
    rmSync(folder, { recursive: true });
  }
}

type Inputs = Readonly<Record<string, string>>;

async function throughABastion({ lab, fleet, dist, repeats }: Bed): Promise<void> {
  const { host, port } = lab.postgres.v15;
  const { address, sshPort, user, privateKeyPath, hostKeyFingerprint } = lab.host1;
  const url = (place: string) => fleet.url.replace(`${host}:${port}`, place);
  const ways = {
    direct: (near: number): Inputs => ({ 'database-url': url(`127.0.0.1:${near}`) }),
    'through a bastion': (near: number): Inputs => ({
      'database-url': fleet.url,
      'connect-through': 'ssh',
      host: '127.0.0.1',
      'ssh-port': String(near),
      'ssh-user': user,
      'ssh-key': readFileSync(privateKeyPath, 'utf8'),
      'ssh-fingerprint': hostKeyFingerprint,
    }),
  };
  const roundTrips: number[] = [];
  const seen: number[] = [];
  for (const [name, inputs] of Object.entries(ways)) {
    const far = name === 'direct' ? { host, port } : { host: address, port: sshPort };
    const times: [near: number[], away: number[]] = [[], []];
    const turns: number[] = [];
    for (let turn = 0; turn < repeats; turn += 1) {
      // Both by turns, so that what else happens on the machine falls on both.
      for (const [index, roundTrip] of [0, distance].entries()) {
        const relay = await farAway(far, roundTrip);
        const { milliseconds } = await runAction({
          dist,
          fleet,
          project: fleet.project,
          inputs: inputs(relay.port),
        });
        times[index]?.push(milliseconds);
        if (roundTrip > 0) turns.push(relay.turns());
        await relay.close();
      }
    }
    const counted = (Math.min(...times[1]) - Math.min(...times[0])) / distance;
    roundTrips.push(counted);
    seen.push(median(turns));
    console.log(`${name.padEnd(18)} 0 ms ${spread(times[0])}, ${distance} ms ${spread(times[1])}`);
    console.log(
      `${''.padEnd(18)} ${counted.toFixed(1)} round trips waited for; ${median(turns)} turns on the wire`,
    );
  }
  const [direct = Number.NaN, through = Number.NaN] = roundTrips;
  const [turnsDirect = Number.NaN, turnsThrough = Number.NaN] = seen;
  console.log(
    `the bastion costs ${(through - direct).toFixed(1)} round trips of waiting, ${turnsThrough - turnsDirect} turns on the wire (at most ${allowed} are wanted)\n`,
  );
}

async function inAnImage({ lab, fleet, dist, repeats }: Bed, folder: string): Promise<void> {
  const image = await buildImage(lab, fleet, folder);
  const docker = [lab.docker, '--host', lab.builder.dockerHost];
  const env = { DOCKER_HOST: lab.builder.dockerHost, PATH: `${dirname(lab.docker)}:${process.env.PATH}` };
  const bare: number[] = [];
  const times: Record<'direct' | 'image', number[]> = { direct: [], image: [] };
  for (let turn = 0; turn < repeats; turn += 1) {
    const started = performance.now();
    await command([...docker, 'run', '--rm', image, 'true']);
    bare.push(performance.now() - started);
    const action = { dist, fleet, project: fleet.project, env };
    times.direct.push((await runAction(action)).milliseconds);
    const inputs = { 'run-in': 'image', image, 'working-directory': '/app', python: 'python' };
    times.image.push((await runAction({ ...action, inputs })).milliseconds);
  }
  const more = median(times.image) - median(times.direct);
  console.log(`on the runner      ${spread(times.direct)}`);
  console.log(`in the image       ${spread(times.image)}`);
  console.log(`docker run IMAGE true ${spread(bare)}`);
  console.log(
    `the image costs ${more.toFixed(0)} ms: ${(more / median(bare)).toFixed(2)} of one docker run (at most 1 is wanted)`,
  );
}

/** The fleet's project as an image, on the engine of the runner. */
async function buildImage(lab: Lab, fleet: Fleet, folder: string): Promise<string> {
  const context = join(folder, 'image');
  cpSync(fleet.project, join(context, 'project'), { recursive: true });
  writeFileSync(
    join(context, 'requirements.txt'),
    'Django==5.2.19\ndjango-tenants==4.0.1\npsycopg[binary]==3.3.9\n',
  );
  await provideWheels(join(context, 'requirements.txt'), join(context, 'wheels'));
  writeFileSync(
    join(context, 'Dockerfile'),
    `FROM ${lab.baseImage}
ENV PATH=/opt/venv/bin:$PATH
RUN python3 -m venv /opt/venv
COPY requirements.txt wheels /tmp/install/
RUN pip install --no-cache-dir --no-index --find-links /tmp/install -r /tmp/install/requirements.txt
WORKDIR /app
COPY project .
RUN python -m compileall -q /app
`,
  );
  const image = 'tenantry-bench/estate:1';
  const env = { ...process.env, DOCKER_HOST: lab.builder.dockerHost, DOCKER_BUILDKIT: '0' };
  await command([lab.docker, 'build', '--quiet', '--tag', image, context], { env });
  return image;
}
