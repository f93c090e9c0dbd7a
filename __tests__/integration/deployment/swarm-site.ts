import { setTimeout as sleep } from 'node:timers/promises';

import { bringUp, control, type HostName, leaveSwarm, makeSwarm } from '../../../lab/lab.ts';
import type { DeployRequest, Strategy } from '../../../src/deployment/request/request.ts';
import { startEntrance } from './entrance.ts';
import { Site } from './site.ts';
import type { TestImage } from './test-images.ts';

const manager = 'host3';
const workers = ['host1', 'host2'] as const;
const nodes: readonly HostName[] = [manager, ...workers];

/**
 * A swarm of three engines: host3, its only manager, and host1 have Docker 20.10, host2 a current one; the kernel has
 * vxlan, and no IPVS. The application is a service, and a proxy on one of the nodes is its entrance; `port` is the
 * proxy's.
 */
export class SwarmSite extends Site {
  entrance: HostName = manager;
  /** Tasks run on the workers alone, and the manager is as patient with them as it is by itself. */
  isManagerDrained = false;

  static async upInSwarm(
    name: string,
    {
      port,
      images,
      ...kind
    }: { port: number; images: readonly TestImage[] } & Partial<
      Pick<SwarmSite, 'entrance' | 'isManagerDrained'>
    >,
  ): Promise<SwarmSite> {
    await bringUp([...workers]);
    const site = (await SwarmSite.up(manager, name, port, images)) as SwarmSite;
    Object.assign(site, kind);
    await leaveSwarm(nodes);
    try {
      await site.form();
    } catch (error) {
      await leaveSwarm(nodes); // others would meet it
      throw error;
    }
    return site;
  }

  /** The swarm, made anew unless all its nodes are there. */
  async form(): Promise<void> {
    if (await this.#isWhole()) return;
    const { name, network, port, entrance } = this;
    await makeSwarm(manager, workers);
    await this.docker(`network create --driver overlay --attachable ${network}`);
    await startEntrance(this.lab, { manager, node: entrance, service: name, network, port });
    if (this.isManagerDrained) {
      await this.docker(`node update --availability drain ${manager}`);
      await this.docker('swarm update --dispatcher-heartbeat 5s');
    }
  }

  /** After an engine was away its node needs a moment to be heard of. */
  async #isWhole(): Promise<boolean> {
    for (let tries = 0; tries < 30; tries += 1) {
      const { code, stdout } = await control(manager).tryRun([
        'docker',
        'node',
        'ls',
        '--format',
        '{{.Status}}',
      ]);
      const all = stdout.trim().split('\n');
      if (code === 0 && all.length === nodes.length && all.every((status) => status === 'Ready')) return true;
      const { stdout: state } = await control(manager).tryRun([
        'docker',
        'info',
        '--format',
        '{{.Swarm.LocalNodeState}}',
      ]);
      if (state.trim() === 'inactive') return false;
      await sleep(500);
    }
    return false;
  }

  override request(tag: string, changes: Partial<DeployRequest> = {}): DeployRequest {
    return super.request(tag, {
      strategy: 'swarm',
      ports: [],
      networks: [this.network],
      replicas: workers.length,
      healthUrl: `${this.url}/health`,
      ...changes,
    });
  }

  get network(): string {
    return `${this.name}-net`;
  }

  override get strategy(): Strategy {
    return 'swarm';
  }

  override get startStrategy(): Strategy {
    return 'swarm';
  }

  override get url(): string {
    return `http://${this.lab[this.entrance].address}:${this.port}`;
  }

  override get otherNode(): HostName {
    return workers[1];
  }

  /** The manager, without a swarm. */
  override get plain(): Site {
    return this.beside(`${this.name}-plain`, this.port + 1);
  }

  /** @throws Error when the entrance has nobody to ask */
  override async answer(): Promise<string> {
    const answer = await fetch(this.url, { headers: { connection: 'close' } });
    if (answer.status >= 500) throw new Error(`the entrance answers ${answer.status}`);
    return (await answer.text()).trim();
  }

  /** `node image` of every container of the service that runs, as its own node says it. */
  async running(): Promise<string[]> {
    const script = `
      docker ps -q --filter label=com.docker.swarm.service.name=${this.name} |
        xargs -r docker inspect --format '{{.Config.Image}}'`;
    const found = await Promise.all(
      nodes.map(async (node) => {
        const lines = (await control(node).run(['sh', '-c', script]))
          .split('\n')
          .filter((line) => line !== '');
        return lines.map((image) => `${node} ${image}`);
      }),
    );
    return found.flat().sort();
  }

  /** Of the service. */
  async service(format: string): Promise<string> {
    return (await this.docker(`service inspect --format '${format}' ${this.name}`)).trim();
  }

  override async oddContainers(): Promise<string[]> {
    const wanted = await this.service(
      '{{.Spec.Mode.Replicated.Replicas}} {{.Spec.TaskTemplate.ContainerSpec.Image}}',
    );
    const [replicas = '', image = ''] = wanted.split(' ');
    const running = await this.running();
    const odd = running.filter((line) => !line.endsWith(` ${image}`));
    return odd.length === 0 && running.length !== Number(replicas) ? running : odd;
  }

  /** Swarm's own word for it. */
  override async restartPolicy(): Promise<string> {
    const condition = await this.service('{{.Spec.TaskTemplate.RestartPolicy.Condition}}');
    return condition === 'any' ? 'unless-stopped' : condition;
  }

  /** Swarm has begun to bring this version, and has not come to the end. */
  async updating(tag: string): Promise<void> {
    await this.onServer(`
      until [ "$(docker service inspect --format '{{.UpdateStatus.State}} {{index .Spec.Labels "tenantry.release"}}' ${this.name})" = 'updating ${tag}' ]; do
        sleep 0.1
      done`);
  }

  /** The swarm is there, and has no service but its entrance. */
  override async clear(): Promise<void> {
    await this.form();
    await this.onServer(`docker service rm ${this.name} >/dev/null 2>&1 || true`);
    for (let tries = 0; (await this.running()).length > 0; tries += 1) {
      if (tries > 100) throw new Error(`tasks of ${this.name} do not end`);
      await sleep(300);
    }
    await super.clear();
  }

  /** The swarm is gone, too. */
  async takeDown(): Promise<void> {
    await leaveSwarm(nodes);
    await super.clear();
  }
}
