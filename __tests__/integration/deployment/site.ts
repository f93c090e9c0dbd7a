import { holding, met, waiting } from '../../../bench/deploy/held.ts';
import { wayOf } from '../../../bench/deploy/ways.ts';
import { bringUp, control, type HostName, type Lab, type LabHost } from '../../../lab/lab.ts';
import { type DeployPorts, deployContainer } from '../../../src/deployment/fleet/deploy.ts';
import type { HostOutcome } from '../../../src/deployment/request/outcome.ts';
import type { DeployRequest, Strategy } from '../../../src/deployment/request/request.ts';
import { parseImage } from '../../../src/docker/image.ts';
import { connectSsh } from '../../../src/machine/ssh.ts';
import { KeptLog, sshServerOf } from '../lab-server.ts';
import { pushTestImages, type TestImage } from './test-images.ts';

/** One deployment: what became of it, what it told, and what was said last about the state of the server. */
export interface Course {
  readonly outcome: HostOutcome;
  readonly log: KeptLog;
  readonly standing: string;
}

/** A host of the lab on which an application of a name is deployed. */
export class Site {
  readonly lab: Lab;
  readonly host: LabHost;
  readonly name: string;
  readonly port: number;
  readonly repository: string;

  protected constructor(lab: Lab, host: LabHost, name: string, port: number, repository: string) {
    this.lab = lab;
    this.host = host;
    this.name = name;
    this.port = port;
    this.repository = repository;
  }

  static async up(
    where: HostName,
    name: string,
    port: number,
    images: readonly TestImage[],
    { user }: { user?: 'root' | undefined } = {},
  ): Promise<Site> {
    const lab = await bringUp([where, 'registry', 'builder', 'base-image']);
    const repository = await pushTestImages(lab, `test/${name}`, images);
    const host = user === undefined ? lab[where] : { ...lab[where], user };
    const site = new this(lab, host, name, port, repository);
    if (user === 'root') {
      await site.onServer(
        `install -d -m 700 /root/.ssh && cp /home/${lab[where].user}/.ssh/authorized_keys /root/.ssh/`,
      );
    }
    return site;
  }

  request(tag: string, changes: Partial<DeployRequest> = {}): DeployRequest {
    const { address, username, password } = this.lab.registry;
    return {
      hosts: [this.host.address],
      container: this.name,
      environment: 'test',
      image: parseImage(`${this.repository}:${tag}`),
      registryLogin: { registry: address, username, password },
      ports: [{ address: undefined, hostPort: this.port, containerPort: 8000, protocol: 'tcp' }],
      mounts: [],
      networks: [],
      extraHosts: [],
      labels: {},
      restart: 'unless-stopped',
      env: { GREETING: 'hello', DB_PASSWORD: 'canary-secret' },
      requiredEnv: [],
      healthUrl: `http://{host}:${this.port}/health`,
      healthTimeout: 30_000,
      stopTimeout: 5_000,
      strategy: 'recreate',
      sharedVolumes: false,
      bake: 300,
      drainTimeout: 5_000,
      run: 'https://example.com/runs/1',
      dryRun: false,
      ...changes,
    };
  }

  async deploy(wanted: DeployRequest, changes: Partial<DeployPorts> = {}): Promise<Course> {
    const log = new KeptLog();
    let standing = '';
    const [outcome] = await deployContainer(wanted, {
      connect: (_host, signal) => connectSsh(sshServerOf(this.host), { signal, log }),
      log,
      signal: new AbortController().signal,
      standing: (sentence) => {
        standing = sentence;
      },
      ...changes,
    });
    if (outcome === undefined) throw new Error('no outcome');
    if (outcome.result === 'deployed') await this.rested();
    return { outcome, log, standing };
  }

  /**
   * A version serves, with the request's own environment, and nothing else is there: it is deployed only where that is
   * not so already. @returns its id, and when it was started.
   */
  async serving(tag: string, changes: Partial<DeployRequest> = {}): Promise<string> {
    const isThere = await this.containers();
    if (isThere.join() !== `${this.name}-${tag} running` || !(await this.#hasUsualEnvironment())) {
      if (isThere.length > 1 || isThere.some((line) => !line.endsWith(' running'))) await this.clear();
      const { outcome } = await this.deploy(this.request(tag, { strategy: 'recreate', ...changes }));
      if (outcome.failure !== undefined) throw outcome.failure;
    }
    return this.inspected('{{.Id}} {{.State.StartedAt}}');
  }

  /** Its answer says what it was given. */
  async #hasUsualEnvironment(): Promise<boolean> {
    return (await this.answer().catch(() => '')).endsWith(' hello');
  }

  /**
   * Deploys by a program on the server, which waits at a step until something was looked at there.
   * @throws Error when it does not come there within a minute
   */
  async deployLookingAt<Seen>(
    wanted: DeployRequest,
    step: string,
    look: () => Promise<Seen>,
    changes: Partial<DeployPorts> = {},
  ): Promise<Course & { readonly seen: Seen }> {
    const folder = `${this.environmentFolder}/switch`;
    await this.onServer(`rm -rf ${folder}/journal ${folder}/${met} ${folder}/${waiting}`);
    const hold = { way: wayOf('bridge'), step, wait: () => Promise.resolve(), hasWaited: false, begun: [] };
    const deploying = this.deploy(wanted, {
      connect: async (_host, signal) =>
        holding(await connectSsh(sshServerOf(this.host), { signal, log: new KeptLog() }), hold),
      ...changes,
    });
    try {
      await this.reached(step);
      const seen = await look();
      await this.onServer(`rm -f ${folder}/${waiting}`);
      return { ...(await deploying), seen };
    } finally {
      await this.onServer(`rm -rf ${folder}/${waiting} ${folder}/${met}`);
      await deploying.catch(() => {});
    }
  }

  /** As root on the server. */
  onServer(script: string): Promise<string> {
    return control(this.host.name).run(['sh', '-c', script]);
  }

  /**
   * Its engine with other settings, too.
   * @param between what is done while it is stopped
   * @returns what takes them back
   */
  async engineWith(
    settings: Readonly<Record<string, unknown>>,
    between: string,
  ): Promise<(between: string) => Promise<void>> {
    const engine = control(this.host.name);
    const file = '/etc/docker/daemon.json';
    const before = await this.onServer(`cat ${file}`);
    const startedWith = async (content: string, script: string) => {
      await engine.stop();
      await engine.run(['tee', file], { stdin: content });
      await this.onServer(script);
      await engine.start();
    };
    await startedWith(JSON.stringify({ ...JSON.parse(before), ...settings }), between);
    return (script) => startedWith(before, script);
  }

  docker(line: string): Promise<string> {
    return this.onServer(`docker ${line}`);
  }

  /** An image is there, for a `docker run` of somebody else. */
  async pulled(tag: string, where: HostName = this.host.name): Promise<void> {
    const { address, username, password } = this.lab.registry;
    const docker = (words: readonly string[], stdin = '') =>
      control(where).run(['docker', ...words], { stdin });
    await docker(['login', '--username', username, '--password-stdin', address], password);
    await docker(['pull', '--quiet', `${this.repository}:${tag}`]);
    await docker(['logout', address]);
  }

  /** Does something, and looks at the argument lists of all processes on the server meanwhile. */
  async processesDuring<Done>(work: () => Promise<Done>): Promise<{ done: Done; seen: string }> {
    let isDone = false;
    let seen = '';
    const doing = work().finally(() => {
      isDone = true;
    });
    while (!isDone) {
      seen += await this.onServer("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '");
    }
    return { done: await doing, seen };
  }

  /** Of the container that serves, found as people find it. */
  async inspected(format: string): Promise<string> {
    const found = `$(docker ps -aq --filter label=tenantry.app=${this.name})`;
    return (await this.docker(`inspect --format '${format}' ${found}`)).trim();
  }

  /** `name state` of every container of the application, also of those that should not be there. */
  async containers(): Promise<string[]> {
    const list = await this.docker(`ps -a --filter name=${this.name} --format '{{.Names}} {{.State}}'`);
    return list
      .split('\n')
      .filter((line) => line !== '')
      .sort();
  }

  /** What runs beside the one container that should. */
  async oddContainers(): Promise<string[]> {
    const containers = await this.containers();
    const odd = containers.filter((each) => each.includes('-tenantry-') || !each.endsWith(' running'));
    return containers.length > 1 && odd.length === 0 ? containers : odd;
  }

  /** Of what serves. */
  restartPolicy(): Promise<string> {
    return this.inspected('{{.HostConfig.RestartPolicy.Name}}');
  }

  /** What the packet filter has of us. */
  async rules(): Promise<string[]> {
    const rules = await this.onServer(
      'for save in iptables-save ip6tables-save; do $save -t nat; done 2>/dev/null; nft list tables',
    );
    return rules.split('\n').filter((line) => line.includes('TENANTRY'));
  }

  /** How the traffic moves, unless a request says otherwise. */
  get strategy(): Strategy {
    return 'bridge';
  }

  /** How something begins to run where nothing does. */
  get startStrategy(): Strategy {
    return 'recreate';
  }

  /** Another server that serves, too. */
  get otherNode(): HostName | undefined {
    return undefined;
  }

  /** The server, for a container that is started by hand. */
  get plain(): Site {
    return this;
  }

  /** The same server and images, for a container of another name. */
  beside(name: string, port: number): Site {
    return new Site(this.lab, this.host, name, port, this.repository);
  }

  /** For the `docker run` of somebody else. */
  get published(): string {
    return `${this.port}:8000`;
  }

  /** Where clients ask. */
  get url(): string {
    return `http://${this.host.address}:${this.port}`;
  }

  /** What the port says to a new client: one that is kept would stay with its version, which would wait for it. */
  async answer(): Promise<string> {
    const headers = { connection: 'close' };
    return (await (await fetch(this.url, { headers })).text()).trim();
  }

  /** What the port says to clients on every way to it. */
  async answersEverywhere(): Promise<Record<string, string>> {
    const { address, address6 } = this.host;
    const ask = (host: string) =>
      `curl -gsS --max-time 5 http://${host}:${this.port}/ 2>&1 || echo " (exit $?)"`;
    const script = `import urllib.request as u; print(u.urlopen('http://${address}:${this.port}/', timeout=5).read().decode())`;
    const outside = async (host: string) =>
      (
        await fetch(`http://${host}:${this.port}`, { headers: { connection: 'close' } }).then(
          (answer) => answer.text(),
          String,
        )
      ).trim();
    return {
      'from outside': await outside(address),
      'from outside, IPv6': await outside(`[${address6}]`),
      'on the server, its own address': (await this.onServer(ask(address))).trim(),
      'on the server, loopback': (await this.onServer(ask('127.0.0.1'))).trim(),
      'on the server, loopback, IPv6': (await this.onServer(ask('[::1]'))).trim(),
      'another container': (
        await this.docker(`run --rm ${this.repository}:v2 python3 -c "${script}" 2>&1 | tail -n 1`)
      ).trim(),
    };
  }

  /** Waits until the journal of a switch has a step. @throws Error after a minute */
  async reached(step: string): Promise<void> {
    await this.onServer(`
      tries=0
      until grep -qs '"step":"${step}"' ${this.environmentFolder}/switch/journal; do
        tries=$((tries + 1))
        [ $tries -lt 3000 ] || { echo "the step ${step} never came" >&2; exit 1; }
        sleep 0.02
      done`);
  }

  /** Waits until the program of the last switch has ended: it lets connections come to their end. */
  async rested(): Promise<void> {
    const lock = `${this.environmentFolder}/switch/lock`;
    await this.onServer(`[ ! -e ${lock} ] || flock -w 60 ${lock} true`);
  }

  get environmentFolder(): string {
    const { user } = this.host;
    return `${user === 'root' ? '' : '/home'}/${user}/.tenantry/${this.name}`;
  }

  async clear(): Promise<void> {
    await this.docker(`ps -aq --filter name=${this.name} | xargs -r docker rm -f`);
    await this.onServer(`rm -rf ${this.environmentFolder}`);
  }
}
