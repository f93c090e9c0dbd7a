import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { manifestOf } from '../../../src/actions/manifests.ts';
import type { ActionName } from '../../../src/actions/names.ts';
import { type DjangoProject, manage } from '../../../src/django/project.ts';
import type { Place } from '../../../src/ground/errors.ts';
import { actions } from '../../../src/index.ts';
import { succeeded } from '../../../src/machine/machine.ts';
import type { StepHost } from '../../../src/step/host.ts';
import { runStep } from '../../../src/step/run.ts';
import { changedCopy, folders, project } from '../projects.ts';
import { type ScratchDatabase, scratchDatabase } from '../scratch-database.ts';
import { shopTemplate } from '../shop-template.ts';
import { shopPython } from '../venv.ts';

export { tenantsNamed } from '../shop-template.ts';

/** What a workflow sees of one step. */
export interface StepSeen {
  readonly exitCode: number;
  readonly outputs: Readonly<Record<string, string>>;
  /** The JSON report. */
  readonly report: Readonly<Record<string, unknown>>;
  /** The annotation of a failed step: its sentence. */
  readonly annotations: readonly string[];
  readonly warnings: readonly string[];
  /** The lines at which annotations stand. */
  readonly places: readonly Place[];
  readonly log: readonly string[];
  readonly summary: string;
}

/** Runs an action as a step: inputs as texts, defaults from its action.yml, outputs, report and summary as written. */
export async function step(
  name: ActionName,
  inputs: Readonly<Record<string, string>>,
  origin: Pick<StepHost['origin'], 'github'> = {},
): Promise<StepSeen> {
  const outputs: Record<string, string> = {};
  const [annotations, warnings, log]: [string[], string[], string[]] = [[], [], []];
  const places: Place[] = [];
  const reportFolder = join(tmpdir(), `tenantry-report-${randomUUID()}`);
  let summary = '';
  const host: StepHost = {
    given: new Map(Object.entries(inputs)),
    origin: {
      run: 'https://github.example/acme/shop/actions/runs/2',
      actor: 'bob',
      commit: 'b'.repeat(40),
      ...origin,
    },
    reportFolder,
    mask: () => {},
    exportVariable: () => {},
    debug: () => {},
    line: (text) => log.push(text.trim()),
    fold: (title, text) => log.push(title, ...text.split('\n')),
    warning(text, place) {
      warnings.push(text);
      if (place !== undefined) places.push(place);
    },
    fail(sentence, place) {
      annotations.push(sentence);
      if (place !== undefined && 'file' in place) places.push(place);
    },
    output: (output, value) => {
      outputs[output] = value;
    },
    async summary(markdown) {
      summary = markdown;
    },
  };
  const done = await runStep(name, await actions[name](), manifestOf(name), host);
  const report = JSON.parse(await readFile(outputs['report-path'] ?? '', 'utf8'));
  await rm(reportFolder, { recursive: true });
  return { exitCode: done ? 0 : 1, outputs, report, annotations, warnings, places, log, summary };
}

/** A copy of the fleet, to be broken and migrated. */
export interface Fleet extends ScratchDatabase {
  /** The inputs that lead an action to a folder of the project and to this database. */
  inputs(folder?: string): Record<string, string>;
  migrate(
    inputs?: Readonly<Record<string, string>>,
    folder?: string,
    origin?: Parameters<typeof step>[2],
  ): Promise<StepSeen>;
  project(folder?: string): DjangoProject;
  /** A command of manage.py that has to succeed. */
  manage(folder: string, ...words: string[]): Promise<void>;
}

/** The shop’s shared schema and the tenants acme, beta and zeta, all at head; copied for each test. */
export class ShopFleets {
  readonly python: string;
  readonly #template: string;
  readonly #cleanUps: (() => Promise<unknown>)[] = [];

  private constructor(python: string, template: string) {
    this.python = python;
    this.#template = template;
  }

  static async make(): Promise<ShopFleets> {
    return new ShopFleets(await shopPython(), await shopTemplate());
  }

  /** @param sql how it is broken */
  async copy(sql = '', { role }: { readonly role?: string } = {}): Promise<Fleet> {
    const scratch = await scratchDatabase({
      template: this.#template,
      ...(role === undefined ? {} : { role }),
    });
    this.later(() => scratch.drop());
    if (sql !== '') await scratch.sql(sql);
    return this.#asFleet(scratch);
  }

  /** A copy of the shop with some files more or other, and some less. */
  async shopWith(
    files: Readonly<Record<string, string>> = {},
    without: readonly string[] = [],
  ): Promise<string> {
    const { folder, remove } = await changedCopy(folders.shop, files);
    this.later(remove);
    for (const name of without) await rm(join(folder, name));
    return folder;
  }

  /** Done when the test is over, the last first. */
  later(cleanUp: () => Promise<unknown>): void {
    this.#cleanUps.push(cleanUp);
  }

  async tidy(): Promise<void> {
    for (const cleanUp of this.#cleanUps.splice(0).reverse()) await cleanUp();
  }

  async end(): Promise<void> {
    await this.tidy();
  }

  #asFleet(scratch: ScratchDatabase): Fleet {
    const { python } = this;
    const at = (folder: string = folders.shop) => project(folder, python, scratch);
    const inputs = (folder: string = folders.shop) => ({
      'database-url': scratch.env.DATABASE_URL ?? '',
      'working-directory': folder,
      python,
      env: 'SECRET_KEY=only for tests\nPUBLIC_DOMAIN=shop.example',
    });
    return {
      ...scratch,
      inputs,
      project: at,
      migrate: (more, folder, origin) =>
        step('migrate-schemas', { ...inputs(folder), backup: 'false', lint: 'off', ...more }, origin),
      async manage(folder, ...words) {
        const result = await manage(at(folder), words, { timeout: 120_000 });
        if (!succeeded(result)) throw new Error(`${words.join(' ')}: ${result.stderr}`);
      },
    };
  }
}

/** Django’s migration as a file. */
export function migrationFile(
  dependencies: string,
  operations: string,
  { head = '', body = '' }: { readonly head?: string; readonly body?: string } = {},
): string {
  return `
from django.db import migrations, models
${head}

class Migration(migrations.Migration):
    dependencies = [${dependencies}]
    ${body}
    operations = [${operations}]
`;
}

/** What the shop’s newest migration of orders is, as a dependency. */
export const ordersHead = '("orders", "0004_order_status_placed")';

export const addNote = 'migrations.AddField("order", "note", models.TextField(null=True))';

/** One more migration for every tenant. */
export const note = { 'orders/migrations/0005_note.py': migrationFile(ordersHead, addNote) };

/** The shop's migrations of orders, squashed into one. */
export const squashedOrders = {
  'orders/migrations/0001_squashed_0004.py': migrationFile(
    '("catalog", "0001_initial")',
    `
        migrations.CreateModel("Order", [
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("email", models.EmailField(max_length=254)),
            ("status", models.CharField(default="placed", max_length=20)),
            ("placed", models.DateTimeField(auto_now_add=True)),
            ("total", models.DecimalField(db_default=Decimal("0"), decimal_places=2, max_digits=12)),
        ]),
    `,
    {
      head: 'from decimal import Decimal',
      body: `replaces = [("orders", "0001_initial"), ("orders", "0002_order_total"),
        ("orders", "0003_fill_order_total"), ("orders", "0004_order_status_placed")]`,
    },
  ),
};
/** The files that it replaces. */
export const replacedOrders = [
  '0001_initial',
  '0002_order_total',
  '0003_fill_order_total',
  '0004_order_status_placed',
].map((name) => `orders/migrations/${name}.py`);
