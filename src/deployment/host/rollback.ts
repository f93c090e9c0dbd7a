/** A rollback: the request is made from the record of a release, and goes the way of any other deployment. */
import type { Docker } from '../../docker/docker.ts';
import type { ImageReference } from '../../docker/image.ts';
import { showImage } from '../../docker/image.ts';
import type { Container, Image } from '../../docker/inspect.ts';
import { UserError } from '../../ground/errors.ts';
import {
  chosenRecord,
  imageOf,
  keyOf,
  keyOfContainer,
  type ReleaseRecord,
  type Releases,
} from '../releases/record.ts';
import { envFileOf } from '../releases/release.ts';
import { readEnvironment, secretsInEnvironment, secretsInFiles } from '../request/environment.ts';
import type { DeployRequest } from '../request/request.ts';
import type { Work } from '../request/work.ts';

/** What will most likely be meant, from the records alone: what serves is what was deployed last. */
export function foreseenRequest(request: DeployRequest, releases: Releases): DeployRequest {
  const { container, rollbackTo = 'previous' } = request;
  try {
    const wanted = { serving: releases.current, container, host: '' };
    return requestFrom(chosenRecord(releases, rollbackTo, wanted), request);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return request; // whether there is none, the containers say
  }
}

/**
 * The request of a deployment, or the one that its record asks for, and then its image, where the server has it.
 * @throws UserError `nothing-to-go-back-to`, `release-unreadable`
 */
export async function meantRequest(
  { host, request, machine, docker, ports }: Work,
  {
    releases,
    current,
    inSwarm,
    home,
  }: {
    releases: Releases;
    current: Container | undefined;
    /** The key of the service that runs, where no container does. */
    inSwarm: string | undefined;
    home: string;
  },
): Promise<{ meant: DeployRequest; image: Image | undefined }> {
  if (request.mode !== 'rollback') return { meant: request, image: undefined };
  const { container, rollbackTo = 'previous' } = request;
  const serving = current === undefined ? inSwarm : keyOfContainer(current);
  const record = chosenRecord(releases, rollbackTo, { serving, container, host });
  const key = keyOf(record.release, record.settings);
  const there = imageThere(docker, record);
  there.catch(() => {}); // told below, unless its environment is to be told of
  const text = await machine.readFile(envFileOf(home, container, key));
  let env: DeployRequest['env'];
  try {
    env = readEnvironment(text ?? '');
  } catch (error) {
    throw new UserError(
      `${container} cannot go back to ${key} on ${host} — its environment file cannot be used: ${error instanceof RangeError ? error.message : String(error)}`,
      'choose another release, or deploy its image',
      { code: 'release-unreadable' },
    );
  }
  // GitHub masks what comes from its secrets; these come from the server.
  const { files = {} } = record.specification;
  ports.secrets?.([...secretsInEnvironment(env), ...secretsInFiles(files)]);
  if (record.adopted !== undefined && record.adopted.notKept.length > 0) {
    ports.log.warning(
      `${host}: ${record.release} was not started by Tenantry, and will be without ${record.adopted.notKept.join(', ')}; the container itself is kept as ${container}-tenantry-adopted`,
    );
  }
  const { reference, image } = await there;
  return { meant: { ...requestFrom(record, request), env, image: reference }, image };
}

/** Without environment and image. What was asked for now decides how it is proven, and how it gets there. */
export function requestFrom(record: ReleaseRecord, asked: DeployRequest): DeployRequest {
  const { specification } = record;
  return {
    ...asked,
    ...specification,
    healthUrl: asked.healthUrl ?? specification.healthUrl,
    healthHost: asked.healthHost ?? specification.healthHost,
    sharedVolumes: asked.sharedVolumes || specification.sharedVolumes,
    release: record.release,
    // The server has the image, or gets it where it came from.
    transfer: 'registry',
    requiredEnv: [],
    preDeploy: undefined,
  };
}

/** By its digest; by its id where the server has it, and not under its digest. */
async function imageThere(
  docker: Docker,
  record: ReleaseRecord,
): Promise<{ reference: ImageReference; image: Image | undefined }> {
  const reference = imageOf(record);
  const image = await docker.image(showImage(reference));
  if (image !== undefined || reference.id !== undefined) return { reference, image };
  const byId = await docker.image(record.imageId);
  return { reference: byId === undefined ? reference : { ...reference, id: record.imageId }, image: byId };
}
