import {
  builtForOther,
  type Comparison,
  deniedByPolicy,
  folderAtFile,
  fullDisk,
  healthProgramMissing,
  healthSays,
  listensElsewhere,
  listensLocally,
  listensNowhere,
  ofEnvironment,
  stillStarting,
  unreadableFile,
  unwritableFolder,
  wrongClock,
} from './comparisons.ts';
import { atOwnLimit, atServersEnd } from './out-of-memory.ts';
import type { Rule } from './rule.ts';

const denied =
  /(?:Permission denied: '(?<path>[^']+)'|EACCES: permission denied, \w+ '(?<path2>[^']+)'|(?<path3>\/[^\s:'"]+): Permission denied)/;

/** The path, whichever program told it. */
function pathIn(compare: typeof unreadableFile): typeof unreadableFile {
  return (evidence, found) => {
    const path = found.path ?? found.path2 ?? found.path3;
    if (path === undefined) return undefined;
    const facts = compare(evidence, { ...found, path });
    return facts && { path, ...facts };
  };
}

const itsNetwork: Comparison = ({ container }) => ({ network: container?.network ?? 'that it was given' });
const addVariable =
  'add {variable} to the input env (and to required-env, so that it is noticed before anything is touched)';
const otherNames =
  'another container is known by its name in a network of their own only: give networks; a name of your network needs the DNS of the server (dns, extra-hosts)';

/** Containers that ended, by what the engine knows: nothing that a program says weighs more. */
export const endRules: readonly Rule[] = [
  {
    code: 'container-out-of-memory',
    sees: { facts: atOwnLimit, compared: "OOMKilled, the kernel's messages, the limit" },
    observed: 'it needed more than its {limit} of memory',
    next: 'raise memory, or find out what needs so much',
  },
  {
    code: 'server-out-of-memory',
    sees: { ended: 137, facts: atServersEnd, compared: "the kernel's messages, OOMKilled" },
    observed: 'the server itself ran out of {what}, and the kernel ended it',
    next: 'give the server more memory, or its containers limits (two versions run at once during a deployment; strategy: recreate runs one)',
  },
  {
    code: 'image-wrong-architecture',
    sees: { log: /exec format error/, facts: builtForOther, compared: 'platforms of image and server' },
    observed: 'the image is built for {built}',
    next: 'build it for {wanted} (platforms: in the build step)',
  },
  {
    code: 'container-script-broken',
    sees: {
      log: /(?:^|\n)(?:standard_init_linux\.go:\d+: )?exec (?<program>\S+): no such file or directory/,
    },
    observed: '{program} cannot be executed although it is there',
    next: 'it has Windows line ends, or the program behind its #! is not in the image',
  },
  {
    code: 'container-script-broken',
    sees: {
      log: /exec user process caused: no such file or directory|bad interpreter: No such file|env: (?:‘|'|")?[\w.-]+(?:\\r|\r|\$'\\r')/,
    },
    observed: 'its start script cannot be executed although it is there',
    next: 'it has Windows line ends, or the program behind its #! is not in the image',
  },
  {
    code: 'container-ended',
    sees: { ended: 0, facts: ({ log }) => ({ last: log?.lastLine ? `: ${log.lastLine}` : '' }) },
    observed: 'its program ended by itself, without an error{last}',
    next: 'the command must be a server that stays in the foreground: correct command, or CMD in the Dockerfile',
  },
  {
    code: 'command-not-in-image',
    sees: { ended: 127, log: /(?:^|[\s:])(?<program>[\w./-]+): (?:command )?not found/ },
    observed: 'the image has no program {program}',
    next: 'correct command, or install the program in the Dockerfile',
  },
  {
    code: 'command-not-executable',
    sees: { ended: 126, log: /(?:^|[\s:])(?<program>\/?[\w./-]+): Permission denied/ },
    observed: '{program} may not be executed',
    next: 'in the Dockerfile: chmod +x {program} (COPY keeps the mode of the checkout)',
  },
];

/** What a program says of its own end, or of why it cannot work, compared with what the server shows. */
export const programRules: readonly Rule[] = [
  {
    code: 'disk-full',
    sees: { log: /No space left on device|\bENOSPC\b/, facts: fullDisk, compared: 'disks of the server' },
    observed: '{usage}',
    next: 'free some space on {server} ("docker system df" shows what Docker holds; docker image prune frees unused images)',
  },
  {
    code: 'server-clock-wrong',
    sees: {
      log: /certificate is not yet valid|certificate has expired|CERT_NOT_YET_VALID|CERT_HAS_EXPIRED|token (?:is not yet valid|used too early)|RequestTimeTooSkewed/i,
      facts: wrongClock,
      compared: "the server's clock with ours",
    },
    observed: "the server's clock is {off}: {0}",
    next: 'on {server}: sudo timedatectl set-ntp true',
  },
  {
    code: 'env-missing',
    sees: {
      log: /(?:KeyError: '|UndefinedValueError: )(?<variable>[A-Z][A-Z0-9_]{2,})(?:'| not found)/,
      facts: ofEnvironment,
      compared: 'where it was raised',
    },
    observed: 'the variable {variable} is not set',
    next: addVariable,
  },
  {
    code: 'env-missing',
    sees: {
      log: /\b(?:[Ss]et the |[Mm]issing (?:required )?(?:env(?:ironment)? )?(?:variable|setting)s?:? |[Ee]nv(?:ironment)? variable:? )["'`]?(?<variable>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)/,
    },
    observed: '{variable} is not set',
    next: addVariable,
  },
  {
    code: 'env-missing',
    sees: {
      log: /["'`]?\b(?<variable>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)["'`]? (?:setting must not be empty|(?:environment variable )?(?:is|was) (?:not set|missing|required|undefined|empty)|must be set|not set)/,
    },
    observed: '{variable} is not set',
    next: addVariable,
  },
  {
    code: 'mount-source-wrong-kind',
    sees: {
      log: /(?:Is a directory: '(?<path>[^']+)'|EISDIR: illegal operation on a directory, \w+ '(?<path2>[^']+)'|(?<path3>\/[^\s:'"]+): Is a directory)/,
      facts: pathIn(folderAtFile),
      compared: 'mounts',
    },
    observed: '{source} is a folder on the server, and {path} in the container was to be a file',
    next: 'Docker made it because the file was missing; on {server}: sudo rmdir {source}, and put the file there',
  },
  {
    code: 'mount-denied',
    sees: { log: denied, facts: pathIn(deniedByPolicy), compared: "mounts, the kernel's messages" },
    observed: '{who} of the server does not let it use {source}',
    next: 'add :Z to that volume (SELinux), or change its profile (AppArmor); on {server}: sudo dmesg | grep -i denied',
  },
  {
    code: 'mounted-file-unreadable',
    sees: { log: denied, facts: pathIn(unreadableFile), compared: 'owner and mode of mounts' },
    observed: 'it runs as {uid} and may not read {path}: {source} on the server is {owned}',
    next: 'on {server}: sudo chown {number} {source} && sudo chmod 400 {source} (not 644: others would read it, too)',
  },
  {
    code: 'volume-not-writable',
    sees: { log: denied, facts: pathIn(unwritableFolder), compared: 'owner and mode of mounts' },
    observed: 'it runs as {uid} and may not write {path}: {source} on the server is {owned}',
    next: 'on {server}: sudo chown -R {number} {source}',
  },
  {
    code: 'database-on-localhost',
    sees: {
      log: /(?:connection to server at "(?:127\.0\.0\.1|localhost|::1)"[^\n]*, port \d+ failed: Connection refused|ECONNREFUSED (?:127\.0\.0\.1|::1):\d+|(?:127\.0\.0\.1|localhost)(?::\d+)?[^\n:]{0,60}Connection refused)/i,
    },
    observed: 'it looks for a server at its own localhost: {0}',
    next: "localhost in a container is the container itself: give the other server's address (a server on the host is host.docker.internal, with extra-hosts: host.docker.internal:host-gateway)",
  },
  {
    code: 'container-name-not-resolved',
    sees: {
      log: /(?:could not translate host name "|failed to resolve host '|getaddrinfo (?:EAI_AGAIN|ENOTFOUND) )(?<host>[^\s"']+)/,
      facts: itsNetwork,
      compared: 'its network',
    },
    observed: '{host} does not resolve in the container, which is in the network {network}',
    next: otherNames,
  },
  {
    code: 'container-name-not-resolved',
    sees: {
      log: /Name or service not known|Temporary failure in name resolution|nodename nor servname provided/,
      facts: itsNetwork,
      compared: 'its network',
    },
    observed: 'a name does not resolve in the container, which is in the network {network}',
    next: otherNames,
  },
  {
    code: 'container-killed',
    sees: { ended: 137 },
    observed: 'it was killed (SIGKILL), and nothing says by whom',
    next: 'it may have been memory: on {server}, sudo dmesg | grep -i "killed process", and free -m',
  },
];

/** Containers that run, where nobody comes to them. */
export const portRules: readonly Rule[] = [
  {
    code: 'container-wrong-port',
    sees: { facts: listensElsewhere, compared: 'published ports, and those that it listens on' },
    observed: 'it listens on {open}, and {wanted} is published',
    next: 'correct ports ({mapping}), or the port that the application listens on',
  },
  {
    code: 'container-listens-locally',
    sees: { facts: listensLocally, compared: 'published ports, and those that it listens on' },
    observed: 'it listens on 127.0.0.1:{port} in the container, where nobody from outside comes to',
    next: 'let it listen on 0.0.0.0:{port} (gunicorn --bind, uvicorn --host, HOST of node)',
  },
];

/** Health checks that cannot work. */
export const healthRules: readonly Rule[] = [
  {
    code: 'container-unhealthy',
    sees: { facts: healthProgramMissing, compared: 'output of its health check' },
    observed: 'its health check calls {program}, which is not in the image',
    next: 'install {program} in the Dockerfile, or check with a program that is there (python3 -c "import urllib.request …")',
  },
];

/** Containers that run and are not healthy, and nothing says why but that. */
export const waitingRules: readonly Rule[] = [
  {
    code: 'container-unhealthy',
    sees: { facts: healthSays, compared: 'output of its health check' },
    observed: 'its health check says: {said}',
    next: 'mend the application, or the health check',
  },
  {
    code: 'container-slow',
    sees: { facts: stillStarting, compared: 'state of its health check' },
    observed: 'its health check has not passed yet',
    next: 'raise health-timeout if it needs longer, or look at its log',
  },
  {
    code: 'container-slow',
    sees: { facts: listensNowhere, compared: 'published ports, and those that it listens on' },
    observed: 'nothing in it listens on {wanted} yet',
    next: 'raise health-timeout if it needs longer, or correct the port and address (0.0.0.0) that it listens on',
  },
];
