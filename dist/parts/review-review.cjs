var __create = Object.create;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __getProtoOf = Object.getPrototypeOf;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toESM = (mod, isNodeMode, target) => (target = mod != null ? __create(__getProtoOf(mod)) : {}, __copyProps(
  // If the importer is in node compatibility mode or this is not an ESM
  // file that has been converted to a CommonJS file using a Babel-
  // compatible transform (i.e. "__esModule" has not been set), then set
  // "default" to the CommonJS "module.exports" for node compatibility.
  isNodeMode || !mod || !mod.__esModule ? __defProp(target, "default", { value: mod, enumerable: true }) : target,
  mod
));
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);
var stdin_exports = {};
__export(stdin_exports, {
  fleetFields: () => fleetFields,
  migrateSchemas: () => migrateSchemas2
});
module.exports = __toCommonJS(stdin_exports);
var import_migrations_old_code = require("./migrations-old-code.cjs");
var import_database_structure_definitions = require("./database-structure-definitions.cjs");
var import_health_check = require("./health-check.cjs");
var import_django_python_files = require("./django-python-files.cjs");
var import_report_github = require("./report-github.cjs");
var import_yaml = require("./yaml.cjs");
var import_health_http = require("./health-http.cjs");
var import_machine_local = require("./machine-local.cjs");
var import_actions_way = require("./actions-way.cjs");
var import_diagnosis_container_rules = require("./diagnosis-container-rules.cjs");
var import_report_markdown = require("./report-markdown.cjs");
var import_database_verdict = require("./database-verdict.cjs");
var import_database_url = require("./database-url.cjs");
var import_step_fields = require("./step-fields.cjs");
var import_zod = require("./zod.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_node_util = require("node:util");
var import_node_os = require("node:os");
var import_promises = require("node:timers/promises");
var import_promises2 = require("node:timers/promises");
var import_promises3 = require("node:fs/promises");
var import_node_path = require("node:path");
var import_node_path2 = require("node:path");
var import_node_path3 = require("node:path");
//! src/database/structure-owners.ts
function readForeignTables(database, schemas) {
  return database.query(statement, [schemas]);
}
var statement = `
  select n.nspname::text as schema,
         array_agg(distinct pg_catalog.pg_get_userbyid(c.relowner)::text) as owners,
         array_agg(c.relname::text order by c.relname) as tables
    from pg_catalog.pg_namespace n
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
   where n.nspname = any($1::text[]) and c.relowner in (
           select oid from pg_catalog.pg_roles where not pg_catalog.pg_has_role(oid, 'USAGE'))
   group by n.nspname
   order by n.nspname`;
//! src/database/catalog.ts
var schemasPerStatement = 500;
var tableKinds = `('r', 'p', 'v', 'm', 'f')`;
async function allSchemas(database) {
  const rows2 = await database.query(
    `select nspname::text as schema from pg_namespace
      where nspname !~ '^pg_' and nspname <> 'information_schema'
      order by nspname`
  );
  return rows2.map(({ schema }) => schema);
}
async function tablesBySchema(database, schemas) {
  const found3 = /* @__PURE__ */ new Map();
  for (let start = 0; start < schemas.length; start += schemasPerStatement) {
    const rows2 = await database.query(
      `select n.nspname::text as schema,
              coalesce(array_agg(c.relname::text order by c.relname) filter (where c.oid is not null), '{}') as tables
         from pg_namespace n
         left join pg_class c on c.relnamespace = n.oid and c.relkind in ${tableKinds}
        where n.nspname = any($1::text[])
        group by n.nspname`,
      [schemas.slice(start, start + schemasPerStatement)]
    );
    for (const { schema, tables } of rows2) found3.set(schema, new Set(tables));
  }
  return found3;
}
//! src/django/initial-tables.ts
var standing = (0, import_zod.object)({
  migration: (0, import_zod.string)(),
  /** In Django's sense: `--fake-initial` looks at it. */
  initial: (0, import_zod.boolean)(),
  /** Tables, and columns as `table.column`, that the routers let it make in the shared schema. */
  makes: (0, import_zod.array)((0, import_zod.string)()),
  /** Those of them that are there, by name. */
  present: (0, import_zod.array)((0, import_zod.string)()),
  /** Django's own word: `--fake-initial` would record it. */
  faked: (0, import_zod.boolean)()
});
var rows = (0, import_zod.array)((0, import_zod.record)((0, import_zod.string)(), (0, import_zod.unknown)()));
var span = (0, import_zod.object)({ before: (0, import_zod.number)(), after: (0, import_zod.number)() });
var comparison = (0, import_zod.object)({
  /** Why not everything that would be recorded could be seen. */
  failure: (0, import_zod.string)().nullable(),
  /** What the migrations changed outside of the scratch schema, as `schema.table`; rolled back like the rest. */
  outside: (0, import_zod.array)((0, import_zod.string)()),
  /** The name of the scratch schema, which is gone. */
  scratch: (0, import_zod.string)(),
  /** The shared schema. */
  real: rows,
  /** The scratch schema at several moments. */
  snapshots: (0, import_zod.array)(rows),
  /** Before and after each migration that `--fake-initial` would record. */
  steps: (0, import_zod.array)(
    span.extend({
      migration: (0, import_zod.string)(),
      /** Tables into which it puts rows, and which are empty in the shared schema. */
      unfilled: (0, import_zod.array)((0, import_zod.string)())
    })
  ),
  /** Before and after all that is pending; null when that could not be run to its end. */
  end: span.nullable(),
  endFailure: (0, import_zod.string)().nullable(),
  endUnfilled: (0, import_zod.array)((0, import_zod.string)()),
  /** Later migrations of the project that work on rows: nothing shows whether they have run. */
  rowsUnknown: (0, import_zod.array)((0, import_zod.string)())
});
var initialTablesShape = (0, import_zod.object)({
  /** Pending migrations that make tables or columns, in Django's order. */
  standing: (0, import_zod.array)(standing),
  /** Only when it was asked for and something is there already. */
  comparison: (0, import_zod.union)([comparison, (0, import_zod.object)({ impossible: (0, import_zod.string)() })]).nullable()
});
//! src/migrations/fake-initial-verdict.ts
function verdictOn(standing2, compared, pending) {
  const { report } = compared;
  if (report.outside.length > 0) {
    return unproven([`the migrations change ${report.outside.join(", ")}, which is not theirs to make`]);
  }
  const initial = objectionsToInitial(standing2, compared);
  if (initial.lines.length === 0) {
    return { fake: report.steps.map(({ migration: migration2 }) => migration2), flag: "--fake-initial" };
  }
  const whole = objectionsToAll(compared);
  if (whole.lines.length === 0) return { fake: pending, flag: "--fake" };
  return easierOf(initial, whole, report);
}
function objectionsToInitial(standing2, compared) {
  const { report, real, snapshots } = compared;
  const against = "each of its initial migrations makes";
  if (report.failure !== null) return unproven([report.failure]);
  const halves = standing2.filter(({ initial, faked, present }) => initial && !faked && present.length > 0).map(({ migration: migration2, makes, present }) => `${migration2}: ${halfOf(makes, present)}`);
  const later = standing2.filter(({ initial, present }) => !initial && present.length > 0).map(
    ({ migration: migration2, present }) => `${migration2}: ${present.join(", ")} is there, and it would make it again`
  );
  const different = report.steps.flatMap(({ migration: migration2, before, after, unfilled }) => [
    ...found(snapshots[before], snapshots[after], real).map((line) => `${migration2}: ${line}`),
    ...unfilled.map((table2) => `${migration2}: it puts rows into ${table2}, which is empty`)
  ]);
  return { kind: "differ", lines: [...halves, ...different, ...later], against };
}
function halfOf(makes, present) {
  const missing = makes.filter((name) => !present.includes(name));
  return `${present.join(", ")} ${present.length === 1 ? "is" : "are"} there, ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing`;
}
function objectionsToAll({ report, real, snapshots }) {
  if (report.end === null) return unproven([report.endFailure ?? "the pending migrations did not run"]);
  const { before, after } = report.end;
  const lines2 = [
    ...found(snapshots[before], snapshots[after], real),
    ...report.endUnfilled.map((table2) => `the migrations put rows into ${table2}, which is empty`)
  ];
  if (lines2.length > 0) return { kind: "differ", lines: lines2, against: "its pending migrations make together" };
  return unproven(
    report.rowsUnknown.map(
      (migration2) => `nothing in the catalogue tells whether ${migration2}, which works on rows, has run`
    )
  );
}
function unproven(lines2) {
  return { kind: "unproven", lines: lines2, against: "" };
}
function easierOf(initial, whole, { end: end2 }) {
  if (end2 === null) return initial;
  if (whole.kind === "unproven") return whole;
  return whole.lines.length < initial.lines.length ? whole : initial;
}
function found(before, after, real) {
  if (before === void 0 || after === void 0) throw new Error("a snapshot is missing");
  const made = madeBetween(before, after);
  const lines2 = (0, import_database_structure_definitions.differences)(made, counterpart(made, real));
  return [
    ...lines2.map((line) => line.replace("that others do not have", "that no migration makes")),
    ...unusualIn(made, real)
  ];
}
function madeBetween(before, after) {
  const known = new Set(before.others);
  return {
    tables: new Map(
      [...after.tables].filter(([name, table2]) => !(0, import_node_util.isDeepStrictEqual)(table2, before.tables.get(name)))
    ),
    others: after.others.filter((line) => !known.has(line))
  };
}
function counterpart(made, real) {
  const wanted = new Set(made.others);
  return {
    tables: new Map([...real.tables].filter(([name]) => made.tables.has(name))),
    others: real.others.filter((line) => wanted.has(line))
  };
}
function unusualIn(made, real) {
  const wanted = new Set(made.others);
  const names = [...made.tables.keys()].map(asIdentifier);
  return real.others.filter((line) => !wanted.has(line) && names.some((name) => isUnusual(line, name))).map((line) => `has ${line}`);
}
function isUnusual(line, table2) {
  return line === `unlogged table ${table2}` || line.startsWith(`partition key of ${table2}: `) || line.startsWith(`parents of ${table2}: `) || line.startsWith("disabled triggers of constraint ") && line.endsWith(` on ${table2}`);
}
function asIdentifier(name) {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
//! src/migrations/fake-initial.ts
var patience = 15 * 6e4;
var nothing = { fake: [], flag: void 0 };
async function judgeInitial(discovery, { project, database, signal, log, policy }) {
  const since = performance.now();
  const schema = discovery.publicSchema;
  if (!await mayHaveTablesUnknown(discovery, database)) return nothing;
  const { standing: standing2, comparison: comparison2 } = await (0, import_django_python_files.probe)(
    project,
    "initial_tables",
    {
      request: { compare: policy !== "never", ...questions(schema) },
      answer: initialTablesShape
    },
    { timeout: patience, signal, applicationName: "initial tables" }
  );
  const there = standing2.filter(({ initial, present }) => initial && present.length > 0);
  if (there.length === 0) return nothing;
  if (policy === "never") throw tablesExist(schema, there);
  const verdict2 = judge2(standing2, comparison2, pendingInShared(discovery));
  if ("lines" in verdict2) throw initialRefusal(schema, there, verdict2);
  log.step(
    "Compared",
    `${schema} has the tables of ${(0, import_ground_words.listed)(verdict2.fake, 5)} exactly as they would be made: recorded without running`,
    performance.now() - since
  );
  return verdict2;
}
async function mayHaveTablesUnknown(discovery, database) {
  const { publicSchema, groups } = discovery;
  const group2 = groups.find(({ schemas }) => schemas.includes(publicSchema));
  if (group2 === void 0 || group2.inconsistent !== null) return false;
  if (!group2.pending.some((migration2) => /\.0001_|initial/.test(migration2))) return false;
  const promised = group2.expects.find(({ kind }) => kind === "shared")?.columns ?? {};
  const known = /* @__PURE__ */ new Set([...Object.keys(promised), "django_migrations"]);
  const tables = (await tablesBySchema(database, [publicSchema])).get(publicSchema) ?? /* @__PURE__ */ new Set();
  return [...tables].some((table2) => !known.has(table2));
}
function pendingInShared({ publicSchema, groups }) {
  return groups.find(({ schemas }) => schemas.includes(publicSchema))?.pending ?? [];
}
function judge2(standing2, comparison2, pending) {
  if (comparison2 === null) throw new Error("the tables were not compared");
  if ("impossible" in comparison2) {
    return { kind: "unproven", lines: [comparison2.impossible], against: "" };
  }
  return verdictOn(standing2, structuresOf(comparison2), pending);
}
function questions(schema) {
  const ownPath = "|| ', pg_catalog, pg_temp'";
  if (!import_database_structure_definitions.exactStructureSql.includes(ownPath)) throw new Error("the question has another search path");
  const behind = `"${schema.replaceAll('"', '""')}"`.replaceAll("'", "''");
  return {
    real: import_database_structure_definitions.exactStructureSql,
    scratch: import_database_structure_definitions.exactStructureSql.replace(ownPath, () => `|| ', ${behind}, pg_catalog, pg_temp'`)
  };
}
function structuresOf(report) {
  return { report, real: (0, import_database_structure_definitions.structureOf)(report.real), snapshots: report.snapshots.map(import_database_structure_definitions.structureOf) };
}
function tablesExist(schema, there) {
  return new import_ground_errors.UserError(
    `The shared schema ${schema} has tables that its ledger does not know — ${(0, import_ground_words.listed)(there.map(shown), 3)}`,
    `leave out fake-initial: never, and they are recorded where they are exactly what the migrations make; or record them yourself: ${commands(there)}; nothing was changed`,
    { code: "shared-tables-exist", evidence: there.map(shown).join("\n") }
  );
}
function shown({ migration: migration2, makes, present }) {
  const missing = makes.filter((name) => !present.includes(name));
  return `${migration2} would make ${(0, import_ground_words.listed)(makes, 5)}, ${missing.length === 0 ? "all there" : `of which ${(0, import_ground_words.listed)(missing, 3)} ${missing.length === 1 ? "is" : "are"} missing`}`;
}
function initialRefusal(schema, there, { kind, lines: lines2, against }) {
  const evidence = [...lines2, "", "Tables that are there:", ...there.map(shown)].join("\n");
  if (kind === "unproven") {
    return new import_ground_errors.UserError(
      `Nothing proves that the tables of the shared schema ${schema} are what its pending migrations make — ${(0, import_ground_words.listed)(lines2, 3)}`,
      `look yourself, and if they are, record them: ${commands(there)}; nothing was changed`,
      { code: "shared-tables-unproven", evidence }
    );
  }
  return new import_ground_errors.UserError(
    `The shared schema ${schema} has tables that its ledger does not know, other than what ${against}: ${(0, import_ground_words.counted)(lines2.length, "difference")} — ${(0, import_ground_words.listed)(lines2, 3)}`,
    `make them alike, or deploy first the release that made them; or record them as they are: ${commands(there)}; nothing was changed`,
    { code: "shared-tables-differ", evidence }
  );
}
function commands([first]) {
  const [app = "", name = ""] = first?.migration.split(".") ?? [];
  return `python manage.py migrate_schemas --shared --fake ${app} ${name}`;
}
//! src/migrations/disagreements.ts
var everythingMissing = { tables: ["django_migrations"], columns: [], left: [] };
function* disagreements(discovery, structures, schemas) {
  const kinds = (0, import_database_structure_definitions.kindBySchema)(discovery);
  const groups = new Map(discovery.groups.flatMap((group2) => group2.schemas.map((name) => [name, group2])));
  const found3 = new Map(structures.flatMap((group2) => group2.schemas.map((name) => [name, group2])));
  const judged = /* @__PURE__ */ new Map();
  for (const schema of schemas) {
    const [group2, kind, structure] = [groups.get(schema), kinds.get(schema), found3.get(schema)];
    if (group2?.back == null || kind === void 0 || structure === void 0) {
      yield [schema, everythingMissing];
      continue;
    }
    const key = JSON.stringify([group2.id, structure.id, kind.kind, kind.tenantType]);
    const verdict2 = judged.get(key) ?? compare(group2.back, kind, structure.structure);
    judged.set(key, verdict2);
    yield [schema, verdict2];
  }
}
function compare({ expects, gone }, { kind, tenantType }, structure) {
  const ofKind = (all) => all.find((one) => one.kind === kind && one.tenantType === tenantType);
  const [must, mustNot] = [ofKind(expects), ofKind(gone)];
  return must === void 0 || mustNot === void 0 ? everythingMissing : (0, import_database_structure_definitions.disagreementWith)(must, mustNot, structure);
}
//! src/migrations/undo-plan.ts
function planUndo(discovery, structures, reach) {
  const plan = (0, import_database_structure_definitions.planMigrations)(discovery, structures);
  const { targets = [], migrations = [] } = discovery.back ?? {};
  const running = (0, import_database_structure_definitions.runningIn)(migrations);
  const groups = new Map(discovery.groups.flatMap((group2) => group2.schemas.map((name) => [name, group2])));
  const back = (schema, kind) => {
    const isAsked = reach === "everything" || kind.kind === "tenant";
    const undo = isAsked ? groups.get(schema.schema)?.back?.steps ?? [] : [];
    const pending = undo.flatMap((step) => step.migrations);
    const runs = pending.filter((migration2) => running(migration2, kind));
    return { ...schema, pending, runs, undo, bookkeeping: [], unrecorded: void 0, needsSignal: false };
  };
  const tenants = plan.tenants.map((tenant) => ({
    ...back(tenant, { kind: "tenant", tenantType: tenant.tenantType ?? null }),
    unsure: tenant.unrecorded
  }));
  const unsure = tenants.filter((tenant) => tenant.unsure !== void 0 && tenant.pending.length > 0);
  const going = tenants.filter((tenant) => !unsure.includes(tenant));
  const shared = back(plan.shared, { kind: "shared", tenantType: null });
  const concerned = [shared, ...going].filter(({ pending }) => pending.length > 0);
  const takes = disagreements(
    discovery,
    structures,
    concerned.map(({ schema }) => schema)
  );
  const templates = plan.templates.map((template) => ({
    ...template,
    pending: (template.undo ?? []).flatMap(({ migrations: undone }) => undone)
  }));
  const ahead = reach === "everything" ? [] : templates.filter(({ pending }) => pending.length > 0);
  const judge3 = undoneJudge(discovery, structures);
  return {
    ...plan,
    sharedTrouble: plan.sharedTrouble && judge3(plan.sharedTrouble),
    shared,
    tenants: going.map(({ unsure: _, ...tenant }) => tenant),
    troubled: [
      ...plan.troubled.map(judge3),
      ...unsure.map(
        ({ schema, tenantType, unsure: migration2 = "" }) => (0, import_database_structure_definitions.notRecorded)(schema, tenantType, migration2)
      )
    ],
    templates: reach === "everything" ? templates : [],
    migrations,
    lacking: [],
    back: {
      targets,
      takesAway: [...new Set([...takes].flatMap(([, { left }]) => left))],
      templatesAhead: ahead.map(({ schema }) => schema)
    }
  };
}
function undoneJudge(discovery, structures) {
  const kinds = (0, import_database_structure_definitions.kindBySchema)(discovery);
  return (trouble) => {
    const has = ({ schemas }) => schemas.includes(trouble.schema);
    const first = discovery.groups.find(has)?.back?.first;
    const kind = kinds.get(trouble.schema);
    const found3 = structures.find(has);
    if (trouble.code !== "tenant-tables-missing" || !first || kind === void 0 || found3 === void 0) {
      return trouble;
    }
    const { tables, columns, left } = compare(first, kind, found3.structure);
    return tables.length + columns.length + left.length === 0 ? (0, import_database_structure_definitions.undoneButRecorded)(trouble, first) : trouble;
  };
}
function undoRefusal({ shared, tenants }, facts3, reach) {
  const concerned = [shared, ...tenants];
  const having = (migration2) => concerned.filter(({ pending }) => pending.includes(migration2)).map(({ schema }) => schema);
  const undone = facts3.filter(({ migration: migration2 }) => having(migration2).length > 0);
  const oneWay = undone.find(({ irreversible: irreversible2 }) => irreversible2 !== null);
  if (oneWay !== void 0) {
    const schemas = having(oneWay.migration);
    const needed = `mode: restore with backup-path: (the output of the run that applied it), restore-to: in-place and schemas: ${(0, import_ground_words.listed)(schemas, 3)}`;
    return impossible(
      `${oneWay.migration} cannot be undone — Django knows no way back for “${oneWay.irreversible}”, and it is applied in ${(0, import_ground_words.counted)(schemas.length, "schema")}`,
      `choose a target after it, or go back to a backup from before it: ${needed}`
    );
  }
  const sharedOnly2 = undone.find(({ runsIn }) => runsIn.length > 0 && runsIn.every(isShared));
  if (reach === "everything" || sharedOnly2 === void 0) return void 0;
  return impossible(
    `${sharedOnly2.migration} cannot be undone for some tenants — it runs in the shared schema, which all of them use`,
    "leave schemas out, or choose a target of an app that only tenants have"
  );
}
var isShared = ({ kind }) => kind === "shared";
function impossible(message, hint) {
  return new import_ground_errors.UserError(message, `${hint}; nothing was changed`, { code: "rollback-impossible" });
}
//! src/migrations/undo-proof.ts
function judgeUndone(discovery, structures, { reach, before }) {
  const kinds = (0, import_database_structure_definitions.kindBySchema)(discovery);
  if (reach === "tenants") kinds.delete(discovery.publicSchema);
  const found3 = [...disagreements(discovery, structures, kinds.keys())];
  const incomplete = found3.filter(([, { tables, columns }]) => tables.length + columns.length > 0).map(([schema, { tables, columns }]) => ({ schema, missing: tables, missingColumns: columns }));
  const left = found3.filter(([, disagreement]) => disagreement.left.length > 0);
  const invalidIndexes = (0, import_database_structure_definitions.invalidIndexesOf)(kinds, structures);
  const drift = (0, import_database_structure_definitions.driftOf)(atTarget(discovery), structures, before);
  return {
    schemas: kinds.size + (reach === "tenants" ? 1 : 0),
    tables: [],
    columns: [],
    measure: "promises",
    incomplete,
    invalidIndexes,
    drift,
    compared: before !== void 0,
    targets: discovery.back?.targets ?? [],
    failure: notThere(discovery, structures, reach) ?? missingIn(incomplete) ?? leftIn(left) ?? (0, import_database_structure_definitions.invalidIn)(invalidIndexes) ?? (0, import_database_structure_definitions.driftedIn)(drift)
  };
}
function atTarget(discovery) {
  return {
    ...discovery,
    groups: discovery.groups.map((group2) => ({
      ...group2,
      pending: (group2.back?.steps ?? []).flatMap(({ migrations }) => migrations),
      bookkeeping: []
    }))
  };
}
function notThere(discovery, structures, reach) {
  const plan = planUndo(discovery, structures, reach);
  const [refusal] = [...(0, import_database_structure_definitions.refusals)(plan), ...(0, import_database_structure_definitions.troubles)(plan)];
  if (refusal !== void 0) return refusal;
  const further = [plan.shared, ...plan.tenants, ...plan.templates].filter(
    ({ pending }) => pending.length > 0
  );
  if (further.length === 0) return void 0;
  return notProven(
    `${(0, import_ground_words.counted)(further.length, "schema")} ${further.length === 1 ? "is" : "are"} not at ${(0, import_ground_words.listed)(discovery.back?.targets ?? [])} — ${(0, import_ground_words.listed)(
      further.map(({ schema, pending }) => `${schema} still has ${(0, import_ground_words.listed)(pending, 2)}`),
      3
    )}`,
    "run again; if it has just run, another deployment may have changed the ledger meanwhile"
  );
}
function missingIn(incomplete) {
  if (incomplete.length === 0) return void 0;
  return notProven(
    `${(0, import_ground_words.counted)(incomplete.length, "schema")} ${incomplete.length === 1 ? "lacks" : "lack"} what the migrations up to the target make — ${(0, import_ground_words.listed)(
      incomplete.map(
        ({ schema, missing, missingColumns }) => `${schema} has no ${(0, import_ground_words.listed)([...missing, ...missingColumns.map((name) => `column ${name}`)], 3)}`
      ),
      3
    )}`,
    "the way back of a migration does not bring back what the way there has taken: make it as another tenant has it, or restore these schemas from a backup"
  );
}
function leftIn(left) {
  if (left.length === 0) return void 0;
  return notProven(
    `${(0, import_ground_words.counted)(left.length, "schema")} still ${left.length === 1 ? "has" : "have"} what was undone — ${(0, import_ground_words.listed)(
      left.map(([schema, disagreement]) => `${schema} has ${(0, import_ground_words.listed)(disagreement.left, 3)}`),
      3
    )}`,
    "the ledger says that it is undone, so the next migration would make it again and fail: remove it by hand"
  );
}
function notProven(message, hint) {
  return new import_ground_errors.UserError(message, hint, { code: "rollback-not-proven" });
}
//! src/migrations/undo-standing.ts
function undoStanding(project, discovery, reach) {
  return {
    fleet: atTarget(discovery),
    role: discovery.database.identity.role,
    plan: (structures) => planUndo(discovery, structures, reach),
    prove: (structures, before) => judgeUndone(discovery, structures, { reach, before }),
    isOutdated: async () => false,
    async prepare(plan) {
      const refusal = undoRefusal(plan, discovery.back?.migrations ?? [], reach);
      if (refusal !== void 0) throw refusal;
      const { schema, undo = [] } = plan.shared;
      const shared = {
        recordedOnly: [],
        migrate: (work) => (0, import_database_structure_definitions.undoIn)(schema, undo, { options: { ...work, project }, isShared: true })
      };
      return { shared: undo.length === 0 ? void 0 : shared, superTenant: void 0 };
    }
  };
}
function undoEngine(options, oneAtATime) {
  return {
    migrate: ({ schema, undo = [] }) => (0, import_database_structure_definitions.undoIn)(schema, undo, { options, isShared: false }),
    oneAtATime,
    notes: [],
    close: async () => {
    }
  };
}
//! src/migrations/unknown-outcome.ts
function isUnknownOutcome(error) {
  return error instanceof import_ground_errors.LostConnection || error instanceof import_ground_errors.UserError && error.code === "command-timed-out";
}
async function lookWhatBecame(tenant, error, { project, database, another, standing: standing2 }) {
  const { schema } = tenant;
  let applied;
  try {
    const look2 = async (session) => {
      await (0, import_database_structure_definitions.endSession)(session, (0, import_django_python_files.sessionName)(project, schema));
      return appliedIn(session, schema);
    };
    applied = await look2(database).catch((lost) => {
      if (another === void 0 || !(lost instanceof import_ground_errors.LostConnection)) throw lost;
      return lookAnew(another, look2);
    });
  } catch (unreadable) {
    const why = unreadable instanceof import_ground_errors.LostConnection ? unreadable.observed : (0, import_ground_errors.messageOf)(unreadable);
    const [what, observed] = wordsOf(schema, error);
    throw new import_ground_errors.UserError(
      `${what} — ${observed}; what became of it is not known, because its ledger cannot be read: ${why}`,
      ["run again: the ledger is read first, and it goes on from there", ...standing2].join("; "),
      circumstancesOf(error)
    );
  }
  const judge3 = tenant.undo === void 0 ? whatIsMissing : whatIsLeft;
  const failure = judge3(tenant, applied, error);
  return failure === void 0 ? {} : { failure };
}
function whatIsMissing({ schema, pending }, applied, error) {
  const [what, observed] = wordsOf(schema, error);
  const [next, ...others] = pending.filter((migration2) => !applied.has(migration2));
  if (next === void 0) return void 0;
  const recorded = pending.filter((migration2) => applied.has(migration2));
  const done = recorded.length === 0 ? "" : `${(0, import_ground_words.listed)(recorded, 3)} ${recorded.length === 1 ? "is" : "are"} recorded, `;
  const more = others.length === 0 ? "" : `, nor ${others.length === 1 ? others[0] : "what follows"}`;
  return new import_ground_errors.UserError(
    `${what} — ${observed}; its ledger was read again: ${done}${next} is not${recorded.length === 0 ? " recorded" : ""}${more}`,
    "run again: it goes on from there, or says what was left half done",
    circumstancesOf(error)
  );
}
function whatIsLeft({ schema, pending }, recorded, error) {
  const left = pending.filter((migration2) => recorded.has(migration2));
  if (left.length === 0) return void 0;
  const undone = pending.filter((migration2) => !recorded.has(migration2));
  const observed = error instanceof import_ground_errors.LostConnection ? error.observed : error.message.replaceAll(" — ", ", ");
  return new import_ground_errors.UserError(
    `Going back in tenant ${schema} was cut off — ${observed}; its ledger was read again: ${undone.length === 0 ? "" : `${(0, import_ground_words.listed)(undone, 3)} ${undone.length === 1 ? "is" : "are"} undone, `}${(0, import_ground_words.listed)(left, 3)} ${left.length === 1 ? "is" : "are"} not`,
    "run again: it goes on from there",
    circumstancesOf(error)
  );
}
function circumstancesOf(error) {
  const { code: code2, evidence } = error;
  return { code: code2, cause: error, ...evidence ? { evidence } : {} };
}
async function lookAnew(another, look2) {
  const session = await another();
  try {
    return await look2(session);
  } finally {
    await session.close();
  }
}
function wordsOf(schema, error) {
  if (error instanceof import_ground_errors.LostConnection) return [`The connection was lost in tenant ${schema}`, error.observed];
  return [`Tenant ${schema} was not migrated in time`, error.message.replaceAll(" — ", ", ")];
}
async function appliedIn(database, schema) {
  const ledger = `"${schema.replaceAll('"', '""')}".django_migrations`;
  const [found3] = await database.query("select to_regclass($1) is not null as exists", [
    ledger
  ]);
  if (found3?.exists !== true) return /* @__PURE__ */ new Set();
  const rows2 = await database.query(`select app || '.' || name as name from ${ledger}`);
  return new Set(rows2.map(({ name }) => name));
}
//! src/migrations/django-application.ts
function djangoApplication(project) {
  return {
    async ask(options) {
      const { database, signal, schemas, postMigrate, sql, targets } = options;
      const everything = await (0, import_database_structure_definitions.readStanding)({
        project,
        database,
        signal,
        postMigrate: postMigrate === "auto",
        sql,
        targets
      });
      const discovery = schemas === void 0 ? everything : (0, import_database_structure_definitions.limitedTo)(everything, schemas);
      return targets === void 0 ? standingOf(project, discovery) : undoStanding(project, discovery, schemas === void 0 ? "everything" : "tenants");
    },
    // A lane is a process of Python: worth it from some dozens of tenants on. PostgreSQL gains little from more.
    lanes: (tenants) => Math.min(4, Math.floor(tenants / 50)),
    engine({ plan, structures }, { pending, lanes, work, options }) {
      const sharedTables = [...(0, import_database_structure_definitions.locksOnShared)(plan).keys()];
      if (plan.back !== void 0) return undoEngine({ ...work, project }, sharedTables.length > 0);
      return (0, import_database_structure_definitions.ladder)({
        ...work,
        project,
        choice: options.engine ?? "auto",
        postMigrate: options.postMigrate ?? "auto",
        publicSchema: plan.shared.schema,
        pending,
        lanes,
        structureBefore: new Map(structures.flatMap(({ id, schemas }) => schemas.map((name) => [name, id]))),
        sharedTables
      });
    },
    migrateSchema: (schema, work, undo = []) => undo.length === 0 ? (0, import_database_structure_definitions.migrateTenant)(schema, { ...work, project }) : (0, import_database_structure_definitions.undoIn)(schema, undo, { options: { ...work, project }, isShared: false }),
    record: (schema, migration2, work) => (0, import_database_structure_definitions.recordMigration)(schema, migration2, { ...work, project }),
    lookWhatBecame: (tenant, error, asking) => lookWhatBecame(tenant, error, { ...asking, project }),
    smoke: (command, schema, work) => (0, import_database_structure_definitions.smokeCommand)(project, command, schema, work)
  };
}
function standingOf(project, discovery) {
  return {
    fleet: discovery,
    role: discovery.database.identity.role,
    sql: discovery.sql,
    plan: (structures) => (0, import_database_structure_definitions.planMigrations)(discovery, structures),
    prove: (structures, before) => (0, import_database_structure_definitions.judge)(discovery, structures, before),
    async isOutdated(database, schemas) {
      const known = /* @__PURE__ */ new Set([...discovery.tenants.map(({ schema }) => schema), ...discovery.hiddenTenants]);
      const names = await (0, import_database_structure_definitions.tenantNames)(database, discovery, schemas);
      return names.length > known.size || names.some((name) => !known.has(name));
    },
    async prepare({ shared }, options) {
      const words = (0, import_database_structure_definitions.superTenantWords)(options.superTenantCommand, discovery);
      (0, import_database_structure_definitions.requireSmokeCommands)(options.smokeCommands ?? [], discovery);
      const policy = options.fakeInitial ?? "shared-if-identical";
      const initial = (0, import_database_structure_definitions.needsMigration)(shared) ? await judgeInitial(discovery, { ...options, project, policy }) : void 0;
      return {
        shared: initial && {
          recordedOnly: initial.fake,
          migrate: (work) => (0, import_database_structure_definitions.migrateShared)(shared.schema, { ...work, project }, initial.flag)
        },
        superTenant: words && {
          command: words.join(" "),
          make: (work) => (0, import_database_structure_definitions.makeSuperTenant)(words, { ...work, project })
        }
      };
    }
  };
}
//! src/migrations/application-of.ts
function applicationOf(project) {
  return "tenantQuery" in project ? (0, import_database_structure_definitions.commandApplication)(project) : djangoApplication(project);
}
//! src/migrations/backup.ts
function changedBy({ tenants, templates }) {
  return [
    ...tenants.filter((tenant) => (0, import_database_structure_definitions.needsMigration)(tenant)).map(({ schema }) => schema),
    ...templates.filter(({ exists, pending }) => exists && pending.length > 0).map(({ schema }) => schema)
  ];
}
async function backUpFirst(look2, progress, options, soFar) {
  const { plan, structures } = look2;
  const kept = new Set(progress.backups.flatMap(({ manifest }) => manifest.schemas.map(({ name }) => name)));
  const there = new Set(structures.flatMap(({ schemas: schemas2 }) => schemas2));
  const schemas = changedBy(plan).filter((schema) => !kept.has(schema) && there.has(schema));
  const changesShared = (0, import_database_structure_definitions.needsMigration)(plan.shared) && !kept.has(plan.shared.schema);
  if (options.takeBackup === void 0 || schemas.length === 0 && !changesShared) return;
  const since = performance.now();
  const backup = await options.takeBackup({
    schemas,
    shared: plan.shared.schema,
    structures,
    before: plan.back === void 0 ? "migration" : "rollback"
  }).catch((error) => {
    throw soFar !== void 0 && error instanceof import_ground_errors.UserError ? told(error, soFar) : error;
  });
  if (backup === void 0) return;
  progress.backedUp(backup);
  progress.phase("Backup", since);
}
function told(failure, soFar) {
  return new import_ground_errors.UserError(failure.message, failure.hint.replace("nothing was changed", soFar), {
    code: failure.code,
    cause: failure,
    ...failure.evidence === void 0 ? {} : { evidence: failure.evidence }
  });
}
function backupSentence({ plan }, { takeBackup }) {
  const schemas = changedBy(plan);
  if (takeBackup === void 0 || schemas.length === 0 && !(0, import_database_structure_definitions.needsMigration)(plan.shared)) return void 0;
  return `a backup of ${(0, import_ground_words.counted)(schemas.length + 1, "schema")} would be taken first`;
}
function wayBack(backup, schemas) {
  return [
    "mode: restore",
    `backup-path: ${backup.path}`,
    "restore-to: in-place",
    "schemas: |",
    ...schemas.map((schema) => `  ${schema}`)
  ].join("\n");
}
function withWayBack(failure, progress) {
  const hit = progress.hit;
  const backup = progress.backups.find(
    ({ manifest }) => manifest.schemas.some(({ name }) => hit.includes(name))
  );
  if (backup === void 0) return failure;
  const hint = `${failure.hint}; mode: restore brings back ${(0, import_ground_words.listed)(hit, 3)} from before this run: ${backup.path} on ${backup.place}`;
  return new import_ground_errors.UserError(failure.message, hint, {
    code: failure.code,
    cause: failure.cause,
    ...failure.evidence === void 0 ? {} : { evidence: failure.evidence }
  });
}
//! src/migrations/failed-fleet.ts
function failedBeforehand(plan, limit, soFar) {
  if (plan.troubled.length < limit) return void 0;
  const [first, ...others] = (0, import_database_structure_definitions.troubles)(plan, soFar);
  if (first === void 0 || others.length === 0) return first;
  return new import_ground_errors.UserError(first.message, first.hint, {
    code: first.code,
    evidence: [first, ...others].map(({ message }) => message).join("\n")
  });
}
function fleetFailure(failed, { end: end2, standing: standing2, limit }) {
  const [first] = failed;
  if (first === void 0) return end2 === "time" ? timeIsUp(standing2) : void 0;
  const { failure } = first;
  const stopped = whyStopped(end2, failed.length, limit);
  const hint = [failure.hint, ...stopped, ...standing2].join("; ");
  if (failed.length === 1) {
    const { code: code2, evidence } = failure;
    return new import_ground_errors.UserError(failure.message, hint, {
      code: code2,
      cause: failure,
      ...evidence === void 0 ? {} : { evidence }
    });
  }
  const kinds = failed.map(({ schema, failure: failure2 }) => (0, import_database_structure_definitions.sameFailure)(failure2.message, schema));
  const isOneCode = failed.every((one) => one.failure.code === failure.code);
  return new import_ground_errors.UserError(`${(0, import_database_structure_definitions.failureCountSentence)(kinds)} — ${failure.message}`, hint, {
    code: isOneCode ? failure.code : "tenants-failed",
    cause: failure,
    evidence: failed.map((one) => one.failure.message).join("\n")
  });
}
function whyStopped(end2, failed, limit) {
  if (end2 === "time") return ["stopped, because the time limit is near"];
  return end2 === "failures" && limit > 1 && failed >= limit ? [`stopped at max-failures (${limit})`] : [];
}
function timeIsUp(standing2) {
  return new import_ground_errors.UserError(
    "The time limit is near — the next tenant could not be finished before it",
    ["run again to continue, or raise timeout", ...standing2].join("; "),
    { code: "time-limit-near" }
  );
}
//! src/database/headroom.ts
var connectionFacts = `
  with client as (
    select datid, usesysid from pg_stat_activity
     where datid is not null and usesysid is not null and coalesce(backend_type, 'client backend') = 'client backend'
  )
  select pg_is_in_recovery() as standby,
         current_setting('max_connections')::int as connections,
         (select count(*)::int from client) as used,
         r.rolsuper as superuser,
         current_setting('superuser_reserved_connections')::int as superuser_reserved,
         coalesce(current_setting('reserved_connections', true)::int, 0) as reserved,
         coalesce(pg_has_role(r.oid, to_regrole('pg_use_reserved_connections')::oid, 'USAGE'), false) as may_take_reserved,
         r.rolname::text as role, r.rolconnlimit as role_limit,
         (select count(*)::int from client where usesysid = r.oid) as role_used,
         d.datname::text as database, d.datconnlimit as database_limit,
         (select count(*)::int from client where datid = d.oid) as database_used
    from pg_roles r cross join pg_database d
   where r.rolname = session_user and d.datname = current_database()`;
var end = "case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end";
var replicas = `
  select concat_ws(' at ', nullif(r.application_name, ''), host(r.client_addr)) as name,
         coalesce(s.slot_type, 'physical') as kind,
         pg_wal_lsn_diff(${end}, r.replay_lsn)::float8 as bytes,
         case when r.replay_lsn = ${end} then 0 else extract(epoch from r.replay_lag) * 1000 end::float8 as milliseconds
    from pg_stat_replication r left join pg_replication_slots s on s.active_pid = r.pid
   where r.state is distinct from 'backup'
   order by 1`;
var idleSlots = `
  select slot_name::text as name, pg_wal_lsn_diff(${end}, restart_lsn)::float8 as bytes
    from pg_replication_slots where not active and restart_lsn is not null
   order by 1`;
async function readHeadroom(database) {
  const [facts3] = await database.query(connectionFacts);
  if (facts3 === void 0) throw new Error("the server does not know the role of its own session");
  const mayTakeReserved = facts3.superuser || facts3.may_take_reserved;
  return {
    label: database.label,
    standby: facts3.standby,
    connections: facts3.connections,
    used: facts3.used,
    reserved: facts3.superuser_reserved + facts3.reserved,
    mayTakeReserved,
    limits: facts3.superuser ? [] : limitsOf(facts3),
    ...await readReplicas(database)
  };
}
async function readReplicas(database) {
  try {
    return {
      replicas: await database.query(replicas),
      idleSlots: await database.query(idleSlots),
      replicasUnread: void 0
    };
  } catch (error) {
    const refusal = error instanceof import_ground_errors.UserError ? error.cause : error;
    if (error instanceof import_ground_errors.LostConnection || !/^[0-9A-Z]{5}$/.test((0, import_ground_errors.codeOf)(refusal) ?? "")) throw error;
    return { replicas: [], idleSlots: [], replicasUnread: (0, import_ground_errors.messageOf)(refusal) };
  }
}
function limitsOf(facts3) {
  return [
    { of: `the role ${facts3.role} may have`, limit: facts3.role_limit, used: facts3.role_used },
    { of: `the database ${facts3.database} takes`, limit: facts3.database_limit, used: facts3.database_used }
  ].filter(({ limit }) => limit >= 0);
}
//! src/database/headroom-verdict.ts
function judgeHeadroom(headroom, wish) {
  const room = judgeConnections(headroom, wish);
  const lag = judgeReplicas(headroom, wish);
  return {
    parallel: room.parallel,
    notices: [...room.notices, ...lag.notices, ...slotNotices(headroom, wish)],
    refusal: standbyRefusal(headroom) ?? lag.refusal ?? room.refusal
  };
}
function standbyRefusal({
  standby,
  label
}) {
  if (!standby) return void 0;
  return new import_ground_errors.UserError(
    `${label} takes no changes — it is a standby (in recovery)`,
    "connect to the primary; where the URL has several hosts, target_session_attrs=read-write finds it; nothing was changed",
    { code: "database-read-only" }
  );
}
var leftToOthers = 3;
function judgeConnections(headroom, { parallel: parallel2, connectionsEach: connectionsEach2 = 1 }) {
  const limits2 = [serverLimit(headroom), ...headroom.limits];
  const tightest = limits2.reduce((one, other) => freeOf(other) < freeOf(one) ? other : one);
  const free = freeOf(tightest);
  if (free < connectionsEach2) {
    const refusal = new import_ground_errors.UserError(
      `${headroom.label} has no connection left for the migration — ${shownLimit(tightest)}`,
      "end idle connections (select usename, application_name, state, count(*) from pg_stat_activity group by 1, 2, 3 shows whose they are), or raise that limit; nothing was changed",
      { code: "database-too-many-connections" }
    );
    return { parallel: 1, notices: [], refusal };
  }
  const fitting = Math.max(1, Math.min(parallel2, Math.floor((free - leftToOthers) / connectionsEach2)));
  const notices2 = fitting === parallel2 ? [] : [
    `${(0, import_ground_words.counted)(fitting, "tenant")} at once instead of ${parallel2}: ${shownLimit(tightest)}, and ${leftToOthers} are left to others`
  ];
  return { parallel: fitting, notices: notices2, refusal: void 0 };
}
function serverLimit({ connections, used, reserved, mayTakeReserved }) {
  const open = connections - reserved;
  if (mayTakeReserved && open - used < 1) {
    return { of: "with the reserved ones the server takes", limit: connections, used };
  }
  return { of: `without ${(0, import_ground_words.grouped)(reserved)} reserved ones the server takes`, limit: open, used };
}
var freeOf = ({ limit, used }) => limit - used;
function shownLimit({ of, limit, used }) {
  return `${of} ${(0, import_ground_words.counted)(limit, "connection")}, ${(0, import_ground_words.grouped)(used)} ${used === 1 ? "is" : "are"} taken`;
}
var gibibyte = 2 ** 30;
var fiveMinutes = 3e5;
var wordy = 0.1;
function judgeReplicas({ replicas: replicas2, replicasUnread, label }, { parallel: parallel2, delayed, replicaBytes = gibibyte, replicaMilliseconds = fiveMinutes }) {
  const share = ({ bytes, milliseconds }) => Math.max((bytes ?? 0) / replicaBytes, (milliseconds ?? 0) / replicaMilliseconds);
  const onPurpose = ({ name }) => delayed?.names.some((given) => name.split(" at ")[0] === given) ?? false;
  const lagging = replicas2.filter((replica) => share(replica) > 1);
  const inTheWay2 = lagging.filter((replica) => replica.kind === "physical" && !onPurpose(replica));
  const worthAWord = replicas2.filter(
    (replica) => share(replica) >= wordy && !inTheWay2.includes(replica) && !onPurpose(replica)
  );
  const hidden = replicas2.filter(({ bytes }) => bytes === null);
  const notices2 = [
    ...replicasUnread === void 0 ? [] : [`whether replicas of ${label} keep up could not be seen: ${replicasUnread}`],
    ...worthAWord.map((replica) => `the replica ${shownReplica(replica)}`),
    ...hidden.length === 0 ? [] : [
      `whether ${(0, import_ground_words.counted)(hidden.length, "replica")} of ${label} ${hidden.length === 1 ? "keeps" : "keep"} up cannot be seen by this role (GRANT pg_monitor shows it)`
    ]
  ];
  if (inTheWay2.length === 0) return { parallel: parallel2, notices: notices2, refusal: void 0 };
  const limits2 = `${showBytes(replicaBytes)} or ${(0, import_ground_duration.showDuration)(replicaMilliseconds)}`;
  const exempt = delayed === void 0 ? "" : `; one that is behind on purpose is named in ${delayed.input}`;
  const refusal = new import_ground_errors.UserError(
    `${(0, import_ground_words.counted)(inTheWay2.length, "replica")} of ${label} ${inTheWay2.length === 1 ? "is" : "are"} further behind than ${limits2} — ${(0, import_ground_words.listed)(inTheWay2.map(shownReplica), 3)}`,
    `a migration would put ${inTheWay2.length === 1 ? "it" : "them"} further behind: see why there (a long query, paused replay, its disk or network), and run again when the lag is gone${exempt}; nothing was changed`,
    { code: "replica-behind" }
  );
  return { parallel: parallel2, notices: notices2, refusal };
}
function shownReplica({ name, bytes, milliseconds }) {
  const lag = [
    ...bytes === null ? [] : [showBytes(bytes)],
    ...milliseconds === null ? [] : [(0, import_ground_duration.showDuration)(milliseconds)]
  ];
  return `${name} is ${(0, import_ground_words.listed)(lag)} behind`;
}
function slotNotices({ idleSlots: idleSlots2 }, { replicaBytes = gibibyte }) {
  return idleSlots2.filter(({ bytes }) => bytes >= replicaBytes * wordy).map(
    ({ name, bytes }) => `nobody reads the replication slot ${name}: ${showBytes(bytes)} are kept for it on the server’s disk, and so is what a migration writes (pg_drop_replication_slot, when it is not needed any more)`
  );
}
function showBytes(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 2 ** (10 * power)).toFixed(1))} ${units[power]}`;
}
//! src/migrations/headroom.ts
var connectionsEach = 2;
async function makeRoom(parallel2, { database, log }) {
  const verdict2 = judgeHeadroom(await readHeadroom(database), { parallel: parallel2, connectionsEach });
  if (verdict2.refusal !== void 0) throw verdict2.refusal;
  for (const notice of verdict2.notices) log.info(notice);
  return verdict2.parallel;
}
//! src/migrations/look.ts
var patience2 = 3e4;
var manySchemas = 200;
async function lookAt(options) {
  const { database, project } = options;
  const reading = (0, import_database_structure_definitions.readWithin)(database, project.timeouts?.lock ?? patience2, () => readAll(options));
  const [standing2, structures] = await Promise.all([applicationOf(project).ask(options), reading]);
  return { standing: standing2, structures, plan: standing2.plan(structures) };
}
async function readAll({ database, another }) {
  const schemas = await allSchemas(database);
  const second = schemas.length < manySchemas ? void 0 : await another?.().catch(() => void 0);
  try {
    return await (0, import_database_structure_definitions.readStructures)(database, schemas, second === void 0 ? [] : [second]);
  } finally {
    await second?.close();
  }
}
//! src/migrations/options.ts
var anHour = 60 * 6e4;
var onePercent = 0.01;
function workOf({ database, signal, log, commandTimeout = anHour }) {
  return { database, signal, log, timeout: commandTimeout };
}
function canaryOf({ canary = onePercent }) {
  return canary;
}
function maxFailuresOf({ maxFailures = { share: onePercent } }) {
  return maxFailures;
}
function deadlineOf({ deadline = Number.POSITIVE_INFINITY }) {
  return deadline;
}
function lanesFor({ parallel: parallel2, project }, tenants) {
  return parallel2 ?? Math.max(1, Math.min((0, import_node_os.availableParallelism)(), applicationOf(project).lanes(tenants)));
}
//! src/migrations/owners.ts
function ownersRefusal(foreign, role, soFar = "nothing was changed") {
  if (foreign.length === 0) return void 0;
  const owners = [...new Set(foreign.flatMap((one) => one.owners))].sort();
  const [owner = ""] = owners;
  return new import_ground_errors.UserError(
    `${(0, import_ground_words.counted)(foreign.length, "schema")} ${foreign.length === 1 ? "has" : "have"} tables that belong to another role — ${(0, import_ground_words.listed)(foreign.map(sentence), 3)}: ALTER would fail`,
    `migrate as ${(0, import_ground_words.listed)(owners)}, or make ${role} a member: GRANT ${quoted(owner)} TO ${quoted(role)}; ${soFar}`,
    {
      code: "tables-of-another-role",
      evidence: foreign.map(({ schema, owners: owners2, tables }) => `${schema} (${owners2.join(", ")}): ${tables.join(", ")}`).join("\n")
    }
  );
}
function sentence({ schema, owners, tables }) {
  return `${schema}: ${(0, import_ground_words.counted)(tables.length, "table")} of ${(0, import_ground_words.listed)(owners, 2)}`;
}
var quoted = (name) => `"${name.replaceAll('"', '""')}"`;
//! src/migrations/plan-text.ts
function planSentence(plan) {
  const { tenants, tenantsUnknown, troubled } = plan;
  if (tenantsUnknown !== void 0) {
    return tenantsUnknown === "no-table" ? "no tenants yet: the shared schema comes first" : "the tenants are known once the shared schema is migrated";
  }
  const total = tenants.length + troubled.length;
  if (total === 0) return "no tenants";
  if (plan.back !== void 0) return backSentence(plan);
  const upToDate = tenants.filter((tenant) => !(0, import_database_structure_definitions.needsMigration)(tenant)).length;
  const codes = Map.groupBy(troubled, ({ code: code2 }) => code2);
  const parts = [
    ...upToDate === 0 ? [] : [`${(0, import_ground_words.grouped)(upToDate)} up to date`],
    ...plan.tenantCommand === void 0 ? byAmount(tenants.filter(import_database_structure_definitions.needsMigration)) : runningFor(tenants.filter(import_database_structure_definitions.needsMigration).length),
    ...[...codes].map(([code2, { length }]) => `${(0, import_ground_words.grouped)(length)} ${inTrouble(code2, length)}`)
  ];
  return `${(0, import_ground_words.counted)(total, "tenant")}: ${parts.join(", ")}`;
}
function backSentence({ shared, tenants, troubled, back }) {
  const going = tenants.filter(import_database_structure_definitions.needsMigration);
  const amount = new Set(going.flatMap(({ pending }) => pending)).size;
  const where = `back to ${(0, import_ground_words.listed)(back?.targets ?? [])}`;
  if (going.length === 0) {
    const left = (0, import_database_structure_definitions.needsMigration)(shared) ? ", the shared schema has" : "";
    return `${where}: no tenant has anything to undo${left}`;
  }
  return `${where}: ${(0, import_ground_words.grouped)(going.length)} of ${(0, import_ground_words.counted)(tenants.length + troubled.length, "tenant")} ${going.length === 1 ? "undoes" : "undo"} ${(0, import_ground_words.counted)(amount, "migration")}`;
}
function runningFor(tenants) {
  return tenants === 0 ? [] : [`the tenant command for ${(0, import_ground_words.grouped)(tenants)}`];
}
function byAmount(tenants) {
  const running = tenants.filter(({ runs }) => runs.length > 0);
  const amounts = Map.groupBy(running, ({ pending }) => pending.length);
  const rowsOnly = Map.groupBy(
    tenants.filter(({ runs }) => runs.length === 0),
    rowsOf
  );
  return [
    ...[...amounts].sort(([a], [b]) => a - b).map(([amount, { length }]) => `${(0, import_ground_words.grouped)(length)} ${need(length)} ${(0, import_ground_words.counted)(amount, "migration")}`),
    ...[...rowsOnly].map(([rows2, { length }]) => `${(0, import_ground_words.grouped)(length)} ${need(length)} ${rows2}`)
  ];
}
var need = (count) => count === 1 ? "needs" : "need";
function rowsOf({ pending, bookkeeping }) {
  if (pending.length > bookkeeping.length) {
    return `only ${pending.length === 1 ? "a row" : "rows"} in the ledger`;
  }
  return bookkeeping.length === 1 ? "only the squash row" : "only squash rows";
}
function inTrouble(code2, count) {
  const has = count === 1 ? "has" : "have";
  switch (code2) {
    case "tenant-without-schema":
      return `${has} no schema`;
    case "schema-unreadable":
      return "cannot be read";
    case "migration-history-inconsistent":
      return "with an inconsistent history";
    case "tenant-type-unknown":
      return "of an unknown type";
    case "tenant-tables-missing":
      return `${count === 1 ? "lacks" : "lack"} tables`;
    case "migration-would-alter-shared":
      return "would change the shared schema";
    case "migration-half-applied":
      return "migrated half-way";
    case "ledger-missing":
      return `${has} no ledger`;
    case "squash-partly-applied":
      return "partly squashed";
    default:
      return "cannot be migrated";
  }
}
function planLines(plan) {
  const { shared, tenants, tenantsUnknown, templates, migrations } = plan;
  const groups = Map.groupBy(tenants.filter(import_database_structure_definitions.needsMigration), workOf2);
  const pending = new Set([shared, ...tenants].flatMap((schema) => schema.runs));
  const running = migrations.filter(({ migration: migration2 }) => pending.has(migration2));
  return [
    `${shared.schema} (shared): ${workOf2(shared) || "nothing to do"}`,
    ...templates.filter((template) => template.pending.length > 0).map((template) => `${template.schema} (template): ${template.pending.join(", ")}`),
    ...[...groups].map(
      ([work, of]) => `${(0, import_ground_words.counted)(of.length, "tenant")} (${(0, import_ground_words.listed)(
        of.map(({ schema }) => schema),
        5
      )}): ${work}`
    ),
    ...unrecordedLines(tenants),
    ...[...(0, import_database_structure_definitions.locksOnShared)(plan)].map(
      ([table2, by]) => `locks ${shared.schema}.${table2} for writes: one worker (${(0, import_ground_words.listed)(by, 3)})`
    ),
    ...factLine("takes away, with what is in it", plan.back?.takesAway ?? []),
    ...factLine(
      "cannot be rolled back",
      running.filter(({ reversible }) => !reversible).map(({ migration: migration2 }) => migration2)
    ),
    ...factLine(
      "not in a transaction, so that half of it may stay when it fails",
      running.filter(({ atomic }) => !atomic).map(({ migration: migration2 }) => migration2)
    ),
    ...factLine(
      "the old code does not go on working after it",
      running.filter(({ keepsOldCode }) => keepsOldCode === "no" && plan.back === void 0).map(({ migration: migration2, oldCodeReason }) => `${migration2} (${oldCodeReason})`)
    ),
    ...tenantsUnknown === void 0 ? [] : [`tenants: ${planSentence(plan)}`],
    ...(0, import_database_structure_definitions.troubles)(plan, "").map(({ message }) => message),
    ...(0, import_database_structure_definitions.notices)(plan)
  ];
}
function workOf2({ pending, runs, bookkeeping }) {
  if (pending.length > 0 && pending.length === bookkeeping.length) {
    return `only the squash row${pending.length === 1 ? "" : "s"} ${pending.join(", ")}`;
  }
  const running = new Set(runs);
  const worded = pending.map((migration2) => {
    if (running.has(migration2)) return migration2;
    return `${migration2} (${bookkeeping.includes(migration2) ? "squash row" : "row only"})`;
  });
  return worded.join(", ");
}
function unrecordedLines(tenants) {
  const groups = Map.groupBy(
    tenants.filter(({ unrecorded }) => unrecorded !== void 0),
    ({ unrecorded }) => unrecorded ?? ""
  );
  return [...groups].map(
    ([migration2, of]) => `${migration2} seems to be there already in ${(0, import_ground_words.counted)(of.length, "tenant")} (${(0, import_ground_words.listed)(
      of.map(({ schema }) => schema),
      3
    )}): it is recorded when their structure proves it`
  );
}
function factLine(what, migrations) {
  return migrations.length === 0 ? [] : [`${what}: ${(0, import_ground_words.listed)(migrations, 5)}`];
}
//! src/migrations/progress.ts
var Progress = class {
  #started = performance.now();
  #results = /* @__PURE__ */ new Map();
  /** What each schema lacked when it was first looked at. */
  #lacked = /* @__PURE__ */ new Map();
  #plan;
  /** The plan of the last look: what is still to be said. */
  #latest;
  #proof;
  #superTenant;
  #phases = [];
  #failures = /* @__PURE__ */ new Map();
  #engineNotes = [];
  #backups = [];
  #recordedOnly = [];
  /** Takes over a plan: the first one, or one made again when there may be more tenants. */
  planned(plan) {
    this.#plan = plan;
    this.#latest = plan;
    for (const planned of [plan.shared, ...plan.tenants]) {
      const { schema, pending } = planned;
      if (this.#results.has(schema)) continue;
      this.#lacked.set(schema, pending);
      this.#results.set(schema, untouched(schema, (0, import_database_structure_definitions.needsMigration)(planned) ? "not-tried" : "skipped"));
    }
    for (const trouble of plan.troubled) {
      const { schema, reason } = trouble;
      this.#results.set(schema, { ...untouched(schema, "failed"), failure: reason });
      this.#failures.set(schema, troubleOf(trouble));
    }
  }
  /** From here on the outcome is unknown until `ended` is called. */
  begun(schema, group2) {
    this.#results.set(schema, { ...untouched(schema, "unknown"), group: group2 });
  }
  ended(schema, { milliseconds, failure, engine }) {
    const known = this.#results.get(schema) ?? untouched(schema, "unknown");
    const outcome = failure === void 0 ? "migrated" : "failed";
    this.#results.set(schema, { ...known, outcome, milliseconds, engine, failure: failure?.message });
    if (failure === void 0) this.#failures.delete(schema);
    else this.#failures.set(schema, failure);
  }
  /** It did not work this time, and will be tried again. */
  putBack(schema) {
    this.#results.set(schema, untouched(schema, "not-tried"));
  }
  /** Migrations of the shared schema whose tables were there already. */
  recordedOnly(migrations) {
    this.#recordedOnly = migrations;
  }
  /** A part of the run that is over. @param since milliseconds of `performance.now()` */
  phase(name, since) {
    this.#phases.push({ name, from: since - this.#started, to: performance.now() - this.#started });
  }
  /** A tenant that was migrated, and does not pass what is tried afterwards. */
  failedAfterwards(schema, failure) {
    const known = this.#results.get(schema) ?? untouched(schema, "failed");
    this.#results.set(schema, { ...known, outcome: "failed", failure: failure.message });
    this.#failures.set(schema, failure);
  }
  /** Rows of the tables that were asked for. */
  counted(results) {
    for (const { schema, counts } of results) {
      const known = this.#results.get(schema);
      if (known !== void 0) this.#results.set(schema, { ...known, rows: counts });
    }
  }
  backedUp(backup) {
    this.#backups.push(backup);
  }
  /** Taken by this run, before it changed what is in them. */
  get backups() {
    return this.#backups;
  }
  /** Schemas that the run has begun to change and not brought to a good end. */
  get hit() {
    const { shared, tenants } = this.outcome();
    return [...shared === void 0 ? [] : [shared], ...tenants].filter(
      ({ schema, outcome }) => outcome === "unknown" || outcome === "failed" && this.#lacked.has(schema)
    ).map(({ schema }) => schema);
  }
  engineNotes(notes) {
    this.#engineNotes = [...notes];
  }
  superTenantEnded(command, { milliseconds, failure }) {
    this.#superTenant = { command, outcome: failure === void 0 ? "done" : "failed", milliseconds };
  }
  /** Takes what was applied from a later look at the ledgers, not from what commands printed. */
  seen(later) {
    this.#latest = later;
    for (const { schema, pending } of [later.shared, ...later.tenants]) {
      const known = this.#results.get(schema);
      if (known === void 0 || known.outcome === "skipped" || known.outcome === "not-tried") continue;
      const still = new Set(pending);
      const migrations = (this.#lacked.get(schema) ?? []).filter((migration2) => !still.has(migration2));
      this.#results.set(schema, { ...known, migrations });
    }
  }
  proven(proof) {
    this.#proof = proof;
    for (const { schema, missing, missingColumns } of proof.incomplete) {
      const lacking = [...missing, ...missingColumns.map((column) => `the column ${column}`)];
      this.#disproven(schema, `lacks ${(0, import_ground_words.listed)(lacking, 5)}`, missing);
    }
    for (const { schema, index: index2 } of proof.invalidIndexes) {
      this.#disproven(schema, `the index ${index2} is invalid`);
    }
    for (const { byThisRun, differences: differences2 } of proof.drift.flatMap(({ others }) => others)) {
      for (const schema of byThisRun) {
        this.#disproven(schema, `came out of this run otherwise than the others: ${(0, import_ground_words.listed)(differences2, 3)}`);
      }
    }
  }
  #disproven(schema, failure, missingTables = []) {
    const known = this.#results.get(schema) ?? untouched(schema, "failed");
    const isNews = known.outcome !== "not-tried" && known.outcome !== "unknown";
    this.#results.set(schema, {
      ...known,
      outcome: isNews ? "failed" : known.outcome,
      missingTables,
      failure: known.failure ?? failure
    });
  }
  /** The state of the tenants, for the end of a sentence: what is done, what was not tried. */
  get standing() {
    const tenants = this.outcome().tenants;
    const count = (wanted) => tenants.filter(({ outcome }) => outcome === wanted).length;
    const [migrated, notTried] = [count("migrated"), count("not-tried")];
    const done = migrated === 1 ? "is done and stays done" : "are done and stay done";
    return [
      ...migrated === 0 ? [] : [`${(0, import_ground_words.counted)(migrated, "tenant")} ${done}`],
      ...notTried === 0 ? [] : [`${(0, import_ground_words.counted)(notTried, "tenant")} ${notTried === 1 ? "was" : "were"} not tried`]
    ];
  }
  /** Each tenant that failed, with its own sentence; in the order of the plan's tenants. */
  get failed() {
    return [...this.#failures].map(([schema, failure]) => ({ schema, failure }));
  }
  get migratedTenants() {
    return this.outcome().tenants.filter(({ outcome }) => outcome === "migrated").map(({ schema }) => schema);
  }
  /** How long each tenant of a group took. */
  measuredIn(group2) {
    return this.outcome().tenants.filter((one) => one.group === group2 && one.outcome === "migrated");
  }
  /** Milliseconds since the run began. */
  get spent() {
    return performance.now() - this.#started;
  }
  /** Whether the run has changed a tenant, or may have. */
  get touchedTenants() {
    return this.outcome().tenants.some(
      ({ schema, outcome }) => outcome === "migrated" || outcome === "unknown" || outcome === "failed" && this.#lacked.has(schema)
    );
  }
  get plan() {
    return this.#plan;
  }
  get sharedWasMigrated() {
    return this.outcome().shared?.outcome === "migrated";
  }
  #notices() {
    const drift = this.#proof && (0, import_database_structure_definitions.driftSentence)(this.#proof.drift, this.#proof.compared ? " (since before this run)" : "");
    return [
      ...this.#latest === void 0 ? [] : (0, import_database_structure_definitions.notices)(this.#latest),
      ...this.#engineNotes,
      ...this.#recordedOnly.length === 0 ? [] : [
        `recorded in the shared schema without running, its tables are exactly theirs: ${(0, import_ground_words.listed)(this.#recordedOnly, 5)}`
      ],
      ...drift === void 0 ? [] : [drift]
    ];
  }
  outcome(failure) {
    const sharedSchema = this.#plan?.shared.schema;
    return {
      plan: this.#plan,
      shared: sharedSchema === void 0 ? void 0 : this.#results.get(sharedSchema),
      superTenant: this.#superTenant,
      tenants: [...this.#results.values()].filter(({ schema }) => schema !== sharedSchema),
      proof: this.#proof,
      notices: this.#notices(),
      backups: this.#backups,
      phases: this.#phases,
      milliseconds: performance.now() - this.#started,
      failure
    };
  }
};
function troubleOf({ schema, code: code2, reason, next }) {
  return new import_ground_errors.UserError(`Tenant ${schema} is not migrated — ${reason}`, next, { code: code2 });
}
function untouched(schema, outcome) {
  return { schema, outcome, milliseconds: 0, migrations: [], missingTables: [] };
}
//! src/database/rights.ts
async function readRights(database, schemas) {
  const [rights] = await database.query(
    `select current_user::text as role, pg_is_in_recovery() as standby,
            current_setting('default_transaction_read_only') = 'on' as "readOnly",
            array(select nspname::text from pg_namespace
                   where nspname = any($1::text[]) and not has_schema_privilege(oid, 'CREATE')
                   order by nspname) as "withoutCreate"`,
    [schemas]
  );
  if (rights === void 0) throw new Error("the server did not say what may be changed");
  return rights;
}
//! src/migrations/rights.ts
async function requireRights(plan, database) {
  const shared = plan.tenantCommand === void 0 ? [plan.shared] : [];
  const running = [...shared, ...plan.tenants].filter(({ runs }) => runs.length > 0);
  if (running.length === 0) return;
  const schemas = running.map(({ schema }) => schema);
  const rights = await readRights(database, schemas);
  const refusal = readOnlyRefusal(rights, database.label) ?? ownersRefusal(await readForeignTables(database, schemas), rights.role) ?? createRefusal(rights);
  if (refusal !== void 0) throw refusal;
}
function readOnlyRefusal({ standby, readOnly, role }, label) {
  if (standby) return standbyRefusal({ standby, label });
  if (!readOnly) return void 0;
  return new import_ground_errors.UserError(
    `${label} takes no changes from ${role} — its transactions begin read-only (default_transaction_read_only)`,
    `migrate as a role that may change something, or: ALTER ROLE ${quoted2(role)} RESET default_transaction_read_only (it may also be set for the database, or in the options of the URL); nothing was changed`,
    { code: "database-read-only" }
  );
}
function createRefusal({ role, withoutCreate }) {
  const [first] = withoutCreate;
  if (first === void 0) return void 0;
  const grants = withoutCreate.map((schema) => `GRANT CREATE ON SCHEMA ${quoted2(schema)} TO ${quoted2(role)}`);
  const one = withoutCreate.length === 1;
  const since = first === "public" ? " (from PostgreSQL 15 on nobody may in public who was not given it)" : "";
  return new import_ground_errors.UserError(
    `${role} may make no table and no index in ${(0, import_ground_words.counted)(withoutCreate.length, "schema")} that ${one ? "is" : "are"} to be migrated — no CREATE in ${(0, import_ground_words.listed)(withoutCreate, 3)}${since}`,
    `as the owner of ${one ? "the schema" : "each schema"}: ${grants[0]}; nothing was changed`,
    { code: "database-permission-denied", ...one ? {} : { evidence: grants.join("\n") } }
  );
}
var quoted2 = (name) => `"${name.replaceAll('"', '""')}"`;
//! src/migrations/safe-point.ts
async function safePoint(phase, progress, { signal, atSafePoint }) {
  signal.throwIfAborted();
  try {
    await atSafePoint?.(phase);
  } catch (error) {
    if (!(error instanceof import_ground_errors.UserError)) throw error;
    throw new import_ground_errors.UserError(error.message, [error.hint, ...progress.standing].join("; "), {
      code: error.code,
      ...error.evidence === void 0 ? {} : { evidence: error.evidence },
      cause: error.cause
    });
  }
}
//! src/migrations/shared.ts
async function bringShared({ plan: { shared } }, work, progress, options) {
  if (work === void 0) {
    options.log.step("Shared", `${shared.schema}: nothing to do`);
    return false;
  }
  const since = performance.now();
  await safePoint(`the shared schema ${shared.schema}`, progress, options);
  progress.begun(shared.schema, "Shared");
  const ran = await work.migrate(workOf(options));
  progress.ended(shared.schema, ran);
  progress.recordedOnly(work.recordedOnly);
  progress.phase("Shared", since);
  options.onStanding?.(progress.outcome());
  if (ran.failure !== void 0) {
    const now = await lookAt(options).catch(() => void 0);
    if (now !== void 0) progress.seen(now.plan);
    throw ran.failure;
  }
  const recorded = work.recordedOnly.length === 0 ? "" : ` (recorded without running: ${(0, import_ground_words.listed)(work.recordedOnly, 3)})`;
  options.log.step("Shared", `${shared.schema}: ${(0, import_database_structure_definitions.workSentence)(shared)}${recorded}`, ran.milliseconds);
  return true;
}
async function bringSuperTenant({ command, make }, progress, options) {
  const since = performance.now();
  await safePoint("the super tenant", progress, options);
  const ran = await make(workOf(options));
  progress.superTenantEnded(command, ran);
  progress.phase("Super tenant", since);
  options.onStanding?.(progress.outcome());
  if (ran.failure !== void 0) throw ran.failure;
  options.log.step("Super tenant", command, ran.milliseconds);
}
async function bringTemplates({ templates }, progress, options) {
  for (const { schema, exists, pending, undo } of templates) {
    if (!exists || pending.length === 0) continue;
    const since = performance.now();
    await safePoint(`the template ${schema}`, progress, options);
    const ran = await applicationOf(options.project).migrateSchema(schema, workOf(options), undo);
    progress.phase("Template", since);
    if (ran.failure !== void 0) throw ran.failure;
    options.log.step("Template", `${schema}: ${(0, import_ground_words.listed)(pending, 3)}`, ran.milliseconds);
  }
}
//! src/migrations/fleet.ts
var tries = 5;
var firstPause = 1e3;
var Failures = class {
  count;
  constructor(before) {
    this.count = before;
  }
};
async function migrateWave(wave, failures, work) {
  const queue = wave.tenants.map((tenant) => ({ tenant, attempt: 1, notBefore: 0 }));
  const before = wave.limit.of === "wave" ? failures.count : 0;
  let allowed = Math.min(wave.parallel ?? work.parallel, queue.length);
  let slowest = 0;
  let thrown;
  const end2 = () => {
    if (work.signal.aborted) return "cancelled";
    if (failures.count - before >= wave.limit.failures) return "failures";
    return performance.now() + 2 * slowest > work.deadline ? "time" : void 0;
  };
  const carryOne = async (waiting, lane) => {
    const { tenant } = waiting;
    await work.begin(tenant, wave);
    const ran = await work.migrate(tenant, lane);
    slowest = Math.max(slowest, ran.milliseconds);
    if (ran.retry !== void 0 && waiting.attempt < tries && !work.signal.aborted) {
      if (ran.retry === "40P01") allowed = 1;
      const pause = firstPause * 2 ** (waiting.attempt - 1) * (0.5 + Math.random());
      waiting.attempt += 1;
      waiting.notBefore = performance.now() + pause;
      work.ended(tenant, ran, { pause, attempt: `${waiting.attempt}/${tries}` });
      queue.push(waiting);
      return;
    }
    if (ran.failure !== void 0) failures.count += ran.endsRun === true ? Number.POSITIVE_INFINITY : 1;
    work.ended(tenant, ran);
  };
  const runLane = async (lane) => {
    while (lane < (work.oneAtATime?.() ? 1 : allowed) && thrown === void 0 && end2() === void 0) {
      const next = takeNext(queue);
      if (next === void 0) return;
      const pause = Math.max(0, next.notBefore - performance.now());
      if (pause > 0) await (0, import_promises.setTimeout)(pause, void 0, { signal: work.signal }).catch(() => {
      });
      if (work.signal.aborted) return;
      await carryOne(next, lane).catch((error) => {
        thrown ??= { error };
      });
    }
  };
  await Promise.all(Array.from({ length: allowed }, (_, lane) => runLane(lane)));
  while (queue.length > 0 && thrown === void 0 && end2() === void 0) await runLane(0);
  if (thrown !== void 0) throw thrown.error;
  const why = end2();
  return why === void 0 || why === "time" && queue.length === 0 ? "done" : why;
}
function takeNext(queue) {
  const now = performance.now();
  const ready = queue.findIndex(({ notBefore }) => notBefore <= now);
  const soonest = queue.reduce(
    (best, { notBefore }, index2) => notBefore < (queue[best]?.notBefore ?? Infinity) ? index2 : best,
    0
  );
  return queue.splice(ready === -1 ? soonest : ready, 1)[0];
}
//! src/migrations/wave-counter.ts
var WaveCounter = class {
  #wave;
  #log;
  #started = performance.now();
  #begun = 0;
  #done = 0;
  #failed = 0;
  #shown = { tenth: 0, at: performance.now() };
  #slowest = { schema: "", milliseconds: 0 };
  constructor(wave, log) {
    this.#wave = wave;
    this.#log = log;
  }
  next() {
    this.#begun += 1;
    return Math.min(this.#begun, this.#wave.tenants.length);
  }
  ended({ schema }, milliseconds, failure) {
    this.#done += 1;
    if (failure !== void 0) this.#failed += 1;
    if (failure !== void 0 && this.#failed <= 5) this.#log.info(`✗ ${failure.message}`);
    if (milliseconds > this.#slowest.milliseconds) this.#slowest = { schema, milliseconds };
    const total = this.#wave.tenants.length;
    const tenth = Math.floor(this.#done * 10 / total);
    const now = performance.now();
    const worth = total <= 20 || tenth > this.#shown.tenth || now - this.#shown.at > 15e3;
    if (!worth || total === 1) return;
    this.#shown = { tenth, at: now };
    this.#log.info(total <= 20 ? `${this.#done} of ${total}: ${schema}` : this.#line(total));
  }
  #line(total) {
    const seconds = (performance.now() - this.#started) / 1e3;
    const rate = this.#done / seconds;
    const left = (total - this.#done) / rate * 1e3;
    return [
      `${(0, import_ground_words.grouped)(this.#done)} of ${(0, import_ground_words.grouped)(total)} ${bar(this.#done / total)}`,
      `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)}/s`,
      ...this.#done === total ? [] : [`${(0, import_ground_duration.showDuration)(left)} left`],
      ...this.#failed === 0 ? [] : [`${this.#failed} failed`]
    ].join("  ");
  }
  /** `10 of 10, slowest zeta 0.08 s`, `acme: orders.0011 and orders.0012`. */
  sentence() {
    const { tenants } = this.#wave;
    const [only] = tenants;
    const migrated = this.#done - this.#failed;
    if (tenants.length === 1 && only !== void 0 && migrated === 1) {
      return `${only.schema}: ${(0, import_database_structure_definitions.workSentence)(only)}`;
    }
    return [
      `${(0, import_ground_words.grouped)(migrated)} of ${(0, import_ground_words.grouped)(tenants.length)} ${only?.undo === void 0 ? "migrated" : "undone"}`,
      ...this.#failed === 0 ? [] : [`${this.#failed} failed`],
      ...this.#done > 1 ? [`slowest ${this.#slowest.schema} ${(0, import_ground_duration.showDuration)(this.#slowest.milliseconds)}`] : []
    ].join(", ");
  }
};
function bar(share) {
  const full = Math.round(share * 20);
  return "█".repeat(full) + "░".repeat(20 - full);
}
//! src/migrations/tenants.ts
async function migrateTenants(work) {
  const { plan, pending, progress } = work;
  const fleet = plan.tenants.length + plan.troubled.length;
  const waves = (0, import_database_structure_definitions.arrange)(pending, work.rollout, { ...await askedFacts(work), ...work, fleet });
  const failures = new Failures(plan.troubled.length);
  const timeToAsk = atMostEvery(1e3);
  const timeToTell = atMostEvery(1e3);
  for (const [index2, wave] of waves.entries()) {
    const started = performance.now();
    const counter = new WaveCounter(wave, work.log);
    const end2 = await migrateWave(wave, failures, {
      parallel: work.parallel,
      oneAtATime: () => work.engine.oneAtATime,
      signal: work.signal,
      deadline: work.deadline,
      migrate: (tenant, lane) => migrateOne(tenant, lane, work),
      async begin(tenant) {
        const place = `${counter.next()} of ${wave.tenants.length}, ${wave.name}`;
        if (timeToAsk()) await work.safePoint(`tenant ${tenant.schema} (${place})`);
        progress.begun(tenant.schema, wave.name);
      },
      ended(tenant, ran, again) {
        if (again === void 0) counter.ended(tenant, ran.milliseconds, ran.failure);
        else work.log.info(retrySentence(tenant.schema, ran.failure, again));
        if (again === void 0) progress.ended(tenant.schema, ran);
        else progress.putBack(tenant.schema);
        if (timeToTell()) work.onStanding();
      }
    });
    work.onStanding();
    work.log.step(wave.name, counter.sentence(), performance.now() - started);
    progress.phase(wave.name, started);
    if (end2 !== "done") return end2;
    await work.afterWave(
      wave,
      waves.slice(index2 + 1).flatMap(({ tenants }) => tenants)
    );
  }
  return "done";
}
function retrySentence(schema, failure, { pause, attempt }) {
  const why = failure?.message.split(" — ").slice(1).join(" — ") ?? "";
  return `${schema}: ${why}; try ${attempt} in ${(0, import_ground_duration.showDuration)(pause)}, after the others`;
}
async function migrateOne(tenant, lane, work) {
  const started = performance.now();
  try {
    const ran = await work.engine.migrate(tenant, lane);
    return ran.retry === void 0 || isWhole(ran, tenant, work.plan) ? ran : { ...ran, retry: void 0 };
  } catch (error) {
    work.signal.throwIfAborted();
    if (!isUnknownOutcome(error)) throw error;
    const { application, database, another, progress } = work;
    const asking = { database, another, standing: progress.standing };
    const { failure } = await application.lookWhatBecame(tenant, error, asking);
    return { milliseconds: performance.now() - started, failure };
  }
}
function isWhole({ engine, migration: migration2 }, { runs }, { migrations }) {
  if (engine === "worker") return true;
  const concerned = migration2 === void 0 ? runs : [migration2];
  return migrations.every((one) => one.atomic || !concerned.includes(one.migration));
}
function atMostEvery(milliseconds) {
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - last < milliseconds) return false;
    last = performance.now();
    return true;
  };
}
async function askedFacts({
  database,
  pending,
  rollout
}) {
  const schemas = pending.map(({ schema }) => schema);
  const queried = /* @__PURE__ */ new Map();
  for (const group2 of rollout ?? []) {
    if (group2.query !== void 0) queried.set(group2, await askGroup(database, group2.name, group2.query));
  }
  return { sizes: await sizesOf(database, schemas), queried };
}
async function sizesOf(database, schemas) {
  const rows2 = await database.query(
    `select n.nspname::text as schema, sum(c.relpages)::float8 as pages
       from pg_namespace n join pg_class c on c.relnamespace = n.oid
      where n.nspname = any($1::text[]) group by 1`,
    [schemas]
  );
  return new Map(rows2.map(({ schema, pages }) => [schema, pages]));
}
async function askGroup(database, name, query) {
  try {
    await database.query("begin transaction read only");
    const rows2 = await database.query(query);
    return new Set(rows2.map((row) => String(Object.values(row)[0])));
  } catch (error) {
    throw new import_ground_errors.UserError(
      `The query of the rollout’s group ${name} failed — ${(0, import_ground_errors.messageOf)(error)}`,
      "it must be one SELECT whose first column is the name of a schema; nothing was changed",
      { code: "rollout-query-failed", cause: error }
    );
  } finally {
    await database.query("rollback").catch(() => {
    });
  }
}
//! src/migrations/unrecorded.ts
async function recordProven(look2, progress, options) {
  const { plan, structures } = look2;
  const { record: record2 } = applicationOf(options.project);
  if (record2 === void 0) return false;
  const waiting = plan.tenants.filter(({ unrecorded }) => unrecorded !== void 0);
  const typesOf = new Map(plan.tenants.map(({ schema, tenantType }) => [schema, tenantType]));
  const atHead = new Set(
    plan.tenants.filter((tenant) => !(0, import_database_structure_definitions.needsMigration)(tenant)).map(({ schema }) => schema)
  );
  const isLikeHead = ({ schema, tenantType }) => structures.find(({ schemas }) => schemas.includes(schema))?.schemas.some((other) => atHead.has(other) && typesOf.get(other) === tenantType) === true;
  let recorded = false;
  for (const tenant of waiting) {
    const { schema, tenantType, pending, unrecorded = "" } = tenant;
    if (pending.length > 1 || !isLikeHead(tenant)) {
      const { code: code2, reason, next } = (0, import_database_structure_definitions.notRecorded)(schema, tenantType, unrecorded);
      progress.ended(schema, {
        milliseconds: 0,
        failure: new import_ground_errors.UserError(`Tenant ${schema} is not migrated — ${reason}`, next, { code: code2 })
      });
      continue;
    }
    await safePoint(`tenant ${schema} (recording ${unrecorded})`, progress, options);
    progress.begun(schema, "Recorded");
    const ran = await record2(schema, unrecorded, workOf(options));
    progress.ended(schema, ran);
    recorded = true;
    if (ran.failure === void 0) {
      options.log.info(`${schema}: ${unrecorded} was there already, exactly as in other tenants: recorded`);
    }
  }
  return recorded;
}
//! src/migrations/wave-checks.ts
//! src/migrations/estimate.ts
function estimateRest(measured, { kinds, parallel: parallel2, pauses = 0 }) {
  if (measured.length === 0 || kinds.length === 0) return void 0;
  const each = mean(measured);
  const seen = new Map(
    [...Map.groupBy(measured, ({ kind }) => kind)].map(([kind, ofKind]) => [kind, mean(ofKind)])
  );
  const work = kinds.reduce((sum, kind) => sum + (seen.get(kind) ?? each), 0);
  const lanes = Math.min(parallel2, kinds.length);
  const rounds = Math.ceil(kinds.length / lanes);
  return {
    measured: measured.length,
    each,
    left: kinds.length,
    parallel: lanes,
    milliseconds: rounds * (work / kinds.length) + pauses
  };
}
function mean(measured) {
  return measured.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / measured.length;
}
function estimateSentence(by, { measured, each, left, parallel: parallel2, milliseconds }) {
  const took = measured === 1 ? (0, import_ground_duration.showDuration)(each) : `${(0, import_ground_duration.showDuration)(each)} each (${(0, import_ground_words.counted)(measured, "tenant")})`;
  const others = left === 1 ? "the other tenant" : `the other ${(0, import_ground_words.counted)(left, "tenant")}`;
  const how = left === 1 ? "" : parallel2 === 1 ? ", one after the other" : ` with ${parallel2} at once`;
  return `${by} ${took}: ${others} would take about ${roughly(milliseconds)}${how}`;
}
function roughly(milliseconds) {
  const [, step] = steps.find(([below]) => milliseconds < below) ?? [0, 36e5];
  return (0, import_ground_duration.showDuration)(Math.max(step, Math.round(milliseconds / step) * step));
}
var steps = [
  [1e3, 100],
  [59500, 1e3],
  [6e5, 1e4],
  [357e4, 6e4],
  [36e6, 6e5]
];
function judgePace(by, estimate, limits2) {
  const refusal = timeRefusal(by, estimate, limits2);
  return {
    sentence: estimateSentence(by, estimate),
    warning: refusal === void 0 ? durationWarning(by, estimate, limits2) : void 0,
    refusal
  };
}
function durationWarning(by, estimate, { spent, expected }) {
  if (expected === void 0) return void 0;
  const limit = `expect-max-duration (${(0, import_ground_duration.showDuration)(expected)})`;
  if (spent > expected) {
    const rest = estimate === void 0 ? "nothing is left but the proof" : `${(0, import_ground_words.counted)(estimate.left, "tenant")} ${estimate.left === 1 ? "is" : "are"} left, about ${roughly(estimate.milliseconds)}`;
    return `The migration has taken ${(0, import_ground_duration.showDuration)(spent)}, longer than ${limit} — ${rest}`;
  }
  if (estimate === void 0 || spent + estimate.milliseconds <= expected) return void 0;
  return `${estimateSentence(by, estimate)} — with the ${(0, import_ground_duration.showDuration)(spent)} until now that is longer than ${limit}; raise parallel where the server has room, or migrate at a quieter time; the run goes on`;
}
function timeRefusal(by, estimate, { timeLeft }) {
  const lacking = estimate.milliseconds - timeLeft;
  if (lacking <= 0) return void 0;
  const left = timeLeft <= 0 ? "the time that timeout gives is over" : `timeout leaves ${(0, import_ground_duration.showDuration)(Math.floor(timeLeft))}`;
  return new import_ground_errors.UserError(
    `${estimateSentence(by, estimate)} — ${left}`,
    `raise timeout (by ${roughly(lacking)} or more; the job’s timeout-minutes, too), or parallel where the server has room, then run again: what is done stays done; the other tenants were not touched`,
    { code: "time-limit-near" }
  );
}
//! src/database/row-counts.ts
var look = `
  with recursive wanted as (
    select s.name as schema, s.place, t.name as "table", n.oid as namespace, c.oid as relation,
           quote_ident(n.nspname) || '.' || quote_ident(c.relname) as quoted
      from unnest($1::text[]) with ordinality as s (name, place) cross join unnest($2::text[]) as t (name)
      left join pg_namespace n on n.nspname = s.name
      left join pg_class c on c.relnamespace = n.oid and c.relname = t.name
                          and c.relkind in ('r', 'p', 'v', 'm', 'f')
  ), member as (
    select relation as root, relation from wanted where relation is not null
    union
    select m.root, i.inhrelid from member m join pg_inherits i on i.inhparent = m.relation
  ), size as (
    select m.root,
           count(*) + sum((select count(*) from pg_index i where i.indrelid = m.relation)) as relations,
           sum(c.relpages) as pages,
           case when bool_or(c.reltuples < 0 and c.relkind <> 'p') then null
                else sum(c.reltuples) filter (where c.relkind <> 'p') end as rows
      from member m join pg_class c on c.oid = m.relation
     group by m.root
  )
  select w.schema, w."table", w.namespace is not null as schema_exists, current_user::text as role,
         coalesce(has_schema_privilege(w.namespace, 'USAGE')
              and has_any_column_privilege(w.relation, 'SELECT'), false) as readable,
         w.quoted,
         coalesce(s.relations, 0)::float8 as relations, coalesce(s.pages, 0)::float8 as pages, s.rows::float8 as rows
    from wanted w left join size s on s.root = w.relation
   order by w.place`;
async function countRows(database, schemas, tables, { signal, timeLimit = 3e4, totalLimit = 3e5 }) {
  const deadline = performance.now() + totalLimit;
  const found3 = [];
  const countable = [];
  for (let start = 0; start < schemas.length; start += schemasPerStatement) {
    const batch = schemas.slice(start, start + schemasPerStatement);
    for (const row of await database.query(look, [batch, tables])) {
      const target = countableOf(row);
      if (target === void 0) found3.push(uncountable(row));
      else countable.push(target);
    }
  }
  const waiting = packed(countable).reverse();
  for (let pack = waiting.pop(); pack !== void 0; pack = waiting.pop()) {
    signal.throwIfAborted();
    const left = deadline - performance.now();
    if (left <= 0) {
      const why = `not counted: the time for all counts (${(0, import_ground_duration.showDuration)(totalLimit)}) was over`;
      found3.push(...pack.map((target) => estimated(target, why)));
      continue;
    }
    const counted2 = await countTogether(database, pack, Math.ceil(Math.min(timeLimit, left)));
    if ("rows" in counted2) {
      found3.push(...pack.map((target, index2) => countedAs(target, counted2.rows[index2])));
    } else if (pack.length > 1) {
      const half = pack.length >> 1;
      waiting.push(pack.slice(half), pack.slice(0, half));
    } else {
      found3.push(...pack.map((target) => notCounted(target, counted2.error, Math.min(timeLimit, left))));
    }
  }
  return inOrder(found3, schemas, tables);
}
function countableOf({ schema, table: table2, quoted: quoted3, readable, relations, pages, rows: rows2 }) {
  if (quoted3 === null || !readable) return void 0;
  return { schema, table: table2, quoted: quoted3, relations, pages, rows: rows2 ?? void 0 };
}
function uncountable({ schema, table: table2, schema_exists: schemaExists, quoted: quoted3, role }) {
  if (!schemaExists) return { schema, table: table2, is: "schema-missing" };
  return quoted3 === null ? { schema, table: table2, is: "missing" } : { schema, table: table2, is: "unreadable", role };
}
var relationsPerStatement = 500;
var pagesPerStatement = 65536;
function packed(targets) {
  const packs = [];
  let [relations, pages] = [Infinity, 0];
  for (const target of [...targets].sort((one, other) => one.pages - other.pages)) {
    relations += target.relations;
    pages += target.pages;
    if (relations > relationsPerStatement || pages > pagesPerStatement) {
      packs.push([]);
      [relations, pages] = [target.relations, target.pages];
    }
    packs.at(-1)?.push(target);
  }
  return packs;
}
var lockLimit = 5e3;
async function countTogether(database, pack, limit) {
  const counts = pack.map(
    ({ quoted: quoted3 }, index2) => `select ${index2} as place, count(*)::float8 as rows from ${quoted3}`
  );
  const statement2 = [
    "set local transaction_read_only = on",
    `set local statement_timeout = ${limit}`,
    `set local lock_timeout = ${Math.max(1, Math.floor(Math.min(lockLimit, limit / 2)))}`,
    counts.join(" union all ")
  ].join("; ");
  try {
    const answers = await database.query(statement2);
    const rows2 = [];
    for (const answer of answers) rows2[answer.place] = answer.rows;
    return { rows: rows2 };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { error };
  }
}
function isRefusal(error) {
  if (error instanceof import_ground_errors.LostConnection) return false;
  return sqlStateOf(error) !== void 0;
}
function sqlStateOf(error) {
  const code2 = (0, import_ground_errors.codeOf)(error instanceof import_ground_errors.UserError ? error.cause : error);
  return code2 !== void 0 && /^[0-9A-Z]{5}$/.test(code2) ? code2 : void 0;
}
function countedAs({ schema, table: table2 }, rows2) {
  if (rows2 === void 0) return { schema, table: table2, is: "failed", why: "its count was not answered" };
  return { schema, table: table2, is: "counted", rows: rows2 };
}
function notCounted(target, error, limit) {
  const { schema, table: table2 } = target;
  switch (sqlStateOf(error)) {
    case "57014":
      return estimated(target, `not counted within ${(0, import_ground_duration.showDuration)(limit)}`);
    case "55P03":
      return { schema, table: table2, is: "failed", why: "somebody holds a lock on it that lets nobody read" };
    default:
      return {
        schema,
        table: table2,
        is: "failed",
        why: (0, import_ground_errors.messageOf)(error instanceof import_ground_errors.UserError ? error.cause ?? error : error)
      };
  }
}
function estimated({ schema, table: table2, rows: rows2 }, why) {
  return { schema, table: table2, is: "estimated", rows: rows2, why };
}
function inOrder(found3, schemas, tables) {
  const places = (names) => new Map(names.map((name, index2) => [name, index2]));
  const [schemaPlaces, tablePlaces] = [places(schemas), places(tables)];
  const place = ({ schema, table: table2 }) => (schemaPlaces.get(schema) ?? 0) * tables.length + (tablePlaces.get(table2) ?? 0);
  return found3.sort((one, other) => place(one) - place(other));
}
//! src/migrations/smoke.ts
async function smokeTables(database, schemas, tables, options) {
  const names = [...new Set(tables)];
  const found3 = await countRows(database, [...new Set(schemas)], names, options);
  const meant = await meantTables(database, found3, names);
  return [...Map.groupBy(found3, ({ schema }) => schema)].map(([schema, ofSchema]) => ({
    schema,
    counts: ofSchema.flatMap(countOf),
    notices: ofSchema.flatMap(noticeOf),
    failure: failureOf(schema, ofSchema, meant)
  }));
}
async function meantTables(database, found3, tables) {
  const nowhere2 = tables.filter(
    (name) => found3.every(({ table: table2, is }) => table2 !== name || is === "missing" || is === "schema-missing")
  );
  const example = found3.find(({ is }) => is === "missing")?.schema;
  if (nowhere2.length === 0 || example === void 0) return /* @__PURE__ */ new Map();
  const existing = [...(await tablesBySchema(database, [example])).get(example) ?? []];
  return new Map(nowhere2.map((name) => [name, (0, import_ground_words.nearest)(name, existing)]));
}
function countOf(found3) {
  if (found3.is !== "counted" && found3.is !== "estimated") return [];
  return [{ table: found3.table, rows: found3.rows, exact: found3.is === "counted" }];
}
function noticeOf(found3) {
  if (found3.is !== "estimated") return [];
  const about = found3.rows === void 0 ? "it was never analysed" : `it has about ${(0, import_ground_words.counted)(found3.rows, "row")}`;
  return [`${found3.schema}: ${found3.table} was ${found3.why}; ${about}`];
}
function failureOf(schema, found3, meant) {
  const wrong = found3.filter(({ is }) => is !== "counted" && is !== "estimated");
  const [first] = wrong;
  if (first === void 0) return void 0;
  const observed = first.is === "schema-missing" ? ["the schema does not exist"] : wrong.map((one) => observationOf(one));
  return new import_ground_errors.UserError(
    `The smoke test failed in tenant ${schema} — ${(0, import_ground_words.listed)(observed, 5)}`,
    hintFor(first, meant),
    { code: "smoke-test-failed" }
  );
}
function observationOf(found3) {
  switch (found3.is) {
    case "missing":
      return `there is no table ${found3.table}`;
    case "unreadable":
      return `${found3.table} may not be read by the role ${found3.role}`;
    case "failed":
      return `${found3.table} could not be counted: ${found3.why}`;
    default:
      return found3.table;
  }
}
function hintFor(found3, meant) {
  if (found3.is === "missing" && meant.has(found3.table)) {
    const name = meant.get(found3.table);
    const guess = name === void 0 ? "" : `did you mean ${name}? `;
    return `${guess}no schema that was looked at has that table: smoke-tables takes names as in the database (db_table), like orders_order`;
  }
  switch (found3.is) {
    case "missing":
      return "other tenants have it: look what happened to it in this one, and restore it";
    case "unreadable":
      return "give the role of this step USAGE on the schema and SELECT on the table (GRANT), or use its owner";
    default:
      return `look at that tenant, then run again`;
  }
}
function compareCounts(before, after) {
  const known = new Map(before.map(({ schema, counts }) => [schema, counts]));
  const emptied = /* @__PURE__ */ new Map();
  const fewer = [];
  for (const { schema, counts } of after) {
    for (const { table: table2, rows: rows2, exact } of counts) {
      const then = known.get(schema)?.find((one) => one.table === table2);
      if (then?.rows === void 0 || rows2 === void 0 || !exact || rows2 >= then.rows) continue;
      const lost = { schema, table: table2, before: then.rows, after: rows2 };
      if (rows2 === 0) emptied.set(schema, [...emptied.get(schema) ?? [], lost]);
      else if (then.exact) fewer.push(lost);
    }
  }
  return {
    failures: [...emptied].map(([schema, lost]) => ({ schema, failure: emptiedFailure(schema, lost) })),
    fewer
  };
}
function emptiedFailure(schema, lost) {
  const observed = lost.map(({ table: table2, before }) => `${table2} had ${(0, import_ground_words.counted)(before, "row")} and has none now`);
  return new import_ground_errors.UserError(
    `The smoke test failed in tenant ${schema} — ${(0, import_ground_words.listed)(observed, 5)}`,
    "look what the migration did to them before anything else writes there; a backup from before has them",
    { code: "smoke-test-failed" }
  );
}
function fewerRowsNotice(fewer) {
  if (fewer.length === 0) return void 0;
  const tables = [...fewer].sort((one, other) => other.before - other.after - (one.before - one.after)).map(
    ({ schema, table: table2, before, after }) => `${schema}.${table2} ${(0, import_ground_words.grouped)(after)} (${(0, import_ground_words.grouped)(before)} before)`
  );
  return `${(0, import_ground_words.counted)(fewer.length, "table")} ${fewer.length === 1 ? "has" : "have"} fewer rows than before: ${(0, import_ground_words.listed)(tables, 5)}`;
}
//! src/migrations/wave-checks.ts
async function rowsBefore(tenants, { database, smokeTables: tables = [], signal }) {
  if (tables.length === 0) return [];
  return smokeTables(
    database,
    tenants.map(({ schema }) => schema),
    tables,
    { signal }
  );
}
async function afterWave(wave, circumstances) {
  const { progress } = circumstances;
  const migrated = new Set(progress.migratedTenants);
  const schemas = wave.tenants.map(({ schema }) => schema).filter((schema) => migrated.has(schema));
  await countRows2(schemas, circumstances);
  await tryCommands(schemas, circumstances);
  await bake(wave, circumstances);
  await askAddresses(wave, circumstances);
  judgeTime(wave, circumstances);
}
async function countRows2(schemas, { rows: rows2, progress, options }) {
  const { database, signal, log, smokeTables: tables = [] } = options;
  if (tables.length === 0 || schemas.length === 0) return;
  const since = performance.now();
  const after = await smokeTables(database, schemas, tables, { signal });
  progress.counted(after);
  const { failures, fewer } = compareCounts(
    rows2.filter(({ schema }) => schemas.includes(schema)),
    after
  );
  for (const notice2 of after.flatMap((result) => result.notices)) log.info(notice2);
  const notice = fewerRowsNotice(fewer);
  if (notice !== void 0) log.info(notice);
  stopAtFirst([...after.flatMap(ownFailure), ...failures], progress);
  log.step(
    "Smoke",
    `${(0, import_ground_words.counted)(tables.length, "table")} in ${(0, import_ground_words.counted)(schemas.length, "tenant")}`,
    performance.now() - since
  );
}
function ownFailure({ schema, failure }) {
  return failure === void 0 ? [] : [{ schema, failure }];
}
async function tryCommands(schemas, { progress, options }) {
  const commands2 = options.smokeCommands ?? [];
  const { smoke } = applicationOf(options.project);
  const since = performance.now();
  for (const schema of schemas) {
    for (const command of commands2) {
      const failure = await smoke(command, schema, workOf(options));
      stopAtFirst(failure === void 0 ? [] : [{ schema, failure }], progress);
    }
  }
  if (commands2.length === 0 || schemas.length === 0) return;
  options.log.step(
    "Smoke",
    `${(0, import_ground_words.counted)(commands2.length, "command")} in ${(0, import_ground_words.counted)(schemas.length, "tenant")}`,
    performance.now() - since
  );
}
function stopAtFirst(failures, progress) {
  for (const { schema, failure } of failures) progress.failedAfterwards(schema, failure);
  const [first] = failures;
  if (first === void 0) return;
  const { message, hint, code: code2, evidence } = first.failure;
  const others = failures.slice(1).map(({ failure }) => failure.message);
  throw new import_ground_errors.UserError(message, [hint, ...progress.standing].join("; "), {
    code: code2,
    evidence: [...evidence === void 0 ? [] : [evidence], ...others].join("\n")
  });
}
async function bake(wave, { next, options: { log, signal } }) {
  if (wave.bake === 0 || next.length === 0) return;
  log.step("Bake", `${wave.name}: ${(0, import_ground_duration.showDuration)(wave.bake)} before the next group`);
  await (0, import_promises2.setTimeout)(wave.bake, void 0, { signal }).catch(() => signal.throwIfAborted());
}
async function askAddresses(wave, { progress, options: { check, log } }) {
  for (const address of wave.check) {
    const since = performance.now();
    const wrong = await check?.(address);
    if (wrong !== void 0) {
      throw new import_ground_errors.UserError(
        `After the group ${wave.name}, ${address} is not well — ${wrong}`,
        ["look at what it answers; when that is mended, run again", ...progress.standing].join("; "),
        { code: "rollout-check-failed" }
      );
    }
    log.step("Check", `${address} is well`, performance.now() - since);
  }
}
function judgeTime(wave, { next, parallel: parallel2, progress, options }) {
  const kinds = new Map(wave.tenants.map((tenant) => [tenant.schema, (0, import_database_structure_definitions.kindOfWork)(tenant)]));
  const measured = typical(progress.measuredIn(wave.name)).map(({ schema, milliseconds }) => ({
    kind: kinds.get(schema) ?? "",
    milliseconds
  }));
  const estimate = estimateRest(measured, { kinds: next.map(import_database_structure_definitions.kindOfWork), parallel: parallel2 });
  if (estimate === void 0) return;
  const { sentence: sentence2, warning, refusal } = judgePace(wave.name, estimate, {
    spent: progress.spent,
    timeLeft: deadlineOf(options) - performance.now(),
    expected: options.expectMaxDuration
  });
  options.log.info(sentence2);
  if (warning !== void 0) options.log.warning(warning);
  if (refusal !== void 0) throw refusal;
}
function typical(migrated) {
  const likeTheRest = migrated.filter(({ engine }) => engine === "worker" || engine === "command");
  if (likeTheRest.length > 0) return likeTheRest;
  return migrated.length > 1 ? migrated : [];
}
//! src/migrations/migrate.ts
function migrateSchemas(options) {
  return told2((progress) => carryOut(progress, options));
}
function verifySchemas(options) {
  return told2(async (progress) => {
    proveAll(await firstLook(progress, options), progress, options);
  });
}
async function told2(work) {
  const progress = new Progress();
  try {
    await work(progress);
    return progress.outcome();
  } catch (error) {
    if (!(error instanceof import_ground_errors.UserError)) throw error;
    return progress.outcome(withWayBack(error, progress));
  }
}
async function carryOut(progress, options) {
  let look2 = await firstLook(progress, options);
  for (const notice of (0, import_database_structure_definitions.notices)(look2.plan)) options.log.info(notice);
  refuse(look2.plan, options);
  if (!options.dryRun) await requireRights(look2.plan, options.database);
  const { shared, superTenant } = await look2.standing.prepare(look2.plan, options);
  if (options.dryRun) {
    options.log.details("The plan", planLines(look2.plan).join("\n"));
    const backup = backupSentence(look2, options);
    if (backup !== void 0) options.log.info(backup);
  }
  await reviewed(look2, progress, options);
  if (options.dryRun) return;
  await backUpFirst(look2, progress, options);
  const sharedChanged = await bringShared(look2, shared, progress, options);
  if (superTenant !== void 0) await bringSuperTenant(superTenant, progress, options);
  if (await isOutdated(look2, options)) {
    look2 = await lookAgain(progress, options);
    await backUpFirst(look2, progress, options, sharedOnly);
  }
  await bringTemplates(look2.plan, progress, options);
  const end2 = await bringTenants(look2, progress, options);
  const before = look2;
  const unrecorded = look2.plan.tenants.some((tenant) => tenant.unrecorded !== void 0);
  try {
    if (sharedChanged || unrecorded || progress.touchedTenants) {
      const again = before.plan.lacking.length === 0 ? { ...options, postMigrate: void 0 } : options;
      look2 = await lookAt(again);
      progress.seen(look2.plan);
      if (end2 === "done" && await recordProven(look2, progress, options)) look2 = await lookAt(again);
      progress.seen(look2.plan);
    }
    proveAll(look2, progress, options, before);
  } catch (error) {
    throw failureOf2(end2, progress, options) ?? error;
  }
  const failure = failureOf2(end2, progress, options);
  if (failure !== void 0) throw failure;
}
async function reviewed(look2, progress, { review }) {
  if (review === void 0) return;
  const since = performance.now();
  await review(look2);
  progress.phase("Review", since);
}
async function firstLook(progress, options) {
  const since = performance.now();
  const look2 = await lookAt(options);
  progress.planned(look2.plan);
  progress.phase("Plan", since);
  options.log.step("Plan", planSentence(look2.plan), performance.now() - since);
  return look2;
}
async function isOutdated({ standing: standing2, plan }, { database, schemas }) {
  return plan.tenantsUnknown !== void 0 || standing2.isOutdated(database, schemas);
}
var sharedOnly = "the shared schema is migrated, no tenant was touched";
async function lookAgain(progress, options) {
  const before = progress.plan === void 0 ? "" : planSentence(progress.plan);
  const look2 = await lookAt(options);
  progress.planned(look2.plan);
  progress.seen(look2.plan);
  if (planSentence(look2.plan) !== before) options.log.step("Plan", planSentence(look2.plan));
  refuse(look2.plan, options, sharedOnly);
  return look2;
}
function refuse(plan, options, soFar) {
  const [refusal, ...others] = (0, import_database_structure_definitions.refusals)(plan, soFar, options);
  if (refusal !== void 0) {
    options.log.details("Also in the way", others.map(({ sentence: sentence2 }) => sentence2).join("\n"));
    throw refusal;
  }
  const beforehand = failedBeforehand(plan, limitOf(plan, options), soFar);
  if (beforehand !== void 0) throw beforehand;
}
function limitOf(plan, options) {
  return (0, import_database_structure_definitions.failuresThatStop)(maxFailuresOf(options), plan.tenants.length + plan.troubled.length);
}
async function bringTenants(look2, progress, options) {
  const { plan } = look2;
  const pending = plan.tenants.filter((tenant) => (0, import_database_structure_definitions.needsMigration)(tenant) && tenant.unrecorded === void 0);
  if (pending.length === 0) {
    options.log.step("Tenants", upToDateSentence(plan));
    return "done";
  }
  await refuseOtherOwners(look2, pending, options);
  const parallel2 = await makeRoom(lanesFor(options, pending.length), options);
  const application = applicationOf(options.project);
  const engine = application.engine(look2, { pending, lanes: parallel2, work: workOf(options), options });
  const rows2 = await rowsBefore(pending, options);
  try {
    return await migrateTenants({
      ...options,
      plan,
      pending,
      application,
      engine,
      progress,
      parallel: parallel2,
      rollout: options.rollout,
      canary: canaryOf(options),
      maxFailures: maxFailuresOf(options),
      deadline: deadlineOf(options),
      safePoint: (phase) => safePoint(phase, progress, options),
      afterWave: (wave, next) => afterWave(wave, { next, parallel: parallel2, rows: rows2, progress, options }),
      onStanding: () => options.onStanding?.(progress.outcome())
    });
  } finally {
    progress.engineNotes(engine.notes);
    await engine.close();
  }
}
async function refuseOtherOwners({ standing: standing2 }, pending, { database }) {
  const running = pending.filter(({ runs }) => runs.length > 0).map(({ schema }) => schema);
  const foreign = await readForeignTables(database, running);
  const refusal = ownersRefusal(foreign, standing2.role, "no tenant was touched");
  if (refusal !== void 0) throw refusal;
}
function upToDateSentence({ tenants, back }) {
  if (back !== void 0) return "nothing to undo";
  const unrecorded = tenants.filter((tenant) => tenant.unrecorded !== void 0).length;
  const upToDate = `0 migrated, ${(0, import_ground_words.grouped)(tenants.length - unrecorded)} up to date`;
  return unrecorded === 0 ? upToDate : `${upToDate}, ${(0, import_ground_words.grouped)(unrecorded)} with a migration that is not recorded`;
}
function failureOf2(end2, progress, options) {
  options.signal.throwIfAborted();
  const limit = (0, import_database_structure_definitions.failuresThatStop)(maxFailuresOf(options), progress.outcome().tenants.length);
  return fleetFailure(progress.failed, { end: end2, standing: progress.standing, limit });
}
function proveAll(look2, progress, { log }, before) {
  const since = performance.now();
  const migrated = new Set(progress.migratedTenants);
  const proof = look2.standing.prove(
    look2.structures,
    before && { fleet: before.standing.fleet, structures: before.structures, migrated }
  );
  progress.proven(proof);
  log.details("Tenants that are not like the others", (0, import_database_structure_definitions.driftLines)(proof.drift).join("\n"));
  if (proof.failure !== void 0) throw proof.failure;
  log.step("Proof", (0, import_database_structure_definitions.proofSentence)(proof), performance.now() - since);
}
//! src/migrations/outcome.ts
function totalsOf({ tenants }) {
  const count = (...outcomes) => tenants.filter(({ outcome }) => outcomes.includes(outcome)).length;
  return {
    total: tenants.length,
    migrated: count("migrated"),
    skipped: count("skipped"),
    failed: count("failed", "unknown")
  };
}
//! src/migrations/target.ts
function parseTarget(written) {
  const [, app, migration2] = /^(\w+)[ \t]+(\w+)$/.exec(written.trim()) ?? [];
  if (app !== void 0 && migration2 !== void 0) return { app, migration: migration2 };
  throw new RangeError(
    `"${written}" is not an app and a migration, like orders 0001_initial, or orders zero`
  );
}
//! src/migrations/undo.ts
function undoMigrations(options) {
  return told2((progress) => goBack(progress, { ...options, postMigrate: "never" }));
}
async function goBack(progress, options) {
  const look2 = await firstLook(progress, options);
  for (const notice of (0, import_database_structure_definitions.notices)(look2.plan)) options.log.info(notice);
  refuseToGoBack(() => refuse(look2.plan, options));
  const { shared } = await look2.standing.prepare(look2.plan, options);
  if (options.dryRun) {
    options.log.details("The plan", planLines(look2.plan).join("\n"));
    const backup = backupSentence(look2, options);
    if (backup !== void 0) options.log.info(backup);
    return;
  }
  await requireRights(look2.plan, options.database);
  await backUpFirst(look2, progress, options);
  const end2 = await bringTenants(look2, progress, options);
  try {
    if (failureOf2(end2, progress, options) === void 0) {
      await bringTemplates(look2.plan, progress, options);
      await bringShared(look2, shared, progress, options);
    } else if (shared !== void 0) {
      options.log.step(
        "Shared",
        `${look2.plan.shared.schema}: not touched, it follows when every tenant is there`
      );
    }
    const now = await lookAt(options);
    progress.seen(now.plan);
    proveAll(now, progress, options, look2);
  } catch (error) {
    throw failureOf2(end2, progress, options) ?? error;
  }
  const failure = failureOf2(end2, progress, options);
  if (failure !== void 0) throw failure;
}
function refuseToGoBack(refusing) {
  try {
    refusing();
  } catch (error) {
    if (!(error instanceof import_ground_errors.UserError) || error.code !== "code-older-than-database") throw error;
    throw new import_ground_errors.UserError(
      error.message,
      "go back with the code that has these migrations, and deploy the older one afterwards; nothing was changed",
      { code: error.code, cause: error }
    );
  }
}
//! src/actions/migration-report.ts
function facts(outcome) {
  const { total, migrated, skipped, failed } = totalsOf(outcome);
  const code2 = outcome.plan && (0, import_migrations_old_code.judgeCode)(outcome.plan);
  return {
    "tenants-total": total,
    "tenants-migrated": migrated,
    "tenants-skipped": skipped,
    "tenants-failed": failed,
    "drift-groups": outcome.proof && (0, import_database_structure_definitions.driftGroups)(outcome.proof.drift),
    plan: outcome.plan === void 0 ? void 0 : JSON.stringify(shortPlan(outcome.plan)),
    reversible: code2?.reversible,
    "old-code-compatible": code2?.oldCode,
    "backup-path": outcome.backups.length === 0 ? void 0 : outcome.backups.map(({ path }) => path).join("\n")
  };
}
function shortPlan({ shared, tenants, troubled, back }) {
  const groups = Map.groupBy(
    tenants.filter(({ pending }) => pending.length > 0),
    ({ pending }) => pending.join("\n")
  );
  const troubles2 = Map.groupBy(troubled, ({ code: code2 }) => code2);
  return {
    ...back === void 0 ? {} : { backTo: back.targets },
    shared: shared.pending,
    tenants: [...groups].map(([pending, group2]) => ({ pending: pending.split("\n"), tenants: group2.length })),
    ...troubled.length === 0 ? {} : { troubled: Object.fromEntries([...troubles2].map(([code2, { length }]) => [code2, length])) }
  };
}
var shownRows = 100;
function tellReport(outcome, report) {
  const schemas = [...outcome.shared === void 0 ? [] : [outcome.shared], ...outcome.tenants];
  report.data("schemas", schemas);
  report.data("plan", outcome.plan);
  report.data("proof", outcome.proof);
  report.data("phases", outcome.phases);
  report.data("notices", outcome.notices);
  report.data(
    "backups",
    outcome.backups.map(({ path, place, bytes, manifest }) => ({
      path,
      place,
      bytes,
      taken: manifest.taken,
      schemas: manifest.schemas.length
    }))
  );
  tellBackups(outcome, report);
  const done = outcome.plan?.back === void 0 ? "migrated" : "undone";
  tellFailures(outcome.tenants, report, done);
  for (const notice of outcome.notices) report.lookAt(notice);
  if (schemas.length === 0) return;
  if (outcome.phases.length > 1) report.timeline(outcome.phases);
  tellRows(outcome.tenants, report);
  const rows2 = [...schemas].sort(worstFirst).slice(0, shownRows).map((row) => rowOf(row, done));
  report.foldedTable(
    schemas.length > shownRows ? `The first ${shownRows} of ${(0, import_ground_words.counted)(schemas.length, "schema")}, failed and slowest first` : (0, import_ground_words.counted)(schemas.length, "schema"),
    ["schema", "result", "migrations", "time", "by"],
    rows2
  );
}
function tellBackups({ backups, shared, tenants }, report) {
  const touched = [...shared === void 0 ? [] : [shared], ...tenants].filter(
    ({ outcome }) => outcome !== "skipped" && outcome !== "not-tried"
  );
  for (const backup of backups) {
    const { path, place, bytes, manifest } = backup;
    report.table(
      "Backup from before this run",
      ["where", "schemas", "size", "as of"],
      [[`${path} on ${place}`, (0, import_ground_words.grouped)(manifest.schemas.length), (0, import_diagnosis_container_rules.showSize)(bytes), manifest.taken]]
    );
    const inIt = new Set(manifest.schemas.map(({ name }) => name));
    const names = touched.map(({ schema }) => schema).filter((name) => inIt.has(name) && name !== manifest.shared);
    if (names.length > 0) report.foldedText("To go back to it", wayBack(backup, names), "yaml");
  }
}
function tellFailures(tenants, report, done) {
  const failed = tenants.filter(({ outcome }) => outcome === "failed" || outcome === "unknown");
  if (failed.length === 0) return;
  const kinds = Map.groupBy(failed, ({ schema, failure = "" }) => (0, import_database_structure_definitions.sameFailure)(failure, schema));
  const others = Map.groupBy(tenants, ({ outcome }) => outcome);
  const count = (outcome) => others.get(outcome)?.length ?? 0;
  const rest = [
    ...count("migrated") === 0 ? [] : [`${(0, import_ground_words.grouped)(count("migrated"))} ${done}`],
    ...count("skipped") === 0 ? [] : [`${(0, import_ground_words.grouped)(count("skipped"))} up to date`],
    ...count("not-tried") === 0 ? [] : [`${(0, import_ground_words.grouped)(count("not-tried"))} not tried`]
  ];
  report.table(
    `${(0, import_ground_words.counted)(failed.length, "tenant")} failed${rest.length === 0 ? "" : ` (${(0, import_ground_words.listed)(rest)})`}`,
    ["tenants", "what is wrong"],
    [...kinds.values()].sort((one, other) => other.length - one.length).slice(0, shownRows).map((equal) => [
      `${equal.length > 1 ? `**${(0, import_ground_words.grouped)(equal.length)}:** ` : ""}${(0, import_ground_words.listed)(
        equal.map(({ schema }) => schema),
        5
      )}`,
      equal[0]?.failure ?? ""
    ])
  );
}
function tellRows(tenants, report) {
  const counted2 = tenants.filter(({ rows: rows2 }) => rows2 !== void 0).slice(0, shownRows);
  if (counted2.length === 0) return;
  report.foldedTable(
    "Rows of the smoke tables",
    ["schema", "table", "rows"],
    counted2.flatMap(
      ({ schema, rows: rows2 = [] }) => rows2.map(({ table: table2, rows: amount, exact }) => [
        schema,
        table2,
        amount === void 0 ? "?" : `${exact ? "" : "about "}${(0, import_ground_words.grouped)(amount)}`
      ])
    )
  );
}
var badness = {
  failed: 0,
  unknown: 1,
  "not-tried": 2,
  migrated: 3,
  skipped: 4
};
function worstFirst(a, b) {
  return badness[a.outcome] - badness[b.outcome] || b.milliseconds - a.milliseconds;
}
function rowOf({ schema, outcome, migrations, failure, milliseconds, engine }, done) {
  const result = outcome === "migrated" ? done : outcome;
  return [
    schema,
    failure === void 0 ? result : `**${result}**: ${failure}`,
    migrations.join(", "),
    milliseconds === 0 ? "" : (0, import_ground_duration.showDuration)(milliseconds),
    engine ?? ""
  ];
}
//! src/actions/restore-schemas.ts
async function restoreSchemas(inputs2, context) {
  const { origin, tell, log, report, signal } = context;
  const started = performance.now();
  const sessions = (0, import_database_structure_definitions.sessionsName)(origin);
  const outcome = await (0, import_database_structure_definitions.withDatabase)(
    inputs2,
    context,
    (database, another) => (
      // A rehearsal changes nothing that anybody else has: it waits for nobody.
      (0, import_database_structure_definitions.withLock)(
        { ...inputs2, dryRun: inputs2.dryRun || inputs2.restoreTo === "scratch" },
        { ...context, sessions },
        (atSafePoint) => (0, import_database_structure_definitions.restoreFrom)(inputs2, {
          database,
          another,
          sessions,
          log,
          signal,
          origin,
          atSafePoint,
          connectTo: (databaseUrl2) => (0, import_database_verdict.connect)(databaseUrl2, {
            applicationName: `${sessions}/rehearsal`,
            connectTimeout: 1e4,
            signal,
            through: inputs2.through
          }),
          onStanding: (soFar) => tell(facts2(soFar))
        })
      )
    )
  );
  tell(facts2(outcome));
  report.data("backup", {
    path: outcome.path,
    taken: outcome.manifest.taken,
    database: outcome.manifest.database
  });
  report.data("restored", outcome.restored);
  report.data("rehearsal", outcome.rehearsal);
  report.table(
    inputs2.dryRun ? "What would be restored" : "Restored",
    ["schema", "as", "tables", "what points into it"],
    outcome.planned.map(({ schema, as, replaced, pointers }) => [
      schema.name,
      replaced === void 0 ? as : `${as}; the one before is ${replaced}`,
      (0, import_ground_words.grouped)(schema.tables),
      pointers.map(({ what }) => what).join("\n")
    ])
  );
  const verdict2 = verdictOf(outcome, inputs2);
  const milliseconds = performance.now() - started;
  log.step("Done", verdict2, milliseconds);
  report.verdict(`${verdict2}, in ${(0, import_ground_duration.showDuration)(milliseconds)}.`);
  return { result: inputs2.dryRun ? "planned" : outcome.rehearsal === void 0 ? "restored" : "rehearsed" };
}
function facts2({ path, restored }) {
  return {
    "backup-path": path,
    restored: JSON.stringify(restored.map(({ schema, as, replaced }) => ({ schema, as, replaced })))
  };
}
function verdictOf({ manifest, planned, restored, rehearsal }, { dryRun, restoreTo }) {
  const { taken } = manifest;
  if (rehearsal !== void 0) {
    return `the backup of ${taken} can be restored: ${(0, import_ground_words.counted)(rehearsal.schemas, "schema")} in ${(0, import_ground_duration.showDuration)(rehearsal.restoring)}, proven`;
  }
  if (dryRun) {
    const amount = restoreTo === "scratch" ? manifest.schemas.length : planned.length;
    return `${(0, import_ground_words.counted)(amount, "schema")} of ${taken} would be restored (${restoreTo})`;
  }
  return `${(0, import_ground_words.counted)(restored.length, "schema")} of ${taken} restored (${restoreTo}), proven`;
}
//! src/actions/review.ts
//! src/report/pull-request.ts
var timeout = 1e4;
var request = () => ({ signal: AbortSignal.timeout(timeout) });
async function writeComment({ repository, number: number2, ...access }, body, marker) {
  const { rest, paginate } = await (0, import_report_github.gitHub)(access);
  const repo = inRepository(repository);
  const comments = await paginate(rest.issues.listComments, {
    ...repo,
    issue_number: number2,
    per_page: 100,
    request: request()
  });
  const own = comments.find((comment2) => comment2.body?.startsWith(marker));
  if (own === void 0) {
    await rest.issues.createComment({ ...repo, issue_number: number2, body, request: request() });
    return "made";
  }
  if (own.body === body) return "unchanged";
  await rest.issues.updateComment({ ...repo, comment_id: own.id, body, request: request() });
  return "changed";
}
async function pullRequestOf({ repository, ...access }, { owner, branch, commit }) {
  const { rest } = await (0, import_report_github.gitHub)(access);
  const { data } = await rest.pulls.list({
    ...inRepository(repository),
    state: "open",
    head: `${owner}:${branch}`,
    request: request()
  });
  return data.find(({ head }) => head.sha === commit)?.number;
}
var lookedCommits = 5;
async function labelsOfFile({ repository, ...access }, { path, commit }) {
  const { rest } = await (0, import_report_github.gitHub)(access);
  const repo = inRepository(repository);
  const { data: commits } = await rest.repos.listCommits({
    ...repo,
    sha: commit,
    path,
    per_page: lookedCommits,
    request: request()
  });
  const found3 = /* @__PURE__ */ new Map();
  for (const { sha } of commits) {
    const { data: pulls } = await rest.repos.listPullRequestsAssociatedWithCommit({
      ...repo,
      commit_sha: sha,
      request: request()
    });
    for (const { merged_at: merged, labels } of pulls) {
      if (merged === null) continue;
      for (const { name, description } of labels) {
        found3.set(name, { name, description: description ?? "" });
      }
    }
  }
  return [...found3.values()];
}
function inRepository(repository) {
  const [owner = "", repo = ""] = repository.split("/");
  return { owner, repo };
}
//! src/review/acknowledged.ts
var inFile = /^allow ([a-z-]+)\s*:\s*(\S.*)$/;
var asLabel = /^tenantry: ?allow ([a-z-]+)$/;
var acceptingLine = (situation) => `# tenantry: allow ${situation}:`;
var acceptingLabel = (situation) => `tenantry: allow ${situation}`;
function acceptedInFile(situation, { comments }) {
  for (const { text: text2 } of comments) {
    const [, name, reason] = inFile.exec(text2) ?? [];
    if (name === situation) return reason;
  }
  return void 0;
}
function acceptedByLabel(situation, labels) {
  for (const { name, description } of labels) {
    if (asLabel.exec(name)?.[1] === situation && description.trim() !== "") {
      return `${description.trim()} (label ${name})`;
    }
  }
  return void 0;
}
//! src/review/sql-tree.ts
function nodeOf(wrapped) {
  return Object.values(wrapped)[0] ?? {};
}
function relationOf(value) {
  const { schemaname, relname } = value ?? {};
  return { name: relname ?? "", ...schemaname === void 0 ? {} : { schema: schemaname } };
}
function strings(list) {
  return (list ?? []).map((one) => String(nodeOf(one).sval ?? ""));
}
function typeOf(value) {
  const { names, typmods, arrayBounds } = value ?? {};
  const name = strings(names).at(-1) ?? "";
  const numbers = (typmods ?? []).map(
    (one) => (nodeOf(one).ival ?? {}).ival ?? 0
  );
  return `${name}${numbers.length === 0 ? "" : `(${numbers.join(",")})`}${arrayBounds === void 0 ? "" : "[]"}`;
}
var stableFunctions = /* @__PURE__ */ new Set([
  "now",
  "transaction_timestamp",
  "statement_timestamp",
  "current_setting",
  "current_schema",
  "current_database",
  "to_timestamp",
  "to_date",
  "lower",
  "upper",
  "length",
  "coalesce",
  "jsonb_build_object",
  "jsonb_build_array",
  "md5",
  "date_trunc",
  "make_date",
  "make_interval"
]);
function isStable(expression) {
  if (typeof expression !== "object" || expression === null) return true;
  return Object.entries(expression).every(([kind, inner]) => {
    if (kind === "FuncCall") {
      const name = strings(inner.funcname).at(-1) ?? "";
      return stableFunctions.has(name) && isStable(inner);
    }
    return isStable(inner);
  });
}
function textAfter(sql, from, word) {
  const rest = Buffer.from(sql).subarray(from).toString();
  const match = word.exec(rest);
  if (match === null) return "";
  const start = match.index + match[0].length;
  let depth = 0;
  let quoted3 = "";
  for (let at = start; at < rest.length; at += 1) {
    const letter = rest.charAt(at);
    if (quoted3 !== "") {
      if (letter === quoted3) quoted3 = "";
    } else if (letter === "'" || letter === '"') {
      quoted3 = letter;
    } else if (letter === "(") {
      depth += 1;
    } else if (letter === ")") {
      depth -= 1;
      if (depth === 0) return rest.slice(start + 1, at);
    }
  }
  return "";
}
//! src/review/changes.ts
function changesOf(sql, parser) {
  try {
    return { changes: parser.statements(sql).flatMap((one) => changesOfStatement(one, sql)) };
  } catch (error) {
    return { changes: [], unreadable: error instanceof Error ? error.message : String(error) };
  }
}
var nowhere = { name: "" };
function changesOfStatement(statement2, sql) {
  const { kind, node } = statement2;
  const table2 = relationOf(node.relation);
  switch (kind) {
    case "AlterTableStmt":
      if (node.objtype !== "OBJECT_TABLE") return [];
      return node.cmds.flatMap((one) => alteration(nodeOf(one), table2, sql));
    case "CreateStmt":
      return creation(node, table2);
    case "IndexStmt":
      return [index(node, table2, statement2)];
    case "DropStmt":
      return dropping(node);
    case "RenameStmt":
      return renaming(node, table2);
    case "UpdateStmt":
    case "DeleteStmt":
    case "InsertStmt":
      return [
        {
          ...on(table2, "change-rows", "ROW EXCLUSIVE", kind === "InsertStmt" ? "instant" : "rows"),
          ...filling(node)
        }
      ];
    case "TruncateStmt":
      return node.relations.map(
        (one) => on(relationOf(one.RangeVar), "truncate", "ACCESS EXCLUSIVE", "instant")
      );
    case "CreateExtensionStmt":
      return [{ ...on(nowhere, "create-extension", "none", "instant"), name: String(node.extname) }];
    case "VacuumStmt":
    case "ClusterStmt":
    case "ReindexStmt":
      return [on(table2, "other", "ACCESS EXCLUSIVE", "rewrite")];
    case "DoStmt":
    case "SelectStmt":
    case "CallStmt":
      return [on(nowhere, "other", "none", "unknown")];
    default:
      return [];
  }
}
function on(table2, does, lock, cost, columns = []) {
  return { does, table: table2, lock, cost, columns };
}
function alteration(command, table2, sql) {
  const column = String(command.name ?? "");
  const exclusive = (does, cost = "instant") => on(table2, does, "ACCESS EXCLUSIVE", cost, [column]);
  switch (command.subtype) {
    case "AT_AddColumn":
      return newColumn(nodeOf(command.def), table2, sql);
    case "AT_DropColumn":
      return [exclusive("drop-column")];
    case "AT_AlterColumnType":
      return [{ ...exclusive("alter-type", "type"), type: typeOf(nodeOf(command.def).typeName) }];
    case "AT_ColumnDefault":
      return [exclusive(command.def === void 0 ? "drop-default" : "set-default")];
    case "AT_SetNotNull":
      return [exclusive("set-not-null", "scan")];
    case "AT_AddConstraint":
      return [constraint(nodeOf(command.def), table2, sql)];
    case "AT_DropConstraint":
      return [exclusive("drop-constraint")];
    case "AT_ValidateConstraint":
      return [{ ...exclusive("validate", "scan"), lock: "SHARE UPDATE EXCLUSIVE" }];
    case "AT_AddIdentity":
      return [exclusive("other")];
    case "AT_SetLogged":
    case "AT_SetUnLogged":
    case "AT_SetAccessMethod":
    case "AT_SetTableSpace":
      return [exclusive("other", "rewrite")];
    default:
      return [exclusive("other")];
  }
}
function newColumn(definition, table2, sql) {
  const name = String(definition.colname);
  const constraints = (definition.constraints ?? []).map(nodeOf);
  const of = (...types) => constraints.find(({ contype }) => types.includes(String(contype)));
  const preset = of("CONSTR_DEFAULT");
  const generated = of("CONSTR_GENERATED", "CONSTR_IDENTITY");
  const type = typeOf(definition.typeName);
  const isSerial = /^(small|big)?serial\d?$/.test(type);
  const rewrites = generated !== void 0 || isSerial || preset !== void 0 && !isStable(preset.raw_expr);
  return [
    {
      ...on(table2, "add-column", "ACCESS EXCLUSIVE", rewrites ? "rewrite" : "instant", [name]),
      type,
      notNull: of("CONSTR_NOTNULL", "CONSTR_PRIMARY") !== void 0,
      hasDefault: preset !== void 0 || generated !== void 0 || isSerial
    },
    ...constraints.filter(
      ({ contype }) => ["CONSTR_UNIQUE", "CONSTR_PRIMARY", "CONSTR_CHECK", "CONSTR_FOREIGN"].includes(String(contype))
    ).map((one) => constraint({ ...one, keys: [name], fk_attrs: [name] }, table2, sql))
  ];
}
function constraint(node, table2, sql) {
  const names = (value) => (value ?? []).every((one) => typeof one === "string") ? value ?? [] : strings(value);
  const notValid = node.skip_validation === true;
  switch (node.contype) {
    case "CONSTR_CHECK":
      return {
        ...on(table2, "add-check", "ACCESS EXCLUSIVE", notValid ? "instant" : "scan"),
        condition: textAfter(sql, Number(node.location), /CHECK\s*(?=\()/i),
        notValid
      };
    case "CONSTR_FOREIGN":
      return {
        ...on(
          table2,
          "add-foreign-key",
          "SHARE ROW EXCLUSIVE",
          notValid ? "instant" : "scan",
          names(node.fk_attrs)
        ),
        references: { table: relationOf(node.pktable), columns: strings(node.pk_attrs) },
        notValid
      };
    case "CONSTR_UNIQUE":
    case "CONSTR_PRIMARY":
      return {
        ...on(
          table2,
          "add-unique",
          "ACCESS EXCLUSIVE",
          node.indexname === void 0 ? "index" : "instant",
          names(node.keys)
        ),
        nullsEqual: node.nulls_not_distinct === true,
        notValid: node.indexname !== void 0
      };
    default:
      return on(table2, "other", "ACCESS EXCLUSIVE", "index");
  }
}
function creation(node, table2) {
  const elements = (node.tableElts ?? []).map(nodeOf);
  const all = elements.flatMap((one) => [
    one,
    ...(one.constraints ?? []).map(nodeOf)
  ]);
  return [
    on(table2, "create-table", "none", "instant"),
    ...all.filter(({ contype }) => contype === "CONSTR_FOREIGN").map((one) => ({
      ...on(table2, "add-foreign-key", "SHARE ROW EXCLUSIVE", "instant", strings(one.fk_attrs)),
      references: { table: relationOf(one.pktable), columns: strings(one.pk_attrs) },
      notValid: true
    }))
  ];
}
function index(node, table2, { text: text2 }) {
  const elements = node.indexParams.map(nodeOf);
  const concurrently = node.concurrent === true;
  const where = node.whereClause === void 0 ? void 0 : /\sWHERE\s+(.+)$/is.exec(text2)?.[1];
  return {
    ...on(
      table2,
      "create-index",
      concurrently ? "SHARE UPDATE EXCLUSIVE" : "SHARE",
      "index",
      elements.flatMap(({ name }) => typeof name === "string" ? [name] : [])
    ),
    concurrently,
    isUnique: node.unique === true,
    nullsEqual: node.nulls_not_distinct === true,
    hasExpressions: elements.some(({ expr }) => expr !== void 0),
    ...where === void 0 ? {} : { condition: where }
  };
}
function dropping({ removeType, objects, concurrent }) {
  const does = removeType === "OBJECT_TABLE" ? "drop-table" : removeType === "OBJECT_INDEX" ? "drop-index" : "other";
  if (does === "other") return [];
  return objects.map((one) => {
    const names = strings(nodeOf(one).items);
    const table2 = { name: names.at(-1) ?? "", ...names.length > 1 ? { schema: names.at(-2) } : {} };
    const lock = concurrent === true ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE";
    return { ...on(table2, does, lock, "instant"), concurrently: concurrent === true };
  });
}
function renaming({ renameType, subname, newname }, table2) {
  const does = { OBJECT_COLUMN: "rename-column", OBJECT_TABLE: "rename-table" }[String(renameType)];
  if (does === void 0) return [];
  const columns = subname === void 0 ? [] : [String(subname)];
  return [{ ...on(table2, does, "ACCESS EXCLUSIVE", "instant", columns), name: String(newname) }];
}
function filling({ targetList, whereClause }) {
  const test = whereClause;
  if (test?.NullTest?.nulltesttype !== "IS_NULL") return {};
  const [target] = (targetList ?? []).map(nodeOf);
  return target === void 0 ? {} : { fills: String(target.name) };
}
//! src/review/existing-rows.ts
var most = 1e3;
function ruleOf(change) {
  const { does, table: table2, columns, condition, references, notValid = false } = change;
  const names = columns.map(import_database_structure_definitions.quotedName);
  const counting = (query) => `select count(*)::int from (${query} limit ${most}) as found`;
  const own = (schema) => `${(0, import_database_structure_definitions.quotedName)(schema)}.${(0, import_database_structure_definitions.quotedName)(table2.name)}`;
  if (table2.schema !== void 0 || notValid) return void 0;
  if (does === "add-unique" || does === "create-index" && change.isUnique === true) {
    if (change.hasExpressions === true || names.length === 0) return void 0;
    const filled = change.nullsEqual === true ? [] : names.map((name) => `${name} is not null`);
    const conditions = [...filled, ...condition === void 0 ? [] : [`(${condition})`]];
    const where = conditions.length === 0 ? "" : ` where ${conditions.join(" and ")}`;
    return {
      rule: "unique",
      table: table2.name,
      of: columns.join(", "),
      sql: (schema) => counting(`select 1 from ${own(schema)}${where} group by ${names.join(", ")} having count(*) > 1`)
    };
  }
  if (does === "set-not-null") {
    return {
      rule: "not-null",
      table: table2.name,
      of: columns.join(", "),
      sql: (schema) => counting(`select 1 from ${own(schema)} where ${names[0]} is null`)
    };
  }
  if (does === "add-check" && condition !== void 0 && condition !== "") {
    return {
      rule: "check",
      table: table2.name,
      of: condition,
      sql: (schema) => counting(`select 1 from ${own(schema)} where not (${condition})`)
    };
  }
  if (does === "add-foreign-key" && references !== void 0 && references.columns.length === columns.length) {
    const joined = columns.map((_, index2) => `p.${(0, import_database_structure_definitions.quotedName)(references.columns[index2] ?? "")} = c.${names[index2]}`).join(" and ");
    const filled = names.map((name) => `c.${name} is not null`).join(" and ");
    return {
      rule: "foreign-key",
      table: table2.name,
      of: columns.join(", "),
      sql: (schema, home) => counting(
        `select 1 from ${own(schema)} c where ${filled} and not exists (select 1 from ${home(references.table)} p where ${joined})`
      )
    };
  }
  return void 0;
}
var perStatement = 50;
var patience3 = 6e4;
var limits = `set local transaction_read_only = on; set local statement_timeout = ${patience3}; set local lock_timeout = 2000`;
async function rowsInTheWay(rule, asking) {
  const { database, schemas, publicSchema, ownTables } = asking;
  const found3 = [];
  let unknown2;
  const home = (schema) => (table2) => `${(0, import_database_structure_definitions.quotedName)(table2.schema ?? (ownTables.has(table2.name) ? schema : publicSchema))}.${(0, import_database_structure_definitions.quotedName)(table2.name)}`;
  const ask2 = async (batch) => {
    const sql = batch.map((schema, index2) => `select ${index2} as place, (${rule.sql(schema, home(schema))}) as rows`).join(" union all ");
    try {
      const rows2 = await database.query(`${limits}; ${sql}`);
      for (const { place, rows: count } of rows2) {
        if (count > 0) found3.push({ schema: batch[place] ?? "", rows: count });
      }
    } catch (error) {
      if (!/^[0-9A-Z]{5}$/.test((0, import_ground_errors.codeOf)(error) ?? "")) throw error;
      if (batch.length === 1) unknown2 = `${batch[0]}: ${(0, import_ground_errors.messageOf)(error)}`;
      else for (const schema of batch) await ask2([schema]);
    }
  };
  for (let start = 0; start < schemas.length; start += perStatement) {
    await ask2(schemas.slice(start, start + perStatement));
  }
  return { rule, schemas: found3.sort((one, other) => other.rows - one.rows), unknown: unknown2 };
}
//! src/review/situations-of-data.ts
var duplicates = {
  row: 23,
  name: "duplicates",
  level: "error",
  why: "A unique constraint or index cannot be made where values occur twice. It fails in those tenants only, in the middle of the fleet.",
  bad: { operations: 'migrations.AlterField("order", "email", models.EmailField(unique=True))' },
  good: {
    operations: 'migrations.AddConstraint("order", models.UniqueConstraint(fields=["email", "id"], name="order_once"))'
  },
  find: (scene) => inTheWay(
    scene,
    "unique",
    ({ of, table: table2 }) => `duplicates of (${of}) in ${table2}`,
    "remove the duplicates there first"
  )
};
var broken = {
  row: 24,
  name: "rows-in-the-way",
  level: "error",
  why: "NOT NULL, a foreign key and a CHECK look at every row that is there, and fail in those tenants whose rows break them.",
  bad: {
    operations: 'migrations.AddConstraint("order", models.CheckConstraint(condition=models.Q(total__gt=0), name="order_not_free"))'
  },
  good: {
    operations: 'migrations.AddConstraint("order", models.CheckConstraint(condition=models.Q(total__gte=0), name="order_not_negative"))'
  },
  find: (scene) => [
    ...inTheWay(
      scene,
      "not-null",
      ({ of, table: table2 }) => `rows of ${table2} without ${of}`,
      "fill them first, in an earlier migration"
    ),
    ...inTheWay(
      scene,
      "foreign-key",
      ({ of, table: table2 }) => `rows of ${table2} whose ${of} leads nowhere`,
      "mend them first"
    ),
    ...inTheWay(
      scene,
      "check",
      ({ of, table: table2 }) => `rows of ${table2} against ${of}`,
      "mend them first, or make the constraint NOT VALID"
    )
  ]
};
function inTheWay(scene, rule, words, next) {
  return scene.operations.flatMap(
    ({ operation, changes }) => changes.flatMap((change) => {
      const answer = scene.inTheWay(change);
      if (answer === void 0 || answer.rule.rule !== rule) return [];
      return [...failing(answer, words), ...notAsked(answer)].map((said) => ({
        line: operation.line,
        said,
        next
      }));
    })
  );
}
var most2 = 1e3;
function failing({ rule, schemas }, words) {
  if (schemas.length === 0) return [];
  const amounts = schemas.map(
    ({ schema, rows: rows2 }) => `${schema} ${rows2 >= most2 ? `${(0, import_ground_words.grouped)(most2)} or more` : (0, import_ground_words.grouped)(rows2)}`
  );
  return [`would fail in ${(0, import_ground_words.counted)(schemas.length, "schema")}: ${words(rule)} (${(0, import_ground_words.listed)(amounts, 4)})`];
}
function notAsked({ rule, unknown: unknown2 }) {
  return unknown2 === void 0 ? [] : [`whether rows of ${rule.table} allow it is not known — ${unknown2}`];
}
var situationsOfData = [duplicates, broken];
//! src/review/situations-of-sql.ts
function changesIn(scene) {
  return scene.operations.flatMap(({ operation, changes }) => changes.map((change) => ({ change, line: operation.line }))).filter(({ change }) => scene.isThere(change.table.name));
}
function found2(scene, is, tell) {
  return changesIn(scene).flatMap(({ change, line }) => {
    const told3 = is(change) ? tell(change) : void 0;
    return told3 === void 0 ? [] : [{ line, ...told3 }];
  });
}
function largestOf(size2) {
  if (size2 === void 0) return "its size is not known here";
  const { schema, rows: rows2, bytes } = size2.largest;
  return `largest in ${schema}: ${rows2 > 0 ? `${(0, import_ground_words.counted)(rows2, "row")}, ` : ""}${(0, import_diagnosis_container_rules.showSize)(bytes)}`;
}
var mayBeBig = (size2) => size2 === void 0 || size2.big.length > 0;
var notNull = {
  row: 16,
  name: "not-null-without-default",
  level: "error",
  why: "Django takes its default away again after it has filled the rows. The version that is still running does not know the column, and every INSERT of its fails until the new one is up.",
  bad: {
    operations: 'migrations.AddField("order", "channel", models.CharField(max_length=20, default="web"))'
  },
  good: {
    operations: 'migrations.AddField("order", "channel", models.CharField(max_length=20, db_default="web", default="web"))'
  },
  find(scene) {
    const later = scene.operations.flatMap(({ changes }) => changes);
    const without = (change) => {
      const same = later.slice(later.indexOf(change) + 1).filter((one) => one.table.name === change.table.name && one.columns[0] === change.columns[0]);
      const last = same.filter(({ does }) => /default$/.test(does)).at(-1)?.does;
      const hasDefault = last === void 0 ? change.hasDefault === true : last === "set-default";
      const isNotNull = change.notNull === true || same.some(({ does }) => does === "set-not-null");
      return isNotNull && !hasDefault;
    };
    return found2(
      scene,
      (change) => change.does === "add-column" && without(change),
      ({ table: table2, columns }) => ({
        said: `${table2.name}.${columns[0]} is NOT NULL without a default in the database: the old code fails on INSERT between migration and deployment`,
        next: "give it a db_default, or null=True and a later migration"
      })
    );
  }
};
var rewrite = {
  row: 17,
  name: "rewrite",
  level: "error",
  why: "PostgreSQL writes the whole table and its indexes anew, and nobody can read or write it meanwhile.",
  bad: {
    operations: 'migrations.AddField("order", "token", models.UUIDField(null=True, db_default=RandomUUID()))',
    head: "from django.contrib.postgres.functions import RandomUUID"
  },
  good: { operations: 'migrations.AddField("order", "token", models.UUIDField(null=True))' },
  find: (scene) => found2(
    scene,
    (change) => scene.rewrites(change) && mayBeBig(scene.size(change.table.name)),
    ({ table: table2, does, columns, type }) => ({
      said: `writes ${table2.name} anew under ACCESS EXCLUSIVE (${does === "alter-type" ? `${columns[0]} becomes ${type}` : `${columns[0] ?? "it"} gets a value for each row`}; ${largestOf(scene.size(table2.name))})`,
      next: "add a new nullable column, fill it in batches, and change over in a later release"
    })
  )
};
var plainIndex = {
  row: 18,
  name: "index-not-concurrent",
  level: "error",
  why: "An index that is built in one go lets nobody write into the table until it is there.",
  bad: { operations: 'migrations.AddIndex("order", models.Index(fields=["email"], name="order_email"))' },
  good: {
    operations: 'AddIndexConcurrently("order", models.Index(fields=["email"], name="order_email"))',
    head: "from django.contrib.postgres.operations import AddIndexConcurrently",
    body: "atomic = False"
  },
  find: (scene) => {
    const all = found2(
      scene,
      ({ does, cost, concurrently, table: table2 }) => (does === "create-index" || does === "add-unique") && cost === "index" && concurrently !== true && mayBeBig(scene.size(table2.name)),
      ({ table: table2, does }) => {
        const size2 = scene.size(table2.name);
        const where = size2 === void 0 ? "" : ` in ${(0, import_ground_words.counted)(size2.big.length, "schema")} with a big table`;
        return {
          said: `${does === "add-unique" ? "a unique constraint" : "an index"} on ${table2.name} blocks ${does === "add-unique" ? "reads and writes" : "writes"} while it is built${where} (${largestOf(size2)})`,
          next: does === "add-unique" ? "build the index first, CONCURRENTLY, and add the constraint USING INDEX" : "use AddIndexConcurrently in a migration of its own with atomic = False"
        };
      }
    );
    return [...new Map(all.toReversed().map((one) => [one.line, one])).values()].reverse();
  }
};
var concurrentlyInside = {
  row: 19,
  name: "concurrently-in-transaction",
  level: "error",
  why: "CONCURRENTLY cannot run in a transaction: the migration fails in the first tenant.",
  bad: {
    operations: 'migrations.RunSQL("CREATE INDEX CONCURRENTLY order_total ON orders_order (total)", "")'
  },
  good: {
    operations: 'migrations.RunSQL("CREATE INDEX CONCURRENTLY order_total ON orders_order (total)", "")',
    body: "atomic = False"
  },
  find({ migration: migration2, operations }) {
    if (!migration2.atomic) return [];
    return operations.filter(
      ({ operation, changes }) => changes.some(({ concurrently }) => concurrently === true) || operation.kinds.some((kind) => /Concurrently$/.test(kind))
    ).map(({ operation }) => ({
      line: operation.line,
      said: "CONCURRENTLY in a transaction will fail",
      next: "set atomic = False in this migration"
    }));
  }
};
var drop = {
  row: 21,
  name: "drop",
  level: "error",
  why: "The version that is still running reads it until the new one is up, and no rollback brings the data back.",
  bad: { operations: 'migrations.RemoveField("order", "status")', head: "" },
  good: {
    operations: `migrations.SeparateDatabaseAndState(state_operations=[
        migrations.RemoveIndex("order", "order_status_placed"), migrations.RemoveField("order", "status")])`
  },
  find: (scene) => found2(
    scene,
    ({ does }) => does === "drop-column" || does === "drop-table" || does === "truncate",
    ({ does, table: table2, columns }) => {
      const what = does === "drop-column" ? `the column ${table2.name}.${columns[0]}` : `the table ${table2.name}${does === "truncate" ? "’s rows" : ""}`;
      const size2 = scene.size(table2.name);
      const rows2 = size2 === void 0 || size2.rows === 0 ? "" : ` (about ${(0, import_ground_words.grouped)(size2.rows)} rows in all)`;
      return {
        said: `removes ${what}${rows2}: the old code still uses it, and a rollback cannot bring its data back`,
        next: "release code that does without it first, and remove it in a later release"
      };
    }
  )
};
var rename = {
  row: 22,
  name: "rename",
  level: "error",
  why: "The version that is still running asks for the old name, the new one for the new: one of them fails.",
  bad: { operations: 'migrations.RenameField("order", "email", "buyer_email")' },
  good: {
    operations: `migrations.AlterField("order", "email", models.EmailField(db_column="email", verbose_name="buyer"))`
  },
  find: (scene) => found2(
    scene,
    ({ does }) => does === "rename-column" || does === "rename-table",
    ({ does, table: table2, columns, name }) => ({
      said: does === "rename-table" ? `renames the table ${table2.name} to ${name}: the old code still asks for ${table2.name}` : `renames ${table2.name}.${columns[0]} to ${name}: the old code still asks for ${columns[0]}`,
      next: "keep the name in the database (db_column, db_table), or expand first and contract later"
    })
  )
};
var situationsOfSql = [
  notNull,
  rewrite,
  plainIndex,
  concurrentlyInside,
  drop,
  rename
];
//! src/review/situations-of-operations.ts
var severalApart = {
  row: 20,
  name: "not-atomic-several",
  level: "warning",
  why: "Without a transaction the first operations stay when a later one fails, and the migration can neither go on nor back by itself.",
  bad: {
    operations: `migrations.AddField("order", "note", models.TextField(null=True)),
        migrations.AddField("order", "hint", models.TextField(null=True))`,
    body: "atomic = False"
  },
  good: {
    operations: 'migrations.AddField("order", "remark", models.TextField(null=True))',
    body: "atomic = False"
  },
  find({ migration: migration2, operations }) {
    const working = operations.filter(
      ({ operation }) => operation.statements.length > 0 || operation.python !== null
    );
    const [, second] = working;
    if (migration2.atomic || second === void 0) return [];
    return [
      {
        line: second.operation.line,
        said: `${(0, import_ground_words.counted)(working.length, "operation")} without a transaction: half of them may stay when one fails`,
        next: "split it: one operation in each migration with atomic = False"
      }
    ];
  }
};
var irreversible = {
  row: 25,
  name: "irreversible",
  level: "warning",
  why: "Django cannot go back past it: a rollback would have to restore a backup.",
  bad: { operations: 'migrations.RunSQL("UPDATE orders_order SET status = lower(status)")' },
  good: {
    operations: 'migrations.RunSQL("UPDATE orders_order SET status = lower(status)", migrations.RunSQL.noop)'
  },
  find: ({ operations }) => operations.filter(({ operation }) => !operation.reversible).map(({ operation }) => ({
    line: operation.line,
    said: `cannot be undone (${operation.description}): a rollback past it needs a restore`,
    next: "give it a reverse, or its noop where nothing needs to be undone"
  }))
};
var liveModels = {
  row: 26,
  name: "live-models",
  level: "warning",
  why: "The model of today has columns that the tables do not have yet, or no longer, when the migration runs in a new tenant next year.",
  bad: {
    operations: "migrations.RunPython(touch, migrations.RunPython.noop)",
    head: `from orders.models import Order

def touch(apps, schema_editor):
    Order.objects.filter(status="").update(status="placed")
`
  },
  good: {
    operations: "migrations.RunPython(touch, migrations.RunPython.noop)",
    head: `
def touch(apps, schema_editor):
    Order = apps.get_model("orders", "Order")
    Order.objects.filter(status="").update(status="placed")
`
  },
  find: ({ operations }) => operations.filter(({ operation }) => (operation.python?.live.length ?? 0) > 0).map(({ operation }) => ({
    line: operation.line,
    said: `uses today’s ${(0, import_ground_words.listed)(operation.python?.live ?? [], 3)} in an old state of the tables`,
    next: "take the model from apps.get_model()"
  }))
};
var pythonOnBig = {
  row: 27,
  name: "python-on-big-table",
  level: "warning",
  why: "Nobody knows how long Python takes for so many rows before the canary has tried it.",
  bad: {
    operations: "migrations.RunPython(number, migrations.RunPython.noop)",
    head: `
def number(apps, schema_editor):
    for order in apps.get_model("orders", "Order").objects.iterator():
        order.save()
`
  },
  good: { operations: "migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)" },
  find: (scene) => scene.operations.flatMap(({ operation }) => {
    const big = (operation.python?.tables ?? []).filter(
      (table2) => scene.isThere(table2) && (scene.size(table2)?.big.length ?? 0) > 0
    );
    return big.map((table2) => ({
      line: operation.line,
      said: `Python works on ${table2} (${largestOf(scene.size(table2))}): the time is not known before the canary`,
      next: "do it in batches outside of the migration, or let a canary of that size go first"
    }));
  })
};
var dataAndSchema = {
  row: 28,
  name: "data-and-schema",
  level: "warning",
  why: 'Rows that were changed keep their deferred checks until the end of the transaction, and PostgreSQL refuses to alter the table before ("pending trigger events").',
  bad: {
    operations: `migrations.RunPython(settle, migrations.RunPython.noop),
        migrations.AddField("orderline", "note", models.TextField(null=True))`,
    head: `
def settle(apps, schema_editor):
    apps.get_model("orders", "OrderLine").objects.filter(quantity=0).update(quantity=1)
`
  },
  good: { operations: 'migrations.AddField("orderline", "remark", models.TextField(null=True))' },
  find({ migration: migration2, operations, isThere }) {
    if (!migration2.atomic) return [];
    const rows2 = operations.findIndex(
      ({ operation, changes }) => operation.python !== null || operation.kinds.includes("RunSQL") && changes.some(({ does }) => does === "change-rows")
    );
    if (rows2 === -1) return [];
    const structure = operations.find(
      ({ changes }, index2) => index2 > rows2 && changes.some(
        ({ lock, table: table2, does }) => lock === "ACCESS EXCLUSIVE" && does !== "truncate" && isThere(table2.name)
      )
    );
    if (structure === void 0) return [];
    return [
      {
        line: structure.operation.line,
        said: 'changes rows and then tables in one transaction: "pending trigger events" may stop it',
        next: "split it: rows in one migration, tables in the next"
      }
    ];
  }
};
var situationsOfOperations = [
  severalApart,
  irreversible,
  liveModels,
  pythonOnBig,
  dataAndSchema
];
//! src/review/situations.ts
var situations = [
  ...situationsOfSql,
  ...situationsOfData,
  ...situationsOfOperations
].sort((one, other) => one.row - other.row);
//! src/review/table-sizes.ts
var bigRows = 1e6;
var bigBytes = 2 ** 30;
var question = `
  with one as (
    select n.nspname::text as schema, c.relname::text as "table", pg_table_size(c.oid)::float8 as bytes,
           greatest(c.reltuples, 0)::float8 as rows
      from pg_namespace n join pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'm')
     where n.nspname = any($1::text[]) and c.relname = any($2::text[])
  )
  select "table", count(*)::int as schemas, sum(bytes) as bytes, sum(rows) as rows,
         (array_agg(schema order by rows desc, bytes desc))[1] as schema,
         (array_agg(bytes order by rows desc, bytes desc))[1] as most,
         (array_agg(rows order by rows desc, bytes desc))[1] as most_rows,
         coalesce(array_agg(schema) filter (where rows >= $3 or bytes >= $4), '{}') as big
    from one group by "table"`;
var patience4 = 3e4;
async function tableSizes(database, schemas, tables) {
  const found3 = /* @__PURE__ */ new Map();
  if (tables.length === 0) return found3;
  await (0, import_database_structure_definitions.readWithin)(database, patience4, async () => {
    for (let start = 0; start < schemas.length; start += schemasPerStatement) {
      const batch = schemas.slice(start, start + schemasPerStatement);
      for (const row of await database.query(question, [batch, tables, bigRows, bigBytes])) {
        found3.set(row.table, together(found3.get(row.table), row));
      }
    }
  });
  return found3;
}
function together(before, row) {
  const largest = { schema: row.schema, bytes: row.most, rows: row.most_rows };
  if (before === void 0) {
    return { schemas: row.schemas, bytes: row.bytes, rows: row.rows, largest, big: row.big };
  }
  const isLarger = largest.rows - before.largest.rows || largest.bytes - before.largest.bytes;
  return {
    schemas: before.schemas + row.schemas,
    bytes: before.bytes + row.bytes,
    rows: before.rows + row.rows,
    largest: isLarger > 0 ? largest : before.largest,
    big: [...before.big, ...row.big]
  };
}
async function columnTypes(database, schema, tables) {
  if (tables.length === 0) return /* @__PURE__ */ new Map();
  const rows2 = await database.query(
    `select c.relname || '.' || a.attname as place, format_type(a.atttypid, a.atttypmod) as type
       from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = any($2::text[]) and a.attnum > 0 and not a.attisdropped`,
    [schema, tables]
  );
  return new Map(rows2.map(({ place, type }) => [place, type]));
}
//! src/review/type-change.ts
function rewritesFor(from, to) {
  if (from === void 0) return true;
  const [old, now] = [named(from), named(to)];
  if (old.name === now.name && old.size === now.size) return false;
  const isText = ({ name }) => name === "text" || name === "varchar";
  if (isText(old) && isText(now)) {
    const [before = Number.POSITIVE_INFINITY] = old.name === "text" ? [] : old.numbers;
    const [after = Number.POSITIVE_INFINITY] = now.name === "text" ? [] : now.numbers;
    return after < before;
  }
  if (old.name === "numeric" && now.name === "numeric") {
    const [digits = 0, scale = 0] = old.numbers;
    const [more = Number.POSITIVE_INFINITY, same = scale] = now.numbers;
    return old.numbers.length === 0 || more < digits || now.numbers.length > 0 && same !== scale;
  }
  const precise = ["timestamp", "timestamptz", "time", "timetz", "interval", "varbit"];
  if (old.name === now.name && precise.includes(old.name)) {
    const [after = Number.POSITIVE_INFINITY] = now.numbers;
    const [before = Number.POSITIVE_INFINITY] = old.numbers;
    return after < before;
  }
  return !(old.name === "cidr" && now.name === "inet");
}
var otherNames = {
  "character varying": "varchar",
  character: "bpchar",
  "timestamp with time zone": "timestamptz",
  "timestamp without time zone": "timestamp",
  "time without time zone": "time",
  "double precision": "float8",
  real: "float4",
  integer: "int4",
  bigint: "int8",
  smallint: "int2",
  boolean: "bool"
};
function named(type) {
  const size2 = /\(([\d, ]+)\)/.exec(type)?.[1]?.replaceAll(" ", "") ?? "";
  const bare = type.replace(/\([\d, ]+\)/, "").trim();
  return {
    name: otherNames[bare] ?? bare,
    size: size2,
    numbers: size2 === "" ? [] : size2.split(",").map(Number)
  };
}
//! src/review/review.ts
async function reviewMigrations(sql, options) {
  const groups = sql.map((group2) => readGroup(group2, options.parser));
  const facts3 = await factsOf(groups, options);
  const findings = await findingsOf(groups, facts3, options);
  return {
    groups: groups.map((group2) => ({
      kind: group2.kind,
      tenantType: group2.tenantType,
      schemas: group2.schemas,
      migrations: group2.migrations.map((migration2) => reviewed2(migration2, group2, facts3, options))
    })),
    findings: findings.sort(worstFirst2)
  };
}
function readGroup(group2, parser) {
  const read = /* @__PURE__ */ new Map();
  const unreadable = /* @__PURE__ */ new Map();
  for (const { migration: migration2, operations } of group2.migrations) {
    const understood = operations.map((operation) => ({
      operation,
      ...changesOf(operation.statements.join("\n"), parser)
    }));
    read.set(migration2, understood);
    unreadable.set(
      migration2,
      understood.flatMap(({ operation, unreadable: why }) => {
        const reason = operation.unknown ?? why;
        return reason === void 0 ? [] : [`${operation.description}: ${reason}`];
      })
    );
  }
  const changes = [...read.values()].flat().flatMap((one) => one.changes);
  const made = changes.filter(({ does }) => does === "create-table").map(({ table: table2 }) => table2.name);
  return { ...group2, read, unreadable, made: new Set(made) };
}
async function factsOf(groups, { database, looksAtRows, publicSchema }) {
  const sizes = /* @__PURE__ */ new Map();
  const types = /* @__PURE__ */ new Map();
  for (const kind of ["shared", "tenant"]) {
    const of = groups.filter((group2) => group2.kind === kind);
    const schemas = kind === "shared" ? [publicSchema] : of.flatMap((group2) => group2.schemas);
    const tables = [...new Set(of.flatMap(tablesOf))];
    if (looksAtRows) sizes.set(kind, await tableSizes(database, schemas, tables));
    const [schema] = schemas;
    if (schema !== void 0) types.set(kind, await columnTypes(database, schema, tables));
  }
  const extensions = await database.query(`select extname::text as name from pg_extension`);
  return {
    size: (kind, table2) => sizes.get(kind)?.get(table2),
    types,
    extensions: new Set(extensions.map(({ name }) => name))
  };
}
function tablesOf({ read }) {
  return [...read.values()].flat().flatMap(({ operation, changes }) => [
    ...changes.map(({ table: table2 }) => table2.name),
    ...operation.python?.tables ?? []
  ]).filter((name) => name !== "");
}
async function findingsOf(groups, facts3, options) {
  const findings = [];
  const furthestFirst = [...groups].sort((one, other) => one.migrations.length - other.migrations.length);
  const seen = /* @__PURE__ */ new Set();
  for (const group2 of furthestFirst) {
    for (const migration2 of group2.migrations) {
      const key = `${group2.kind} ${group2.tenantType} ${migration2.migration}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const alike = groups.filter(
        (one) => one.kind === group2.kind && one.tenantType === group2.tenantType && one.read.has(migration2.migration)
      );
      const rows2 = await rowsOf2(migration2, group2, { alike, options });
      const scene = sceneOf(migration2, group2, { facts: facts3, rows: rows2 });
      for (const situation of situations) {
        const { row, name, level } = situation;
        const all = situation.find(scene);
        if (all.length === 0) continue;
        const reason = acceptedInFile(name, migration2) ?? acceptedByLabel(name, await options.labels(migration2)) ?? null;
        for (const found3 of all) {
          const { migration: of, file } = migration2;
          findings.push({ row, name, level, migration: of, file, ...found3, acknowledged: reason });
        }
      }
    }
  }
  return unique(findings);
}
function unique(findings) {
  return [
    ...new Map(findings.map((one) => [`${one.migration} ${one.name} ${one.line} ${one.said}`, one])).values()
  ];
}
async function rowsOf2(migration2, group2, { alike, options: { database, looksAtRows, publicSchema } }) {
  const answers = /* @__PURE__ */ new Map();
  if (!looksAtRows) return answers;
  for (const change of changesIn2(migration2.migration, group2)) {
    const rule = ruleOf(change);
    if (rule === void 0 || isMended(change, migration2.migration, group2)) continue;
    const schemas = alike.filter(({ made }) => !made.has(rule.table)).flatMap((one) => one.schemas);
    const ownTables = await tableNames(database, schemas[0]);
    if (schemas.length === 0 || !ownTables.has(rule.table)) continue;
    answers.set(change, await rowsInTheWay(rule, { database, schemas, publicSchema, ownTables }));
  }
  return answers;
}
async function tableNames(database, schema) {
  if (schema === void 0) return /* @__PURE__ */ new Set();
  const rows2 = await database.query(
    `select c.relname::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relkind in ('r', 'p')`,
    [schema]
  );
  return new Set(rows2.map(({ name }) => name));
}
function changesIn2(migration2, { read }) {
  return (read.get(migration2) ?? []).flatMap(({ changes }) => changes);
}
function isMended(change, migration2, group2) {
  const { table: table2, columns, condition = "" } = change;
  const isAbout = (column) => column !== void 0 && (columns.includes(column) || condition.includes(column));
  for (const [name, operations] of group2.read) {
    for (const { operation, changes } of operations) {
      if (operation.python?.tables.includes(table2.name) === true) return true;
      for (const one of changes) {
        if (one === change) return false;
        if (one.table.name !== table2.name) continue;
        if (one.does === "change-rows" && (one.fills === void 0 || isAbout(one.fills))) return true;
        const isNew = one.does === "add-column" || one.does === "rename-column";
        if (isNew && (isAbout(one.name) || one.columns.some(isAbout))) return true;
      }
    }
    if (name === migration2) return false;
  }
  return false;
}
function sceneOf(migration2, group2, { facts: facts3, rows: rows2 }) {
  return {
    migration: migration2,
    operations: group2.read.get(migration2.migration) ?? [],
    isThere: (table2) => table2 !== "" && !group2.made.has(table2),
    size: (table2) => facts3.size(group2.kind, table2),
    rewrites: (change) => costOf(change, group2.kind, facts3) === "rewrite",
    inTheWay: (change) => rows2.get(change)
  };
}
function costOf({ cost, table: table2, columns, type = "" }, kind, { types }) {
  if (cost !== "type") return cost;
  return rewritesFor(types.get(kind)?.get(`${table2.name}.${columns[0]}`), type) ? "rewrite" : "instant";
}
function reviewed2(migration2, group2, facts3, { publicSchema }) {
  const { kind, made } = group2;
  const changes = changesIn2(migration2.migration, group2);
  const touches = changes.filter(({ lock, table: table2 }) => lock !== "none" && table2.name !== "" && !made.has(table2.name)).map((change) => ({
    table: shownName(change, publicSchema),
    lock: change.lock,
    cost: costOf(change, kind, facts3),
    size: facts3.size(kind, change.table.name) ?? null
  }));
  return {
    migration: migration2.migration,
    atomic: migration2.atomic,
    reversible: migration2.operations.every(({ reversible }) => reversible),
    statements: migration2.operations.flatMap(({ statements }) => statements),
    unknown: [
      ...migration2.operations.filter(({ python }) => python !== null).map(({ description }) => `${description}: Python, which is not run for a preview`),
      ...group2.unreadable.get(migration2.migration) ?? []
    ],
    touches: heaviest(touches),
    needs: changes.filter(({ does }) => does === "create-extension").map(
      ({ name = "" }) => facts3.extensions.has(name) ? `extension ${name} (is installed)` : `extension ${name}: the role that migrates must be allowed to create it in the database`
    )
  };
}
function shownName({ does, table: table2 }, publicSchema) {
  if (does === "drop-index") return `index ${table2.name}`;
  return table2.schema === publicSchema ? `${publicSchema}.${table2.name}` : table2.name;
}
var locks = [
  "none",
  "ROW EXCLUSIVE",
  "SHARE UPDATE EXCLUSIVE",
  "SHARE",
  "SHARE ROW EXCLUSIVE",
  "ACCESS EXCLUSIVE"
];
var costs = ["instant", "type", "unknown", "rows", "scan", "index", "rewrite"];
function heaviest(touches) {
  return [...Map.groupBy(touches, ({ table: table2 }) => table2).values()].map(
    (of) => of.reduce(({ table: table2, size: size2, ...one }, other) => ({
      table: table2,
      size: size2,
      lock: locks.indexOf(other.lock) > locks.indexOf(one.lock) ? other.lock : one.lock,
      cost: costs.indexOf(other.cost) > costs.indexOf(one.cost) ? other.cost : one.cost
    }))
  );
}
function unacknowledged(findings) {
  return findings.filter(({ level, acknowledged: reason }) => level === "error" && reason === null);
}
function badness2({ level, acknowledged: reason }) {
  return reason === null ? level === "error" ? 0 : 1 : 2;
}
function worstFirst2(one, other) {
  return badness2(one) - badness2(other);
}
//! src/review/comment.ts
var longestComment = 65536;
var commentMarker = "<!-- tenantry: preview of migrations -->";
var shownFindings = 20;
function previewComment({ review, plan, basis, goingBack }, run2) {
  const pending = new Set(review.groups.flatMap(({ migrations }) => migrations.map((one) => one.migration)));
  const head = [
    commentMarker,
    `### ${verdict(review.findings, pending.size)}`,
    ...pending.size === 0 ? [] : [`${plain(plan)} (${plain(basis)}).`],
    ...findingsTable(review.findings),
    ...howToAccept(unacknowledged(review.findings)),
    ...goingBack === null ? [] : [`**If it goes wrong:** ${plain(goingBack)}.`],
    ...accepted(review.findings)
  ];
  const whole = run2 === void 0 ? "the report of the run" : `[the report of the run](${run2})`;
  const sections = [.../* @__PURE__ */ new Set([...review.groups.map(groupSection), ...review.groups.flatMap(sqlSections)])];
  return within(longestComment, head, sections, `

The rest is in ${whole}.`);
}
function verdict(findings, migrations) {
  if (migrations === 0) return "✅ No migration is pending";
  const errors = unacknowledged(findings).length;
  const warnings = findings.filter((one) => one.level === "warning" && one.acknowledged === null).length;
  const also = warnings === 0 ? "" : `, ${(0, import_ground_words.counted)(warnings, "warning")}`;
  if (errors > 0) return `🛑 ${(0, import_ground_words.counted)(migrations, "migration")}: ${(0, import_ground_words.counted)(errors, "danger")}${also}`;
  return `${warnings > 0 ? "⚠️" : "✅"} ${(0, import_ground_words.counted)(migrations, "migration")}: nothing dangerous${also}`;
}
function findingsTable(findings) {
  const open = findings.filter(({ acknowledged }) => acknowledged === null);
  if (open.length === 0) return [];
  const rows2 = open.slice(0, shownFindings).map((one, index2) => {
    const isNew = one.migration !== open[index2 - 1]?.migration;
    return [
      one.level === "error" ? "🛑" : "⚠️",
      `${isNew ? `**${code(one.migration)}**<br>` : ""}${plain(one.said)}`,
      plain(one.next)
    ];
  });
  const more = open.length - shownFindings;
  return [
    (0, import_report_markdown.table)(["", "what happens", "do this instead"], rows2),
    ...more > 0 ? [`… and ${(0, import_ground_words.counted)(more, "more")}.`] : []
  ];
}
function howToAccept(errors) {
  const files = Map.groupBy(errors, ({ file, migration: migration2 }) => file ?? migration2);
  const [first] = errors;
  if (first === void 0) return [];
  const lines2 = [...files].slice(0, shownFindings).map(
    ([file, found3]) => [`# ${oneLine(file)}`, ...new Set(found3.map(({ name }) => acceptingLine(name)))].join("\n")
  );
  return [
    `**Meant so?** Give the reason in the migration, after the colon, or as the description of a label like ${code(acceptingLabel(first.name))}:`,
    `\`\`\`python
${lines2.join("\n\n").replaceAll("`", "'")}
\`\`\``
  ];
}
var oneLine = (text2) => text2.replace(/\s+/g, " ");
function accepted(findings) {
  const lines2 = findings.flatMap(
    (one) => one.acknowledged === null ? [] : [`- ${code(one.migration)} ${plain(one.said)} — **accepted:** ${plain(one.acknowledged)}`]
  );
  return lines2.length === 0 ? [] : [(0, import_report_markdown.folded)(`${(0, import_ground_words.counted)(lines2.length, "accepted danger")}`, lines2.join("\n"))];
}
function groupSection({ kind, tenantType, schemas, migrations }) {
  const of = tenantType === null ? "" : ` of type ${tenantType}`;
  const whose = kind === "shared" ? `The shared schema (${schemas[0] ?? ""})` : `${(0, import_ground_words.counted)(schemas.length, `tenant${of}`, `tenants${of}`)} (${(0, import_ground_words.listed)(schemas, 3)})`;
  const working = migrations.filter(({ statements, unknown: unknown2 }) => statements.length + unknown2.length > 0);
  if (working.length === 0) return `**${plain(whose)}**: nothing but rows in the ledger.`;
  const rows2 = working.flatMap(touchRows);
  const header = ["migration", "table", "while it runs", "largest"];
  return (0, import_report_markdown.folded)(`${noMention(whose)}: ${longestWait(working)}`, (0, import_report_markdown.table)(header, rows2));
}
function longestWait(migrations) {
  const long = migrations.flatMap(({ touches }) => touches).filter(({ lock, cost }) => blocks.has(lock) && lasts.has(cost)).map((touch2) => noMention(touch2.table));
  const tables = [...new Set(long)];
  return tables.length === 0 ? "nobody waits for long" : `${(0, import_ground_words.listed)(tables, 3)} ${tables.length === 1 ? "is" : "are"} locked for as long as the work takes`;
}
function touchRows(migration2) {
  const { touches, unknown: unknown2, needs, atomic, reversible } = migration2;
  const marks = [
    ...reversible ? [] : ["cannot be undone"],
    ...atomic ? [] : ["not in a transaction"],
    ...needs,
    ...unknown2.length > 0 ? [`${(0, import_ground_words.counted)(unknown2.length, "operation")} that cannot be shown as SQL`] : []
  ];
  const name = `${code(migration2.migration)}${marks.length === 0 ? "" : `<br>${plain(marks.join("; "))}`}`;
  if (touches.length === 0) return [[name, "–", "nobody waits", ""]];
  return touches.map((touch2, index2) => [index2 === 0 ? name : "", ...touchCells(touch2)]);
}
function touchCells({ table: name, lock, cost, size: size2 }) {
  const who = lockWords[lock];
  const waits = blocks.has(lock) ? `${who}, ${costWords[cost]}` : who;
  const told3 = blocks.has(lock) && lasts.has(cost) ? `**${waits}**` : waits;
  return [
    code(name),
    lock === "none" ? told3 : `${told3}<br>(${lock})`,
    size2 === null ? "" : `${plain(size2.largest.schema)}: ${size2.largest.rows > 0 ? `${(0, import_ground_words.grouped)(Math.round(size2.largest.rows))} rows, ` : ""}${(0, import_diagnosis_container_rules.showSize)(size2.largest.bytes)}`
  ];
}
var blocks = /* @__PURE__ */ new Set(["ACCESS EXCLUSIVE", "SHARE ROW EXCLUSIVE", "SHARE"]);
var lasts = /* @__PURE__ */ new Set(["scan", "index", "rewrite", "rows"]);
var lockWords = {
  "ACCESS EXCLUSIVE": "nobody reads or writes it",
  "SHARE ROW EXCLUSIVE": "nobody writes it",
  SHARE: "nobody writes it",
  "SHARE UPDATE EXCLUSIVE": "others go on",
  "ROW EXCLUSIVE": "others go on, but on rows that change",
  none: "others go on"
};
var costWords = {
  instant: "for an instant",
  type: "for an instant",
  scan: "as long as all of it is read",
  index: "as long as an index is built",
  rewrite: "as long as it is written anew",
  rows: "as long as its rows are changed",
  unknown: "nobody knows how long"
};
function sqlSections({ migrations }) {
  return migrations.flatMap(sqlSection);
}
function sqlSection({ migration: migration2, statements, unknown: unknown2 }) {
  const lines2 = [...unknown2.map((one) => `-- ${one}`), ...statements];
  return lines2.length === 0 ? [] : [(0, import_report_markdown.folded)(`SQL of ${noMention(migration2)}`, lines2.join("\n"), "sql")];
}
function code(text2) {
  return `\`${text2.replaceAll("`", "'")}\``;
}
function plain(text2) {
  return text2.replace(/[&<>\\`*_{}[\]#~]/g, (letter) => `&#${letter.charCodeAt(0)};`).replaceAll("@", "@​");
}
function noMention(text2) {
  return text2.replaceAll("@", "@​");
}
function within(most3, head, sections, rest) {
  const join = (parts) => parts.filter((part) => part !== "").join("\n\n");
  let text2 = join(head);
  if (text2.length + rest.length > most3) return `${text2.slice(0, most3 - rest.length)}${rest}`;
  let left = 0;
  for (const section of sections) {
    const longer = join([text2, section]);
    if (longer.length + rest.length <= most3) text2 = longer;
    else left += 1;
  }
  return left === 0 ? text2 : `${text2}${rest}`;
}
//! src/review/refusal.ts
function reviewRefusal(review, folder, labels = "") {
  const [first, ...others] = unacknowledged(review.findings);
  if (first === void 0) return void 0;
  const more = others.length === 0 ? "" : ` (and ${(0, import_ground_words.counted)(others.length, "more danger")})`;
  const { migration: migration2, said, next, name } = first;
  const place = placeOf(first, folder);
  return new import_ground_errors.UserError(
    `${migration2} is dangerous — ${said}${more}`,
    `${next}; or accept it with a comment in the migration: ${acceptingLine(name)} the reason${labels === "" ? "" : ` (${labels})`}`,
    {
      code: "migration-dangerous",
      ...place === void 0 ? {} : { place },
      evidence: [first, ...others].map((one) => `${one.migration}: ${one.said} — ${one.next}`).join("\n")
    }
  );
}
function placeOf({ file, line }, folder) {
  return file === null ? void 0 : { file: import_node_path.posix.join(folder, file), line };
}
//! src/review/review-shape.ts
var finding = (0, import_zod.object)({
  /** Of the situation. */
  row: (0, import_zod.number)(),
  name: (0, import_zod.string)(),
  level: (0, import_zod._enum)(["error", "warning"]),
  migration: (0, import_zod.string)(),
  /** Relative to the project's folder; null for a migration of an installed package. */
  file: (0, import_zod.string)().nullable(),
  line: (0, import_zod.number)(),
  /** What was observed. */
  said: (0, import_zod.string)(),
  /** What to do. */
  next: (0, import_zod.string)(),
  /** Why it is accepted. */
  acknowledged: (0, import_zod.string)().nullable()
});
var size = (0, import_zod.object)({
  /** Schemas that have the table. */
  schemas: (0, import_zod.number)(),
  bytes: (0, import_zod.number)(),
  rows: (0, import_zod.number)(),
  /** Where it is largest. */
  largest: (0, import_zod.object)({ schema: (0, import_zod.string)(), bytes: (0, import_zod.number)(), rows: (0, import_zod.number)() }),
  /** Schemas in which it is big. */
  big: (0, import_zod.array)((0, import_zod.string)()).readonly()
});
var touch = (0, import_zod.object)({
  /** With its schema where that is the shared one, seen from a tenant. */
  table: (0, import_zod.string)(),
  lock: (0, import_zod._enum)([
    "none",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "ACCESS EXCLUSIVE"
  ]),
  /** What PostgreSQL does while it is held. */
  cost: (0, import_zod._enum)(["instant", "type", "unknown", "rows", "scan", "index", "rewrite"]),
  size: size.nullable()
});
var migration = (0, import_zod.object)({
  migration: (0, import_zod.string)(),
  atomic: (0, import_zod.boolean)(),
  reversible: (0, import_zod.boolean)(),
  statements: (0, import_zod.array)((0, import_zod.string)()),
  /** Operations whose SQL nobody knows before they run, with why. */
  unknown: (0, import_zod.array)((0, import_zod.string)()),
  touches: (0, import_zod.array)(touch),
  /** What must be there, or allowed. */
  needs: (0, import_zod.array)((0, import_zod.string)())
});
var group = (0, import_zod.object)({
  kind: (0, import_zod._enum)(["shared", "tenant"]),
  tenantType: (0, import_zod.string)().nullable(),
  schemas: (0, import_zod.array)((0, import_zod.string)()),
  migrations: (0, import_zod.array)(migration)
});
var reviewShape = (0, import_zod.object)({
  groups: (0, import_zod.array)(group),
  /** Errors that nobody has acknowledged first. */
  findings: (0, import_zod.array)(finding)
});
var previewShape = (0, import_zod.object)({
  /** `1,000 tenants: 988 up to date, 12 need 2 migrations`. */
  plan: (0, import_zod.string)(),
  /** Of what: a database, or only the code. */
  basis: (0, import_zod.string)(),
  /** What it means for going back; null where nothing is pending. */
  goingBack: (0, import_zod.string)().nullable(),
  review: reviewShape
});
//! src/review/sql-parser.ts
var loaded;
function sqlParser() {
  loaded ??= load();
  return loaded;
}
async function load() {
  const { loadModule, parseSync } = (await Promise.resolve().then(() => __toESM(require("./libpg-query.cjs")))).default;
  await loadModule();
  return {
    statements(sql) {
      if (sql.trim() === "") return [];
      const bytes = Buffer.from(sql);
      return (parseSync(sql).stmts ?? []).flatMap(
        ({ stmt, stmt_location: start = 0, stmt_len }) => Object.entries(stmt ?? {}).map(([kind, node]) => ({
          kind,
          node,
          text: bytes.subarray(start, stmt_len === void 0 ? void 0 : start + stmt_len).toString().trim().replace(/;$/, ""),
          start
        }))
      );
    }
  };
}
//! src/actions/review-labels.ts
function labelsFor({ githubToken: token, workingDirectory }, { origin, log }) {
  const { github, commit } = origin;
  const own = github?.pullRequest?.labels;
  if (github === void 0 || own !== void 0) return { of: async () => own ?? [], unread: "" };
  if (token === void 0) {
    return {
      of: async () => [],
      unread: "a label of its merged pull request is read with github-token only"
    };
  }
  const { repository, apiUrl } = github;
  const known = /* @__PURE__ */ new Map();
  const ask2 = (path) => labelsOfFile({ token, apiUrl, repository }, { path, commit }).catch((error) => {
    log.warning(
      `The labels of the pull request that ${path} came with could not be read — ${(0, import_ground_errors.messageOf)(error)} — give the job permissions: contents: read and pull-requests: read`
    );
    return [];
  });
  return {
    unread: "",
    async of({ file }) {
      if (file === null) return [];
      const path = import_node_path2.posix.join(workingDirectory, file);
      const labels = known.get(path) ?? ask2(path);
      known.set(path, labels);
      return labels;
    }
  };
}
//! src/actions/review.ts
var lintField = (0, import_step_fields.choice)("error", "warn", "off");
var reviewFields = {
  githubToken: (0, import_step_fields.secret)(import_step_fields.text.optional()),
  pullRequestComment: import_step_fields.boolean,
  previewReport: import_step_fields.text.optional(),
  previewBasis: (0, import_step_fields.choice)("database", "code"),
  previewBase: import_step_fields.text.optional()
};
function reviewing(inputs2, database, ports) {
  if (inputs2.lint === "off" && !inputs2.dryRun) return void 0;
  return async ({ standing: standing2, plan }) => {
    const { sql } = standing2;
    if (sql === void 0) return;
    const code2 = (0, import_migrations_old_code.judgeCode)(plan);
    const labels = labelsFor(inputs2, ports);
    const looksAtRows = inputs2.previewBasis === "database" && inputs2.previewBase === void 0;
    const preview = {
      plan: planSentence(plan),
      basis: looksAtRows ? "as the database is now" : "read from the code: nobody has looked at tenants",
      goingBack: code2 === void 0 ? null : (0, import_migrations_old_code.goingBackSentence)(code2),
      review: sql.length === 0 ? { groups: [], findings: [] } : await reviewMigrations(sql, {
        parser: await sqlParser(),
        publicSchema: plan.shared.schema,
        database,
        looksAtRows,
        labels: labels.of
      })
    };
    await tellPreview(preview, { ...inputs2, labelsUnread: labels.unread }, ports);
  };
}
async function tellPreview(preview, inputs2, ports) {
  const { log, report, origin, clean } = ports;
  const { review } = preview;
  report.data("preview", preview);
  const looks = inputs2.lint !== "off";
  const refusal = looks && inputs2.lint === "error" ? reviewRefusal(review, inputs2.workingDirectory, inputs2.labelsUnread) : void 0;
  if (looks) tellFindings(preview, inputs2, ports, refusal);
  if (inputs2.dryRun && review.groups.length > 0) {
    report.foldedText("Preview", previewComment(preview, void 0), "text");
  }
  if (inputs2.dryRun && inputs2.pullRequestComment) {
    const run2 = URL.canParse(origin.run) ? origin.run : void 0;
    await comment(clean(previewComment(preview, run2)), origin.github?.pullRequest?.number, inputs2, ports);
  }
  if (refusal !== void 0) throw refusal;
  if (review.findings.length === 0 && review.groups.length > 0)
    log.step("Review", "nothing dangerous is pending");
}
function tellFindings({ review: { findings } }, { workingDirectory }, { log, report }, refusal) {
  for (const finding2 of findings) {
    const { migration: migration2, said, next, acknowledged, file } = finding2;
    const sentence2 = `${migration2} ${said}`;
    if (acknowledged !== null) {
      log.info(`accepted: ${sentence2} — ${acknowledged}`);
      continue;
    }
    report.lookAt(`${sentence2} — ${next}${file === null ? "" : ` (${file})`}`);
    if (refusal === void 0 || !refusal.message.startsWith(`${migration2} is dangerous — ${said}`)) {
      log.warning(`${sentence2} — ${next}`, placeOf(finding2, workingDirectory));
    }
  }
}
async function comment(body, number2, { githubToken: token }, { origin: { github }, log }) {
  if (github === void 0 || number2 === void 0 || token === void 0) {
    log.warning(
      "pull-request-comment: there is no pull request here, or no github-token — it works in a workflow on: pull_request"
    );
    return;
  }
  try {
    const { repository, apiUrl } = github;
    const how = await writeComment({ token, apiUrl, repository, number: number2 }, body, commentMarker);
    log.step("Comment", `${how} in pull request ${number2}`);
  } catch (error) {
    log.warning(
      `The comment in pull request ${number2} could not be written — ${(0, import_ground_errors.messageOf)(error)} — give the job permissions: pull-requests: write; for a fork, which never has them, use the second workflow of the example preview-comment.yml`
    );
  }
}
async function commentFor({ previewReport, githubToken: token }, { origin, log, clean }) {
  const { github } = origin;
  const calledBy = github?.calledBy;
  if (github === void 0 || calledBy === void 0 || token === void 0 || previewReport === void 0) {
    throw notUsable("there is no run that has called this one", "use it in a workflow on: workflow_run");
  }
  const preview = await readPreview(previewReport);
  const { repository, apiUrl } = github;
  const number2 = await pullRequestOf({ token, apiUrl, repository }, calledBy).catch((error) => {
    throw notUsable((0, import_ground_errors.messageOf)(error), "give the job permissions: pull-requests: write");
  });
  if (number2 === void 0) {
    log.info("no open pull request has this commit as its newest: nothing to say");
    return;
  }
  const body = clean(previewComment(preview, calledBy.url));
  const how = await writeComment({ token, apiUrl, repository, number: number2 }, body, commentMarker).catch(
    (error) => {
      throw notUsable((0, import_ground_errors.messageOf)(error), "give the job permissions: pull-requests: write");
    }
  );
  log.step(
    "Comment",
    `${how} in pull request ${number2}: ${(0, import_ground_words.counted)(preview.review.findings.length, "finding")}`
  );
}
async function readPreview(path) {
  try {
    const { preview } = JSON.parse(await (0, import_promises3.readFile)(path, "utf8"));
    return previewShape.parse(preview);
  } catch (error) {
    throw notUsable(
      `${path}: ${(0, import_ground_errors.messageOf)(error).slice(0, 200)}`,
      "give preview-report the path of the report that the first workflow has kept"
    );
  }
}
function notUsable(observed, next) {
  return new import_ground_errors.UserError(`The preview cannot be told in a pull request — ${observed}`, next, {
    code: "preview-not-usable"
  });
}
function commentIsComplete(given) {
  if (given.mode === "comment") {
    return given.previewReport === void 0 || given.githubToken === void 0 ? "mode comment: needs preview-report and github-token" : void 0;
  }
  if (given.previewReport !== void 0) return "preview-report: is for mode comment";
  if (given.pullRequestComment !== true) return void 0;
  if (given.dryRun !== true) return "pull-request-comment: is for dry-run: true, which has a preview to tell";
  return given.githubToken === void 0 ? `pull-request-comment: needs github-token (\${{ github.token }}, with permissions: pull-requests: write)` : void 0;
}
//! src/actions/rollout-check.ts
var patience5 = { attempts: 5, interval: 2e3, initialWait: 0, tryTimeout: 5e3 };
async function checkAddress(address, { log, signal }) {
  const probe2 = { url: new URL(address), host: void 0, headers: {} };
  const [finding2] = await (0, import_health_check.probeUntilHealthy)(
    [probe2],
    { ...patience5, expected: { status: [[200, 299]], text: void 0, headers: {} } },
    { ask: (one) => (0, import_health_http.ask)(one, patience5.tryTimeout, signal), log, signal }
  );
  return finding2?.complaint?.observed;
}
//! src/actions/target-branch.ts
async function withTargetBranch(inputs2, { log, signal, mask }, use) {
  const { withThrowAway } = await Promise.resolve().then(() => __toESM(require("./database-throw-away.cjs")));
  const { makeAsCodeDoes } = await Promise.resolve().then(() => __toESM(require("./django-target-branch.cjs")));
  const started = performance.now();
  const env = await (0, import_yaml.environmentOf)(inputs2, mask);
  return withThrowAway({ signal }, async ({ url, password, programs }) => {
    mask(password);
    const databaseUrl2 = (0, import_database_url.parseDatabaseUrl)(url);
    const workingDirectory = import_node_path3.posix.join(inputs2.base, inputs2.workingDirectory);
    const asBefore = (0, import_database_structure_definitions.projectOf)(
      { ...inputs2, databaseUrl: databaseUrl2, workingDirectory, waitAttempts: 1, waitInterval: 0 },
      env
    );
    const schemas = await makeAsCodeDoes(asBefore, { timeout: inputs2.timeout, signal });
    log.step(
      "Before",
      `${workingDirectory} made the shared schema and ${(0, import_ground_words.listed)(schemas)}, in a PostgreSQL of this step’s own (${programs})`,
      performance.now() - started
    );
    return use(databaseUrl2);
  });
}
function targetBranchIsComplete(given) {
  if (given.previewBase === void 0) return void 0;
  if (given.databaseUrl !== void 0) {
    return "preview-base and database-url: give one; a preview of the code against a database that you made has preview-basis: code";
  }
  if (given.dryRun !== true || given.mode !== "migrate") return "preview-base: is for dry-run: true";
  if (given.runIn !== "runner") return "preview-base: goes with run-in: runner";
  return given.preset === "command" ? "preview-base: is for Django only" : void 0;
}
//! src/actions/migrate-schemas.ts
var fleetFields = {
  superTenantCommand: import_step_fields.text.optional(),
  schemas: import_step_fields.lines.optional(),
  rollout: (0, import_yaml.yamlOf)(import_database_structure_definitions.rolloutShape).optional(),
  canary: (0, import_step_fields.readAs)(import_database_structure_definitions.parseShare),
  maxFailures: (0, import_step_fields.readAs)(import_database_structure_definitions.parseFailureLimit),
  engine: (0, import_step_fields.choice)("auto", "worker", "django"),
  parallel: import_database_url.parallel,
  postMigrate: (0, import_step_fields.choice)("auto", "always", "never"),
  fakeInitial: (0, import_step_fields.choice)("shared-if-identical", "never"),
  allowUnknownMigrations: import_step_fields.boolean,
  smokeTables: import_step_fields.lines.optional(),
  smokeCommand: (0, import_step_fields.linesOf)(import_database_structure_definitions.parseSmokeCommand).optional(),
  expectMaxDuration: import_step_fields.duration.optional(),
  lint: lintField
};
var inputs = {
  mode: (0, import_step_fields.choice)("migrate", "verify", "rollback", "restore", "comment"),
  ...import_database_url.databaseFields,
  databaseUrl: import_database_url.databaseUrl.optional(),
  ...import_database_url.placeFields,
  ...import_database_url.serverFields,
  host: import_database_url.serverFields.host.optional(),
  sshUser: import_database_url.serverFields.sshUser.optional(),
  image: (0, import_step_fields.readAs)((written) => (0, import_diagnosis_container_rules.parseImage)(written.trim())).optional(),
  ...import_database_url.registryFields,
  ...import_database_url.lockFields,
  ...import_database_url.timeoutFields,
  ...import_database_url.projectFields,
  env: import_database_url.environment.optional(),
  envFile: import_step_fields.text.optional(),
  ...import_database_structure_definitions.presetFields,
  ...fleetFields,
  target: (0, import_step_fields.linesOf)(parseTarget).optional(),
  ...import_database_structure_definitions.backupFields,
  ...import_database_structure_definitions.restoreFields,
  ...reviewFields,
  dryRun: import_step_fields.boolean,
  ...import_database_url.commonFields
};
var outputs = [
  "tenants-total",
  "tenants-migrated",
  "tenants-skipped",
  "tenants-failed",
  "drift-groups",
  "plan",
  "reversible",
  "old-code-compatible",
  "backup-path",
  "restored"
];
var migrateSchemas2 = (0, import_database_url.defineAction)({
  inputs,
  outputs,
  results: [
    "migrated",
    "up-to-date",
    "verified",
    "rolled-back",
    "restored",
    "rehearsed",
    "planned",
    "commented"
  ],
  rules: [
    databaseIsGiven,
    targetBranchIsComplete,
    commentIsComplete,
    rollbackIsComplete,
    import_database_structure_definitions.placeIsComplete,
    import_database_url.registryIsComplete,
    import_database_url.hostKeyIsPinnedOnce,
    ...import_database_structure_definitions.presetRules
  ],
  async run(context) {
    if (context.inputs.mode === "comment") {
      await commentFor(context.inputs, context);
      return { result: "commented" };
    }
    const { previewBase: base } = context.inputs;
    if (base !== void 0) {
      return withTargetBranch({ ...context.inputs, base }, context, (databaseUrl2) => {
        const inputs3 = { ...context.inputs, databaseUrl: databaseUrl2 };
        const place = { machine: import_machine_local.localMachine, isHere: true };
        return run({ ...context, inputs: inputs3 }, { through: void 0, place });
      });
    }
    const inputs2 = withDatabaseUrl(context.inputs);
    return (0, import_actions_way.withWay)(
      inputs2,
      context,
      (through) => inputs2.mode === "restore" ? restoreSchemas({ ...inputs2, through }, context) : (0, import_database_structure_definitions.withPlace)(inputs2, context, (place) => run({ ...context, inputs: inputs2 }, { through, place }))
    );
  }
});
function databaseIsGiven({
  mode,
  databaseUrl: url,
  previewBase: base
}) {
  return url === void 0 && base === void 0 && mode !== "comment" ? "database-url: is required" : void 0;
}
function rollbackIsComplete({ mode, target, preset }) {
  if (mode !== "rollback") return target === void 0 ? void 0 : "target: is for mode rollback";
  if (preset === "command") {
    return "mode rollback: is for Django only, and preset is command: its own tool knows the way back";
  }
  return target === void 0 ? "target: is required with mode rollback: an app and a migration of it on each line, like orders 0001_initial" : void 0;
}
function withDatabaseUrl(given) {
  return given;
}
async function run(context, { through, place }) {
  const { origin, tell } = context;
  const inputs2 = { ...context.inputs, through };
  const env = await (0, import_yaml.environmentOf)(inputs2, context.mask);
  const deadline = performance.now() + inputs2.timeout;
  const sessions = (0, import_database_structure_definitions.sessionsName)(origin);
  const outcome = await (0, import_database_structure_definitions.withDatabase)(inputs2, context, (database, another) => {
    const timeouts = { lock: inputs2.lockTimeout, statement: inputs2.statementTimeout };
    const django = (0, import_database_structure_definitions.projectOf)(inputs2, env, {
      place,
      sessions,
      timeouts: inputs2.mode === "verify" ? void 0 : timeouts
    });
    const project = (0, import_database_structure_definitions.presetProject)({ ...inputs2, env, through: place.isHere ? through : void 0 }, django);
    const isBack = inputs2.mode === "rollback";
    const review = isBack ? void 0 : reviewing(inputs2, database, context);
    const work = { ...context, ...inputs2, project, database, another, review, sql: review !== void 0 };
    if (inputs2.mode === "verify") return verifySchemas({ ...work, sql: false });
    const onStanding = (soFar) => tell(facts(soFar));
    return (0, import_database_structure_definitions.withLock)(inputs2, { ...context, sessions, settle: place.settle }, (atSafePoint) => {
      const wanted = {
        ...work,
        smokeCommands: inputs2.smokeCommand,
        commandTimeout: inputs2.timeout,
        deadline,
        takeBackup: (0, import_database_structure_definitions.backingUp)(inputs2, { ...context, database, another, sessions }),
        check: (address) => checkAddress(address, context),
        onStanding,
        atSafePoint
      };
      return isBack ? undoMigrations({ ...wanted, targets: inputs2.target ?? [] }) : migrateSchemas(wanted);
    });
  });
  tell(facts(outcome));
  tellReport(outcome, context.report);
  if (outcome.failure !== void 0) throw outcome.failure;
  const result = resultOf(outcome, inputs2);
  const verdict2 = verdictOf2(outcome, result);
  context.log.step("Done", verdict2, outcome.milliseconds);
  context.report.verdict(`${verdict2}, in ${(0, import_ground_duration.showDuration)(outcome.milliseconds)}.`);
  return { result };
}
function resultOf(outcome, { mode, dryRun }) {
  if (mode === "verify") return "verified";
  if (dryRun) return "planned";
  const changed = [outcome.shared, ...outcome.tenants].some((schema) => schema?.outcome === "migrated");
  if (!changed) return "up-to-date";
  return mode === "rollback" ? "rolled-back" : "migrated";
}
function verdictOf2(outcome, result) {
  const { total, migrated, skipped } = totalsOf(outcome);
  if (result === "planned") return outcome.plan === void 0 ? "planned" : planSentence(outcome.plan);
  if (result === "verified") return `${(0, import_ground_words.counted)(total, "tenant")} complete, proven by the catalogue`;
  const isSharedChanged = outcome.shared?.outcome === "migrated";
  const targets = outcome.plan?.back?.targets;
  if (targets !== void 0) {
    const which = isSharedChanged ? " and the shared schema" : "";
    const others = skipped === 0 ? "" : `, ${(0, import_ground_words.counted)(skipped, "tenant")} with nothing to undo`;
    return `${(0, import_ground_words.counted)(migrated, "tenant")}${which} back at ${(0, import_ground_words.listed)(targets)}${others}; proven by ledger and catalogue`;
  }
  const shared = isSharedChanged ? ["the shared schema migrated"] : [];
  const tenants = total === 0 ? ["no tenants yet"] : [`${(0, import_ground_words.counted)(migrated, "tenant")} migrated, ${(0, import_ground_words.grouped)(skipped)} up to date`];
  return `${[...shared, ...tenants].join(", ")}; proven by the catalogue`;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  fleetFields,
  migrateSchemas
});
