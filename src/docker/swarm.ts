import { type ContainerLog, readLog } from '../diagnosis/container-log.ts';
import { messageOf } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { type Machine, succeeded } from '../machine/machine.ts';
import { type EngineAnswer, type EngineRequest, engineApi } from './engine-api.ts';
import { type ImageReference, showImage } from './image.ts';
import type { RegistryLogin } from './registry.ts';
import {
  readDistribution,
  readNetworks,
  readNodes,
  readService,
  readTasks,
  type Service,
  type ServiceSpec,
  type SwarmNode,
  type Task,
} from './service.ts';
import { dockerVerdict } from './verdict.ts';

/** A swarm, as one of its managers knows it. Every failure is a `UserError` with a code of docs/troubleshooting.md. */
export interface Swarm {
  nodes(): Promise<SwarmNode[]>;
  /** Identifiers of the swarm's networks, by name. */
  networks(): Promise<ReadonlyMap<string, string>>;
  service(name: string): Promise<Service | undefined>;
  /** The newest first. */
  tasks(name: string): Promise<Task[]>;
  /** What a registry says of an image; nothing is pulled. Without platforms, it does not know them. */
  resolve(
    image: ImageReference,
    login: RegistryLogin | undefined,
  ): Promise<{ digest: string; platforms: string[] }>;
  /** The login goes with it to the nodes, which pull with it. */
  create(spec: ServiceSpec, login: RegistryLogin | undefined): Promise<void>;
  /** @throws UserError `deployment-overtaken` when it was changed since it was looked at. */
  change(service: Service, spec: ServiceSpec, login: RegistryLogin | undefined): Promise<void>;
  /** Back to what was before the last change. */
  goBack(service: Service): Promise<void>;
  remove(name: string): Promise<void>;
  /** The last lines of a task, wherever it runs; empty when its node does not answer. */
  logs(task: string, lines: number): Promise<ContainerLog>;
}

/** Milliseconds for lines from another node. */
const logTimeout = 15_000;

/** A swarm, through the engine of one of its managers. */
export function swarmOn(machine: Machine, { signal, log }: { signal: AbortSignal; log: Log }): Swarm {
  const api = engineApi(machine, { signal });
  const must = async (failed: string, request: EngineRequest): Promise<string> => {
    const answer = await api.send(request);
    if (answer.status < 300) return answer.body;
    throw refusal(failed, machine.name, answer);
  };
  const filters = (wanted: Record<string, string[]>) => encodeURIComponent(JSON.stringify(wanted));

  return {
    nodes: async () => readNodes(await must('Cannot look at the swarm', { method: 'GET', path: '/nodes' })),

    networks: async () =>
      readNetworks(await must("Cannot look at the swarm's networks", { method: 'GET', path: '/networks' })),

    async service(name) {
      const path = `/services/${encodeURIComponent(name)}`;
      const answer = await api.send({ method: 'GET', path });
      if (answer.status === 404) return undefined;
      if (answer.status < 300) return readService(answer.body);
      throw refusal(`Cannot look at the service ${name}`, machine.name, answer);
    },

    async tasks(name) {
      const path = `/tasks?filters=${filters({ service: [name] })}`;
      return readTasks(await must(`Cannot look at the tasks of ${name}`, { method: 'GET', path }));
    },

    async resolve(image, login) {
      const path = `/distribution/${showImage(image)}/json`;
      const failed = `Cannot find ${showImage(image)}`;
      return readDistribution(await must(failed, { method: 'GET', path, login }));
    },

    async create(spec, login) {
      const failed = `Cannot create the service ${spec.Name}`;
      await must(failed, { method: 'POST', path: '/services/create', body: spec, login });
    },

    async change({ id, version }, spec, login) {
      const path = `/services/${id}/update?version=${version}`;
      await must(`Cannot change the service ${spec.Name}`, { method: 'POST', path, body: spec, login });
    },

    async goBack({ id, version, spec }) {
      const path = `/services/${id}/update?version=${version}&rollback=previous`;
      await must(`Cannot put the service ${spec.Name} back`, { method: 'POST', path, body: spec });
    },

    async remove(name) {
      const path = `/services/${encodeURIComponent(name)}`;
      const answer = await api.send({ method: 'DELETE', path });
      if (answer.status >= 300 && answer.status !== 404) {
        throw refusal(`Cannot remove the service ${name}`, machine.name, answer);
      }
    },

    async logs(task, lines) {
      const argv = ['docker', 'service', 'logs', '--raw', '--timestamps', '--tail', String(lines), task];
      try {
        const result = await machine.run(argv, { timeout: logTimeout, signal });
        if (succeeded(result)) return readLog(result.stdout, result.stderr);
        log.debug(`no lines of the task ${task}: ${result.stderr}`);
      } catch (error) {
        signal.throwIfAborted();
        log.debug(`no lines of the task ${task}: ${messageOf(error)}`);
      }
      return readLog('', '');
    },
  };
}

/** An answer that is a refusal, in the words of the command-line program. */
function refusal(failed: string, server: string, { body }: EngineAnswer) {
  let message = body;
  try {
    message = String((JSON.parse(body) as { message?: unknown }).message ?? body);
  } catch {} // plain words
  return dockerVerdict({
    failed,
    server,
    result: { exitCode: 1, signal: null, stdout: '', stderr: message },
  });
}
