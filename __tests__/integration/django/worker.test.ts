import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { startWorker, WorkerUnsupported } from '../../../src/django/worker.ts';
import { UserError } from '../../../src/ground/errors.ts';
import { takePictures } from '../comparison.ts';
import { failureOf } from '../lab-server.ts';
import type { ScratchDatabase } from '../scratch-database.ts';
import {
  addNote,
  differences,
  done,
  type Farms,
  farm,
  farming,
  farmsWith,
  migrateSchemas,
  settings,
  stacks,
  withDependency,
} from './farms.ts';

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

  test('a column: equal to Django’s own, in a handful of statements', async () => {
    const farms = await lab.project(farming(2, 'note', addNote));
    const fast = await lab.worker(farms);
    await fast.prepare(farm('beta')); // as one of many
    await fast.prepare(farm('nobody'));
    const beta = await fast.migrate(farm('beta'));
    expect(beta).toMatchObject({ outcome: 'done', applied: ['farming.0002_note'], postMigrate: false });
    const gamma = done(await fast.migrate(farm('gamma')));
    // The question, BEGIN, twice ALTER TABLE, the record, COMMIT, whether permissions lack.
    expect(gamma.statements).toBe(7);
    expect(await lab.differencesToDjango(farms, 'beta', 'gamma')).toEqual([]);
    expect(await fast.migrate(farm('gamma'))).toMatchObject({ outcome: 'done', applied: [] });
  });

  test('empty schemas of both types: everything, with a ledger of their own', async () => {
    const names = ['farm1', 'farm2', 'farm3', 'flat1', 'flat2'];
    await scratch.sql(
      names
        .map(
          (name) => `CREATE SCHEMA ${name}; INSERT INTO shared.estate_holding (schema_name, kind, acres, note)
          VALUES ('${name}', '${name.slice(0, 4)}', 1, '')`,
        )
        .join(';'),
    );
    const farms = await lab.project(farming(2, 'note', addNote));
    await migrateSchemas(farms, '--schema=farm1');
    await migrateSchemas(farms, '--schema=flat1');
    const fast = await lab.worker(farms);
    const begun: string[] = [];
    const onBegun = (migration: string) => begun.push(migration);
    expect(done(await fast.migrate(farm('farm2'))).postMigrate).toBe(true);
    expect(done(await fast.migrate(farm('farm3'))).applied).toContain('farming.0002_note');
    done(await fast.migrate({ ...farm('flat2'), tenantType: 'flat', onBegun }));
    // Migrations of apps that are not this type's have nothing but their row.
    expect(begun).toContain('renting.0001_initial');
    expect(begun).not.toContain('farming.0001_initial');

    const pictures = await takePictures(scratch, names);
    for (const [expected, found] of [
      ['farm1', 'farm2'],
      ['farm1', 'farm3'],
      ['flat1', 'flat2'],
    ] as const) {
      expect([found, differences(pictures, expected, found)]).toEqual([found, []]);
    }
  });

  /** Models whose tables and columns follow each other's keys: by themselves, by inheritance, by a key that is a key. */
  const owned = 'on_delete=django.db.models.deletion.CASCADE';
  const relatives = `
         migrations.CreateModel("Crop", [("id", models.AutoField(primary_key=True)), ("code", models.CharField(max_length=5, unique=True)),
            ("parent", models.ForeignKey("self", null=True, ${owned})), ("barns", models.ManyToManyField("farming.barn"))]),
         migrations.CreateModel("Row", [("crop", models.OneToOneField("farming.crop", primary_key=True, ${owned})),
            ("by_code", models.ForeignKey("farming.crop", to_field="code", related_name="+", ${owned}))]),
         migrations.CreateModel("Sowing", [("id", models.BigAutoField(primary_key=True)),
            ("row", models.ForeignKey("farming.row", ${owned})), ("barn", models.ForeignKey("farming.barn", ${owned}))]),
         migrations.AddField("row", "barns", models.ManyToManyField("farming.barn", through="farming.sowing")),
         migrations.CreateModel("Rye", [("crop_ptr", models.OneToOneField("farming.crop", parent_link=True, primary_key=True, auto_created=True, serialize=False, ${owned})),
            ("height", models.IntegerField())], bases=("farming.crop",)),
         migrations.AddField("sowing", "rye", models.ForeignKey("farming.rye", null=True, ${owned})),
         migrations.AlterField("crop", "code", models.CharField(max_length=7, unique=True)),
         migrations.AlterField("crop", "id", models.BigAutoField(primary_key=True)),
         migrations.AddIndex("sowing", models.Index(fields=["rye", "row"], name="sowing_rye_ix")),
         migrations.RemoveField("crop", "barns"),`;

  test('models, indexes, keys to the shared schema, a renamed model, SQL that loses the search path', async () => {
    const files = {
      ...farming(
        2,
        'many',
        `migrations.CreateModel("Barn", [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=9))]),
         migrations.AddField("field", "barn", models.ForeignKey("farming.barn", null=True, on_delete=django.db.models.deletion.SET_NULL)),
         migrations.AddField("field", "holding", models.ForeignKey("estate.holding", null=True, on_delete=django.db.models.deletion.CASCADE)),
         migrations.AlterField("field", "name", models.CharField(max_length=80, db_index=True)),
         migrations.AlterUniqueTogether("field", {("name", "barn")}),
         migrations.AddConstraint("barn", models.UniqueConstraint(fields=["name"], name="barn_name_once")),
         ${relatives}`,
      ),
      ...farming(
        3,
        'plot',
        `migrations.RenameModel("Field", "Plot"),
         migrations.RunSQL("SELECT pg_catalog.set_config('search_path', '', false)"),
         migrations.RunSQL(["CREATE VIEW plots AS SELECT name FROM farming_plot", "SELECT 1"]),
         migrations.AddIndex("plot", models.Index(fields=["name"], name="plot_name_ix", condition=models.Q(barn=None))),
         migrations.SeparateDatabaseAndState(
            [migrations.RunSQL("COMMENT ON TABLE farming_barn IS 'a barn'")],
            [migrations.AlterModelOptions("barn", {"permissions": [("paint", "Can paint")]})]),
         migrations.SeparateDatabaseAndState([migrations.AddField("barn", "red", models.BooleanField(default=True))], []),`,
        { after: '0002_many' },
      ),
    };
    // The shared schema's models are dependencies of a key.
    const farms = await lab.project(withDependency(files, '("estate", "0001_initial")'));
    const fast = await lab.worker(farms);
    for (const schema of ['beta', 'gamma'])
      expect(done(await fast.migrate(farm(schema))).postMigrate).toBe(true);
    expect(await lab.differencesToDjango(farms, 'beta', 'gamma')).toEqual([]);
    const [row] = await scratch.sql(
      `SELECT count(*)::int AS n FROM gamma.django_content_type WHERE model IN ('field', 'plot')`,
    );
    expect(row).toEqual({ n: 1 });
  });

  test('a squashed migration: recorded where all it replaces is applied, run where nothing is', async () => {
    const old = {
      ...farming(2, 'note', addNote),
      ...farming(3, 'size', 'migrations.AddField("field", "size", models.IntegerField(null=True))', {
        after: '0002_note',
      }),
    };
    const before = await lab.project(old);
    await migrateSchemas(before, '--schema=beta');
    await migrateSchemas(before, '--schema=gamma');
    await scratch.sql(`CREATE SCHEMA delta; CREATE SCHEMA omega;
      INSERT INTO shared.estate_holding (schema_name, kind, acres, note) VALUES ('delta', 'farm', 1, ''), ('omega', 'farm', 1, '')`);
    const squashed = farming(
      2,
      'note_squashed_0003_size',
      `${addNote} migrations.AddField("field", "size", models.IntegerField(null=True))`,
      { attributes: 'replaces = [("farming", "0002_note"), ("farming", "0003_size")]' },
    );
    const farms = await lab.project({ ...old, ...squashed });
    const fast = await lab.worker(farms);
    expect(done(await fast.migrate(farm('beta'))).applied).toEqual(['farming.0002_note_squashed_0003_size']);
    done(await fast.migrate(farm('omega')));
    await migrateSchemas(farms, '--schema=gamma');
    await migrateSchemas(farms, '--schema=delta');
    const pictures = await takePictures(scratch, ['beta', 'gamma', 'delta', 'omega']);
    expect(differences(pictures, 'gamma', 'beta')).toEqual([]);
    expect(differences(pictures, 'delta', 'omega')).toEqual([]);
  });

  test('the project’s own code gets models of its own in each tenant', async () => {
    const code = `
def name_type(apps, schema_editor):
    Field = apps.get_model("farming", "Field")
    ContentType = apps.get_model("contenttypes", "ContentType")
    number = ContentType.objects.get_for_model(Field).pk
    Field.objects.create(name="type %s seen %s" % (number, getattr(Field, "seen", 0)))
    Field.seen = 1
`;
    const farms = await lab.project(
      farming(2, 'names', 'migrations.RunPython(name_type), migrations.RunPython(name_type),', {
        before: code.replace('name="type', 'name=str(Field.objects.count()) + " type'),
      }),
    );
    const fast = await lab.worker(farms);
    for (const schema of ['beta', 'gamma', 'acme']) {
      done(await fast.migrate(farm(schema)));
      const [own] = await scratch.sql<{ id: number }>(
        `SELECT id FROM ${schema}.django_content_type WHERE app_label = 'farming' AND model = 'field'`,
      );
      // The second call finds the mark of the first one: within a tenant the models stay the same.
      expect(await scratch.sql(`SELECT name FROM ${schema}.farming_field ORDER BY id`)).toEqual([
        { name: `0 type ${own?.id} seen 0` },
        { name: `1 type ${own?.id} seen 1` },
      ]);
    }
  });

  test('whatever the project prints, the conversation goes on', async () => {
    const code = `
def shout(apps, schema_editor):
    print("printed")
    sys.stdout.write('{"event": "done"}\\n')
    os.write(1, b'{"event": "failed"}\\n')
    subprocess.run(["echo", "from a child"], check=True)
    assert sys.stdin.read() == ""
`;
    const farms = await lab.project(
      farming(2, 'shout', `migrations.RunPython(shout), ${addNote}`, { before: code }),
    );
    const lines: string[] = [];
    const fast = await lab.worker(farms, { onLine: (line) => lines.push(line) });
    expect(done(await fast.migrate(farm('beta'))).applied).toEqual(['farming.0002_shout']);
    expect(done(await fast.migrate(farm('gamma'))).applied).toEqual(['farming.0002_shout']);
    await fast.end();
    const twice = ['printed', '{"event": "done"}', '{"event": "failed"}', 'from a child'];
    for (const text of twice)
      expect([text, lines.filter((line) => line === text)]).toEqual([text, [text, text]]);
  });

  test('content types and permissions: asked for when something lacks, by each policy', async () => {
    const farms = await lab.project(farming(2, 'note', addNote));
    await scratch.sql(`DELETE FROM beta.auth_permission WHERE codename = 'view_field'`);
    const fast = await lab.worker(farms);
    expect(done(await fast.migrate({ ...farm('beta'), postMigrate: 'never' })).postMigrate).toBe(false);
    expect(done(await fast.migrate(farm('beta'))).postMigrate).toBe(true);
    expect(done(await fast.migrate(farm('beta'))).postMigrate).toBe(false);
    expect(done(await fast.migrate({ ...farm('gamma'), postMigrate: 'always' })).postMigrate).toBe(true);
    const numbers = await scratch.sql(
      `SELECT p.content_type_id - c.id AS distance FROM beta.auth_permission p
         JOIN beta.django_content_type c ON c.app_label = 'farming' AND c.model = 'field' WHERE p.codename = 'view_field'`,
    );
    expect(numbers).toEqual([{ distance: 0 }]);
  });

  test('the project’s own receivers hear what they hear from migrate_schemas', async () => {
    const receivers = `
from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate, pre_migrate
from django_tenants import signals


def tell(name):
    def told(sender, signal, **named):
        shown = sorted((key, str(value)) for key, value in named.items() if key in ("schema_name", "message", "using"))
        plan = [str(migration) for migration, _ in named.get("plan", [])]
        print("HEARD", name, getattr(sender, "label", getattr(sender, "__name__", sender)), connection.schema_name, shown, plan, flush=True)
    return told


RECEIVERS = {name: tell(name) for name in ("schema_migrated", "schema_migrate_message", "schema_pre_migration", "post_schema_sync")}


class Farming(AppConfig):
    name = "farming"

    def ready(self):
        for name, signal in (("pre", pre_migrate), ("post", post_migrate)):
            RECEIVERS[name] = tell(name)
            signal.connect(RECEIVERS[name], sender=self)
        for name, receiver in RECEIVERS.items():
            if hasattr(signals, name):
                getattr(signals, name).connect(receiver)
`;
    const farms = await lab.project({ 'farming/apps.py': receivers, ...farming(2, 'note', addNote) });
    const printed = await migrateSchemas(farms, '--schema=acme');
    const lines: string[] = [];
    const fast = await lab.worker(farms, { onLine: (line) => lines.push(line) });
    for (const schema of ['beta', 'gamma']) {
      lines.length = 0;
      done(await fast.migrate(farm(schema)));
      await sleep(50); // standard error comes by another way than the answer
      expect(heard(lines, schema)).toEqual(heard(printed.split('\n'), 'acme'));
    }
    expect(await lab.differencesToDjango(farms, 'beta', 'gamma')).toEqual([]);
  });

  test('after its share of tenants a new process takes over', async () => {
    const farms = await lab.project(farming(2, 'note', addNote));
    const fast = await lab.worker(farms, { tenantsPerProcess: 2 });
    const pids = [];
    for (const schema of ['beta', 'gamma', 'acme']) {
      done(await fast.migrate(farm(schema)));
      pids.push(fast.ready.pid);
    }
    expect(pids[1]).toBe(pids[0]);
    expect(pids[2]).not.toBe(pids[0]);
  });

  test.each([
    [
      'a migrate of its own',
      'TENANT_BASE_MIGRATE_COMMAND = "kinds.migrate.Command"',
      /^it has a migrate command of its own \(TENANT_BASE_MIGRATE_COMMAND\)$/,
    ],
    ['a failing check', 'CSRF_FAILURE_VIEW = "nothing.here"', /^manage.py check finds: .*security.E102/],
  ])('%s: the worker refuses, in words', async (_what, text, reason) => {
    const farms = await lab.project({ 'kinds/settings.py': await settings(text) });
    const refusal = await failureOf(startWorker(farms), WorkerUnsupported);
    expect(refusal.reason).toMatch(reason);
    expect(refusal.code).toBe('worker-unsupported');
  });

  test('a project that cannot start says why, as everywhere', async () => {
    const broken = await lab.project({ 'kinds/settings.py': 'import nothing_of_the_kind' });
    const failure = await failureOf(startWorker(broken), UserError);
    expect(failure.code).toBe('settings-not-importable');
  });
});

function heard(lines: readonly string[], schema: string): string[] {
  return lines
    .filter((line) => line.includes('HEARD'))
    .map((line) => line.slice(line.indexOf('HEARD')).replaceAll(schema, 'THE_SCHEMA'));
}
