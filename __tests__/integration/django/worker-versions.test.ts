import { afterEach, describe, expect, test } from '@jest/globals';

import { venv } from '../../../lab/python.ts';
import { done, type Farms, farm, farming, farmsWith } from './farms.ts';

/** Between the ends of the range, which the other tests of the worker run with. */
const between = [
  [
    'Django 5.0, django-tenants 3.9, psycopg 2',
    'Django==5.0.14\ndjango-tenants==3.9.0\npsycopg2-binary==2.9.13\n',
  ],
  [
    'Django 5.1, django-tenants 3.12, psycopg 3',
    'Django==5.1.15\ndjango-tenants==3.12.0\npsycopg[binary]==3.3.9\n',
  ],
] as const;

describe.each(between)('%s', (_, requirements) => {
  let lab: Farms | undefined;

  afterEach(async () => {
    await lab?.endTest();
  });

  test('fields, a renamed model, code, an index made concurrently: equal to Django’s own', async () => {
    lab = await farmsWith(await venv(requirements));
    await lab.fresh();
    const code = `
def sow(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Plot = apps.get_model("farming", "Plot")
    Plot.objects.create(name=ContentType.objects.get_for_model(Plot).model)
`;
    const farms = await lab.project({
      ...farming(
        2,
        'plot',
        `migrations.AddField("harvest", "note", models.CharField(default="none yet", max_length=20)),
         migrations.RenameModel("Field", "Plot"),`,
      ),
      ...farming(3, 'sow', 'migrations.RunPython(sow)', { before: code, after: '0002_plot' }),
      ...farming(
        4,
        'index',
        'AddIndexConcurrently("plot", models.Index(fields=["name"], name="plot_name_ix"))',
        {
          attributes: 'atomic = False',
          after: '0003_sow',
        },
      ),
    });
    const fast = await lab.worker(farms);
    for (const schema of ['beta', 'gamma']) done(await fast.migrate(farm(schema)));
    expect(await lab.differencesToDjango(farms, 'beta', 'gamma')).toEqual([]);
  }, 300_000);
});
