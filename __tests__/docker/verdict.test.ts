import { expect, test } from '@jest/globals';

import { dockerVerdict } from '../../src/docker/verdict.ts';

/** What engines and clients from 20.10 on were seen to say. */
test.each<[stderr: string, code: string, says: string]>([
  ['sh: 1: docker: not found', 'docker-missing', 'no docker program'],
  ['bash: line 1: docker: command not found', 'docker-missing', 'no docker program'],
  [
    'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
    'docker-not-running',
    'systemctl start docker',
  ],
  [
    'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get …',
    'docker-not-allowed',
    'usermod -aG docker',
  ],
  [
    'permission denied while trying to connect to the docker API at unix:///var/run/docker.sock',
    'docker-not-allowed',
    'usermod -aG docker',
  ],
  [
    "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online. Make sure more than half of the managers are online.",
    'swarm-without-leader',
    'too few of its managers are online',
  ],
  [
    'rpc error: code = Unknown desc = raft: failed to process the request: node lost leader status',
    'swarm-without-leader',
    'too few of its managers are online',
  ],
  [
    'rpc error: code = DeadlineExceeded desc = context deadline exceeded',
    'swarm-without-leader',
    'bring a majority of the managers back',
  ],
  [
    "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please run this command on a manager node or promote the current node to a manager.",
    'swarm-not-manager',
    'give a manager as host',
  ],
  [
    'rpc error: code = Unknown desc = update out of sequence',
    'deployment-overtaken',
    'somebody else has changed it',
  ],
  ['failed to register layer: write /usr/lib/x: no space left on device', 'disk-full', 'disk is full'],
  [
    'toomanyrequests: You have reached your pull rate limit.',
    'registry-rate-limit',
    'log in to the registry',
  ],
  [
    'Error response from daemon: Head "http://10.0.0.5:5000/v2/shop/manifests/v1": no basic auth credentials',
    'registry-login-missing',
    'set registry-username',
  ],
  [
    "Error response from daemon: pull access denied for acme/shop, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    'registry-login-missing',
    'or has no such repository',
  ],
  [
    'Error response from daemon: manifest for 10.0.0.5:5000/shop:v9 not found: manifest unknown: manifest unknown',
    'image-not-found',
    'check that the build pushed this tag',
  ],
  [
    'Error response from daemon: failed to resolve reference "10.0.0.5:5000/shop:v9": 10.0.0.5:5000/shop:v9: not found',
    'image-not-found',
    'no such image',
  ],
  [
    'Error response from daemon: login attempt to http://10.0.0.5:5000/v2/ failed with status: 401 Unauthorized',
    'registry-login-refused',
    'refused the login',
  ],
  [
    'Error response from daemon: denied: permission_denied: read_package',
    'registry-login-refused',
    'read packages',
  ],
  [
    'Error response from daemon: Get "https://10.0.0.5:5000/v2/": x509: certificate signed by unknown authority',
    'registry-certificate',
    '/etc/docker/certs.d',
  ],
  [
    'Error response from daemon: Get "http://10.0.0.5:5999/v2/": dial tcp 10.0.0.5:5999: connect: connection refused',
    'registry-unreachable',
    'dial tcp 10.0.0.5:5999: connect: connection refused',
  ],
  [
    'Error response from daemon: driver failed programming external connectivity on endpoint shop (ab): Bind for 0.0.0.0:8000 failed: port is already allocated',
    'port-taken',
    'port 8000 of the server belongs to another container',
  ],
  [
    'Error response from daemon: driver failed programming external connectivity on endpoint shop (ab): Error starting userland proxy: listen tcp4 0.0.0.0:8000: bind: address already in use',
    'port-taken',
    'port 8000 of the server belongs to another program',
  ],
  [
    'docker: Error response from daemon: Conflict. The container name "/shop" is already in use by container "ab".',
    'container-name-taken',
    'the name shop exists',
  ],
  ['Error response from daemon: network web not found', 'network-missing', 'docker network create web'],
  [
    'docker: Error response from daemon: invalid mount config for type "bind": bind source path does not exist: /srv/media.',
    'mount-source-missing',
    'the server has no /srv/media',
  ],
  [
    'iptables failed: iptables --wait -t nat -A DOCKER: iptables: No chain/target/match by that name.',
    'firewall-rules-missing',
    'systemctl restart docker',
  ],
  [
    'Error response from daemon: Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available.',
    'limit-impossible',
    'Range of CPUs is from 0.01 to 2.00',
  ],
  ['Error response from daemon: Minimum memory limit allowed is 6MB', 'limit-impossible', '6MB'],
  [
    'Error response from daemon: OCI runtime create failed: exec: "gunicorn": executable file not found in $PATH: unknown',
    'command-not-in-image',
    'the image has no program gunicorn',
  ],
  [
    'OCI runtime create failed: runc create failed: unable to start container process: exec: "/entry.sh": permission denied: unknown',
    'command-not-executable',
    'chmod +x /entry.sh',
  ],
  ['docker: open /home/deploy/x.env: permission denied.', 'env-file-unreadable', '/home/deploy/x.env'],
  [
    'docker: could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network',
    'address-pool-exhausted',
    'docker network prune',
  ],
  ["invalid env file (f): variable 'export F' contains whitespaces", 'env-invalid', 'KEY=VALUE'],
  ["Error response from daemon: something new\nSee 'docker run --help'.", 'docker-failed', 'something new'],
])('%s is %s', (stderr, code, says) => {
  const result = { exitCode: 125, signal: null, stdout: '', stderr };
  const verdict = dockerVerdict({ failed: 'Cannot start shop', server: 'deploy@web-1', result });
  expect(verdict.code).toBe(code);
  expect(verdict.sentence).toContain(says);
  expect(verdict.message).toMatch(/^Cannot start shop on deploy@web-1 — /);
  expect(verdict.evidence).toBe(stderr);
});

test('a command that failed without a word says how it ended', () => {
  const result = { exitCode: 1, signal: null, stdout: '', stderr: '' };
  expect(dockerVerdict({ failed: 'It failed', server: 'web-1', result }).message).toContain(
    'it ended with exit 1',
  );
});
