import type { DatabaseParts } from './url.ts';

/** The environment from which a Django project's settings read its database: one variable a part. */
export function djangoVariables(parts: DatabaseParts, engine: string): Record<string, string> {
  return {
    DB_USER: parts.user,
    DB_PASSWORD: parts.password,
    DB_HOST: parts.host,
    DB_PORT: parts.port,
    DB_NAME: parts.name,
    DB_ENGINE: engine,
  };
}
