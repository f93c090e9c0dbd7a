import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { type DeploymentState, tellGitHub } from '../report/github-deployment.ts';
import type { Origin } from '../step/action.ts';

export interface StatusRequest {
  readonly githubToken?: string | undefined;
  readonly deploymentEnvironment?: string | undefined;
  readonly dryRun: boolean;
  readonly container: string;
  readonly healthUrl?: string | undefined;
}

interface StatusPorts {
  readonly origin: Origin;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Does some work, and shows on GitHub how it goes, where that was asked for. */
export async function shownOnGitHub<T>(
  request: StatusRequest,
  { origin, log, signal }: StatusPorts,
  work: () => Promise<T>,
): Promise<T> {
  const { githubToken: token, deploymentEnvironment: environment, container, dryRun } = request;
  if (token === undefined || environment === undefined || dryRun) return work();
  if (origin.github === undefined) {
    log.warning('deployment-environment: there is no GitHub here — it works in a job of a workflow');
    return work();
  }
  const logUrl = URL.canParse(origin.run) ? origin.run : undefined;
  const description = `${container} is being deployed`;
  const notice = { token, environment, description, logUrl, ref: origin.commit, ...origin.github };
  const told = await tellGitHub({ ...notice, environmentUrl: publicAddress(request) }, log);
  try {
    const done = await work();
    await told.end('success', `${container} is deployed`);
    return done;
  } catch (error) {
    const state: DeploymentState = signal.aborted || !(error instanceof UserError) ? 'error' : 'failure';
    // A whole sentence may repeat what the application said: its name is enough here.
    await told.end(state, error instanceof UserError ? `failed: ${error.code}` : 'failed');
    throw error;
  }
}

/** The address of a single server is nobody else's business. */
function publicAddress({ healthUrl }: StatusRequest): string | undefined {
  if (healthUrl === undefined || healthUrl.includes('{host}') || !URL.canParse(healthUrl)) return undefined;
  return `${new URL(healthUrl).origin}/`;
}

/** A relation between the inputs that does not hold, if there is one. */
export function statusIsComplete(
  given: Pick<Partial<StatusRequest>, 'githubToken' | 'deploymentEnvironment'>,
): string | undefined {
  return given.deploymentEnvironment !== undefined && given.githubToken === undefined
    ? `deployment-environment: needs github-token (\${{ github.token }}, with permissions: deployments: write)`
    : undefined;
}
