/** Brings an earlier deployment to its end that was killed on its way. */
import type { Container } from '../docker/inspect.ts';
import { settleSwitch } from './bridge.ts';
import { findContainers } from './find-containers.ts';
import { settleRecords } from './ledger.ts';
import { isBetweenSlots } from './leftovers.ts';
import { tidyPreDeploy } from './pre-deploy.ts';
import { prove } from './proof.ts';
import { describeRepair, putBack } from './put-back.ts';
import { releaseNameOf, workingNames } from './release.ts';
import type { Found } from './repair.ts';
import { settleSlots } from './slot-switch.ts';
import type { Survey } from './survey.ts';
import { tidyFolder } from './switch-run.ts';
import type { Work } from './work.ts';

export interface Settled {
  readonly current: Container | undefined;
  /** What became of the earlier deployment; undefined when all was at rest. */
  readonly said: string | undefined;
}

/** @throws UserError `deployment-unsettled` */
export async function settled(
  work: Work,
  seen: Found,
  { survey, folder }: { survey: Survey; folder: string },
): Promise<Settled> {
  const { host, request, machine, docker, ports } = work;
  const { log, signal } = ports;
  const names = workingNames(request.container);
  const isBetween = isBetweenSlots(seen, survey);
  const isSwitch = isBetween || seen.bridge !== undefined || survey.isRedirected;
  const settle = isBetween ? settleSlots : settleSwitch;
  let said = isSwitch ? await settle(work, { found: seen, survey, folder }) : undefined;
  const found = isSwitch ? await findContainers(docker, request.container, seen.current?.id) : seen;
  const repair = describeRepair(found);
  let current = found.current;
  if (repair !== undefined) {
    log.step('Repair', repair);
    current = await putBack(
      found,
      { docker, names, log, prove: (name) => prove(work, docker, name, signal) },
      { giveUpNext: false, isStopping: false, mayStart: true },
    );
    said =
      current === undefined ? `nothing runs on ${host} now` : `${releaseNameOf(current)} runs on ${host} now`;
    log.info(said);
  }
  if (survey.hasPreDeploy) {
    const tidied = await tidyPreDeploy(work);
    said ??= tidied;
  }
  const pending = survey.pendingRelease;
  if (isSwitch || repair !== undefined || survey.hasProgram || pending !== undefined) {
    // The run that was killed could not do it.
    for (const warning of await settleRecords(work, { pending, serving: current })) log.warning(warning);
    await tidyFolder({ machine, folder, log });
  }
  if (said === undefined && pending !== undefined) said = 'the records of a run that was killed are in order';
  return { current, said };
}
