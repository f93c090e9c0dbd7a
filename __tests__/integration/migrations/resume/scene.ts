import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

import { fleetDatabase, smallShape } from '../../../../lab/fleet.ts';
import { migrateSchemas } from '../../../../src/actions/migrate-schemas.ts';
import { djangoPreset } from '../../../../src/actions/preset.ts';
import { parseDatabaseUrl } from '../../../../src/database/url.ts';
import { UserError } from '../../../../src/ground/errors.ts';
import type { SchemaResult } from '../../../../src/migrations/outcome.ts';
import { Report } from '../../../../src/report/report.ts';
import type { Inputs } from '../../../../src/step/action.ts';
import { recordedLog } from '../../projects.ts';
import { usualWay } from '../usual-way.ts';
import { trapTable } from './project.ts';

/** A small fleet, runs of the action on it, and what the database says afterwards. */

/** A database of tenants, wherever its server is. */
export interface Farm {
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  readonly python: string;
  readonly schemas: readonly string[];
  sql<Row = Record<string, unknown>>(text: string): Promise<Row[]>;
  drop(): Promise<void>;
}

/** A small fleet on the lab's PostgreSQL 15, with the traps. */
export async function farm(tenants = 5): Promise<Farm> {
  const fleet = await fleetDatabase({ tenants, shape: smallShape });
  await fleet.sql(trapTable);
  return fleet;
}

/** As actions/migrate-schemas/action.yml has them, but for the canary, and for one tenant after the other. */
const usual = {
  ...usualWay,
  ...djangoPreset,
  mode: 'migrate',
  waitAttempts: 1,
  waitInterval: 100,
  lockWait: 60_000,
  lockTimeout: 5_000,
  statementTimeout: 0,
  settingsModule: undefined,
  superTenantCommand: undefined,
  schemas: undefined,
  rollout: undefined,
  canary: 0,
  maxFailures: { count: 1 },
  engine: 'worker',
  parallel: 1,
  postMigrate: 'auto',
  fakeInitial: 'shared-if-identical',
  allowUnknownMigrations: false,
  smokeTables: undefined,
  smokeCommand: undefined,
  expectMaxDuration: undefined,
  lint: 'off' as const,
  githubToken: undefined,
  pullRequestComment: false,
  target: undefined,
  previewReport: undefined,
  previewBase: undefined,
  previewBasis: 'database' as const,
  dryRun: false,
  timeout: 120_000,
  summary: false,
} as const;

export type Wanted = Partial<Inputs<typeof migrateSchemas.inputs>> & {
  /** The project's folder. */
  readonly in: string;
  readonly signal?: AbortSignal;
  /** Told each line of the log that is not the end of a step. */
  readonly onLine?: (line: string) => void;
};

export interface Ran {
  /** Of the action; undefined when it failed. */
  readonly result: string | undefined;
  readonly failure: UserError | undefined;
  /** `total migrated skipped failed`. */
  readonly totals: string;
  readonly lines: readonly string[];
  /** `t0001 migrated`, … for each tenant, with its reason when it failed. */
  readonly outcomes: readonly string[];
  readonly tenants: readonly SchemaResult[];
}

/** The action as a step runs it, in this process. */
export async function run(
  { url, env, python }: Farm,
  { in: workingDirectory, signal, onLine = () => {}, ...inputs }: Wanted,
): Promise<Ran> {
  const log = recordedLog();
  const heard = {
    ...log,
    info(text: string) {
      log.info(text);
      onLine(text);
    },
  };
  const told: Record<string, unknown> = {};
  const report = new Report();
  const running = migrateSchemas.run({
    inputs: { ...usual, databaseUrl: parseDatabaseUrl(url), workingDirectory, python, env, ...inputs },
    log: heard,
    report,
    signal: signal ?? new AbortController().signal,
    origin: { run: 'https://github.example/acme/shop/actions/runs/2', actor: 'bob', commit: 'b'.repeat(40) },
    standing: () => {},
    exportVariable: () => {},
    mask: () => {},
    clean: (text: string) => text,
    tell: (facts) => Object.assign(told, facts),
  });
  const ended = await running.catch((error: unknown) => {
    if (error instanceof UserError) return error;
    throw error;
  });
  const schemas = (report.collected.schemas ?? []) as readonly SchemaResult[];
  const tenants = schemas.filter(({ schema }) => schema !== 'public');
  return {
    ...(ended instanceof UserError
      ? { result: undefined, failure: ended }
      : { result: ended.result, failure: undefined }),
    totals: ['total', 'migrated', 'skipped', 'failed'].map((name) => told[`tenants-${name}`]).join(' '),
    lines: log.lines,
    outcomes: tenants.map(({ schema, outcome }) => `${schema} ${outcome}`),
    tenants,
  };
}

/** A run as a program of its own. */
export interface Program {
  readonly process: ChildProcess;
  /** What it has said so far, of both streams. */
  text(): string;
  /** Waits until it has ended. */
  end(): Promise<{ readonly exitCode: number | null; readonly text: string }>;
}

/** `tenantry migrate-schemas`, as somebody starts it at a terminal. */
export function start(
  { url, env, python }: Farm,
  { in: folder, engine = 'worker', more = [] }: { in: string; engine?: string; more?: readonly string[] },
): Program {
  const cli = join(import.meta.dirname, '../../../../src/cli.ts');
  const words = [
    'migrate-schemas',
    ...['--working-directory', folder, '--python', python, '--engine', engine],
    ...['--canary', '0%', '--parallel', '1', '--max-failures', '1', '--no-summary', '--no-backup', ...more],
  ];
  const program = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { cli } from ${JSON.stringify(cli)};
       process.exitCode = await cli(${JSON.stringify(words)}, process.env);`,
    ],
    {
      env: { ...process.env, ...env, TENANTRY_DATABASE_URL: url },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let text = '';
  for (const stream of [program.stdout, program.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  const closed = once(program, 'close');
  return {
    process: program,
    text: () => text,
    async end() {
      await closed;
      return { exitCode: program.exitCode, text };
    },
  };
}

/**
 * What has become of each tenant, by the catalogue and the ledger: `t0001: first before_trap after_trap | 0004_first
 * 0005_second`; an index that is not valid is told with an exclamation mark.
 */
export async function world({ sql, schemas }: Farm): Promise<string[]> {
  const rows = await sql<{ schema: string; has: string; recorded: string }>(
    schemas
      .map(
        (schema) => `
    SELECT '${schema}' AS schema,
           concat_ws(' ',
             (SELECT string_agg(attname, ' ' ORDER BY attrelid::regclass::text, attnum) FROM pg_attribute
               WHERE attrelid IN (to_regclass('${schema}.app00_record0'), to_regclass('${schema}.app00_record1'))
                 AND attnum > 0 AND NOT attisdropped
                 AND attname IN ('first', 'before_trap', 'after_trap', 'code', 'one', 'three', 'extra', 'limits')),
             (SELECT string_agg(c.relname || CASE WHEN i.indisvalid THEN '' ELSE '!' END, ' ')
                FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
               WHERE i.indrelid = to_regclass('${schema}.app00_record0') AND c.relname IN ('by_reference'))) AS has,
           (SELECT string_agg(name, ' ' ORDER BY id) FROM ${schema}.django_migrations
             WHERE app = 'app00' AND name > '0004') AS recorded`,
      )
      .join(' UNION ALL '),
  );
  return rows.map(({ schema, has, recorded }) => `${schema}: ${has} | ${recorded ?? ''}`);
}

/** The sessions of runs that are there now, by their names without the run's own. */
export async function sessions({ sql }: Farm): Promise<string[]> {
  const rows = await sql<{ name: string }>(
    `SELECT application_name AS name FROM pg_stat_activity
      WHERE datname = current_database() AND application_name ~ '^tenantry/[^/]+-[0-9a-f]{4}/' ORDER BY 1`,
  );
  return rows.map(({ name }) => name.split('/').slice(2).join('/'));
}

/** The process in the server of a tenant's session, once it is in this statement. */
export async function sessionIn({ sql }: Farm, schema: string, statement = 'public.trap'): Promise<number> {
  let found: number | undefined;
  await until(async () => {
    const [row] = await sql<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
          AND application_name ~ '^tenantry/[^/]+-[0-9a-f]{4}/${schema}$' AND query LIKE '%${statement}%'`,
    );
    found = row?.pid;
    return found !== undefined;
  }, `${schema} in ${statement}`);
  return found ?? 0;
}

/** A session beside the run; end it. */
export async function stranger(farm: Farm, applicationName = 'psql'): Promise<pg.Client & { pid: number }> {
  const client = new pg.Client({ connectionString: farm.url, application_name: applicationName });
  client.on('error', () => {}); // it may be ended from outside
  await client.connect();
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  return Object.assign(client, { pid: rows[0].pid as number });
}

/** The processes of the project's Python that work on this database. */
export function pythons({ env, python }: Farm): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const [program] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        return program === python && variables.includes(`DB_NAME=${env.DB_NAME}`);
      } catch {
        return false; // it has ended meanwhile
      }
    });
}

/** Ends them as the kernel does when memory is short. */
export function killPythons(farm: Farm): void {
  const found = pythons(farm);
  if (found.length === 0) throw new Error('there is no Python to kill');
  for (const pid of found) process.kill(pid, 'SIGKILL');
}

export async function until(
  happened: () => boolean | Promise<boolean>,
  what: string,
  patience = 60_000,
): Promise<void> {
  for (const since = Date.now(); !(await happened()); await sleep(50)) {
    if (Date.now() - since > patience) throw new Error(`it did not happen: ${what}`);
  }
}
