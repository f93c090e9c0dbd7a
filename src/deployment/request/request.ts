import type { ContainerOptions } from '../../docker/container-options.ts';
import type { HealthCheck, Mount, PortMapping } from '../../docker/container-spec.ts';
import type { ImageReference } from '../../docker/image.ts';
import type { RegistryLogin } from '../../docker/registry.ts';
import type { PreDeployCommand } from './pre-deploy-command.ts';
import type { Rollout } from './waves.ts';

export type Mode = 'deploy' | 'rollback' | 'recover';
export type Strategy = 'auto' | 'bridge' | 'nginx' | 'caddy' | 'swarm' | 'recreate';

export const noImage: ImageReference = {
  registry: '',
  repository: '',
  tag: undefined,
  digest: undefined,
  name: '',
};

/** What shall run, where, and how it is known to be well. Times in milliseconds, sizes in bytes. */
export interface DeployRequest {
  readonly hosts: readonly string[];
  /** Default: deploy. `recover` brings to its end what a killed run left, and changes nothing else. */
  readonly mode?: Mode | undefined;
  /** For `rollback`: `previous`, or the name of a recorded release. Its container is made as its record says. */
  readonly rollbackTo?: string | undefined;
  /** How many releases are kept on a server. Default: 5. */
  readonly keepReleases?: number | undefined;
  /** In which order, and what becomes of all when one fails. Default: one after the other, and all go back. */
  readonly rollout?: Rollout | undefined;
  /** The name of the application, and the beginning of its containers' names. */
  readonly container: string;
  readonly environment: string;
  /** `noImage` where it is not asked for: a rollback has it from the record. */
  readonly image: ImageReference;
  /** Default: the image's tag. */
  readonly release?: string | undefined;
  /** Whether the server pulls it from a registry, or gets it from here. Default: `registry`. */
  readonly transfer?: 'registry' | 'ssh' | undefined;
  readonly registryLogin?: RegistryLogin | undefined;

  /** Of a container that was taken over, instead of the image's own. */
  readonly entrypoint?: readonly string[] | undefined;
  readonly command?: readonly string[] | undefined;
  readonly ports: readonly PortMapping[];
  readonly mounts: readonly Mount[];
  readonly networks: readonly string[];
  readonly extraHosts: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly memory?: number | undefined;
  readonly cpus?: number | undefined;
  readonly user?: string | undefined;
  readonly options?: ContainerOptions | undefined;
  readonly restart: string;
  readonly health?: HealthCheck | undefined;
  /** Secret. */
  readonly env: Readonly<Record<string, string>>;
  readonly requiredEnv: readonly string[];
  /**
   * How the environment reaches the application: `env-file` as variables, `mount` as a file that only the user of the
   * container can read. Default: `env-file`.
   */
  readonly envMode?: 'env-file' | 'mount' | undefined;
  /** Where that file is in the container. */
  readonly envPath?: string | undefined;
  /** More files for the container: content by path. May be secret. */
  readonly files?: Readonly<Record<string, string>> | undefined;

  /** Run in the new image, in this order, before anything is touched. */
  readonly preDeploy?: readonly PreDeployCommand[] | undefined;

  /** Afterwards, of a proxy that stands in front and has read what the container was. */
  readonly reloadNginx?: boolean | undefined;

  /** Must answer 2xx before the deployment counts. `{host}` in it stands for the server's name. */
  readonly healthUrl?: string | undefined;
  /** Host header for `healthUrl`, where it is not the one in the address. */
  readonly healthHost?: string | undefined;
  readonly healthTimeout: number;
  readonly stopTimeout: number;

  readonly strategy: Strategy;
  /** Swarm: how many tasks shall run. Default: as many as the service has; 1 where there is none. */
  readonly replicas?: number | undefined;
  /** Two versions may write to the mounts at the same time. */
  readonly sharedVolumes: boolean;
  /** How long the old version stays ready to take the traffic back. */
  readonly bake: number;
  /** How long connections to a version that is about to be stopped may stay open. */
  readonly drainTimeout: number;

  /** Secret of the server, for `settingsOf`; known when it was looked at. */
  readonly settingsKey?: string | undefined;
  /** Who deploys, for the label: the address of a workflow run. */
  readonly run: string;
  /** Look and plan only. */
  readonly dryRun: boolean;
}
