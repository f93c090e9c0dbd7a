import { UserError } from '../ground/errors.ts';

/** Looks up one of libpq's parameters; undefined when it is not given, or empty. */
export type Lookup = (keyword: string) => string | undefined;

/** What there is around a connection besides its URL. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The name of the user who runs this process: libpq's last resort for a role. */
  readonly systemUser: string;
  readonly homeFolder: string;
  /** Authorities in PEM form, instead of `sslrootcert`. */
  readonly caFile?: string | undefined;
}

/** @throws UserError `database-url-invalid`, which names the choices and not what was written */
export function oneOf<T extends string>(keyword: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw invalid(`its ${keyword} has a value that libpq does not know`, `use one of ${choices.join(', ')}`);
}

export function invalid(observed: string, hint: string): UserError {
  return new UserError(`The database URL cannot be used — ${observed}`, hint, {
    code: 'database-url-invalid',
  });
}
