/** Brings an earlier deployment to its end that was killed on its way. */
import type { Container } from '../../docker/inspect.ts';
import { settleSwitch } from '../bridge/bridge.ts';
import { prove } from '../gate/proof.ts';
import { tidyPreDeploy } from '../preflight/pre-deploy.ts';
import { isBetweenSlots } from '../proxies/front-choice.ts';
import { settleSlots } from '../proxies/slot-switch.ts';
import { putBack } from '../recreate/put-back.ts';
import { findContainers } from '../releases/find-containers.ts';
import { settleRecords } from '../releases/ledger.ts';
import { keyOfContainer } from '../releases/record.ts';
import { releaseNameOf, workingNames } from '../releases/release.ts';
import { describeRepair, type Found } from '../releases/repair.ts';
import type { Work } from '../request/work.ts';
import type { Survey } from '../server/survey.ts';
import { tidyFolder } from '../switch/switch-run.ts';

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
    const serving = current && keyOfContainer(current);
    for (const warning of await settleRecords(work, { pending, serving })) log.warning(warning);
    await tidyFolder({ machine, folder, log });
  }
  if (said === undefined && pending !== undefined) said = 'the records of a run that was killed are in order';
  return { current, said };
}
