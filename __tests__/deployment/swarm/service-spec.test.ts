import { describe, expect, test } from '@jest/globals';

import type { DeployRequest } from '../../../src/deployment/request/request.ts';
import { refuseForService, serviceSpec } from '../../../src/deployment/swarm/service-spec.ts';
import { nodesFor } from '../../../src/deployment/swarm/swarm-look.ts';
import { parseImage } from '../../../src/docker/image.ts';
import { readService, type SwarmNode } from '../../../src/docker/service.ts';

const digest = `sha256:${'b'.repeat(64)}`;

const request = (changes: Partial<DeployRequest> = {}): DeployRequest => ({
  hosts: ['web-1'],
  container: 'shop',
  environment: 'production',
  image: parseImage('registry.example.com/shop:v2'),
  ports: [{ address: undefined, hostPort: 80, containerPort: 8000, protocol: 'tcp' }],
  mounts: [{ type: 'volume', source: 'media', target: '/media', readOnly: false }],
  networks: [],
  extraHosts: ['db:10.0.0.5'],
  labels: { team: 'shop' },
  restart: 'unless-stopped',
  env: { SECRET_KEY: 'x=y' },
  requiredEnv: [],
  healthTimeout: 30_000,
  stopTimeout: 10_000,
  strategy: 'swarm',
  sharedVolumes: true,
  bake: 30_000,
  drainTimeout: 30_000,
  run: 'https://example.com/runs/1',
  dryRun: false,
  ...changes,
});

const wish = (changes: Partial<DeployRequest> = {}, publish: 'ingress' | 'host' = 'ingress') => ({
  request: request(changes),
  digest,
  platforms: ['linux/amd64'],
  networks: ['net1'],
  publish,
  startsFirst: true,
  isForced: false,
});

/** Made by hand, by somebody else: placement, a secret, labels of a stack. */
const service = readService(
  JSON.stringify({
    ID: 's1',
    Version: { Index: 7 },
    Spec: {
      Name: 'shop',
      Labels: { 'com.docker.stack.namespace': 'estate', old: 'yes' },
      TaskTemplate: {
        ContainerSpec: {
          Image: `registry.example.com/shop:v1@sha256:${'a'.repeat(64)}`,
          Env: ['SECRET_KEY=old', 'DEBUG=1'],
          Secrets: [{ SecretID: 'sec1' }],
          Mounts: [
            { Type: 'tmpfs', Target: '/tmp' },
            { Type: 'bind', Source: '/srv', Target: '/srv' },
          ],
        },
        Placement: { Constraints: ['node.labels.web==yes'] },
        ForceUpdate: 3,
      },
      Mode: { Replicated: { Replicas: 4 } },
      UpdateConfig: { Parallelism: 2, FailureAction: 'pause', Order: 'stop-first', MaxFailureRatio: 0 },
      EndpointSpec: {
        Mode: 'vip',
        Ports: [{ Protocol: 'tcp', TargetPort: 8000, PublishedPort: 80, PublishMode: 'host' }],
      },
    },
    UpdateStatus: { State: 'rollback_completed', Message: 'rollback completed' },
  }),
);

test('a new service', () => {
  expect(serviceSpec(wish({ command: ['serve'], memory: 1024, cpus: 0.5 }), undefined)).toMatchObject({
    Name: 'shop',
    Labels: {
      team: 'shop',
      'tenantry.app': 'shop',
      'tenantry.release': 'v2',
      'tenantry.run': 'https://example.com/runs/1',
    },
    TaskTemplate: {
      ContainerSpec: {
        Image: `registry.example.com/shop@${digest}`,
        Args: ['serve'],
        Env: ['SECRET_KEY=x=y'],
        Hosts: ['10.0.0.5 db'],
        Mounts: [{ Type: 'volume', Source: 'media', Target: '/media', ReadOnly: false }],
        StopGracePeriod: 10_000_000_000,
      },
      Resources: { Limits: { MemoryBytes: 1024, NanoCPUs: 500_000_000 } },
      RestartPolicy: { Condition: 'any' },
      Placement: { Platforms: [{ OS: 'linux', Architecture: 'amd64' }] },
      Networks: [{ Target: 'net1' }],
      ForceUpdate: 0,
    },
    Mode: { Replicated: { Replicas: 1 } },
    UpdateConfig: {
      Parallelism: 1,
      FailureAction: 'rollback',
      Order: 'start-first',
      Monitor: 30_000_000_000,
    },
    EndpointSpec: {
      Mode: 'vip',
      Ports: [{ Protocol: 'tcp', TargetPort: 8000, PublishedPort: 80, PublishMode: 'ingress' }],
    },
  });
});

test('options of its containers, in the words of a service', () => {
  const options = {
    networkAliases: ['web'],
    hostname: 'shop',
    dns: ['10.0.0.2'],
    logDriver: 'local',
    logOptions: { 'max-size': '10m' },
    capAdd: ['net_admin', 'ALL'],
    readOnly: true,
    ulimits: ['nofile=1024:2048', 'nproc=64'],
    init: true,
  };
  expect(serviceSpec(wish({ options }), undefined).TaskTemplate).toMatchObject({
    ContainerSpec: {
      Hostname: 'shop',
      DNSConfig: { Nameservers: ['10.0.0.2'] },
      CapabilityAdd: ['CAP_NET_ADMIN', 'ALL'],
      ReadOnly: true,
      Init: true,
      Ulimits: [
        { Name: 'nofile', Soft: 1024, Hard: 2048 },
        { Name: 'nproc', Soft: 64, Hard: 64 },
      ],
    },
    Networks: [{ Target: 'net1', Aliases: ['web'] }],
    LogDriver: { Name: 'local', Options: { 'max-size': '10m' } },
  });
});

test('the labels of its tasks do not name the run: a run alone is no reason to exchange them', () => {
  const { TaskTemplate } = serviceSpec(wish(), undefined) as {
    TaskTemplate: { ContainerSpec: { Labels: object } };
  };
  expect(Object.keys(TaskTemplate.ContainerSpec.Labels).sort()).toEqual([
    'team',
    'tenantry.digest',
    'tenantry.release',
    'tenantry.settings',
  ]);
});

test('a service that is there: what the request does not name stays', () => {
  const spec = serviceSpec({ ...wish(), isForced: true }, service);
  expect(spec).toMatchObject({
    Labels: { 'com.docker.stack.namespace': 'estate', team: 'shop' },
    TaskTemplate: {
      ContainerSpec: {
        Env: ['SECRET_KEY=x=y'],
        Secrets: [{ SecretID: 'sec1' }],
        Mounts: [
          { Type: 'tmpfs', Target: '/tmp' },
          { Type: 'volume', Source: 'media', Target: '/media' },
        ],
      },
      Placement: { Constraints: ['node.labels.web==yes'] },
      ForceUpdate: 4,
    },
    Mode: { Replicated: { Replicas: 4 } },
    UpdateConfig: { Parallelism: 2, FailureAction: 'rollback', Order: 'start-first' },
    EndpointSpec: { Ports: [{ PublishedPort: 80, PublishMode: 'host' }] },
  });
  expect(spec.Labels).not.toHaveProperty('old');
  expect(serviceSpec(wish({ replicas: 2 }), service).Mode).toEqual({ Replicated: { Replicas: 2 } });
});

test('what is read of it', () => {
  expect(service).toMatchObject({
    version: 7,
    environmentKeys: ['SECRET_KEY', 'DEBUG'],
    replicas: 4,
    forced: 3,
    isJob: false,
    update: { state: 'rollback_completed' },
    mounts: [{ source: '/srv' }],
    ports: [{ hostPort: 80, mode: 'host' }],
  });
  expect(service.hasVariable('SECRET_KEY', 'old')).toBe(true);
  expect(() => readService('{"ID":"x"}')).toThrow(
    'What the Docker engine says of a service cannot be understood',
  );
});

test('without IPVS: ports of nodes, names of tasks', () => {
  expect(serviceSpec(wish({}, 'host'), undefined).EndpointSpec).toMatchObject({
    Mode: 'dnsrr',
    Ports: [{ PublishMode: 'host' }],
  });
});

test.each([
  ['no', { Condition: 'none' }],
  ['on-failure:3', { Condition: 'on-failure', MaxAttempts: 3 }],
  ['always', { Condition: 'any' }],
])('restart: %s', (restart, policy) => {
  expect(serviceSpec(wish({ restart }), undefined)).toMatchObject({
    TaskTemplate: { RestartPolicy: policy },
  });
});

test.each<[Partial<DeployRequest>, string]>([
  [
    { ports: [{ address: '127.0.0.1', hostPort: 80, containerPort: 80, protocol: 'tcp' }] },
    'every address of a node',
  ],
  [{ extraHosts: ['host.docker.internal:host-gateway'] }, 'tasks move'],
  [{ transfer: 'ssh' }, 'every node pulls for itself'],
  [{ envMode: 'mount' }, 'gives them no files'],
  [{ files: { '/config.js': 'x' } }, 'gives them no files'],
  [{ reloadNginx: true }, 'tasks on several servers'],
  [{ options: { shmSize: 1, tmpfs: ['/run'] } }, 'would be lost on a service'],
])('refused: %j', (changes, observed) => {
  expect(() => refuseForService(request(changes))).toThrow(observed);
});

describe('nodes', () => {
  const node = (name: string, changes: Partial<SwarmNode> = {}): SwarmNode => ({
    id: name,
    name,
    platform: 'linux/amd64',
    isUp: true,
    isActive: true,
    ...changes,
  });
  const arm = node('web-3', { platform: 'linux/arm64' });
  const look = (nodes: SwarmNode[], platforms = ['linux/amd64']) =>
    nodesFor(request(), { nodes, platforms, server: 'web-1' });

  test('those that take no task are told, a line each', () => {
    const down = node('web-2', { isUp: false });
    const { able, remarks } = look([node('web-1'), down, arm, node('web-4', { isActive: false })]);
    expect(able.map(({ name }) => name)).toEqual(['web-1']);
    expect(remarks).toEqual([
      'the node web-2 is down: its tasks run elsewhere',
      'the node web-3 is linux/arm64, and the image is not: it gets no task',
      'the node web-4 takes no tasks (drained or paused)',
    ]);
    expect(look([node('web-1'), arm], []).able).toHaveLength(2);
  });

  test('none that can run it is a failure', () => {
    expect(() => look([arm])).toThrow(
      'registry.example.com/shop:v2 cannot run in the swarm of web-1 — the image is linux/amd64, its nodes linux/arm64',
    );
    expect(() => look([node('web-2', { isUp: false })])).toThrow('no node takes tasks: web-2 is down');
  });
});
