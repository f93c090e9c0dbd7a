import { expect, test } from '@jest/globals';

import { readSurvey } from '../../../src/deployment/server/survey.ts';

/** What the two engines of the lab printed, shortened. */
const printed = `home /home/deploy
own 192.0.2.7
missing flock
http curl
program yes
pre-deploy 0123456789ab
service yes
swarm manager
disk /var/lib/docker 48064148 14685857
disk /var/lib/containerd 1024 0
backend iptables
chain yes
filter iptables
filter6 ip6tables
closed ip6
allowed yes
proxy /usr/local/lib/docker-current/docker-proxy -proto tcp -host-ip :: -host-port 18555 -container-ip 172.17.0.2 -container-port 8000 -use-listen-fd
network bridge 9a930376a25cee8b1946a6767d17254455c912f9b9feaa6840c68daf5ba92175 docker0
network bridge 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
network macvlan 77777777777777777777777777777777777777777777777777777777777777
address lo 127.0.0.1
address docker0 172.17.0.1
address br-0123456789ab 172.20.0.1
available 23126700000
used 9629696
`;

test('what a server has and allows', () => {
  expect(readSurvey(printed)).toEqual({
    home: '/home/deploy',
    own: '192.0.2.7',
    missing: ['flock'],
    http: 'curl',
    isRoot: false,
    allowed: true,
    filter: 'iptables',
    filter6: 'ip6tables',
    closed: { ipv4: false, ipv6: true },
    isRedirected: true,
    hasProgram: true,
    hasSlotProgram: false,
    isWorking: false,
    front: { programs: [], nginx: undefined, caddy: undefined },
    hasPreDeploy: true,
    disk: { folder: '/var/lib/containerd', bytes: 1_048_576, files: undefined },
    proxies: [
      {
        protocol: 'tcp',
        hostAddress: '::',
        hostPort: 18_555,
        containerAddress: '172.17.0.2',
        containerPort: 8000,
      },
    ],
    bridges: [
      { device: 'docker0', address: '172.17.0.1' },
      { device: 'br-0123456789ab', address: '172.20.0.1' },
    ],
    swarm: { isMember: true, isManager: true, hasService: true, hasIpvs: false },
    availableMemory: 23_126_700_000,
    usedMemory: 9_629_696,
  });
});

test('a server that says next to nothing allows nothing', () => {
  expect(readSurvey('home /root\nallowed no\nhttp \n')).toMatchObject({
    allowed: false,
    filter: undefined,
    http: undefined,
    proxies: [],
    usedMemory: undefined,
  });
});
