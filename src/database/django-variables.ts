import type { DatabaseUrl } from './url.ts';
import { originalBackend, tenantEngine } from './url-scheme.ts';

/** The environment from which a Django project's settings read its database: one variable a part. */
export function djangoVariables(url: DatabaseUrl, engine: string = tenantEngine): Record<string, string> {
  const original = originalBackend(url.scheme);
  return {
    DB_USER: url.user,
    DB_PASSWORD: url.password,
    DB_HOST: url.host,
    DB_PORT: url.port,
    DB_NAME: url.name,
    DB_ENGINE: engine,
    ...(original === undefined ? {} : { DB_ORIGINAL_BACKEND: original }),
  };
}
