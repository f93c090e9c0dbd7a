/** What only Django knows: operations that are no SQL, what can be undone, what is one transaction. */

import { counted, listed } from '../ground/words.ts';
import type { Situation } from './situation.ts';
import { largestOf } from './situations-of-sql.ts';

const severalApart: Situation = {
  row: 20,
  name: 'not-atomic-several',
  level: 'warning',
  why: 'Without a transaction the first operations stay when a later one fails, and the migration can neither go on nor back by itself.',
  bad: {
    operations: `migrations.AddField("order", "note", models.TextField(null=True)),
        migrations.AddField("order", "hint", models.TextField(null=True))`,
    body: 'atomic = False',
  },
  good: {
    operations: 'migrations.AddField("order", "remark", models.TextField(null=True))',
    body: 'atomic = False',
  },
  find({ migration, operations }) {
    const working = operations.filter(
      ({ operation }) => operation.statements.length > 0 || operation.python !== null,
    );
    const [, second] = working;
    if (migration.atomic || second === undefined) return [];
    return [
      {
        line: second.operation.line,
        said: `${counted(working.length, 'operation')} without a transaction: half of them may stay when one fails`,
        next: 'split it: one operation in each migration with atomic = False',
      },
    ];
  },
};

const irreversible: Situation = {
  row: 25,
  name: 'irreversible',
  level: 'warning',
  why: 'Django cannot go back past it: a rollback would have to restore a backup.',
  bad: { operations: 'migrations.RunSQL("UPDATE orders_order SET status = lower(status)")' },
  good: {
    operations: 'migrations.RunSQL("UPDATE orders_order SET status = lower(status)", migrations.RunSQL.noop)',
  },
  find: ({ operations }) =>
    operations
      .filter(({ operation }) => !operation.reversible)
      .map(({ operation }) => ({
        line: operation.line,
        said: `cannot be undone (${operation.description}): a rollback past it needs a restore`,
        next: 'give it a reverse, or its noop where nothing needs to be undone',
      })),
};

const liveModels: Situation = {
  row: 26,
  name: 'live-models',
  level: 'warning',
  why: 'The model of today has columns that the tables do not have yet, or no longer, when the migration runs in a new tenant next year.',
  bad: {
    operations: 'migrations.RunPython(touch, migrations.RunPython.noop)',
    head: `from orders.models import Order

def touch(apps, schema_editor):
    Order.objects.filter(status="").update(status="placed")
`,
  },
  good: {
    operations: 'migrations.RunPython(touch, migrations.RunPython.noop)',
    head: `
def touch(apps, schema_editor):
    Order = apps.get_model("orders", "Order")
    Order.objects.filter(status="").update(status="placed")
`,
  },
  find: ({ operations }) =>
    operations
      .filter(({ operation }) => (operation.python?.live.length ?? 0) > 0)
      .map(({ operation }) => ({
        line: operation.line,
        said: `uses today’s ${listed(operation.python?.live ?? [], 3)} in an old state of the tables`,
        next: 'take the model from apps.get_model()',
      })),
};

const pythonOnBig: Situation = {
  row: 27,
  name: 'python-on-big-table',
  level: 'warning',
  why: 'Nobody knows how long Python takes for so many rows before the canary has tried it.',
  bad: {
    operations: 'migrations.RunPython(number, migrations.RunPython.noop)',
    head: `
def number(apps, schema_editor):
    for order in apps.get_model("orders", "Order").objects.iterator():
        order.save()
`,
  },
  good: { operations: 'migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)' },
  find: (scene) =>
    scene.operations.flatMap(({ operation }) => {
      const big = (operation.python?.tables ?? []).filter(
        (table) => scene.isThere(table) && (scene.size(table)?.big.length ?? 0) > 0,
      );
      return big.map((table) => ({
        line: operation.line,
        said: `Python works on ${table} (${largestOf(scene.size(table))}): the time is not known before the canary`,
        next: 'do it in batches outside of the migration, or let a canary of that size go first',
      }));
    }),
};

const dataAndSchema: Situation = {
  row: 28,
  name: 'data-and-schema',
  level: 'warning',
  why: 'Rows that were changed keep their deferred checks until the end of the transaction, and PostgreSQL refuses to alter the table before ("pending trigger events").',
  bad: {
    operations: `migrations.RunPython(settle, migrations.RunPython.noop),
        migrations.AddField("orderline", "note", models.TextField(null=True))`,
    head: `
def settle(apps, schema_editor):
    apps.get_model("orders", "OrderLine").objects.filter(quantity=0).update(quantity=1)
`,
  },
  good: { operations: 'migrations.AddField("orderline", "remark", models.TextField(null=True))' },
  find({ migration, operations, isThere }) {
    if (!migration.atomic) return [];
    const rows = operations.findIndex(
      ({ operation, changes }) =>
        operation.python !== null ||
        (operation.kinds.includes('RunSQL') && changes.some(({ does }) => does === 'change-rows')),
    );
    if (rows === -1) return [];
    const structure = operations.find(
      ({ changes }, index) =>
        index > rows &&
        changes.some(
          ({ lock, table, does }) =>
            lock === 'ACCESS EXCLUSIVE' && does !== 'truncate' && isThere(table.name),
        ),
    );
    if (structure === undefined) return [];
    return [
      {
        line: structure.operation.line,
        said: 'changes rows and then tables in one transaction: "pending trigger events" may stop it',
        next: 'split it: rows in one migration, tables in the next',
      },
    ];
  },
};

export const situationsOfOperations: readonly Situation[] = [
  severalApart,
  irreversible,
  liveModels,
  pythonOnBig,
  dataAndSchema,
];
