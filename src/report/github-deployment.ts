/** Tells GitHub about a deployment. */

import { messageOf } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { gitHub } from './github.ts';

/** Whose deployments, and who asks. */
export interface DeploymentsOf {
  /** Secret. */
  readonly token: string;
  /** `https://api.github.com`, or that of a server of one's own. */
  readonly apiUrl: string;
  /** `owner/name`. */
  readonly repository: string;
}

/** What GitHub is to show: github.com/OWNER/NAME/deployments. */
export interface DeploymentNotice extends DeploymentsOf {
  /** Commit, branch or tag. */
  readonly ref: string;
  readonly environment: string;
  readonly description: string;
  /** The address of the workflow run. */
  readonly logUrl: string | undefined;
  /** Where the application can be seen. */
  readonly environmentUrl: string | undefined;
  /** What a later deployment may want to know of this one. */
  readonly payload?: DeployedImage | undefined;
}

/** What was deployed, as it stands in the payload of a deployment. */
export interface DeployedImage {
  /** Of the application: one repository may deploy several. */
  readonly container: string;
  /** `registry/name:tag@sha256:…` */
  readonly image: string;
}

/** The states of GitHub's own list that a deployment of ours comes to. */
export type DeploymentState = 'success' | 'failure' | 'error';

export interface ToldDeployment {
  /** Undefined when GitHub could not be told. */
  readonly id: number | undefined;
  end(state: DeploymentState, description: string): Promise<void>;
}

/** Milliseconds for one request: also the last one, after the job was cancelled. */
const timeout = 5_000;
/** GitHub refuses longer descriptions. */
const longest = 140;

/** Creates a deployment that is in progress. GitHub failing is a warning, here and at its end: never more. */
export async function tellGitHub(notice: DeploymentNotice, log: Log): Promise<ToldDeployment> {
  const { environment } = notice;
  const attempt = attemptTo(environment, log);
  const api = await attempt(() => deploymentsOf(notice));
  const id = api && (await attempt(() => api.create()));
  if (api !== undefined && id !== undefined) {
    await attempt(() => api.status(id, 'in_progress', notice.description));
  }
  return {
    id,
    async end(state, description) {
      if (api !== undefined && id !== undefined) await attempt(() => api.status(id, state, description));
    },
  };
}

/** How a deployment ended that another job has begun. GitHub failing is a warning. */
export async function endDeployment(
  notice: DeploymentNotice,
  { id, state, description }: { id: number; state: DeploymentState; description: string },
  log: Log,
): Promise<void> {
  await attemptTo(
    notice.environment,
    log,
  )(async () => (await deploymentsOf(notice)).status(id, state, description));
}

function attemptTo(environment: string, log: Log) {
  return async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      log.warning(
        `GitHub was not told of the deployment to ${environment} — ${messageOf(error)} — give the job permissions: deployments: write; the deployment itself goes on`,
      );
      return undefined;
    }
  };
}

/**
 * That an environment went back: the image that serves again gets a deployment of its own, and the one that was taken
 * back is green no more. An image that GitHub never knew there is not told. GitHub failing is a warning.
 * @param to,from digests
 */
export async function tellWayBack(
  { container, ...notice }: DeploymentNotice & { readonly container: string },
  { to, from, state, description }: WayBack,
  log: Log,
): Promise<void> {
  const attempt = attemptTo(notice.environment, log);
  const known = await attempt(() =>
    newestOf(notice, { environment: notice.environment, container }, [to, from]),
  );
  const [image, taken] = known ?? [];
  if (taken?.state === 'success') {
    await endDeployment(notice, { id: taken.id, state: 'failure', description: 'taken back' }, log);
  }
  if (image === undefined) return;
  const told = await tellGitHub({ ...notice, payload: { container, image: image.image } }, log);
  await told.end(state, description);
}

interface WayBack {
  readonly to: string;
  readonly from: string | undefined;
  readonly state: DeploymentState;
  readonly description: string;
}

/** The newest deployment of each digest. */
async function newestOf(
  where: DeploymentsOf,
  whose: { readonly environment: string; readonly container: string },
  digests: readonly (string | undefined)[],
): Promise<(KnownDeployment | undefined)[]> {
  const found = digests.map((): KnownDeployment | undefined => undefined);
  for await (const known of knownDeployments(where, whose)) {
    for (const [index, digest] of digests.entries()) {
      if (digest !== undefined && known.image.endsWith(`@${digest}`)) found[index] ??= known;
    }
    if (digests.every((digest, index) => digest === undefined || found[index] !== undefined)) break;
  }
  return found;
}

/** What GitHub knows of an image in an environment. */
export interface KnownDeployment {
  readonly id: number;
  readonly image: string;
  /** The last state that was told of it; undefined: none. */
  readonly state: string | undefined;
}

/** How many deployments of an environment are looked at, the newest first. */
export const deploymentsLookedAt = 300;

/**
 * The deployments of an application to an environment, the newest first, each with its state: asked for one by one,
 * so that who looks for the newest need not wait for all.
 * @throws Error as GitHub says it
 */
export async function* knownDeployments(
  where: DeploymentsOf,
  { environment, container }: { environment: string; container: string },
): AsyncGenerator<KnownDeployment> {
  const { rest } = await gitHub(where);
  const [owner = '', repo = ''] = where.repository.split('/');
  const request = () => ({ signal: AbortSignal.timeout(timeout) });
  for (let page = 1; page <= deploymentsLookedAt / 100; page += 1) {
    const { data } = await rest.repos.listDeployments({
      ...{ owner, repo, environment, page, per_page: 100, request: request() },
    });
    for (const { id, payload } of data) {
      const told = readPayload(payload);
      if (told?.container !== container) continue;
      const statuses = await rest.repos.listDeploymentStatuses({
        ...{ owner, repo, deployment_id: id, per_page: 10, request: request() },
      });
      // GitHub itself calls an older success inactive when a newer one comes.
      const state = statuses.data.find((status) => status.state !== 'inactive')?.state;
      yield { id, image: told.image, state };
    }
    if (data.length < 100) return;
  }
}

/** As it was given, or as the text of it; anybody may have written it. */
function readPayload(payload: unknown): DeployedImage | undefined {
  let read = payload;
  try {
    if (typeof read === 'string') read = JSON.parse(read);
  } catch {
    return undefined;
  }
  if (typeof read !== 'object' || read === null) return undefined;
  const { container, image } = read as Record<string, unknown>;
  return typeof container === 'string' && typeof image === 'string' ? { container, image } : undefined;
}

async function deploymentsOf(notice: DeploymentNotice) {
  const { token, apiUrl, repository, ref, environment, description, logUrl, environmentUrl, payload } =
    notice;
  const { rest } = await gitHub({ token, apiUrl });
  const [owner = '', repo = ''] = repository.split('/');
  const request = () => ({ signal: AbortSignal.timeout(timeout) });
  return {
    async create(): Promise<number> {
      const { data } = await rest.repos.createDeployment({
        ...{ owner, repo, ref, environment },
        description: shortened(description),
        // What is deployed was decided by the workflow: neither merged with the default branch nor held up by checks.
        auto_merge: false,
        required_contexts: [],
        ...(payload === undefined ? {} : { payload: { ...payload } }),
        request: request(),
      });
      if ('id' in data) return data.id;
      throw new Error(data.message ?? 'it made no deployment');
    },
    async status(id: number, state: DeploymentState | 'in_progress', said: string): Promise<void> {
      await rest.repos.createDeploymentStatus({
        ...{ owner, repo, deployment_id: id, state },
        description: shortened(said),
        ...(logUrl === undefined ? {} : { log_url: logUrl }),
        ...(environmentUrl === undefined ? {} : { environment_url: environmentUrl }),
        request: request(),
      });
    },
  };
}

function shortened(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
