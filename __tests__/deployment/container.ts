import type { Container, ContainerState } from '../../src/docker/inspect.ts';

/** A container that runs, with what a test changes about it. */
export function container(
  changes: Partial<Omit<Container, 'state'>> & { state?: Partial<ContainerState> } = {},
): Container {
  const { state, ...others } = changes;
  return {
    id: 'ab12',
    name: 'shop',
    imageId: 'sha256:cafe',
    image: `ghcr.io/acme/shop@sha256:${'aa'.repeat(32)}`,
    labels: {},
    environmentKeys: [],
    hasVariable: () => true,
    entrypoint: [],
    command: [],
    user: '',
    ports: [],
    mounts: [],
    networks: ['bridge'],
    restart: 'unless-stopped',
    extraHosts: [],
    memory: 0,
    cpus: 0,
    autoRemove: false,
    beyondUs: [],
    options: {},
    healthCheck: undefined,
    healthTest: [],
    ...others,
    state: {
      status: 'running',
      exitCode: 0,
      error: '',
      outOfMemory: false,
      startedAt: new Date('2026-01-02T03:04:05Z'),
      finishedAt: new Date('2026-01-02T03:04:06Z'),
      health: undefined,
      ...state,
    },
  };
}
