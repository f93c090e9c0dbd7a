/** The kinds of migrations in the zoo, each with a trace that it leaves in a tenant or in the shared schema. */

export interface Kind {
  readonly kind: string;
  /** `app.name`. */
  readonly migration: string;
  /** A line of what is there afterwards and was not before (see `linesOf`). */
  readonly trace: RegExp;
  /** Django 5 brought it. */
  readonly new?: true;
}

export const kinds: readonly Kind[] = [
  kind('RunPython beside a new column', 'data.0002_run_python', /rows data_note .*"length": 4/),
  kind(
    'what RunPython sees around it',
    'data.0002_run_python',
    /rows data_finding .*"RunPython: search_path"/,
  ),
  kind('content types by historical models', 'data.0003_content_types', /rows data_label .*"data\.label"/),
  kind('RunSQL: parameters', 'data.0004_run_sql', /rows data_note .*!100%/),
  kind('RunSQL: functions', 'data.0004_run_sql', /objects FUNCTION data_shout/),
  kind('RunSQL: views', 'data.0004_run_sql', /objects VIEW data_loud/),
  kind(
    'SeparateDatabaseAndState',
    'data.0005_separate',
    /objects TABLE data_by_hand .*character varying\(30\)/,
  ),
  kind('elidable operations', 'data.0006_elidable', /rows data_finding .*"elidable: /),
  kind('a migration that talks', 'data.0007_prints', /ledger data\.0007_prints/),
  kind('RunPython in the shared schema', 'data.0008_shared_schema', /rows estate_species .*"seen by /),
  kind('RunSQL in the shared schema', 'data.0008_shared_schema', /rows estate_species .*"told by /),
  kind('live models', 'data.0009_live_models', /rows data_(label .*"live"|finding .*"live)/),
  kind(
    'what a migration leaves behind',
    'data.0010_session',
    /rows data_finding .*"(left on|language|time zone)/,
  ),
  kind('a changed search path', 'data.0011_search_path', /objects TABLE data_path /),
  kind(
    'operations of the project’s own',
    'data.0012_own_operations',
    /objects (VIEW data_paths|INDEX data_path_size_own) /,
  ),

  kind('AddIndexConcurrently', 'unatomic.0002_index_concurrently', /objects INDEX unatomic_herd_name /),
  kind('not atomic, in steps', 'unatomic.0003_steps', /rows unatomic_herd .*"rank": 18/),
  kind(
    'transactions around RunPython',
    'unatomic.0003_steps',
    /rows data_finding .*"(not atomic|atomic in a migration that is not): /,
  ),
  kind('ValidateConstraint', 'unatomic.0004_validate', /objects TABLE unatomic_herd .*unatomic_herd_size_ok/),
  kind(
    'NOT VALID',
    'unatomic.0004_validate',
    /objects CHECK CONSTRAINT unatomic_herd unatomic_herd_rank_ok .*NOT VALID/,
  ),
  kind('outside of transactions', 'unatomic.0005_outside', /objects INDEX unatomic_herd_once /),
  kind('transaction.on_commit', 'unatomic.0006_on_commit', /rows data_finding .*"on_commit: /),
  kind(
    'after transaction.on_commit',
    'unatomic.0007_committed',
    /rows data_finding .*"rows of on_commit", "value": "8"/,
  ),

  kind('GIN', 'indexes.0002_gin', /objects INDEX indexes_book_tags .*gin/),
  kind(
    'GIN with operator classes',
    'indexes.0002_gin',
    /objects INDEX indexes_book_(data|fuzzy) .*(jsonb_path_ops|gin_trgm_ops)/,
  ),
  kind('partial index', 'indexes.0003_partial', /objects INDEX indexes_book_lent .*INCLUDE.*WHERE/),
  kind('index of an expression', 'indexes.0003_partial', /objects INDEX indexes_book_lower .*lower/),
  kind('RenameIndex', 'indexes.0004_rename_index', /objects INDEX indexes_book_by_title /),
  kind('RenameIndex from index_together', 'indexes.0004_rename_index', /objects INDEX indexes_shelf_place /),
  kind('BRIN, hash, GiST', 'indexes.0005_methods', /objects INDEX indexes_book_(brin|hash|gist|btree) /),
  kind(
    'AlterUniqueTogether',
    'indexes.0006_together',
    /objects CONSTRAINT indexes_shelf indexes_shelf_row_label_/,
  ),
  kind('db_index', 'indexes.0006_together', /objects INDEX indexes_shelf_label_.*_like /),

  kind(
    'exclusion constraint',
    'constraints.0002_exclusion',
    /objects CONSTRAINT constraints_booking constraints_booking_overlap .*EXCLUDE/,
  ),
  kind(
    'check constraint',
    'constraints.0003_check',
    /objects TABLE constraints_booking .*constraints_booking_price/,
  ),
  kind('unique constraint: partial', 'constraints.0004_unique', /objects INDEX constraints_booking_live /),
  kind(
    'unique constraint: deferred',
    'constraints.0004_unique',
    /objects CONSTRAINT constraints_booking constraints_booking_late .*DEFERRABLE/,
  ),
  kind(
    'unique constraint: of an expression',
    'constraints.0004_unique',
    /objects INDEX constraints_booking_lower /,
  ),
  kind(
    'unique_together',
    'constraints.0004_unique',
    /objects CONSTRAINT constraints_line constraints_line_booking_id_/,
  ),
  kind(
    'unique=True',
    'constraints.0005_unique_column',
    /objects CONSTRAINT constraints_booking constraints_booking_code_/,
  ),

  kind('AddField with a default', 'columns.0002_add', /rows columns_thing .*"required": 42/),
  kind('AddField of many types', 'columns.0002_add', /objects TABLE columns_thing .*blob bytea NOT NULL/),
  kind('a type in the tenant’s schema', 'columns.0003_custom_types', /objects TYPE columns_mood /),
  kind(
    'a type in the shared schema',
    'columns.0003_custom_types',
    /objects TABLE columns_thing .*public\.citext/,
  ),
  kind('AlterField: types', 'columns.0004_alter', /objects TABLE columns_thing .*digits integer/),
  kind('AlterField: not null', 'columns.0004_alter', /rows columns_thing .*"filled": "filled"/),
  kind(
    'BigAutoField of an identity',
    'columns.0005_auto',
    /objects TABLE columns_identity .*id bigint NOT NULL/,
  ),
  kind('BigAutoField of a serial', 'columns.0005_auto', /objects TABLE columns_serial .*id bigint NOT NULL/),
  kind('foreign keys to them', 'columns.0005_auto', /objects TABLE columns_child .*serial_id bigint/),
  kind(
    'RenameField, db_column, RemoveField',
    'columns.0006_rename',
    /objects TABLE columns_thing .*called character varying/,
  ),
  kind(
    'comments',
    'columns.0006_rename',
    /objects COMMENT (TABLE columns_thing|COLUMN columns_thing\.noted) /,
  ),

  {
    ...kind('db_default', 'modern.0002_db_default', /objects TABLE modern_parcel .*height integer DEFAULT 3/),
    new: true,
  },
  {
    ...kind(
      'GeneratedField',
      'modern.0003_generated',
      /objects TABLE modern_(parcel|sticker) .*GENERATED ALWAYS/,
    ),
    new: true,
  },
  {
    ...kind(
      'nulls_distinct',
      'modern.0004_nulls',
      /objects (CONSTRAINT modern_parcel|INDEX) modern_parcel_code .*NULLS NOT DISTINCT/,
    ),
    new: true,
  },

  kind('RenameModel', 'naming.0002_rename_model', /objects TABLE naming_beast /),
  kind('RenameModel: many-to-many', 'naming.0002_rename_model', /rows naming_beast_rangers .*"beast_id": 1/),
  kind('RenameModel: content types', 'naming.0002_rename_model', /rows django_content_type "naming\.beast"/),
  kind(
    'renamed twice',
    'naming.0003_rename_twice',
    /(objects TABLE naming_ranger|rows naming_ranger|rows django_content_type "naming\.ranger")/,
  ),
  kind('AlterModelTable', 'naming.0004_table', /objects TABLE naming_flora /),
  kind('AlterOrderWithRespectTo', 'naming.0004_table', /objects TABLE naming_pen .*_order/),
  kind(
    'AlterModelOptions: permissions',
    'naming.0005_options',
    /rows auth_permission .*(feed_beast|water_plant)/,
  ),
  kind(
    'proxy and unmanaged models',
    'naming.0006_proxy',
    /rows (django_content_type|auth_permission) "naming\.(pet|weather)/,
  ),

  kind(
    'foreign key into the shared schema',
    'relations.0002_shared_foreign_key',
    /objects FK CONSTRAINT relations_author relations_author_species_id_.*public\.estate_species/,
  ),
  kind(
    'many-to-many into the shared schema',
    'relations.0002_shared_foreign_key',
    /objects TABLE relations_author_seen /,
  ),
  kind('rows that point there', 'relations.0003_shared_rows', /rows relations_author_seen /),
  kind('many-to-many', 'relations.0004_many_to_many', /objects TABLE relations_author_tags /),
  kind(
    'many-to-many through',
    'relations.0004_many_to_many',
    /objects CONSTRAINT relations_friendship relations_friends_once /,
  ),
  kind(
    'foreign key to itself',
    'relations.0005_foreign_keys',
    /objects FK CONSTRAINT relations_author relations_author_mentor_id_/,
  ),
  kind(
    'foreign key to one-to-one',
    'relations.0005_foreign_keys',
    /objects CONSTRAINT relations_author relations_author_home_id_.*_uniq/,
  ),
  kind('inherited model', 'relations.0005_foreign_keys', /objects TABLE relations_writer /),

  kind('swapped user model', 'people.0002_swapped', /objects FK CONSTRAINT people_badge .*people_person/),
  kind('rows of the swapped user model', 'people.0003_people', /rows people_badge .*"number": 7/),
  kind('an app in both kinds of schema', 'both.0002_in_both', /rows both_notice .*"opened"/),
  kind('migrations of the shared apps', 'estate.0002_shared', /ledger estate\.0002_shared/),
  kind('run_before', 'early.0001_initial', /rows late_visit .*early has 0/),
  kind('squash: none applied', 'squash_none.0001_squashed_0003_size', /ledger squash_none\.0002_colour/),
  kind('squash: some applied', 'squash_some.0001_squashed_0003_size', /ledger squash_some\.0003_size/),
  kind('squash: all applied', 'squash_all.0001_squashed_0003_size', /ledger squash_all\.0001_squashed/),
  kind('routers', 'routed.0002_routers', /rows routed_shown .*"by (Python|SQL)"/),
  kind('migrations of a package', 'taggit.0001_initial', /objects TABLE taggit_taggeditem /),
  kind('signals', 'watch', /rows estate_journal .*(pre|post)_migrate/),
  kind('signals of django-tenants', 'watch', /rows estate_journal .*schema_migrated/),

  kind(
    'django-pgtrigger: triggers',
    'packaged.0002_trigger',
    /objects TRIGGER packaged_account pgtrigger_keep/,
  ),
  kind(
    'django-pgtrigger: a column under a trigger',
    'packaged.0003_column_under_trigger',
    /objects TABLE packaged_account .*balance bigint/,
  ),
  kind(
    'django-pgtrigger: a trigger less',
    'packaged.0004_trigger_gone',
    /ledger packaged\.0004_trigger_gone/,
  ),
  kind(
    'django-add-default-value',
    'packaged.0005_default_value',
    /objects TABLE packaged_account .*rate integer DEFAULT 7/,
  ),
  kind('django-pghistory', 'packaged.0006_history', /objects TABLE packaged_accountevent /),
  kind('rows under triggers', 'packaged.0007_rows', /rows packaged_accountevent .*"ben"/),
];

function kind(name: string, migration: string, trace: RegExp): Kind {
  return { kind: name, migration, trace };
}
