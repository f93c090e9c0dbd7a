import type { Docker } from '../docker/docker.ts';
import { showImage } from '../docker/image.ts';
import type { Container } from '../docker/inspect.ts';
import { type Plan, planFor } from './plan.ts';
import { describeRepair } from './put-back.ts';
import { digestOf, releaseNameOf, releaseOf, specFor } from './release.ts';
import type { Found } from './repair.ts';
import type { DeployRequest } from './request.ts';
import type { Work } from './work.ts';

/** For `dry-run`: looks, tells, changes nothing; so the tag is resolved only when the server has the image. */
export async function showPlan(work: Work, found: Found): Promise<void> {
  const { request, docker, learn } = work;
  const current = found.current ?? found.previous;
  const known = request.image.digest ?? (await digestOnServer(docker, request));
  const plan = await planOf(work, current, known);
  const repair = describeRepair(found);
  learn({
    result: 'planned',
    digest: known,
    previousRelease: current && releaseNameOf(current),
    previousDigest: current && digestOf(current),
  });
  if (repair !== undefined) work.ports.log.step('Repair', repair);
  tellPlan(plan, work);
}

async function digestOnServer(docker: Docker, { image }: DeployRequest): Promise<string | undefined> {
  const found = await docker.image(showImage(image));
  const digests = (found?.repoDigests ?? []).filter((name) => name.startsWith(`${image.name}@`));
  return digests.length === 1 ? digests[0]?.split('@')[1] : undefined;
}

export async function planOf(
  work: Work,
  current: Container | undefined,
  digest: string | undefined,
): Promise<Plan> {
  const { request, docker } = work;
  // A digest that is not known yet differs from every other one.
  const spec = specFor(request, digest ?? 'unknown', { name: request.container, envFile: '' });
  const currentImage = current === undefined ? undefined : await docker.image(current.imageId);
  const wanted = {
    spec,
    digest,
    release: releaseOf(request),
    restart: request.restart,
    environmentKeys: Object.keys(request.env),
  };
  return planFor(wanted, current, currentImage?.environmentKeys ?? []);
}

export function tellPlan(plan: Plan, { host, request, ports, learn }: Work): void {
  ports.log.step('Plan', `${request.container} on ${host}: ${plan.summary}`);
  for (const difference of plan.differences) ports.log.info(difference);
  learn({ differences: plan.differences });
}
