import type { Survey } from '../../src/deployment/server/survey.ts';

/** A plain server with Docker, on which an application runs and everything is allowed. */
export const survey: Survey = {
  home: '/home/deploy',
  own: '192.0.2.7',
  missing: [],
  http: 'curl',
  isRoot: false,
  allowed: true,
  filter: 'iptables',
  filter6: 'ip6tables',
  closed: { ipv4: false, ipv6: false },
  isRedirected: false,
  hasProgram: false,
  hasSlotProgram: false,
  isWorking: false,
  front: { programs: [], nginx: undefined, caddy: undefined },
  pendingRelease: undefined,
  hasPreDeploy: false,
  disk: { folder: '/var/lib/docker', bytes: 40_000_000_000, files: 1_000_000 },
  proxies: [
    {
      protocol: 'tcp',
      hostAddress: '0.0.0.0',
      hostPort: 80,
      containerAddress: '172.17.0.2',
      containerPort: 8000,
    },
  ],
  bridges: [],
  swarm: { isMember: false, isManager: false, hasService: false, hasIpvs: false },
  availableMemory: 1e9,
  usedMemory: 1e8,
};
