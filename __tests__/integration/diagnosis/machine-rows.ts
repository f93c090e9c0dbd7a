/** Failures whose reason is the server itself: its memory, its clock. */
import { readFileSync } from 'node:fs';
import { installMachinePackages } from '../../../lab/debian-packages.ts';
import { control } from '../../../lab/lab.ts';
import { type Row, row } from './row.ts';
import { python, type Scene } from './scene.ts';

/** What all containers of the host may use together: of the lab's hosts, which share a machine, a control group. */
async function limitHost(scene: Scene, limit: { v1: string; v2: string }): Promise<void> {
  await scene.root(`
    docker run -d --name diagnosed-other ${scene.image} sleep 60 >/dev/null
    groups=/proc/$(docker inspect --format '{{.State.Pid}}' diagnosed-other)/cgroup
    if grep -q ':memory:' "$groups"; then
      file=/sys/fs/cgroup/memory$(sed -n 's|^[0-9]*:memory:\\(.*\\)/.*|\\1|p' "$groups")/memory.limit_in_bytes value=${limit.v1}
    else
      file=/sys/fs/cgroup$(sed -n 's|^0::\\(.*\\)/.*|\\1|p' "$groups")/memory.max value=${limit.v2}
    fi
    docker rm -f diagnosed-other >/dev/null
    echo $value >"$file"`);
}

/** Debian's library that tells programs another time; hosts of the lab have the clock of the machine that they share. */
const otherTime = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';
const twoHoursBehind = 'LD_PRELOAD=/srv/diagnosed/time.so FAKETIME=-2h';

export const machineRows: readonly Row[] = [
  row(
    45,
    'memory of the server',
    'the host as a guest that has 60 MiB for all its containers, which have no limits',
    { code: 'server-out-of-memory', says: 'ran out of what all its containers may use together' },
    async (scene) => {
      await limitHost(scene, { v1: '60M', v2: '60M' });
      try {
        return await scene.container('', python('x = []\nwhile True: x.append(bytearray(10**6))'));
      } finally {
        await limitHost(scene, { v1: '-1', v2: 'max' });
      }
    },
  ),
  row(
    62,
    'clock of the server',
    'programs of the account and of the container see a clock 2 h behind; a certificate of today',
    { code: 'server-clock-wrong', says: 'behind: certificate is not yet valid' },
    async (scene) => {
      await installMachinePackages(['libfaketime']);
      await control(scene.host.name).run(['sh', '-c', 'base64 -d >/srv/diagnosed/time.so'], {
        stdin: readFileSync(otherTime).toString('base64'),
      });
      await scene.root(`
        cd /srv/diagnosed
        openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=shop 2>/dev/null
        setsid openssl s_server -accept 5997 -cert cert.pem -key key.pem -www >/dev/null 2>&1 & echo $! >/srv/diagnosed/tls.pid
        setsid /usr/sbin/sshd -D -p 2298 -o 'SetEnv=${twoHoursBehind}' -o PidFile=/srv/diagnosed/sshd.pid >/dev/null 2>&1 &
        sleep 1`);
      const ask = `import socket, ssl\ncontext = ssl.create_default_context(cafile='/srv/diagnosed/cert.pem')\ncontext.wrap_socket(socket.create_connection(('${scene.host.address}', 5997)), server_hostname='shop')`;
      const options = twoHoursBehind.split(' ').map((variable) => `-e ${variable}`);
      try {
        return await scene.container(
          `-v /srv/diagnosed:/srv/diagnosed:ro ${options.join(' ')}`,
          python(ask),
          { through: { port: 2298 } },
        );
      } finally {
        await scene.root('kill "$(cat /srv/diagnosed/tls.pid)" "$(cat /srv/diagnosed/sshd.pid)"');
      }
    },
  ),
];
