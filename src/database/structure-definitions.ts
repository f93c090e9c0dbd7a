/**
 * The exact look at structure: PostgreSQL itself spells every definition of a schema, under a search_path of that
 * schema alone. So it leaves the schema's own name out and writes every other one, whatever the names are and
 * wherever else they occur: no text is ever replaced.
 */
import type { Structure, StructureColumn, StructureConstraint, StructureIndex } from './structure.ts';

/**
 * What is spelt, as a JSON array for each schema, with the schemas of $1. `set_config` runs for each row of `work`
 * before that row's definitions: `work` is materialized, so that a nested loop is the only way to join the two.
 */
export function definitionsStatement(major: number): string {
  return `${work}
    select ${spelling}, ${columns} as columns, ${constraints} as constraints, ${indexes} as indexes,
           ${names} as tables, ${others(major)} as others
      from work w cross join lateral ${pathOf} p`;
}

export interface OthersOptions {
  /** Also expressions in tables that depend on more than their own table. */
  readonly expressions: boolean;
}

/** What is neither table, column, constraint nor index, as one hash for each schema; the names are in $1. */
export function othersStatement(major: number, { expressions }: OthersOptions): string {
  return `${work}
    select ${spelling}, md5(concat(${others(major)}${expressions ? `, ${dependentExpressions}` : ''})) as hash
      from work w cross join lateral ${pathOf} p`;
}

const work = `
  with ns as materialized (
    select oid, nspname from pg_catalog.pg_namespace where nspname = any($1::text[])
  ), relations as materialized (
    select c.relnamespace as ns, array_agg(c.oid) as oids
      from ns join pg_catalog.pg_class c on c.relnamespace = ns.oid
     where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') group by 1
  ), types as materialized (
    select t.typnamespace as ns, array_agg(t.oid) as oids
      from ns join pg_catalog.pg_type t on t.typnamespace = ns.oid
      left join pg_catalog.pg_class c on c.oid = t.typrelid
     where t.typtype in ('e', 'd', 'r') or c.relkind = 'c' or (t.typtype = 'b' and t.typelem = 0) group by 1
  ), work as materialized (
    select ns.oid, ns.nspname, relations.oids as relations, types.oids as types,
           pg_catalog.quote_ident(ns.nspname) || ', pg_catalog, pg_temp' as path
      from ns left join relations on relations.ns = ns.oid left join types on types.ns = ns.oid
  )`;

/** Tells also under which search_path the row was spelt, and under which it had to be. */
const spelling = `w.nspname::text as schema, w.path as wanted, pg_catalog.current_setting('search_path') as found`;

const pathOf = `(select pg_catalog.set_config('search_path', w.path, true) offset 0)`;

const relationsOf = (kinds: string) =>
  `unnest(w.relations) o join pg_class c on c.oid = o and c.relkind in (${kinds})`;

/** Depends on something that did not come with PostgreSQL, other than its table. */
function dependent(catalog: string, oid: string): string {
  return `exists (select from pg_depend x where x.classid = '${catalog}'::regclass and x.objid = ${oid}
           and x.refobjid >= 16384 and x.refobjid <> c.oid)`;
}

const tableKinds = `'r', 'p', 'v', 'm', 'f'`;

const names = `(select json_agg(c.relname) from ${relationsOf(tableKinds)})`;

/** Without attoptions: for a table's column they are the planner's statistics, and not what somebody has made. */
const columns = `(
  select json_agg(json_build_array(c.relname, a.attname,
           format_type(a.atttypid, a.atttypmod)
             || case when a.attcollation <> t.typcollation then ' collate ' || a.attcollation::regcollation else '' end
             || case when a.attstorage <> t.typstorage then ' storage ' || a.attstorage::text else '' end
             || case when a.attcompression <> '' then ' compression ' || a.attcompression::text else '' end
             || coalesce(' options ' || a.attfdwoptions::text, ''),
           a.attnotnull,
           case when a.attidentity = 'a' then 'identity always' when a.attidentity = 'd' then 'identity by default'
                when a.attgenerated = 's' then 'generated stored ' when a.attgenerated = 'v' then 'generated virtual '
                end || case when a.attidentity = '' then pg_get_expr(d.adbin, d.adrelid) else '' end,
           pg_get_expr(d.adbin, d.adrelid)))
    from ${relationsOf(tableKinds)}
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum)`;

/**
 * NOT NULL became a constraint in PostgreSQL 18, with a name that tells of history (of renamed tables, say); the
 * column says it already, unless there is more to it.
 */
const constraintThatCounts = `(k.contype <> 'n' or not k.convalidated or k.connoinherit)`;

const constraints = `(
  select json_agg(json_build_array(c.relname, k.conname,
           regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', ''), k.convalidated))
    from ${relationsOf(tableKinds)}
    join pg_constraint k on k.conrelid = c.oid and ${constraintThatCounts})`;

/** With \`true\`, pg_get_indexdef leaves out the schema of a table that is on the search_path. */
const indexes = `(
  select json_agg(json_build_array(c.relname, ic.relname,
           pg_get_indexdef(i.indexrelid, 0, true)
             || case when i.indisreplident then ' REPLICA IDENTITY' else '' end
             || case when i.indisclustered then ' CLUSTER' else '' end
             || coalesce(' TABLESPACE ' || (select quote_ident(spcname) from pg_tablespace where oid = ic.reltablespace), ''),
           i.indisvalid and i.indisready and i.indislive))
    from ${relationsOf(tableKinds)}
    join pg_index i on i.indrelid = c.oid join pg_class ic on ic.oid = i.indexrelid)`;

const others = (major: number) => `(
  select json_agg(line order by line collate "C") from (
    ${[
      relations,
      sequences,
      triggers,
      disabledTriggers,
      policies,
      rules,
      types,
      functions(major),
      statistics(major),
      ...named,
    ].join('\n union all ')}
  ) lines (line) where line is not null)`;

/** What is unusual about a relation, each in a line of its own. */
const relations = `
  select line from ${relationsOf(tableKinds)}
    left join pg_am am on am.oid = c.relam
    cross join lateral (select quote_ident(c.relname)) n (name)
    cross join lateral unnest(array[
      case c.relkind when 'p' then 'partition key of ' || name || ': ' || pg_get_partkeydef(c.oid)
                     when 'v' then 'view ' || name || ': ' || pg_get_viewdef(c.oid)
                     when 'm' then 'materialized view ' || name || ': ' || pg_get_viewdef(c.oid)
                     when 'f' then 'foreign table ' || name || ': ' ||
                       (select quote_ident(srvname) || coalesce(' ' || ftoptions::text, '')
                          from pg_foreign_table join pg_foreign_server s on s.oid = ftserver where ftrelid = c.oid) end,
      case c.relpersistence when 'u' then 'unlogged table ' || name end,
      case when am.amname <> 'heap' then 'access method of ' || name || ': ' || am.amname end,
      'row type of ' || name || ': ' || nullif(c.reloftype, 0)::regtype,
      'options of ' || name || ': ' || c.reloptions::text,
      case when c.relrowsecurity then 'row security on ' || name end,
      case when c.relforcerowsecurity then 'row security for the owner of ' || name end,
      case when c.relkind in ('r', 'p') and c.relreplident <> 'd'
           then 'replica identity of ' || name || ': ' || c.relreplident::text end,
      'tablespace of ' || name || ': ' || (select quote_ident(spcname) from pg_tablespace where oid = c.reltablespace),
      'parents of ' || name || ': ' || (select string_agg(inhparent::regclass::text, ', ' order by inhseqno)
                                         from pg_inherits where inhrelid = c.oid),
      case when c.relispartition then 'bounds of ' || name || ': ' || pg_get_expr(c.relpartbound, c.oid) end
    ]) line`;

const sequences = `
  select format('sequence %I: %s start %s increment %s from %s to %s cache %s', c.relname, format_type(s.seqtypid, null),
           s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache)
         || case when s.seqcycle then ' cycle' else '' end
         || case c.relpersistence when 'u' then ' unlogged' else '' end
         || coalesce((select case d.deptype when 'i' then ' identity of ' else ' owned by ' end
                             || d.refobjid::regclass || '.' || quote_ident(a.attname)
                        from pg_depend d join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
                       where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refobjsubid > 0
                         and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')), '')
    from ${relationsOf(`'S'`)} join pg_sequence s on s.seqrelid = c.oid`;

const triggers = `
  select format('trigger %I on %I: ', t.tgname, c.relname) || pg_get_triggerdef(t.oid, true)
         || case t.tgenabled when 'O' then '' when 'D' then ' disabled' else ' enabled ' || t.tgenabled::text end
    from ${relationsOf(tableKinds)} join pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal`;

/** The triggers by which PostgreSQL keeps foreign keys can be switched off. */
const disabledTriggers = `
  select distinct format('disabled triggers of constraint %I on %I', k.conname, c.relname)
    from ${relationsOf(tableKinds)}
    join pg_trigger t on t.tgrelid = c.oid and t.tgisinternal and t.tgenabled <> 'O'
    join pg_constraint k on k.oid = t.tgconstraint`;

const policies = `
  select format('policy %I on %I: %s %s to %s', p.polname, c.relname,
           case when p.polpermissive then 'permissive' else 'restrictive' end, p.polcmd,
           (select string_agg(case r when 0 then 'public' else pg_get_userbyid(r)::text end, ', ' order by r)
              from unnest(p.polroles) r))
         || coalesce(' using ' || pg_get_expr(p.polqual, c.oid), '')
         || coalesce(' with check ' || pg_get_expr(p.polwithcheck, c.oid), '')
    from ${relationsOf(tableKinds)} join pg_policy p on p.polrelid = c.oid`;

const rules = `
  select format('rule %I on %I: ', r.rulename, c.relname) || pg_get_ruledef(r.oid, true)
         || case r.ev_enabled when 'O' then '' else ' enabled ' || r.ev_enabled::text end
    from ${relationsOf(tableKinds)} join pg_rewrite r on r.ev_class = c.oid and r.rulename <> '_RETURN'`;

const types = `
  select case t.typtype
           when 'e' then format('type %I: enum ', t.typname)
             || (select string_agg(quote_literal(enumlabel), ', ' order by enumsortorder)
                   from pg_enum where enumtypid = t.oid)
           when 'd' then format('domain %I: ', t.typname) || format_type(t.typbasetype, t.typtypmod)
             || case when t.typcollation not in (0, 100) then ' collate ' || t.typcollation::regcollation else '' end
             || case when t.typnotnull then ' not null' else '' end
             || coalesce(' default ' || coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault), '')
             || coalesce((select string_agg(format(' constraint %I ', k.conname) || pg_get_constraintdef(k.oid), ''
                                            order by k.conname collate "C")
                            from pg_constraint k where k.contypid = t.oid and k.contype = 'c'), '')
           when 'c' then format('type %I: ', t.typname)
             || coalesce((select string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
                            || case when a.attcollation not in (0, 100) then ' collate ' || a.attcollation::regcollation else '' end,
                            ', ' order by a.attnum)
                            from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped), '')
           when 'r' then format('type %I: range of ', t.typname)
             || (select format_type(r.rngsubtype, null) || ' ' || r.rngcanonical || ' ' || r.rngsubdiff || ' '
                        || case when r.rngcollation in (0, 100) then '' else r.rngcollation::regcollation::text end
                   from pg_range r where r.rngtypid = t.oid)
           else format('type %I: ', t.typname) || t.typinput || ' ' || t.typoutput || ' ' || t.typlen end
    from unnest(w.types) o join pg_type t on t.oid = o`;

/**
 * A function may name its own schema in its own search_path (SET search_path = …): as an element of that list it is
 * an object's name, and left out like the others.
 */
const functions = (major: number) => `
  select format('%s %s(%s):', case f.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
           quote_ident(f.proname), pg_get_function_arguments(f.oid))
         || coalesce(' returns ' || pg_get_function_result(f.oid), '')
         || ' ' || l.lanname || ' ' || f.provolatile::text || f.proparallel::text
         || case when f.proisstrict then ' strict' else '' end || case when f.prosecdef then ' security definer' else '' end
         || case when f.proleakproof then ' leakproof' else '' end || case f.prokind when 'w' then ' window' else '' end
         || ' cost ' || f.procost || ' rows ' || f.prorows
         || coalesce(' support ' || nullif(f.prosupport::oid, 0)::regproc, '')
         || coalesce((select string_agg(' set ' || case when entry like 'search_path=%' then 'search_path='
                        || (select string_agg(case when item[1] = quote_ident(w.nspname) then '(own)' else item[1] end, ', ')
                              from regexp_matches(substr(entry, 13), '("(?:[^"]|"")*"|[^", ]+)', 'g') item)
                        else entry end, '') from unnest(f.proconfig) entry), '')
         || coalesce((select ' ' || concat_ws(' ', a.aggkind, a.aggtransfn, a.aggfinalfn, a.aggcombinefn,
                        format_type(a.aggtranstype, null), a.agginitval, a.aggsortop::regoperator)
                        from pg_aggregate a where a.aggfnoid = f.oid), '')
         || ' source ' || md5(concat(f.prosrc, f.probin${major >= 14 ? ', pg_get_function_sqlbody(f.oid)' : ''}))
    from pg_proc f join pg_language l on l.oid = f.prolang where f.pronamespace = w.oid`;

const statistics = (major: number) => `
  select format('statistics %I on %s: %s', s.stxname, s.stxrelid::regclass, s.stxkind::text)
         ${major >= 14 ? `|| ' ' || pg_get_statisticsobjdef_columns(s.oid)` : `|| ' ' || s.stxkeys::text`}
    from pg_statistic_ext s where s.stxnamespace = w.oid`;

const dependentExpressions = `(
  select json_agg(line order by line collate "C") from (
    select format('default of %I.%I: ', c.relname, a.attname) || pg_get_expr(d.adbin, d.adrelid)
      from ${relationsOf(tableKinds)} join pg_attrdef d on d.adrelid = c.oid
      join pg_attribute a on a.attrelid = c.oid and a.attnum = d.adnum
     where ${dependent('pg_attrdef', 'd.oid')}
     union all
    select format('constraint %I on %I: ', k.conname, c.relname) || pg_get_constraintdef(k.oid)
      from ${relationsOf(tableKinds)} join pg_constraint k on k.conrelid = c.oid and k.conbin is not null
     where ${dependent('pg_constraint', 'k.oid')}
     union all
    select format('index on %I: ', c.relname) || pg_get_indexdef(i.indexrelid, 0, true)
      from ${relationsOf(tableKinds)} join pg_index i on i.indrelid = c.oid
     where (i.indexprs is not null or i.indpred is not null) and ${dependent('pg_class', 'i.indexrelid')}
  ) lines (line))`;

/** Seldom in a tenant's schema: that they are there is told, not what they are. */
const named = [
  ['collation', 'pg_collation', 'collname', 'collnamespace'],
  ['conversion', 'pg_conversion', 'conname', 'connamespace'],
  ['operator', 'pg_operator', 'oprname', 'oprnamespace'],
  ['operator class', 'pg_opclass', 'opcname', 'opcnamespace'],
  ['operator family', 'pg_opfamily', 'opfname', 'opfnamespace'],
  ['text search configuration', 'pg_ts_config', 'cfgname', 'cfgnamespace'],
  ['text search dictionary', 'pg_ts_dict', 'dictname', 'dictnamespace'],
  ['text search parser', 'pg_ts_parser', 'prsname', 'prsnamespace'],
  ['text search template', 'pg_ts_template', 'tmplname', 'tmplnamespace'],
].map(
  ([kind, catalog, name, namespace]) =>
    `select '${kind} ' || quote_ident(${name}) from ${catalog} where ${namespace} = w.oid`,
);

export interface Spelt {
  readonly schema: string;
  readonly wanted: string;
  readonly found: string;
}

export interface DefinitionsRow extends Spelt {
  readonly tables: readonly string[] | null;
  readonly columns:
    | readonly (readonly [string, string, string, boolean, string | null, string | null])[]
    | null;
  readonly constraints: readonly (readonly [string, string, string, boolean])[] | null;
  readonly indexes: readonly (readonly [string, string, string, boolean])[] | null;
  readonly others: readonly string[] | null;
}

/** Names in the order of their characters' numbers: the same on every machine. */
export const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const byName = (a: { readonly name: string }, b: { readonly name: string }) => byCode(a.name, b.name);

/** @throws Error when a row was not spelt under its own search_path: nothing in it could be compared then */
export function structureOf(row: DefinitionsRow): Structure {
  requireOwnPath(row);
  const columns = new Map<string, StructureColumn[]>();
  const constraints = new Map<string, StructureConstraint[]>();
  const indexes = new Map<string, StructureIndex[]>();
  for (const [table, name, type, notNull, special, value] of row.columns ?? []) {
    add(columns, table, { name, type, notNull, value: special ?? value ?? undefined });
  }
  for (const [table, name, definition, validated] of row.constraints ?? []) {
    add(constraints, table, { name, definition, validated });
  }
  for (const [table, name, definition, valid] of row.indexes ?? []) {
    add(indexes, table, { name, definition, valid });
  }
  const tables = [...(row.tables ?? [])].sort(byCode).map((table) => {
    const parts = {
      columns: (columns.get(table) ?? []).sort(byName),
      constraints: (constraints.get(table) ?? []).sort(byName),
      indexes: (indexes.get(table) ?? []).sort(byName),
    };
    return [table, parts] as const;
  });
  return { tables: new Map(tables), others: [...(row.others ?? [])].sort(byCode) };
}

export function requireOwnPath({ schema, wanted, found }: Spelt): void {
  if (wanted === found) return;
  throw new Error(`the structure of ${schema} was read under search_path ${found}, not ${wanted}`);
}

function add<Item>(lists: Map<string, Item[]>, key: string, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
