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
  /** Of any size, therefore a text. */
  readonly sum: string;
}

/** Objects below this OID came with PostgreSQL. */
const firstUserOid = 16384;

export interface DigestOptions {
  /**
   * Whether expressions that depend on objects of their own schema are left out: those stand in them by OID, so that
   * schemas with equal ones would have different numbers. Finding them takes longer.
   */
  readonly searching: boolean;
}

/**
 * The statements of the first look, to be asked on as many sessions as there are; their sums are put side by side. $1
 * has the names of schemas, of any number: only catalogues are read. The second one has a row for each schema that exists, and
 * the first one takes as long as the other two.
 * @param major of PostgreSQL: 15
 */
export function digestStatements(major: number, { searching }: DigestOptions): string[] {
  return [
    digestOf([indexes(major), references(major)]),
    relationsAndColumns,
    digestOf([constraints(major), searching ? searchedTrees(major) : trees(major)]),
  ];
}

/** Keeps a subquery apart, so that it is computed once for each of its rows and is narrow when it is joined. */
const apart = 'offset 0';

function digestOf(items: readonly string[]): string {
  return `
    select n.nspname::text as schema, total.sum::text as sum
      from (
        select relation.schema, sum(${mixed('item.hash', 'relation.hash')}) as sum
          from (
            select c.oid, c.relnamespace as schema, hashnameextended(c.relname, c.relkind::int) as hash
              from pg_catalog.pg_class c where c.relkind in (${kinds}) and c.relnamespace in (${asked}) ${apart}
          ) relation
          join (${items.join('\n union all ')}) item (relation, hash) on item.relation = relation.oid
         group by relation.schema
      ) total
      join pg_catalog.pg_namespace n on n.oid = total.schema`;
}

const kinds = `'r', 'p', 'v', 'm', 'f', 'S'`;

const asked = `select oid from pg_catalog.pg_namespace where nspname = any($1::text[])`;

/** A number of two that have nothing to do with each other. */
const mixed = (a: string, b: string) => `hashint4extended(0, ${a} # ${b})`;

/** Fields in one number, each at its place; written so that few functions are called, a million times. */
const packed = (...fields: readonly string[]) => `(${fields.join(' + ')})::int8`;

const bit = (condition: string, place: number) => `case when ${condition} then ${2 ** place} else 0 end`;

/** A "char" of the catalogue: seven bits. */
const letter = (column: string, place: number) =>
  place > 23 ? `(${column}::int::int8 << ${place})` : `(${column}::int << ${place})`;

const hashed = (column: string, seed: string) =>
  `coalesce(hash_array_extended(${column}, ${seed}), ${seed} # 91)`;

/** Own objects by their name, all others by OID. */
const named = (name: string, isOwn: string, oid: string) =>
  `case when ${isOwn} then hashnameextended(${name}, 17) else hashoidextended(${oid}, 18) end`;

/** Identity and generation exclude each other. */
const column = `
  hashnameextended(a.attname, a.atttypmod::int8 # case when a.atttypid < ${firstUserOid} then a.atttypid::int8 << 32
      else (select ${named('t.typname', 't.typnamespace = c.relnamespace', 't.oid')} from pg_catalog.pg_type t where t.oid = a.atttypid) end)
    # (a.attcollation::int8 << 31)
    # ${packed(
      'a.attnum',
      bit('a.attnotnull', 11),
      bit('a.atthasdef', 12),
      letter('a.attstorage', 13),
      `case when a.attidentity = '' and a.attgenerated = '' then 0 else (a.attidentity::int + a.attgenerated::int) << 20 end`,
      `case a.attcompression when '' then 0 when 'l' then ${2 ** 27} else ${2 ** 28} end`,
    )}`;

const relation = `
  hashnameextended(c.relname, (c.relam::int8 << 32) # (c.reltablespace::int8 << 24) # ${packed(
    letter('c.relkind', 0),
    letter('c.relpersistence', 7),
    letter('c.relreplident', 14),
    bit('c.relrowsecurity', 21),
    bit('c.relforcerowsecurity', 22),
    bit('c.relispartition', 23),
  )})
    # case when c.reloptions is null then 0 else hash_array_extended(c.reloptions, 61) end
    # case c.reloftype when 0 then 0 else hashoidextended(c.reloftype, 19) end`;

/**
 * The columns of a table lie together in the index that is read for each table: faster than reading all of
 * pg_attribute, most of which is about indexes and the like.
 */
const relationsAndColumns = `
  select n.nspname::text as schema, coalesce(total.sum, 0)::text as sum
    from pg_catalog.pg_namespace n
    left join (
      select schema, sum(hash) as sum from (
        select c.relnamespace as schema, hash_numeric_extended(
                 case c.relkind when 'S' then 0 else coalesce((select sum(${column}) from pg_catalog.pg_attribute a
                    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), 0) end, ${relation}) as hash
          from pg_catalog.pg_class c where c.relkind in (${kinds}) and c.relnamespace in (${asked})
      ) relations group by schema
    ) total on total.schema = n.oid
   where n.nspname = any($1::text[])`;

/** What an index is made of, by number of column. Expressions and conditions are among the trees. */
const indexes = (major: number) => `
  select i.relation, ${mixed('i.hash', 'c.hash')}
    from (select i.indexrelid, i.indrelid as relation,
                 hashoidvectorextended(i.indclass, hash_array_extended(i.indkey::int2[], hash_array_extended(i.indoption::int2[],
                   hashoidvectorextended(i.indcollation, ${packed(
                     'i.indnkeyatts',
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
    join (select c.oid, hashnameextended(c.relname, 47) # (c.reltablespace::int8 << 32) # ${hashed('c.reloptions', '23')}
                 -- Only some access methods have classes of operators with parameters: no B-tree, no hash.
                 # case when c.relam in (403, 405) then 0 else coalesce((select hashtextextended(string_agg(a.attoptions::text, ' ' order by a.attnum), 53)
                     from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attoptions is not null), 0) end as hash
            from pg_catalog.pg_class c where c.relkind in ('i', 'I') and c.oid >= ${firstUserOid} ${apart}) c on c.oid = i.indexrelid`;

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

/** A primary key is its index, but for being deferrable. */
const constraints = (major: number) => `
  select k.conrelid, hashnameextended(k.conname, ${hashed('k.conkey', `(${constraintFields(major)})`)})
           # case when k.conexclop is null then 0 else ${hashed('k.conexclop', '29')} end
    from pg_catalog.pg_constraint k
   where k.contype <> 'f' and (k.contype <> 'p' or k.condeferrable) and k.conrelid >= ${firstUserOid} and ${constraintThatCounts}`;

/** Numbers of 64 bits go into seeds, where all their bits count. */
const sequenceHash = ['s.seqstart', 's.seqincrement', 's.seqmin', 's.seqmax', 's.seqcache'].reduce(
  mixed,
  `hashoidextended(s.seqtypid, ${packed('coalesce(d.refobjsubid, 0)', bit('s.seqcycle', 12), bit("d.deptype = 'i'", 13))})`,
);

/**
 * What names another table: foreign keys, and sequences that belong to a column; PostgreSQL keeps those in the schema
 * of the table.
 */
const references = (major: number) => `
  select k.relation, k.hash # case when k.target is null then 0
           else ${named('f.relname', 'f.relnamespace = k.schema or k.schema = 0', 'k.target')} end
    from (select k.conrelid as relation, k.confrelid as target, k.connamespace as schema,
                 hashnameextended(k.conname, ${hashed('k.confkey', hashed('k.conkey', `(${constraintFields(major)})`))}
                   ${major >= 15 ? `# case when k.confdelsetcols is null then 0 else ${hashed('k.confdelsetcols', '31')} end` : ''}) as hash
            from pg_catalog.pg_constraint k where k.contype = 'f'
           union all
          select s.seqrelid, d.refobjid, 0::oid,
                 ${sequenceHash}
            from pg_catalog.pg_sequence s
            left join pg_catalog.pg_depend d on d.objid = s.seqrelid and d.classid = 1259 and d.objsubid = 0
                 and d.refclassid = 1259 and d.refobjsubid > 0 and d.deptype in ('a', 'i') ${apart}) k
    left join (select oid, relname, relnamespace from pg_catalog.pg_class where relkind in ('r', 'p', 'f') ${apart}) f
      on f.oid = k.target`;

/**
 * Expressions are stored as trees of nodes, in which objects stand by OID. A tree counts as it stands, but for the
 * places in the statement that it was read from.
 */
const treesOf = `
  select d.adrelid as relation, 2604::oid as class, d.oid, d.adnum::int8 as seed, d.adbin::text as text
    from pg_catalog.pg_attrdef d
   union all
  select k.conrelid, 2606::oid, k.oid, hashnameextended(k.conname, 41), k.conbin::text
    from pg_catalog.pg_constraint k where k.conbin is not null and k.conrelid > 0
   union all
  select i.indrelid, 1259::oid, i.indexrelid,
         (select hashnameextended(c.relname, 43) from pg_catalog.pg_class c where c.oid = i.indexrelid),
         coalesce(i.indexprs::text, '') || ' where ' || coalesce(i.indpred::text, '')
    from pg_catalog.pg_index i
   where i.indexprs is not null or i.indpred is not null`;

/**
 * The default of a serial column, nextval of a sequence, is so common that its sequence is looked up; its OID is the
 * only constant of such a tree.
 */
const isNextval = `tree.text like '{FUNCEXPR :funcid 480 %:consttype 2205 %'
             and strpos(substr(tree.text, strpos(tree.text, ':constvalue ') + 1), ':constvalue ') = 0`;

/** The sequence that a tree depends on, when it is one of its own schema. */
const ownSequence = `
      select s.relname as name from pg_catalog.pg_depend d
        join pg_catalog.pg_class s on s.oid = d.refobjid and s.relkind = 'S'
        join pg_catalog.pg_class c on c.oid = tree.relation and c.relnamespace = s.relnamespace
       where d.classid = tree.class and d.objid = tree.oid and d.refclassid = 1259 and d.refobjid <> tree.relation`;

const treeHash = (major: number) => `
         case when sequence.name is null then hashtextextended(${withoutPlaces('tree.text', major)}, tree.seed)
              else hashtextextended(${withoutPlaces(`regexp_replace(tree.text, ':constvalue 4 \\[[^]]*\\]', '')`, major)}, hashnameextended(sequence.name, tree.seed)) end`;

const trees = (major: number) => `
  select tree.relation, ${treeHash(major)}
    from (${treesOf}) tree
    cross join lateral (select case when ${isNextval} then (${ownSequence}) end as name) sequence`;

/** Only what depends on no objects of its own schema, other than its table and a sequence. The rest has to be spelt. */
const searchedTrees = (major: number) => `
  select tree.relation, ${treeHash(major)}
    from (${treesOf}) tree
    cross join lateral (select case when ${isNextval} then (${ownSequence}) end as name) sequence
   where sequence.name is not null or not ${dependsOnOwn}`;

const dependsOnOwn = `exists (
     select from pg_catalog.pg_depend d
      where d.classid = tree.class and d.objid = tree.oid and d.refobjid >= ${firstUserOid} and d.refobjid <> tree.relation)`;

/** PostgreSQL 17 and later store -1 for each place. */
const withoutPlaces = (tree: string, major: number) =>
  major >= 17
    ? tree
    : `array_to_string(array(select ltrim(piece, '-0123456789') from unnest(string_to_array(${tree}, ':location ')) piece), '')`;

/**
 * Which of the schemas $1 have something that has no number: views and other rules, triggers, policies, partitions,
 * heirs, foreign tables; types, functions and whatever else belongs to no relation. They have to be spelt.
 */
export const unspeltStatement = `
  select n.nspname::text as schema from pg_catalog.pg_namespace n
   where n.nspname = any($1::text[]) and n.oid in (
     select c.relnamespace from pg_catalog.pg_class c where c.oid in (
       select ev_class from pg_catalog.pg_rewrite where oid >= ${firstUserOid}
        union all select tgrelid from pg_catalog.pg_trigger where not tgisinternal or tgenabled <> 'O'
        union all select polrelid from pg_catalog.pg_policy
        union all select partrelid from pg_catalog.pg_partitioned_table
        union all select inhrelid from pg_catalog.pg_inherits
        union all select ftrelid from pg_catalog.pg_foreign_table)
      union all select typnamespace from pg_catalog.pg_type where oid >= ${firstUserOid}
             and (typtype in ('e', 'd', 'r') or (typtype = 'b' and typelem = 0))
      union all select pronamespace from pg_catalog.pg_proc where oid >= ${firstUserOid}
      union all select stxnamespace from pg_catalog.pg_statistic_ext
      union all select collnamespace from pg_catalog.pg_collation where oid >= ${firstUserOid}
      union all select connamespace from pg_catalog.pg_conversion where oid >= ${firstUserOid}
      union all select oprnamespace from pg_catalog.pg_operator where oid >= ${firstUserOid}
      union all select opcnamespace from pg_catalog.pg_opclass where oid >= ${firstUserOid}
      union all select opfnamespace from pg_catalog.pg_opfamily where oid >= ${firstUserOid}
      union all select cfgnamespace from pg_catalog.pg_ts_config where oid >= ${firstUserOid}
      union all select dictnamespace from pg_catalog.pg_ts_dict where oid >= ${firstUserOid}
      union all select prsnamespace from pg_catalog.pg_ts_parser where oid >= ${firstUserOid}
      union all select tmplnamespace from pg_catalog.pg_ts_template where oid >= ${firstUserOid})`;

/** Which of the schemas $1 have expressions that depend on objects of their own. They have to be spelt as well. */
export const ownExpressionsStatement = `
  select distinct n.nspname::text as schema
    from (${treesOf}) tree
    join pg_catalog.pg_class c on c.oid = tree.relation
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    cross join lateral (select case when ${isNextval} then (${ownSequence}) end as name) sequence
   where n.nspname = any($1::text[]) and sequence.name is null and ${dependsOnOwn}`;
