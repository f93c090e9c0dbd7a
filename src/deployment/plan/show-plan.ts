import { showImage } from '../../docker/image.ts';
import type { Container, Image } from '../../docker/inspect.ts';
import { sameImage } from '../../docker/transfer.ts';
import { inServingSlot } from '../proxies/front-choice.ts';
import { digestOf, releaseNameOf, releaseOf, specFor } from '../releases/release.ts';
import type { Found } from '../releases/repair.ts';
import { askedOf } from '../request/asked.ts';
import type { Plan } from '../request/outcome.ts';
import { describeCommand } from '../request/pre-deploy-command.ts';
import type { Work } from '../request/work.ts';
import type { Survey } from '../server/survey.ts';
import { describeLeftovers } from './leftovers.ts';
import { type Choice, chooseMechanism } from './mechanism.ts';
import { reasonFor } from './mechanism-reason.ts';
import { planFor } from './plan.ts';

/** For `dry-run`: looks, tells, changes nothing; so the tag is resolved only when the server has the image. */
export async function showPlan(
  work: Work,
  { found, survey, currentImage }: Pick<Situation, 'survey' | 'currentImage'> & { found: Found },
): Promise<void> {
  const { request, learn } = work;
  const current = found.current ?? found.previous;
  const known = request.image.digest ?? (await digestOnServer(work));
  const choice = chooseMechanism(askedOf(request), survey, current);
  const serving = { ...work, request: inServingSlot(request, survey) };
  const plan = planOf(serving, { current, currentImage, digest: known, choice, survey });
  const repair = describeLeftovers(found, survey);
  learn({
    result: 'planned',
    digest: known,
    previousRelease: current && releaseNameOf(current),
    previousDigest: current && digestOf(current),
  });
  if (repair !== undefined) work.ports.log.step('Repair', repair);
  tellPlan(plan, work);
}

async function digestOnServer({ docker, request, ports }: Work): Promise<string | undefined> {
  const { image, transfer } = request;
  if (transfer === 'ssh') return (await sameImage(docker, await ports.sender.look()))?.id;
  const found = await docker.image(showImage(image));
  const digests = (found?.repoDigests ?? []).filter((name) => name.startsWith(`${image.name}@`));
  return digests.length === 1 ? digests[0]?.split('@')[1] : undefined;
}

interface Situation {
  readonly current: Container | undefined;
  /** What it was made from; undefined when that is gone. */
  readonly currentImage: Image | undefined;
  readonly digest: string | undefined;
  readonly choice: Choice;
  readonly survey: Survey;
}

export function planOf(
  { request }: Work,
  { current, currentImage, digest, choice, survey }: Situation,
): Plan {
  // A digest that is not known yet differs from every other one.
  const spec = specFor(request, digest ?? 'unknown', { name: request.container, envFile: '' });
  const wanted = {
    spec,
    digest,
    release: releaseOf(request),
    restart: request.restart,
    env: request.env,
    choice,
    why: reasonFor(choice, request, survey, current),
    bake: request.bake,
    healthTimeout: request.healthTimeout,
  };
  return planFor(wanted, current, currentImage ?? { environmentKeys: [], command: current?.command ?? [] });
}

export function tellPlan(plan: Plan, { host, request, ports, learn }: Work): void {
  const { log } = ports;
  const { now, mechanism, why, differences, kept } = plan;
  log.step('Plan', `${request.container} on ${host}: ${plan.summary}`);
  if (plan.kind !== 'first') log.info(`now: ${now}`);
  if (why !== undefined && !plan.summary.includes(why)) log.info(`${mechanism}: ${why}`);
  for (const difference of differences) log.info(difference);
  if (plan.kind !== 'unchanged') {
    for (const command of request.preDeploy ?? []) log.info(`before: ${describeCommand(command)}`);
  }
  if (kept !== undefined) log.info(`kept: ${kept}`);
  learn({ plan, differences, changes: plan.changes });
}
