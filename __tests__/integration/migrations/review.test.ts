import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { lookAt } from '../../../src/migrations/look.ts';
import { reviewMigrations } from '../../../src/review/review.ts';
import type { Finding, Review } from '../../../src/review/review-shape.ts';
import type { Example } from '../../../src/review/situation.ts';
import { situations } from '../../../src/review/situations.ts';
import { sqlParser } from '../../../src/review/sql-parser.ts';
import { type GitHub, startGitHub } from '../../github/github.ts';
import { type Fleet, migrationFile, ordersHead, ShopFleets, step } from './shop-fleet.ts';

/** What is said of migrations before they run: real Django writes the SQL, real tenants have the rows. */

let fleets: ShopFleets;
let fleet: Fleet;

beforeAll(async () => {
  fleets = await ShopFleets.make();
  // Rows of zeta are many, as its statistics say; those of beta stand in the way.
  fleet = await fleets.copy(`
    INSERT INTO beta.orders_order (email, status, placed) SELECT 'ana@example.com', 'placed', now() FROM generate_series(1, 3);
    INSERT INTO zeta.orders_order (email, status, placed, total) VALUES ('eva@example.com', 'placed', now(), 5);
    UPDATE pg_class SET reltuples = 14000000 WHERE oid = 'zeta.orders_order'::regclass;`);
}, 300_000);

afterAll(() => fleets?.end());

/** Each example is a migration of its own, one after the other. */
async function shopWithAll(which: 'bad' | 'good', extra: Record<string, string> = {}): Promise<string> {
  let before = '0004_order_status_placed';
  const files: Record<string, string> = {};
  for (const situation of inOrder) {
    const name = `9${String(situation.row)}_${situation.name.replaceAll('-', '_')}`;
    files[`orders/migrations/${name}.py`] = fileOf(situation[which], before);
    before = name;
  }
  return fleets.shopWith({ ...files, ...extra });
}

/** What renames and removes comes last: the others need what is there. */
const inOrder = [...situations].sort(
  (one, other) => Number([21, 22].includes(one.row)) - Number([21, 22].includes(other.row)),
);

const fileOf = ({ operations, head = '', body = '' }: Example, before: string) =>
  migrationFile(`("orders", "${before}")`, operations, { head, body });

async function review(folder: string, of: Fleet = fleet): Promise<Review> {
  const project = of.project(folder);
  const look = await lookAt({
    project,
    database: of.database,
    signal: new AbortController().signal,
    sql: true,
  });
  return reviewMigrations(look.standing.sql ?? [], {
    parser: await sqlParser(),
    publicSchema: 'public',
    database: of.database,
    looksAtRows: true,
    labels: async () => [],
  });
}

const rowOf = ({ migration }: Finding) => Number(/\.9(\d\d)_/.exec(migration)?.[1]);

describe('each situation', () => {
  let bad: Review;
  let good: Review;
  beforeAll(async () => {
    bad = await review(await shopWithAll('bad'));
    good = await review(await shopWithAll('good'));
  });

  test.each(situations.map(({ row, name }) => [row, name] as const))(
    '%i %s: bad is found, good is not',
    (row, name) => {
      const found = (review: Review) =>
        review.findings.filter((one) => rowOf(one) === row && one.name === name);
      expect(found(bad)).toHaveLength(1);
      expect(found(bad)[0]?.line).toBeGreaterThan(5);
      expect(found(good)).toEqual([]);
    },
  );

  test('says what is wrong, where it is largest and who is in the way', () => {
    const said = new Map(bad.findings.map(({ name, said }) => [name, said]));
    expect(said.get('rewrite')).toBe(
      'writes orders_order anew under ACCESS EXCLUSIVE (token gets a value for each row; largest in zeta: 14,000,000 rows, 8 KiB)',
    );
    expect(said.get('duplicates')).toBe(
      'would fail in 1 schema: duplicates of (email) in orders_order (beta 1)',
    );
    expect(said.get('rows-in-the-way')).toBe(
      'would fail in 1 schema: rows of orders_order against "total" > 0 (beta 3)',
    );
  });
});

test('rows without a value, and keys that lead nowhere, are counted before they would fail', async () => {
  const own = await fleets.copy(`
    DO $$ DECLARE schema name; BEGIN
      FOR schema IN SELECT schemaname FROM pg_tables WHERE tablename = 'orders_order' LOOP
        EXECUTE format('ALTER TABLE %I.orders_order ADD COLUMN memo text', schema);
      END LOOP;
    END $$;
    INSERT INTO beta.orders_order (email, status, placed, total) VALUES ('ana@example.com', 'placed', now(), 7), ('bea@example.com', 'placed', now(), 8);
    INSERT INTO zeta.orders_order (email, status, placed, memo) VALUES ('eva@example.com', 'placed', now(), 'all is well');`);
  const sql = (statement: string) => `migrations.RunSQL("${statement}", "")`;
  const folder = await fleets.shopWith({
    'orders/migrations/0005_rules.py': migrationFile(
      ordersHead,
      `${sql('ALTER TABLE orders_order ALTER COLUMN memo SET NOT NULL')},
        ${sql('ALTER TABLE orders_order ADD CONSTRAINT order_line FOREIGN KEY (total) REFERENCES orders_orderline (id)')}`,
    ),
  });
  const said = (await review(folder, own)).findings
    .filter(({ name }) => name === 'rows-in-the-way')
    .map(({ said }) => said);
  expect(said).toEqual([
    'would fail in 1 schema: rows of orders_order without memo (beta 2)',
    'would fail in 2 schemas: rows of orders_order whose total leads nowhere (beta 2 and zeta 1)',
  ]);
}, 120_000);

describe('a pull request', () => {
  const danger = {
    'orders/migrations/0005_away.py': migrationFile(
      ordersHead,
      `migrations.RemoveIndex("order", "order_status_placed"),
        migrations.RemoveField("order", "status"),
        migrations.AlterField("order", "email", models.EmailField(max_length=254, unique=True)),
        migrations.AddField("order", "note", models.TextField(null=True)),
        migrations.AddField("order", "stock", models.PositiveIntegerField(db_default=0))`,
    ),
  };
  const accepted = Object.fromEntries(
    Object.entries(danger).map(([name, text]) => [
      name,
      `# tenantry: allow drop: nobody reads it since release 41\n# tenantry: allow index-not-concurrent:\n${text}`,
    ]),
  );
  let github: GitHub;
  beforeAll(async () => {
    github = await startGitHub();
  });
  afterAll(() => github.close());
  const asked = {
    lint: 'error',
    'dry-run': 'true',
    'pull-request-comment': 'true',
    'github-token': 'canary-token',
  };
  const origin = (more: object = {}) => ({
    github: {
      repository: 'acme/shop',
      apiUrl: github.apiUrl,
      pullRequest: { number: 7, labels: [], ...more },
    },
  });

  test('with a dangerous migration gets a red check, annotations on the lines, and one comment', async () => {
    const folder = await fleets.shopWith(danger);
    const seen = await fleet.migrate(asked, folder, origin());
    expect(seen.exitCode).toBe(1);
    expect(seen.outputs).toMatchObject({ 'failure-code': 'migration-dangerous', result: 'failed' });
    expect(seen.annotations).toEqual([
      expect.stringMatching(
        /^orders\.0005_away is dangerous — .* \(and 2 more dangers\) — .*# tenantry: allow /,
      ),
    ]);
    expect(seen.places).toContainEqual({ file: `${folder}/orders/migrations/0005_away.py`, line: 9 });
    const before = github.repository.comments[0]?.body;
    expect(before).toContain('removes the column orders&#95;order.status');

    // The next push: what is accepted is said with its reason; a reason that is missing is none.
    const labels = [{ name: 'tenantry: allow duplicates', description: 'beta cleans up on Monday' }];
    const next = await fleet.migrate(asked, await fleets.shopWith(accepted), origin({ labels }));
    expect(next.exitCode).toBe(1);
    expect(next.log).toContainEqual(expect.stringContaining('nobody reads it since release 41'));
    expect(next.log).toContainEqual(expect.stringContaining('beta cleans up on Monday (label'));
    expect(next.annotations).toEqual([expect.stringContaining('a unique constraint on orders_order')]);
    expect(github.repository.comments).toHaveLength(1);
    expect(github.repository.comments[0]?.body).not.toBe(before);
    expect(github.refused).toEqual([]);
  });

  test('of a fork: the second workflow tells what the first has found, where GitHub says', async () => {
    const folder = await fleets.shopWith(danger);
    // Of a database that is made for it nobody asks sizes and rows: every table may be big.
    const alone = { 'dry-run': 'true', lint: 'warn', 'preview-basis': 'code' };
    const first = await fleet.migrate(alone, folder);
    expect(first).toMatchObject({ exitCode: 0, outputs: { result: 'planned' } });
    expect(first.warnings).toHaveLength(2);
    expect(first.warnings.join()).toContain('its size is not known here');
    const path = join(folder, 'report.json');
    await writeFile(path, JSON.stringify(first.report));
    const inputs = { mode: 'comment', 'preview-report': path, 'github-token': 'canary-token' };
    const head = {
      url: 'https://github.example/runs/3',
      owner: 'ana',
      branch: 'note',
      commit: 'c'.repeat(40),
    };
    const from = { github: { repository: 'acme/shop', apiUrl: github.apiUrl, calledBy: head } };
    github.repository.pulls.push({ number: 9, head: 'ana:note', sha: head.commit });
    github.repository.comments.length = 0;
    expect(await step('migrate-schemas', inputs, from)).toMatchObject({ outputs: { result: 'commented' } });
    expect(github.repository.comments).toMatchObject([{ issue: 9, body: expect.stringContaining('🛑') }]);

    // A newer commit is there by now; a report that is none.
    const stale = { github: { ...from.github, calledBy: { ...head, commit: 'd'.repeat(40) } } };
    expect((await step('migrate-schemas', inputs, stale)).log).toContainEqual(
      expect.stringContaining('nothing to say'),
    );
    await writeFile(path, '{"preview": {"plan": 1}}');
    expect((await step('migrate-schemas', inputs, from)).outputs['failure-code']).toBe('preview-not-usable');
    expect(github.repository.comments).toHaveLength(1);
    github.fail('*', { status: 403, message: 'Resource not accessible by integration' });
    const refused = await fleet.migrate(asked, folder, origin());
    expect(refused.warnings).toContainEqual(expect.stringContaining('pull-requests: write'));
    github.fail('*', undefined);
  });
});

describe('after the merge', () => {
  const file = 'orders/migrations/0005_gone.py';
  const gone = migrationFile(ordersHead, 'migrations.DeleteModel("OrderLine")');
  const there = () => fleet.sql(`SELECT to_regclass('acme.orders_orderline') IS NOT NULL AS there`);
  let github: GitHub;
  let at: { github: { repository: string; apiUrl: string } };
  beforeAll(async () => {
    github = await startGitHub();
    at = { github: { repository: 'acme/shop', apiUrl: github.apiUrl } };
  });
  afterAll(() => github.close());

  test('the label that turned the pull request green counts for the deployment, too', async () => {
    const folder = await fleets.shopWith({ [file]: gone });
    const merged = [{ name: 'tenantry: allow drop', description: 'nobody orders lines' }];
    github.repository.commits.push({ sha: 'e'.repeat(40), paths: [join(folder, file)], merged });
    const copy = await fleets.copy();
    const seen = await copy.migrate({ lint: 'error', 'github-token': 'canary-token' }, folder, at);
    expect(seen.annotations).toEqual([]);
    expect(seen.outputs.result).toBe('migrated');
    expect(seen.log).toContainEqual(
      expect.stringContaining('— nobody orders lines (label tenantry: allow drop)'),
    );
    expect(github.refused).toEqual([]);
  });

  test('what nobody has accepted does not begin, and the sentence says what a label would need', async () => {
    const seen = await fleet.migrate({ lint: 'error' }, await fleets.shopWith({ [file]: gone }), at);
    expect(seen.outputs['failure-code']).toBe('migration-dangerous');
    expect(seen.annotations[0]).toContain('removes the table orders_orderline');
    expect(seen.annotations[0]).toMatch(
      /# tenantry: allow drop: the reason \(a label .* github-token only\)/,
    );
    expect(await there()).toEqual([{ there: true }]);
  });
});
