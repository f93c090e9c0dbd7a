import { UserError } from '../ground/errors.ts';
import type { FailureCode } from '../ground/failure-codes.ts';
import { type CommandResult, lastWords } from '../machine/machine.ts';

/** A `docker` command that failed. Nothing in it is secret. */
export interface DockerFailure {
  /** What did not happen, as the beginning of a sentence: `Cannot pull ghcr.io/acme/shop:3f2a91c`. */
  readonly failed: string;
  /** The server's name, for a person. */
  readonly server: string;
  readonly result: CommandResult;
}

interface Rule {
  readonly code: FailureCode;
  /** Fragments that stayed the same from Engine 20.10 on. */
  readonly signal: RegExp;
  /** What was observed. `$1` and so on are the groups of the signal; without it, Docker's own last line. */
  readonly observed?: string;
  readonly hint: string;
}

/** Tried in this order: what makes everything else fail comes first. */
const rules: readonly Rule[] = [
  {
    code: 'docker-missing',
    signal: /docker: (?:command )?not found/,
    observed: 'there is no docker program on the PATH',
    hint: 'install Docker on the server (when it is there, put it on the PATH of logins without a terminal)',
  },
  {
    code: 'docker-not-running',
    signal:
      /Cannot connect to the Docker daemon|docker daemon is not running|failed to connect to the docker API/,
    observed: 'the Docker daemon does not answer',
    hint: 'start it on the server: sudo systemctl start docker (journalctl -u docker says why it ended)',
  },
  {
    code: 'docker-not-allowed',
    signal: /permission denied while trying to connect to the (?:Docker daemon|docker API)/i,
    observed: 'this account may not use Docker',
    hint: 'on the server: sudo usermod -aG docker ACCOUNT (members of that group are as powerful as root)',
  },
  {
    code: 'swarm-without-leader',
    signal: /swarm does not have a leader|lost leader status|rpc error: code = DeadlineExceeded/,
    observed: 'too few of its managers are online: nothing can be changed',
    hint: 'bring a majority of the managers back ("docker node ls" shows them); what runs goes on running',
  },
  {
    code: 'swarm-not-manager',
    signal: /not a swarm manager/,
    observed: 'it is no manager of a swarm',
    hint: 'give a manager as host ("docker node ls" on one of them shows them all)',
  },
  {
    code: 'deployment-overtaken',
    signal: /update out of sequence/,
    observed: 'somebody else has changed it since it was looked at',
    hint: 'look for another deployment that runs at the same time, and let only one run (concurrency: in the workflow)',
  },
  {
    code: 'disk-full',
    signal: /no space left on device/,
    observed: "the server's disk is full",
    hint: 'free some space there (docker system df shows what Docker holds; docker image prune frees unused images)',
  },
  {
    code: 'registry-rate-limit',
    signal: /toomanyrequests|Too Many Requests/,
    observed: 'the registry gives no more images for now',
    hint: 'log in to the registry (registry-username, registry-password), or wait',
  },
  {
    code: 'registry-login-missing',
    signal: /no basic auth credentials|may require 'docker login'|authorization failed: no basic auth/,
    observed: 'the registry wants a login, or has no such repository',
    hint: 'set registry-username and registry-password, and check the name of the image',
  },
  {
    code: 'image-not-found',
    signal:
      /manifest unknown|manifest for \S+ not found|name unknown|failed to resolve reference "[^"]+": \S+: not found/,
    observed: 'the registry has no such image',
    hint: 'check that the build pushed this tag, to this registry and repository',
  },
  {
    code: 'registry-login-refused',
    signal:
      /401 Unauthorized|unauthorized:|incorrect username or password|(?<!permission )denied:|403 Forbidden/,
    observed: 'the registry refused the login',
    hint: 'check registry-username and registry-password: an expired token, or one without the right to read packages?',
  },
  {
    code: 'registry-certificate',
    signal: /x509: (.+)|server gave HTTP response to HTTPS client/,
    hint: "the server must trust the registry: put its authority's certificate into /etc/docker/certs.d/REGISTRY/ca.crt there",
  },
  {
    code: 'registry-unreachable',
    signal:
      /dial tcp[^\n]*|lookup \S+[^\n]*no such host|i\/o timeout|TLS handshake timeout|Client\.Timeout exceeded/,
    observed: 'the server cannot reach the registry ($0)',
    hint: "check the registry's name, and the server's DNS, firewall and proxy",
  },
  {
    code: 'port-taken',
    signal: /Bind for \S*?:(\d+) failed: port is already allocated/,
    observed: 'port $1 of the server belongs to another container',
    hint: 'find it on the server with "docker ps --filter publish=$1", stop it or choose another port',
  },
  {
    code: 'port-taken',
    signal: /(?:listen|bind)[^\n]*?:(\d+): bind: address already in use/,
    observed: 'port $1 of the server belongs to another program',
    hint: 'find it on the server with "sudo ss -ltnp sport = :$1", stop it or choose another port',
  },
  {
    code: 'port-taken',
    signal: /port '?(\d+)'? is already in use by service '?([^\s']+)'?/,
    observed: 'port $1 of the swarm belongs to the service $2',
    hint: 'choose another port, or take it from $2',
  },
  {
    code: 'container-name-taken',
    signal: /Conflict\. The container name "\/?([^"]+)" is already in use/,
    observed: 'a container with the name $1 exists',
    hint: 'look at it with "docker ps -a" on the server; remove it, or choose another name',
  },
  {
    code: 'network-missing',
    signal: /network (\S+) not found/,
    observed: 'the server has no network $1',
    hint: 'create it there with "docker network create $1", or correct networks',
  },
  {
    code: 'mount-source-missing',
    signal: /bind source path does not exist: ([^\n]+?)\.?(?:\n|$)/,
    observed: 'the server has no $1',
    hint: 'create it there, owned by the user that the container runs as, or correct volumes',
  },
  {
    code: 'firewall-rules-missing',
    signal: /No chain\/target\/match by that name/,
    observed: "Docker's firewall rules are gone (a reload of the firewall removes them)",
    hint: 'on the server: sudo systemctl restart docker (this restarts its containers)',
  },
  {
    code: 'address-pool-exhausted',
    signal:
      /could not find an available, non-overlapping IPv4 address pool|all predefined address pools have been fully subnetted/,
    observed: 'the server has no addresses left for another network',
    hint: 'remove unused networks there: docker network prune',
  },
  {
    code: 'limit-impossible',
    signal: /(range of CPUs is from [^,\n]+|minimum memory limit[^\n]*)/i,
    observed: '$1',
    hint: 'correct cpus or memory to what the server has',
  },
  {
    code: 'command-not-in-image',
    signal: /exec: "([^"]+)": (?:executable file not found|stat [^\n]*no such file)/,
    observed: 'the image has no program $1',
    hint: 'correct command, or install the program in the Dockerfile',
  },
  {
    code: 'command-not-executable',
    signal: /exec: "([^"]+)": permission denied/,
    observed: '$1 may not be executed',
    hint: 'in the Dockerfile: chmod +x $1 (COPY keeps the mode of the checkout)',
  },
  {
    code: 'image-wrong-architecture',
    signal: /exec format error/,
    observed: 'the image is built for another kind of processor',
    hint: 'build it for the server (platforms: in the build step)',
  },
  {
    code: 'env-file-unreadable',
    signal: /open (\S+): (no such file or directory|permission denied)/,
    observed: '$1: $2',
    hint: 'it must belong to the account that deploys; look at its folder',
  },
  {
    code: 'env-invalid',
    signal: /invalid env(?:ironment)? file[^\n:]*: [^\n]*/,
    observed: 'Docker cannot read the environment file',
    hint: 'one KEY=VALUE a line, without spaces in the key and without "export"',
  },
];

/** The sentence for a failed `docker` command (the codes are in docs/troubleshooting.md). */
export function dockerVerdict({ failed, server, result }: DockerFailure): UserError {
  const text = `${result.stderr}\n${result.stdout}`;
  const evidence = lastWords(result);
  for (const { code, signal, observed, hint } of rules) {
    const match = signal.exec(text);
    if (match === null) continue;
    const filled = (template: string) =>
      template.replace(/\$(\d)/g, (_, group) => match[Number(group)] ?? '');
    const seen = observed === undefined ? lastLine(result) : filled(observed);
    return new UserError(`${failed} on ${server} — ${seen}`, filled(hint), { code, evidence });
  }
  return new UserError(
    `${failed} on ${server} — ${lastLine(result)}`,
    'try it by hand there; the evidence has all that Docker said',
    { code: 'docker-failed', evidence },
  );
}

/** Docker's last word, without its usual beginning and its advice to read the help. */
function lastLine(result: CommandResult): string {
  const lines = lastWords(result)
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^(See|Run) 'docker/.test(line));
  const last = lines
    .at(-1)
    ?.replace(/^(docker: )?(Error response from daemon: )?(Error: )?/, '')
    .trim();
  return last === undefined || last === '' ? `it ended with ${result.exitCode ?? result.signal}` : last;
}
