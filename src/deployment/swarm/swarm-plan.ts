import { shortDigest } from '../../docker/image.ts';
import type { Service, Task } from '../../docker/service.ts';
import { showDuration } from '../../ground/duration.ts';
import { counted } from '../../ground/words.ts';
import { differencesBetween } from '../plan/differences.ts';
import { labels, releaseOf, settingsOf, specFor } from '../releases/release.ts';
import type { Plan } from '../request/outcome.ts';
import { courseOf, isOf } from './service-course.ts';
import { digestOfService, releaseOfService, type SwarmSite, type SwarmWay } from './swarm-look.ts';

/** What a service's tasks have to be, as the service itself is asked for now. */
export function aimOf(service: Service) {
  return {
    digest: digestOfService(service) ?? '',
    settings: service.containerLabels[labels.settings],
    forced: service.forced,
  };
}

/** Whether it is as asked for, and all its tasks run. */
export function isAsAsked(site: SwarmSite, way: SwarmWay, tasks: readonly Task[]): boolean {
  const { service, nodes } = site;
  const { request, digest } = way;
  if (service === undefined || service.labels[labels.settings] !== settingsOf(request, digest)) return false;
  if (digestOfService(service) !== digest) return false;
  if (request.replicas !== undefined && request.replicas !== service.replicas) return false;
  const aim = aimOf(service);
  const course = courseOf(service, tasks, { nodes, isNew: (task) => isOf(aim, task, labels.settings) });
  // An update that Swarm has given up, or undone, is one that was asked for once more.
  return course.now === 'done' || (course.now === 'gone back' && runsAll(service, tasks));
}

/** All its tasks run, whatever became of updates. */
export function runsAll(service: Service, tasks: readonly Task[]): boolean {
  const aim = aimOf(service);
  const isNew = (task: Task) => isOf(aim, task, labels.settings);
  const live = tasks.filter(({ wanted }) => wanted === 'running' || wanted === 'ready');
  return (
    live.length > 0 &&
    live.length === (service.replicas ?? live.length) &&
    live.every((task) => task.state === 'running' && isNew(task))
  );
}

/** What a deployment will do with a service, and why. */
export function planForService(site: SwarmSite, way: SwarmWay, tasks: readonly Task[]): Plan {
  const { service } = site;
  const { request, obstacle, remarks } = way;
  const release = releaseOf(request);
  const number = request.replicas ?? service?.replicas ?? (service === undefined ? 1 : undefined);
  const tells = number === undefined ? 'a task on every node' : counted(number, 'task');
  const why = reasonOf(request, service);
  if (service === undefined) {
    return {
      kind: 'first',
      summary: `the swarm has no service of that name yet; ${release} will be started there (swarm, ${tells})`,
      now: 'nothing',
      mechanism: 'swarm',
      why,
      differences: remarks,
      changes: [],
      kept: undefined,
    };
  }
  const runs = releaseOfService(service);
  const now = nowOf(service, tasks);
  if (isAsAsked(site, way, tasks)) {
    const summary = `${runs} runs, as asked for`;
    return {
      kind: 'unchanged',
      summary,
      now,
      mechanism: undefined,
      why: undefined,
      differences: [],
      changes: [],
      kept: undefined,
    };
  }
  const seen = serviceDifferences(site, way, service);
  const changes = [
    ...seen,
    ...(number === service.replicas ? [] : [`tasks: ${service.replicas} → ${number}`]),
  ];
  const differences = [
    ...(service.labels[labels.app] === undefined
      ? [
          'it was not deployed by Tenantry: what the inputs name is changed, the rest (placement, secrets, …) stays',
        ]
      : []),
    ...stackRemark(service),
    ...changes,
    ...(changes.length === 0 ? ['settings that Docker does not show, or tasks that do not run'] : []),
    ...remarks,
  ];
  const how =
    obstacle === undefined
      ? 'task by task, the new one before the old one ends'
      : 'task by task, the old one ends first: a gap for each';
  return {
    kind: 'replace',
    summary: `${runs} runs; ${release} will take its place, ${how} (swarm, ${tells})`,
    now,
    mechanism: 'swarm',
    why: obstacle === undefined ? why : `${why}; with a gap: ${obstacle}`,
    differences,
    changes,
    kept: `Swarm puts ${runs} back if a task of ${release} fails within ${showDuration(request.bake)} after the last one has started`,
  };
}

function reasonOf({ strategy, container }: SwarmWay['request'], service: Service | undefined): string {
  if (strategy === 'swarm') return 'strategy asks for it';
  return service === undefined ? 'the server manages a swarm' : `${container} is a service of a swarm`;
}

/** `v1 (sha256:3f2a…), 2 of 2 tasks run`. */
function nowOf(service: Service, tasks: readonly Task[]): string {
  const digest = digestOfService(service);
  const running = tasks.filter(({ wanted, state }) => wanted === 'running' && state === 'running').length;
  const wanted = service.replicas === undefined ? '' : ` of ${service.replicas}`;
  const known = digest === undefined ? '' : ` (${shortDigest(digest)})`;
  return `${releaseOfService(service)}${known}, a service of the swarm; ${running}${wanted} tasks run`;
}

function serviceDifferences(
  { networks }: SwarmSite,
  { request, digest }: SwarmWay,
  service: Service,
): string[] {
  const names = new Map([...networks].map(([name, id]) => [id, name]));
  const joined = service.networks.map((id) => names.get(id) ?? id);
  // A service without a network of its own has none; what stands for none among containers is the bridge.
  const onBridge = (list: readonly string[]) => (list.length === 0 ? ['bridge'] : list);
  const lines = differencesBetween(
    {
      spec: specFor(request, digest, { name: request.container, envFile: '' }),
      digest,
      release: releaseOf(request),
      restart: request.restart,
      env: request.env,
    },
    { ...service, networks: onBridge(joined), restart: request.restart },
    { environmentKeys: [], command: [] },
  );
  return lines.filter((line) => line !== 'networks: + bridge' && line !== 'networks: − bridge');
}

/** A stack's own file says something else the next time. */
function stackRemark({ labels: found }: Service): string[] {
  const stack = found['com.docker.stack.namespace'];
  if (stack === undefined) return [];
  return [
    `it belongs to the stack ${stack}: a later "docker stack deploy" sets it back to what its file says; leave the image of this service to Tenantry there`,
  ];
}
