import type { Database } from '../database/connection.ts';
import { UserError } from '../ground/errors.ts';
import { listed } from '../ground/words.ts';

/** A tenant as visitors know it. */
export interface TenantDomain {
  readonly schema: string;
  /** Its primary domain. */
  readonly domain: string;
}

/** Which tenants to ask: none, all, or so many of them. */
export type TenantSample = 'none' | 'all' | number;

/** The shape by which django-tenants' two tables are known, whatever a project calls them. */
const tablesOfTenants = `
  select domains.oid::regclass::text as domains, tenants.oid::regclass::text as tenants, key.attname as "primaryKey",
         tenants.relnamespace::regnamespace::text as "publicSchema"
  from pg_class domains
  join pg_attribute domain on domain.attrelid = domains.oid and domain.attname = 'domain'
  join pg_attribute main on main.attrelid = domains.oid and main.attname = 'is_primary'
  join pg_attribute tenant on tenant.attrelid = domains.oid and tenant.attname = 'tenant_id'
  join pg_constraint link on link.conrelid = domains.oid and link.contype = 'f' and link.conkey = array[tenant.attnum]
  join pg_class tenants on tenants.oid = link.confrelid
  join pg_attribute name on name.attrelid = tenants.oid and name.attname = 'schema_name'
  join pg_attribute key on key.attrelid = tenants.oid and key.attnum = link.confkey[1]
  where domains.relkind = 'r'
  order by 1`;

/**
 * The primary domains of all tenants but the public one, by schema name, read from the database itself.
 * @throws UserError `tenant-domains-unknown` when the tables of tenants and domains cannot be told for sure.
 */
export async function tenantDomains(database: Database): Promise<TenantDomain[]> {
  const found = await database.query<{
    domains: string;
    tenants: string;
    primaryKey: string;
    publicSchema: string;
  }>(tablesOfTenants);
  const [tables, another] = found;
  if (tables === undefined || another !== undefined) {
    throw new UserError(
      `The tenants' domains cannot be read from ${database.label} — ${
        tables === undefined
          ? 'it has no table of domains as django-tenants makes it'
          : `several tables look like it: ${listed(found.map(({ domains }) => domains))}`
      }`,
      'check database-url, migrate the shared schema first, or set tenants: none',
      { code: 'tenant-domains-unknown' },
    );
  }
  // The names come from regclass, which has quoted them.
  return database.query<TenantDomain>(
    `select t.schema_name as schema, d.domain from ${tables.domains} d
     join ${tables.tenants} t on t."${tables.primaryKey}" = d.tenant_id
     where d.is_primary and t.schema_name <> $1 order by t.schema_name`,
    [tables.publicSchema],
  );
}

/** So many tenants, picked by `random` (from 0 to 1); all of them when there are not more. */
export function sampled<T>(
  tenants: readonly T[],
  sample: TenantSample,
  random: () => number = Math.random,
): T[] {
  if (sample === 'none') return [];
  if (sample === 'all' || sample >= tenants.length) return [...tenants];
  const rest = [...tenants];
  return Array.from({ length: sample }, () => rest.splice(Math.floor(random() * rest.length), 1)).flat();
}
