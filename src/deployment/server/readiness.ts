/** Whether a server is ready for a first deployment, from what was seen of it: a line for each thing, with what to do. */
import type { SeenHost } from '../../diagnosis/evidence.ts';
import { showDuration } from '../../ground/duration.ts';
import { showSize } from '../../ground/size.ts';
import { listed } from '../../ground/words.ts';
import type { Survey } from './survey.ts';

export interface Finding {
  readonly what: string;
  /** `bad` would make a deployment fail; `note` takes something away. */
  readonly state: 'good' | 'note' | 'bad';
  readonly seen: string;
  /** What to do; empty where there is nothing. */
  readonly next: string;
}

export interface ServerFacts {
  readonly account: string;
  /** `linux/amd64`. */
  readonly platform: string;
  /** `27.5.1`. */
  readonly engine: string;
  readonly survey: Survey;
  readonly host: SeenHost | undefined;
}

/** Bytes that an image and its successor need at least, and that are comfortable; megabytes of memory likewise. */
const disk = { least: 2 ** 30, good: 5 * 2 ** 30 } as const;
const memory = { least: 128 * 2 ** 20, good: 512 * 2 ** 20 } as const;
/** Milliseconds that clocks may differ: certificates and tokens bear no more. */
const clock = { noted: 5_000, most: 60_000 } as const;
/** The oldest engine that this is tested with. */
const oldestEngine = 20;

/** Pure: what is said of each thing that was seen. */
export function readinessOf(facts: ServerFacts): Finding[] {
  return [
    dockerFinding(facts),
    rightsFinding(facts),
    programsFinding(facts),
    diskFinding(facts),
    memoryFinding(facts),
    portsFinding(facts),
    firewallFinding(facts),
    clockFinding(facts),
  ];
}

const good = (what: string, seen: string): Finding => ({ what, state: 'good', seen, next: '' });

function dockerFinding({ engine, platform }: ServerFacts): Finding {
  const seen = `Docker ${engine} on ${platform}`;
  if (Number.parseInt(engine, 10) < oldestEngine) {
    return { what: 'Docker', state: 'bad', seen, next: 'update Docker to 20.10 or newer' };
  }
  return good('Docker', `${seen}; build images with platforms: ${platform}`);
}

function rightsFinding({ account, survey }: ServerFacts): Finding {
  if (survey.isRoot) return good('Rights', `${account} is root`);
  if (survey.allowed) return good('Rights', `${account} may use Docker, and sudo for the packet filter`);
  return {
    what: 'Rights',
    state: 'note',
    seen: `${account} may use Docker, and may not change the packet filter`,
    next: `deployments have a gap of the time that the application takes to start; without one: "${account} ALL=(root) NOPASSWD: /usr/sbin/iptables-save, /usr/sbin/iptables-restore, /usr/sbin/ip6tables-save, /usr/sbin/ip6tables-restore" in /etc/sudoers.d/tenantry (visudo), or a proxy in front`,
  };
}

function programsFinding({ survey }: ServerFacts): Finding {
  const missing = [...survey.missing, ...(survey.http === undefined ? ['curl'] : [])];
  if (missing.length === 0) return good('Programs', 'all that a switch needs');
  return {
    what: 'Programs',
    state: 'note',
    seen: `there is no ${listed(missing)}`,
    next: `without a gap only with them: sudo apt-get install util-linux coreutils curl`,
  };
}

function diskFinding({ survey, host }: ServerFacts): Finding {
  const { bytes, folder } = survey.disk;
  if (bytes === undefined) {
    return { what: 'Disk', state: 'note', seen: 'cannot be seen', next: 'look with "df -h" there' };
  }
  const files = host?.disk?.usedFiles ?? 0;
  const seen = `${showSize(bytes)} free in ${folder}`;
  const next =
    'free some space: "docker system df" shows what Docker holds, docker image prune frees unused images';
  if (bytes < disk.least || files > 0.98) return { what: 'Disk', state: 'bad', seen, next };
  return bytes < disk.good ? { what: 'Disk', state: 'note', seen, next } : good('Disk', seen);
}

function memoryFinding({ survey }: ServerFacts): Finding {
  const { availableMemory: free, totalMemory: total } = survey;
  if (free === undefined || total === undefined) {
    return { what: 'Memory', state: 'note', seen: 'cannot be seen', next: 'look with "free -m" there' };
  }
  const seen = `${showSize(free)} of ${showSize(total)} available`;
  const next = 'two versions run at once for a moment: give the server more, or use strategy: recreate';
  if (free < memory.least) return { what: 'Memory', state: 'bad', seen, next };
  return free < memory.good ? { what: 'Memory', state: 'note', seen, next } : good('Memory', seen);
}

function portsFinding({ host, survey }: ServerFacts): Finding {
  const taken = [80, 443].flatMap((port) => {
    const found = host?.listening.find((each) => each.port === port);
    if (found !== undefined) return [`${port} has ${found.program ?? 'a program'}`];
    return survey.listening?.some((each) => each.port === port) === true ? [`${port} has a program`] : [];
  });
  if (taken.length === 0) return good('Ports', '80 and 443 are free');
  const isProxy = /nginx|caddy/.test(taken.join(' '));
  return {
    what: 'Ports',
    state: 'note',
    seen: listed(taken),
    next: isProxy
      ? 'publish the application on 127.0.0.1 and let the proxy hand requests to it (strategy: auto finds it)'
      : 'publish the application on another port, or stop what is there',
  };
}

function firewallFinding({ survey }: ServerFacts): Finding {
  const closed = [...(survey.closed.ipv4 ? ['IPv4'] : []), ...(survey.closed.ipv6 ? ['IPv6'] : [])];
  if (closed.length === 0) return good('Firewall', 'none on the server that closes ports');
  return {
    what: 'Firewall',
    state: 'note',
    seen: `lets in over ${listed(closed)} only what it was told`,
    next: 'ports that Docker publishes are open all the same; what a proxy of the server listens on has to be allowed (sudo ufw allow 80,443/tcp)',
  };
}

function clockFinding({ host }: ServerFacts): Finding {
  const ahead = host?.clockAhead;
  if (ahead === undefined)
    return { what: 'Clock', state: 'note', seen: 'cannot be seen', next: 'look with "date" there' };
  const off = Math.abs(ahead);
  if (off < clock.noted) return good('Clock', 'as here');
  return {
    what: 'Clock',
    state: off > clock.most ? 'bad' : 'note',
    seen: `${showDuration(off)} ${ahead > 0 ? 'ahead' : 'behind'}`,
    next: 'sudo timedatectl set-ntp true',
  };
}
