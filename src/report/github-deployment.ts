/** Tells GitHub about a deployment. */

import { messageOf } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { gitHub } from './github.ts';

/** What GitHub is to show: github.com/OWNER/NAME/deployments. */
export interface DeploymentNotice {
  /** Secret. */
  readonly token: string;
  /** `https://api.github.com`, or that of a server of one's own. */
  readonly apiUrl: string;
  /** `owner/name`. */
  readonly repository: string;
  /** Commit, branch or tag. */
  readonly ref: string;
  readonly environment: string;
  readonly description: string;
  /** The address of the workflow run. */
  readonly logUrl: string | undefined;
  /** Where the application can be seen. */
  readonly environmentUrl: string | undefined;
}

/** The states of GitHub's own list that a deployment of ours comes to. */
export type DeploymentState = 'success' | 'failure' | 'error';

export interface ToldDeployment {
  end(state: DeploymentState, description: string): Promise<void>;
}

/** Milliseconds for one request: also the last one, after the job was cancelled. */
const timeout = 5_000;
/** GitHub refuses longer descriptions. */
const longest = 140;

/** Creates a deployment that is in progress. GitHub failing is a warning, here and at its end: never more. */
export async function tellGitHub(notice: DeploymentNotice, log: Log): Promise<ToldDeployment> {
  const { environment } = notice;
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      log.warning(
        `GitHub was not told of the deployment to ${environment} — ${messageOf(error)} — give the job permissions: deployments: write; the deployment itself goes on`,
      );
      return undefined;
    }
  };
  const api = await attempt(() => deploymentsOf(notice));
  const id = api && (await attempt(() => api.create()));
  if (api !== undefined && id !== undefined) {
    await attempt(() => api.status(id, 'in_progress', notice.description));
  }
  return {
    async end(state, description) {
      if (api !== undefined && id !== undefined) await attempt(() => api.status(id, state, description));
    },
  };
}

async function deploymentsOf(notice: DeploymentNotice) {
  const { token, apiUrl, repository, ref, environment, description, logUrl, environmentUrl } = notice;
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
