import { driftOf, driftSentence } from './drift.ts';
import {
  exampleColumn,
  exampleDiscovery,
  exampleGroup,
  exampleMigration,
  exampleStructures,
} from './example.ts';
import { initialRefusal } from './fake-initial.ts';
import { ownersRefusal } from './owners.ts';
import { type MigrationPlan, notices, planMigrations, refusals, troubles } from './plan.ts';
import { planLines, planSentence } from './plan-text.ts';
import { type Situation, stops, tells } from './situation.ts';
import { judge } from './verify.ts';

const refusing = (plan: MigrationPlan) => refusals(plan)[0];
const inTrouble = (plan: MigrationPlan) => troubles(plan)[0];

/** A squashed migration of which beta has a part. */
function partlySquashed(gone: string[]): MigrationPlan {
  const squash = {
    squash: 'orders.0001_squashed_0005',
    applied: 3,
    of: 5,
    missing: ['orders.0004_paid'],
    gone,
  };
  return planMigrations(
    exampleDiscovery({ groups: [exampleGroup(['beta'], { partialSquashes: [squash] })] }),
  );
}

function planned(groups: ReturnType<typeof exampleGroup>[], changes = {}): MigrationPlan {
  return planMigrations(exampleDiscovery({ groups, ...changes }));
}

const ghost = (migration: string, newer: boolean, looksLike: string | null) =>
  planned([exampleGroup(['public', 'acme'], { ghosts: [migration] })], {
    ghosts: [{ migration, newer, looksLike }],
  });

/** What the code and the ledgers say. */
export const ledgersAndCode: readonly Situation[] = [
  stops(4, 'The code is older than the database', refusing(ghost('orders.0013_gift', true, null))),
  stops(
    5,
    'An applied migration was renamed',
    refusing(ghost('orders.0012_email', false, 'orders.0013_email')),
  ),
  stops(
    6,
    'Two newest migrations in one app',
    refusing(planned([], { conflicts: [{ app: 'orders', leaves: ['0013_gift', '0013_note'] }] })),
  ),
  stops(
    7,
    'A migration is recorded before the one that it needs',
    inTrouble(
      planned([
        exampleGroup(['beta'], {
          inconsistent: 'Migration orders.0013_gift is applied before its dependency orders.0012_email',
        }),
      ]),
    ),
  ),
  stops(
    8,
    'A squashed migration is partly applied, the old files are gone',
    inTrouble(partlySquashed(['orders.0004_paid'])),
  ),
  tells(
    8,
    'A squashed migration is partly applied, the old files are there',
    notices(partlySquashed([]))[0],
    'nothing: Django goes on with the old files',
  ),
  tells(
    9,
    'Only the row of a squashed migration is missing',
    planSentence(planned([exampleGroup(['acme', 'beta'], { bookkeeping: ['orders.0001_squashed_0005'] })])),
    'nothing: the row is written; until then keep the old files',
  ),
];

/** A plan in which the structure of beta is another. */
function otherwise(structure: Parameters<typeof exampleStructures>[0], changes = {}): MigrationPlan {
  return planMigrations(exampleDiscovery(changes), exampleStructures(structure));
}

const shortened = exampleMigration('auth.0012_first_name', { tables: ['auth_user'] });
const reference = exampleMigration('orders.0014_customer', { touchesShared: ['customers_customer'] });
const invalid = { name: 'orders_email_ix', definition: '(email)', valid: false };
const halfIndexed = exampleGroup(['beta'], {
  pending: ['orders.0014_email_ix'],
  afterNext: {
    migration: 'orders.0014_email_ix',
    expects: exampleGroup([]).expects.map((one) =>
      one.kind === 'tenant' ? { ...one, named: { orders_order: ['orders_email_ix'] } } : one,
    ),
  },
});
const unequal = exampleStructures({
  beta: { orders_order: { columns: ['id', 'note', 'total'].map(exampleColumn) } },
});

/** What the ledgers and the catalogue say. */
export const ledgersAndTables: readonly Situation[] = [
  stops(
    10,
    'An app was moved from the shared schema to the tenants',
    inTrouble(otherwise({ beta: { finance_invoice: {} } })),
  ),
  tells(
    11,
    'The template of new tenants is behind',
    notices(
      planned([], {
        templates: [
          { schema: 'pattern', tenantType: null, exists: true, pending: ['a', 'b'], unknown: null },
        ],
      }),
    )[0],
    'nothing: it is migrated before the tenants',
  ),
  stops(
    11,
    'A tenant was copied from a template that was behind',
    inTrouble(otherwise({ beta: { orders_order: { columns: [exampleColumn('id')] } } })),
  ),
  stops(12, 'A tenant has a row and no schema', inTrouble(planned([], { withoutSchema: ['beta'] }))),
  tells(
    13,
    'A schema has no row',
    notices(planned([], { orphans: [{ schema: 'old_acme', lastApplied: '2026-03-01 10:00' }] }))[0],
    'give it its row back, or drop it when nobody needs what is in it',
  ),
  tells(
    15,
    'A tenant differs from the others since before the run',
    driftSentence(driftOf(exampleDiscovery(), unequal), ' (since before this run)'),
    'bring it in line by hand; the report has every difference',
  ),
  stops(
    15,
    'A tenant was made different by the run itself',
    judge(exampleDiscovery(), unequal, {
      fleet: exampleDiscovery(),
      structures: exampleStructures(),
      migrated: new Set(['acme', 'beta', 'zeta']),
    }).failure,
  ),
  stops(
    29,
    'A migration would change a table of the shared schema',
    inTrouble(
      otherwise(
        { beta: { auth_user: {} } },
        {
          groups: [exampleGroup(['beta'], { pending: [shortened.migration] })],
          migrations: [shortened],
        },
      ),
    ),
  ),
  tells(
    30,
    'A foreign key into the shared schema',
    planLines(
      planned([exampleGroup(['acme', 'beta', 'zeta'], { pending: [reference.migration] })], {
        migrations: [reference],
      }),
    ).find((line) => line.startsWith('locks')),
    'nothing: the tenants are migrated one at a time; others wait for that table as long as each takes',
  ),
  stops(
    36,
    'Tables belong to another role',
    ownersRefusal([{ schema: 'beta', owners: ['postgres'], tables: ['orders_order'] }], 'deploy'),
  ),
  stops(
    37,
    'An index is left invalid, its migration is not recorded',
    inTrouble(otherwise({ beta: { orders_order: { indexes: [invalid] } } }, { groups: [halfIndexed] })),
  ),
  stops(
    37,
    'An index is left invalid, its migration is recorded',
    judge(exampleDiscovery(), exampleStructures({ beta: { orders_order: { indexes: [invalid] } } })).failure,
  ),
  stops(
    43,
    'Tables of the shared schema are not what its initial migrations make',
    initialRefusal(
      'public',
      [
        {
          migration: 'plans.0001_initial',
          initial: true,
          faked: true,
          makes: ['plans_plan'],
          present: ['plans_plan'],
        },
      ],
      {
        kind: 'differ',
        lines: ['plans.0001_initial: plans_plan.price is integer, and numeric(8,2) elsewhere'],
        against: 'each of its initial migrations makes',
      },
    ),
  ),
];
