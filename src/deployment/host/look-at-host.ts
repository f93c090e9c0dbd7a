/** What is on a server, and what that makes of the request: one look, before anything is touched. */

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
import { meantRequest } from './rollback.ts';

/** A server as it was found, and what is to be done there. */
export interface Looked {
  /** For a rollback, with the request that the record asks for. */
  readonly work: Work;
  readonly found: Found;
  readonly survey: Survey;
  readonly platform: string;
  readonly releases: Releases;
}

export async function lookedAt(work: Work): Promise<Looked> {
  const { machine, docker, request, ports } = work;
  const { signal } = ports;
  const { container, environment } = request;
  const surveyed = ({ networks, ports: published }: DeployRequest, serving: string | undefined) =>
    surveyOf(machine, { container, serving, ports: published, networks, signal });
  const [platform, seen, { releases, home, old }, early] = await Promise.all([
    docker.platform(),
    findContainers(docker, container),
    listReleases(shelfOf(work), signal),
    // At the same time, where it is known what to look at: of a rollback the record says it.
    request.mode === 'rollback' ? undefined : surveyed(request, undefined),
  ]);
  const found = seen.current === undefined ? await foundElsewhere(work, seen, old) : seen;
  checkOwner(found, container, environment);
  refuseUnadoptable(found.current, work.host);
  const current = found.current ?? found.previous;
  const isBack = request.mode === 'rollback' && current === undefined;
  const inSwarm = isBack ? await keyInSwarm(work) : undefined;
  const facts = { releases, home, current, inSwarm };
  const meant = await meantRequest(work, facts);
  if (request.mode === 'rollback') work.learn({ release: releaseOf(meant), digest: meant.image.digest });
  const isOurs = found.current === undefined || !isForeign(found.current);
  const survey = early !== undefined && isOurs ? early : await surveyed(meant, found.current?.name);
  const keyed = { ...meant, settingsKey: survey.settingsKey };
  return { work: { ...work, request: keyed }, found, survey, platform, releases };
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
