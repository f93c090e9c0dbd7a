import type { Database } from '../database/session.ts';
import { UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';

/**
 * What in other schemas points into one: DROP SCHEMA … CASCADE takes it away, and a restore does not bring it back. So
 * it is looked up first; what can be pointed at the restored schema is, and what cannot stops a restore into place.
 */

export interface Pointer {
  /** In PostgreSQL's words: `constraint plans_owner_fk on table plans`. */
  readonly what: string;
  /** Takes it away from the old tables; undefined: it cannot be pointed elsewhere. */
  readonly detach: string | undefined;
  /** Points it at the tables of the same names; with `detach`, in one transaction. */
  readonly attach: string | undefined;
}

/** Changes nothing; nothing is locked. */
export async function readPointers(database: Pick<Database, 'query'>, schema: string): Promise<Pointer[]> {
  // Every name with its schema: PostgreSQL leaves out what is on the search path.
  await database.query(`begin read only; set local search_path = ''`);
  const rows = await database
    .query<{ what: string; detach: string | null; attach: string | null }>(statement, [schema])
    .finally(() => database.query('rollback'));
  return rows.map(({ what, detach, attach }) => ({
    what,
    detach: detach ?? undefined,
    attach: attach ?? undefined,
  }));
}

const statement = `
  with ns as (select oid from pg_catalog.pg_namespace where nspname = $1::text),
  inside as (
    select 1259 as classid, c.oid from pg_catalog.pg_class c, ns where c.relnamespace = ns.oid
     union all select 1247, t.oid from pg_catalog.pg_type t, ns where t.typnamespace = ns.oid
     union all select 1255, p.oid from pg_catalog.pg_proc p, ns where p.pronamespace = ns.oid
     union all select 2606, k.oid from pg_catalog.pg_constraint k, ns where k.connamespace = ns.oid
     union all select 3456, c.oid from pg_catalog.pg_collation c, ns where c.collnamespace = ns.oid
     union all select 2617, o.oid from pg_catalog.pg_operator o, ns where o.oprnamespace = ns.oid
  ), pointing as (
    select distinct d.classid, d.objid
      from pg_catalog.pg_depend d
      join inside i on i.classid = d.refclassid and i.oid = d.refobjid
     where d.deptype in ('n', 'a') and not exists (select from inside own where own.classid = d.classid and own.oid = d.objid)
  ), home as (
    select p.classid, p.objid,
           case p.classid
             when 2618 then (select ev_class from pg_catalog.pg_rewrite where oid = p.objid)
             when 2604 then (select adrelid from pg_catalog.pg_attrdef where oid = p.objid)
             when 2620 then (select tgrelid from pg_catalog.pg_trigger where oid = p.objid)
             when 3256 then (select polrelid from pg_catalog.pg_policy where oid = p.objid)
             when 2606 then (select conrelid from pg_catalog.pg_constraint where oid = p.objid)
             when 3381 then (select stxrelid from pg_catalog.pg_statistic_ext where oid = p.objid)
             else null end as relation
      from pointing p
  )
  select pg_catalog.pg_describe_object(h.classid, h.objid, 0) as what,
         case when k.oid is not null then pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::regclass, k.conname) end as detach,
         case when k.oid is not null then pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::regclass, k.conname, pg_catalog.pg_get_constraintdef(k.oid))
              when v.oid is not null then pg_catalog.format('CREATE OR REPLACE VIEW %s%s AS %s', v.oid::regclass,
                     ' WITH (' || pg_catalog.array_to_string(v.reloptions, ', ') || ')', pg_catalog.pg_get_viewdef(v.oid)) end as attach
    from home h
    left join pg_catalog.pg_class r on r.oid = h.relation
    left join pg_catalog.pg_constraint k on h.classid = 2606 and k.oid = h.objid and k.contype = 'f' and k.conparentid = 0
    left join pg_catalog.pg_class v on h.classid = 2618 and v.oid = h.relation and v.relkind = 'v'
   where h.classid <> 826 -- default privileges
     and not (h.classid = 2606 and exists (select from pg_catalog.pg_constraint part where part.oid = h.objid and part.conparentid <> 0))
     and (r.oid is null or r.relnamespace <> (select oid from ns))
     and not (h.classid = 2620 and exists (select from pg_catalog.pg_trigger t where t.oid = h.objid and t.tgisinternal))
  union all
  select 'extension ' || e.extname, null, null
    from pg_catalog.pg_extension e, ns where e.extnamespace = ns.oid
   order by 1`;

/** In place, what cannot be pointed at the restored tables stops it. @throws UserError `restore-pointed-into` */
export function refuseFastPointers(schema: string, pointers: readonly Pointer[]): void {
  const fast = pointers.filter(({ attach }) => attach === undefined);
  if (fast.length === 0) return;
  throw new UserError(
    `${schema} cannot be replaced — ${counted(fast.length, 'object')} outside it ${fast.length === 1 ? 'depends' : 'depend'} on its tables and cannot be pointed at restored ones: ${listed(
      fast.map(({ what }) => what),
      3,
    )}`,
    `restore it beside (restore-to: beside) and take from there what you need, or remove ${fast.length === 1 ? 'that' : 'those'} first and make ${fast.length === 1 ? 'it' : 'them'} again afterwards; nothing was changed`,
    { code: 'restore-pointed-into', evidence: fast.map(({ what }) => what).join('\n') },
  );
}
