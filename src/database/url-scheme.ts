/** The schemes that are understood. The first two are libpq's own, the others Django's. */
export const schemes = ['postgresql', 'postgres', 'postgis', 'psql', 'pgsql'] as const;
export type Scheme = (typeof schemes)[number];

/** The scheme that a URL begins with, when it is one of ours; libpq takes it in small letters only. */
export function schemeOf(url: string): Scheme | undefined {
  return schemes.find((scheme) => url.startsWith(`${scheme}://`));
}

/**
 * The Django engine for a URL: what a project that reads `DB_ENGINE` expects. Schemas per tenant need the
 * engine of django-tenants; `postgis://` names Django's own, which such a project gives as `ORIGINAL_BACKEND`.
 */
export function djangoEngine(scheme: Scheme): string {
  return scheme === 'postgis'
    ? 'django.contrib.gis.db.backends.postgis'
    : 'django_tenants.postgresql_backend';
}
