/** What is on a server, and what that makes of the request: one look, before anything is touched. */
import { isDeepStrictEqual } from 'node:util';

import type { Image } from '../../docker/inspect.ts';
import { refuseUnadoptable, servingOnPort } from '../releases/adoption.ts';
import { checkOwner, findContainers } from '../releases/find-containers.ts';
import { shelfOf } from '../releases/ledger.ts';
import type { Releases } from '../releases/record.ts';
import { isForeign, releaseOf } from '../releases/release.ts';
import { listReleases } from '../releases/releases.ts';
import type { Found } from '../releases/repair.ts';
import type { DeployRequest } from '../request/request.ts';
import type { Work } from '../request/work.ts';
import { type Survey, surveyOf } from '../server/survey.ts';
import { keyInSwarm } from '../swarm/swarm-records.ts';
import { awaitEnd } from '../switch/switch-run.ts';
import { foreseenRequest, meantRequest } from './rollback.ts';

/** A server as it was found, and what is to be done there. */
export interface Looked {
  /** For a rollback, with the request that the record asks for. */
  readonly work: Work;
  readonly found: Found;
  readonly survey: Survey;
  readonly platform: string;
  readonly releases: Releases;
  /** What the container was made from that serves; undefined when there is none, or when it is gone. */
  readonly currentImage: Image | undefined;
  /** The image of a rollback, where the server has it. */
  readonly image: Image | undefined;
}

export async function lookedAt(work: Work): Promise<Looked> {
  const { machine, docker, request, ports } = work;
  const { signal } = ports;
  const { container, environment } = request;
  const surveyed = (places: Places, serving: string | undefined) =>
    surveyOf(machine, { container, serving, ...places, signal });
  const listing = listReleases(shelfOf(work), signal);
  // What is to be looked at a rollback's record says, and most likely it is this one.
  const foreseen =
    request.mode === 'rollback'
      ? listing.then(({ releases }) => foreseenRequest(request, releases))
      : Promise.resolve(request);
  const looking = foreseen.then(async (likely) => {
    const places = placesOf(likely);
    return { places, survey: await surveyed(places, undefined) };
  });
  looking.catch(() => {}); // told below, unless something else is told before
  const [platform, seen, { releases, home, old }] = await Promise.all([
    docker.platform(),
    findContainers(docker, container),
    listing,
  ]);
  const found = seen.current === undefined ? await foundElsewhere(work, seen, old) : seen;
  checkOwner(found, container, environment);
  refuseUnadoptable(found.current, work.host);
  const current = found.current ?? found.previous;
  const currentImage = current && docker.image(current.imageId);
  currentImage?.catch(() => {});
  const isBack = request.mode === 'rollback' && current === undefined;
  const inSwarm = isBack ? await keyInSwarm(work) : undefined;
  const facts = { releases, home, current, inSwarm };
  const { meant, image } = await meantRequest(work, facts);
  if (request.mode === 'rollback') work.learn({ release: releaseOf(meant), digest: meant.image.digest });
  const isOurs = found.current === undefined || !isForeign(found.current);
  const early = await looking;
  const isRight = isOurs && isDeepStrictEqual(early.places, placesOf(meant));
  const survey = isRight ? early.survey : await surveyed(placesOf(meant), found.current?.id);
  const keyed = { ...meant, settingsKey: survey.settingsKey };
  return {
    ...{ work: { ...work, request: keyed }, found, survey, platform, releases },
    ...{ currentImage: await currentImage, image },
  };
}

/** What of a request decides where a survey looks. */
type Places = Pick<DeployRequest, 'ports' | 'networks'>;

function placesOf({ ports, networks }: DeployRequest): Places {
  return { ports, networks };
}

/** One that serves under a name of its own: known from a run that was killed, or found by the port. */
async function foundElsewhere(
  { docker, request }: Work,
  seen: Found,
  known: string | undefined,
): Promise<Found> {
  const isAtRest = seen.next === undefined && seen.previous === undefined && seen.bridge === undefined;
  const old = known ?? (isAtRest ? await servingOnPort(docker, request) : undefined);
  return old === undefined ? seen : findContainers(docker, request.container, old);
}

/** The same, when the deployment before this one has let go of its last connections. */
export async function lookedAtRest(work: Work, folder: string): Promise<Looked> {
  const { machine, ports } = work;
  const looked = await lookedAt(work);
  if (!looked.survey.isWorking) return looked;
  ports.log.step(
    'Wait',
    'the deployment before this one still has connections that it lets come to their end',
  );
  await awaitEnd(machine, folder, ports.signal);
  return lookedAt(work);
}
