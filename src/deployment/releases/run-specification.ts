/** Everything of a request that makes the container, and how it is known to be well: what a record keeps of it. */
import * as z from 'zod';

import type { ContainerOptions } from '../../docker/container-options.ts';
import type { DeployRequest } from '../request/request.ts';

/** What belongs to one run, or is kept elsewhere: the values of the environment stand in a file of their own. */
type OfTheRun =
  | 'hosts'
  | 'rollout'
  | 'mode'
  | 'rollbackTo'
  | 'keepReleases'
  | 'container'
  | 'environment'
  | 'image'
  | 'release'
  | 'transfer'
  | 'registryLogin'
  | 'env'
  | 'requiredEnv'
  | 'preDeploy'
  | 'reloadNginx'
  | 'healthTimeout'
  | 'strategy'
  | 'bake'
  | 'drainTimeout'
  | 'settingsKey'
  | 'run'
  | 'dryRun';

export type RunSpecification = Omit<DeployRequest, OfTheRun>;

const text = z.string();
const texts = z.array(text);

const optionShape = {
  networkAliases: texts.optional(),
  hostname: text.optional(),
  dns: texts.optional(),
  logDriver: text.optional(),
  logOptions: z.record(text, text).optional(),
  capAdd: texts.optional(),
  capDrop: texts.optional(),
  securityOptions: texts.optional(),
  readOnly: z.boolean().optional(),
  tmpfs: texts.optional(),
  ulimits: texts.optional(),
  init: z.boolean().optional(),
  shmSize: z.number().optional(),
} satisfies Record<keyof ContainerOptions, z.ZodType>;

/** A field of the request that is missing here is an error of the compiler. */
const shape = {
  entrypoint: texts.optional(),
  command: texts.optional(),
  ports: z.array(
    z.object({
      address: text.optional(),
      hostPort: z.number(),
      containerPort: z.number(),
      protocol: z.enum(['tcp', 'udp']),
    }),
  ),
  replicas: z.number().optional(),
  mounts: z.array(
    z.object({ type: z.enum(['bind', 'volume']), source: text, target: text, readOnly: z.boolean() }),
  ),
  networks: texts,
  extraHosts: texts,
  labels: z.record(text, text),
  memory: z.number().optional(),
  cpus: z.number().optional(),
  user: text.optional(),
  envMode: z.enum(['env-file', 'mount']).optional(),
  envPath: text.optional(),
  /** May be secret, as the environment beside it: both files are for this account only. */
  files: z.record(text, text).optional(),
  options: z.object(optionShape).optional(),
  restart: text,
  health: z
    .object({
      command: text,
      interval: z.number(),
      timeout: z.number(),
      retries: z.number(),
      startPeriod: z.number(),
    })
    .optional(),
  healthUrl: text.optional(),
  healthHost: text.optional(),
  stopTimeout: z.number(),
  sharedVolumes: z.boolean(),
} satisfies Record<keyof RunSpecification, z.ZodType>;

export const runSpecificationJson = z.object(shape);

export function runSpecificationOf(request: DeployRequest): RunSpecification {
  return runSpecificationJson.parse(request) as RunSpecification;
}
