import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { command } from '../../../lab/command.ts';
import { bringUp, control, type Lab, type LabHost, provideWheels } from '../../../lab/lab.ts';
import { logIn, onHost, type Way } from './ssh-login.ts';

let lab: Lab;
let folder: string;
let image: string;
let digest: string;

beforeAll(async () => {
  lab = await bringUp(['host1', 'host2', 'registry', 'base-image', 'postgres15', 'postgres18']);
  folder = mkdtempSync(join(tmpdir(), 'lab-hosts-'));
  image = `${lab.registry.address}/lab-test/web:1`;
}, 900_000); // the current engine may still be in the making

afterAll(async () => {
  for (const host of lab.hosts) await onHost(host, 'docker rm -f lab-web >/dev/null 2>&1 || true');
  rmSync(folder, { recursive: true, force: true });
});

const docker = (words: readonly string[], stdin = '') =>
  command([lab.docker, ...words], {
    stdin,
    env: { ...process.env, DOCKER_HOST: lab.builder.dockerHost, DOCKER_CONFIG: folder, DOCKER_BUILDKIT: '0' },
  });

test('the builder builds on the base image, with wheels and without a network, and pushes with the password', async () => {
  writeFileSync(join(folder, 'requirements.txt'), 'six==1.17.0\n');
  expect(await provideWheels(join(folder, 'requirements.txt'), join(folder, 'wheels'))).toEqual([
    'six-1.17.0-py2.py3-none-any.whl',
  ]);
  writeFileSync(
    join(folder, 'Dockerfile'),
    `FROM ${lab.baseImage}
COPY requirements.txt /app/
COPY wheels /app/wheels
RUN python3 -m venv /venv && /venv/bin/pip install --no-index --find-links /app/wheels -r /app/requirements.txt
WORKDIR /srv
RUN echo it works >index.html
CMD ["/venv/bin/python", "-m", "http.server", "8000"]
`,
  );
  await docker(['build', '--quiet', '--tag', image, folder]);
  await expect(docker(['push', image])).rejects.toThrow(/no basic auth credentials|authentication required/);
  const { username, password, address } = lab.registry;
  await docker(['login', '--username', username, '--password-stdin', address], password);
  await docker(['push', image]);
  const pushed = await docker(['inspect', '--format', '{{index .RepoDigests 0}}', image]);
  digest = pushed.trim().split('@')[1] ?? '';
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
});

describe.each([{ name: 'host1' as const }, { name: 'host2' as const }])('$name', ({ name }) => {
  const host = (): LabHost => lab[name];

  test.each<{ way: Way }>([{ way: 'key' }, { way: 'encrypted key' }, { way: 'password' }])(
    'takes a login by $way, from somebody who knows its host key',
    async ({ way }) => {
      const ssh = await logIn(host(), way);
      const { stdout } = await ssh.execCommand(
        'id -un; hostname; sudo -n id -un; docker version -f "{{.Server.Version}}"',
      );
      ssh.dispose();
      expect(stdout.split('\n')).toEqual(['deploy', name, 'root', host().engineVersion]);
    },
  );

  test('refuses a wrong password', async () => {
    await expect(logIn(host(), 'password', 'wrong')).rejects.toThrow(/authentication methods failed/);
  });

  test('shows the host keys that the lab has recorded', async () => {
    const shown = await control(name).run([
      'sh',
      '-c',
      'for k in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $k; done',
    ]);
    const fingerprints = shown.match(/SHA256:\S+/g) ?? [];
    expect(new Set(fingerprints)).toEqual(new Set(Object.values(host().hostKeyFingerprints)));
    expect(host().knownHosts.split('\n')).toContain(host().knownHostsLine);
  });

  test('pulls by digest with the password, runs, and its published port answers here', async () => {
    const { username, password, address } = lab.registry;
    const reference = `${image.replace(/:1$/, '')}@${digest}`;
    await onHost(host(), `docker logout ${address}`);
    await expect(onHost(host(), `docker pull ${reference}`)).rejects.toThrow(/no basic auth|authentication/);
    await onHost(host(), `docker login -u ${username} --password-stdin ${address}`, password);
    await onHost(host(), `docker pull -q ${reference}`);
    await onHost(host(), `docker run -d --name lab-web --publish 8000:8000 ${reference}`);
    expect(await untilAnswered(`http://${host().address}:8000/`)).toBe('it works\n');
    expect(await untilAnswered(`http://[${host().address6}]:8000/`)).toBe('it works\n');
  });

  test('has containers that reach both databases', async () => {
    for (const server of [lab.postgres.v15, lab.postgres.v18]) {
      const program = `import socket; socket.create_connection(("${server.host}", ${server.port}), 5); print("open")`;
      expect(await onHost(host(), `docker exec lab-web python3 -c '${program}'`)).toBe('open');
    }
  });

  test('answers on this side about its own containers', async () => {
    const names = await command([lab.docker, '--host', host().dockerHost, 'ps', '--format', '{{.Names}}']);
    expect(names).toContain('lab-web');
  });
});

test('two hosts are two machines: files, processes, engines and images are not shared, nor is this one', async () => {
  const [one, two] = [lab.host1, lab.host2];
  for (const path of [
    '/srv/only-here',
    '/tmp/only-here',
    '/home/deploy/only-here',
    '/etc/docker/only-here',
  ]) {
    await control('host1').run(['touch', path]);
    expect((await control('host2').tryRun(['test', '-e', path])).code).not.toBe(0);
    expect((await control('host1').tryRun(['test', '-e', path])).code).toBe(0);
    await control('host1').run(['rm', path]);
  }
  await onHost(one, 'docker rm -f lab-web');
  expect(await onHost(one, 'docker ps -q')).toBe('');
  expect(await onHost(two, 'docker ps -q')).not.toBe('');
  expect(await onHost(one, 'ps -e -o comm=')).not.toMatch(/\bnode\b/);
  expect((await control('host1').tryRun(['test', '-e', import.meta.dirname])).code).not.toBe(0);
});

test('a host reaches a published port of the other one, by name', async () => {
  expect(await onHost(lab.host1, 'curl -fsS http://host2:8000/')).toBe('it works');
});

/** A container needs a moment until its program listens. */
async function untilAnswered(url: string): Promise<string> {
  for (let tries = 1; ; tries++) {
    try {
      return await (await fetch(url, { signal: AbortSignal.timeout(5000) })).text();
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
