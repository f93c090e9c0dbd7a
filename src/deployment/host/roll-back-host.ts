import { UserError } from '../../ground/errors.ts';
import type { HostOutcome } from '../request/outcome.ts';
import type { DeployRequest } from '../request/request.ts';
import type { HostPorts } from '../request/work.ts';
import { deployToHost } from './deploy-host.ts';

/** Brings one server back to what it had before this run. @returns how that went. */
export type RollBackHost = (
  host: string,
  request: DeployRequest,
  before: HostOutcome,
  ports: HostPorts,
) => Promise<HostOutcome>;

/** The release that served there before, from its record: the way is that of any other deployment. */
export const rollBackHost: RollBackHost = async (host, request, before, ports) => {
  if (before.previousRelease === undefined) {
    const failure = new UserError(
      `${request.container} cannot go back on ${host} — nothing ran there before this deployment`,
      'deploy the release that you want, or remove the container',
      { code: 'nothing-to-go-back-to' },
    );
    return { ...before, failure };
  }
  const back = await deployToHost(host, { ...request, mode: 'rollback', rollbackTo: 'previous' }, ports);
  const { previousRelease: release, previousDigest: digest } = before;
  if (back.failure?.code !== 'nothing-to-go-back-to' || digest === undefined) return back;
  // Whatever deployed that left no record: its image, with the settings of this run.
  return deployToHost(host, { ...request, release, image: { ...request.image, digest } }, ports);
};
