import { locked } from '../database/advisory-lock.ts';
import type { Headroom } from '../database/headroom.ts';
import { judgeHeadroom } from '../database/headroom-verdict.ts';
import { transactionPooler } from '../database/pooler.ts';
import { LostConnection } from '../ground/errors.ts';
import { tunnelLost } from '../machine/tunnel.ts';
import { type Estimate, judgePace } from './estimate.ts';
import { fleetFailure } from './failed-fleet.ts';
import { blockedMigration, failedMigration } from './failed-migration.ts';
import { goingBackSentence } from './old-code.ts';
import { type Situation, stops, tells } from './situation.ts';
import { retrySentence } from './tenants.ts';
import { whatIsMissing } from './unknown-outcome.ts';

const run = 'https://github.example/acme/shop/actions/runs/4812';
const database = 'shop on db.internal:5432';
const beta = { code: 'tenant-migration-failed', where: 'in tenant beta', trying: 'Migrating beta' } as const;

const room: Headroom = {
  label: database,
  standby: false,
  connections: 100,
  used: 97,
  reserved: 3,
  mayTakeReserved: false,
  limits: [],
  replicas: [],
  replicasUnread: undefined,
  idleSlots: [],
};
const lagging = { name: 'replica-2', kind: 'physical', bytes: 3 * 2 ** 30, milliseconds: 480_000 } as const;
const holder = { pid: 4711, role: 'deploy', application: 'tenantry lock run 4812 by ana' };
const deadlocked = failedMigration(
  { migration: 'orders.0014_customer', observed: 'deadlock detected', evidence: '' },
  beta,
);
const cutOff = whatIsMissing(
  { schema: 'beta', pending: ['orders.0014_customer'] },
  new Set(),
  new LostConnection('the migration of beta', 'server closed the connection unexpectedly'),
);
const poisoned = (schema: string) => ({
  schema,
  failure: failedMigration(
    {
      migration: 'orders.0012_unique_email',
      observed:
        'could not create unique index "orders_email" (Key (email)=(ana@shop.example) is duplicated.)',
      evidence: '',
    },
    { ...beta, where: `in tenant ${schema}` },
  ),
});
const estimate: Estimate = { measured: 8, each: 42_000, left: 792, parallel: 4, milliseconds: 8_316_000 };
const standing = ['412 tenants are done and stay done', '585 tenants were not tried'];

/** What happens while a run waits, migrates, or comes to its end. */
export const duringTheRun: readonly Situation[] = [
  stops(
    1,
    'Another run is migrating the database',
    locked(database, 600_000, {
      ...holder,
      visible: true,
      milliseconds: 780_000,
      note: { run, actor: 'ana', commit: 'a1b2c3d', phase: 'tenant beta (3 of 12)', since: '' },
    }),
  ),
  stops(
    2,
    'The lock is held by a session that nobody knows',
    locked(database, 600_000, {
      ...holder,
      application: 'psql',
      visible: true,
      milliseconds: undefined,
      note: undefined,
    }),
  ),
  stops(3, 'The address is a transaction pooler', transactionPooler(database)),
  stops(
    31,
    'A lock was not free within lock-timeout',
    blockedMigration({ migration: 'orders.0013_gift', observed: '', evidence: '' }, beta, {
      lockTimeout: 5_000,
      blockers: [
        {
          pid: 88,
          role: 'web',
          application: 'gunicorn',
          state: 'idle in transaction',
          query: 'SELECT * FROM orders_order',
          milliseconds: 540_000,
        },
      ],
    }),
  ),
  tells(
    32,
    'A deadlock',
    retrySentence('beta', deadlocked, { pause: 8_000, attempt: '2/5' }),
    'nothing: it is tried again, and from then on one tenant at a time; after five tries the tenant has failed',
  ),
  stops(33, 'No connection is left', judgeHeadroom(room, { parallel: 4 }).refusal),
  stops(
    33,
    'A replica is behind',
    judgeHeadroom({ ...room, used: 10, replicas: [lagging] }, { parallel: 4 }).refusal,
  ),
  tells(
    38,
    'The canary is slower than expected',
    judgePace('Canary', estimate, { spent: 60_000, timeLeft: 86_400_000, expected: 3_600_000 }).warning,
    'nothing, if the time is there: the run goes on',
  ),
  stops(
    38,
    'The canary shows that the rest cannot be done in time',
    judgePace('Canary', estimate, { spent: 60_000, timeLeft: 3_000_000 }).refusal,
  ),
  stops(
    39,
    'Too many tenants failed',
    fleetFailure(['beta', 'gamma', 'zeta'].map(poisoned), { end: 'failures', standing, limit: 3 }),
  ),
  stops(40, 'The time limit is near', fleetFailure([], { end: 'time', standing, limit: 3 })),
];

export const afterTheRun: readonly Situation[] = [
  tells(
    41,
    'The new code is not healthy after the migration',
    goingBackSentence({ reversible: false, oldCode: 'yes' }),
    'it stands at the end of the sentence of what failed, behind what is done: keep the old code where it works with the database; otherwise go forward, or back as far as Django can undo (the outputs reversible and old-code-compatible)',
  ),
  stops(
    42,
    'The tunnel to the database breaks',
    cutOff && tunnelLost({ through: 'deploy@bastion', lost: 'the connection was closed' }, cutOff),
  ),
];
