import { folderInsteadOfFile, whoAsks, whoHasPort } from './comparisons.ts';
import type { Rule } from './rule.ts';

/**
 * Commands to Docker that failed, and containers that it could not start, by fragments that stayed the same from Engine
 * 20.10 on. Tried in this order: what makes everything else fail comes first.
 */
export const dockerRules: readonly Rule[] = [
  {
    code: 'docker-missing',
    sees: { docker: /docker: (?:command )?not found/ },
    observed: 'there is no docker program on the PATH',
    next: 'install Docker on the server (when it is there, put it on the PATH of logins without a terminal)',
  },
  {
    code: 'docker-not-running',
    sees: {
      docker:
        /Cannot connect to the Docker daemon|docker daemon is not running|failed to connect to the docker API/,
    },
    observed: 'the Docker daemon does not answer',
    next: 'start it on {server}: sudo systemctl start docker (journalctl -u docker says why it ended)',
  },
  {
    code: 'docker-not-allowed',
    sees: {
      docker: /permission denied while trying to connect to the (?:Docker daemon|docker API)/i,
      facts: whoAsks,
    },
    observed: 'this account may not use Docker',
    next: 'on {server}: sudo usermod -aG docker {account} (members of that group are as powerful as root)',
  },
  {
    code: 'swarm-without-leader',
    sees: { docker: /swarm does not have a leader|lost leader status|rpc error: code = DeadlineExceeded/ },
    observed: 'too few of its managers are online: nothing can be changed',
    next: 'bring a majority of the managers back ("docker node ls" shows them); what runs goes on running',
  },
  {
    code: 'swarm-not-manager',
    sees: { docker: /not a swarm manager/ },
    observed: 'it is no manager of a swarm',
    next: 'give a manager as host ("docker node ls" on one of them shows them all)',
  },
  {
    code: 'deployment-overtaken',
    sees: { docker: /update out of sequence/ },
    observed: 'somebody else has changed it since it was looked at',
    next: 'look for another deployment that runs at the same time, and let only one run (concurrency: in the workflow)',
  },
  {
    code: 'disk-full',
    sees: { docker: /no space left on device/ },
    observed: "the server's disk is full",
    next: 'free some space there (docker system df shows what Docker holds; docker image prune frees unused images)',
  },
  {
    code: 'registry-login-not-kept',
    sees: {
      docker:
        /error storing credentials|docker-credential-(?<helper>[\w-]+)[^\n]*(?:executable file not found|not installed)/,
    },
    observed: 'the program that keeps logins there does not work',
    next: 'on {server}: take credsStore and credHelpers out of ~/.docker/config.json',
  },
  {
    code: 'registry-rate-limit',
    sees: { docker: /toomanyrequests|Too Many Requests/ },
    observed: 'the registry gives no more images for now',
    next: 'log in to the registry (registry-username, registry-password), or wait',
  },
  {
    code: 'registry-login-missing',
    sees: {
      docker: /no basic auth credentials|may require 'docker login'|authorization failed: no basic auth/,
    },
    observed: 'the registry wants a login, or has no such repository',
    next: 'set registry-username and registry-password, and check the name of the image',
  },
  {
    code: 'image-not-found',
    sees: {
      docker:
        /manifest unknown|manifest for \S+ not found|name unknown|failed to resolve reference "[^"]+": \S+: not found/,
    },
    observed: 'the registry has no such image',
    next: 'check that the build pushed this tag, to this registry and repository',
  },
  {
    code: 'registry-login-refused',
    sees: {
      docker:
        /401 Unauthorized|unauthorized:|incorrect username or password|(?<!permission )denied:|403 Forbidden/,
    },
    observed: 'the registry refused the login',
    next: 'check registry-username and registry-password: an expired token, or one without the right to read packages?',
  },
  {
    code: 'registry-certificate',
    sees: { docker: /x509: (.+)|server gave HTTP response to HTTPS client/ },
    next: "the server must trust the registry: put its authority's certificate into /etc/docker/certs.d/REGISTRY/ca.crt there",
  },
  {
    code: 'registry-unreachable',
    sees: {
      docker:
        /dial tcp[^\n]*|lookup \S+[^\n]*no such host|i\/o timeout|TLS handshake timeout|Client\.Timeout exceeded/,
    },
    observed: 'the server cannot reach the registry ({0})',
    next: "check the registry's name, and the server's DNS, firewall and proxy",
  },
  {
    code: 'port-taken',
    sees: {
      docker: /Bind for \S*?:(?<port>\d+) failed: port is already allocated/,
      facts: whoHasPort('another container'),
    },
    observed: 'port {port} of the server belongs to {owner}',
    next: 'look at it on {server} with "docker ps --filter publish={port}", stop it or choose another port',
  },
  {
    code: 'port-taken',
    sees: {
      docker: /(?:listen|bind)[^\n]*?:(?<port>\d+): bind: address already in use/,
      facts: whoHasPort('another program'),
    },
    observed: 'port {port} of the server belongs to {owner}',
    next: 'look at it on {server} with "sudo ss -ltnp sport = :{port}", stop it or choose another port',
  },
  {
    code: 'port-taken',
    sees: { docker: /port '?(?<port>\d+)'? is already in use by service '?(?<service>[^\s']+)'?/ },
    observed: 'port {port} of the swarm belongs to the service {service}',
    next: 'choose another port, or take it from {service}',
  },
  {
    code: 'mount-source-wrong-kind',
    sees: {
      docker:
        /(?:mount(?:ing)? [\\"']*(?<path>\/[^\s\\"']+)[^\n]*not a directory|[^\n]*Are you trying to mount a directory onto a file)/i,
      facts: folderInsteadOfFile,
    },
    observed: '{path} is {kind} on the server, and not what the image has at that place',
    next: 'look at it on {server} with "ls -ld {path}"; where Docker made a folder because the file was missing: sudo rmdir {path}, and put the file there',
  },
  {
    code: 'container-name-taken',
    sees: { docker: /Conflict\. The container name "\/?(?<other>[^"]+)" is already in use/ },
    observed: 'a container with the name {other} exists',
    next: 'look at it on {server} with "docker ps -a --filter name={other}"; remove it, or choose another name',
  },
  {
    code: 'network-missing',
    sees: { docker: /network (?<network>\S+) not found/ },
    observed: 'the server has no network {network}',
    next: 'create it on {server} with "docker network create {network}", or correct networks',
  },
  {
    code: 'mount-source-missing',
    sees: { docker: /bind source path does not exist: (?<path>[^\n]+?)\.?(?:\n|$)/ },
    observed: 'the server has no {path}',
    next: 'create it on {server}, owned by the user that the container runs as, or correct volumes',
  },
  {
    code: 'firewall-rules-missing',
    sees: { docker: /No chain\/target\/match by that name/ },
    observed: "Docker's firewall rules are gone (a reload of the firewall removes them)",
    next: 'on {server}: sudo systemctl restart docker (this restarts its containers)',
  },
  {
    code: 'address-pool-exhausted',
    sees: {
      docker:
        /could not find an available, non-overlapping IPv4 address pool|all predefined address pools have been fully subnetted/,
    },
    observed: 'the server has no addresses left for another network',
    next: 'remove unused networks there: docker network prune',
  },
  {
    code: 'limit-impossible',
    sees: { docker: /(?<limit>range of CPUs is from [^,\n]+|minimum memory limit[^\n]*)/i },
    observed: '{limit}',
    next: 'correct cpus or memory to what the server has',
  },
  {
    code: 'command-not-in-image',
    sees: { docker: /exec: "(?<program>[^"]+)": (?:executable file not found|stat [^\n]*no such file)/ },
    observed: 'the image has no program {program}',
    next: 'correct command, or install the program in the Dockerfile',
  },
  {
    code: 'command-not-executable',
    sees: { docker: /exec: "(?<program>[^"]+)": permission denied/ },
    observed: '{program} may not be executed',
    next: 'in the Dockerfile: chmod +x {program} (COPY keeps the mode of the checkout)',
  },
  {
    code: 'image-wrong-architecture',
    sees: { docker: /exec format error/ },
    observed: 'the image is built for another kind of processor',
    next: 'build it for the server (platforms: in the build step)',
  },
  {
    code: 'image-name-invalid',
    sees: { docker: /invalid reference format(?<why>[^\n]*lowercase)?/ },
    observed: 'Docker cannot read the name of the image',
    next: 'write the whole name in small letters (also the owner of a ghcr.io repository), with one tag',
  },
  {
    code: 'container-script-broken',
    sees: { docker: /exec (?<program>\/\S+): no such file or directory/ },
    observed: '{program} cannot be executed although it is there',
    next: 'it has Windows line ends, or the program behind its #! is not in the image',
  },
  {
    code: 'container-out-of-memory',
    sees: { docker: /container init was OOM-killed|memory limit too low/ },
    observed: 'its memory limit is too low to start anything at all',
    next: 'raise memory',
  },
  {
    code: 'env-file-unreadable',
    sees: { docker: /open (?<path>\S+): (?<why>no such file or directory|permission denied)/ },
    observed: '{path}: {why}',
    next: 'it must belong to the account that deploys; look at its folder',
  },
  {
    code: 'env-invalid',
    sees: { docker: /invalid env(?:ironment)? file[^\n:]*: [^\n]*|poorly formatted environment: [^\n]*/ },
    observed: 'Docker cannot read the environment file',
    next: 'one KEY=VALUE a line, without spaces in the key and without "export"',
  },
];
