/** What somebody commits to the shop: things that go well, and things that do not. */
import type { Changes } from './shop-repository.ts';

/** Of the catalogue, each after the one before. */
const names = ['0002_product_description', '0003_product_stock', '0004_whole_prices', '0005_gate'];

/** A new column, which the code of before can live with. */
export const newColumn: Changes = {
  'catalog/migrations/0003_product_stock.py': migration(
    '0003_product_stock',
    'migrations.AddField("product", "stock", models.PositiveIntegerField(db_default=0))',
  ),
  'catalog/models.py': (before) =>
    changed(before, /( +)description = .*\n/, '$&$1stock = models.PositiveIntegerField(db_default=0)\n'),
};

const prices = 'catalog/migrations/0004_whole_prices.py';

/** Fails with a product that costs 3.50: no test of the shop can know, and no look at its SQL. */
export const wholePrices: Changes = {
  [prices]: migration(
    '0004_whole_prices',
    'migrations.RunPython(whole_prices, migrations.RunPython.noop)',
    `def whole_prices(apps, schema_editor):
    for product in apps.get_model("catalog", "Product").objects.all():
        if product.price != int(product.price):
            raise ValueError(f"{product.name} costs {product.price}")
`,
  ),
};

const boot = 'shop/wsgi.py';

/** The migration is mended, and the application ends when it starts. */
export const cannotStart: Changes = {
  [prices]: (before) =>
    changed(before, /raise .*/, 'product.price = int(product.price)\n            product.save()'),
  [boot]: (before) => `${before}\nraise RuntimeError("no licence for this machine")\n`,
};

const middleware = 'shop/middleware.py';
const sickness =
  '        if request.get_host().startswith("acme."):\n            raise RuntimeError("acme is ill")\n';

/** It starts, the platform answers, and one tenant does not. */
export const oneIsIll: Changes = {
  [boot]: (before) => changed(before, /\nraise .*\n$/, ''),
  [middleware]: (before) =>
    changed(
      before,
      /( +)if request\.path_info == HEALTH_PATH:\n/,
      `        if request.get_host().startswith("acme."):\n            raise RuntimeError("acme is ill")\n$&`,
    ),
};

/** Advisory locks of PostgreSQL: who holds one lets a migration, or the start of the application, wait. */
export const gates = { migration: 4_201, boot: 4_202 } as const;

const waiting = (gate: number) => `
def wait_at_the_gate():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(${gate})")
        while not cursor.fetchone()[0]:
            time.sleep(0.1)
            cursor.execute("SELECT pg_try_advisory_lock(${gate})")
        cursor.execute("SELECT pg_advisory_unlock(${gate})")

`;

/** All is well again; the migration and the start wait until they may go on. */
export const waitsAtGates: Changes = {
  [middleware]: (before) => changed(before, sickness, ''),
  'catalog/migrations/0005_gate.py': migration(
    '0005_gate',
    'migrations.RunPython(lambda apps, editor: wait_at_the_gate(), migrations.RunPython.noop)',
    `import time

from django.db import connection

${waiting(gates.migration)}`,
  ),
  [boot]: (before) => `${before}
from django.db import connection

${waiting(gates.boot)}
wait_at_the_gate()
connection.close()
`,
};

/** @param code that stands before the class */
function migration(name: string, operation: string, code = ''): string {
  return `from django.db import migrations, models

${code}
class Migration(migrations.Migration):
    dependencies = [("catalog", "${names[names.indexOf(name) - 1]}")]
    operations = [${operation}]
`;
}

/** @throws Error when there is nothing to change: the example has become another one */
function changed(before: string, search: string | RegExp, replacement: string): string {
  const after = before.replace(search, replacement);
  if (after === before) throw new Error(`nothing in the shop is ${search}`);
  return after;
}
