/** From inputs to the database and the project that actions work on. */
import { type Database, waitForDatabase } from '../database/connection.ts';
import { djangoVariables } from '../database/django-variables.ts';
import type { DatabaseUrl } from '../database/url.ts';
import { composeUrl } from '../database/url-compose.ts';
import type { DjangoProject } from '../django/project.ts';
import type { Log } from '../ground/log.ts';
import { localMachine } from '../machine/local.ts';

interface DatabaseInputs {
  readonly databaseUrl: DatabaseUrl;
  readonly waitAttempts: number;
  readonly waitInterval: number;
}

interface ProjectInputs extends DatabaseInputs {
  readonly workingDirectory: string;
  readonly python: string;
  readonly settingsModule?: string | undefined;
}

/** Milliseconds for one connection to be made. */
const connectTimeout = 10_000;

/** Waits for the database, uses it, and closes the connection whatever happens. */
export async function withDatabase<T>(
  { databaseUrl, waitAttempts, waitInterval }: DatabaseInputs,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
  use: (database: Database) => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const database = await waitForDatabase(databaseUrl, {
    applicationName: 'tenantry',
    connectTimeout,
    attempts: waitAttempts,
    interval: waitInterval,
    log,
    signal,
  });
  try {
    log.step(
      'Database',
      `${database.label} (PostgreSQL ${database.serverVersion})`,
      performance.now() - started,
    );
    return await use(database);
  } finally {
    await database.close();
  }
}

/** The project on this machine, with the database as its settings read it. */
export function projectOf(
  { databaseUrl, workingDirectory, python, settingsModule }: ProjectInputs,
  env: Readonly<Record<string, string>>,
): DjangoProject {
  return {
    machine: localMachine,
    workingDirectory,
    python,
    settingsModule,
    env: {
      DATABASE_URL: composeUrl(databaseUrl, databaseUrl.scheme),
      ...djangoVariables(databaseUrl),
      ...env,
    },
  };
}
