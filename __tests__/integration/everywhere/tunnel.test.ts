import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { command } from '../../../lab/command.ts';
import { bringUp, control, type Lab } from '../../../lab/lab.ts';
import { shellBlocks } from '../../workflows/snippets.ts';
import { each } from '../breadth.ts';
import {
  type Fleet,
  migrationFile,
  ordersHead,
  ShopFleets,
  type StepSeen,
  step,
} from '../migrations/shop-fleet.ts';

/** A database that only a server reaches: its name resolves there and nowhere else, and its certificate has that name. */
let lab: Lab;
let fleets: ShopFleets;
const bastion = control('host1');

beforeAll(async () => {
  lab = await bringUp(['postgres15', 'host1']);
  fleets = await ShopFleets.make();
}, 900_000);
afterEach(() => fleets?.tidy());
afterAll(() => fleets?.end());

function urlOf(fleet: Fleet, { host = 'postgres15', port = 5432, more = '' } = {}): string {
  const { superuser, superuserPassword } = lab.postgres.v15;
  return `postgresql://${superuser}:${superuserPassword}@${host}:${port}/${fleet.name}${more}`;
}

function through(changes: Record<string, string> = {}): Record<string, string> {
  const { address, user, privateKeyPath, hostKeyFingerprint } = lab.host1;
  return {
    'connect-through': 'ssh',
    host: address,
    'ssh-user': user,
    'ssh-key': readFileSync(privateKeyPath, 'utf8'),
    'ssh-fingerprint': hostKeyFingerprint,
    ...changes,
  };
}

/** Each tenant's migration writes down where its session comes from. */
const tellsWhence = {
  'orders/migrations/0005_whence.py': migrationFile(
    ordersHead,
    `migrations.RunSQL("""INSERT INTO public.seen SELECT host(inet_client_addr()), ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()""")`,
  ),
};

const verifyFull = () => `?sslmode=verify-full&sslrootcert=${lab.postgres.v15.caFile}`;

/** Migrates through the bastion. */
function migrate(fleet: Fleet, inputs: Record<string, string> = {}, folder?: string): Promise<StepSeen> {
  return fleet.migrate(
    { ...through(), 'database-url': urlOf(fleet, { more: verifyFull() }), ...inputs },
    folder,
  );
}

test('a pending migration goes through the bastion, with the certificate verified by its name', async () => {
  const fleet = await fleets.copy('CREATE TABLE public.seen (address text, tls boolean)');
  const folder = await fleets.shopWith(tellsWhence);
  const seen = await migrate(fleet, {}, folder);
  expect(seen.annotations).toEqual([]);
  expect(seen.outputs).toMatchObject({ result: 'migrated', 'tenants-migrated': '3', 'tenants-failed': '0' });
  expect(seen.log.join('\n')).toMatch(/on postgres15:5432 \(PostgreSQL 15\.\d+\), through deploy@/);
  expect(
    await fleet.sql(`select from public.seen where address <> '${lab.host1.address}' or not tls`),
  ).toEqual([]);
  expect(await fleet.sql('select from public.seen')).not.toEqual([]);

  // A new tenant goes the same way: its session tells whence when its tables are made.
  const made = await step('provision-tenant', {
    ...fleet.inputs(folder),
    ...through(),
    'database-url': urlOf(fleet, { more: verifyFull() }),
    'schema-name': 'hill',
    domain: 'hill.example',
  });
  expect(made.annotations).toEqual([]);
  expect(made.outputs).toMatchObject({ result: 'created', schema: 'hill' });
  expect(
    await fleet.sql(`select from public.seen where address <> '${lab.host1.address}' or not tls`),
  ).toEqual([]);
}, 240_000);

test('by a jump host, too', async () => {
  const { address, user, hostKeyFingerprint } = lab.host1;
  const jump = { 'ssh-jump': `${user}@${address}`, 'ssh-jump-fingerprint': hostKeyFingerprint };
  const seen = await migrate(await fleets.copy(), { mode: 'verify', ...jump });
  expect(seen.annotations).toEqual([]);
  expect(seen.outputs.result).toBe('verified');
}, 240_000);

test('by an account that may reach this database and nothing else, made as the guide says', async () => {
  const guide = shellBlocks.find(({ document }) => document === 'docs/guides/bastion.md')?.text ?? '';
  const key = (await command(['ssh-keygen', '-y', '-f', lab.host1.privateKeyPath])).trim();
  const script = guide.replace(/ssh-ed25519 .* tenantry/, key).replace('db.internal', 'postgres15');
  expect(script).toContain(`permitopen="postgres15:5432" ${key}`);
  await bastion.run(['bash', '-euc', script]);
  try {
    const fleet = await fleets.copy();
    const seen = await migrate(fleet, { mode: 'verify', 'ssh-user': 'tunnel' });
    expect(seen.annotations).toEqual([]);
    expect(seen.outputs.result).toBe('verified');
    const elsewhere = await migrate(fleet, {
      mode: 'verify',
      'ssh-user': 'tunnel',
      'database-url': urlOf(fleet, { port: 9 }),
      'wait-attempts': '1',
    });
    expect(elsewhere.outputs['failure-code']).toBe('tunnel-forbidden');
  } finally {
    await bastion.run(['userdel', '--remove', '--force', 'tunnel']);
  }
}, 240_000);

describe('what does not get there says where it ended', () => {
  test.each<{ what: string; inputs: Record<string, string>; code: string; sentence: RegExp }>`
    what                              | inputs                                                                 | code                            | sentence
    ${'a name nobody knows'}          | ${{ 'database-url': 'postgresql://role:secret@nowhere.invalid/shop' }} | ${'database-name-not-resolved'} | ${/^The name nowhere\.invalid does not resolve on deploy@\S+ \(tried 5 times/}
    ${'a port where nothing listens'} | ${{ 'database-url': 'postgresql://role:secret@postgres15:9/shop' }}    | ${'database-refused'}           | ${/^postgres15:9 refused the connection from deploy@\S+/}
    ${'another key of the server'}    | ${{ 'ssh-fingerprint': `SHA256:${'A'.repeat(43)}` }}                   | ${'ssh-host-key-mismatch'}      | ${/is not the server it was/}
    ${'no account'}                   | ${{ 'ssh-user': 'nobody-here' }}                                       | ${'ssh-key-rejected'}           | ${/does not let nobody-here in/}
    ${'several hosts'}                | ${{ 'database-url': 'postgresql://role:secret@one,two/shop' }}         | ${'database-url-unsupported'}   | ${/leads to one host, and the database URL names 2 of them/}
    ${'no server'}                    | ${{ host: '' }}                                                        | ${'input-invalid'}              | ${/connect-through: ssh needs host and ssh-user/}
  `('$what', async ({ inputs, code, sentence }) => {
    const fleet = await fleets.copy();
    const seen = await migrate(fleet, { 'wait-attempts': '6', 'wait-interval': '50ms', ...inputs });
    expect(seen.annotations[0]).toMatch(sentence);
    expect(seen.outputs['failure-code']).toBe(code);
  });

  test('a server given for nothing is refused', async () => {
    const fleet = await fleets.copy();
    const seen = await migrate(fleet, { 'connect-through': 'direct' });
    expect(seen.annotations[0]).toMatch(/host: goes with connect-through: ssh/);
  });

  test('a server that does not forward', async () => {
    const config = '/etc/ssh/sshd_config.d/forward.conf';
    await bastion.run(['sh', '-c', `echo 'AllowTcpForwarding no' > ${config}`]);
    await bastion.stopSsh();
    await bastion.startSsh();
    try {
      const seen = await migrate(await fleets.copy());
      expect(seen.outputs['failure-code']).toBe('tunnel-forbidden');
      expect(seen.annotations[0]).toMatch(
        /^deploy@\S+ does not forward to postgres15:5432 — its sshd says: /,
      );
    } finally {
      await bastion.run(['rm', config]);
      await bastion.stopSsh();
      await bastion.startSsh();
    }
  });
});

/** A migration that waits in the second tenant as long as there is a row in public.trap. */
const waits = {
  'orders/migrations/0005_waits.py': migrationFile(
    ordersHead,
    `migrations.AddField("order", "note", models.TextField(null=True)), migrations.RunSQL("""DO $$ BEGIN
       WHILE current_schema() = 'beta' AND EXISTS (SELECT FROM public.trap) LOOP PERFORM pg_sleep(0.05); END LOOP; END $$""")`,
  ),
};

/** As a packet filter does that has forgotten its connections. */
const resets = `table inet lab_resets {
  chain arriving { type filter hook input priority 0; policy accept; tcp dport 22 reject with tcp reset; }
}
`;

interface Loss {
  readonly what: string;
  readonly comes: () => Promise<unknown>;
  /** Where there is no other way until then. */
  readonly ends?: () => Promise<unknown>;
}

const killed: Loss = {
  what: 'sshd killed',
  comes: () => bastion.run(['sh', '-c', 'pkill -KILL -f "^sshd: deploy"']),
};
const losses: readonly Loss[] = [
  killed,
  { what: 'server rebooted', comes: () => bastion.reboot() },
  {
    what: 'connection reset',
    comes: () => bastion.run(['nft', '-f', '-'], { stdin: resets }),
    ends: () => bastion.run(['nft', 'delete', 'table', 'inet', 'lab_resets']),
  },
  { what: 'network cut', comes: () => bastion.unplug(), ends: () => bastion.plugIn() },
  { what: 'packets dropped', comes: () => bastion.silence(), ends: () => bastion.hear() },
];

describe.each(each(losses, killed))('$what', ({ what, comes, ends }) => {
  test('in the middle of a tenant is noticed, and its ledger is read again when there is a way', async () => {
    const fleet = await fleets.copy('CREATE TABLE public.trap (); INSERT INTO public.trap DEFAULT VALUES;');
    const running = migrate(fleet, { 'lock-timeout': '0s' }, await fleets.shopWith(waits));
    await until(async () => {
      const found = await fleet.sql(
        `select from pg_stat_activity where datname = current_database() and application_name ~ '/beta$' and state = 'active'`,
      );
      return found.length > 0;
    });
    await comes();
    // The statement goes on in the server until the tenant is let go; nobody may take that for a success.
    const seen = await running.finally(ends);
    expect(seen.exitCode).toBe(1);
    expect(seen.outputs).toMatchObject({ 'failure-code': 'tunnel-lost', result: 'failed' });
    expect(seen.annotations[0]).toMatch(/^The SSH tunnel through deploy@\S+ was lost — .*beta/);
    expect(seen.warnings.join()).toMatch(/The SSH tunnel through deploy@\S+ was lost/);
    if (what === 'sshd killed')
      expect(seen.annotations[0]).toMatch(/its ledger was read again: orders\.0005_waits is not recorded/);

    await fleet.sql('DELETE FROM public.trap');
    const again = await migrate(fleet, {}, await fleets.shopWith(waits));
    expect(again.annotations).toEqual([]);
    expect(again.outputs).toMatchObject({ 'tenants-total': '3', 'tenants-failed': '0' });
  }, 300_000);
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries += 1) {
    if (tries > 600) throw new Error('it never came to that');
    await sleep(100);
  }
}
