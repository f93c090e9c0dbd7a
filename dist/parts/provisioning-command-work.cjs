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
  commandsAreOfManagePy: () => commandsAreOfManagePy,
  provisionTenant: () => provisionTenant,
  registeringIsComplete: () => registeringIsComplete,
  superuserIsComplete: () => superuserIsComplete,
  tenantFields: () => tenantFields
});
module.exports = __toCommonJS(stdin_exports);
var import_ground_young_memory = require("./ground-young-memory.cjs");
var import_database_structure_definitions = require("./database-structure-definitions.cjs");
var import_health_check = require("./health-check.cjs");
var import_django_python_files = require("./django-python-files.cjs");
var import_yaml = require("./yaml.cjs");
var import_health_http = require("./health-http.cjs");
var import_actions_way = require("./actions-way.cjs");
var import_diagnosis_container_rules = require("./diagnosis-container-rules.cjs");
var import_machine_ssh_verdict = require("./machine-ssh-verdict.cjs");
var import_machine_machine = require("./machine-machine.cjs");
var import_database_url = require("./database-url.cjs");
var import_step_fields = require("./step-fields.cjs");
var import_zod = require("./zod.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_promises = require("node:fs/promises");
var import_node_os = require("node:os");
var import_node_crypto = require("node:crypto");
//! src/actions/provision-tenant.ts
//! src/provisioning/after-command.ts
function parseAfterCommand(line) {
  const words = (0, import_database_structure_definitions.parseWords)(line);
  if (/[{}]/.test(words[0] ?? "")) throw new RangeError(`"${line.trim()}" does not begin with a command`);
  (0, import_database_structure_definitions.requireKnownPlaces)(words, line);
  if (!words.some((word) => /\{(schema|domain)\}/.test(word))) {
    throw new RangeError(
      `"${line.trim()}" has neither {schema} nor {domain} — it is run for each new tenant and must say for which`
    );
  }
  return words;
}
function requireAfterCommands(commands, known) {
  for (const words of commands) {
    const name = words.slice(words[0] === "tenant_command" ? 1 : 0).find((word) => !word.startsWith("-"));
    if (name === void 0 || known.includes(name)) continue;
    const meant = (0, import_ground_words.nearest)(name, known);
    throw new import_ground_errors.UserError(
      `The project has no command ${name} — after-commands names it`,
      `${meant === void 0 ? "correct after-commands, or leave it out" : `did you mean ${meant}?`}; nothing was made`,
      { code: "command-missing" }
    );
  }
}
function managing(project, schema, { log, signal: signal2, timeout }) {
  const options = { timeout, signal: signal2, onLine: (line) => log.debug(line), applicationName: schema };
  return {
    run: (words) => (0, import_django_python_files.manage)(project, words, options),
    complaintIn: import_database_structure_definitions.failureLine,
    before: "manage.py "
  };
}
async function runAfterCommand(command, tenant, timeout, { run: run4, complaintIn: complaintIn2, before }) {
  const words = (0, import_database_structure_definitions.forTenant)(command, tenant);
  const failed2 = (observed, evidence) => new import_ground_errors.UserError(
    `A command for the new tenant ${tenant.schema} failed — ${words.join(" ")}: ${observed}`,
    `mend it, then run again; by hand it is: ${before}${(0, import_machine_ssh_verdict.shellLine)(words)}`,
    { code: "after-command-failed", ...evidence === void 0 ? {} : { evidence } }
  );
  try {
    const result = await run4(words);
    if (!(0, import_machine_machine.succeeded)(result)) throw failed2(complaintIn2(result) || (0, import_machine_machine.ending)(result), (0, import_machine_machine.lastWords)(result, 40));
  } catch (error) {
    if (!(error instanceof import_ground_errors.UserError) || error.code !== "command-timed-out") throw error;
    throw failed2(`it did not end within ${(0, import_ground_duration.showDuration)(timeout)}`);
  }
}
//! src/provisioning/command-proof.ts
async function proveLikeness(schema, references, database) {
  const structure = await (0, import_database_structure_definitions.exactStructure)(database, schema);
  const others = (await (0, import_database_structure_definitions.readStructures)(database, references)).filter((one) => one.structure.tables.size > 0);
  const equal = others.find((other) => (0, import_database_structure_definitions.differences)(other.structure, structure).length === 0);
  const problems = [...ownProblems(structure), ...equal === void 0 ? unlike(structure, others) : []];
  if (problems.length === 0) return { tables: structure.tables.size, like: equal?.schemas[0] };
  throw new import_ground_errors.UserError(
    `The tenant ${schema} is not what the other tenants are — ${(0, import_ground_words.listed)(problems, 3)}`,
    "run migrate-schemas first, so that they are what the tenant command makes today; or look what else has made the difference",
    { code: "tenant-not-proven", evidence: problems.join("\n") }
  );
}
function ownProblems({ tables: tables3 }) {
  if (tables3.size === 0) {
    return ["it has no table at all: look whether tenant-command works in the schema that it is given"];
  }
  const indexes = [...tables3.values()].flatMap((table) => table.indexes);
  return indexes.filter(({ valid }) => !valid).map(({ name }) => `the index ${name} is invalid`);
}
function unlike(structure, [largest]) {
  if (largest === void 0) return [];
  const { schemas, structure: theirs } = largest;
  return (0, import_database_structure_definitions.differences)(theirs, structure).map((difference) => `it ${difference}, beside ${(0, import_ground_words.listed)(schemas)}`);
}
//! src/provisioning/journal.ts
//! src/provisioning/parts.ts
var standing = (0, import_zod.object)({ discovery: import_database_structure_definitions.discoveryShape, references: (0, import_zod.array)((0, import_zod.string)()) });
function readStandingOf(schemas, provisioner) {
  return provisioner.ask({ do: "stand", schemas }, standing, "reading how the project stands");
}
var person = (0, import_zod.object)({ where: (0, import_zod._enum)(["tenant", "shared"]), pk: (0, import_zod.string)() });
var made = (0, import_zod.object)({
  row: (0, import_zod.string)().nullable(),
  domains: (0, import_zod.array)((0, import_zod.string)()),
  schema: (0, import_zod.boolean)(),
  person: person.nullable()
});
var nothingMade = { row: null, domains: [], schema: false, person: null };
var journalShape = (0, import_zod.object)({
  /** Of the work on this tenant; a schema of the same name that came later has another one. */
  id: (0, import_zod.string)(),
  /** Who began it: the address of the run. */
  run: (0, import_zod.string)(),
  since: (0, import_zod.string)(),
  made,
  /** Steps that are done and cannot be seen otherwise. */
  done: (0, import_zod.array)((0, import_zod.string)())
});
var found = (0, import_zod.object)({
  row: (0, import_zod.object)({ pk: (0, import_zod.string)(), hidden: (0, import_zod.boolean)(), differences: (0, import_zod.array)((0, import_zod.string)()) }).nullable(),
  /** Of the domains that were asked for, those that exist, with the schema of their tenant. */
  domains: (0, import_zod.array)((0, import_zod.object)({ domain: (0, import_zod.string)(), schema: (0, import_zod.string)(), primary: (0, import_zod.boolean)() })),
  problems: (0, import_zod.array)((0, import_zod.object)({ field: (0, import_zod.string)(), message: (0, import_zod.string)() })),
  schema: (0, import_zod.object)({
    exists: (0, import_zod.boolean)(),
    tables: (0, import_zod.number)(),
    mayCreate: (0, import_zod.boolean)(),
    role: (0, import_zod.string)(),
    /** Null: the tenant is not in the making. Not readable: somebody else's comment. */
    journal: journalShape.nullable().catch(null)
  }),
  person: (0, import_zod.object)({
    where: (0, import_zod._enum)(["tenant", "shared"]).nullable(),
    exists: (0, import_zod.boolean)(),
    problems: (0, import_zod.array)((0, import_zod.string)())
  }).nullable()
});
function lookFor(wanted, provisioner) {
  const asked = { do: "look", ...wanted, person: personOf(wanted.person) };
  return provisioner.ask(asked, found, `looking for ${wanted.schema}`);
}
var personOf = (person3) => person3 === void 0 ? null : { email: person3.email, username: person3.username ?? null, password: person3.password ?? null };
var refusable = { refused: (0, import_zod.string)().optional(), where: (0, import_zod.string)().nullish() };
var begun = (0, import_zod.object)({ ...refusable, made: made.optional(), journaled: (0, import_zod.boolean)().optional() });
function beginTenant(parts, provisioner) {
  return provisioner.ask(
    { do: "begin", ...parts },
    begun,
    `making the row and the schema of ${parts.schema}`
  );
}
var proof = (0, import_zod.object)({
  /** Migrations that are not in the ledger, or wait to be recorded. */
  pending: (0, import_zod.array)((0, import_zod.string)()),
  inconsistent: (0, import_zod.string)().nullable(),
  ghosts: (0, import_zod.array)((0, import_zod.string)()),
  duplicates: (0, import_zod.array)((0, import_zod.string)()),
  contentTypes: (0, import_zod.array)((0, import_zod.string)()),
  permissions: (0, import_zod.array)((0, import_zod.string)()),
  /** `table.column`: the sequence would give a key that exists. */
  sequences: (0, import_zod.array)((0, import_zod.string)()),
  /** How many models were asked for a row. */
  asked: (0, import_zod.number)(),
  unanswered: (0, import_zod.array)((0, import_zod.object)({ model: (0, import_zod.string)(), reason: (0, import_zod.string)() }))
});
function proveByProject({ schema, tenantType }, provisioner) {
  return provisioner.ask({ do: "prove", schema, tenantType }, proof, `the proof of ${schema}`);
}
function announce(schema, provisioner) {
  const answer = (0, import_zod.object)(refusable);
  return provisioner.ask({ do: "announce", schema }, answer, `the signal post_schema_sync for ${schema}`);
}
function makePerson(schema, wanted, where, provisioner) {
  const answer = (0, import_zod.object)({ ...refusable, person: person.nullish() });
  const asked = { do: "person", schema, where, person: personOf(wanted) };
  return provisioner.ask(asked, answer, `making the superuser of ${schema}`);
}
function makeDomains(schema, domains2, provisioner) {
  const answer = (0, import_zod.object)({ ...refusable, domains: (0, import_zod.array)((0, import_zod.string)()).optional() });
  return provisioner.ask({ do: "domains", schema, domains: domains2 }, answer, `making the domains of ${schema}`);
}
function noteDone(schema, step, provisioner) {
  return provisioner.ask({ do: "note", schema, step }, (0, import_zod.object)({}), `the journal of ${schema}`);
}
function closeJournal(schema, provisioner) {
  return provisioner.ask({ do: "close", schema }, (0, import_zod.object)({}), `the journal of ${schema}`);
}
var removal = (0, import_zod.union)([
  (0, import_zod.object)({ removed: (0, import_zod.array)((0, import_zod._enum)(["superuser", "schema", "domains", "row"])) }),
  (0, import_zod.object)({ refused: (0, import_zod.string)() }).transform(({ refused }) => ({ removed: [], stuck: refused }))
]);
function removeParts(schema, made2, id, provisioner, goes) {
  const limits = goes === void 0 ? null : Object.fromEntries(goes.map(({ table, rows }) => [table, rows]));
  const asked = { do: "remove", schema, made: made2, id, goes: limits, lockTimeout: "5s" };
  return provisioner.ask(asked, removal, `removing ${schema}`);
}
//! src/provisioning/journal.ts
function newJournal(run4) {
  return { id: (0, import_node_crypto.randomBytes)(8).toString("hex"), run: run4, since: (/* @__PURE__ */ new Date()).toISOString() };
}
var mark = "tenantry ";
var kept = journalShape.extend({ comment: (0, import_zod.string)().nullish() });
function journalIn(comment) {
  if (!comment?.startsWith(mark)) return void 0;
  try {
    return kept.safeParse(JSON.parse(comment.slice(mark.length))).data;
  } catch {
    return void 0;
  }
}
async function findSchema(schema, database) {
  const [found2] = await database.query(
    `select n.oid is not null as exists,
            (select count(*)::int from pg_class c where c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'f')) as tables,
            has_database_privilege(current_database(), 'CREATE') as "mayCreate", current_user::text as role,
            coalesce(pg_has_role(n.nspowner, 'USAGE'), false) as owned, obj_description(n.oid, 'pg_namespace') as comment
       from (select $1::text as name) as wanted left join pg_namespace n on n.nspname = wanted.name`,
    [schema]
  );
  if (found2 === void 0) throw new Error(`no answer about the schema ${schema}`);
  return found2;
}
async function beginSchema(schema, journal, { makeSchema, owned, comment }, database) {
  const made2 = { row: null, domains: [], schema: makeSchema, person: null };
  const first = { ...journal, made: made2, done: [], comment };
  const statements = [
    ...makeSchema ? ["create schema %1$I"] : [],
    ...makeSchema || owned ? ["comment on schema %1$I is %2$L"] : []
  ];
  if (statements.length > 0) await run(statements.join("; "), schema, textOf(first), database);
}
async function noteInJournal(schema, step, database) {
  const journal = journalIn((await findSchema(schema, database)).comment);
  if (journal === void 0) return;
  const noted = textOf({ ...journal, done: [...journal.done, step] });
  await run("comment on schema %1$I is %2$L", schema, noted, database);
}
async function closeJournalOf(schema, database) {
  const journal = journalIn((await findSchema(schema, database)).comment);
  if (journal === void 0) return;
  await run("comment on schema %1$I is %2$L", schema, journal.comment ?? null, database);
}
async function dropOwnSchema(schema, id, database) {
  const { exists, comment } = await findSchema(schema, database);
  if (!exists) return { removed: [] };
  if (journalIn(comment)?.id !== id) {
    return { removed: [], stuck: `the schema ${schema} is not the one that this run made` };
  }
  try {
    await run(`set local lock_timeout = '5s'; drop schema %1$I cascade`, schema, null, database);
    return { removed: ["schema"] };
  } catch (error) {
    if (error instanceof import_ground_errors.LostConnection) throw error;
    return { removed: [], stuck: (0, import_ground_errors.messageOf)(error) };
  }
}
var textOf = (journal) => mark + JSON.stringify(journal);
async function run(statements, schema, value, database) {
  const [asked] = await database.query(
    "select format($1::text, $2::text, $3::text) as text",
    [statements, schema, value]
  );
  await database.query(asked?.text ?? "");
}
//! src/provisioning/undo.ts
var undoPatience = 6e4;
async function undo(work, { remove: remove2, log }) {
  const { schema, made: made2 } = work;
  const parts = partsOf(made2);
  try {
    const removal2 = await remove2().catch((error) => {
      if (error instanceof import_ground_errors.LostConnection) return remove2();
      throw error;
    });
    if (removal2.removed.length > 0) log.step("Undone", `${schema}: ${(0, import_ground_words.listed)(removal2.removed)}`);
    return undoSentence(work, removal2);
  } catch (error) {
    return parts.length === 0 ? `whether this run made something could not be looked up (${(0, import_ground_errors.messageOf)(error)}): run again to find out` : `what this run made could not be removed (${(0, import_ground_errors.messageOf)(error)}): ${left(parts)}; ${wayOut(work)}`;
  }
}
function undoSentence(work, { removed, stuck }) {
  if (stuck !== void 0) {
    return `undoing was not possible (${stuck}): ${left(partsOf(work.made))}; ${wayOut(work)}`;
  }
  return removed.length === 0 ? "this run made nothing else" : "everything that this run made is removed again";
}
function wayOut({ schema, made: made2 }) {
  const commands = [
    ...made2.schema ? [`DROP SCHEMA "${schema}" CASCADE`] : [],
    ...made2.domains.length > 0 ? [`delete its domains (${made2.domains.join(", ")})`] : [],
    ...made2.row === null ? [] : [`delete its row (${made2.row})`],
    ...made2.person?.where === "shared" ? [`delete the superuser (${made2.person.pk})`] : []
  ];
  return `run again to complete the tenant, or remove it: ${(0, import_ground_words.listed)(commands)}`;
}
var left = (parts) => `${(0, import_ground_words.listed)(parts)} ${parts.length === 1 && parts[0] !== "domains" ? "is" : "are"} left`;
function partsOf({ row, domains: domains2, schema, person: person3 }) {
  return [
    ...domains2.length === 0 ? [] : ["domains"],
    ...person3 !== null && (person3.where === "shared" || !schema) ? ["superuser"] : [],
    ...schema ? ["schema"] : [],
    ...row === null ? [] : ["row"]
  ];
}
//! src/provisioning/command-work.ts
function stepsByCommands(work, tools) {
  const { schema, domain, decision, needsTables } = work;
  const { isNew, resumes, makeRow } = decision;
  const { database, afterCommands = [], checkHealth } = tools;
  const steps = [];
  const step = (about, run4) => void steps.push({ about: `${about} of ${schema}`, run: run4 });
  if (isNew && resumes === null) step("the schema", () => begin(work, tools));
  if (needsTables) step("the tables", () => tables(work, tools));
  step("the proof", () => prove(work, tools));
  if (makeRow) step("the row", () => register(work, tools));
  for (const [index, command] of afterCommands.entries()) {
    const name = `command ${index + 1}`;
    if (isNew && !resumes?.done.includes(name)) step(`the ${name}`, () => after(name, command, work, tools));
  }
  if (checkHealth !== void 0) step("the health", () => checkHealth(schema, domain));
  const end = {
    about: `the end of ${schema}`,
    run: async () => void (isNew && await closeJournalOf(schema, database))
  };
  return { steps, end };
}
async function begin(work, { database, log }) {
  const { schema, decision, found: found2, journal } = work;
  const { makeSchema } = decision;
  const since = performance.now();
  work.made = { ...work.made, schema: makeSchema };
  try {
    await beginSchema(schema, journal, { ...found2, makeSchema }, database);
  } catch (error) {
    if (error instanceof import_ground_errors.UserError) throw error;
    work.made = { ...work.made, schema: false };
    throw new import_ground_errors.UserError(
      `The tenant ${schema} could not be made — ${(0, import_ground_errors.messageOf)(error)}`,
      "if another run was making it at the same time, run again",
      { code: "tenant-not-made", cause: error }
    );
  }
  if (!makeSchema) return;
  work.steps.push("schema");
  log.step("Made", `${schema}: schema`, performance.now() - since);
}
async function tables(work, tools) {
  const { schema } = work;
  const ran = await (0, import_database_structure_definitions.commandEngine)(tools.project, tools).migrate({ schema });
  if (ran.failure !== void 0) throw ran.failure;
  await noteInJournal(schema, "tables", tools.database);
  tools.log.step("Tables", `the tenant command has run for ${schema}`, ran.milliseconds);
  work.steps.push("tables");
}
async function prove(work, { database, references, log }) {
  const { schema, decision, needsTables } = work;
  const since = performance.now();
  const wasMade = decision.isNew || needsTables;
  const { tables: tables3, like } = await proveLikeness(schema, wasMade ? references : [], database);
  if (references.length === 0) references.push(schema);
  work.tables = tables3;
  const beside = like !== void 0 ? `, as ${like} has them` : wasMade ? "; there is no other tenant to compare it with" : "";
  log.step("Proof", `${schema} has ${(0, import_ground_words.counted)(tables3, "table")}${beside}`, performance.now() - since);
}
async function register(work, tools) {
  const { schema } = work;
  const { project, database, log } = tools;
  const since = performance.now();
  work.made = { ...work.made, row: schema };
  const result = await run2(project.registerCommand, work, tools);
  if (!(0, import_machine_machine.succeeded)(result))
    throw notRegistered(schema, (0, import_database_structure_definitions.complaintIn)(result) || (0, import_machine_machine.ending)(result), (0, import_machine_machine.lastWords)(result, 40));
  if (!await isNamed(schema, project, database)) {
    throw notRegistered(schema, "register-command has ended well, and tenant-query does not name the tenant");
  }
  work.steps.push("row");
  log.step("Registered", `tenant-query names ${schema}`, performance.now() - since);
}
async function after(name, command, work, tools) {
  const since = performance.now();
  await runAfterCommand(command, work, tools.timeout, {
    run: (words) => run2(words, work, tools),
    complaintIn: import_database_structure_definitions.complaintIn,
    before: ""
  });
  await noteInJournal(work.schema, name, tools.database);
  work.steps.push(name);
  tools.log.step("After", `${work.schema}: ${command[0]}`, performance.now() - since);
}
function run2(words, work, { project, signal: signal2, timeout, log }) {
  const onLine = (line) => log.debug(line);
  return (0, import_database_structure_definitions.runCommand)(project, (0, import_database_structure_definitions.forTenant)(words, work), { timeout, signal: signal2, onLine, about: work.schema });
}
async function isNamed(schema, project, database) {
  const { tenants } = await (0, import_database_structure_definitions.askTenants)(database, project.tenantQuery, import_database_structure_definitions.sharedSchema);
  return tenants.some((tenant) => tenant.schema === schema);
}
async function forget(work, tools) {
  const { schema, made: made2, journal, decision } = work;
  const { project, database } = tools;
  const removed = [];
  await (0, import_database_structure_definitions.endSession)(database, (0, import_django_python_files.sessionName)(project, schema));
  if (made2.row !== null && await isNamed(schema, project, database)) {
    const stuck = await unregister(work, { ...tools, signal: AbortSignal.timeout(undoPatience) });
    if (stuck !== void 0) return { removed, stuck };
    removed.push("row");
  }
  work.made = { ...made2, row: null };
  if (made2.schema) {
    const dropped = await dropOwnSchema(schema, journal.id, database);
    return { ...dropped, removed: [...removed, ...dropped.removed] };
  }
  if (decision.resumes === null) await closeJournalOf(schema, database);
  return { removed };
}
async function unregister(work, tools) {
  const { unregisterCommand } = tools.project;
  if (unregisterCommand === void 0)
    return "tenant-query names it by now, and there is no unregister-command";
  const result = await run2(unregisterCommand, work, tools);
  if (!(0, import_machine_machine.succeeded)(result)) return `unregister-command failed: ${(0, import_database_structure_definitions.complaintIn)(result) || (0, import_machine_machine.ending)(result)}`;
  return await isNamed(work.schema, tools.project, tools.database) ? "unregister-command has ended well, and tenant-query still names it" : void 0;
}
function notRegistered(schema, observed, evidence) {
  return new import_ground_errors.UserError(
    `The application could not be told of the tenant ${schema} — ${observed}`,
    "mend register-command, or tenant-query, then run again",
    { code: "tenant-not-made", ...evidence === void 0 ? {} : { evidence } }
  );
}
//! src/provisioning/decision.ts
function decide(wanted, found2, { adopt, isRoot = false }) {
  const { schema, domains: domains2 } = wanted;
  refuseTaken(schema, found2);
  const makeRow = found2.row === null;
  const makeSchema = !found2.schema.exists;
  if (makeRow && !makeSchema && !adopt && !isRoot) throw leftOver(schema, found2);
  if (found2.row?.hidden) {
    throw new import_ground_errors.UserError(
      `The tenant ${schema} exists and is hidden — the project’s default manager does not show its row`,
      "bring it back (or remove it) in the project first; nothing was made",
      { code: "tenant-hidden" }
    );
  }
  const problems = [...found2.problems.map(told), ...found2.person?.problems ?? []];
  if (problems.length > 0) throw wrongFields(problems);
  if (makeSchema && !found2.schema.mayCreate) {
    throw new import_ground_errors.UserError(
      `The role ${found2.schema.role} may not create schemas — it has no CREATE on this database`,
      `run GRANT CREATE ON DATABASE … TO "${found2.schema.role}"; nothing was made`,
      { code: "cannot-create-schema" }
    );
  }
  const existing = new Set(found2.domains.map(({ domain }) => domain));
  const makeDomains2 = domains2.filter((domain) => !existing.has(domain));
  const makePerson2 = found2.person !== null && !found2.person.exists;
  const resumes = found2.schema.journal;
  const isNew = makeRow || makeSchema || resumes !== null || !isRoot && found2.schema.tables === 0;
  const isChanged = isNew || makeDomains2.length > 0 || makePerson2;
  return {
    makeRow,
    makeSchema,
    makeDomains: makeDomains2,
    makePerson: makePerson2,
    isNew,
    resumes,
    state: makeRow ? makeSchema || isRoot ? "created" : "adopted" : isChanged ? "completed" : "unchanged",
    steps: [
      ...makeRow ? ["row"] : [],
      ...makeSchema ? ["schema"] : [],
      ...makePerson2 ? ["superuser"] : [],
      ...makeDomains2.map((domain) => `domain ${domain}`)
    ]
  };
}
function wrongFields(problems) {
  return new import_ground_errors.UserError(
    `The tenant cannot be made like this — ${problems.join("; ")}`,
    "correct the inputs and run again; nothing was made",
    { code: "tenant-fields-wrong" }
  );
}
function told({ field, message }) {
  return field === "" ? message : `${field}: ${message}`;
}
function refuseTaken(schema, found2) {
  const taken = found2.domains.filter((domain) => domain.schema !== schema);
  if (taken.length === 0) return;
  throw new import_ground_errors.UserError(
    `${(0, import_ground_words.counted)(taken.length, "domain")} of ${schema} ${taken.length === 1 ? "belongs" : "belong"} to another tenant — ${(0, import_ground_words.listed)(
      taken.map(({ domain, schema: owner }) => `${domain} to ${owner}`)
    )}`,
    "choose another domain, or remove it from the other tenant first; nothing was made",
    { code: "domain-taken" }
  );
}
function leftOver(schema, found2) {
  return new import_ground_errors.UserError(
    `The schema ${schema} exists, but no tenant has it — it holds ${(0, import_ground_words.counted)(found2.schema.tables, "table")}`,
    `set adopt: true to give it to the new tenant and migrate it, or remove it (DROP SCHEMA "${schema}" CASCADE) if nobody needs what is in it; nothing was made`,
    { code: "schema-left-over" }
  );
}
//! src/provisioning/names.ts
var longestIdentifier = 63;
function schemaNameProblem(name, publicSchema = "public") {
  if (name === publicSchema) return void 0;
  if (name === "") return "it is empty";
  if (Buffer.byteLength(name) > longestIdentifier) {
    return `it has ${Buffer.byteLength(name)} bytes, PostgreSQL takes ${longestIdentifier}`;
  }
  const bad = [...name].find((character) => /["'\\;\p{Cc}]/u.test(character));
  if (bad !== void 0) return `it has the character ${JSON.stringify(bad)}`;
  if (name !== name.trim()) return "it begins or ends with a blank";
  const folded = name.toLowerCase();
  if (folded.startsWith("pg_")) return "names that begin with pg_ are PostgreSQL’s own";
  if (folded === "information_schema") return "it is PostgreSQL’s own";
  if (folded === "public") return "it is PostgreSQL’s own shared schema, which no tenant may have";
  return void 0;
}
function domainProblem(domain) {
  if (domain === "") return "it is empty";
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(domain)) return "it is a URL: leave out the scheme";
  if (domain.includes("/")) return "it has a path: only the host name belongs here";
  if (/:\d+$/.test(domain)) return "it has a port: only the host name belongs here";
  if (domain !== domain.toLowerCase()) return "it has capital letters, and host names arrive in small ones";
  if (domain.length > 253) return `it has ${domain.length} characters, a host name has at most 253`;
  const label = domain.split(".").find((part) => !/^(?!-)[a-z0-9_-]{1,63}(?<!-)$/.test(part));
  return label === void 0 ? void 0 : `"${label}" cannot be part of a host name`;
}
//! src/provisioning/options.ts
var usualCommandTimeout = 60 * 6e4;
//! src/provisioning/outcome.ts
function planSentence(schema, work) {
  return work.length === 0 ? `${schema} is there: nothing to make` : `${schema} needs ${(0, import_ground_words.listed)(work)}`;
}
function differences2(names) {
  return names.length === 0 ? [] : [`The tenant exists with other values, which stay as they are: ${(0, import_ground_words.listed)(names)}`];
}
function failureOf(tenants) {
  const failed2 = tenants.flatMap(({ schema, failure }) => failure === void 0 ? [] : { schema, failure });
  const [first] = failed2;
  if (first === void 0) return void 0;
  if (tenants.length === 1) return first.failure;
  const whole = tenants.filter(({ state, failure }) => state !== void 0 && failure === void 0).length;
  const waiting = tenants.length - whole - failed2.length;
  const others = [
    `${(0, import_ground_words.counted)(whole, "tenant")} ${whole === 1 ? "is" : "are"} complete`,
    ...waiting === 0 ? [] : [`${waiting} ${waiting === 1 ? "was" : "were"} not begun or removed again`]
  ];
  return new import_ground_errors.UserError(
    `${failed2.length} of ${(0, import_ground_words.counted)(tenants.length, "tenant")} failed — ${first.schema}: ${first.failure.message}`,
    `${first.failure.hint}; ${(0, import_ground_words.listed)(others)}; run again with the same list to go on`,
    {
      code: "tenants-not-provisioned",
      evidence: failed2.map(({ schema, failure }) => `${schema}: ${failure.sentence}`).join("\n")
    }
  );
}
//! src/provisioning/plan-list.ts
function requireNames(tenants) {
  const many = tenants.length > 1;
  const problems = tenants.flatMap(({ schemaName, domains: domains2 }) => {
    const schemaProblem = schemaNameProblem(schemaName);
    const own = [
      ...schemaProblem === void 0 ? [] : [`schema-name: ${schemaProblem}`],
      ...domains2.length === 0 && many ? ["it has no domain"] : [],
      ...domains2.flatMap((domain) => {
        const problem = domainProblem(domain);
        return problem === void 0 ? [] : [`domain ${JSON.stringify(domain)}: ${problem}`];
      })
    ];
    return many ? own.map((problem) => `${schemaName}: ${problem}`) : own;
  });
  const twice = (names) => names.filter((name, index) => names.indexOf(name) !== index);
  for (const name of new Set(twice(tenants.map(({ schemaName }) => schemaName)))) {
    problems.push(`${name}: the schema’s name is there twice`);
  }
  for (const domain of new Set(twice(tenants.flatMap(({ domains: domains2 }) => [...new Set(domains2)])))) {
    problems.push(`${domain}: two of the new tenants have this domain`);
  }
  if (problems.length > 0) throw wrongFields(problems);
}
async function planEach(tenants, planOne3) {
  const works = [];
  const refusals = [];
  for (const tenant of tenants) {
    try {
      works.push(await planOne3(tenant));
    } catch (error) {
      if (!(error instanceof import_ground_errors.UserError)) throw error;
      refusals.push({ schema: tenant.schemaName, error });
    }
  }
  const [first] = refusals;
  if (first === void 0) return works;
  throw tenants.length === 1 ? first.error : refusedTogether(refusals, tenants.length);
}
function refusedTogether(refusals, of) {
  const [first] = refusals;
  return new import_ground_errors.UserError(
    `${refusals.length} of ${(0, import_ground_words.counted)(of, "tenant")} cannot be made — ${first?.schema}: ${first?.error.message}`,
    "correct the list and run again; nothing was made",
    {
      code: refusals.length === 1 && first !== void 0 ? first.error.code : "tenant-fields-wrong",
      evidence: refusals.map(({ schema, error }) => `${schema}: ${error.sentence}`).join("\n")
    }
  );
}
function tellPlan(works, log, tables3) {
  for (const work of works) {
    for (const notice of work.notices) log.info(notice);
    if (works.length <= 10)
      log.step("Plan", planSentence(work.schema, [...work.decision.steps, ...tables3(work)]));
  }
  if (works.length > 10) log.step("Plan", summaryOf(works));
}
function summaryOf(works) {
  const states = Map.groupBy(works, ({ decision }) => decision.state);
  const told2 = [...states].map(([state, same]) => `${same.length} to be ${state}`);
  return `${(0, import_ground_words.counted)(works.length, "tenant")}: ${(0, import_ground_words.listed)(told2)}`;
}
//! src/provisioning/command-maker.ts
function commandMaker(options) {
  const { project, database, log, signal: signal2, commandTimeout: timeout = usualCommandTimeout } = options;
  let references = [];
  return {
    loading: 0,
    async plan() {
      requireNames(options.tenants);
      await (0, import_database_structure_definitions.requirePrograms)(project, [
        ["tenant-command", project.tenantCommand],
        ["register-command", project.registerCommand],
        ["unregister-command", project.unregisterCommand],
        ...(options.afterCommands ?? []).map((words) => ["after-commands", words])
      ]);
      const { tenants: named, unread } = await (0, import_database_structure_definitions.askTenants)(database, project.tenantQuery, import_database_structure_definitions.sharedSchema);
      if (unread !== void 0) throw sharedIsMissing();
      const wanted = new Set(options.tenants.map(({ schemaName }) => schemaName));
      references = referencesAmong(named.filter(({ schema }) => !wanted.has(schema)));
      const works = await planEach(options.tenants, (tenant) => planOne(tenant, named, options));
      tellPlan(works, log, ({ needsTables }) => needsTables ? ["the tenant command"] : []);
      return works;
    },
    async hand() {
      const tools = { ...options, references, timeout };
      return {
        stepsOf: (work) => stepsByCommands(work, tools),
        undo: (work) => undo(work, {
          log,
          remove: () => onAnother((another) => forget(work, { ...tools, database: another }))
        }),
        end: async () => {
        }
      };
    },
    end: async () => {
    }
  };
  async function onAnother(use) {
    const patience2 = AbortSignal.timeout(undoPatience);
    const another = await options.another(signal2.aborted ? patience2 : AbortSignal.any([signal2, patience2]));
    try {
      return await use(another);
    } finally {
      await another.close();
    }
  }
}
var compared = 3;
function referencesAmong(named) {
  return named.filter(({ pending }) => pending !== true).slice(-compared).map(({ schema }) => schema);
}
async function planOne(tenant, named, { database, adopt, run: run4 }) {
  const { schemaName: schema, domains: domains2 } = tenant;
  const problems = [...nameProblems(schema), ...djangoOnly(tenant)];
  if (problems.length > 0) throw wrongFields(problems);
  const found2 = await findSchema(schema, database);
  const name = named.find((one) => one.schema === schema);
  const journal = journalIn(found2.comment) ?? null;
  const decision = decide(
    { schema, fields: {}, domains: [], tenantType: null, person: void 0 },
    {
      row: name === void 0 ? null : { pk: schema, hidden: false, differences: [] },
      domains: [],
      problems: [],
      schema: { ...found2, journal },
      person: null
    },
    // The row comes last: a schema without one is nobody's only where no run has begun it.
    { adopt: adopt || journal !== null }
  );
  const isBehind = name?.pending === true;
  const isCompleted = journal !== null || isBehind && decision.state === "unchanged";
  const needsTables = isBehind || decision.isNew && !decision.resumes?.done.includes("tables");
  return {
    schema,
    domain: domains2[0] ?? "",
    found: found2,
    decision: isCompleted ? { ...decision, state: "completed" } : decision,
    needsTables,
    journal: newJournal(run4),
    notices: [],
    made: nothingMade,
    steps: [],
    tables: void 0
  };
}
function nameProblems(schema) {
  const problem = schemaNameProblem(schema, "") ?? (0, import_database_structure_definitions.tenantNameProblem)(schema, import_database_structure_definitions.sharedSchema);
  return problem === void 0 ? [] : [`schema-name: ${problem}`];
}
function djangoOnly({ tenantName, tenantType, fields, superuser }) {
  const given = {
    "tenant-name": tenantName,
    "tenant-type": tenantType,
    fields: Object.keys(fields).length > 0 ? fields : void 0,
    "superuser-email": superuser
  };
  const names = Object.entries(given).flatMap(([name, value]) => value === void 0 ? [] : [name]);
  return names.length === 0 ? [] : [`${(0, import_ground_words.listed)(names)}: ${names.length === 1 ? "is" : "are"} for Django only, and preset is command`];
}
function sharedIsMissing() {
  return new import_ground_errors.UserError(
    "The tenants cannot be read — a table that tenant-query names does not exist",
    "run migrate-schemas first, or correct the query; nothing was made",
    { code: "tenants-unreadable" }
  );
}
//! src/provisioning/fields.ts
function rowFields(tenant, discovered, { isNew }) {
  const { fields } = discovered.tenantModel;
  const values = { ...tenant.fields, schema_name: tenant.schemaName };
  const problems = [];
  const nameField = fields.find(({ name }) => name === "name");
  if (tenant.tenantName !== void 0) {
    if (nameField === void 0) {
      problems.push(`tenant-name: ${discovered.tenantModel.name} has no field name — give its own in fields`);
    } else if ("name" in tenant.fields) {
      problems.push("tenant-name: fields gives the name, too — leave one of them out");
    } else values.name = tenant.tenantName;
  } else if (isNew && nameField?.required && !("name" in tenant.fields)) values.name = tenant.schemaName;
  if ("schema_name" in tenant.fields) problems.push("fields: schema_name is given by schema-name");
  takeType(tenant, discovered, { values, problems, isNew });
  for (const name of Object.keys(tenant.fields)) {
    const problem = nameProblem(name, fields, discovered.tenantModel.name);
    if (problem !== void 0) problems.push(problem);
  }
  for (const field of fields) {
    if (field.name === discovered.multiType?.field) continue;
    const problem = valueProblem(field, values, isNew);
    if (problem !== void 0) problems.push(problem);
  }
  return { values, problems };
}
function takeType({ schemaName, tenantType, fields }, { multiType, publicSchema }, { values, problems, isNew }) {
  if (multiType === null) {
    if (tenantType !== void 0) problems.push("tenant-type: this project has only one type of tenant");
    return;
  }
  const types = multiType.types.filter((name) => name !== publicSchema);
  if (schemaName === publicSchema) {
    if (tenantType !== void 0) problems.push("tenant-type: the shared schema has its own type");
    else values[multiType.field] = publicSchema;
    return;
  }
  const given = tenantType ?? fields[multiType.field];
  if (given === void 0) {
    if (isNew) problems.push(`tenant-type: is missing — choose ${(0, import_ground_words.listed)(types)}`);
  } else if (!types.includes(String(given))) {
    problems.push(`tenant-type: there is no ${JSON.stringify(given)} — choose ${(0, import_ground_words.listed)(types)}`);
  } else values[multiType.field] = given;
}
function nameProblem(name, fields, model) {
  const field = fields.find((candidate) => candidate.name === name);
  if (field?.madeByDjango) return `fields: ${name} is made by Django — leave it out`;
  if (field !== void 0) return void 0;
  const free = fields.filter(({ madeByDjango }) => !madeByDjango).map((candidate) => candidate.name);
  const meant = (0, import_ground_words.nearest)(name, free);
  return `fields: ${model} has no field ${name} — ${meant === void 0 ? `it has ${(0, import_ground_words.listed)(free)}` : `did you mean ${meant}?`}`;
}
function valueProblem(field, values, isNew) {
  const value = values[field.name];
  const input = field.name === "name" ? "tenant-name" : `fields: ${field.name}`;
  if (value === void 0) {
    return field.required && isNew ? `${input}: is missing (${described(field)})` : void 0;
  }
  if (field.choices !== null && value !== null && !field.choices.includes(String(value))) {
    return `${input}: there is no ${JSON.stringify(value)} — choose ${(0, import_ground_words.listed)(field.choices)}`;
  }
  return void 0;
}
function described({ type, choices, relatedTo }) {
  if (relatedTo !== null) return `the key of a ${relatedTo}`;
  return choices === null ? type : `${type}, one of ${(0, import_ground_words.listed)(choices)}`;
}
//! src/provisioning/plan.ts
async function planTenants(planning, tools) {
  const { tenants, log } = planning;
  requireNames(tenants);
  const schemas = tenants.map(({ schemaName }) => schemaName);
  if (planning.copy !== void 0) schemas.push(planning.copy.source);
  const { discovery, references } = await readStandingOf(schemas, tools.provisioner);
  await (0, import_database_structure_definitions.requireRightDatabase)(discovery, planning);
  requireShared(discovery);
  const { afterCommands = [], copy } = planning;
  requireAfterCommands(afterCommands, discovery.commands);
  if (copy !== void 0) requireSource(copy, discovery);
  const works = await planEach(tenants, (tenant) => planOne2(tenant, discovery, planning, tools));
  tellPlan(
    works,
    log,
    ({ decision, pending }) => decision.isNew ? ["all migrations"] : pending.length > 0 ? [(0, import_ground_words.counted)(pending.length, "migration")] : []
  );
  return { discovery, references, works };
}
async function planOne2(tenant, discovery, { adopt }, { provisioner, journal }) {
  const { schemaName, domains: domains2, superuser } = tenant;
  const isRoot = schemaName === discovery.publicSchema;
  const isNew = !discovery.tenants.some(({ schema }) => schema === schemaName);
  const { values, problems } = rowFields(tenant, discovery, { isNew });
  const name = schemaNameProblem(schemaName, discovery.publicSchema);
  if (name !== void 0) problems.unshift(`schema-name: ${name}`);
  if (problems.length > 0) throw wrongFields(problems);
  const kind = kindOf(schemaName, values, discovery);
  const { tenantType } = kind;
  const uniqueDomains = [...new Set(domains2)];
  const wanted = {
    schema: schemaName,
    fields: values,
    domains: uniqueDomains,
    tenantType,
    person: superuser
  };
  const found2 = await lookFor(wanted, provisioner);
  const decision = decide(wanted, found2, { adopt, isRoot });
  const pending = isRoot ? [] : (0, import_database_structure_definitions.planMigrations)(discovery).tenants.find(({ schema }) => schema === schemaName)?.pending ?? [];
  const behind = decision.state === "unchanged" && pending.length > 0;
  return {
    schema: schemaName,
    wanted,
    found: found2,
    decision: behind ? { ...decision, state: "completed" } : decision,
    kind,
    isRoot,
    pending,
    journal,
    notices: [...differences2(found2.row?.differences ?? []), ...otherPrimary(uniqueDomains, found2.domains)],
    made: nothingMade,
    steps: [],
    tables: void 0
  };
}
function otherPrimary([first], found2) {
  const existing = found2.find(({ domain }) => domain === first);
  if (existing === void 0 || existing.primary) return [];
  return [`The domain ${existing.domain} exists and is not the primary one, which stays as it is`];
}
function kindOf(schema, values, { kinds, publicSchema, multiType, tenants }) {
  const own = tenants.find((tenant) => tenant.schema === schema)?.tenantType;
  const type = multiType === null ? null : own ?? String(values[multiType.field]);
  const found2 = schema === publicSchema ? kinds.find(({ kind }) => kind === "shared") : kinds.find(({ kind, tenantType }) => kind === "tenant" && tenantType === type);
  if (found2 !== void 0) return found2;
  throw wrongFields([`tenant-type: the tenant’s row has the type ${type}, which the project does not know`]);
}
function requireSource({ source, anonymiseCommand }, discovery) {
  if (anonymiseCommand !== void 0) requireAfterCommands([anonymiseCommand], discovery.commands);
  const isTenant = discovery.tenants.some(({ schema }) => schema === source);
  if (isTenant && source !== discovery.publicSchema) return;
  throw new import_ground_errors.UserError(
    `There is no tenant ${source} to copy — no row has that schema`,
    "correct source-schema; nothing was made",
    { code: "tenant-unknown" }
  );
}
function requireShared(discovery) {
  const { shared, tenantsUnknown } = (0, import_database_structure_definitions.planMigrations)(discovery);
  if (tenantsUnknown === void 0 && shared.pending.length === 0) return;
  throw new import_ground_errors.UserError(
    `The shared schema ${shared.schema} is behind the code — it lacks ${(0, import_ground_words.listed)(shared.pending, 3)}`,
    "run migrate-schemas first; nothing was made",
    { code: "shared-schema-behind" }
  );
}
async function referencesOf({ discovery, references, works }, database) {
  const wanted = new Set(works.map(({ kind }) => kind.tenantType));
  const isAtHead = new Set(
    discovery.groups.filter(({ pending, inconsistent, ledger }) => ledger && pending.length === 0 && inconsistent === null).flatMap(({ schemas }) => schemas)
  );
  const candidates = references.filter((schema) => isAtHead.has(schema));
  const groups = await (0, import_database_structure_definitions.readStructures)(database, candidates);
  const structures = new Map(
    groups.flatMap(({ schemas, structure }) => schemas.map((one) => [one, structure]))
  );
  const found2 = /* @__PURE__ */ new Map();
  for (const kind of discovery.kinds) {
    if (kind.kind !== "tenant" || !wanted.has(kind.tenantType)) continue;
    for (const schema of candidates) {
      const tenant = discovery.tenants.find((one) => one.schema === schema);
      const structure = structures.get(schema);
      if (tenant?.tenantType !== kind.tenantType || structure === void 0) continue;
      const { missing, missingColumns } = (0, import_database_structure_definitions.missingOf)(kind, structure);
      if (missing.length + missingColumns.length === 0 && !found2.has(kind.tenantType)) {
        found2.set(kind.tenantType, structure);
      }
    }
  }
  return found2;
}
//! src/provisioning/provisioner.ts
var patience = 5 * 6e4;
var failed = (0, import_zod.object)({ failure: import_django_python_files.failureShape });
async function startProvisioner({ project, log, signal: signal2 }) {
  const start = () => (0, import_database_structure_definitions.startProcess)(project, { signal: signal2, onLine: (line) => log.debug(line) }, "provision");
  let process = await start();
  const running = async () => {
    signal2.throwIfAborted();
    if (process.isUsedUp) {
      await process.end();
      process = await start();
    }
    return process;
  };
  return {
    get unsupported() {
      return process.ready.unsupported ?? void 0;
    },
    get loading() {
      return process.ready.loading ?? 0;
    },
    async ask(request, answer, about) {
      const applicationName = (0, import_django_python_files.sessionName)(project, request.schema ?? request.do);
      const value = await (await running()).ask({ ...request, applicationName }, about, patience);
      const failure = failed.safeParse(value);
      if (!failure.success) return answer.parse(value);
      if (failure.data.failure.kind === "connection") {
        throw new import_ground_errors.LostConnection(about, failure.data.failure.message);
      }
      throw (0, import_django_python_files.startFailure)(failure.data.failure, project);
    },
    migrate: async (request) => (await running()).migrate(request),
    end: () => process.end()
  };
}
//! src/provisioning/tables.ts
function tablesByMigrations(found2, tools) {
  const references = new Map(found2);
  const shown = /* @__PURE__ */ new Map();
  return async (wish) => {
    const { schema, tenantType, isEmpty, provisioner } = wish;
    if (!isEmpty || provisioner.unsupported !== void 0) return byDjango(schema);
    await shown.get(tenantType);
    const reference = references.get(tenantType);
    if (reference !== void 0) {
      const ran = await byWorker(wish, reference);
      if (ran !== void 0) return ran;
    }
    const showing = byDjango(schema).then(async (ran) => {
      if (ran.failure === void 0) {
        references.set(tenantType, await (0, import_database_structure_definitions.exactStructure)(tools.database, schema));
      }
      return ran;
    });
    const turn = showing.catch(() => {
    });
    shown.set(tenantType, turn);
    return showing;
  };
  async function byDjango(schema) {
    return { ...await (0, import_database_structure_definitions.migrateTenant)(schema, tools), engine: "django" };
  }
  async function byWorker({ schema, tenantType, provisioner }, reference) {
    const { project, database, log, timeout } = tools;
    const started = performance.now();
    let found3 = [];
    const { result, blockers } = await (0, import_database_structure_definitions.watchingBlockers)(
      () => provisioner.migrate({
        schema,
        tenantType,
        postMigrate: "auto",
        timeout,
        tryOut: {
          sql: import_database_structure_definitions.exactStructureSql,
          decide: ({ rows }) => {
            found3 = (0, import_database_structure_definitions.differences)(reference, (0, import_database_structure_definitions.structureOf)(rows));
            return found3.length === 0 ? "keep" : "drop";
          }
        }
      }),
      {
        database,
        applicationName: (0, import_django_python_files.sessionName)(project, schema),
        interval: (0, import_database_structure_definitions.lookInterval)(project.timeouts?.lock),
        onBlocked: (sessions) => log.info(`${schema} waits for a lock: ${(0, import_database_structure_definitions.describeBlockers)(sessions)} is in the way`)
      }
    );
    switch (result.outcome) {
      case "dropped":
        log.info(`${schema}: made by Django itself — the latest tenant is otherwise: ${(0, import_ground_words.listed)(found3, 2)}`);
        return void 0;
      case "cannot-try-out":
        log.debug(`${schema}: made by Django itself — ${result.reason}`);
        return void 0;
      default: {
        const milliseconds = performance.now() - started;
        return (0, import_database_structure_definitions.ranOf)({ result, blockers, milliseconds, lockTimeout: project.timeouts?.lock }, { schema });
      }
    }
  }
}
//! src/provisioning/copy.ts
var copied = (0, import_zod.object)({
  refused: (0, import_zod.string)().optional(),
  tables: (0, import_zod.number)().optional(),
  rows: (0, import_zod.number)().optional()
});
async function copyTenant(source, schema, { provisioner, database, log }) {
  const since = performance.now();
  const [from, to] = [await (0, import_database_structure_definitions.exactStructure)(database, source), await (0, import_database_structure_definitions.exactStructure)(database, schema)];
  if (from.tables.size === 0) throw notCopied(source, "it has no tables");
  const found2 = (0, import_database_structure_definitions.differences)(to, from);
  if (found2.length > 0) {
    throw notCopied(source, `it is not what the migrations make: ${(0, import_ground_words.listed)(found2, 3)}`, found2.join("\n"));
  }
  const answer = await provisioner.ask(
    { do: "copy", schema, source },
    copied,
    `copying ${source} to ${schema}`
  );
  if (answer.refused !== void 0) throw notCopied(source, answer.refused);
  log.step(
    "Copy",
    `${(0, import_ground_words.counted)(answer.rows ?? 0, "row")} of ${source} are in ${schema}`,
    performance.now() - since
  );
}
function notCopied(source, observed, evidence) {
  return new import_ground_errors.UserError(
    `The tenant ${source} cannot be copied — ${observed}`,
    "bring it to the head of the migrations first (migrate-schemas, or mode: repair)",
    { code: "tenant-not-copied", ...evidence === void 0 ? {} : { evidence } }
  );
}
//! src/provisioning/proof.ts
async function proveTenant(schema, kind, { database, provisioner }) {
  const [structure, told2] = await Promise.all([
    (0, import_database_structure_definitions.exactStructure)(database, schema),
    proveByProject({ schema, tenantType: kind.tenantType }, provisioner)
  ]);
  const problems = problemsOf(kind, structure, told2);
  if (problems.length > 0) throw notProven(schema, problems);
  return { tables: kind.tables.length, models: told2.asked };
}
function problemsOf(kind, structure, told2) {
  const { missing, missingColumns } = (0, import_database_structure_definitions.missingOf)(kind, structure);
  const invalid = [...structure.tables.values()].flatMap(
    ({ indexes }) => indexes.filter(({ valid }) => !valid).map(({ name }) => name)
  );
  const lacking = (what, names) => names.length === 0 ? [] : [`${what} ${(0, import_ground_words.listed)(names, 3)}`];
  return [
    ...lacking(missing.length === 1 ? "it lacks the table" : "it lacks the tables", missing),
    ...lacking(missingColumns.length === 1 ? "it lacks the column" : "it lacks the columns", missingColumns),
    ...told2.inconsistent === null ? [] : [`its ledger is inconsistent: ${told2.inconsistent}`],
    ...lacking("its ledger lacks", told2.pending),
    ...lacking("its ledger has what the code does not have:", told2.ghosts),
    ...lacking("its ledger has twice:", told2.duplicates),
    ...lacking("it lacks the content types", told2.contentTypes),
    ...lacking("it lacks the permissions", told2.permissions),
    ...lacking("sequences are behind the keys of", told2.sequences),
    ...lacking("invalid indexes:", invalid),
    ...told2.unanswered.slice(0, 3).map(({ model, reason }) => `${model} cannot be asked: ${reason}`),
    ...told2.unanswered.length > 3 ? [`${(0, import_ground_words.counted)(told2.unanswered.length - 3, "more model")} cannot`] : []
  ];
}
function notProven(schema, problems) {
  return new import_ground_errors.UserError(
    `The tenant ${schema} is not what the migrations make — ${(0, import_ground_words.listed)(problems, 3)}`,
    "mode: repair says what it can mend; what else there is, a migration of the project or somebody else has made",
    { code: "tenant-not-proven", evidence: problems.join("\n") }
  );
}
//! src/provisioning/work.ts
function stepsOf(work, tools) {
  const { wanted, decision, isRoot, pending } = work;
  const { schema } = wanted;
  const { isNew, resumes } = decision;
  const done = new Set(resumes?.done);
  const steps = [];
  const step = (about, run4) => void steps.push({ about: `${about} of ${schema}`, run: run4 });
  if (isNew && resumes === null) step("row and schema", () => begin2(work, tools));
  const hasTables = done.has("tables") && pending.length === 0;
  if (!isRoot && !hasTables && (isNew || pending.length > 0)) step("the tables", () => tables2(work, tools));
  if (isNew && tools.copy !== void 0) {
    const { source, anonymiseCommand } = tools.copy;
    if (!done.has("rows")) step("the rows", () => copyTenant(source, schema, tools));
    if (anonymiseCommand !== void 0 && !done.has("anonymise")) {
      step("the anonymising", () => after2("anonymise", anonymiseCommand, work, tools));
    }
  }
  step("the proof", () => prove2(work, tools));
  if (isNew && !isRoot && !done.has("signal")) step("the signal", () => signal(work, tools));
  if (decision.makePerson) step("the superuser", () => person2(work, tools));
  if (decision.makeDomains.length > 0) step("the domains", () => domains(work, tools));
  if (isNew) {
    for (const [index, command] of tools.afterCommands.entries()) {
      const name = `command ${index + 1}`;
      if (!done.has(name)) step(`the ${name}`, () => after2(name, command, work, tools));
    }
  }
  const { checkHealth } = tools;
  const [domain] = wanted.domains;
  if (checkHealth !== void 0 && domain !== void 0) {
    step("the health", () => checkHealth(schema, domain));
  }
  const end = {
    about: `the end of ${schema}`,
    run: async () => void (isNew && await closeJournal(schema, tools.provisioner))
  };
  return { steps, end };
}
async function begin2(work, { provisioner, log }) {
  const { wanted, decision, journal } = work;
  const { makeRow, makeSchema } = decision;
  const since = performance.now();
  const asked = { schema: wanted.schema, fields: wanted.fields, makeRow, makeSchema };
  const answer = await beginTenant({ ...asked, journal }, provisioner);
  if (answer.made === void 0) {
    throw refusedBy(`The tenant ${wanted.schema} could not be made`, answer, {
      hint: "if another run was making it at the same time, run again",
      code: "tenant-not-made"
    });
  }
  work.made = answer.made;
  const parts = [...makeRow ? ["row"] : [], ...makeSchema ? ["schema"] : []];
  work.steps.push(...parts);
  if (parts.length > 0) log.step("Made", `${wanted.schema}: ${(0, import_ground_words.listed)(parts)}`, performance.now() - since);
}
async function tables2(work, tools) {
  const { wanted, decision, found: found2 } = work;
  const { schema, tenantType } = wanted;
  const isEmpty = decision.makeSchema || decision.resumes !== null && found2.schema.tables === 0;
  const ran = await tools.makeTables({ schema, tenantType, isEmpty, provisioner: tools.provisioner });
  if (ran.failure !== void 0) throw ran.failure;
  await noteDone(schema, "tables", tools.provisioner);
  tools.log.step("Tables", `migrated ${schema}`, ran.milliseconds);
  work.steps.push("tables");
}
async function prove2(work, tools) {
  if (work.isRoot) return;
  const since = performance.now();
  const { tables: tables3, models } = await proveTenant(work.wanted.schema, work.kind, tools);
  work.tables = tables3;
  tools.log.step(
    "Proof",
    `${work.wanted.schema} has all ${tables3} tables, and its ${models} models answer`,
    performance.now() - since
  );
}
async function signal({ wanted: { schema } }, { provisioner }) {
  const answer = await announce(schema, provisioner);
  if (answer.refused === void 0) return;
  throw refusedBy(`A receiver of post_schema_sync failed for ${schema}`, answer, {
    hint: "mend the receiver, then run again",
    code: "tenant-signal-failed"
  });
}
async function person2(work, { provisioner, log }) {
  const { schema, person: wanted } = work.wanted;
  const where = work.found.person?.where;
  if (wanted === void 0 || where === void 0 || where === null) return;
  const answer = await makePerson(schema, wanted, where, provisioner);
  if (answer.refused !== void 0) {
    throw refusedBy(`The superuser of ${schema} could not be made`, answer, {
      hint: "mend what the user model asks for, then run again",
      code: "superuser-not-made"
    });
  }
  if (answer.person == null) return;
  work.made = { ...work.made, person: answer.person };
  work.steps.push("superuser");
  log.step("Superuser", `made in ${where === "shared" ? "the shared schema" : schema}`);
}
async function domains(work, { provisioner }) {
  const { schema } = work.wanted;
  const answer = await makeDomains(schema, work.decision.makeDomains, provisioner);
  if (answer.domains === void 0) {
    throw refusedBy(`The domains of ${schema} could not be made`, answer, {
      hint: "if another run was making it at the same time, run again",
      code: "tenant-not-made"
    });
  }
  work.made = { ...work.made, domains: answer.domains };
  work.steps.push(...work.decision.makeDomains.map((domain) => `domain ${domain}`));
}
async function after2(name, command, { wanted: { schema, domains: domains2 }, steps }, { project, log, signal: signal2, provisioner, commandTimeout: timeout }) {
  const since = performance.now();
  const runner = managing(project, schema, { log, signal: signal2, timeout });
  await runAfterCommand(command, { schema, domain: domains2[0] ?? "" }, timeout, runner);
  await noteDone(schema, name, provisioner);
  steps.push(name);
  log.step("After", `${schema}: ${command[0]}`, performance.now() - since);
}
function refusedBy(what, { refused, where }, { hint, code }) {
  const place = where == null ? "" : ` (${where})`;
  return new import_ground_errors.UserError(`${what} — ${refused}${place}`, hint, { code });
}
//! src/provisioning/django-maker.ts
async function djangoMaker(options) {
  const { log, afterCommands = [], copy, checkHealth, commandTimeout = usualCommandTimeout } = options;
  const first = await startProvisioner(options);
  let plan;
  let makeTables;
  return {
    loading: first.loading,
    async plan() {
      plan = await planTenants(options, { provisioner: first, journal: newJournal(options.run) });
      return plan.works;
    },
    async hand(index) {
      if (plan === void 0) throw new Error("nothing is planned yet");
      makeTables ??= options.makeTables ?? tablesByMigrations(await referencesOf(plan, options.database), {
        ...options,
        timeout: commandTimeout
      });
      const provisioner = index === 0 ? first : await startProvisioner(options);
      const tools = { ...options, afterCommands, copy, checkHealth, commandTimeout, makeTables, provisioner };
      return {
        stepsOf: (work) => stepsOf(work, tools),
        undo: (work) => undo(work, {
          log,
          remove: () => lend(provisioner, options, (one) => removeParts(work.schema, work.made, work.journal.id, one))
        }),
        end: async () => {
          if (index > 0) await provisioner.end();
        }
      };
    },
    end: () => first.end()
  };
}
async function lend(own, options, use) {
  if (!options.signal.aborted) return use(own);
  const fresh = await startProvisioner({ ...options, signal: AbortSignal.timeout(undoPatience) });
  try {
    return await use(fresh);
  } finally {
    await fresh.end();
  }
}
//! src/provisioning/provision.ts
var worthALane = 3;
async function provisionTenants(options) {
  const { project } = options;
  return "tenantQuery" in project ? provisionBy(async () => commandMaker({ ...options, project }), options) : provisionBy(() => djangoMaker({ ...options, project }), options);
}
async function provisionBy(start, options) {
  const started = performance.now();
  const maker = await start();
  const startMilliseconds = performance.now() - started - maker.loading;
  const told2 = (tenants, failure) => ({
    tenants,
    milliseconds: performance.now() - started,
    startMilliseconds,
    failure
  });
  try {
    const works = await maker.plan();
    const tenants = options.dryRun ? works.map(planned) : await carryOut(works, maker, options);
    return told2(tenants, failureOf(tenants));
  } catch (error) {
    if (!(error instanceof import_ground_errors.UserError)) throw error;
    return told2([], error);
  } finally {
    await maker.end();
  }
}
async function carryOut(works, maker, { log, signal: signal2, onError = "stop", parallel: parallel2 = 1, atSafePoint = async () => {
} }) {
  const ended = /* @__PURE__ */ new Map();
  const waiting = works.values();
  let stopped = false;
  async function one(work, hand) {
    const since = performance.now();
    const { steps, end } = hand.stepsOf(work);
    let failure;
    try {
      for (const { about, run: run4 } of onError === "undo-all" ? steps : [...steps, end]) {
        await atSafePoint(about);
        await run4();
      }
    } catch (error) {
      const undone = await hand.undo(work);
      if (!(error instanceof import_ground_errors.UserError)) {
        log.warning(undone);
        throw error;
      }
      failure = withUndone(error, undone);
      const isShared = failure.code === "shared-schema-changed";
      if (onError !== "continue" || isShared || signal2.aborted) stopped = true;
    }
    ended.set(work, { milliseconds: performance.now() - since, failure });
  }
  const first = await maker.hand(0);
  async function lane(index) {
    const hand = index === 0 ? first : await maker.hand(index);
    try {
      for (const work of waiting) {
        await one(work, hand);
        if (stopped) return;
      }
    } finally {
      if (index > 0) await hand.end();
    }
  }
  const lanes = Math.max(1, Math.min(parallel2, Math.floor(works.length / worthALane)));
  const results = await Promise.allSettled(Array.from({ length: lanes }, (_, index) => lane(index)));
  const broken = results.find((result) => result.status === "rejected");
  if (broken !== void 0) throw broken.reason;
  if (onError === "undo-all") {
    const finished = [...ended].filter(([, { failure }]) => failure === void 0).reverse();
    for (const [work] of finished) {
      if (!stopped) {
        const { end } = first.stepsOf(work);
        await atSafePoint(end.about);
        await end.run();
      } else {
        log.info(`${work.schema}: ${await first.undo(work)}`);
        ended.delete(work);
      }
    }
  }
  await first.end();
  return works.map((work) => outcomeOf(work, ended.get(work)));
}
function outcomeOf(work, end) {
  const { schema, decision, notices, made: made2, steps, tables: tables3 } = work;
  const isWhole = end !== void 0 && end.failure === void 0;
  return {
    schema,
    state: isWhole ? decision.state : void 0,
    steps: isWhole ? steps : [],
    tables: isWhole ? tables3 : void 0,
    superuserCreated: isWhole && made2.person !== null,
    notices,
    milliseconds: end?.milliseconds ?? 0,
    failure: end?.failure
  };
}
function planned({ schema, decision, notices }) {
  const { state, steps } = decision;
  return { schema, state, steps, superuserCreated: false, notices, milliseconds: 0 };
}
function withUndone(error, undone) {
  return new import_ground_errors.UserError(error.message, `${error.hint}; ${undone}`, {
    code: error.code,
    ...error.evidence === void 0 ? {} : { evidence: error.evidence },
    cause: error.cause
  });
}
//! src/actions/provision-inputs.ts
var tenantFields = {
  schemaName: import_step_fields.text.optional(),
  tenantName: import_step_fields.text.optional(),
  domain: import_step_fields.lines.optional(),
  tenantType: import_step_fields.text.optional(),
  fields: import_yaml.yamlMap.optional(),
  superuserEmail: import_step_fields.text.optional(),
  superuserUsername: import_step_fields.text.optional(),
  superuserPassword: (0, import_step_fields.secret)(import_step_fields.text.optional()),
  afterCommands: (0, import_step_fields.linesOf)(parseAfterCommand).optional(),
  adopt: import_step_fields.boolean
};
var provisionInputs = {
  mode: (0, import_step_fields.choice)("provision", "repair", "clone", "deprovision"),
  ...import_database_url.databaseFields,
  ...import_database_url.placeFields,
  ...import_database_url.serverFields,
  host: import_database_url.serverFields.host.optional(),
  sshUser: import_database_url.serverFields.sshUser.optional(),
  image: (0, import_step_fields.readAs)((written) => (0, import_diagnosis_container_rules.parseImage)(written.trim())).optional(),
  ...import_database_url.registryFields,
  ...import_database_url.lockFields,
  ...import_database_url.projectFields,
  env: import_database_url.environment.optional(),
  envFile: import_step_fields.text.optional(),
  ...import_database_structure_definitions.registeringFields,
  ...tenantFields,
  tenantsFile: import_step_fields.text.optional(),
  onError: (0, import_step_fields.choice)("stop", "continue", "undo-all"),
  parallel: import_database_url.parallel,
  tenantUrl: import_step_fields.text.optional(),
  tenantUrlTimeout: import_step_fields.duration,
  sourceSchema: import_step_fields.text.optional(),
  anonymiseCommand: (0, import_step_fields.readAs)(parseAfterCommand).optional(),
  confirm: import_step_fields.text.optional(),
  backupTo: import_database_structure_definitions.backupFields.backupTo,
  backupFolder: import_database_structure_definitions.backupFields.backupFolder,
  backupKeep: import_database_structure_definitions.backupFields.backupKeep,
  backupRecipient: import_database_structure_definitions.backupFields.backupRecipient,
  dryRun: import_step_fields.boolean,
  ...import_database_url.commonFields
};
var provisionOutputs = [
  "state",
  "schema",
  "domains",
  "tenants",
  "superuser-created",
  "backup-path"
];
function oneOrMany({ mode, schemaName, domain, tenantsFile, ...more }) {
  if (mode === "repair" || mode === "deprovision" || mode === "clone") {
    const needsDomain = mode === "clone" && domain === void 0;
    if (tenantsFile !== void 0) return `tenants-file: mode ${mode} is about one tenant`;
    if (schemaName !== void 0) return needsDomain ? "domain: is required for mode clone" : void 0;
    return `schema-name: is required for mode ${mode}`;
  }
  if (tenantsFile === void 0) {
    const missing = [
      ...schemaName === void 0 ? ["schema-name"] : [],
      ...domain === void 0 ? ["domain"] : []
    ];
    return missing.length === 0 ? void 0 : `${(0, import_ground_words.listed)(missing)}: is required, or give tenants-file`;
  }
  const given = { schemaName, domain, tenantName: more.tenantName, tenantType: more.tenantType };
  const own = [...Object.values(given), more.fields, more.superuserEmail];
  return own.every((value) => value === void 0) ? void 0 : "tenants-file: what is said of one tenant stands in the file, not in inputs beside it";
}
function modeHasItsInputs({ mode, sourceSchema, anonymiseCommand, confirm, schemaName }) {
  if (mode === void 0) return void 0;
  if (mode === "clone" && sourceSchema === void 0) return "source-schema: is required for mode clone";
  if (mode !== "clone" && (sourceSchema ?? anonymiseCommand) !== void 0) {
    return "source-schema and anonymise-command: go with mode clone";
  }
  if (mode !== "deprovision")
    return confirm === void 0 ? void 0 : "confirm: goes with mode deprovision";
  return confirm === schemaName ? void 0 : `confirm: has to be the name of the schema again, letter by letter, for all that is in it to be removed`;
}
function registeringIsComplete({ preset, mode = "provision", registerCommand }) {
  if (preset !== "command") return void 0;
  if (mode !== "provision") {
    return `mode: ${mode} asks the models of Django what a tenant is, and preset is command`;
  }
  return registerCommand === void 0 ? "register-command: is required with preset: command" : void 0;
}
function commandsAreOfManagePy({
  preset,
  afterCommands = [],
  anonymiseCommand
}) {
  if (preset === "command") return void 0;
  return (0, import_database_structure_definitions.notOfManagePy)(afterCommands, "after-commands") ?? (0, import_database_structure_definitions.notOfManagePy)(anonymiseCommand === void 0 ? [] : [anonymiseCommand], "anonymise-command");
}
function superuserIsComplete(given) {
  const { superuserEmail, superuserUsername, superuserPassword } = given;
  return superuserEmail === void 0 && (superuserUsername ?? superuserPassword) !== void 0 ? "superuser-email: is required for a superuser" : void 0;
}
//! src/provisioning/references.ts
var column = { table: (0, import_zod.string)(), column: (0, import_zod.string)() };
var referenceShape = (0, import_zod.object)({
  /** For people: `billing.Invoice`. */
  model: (0, import_zod.string)(),
  ...column,
  /** The column that tells the rows of the table apart. */
  key: (0, import_zod.string)(),
  /** What the column points to. */
  of: (0, import_zod.object)(column),
  /** What a row loses when the one goes that it points to: itself, the reference, or that value for another one. */
  loses: (0, import_zod._enum)(["row", "reference", "value"])
});
var literal = (text2) => `'${text2.replaceAll("'", "''")}'`;
var tableIn = (schema, table) => `${(0, import_database_structure_definitions.quotedName)(schema)}.${(0, import_database_structure_definitions.quotedName)(table)}`;
function withGone(tenant, schema, { row, references }) {
  const steps = references.filter(({ loses }) => loses === "row").map(
    ({ table, column: column2, of }) => `SELECT ${literal(table)}::text AS t, c.ctid::text AS r FROM ${tableIn(schema, table)} c JOIN ${tableIn(schema, of.table)} p ON c.${(0, import_database_structure_definitions.quotedName)(column2)} = p.${(0, import_database_structure_definitions.quotedName)(of.column)} WHERE g.t = ${literal(of.table)} AND p.ctid = g.r::tid`
  );
  const first = `SELECT ${literal(row.table)}::text AS t, ctid::text AS r FROM ${tableIn(schema, row.table)} WHERE ${(0, import_database_structure_definitions.quotedName)(row.name)} = ${literal(tenant)}`;
  const more = steps.length === 0 ? "" : ` UNION SELECT next.t, next.r FROM gone g CROSS JOIN LATERAL (${steps.join(" UNION ALL ")}) next`;
  return `WITH RECURSIVE gone(t, r) AS (${first}${more})`;
}
var goneRows = "SELECT t, count(*)::int AS rows FROM gone GROUP BY t";
function pointingRows(schema, { table, column: column2, of }) {
  return `${tableIn(schema, table)} c JOIN ${tableIn(schema, of.table)} p ON c.${(0, import_database_structure_definitions.quotedName)(column2)} = p.${(0, import_database_structure_definitions.quotedName)(of.column)} JOIN gone g ON g.t = ${literal(of.table)} AND p.ctid = g.r::tid`;
}
function rowsBack(shared, copy, table, columns) {
  const names = columns.map(import_database_structure_definitions.quotedName);
  const from = names.map((name) => `c.${name}`).join(", ");
  return `INSERT INTO ${tableIn(shared, table)} (${names.join(", ")}) OVERRIDING SYSTEM VALUE SELECT ${from} FROM ${tableIn(copy, table)} c JOIN gone g ON g.t = ${literal(table)} AND c.ctid = g.r::tid`;
}
function referenceBack(shared, copy, reference) {
  const { table, column: column2, key } = reference;
  const name = (0, import_database_structure_definitions.quotedName)(column2);
  return `UPDATE ${tableIn(shared, table)} s SET ${name} = c.${name} FROM ${pointingRows(copy, reference)} WHERE s.${(0, import_database_structure_definitions.quotedName)(key)} = c.${(0, import_database_structure_definitions.quotedName)(key)} AND s.${name} IS NULL`;
}
//! src/provisioning/way-back.ts
async function readDependents(tenant, shared, { row, references }, database) {
  if (row === null) return { goes: [], changes: [] };
  const gone = withGone(tenant, shared, { row, references });
  const counted2 = await database.query(`${gone} ${goneRows}`);
  const goes = counted2.map(({ t: table, rows }) => ({
    model: references.find((one) => one.table === table && one.loses === "row")?.model ?? table,
    table,
    rows
  })).sort(
    (a, b) => Number(b.table === row.table) - Number(a.table === row.table) || (a.table < b.table ? -1 : 1)
  );
  const changes = [];
  for (const reference of references.filter(({ loses }) => loses === "value")) {
    const [found2] = await database.query(
      `${gone} SELECT count(*)::int AS rows FROM ${pointingRows(shared, reference)}`
    );
    const { model, column: column2 } = reference;
    if (found2 !== void 0 && found2.rows > 0) changes.push({ model, column: column2, rows: found2.rows });
  }
  return { goes, changes };
}
async function wayBack({ schema, shared, backup }, { row, references, goes }, database) {
  const restore = (name, to) => `migrate-schemas with mode: restore, backup-path: ${backup}, schemas: ${name}, restore-to: ${to}`;
  if (row === null) return [restore(schema, "in-place")];
  const copy = (0, import_database_structure_definitions.nameWith)(shared, "_restored");
  const columns = await columnsOf(shared, database);
  const tables3 = new Set(goes.map(({ table }) => table));
  const used = references.filter(
    ({ loses, table, of }) => tables3.has(of.table) && (loses !== "row" || tables3.has(table))
  );
  const gone = withGone(schema, copy, { row, references: used });
  const changes = [
    ...goes.map(({ table }) => rowsBack(shared, copy, table, columns.get(table) ?? [])),
    ...used.filter(({ loses }) => loses === "reference").map((reference) => referenceBack(shared, copy, reference))
  ];
  const parts = changes.map((change, index) => `back_${index + 1} AS (${change} RETURNING 1)`);
  const statement = `${[gone, ...parts].join(", ")} SELECT 'the rows are back'`;
  return [
    restore(shared, "beside"),
    `SQL, one statement: ${statement}`,
    restore(schema, "in-place"),
    `SQL, when all of it is there: DROP SCHEMA ${(0, import_database_structure_definitions.quotedName)(copy)} CASCADE`
  ];
}
async function columnsOf(schema, database) {
  const found2 = await database.query(
    `SELECT c.relname AS table, array_agg(a.attname::text ORDER BY a.attnum) AS columns
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      GROUP BY c.relname`,
    [schema]
  );
  return new Map(found2.map(({ table, columns }) => [table, columns]));
}
//! src/provisioning/deprovision.ts
var inventory = (0, import_zod.object)({
  /** The table that has the schema's name, and that column. */
  row: (0, import_zod.object)({ pk: (0, import_zod.string)(), table: (0, import_zod.string)(), name: (0, import_zod.string)() }).nullable(),
  /** The primary one first. */
  domains: (0, import_zod.array)((0, import_zod.object)({ pk: (0, import_zod.string)(), domain: (0, import_zod.string)() })),
  /** Null: there is no schema. */
  tables: (0, import_zod.number)().nullable(),
  /** How rows of shared tables depend on the row and on each other. */
  references: (0, import_zod.array)(referenceShape)
});
async function deprovisionTenant(options) {
  const started = performance.now();
  const { schema, log } = options;
  const provisioner = await startProvisioner(options);
  try {
    const { discovery } = await readStandingOf([schema], provisioner);
    await (0, import_database_structure_definitions.requireRightDatabase)(discovery, options);
    refuseShared(schema, discovery.publicSchema);
    const found2 = await take(schema, provisioner);
    if (found2.row === null && found2.tables === null) throw unknown(schema);
    log.step("Plan", `${schema}: ${(0, import_ground_words.listed)(partsOf2(found2))} would go`);
    const { publicSchema } = discovery;
    const dependents = await readDependents(schema, publicSchema, found2, options.database);
    for (const { model, rows } of dependents.goes) log.info(`with the row goes: ${model}: ${rows}`);
    for (const { model, column: column2, rows } of dependents.changes) {
      log.warning(
        `${model}: ${(0, import_ground_words.counted)(rows, "row")} would get another ${column2}, and the way back does not change that`
      );
    }
    const { row, domains: domains2, tables: tables3 } = found2;
    const done = async (backup2) => ({
      schema,
      found: { row, domains: domains2, tables: tables3, ...dependents },
      backup: backup2,
      wayBack: backup2 === void 0 ? [] : await wayBack(
        { schema, shared: publicSchema, backup: backup2 },
        { ...found2, ...dependents },
        options.database
      ),
      milliseconds: performance.now() - started
    });
    if (options.dryRun) return done(void 0);
    let backup;
    if (tables3 !== null) {
      await options.atSafePoint?.(`the backup of ${schema}`);
      backup = await options.takeBackup(schema, publicSchema);
      if (backup === void 0 && tables3 > 0) {
        throw new Error(`no backup of ${schema}, which has ${tables3} tables`);
      }
    }
    await options.atSafePoint?.(`the removal of ${schema}`);
    const told2 = await done(backup);
    await remove(schema, found2, dependents, { provisioner, backup });
    return { ...told2, milliseconds: performance.now() - started };
  } finally {
    await provisioner.end();
  }
}
function take(schema, provisioner) {
  return provisioner.ask({ do: "inventory", schema }, inventory, `looking for ${schema}`);
}
async function remove(schema, { row, domains: domains2, tables: tables3 }, { goes }, { provisioner, backup }) {
  const made2 = {
    row: row?.pk ?? null,
    domains: domains2.map(({ pk }) => pk),
    schema: tables3 !== null,
    person: null
  };
  const { stuck } = await removeParts(schema, made2, null, provisioner, goes);
  const kept2 = backup === void 0 ? "" : `; the backup stays at ${backup}`;
  if (stuck !== void 0) {
    throw new import_ground_errors.UserError(
      `The tenant ${schema} could not be removed — ${stuck}`,
      stuck.endsWith("not come back") ? `all of it is still there; remove those rows first, if nobody needs them, and run again${kept2}` : `all of it is still there; run again when nobody uses it${kept2}`,
      { code: "tenant-not-removed" }
    );
  }
  const left2 = await take(schema, provisioner);
  if (left2.row === null && left2.tables === null) return;
  throw new import_ground_errors.UserError(
    `The tenant ${schema} is there again — ${(0, import_ground_words.listed)(partsOf2(left2))} came back after the removal`,
    `find out who makes it, then run again${kept2}`,
    { code: "tenant-not-removed" }
  );
}
function partsOf2({ row, domains: domains2, tables: tables3 }) {
  return [
    ...row === null ? [] : ["its row"],
    ...domains2.length === 0 ? [] : [`${(0, import_ground_words.counted)(domains2.length, "domain")}`],
    ...tables3 === null ? [] : [`the schema with ${(0, import_ground_words.counted)(tables3, "table")}`]
  ];
}
function refuseShared(schema, publicSchema) {
  const name = schema.toLowerCase();
  if (schema !== publicSchema && name !== "public" && name !== "information_schema" && !name.startsWith("pg_")) {
    return;
  }
  throw new import_ground_errors.UserError(
    `The schema ${schema} is never removed — it is ${name.startsWith("pg_") || name === "information_schema" ? "PostgreSQL’s own" : "shared by all tenants"}`,
    "name the schema of one tenant; nothing was changed",
    { code: "tenant-not-removed" }
  );
}
function unknown(schema) {
  return new import_ground_errors.UserError(
    `There is no tenant ${schema} — neither a row nor a schema has that name`,
    "correct schema-name; nothing was changed",
    { code: "tenant-unknown" }
  );
}
//! src/provisioning/repair.ts
var damage = (0, import_zod.object)({
  /** That the ledger promises, and that are not there. */
  tables: (0, import_zod.array)((0, import_zod.string)()),
  /** `table.column` of tables that are there. */
  columns: (0, import_zod.array)((0, import_zod.string)()),
  /** `table.column`: the sequence would give a key that exists. */
  sequences: (0, import_zod.array)((0, import_zod.string)()),
  /** `app.name`. */
  pending: (0, import_zod.array)((0, import_zod.string)()),
  /** What cannot be mended without somebody's decision. */
  stuck: (0, import_zod.array)((0, import_zod.string)())
});
async function repairTenant(options) {
  const started = performance.now();
  const { schema, log } = options;
  const provisioner = await startProvisioner(options);
  try {
    const { discovery } = await readStandingOf([schema], provisioner);
    await (0, import_database_structure_definitions.requireRightDatabase)(discovery, options);
    const tenant = discovery.tenants.find((one) => one.schema === schema);
    const kind = discovery.kinds.find(
      (one) => one.kind === "tenant" && one.tenantType === tenant?.tenantType
    );
    if (tenant === void 0 || kind === void 0 || schema === discovery.publicSchema)
      throw unknown(schema);
    const group = discovery.groups.find(({ schemas }) => schemas.includes(schema));
    if (group === void 0 || !group.ledger) throw nothingThere(schema);
    const about = { schema, tenantType: tenant.tenantType };
    const found2 = await mend({ ...about, apply: false }, provisioner);
    if (found2.stuck.length > 0) throw notRepairable(schema, found2.stuck);
    const told2 = await proveByProject(about, provisioner);
    const lacksRows = told2.contentTypes.length + told2.permissions.length > 0;
    const steps = stepsOf2(found2, [...told2.contentTypes, ...told2.permissions]);
    log.step("Plan", steps.length === 0 ? `${schema} lacks nothing` : `${schema}: ${(0, import_ground_words.listed)(steps, 5)}`);
    if (found2.tables.length > 0) {
      log.info(
        "Rows that data migrations have put into these tables are not made again: look at them afterwards."
      );
    }
    const done = (tables3) => ({
      schema,
      steps,
      tables: tables3,
      milliseconds: performance.now() - started
    });
    if (options.dryRun) return done(void 0);
    if (found2.tables.length + found2.columns.length + found2.sequences.length > 0) {
      await options.atSafePoint?.(`mending ${schema}`);
      await mend({ ...about, apply: true }, provisioner);
    }
    if (found2.pending.length > 0 || lacksRows) {
      await options.atSafePoint?.(`migrating ${schema}`);
      const ran = await (0, import_database_structure_definitions.migrateTenant)(schema, { ...options, timeout: options.commandTimeout });
      if (ran.failure !== void 0) throw ran.failure;
    }
    const proof2 = await proveTenant(schema, kind, { ...options, provisioner });
    log.step("Proof", `${schema} has all ${proof2.tables} tables, and its ${proof2.models} models answer`);
    return done(proof2.tables);
  } finally {
    await provisioner.end();
  }
}
async function mend(asked, provisioner) {
  const answer = (0, import_zod.union)([(0, import_zod.object)({ refused: (0, import_zod.string)() }), damage]);
  const told2 = await provisioner.ask({ do: "mend", ...asked }, answer, `mending ${asked.schema}`);
  if ("refused" in told2) throw notRepairable(asked.schema, [told2.refused]);
  return told2;
}
function stepsOf2({ tables: tables3, columns, sequences, pending }, lacking) {
  return [
    ...tables3.map((table) => `make table ${table}`),
    ...columns.map((column2) => `add column ${column2}`),
    ...sequences.map((column2) => `move the sequence of ${column2}`),
    ...pending.map((migration) => `run ${migration}`),
    ...lacking.length === 0 ? [] : [`make content types and permissions (${(0, import_ground_words.listed)(lacking, 2)})`]
  ];
}
function nothingThere(schema) {
  return new import_ground_errors.UserError(
    `The tenant ${schema} has no ledger — its row is there, its tables were never made`,
    "run provision-tenant for it without mode: it completes the tenant; nothing was changed",
    { code: "tenant-without-schema" }
  );
}
function notRepairable(schema, stuck) {
  return new import_ground_errors.UserError(
    `The tenant ${schema} cannot be mended — ${(0, import_ground_words.listed)(stuck, 3)}`,
    "decide that by hand, or restore the tenant from a backup; nothing was changed",
    { code: "tenant-not-repairable", evidence: stuck.join("\n") }
  );
}
//! src/actions/tenant-change.ts
var backupLockTimeout = 5e3;
async function changeTenant(context, place) {
  const { inputs } = context;
  const { schemaName: schema = "", mode } = inputs;
  context.tell({ schema });
  const sessions = (0, import_database_structure_definitions.sessionsName)(context.origin);
  return (0, import_database_structure_definitions.withDatabase)(
    inputs,
    context,
    (database, another) => (0, import_database_structure_definitions.withLock)(inputs, { ...context, sessions, settle: place.settle }, async (atSafePoint) => {
      const project = (0, import_database_structure_definitions.projectOf)(inputs, inputs.env, { place, sessions });
      const work = { ...context, ...inputs, project, database, schema, atSafePoint };
      if (mode === "repair") return tellRepair(work, context);
      const takeBackup = (0, import_database_structure_definitions.backingUp)(
        { ...inputs, backup: true, lockTimeout: backupLockTimeout },
        { ...context, database, another, sessions }
      );
      return tellRemoval(
        {
          ...work,
          takeBackup: async (name, shared) => (await takeBackup?.({ schemas: [name], shared, before: "deprovision" }))?.path
        },
        context
      );
    })
  );
}
async function tellRepair(work, { report, log, tell }) {
  const { schema, steps, tables: tables3, milliseconds } = await repairTenant({
    ...work,
    commandTimeout: work.timeout
  });
  report.data("repair", { schema, steps, tables: tables3 });
  const did = steps.length === 0 ? "lacks nothing" : `${work.dryRun ? "would be" : "is"} mended: ${(0, import_ground_words.listed)(steps, 5)}`;
  const proof2 = tables3 === void 0 ? "" : `; it has all its ${(0, import_ground_words.counted)(tables3, "table")}`;
  const verdict = `${schema} ${did}${proof2}`;
  log.step("Done", verdict, milliseconds);
  report.verdict(`${verdict}, in ${(0, import_ground_duration.showDuration)(milliseconds)}.`);
  const state = steps.length === 0 ? "unchanged" : "repaired";
  tell({ state });
  return { result: work.dryRun ? "planned" : state };
}
async function tellRemoval(work, { report, log, tell }) {
  const { schema, found: found2, backup, wayBack: wayBack2, milliseconds } = await deprovisionTenant(work);
  report.data("removed", { schema, ...found2, backup, wayBack: wayBack2 });
  tell({ "backup-path": backup, state: work.dryRun ? void 0 : "deprovisioned" });
  if (work.dryRun) {
    report.verdict(`${schema} would be removed.`);
    return { result: "planned" };
  }
  const verdict = `${schema} is removed; its backup is ${backup ?? "empty: there was nothing in it"}`;
  log.step("Done", verdict, milliseconds);
  for (const [index, step] of wayBack2.entries()) log.info(`The way back, ${index + 1}: ${step}`);
  report.verdict(`${verdict}, in ${(0, import_ground_duration.showDuration)(milliseconds)}.`);
  report.foldedText("The way back", wayBack2.map((step, index) => `${index + 1}. ${step}`).join("\n"), "text");
  return { result: "deprovisioned" };
}
//! src/actions/tenant-health.ts
var interval = 2e3;
var tryTimeout = 5e3;
function healthOfNewTenant({ tenantUrl, tenantUrlTimeout }, { log, signal: signal2 }) {
  if (tenantUrl === void 0) return void 0;
  addressOf(tenantUrl, { schema: "acme", domain: "acme.example" });
  return async (schema, domain) => {
    const started = performance.now();
    const url = addressOf(tenantUrl, { schema, domain });
    const plan = {
      attempts: Math.max(1, Math.ceil(tenantUrlTimeout / interval)),
      interval,
      initialWait: 0,
      expected: { status: [[200, 299]], headers: {} }
    };
    const probe = { url, host: domain, headers: {}, tenant: schema };
    const findings = await (0, import_health_check.probeUntilHealthy)([probe], plan, {
      ask: (one) => (0, import_health_http.ask)(one, tryTimeout, signal2),
      log,
      signal: signal2
    });
    if (findings.some(({ complaint }) => complaint !== void 0)) throw (0, import_health_check.unhealthy)(findings, plan);
    log.step("Health", `${domain} answers`, performance.now() - started);
  };
}
function addressOf(pattern, names) {
  const written = pattern.replaceAll("{schema}", names.schema).replaceAll("{domain}", names.domain);
  if (URL.canParse(written) && /^https?:$/.test(new URL(written).protocol)) return new URL(written);
  throw new import_ground_errors.UserError(
    `The new tenant cannot be asked — tenant-url becomes ${written}, which is not an http:// or https:// address`,
    "correct tenant-url; nothing was made",
    { code: "health-url-impossible" }
  );
}
//! src/actions/provision-tenant.ts
var provisionTenant = (0, import_database_url.defineAction)({
  inputs: provisionInputs,
  outputs: provisionOutputs,
  results: ["created", "completed", "adopted", "unchanged", "repaired", "deprovisioned", "planned"],
  rules: [
    oneOrMany,
    modeHasItsInputs,
    ...import_database_structure_definitions.presetRules,
    registeringIsComplete,
    commandsAreOfManagePy,
    superuserIsComplete,
    import_database_structure_definitions.placeIsComplete,
    import_database_url.registryIsComplete,
    import_database_url.hostKeyIsPinnedOnce
  ],
  run: (context) => (0, import_actions_way.withWay)(
    context.inputs,
    context,
    (through) => (0, import_database_structure_definitions.withPlace)(context.inputs, context, (place) => run3(context, { through, place }))
  )
});
async function run3(context, { through, place }) {
  (0, import_ground_young_memory.keepYoungMemorySmall)();
  const env = await (0, import_yaml.environmentOf)(context.inputs, context.mask);
  const inputs = { ...context.inputs, env, through };
  if (inputs.mode === "repair" || inputs.mode === "deprovision") {
    return changeTenant({ ...context, inputs }, place);
  }
  const { log, report, tell } = context;
  const tenants = await tenantsOf(inputs);
  const [first] = tenants;
  if (tenants.length === 1) tell({ schema: first?.schemaName, domains: JSON.stringify(first?.domains) });
  const sessions = (0, import_database_structure_definitions.sessionsName)(context.origin);
  const { sourceSchema: source, anonymiseCommand } = inputs;
  const project = (0, import_database_structure_definitions.registeringProject)(
    { ...inputs, through: place.isHere ? through : void 0 },
    (0, import_database_structure_definitions.projectOf)(inputs, env, { place, sessions })
  );
  const usual = inputs.preset === "command" ? 1 : Math.min((0, import_node_os.availableParallelism)(), 4);
  const outcome = await (0, import_database_structure_definitions.withDatabase)(
    inputs,
    context,
    (database, another) => (0, import_database_structure_definitions.withLock)(
      inputs,
      { ...context, sessions, settle: place.settle },
      (atSafePoint) => provisionTenants({
        ...context,
        ...inputs,
        project,
        database,
        another,
        tenants,
        run: context.origin.run,
        copy: source === void 0 ? void 0 : { source, anonymiseCommand },
        parallel: inputs.parallel ?? usual,
        checkHealth: healthOfNewTenant(inputs, context),
        commandTimeout: inputs.timeout,
        atSafePoint
      })
    )
  );
  tellTenants(outcome, context);
  if (outcome.failure !== void 0) throw outcome.failure;
  const verdict = verdictOf(outcome, inputs.dryRun);
  log.step("Done", verdict, outcome.milliseconds);
  report.verdict(`${verdict}, in ${(0, import_ground_duration.showDuration)(outcome.milliseconds)}.`);
  const state = stateOf(outcome.tenants);
  tell({ state });
  return { result: inputs.dryRun ? "planned" : state };
}
async function tenantsOf(given) {
  const { schemaName = "", tenantName, domain = [], tenantType, fields = {}, tenantsFile } = given;
  if (tenantsFile !== void 0) {
    const { parseTenantsFile } = await Promise.resolve().then(() => __toESM(require("./provisioning-tenants-file.cjs")));
    return parseTenantsFile(await readList(tenantsFile), tenantsFile);
  }
  const { superuserEmail: email, superuserUsername: username, superuserPassword: password } = given;
  const superuser = email === void 0 ? void 0 : { email, username, password };
  return [{ schemaName, tenantName, domains: domain, tenantType, fields, superuser }];
}
async function readList(path) {
  try {
    return await (0, import_promises.readFile)(path, "utf8");
  } catch (error) {
    throw new import_ground_errors.UserError(
      `The list of tenants cannot be read — ${(0, import_ground_errors.messageOf)(error)}`,
      "check tenants-file: it is looked for in the workspace, so check out the repository first; nothing was made",
      { code: "cannot-read", cause: error }
    );
  }
}
var shownRows = 50;
function tellTenants(run4, { report, tell }) {
  const { tenants, milliseconds, startMilliseconds } = run4;
  report.data("timing", { milliseconds, startMilliseconds });
  report.data(
    "tenants",
    tenants.map(({ failure, ...told2 }) => ({ ...told2, failure: failure?.sentence }))
  );
  for (const notice of tenants.flatMap(({ notices }) => notices).slice(0, shownRows)) report.lookAt(notice);
  if (tenants.length > 1) {
    const rows = [...tenants].sort(
      (a, b) => Number(b.failure !== void 0) - Number(a.failure !== void 0)
    );
    report.table(
      "Tenants",
      ["tenant", "result", "tables", "time"],
      rows.slice(0, shownRows).map(({ schema, failure, state, tables: tables3, milliseconds: milliseconds2 }) => [
        schema,
        failure === void 0 ? state ?? "not begun" : `**${failure.message}**`,
        tables3 === void 0 ? "" : String(tables3),
        (0, import_ground_duration.showDuration)(milliseconds2)
      ])
    );
  }
  tell({
    tenants: JSON.stringify(
      tenants.map(({ schema, state, failure }) => ({ schema, state, failed: failure?.code }))
    ),
    "superuser-created": tenants.some(({ superuserCreated }) => superuserCreated)
  });
}
var strongestFirst = ["created", "adopted", "completed"];
function stateOf(tenants) {
  return strongestFirst.find((state) => tenants.some((tenant) => tenant.state === state)) ?? "unchanged";
}
function verdictOf({ tenants }, dryRun) {
  const [first] = tenants;
  if (tenants.length !== 1 || first === void 0) {
    const states = [...Map.groupBy(tenants, ({ state: state2 }) => state2)];
    const told2 = (0, import_ground_words.listed)(states.map(([state2, same]) => `${same.length} ${dryRun ? "would be " : ""}${state2}`));
    return `${(0, import_ground_words.counted)(tenants.length, "tenant")}: ${told2}`;
  }
  const { schema, state, steps, tables: tables3 } = first;
  if (dryRun)
    return state === "unchanged" ? `${schema} is there` : `${schema} would be ${state}: ${(0, import_ground_words.listed)(steps)}`;
  const proof2 = tables3 === void 0 ? "" : `, with all its ${tables3} tables`;
  return `${schema} is ${state}${proof2}`;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  commandsAreOfManagePy,
  provisionTenant,
  registeringIsComplete,
  superuserIsComplete,
  tenantFields
});
