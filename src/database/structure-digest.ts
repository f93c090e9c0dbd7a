/**
 * The first of two looks at structure: a number for each schema, made of raw catalogue rows without asking PostgreSQL
 * to spell a definition. Equal numbers mean equal structure. Different ones may still mean equal structure (a column
 * was once added and dropped, so that the others are counted otherwise): the second look, at definitions, tells.
 *
 * How it is made: each row becomes a number of 64 bits (PostgreSQL's own hash functions; fields are packed into their
 * seed), is mixed with the number of the table that it belongs to, and added up. A sum does not depend on order, so
 * nothing is sorted. Objects of the schema itself count by name, all others by OID, which within one database is what
 * they are. No table of a tenant is opened or locked.
 */

export interface DigestRow {
  readonly schema: string;
  /** How many rows went into it, and their sum: of any size, therefore texts. */
  readonly rows: string;
  readonly sum: string;
  /** Something in this schema refers to objects of its own by OID, or has no number here: it has to be spelt. */
  readonly unspelt: boolean;
}

/** Objects below this OID came with PostgreSQL. */
const firstUserOid = 16384;

/**
 * The statement of the first look; $1 has the names of schemas, of any number: only catalogues are read.
 * @param major of PostgreSQL: 15
 * @param wide whether a large share of the database is asked for, so that catalogues are best read from end to end
 */
export function digestStatement(major: number, wide: boolean): string {
  // Keeps a subquery apart, so that it is computed once for each of its rows and is narrow when it is joined.
  const apart = wide ? 'offset 0' : '';
  const rows = [
    columns,
    indexes(major, apart),
    constraints(major),
    references(major, apart),
    sequences,
    trees(major),
    unspelt,
  ];
  return `
    select n.nspname::text as schema, coalesce(total.rows, 0)::text as rows, coalesce(total.sum, 0)::text as sum,
           coalesce(total.unspelt, false) as unspelt
      from pg_catalog.pg_namespace n
      left join (
        select relation.schema, count(*) as rows, sum(${mixed('item.hash', 'relation.hash')}) as sum, bool_or(item.unspelt) as unspelt
          from (${relations} ${apart}) relation
          join (${rows.join('\n union all ')}) item on item.relation = relation.oid
         group by relation.schema
      ) total on total.schema = n.oid
     where n.nspname = any($1::text[])`;
}

/** A number of two that have nothing to do with each other. */
const mixed = (a: string, b: string) => `hashint4extended(0, ${a} # ${b})`;

const bit = (condition: string, place: number) => `(${condition})::int::int8 << ${place}`;

/** A "char" of the catalogue: seven bits. */
const letter = (column: string, place: number) => `${column}::int::int8 << ${place}`;

const packed = (...fields: readonly string[]) => fields.map((field) => `(${field})`).join(' | ');

const hashed = (column: string, seed: string) =>
  `coalesce(hash_array_extended(${column}, ${seed}), ${seed} # 91)`;

/** Own objects by their name, all others by OID. */
const named = (name: string, isOwn: string, oid: string) =>
  `case when ${isOwn} then hashnameextended(${name}, 17) else hashoidextended(${oid}, 18) end`;

const relations = `
  select c.oid, c.relnamespace as schema,
         hashnameextended(c.relname, ${hashed(
           'c.reloptions',
           `((c.relam::int8 << 32) # (c.reltablespace::int8 << 20) # (${packed(
             letter('c.relkind', 0),
             letter('c.relpersistence', 7),
             letter('c.relreplident', 14),
             bit('c.relrowsecurity', 21),
             bit('c.relforcerowsecurity', 22),
             bit('c.relispartition', 23),
           )}) # case c.reloftype when 0 then 0 else hashoidextended(c.reloftype, 19) end)`,
         )}) as hash
    from pg_catalog.pg_class c
   where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c') and c.relnamespace in (
           select oid from pg_catalog.pg_namespace where nspname = any($1::text[]))`;

/** One number for a column's type. 100 is the default collation. */
const columns = `
  select a.attrelid as relation,
         hashnameextended(a.attname, a.atttypmod::int8 # case when a.atttypid < ${firstUserOid} then a.atttypid::int8 << 32
             else (select ${named('t.typname', 't.typnamespace = c.relnamespace', 't.oid')}
                     from pg_catalog.pg_type t, pg_catalog.pg_class c where t.oid = a.atttypid and c.oid = a.attrelid) end)
           # case a.attcollation when 0 then 0 when 100 then 1::int8 << 62 else hashoidextended(a.attcollation, 20) end
           # (${packed(
             'a.attnum::int8',
             bit('a.attnotnull', 12),
             bit('a.atthasdef', 13),
             letter('a.attidentity', 14),
             letter('a.attgenerated', 21),
             letter('a.attstorage', 28),
             letter('a.attcompression', 35),
           )}) as hash,
         a.attfdwoptions is not null as unspelt
    from pg_catalog.pg_attribute a
   where a.attnum > 0 and a.attrelid >= ${firstUserOid} and not a.attisdropped`;

/** Seed of an index's name: what it is made of, by number of column. Expressions and conditions are among the trees. */
const indexes = (major: number, apart: string) => `
  select i.indrelid, hashnameextended(c.relname, i.hash) # (c.reltablespace::int8 << 32) # ${hashed('c.reloptions', '23')}
           # case when c.relam in (403, 405) then 0 else coalesce((select sum(hashtextextended(a.attoptions::text, a.attnum)) % 9007199254740881
               from pg_catalog.pg_attribute a where a.attrelid = i.indexrelid and a.attoptions is not null), 0)::int8 end,
         false
    from (select i.indexrelid, i.indrelid,
                 hashoidvectorextended(i.indclass, hash_array_extended(i.indkey::int2[], hash_array_extended(i.indoption::int2[],
                   hashoidvectorextended(i.indcollation, ${packed(
                     'i.indnkeyatts::int8',
                     bit('i.indisunique', 8),
                     bit('i.indisprimary', 9),
                     bit('i.indisexclusion', 10),
                     bit('i.indimmediate', 11),
                     bit('i.indisclustered', 12),
                     bit('i.indisvalid', 13),
                     bit('i.indisready', 14),
                     bit('i.indislive', 15),
                     bit('i.indisreplident', 16),
                     bit('i.indpred is null', 17),
                     ...(major >= 15 ? [bit('i.indnullsnotdistinct', 18)] : []),
                   )})))) as hash
            from pg_catalog.pg_index i where i.indrelid >= ${firstUserOid} ${apart}) i
    join pg_catalog.pg_class c on c.oid = i.indexrelid`;

/**
 * NOT NULL became a constraint in PostgreSQL 18, with a name that tells of history (of renamed tables, say); the
 * column says it already, unless there is more to it.
 */
export const constraintThatCounts = `(k.contype <> 'n' or not k.convalidated or k.connoinherit)`;

const constraintFields = (major: number) =>
  packed(
    letter('k.contype', 0),
    bit('k.condeferrable', 7),
    bit('k.condeferred', 8),
    bit('k.convalidated', 9),
    bit('k.connoinherit', 10),
    letter('k.confupdtype', 11),
    letter('k.confdeltype', 18),
    letter('k.confmatchtype', 25),
    ...(major >= 18 ? [bit('k.conenforced', 32), bit('k.conperiod', 33)] : []),
  );

const constraints = (major: number) => `
  select k.conrelid, hashnameextended(k.conname, ${hashed('k.conkey', `(${constraintFields(major)})`)})
           # case when k.conexclop is null then 0 else ${hashed('k.conexclop', '29')} end, false
    from pg_catalog.pg_constraint k
   where k.contype <> 'f' and k.conrelid >= ${firstUserOid} and ${constraintThatCounts}`;

/**
 * What names another table: foreign keys, and the sequences of columns, which PostgreSQL keeps in the schema of their
 * table.
 */
const references = (major: number, apart: string) => `
  select k.relation, k.hash # ${named('f.relname', 'f.relnamespace = k.schema or k.schema = 0', 'f.oid')}, false
    from (select k.conrelid as relation, k.confrelid as target, k.connamespace as schema,
                 hashnameextended(k.conname, ${hashed('k.confkey', hashed('k.conkey', `(${constraintFields(major)})`))}
                   ${major >= 15 ? `# case when k.confdelsetcols is null then 0 else ${hashed('k.confdelsetcols', '31')} end` : ''}) as hash
            from pg_catalog.pg_constraint k where k.contype = 'f'
           union all
          select d.objid, d.refobjid, 0::oid, ${packed('d.refobjsubid::int8', letter('d.deptype', 16))}
            from pg_catalog.pg_depend d
           where d.classid = 1259 and d.objsubid = 0 and d.refclassid = 1259 and d.refobjsubid > 0
             and d.objid >= ${firstUserOid} and d.deptype in ('a', 'i') ${apart}) k
    join (select oid, relname, relnamespace from pg_catalog.pg_class where relkind in ('r', 'p', 'f') ${apart}) f
      on f.oid = k.target`;

const sequences = `
  select s.seqrelid, hashtextextended(concat_ws(' ', s.seqtypid, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle), 37), false
    from pg_catalog.pg_sequence s`;

/**
 * Expressions are stored as trees of nodes, in which objects stand by OID. A tree counts as it stands, but for the
 * places in the statement that it was read from; when it depends on objects of its own schema other than its table,
 * their OIDs make it useless for comparison, and the schema has to be spelt. One such case is so common that it is
 * read here: nextval of an own sequence, the default of a serial column.
 */
const trees = (major: number) => `
  select tree.relation, case when sequence.name is null then hashtextextended(${withoutPlaces('tree.text', major)}, tree.seed)
           else hashtextextended(${withoutPlaces(`regexp_replace(tree.text, ':constvalue 4 \\[[^]]*\\]', '')`, major)}, hashnameextended(sequence.name, tree.seed)) end,
         depends.own > 0 and sequence.name is null
    from (select d.adrelid as relation, 2604::oid as class, d.oid, d.adnum::int8 as seed, d.adbin::text as text
            from pg_catalog.pg_attrdef d
           union all
          select k.conrelid, 2606::oid, k.oid, hashnameextended(k.conname, 41), k.conbin::text
            from pg_catalog.pg_constraint k where k.conbin is not null and k.conrelid > 0
           union all
          select i.indrelid, 1259::oid, i.indexrelid, hashnameextended(c.relname, 43),
                 coalesce(i.indexprs::text, '') || ' where ' || coalesce(i.indpred::text, '')
            from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
           where i.indexprs is not null or i.indpred is not null) tree
    cross join lateral (select count(*) as own, min(d.refobjid::int8)::oid as first, min(d.refclassid::int8)::oid as class
        from pg_catalog.pg_depend d
       where d.classid = tree.class and d.objid = tree.oid and d.refobjid >= ${firstUserOid} and d.refobjid <> tree.relation) depends
    left join lateral (select s.relname as name from pg_catalog.pg_class s
        join pg_catalog.pg_class c on c.oid = tree.relation and c.relnamespace = s.relnamespace
       where s.oid = depends.first and s.relkind = 'S' and depends.own = 1 and depends.class = 1259
         and tree.text like '%:consttype 2205 %'
         and strpos(substr(tree.text, strpos(tree.text, ':constvalue ') + 1), ':constvalue ') = 0) sequence on true`;

/** Views and other rules, triggers, policies, partitions, heirs, foreign tables: always spelt. And what has no columns. */
const unspelt = `
  select ev_class, 0, true from pg_catalog.pg_rewrite where oid >= ${firstUserOid}
   union all
  select tgrelid, 0, true from pg_catalog.pg_trigger where not tgisinternal or tgenabled <> 'O'
   union all
  select polrelid, 0, true from pg_catalog.pg_policy
   union all
  select partrelid, 0, true from pg_catalog.pg_partitioned_table
   union all
  select inhrelid, 0, true from pg_catalog.pg_inherits
   union all
  select ftrelid, 0, true from pg_catalog.pg_foreign_table
   union all
  select oid, 0, false from pg_catalog.pg_class where relnatts = 0 and relkind in ('r', 'p', 'v', 'm', 'f', 'c')`;

/** PostgreSQL 17 and later store -1 for each place. */
const withoutPlaces = (tree: string, major: number) =>
  major >= 17
    ? tree
    : `array_to_string(array(select ltrim(piece, '-0123456789') from unnest(string_to_array(${tree}, ':location ')) piece), '')`;

/**
 * Which of the schemas $1 have something that belongs to no relation: types, functions, operators and the like. They
 * have to be spelt.
 */
export const unspeltStatement = `
  select n.nspname::text as schema from pg_catalog.pg_namespace n
   where n.nspname = any($1::text[]) and n.oid in (
     select typnamespace from pg_catalog.pg_type where oid >= ${firstUserOid} and typtype in ('e', 'd', 'r')
      union select typnamespace from pg_catalog.pg_type where oid >= ${firstUserOid} and typtype = 'b' and typelem = 0
      union select pronamespace from pg_catalog.pg_proc where oid >= ${firstUserOid}
      union select stxnamespace from pg_catalog.pg_statistic_ext
      union select collnamespace from pg_catalog.pg_collation where oid >= ${firstUserOid}
      union select connamespace from pg_catalog.pg_conversion where oid >= ${firstUserOid}
      union select oprnamespace from pg_catalog.pg_operator where oid >= ${firstUserOid}
      union select opcnamespace from pg_catalog.pg_opclass where oid >= ${firstUserOid}
      union select opfnamespace from pg_catalog.pg_opfamily where oid >= ${firstUserOid}
      union select cfgnamespace from pg_catalog.pg_ts_config where oid >= ${firstUserOid}
      union select dictnamespace from pg_catalog.pg_ts_dict where oid >= ${firstUserOid}
      union select prsnamespace from pg_catalog.pg_ts_parser where oid >= ${firstUserOid}
      union select tmplnamespace from pg_catalog.pg_ts_template where oid >= ${firstUserOid})`;
