import { environmentVariables } from '../database/connection-plan.ts';
import type { DatabaseUrl } from '../database/url.ts';
import { UserError } from '../ground/errors.ts';

/** How PostgreSQL's own programs reach a database: all of it, the password above all, goes by environment. */
export interface Reach {
  readonly databaseUrl: DatabaseUrl;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Leads to the server, where it is not reached directly: this port of 127.0.0.1. */
  readonly through?: { readonly port: number } | undefined;
  /** Another database of the same server. */
  readonly database?: string | undefined;
}

/**
 * libpq's variables for a URL. What has no variable only tunes (keepalives, say) and is left out; a passphrase of a
 * client key has none, either, and would be missed.
 * @throws UserError `database-url-unsupported`
 */
export function programEnvironment({
  databaseUrl,
  applicationName,
  through,
  database,
}: Reach): Record<string, string> {
  const { options } = databaseUrl;
  if (options.sslpassword !== undefined && options.sslpassword !== '') {
    throw new UserError(
      'The database URL asks for what pg_dump cannot be told safely — sslpassword',
      'give a client key without a passphrase (sslkey, mode 600), or leave the backup to another tool with backup: false',
      { code: 'database-url-unsupported' },
    );
  }
  const given = Object.entries(options).flatMap(([keyword, value]) => {
    const variable = environmentVariables[keyword];
    return variable === undefined || value === '' ? [] : [[variable, value] as const];
  });
  return {
    ...Object.fromEntries(given),
    ...(database === undefined ? {} : { PGDATABASE: database }),
    // The host stays what it is: certificates are made out to it.
    ...(through === undefined ? {} : { PGHOSTADDR: '127.0.0.1', PGPORT: String(through.port) }),
    PGAPPNAME: applicationName,
    // Their words are read.
    LC_ALL: 'C',
  };
}
