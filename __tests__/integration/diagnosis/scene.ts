import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { command } from '../../../lab/command.ts';
import { bringUp, control, type Lab, type LabHost } from '../../../lab/lab.ts';
import { provideWheels } from '../../../lab/wheels.ts';
import { collectEvidence } from '../../../src/diagnosis/collect.ts';
import type { Evidence, SeenAnswer } from '../../../src/diagnosis/evidence.ts';
import { thatStopped, whyNotServing } from '../../../src/diagnosis/why.ts';
import type { ContainerSpec } from '../../../src/docker/container-spec.ts';
import { type Docker, dockerOn } from '../../../src/docker/docker.ts';
import { parseImage } from '../../../src/docker/image.ts';
import { UserError } from '../../../src/ground/errors.ts';
import type { Machine } from '../../../src/machine/machine.ts';
import { connectSsh } from '../../../src/machine/ssh.ts';
import type { SshServer } from '../../../src/machine/ssh-server.ts';
import { KeptLog, sshServerOf } from '../lab-server.ts';

const signal = new AbortController().signal;

/** What a program on the server printed while a failure was looked at, for the tables of the unit tests. */
export interface Recording {
  readonly kind: 'collected' | 'docker';
  readonly text: string;
  readonly answer?: SeenAnswer | undefined;
  /** When, in milliseconds of our clock. */
  readonly at: number;
}

/** A host of the lab on which things are made to fail. */
export class Scene {
  readonly lab: Lab;
  readonly host: LabHost;
  /** An image with Python, uvicorn, Node and files that cannot be started. */
  readonly image: string;
  readonly recordings: Recording[] = [];
  /** Milliseconds from the failure to its sentence, a new connection included. */
  readonly times: number[] = [];

  private constructor(lab: Lab, host: LabHost, image: string) {
    this.lab = lab;
    this.host = host;
    this.image = image;
  }

  static async up(): Promise<Scene> {
    const lab = await bringUp(['host1', 'postgres15', 'registry', 'builder', 'base-image']);
    const image = await buildImage(lab);
    const scene = new Scene(lab, lab.host1, image);
    await scene.clear();
    const { registry } = lab;
    await scene.withDocker((docker) =>
      docker.pull(parseImage(image), { ...registry, registry: registry.address }),
    );
    return scene;
  }

  /** As root on the server. */
  root(script: string): Promise<string> {
    return control(this.host.name).run(['sh', '-c', script]);
  }

  /** The same, whatever comes of it. */
  tryRoot(script: string) {
    return control(this.host.name).tryRun(['sh', '-c', script]);
  }

  async connected<T>(work: (machine: Machine) => Promise<T>, through: Partial<SshServer> = {}): Promise<T> {
    const machine = await connectSsh(sshServerOf(this.host, through), { signal, log: new KeptLog() });
    try {
      return await work(this.#recording(machine));
    } finally {
      await machine.close();
    }
  }

  withDocker<T>(work: (docker: Docker) => Promise<T>): Promise<T> {
    return this.connected((machine) => work(dockerOn(machine, { signal, log: new KeptLog() })));
  }

  /** The sentence of something that must fail, with the time that it took. */
  async failure(work: () => Promise<unknown>): Promise<UserError> {
    const started = performance.now();
    try {
      await work();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.times.push(performance.now() - started);
      return error;
    }
    throw new Error('it did not fail');
  }

  /** Starts a container and waits until it is as it will stay; then says what is wrong with it. */
  async container(
    options: string,
    program: string,
    { until = 'exited', image = this.image, answer, wait = 0, through }: Fate = {},
  ): Promise<UserError> {
    const name = 'diagnosed';
    await this.root(
      `docker rm -f -v ${name} >/dev/null 2>&1; docker run -d --name ${name} ${options} ${image} ${program}`,
    );
    await this.#until(name, until);
    await sleep(wait);
    return this.failure(async () => {
      const seen = await this.connected((machine) => collectEvidence(machine, { name, signal }), through);
      const evidence: Evidence = {
        ...(until === 'exited' || until === 'looping' ? thatStopped(seen) : seen),
        answer,
      };
      this.recordings.push(
        ...(answer === undefined ? [] : [{ ...this.recordings.pop(), answer } as Recording]),
      );
      throw whyNotServing('shop (v2)', evidence, { waited: 5_000 });
    });
  }

  /** Makes and starts a container as deployments do. */
  create(changes: Partial<ContainerSpec>): Promise<UserError> {
    return this.failure(() =>
      this.withDocker(async (docker) => {
        const spec = { ...plain, image: this.image, ...changes };
        await docker.remove(spec.name);
        await docker.create(spec);
        await docker.start(spec.name);
      }),
    );
  }

  async #until(name: string, status: string): Promise<void> {
    const format = '{{.State.Status}} {{.RestartCount}} {{if .State.Health}}{{.State.Health.Status}}{{end}}';
    const wanted: Readonly<Record<string, RegExp>> = {
      exited: /^(?:exited|created)/,
      running: /^running/,
      looping: / [2-9] /,
      unhealthy: / unhealthy$/,
    };
    for (let tries = 0; tries < 300; tries += 1) {
      const { stdout } = await this.tryRoot(`docker inspect --format '${format}' ${name}`);
      if (wanted[status]?.test(stdout.trim().replace(/ (\d+)$/, ' $1 '))) return;
      await sleep(100);
    }
    throw new Error(`${name} never became ${status}`);
  }

  async clear(): Promise<void> {
    await this.root(
      'docker ps -aq --filter name=diagnosed | xargs -r docker rm -f -v >/dev/null; rm -rf /srv/diagnosed; mkdir -p /srv/diagnosed',
    );
  }

  /** Milliseconds of what somebody does by hand: one connection, `docker inspect`, `docker logs`. */
  async byHand(name = 'diagnosed'): Promise<number> {
    const started = performance.now();
    const machine = await connectSsh(sshServerOf(this.host), { signal, log: new KeptLog() });
    await machine.run(['docker', 'inspect', name], { timeout: 20_000 });
    await machine.run(['docker', 'logs', '--tail', '200', name], { timeout: 20_000 });
    await machine.close();
    return performance.now() - started;
  }

  #recording(machine: Machine): Machine {
    return {
      name: machine.name,
      run: async (argv, options) => {
        const result = await machine.run(argv, options);
        const at = Date.now();
        if (result.stdout.startsWith('collected '))
          this.recordings.push({ kind: 'collected', text: result.stdout, at });
        else if (result.exitCode !== 0) this.recordings.push({ kind: 'docker', text: result.stderr, at });
        return result;
      },
      writeFile: (...args) => machine.writeFile(...args),
      readFile: (path) => machine.readFile(path),
      close: () => machine.close(),
    };
  }
}

interface Fate {
  readonly until?: 'exited' | 'running' | 'looping' | 'unhealthy';
  readonly image?: string;
  readonly answer?: SeenAnswer;
  /** Milliseconds more. */
  readonly wait?: number;
  /** Another way to the same server. */
  readonly through?: Partial<SshServer>;
}

/** What a container is made of, where nothing else is said. */
export const plain: Omit<ContainerSpec, 'image'> = {
  name: 'diagnosed',
  command: ['sleep', '60'],
  envFile: undefined,
  labels: {},
  ports: [],
  mounts: [],
  networks: [],
  networkAlias: undefined,
  extraHosts: [],
  memory: undefined,
  cpus: undefined,
  user: undefined,
  restart: 'no',
  stopTimeout: undefined,
  health: undefined,
};

/** A program of Python, as words of a shell. */
export function python(program: string): string {
  return `python3 -u -c '${program.replaceAll("'", `'"'"'`)}'`;
}

/** What a server looks for first: an ELF file of another processor (aarch64), with nothing in it. */
const foreignProgram = Buffer.concat([
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0xb7, 0, 1, 0, 0, 0]),
  Buffer.alloc(40),
]);

async function buildImage(lab: Lab): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-diagnosis-'));
  const image = `${lab.registry.address}/test/diagnosis:1`;
  const env = {
    ...process.env,
    DOCKER_CONFIG: join(folder, 'docker'),
    DOCKER_BUILDKIT: '0',
    DOCKER_HOST: lab.builder.dockerHost,
  };
  const docker = (args: readonly string[], stdin = '') => command([lab.docker, ...args], { env, stdin });
  try {
    writeFileSync(
      join(folder, 'requirements.txt'),
      'uvicorn==0.34.0\npsycopg[binary]==3.2.9\nDjango==4.2.23\ngunicorn==23.0.0\n',
    );
    await provideWheels(join(folder, 'requirements.txt'), join(folder, 'wheels'));
    await copyFile(process.execPath, join(folder, 'node'));
    writeFileSync(join(folder, 'windows.sh'), '#!/bin/sh\r\necho hello\r\n');
    writeFileSync(join(folder, 'closed.sh'), '#!/bin/sh\necho hello\n');
    writeFileSync(join(folder, 'foreign'), foreignProgram);
    writeFileSync(join(folder, 'shop.py'), shopModule);
    writeFileSync(join(folder, 'server.js'), nodeServer);
    writeFileSync(
      join(folder, 'Dockerfile'),
      [
        `FROM ${lab.baseImage}`,
        'COPY wheels /wheels',
        // Neither an environment of its own nor compiled files: they take longer to make than they save here.
        'RUN python3 -m pip install --no-compile --target /opt/site-packages --no-index --find-links /wheels uvicorn psycopg[binary] Django gunicorn',
        'ENV PYTHONPATH=/opt/site-packages PATH=/opt/site-packages/bin:/usr/local/bin:/usr/bin:/bin',
        'COPY node /usr/local/bin/node',
        'COPY windows.sh closed.sh foreign /',
        'RUN chmod 755 /windows.sh /foreign && chmod 644 /closed.sh', // Node can be executed where it comes from
        'WORKDIR /app',
        'COPY shop.py server.js /app/',
        '',
      ].join('\n'),
    );
    const { address, username, password } = lab.registry;
    await docker(['login', '--username', username, '--password-stdin', address], password);
    await docker(['build', '--quiet', '--tag', image, folder]);
    await docker(['push', '--quiet', image]);
    return image;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A Django project in one file; what it needs, it asks of its environment as projects do. */
const shopModule = `
import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path


def required(name):
    try:
        return os.environ[name]
    except KeyError:
        raise ImproperlyConfigured(f'Set the {name} environment variable')


SECRET_KEY = required('SECRET_KEY')
ALLOWED_HOSTS = ['shop.test']
ROOT_URLCONF = 'shop'
MIDDLEWARE = ['django.middleware.common.CommonMiddleware']
DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'HOST': os.environ.get('DB_HOST', ''), 'NAME': 'shop', 'USER': 'shop', 'PASSWORD': 'wrong'}}


def ask_database(request):
    from django.db import connection
    connection.cursor()
    return HttpResponse('ok')


urlpatterns = [path('health/', lambda request: HttpResponse('ok')), path('database/', ask_database)]
os.environ['DJANGO_SETTINGS_MODULE'] = 'shop'
if os.environ.get('ASK_FIRST'):
    import django
    django.setup()
    from django.db import connection
    connection.cursor()
application = get_wsgi_application()
`;

const nodeServer = `
const http = require('node:http');
const fault = process.env.FAULT;
if (fault === 'module') require('not-there');
if (fault === 'database') require('node:net').connect(5432, process.env.DB_HOST);
if (fault === 'variable' && !process.env.API_URL) throw new Error('Missing required environment variable API_URL');
if (fault === 'denied') require('node:fs').readFileSync('/app/.env');
if (fault === 'bug') undefined.missing;
if (fault === undefined) http.createServer((_, answer) => answer.end('ok')).listen(8000, process.env.HOST ?? '0.0.0.0');
`;
