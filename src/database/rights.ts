import type { Database } from './session.ts';

/** What a session may change, as the server says before anything is tried. */
export interface Rights {
  readonly role: string;
  /** The server replays what another one does. */
  readonly standby: boolean;
  /** Transactions begin read-only. */
  readonly readOnly: boolean;
  /** Of the schemas that were asked about, those where the role may make nothing; sorted. */
  readonly withoutCreate: readonly string[];
}

/** Asks once; schemas that do not exist are left out. */
export async function readRights(
  database: Pick<Database, 'query'>,
  schemas: readonly string[],
): Promise<Rights> {
  const [rights] = await database.query<Rights>(
    `select current_user::text as role, pg_is_in_recovery() as standby,
            current_setting('default_transaction_read_only') = 'on' as "readOnly",
            array(select nspname::text from pg_namespace
                   where nspname = any($1::text[]) and not has_schema_privilege(oid, 'CREATE')
                   order by nspname) as "withoutCreate"`,
    [schemas],
  );
  if (rights === undefined) throw new Error('the server did not say what may be changed');
  return rights;
}
