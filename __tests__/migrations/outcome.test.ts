import { expect, test } from '@jest/globals';

import { UserError } from '../../src/ground/errors.ts';
import { superTenantWords } from '../../src/migrations/commands.ts';
import { totalsOf } from '../../src/migrations/outcome.ts';
import { planMigrations } from '../../src/migrations/plan.ts';
import { Progress } from '../../src/migrations/progress.ts';
import { discovered, group } from './discovered.ts';

const behind = planMigrations(
  discovered({
    groups: [group(['public']), group(['acme', 'beta', 'zeta'], { pending: ['orders.0001', 'orders.0002'] })],
  }),
);

test('a tenant that was begun and not ended is unknown: neither done nor untouched', () => {
  const progress = new Progress();
  progress.planned(behind);
  progress.begun('acme', 'Fleet');
  progress.ended('acme', { milliseconds: 5 });
  progress.begun('beta', 'Fleet');
  expect(progress.outcome().tenants.map(({ schema, outcome }) => `${schema} ${outcome}`)).toEqual([
    'acme migrated',
    'beta unknown',
    'zeta not-tried',
  ]);
  expect(totalsOf(progress.outcome())).toEqual({ total: 3, migrated: 1, skipped: 0, failed: 1 });
  expect(progress.standing).toEqual(['1 tenant is done and stays done', '1 tenant was not tried']);
});

test('what was applied is what the ledger no longer lacks', () => {
  const progress = new Progress();
  progress.planned(behind);
  progress.begun('acme', 'Fleet');
  const failure = new UserError('Migration orders.0002 failed', 'mend it', {
    code: 'tenant-migration-failed',
  });
  progress.ended('acme', { milliseconds: 5, failure });
  progress.seen(
    planMigrations(
      discovered({
        groups: [
          group(['public']),
          group(['acme'], { pending: ['orders.0002'] }),
          group(['beta', 'zeta'], { pending: ['orders.0001', 'orders.0002'] }),
        ],
      }),
    ),
  );
  expect(progress.outcome().tenants[0]).toMatchObject({
    outcome: 'failed',
    migrations: ['orders.0001'],
    failure: 'Migration orders.0002 failed',
  });
});

test.each<{ wanted: string | undefined; commands: string[]; words: string[] | undefined }>`
  wanted                            | commands                                | words
  ${undefined}                      | ${['create_super_tenant']}              | ${['create_super_tenant']}
  ${undefined}                      | ${['migrate_schemas']}                  | ${undefined}
  ${''}                             | ${['migrate_schemas']}                  | ${undefined}
  ${'make_root --domain a.example'} | ${['make_root', 'create_super_tenant']} | ${['make_root', '--domain', 'a.example']}
`('super tenant command $wanted where the project has $commands', ({ wanted, commands, words }) => {
  expect(superTenantWords(wanted, { commands })).toEqual(words);
});

test('a super tenant command that is asked for and missing is an error, not a skip', () => {
  expect(() => superTenantWords('make_rot', { commands: ['make_root'] })).toThrow(
    expect.objectContaining({ code: 'command-missing', hint: expect.stringContaining('make_root') }),
  );
});
