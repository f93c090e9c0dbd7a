/** What the SQL of a migration tells, whoever wrote it: Django, or somebody in a RunSQL. */

import { showSize } from '../ground/size.ts';
import { counted, grouped } from '../ground/words.ts';
import type { Change } from './changes.ts';
import type { Found, Scene, Situation } from './situation.ts';
import type { TableSize } from './table-sizes.ts';

/** Changes of tables that may hold rows, with the line of their operation. */
function changesIn(scene: Scene): { readonly change: Change; readonly line: number }[] {
  return scene.operations
    .flatMap(({ operation, changes }) => changes.map((change) => ({ change, line: operation.line })))
    .filter(({ change }) => scene.isThere(change.table.name));
}

function found(
  scene: Scene,
  is: (change: Change) => boolean,
  tell: (change: Change) => Omit<Found, 'line'> | undefined,
): Found[] {
  return changesIn(scene).flatMap(({ change, line }) => {
    const told = is(change) ? tell(change) : undefined;
    return told === undefined ? [] : [{ line, ...told }];
  });
}

/** `largest in t9: 14,000,000 rows, 2.1 GiB`. */
export function largestOf(size: TableSize | undefined): string {
  if (size === undefined) return 'its size is not known here';
  const { schema, rows, bytes } = size.largest;
  return `largest in ${schema}: ${rows > 0 ? `${counted(rows, 'row')}, ` : ''}${showSize(bytes)}`;
}

/** A table that is small everywhere is nobody's trouble; one of unknown size may be. */
const mayBeBig = (size: TableSize | undefined) => size === undefined || size.big.length > 0;

const notNull: Situation = {
  row: 16,
  name: 'not-null-without-default',
  level: 'error',
  why: 'Django takes its default away again after it has filled the rows. The version that is still running does not know the column, and every INSERT of its fails until the new one is up.',
  bad: {
    operations: 'migrations.AddField("order", "channel", models.CharField(max_length=20, default="web"))',
  },
  good: {
    operations:
      'migrations.AddField("order", "channel", models.CharField(max_length=20, db_default="web", default="web"))',
  },
  find(scene) {
    const later = scene.operations.flatMap(({ changes }) => changes);
    const without = (change: Change) => {
      const same = later
        .slice(later.indexOf(change) + 1)
        .filter((one) => one.table.name === change.table.name && one.columns[0] === change.columns[0]);
      const last = same.filter(({ does }) => /default$/.test(does)).at(-1)?.does;
      const hasDefault = last === undefined ? change.hasDefault === true : last === 'set-default';
      const isNotNull = change.notNull === true || same.some(({ does }) => does === 'set-not-null');
      return isNotNull && !hasDefault;
    };
    return found(
      scene,
      (change) => change.does === 'add-column' && without(change),
      ({ table, columns }) => ({
        said: `${table.name}.${columns[0]} is NOT NULL without a default in the database: the old code fails on INSERT between migration and deployment`,
        next: 'give it a db_default, or null=True and a later migration',
      }),
    );
  },
};

const rewrite: Situation = {
  row: 17,
  name: 'rewrite',
  level: 'error',
  why: 'PostgreSQL writes the whole table and its indexes anew, and nobody can read or write it meanwhile.',
  bad: {
    operations: 'migrations.AddField("order", "token", models.UUIDField(null=True, db_default=RandomUUID()))',
    head: 'from django.contrib.postgres.functions import RandomUUID',
  },
  good: { operations: 'migrations.AddField("order", "token", models.UUIDField(null=True))' },
  find: (scene) =>
    found(
      scene,
      (change) => scene.rewrites(change) && mayBeBig(scene.size(change.table.name)),
      ({ table, does, columns, type }) => ({
        said: `writes ${table.name} anew under ACCESS EXCLUSIVE (${
          does === 'alter-type'
            ? `${columns[0]} becomes ${type}`
            : `${columns[0] ?? 'it'} gets a value for each row`
        }; ${largestOf(scene.size(table.name))})`,
        next: 'add a new nullable column, fill it in batches, and change over in a later release',
      }),
    ),
};

const plainIndex: Situation = {
  row: 18,
  name: 'index-not-concurrent',
  level: 'error',
  why: 'An index that is built in one go lets nobody write into the table until it is there.',
  bad: { operations: 'migrations.AddIndex("order", models.Index(fields=["email"], name="order_email"))' },
  good: {
    operations: 'AddIndexConcurrently("order", models.Index(fields=["email"], name="order_email"))',
    head: 'from django.contrib.postgres.operations import AddIndexConcurrently',
    body: 'atomic = False',
  },
  find: (scene) => {
    const all = found(
      scene,
      ({ does, cost, concurrently, table }) =>
        (does === 'create-index' || does === 'add-unique') &&
        cost === 'index' &&
        concurrently !== true &&
        mayBeBig(scene.size(table.name)),
      ({ table, does }) => {
        const size = scene.size(table.name);
        const where = size === undefined ? '' : ` in ${counted(size.big.length, 'schema')} with a big table`;
        return {
          said: `${does === 'add-unique' ? 'a unique constraint' : 'an index'} on ${table.name} blocks ${
            does === 'add-unique' ? 'reads and writes' : 'writes'
          } while it is built${where} (${largestOf(size)})`,
          next:
            does === 'add-unique'
              ? 'build the index first, CONCURRENTLY, and add the constraint USING INDEX'
              : 'use AddIndexConcurrently in a migration of its own with atomic = False',
        };
      },
    );
    // Django makes two for a unique text: one is enough to know.
    return [...new Map(all.toReversed().map((one) => [one.line, one])).values()].reverse();
  },
};

const concurrentlyInside: Situation = {
  row: 19,
  name: 'concurrently-in-transaction',
  level: 'error',
  why: 'CONCURRENTLY cannot run in a transaction: the migration fails in the first tenant.',
  bad: {
    operations: 'migrations.RunSQL("CREATE INDEX CONCURRENTLY order_total ON orders_order (total)", "")',
  },
  good: {
    operations: 'migrations.RunSQL("CREATE INDEX CONCURRENTLY order_total ON orders_order (total)", "")',
    body: 'atomic = False',
  },
  find({ migration, operations }) {
    if (!migration.atomic) return [];
    return operations
      .filter(
        ({ operation, changes }) =>
          changes.some(({ concurrently }) => concurrently === true) ||
          operation.kinds.some((kind) => /Concurrently$/.test(kind)),
      )
      .map(({ operation }) => ({
        line: operation.line,
        said: 'CONCURRENTLY in a transaction will fail',
        next: 'set atomic = False in this migration',
      }));
  },
};

const drop: Situation = {
  row: 21,
  name: 'drop',
  level: 'error',
  why: 'The version that is still running reads it until the new one is up, and no rollback brings the data back.',
  bad: { operations: 'migrations.RemoveField("order", "status")', head: '' },
  good: {
    operations: `migrations.SeparateDatabaseAndState(state_operations=[
        migrations.RemoveIndex("order", "order_status_placed"), migrations.RemoveField("order", "status")])`,
  },
  find: (scene) =>
    found(
      scene,
      ({ does }) => does === 'drop-column' || does === 'drop-table' || does === 'truncate',
      ({ does, table, columns }) => {
        const what =
          does === 'drop-column'
            ? `the column ${table.name}.${columns[0]}`
            : `the table ${table.name}${does === 'truncate' ? '’s rows' : ''}`;
        const size = scene.size(table.name);
        const rows =
          size === undefined || size.rows === 0 ? '' : ` (about ${grouped(size.rows)} rows in all)`;
        return {
          said: `removes ${what}${rows}: the old code still uses it, and a rollback cannot bring its data back`,
          next: 'release code that does without it first, and remove it in a later release',
        };
      },
    ),
};

const rename: Situation = {
  row: 22,
  name: 'rename',
  level: 'error',
  why: 'The version that is still running asks for the old name, the new one for the new: one of them fails.',
  bad: { operations: 'migrations.RenameField("order", "email", "buyer_email")' },
  good: {
    operations: `migrations.AlterField("order", "email", models.EmailField(db_column="email", verbose_name="buyer"))`,
  },
  find: (scene) =>
    found(
      scene,
      ({ does }) => does === 'rename-column' || does === 'rename-table',
      ({ does, table, columns, name }) => ({
        said:
          does === 'rename-table'
            ? `renames the table ${table.name} to ${name}: the old code still asks for ${table.name}`
            : `renames ${table.name}.${columns[0]} to ${name}: the old code still asks for ${columns[0]}`,
        next: 'keep the name in the database (db_column, db_table), or expand first and contract later',
      }),
    ),
};

export const situationsOfSql: readonly Situation[] = [
  notNull,
  rewrite,
  plainIndex,
  concurrentlyInside,
  drop,
  rename,
];
