/** What rows that are there stand in the way of, found before the first tenant is touched. */

import { counted, grouped, listed } from '../ground/words.ts';
import type { RowRule, RowsInTheWay } from './existing-rows.ts';
import type { Found, Scene, Situation } from './situation.ts';

const duplicates: Situation = {
  row: 23,
  name: 'duplicates',
  level: 'error',
  why: 'A unique constraint or index cannot be made where values occur twice. It fails in those tenants only, in the middle of the fleet.',
  bad: { operations: 'migrations.AlterField("order", "email", models.EmailField(unique=True))' },
  good: {
    operations:
      'migrations.AddConstraint("order", models.UniqueConstraint(fields=["email", "id"], name="order_once"))',
  },
  find: (scene) =>
    inTheWay(
      scene,
      'unique',
      ({ of, table }) => `duplicates of (${of}) in ${table}`,
      'remove the duplicates there first',
    ),
};

const broken: Situation = {
  row: 24,
  name: 'rows-in-the-way',
  level: 'error',
  why: 'NOT NULL, a foreign key and a CHECK look at every row that is there, and fail in those tenants whose rows break them.',
  bad: {
    operations:
      'migrations.AddConstraint("order", models.CheckConstraint(condition=models.Q(total__gt=0), name="order_not_free"))',
  },
  good: {
    operations:
      'migrations.AddConstraint("order", models.CheckConstraint(condition=models.Q(total__gte=0), name="order_not_negative"))',
  },
  find: (scene) => [
    ...inTheWay(
      scene,
      'not-null',
      ({ of, table }) => `rows of ${table} without ${of}`,
      'fill them first, in an earlier migration',
    ),
    ...inTheWay(
      scene,
      'foreign-key',
      ({ of, table }) => `rows of ${table} whose ${of} leads nowhere`,
      'mend them first',
    ),
    ...inTheWay(
      scene,
      'check',
      ({ of, table }) => `rows of ${table} against ${of}`,
      'mend them first, or make the constraint NOT VALID',
    ),
  ],
};

/** `would fail in 2 schemas: duplicates of (email) in orders_order (t3 5 and t7 1)`. */
function inTheWay(
  scene: Scene,
  rule: RowRule['rule'],
  words: (rule: RowRule) => string,
  next: string,
): Found[] {
  return scene.operations.flatMap(({ operation, changes }) =>
    changes.flatMap((change) => {
      const answer = scene.inTheWay(change);
      if (answer === undefined || answer.rule.rule !== rule) return [];
      return [...failing(answer, words), ...notAsked(answer)].map((said) => ({
        line: operation.line,
        said,
        next,
      }));
    }),
  );
}

/** Counting ends here. */
const most = 1_000;

function failing({ rule, schemas }: RowsInTheWay, words: (rule: RowRule) => string): string[] {
  if (schemas.length === 0) return [];
  const amounts = schemas.map(
    ({ schema, rows }) => `${schema} ${rows >= most ? `${grouped(most)} or more` : grouped(rows)}`,
  );
  return [`would fail in ${counted(schemas.length, 'schema')}: ${words(rule)} (${listed(amounts, 4)})`];
}

function notAsked({ rule, unknown }: RowsInTheWay): string[] {
  return unknown === undefined ? [] : [`whether rows of ${rule.table} allow it is not known — ${unknown}`];
}

export const situationsOfData: readonly Situation[] = [duplicates, broken];
