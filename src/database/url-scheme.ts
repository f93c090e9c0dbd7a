/** The schemes that are understood. The first two are libpq's own, the others Django's. */
export const schemes = ['postgresql', 'postgres', 'postgis', 'psql', 'pgsql'] as const;
export type Scheme = (typeof schemes)[number];

/** The scheme that a URL begins with, when it is one of ours; libpq takes it in small letters only. */
export function schemeOf(url: string): Scheme | undefined {
  return schemes.find((scheme) => url.startsWith(`${scheme}://`));
}

/** The Django engine that keeps a schema per tenant; what `DB_ENGINE` names. */
export const tenantEngine = 'django_tenants.postgresql_backend';

/**
 * The engine beneath it, where a URL asks for another one than Django's own: `postgis://` does. A project gives it as
 * `ORIGINAL_BACKEND`, beside the engine of django-tenants.
 */
export function originalBackend(scheme: Scheme): string | undefined {
  return scheme === 'postgis' ? 'django.contrib.gis.db.backends.postgis' : undefined;
}
