import { readLog } from '../../src/diagnosis/container-log.ts';
import type { Evidence, SeenContainer, SeenHost } from '../../src/diagnosis/evidence.ts';

/** A container that ended after a second with exit code 1, with what a test changes about it. */
export function container(changes: Partial<SeenContainer> = {}): SeenContainer {
  return {
    status: 'exited',
    exitCode: 1,
    error: '',
    outOfMemory: false,
    restarts: 0,
    startedAt: new Date('2026-01-02T03:04:05Z'),
    finishedAt: new Date('2026-01-02T03:04:06Z'),
    memory: 0,
    uid: 1000,
    ports: [{ hostPort: 80, containerPort: 8000 }],
    mounts: [],
    network: 'default',
    platform: 'linux/amd64',
    ...changes,
  };
}

export function host(changes: Partial<SeenHost> = {}): SeenHost {
  return {
    account: 'deploy',
    platform: 'linux/amd64',
    memory: { total: 2 ** 32, available: 2 ** 31 },
    disk: { folder: '/', freeBytes: 2 ** 34, usedBytes: 0.3, usedFiles: 0.1 },
    clockAhead: 0,
    isSelinux: false,
    listening: [],
    publishers: [],
    kernel: [],
    ...changes,
  };
}

/** What was seen of it; its log as standard error. */
export function seen(changes: Partial<Evidence> & { stderr?: string; stdout?: string } = {}): Evidence {
  const { stderr = '', stdout = '', ...others } = changes;
  return {
    server: 'deploy@web-1',
    name: 'shop',
    container: container(),
    log: readLog(stdout, stderr),
    host: host(),
    unread: [],
    ...others,
  };
}

/** The text of collect.sh, for a container in a state. */
export function collectedText(state: object, { err = '', out = '' } = {}): string {
  const mark = '0f0f0f0f-cafe';
  const full = {
    Status: 'running',
    ExitCode: 0,
    StartedAt: '2026-01-02T03:04:05Z',
    FinishedAt: '2026-01-02T03:04:06Z',
    ...state,
  };
  const lines = (which: string, text: string) =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => `${which} ${line}`);
  return [
    `collected ${mark} shop-tenantry-bridge`,
    `${mark} server`,
    'account deploy 1000',
    `${mark} container`,
    JSON.stringify(full),
    ...['0', '0', '""', '"python3"', '{}', '[]', '"default"', 'null'],
    `${mark} log`,
    ...lines('err', err),
    ...lines('out', out),
    `${mark} end`,
  ].join('\n');
}
