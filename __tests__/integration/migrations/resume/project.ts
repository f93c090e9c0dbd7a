import { fleetProject, smallShape } from '../../../../lab/fleet.ts';
import { changedCopy } from '../../projects.ts';

/** The fleet's project, with migrations that stop, fail or wait where a test wants them to. */

/**
 * A tenant with a row here is caught in the middle of its second migration, which waits as long as the row is there,
 * or fails. The table belongs to no app.
 */
export const trapTable = `CREATE TABLE public.trap (schema text, how text CHECK (how IN ('waits', 'fails')))`;

// One statement each, so that nobody takes them apart.
const trap = [
  `DO $$ BEGIN WHILE EXISTS (SELECT FROM public.trap WHERE schema = current_schema() AND how = 'waits') LOOP PERFORM pg_sleep(0.05); END LOOP; END $$`,
  `SELECT 1 / (CASE how WHEN 'fails' THEN 0 ELSE 1 END) FROM public.trap WHERE schema = current_schema()`,
]
  .map((statement) => JSON.stringify(statement))
  .map((statement) => `migrations.RunSQL([${statement}], [${statement}])`);

const addField = (field: string, table = 'record0') =>
  `migrations.AddField("${table}", "${field}", models.CharField(max_length=40, null=True))`;

const addIndexConcurrently = (name: string, field = 'reference') =>
  `AddIndexConcurrently("record0", models.Index(fields=["${field}"], name="${name}"))`;

interface Migration {
  readonly app?: 'customers';
  readonly after?: string;
  readonly operations: readonly string[];
  readonly atomic?: false;
}

const two = {
  '0004_first': { operations: [addField('first')] },
  '0005_second': { operations: [addField('before_trap'), ...trap, addField('after_trap')] },
};

/** Each project's migrations, in their order, after those that every tenant has. */
const kinds = {
  /** Two migrations, the second with a trap in its middle. */
  two,
  /** The same, and one that Django cannot undo. */
  oneWay: {
    ...two,
    '0006_one_way': { operations: ['migrations.RunPython(lambda apps, schema_editor: None)'] },
  },
  /** Runs in the shared schema, and has the trap there. */
  shared: {
    '0002_shared': {
      app: 'customers',
      after: '0001_initial',
      operations: [
        `migrations.AddField("customer", "region", models.CharField(max_length=40, null=True))`,
        ...trap,
      ],
    },
  },
  /** Its index is made after its columns: Django records it after its commit. */
  deferred: {
    '0004_code': {
      operations: [`migrations.AddField("record0", "code", models.IntegerField(null=True, db_index=True))`],
    },
  },
  concurrent: {
    '0004_concurrent': { atomic: false, operations: [addIndexConcurrently('by_reference')] },
  },
  /** A column, an index beside the traffic, another column. */
  several: {
    '0004_several': {
      atomic: false,
      operations: [addField('one'), addIndexConcurrently('by_reference'), addField('three')],
    },
  },
  /** Locks one table after the other. */
  twoTables: { '0004_two_tables': { operations: [addField('extra'), addField('extra', 'record1')] } },
  /** Keeps what holds on the connection that migrates. */
  limits: {
    '0004_limits': {
      operations: [
        addField('limits'),
        `migrations.RunSQL("INSERT INTO public.limits SELECT current_schema(), current_setting('lock_timeout'), current_setting('statement_timeout')")`,
      ],
    },
  },
} satisfies Record<string, Record<string, Migration>>;

export type Kind = keyof typeof kinds;

/** The names of a project's migrations. */
export const migrationsOf = (kind: Exclude<Kind, 'shared'>): string[] => Object.keys(kinds[kind]);

/** A folder with the project that has these migrations. Remove it with `remove`. */
export async function projectWith(kind: Kind): Promise<{ folder: string; remove(): Promise<void> }> {
  let last = '0003_record1_label_1';
  const files: Record<string, string> = {};
  for (const [name, migration] of Object.entries<Migration>(kinds[kind])) {
    const { app = 'app00', after = last } = migration;
    files[`${app}/migrations/${name}.py`] = textOf(migration, app, after);
    last = name;
  }
  return changedCopy(await fleetProject(0, smallShape), files);
}

function textOf({ operations, atomic }: Migration, app: string, after: string): string {
  return [
    'from django.contrib.postgres.operations import AddIndexConcurrently',
    'from django.db import migrations, models',
    '',
    '',
    'class Migration(migrations.Migration):',
    ...(atomic === false ? ['    atomic = False'] : []),
    `    dependencies = [("${app}", "${after}")]`,
    `    operations = [${operations.join(', ')}]`,
    '',
  ].join('\n');
}
