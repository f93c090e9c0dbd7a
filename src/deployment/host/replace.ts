/** One version takes the place of another on one server. */
import { performance } from 'node:perf_hooks';

import type { ContainerSpec } from '../../docker/container-spec.ts';
import { shortDigest } from '../../docker/image.ts';
import type { Container, Image } from '../../docker/inspect.ts';
import { UserError } from '../../ground/errors.ts';
import { together } from '../../ground/together.ts';
import { crossOver } from '../bridge/bridge.ts';
import { prove, proveOld, serves } from '../gate/proof.ts';
import { type Choice, chooseMechanism } from '../plan/mechanism.ts';
import { planOf, tellPlan } from '../plan/show-plan.ts';
import { runPreDeploy } from '../preflight/pre-deploy.ts';
import { fetchedImage, refuseTakenPorts } from '../preflight/preflight.ts';
import { inServingSlot } from '../proxies/front-choice.ts';
import { changeSlot } from '../proxies/slot-switch.ts';
import { recreate } from '../recreate/recreate.ts';
import { switchOver, untouched } from '../recreate/switch-over.ts';
import { refuseStranger } from '../releases/find-containers.ts';
import { Ledger } from '../releases/ledger.ts';
import { keyOf } from '../releases/record.ts';
import { recording } from '../releases/recording.ts';
import {
  digestOf,
  envFileOf,
  namesFor,
  releaseNameOf,
  releaseOf,
  settingsOf,
  specFor,
  workingNames,
} from '../releases/release.ts';
import { roomOf } from '../releases/room.ts';
import { askedOf } from '../request/asked.ts';
import type { Work } from '../request/work.ts';
import type { Lease } from '../server/lease.ts';
import { inSlot } from '../server/slots.ts';
import type { Survey } from '../server/survey.ts';
import type { Looked } from './look-at-host.ts';
import { checkNginx, reloadNginx } from './reload-nginx.ts';

/** What is known of a server, and what is held there. */
export interface SiteOfWork {
  readonly survey: Survey;
  readonly folder: string;
  readonly lease: Lease;
}

/** The image, the plan, the switch and the verdict, with its record; or nothing, when all is as asked for. */
export async function replace(
  { work: asked, releases, ...seen }: Looked,
  { current, site }: { current: Container | undefined; site: SiteOfWork },
): Promise<void> {
  const { work, recorded } = recording(asked);
  work.learn({
    previousRelease: current && releaseNameOf(current),
    previousDigest: current && digestOf(current),
    standing: untouched(current, work.host),
  });
  const room = roomOf(site.survey);
  const ledger = new Ledger(work, { releases, current, mechanism: 'none', room });
  work.learn({ changes: ledger.roomChanges });
  await recorded(
    () => replaced(work, { ...seen, ledger, current, site }),
    (result) => ledger.finish(result, current),
  );
}

interface Replacing extends Pick<Looked, 'platform' | 'currentImage' | 'image'> {
  readonly ledger: Ledger;
  readonly current: Container | undefined;
  readonly site: SiteOfWork;
}

async function replaced(
  work: Work,
  { ledger, current, currentImage, site, ...seen }: Replacing,
): Promise<void> {
  const { host, request, docker, ports, learn } = work;
  const { survey } = site;
  const release = releaseOf(request);
  // While the image comes; it is told first.
  const inTheWay = Promise.all([namesake(work, release, current), refuseTakenPorts(work, current)]);
  inTheWay.catch(() => {});
  const { digest, image } = await fetchedImage(work, { ...seen, disk: survey.disk, current });
  learn({ digest });
  const serving = { ...work, request: inServingSlot(request, survey) };
  const choice = chooseMechanism(askedOf(request), survey, current);
  ledger.mechanism = choice.mechanism;
  const plan = planOf(serving, { current, currentImage, digest, choice, survey });
  tellPlan(plan, work);
  learn({ changes: [...plan.changes, ...ledger.roomChanges] });
  if (plan.kind === 'unchanged' && current !== undefined && (await serves(work, current.name))) {
    learn({ result: 'unchanged', standing: `${release} serves on ${host}` });
    const what = `${release} (${shortDigest(digest)})`;
    ports.log.step('Unchanged', `${request.container} on ${host} is ${what} already`);
    return;
  }
  const { move } = choice;
  const placed = move === undefined ? serving : { ...work, request: inSlot(request, move.slots.free) };
  const [[leftover]] = await together(
    inTheWay,
    ledger.prepare(placed.request, { digest, imageId: image.id }),
  );
  // One of ours that somebody renamed, or stopped and started another beside: it serves nobody.
  if (leftover !== undefined) await docker.remove(leftover.name);
  if (request.reloadNginx === true) await checkNginx(work);
  const proven = await switchTo(placed, { digest, release, current, site, choice });
  checkWhatServes(work, { proven, image, digest });
  if (request.reloadNginx === true) await reloadNginx(work);
}

/** @returns the container of the new release as it was seen when it was proven; undefined when it is gone. */
async function switchTo(
  work: Work,
  { digest, release, current, site, choice }: Replacement,
): Promise<Container | undefined> {
  const { host, request, docker, ports } = work;
  const started = performance.now();
  const key = keyOf(release, settingsOf(request, digest));
  const envFile = envFileOf(site.survey.home, request.container, key);
  const spec = specFor(request, digest, { name: workingNames(request.container).next, envFile });
  if (request.preDeploy !== undefined || site.survey.hasPreDeploy) {
    site.lease.phase('pre-deploy');
    await runPreDeploy(work, spec);
  }
  let proven: Container | undefined;
  if (choice.move !== undefined && current !== undefined) {
    proven = await changeSlot(work, { release, current, spec, ...site, move: choice.move });
  } else if (choice.mechanism === 'bridge' && current !== undefined) {
    proven = await crossOver(work, { release, current, spec, ...site });
  } else {
    await recreated(work, { spec, release, current });
    proven = await docker.container(namesFor(request.container, { release, current }).final);
  }
  ports.log.step('Deployed', `${release} serves on ${host}`, performance.now() - started);
  return proven;
}

interface Replacement {
  readonly digest: string;
  readonly release: string;
  readonly current: Container | undefined;
  readonly site: SiteOfWork;
  readonly choice: Choice;
}

function recreated(
  work: Work,
  { spec, release, current }: { spec: ContainerSpec; release: string; current: Container | undefined },
): Promise<void> {
  const { host, request, machine, ports, learn } = work;
  return switchOver({
    host,
    machine,
    container: request.container,
    names: namesFor(request.container, { release, current }),
    spec,
    restart: request.restart,
    release,
    current,
    stopTimeout: request.stopTimeout,
    mechanism: recreate,
    prove: (docker, name, limit) => prove(work, docker, name, limit),
    proveOld: (docker, name, limit) => proveOld(work, docker, name, limit),
    log: ports.log,
    signal: ports.signal,
    learn,
  });
}

/** Another container of ours that has the name of the new one. @throws UserError when it is not ours */
async function namesake(
  { request, docker }: Work,
  release: string,
  current: Container | undefined,
): Promise<Container | undefined> {
  const { final } = namesFor(request.container, { release, current });
  if (final === current?.name) return undefined;
  const other = await docker.container(final);
  if (other !== undefined) refuseStranger(other, request.container, request.environment);
  return other;
}

/** The verdict comes from the server: the image that was asked for is the one that runs. */
function checkWhatServes(
  { host, request, learn }: Work,
  { proven: running, image, digest }: { proven: Container | undefined; image: Image; digest: string },
): void {
  if (running?.state.status === 'running' && running.imageId === image.id && digestOf(running) === digest)
    return;
  const observed =
    running === undefined
      ? 'there is no such container'
      : `it is ${running.state.status}, from ${running.image}`;
  learn({ result: 'failed', standing: `something else changes ${request.container} on ${host}` });
  throw new UserError(
    `${request.container} on ${host} is not what was deployed — ${observed}`,
    'look for another deployment that runs at the same time, and let only one run (concurrency: in the workflow)',
    { code: 'deployment-overtaken' },
  );
}
