import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Box, readBox } from '../box.ts';
import { currentEngineFolder } from '../current-engine.ts';
import { boxPath, inBox, logTail, serviceRuns, startService, stopService } from '../in-box.ts';
import { address6Of, addressOf, type LabNetwork, STATION } from '../network.ts';
import type { EngineKind, HostName, LabHost } from '../state.ts';
import {
  CURRENT_ENGINE,
  configureEngine,
  dockerHost,
  engineAnswers,
  engineData,
  engineVersion,
  startEngine,
} from './engine.ts';
import { freshBox, newPassword, type Part, type PartContext, runningBox, until } from './part.ts';

const USER = 'deploy';

/** Debian's Docker 20.10, or a current engine, built from its Go modules. */
export const HOST_ENGINES: Readonly<Record<HostName, EngineKind>> = {
  host1: '20.10',
  host2: 'current',
  host3: '20.10',
};

export const host1: Part<LabHost> = host('host1');
export const host2: Part<LabHost> = host('host2');
/** For what takes three: a swarm. Comes up on demand only. */
export const host3: Part<LabHost> = host('host3');

function host(name: HostName): Part<LabHost> {
  const engine = HOST_ENGINES[name];
  return {
    needs: [],
    create: (context) => create(context, name, engine),
    async answers({ folders }) {
      const box = readBox(folders, name);
      return box !== undefined && (await sshAnswers(box)) && (await engineAnswers(box));
    },
    async restart({ folders }) {
      const box = runningBox(folders, name);
      await Promise.all([startSsh(box), startEngine(box, engine)]);
    },
    describe: (entry) => `${entry.user}@${entry.address}, Docker ${entry.engineVersion}`,
  };
}

async function create(context: PartContext, name: HostName, engine: EngineKind): Promise<LabHost> {
  const { folders, network } = context;
  const programs =
    engine === 'current'
      ? [{ from: await currentEngineFolder(folders, context.note), to: CURRENT_ENGINE, readOnly: true }]
      : [];
  const box = await freshBox(context, name, [engineData(folders, name), ...programs]);
  configureEngine(folders, network, box);
  writeFileSync(boxPath(box, '/etc/hosts'), hostsFile(network, name));
  // Debian's client is too old for this engine; what is in /usr/local comes first on everybody's PATH.
  if (engine === 'current') symlinkSync(`${CURRENT_ENGINE}/docker`, boxPath(box, '/usr/local/bin/docker'));
  const [, keys] = await Promise.all([startEngine(box, engine), prepareSsh(box)]);
  const publicKeys = hostKeys(box);
  return {
    name,
    address: box.address,
    address6: address6Of(network, name),
    sshPort: 22,
    user: USER,
    ...keys,
    hostKeyFingerprint: fingerprint(publicKeys.ed25519),
    hostKeyFingerprints: {
      ed25519: fingerprint(publicKeys.ed25519),
      rsa: fingerprint(publicKeys.rsa),
      ecdsa: fingerprint(publicKeys.ecdsa),
    },
    knownHostsLine: `${box.address} ${publicKeys.ed25519}`,
    knownHosts: Object.values(publicKeys)
      .map((key) => `${box.address} ${key}\n`)
      .join(''),
    engine,
    engineVersion: await engineVersion(box),
    dockerHost: dockerHost(box),
  };
}

type LoginKeys = Pick<LabHost, 'password' | 'privateKeyPath' | 'encryptedKeyPath' | 'passphrase'>;

/** The host's own keys, the user with its keys and password, and the server. */
async function prepareSsh(box: Box): Promise<LoginKeys> {
  const password = newPassword();
  const passphrase = newPassword();
  writeFileSync(boxPath(box, '/etc/ssh/sshd_config.d/lab.conf'), SSHD_CONFIG);
  writeFileSync(boxPath(box, '/etc/sudoers.d/lab'), `${USER} ALL=(ALL) NOPASSWD: ALL\n`, { mode: 0o440 });
  mkdirSync(join(box.shared, 'keys'), { recursive: true });
  const script = `
set -e
umask 077
IFS= read -r passphrase
ssh-keygen -A >/dev/null
useradd --create-home --shell /bin/bash --groups docker ${USER}
cd /lab/keys
ssh-keygen -q -t ed25519 -N '' -C ${USER}@lab -f id_ed25519
openssl genrsa -out plain.pem -traditional 2048 2>/dev/null
printf %s "$passphrase" | openssl rsa -in plain.pem -traditional -aes128 -passout stdin -out id_rsa.pem 2>/dev/null
ssh-keygen -y -f plain.pem >id_rsa.pub
rm plain.pem
install -d -o ${USER} -g ${USER} -m 700 /home/${USER}/.ssh
cat id_ed25519.pub id_rsa.pub >/home/${USER}/.ssh/authorized_keys
chown ${USER}:${USER} /home/${USER}/.ssh/authorized_keys`;
  await inBox(box, ['sh', '-c', script], { stdin: `${passphrase}\n` });
  await inBox(box, ['chpasswd'], { stdin: `${USER}:${password}\n` });
  for (const key of ['id_ed25519', 'id_rsa.pem']) chmodSync(join(box.shared, 'keys', key), 0o600);
  await startSsh(box);
  return {
    password,
    passphrase,
    privateKeyPath: join(box.shared, 'keys/id_ed25519'),
    encryptedKeyPath: join(box.shared, 'keys/id_rsa.pem'),
  };
}

/** Many tests log in at once, and some of them wrongly. */
const SSHD_CONFIG = `PasswordAuthentication yes
MaxStartups 100:30:200
MaxSessions 100
MaxAuthTries 10
UseDNS no
`;

export async function startSsh(box: Box): Promise<void> {
  if (!(await serviceRuns(box, 'sshd'))) await startService(box, 'sshd', ['/usr/sbin/sshd', '-D', '-e']);
  await until(
    () => sshAnswers(box),
    () => `sshd of ${box.name} does not answer: ${logTail(box, 'sshd')}`,
  );
}

/** The listener only; connections that are open stay open, as with `service ssh stop`. */
export async function stopSsh(box: Box): Promise<void> {
  await stopService(box, 'sshd');
}

function sshAnswers(box: Box): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: box.address, port: 22, timeout: 2000 });
    socket.once('data', (greeting) => {
      resolve(greeting.toString('latin1').startsWith('SSH-2.0'));
      socket.destroy();
    });
    socket.once('timeout', () => socket.destroy(new Error('no greeting')));
    socket.once('error', reject);
    socket.once('end', () => reject(new Error('closed')));
  });
}

function hostKeys(box: Box): { ed25519: string; rsa: string; ecdsa: string } {
  const read = (kind: string) => {
    const [type, key] = readFileSync(boxPath(box, `/etc/ssh/ssh_host_${kind}_key.pub`), 'utf8').split(' ');
    return `${type} ${key}`;
  };
  return { ed25519: read('ed25519'), rsa: read('rsa'), ecdsa: read('ecdsa') };
}

/** As `ssh-keygen -l` prints it. */
function fingerprint(publicKey: string): string {
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** Neighbours by name, on the host itself (containers have names of their own). */
function hostsFile(network: LabNetwork, name: string): string {
  const stations = Object.keys(STATION) as (keyof typeof STATION)[];
  return ['127.0.0.1 localhost', `127.0.1.1 ${name}`, '::1 localhost ip6-localhost']
    .concat(
      stations.filter((other) => other !== name).map((other) => `${addressOf(network, other)} ${other}`),
    )
    .join('\n')
    .concat('\n');
}
