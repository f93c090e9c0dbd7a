/** What the catalogue says about one schema, without the schema's name: two tenants at the same head are equal. */

export interface StructureColumn {
  readonly name: string;
  /** As PostgreSQL writes it, with its length or precision: `character varying(100)`. */
  readonly type: string;
  readonly notNull: boolean;
  /** The default's expression, `generated …` or `identity …`; undefined: none. */
  readonly value: string | undefined;
}

export interface StructureConstraint {
  readonly name: string;
  /** As pg_get_constraintdef writes it, with the schema's own name left out. */
  readonly definition: string;
  readonly validated: boolean;
}

export interface StructureIndex {
  readonly name: string;
  /** As pg_get_indexdef writes it, with the schema's own name left out. */
  readonly definition: string;
  /** False: CREATE INDEX CONCURRENTLY has failed half-way; PostgreSQL does not use it. */
  readonly valid: boolean;
}

export interface StructureTable {
  /** Sorted by name: physical order tells of history, not of structure. */
  readonly columns: readonly StructureColumn[];
  readonly constraints: readonly StructureConstraint[];
  readonly indexes: readonly StructureIndex[];
}

export interface Structure {
  readonly tables: ReadonlyMap<string, StructureTable>;
  /** Everything else, one line each, sorted: `sequence orders_order_id_seq …`, `view …`, `trigger …`, `type …`. */
  readonly others: readonly string[];
}

/** Schemas that cannot be told apart by their structure. */
export interface StructureGroup {
  /** Short and stable: equal for equal structures, in every run and database. */
  readonly id: string;
  readonly schemas: readonly string[];
  readonly structure: Structure;
}
