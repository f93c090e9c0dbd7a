import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import type { Held } from '../../../src/django/worker.ts';
import { compare, takePictures } from '../comparison.ts';
import type { ScratchDatabase } from '../scratch-database.ts';
import { addNote, done, type Farms, farm, farming, farmsWith, stacks, withDependency } from './farms.ts';

let scratch: ScratchDatabase;

describe.each(stacks)('%s', (_, pythonOf) => {
  let lab: Farms;

  beforeAll(async () => {
    lab = await farmsWith(await pythonOf());
  }, 300_000);

  beforeEach(async () => {
    scratch = await lab.fresh();
  });

  afterEach(() => lab.endTest());

  test('tried out: looked at inside its transaction, dropped without a trace, then kept', async () => {
    const files = farming(
      2,
      'holding',
      `${addNote} migrations.AddField("field", "holding", models.ForeignKey("estate.holding", null=True, on_delete=django.db.models.deletion.CASCADE))`,
    );
    const farms = await lab.project(withDependency(files, '("estate", "0001_initial")'));
    const fast = await lab.worker(farms);
    const [before] = (await takePictures(scratch, ['beta'])).values();
    const seen: Held[] = [];
    const trying = (answer: 'keep' | 'drop') => ({
      ...farm('beta'),
      tryOut: {
        sql: `SELECT a.attname AS column FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
               WHERE c.relnamespace = $1::regnamespace AND c.relname = 'farming_harvest' AND a.attnum > 0 ORDER BY 1`,
        async decide(held: Held) {
          seen.push(held);
          return answer;
        },
      },
    });
    expect(await fast.migrate(trying('drop'))).toMatchObject({ outcome: 'dropped' });
    const [dropped] = (await takePictures(scratch, ['beta'])).values();
    expect(before && dropped && compare(before, dropped).filter((one) => one.in !== 'sequences')).toEqual([]);
    expect(await fast.migrate(trying('keep'))).toMatchObject({
      outcome: 'done',
      applied: ['farming.0002_holding'],
    });
    expect(seen).toEqual([seen[1], seen[1]]);
    expect(seen[0]).toEqual({
      rows: [{ column: 'field_id' }, { column: 'id' }, { column: 'note' }],
      locks: [{ schema: 'shared', table: 'estate_holding', mode: 'ShareRowExclusiveLock' }],
    });
    done(await fast.migrate(farm('gamma')));
    const different = await lab.differencesToDjango(farms, 'beta', 'gamma');
    // What was dropped has used up numbers.
    expect(different.filter((one) => one.in !== 'sequences')).toEqual([]);
  });

  test('a decision that fails drops the work', async () => {
    const farms = await lab.project(farming(2, 'note', addNote));
    const fast = await lab.worker(farms);
    const tryOut = {
      sql: 'SELECT $1 AS schema',
      async decide(): Promise<'keep'> {
        throw new Error('cannot compare');
      },
    };
    await expect(fast.migrate({ ...farm('beta'), tryOut })).rejects.toThrow('cannot compare');
    expect(await scratch.sql(`SELECT 1 FROM beta.django_migrations WHERE name = '0002_note'`)).toEqual([]);
    done(await fast.migrate(farm('beta')));
  });

  test('what does not fit into one transaction cannot be tried out, and is done without', async () => {
    const rows = `
def sow(apps, schema_editor):
    Field, Harvest = apps.get_model("farming", "Field"), apps.get_model("farming", "Harvest")
    Harvest.objects.create(field=Field.objects.create(name="sown"))
`;
    const tryOut = { sql: 'SELECT $1 AS schema', decide: () => 'keep' as const };
    const index = 'AddIndexConcurrently("harvest", models.Index(fields=["field"], name="harvest_field_ix")),';
    const concurrent = await lab.project(farming(2, 'index', index, { attributes: 'atomic = False' }));
    const first = await lab.worker(concurrent);
    expect(await first.migrate({ ...farm('beta'), tryOut })).toEqual({
      outcome: 'cannot-try-out',
      reason: 'a migration of the plan is not atomic',
    });
    expect(done(await first.migrate(farm('beta'))).applied).toEqual(['farming.0002_index']);
    done(await first.migrate(farm('gamma')));
    expect(await lab.differencesToDjango(concurrent, 'beta', 'gamma')).toEqual([]);

    const pending = await lab.project({
      ...farming(2, 'index', index, { attributes: 'atomic = False' }),
      ...farming(3, 'sow', 'migrations.RunPython(sow)', { before: rows, after: '0002_index' }),
      ...farming(4, 'note', addNote, { after: '0003_sow' }),
    });
    const second = await lab.worker(pending);
    expect(await second.migrate({ ...farm('beta'), tryOut })).toMatchObject({
      outcome: 'cannot-try-out',
      reason: expect.stringMatching(/^pending trigger events: /),
    });
    expect(await scratch.sql('SELECT name FROM beta.farming_field')).toEqual([]);
    done(await second.migrate(farm('beta')));
    done(await second.migrate(farm('gamma')));
    // What was tried in beta has used up numbers.
    expect(await lab.differencesToDjango(pending, 'gamma')).toEqual([]);
  });
});
