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
    for (let key2 of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key2) && key2 !== except)
        __defProp(to, key2, { get: () => from[key2], enumerable: !(desc = __getOwnPropDesc(from, key2)) || desc.enumerable });
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
  arrange: () => arrange,
  askTenants: () => askTenants,
  backingUp: () => backingUp,
  backupFields: () => backupFields,
  commandApplication: () => commandApplication,
  commandEngine: () => commandEngine,
  complaintIn: () => complaintIn,
  describeBlockers: () => describeBlockers,
  differences: () => differences,
  disagreementWith: () => disagreementWith,
  discoveryShape: () => discoveryShape,
  driftGroups: () => driftGroups,
  driftLines: () => driftLines,
  driftOf: () => driftOf,
  driftSentence: () => driftSentence,
  driftedIn: () => driftedIn,
  endSession: () => endSession,
  exactStructure: () => exactStructure,
  exactStructureSql: () => exactStructureSql,
  failureCountSentence: () => failureCountSentence,
  failureLine: () => failureLine,
  failuresThatStop: () => failuresThatStop,
  forTenant: () => forTenant,
  invalidIn: () => invalidIn2,
  invalidIndexesOf: () => invalidIndexesOf,
  judge: () => judge,
  kindBySchema: () => kindBySchema,
  kindOfWork: () => kindOfWork,
  ladder: () => ladder,
  limitedTo: () => limitedTo,
  locksOnShared: () => locksOnShared,
  lookInterval: () => lookInterval2,
  makeSuperTenant: () => makeSuperTenant,
  migrateShared: () => migrateShared,
  migrateTenant: () => migrateTenant,
  missingOf: () => missingOf,
  nameWith: () => nameWith,
  needsMigration: () => needsMigration,
  notOfManagePy: () => notOfManagePy,
  notRecorded: () => notRecorded,
  notices: () => notices,
  parseFailureLimit: () => parseFailureLimit,
  parseShare: () => parseShare,
  parseSmokeCommand: () => parseSmokeCommand,
  parseWords: () => parseWords,
  placeIsComplete: () => placeIsComplete,
  planMigrations: () => planMigrations,
  presetFields: () => presetFields,
  presetProject: () => presetProject,
  presetRules: () => presetRules,
  projectOf: () => projectOf,
  proofSentence: () => proofSentence,
  quotedName: () => quotedName,
  ranOf: () => ranOf,
  readStanding: () => readStanding,
  readStructures: () => readStructures,
  readWithin: () => readWithin,
  recordMigration: () => recordMigration,
  refusals: () => refusals,
  registeringFields: () => registeringFields,
  registeringProject: () => registeringProject,
  requireKnownPlaces: () => requireKnownPlaces,
  requirePrograms: () => requirePrograms,
  requireRightDatabase: () => requireRightDatabase,
  requireSmokeCommands: () => requireSmokeCommands,
  restoreFields: () => restoreFields,
  restoreFrom: () => restoreFrom,
  rolloutShape: () => rolloutShape,
  runCommand: () => runCommand,
  runningIn: () => runningIn,
  sameFailure: () => sameFailure,
  serverIsNeeded: () => serverIsNeeded,
  sessionsName: () => sessionsName,
  sharedSchema: () => sharedSchema,
  smokeCommand: () => smokeCommand,
  startProcess: () => startProcess,
  structureOf: () => structureOf2,
  superTenantWords: () => superTenantWords,
  tenantNameProblem: () => tenantNameProblem,
  tenantNames: () => tenantNames,
  troubles: () => troubles,
  undoIn: () => undoIn,
  undoneButRecorded: () => undoneButRecorded,
  watchingBlockers: () => watchingBlockers,
  withDatabase: () => withDatabase,
  withLock: () => withLock,
  withPlace: () => withPlace,
  workSentence: () => workSentence
});
module.exports = __toCommonJS(stdin_exports);
var import_django_python_files = require("./django-python-files.cjs");
var import_yaml = require("./yaml.cjs");
var import_machine_local = require("./machine-local.cjs");
var import_diagnosis_container_rules = require("./diagnosis-container-rules.cjs");
var import_machine_ssh_verdict = require("./machine-ssh-verdict.cjs");
var import_machine_machine = require("./machine-machine.cjs");
var import_step_manifest = require("./step-manifest.cjs");
var import_database_verdict = require("./database-verdict.cjs");
var import_database_connection_plan = require("./database-connection-plan.cjs");
var import_database_django_variables = require("./database-django-variables.cjs");
var import_database_url = require("./database-url.cjs");
var import_machine_ssh_server = require("./machine-ssh-server.cjs");
var import_step_fields = require("./step-fields.cjs");
var import_zod = require("./zod.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_node_crypto = require("node:crypto");
var import_promises = require("node:timers/promises");
var import_promises2 = require("node:timers/promises");
var import_node_os = require("node:os");
var import_node_path = require("node:path");
var import_promises3 = require("node:fs/promises");
var import_node_path2 = require("node:path");
var import_node_crypto2 = require("node:crypto");
var import_node_fs = require("node:fs");
var import_promises4 = require("node:stream/promises");
var import_node_fs2 = require("node:fs");
var import_promises5 = require("node:fs/promises");
var import_node_stream = require("node:stream");
var import_promises6 = require("node:stream/promises");
var import_node_crypto3 = require("node:crypto");
var import_node_crypto4 = require("node:crypto");
var import_node_crypto5 = require("node:crypto");
var import_promises7 = require("node:fs/promises");
var import_node_path3 = require("node:path");
var import_promises8 = require("node:fs/promises");
var import_node_path4 = require("node:path");
var import_promises9 = require("node:fs/promises");
var import_node_os2 = require("node:os");
var import_node_path5 = require("node:path");
var import_node_crypto6 = require("node:crypto");
var import_promises10 = require("node:fs/promises");
var import_node_path6 = require("node:path");
var import_node_crypto7 = require("node:crypto");
var import_promises11 = require("node:fs/promises");
var import_node_crypto8 = require("node:crypto");
var import_promises12 = require("node:fs/promises");
var import_node_path7 = require("node:path");
var import_node_stream2 = require("node:stream");
var import_node_fs3 = require("node:fs");
var import_promises13 = require("node:fs/promises");
var import_node_path8 = require("node:path");
var import_node_crypto9 = require("node:crypto");
var import_node_crypto10 = require("node:crypto");
var import_promises14 = require("node:timers/promises");
var import_node_os3 = require("node:os");
var import_node_stream3 = require("node:stream");
var import_node_crypto11 = require("node:crypto");
var import_promises15 = require("node:timers/promises");
var import_promises16 = require("node:timers/promises");
var import_promises17 = require("node:timers/promises");
//! src/database/own-sessions.ts
//! src/database/blockers.ts
function findBlockers(database, applicationName) {
  return database.query(
    `select distinct blocker.pid, coalesce(a.usename::text, '') as role, coalesce(a.application_name, '') as application,
            coalesce(a.state, '') as state, coalesce(a.query, '') as query,
            (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::float8 as milliseconds
       from pg_stat_activity waiting
      cross join lateral unnest(pg_blocking_pids(waiting.pid)) as blocker (pid)
       left join pg_stat_activity a on a.pid = blocker.pid
      where waiting.datname = current_database() and waiting.application_name = $1
        and waiting.wait_event_type = 'Lock' and blocker.pid <> waiting.pid`,
    [applicationName]
  );
}
async function watchingBlockers(work3, { database, applicationName, interval, onBlocked }) {
  const ended = new AbortController();
  let blockers = [];
  const watch = async () => {
    for (; ; ) {
      await (0, import_promises2.setTimeout)(interval, void 0, { signal: ended.signal });
      const found = await findBlockers(database, applicationName);
      if (ended.signal.aborted || found.length === 0) continue;
      const isNews = pids(found) !== pids(blockers);
      blockers = found;
      if (isNews) onBlocked(found);
    }
  };
  watch().catch(() => {
  });
  try {
    const result = await work3();
    return { result, blockers };
  } finally {
    ended.abort();
  }
}
function pids(blockers) {
  return blockers.map(({ pid }) => pid).sort((a, b) => a - b).join(" ");
}
var longestStatement = 100;
function describeBlockers(blockers) {
  return (0, import_ground_words.listed)(blockers.map(describe), 3);
}
function describe({ pid, role, application, state, query, milliseconds }) {
  if (pid === 0) return "a prepared transaction (pg_prepared_xacts shows it)";
  const statement2 = query.replace(/[\s\p{Cc}]+/gu, " ").trim();
  const shown3 = statement2.length > longestStatement ? `${statement2.slice(0, longestStatement - 1)}…` : statement2;
  const hidden = statement2 === "<insufficient privilege>";
  const facts = [
    ...application === "" ? [] : [JSON.stringify(application)],
    ...role === "" ? [] : [`role ${role}`],
    ...state === "" ? [] : [milliseconds === null ? state : `${state} for ${(0, import_ground_duration.showDuration)(milliseconds)}`],
    ...hidden ? ["what it does is shown only to its role and to members of pg_read_all_stats"] : [],
    ...hidden || shown3 === "" ? [] : [`${state === "active" ? "statement" : "last statement"}: ${shown3}`]
  ];
  return facts.length === 0 ? `session ${pid}` : `session ${pid} (${facts.join(", ")})`;
}
//! src/database/own-sessions.ts
function sessionsName({ run: run2 }) {
  const [, number2] = /\/runs\/(\d+)/.exec(run2) ?? [];
  const name = (number2 ?? run2).replace(/[^\w@.-]/g, "").slice(0, 16);
  return `tenantry/${name}-${(0, import_node_crypto.randomBytes)(2).toString("hex")}`;
}
var patience = 5e3;
function endOwnSessions(database, name) {
  return endSessions(database, "left(application_name, length($1)) = $1", `${name}/`);
}
function endSession(database, applicationName) {
  return endSessions(database, "application_name = $1", applicationName);
}
async function endSessions(database, which, name) {
  const mine = `datname = current_database() and pid <> pg_backend_pid() and ${which}`;
  const found = await database.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${mine}`, [
    name
  ]);
  let left = found.length;
  for (let waited = 0; left > 0 && waited < patience; waited += 100) {
    await (0, import_promises.setTimeout)(100);
    left = (await database.query(`select from pg_stat_activity where ${mine}`, [name])).length;
  }
  return { ended: found.length, left };
}
var lookInterval = 500;
async function waitForEarlierRuns(database, {
  sessions,
  wait,
  log,
  signal
}) {
  const started = performance.now();
  for (let told2 = false; ; told2 = true) {
    signal.throwIfAborted();
    const found = await sessionsOfOthers(database, sessions);
    if (found.length === 0) return;
    const waited = performance.now() - started;
    if (waited >= wait) throw stillAtWork(database.label, wait, found);
    if (!told2) {
      log.info(
        `Waiting up to ${(0, import_ground_duration.showDuration)(wait)}, nothing has been changed: what an earlier run has begun is still at work: ${describeBlockers(found)}`
      );
    }
    const pause = Math.min(lookInterval, wait - waited);
    await (0, import_promises.setTimeout)(pause, void 0, { signal }).catch(() => signal.throwIfAborted());
  }
}
function sessionsOfOthers(database, mine) {
  return database.query(
    `select pid, coalesce(usename::text, '') as role, application_name as application, coalesce(state, '') as state,
            coalesce(query, '') as query,
            (extract(epoch from clock_timestamp() - xact_start) * 1000)::float8 as milliseconds
       from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
        and application_name ~ '^tenantry/[A-Za-z0-9_@.-]+-[0-9a-f]{4}/'
        and application_name !~ '/discover$' and left(application_name, length($1)) <> $1
      order by pid`,
    [mine === void 0 ? "/" : `${mine}/`]
  );
}
function stillAtWork(label, wait, found) {
  const end = found.map(({ pid }) => `SELECT pg_terminate_backend(${pid})`).join("; ");
  const since = wait === 0 ? "" : ` after ${(0, import_ground_duration.showDuration)(wait)}`;
  return new import_ground_errors.UserError(
    `What an earlier run has begun in ${label} is still at work${since} — ${describeBlockers(found)}`,
    `run again when it has ended, or raise lock-wait; if that run is dead, end what is left of it: ${end}; nothing was changed`,
    { code: "database-locked" }
  );
}
//! src/migrations/budget.ts
function parseFailureLimit(written2) {
  const [, number2, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(written2.trim()) ?? [];
  const value = Number(number2);
  if (percent === "%" && value > 0 && value <= 100) return { share: value / 100 };
  if (percent === "" && Number.isInteger(value) && value >= 1) return { count: value };
  throw new RangeError(`"${written2}" is neither a number from 1 on, like 3, nor a share, like 1%`);
}
function parseShare(written2) {
  const [, number2] = /^(\d+(?:\.\d+)?)%$/.exec(written2.trim()) ?? [];
  const value = Number(number2);
  if (number2 !== void 0 && value <= 100) return value / 100;
  const meant = /^\d+(\.\d+)?$/.test(written2.trim()) ? ` — did you mean ${written2.trim()}%?` : "";
  throw new RangeError(`"${written2}" is not a share from 0% to 100%${meant}`);
}
function failuresThatStop(limit2, tenants) {
  return "count" in limit2 ? limit2.count : Math.max(1, Math.floor(limit2.share * tenants));
}
function sameFailure(message, schema) {
  return message.replaceAll(schema, "…").replace(/"[^"]*"|'[^']*'|\([^)]*\)|\d+/g, "…").replace(/\s+/g, " ");
}
function failureCountSentence(kinds2) {
  const different = new Set(kinds2).size;
  const failed2 = `${(0, import_ground_words.counted)(kinds2.length, "tenant")} failed`;
  if (kinds2.length === 1) return failed2;
  return different === 1 ? `${failed2} with the same error` : `${failed2} in ${different} ways`;
}
//! src/migrations/rollout.ts
var duration2 = (0, import_zod.string)().transform((0, import_yaml.orRefused)(import_ground_duration.parseDuration));
var limit = (0, import_zod.union)([(0, import_zod.string)(), (0, import_zod.number)().transform(String)]).transform((0, import_yaml.orRefused)(parseFailureLimit));
var names = (0, import_zod.union)([(0, import_zod.string)().transform((name) => [name]), (0, import_zod.array)((0, import_zod.string)())]);
var group = (0, import_zod.strictObject)({
  name: (0, import_zod.string)().describe("What the log calls the group."),
  schemas: names.optional().describe("Names of schemas, or patterns with * and ?."),
  type: names.optional().describe("Types of tenant, where the project has several."),
  query: (0, import_zod.string)().optional().describe("A query whose first column is the names of schemas."),
  order: (0, import_zod._enum)(["project", "name", "smallest-first", "largest-first"]).default("project").describe("By the project’s own order, by name, or by size on disk."),
  parallel: (0, import_zod.int)().min(1).optional().describe("How many tenants at once; default: the input parallel."),
  "on-error": (0, import_zod._enum)(["stop", "continue"]).default("continue").describe("stop: the first failure ends the run. continue: go on until max-failures."),
  "max-failures": limit.optional().describe("So many failures in this group end the run: 3, or 1% of it."),
  bake: duration2.optional().describe("How long to wait after the group, before the check: 5m."),
  check: names.optional().describe("Addresses that must answer with a status from 200 to 299 before the next group begins.")
});
var rolloutShape = (0, import_zod.array)(group).min(1, "has no group");
function arrange(pending, rollout, facts) {
  if (rollout === void 0) return canaryThenAll(pending, facts);
  const left = new Set(pending);
  const waves = rollout.map((group2) => waveOf(group2, take(left, group2, facts), facts));
  if (left.size > 0) throw incomplete([...left]);
  return waves.filter(({ tenants }) => tenants.length > 0);
}
function canaryThenAll(pending, facts) {
  const failures = failuresThatStop(facts.maxFailures, facts.fleet);
  const share = facts.canary === 0 ? 0 : Math.max(1, Math.floor(facts.fleet * facts.canary));
  const amount = Math.min(share, pending.length - 1);
  const canary = amount <= 0 ? [] : canaries(pending, amount, facts.sizes);
  const rest = pending.filter((tenant2) => !canary.includes(tenant2));
  const plain = { parallel: void 0, bake: 0, check: [] };
  const waves = [
    { ...plain, name: "Canary", tenants: canary, limit: { failures: 1, of: "wave" }, parallel: 1 },
    { ...plain, name: "Fleet", tenants: rest, limit: { failures, of: "run" } }
  ];
  return waves.filter(({ tenants }) => tenants.length > 0);
}
function canaries(pending, amount, sizes) {
  const largest = pending.reduce((one, other) => sizeIn(sizes, other) < sizeIn(sizes, one) ? one : other);
  const kinds2 = [...Map.groupBy(pending, kindOfWork).values()].map(
    (tenants) => tenants.filter((tenant2) => tenant2 !== largest).sort((one, other) => sizeIn(sizes, one) - sizeIn(sizes, other))
  );
  const chosen = [];
  for (let round = 0; chosen.length < amount; round += 1) {
    const next = kinds2.flatMap((tenants) => tenants[round] ?? []);
    if (next.length === 0) break;
    chosen.push(...next.slice(0, amount - chosen.length));
  }
  return chosen;
}
function kindOfWork({ tenantType, pending }) {
  return [tenantType ?? "", ...pending].join("\n");
}
function sizeIn(sizes, { schema }) {
  return sizes.get(schema) ?? 0;
}
function take(left, group2, facts) {
  const patterns = group2.schemas?.map(patternOf);
  const found = [...left].filter(
    ({ schema, tenantType }) => (patterns?.some((pattern) => pattern.test(schema)) ?? true) && (group2.type?.includes(tenantType ?? "") ?? true) && (group2.query === void 0 || facts.queried.get(group2)?.has(schema) === true)
  );
  for (const tenant2 of found) left.delete(tenant2);
  return ordered(found, group2.order, facts.sizes);
}
function ordered(tenants, order, sizes) {
  const bySize = (one, other) => sizeIn(sizes, one) - sizeIn(sizes, other);
  switch (order) {
    case "project":
      return tenants;
    case "name":
      return tenants.sort((one, other) => one.schema < other.schema ? -1 : 1);
    case "smallest-first":
      return tenants.sort(bySize);
    case "largest-first":
      return tenants.sort((one, other) => bySize(other, one));
  }
}
function waveOf(group2, tenants, { maxFailures, fleet }) {
  const own = group2["on-error"] === "stop" ? { count: 1 } : group2["max-failures"];
  return {
    name: group2.name,
    tenants,
    parallel: group2.parallel,
    limit: own === void 0 ? { failures: failuresThatStop(maxFailures, fleet), of: "run" } : { failures: failuresThatStop(own, tenants.length), of: "wave" },
    bake: group2.bake ?? 0,
    check: group2.check ?? []
  };
}
function patternOf(written2) {
  const escaped = written2.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
}
function incomplete(left) {
  return new import_ground_errors.UserError(
    `The rollout leaves out ${(0, import_ground_words.counted)(left.length, "tenant")} — ${(0, import_ground_words.listed)(
      left.map(({ schema }) => schema),
      5
    )} ${left.length === 1 ? "is" : "are"} behind and in none of its groups`,
    "add a last group with only a name, which takes all that are left, or limit the run with schemas; nothing was changed",
    { code: "rollout-incomplete" }
  );
}
//! src/machine/words.ts
function parseWords(line) {
  const parts = line.trim().matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+|["'].*/g);
  return [...parts].map(([part]) => {
    if (/["']/.test(part.replace(/"[^"]*"|'[^']*'/g, ""))) {
      throw new RangeError(`"${line.trim()}" has a quote that is not closed`);
    }
    return part.replace(
      /"([^"]*)"|'([^']*)'/g,
      (_, double, single) => double ?? single ?? ""
    );
  });
}
//! src/command/words.ts
var schemaPlace = "{schema}";
var domainPlace = "{domain}";
function parseSharedCommand(written2) {
  const words = oneCommand(written2);
  if (!words.some((word) => word.includes(schemaPlace))) return words;
  throw new RangeError(
    `"${written2.trim()}" has ${schemaPlace} — it is run once, before the tenants; what is for each of them is tenant-command`
  );
}
function parseTenantCommand(written2) {
  const words = oneCommand(written2);
  requirePlace(words, written2, `${written2.trim() || "migrate"} --schema=${schemaPlace}`);
  if (words[0]?.includes(schemaPlace)) {
    throw new RangeError(`"${written2.trim()}" does not begin with a program`);
  }
  return words;
}
function parseRegisterCommand(written2) {
  const words = parseTenantCommand(written2);
  requireKnownPlaces(words, written2);
  return words;
}
function requireKnownPlaces(words, line) {
  for (const place of [schemaPlace, domainPlace]) requireNoCode(words, line, place);
  const strange = words.join(" ").match(/\{(?!schema\}|domain\})[^}]*\}/)?.[0];
  if (strange === void 0) return;
  throw new RangeError(`"${line.trim()}" has ${strange} — only {schema} and {domain} stand for something`);
}
function requirePlace(words, line, example) {
  requireNoCode(words, line, schemaPlace);
  if (words.some((word) => word.includes(schemaPlace))) return;
  throw new RangeError(
    `"${line.trim()}" has no ${schemaPlace} — it is run for each tenant and must say for which, like: ${example}`
  );
}
function forSchema(words, schema) {
  return words.map((word) => word.replaceAll(schemaPlace, () => schema));
}
function forTenant(words, { schema, domain }) {
  const names3 = { [schemaPlace]: schema, [domainPlace]: domain };
  return words.map((word) => word.replace(/\{schema\}|\{domain\}/g, (place) => names3[place] ?? place));
}
function requireNoCode(words, line, place) {
  if (!scriptOfShell(words)?.includes(place)) return;
  throw new RangeError(
    `"${line.trim()}" has ${place} within what a shell reads, which takes a name for code — give it as an argument: ${words[0]} -c '… "$1" …' ${words[0]} ${place}`
  );
}
function oneCommand(written2) {
  if (/[\r\n]/.test(written2.trim())) throw new RangeError("has several lines — it is one command");
  const words = parseWords(written2);
  const sign = words.find((word) => /^(&&|\|\|?|;|&|[<>].*)$/.test(word));
  if (sign !== void 0) {
    throw new RangeError(
      `"${written2.trim()}" has ${sign}, which means something to a shell, and none reads it — put it into a script, and name that`
    );
  }
  return words;
}
function scriptOfShell([program = "", ...rest]) {
  if (!/(^|\/)(ba|da|z|k)?sh$/.test(program)) return void 0;
  const flag = rest.findIndex((word) => /^-[a-z]*c$/.test(word));
  return flag === -1 ? void 0 : rest[flag + 1];
}
//! src/django/command-output.ts
var colours = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");
function migrationUnderWay(output) {
  const [, ...applying] = output.replace(colours, "").split(/(?:Applying|Unapplying) (?=\S+\.\.\.)/);
  const last = applying.at(-1);
  if (last === void 0 || /\b(OK|FAKED)\b/.test(last)) return void 0;
  return /^(\S+?)\.\.\./.exec(last)?.[1];
}
var retryable = {
  "55P03": /\bLockNotAvailable\b|canceling statement due to lock timeout/,
  "40P01": /\bDeadlockDetected\b|\bdeadlock detected\b/,
  "40001": /\bSerializationFailure\b|could not serialize access/
};
function retryableState({
  stdout,
  stderr
}) {
  const states = Object.keys(retryable);
  return states.find((state) => retryable[state].test(stderr) || retryable[state].test(stdout));
}
function isRetryable(state) {
  return typeof state === "string" && Object.hasOwn(retryable, state);
}
var loss = /terminating connection|server closed the connection unexpectedly|could not (receive data from|send data to) server|consuming input failed|the connection is (closed|lost)|connection already closed/;
function lostConnection({ stderr }) {
  return loss.test(stderr);
}
function failureLine({ stdout, stderr }) {
  const lines = (stderr.trim() === "" ? stdout : stderr).replace(colours, "").trimEnd().split("\n");
  const start = lines.findLastIndex((line) => exceptionLine.test(line));
  if (start === -1) return (lines.at(-1) ?? "").trim();
  const [, message = ""] = exceptionLine.exec(lines[start] ?? "") ?? [];
  const detail = lines.slice(start + 1).find((line) => line.startsWith("DETAIL:"));
  const shown3 = isTraceback(lines[start] ?? "") ? message : (lines[start] ?? "").trim();
  return detail === void 0 ? shown3 : `${shown3} (${detail.replace(/^DETAIL:\s*/, "").trim()})`;
}
var exceptionLine = /^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Missing|Warning): (.*)$/;
function isTraceback(line) {
  return /^django\.db\.utils\.|^psycopg/.test(line);
}
//! src/migrations/smoke-command.ts
function parseSmokeCommand(line) {
  const words = parseWords(line);
  const [name = "check_orders"] = words;
  requirePlace(words, line, `tenant_command ${name} --schema=${schemaPlace}`);
  if (words[0]?.includes(schemaPlace)) throw new RangeError(`"${line.trim()}" does not begin with a command`);
  return words;
}
function notOfManagePy(commands, input = "smoke-command") {
  const wrong = commands.find(([name = ""]) => /(^|\/)(manage\.py|python[\d.]*)$/.test(name));
  return wrong && `${input}: "${(0, import_machine_ssh_verdict.shellLine)(wrong)}" begins with ${wrong[0]} — write what follows manage.py`;
}
function requireSmokeCommands(commands, { commands: known }) {
  for (const words of commands) {
    const name = words.slice(words[0] === "tenant_command" ? 1 : 0).find((word) => !word.startsWith("-"));
    if (name === void 0 || known.includes(name)) continue;
    const meant = (0, import_ground_words.nearest)(name, known);
    throw new import_ground_errors.UserError(
      `The project has no command ${name} — smoke-command names it`,
      meant === void 0 ? "correct smoke-command, or leave it out; nothing was changed" : `did you mean ${meant}? nothing was changed`,
      { code: "command-missing" }
    );
  }
}
async function smokeTest(command, schema, timeout2, { run: run2, complaintIn: complaintIn2, before }) {
  const words = forSchema(command, schema);
  const failed2 = (observed, evidence) => new import_ground_errors.UserError(
    `The smoke test failed in tenant ${schema} — ${words.join(" ")}: ${observed}`,
    `look at that tenant, or run it yourself: ${before}${(0, import_machine_ssh_verdict.shellLine)(words)}`,
    { code: "smoke-test-failed", ...evidence === void 0 ? {} : { evidence } }
  );
  try {
    const result = await run2(words);
    if ((0, import_machine_machine.succeeded)(result)) return void 0;
    return failed2(complaintIn2(result) || (0, import_machine_machine.ending)(result), (0, import_machine_machine.lastWords)(result, 40));
  } catch (error) {
    if (!(error instanceof import_ground_errors.UserError) || error.code !== "command-timed-out") throw error;
    return failed2(`it did not end within ${(0, import_ground_duration.showDuration)(timeout2)}`);
  }
}
function smokeCommand(project, command, schema, { signal, log, timeout: timeout2 }) {
  const options = { timeout: timeout2, signal, onLine: (line) => log.debug(line), applicationName: schema };
  return smokeTest(command, schema, timeout2, {
    run: (words) => (0, import_django_python_files.manage)(project, words, options),
    complaintIn: failureLine,
    before: "manage.py "
  });
}
//! src/actions/backup.ts
//! src/backup/back-up.ts
//! src/database/locked-tables.ts
async function readWithin(database, limit2, read) {
  await limitWaiting(database, limit2);
  try {
    return await read();
  } catch (error) {
    if ((0, import_ground_errors.codeOf)(error) !== lockNotAvailable) throw error;
    throw lockedAway(database.label, limit2, await findHolders(database));
  } finally {
    await limitWaiting(database, 0).catch(() => {
    });
  }
}
var lockNotAvailable = "55P03";
async function limitWaiting(database, milliseconds) {
  await database.query(`select set_config('lock_timeout', $1, false)`, [String(milliseconds)]);
}
function findHolders(database) {
  return database.query(
    `select n.nspname || '.' || c.relname as "table", coalesce(a.pid, 0) as pid, coalesce(a.usename::text, '') as role,
            coalesce(a.application_name, '') as application, coalesce(a.state, '') as state,
            coalesce(a.query, '') as query,
            (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::float8 as milliseconds
       from pg_locks l
       join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
       left join pg_stat_activity a on a.pid = l.pid
      where l.granted and l.mode = 'AccessExclusiveLock' and l.pid is distinct from pg_backend_pid()
        and l.database = (select oid from pg_database where datname = current_database())
        and c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_'
      order by 1`
  );
}
function lockedAway(label, limit2, holders) {
  const tables = (0, import_ground_words.listed)(
    holders.map(({ table }) => table),
    3
  );
  const sessions = [...new Map(holders.map((holder) => [holder.pid, holder])).values()];
  const who = holders.length === 0 ? "a table was locked, nobody could be seen in the way" : `locked: ${tables}, by ${describeBlockers(sessions)}`;
  const end = sessions.filter(({ pid }) => pid !== 0).map(({ pid }) => `SELECT pg_terminate_backend(${pid})`).join("; ");
  return new import_ground_errors.UserError(
    `The schemas of ${label} could not be looked at within ${(0, import_ground_duration.showDuration)(limit2)} — ${who}`,
    `run again when that has ended${end === "" ? "" : ` (or end it: ${end})`}`,
    { code: "schema-unreadable" }
  );
}
//! src/backup/batches.ts
var shareOfFree = 0.6;
function batchesOf(extents, table, lanes = 1) {
  const free = Math.max(0, table.capacity - table.used);
  const room = Math.floor(free * shareOfFree / lanes);
  const largest = extents.reduce(
    (most, one) => most === void 0 || one.locks > most.locks ? one : most,
    void 0
  );
  if (largest !== void 0 && largest.locks > free) throw tooSmall(largest, table, free);
  const batches = [];
  for (const extent of extents) {
    const last = batches.at(-1);
    if (last !== void 0 && last.locks + extent.locks <= room) {
      last.schemas.push(extent);
      last.locks += extent.locks;
    } else batches.push({ schemas: [extent], locks: extent.locks });
  }
  return batches;
}
function batchesSentence(batches, { capacity }) {
  if (batches.length < 2) return void 0;
  const locks = batches.reduce((sum2, batch) => sum2 + batch.locks, 0);
  return `pg_dump of all needs ${(0, import_ground_words.grouped)(locks)} locks, ${(0, import_ground_words.grouped)(capacity)} exist: ${(0, import_ground_words.counted)(batches.length, "batch", "batches")}`;
}
function tooSmall({ name, locks }, { capacity, sentence }, free) {
  return new import_ground_errors.UserError(
    `The schema ${name} cannot be backed up — pg_dump would need ${(0, import_ground_words.grouped)(locks)} locks at once, and of the ${(0, import_ground_words.grouped)(capacity)} that exist (${sentence}) ${(0, import_ground_words.grouped)(free)} are free`,
    `set max_locks_per_transaction higher and restart the server; nothing was changed`,
    { code: "lock-table-too-small" }
  );
}
//! src/backup/checksum.ts
async function sha256Of(path) {
  const hash = (0, import_node_crypto2.createHash)("sha256");
  await (0, import_promises4.pipeline)((0, import_node_fs.createReadStream)(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}
//! src/backup/dump-failure.ts
function dumpFailure(result, { schemas, version, blockers }) {
  const failed2 = `The backup of ${schemas.length === 1 ? schemas[0] : (0, import_ground_words.counted)(schemas.length, "schema")} failed`;
  const said = saidBy(result);
  const evidence = (0, import_machine_machine.lastWords)(result);
  const error = (observed, hint, code) => new import_ground_errors.UserError(`${failed2} — ${observed}`, `${hint}; nothing was changed`, { code, evidence });
  if (result.signal !== null) {
    return error(
      `pg_dump was ${(0, import_machine_machine.ending)(result)}`,
      result.signal === "SIGKILL" ? "mostly that is a lack of memory on this machine: see its kernel log, give it more, then run again" : "see what ended it, then run again",
      "backup-failed"
    );
  }
  if (/No space left on device|Disk quota exceeded/.test(said)) {
    return error(
      "the disk that it goes to is full",
      "free space there, or choose another folder (backup-folder), then run again; what was written of it is removed",
      "disk-full"
    );
  }
  if (/canceling statement due to (lock|statement) timeout/.test(said)) {
    const [, table = "a table"] = /LOCK TABLE (\S+) IN /.exec(said) ?? [];
    return error(
      `it did not get to read ${table} within lock-timeout${blockers === void 0 ? ", because somebody changes it" : `; in the way: ${blockers}`}`,
      "run again when that has ended (or end it with pg_terminate_backend), or raise lock-timeout",
      "migration-blocked"
    );
  }
  if (/no matching schemas were found/.test(said)) {
    const [, gone] = /for pattern "(.*)"/.exec(said) ?? [];
    return error(
      `${gone === void 0 ? "a schema" : `the schema ${gone.replace(/^"|"$/g, "")}`} is not there any more`,
      "somebody has removed it meanwhile: run again",
      "schema-vanished"
    );
  }
  if (/(relation|schema) ".*" does not exist|cache lookup failed|could not open relation/.test(said)) {
    return error(
      `something was removed while it was read: ${observedIn(said)}`,
      `see whether ${(0, import_ground_words.listed)(schemas, 3)} ${schemas.length === 1 ? "is" : "are"} still wanted, then run again`,
      "schema-vanished"
    );
  }
  if (/out of shared memory|max_locks_per_transaction/.test(said)) {
    return error(
      "the server’s lock table is full: others took what was free of it",
      "run again when less is going on, or set max_locks_per_transaction higher and restart the server",
      "lock-table-too-small"
    );
  }
  if (/permission denied|query would be affected by row-level security/.test(said)) {
    return error(
      observedIn(said),
      "pg_dump reads everything: grant the role that right (for all tenants at once: GRANT pg_read_all_data), and BYPASSRLS where there are row policies, or use the role that owns the tables",
      "database-permission-denied"
    );
  }
  if (/server closed the connection|terminating connection|connection to server .* failed|SSL SYSCALL|could not receive data|lost synchronization/.test(
    said
  )) {
    return new import_ground_errors.LostConnection(`the backup of ${(0, import_ground_words.counted)(schemas.length, "schema")}`, observedIn(said), {
      evidence
    });
  }
  if (/server version mismatch/.test(said)) {
    return error(
      `pg_dump ${version} is too old for the server`,
      "install the server’s version of it",
      "backup-program-missing"
    );
  }
  return error(
    `pg_dump: ${observedIn(said)} (${(0, import_machine_machine.ending)(result)})`,
    "the evidence has all that it said",
    "backup-failed"
  );
}
function saidBy({ stderr, stdout }) {
  return stderr.trim() === "" ? stdout : stderr;
}
function observedIn(said) {
  const lines = said.split("\n").map((line2) => line2.trim());
  const line = lines.find((one) => /error:/i.test(one)) ?? lines.find((one) => one !== "") ?? "it said nothing";
  return line.replace(/^pg_(dump|restore): /, "").replace(/^error: /, "");
}
//! src/backup/program-environment.ts
function programEnvironment({
  databaseUrl,
  applicationName,
  through: through2,
  database
}) {
  const { options } = databaseUrl;
  if (options.sslpassword !== void 0 && options.sslpassword !== "") {
    throw new import_ground_errors.UserError(
      "The database URL asks for what pg_dump cannot be told safely — sslpassword",
      "give a client key without a passphrase (sslkey, mode 600), or leave the backup to another tool with backup: false",
      { code: "database-url-unsupported" }
    );
  }
  const given = Object.entries(options).flatMap(([keyword, value]) => {
    const variable = import_database_connection_plan.environmentVariables[keyword];
    return variable === void 0 || value === "" ? [] : [[variable, value]];
  });
  return {
    ...Object.fromEntries(given),
    ...database === void 0 ? {} : { PGDATABASE: database },
    // The host stays what it is: certificates are made out to it.
    ...through2 === void 0 ? {} : { PGHOSTADDR: "127.0.0.1", PGPORT: String(through2.port) },
    PGAPPNAME: applicationName,
    // Their words are read.
    LC_ALL: "C"
  };
}
//! src/backup/dump.ts
async function dump(batch, file, work3) {
  const { machine, programs, timeout: timeout2, signal } = work3;
  const result = await machine.run(dumpArguments(batch, file, work3), {
    timeout: timeout2,
    signal,
    env: programEnvironment(work3)
  });
  if ((0, import_machine_machine.succeeded)(result)) return;
  throw dumpFailure(result, {
    schemas: batch.schemas.map(({ name }) => name),
    version: programs.version,
    blockers: work3.blockers()
  });
}
function dumpArguments({ schemas }, file, { programs, snapshot, lockTimeout }) {
  return [
    programs.dump,
    "--format=custom",
    "--compress=1",
    // a tenth larger than the default, and twice as fast
    "--no-password",
    `--file=${file}`,
    `--snapshot=${snapshot}`,
    `--lock-wait-timeout=${lockTimeout}`,
    "--strict-names",
    ...schemas.map(({ name }) => `--schema=${exactly(name)}`)
  ];
}
function exactly(name) {
  return `"${name.replaceAll('"', '""')}"`;
}
//! src/backup/encryption.ts
var recipientPattern = /^age1[02-9ac-hj-np-z]{58}$/;
var identityPattern = /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/;
function parseRecipient(written2) {
  if (recipientPattern.test(written2)) return written2;
  if (/^AGE-SECRET-KEY-/i.test(written2)) {
    throw new RangeError(
      "a private key does not belong here — give the public one (age1…), and keep the other off this workflow"
    );
  }
  throw new RangeError(
    `"${written2.slice(0, 80)}" is not a public key of age — write one as age-keygen prints it: age1…, 62 characters`
  );
}
function parseIdentity(written2) {
  const [key2, ...more] = written2.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  if (key2 !== void 0 && more.length === 0 && identityPattern.test(key2.trim())) return key2.trim();
  throw new RangeError(
    "it is not a private key of age — give the line of age-keygen’s file that begins with AGE-SECRET-KEY-1"
  );
}
async function encryptFile(from, to, recipients) {
  const { Encrypter } = await Promise.resolve().then(() => __toESM(require("./age-encryption.cjs")));
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  await through(from, to, (content) => encrypter.encrypt(content));
}
async function decryptFile(from, to, identity2) {
  const { Decrypter } = await Promise.resolve().then(() => __toESM(require("./age-encryption.cjs")));
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity2);
  try {
    await through(from, to, (content) => decrypter.decrypt(content));
  } catch (error) {
    const noKey = /no identity matched/i.test((0, import_ground_errors.messageOf)(error));
    throw new import_ground_errors.UserError(
      `Cannot decrypt ${from} — ${noKey ? "it was not encrypted for this key" : (0, import_ground_errors.messageOf)(error)}`,
      noKey ? "give the private key of one of the keys that backup-recipient had when it was taken; nothing was changed" : "the file is damaged, or is another one: take another backup; nothing was changed",
      { code: noKey ? "backup-key-wrong" : "backup-unreadable", cause: error }
    );
  }
}
async function through(from, to, change) {
  const source = (0, import_node_fs2.createReadStream)(from, { highWaterMark: 1 << 20 });
  try {
    const changed = await change(import_node_stream.Readable.toWeb(source));
    await (0, import_promises6.pipeline)(
      import_node_stream.Readable.fromWeb(changed),
      (0, import_node_fs2.createWriteStream)(to, { mode: 384, flags: "wx" })
    );
  } catch (error) {
    source.destroy();
    await (0, import_promises5.rm)(to, { force: true });
    throw error;
  }
}
//! src/backup/extent.ts
async function readExtents(database, schemas) {
  const rows = await database.query(extentStatement, [schemas]);
  return rows.map((row) => ({ ...row, locks: row.tables.length + row.others.length }));
}
var extentStatement = `
  select n.nspname::text as name, n.oid::int8::float8 as oid,
         coalesce(array_agg(c.oid::int8::float8) filter (where c.relkind = 'r'), '{}') as tables,
         coalesce(array_agg(c.oid::int8::float8) filter (where c.relkind in ('p', 'v', 'm', 'f', 'S')), '{}') as others,
         coalesce(sum(c.relpages) filter (where c.relkind in ('r', 'm')), 0)::float8 * 8192 as bytes
    from pg_catalog.pg_namespace n
    left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
         and not exists (select from pg_catalog.pg_depend d
                          where d.classid = 1259 and d.objid = c.oid and d.objsubid = 0 and d.deptype = 'e')
   where n.nspname = any($1::text[])
   group by n.nspname, n.oid
   order by n.nspname collate "C"`;
async function readLockTable(database) {
  const [row] = await database.query(`
    select current_setting('max_locks_per_transaction')::int as each,
           current_setting('max_connections')::int as connections,
           current_setting('max_prepared_transactions')::int as prepared,
           (select count(*) from pg_catalog.pg_locks where not fastpath)::int as used`);
  const { each = 64, connections = 100, prepared = 0, used = 0 } = row ?? {};
  return {
    capacity: each * (connections + prepared),
    used,
    sentence: `max_locks_per_transaction (${each}) × (max_connections (${connections}) + max_prepared_transactions (${prepared}))`
  };
}
async function readSurroundings(database) {
  const extensions = await database.query(`
    select e.extname::text as name, n.nspname::text as schema, e.extversion as version
      from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
     where e.extname <> 'plpgsql' order by 1`);
  const [facts] = await database.query(`
    select current_database()::text as database,
           (select oid::text from pg_catalog.pg_database where datname = current_database()) as oid,
           (select count(*) from pg_catalog.pg_largeobject_metadata)::float8 as large`);
  const system = await database.query("select system_identifier::text as system from pg_catalog.pg_control_system()").then(
    ([row]) => row?.system ?? null,
    () => null
    // some hosted servers keep it to themselves
  );
  return {
    extensions,
    largeObjects: facts?.large ?? 0,
    system,
    database: facts?.database ?? "",
    oid: facts?.oid ?? ""
  };
}
//! src/backup/fingerprint.ts
//! src/database/structures.ts
//! src/database/structure-definitions.ts
function definitionsStatement(major) {
  return `${work}
    select ${spelling}, ${columns} as columns, ${constraints} as constraints, ${indexes} as indexes,
           ${names2} as tables, ${others(major)} as others
      from work w cross join lateral ${pathOf} p`;
}
function othersStatement(major, { expressions }) {
  return `${work}
    select ${spelling}, md5(concat(${others(major)}${expressions ? `, ${dependentExpressions}` : ""})) as hash
      from work w cross join lateral ${pathOf} p`;
}
var work = `
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
var spelling = `w.nspname::text as schema, w.path as wanted, pg_catalog.current_setting('search_path') as found`;
var pathOf = `(select pg_catalog.set_config('search_path', w.path, true) offset 0)`;
var relationsOf = (kinds2) => `unnest(w.relations) o join pg_class c on c.oid = o and c.relkind in (${kinds2})`;
function dependent(catalog, oid) {
  return `exists (select from pg_depend x where x.classid = '${catalog}'::regclass and x.objid = ${oid}
           and x.refobjid >= 16384 and x.refobjid <> c.oid)`;
}
var tableKinds = `'r', 'p', 'v', 'm', 'f'`;
var names2 = `(select json_agg(c.relname) from ${relationsOf(tableKinds)})`;
var columns = `(
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
var constraintThatCounts = `(k.contype <> 'n' or not k.convalidated or k.connoinherit)`;
var constraints = `(
  select json_agg(json_build_array(c.relname, k.conname,
           regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', ''), k.convalidated))
    from ${relationsOf(tableKinds)}
    join pg_constraint k on k.conrelid = c.oid and ${constraintThatCounts})`;
var indexes = `(
  select json_agg(json_build_array(c.relname, ic.relname,
           pg_get_indexdef(i.indexrelid, 0, true)
             || case when i.indisreplident then ' REPLICA IDENTITY' else '' end
             || case when i.indisclustered then ' CLUSTER' else '' end
             || coalesce(' TABLESPACE ' || (select quote_ident(spcname) from pg_tablespace where oid = ic.reltablespace), ''),
           i.indisvalid and i.indisready and i.indislive))
    from ${relationsOf(tableKinds)}
    join pg_index i on i.indrelid = c.oid join pg_class ic on ic.oid = i.indexrelid)`;
var others = (major) => `(
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
  ...named
].join("\n union all ")}
  ) lines (line) where line is not null)`;
var relations = `
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
var sequences = `
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
var triggers = `
  select format('trigger %I on %I: ', t.tgname, c.relname) || pg_get_triggerdef(t.oid, true)
         || case t.tgenabled when 'O' then '' when 'D' then ' disabled' else ' enabled ' || t.tgenabled::text end
    from ${relationsOf(tableKinds)} join pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal`;
var disabledTriggers = `
  select distinct format('disabled triggers of constraint %I on %I', k.conname, c.relname)
    from ${relationsOf(tableKinds)}
    join pg_trigger t on t.tgrelid = c.oid and t.tgisinternal and t.tgenabled <> 'O'
    join pg_constraint k on k.oid = t.tgconstraint`;
var policies = `
  select format('policy %I on %I: %s %s to %s', p.polname, c.relname,
           case when p.polpermissive then 'permissive' else 'restrictive' end, p.polcmd,
           (select string_agg(case r when 0 then 'public' else pg_get_userbyid(r)::text end, ', ' order by r)
              from unnest(p.polroles) r))
         || coalesce(' using ' || pg_get_expr(p.polqual, c.oid), '')
         || coalesce(' with check ' || pg_get_expr(p.polwithcheck, c.oid), '')
    from ${relationsOf(tableKinds)} join pg_policy p on p.polrelid = c.oid`;
var rules = `
  select format('rule %I on %I: ', r.rulename, c.relname) || pg_get_ruledef(r.oid, true)
         || case r.ev_enabled when 'O' then '' else ' enabled ' || r.ev_enabled::text end
    from ${relationsOf(tableKinds)} join pg_rewrite r on r.ev_class = c.oid and r.rulename <> '_RETURN'`;
var types = `
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
var functions = (major) => `
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
         || ' source ' || md5(concat(f.prosrc, f.probin${major >= 14 ? ", pg_get_function_sqlbody(f.oid)" : ""}))
    from pg_proc f join pg_language l on l.oid = f.prolang where f.pronamespace = w.oid`;
var statistics = (major) => `
  select format('statistics %I on %s: %s', s.stxname, s.stxrelid::regclass, s.stxkind::text)
         ${major >= 14 ? `|| ' ' || pg_get_statisticsobjdef_columns(s.oid)` : `|| ' ' || s.stxkeys::text`}
    from pg_statistic_ext s where s.stxnamespace = w.oid`;
var dependentExpressions = `(
  select json_agg(line order by line collate "C") from (
    select format('default of %I.%I: ', c.relname, a.attname) || pg_get_expr(d.adbin, d.adrelid)
      from ${relationsOf(tableKinds)} join pg_attrdef d on d.adrelid = c.oid
      join pg_attribute a on a.attrelid = c.oid and a.attnum = d.adnum
     where ${dependent("pg_attrdef", "d.oid")}
     union all
    select format('constraint %I on %I: ', k.conname, c.relname) || pg_get_constraintdef(k.oid)
      from ${relationsOf(tableKinds)} join pg_constraint k on k.conrelid = c.oid and k.conbin is not null
     where ${dependent("pg_constraint", "k.oid")}
     union all
    select format('index on %I: ', c.relname) || pg_get_indexdef(i.indexrelid, 0, true)
      from ${relationsOf(tableKinds)} join pg_index i on i.indrelid = c.oid
     where (i.indexprs is not null or i.indpred is not null) and ${dependent("pg_class", "i.indexrelid")}
  ) lines (line))`;
var named = [
  ["collation", "pg_collation", "collname", "collnamespace"],
  ["conversion", "pg_conversion", "conname", "connamespace"],
  ["operator", "pg_operator", "oprname", "oprnamespace"],
  ["operator class", "pg_opclass", "opcname", "opcnamespace"],
  ["operator family", "pg_opfamily", "opfname", "opfnamespace"],
  ["text search configuration", "pg_ts_config", "cfgname", "cfgnamespace"],
  ["text search dictionary", "pg_ts_dict", "dictname", "dictnamespace"],
  ["text search parser", "pg_ts_parser", "prsname", "prsnamespace"],
  ["text search template", "pg_ts_template", "tmplname", "tmplnamespace"]
].map(
  ([kind2, catalog, name, namespace]) => `select '${kind2} ' || quote_ident(${name}) from ${catalog} where ${namespace} = w.oid`
);
var byCode = (a, b) => a < b ? -1 : a > b ? 1 : 0;
var byName = (a, b) => byCode(a.name, b.name);
function structureOf(row) {
  requireOwnPath(row);
  const columns2 = /* @__PURE__ */ new Map();
  const constraints3 = /* @__PURE__ */ new Map();
  const indexes3 = /* @__PURE__ */ new Map();
  for (const [table, name, type, notNull, special, value] of row.columns ?? []) {
    add(columns2, table, { name, type, notNull, value: special ?? value ?? void 0 });
  }
  for (const [table, name, definition, validated] of row.constraints ?? []) {
    add(constraints3, table, { name, definition, validated });
  }
  for (const [table, name, definition, valid] of row.indexes ?? []) {
    add(indexes3, table, { name, definition, valid });
  }
  const tables = [...row.tables ?? []].sort(byCode).map((table) => {
    const parts = {
      columns: (columns2.get(table) ?? []).sort(byName),
      constraints: (constraints3.get(table) ?? []).sort(byName),
      indexes: (indexes3.get(table) ?? []).sort(byName)
    };
    return [table, parts];
  });
  return { tables: new Map(tables), others: [...row.others ?? []].sort(byCode) };
}
function requireOwnPath({ schema, wanted, found }) {
  if (wanted === found) return;
  throw new Error(`the structure of ${schema} was read under search_path ${found}, not ${wanted}`);
}
function add(lists, key2, item) {
  const list = lists.get(key2);
  if (list === void 0) lists.set(key2, [item]);
  else list.push(item);
}
//! src/database/structure-digest.ts
var firstUserOid = 16384;
function digestStatements(major, { searching }) {
  return [
    digestOf([indexes2(major), references(major)]),
    relationsAndColumns,
    digestOf([constraints2(major), searching ? searchedTrees(major) : trees(major)])
  ];
}
var apart = "offset 0";
function digestOf(items) {
  return `
    select n.nspname::text as schema, total.sum::text as sum
      from (
        select relation.schema, sum(${mixed("item.hash", "relation.hash")}) as sum
          from (
            select c.oid, c.relnamespace as schema, hashnameextended(c.relname, c.relkind::int) as hash
              from pg_catalog.pg_class c where c.relkind in (${kinds}) and c.relnamespace in (${asked}) ${apart}
          ) relation
          join (${items.join("\n union all ")}) item (relation, hash) on item.relation = relation.oid
         group by relation.schema
      ) total
      join pg_catalog.pg_namespace n on n.oid = total.schema`;
}
var kinds = `'r', 'p', 'v', 'm', 'f', 'S'`;
var asked = `select oid from pg_catalog.pg_namespace where nspname = any($1::text[])`;
var mixed = (a, b) => `hashint4extended(0, ${a} # ${b})`;
var packed = (...fields) => `(${fields.join(" + ")})::int8`;
var bit = (condition, place) => `case when ${condition} then ${2 ** place} else 0 end`;
var letter = (column2, place) => place > 23 ? `(${column2}::int::int8 << ${place})` : `(${column2}::int << ${place})`;
var hashed = (column2, seed) => `coalesce(hash_array_extended(${column2}, ${seed}), ${seed} # 91)`;
var named2 = (name, isOwn, oid) => `case when ${isOwn} then hashnameextended(${name}, 17) else hashoidextended(${oid}, 18) end`;
var column = `
  hashnameextended(a.attname, a.atttypmod::int8 # case when a.atttypid < ${firstUserOid} then a.atttypid::int8 << 32
      else (select ${named2("t.typname", "t.typnamespace = c.relnamespace", "t.oid")} from pg_catalog.pg_type t where t.oid = a.atttypid) end)
    # (a.attcollation::int8 << 31)
    # ${packed(
  "a.attnum",
  bit("a.attnotnull", 11),
  bit("a.atthasdef", 12),
  letter("a.attstorage", 13),
  `case when a.attidentity = '' and a.attgenerated = '' then 0 else (a.attidentity::int + a.attgenerated::int) << 20 end`,
  `case a.attcompression when '' then 0 when 'l' then ${2 ** 27} else ${2 ** 28} end`
)}`;
var relation = `
  hashnameextended(c.relname, (c.relam::int8 << 32) # (c.reltablespace::int8 << 24) # ${packed(
  letter("c.relkind", 0),
  letter("c.relpersistence", 7),
  letter("c.relreplident", 14),
  bit("c.relrowsecurity", 21),
  bit("c.relforcerowsecurity", 22),
  bit("c.relispartition", 23)
)})
    # case when c.reloptions is null then 0 else hash_array_extended(c.reloptions, 61) end
    # case c.reloftype when 0 then 0 else hashoidextended(c.reloftype, 19) end`;
var relationsAndColumns = `
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
var indexes2 = (major) => `
  select i.relation, ${mixed("i.hash", "c.hash")}
    from (select i.indexrelid, i.indrelid as relation,
                 hashoidvectorextended(i.indclass, hash_array_extended(i.indkey::int2[], hash_array_extended(i.indoption::int2[],
                   hashoidvectorextended(i.indcollation, ${packed(
  "i.indnkeyatts",
  bit("i.indisunique", 8),
  bit("i.indisprimary", 9),
  bit("i.indisexclusion", 10),
  bit("i.indimmediate", 11),
  bit("i.indisclustered", 12),
  bit("i.indisvalid", 13),
  bit("i.indisready", 14),
  bit("i.indislive", 15),
  bit("i.indisreplident", 16),
  bit("i.indpred is null", 17),
  ...major >= 15 ? [bit("i.indnullsnotdistinct", 18)] : []
)})))) as hash
            from pg_catalog.pg_index i where i.indrelid >= ${firstUserOid} ${apart}) i
    join (select c.oid, hashnameextended(c.relname, 47) # (c.reltablespace::int8 << 32) # ${hashed("c.reloptions", "23")}
                 -- Only some access methods have classes of operators with parameters: no B-tree, no hash.
                 # case when c.relam in (403, 405) then 0 else coalesce((select hashtextextended(string_agg(a.attoptions::text, ' ' order by a.attnum), 53)
                     from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attoptions is not null), 0) end as hash
            from pg_catalog.pg_class c where c.relkind in ('i', 'I') and c.oid >= ${firstUserOid} ${apart}) c on c.oid = i.indexrelid`;
var constraintThatCounts2 = `(k.contype <> 'n' or not k.convalidated or k.connoinherit)`;
var constraintFields = (major) => packed(
  letter("k.contype", 0),
  bit("k.condeferrable", 7),
  bit("k.condeferred", 8),
  bit("k.convalidated", 9),
  bit("k.connoinherit", 10),
  letter("k.confupdtype", 11),
  letter("k.confdeltype", 18),
  letter("k.confmatchtype", 25),
  ...major >= 18 ? [bit("k.conenforced", 32), bit("k.conperiod", 33)] : []
);
var constraints2 = (major) => `
  select k.conrelid, hashnameextended(k.conname, ${hashed("k.conkey", `(${constraintFields(major)})`)})
           # case when k.conexclop is null then 0 else ${hashed("k.conexclop", "29")} end
    from pg_catalog.pg_constraint k
   where k.contype <> 'f' and (k.contype <> 'p' or k.condeferrable) and k.conrelid >= ${firstUserOid} and ${constraintThatCounts2}`;
var sequenceHash = ["s.seqstart", "s.seqincrement", "s.seqmin", "s.seqmax", "s.seqcache"].reduce(
  mixed,
  `hashoidextended(s.seqtypid, ${packed("coalesce(d.refobjsubid, 0)", bit("s.seqcycle", 12), bit("d.deptype = 'i'", 13))})`
);
var references = (major) => `
  select k.relation, k.hash # case when k.target is null then 0
           else ${named2("f.relname", "f.relnamespace = k.schema or k.schema = 0", "k.target")} end
    from (select k.conrelid as relation, k.confrelid as target, k.connamespace as schema,
                 hashnameextended(k.conname, ${hashed("k.confkey", hashed("k.conkey", `(${constraintFields(major)})`))}
                   ${major >= 15 ? `# case when k.confdelsetcols is null then 0 else ${hashed("k.confdelsetcols", "31")} end` : ""}) as hash
            from pg_catalog.pg_constraint k where k.contype = 'f'
           union all
          select s.seqrelid, d.refobjid, 0::oid,
                 ${sequenceHash}
            from pg_catalog.pg_sequence s
            left join pg_catalog.pg_depend d on d.objid = s.seqrelid and d.classid = 1259 and d.objsubid = 0
                 and d.refclassid = 1259 and d.refobjsubid > 0 and d.deptype in ('a', 'i') ${apart}) k
    left join (select oid, relname, relnamespace from pg_catalog.pg_class where relkind in ('r', 'p', 'f') ${apart}) f
      on f.oid = k.target`;
var treesOf = `
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
var isNextval = `tree.text like '{FUNCEXPR :funcid 480 %:consttype 2205 %'
             and strpos(substr(tree.text, strpos(tree.text, ':constvalue ') + 1), ':constvalue ') = 0`;
var ownSequence = `
      select s.relname as name from pg_catalog.pg_depend d
        join pg_catalog.pg_class s on s.oid = d.refobjid and s.relkind = 'S'
        join pg_catalog.pg_class c on c.oid = tree.relation and c.relnamespace = s.relnamespace
       where d.classid = tree.class and d.objid = tree.oid and d.refclassid = 1259 and d.refobjid <> tree.relation`;
var treeHash = (major) => `
         case when sequence.name is null then hashtextextended(${withoutPlaces("tree.text", major)}, tree.seed)
              else hashtextextended(${withoutPlaces(`regexp_replace(tree.text, ':constvalue 4 \\[[^]]*\\]', '')`, major)}, hashnameextended(sequence.name, tree.seed)) end`;
var trees = (major) => `
  select tree.relation, ${treeHash(major)}
    from (${treesOf}) tree
    cross join lateral (select case when ${isNextval} then (${ownSequence}) end as name) sequence`;
var searchedTrees = (major) => `
  select tree.relation, ${treeHash(major)}
    from (${treesOf}) tree
    cross join lateral (select case when ${isNextval} then (${ownSequence}) end as name) sequence
   where sequence.name is not null or not ${dependsOnOwn}`;
var dependsOnOwn = `exists (
     select from pg_catalog.pg_depend d
      where d.classid = tree.class and d.objid = tree.oid and d.refobjid >= ${firstUserOid} and d.refobjid <> tree.relation)`;
var withoutPlaces = (tree, major) => major >= 17 ? tree : `array_to_string(array(select ltrim(piece, '-0123456789') from unnest(string_to_array(${tree}, ':location ')) piece), '')`;
var unspeltStatement = `
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
var ownExpressionsStatement = `
  select distinct n.nspname::text as schema
    from (${treesOf}) tree
    join pg_catalog.pg_class c on c.oid = tree.relation
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    cross join lateral (select case when ${isNextval} then (${ownSequence}) end as name) sequence
   where n.nspname = any($1::text[]) and sequence.name is null and ${dependsOnOwn}`;
//! src/database/structures.ts
var settings = `
  select set_config('jit', 'off', false), set_config('enable_sort', 'off', false), set_config('work_mem', '64MB', false)`;
var few = 12;
var speltAtOnce = 25;
var hashedAtOnce = 500;
var manyGroups = 12;
async function readStructures(database, schemas, more = []) {
  const names3 = [...new Set(schemas)].sort(byCode);
  if (names3.length === 0) return [];
  const sessions = [database, ...more];
  await Promise.all(sessions.map((session) => session.query(settings)));
  const alike = names3.length <= few ? names3.map((name) => [name]) : await byDigest(sessions, names3);
  const groups = /* @__PURE__ */ new Map();
  for (let start = 0; start < alike.length; start += speltAtOnce) {
    const batch = alike.slice(start, start + speltAtOnce);
    const structures = await readDefinitions(
      database,
      batch.flatMap(([first]) => first ?? [])
    );
    for (const members of batch) {
      const structure = structures.get(members[0] ?? "");
      if (structure === void 0) continue;
      const id = structureId(structure);
      const group2 = groups.get(id);
      if (group2 === void 0) groups.set(id, { structure, schemas: [...members] });
      else group2.schemas.push(...members);
    }
  }
  return [...groups].map(([id, group2]) => ({ id, schemas: group2.schemas.sort(byCode), structure: group2.structure })).sort((a, b) => b.schemas.length - a.schemas.length || byCode(a.id, b.id));
}
async function byDigest(sessions, names3) {
  const alike = await digested(sessions, names3, { searching: false });
  if (alike.length <= manyGroups) return alike;
  const own = await sessions[0].query(`${ownExpressionsStatement} limit 1`, [names3]);
  return own.length === 0 ? alike : digested(sessions, names3, { searching: true });
}
async function digested(sessions, names3, { searching }) {
  const [database] = sessions;
  const sums = digestStatements(majorOf(database), { searching });
  const unspelt = [unspeltStatement, ...searching ? [ownExpressionsStatement] : []];
  const answers = await askSideBySide(
    sessions,
    [...sums, ...unspelt],
    names3
  );
  const digests = /* @__PURE__ */ new Map();
  for (const [index, rows] of answers.slice(0, sums.length).entries()) {
    for (const { schema, sum: sum2 } of rows) digests.set(schema, `${digests.get(schema) ?? ""} ${index}:${sum2}`);
  }
  const toSpell = new Set(answers.slice(sums.length).flatMap((rows) => rows.map(({ schema }) => schema)));
  const others2 = await othersOf(database, [...toSpell], { expressions: searching });
  const known = names3.filter((schema) => digests.has(schema));
  const alike = Map.groupBy(known, (schema) => `${digests.get(schema)} ${others2.get(schema) ?? ""}`);
  return [...alike.values()];
}
async function askSideBySide(sessions, statements, names3) {
  const answers = [];
  const waiting = statements.entries();
  const askOn = async (session) => {
    for (const [index, statement2] of waiting) answers[index] = await session.query(statement2, [names3]);
  };
  await Promise.all(sessions.map(askOn));
  return answers;
}
async function othersOf(database, schemas, options) {
  const statement2 = othersStatement(majorOf(database), options);
  const hashes = /* @__PURE__ */ new Map();
  for (let start = 0; start < schemas.length; start += hashedAtOnce) {
    const batch = schemas.slice(start, start + hashedAtOnce);
    for (const row of await database.query(statement2, [batch])) {
      requireOwnPath(row);
      hashes.set(row.schema, row.hash);
    }
  }
  return hashes;
}
async function readDefinitions(database, schemas) {
  const rows = await database.query(definitionsStatement(majorOf(database)), [schemas]);
  return new Map(rows.map((row) => [row.schema, structureOf(row)]));
}
function structureId({ tables, others: others2 }) {
  return (0, import_node_crypto4.createHash)("sha256").update(JSON.stringify([[...tables], others2])).digest("hex").slice(0, 12);
}
async function exactStructure(database, schema) {
  const structures = await readDefinitions(database, [schema]);
  return structures.get(schema) ?? empty;
}
var exactStructureSql = definitionsStatement(14).replaceAll("$1::text[]", () => "array[$1::text]");
function structureOf2(rows) {
  const [row] = rows;
  return row === void 0 ? empty : structureOf(row);
}
var empty = { tables: /* @__PURE__ */ new Map(), others: [] };
var majorOf = ({ serverVersion }) => Number.parseInt(serverVersion, 10);
//! src/backup/fingerprint.ts
function fingerprintOf({ tables, others: others2 }) {
  const text2 = JSON.stringify([[...tables], others2]);
  return (0, import_node_crypto3.createHash)("sha256").update(canonical(text2)).digest("hex").slice(0, 12);
}
function canonical(text2) {
  return text2.replace(/('(?:[^']|'')*')::character varying/g, "$1").replace(/\(('(?:[^']|'')*')\)::text/g, "$1").replace(/\(ARRAY\[([^\]]*)\]\)::text\[\]/g, "ARRAY[$1]");
}
function fingerprintsIn(groups) {
  return new Map(
    groups.flatMap(({ structure, schemas }) => {
      const fingerprint = fingerprintOf(structure);
      return schemas.map((name) => [name, fingerprint]);
    })
  );
}
async function readFingerprints(database, names3) {
  return fingerprintsIn(await readStructures(database, names3));
}
//! src/backup/manifest.ts
var manifestFile = "manifest.json";
var count = (0, import_zod.number)().int().nonnegative();
var schemaShape = (0, import_zod.object)({
  name: (0, import_zod.string)(),
  /** Its number in the catalogue: the list of an archive names it without ambiguity. */
  oid: (0, import_zod.number)(),
  /** Equal for equal structures, in every run and database. */
  fingerprint: (0, import_zod.string)(),
  /** The file that it is in. */
  archive: (0, import_zod.string)(),
  tables: count,
  /** Of each table with rows of its own: as the archive has them. */
  rows: (0, import_zod.record)((0, import_zod.string)(), count),
  /** Whether the database counted the same in the same snapshot; false: its time for counting was over. */
  rowsCompared: (0, import_zod.boolean)()
});
var shape = (0, import_zod.object)({
  schema: (0, import_zod.literal)("tenantry-backup/1"),
  id: (0, import_zod.string)(),
  run: (0, import_zod.string)(),
  actor: (0, import_zod.string)(),
  commit: (0, import_zod.string)(),
  /** What comes after it: `migration`, `deprovisioning of acme`. */
  before: (0, import_zod.string)(),
  /** The moment that all archives show, ISO 8601. */
  taken: (0, import_zod.string)(),
  database: (0, import_zod.object)({
    name: (0, import_zod.string)(),
    /** For people: `shop on db.internal:5432`. */
    label: (0, import_zod.string)(),
    /** The cluster's own number; null where the role may not ask for it. */
    system: (0, import_zod.string)().nullable(),
    oid: (0, import_zod.string)(),
    server: (0, import_zod.string)()
  }),
  /** The version of pg_dump. */
  tool: (0, import_zod.string)(),
  encryption: (0, import_zod._enum)(["age"]).nullable(),
  shared: (0, import_zod.string)(),
  extensions: (0, import_zod.array)((0, import_zod.object)({ name: (0, import_zod.string)(), schema: (0, import_zod.string)(), version: (0, import_zod.string)() })),
  schemas: (0, import_zod.array)(schemaShape),
  archives: (0, import_zod.array)(
    (0, import_zod.object)({
      file: (0, import_zod.string)(),
      /** As it lies there: encrypted, if that was wanted. */
      bytes: count,
      sha256: (0, import_zod.string)(),
      milliseconds: (0, import_zod.number)()
    })
  ),
  /** What belongs to the application and is in no schema's archive, a sentence each. */
  leftOut: (0, import_zod.array)((0, import_zod.string)())
});
function backupId(now) {
  return `${now.toISOString().replace(/[-:]|\.\d+/g, "")}-${(0, import_node_crypto5.randomBytes)(4).toString("hex")}`;
}
var idPattern = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/;
function timeOfId(id) {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(id) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
function readManifest(text2, where) {
  let written2;
  try {
    written2 = JSON.parse(text2);
  } catch {
    throw unreadable(where, "it is not JSON");
  }
  const read = shape.safeParse(written2);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw unreadable(where, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "it is another file"}`);
}
function unreadable(where, observed) {
  return new import_ground_errors.UserError(
    `The backup in ${where} cannot be read — its ${manifestFile} is not as Tenantry wrote it: ${observed}`,
    "take another backup, or the version of Tenantry that made this one; nothing was changed",
    { code: "backup-unreadable" }
  );
}
function writeManifest(manifest) {
  return `${JSON.stringify(manifest, null, 2)}
`;
}
//! src/backup/programs.ts
var lookTimeout = 2e4;
var packageFolders = [
  "/usr/lib/postgresql/*/bin",
  "/usr/pgsql-*/bin",
  "/opt/homebrew/opt/postgresql@*/bin",
  "/usr/local/opt/postgresql@*/bin"
];
async function findPrograms(atLeast, ports) {
  const wanted = majorOf2(atLeast);
  const folders = [...ports.folders ?? await installedFolders(), ""];
  const found = await Promise.all(folders.map((folder) => programsIn(folder, ports)));
  const known = found.filter((one) => one !== void 0);
  const fitting = known.filter(({ version }) => majorOf2(version) >= wanted).sort((one, other) => majorOf2(one.version) - majorOf2(other.version));
  if (fitting[0] !== void 0) return fitting[0];
  throw new import_ground_errors.UserError(
    `No pg_dump fits the server — it is PostgreSQL ${atLeast}, and ${known.length === 0 ? `there is no pg_dump on ${ports.machine.name}` : `${ports.machine.name} has ${(0, import_ground_words.listed)([...new Set(known.map(({ version }) => version))])}`}`,
    `install PostgreSQL’s client programs ${wanted} (Debian, Ubuntu: sudo apt-get install -y postgresql-client-${wanted}, where the distribution has it; else first: sudo apt-get install -y postgresql-common && sudo /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y), or set PGBIN to their folder; nothing was changed`,
    { code: "backup-program-missing" }
  );
}
function majorOf2(version) {
  return Number.parseInt(version, 10);
}
async function installedFolders() {
  const own = process.env.PGBIN;
  const found = await Promise.all(packageFolders.map(expand));
  return [...own === void 0 || own === "" ? [] : [own], ...found.flat()];
}
async function expand(pattern) {
  const parts = pattern.split("/");
  const at = parts.findIndex((part) => part.includes("*"));
  const parent = parts.slice(0, at).join("/");
  const [before = "", after = ""] = (parts[at] ?? "").split("*");
  const names3 = await (0, import_promises7.readdir)(parent).catch(() => []);
  return names3.filter((name) => name.startsWith(before) && name.endsWith(after)).map((name) => (0, import_node_path3.join)(parent, name, ...parts.slice(at + 1)));
}
async function programsIn(folder, { machine, signal }) {
  const [dump2, restore2, psql] = ["pg_dump", "pg_restore", "psql"].map(
    (name) => folder === "" ? name : `${folder}/${name}`
  );
  const versions = await Promise.all(
    [dump2, restore2, psql].map((program) => versionOf(program, { machine, signal }))
  );
  const [version] = versions;
  return version === void 0 || versions.includes(void 0) ? void 0 : { dump: dump2, restore: restore2, psql, version };
}
async function versionOf(program, { machine, signal }) {
  try {
    const result = await machine.run([program, "--version"], { timeout: lookTimeout, signal });
    return (0, import_machine_machine.succeeded)(result) ? /\(PostgreSQL\) (\d+(?:\.\d+)?\w*)/.exec(result.stdout)?.[1] : void 0;
  } catch (error) {
    if ((0, import_ground_errors.codeOf)(error) === "command-not-found") return void 0;
    throw error;
  }
}
//! src/backup/archive-list.ts
function readArchiveList(text2) {
  return text2.split("\n").flatMap((line) => {
    const [, id, catalogue, oid, rest = ""] = /^(\d+); (\d+) (\d+) (.*)$/.exec(line) ?? [];
    return id === void 0 ? [] : [{ id: Number(id), catalogue: Number(catalogue), oid: Number(oid), rest, line }];
  });
}
var relations2 = 1259;
var namespaces = 2615;
function missingIn(entries, expected) {
  const listed2 = new Set(entries.filter(({ catalogue }) => catalogue === relations2).map(({ oid }) => oid));
  const withRows = new Set(
    entries.filter(({ rest }) => rest.startsWith("TABLE DATA ")).map(({ oid }) => oid)
  );
  return expected.flatMap(({ name, tables, others: others2 }) => {
    const tablesLost = tables.filter((oid) => !listed2.has(oid)).length;
    const rowsLost = tables.filter((oid) => listed2.has(oid) && !withRows.has(oid)).length;
    const othersLost = others2.filter((oid) => !listed2.has(oid)).length;
    return [
      ...tablesLost === 0 ? [] : [`${name}: ${tablesLost} of ${tables.length} tables are not in it`],
      ...rowsLost === 0 ? [] : [`${name}: the rows of ${rowsLost} of ${tables.length} tables are not in it`],
      ...othersLost === 0 ? [] : [`${name}: ${othersLost} of ${others2.length} views and sequences are not in it`]
    ];
  });
}
function entriesOfSchema(whole, inSchema, { name, oid }, all) {
  const ids = new Set(inSchema.map(({ id }) => id));
  const isOfIt = ({ rest }) => {
    const [, named4] = /^(?:ACL|COMMENT|SECURITY LABEL) - SCHEMA (.*)$/.exec(rest) ?? [];
    if (named4 === void 0) return false;
    const fitting = all.filter((one) => named4.startsWith(`${one} `)).sort((a, b) => b.length - a.length);
    return fitting[0] === name;
  };
  return whole.filter(
    (entry) => ids.has(entry.id) || entry.catalogue === namespaces && entry.oid === oid || isOfIt(entry)
  );
}
//! src/backup/rows-in-script.ts
var RowsInScript = class {
  /** By the schema's name, then the table's. */
  rows = /* @__PURE__ */ new Map();
  #rest = Buffer.alloc(0);
  #current;
  push(chunk) {
    const text2 = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (let end = text2.indexOf(lineEnd); end !== -1; end = text2.indexOf(lineEnd, start)) {
      this.#line(text2, start, end);
      start = end + 1;
    }
    this.#rest = Buffer.from(text2.subarray(start));
  }
  /** Whether it ended between tables: cut off within one, it has not been read to its end. */
  get isWhole() {
    return this.#current === void 0;
  }
  #line(text2, start, end) {
    const current = this.#current;
    if (current !== void 0) {
      if (end - start === 2 && text2[start] === backslash && text2[start + 1] === point) {
        const tables = this.rows.get(current.schema) ?? /* @__PURE__ */ new Map();
        tables.set(current.table, current.rows);
        this.rows.set(current.schema, tables);
        this.#current = void 0;
      } else current.rows += 1;
      return;
    }
    if (text2[start] !== letterC || end - start < 12) return;
    const [, schema, table] = copyLine.exec(text2.toString("utf8", start, end)) ?? [];
    if (schema !== void 0 && table !== void 0) {
      this.#current = { schema: unquoted(schema), table: unquoted(table), rows: 0 };
    }
  }
};
var lineEnd = 10;
var backslash = 92;
var point = 46;
var letterC = 67;
var identifier = '("(?:[^"]|"")+"|[^\\s".]+)';
var copyLine = new RegExp(`^COPY ${identifier}\\.${identifier} (?:\\(.*\\) )?FROM stdin;$`);
function unquoted(name) {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
//! src/backup/prove.ts
var listTimeout = 12e4;
async function proveArchive(file, batch, work3) {
  const list = await listArchive(file, work3);
  const missing2 = missingIn(readArchiveList(list), batch.schemas);
  if (missing2.length > 0) throw notProven((0, import_ground_words.listed)(missing2, 3), missing2.join("\n"));
  return await rowsInArchive(file, work3);
}
async function listArchive(file, { machine, programs, signal }, more = []) {
  const result = await machine.run([programs.restore, "--list", ...more, file], {
    timeout: listTimeout,
    signal,
    env: { LC_ALL: "C" }
  });
  if (!(0, import_machine_machine.succeeded)(result))
    throw notProven(`pg_restore cannot list it: ${(0, import_machine_machine.lastWords)(result, 1)}`, (0, import_machine_machine.lastWords)(result));
  return result.stdout;
}
async function rowsInArchive(file, { machine, programs, signal }) {
  if (machine.stream === void 0) throw new Error(`${machine.name} cannot be read from`);
  const counter = new RowsInScript();
  const reading = machine.stream([programs.restore, "--data-only", "--file=-", file], {
    signal,
    env: { LC_ALL: "C" }
  });
  try {
    for await (const chunk of reading.output) counter.push(chunk);
    const result = await reading.ended;
    if ((0, import_machine_machine.succeeded)(result) && counter.isWhole) return counter.rows;
    throw notProven(`pg_restore cannot read it to its end: ${(0, import_machine_machine.lastWords)(result, 1)}`, (0, import_machine_machine.lastWords)(result));
  } finally {
    await reading.end();
  }
}
function rowDifferences(schema, inArchive, inDatabase) {
  return [...inDatabase].flatMap(([table, rows]) => {
    const read = inArchive.get(table);
    if (read === rows) return [];
    return [
      `${schema}.${table} has ${(0, import_ground_words.counted)(rows, "row")}, ${read === void 0 ? "none of them is in it" : `${(0, import_ground_words.grouped)(read)} are in it`}`
    ];
  });
}
function notProven(observed, evidence) {
  return new import_ground_errors.UserError(
    `The backup is not proven — ${observed}`,
    "run again; if it stays so, take a backup by hand (docs: Backups), and see why before you go on without; nothing was changed",
    { code: "backup-not-proven", ...evidence === void 0 ? {} : { evidence } }
  );
}
//! src/backup/shelf.ts
var unfinishedEnd = ".unfinished";
var ourFile = /^(manifest\.json|archive-\d+\.dump(\.age)?)(\.\d+\.tmp)?$/;
//! src/backup/retention.ts
function outdated(shelved, {
  database,
  keep,
  now
}) {
  const ours = shelved.filter(({ manifest }) => manifest !== void 0 && isSameDatabase(manifest.database, database)).sort((one, other) => timeOfId(one.id) - timeOfId(other.id));
  return ours.slice(0, -1).filter(({ id }) => now - timeOfId(id) > keep);
}
function isSameDatabase(one, other) {
  if (one.name !== other.name) return false;
  return one.system === null || other.system === null || one.system === other.system;
}
async function removeOutdated(shelf, {
  database,
  keep,
  log
}) {
  const { whole, unfinished } = await shelf.list();
  const shelved = [];
  for (const id of whole) shelved.push({ id, manifest: await manifestOf(shelf, id) });
  const now = Date.now();
  let removed = 0;
  for (const { id } of outdated(shelved, { database, keep, now })) {
    await shelf.remove(id);
    removed += 1;
  }
  for (const name of unfinished) {
    if (now - timeOfId(name.slice(0, -unfinishedEnd.length)) > keep) await shelf.remove(name);
  }
  if (removed > 0) log.info(`${(0, import_ground_words.counted)(removed, "backup")} older than ${(0, import_ground_duration.showDuration)(keep)} removed`);
  return removed;
}
async function manifestOf(shelf, id) {
  try {
    const text2 = await shelf.manifest(id);
    return text2 === void 0 ? void 0 : readManifest(text2, id);
  } catch {
    return void 0;
  }
}
//! src/backup/snapshot.ts
var countLimit = 6e4;
var countedAtOnce = 4;
async function takeSnapshot(database) {
  const row = await begin(database).catch(async (error) => {
    await database.close();
    throw error;
  });
  return {
    ...row,
    async count(schemas) {
      const counted2 = /* @__PURE__ */ new Map();
      for (let start = 0; start < schemas.length; start += countedAtOnce) {
        const some = schemas.slice(start, start + countedAtOnce);
        for (const [schema, rows] of await countSome(database, some)) counted2.set(schema, rows);
      }
      return counted2;
    },
    end: () => database.close()
    // and what it is counting
  };
}
async function begin(database) {
  await database.query("begin isolation level repeatable read, read only");
  await database.query(
    `select set_config('idle_in_transaction_session_timeout', '0', true), set_config('statement_timeout', '${countLimit}', true),
            set_config('lock_timeout', '1000', true)`
  );
  const [row] = await database.query(
    `select pg_catalog.pg_export_snapshot() as id,
            to_char(transaction_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as taken`
  );
  if (row === void 0) throw new Error("pg_export_snapshot gave nothing");
  return row;
}
var countStatement = `
  select n.nspname::text as schema, c.relname::text as "table",
         (pg_catalog.xpath('/row/c/text()', pg_catalog.query_to_xml(
            pg_catalog.format('select count(*) as c from only %I.%I', n.nspname, c.relname), false, true, '')))[1]::text::float8 as rows
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.oid = any($1::oid[])`;
async function countSome(database, schemas) {
  const tables = schemas.flatMap((schema) => schema.tables);
  await database.query("savepoint counting");
  try {
    const rows = await database.query(countStatement, [
      tables
    ]);
    const counted2 = new Map(schemas.map(({ name }) => [name, /* @__PURE__ */ new Map()]));
    for (const { schema, table, rows: amount } of rows) counted2.get(schema)?.set(table, amount);
    return counted2;
  } catch (error) {
    if (!isImpatience(error)) throw error;
    return /* @__PURE__ */ new Map();
  } finally {
    await database.query("rollback to savepoint counting").catch(() => {
    });
  }
}
function isImpatience(error) {
  const code = (0, import_ground_errors.codeOf)(error instanceof import_ground_errors.UserError ? error.cause : error);
  return code === "57014" || code === "55P03" || code === "42501" || code === "42P01";
}
//! src/backup/back-up.ts
var dumpTimeout = 6 * 60 * 6e4;
async function backUp(request, ports) {
  const { database, log, signal } = ports;
  const started = performance.now();
  const names3 = [.../* @__PURE__ */ new Set([request.shared, ...request.schemas])];
  const extents = await readExtents(database, names3);
  const gone = request.schemas.filter((name) => !extents.some((extent) => extent.name === name));
  if (gone.length > 0) throw vanished(gone);
  if (extents.every(({ locks }) => locks === 0)) return void 0;
  const programs = await findPrograms(database.serverVersion, ports);
  const lockTable = await readLockTable(database);
  const batches = batchesOf(extents, lockTable);
  const sentence = batchesSentence(batches, lockTable);
  if (sentence !== void 0) log.info(sentence);
  const around = await readSurroundings(database);
  const fingerprints = request.structures === void 0 ? await readWithin(database, request.lockTimeout, () => readFingerprints(database, names3)) : fingerprintsIn(request.structures);
  const id = backupId(/* @__PURE__ */ new Date());
  const unfinished = await request.shelf.begin(id);
  let snapshot;
  try {
    snapshot = await takeSnapshot(await ports.another());
    const counting = snapshot.count(extents);
    counting.catch(() => {
    });
    const work3 = { request, ports, programs, unfinished, snapshot };
    const archives = await dumpAll(batches, work3);
    const inDatabase = await counting;
    compareRows(archives, inDatabase);
    const manifest = manifestOf2({
      id,
      request,
      ports,
      around,
      fingerprints,
      archives,
      inDatabase,
      snapshot,
      tool: programs.version
    });
    await (0, import_promises3.writeFile)((0, import_node_path2.join)(unfinished.workshop, manifestFile), writeManifest(manifest), { mode: 384 });
    await unfinished.take(manifestFile);
    signal.throwIfAborted();
    const path = await unfinished.finish();
    const bytes = archives.reduce((sum2, { bytes: bytes2 }) => sum2 + bytes2, 0);
    const size = `${(0, import_ground_words.counted)(extents.length, "schema")}, ${(0, import_diagnosis_container_rules.showSize)(bytes)}${manifest.encryption === null ? "" : ", encrypted"}`;
    log.step("Backup", `${size}, proven: ${path} on ${request.shelf.place}`, performance.now() - started);
    for (const left of manifest.leftOut) log.warning(`Not in the backup: ${left}`);
    await removeOutdated(request.shelf, { database: manifest.database, keep: request.keep, log }).catch(
      (error) => {
        log.warning(
          `Old backups could not be removed: ${error instanceof Error ? error.message : String(error)}`
        );
      }
    );
    return { id, path, place: request.shelf.place, bytes, manifest };
  } catch (error) {
    const isFull = await ranOutOfRoom(error, unfinished.workshop);
    await unfinished.giveUp();
    signal.throwIfAborted();
    throw isFull ? diskFull(request.shelf.folder, error) : error;
  } finally {
    await snapshot?.end();
  }
}
var noRoom = 2 ** 20;
async function ranOutOfRoom(error, folder) {
  if ((0, import_ground_errors.codeOf)(error) === "ENOSPC") return true;
  if ((0, import_ground_errors.codeOf)(error) !== "backup-not-proven") return false;
  const room = await (0, import_promises3.statfs)(folder).catch(() => void 0);
  return room !== void 0 && room.bavail * room.bsize < noRoom;
}
function diskFull(folder, error) {
  return new import_ground_errors.UserError(
    `The backup failed — the disk of ${folder} is full`,
    "free space there, or choose another folder (backup-folder), then run again; what was written of it is removed; nothing was changed",
    { code: "disk-full", cause: error }
  );
}
async function dumpAll(batches, work3) {
  const archives = [];
  let proving;
  for (const [index, batch] of batches.entries()) {
    const name = `archive-${index + 1}.dump`;
    const started = performance.now();
    await dumpOne(batch, (0, import_node_path2.join)(work3.unfinished.workshop, name), work3);
    if (proving !== void 0) archives.push(await proving);
    proving = prove(name, batch, started, work3);
    proving.catch(() => {
    });
  }
  if (proving !== void 0) archives.push(await proving);
  return archives;
}
async function dumpOne(batch, file, { request, ports, programs, snapshot }) {
  const { database, machine, signal, log } = ports;
  const applicationName = `${request.sessions}/backup`;
  await (0, import_promises3.writeFile)(file, "", { mode: 384 });
  let inTheWay;
  await watchingBlockers(
    () => dump(batch, file, {
      machine,
      programs,
      databaseUrl: request.databaseUrl,
      through: request.through,
      applicationName,
      snapshot: snapshot.id,
      lockTimeout: request.lockTimeout,
      timeout: dumpTimeout,
      signal,
      blockers: () => inTheWay
    }),
    {
      database,
      applicationName,
      interval: 500,
      onBlocked: (blockers) => {
        inTheWay = describeBlockers(blockers);
        log.info(`the backup waits for ${inTheWay}`);
      }
    }
  );
}
async function prove(name, batch, started, work3) {
  const { request, ports, programs, unfinished } = work3;
  const { machine, signal } = ports;
  const plain = (0, import_node_path2.join)(unfinished.workshop, name);
  const rows = await proveArchive(plain, batch, { machine, programs, signal });
  const file = await encrypted(name, unfinished.workshop, request.recipients ?? []);
  const path = (0, import_node_path2.join)(unfinished.workshop, file);
  const [{ size: bytes }, sha256] = [await (0, import_promises3.stat)(path), await sha256Of(path)];
  await unfinished.take(file);
  return { file, batch, rows, bytes, sha256, milliseconds: Math.round(performance.now() - started) };
}
async function encrypted(name, folder, recipients) {
  if (recipients.length === 0) return name;
  const file = `${name}.age`;
  try {
    await encryptFile((0, import_node_path2.join)(folder, name), (0, import_node_path2.join)(folder, file), recipients);
  } finally {
    await (0, import_promises3.rm)((0, import_node_path2.join)(folder, name), { force: true });
  }
  return file;
}
function compareRows(archives, inDatabase) {
  const different = archives.flatMap(
    ({ batch, rows }) => batch.schemas.flatMap(({ name }) => {
      const known = inDatabase.get(name);
      return known === void 0 ? [] : rowDifferences(name, rows.get(name) ?? /* @__PURE__ */ new Map(), known);
    })
  );
  if (different.length > 0) throw notProven((0, import_ground_words.listed)(different, 3), different.join("\n"));
}
function manifestOf2({
  id,
  request,
  ports,
  around,
  fingerprints,
  archives,
  inDatabase,
  snapshot,
  tool
}) {
  const { origin, before, shared, recipients = [] } = request;
  return {
    schema: "tenantry-backup/1",
    id,
    run: origin.run,
    actor: origin.actor,
    commit: origin.commit,
    before,
    taken: snapshot.taken,
    database: {
      name: around.database,
      label: ports.database.label,
      system: around.system,
      oid: around.oid,
      server: ports.database.serverVersion
    },
    tool,
    encryption: recipients.length === 0 ? null : "age",
    shared,
    extensions: [...around.extensions],
    schemas: archives.flatMap(
      ({ file, batch, rows }) => batch.schemas.map((extent) => ({
        name: extent.name,
        oid: extent.oid,
        fingerprint: fingerprints.get(extent.name) ?? "",
        archive: file,
        tables: extent.tables.length,
        rows: Object.fromEntries(rows.get(extent.name) ?? []),
        rowsCompared: inDatabase.has(extent.name)
      }))
    ),
    archives: archives.map(({ file, bytes, sha256, milliseconds }) => ({
      file,
      bytes,
      sha256,
      milliseconds
    })),
    leftOut: around.largeObjects === 0 ? [] : [
      `${(0, import_ground_words.counted)(around.largeObjects, "large object")}, which belong to no schema: back them up with the whole database`
    ]
  };
}
function vanished(gone) {
  return new import_ground_errors.UserError(
    `The backup failed — ${(0, import_ground_words.listed)(gone, 3)} ${gone.length === 1 ? "is" : "are"} not there`,
    "somebody has removed it meanwhile: run again; nothing was changed",
    { code: "schema-vanished" }
  );
}
//! src/backup/chosen-backup.ts
//! src/backup/runner-shelf.ts
function runnerShelf(folder) {
  return {
    place: "this machine",
    folder,
    async begin(id) {
      const unfinished = (0, import_node_path5.join)(folder, `${id}${unfinishedEnd}`);
      await writing(folder, () => (0, import_promises9.mkdir)(unfinished, { recursive: true, mode: 448 }));
      return {
        workshop: unfinished,
        async take() {
        },
        async finish() {
          const whole = (0, import_node_path5.join)(folder, id);
          await writing(folder, () => (0, import_promises9.rename)(unfinished, whole));
          return whole;
        },
        giveUp: () => (0, import_promises9.rm)(unfinished, { recursive: true, force: true }).catch(() => {
        })
      };
    },
    async list() {
      const names3 = (await (0, import_promises9.readdir)(folder, { withFileTypes: true }).catch(() => [])).filter((entry) => entry.isDirectory()).map(({ name }) => name).sort();
      return standingOf(names3);
    },
    manifest: (id) => readIfThere((0, import_node_path5.join)(folder, id, manifestFile)),
    fetch: async (id, file) => (0, import_node_path5.join)(folder, id, file),
    async remove(name) {
      const whole = (0, import_node_path5.join)(folder, name);
      const files = await (0, import_promises9.readdir)(whole);
      for (const file of files.filter((one) => ourFile.test(one)))
        await (0, import_promises9.rm)((0, import_node_path5.join)(whole, file), { force: true });
      await (0, import_promises9.rmdir)(whole).catch(() => {
      });
    },
    async close() {
    }
  };
}
function standingOf(names3) {
  return {
    whole: names3.filter((name) => idPattern.test(name)),
    unfinished: names3.filter(
      (name) => name.endsWith(unfinishedEnd) && idPattern.test(name.slice(0, -unfinishedEnd.length))
    )
  };
}
async function readIfThere(path) {
  try {
    return await (0, import_promises9.readFile)(path, "utf8");
  } catch (error) {
    if ((0, import_ground_errors.codeOf)(error) === "ENOENT" || (0, import_ground_errors.codeOf)(error) === "ENOTDIR") return void 0;
    throw new import_ground_errors.UserError(`Cannot read ${path} — ${(0, import_ground_errors.messageOf)(error)}`, "give this user the right to read it", {
      code: "cannot-read",
      cause: error
    });
  }
}
async function writing(folder, work3) {
  try {
    return await work3();
  } catch (error) {
    throw new import_ground_errors.UserError(
      `Cannot write a backup into ${folder} — ${(0, import_ground_errors.messageOf)(error)}`,
      "give this user the right to write there, or choose another folder (backup-folder); nothing was changed",
      { code: "cannot-write", cause: error }
    );
  }
}
function workshop() {
  return (0, import_promises9.mkdtemp)((0, import_node_path5.join)(process.env.RUNNER_TEMP ?? (0, import_node_os2.tmpdir)(), "tenantry-backup-"));
}
//! src/backup/chosen-backup.ts
function partsOfPath(path) {
  const whole = path.replace(/\/+$/, "");
  return { folder: (0, import_node_path4.dirname)(whole), id: (0, import_node_path4.basename)(whole) };
}
async function chooseBackup({ shelf, id, database, identity: identity2 }) {
  const found = id === void 0 ? await newest(shelf, database) : { id, text: await shelf.manifest(id) };
  if (found?.text === void 0) throw notFound(shelf, id, (await shelf.list()).whole.length);
  const path = (0, import_node_path4.join)(shelf.folder, found.id);
  const manifest = readManifest(found.text, `${path} on ${shelf.place}`);
  if (manifest.encryption !== null && identity2 === void 0) {
    throw new import_ground_errors.UserError(
      `The backup in ${path} cannot be read — it is encrypted, and there is no private key for it`,
      "give it as backup-identity, from a secret; nothing was changed",
      { code: "backup-key-wrong" }
    );
  }
  const readable = /* @__PURE__ */ new Map();
  let folder;
  const open2 = async (file) => {
    const here = await shelf.fetch(found.id, file);
    await requireChecksum(here, manifest.archives.find((one) => one.file === file)?.sha256);
    if (manifest.encryption === null || identity2 === void 0) return here;
    folder ??= workshop();
    const plain = (0, import_node_path4.join)(await folder, file.replace(/\.age$/, ""));
    await decryptFile(here, plain, identity2);
    return plain;
  };
  return {
    manifest,
    path,
    archive(file) {
      const opened = readable.get(file) ?? open2(file);
      readable.set(file, opened);
      return opened;
    },
    async close() {
      if (folder !== void 0) await (0, import_promises8.rm)(await folder, { recursive: true, force: true });
    }
  };
}
async function newest(shelf, database) {
  const { whole } = await shelf.list();
  for (const id of [...whole].reverse()) {
    const text2 = await shelf.manifest(id);
    if (text2 === void 0) continue;
    try {
      if (isSameDatabase(readManifest(text2, id).database, database)) return { id, text: text2 };
    } catch {
    }
  }
  return void 0;
}
async function requireChecksum(file, wanted) {
  const is = await sha256Of(file).catch(() => void 0);
  if (is !== void 0 && is === wanted) return;
  throw new import_ground_errors.UserError(
    `The archive ${file} cannot be read — ${is === void 0 ? "there is no such file" : "its checksum is another one than its manifest says"}`,
    "fetch it again from where it is kept, or take another backup; nothing was changed",
    { code: "backup-unreadable" }
  );
}
function notFound({ folder, place }, id, others2) {
  const observed = id === void 0 ? others2 === 0 ? "there is none" : `${(0, import_ground_words.counted)(others2, "backup is", "backups are")} there, none of this database` : "there is no manifest.json in it";
  return new import_ground_errors.UserError(
    `No backup in ${id === void 0 ? folder : (0, import_node_path4.join)(folder, id)} on ${place} — ${observed}`,
    "give the folder that the output backup-path named (or, from an artifact, where you have put it) as backup-path; nothing was changed",
    { code: "backup-not-found" }
  );
}
//! src/backup/rehearse.ts
//! src/database/quoted-name.ts
function quotedName(name) {
  return `"${name.replaceAll('"', '""')}"`;
}
//! src/backup/compare.ts
async function differencesFrom(database, pairs) {
  const fingerprints = await readFingerprints(
    database,
    pairs.map(({ as }) => as)
  );
  const found = [];
  for (const { schema, as } of pairs) {
    const is = fingerprints.get(as);
    if (is === void 0) {
      found.push(`${schema.name}: there is no schema ${as}`);
      continue;
    }
    if (is !== schema.fingerprint) {
      found.push(`${schema.name}: its structure is another one (${is} instead of ${schema.fingerprint})`);
    } else found.push(...await rowDifferencesFrom(database, schema, as));
  }
  return found;
}
var countedAtOnce2 = 100;
async function rowDifferencesFrom(database, schema, as) {
  const tables = Object.entries(schema.rows);
  const found = [];
  for (let start = 0; start < tables.length; start += countedAtOnce2) {
    const some = tables.slice(start, start + countedAtOnce2);
    const counts = some.map(
      ([table], place) => `select ${place} as place, count(*)::float8 as rows from only ${quotedName(as)}.${quotedName(table)}`
    );
    const rows = await database.query(counts.join(" union all "));
    for (const { place, rows: is } of rows) {
      const [table, was] = some[place] ?? [];
      if (was !== void 0 && was !== is)
        found.push(`${schema.name}.${table} has ${(0, import_ground_words.counted)(is, "row")} instead of ${(0, import_ground_words.grouped)(was)}`);
    }
  }
  return found;
}
function notTheSame(differences2, hint) {
  return new import_ground_errors.UserError(`What was restored is not what was backed up — ${(0, import_ground_words.listed)(differences2, 3)}`, hint, {
    code: "restore-not-proven",
    evidence: differences2.join("\n")
  });
}
//! src/backup/restore.ts
//! src/backup/points-into.ts
async function readPointers(database, schema) {
  await database.query(`begin read only; set local search_path = ''`);
  const rows = await database.query(statement, [schema]).finally(() => database.query("rollback"));
  return rows.map(({ what, detach, attach }) => ({
    what,
    detach: detach ?? void 0,
    attach: attach ?? void 0
  }));
}
var statement = `
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
function refuseFastPointers(schema, pointers) {
  const fast = pointers.filter(({ attach }) => attach === void 0);
  if (fast.length === 0) return;
  throw new import_ground_errors.UserError(
    `${schema} cannot be replaced — ${(0, import_ground_words.counted)(fast.length, "object")} outside it ${fast.length === 1 ? "depends" : "depend"} on its tables and cannot be pointed at restored ones: ${(0, import_ground_words.listed)(
      fast.map(({ what }) => what),
      3
    )}`,
    `restore it beside (restore-to: beside) and take from there what you need, or remove ${fast.length === 1 ? "that" : "those"} first and make ${fast.length === 1 ? "it" : "them"} again afterwards; nothing was changed`,
    { code: "restore-pointed-into", evidence: fast.map(({ what }) => what).join("\n") }
  );
}
//! src/backup/restore-names.ts
var longestName = 63;
function nameWith(schema, end) {
  let start = schema;
  while (Buffer.byteLength(`${start}${end}`) > longestName) start = [...start].slice(0, -1).join("");
  return `${start}${end}`;
}
//! src/backup/restore-refusals.ts
function mayNotCreate(label, { role, name }) {
  return new import_ground_errors.UserError(
    `Nothing can be restored into ${label} — the role ${role} may not create a schema there`,
    `let the owner of the database, or a superuser, run: GRANT CREATE ON DATABASE ${quotedName(name)} TO ${quotedName(role)}; nothing was changed`,
    { code: "database-permission-denied" }
  );
}
function extensionsMissing(label, missing2) {
  const names3 = (0, import_ground_words.listed)(missing2.map(({ name, version }) => `${name} ${version}`));
  const statements = missing2.map(
    ({ name, schema }) => `CREATE EXTENSION ${quotedName(name)} WITH SCHEMA ${quotedName(schema)}`
  );
  return new import_ground_errors.UserError(
    `${(0, import_ground_words.counted)(missing2.length, "extension")} of the backup ${missing2.length === 1 ? "is" : "are"} not in ${label} — ${names3}`,
    `let a superuser (for trusted ones: whoever may create in the database) run: ${statements.join("; ")}; nothing was changed`,
    { code: "extension-missing" }
  );
}
function nameTaken(schema, as) {
  return new import_ground_errors.UserError(
    `${schema} cannot be restored beside — there is a schema ${as} already`,
    `see what is in it, then remove it (DROP SCHEMA ${quotedName(as)} CASCADE) or give it another name; nothing was changed`,
    { code: "restore-name-taken" }
  );
}
function otherDatabase(schema, { database }, here) {
  const another = database.name === here.name ? ", another cluster" : "";
  return new import_ground_errors.UserError(
    `${schema} is not replaced — the backup is of another database (${database.label}${another})`,
    "restore it beside (restore-to: beside), or correct database-url or backup-path; nothing was changed",
    { code: "backup-other-database" }
  );
}
//! src/backup/restore-schema.ts
async function restoreSchema(target, work3) {
  const { machine, programs, signal } = work3;
  const { schema, all, archive } = target;
  const whole = readArchiveList(await listArchive(archive, work3));
  const inSchema = readArchiveList(await listArchive(archive, work3, [`--schema=${schema.name}`]));
  const entries = entriesOfSchema(whole, inSchema, schema, all);
  if (machine.stream === void 0) throw new Error(`${machine.name} cannot be read from`);
  const list = (0, import_node_path7.join)(work3.workshop, `${(0, import_node_crypto8.randomBytes)(4).toString("hex")}.list`);
  const makesIt = entries.find(({ catalogue, oid }) => catalogue === 2615 && oid === schema.oid);
  const isMadeHere = makesIt === void 0 || schema.name === "public";
  const taken = isMadeHere ? entries.filter((entry) => entry !== makesIt) : entries;
  await (0, import_promises12.writeFile)(list, taken.map(({ line }) => `${line}
`).join(""));
  const script = machine.stream([programs.restore, "--file=-", `--use-list=${list}`, archive], {
    signal,
    env: { LC_ALL: "C" }
  });
  try {
    const written2 = { result: void 0 };
    const result = await machine.run(psqlArguments(programs), {
      stdin: import_node_stream2.Readable.from(
        scriptFor(
          {
            ...target,
            making: isMadeHere ? makingOf(schema.name, makesIt) : ""
          },
          work3,
          script.output,
          async () => {
            written2.result = await script.ended;
            return (0, import_machine_machine.succeeded)(written2.result);
          }
        ),
        { objectMode: false }
      ),
      env: programEnvironment(work3),
      timeout: work3.timeout,
      signal
    });
    if (written2.result !== void 0 && !(0, import_machine_machine.succeeded)(written2.result))
      throw restoreFailure(schema.name, written2.result, "pg_restore");
    if (!(0, import_machine_machine.succeeded)(result)) throw restoreFailure(schema.name, result, "psql");
    if (!result.stdout.includes(done)) throw restoreFailure(schema.name, result, "psql");
  } finally {
    await script.end();
    await (0, import_promises12.rm)(list, { force: true });
  }
}
function psqlArguments({ psql }) {
  return [psql, "--no-psqlrc", "--no-password", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-"];
}
var done = "tenantry: restored";
var unlimited = "SET lock_timeout = 0;\n";
function makingOf(name, listed2) {
  const schema = quotedName(name);
  const owner = listed2?.rest.slice(`SCHEMA - ${name} `.length) ?? "";
  return [
    `CREATE SCHEMA ${schema};`,
    ...owner === "" ? [] : [`ALTER SCHEMA ${schema} OWNER TO ${quotedName(owner)};`],
    ...name === "public" ? [`GRANT USAGE ON SCHEMA ${schema} TO PUBLIC;`] : [],
    ""
  ].join("\n");
}
async function* scriptFor({ schema, as, exists, making }, { lockTimeout }, script, isWhole) {
  const [own, wanted, aside] = [
    schema.name,
    as,
    nameWith(schema.name, `_aside_${(0, import_node_crypto8.randomBytes)(4).toString("hex")}`)
  ].map(quotedName);
  const limit2 = `SET lock_timeout = ${lockTimeout};
`;
  yield `BEGIN;
${limit2}`;
  if (exists) yield `ALTER SCHEMA ${own} RENAME TO ${aside};
`;
  yield making;
  let head = "";
  let isHead = true;
  for await (const chunk of script) {
    if (!isHead) yield chunk;
    else {
      head += chunk.toString("latin1");
      if (head.length < 4096) continue;
      isHead = false;
      yield Buffer.from(head.replace(unlimited, limit2), "latin1");
    }
  }
  if (isHead) yield Buffer.from(head.replace(unlimited, limit2), "latin1");
  if (!await isWhole()) return;
  if (exists || own !== wanted) yield `ALTER SCHEMA ${own} RENAME TO ${wanted};
`;
  if (exists) yield `ALTER SCHEMA ${aside} RENAME TO ${own};
`;
  yield `COMMIT;
\\echo ${done}
`;
}
function restoreFailure(schema, result, program) {
  const said = result.stderr;
  const evidence = (0, import_machine_machine.lastWords)(result);
  const line = said.split("\n").find((one) => /(ERROR|FATAL|error):/.test(one)) ?? (0, import_machine_machine.lastWords)(result, 1);
  const observed = line.replace(/^.*?(ERROR|FATAL|error): +/, "").trim();
  const error = (hint, code, words = observed) => new import_ground_errors.UserError(
    `${schema} is not restored — ${words === "" ? `${program}: ${(0, import_machine_machine.ending)(result)}` : words}`,
    `${hint}; nothing was changed`,
    { code, evidence }
  );
  const [, extension] = /extension "(.*?)" (?:is not available|does not exist)/.exec(said) ?? [];
  const [, type] = /type "(.*?)" does not exist/.exec(said) ?? [];
  if (extension !== void 0 || type !== void 0) {
    return error(
      extension === void 0 ? "a type of it comes from an extension: see the manifest’s extensions, and CREATE EXTENSION it there (a superuser, or for trusted ones the owner of the database)" : `CREATE EXTENSION "${extension}" there (a superuser, or for trusted ones the owner of the database)`,
      "extension-missing"
    );
  }
  if (/permission denied|must be owner of|must be member of|must be able to SET ROLE/.test(said)) {
    return error(
      "restore as the role that owns the schema and may make others (GRANT CREATE ON DATABASE …), or as a superuser",
      "database-permission-denied"
    );
  }
  if (/canceling statement due to lock timeout/.test(said)) {
    return error(
      "run again when less is going on, or raise lock-timeout",
      "migration-blocked",
      "a lock was not free within lock-timeout"
    );
  }
  if (/server closed the connection|terminating connection|connection to server .* failed|could not receive data/.test(
    said
  )) {
    return new import_ground_errors.LostConnection(`the restore of ${schema}`, observed, { evidence });
  }
  return error("the evidence has what PostgreSQL said", "restore-failed");
}
//! src/backup/swap.ts
async function swapSchemas(database, { schema, restored, replaced, pointers, lockTimeout }) {
  const rename2 = (from, to) => `ALTER SCHEMA ${quotedName(from)} RENAME TO ${quotedName(to)}`;
  const statements = [
    `select set_config('lock_timeout', '${lockTimeout}', true), set_config('search_path', '', true)`,
    ...pointers.flatMap(({ detach }) => detach ?? []),
    rename2(schema, replaced),
    rename2(restored, schema),
    ...pointers.flatMap(({ attach }) => attach ?? [])
  ];
  await database.query("begin");
  try {
    for (const statement2 of statements) await database.query(statement2);
    await database.query("commit");
  } catch (error) {
    if (error instanceof import_ground_errors.LostConnection) throw error;
    await database.query("rollback").catch(() => {
    });
    throw swapFailure(schema, error);
  }
}
function swapFailure(schema, error) {
  const state = (0, import_ground_errors.codeOf)(error) ?? "";
  const { observed, hint, code } = reasons[state] ?? {
    hint: "restore it beside (restore-to: beside) and bring them together by hand",
    code: "restore-failed"
  };
  return new import_ground_errors.UserError(
    `${schema} is not replaced — ${observed ?? (0, import_ground_errors.messageOf)(error)}`,
    `${hint}; nothing was changed`,
    {
      code,
      cause: error
    }
  );
}
var reasons = {
  "55P03": {
    observed: "a table that points into it was not free within lock-timeout",
    hint: "run again when less is going on, or raise lock-timeout",
    code: "migration-blocked"
  },
  // The shared schema, say, when very many tenants point into it.
  "53200": {
    observed: "more tables point into it than the server’s lock table has room for",
    hint: "set max_locks_per_transaction higher and restart the server, or restore it beside (restore-to: beside) and copy from there what is missing",
    code: "lock-table-too-small"
  },
  "23503": {
    hint: "what points into it has rows that the backup does not have: restore it beside (restore-to: beside) and bring them together by hand",
    code: "restore-failed"
  }
};
//! src/backup/restore.ts
var restoreTimeout = 6 * 60 * 6e4;
async function planRestore({ schemas, to, backup, identity: identity2 }, { database }) {
  await requireRoom(database, backup.manifest);
  const stamp = (/* @__PURE__ */ new Date()).toISOString().replace(/[-:]|\.\d+/g, "").toLowerCase();
  const names3 = new Set(
    (await database.query("select nspname::text as name from pg_catalog.pg_namespace")).map(
      ({ name }) => name
    )
  );
  const planned = [];
  for (const schema of schemas) {
    const exists = names3.has(schema.name);
    const pointers = exists ? await readPointers(database, schema.name) : [];
    if (to === "beside") {
      const as = nameWith(schema.name, "_restored");
      if (names3.has(as)) throw nameTaken(schema.name, as);
      refuseFastPointers(
        schema.name,
        pointers.filter(({ what }) => what.startsWith("extension "))
      );
      planned.push({ schema, exists, as, replaced: void 0, pointers });
      continue;
    }
    if (exists && !isSameDatabase(backup.manifest.database, identity2))
      throw otherDatabase(schema.name, backup.manifest, identity2);
    refuseFastPointers(schema.name, pointers);
    const replaced = exists ? nameWith(schema.name, `_replaced_${stamp}`) : void 0;
    planned.push({ schema, exists, as: schema.name, replaced, pointers });
  }
  return planned;
}
function restoreLines(planned) {
  return planned.flatMap(({ schema, as, replaced, pointers }) => [
    replaced === void 0 ? `${schema.name} → ${as} (${(0, import_ground_words.counted)(schema.tables, "table")}, ${(0, import_ground_words.counted)(rowsOf(schema), "row")})` : `${schema.name} is replaced (${(0, import_ground_words.counted)(schema.tables, "table")}, ${(0, import_ground_words.counted)(rowsOf(schema), "row")}); the one of now stays as ${replaced}`,
    ...pointers.map(({ what }) => `  points into it: ${what}`)
  ]);
}
async function restore(planned, request, ports) {
  const { backup, databaseUrl, through: through2, lockTimeout, sessions } = request;
  const { database, machine, signal } = ports;
  const programs = await programsFor(backup.manifest, database.serverVersion, { machine, signal });
  const folder = await workshop();
  try {
    for (const one of planned) {
      signal.throwIfAborted();
      await ports.atSafePoint(`restoring ${one.schema.name}`);
      const started = performance.now();
      await restoreOne(one, {
        request,
        ports,
        work: {
          machine,
          programs,
          databaseUrl,
          through: through2,
          applicationName: `${sessions}/restore`,
          lockTimeout,
          workshop: folder,
          timeout: restoreTimeout,
          signal
        }
      });
      const milliseconds = Math.round(performance.now() - started);
      const { schema, as, replaced } = one;
      const restored = {
        schema: schema.name,
        as,
        replaced,
        milliseconds,
        tables: schema.tables,
        rows: rowsOf(schema)
      };
      ports.log.step("Restored", restoredSentence(restored, backup.manifest), milliseconds);
      ports.onRestored(restored);
    }
  } finally {
    await (0, import_promises11.rm)(folder, { recursive: true, force: true });
  }
}
function programsFor({ tool }, server, ports) {
  return findPrograms(majorOf2(tool) > majorOf2(server) ? tool : server, ports);
}
async function restoreOne(planned, { request, ports, work: work3 }) {
  const { schema, exists, as, replaced, pointers } = planned;
  const { backup, lockTimeout } = request;
  const archive = await backup.archive(schema.archive);
  const all = backup.manifest.schemas.map(({ name }) => name);
  const first = replaced === void 0 ? as : nameWith(schema.name, `_restoring_${(0, import_node_crypto7.randomBytes)(4).toString("hex")}`);
  try {
    await restoreSchema({ schema, all, archive, as: first, exists }, work3);
  } catch (error) {
    if (!(error instanceof import_ground_errors.LostConnection) || !await isThere(first, ports)) throw error;
  }
  try {
    const different = await differencesFrom(ports.database, [{ schema, as: first }]);
    if (different.length > 0)
      throw notTheSame(different, "it was removed again; take an older backup, or see what is different");
    if (replaced === void 0) return;
    await swapSchemas(ports.database, {
      schema: schema.name,
      restored: first,
      replaced,
      pointers,
      lockTimeout
    });
  } catch (error) {
    await removeAgain(first, ports);
    throw error;
  }
}
async function isThere(name, { database }) {
  const found = await database.query("select from pg_catalog.pg_namespace where nspname = $1", [name]);
  return found.length > 0;
}
async function removeAgain(name, { database, log }) {
  try {
    await database.query(`set lock_timeout = '5s'; drop schema ${quotedName(name)} cascade`);
  } catch (error) {
    log.warning(
      `${name} could not be removed (${(0, import_ground_errors.messageOf)(error)}): DROP SCHEMA ${quotedName(name)} CASCADE`
    );
  }
}
function rowsOf({ rows }) {
  return Object.values(rows).reduce((sum2, one) => sum2 + one, 0);
}
function restoredSentence({ schema, as, replaced, tables, rows }, { taken }) {
  const what = `${(0, import_ground_words.counted)(tables, "table")}, ${(0, import_ground_words.counted)(rows, "row")}, proven`;
  if (replaced !== void 0)
    return `${schema} is as of ${taken} (${what}); what was written since is in ${replaced}`;
  return as === schema ? `${schema} is there again, as of ${taken} (${what})` : `${schema} of ${taken} is in ${as} (${what})`;
}
async function requireRoom(database, { extensions }) {
  const [rights] = await database.query(
    `select has_database_privilege(current_database(), 'CREATE') as may, current_user::text as role, current_database()::text as name`
  );
  if (rights?.may === false) throw mayNotCreate(database.label, rights);
  const found = await database.query(
    "select extname::text as name from pg_catalog.pg_extension"
  );
  const there = new Set(found.map(({ name }) => name));
  const missing2 = extensions.filter(({ name }) => !there.has(name));
  if (missing2.length > 0) throw extensionsMissing(database.label, missing2);
}
function chosenSchemas(manifest, written2, fits) {
  if (written2 === void 0) return manifest.schemas.filter(({ name }) => name !== manifest.shared);
  const fitless = written2.filter((pattern) => !manifest.schemas.some(({ name }) => fits(pattern, name)));
  if (fitless.length > 0) {
    throw new import_ground_errors.UserError(
      `The input schemas names what the backup does not have — no schema fits ${(0, import_ground_words.listed)(fitless, 5)}`,
      `it has ${(0, import_ground_words.grouped)(manifest.schemas.length)}: ${(0, import_ground_words.listed)(
        manifest.schemas.map(({ name }) => name),
        8
      )}; nothing was changed`,
      { code: "schemas-unknown" }
    );
  }
  return manifest.schemas.filter(({ name }) => written2.some((pattern) => fits(pattern, name)));
}
//! src/backup/rehearse.ts
var restoreTimeout2 = 6 * 60 * 6e4;
var prefix = "tenantry_rehearsal_";
async function rehearse({ databaseUrl, through: through2, backup, sessions }, ports) {
  const { database, machine, signal, log } = ports;
  const { manifest } = backup;
  const programs = await programsFor(manifest, database.serverVersion, { machine, signal });
  await tellLeftOver(ports);
  const name = `${prefix}${(0, import_node_crypto6.randomBytes)(6).toString("hex")}`;
  await makeDatabase(database, name);
  const folder = await workshop();
  let scratch;
  try {
    scratch = await ports.connectTo(name);
    const made = await makeExtensions(scratch, manifest);
    const started = performance.now();
    const [sharedArchive] = manifest.schemas.flatMap(
      ({ name: one, archive }) => one === manifest.shared ? [archive] : []
    );
    const files = [
      .../* @__PURE__ */ new Set([
        ...sharedArchive === void 0 ? [] : [sharedArchive],
        ...manifest.archives.map(({ file }) => file)
      ])
    ];
    const environment = programEnvironment({
      databaseUrl,
      through: through2,
      applicationName: `${sessions}/rehearsal`,
      database: name
    });
    for (const file of files) {
      signal.throwIfAborted();
      const archive = await backup.archive(file);
      await restoreArchive(archive, { programs, environment, made, folder, machine, signal });
    }
    const restoring = performance.now() - started;
    const different = await differencesFrom(
      scratch,
      manifest.schemas.map((schema) => ({ schema, as: schema.name }))
    );
    if (different.length > 0) {
      throw notTheSame(
        different,
        "do not rely on this backup: take another one now (any run of migrate-schemas with something pending does), then rehearse again"
      );
    }
    const rows = manifest.schemas.flatMap((schema) => Object.values(schema.rows)).reduce((sum2, one) => sum2 + one, 0);
    log.step(
      "Rehearsal",
      rehearsalSentence(manifest, { schemas: manifest.schemas.length, rows, restoring }),
      restoring
    );
    return { schemas: manifest.schemas.length, rows, restoring: Math.round(restoring) };
  } finally {
    await (0, import_promises10.rm)(folder, { recursive: true, force: true });
    await scratch?.close();
    await database.query(`drop database if exists ${quotedName(name)} with (force)`).catch(() => {
      log.warning(`The database of the rehearsal is left: DROP DATABASE ${quotedName(name)}`);
    });
  }
}
function rehearsalSentence({ taken }, { schemas, rows, restoring }) {
  const all = `${(0, import_ground_words.counted)(schemas, "schema")} of ${taken} restored: structures and ${(0, import_ground_words.counted)(rows, "row")} are what the manifest says`;
  const one = schemas < 2 ? "" : `, one tenant about ${(0, import_ground_duration.showDuration)(restoring / schemas)}`;
  return `${all}; restoring all of it takes about ${(0, import_ground_duration.showDuration)(restoring)}${one}`;
}
async function restoreArchive(archive, { programs, environment, made, folder, machine, signal }) {
  const entries = readArchiveList(await listArchive(archive, { machine, programs, signal }));
  const list = (0, import_node_path6.join)(folder, "list");
  const wanted = entries.filter(({ catalogue, oid }) => !(catalogue === 2615 && made.has(oid)));
  await (0, import_promises10.writeFile)(list, wanted.map(({ line }) => `${line}
`).join(""));
  const result = await machine.run(
    [
      programs.restore,
      "--exit-on-error",
      "--no-password",
      "--no-owner",
      "--no-privileges",
      `--use-list=${list}`,
      `--dbname=${environment.PGDATABASE}`,
      archive
    ],
    { timeout: restoreTimeout2, signal, env: environment }
  );
  if (!(0, import_machine_machine.succeeded)(result)) throw restoreFailure("The rehearsal", result, "pg_restore");
}
async function makeExtensions(scratch, { extensions, schemas }) {
  try {
    for (const { name, schema } of extensions) {
      await scratch.query(`create schema if not exists ${quotedName(schema)}`);
      await scratch.query(
        `create extension if not exists ${quotedName(name)} with schema ${quotedName(schema)}`
      );
    }
  } catch (error) {
    throw new import_ground_errors.UserError(
      `The rehearsal cannot make the backup’s extensions — ${error instanceof Error ? error.message : String(error)}`,
      `rehearse as a role that may (${(0, import_ground_words.listed)(
        extensions.map(({ name }) => `CREATE EXTENSION ${name}`),
        3
      )}), or on a server that has them`,
      { code: "extension-missing", cause: error }
    );
  }
  const there = await scratch.query(
    "select nspname::text as name from pg_catalog.pg_namespace"
  );
  const names3 = new Set(there.map(({ name }) => name));
  return new Set(schemas.filter(({ name }) => names3.has(name)).map(({ oid }) => oid));
}
async function makeDatabase(database, name) {
  const [own] = await database.query(`
    select pg_encoding_to_char(encoding) as encoding, datcollate::text as collate, datctype::text as ctype, datlocprovider::text as provider,
           coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') as locale
      from pg_catalog.pg_database d where datname = current_database()`);
  if (own === void 0) throw new Error("pg_database does not have this database");
  const text2 = (value) => `'${value.replaceAll("'", "''")}'`;
  const provider = own.provider === "i" ? ` locale_provider icu icu_locale ${text2(own.locale ?? "und")}` : own.provider === "b" ? ` locale_provider builtin builtin_locale ${text2(own.locale ?? "C")}` : "";
  try {
    await database.query(
      `create database ${quotedName(name)} template template0 encoding ${text2(own.encoding)} lc_collate ${text2(own.collate)} lc_ctype ${text2(own.ctype)}${provider}`
    );
  } catch (error) {
    if ((0, import_ground_errors.codeOf)(error) !== "database-permission-denied" && (0, import_ground_errors.codeOf)(error) !== "42501") throw error;
    throw new import_ground_errors.UserError(
      `The rehearsal cannot make its database on ${database.label} — the role may not create one`,
      "let a superuser run: ALTER ROLE … CREATEDB, or rehearse on another server with its own database-url; nothing was changed",
      { code: "database-permission-denied", cause: error }
    );
  }
}
async function tellLeftOver({ database, log }) {
  const left = await database.query(
    "select datname::text as name from pg_catalog.pg_database where starts_with(datname, $1)",
    [prefix]
  );
  for (const { name } of left)
    log.warning(
      `A rehearsal that was killed, or still runs, has the database ${name}: if none runs, DROP DATABASE ${quotedName(name)}`
    );
}
//! src/backup/server-shelf.ts
var shortly = 6e4;
var transferTimeout = 2 * 60 * 6e4;
var fetchedAtOnce = 16;
var receive = 'umask 077 && cat > "$1"';
function serverShelf(folder, { machine, signal }) {
  const run2 = (argv, timeout2 = shortly) => machine.run(argv, { timeout: timeout2, signal, env: { LC_ALL: "C" } });
  const must = async (argv, timeout2) => {
    const result = await run2(argv, timeout2);
    if ((0, import_machine_machine.succeeded)(result)) return result;
    throw cannotWrite(machine, folder, result);
  };
  let copies;
  return {
    place: machine.name,
    folder,
    async begin(id) {
      const unfinished = `${folder}/${id}${unfinishedEnd}`;
      await must(["sh", "-c", 'umask 077 && mkdir -p -- "$1"', "sh", unfinished]);
      const here = await workshop();
      return {
        workshop: here,
        async take(file) {
          const [from, to] = [(0, import_node_path8.join)(here, file), `${unfinished}/${file}`];
          const sent = await machine.run(["sh", "-c", receive, "sh", to], {
            timeout: transferTimeout,
            signal,
            stdin: (0, import_node_fs3.createReadStream)(from)
          });
          if (!(0, import_machine_machine.succeeded)(sent)) throw cannotWrite(machine, folder, sent);
          const arrived = await must(["sha256sum", "--", to], transferTimeout);
          if (!arrived.stdout.includes(await sha256Of(from)))
            throw cannotWrite(machine, folder, { ...arrived, stdout: "only a part of it arrived" });
          await (0, import_promises13.rm)(from);
        },
        async finish() {
          const whole = `${folder}/${id}`;
          await must(["mv", "--", unfinished, whole]);
          await (0, import_promises13.rm)(here, { recursive: true, force: true });
          return whole;
        },
        async giveUp() {
          await (0, import_promises13.rm)(here, { recursive: true, force: true }).catch(() => {
          });
          await machine.run(["rm", "-rf", "--", unfinished], { timeout: shortly }).catch(() => {
          });
        }
      };
    },
    async list() {
      const listed2 = await run2(["ls", "-1", "--", folder]);
      return standingOf((0, import_machine_machine.succeeded)(listed2) ? listed2.stdout.split("\n").sort() : []);
    },
    manifest: (id) => machine.readFile(`${folder}/${id}/${manifestFile}`),
    async fetch(id, file) {
      copies ??= workshop();
      return await fetchFile(`${folder}/${id}/${file}`, (0, import_node_path8.join)(await copies, (0, import_node_path8.basename)(file)), machine, signal);
    },
    async remove(name) {
      const listed2 = await must(["ls", "-1", "--", `${folder}/${name}`]);
      const ours = listed2.stdout.split("\n").filter((file) => ourFile.test(file));
      if (ours.length > 0) await must(["rm", "-f", "--", ...ours.map((file) => `${folder}/${name}/${file}`)]);
      await run2(["rmdir", "--", `${folder}/${name}`]);
    },
    async close() {
      if (copies !== void 0) await (0, import_promises13.rm)(await copies, { recursive: true, force: true });
    }
  };
}
async function fetchFile(from, to, machine, signal) {
  const unread = (result) => new import_ground_errors.UserError(
    `Cannot read ${from} on ${machine.name} — ${(0, import_machine_machine.lastWords)(result, 1)}`,
    "see what is there; nothing was changed",
    { code: "cannot-read", evidence: (0, import_machine_machine.lastWords)(result) }
  );
  const asked2 = await machine.run(["wc", "-c", "--", from], {
    timeout: shortly,
    signal,
    env: { LC_ALL: "C" }
  });
  if (!(0, import_machine_machine.succeeded)(asked2)) throw unread(asked2);
  const length = Number.parseInt(asked2.stdout, 10);
  await (0, import_promises13.rm)(to, { force: true });
  const script = 'dd if="$1" bs=1048576 skip="$2" count="$3" 2>/dev/null | base64';
  for (let piece = 0; piece * fetchedAtOnce * 2 ** 20 < length; piece += 1) {
    const argv = ["sh", "-c", script, "sh", from, String(piece * fetchedAtOnce), String(fetchedAtOnce)];
    const got = await machine.run(argv, { timeout: transferTimeout, signal });
    if (!(0, import_machine_machine.succeeded)(got)) throw unread(got);
    await (0, import_promises13.appendFile)(to, Buffer.from(got.stdout, "base64"), { mode: 384 });
  }
  if ((await (0, import_promises13.stat)(to)).size === length) return to;
  throw unread({ exitCode: 0, signal: null, stdout: "only a part of it arrived", stderr: "" });
}
function cannotWrite(machine, folder, result) {
  const words = (0, import_machine_machine.lastWords)(result, 1);
  const isFull = /No space left|quota exceeded/i.test(words);
  return new import_ground_errors.UserError(
    `Cannot write a backup into ${folder} on ${machine.name} — ${words === "" ? "the command said nothing" : words}`,
    `${isFull ? "free space there" : "give this account the right to write there"}, or choose another folder (backup-folder); nothing was changed`,
    { code: isFull ? "disk-full" : "cannot-write", evidence: (0, import_machine_machine.lastWords)(result) }
  );
}
//! src/actions/backup.ts
var backupFields = {
  backup: import_step_fields.boolean,
  backupTo: (0, import_step_fields.choice)("runner", "server"),
  backupFolder: import_step_fields.text.optional(),
  backupKeep: import_step_fields.duration,
  backupRecipient: (0, import_step_fields.linesOf)(parseRecipient).optional()
};
var restoreFields = {
  restoreTo: (0, import_step_fields.choice)("beside", "in-place", "scratch"),
  backupPath: import_step_fields.text.optional(),
  backupIdentity: (0, import_step_fields.secret)((0, import_step_fields.readAs)(parseIdentity).optional())
};
async function withShelf(inputs, { log, signal }, use) {
  const { backupTo, backupFolder } = inputs;
  if (backupTo === "runner") {
    return use(runnerShelf(backupFolder ?? (0, import_node_path.join)(process.env.RUNNER_TEMP ?? (0, import_node_os.tmpdir)(), "tenantry-backups")));
  }
  const { sshUser = "", host: [host = ""] = [] } = inputs;
  const machine = await (0, import_machine_ssh_verdict.connectSsh)((0, import_machine_ssh_verdict.serverOf)({ ...inputs, sshUser }, host), { signal, log });
  const shelf = serverShelf(backupFolder ?? ".tenantry/backups", { machine, signal });
  try {
    return await use(shelf);
  } finally {
    await shelf.close();
    await machine.close();
  }
}
function backingUp(inputs, context) {
  if (!inputs.backup) return void 0;
  return (wanted) => withShelf(
    inputs,
    context,
    (shelf) => backUp(
      {
        ...wanted,
        databaseUrl: inputs.databaseUrl,
        through: inputs.through,
        shelf,
        recipients: inputs.backupRecipient,
        keep: inputs.backupKeep,
        origin: context.origin,
        lockTimeout: inputs.lockTimeout,
        sessions: context.sessions
      },
      { ...context, machine: import_machine_local.localMachine }
    )
  );
}
function restoreFrom(inputs, context) {
  const place = inputs.backupPath === void 0 ? void 0 : partsOfPath(inputs.backupPath);
  const at = place === void 0 ? inputs : { ...inputs, backupFolder: place.folder };
  return withShelf(at, context, (shelf) => restoreFromShelf(shelf, place?.id, inputs, context));
}
async function restoreFromShelf(shelf, id, inputs, context) {
  const { database, log } = context;
  const identity2 = await identityOf(database);
  const backup = await chooseBackup({ shelf, id, database: identity2, identity: inputs.backupIdentity });
  try {
    const { manifest, path } = backup;
    log.step("Backup", `${path} on ${shelf.place}: ${manifest.database.label}, ${manifest.taken}`);
    const outcome = { path, manifest, planned: [], restored: [] };
    const { databaseUrl, through: through2, lockTimeout, dryRun, restoreTo: to } = inputs;
    if (to === "scratch") {
      if (dryRun) return outcome;
      const connectTo = (name) => context.connectTo((0, import_database_url.databaseUrlOf)({ ...databaseUrl, name }, databaseUrl.scheme));
      const ports = { ...context, machine: import_machine_local.localMachine, connectTo };
      return {
        ...outcome,
        rehearsal: await rehearse({ databaseUrl, through: through2, backup, sessions: context.sessions }, ports)
      };
    }
    const schemas = chosenSchemas(manifest, inputs.schemas, (pattern, name) => patternOf(pattern).test(name));
    const request = {
      databaseUrl,
      through: through2,
      backup,
      schemas,
      to,
      identity: identity2,
      dryRun,
      lockTimeout,
      sessions: context.sessions
    };
    const planned = await planRestore(request, context);
    outcome.planned.push(...planned);
    for (const line of restoreLines(planned)) log.info(line);
    if (dryRun) return outcome;
    await restore(planned, request, {
      ...context,
      machine: import_machine_local.localMachine,
      onRestored(restored) {
        outcome.restored.push(restored);
        context.onStanding(outcome);
      }
    });
    return outcome;
  } finally {
    await backup.close();
  }
}
async function identityOf(database) {
  const { database: name, system, oid } = await readSurroundings(database);
  return { name, label: database.label, system, oid, server: database.serverVersion };
}
//! src/actions/place.ts
//! src/docker/container-machine.ts
//! src/docker/scripted-command.ts
function endingOf(exitCode) {
  const number2 = (exitCode ?? 0) - 128;
  const signal = Object.entries(import_node_os3.constants.signals).find(([, value]) => value === number2)?.[0];
  return signal === void 0 ? { exitCode, signal: null } : { exitCode: null, signal };
}
function startIn(line, marker) {
  return line.startsWith(`${marker} `) ? Number(line.slice(marker.length + 1)) : void 0;
}
function inputAfter(script, input = "") {
  if (typeof input === "string") return script + input;
  if (Buffer.isBuffer(input)) return Buffer.concat([Buffer.from(script), input]);
  return import_node_stream3.Readable.from(
    (async function* () {
      yield Buffer.from(script);
      yield* input;
    })(),
    { objectMode: false }
  );
}
//! src/docker/work-command.ts
//! src/docker/work-container.ts
var workLabels = {
  database: "tenantry.work-database",
  run: "tenantry.work-run",
  command: "tenantry.work-command"
};
function workArguments({ image, name, database, run: run2, command }, options, program) {
  const labels = {
    [workLabels.run]: run2,
    // By these it is found; what ends with its runner is nobody else's business, and may wait for the lock meanwhile.
    ...command === void 0 ? {} : { [workLabels.database]: database, [workLabels.command]: command }
  };
  return [
    ...["run", "--interactive", "--sig-proxy=false", "--pull", "never"],
    ...["--network", "host", "--no-healthcheck", "--restart", "no"],
    ...["--name", name],
    ...Object.entries(labels).flatMap(([label, value]) => ["--label", `${label}=${value}`]),
    ...options,
    ...["--entrypoint", "sh", image, "-c", program]
  ];
}
//! src/docker/work-command.ts
var limits = { small: 6e4, end: 5e3 };
var takeResult = `
  docker container inspect --format '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}' "$1" || exit
  docker rm "$1" > /dev/null 2>&1 || true`;
async function runApart(host, work3, argv, options) {
  options.signal?.throwIfAborted();
  const name = `${work3.name}-${(0, import_node_crypto11.randomBytes)(3).toString("hex")}`;
  const what = `${options.lasting} in ${work3.image} on ${host.name}`;
  const marker = `tenantry-${(0, import_node_crypto11.randomBytes)(8).toString("hex")}`;
  const { program, script } = (0, import_machine_ssh_verdict.remoteCommand)(argv, { ...options, marker });
  const apart2 = ["--log-driver", "json-file", "--stop-signal", "SIGINT"];
  let interruption;
  const stop = (why) => {
    interruption ??= why;
    const seconds = String(limits.end / 1e3);
    host.run(["docker", "stop", "--time", seconds, name], { timeout: limits.small }).catch(() => {
    });
  };
  const timer = setTimeout(() => stop("time is up"), options.timeout);
  const onAbort = () => stop("cancelled");
  options.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const said = await host.run(["docker", ...workArguments({ ...work3, name }, apart2, program)], {
      timeout: options.timeout + limits.small,
      stdin: inputAfter(script, options.stdin),
      onLine(line) {
        if (startIn(line, marker) === void 0) options.onLine?.(line);
      }
    });
    const [first = "", ...rest] = said.stdout.split("\n");
    const taken = await host.run(["sh", "-c", takeResult, "sh", name], { timeout: limits.small });
    if (startIn(first, marker) === void 0) {
      throw (0, import_diagnosis_container_rules.dockerVerdict)({ failed: `Cannot run ${what}`, server: host.name, result: said });
    }
    if (interruption === "cancelled") options.signal?.throwIfAborted();
    if (!(0, import_machine_machine.succeeded)(taken)) throw new import_ground_errors.LostConnection(what, `its container ${name} is gone`);
    const [status = "", code = "", outOfMemory] = taken.stdout.trim().split(" ");
    if (status !== "exited") {
      throw new import_ground_errors.LostConnection(what, `its container ${name} goes on without us (${status})`);
    }
    if (interruption === "time is up") throw timedOut(what, options.timeout, said);
    const refusal = (0, import_machine_ssh_verdict.startRefusal)(work3.image, argv, { ...options, ...said, marker });
    if (refusal !== void 0) throw refusal;
    const memory = outOfMemory === "true" ? "\nthe container was out of memory (OOMKilled)" : "";
    return { ...endingOf(Number(code)), stdout: rest.join("\n"), stderr: `${said.stderr}${memory}` };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", onAbort);
  }
}
function timedOut(what, timeout2, said) {
  return new import_ground_errors.UserError(
    `${what} did not end within ${(0, import_ground_duration.showDuration)(timeout2)} — it was ended`,
    "look at its last lines; if it needs longer, give it a longer time limit",
    { code: "command-timed-out", evidence: (0, import_machine_machine.lastWords)(said) }
  );
}
async function settleEarlierWork({ host, work: work3, log, signal }, wait) {
  const docker = (0, import_diagnosis_container_rules.dockerOn)(host, { log, signal });
  const deadline = performance.now() + wait;
  for (const { name, labels, state } of await docker.labelled(`${workLabels.database}=${work3.database}`)) {
    const begun2 = `${labels[workLabels.command]}, begun by ${labels[workLabels.run]}`;
    if (state.status === "running") {
      log.info(`${begun2}, goes on without it in the container ${name} on ${host.name}: waiting for its end`);
      await follow({ host, log, signal }, name, begun2, Math.max(1e3, deadline - performance.now()));
    }
    const ended = await docker.container(name);
    const last = ended === void 0 ? "" : (await docker.logs(name, 20)).lastLine;
    if (ended?.state.status === "exited" && ended.state.exitCode === 0) {
      log.info(`${begun2}, has come to its end without it: exit 0`);
    } else {
      const how = ended === void 0 ? "its container is gone" : `exit ${ended.state.exitCode}`;
      log.warning(`${begun2}, has ended without it: ${how}${last === "" ? "" : `, ${last}`}`);
    }
    await docker.remove(name);
  }
}
async function follow({ host, log, signal }, name, begun2, wait) {
  try {
    await host.run(["docker", "logs", "--follow", "--tail", "20", name], {
      timeout: wait,
      signal,
      onLine(line) {
        if (!/^tenantry-[0-9a-f]{16} \d+$/.test(line)) log.info(`  ${line}`);
      }
    });
    await host.run(["docker", "wait", name], { timeout: limits.small, signal });
  } catch (error) {
    if (!(error instanceof import_ground_errors.UserError) || error.code !== "command-timed-out") throw error;
    throw new import_ground_errors.UserError(
      `What an earlier run has begun is still at work after ${(0, import_ground_duration.showDuration)(wait)} — ${begun2}, in the container ${name} on ${host.name}`,
      `run again when it has ended, or raise lock-wait; "docker logs ${name}" shows how far it is; nothing was changed`,
      { code: "database-locked", cause: (0, import_ground_errors.messageOf)(error) }
    );
  }
}
//! src/docker/container-machine.ts
var limits2 = { start: 12e4, small: 6e4, end: 5e3, hear: 1e3 };
var over = 7;
var waitingProgram = `echo ready; sh 3>&1; [ $? -eq ${over} ] || sleep 6`;
async function openContainer(host, work3, { signal, log }) {
  const room = await startRoom(host, work3, signal);
  const name = `the image ${work3.image} on ${host.name}`;
  const inside = { host, room: work3.name, name, gone: goneWith(room, work3) };
  const shell = new RoomShell(room, work3.name);
  const run2 = (argv, options) => {
    const { lasting, quick, stdin = "" } = options;
    if (lasting !== void 0) {
      return runApart(host, { ...work3, command: lasting }, argv, { ...options, lasting });
    }
    if (quick === true && typeof stdin === "string" && /^$|\n$/.test(stdin)) {
      return shell.run(argv, { ...options, stdin });
    }
    return runInside(inside, argv, options);
  };
  return {
    name,
    run: run2,
    converse: (argv, options) => converseInside(inside, argv, options),
    writeFile: (path, content, { mode }) => (0, import_machine_ssh_verdict.writeByShell)({ name, run: run2 }, path, content, mode),
    readFile: (path) => (0, import_machine_ssh_verdict.readByShell)({ name, run: run2 }, path),
    async close() {
      await shell.end();
      const { exitCode } = await room.end(limits2.small);
      if (exitCode === 0) return;
      await host.run(["docker", "rm", "--force", work3.name], { timeout: limits2.small }).catch(() => log.debug(`the container ${work3.name} ends by itself`));
    }
  };
}
async function startRoom(host, work3, signal) {
  const argv = ["docker", ...workArguments(work3, ["--rm", "--log-driver", "none"], waitingProgram)];
  const room = await host.converse?.(argv, { signal });
  if (room === void 0) throw new Error(`${host.name} cannot keep a program`);
  const timer = new AbortController();
  const late = (0, import_promises14.setTimeout)(limits2.start, "late", { signal: timer.signal }).catch(() => "late");
  const said = await Promise.race([room.receive(), late]);
  timer.abort();
  if (said === "ready") return room;
  const result = await room.end();
  signal.throwIfAborted();
  throw (0, import_diagnosis_container_rules.dockerVerdict)({ failed: `Cannot start a container of ${work3.image}`, server: host.name, result });
}
var RoomShell = class {
  #room;
  #name;
  #before = Promise.resolve();
  constructor(room, name) {
    this.#room = room;
    this.#name = name;
  }
  run(argv, options) {
    const running = this.#before.then(() => this.#run(argv, options));
    this.#before = running.catch(() => {
    });
    return running;
  }
  async #run(argv, { stdin, env = {}, timeout: timeout2 }) {
    const marker = `tenantry-${(0, import_node_crypto10.randomBytes)(8).toString("hex")}`;
    const words = Object.entries(env).map(([name, value]) => `${name}=${(0, import_machine_ssh_verdict.quoted)(value)}`);
    const text2 = [...words, ...argv.map(import_machine_ssh_verdict.quoted)].join(" ");
    const asked2 = this.#room.send(
      `said=$( { ${text2} <<'${marker}'
${stdin}${marker}
} 2>&1 >&3)
printf '\\n%s %s\\n%s\\n%s\\n' ${marker} $? "$said" ${marker}`
    );
    await asked2.catch(() => {
    });
    const timer = new AbortController();
    const late = (0, import_promises14.setTimeout)(timeout2, "late", { signal: timer.signal }).catch(() => "late");
    try {
      const stdout = await this.#linesUntil((line) => line.startsWith(`${marker} `), late);
      const stderr = await this.#linesUntil((line) => line === marker, late);
      const exitCode = Number(stdout.pop()?.slice(marker.length + 1));
      stderr.pop();
      return { ...endingOf(exitCode), stdout: stdout.join("\n"), stderr: stderr.join("\n") };
    } finally {
      timer.abort();
    }
  }
  /** @returns them and the last one. @throws LostConnection */
  async #linesUntil(isLast, late) {
    const lines = [];
    for (; ; ) {
      const line = await Promise.race([this.#room.receive(), late]);
      if (line === void 0 || line === "late") {
        const observed = line === "late" ? "does not answer" : "is gone";
        throw new import_ground_errors.LostConnection(`a command in ${this.#name}`, `its container ${observed}`);
      }
      lines.push(line);
      if (isLast(line)) return lines;
    }
  }
  async end() {
    await this.#before;
    await this.#room.send(`exit ${over}`).catch(() => {
    });
  }
};
function goneWith(room, { name }) {
  const gone = room.ended.then((result) => {
    const said = (0, import_machine_machine.lastWords)(result, 1);
    throw new Error(`its container ${name} is gone (${(0, import_machine_machine.ending)(result)})${said === "" ? "" : `: ${said}`}`);
  });
  gone.catch(() => {
  });
  return gone;
}
async function runInside(inside, argv, options) {
  const { host, room, name, gone } = inside;
  options.signal?.throwIfAborted();
  const what = `${(0, import_machine_ssh_verdict.nameOf)(argv)} in ${name}`;
  const marker = `tenantry-${(0, import_node_crypto10.randomBytes)(8).toString("hex")}`;
  const { program, script } = (0, import_machine_ssh_verdict.remoteCommand)(argv, { ...options, marker });
  const client = new AbortController();
  const { promise: started, resolve: start } = Promise.withResolvers();
  const running = host.run(["docker", "exec", "--interactive", room, "sh", "-c", program], {
    timeout: options.timeout + 4 * limits2.end,
    signal: client.signal,
    stdin: inputAfter(script, options.stdin),
    onLine(line) {
      const id = startIn(line, marker);
      if (id === void 0) options.onLine?.(line);
      else start(id);
    }
  });
  running.catch(() => {
  });
  let timer;
  let onAbort = () => {
  };
  const interrupted = new Promise((resolve) => {
    timer = setTimeout(() => resolve("time is up"), options.timeout);
    onAbort = () => resolve("cancelled");
    options.signal?.addEventListener("abort", onAbort, { once: true });
  });
  const lost3 = gone.catch((error) => {
    throw new import_ground_errors.LostConnection(what, error.message);
  });
  lost3.catch(() => {
  });
  try {
    const end = await Promise.race([running, interrupted, lost3]);
    if (typeof end !== "string") return resultOf(end, { inside, argv, marker, options });
    const reallyEnded = await endInside({ host, room }, started, running);
    client.abort();
    if (end === "cancelled") options.signal?.throwIfAborted();
    throw new import_ground_errors.UserError(
      `${what} did not end within ${(0, import_ground_duration.showDuration)(options.timeout)} — ${reallyEnded ? "it was ended" : "it may still be running there"}`,
      "look what it waits for; if it needs longer, give it a longer time limit",
      { code: "command-timed-out" }
    );
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", onAbort);
    client.abort();
  }
}
async function resultOf(result, { inside, argv, marker, options }) {
  const { host, name } = inside;
  const [first = "", ...rest] = result.stdout.split("\n");
  const hasStarted = startIn(first, marker) !== void 0;
  if (!hasStarted || result.exitCode === 137) await requireRoom2(inside, `${(0, import_machine_ssh_verdict.nameOf)(argv)} in ${name}`);
  if (!hasStarted) {
    throw (0, import_diagnosis_container_rules.dockerVerdict)({ failed: `Cannot run ${(0, import_machine_ssh_verdict.nameOf)(argv)} in ${name}`, server: host.name, result });
  }
  const refusal = (0, import_machine_ssh_verdict.startRefusal)(name, argv, { ...options, ...result, marker });
  if (refusal !== void 0) throw refusal;
  return { ...result, ...endingOf(result.exitCode), stdout: rest.join("\n") };
}
async function requireRoom2({ host, room, gone }, what) {
  const settled = gone.catch(() => {
  });
  await Promise.race([settled, (0, import_promises14.setTimeout)(limits2.hear, void 0, { ref: false })]);
  const argv = ["docker", "container", "inspect", "--format", "{{.State.Running}}", room];
  const { stdout } = await host.run(argv, { timeout: limits2.small });
  if (stdout.trim() !== "true") throw new import_ground_errors.LostConnection(what, `its container ${room} is gone`);
}
async function endInside({ host, room }, started, over2) {
  const processId = await Promise.race([started, (0, import_promises14.setTimeout)(limits2.end, void 0, { ref: false })]);
  if (processId === void 0) return false;
  const ended = over2.then(
    () => true,
    () => true
  );
  for (const signal of ["TERM", "KILL"]) {
    const script = ["docker", "exec", room, "sh", "-c", (0, import_machine_ssh_verdict.signalScript)(processId, signal)];
    await host.run(script, { timeout: limits2.end }).catch(() => {
    });
    if (await Promise.race([ended, (0, import_promises14.setTimeout)(limits2.end, false, { ref: false })])) return true;
  }
  return false;
}
async function converseInside(inside, argv, options) {
  const { host, room, name } = inside;
  const marker = `tenantry-${(0, import_node_crypto10.randomBytes)(8).toString("hex")}`;
  const { program, script } = (0, import_machine_ssh_verdict.remoteCommand)(argv, { ...options, marker });
  const command = ["docker", "exec", "--interactive", room, "sh", "-c", program];
  const { signal, onLine } = options;
  const conversation = await host.converse?.(command, {
    ...signal === void 0 ? {} : { signal },
    ...onLine === void 0 ? {} : { onLine }
  });
  if (conversation === void 0) throw new Error(`${host.name} cannot keep a program`);
  await conversation.send(script.slice(0, -1));
  const processId = startIn(await conversation.receive() ?? "", marker);
  if (processId === void 0) {
    const result = await conversation.end();
    signal?.throwIfAborted();
    await requireRoom2(inside, `${(0, import_machine_ssh_verdict.nameOf)(argv)} in ${name}`);
    throw (0, import_machine_ssh_verdict.startRefusal)(name, argv, { ...options, ...result, marker }) ?? (0, import_diagnosis_container_rules.dockerVerdict)({ failed: `Cannot run ${(0, import_machine_ssh_verdict.nameOf)(argv)} in ${name}`, server: host.name, result });
  }
  const ended = conversation.ended.then((result) => ({ ...result, ...endingOf(result.exitCode) }));
  return {
    ...conversation,
    ended,
    async end(patience3 = limits2.end) {
      const ending2 = conversation.end(patience3 + 3 * limits2.end);
      const result = await Promise.race([ended, (0, import_promises14.setTimeout)(patience3, void 0, { ref: false })]);
      if (result === void 0) await endInside({ host, room }, processId, ended);
      await ending2;
      return ended;
    }
  };
}
//! src/machine/late.ts
function lateMachine(name, opening) {
  opening.catch(() => {
  });
  return {
    name,
    run: async (argv, options) => (await opening).run(argv, options),
    async converse(argv, options) {
      const { converse } = await opening;
      if (converse === void 0) throw new Error(`${name} cannot keep a program`);
      return converse(argv, options);
    },
    writeFile: async (path, content, options) => (await opening).writeFile(path, content, options),
    readFile: async (path) => (await opening).readFile(path),
    async close() {
      const machine = await opening.catch(() => void 0);
      await machine?.close();
    }
  };
}
//! src/actions/place.ts
function serverIsNeeded({ connectThrough, runIn, backupTo }) {
  if (runIn === "server") return "run-in: server";
  if (connectThrough === "ssh") return "connect-through: ssh";
  return backupTo === "server" ? "backup-to: server" : void 0;
}
function placeIsComplete(given) {
  const { runIn = "runner", host, sshUser, image } = given;
  const wish = serverIsNeeded(given);
  if (runIn !== "runner" && image === void 0) return `run-in: ${runIn} needs image`;
  if (runIn === "runner" && image !== void 0) return "image: goes with run-in: image or server";
  if (wish === void 0) {
    return host === void 0 ? void 0 : "host: goes with connect-through: ssh, run-in: server or backup-to: server";
  }
  if (host === void 0 || sshUser === void 0) return `${wish} needs host and ssh-user`;
  return host.length === 1 ? void 0 : `host: ${wish} takes one server, not ${host.length}`;
}
async function withPlace(inputs, ports, use) {
  if (inputs.runIn === "runner" || inputs.image === void 0) {
    return use({ machine: import_machine_local.localMachine, isHere: true });
  }
  const over2 = new AbortController();
  const signal = AbortSignal.any([ports.signal, over2.signal]);
  const host = hostOf(inputs, { ...ports, signal });
  const work3 = workOf(inputs, inputs.image, ports.origin);
  let isOpen = false;
  const opening = open(host, work3, inputs, { ...ports, signal }).then((opened) => {
    isOpen = true;
    return opened;
  });
  const machine = lateMachine(`the image ${work3.image} on ${host.name}`, opening);
  const settle = async (wait) => {
    await settleEarlierWork({ host, work: work3, ...ports }, wait);
  };
  try {
    return await use({ machine, isHere: inputs.runIn === "image", settle });
  } finally {
    if (!isOpen) over2.abort(new Error("the work is over"));
    await machine.close();
    await host.close();
  }
}
function hostOf(inputs, { log, signal }) {
  if (inputs.runIn === "image") return import_machine_local.localMachine;
  const { sshUser = "", host: [host = ""] = [] } = inputs;
  const server = (0, import_machine_ssh_verdict.serverOf)({ ...inputs, sshUser }, host);
  return lateMachine((0, import_machine_ssh_server.showAccount)(server), (0, import_machine_ssh_verdict.connectSsh)(server, { log, signal }));
}
async function open(host, work3, inputs, { log, signal }) {
  const started = performance.now();
  const docker = (0, import_diagnosis_container_rules.dockerOn)(host, { log, signal });
  const login = (0, import_yaml.registryLoginOf)(inputs);
  const openIt = () => openContainer(host, work3, { log, signal });
  const pullAndOpen = async () => {
    if (inputs.image !== void 0) await docker.pull(inputs.image, login);
    return openIt();
  };
  const openOrPull = () => openIt().catch(async (error) => {
    if (await docker.image(work3.image) !== void 0) throw error;
    return pullAndOpen();
  });
  const machine = await (login === void 0 ? openOrPull() : pullAndOpen());
  log.step("Place", machine.name, performance.now() - started);
  return machine;
}
function workOf(inputs, image, { run: run2 }) {
  const { host, port, name } = inputs.databaseUrl;
  const address = `${host}:${port === "" ? 5432 : port}/${name}`;
  const database = (0, import_node_crypto9.createHash)("sha256").update(address).digest("hex").slice(0, 12);
  const token = (0, import_node_crypto9.randomBytes)(4).toString("hex");
  return {
    image: (0, import_diagnosis_container_rules.showImage)(image),
    name: `tenantry-work-${database}-${token}`,
    database,
    run: run2
  };
}
//! src/database/libpq-variables.ts
var variableOf = {
  hostaddr: "PGHOSTADDR",
  passfile: "PGPASSFILE",
  options: "PGOPTIONS",
  sslmode: "PGSSLMODE",
  sslnegotiation: "PGSSLNEGOTIATION",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
  sslcertmode: "PGSSLCERTMODE",
  sslrootcert: "PGSSLROOTCERT",
  sslcrl: "PGSSLCRL",
  sslcrldir: "PGSSLCRLDIR",
  sslsni: "PGSSLSNI",
  channel_binding: "PGCHANNELBINDING",
  require_auth: "PGREQUIREAUTH",
  ssl_min_protocol_version: "PGSSLMINPROTOCOLVERSION",
  ssl_max_protocol_version: "PGSSLMAXPROTOCOLVERSION",
  gssencmode: "PGGSSENCMODE",
  connect_timeout: "PGCONNECT_TIMEOUT",
  client_encoding: "PGCLIENTENCODING",
  target_session_attrs: "PGTARGETSESSIONATTRS",
  load_balance_hosts: "PGLOADBALANCEHOSTS"
};
function libpqVariables({
  host,
  port,
  name,
  user,
  password,
  params
}) {
  const parts = { PGHOST: host, PGPORT: port, PGDATABASE: name, PGUSER: user, PGPASSWORD: password };
  const parameters = Object.entries(params).flatMap(([keyword, value]) => {
    const variable = variableOf[keyword];
    return variable === void 0 ? [] : [[variable, value]];
  });
  return Object.fromEntries([...Object.entries(parts), ...parameters].filter(([, value]) => value !== ""));
}
//! src/actions/preset.ts
var presetFields = {
  preset: (0, import_step_fields.choice)("django-tenants", "command"),
  sharedCommand: (0, import_step_fields.readAs)(parseSharedCommand).optional(),
  tenantCommand: (0, import_step_fields.readAs)(parseTenantCommand).optional(),
  tenantQuery: import_step_fields.text.optional(),
  tenantCommandRepeatable: import_step_fields.boolean
};
var registeringFields = {
  preset: presetFields.preset,
  tenantCommand: presetFields.tenantCommand,
  tenantQuery: presetFields.tenantQuery,
  registerCommand: (0, import_step_fields.readAs)(parseRegisterCommand).optional(),
  unregisterCommand: (0, import_step_fields.readAs)(parseRegisterCommand).optional()
};
var ofDjango = {
  python: "python",
  settingsModule: void 0,
  superTenantCommand: void 0,
  engine: "auto",
  postMigrate: "auto",
  fakeInitial: "shared-if-identical",
  allowUnknownMigrations: false,
  tenantName: void 0,
  tenantType: void 0,
  fields: void 0,
  superuserEmail: void 0,
  superuserUsername: void 0,
  superuserPassword: void 0
};
var ofCommands = {
  sharedCommand: void 0,
  tenantCommand: void 0,
  tenantQuery: void 0,
  tenantCommandRepeatable: false,
  registerCommand: void 0,
  unregisterCommand: void 0
};
var presetRules = [
  (given) => {
    const foreign = given.preset === "command" ? ofDjango : ofCommands;
    const names3 = Object.entries(foreign).filter(([name, nothing]) => {
      const value = given[name];
      return value !== void 0 && value !== nothing;
    }).map(([name]) => (0, import_step_manifest.kebabCase)(name));
    if (names3.length === 0) return void 0;
    const whose = given.preset === "command" ? "Django only, and preset is command" : "preset: command only";
    return `${(0, import_ground_words.listed)(names3)}: ${names3.length === 1 ? "is" : "are"} for ${whose}`;
  },
  ({ preset, tenantCommand, tenantQuery }) => {
    if (preset !== "command") return void 0;
    const missing2 = Object.entries({ tenantCommand, tenantQuery }).filter(([, value]) => value === void 0);
    return missing2.length === 0 ? void 0 : `${(0, import_ground_words.listed)(missing2.map(([name]) => (0, import_step_manifest.kebabCase)(name)))}: is required with preset: command`;
  },
  ({ preset, smokeCommand: smokeCommand2 = [] }) => preset === "command" ? void 0 : notOfManagePy(smokeCommand2),
  ({ preset, rollout = [] }) => {
    const typed = preset === "command" ? rollout.find(({ type }) => type !== void 0) : void 0;
    return typed && `rollout: the group ${typed.name} has type, which is for Django only: select by schemas or query`;
  }
];
function presetProject(inputs, django) {
  if (inputs.preset !== "command") return django;
  const { sharedCommand, tenantCommand = [], tenantQuery = "", tenantCommandRepeatable } = inputs;
  const { machine, workingDirectory, env, sessions, timeouts } = django;
  const url = urlFor(inputs, timeouts);
  return {
    machine,
    workingDirectory,
    env: {
      ...libpqVariables(url),
      ...env,
      DATABASE_URL: (0, import_database_url.composeUrl)(url, url.scheme),
      DB_HOST: url.host,
      ...inputs.env,
      ...env.PGOPTIONS === void 0 ? {} : { PGOPTIONS: env.PGOPTIONS }
    },
    sessions,
    timeouts,
    sharedCommand,
    tenantCommand,
    tenantQuery,
    repeatable: tenantCommandRepeatable
  };
}
function registeringProject(inputs, django) {
  const { registerCommand = [], unregisterCommand } = inputs;
  const preset = { ...inputs, sharedCommand: void 0, tenantCommandRepeatable: false };
  const project = presetProject(preset, django);
  return "tenantQuery" in project ? { ...project, registerCommand, unregisterCommand } : project;
}
function urlFor({ databaseUrl, through: through2 }, timeouts) {
  const { options, sslmode } = databaseUrl.params;
  const limited = options === void 0 || timeouts === void 0 || (0, import_database_url.isUnlimited)(timeouts) ? {} : { options: (0, import_database_url.withTimeouts)(options, timeouts) };
  const host = through2 === void 0 || sslmode === "verify-full" ? databaseUrl.host : "127.0.0.1";
  const port = through2 === void 0 ? databaseUrl.port : String(through2.port);
  return { ...databaseUrl, host, port, params: { ...databaseUrl.params, ...limited } };
}
//! src/database/advisory-lock.ts
//! src/database/lock-holder.ts
var longest = { run: 250, actor: 40, commit: 40, phase: 80, since: 20 };
function noteOf(note) {
  const short = Object.entries(longest).map(([name, length]) => [
    name,
    printable(note[name]).slice(0, length)
  ]);
  return `/* tenantry ${JSON.stringify(Object.fromEntries(short)).replaceAll("*", "\\u002a")} */`;
}
function readHolder(row) {
  const note = readNote(row.query);
  const since = Date.parse(note?.since ?? "");
  return {
    pid: row.pid,
    role: printable(row.role),
    application: printable(row.application),
    note,
    visible: row.query !== "" && row.query !== "<insufficient privilege>",
    milliseconds: Number.isNaN(since) ? void 0 : Math.max(0, row.now - since)
  };
}
function readNote(query) {
  const [, written2 = ""] = /\/\* tenantry (\{.*\}) \*\//s.exec(query) ?? [];
  try {
    const found = JSON.parse(written2);
    const word = (name) => printable(String(found[name] ?? ""));
    return {
      run: word("run"),
      actor: word("actor"),
      commit: word("commit"),
      phase: word("phase"),
      since: word("since")
    };
  } catch {
    return void 0;
  }
}
function describeHolder({ pid, role, application, note, visible, milliseconds }) {
  if (note !== void 0) {
    const facts = [
      ...note.commit === "" ? [] : [`commit ${note.commit.slice(0, 7)}`],
      `by ${note.actor}`,
      ...note.phase === "" ? [] : [`at ${note.phase}`],
      ...milliseconds === void 0 ? [] : [`for ${(0, import_ground_duration.showDuration)(milliseconds)}`]
    ];
    return `${note.run} (${facts.join(", ")})`;
  }
  const session = `session ${pid} of the role ${role || "unknown"}${application === "" ? "" : ` ("${application}")`}`;
  return visible ? session : `${session}, whose run is shown only to that role and to members of pg_read_all_stats,`;
}
function lockApplicationName({ run: run2, actor }) {
  const [, number2] = /\/runs\/(\d+)/.exec(run2) ?? [];
  const name = number2 === void 0 ? `tenantry lock ${run2}` : `tenantry lock run ${number2} by ${actor}`;
  return name.replace(/[^\x20-\x7e]/g, "?").slice(0, 63);
}
function printable(text2) {
  return text2.replace(new RegExp("\\p{Cc}+", "gu"), " ");
}
//! src/database/advisory-lock.ts
var key = { space: 1953395826, number: 1 };
var held = `l.locktype = 'advisory' and l.classid = ${key.space} and l.objid = ${key.number} and l.objsubid = 2
  and l.granted and l.database = (select oid from pg_database where datname = current_database())`;
var pollInterval = 1e3;
async function takeLock(database, options) {
  const { origin, wait, log, signal } = options;
  const started = performance.now();
  await noticeSilence(database);
  let shown3 = "";
  for (; ; ) {
    signal.throwIfAborted();
    const since = await tryToTake(database, origin);
    if (since !== void 0) return holding(database, origin, since);
    const left = wait - (performance.now() - started);
    const holder = await findHolder(database);
    if (left <= 0) throw locked(database.label, wait, holder);
    if (holder !== void 0 && identity(holder) !== shown3) {
      shown3 = identity(holder);
      log.info(
        `Waiting up to ${(0, import_ground_duration.showDuration)(wait)} for the lock, nothing has been changed: ${describeHolder(holder)} holds it`
      );
    }
    await (0, import_promises15.setTimeout)(Math.min(pollInterval, left), void 0, { signal }).catch(() => signal.throwIfAborted());
  }
}
async function noticeSilence(database) {
  await database.query(
    `select set_config(name, value, false)
       from (values ('tcp_keepalives_idle', '30'), ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '3'),
                    ('idle_session_timeout', '0'), ('statement_timeout', '0')) wanted (name, value)
      where exists (select from pg_settings where pg_settings.name = wanted.name)`
  );
}
async function tryToTake(database, origin) {
  const [row] = await database.query(
    `${noteOf({ ...origin, phase: "the beginning", since: "" })}
     select pg_try_advisory_lock(${key.space}, ${key.number}) as taken,
            to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as now`
  );
  return row?.taken === true ? row.now : void 0;
}
async function findHolder(database) {
  const [row] = await database.query(
    `select l.pid, coalesce(a.usename::text, '') as role, coalesce(a.application_name, '') as application,
            coalesce(a.query, '') as query, (extract(epoch from clock_timestamp()) * 1000)::float8 as now
       from pg_locks l left join pg_stat_activity a on a.pid = l.pid
      where ${held}`
  );
  return row === void 0 ? void 0 : readHolder(row);
}
function identity({ pid, note }) {
  return `${pid} ${note?.run} ${note?.since}`;
}
function holding(database, origin, since) {
  return {
    async at(phase) {
      const rows = await database.query(
        `${noteOf({ ...origin, phase, since })} select from pg_locks l where l.pid = pg_backend_pid() and ${held}`
      ).catch((error) => {
        throw error instanceof import_ground_errors.LostConnection ? lost(database.label, phase, (0, import_ground_errors.messageOf)(error.cause), error) : error;
      });
      if (rows.length === 0) throw lost(database.label, phase, "its session no longer has it");
    },
    async release() {
      await database.query(`select pg_advisory_unlock(${key.space}, ${key.number})`).catch(() => {
      });
    }
  };
}
function lost(label, phase, observed, cause) {
  return new import_ground_errors.UserError(
    `The lock on ${label} was lost, noticed before ${phase} — ${observed}`,
    "another run may be changing the database now: see that none is, then run again; this run has stopped there, what is done stays done",
    { code: "connection-lost", cause }
  );
}
function locked(label, wait, holder) {
  const who = holder === void 0 ? "a session that has ended since" : describeHolder(holder);
  const observed = wait === 0 ? `${who} holds the lock` : `${who} still held the lock after ${(0, import_ground_duration.showDuration)(wait)}`;
  const dead = holder === void 0 ? "" : `; if that run is dead, end its session with SELECT pg_terminate_backend(${holder.pid})`;
  return new import_ground_errors.UserError(
    `Another run is changing ${label} — ${observed}`,
    `run again when it has ended, or raise lock-wait${dead}; nothing was changed`,
    { code: "database-locked" }
  );
}
//! src/actions/project.ts
var connectTimeout = 1e4;
async function withDatabase({ databaseUrl, waitAttempts, waitInterval, through: through2 }, { log, signal }, use) {
  const started = performance.now();
  const options = { applicationName: "tenantry", connectTimeout, signal, through: through2 };
  const database = await (0, import_database_verdict.waitForDatabase)(databaseUrl, {
    ...options,
    attempts: waitAttempts,
    interval: waitInterval,
    log
  });
  try {
    log.step(
      "Database",
      `${database.label} (PostgreSQL ${database.serverVersion})${through2 === void 0 ? "" : `, through ${through2.through}`}`,
      performance.now() - started
    );
    return await use(
      database,
      (until = signal) => (0, import_database_verdict.connect)(databaseUrl, { ...options, signal: until, pooler: "accept" })
    );
  } finally {
    await database.close();
  }
}
async function withLock({ databaseUrl, waitAttempts, waitInterval, through: through2, lockWait, dryRun }, { log, signal, origin, sessions, settle }, use) {
  if (dryRun) return use(async () => {
  });
  signal.throwIfAborted();
  const started = performance.now();
  const waiting = new AbortController();
  const cancel = () => waiting.abort(signal.reason);
  signal.addEventListener("abort", cancel, { once: true });
  let session;
  try {
    session = await (0, import_database_verdict.waitForDatabase)(databaseUrl, {
      applicationName: lockApplicationName(origin),
      connectTimeout,
      through: through2,
      attempts: waitAttempts,
      interval: waitInterval,
      log,
      signal: waiting.signal
    });
    const held3 = session;
    const lock2 = await takeLock(held3, { origin, wait: lockWait, log, signal: waiting.signal });
    const left = () => Math.max(0, lockWait - (performance.now() - started));
    await settle?.(left());
    await waitForEarlierRuns(held3, { sessions, wait: left(), log, signal: waiting.signal });
    signal.removeEventListener("abort", cancel);
    log.step("Lock", "taken", performance.now() - started);
    const clear = () => clearSessions(held3, sessions, log);
    signal.addEventListener("abort", clear, { once: true });
    try {
      return await use(lock2.at);
    } finally {
      signal.removeEventListener("abort", clear);
      await clear();
      await lock2.release();
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    await session?.close();
  }
}
async function clearSessions(database, sessions, log) {
  if (sessions === void 0) return;
  const { ended, left } = await endOwnSessions(database, sessions).catch(() => ({ ended: 0, left: 0 }));
  if (ended > 0) log.info(`${(0, import_ground_words.counted)(ended, "session")} of this run ended in the database`);
  if (left > 0) log.warning(`${(0, import_ground_words.counted)(left, "session")} of this run still there: ${sessions}/…`);
}
function projectOf({ databaseUrl, through: through2, workingDirectory, python, settingsModule }, env, {
  timeouts,
  sessions,
  place = { machine: import_machine_local.localMachine, isHere: true }
} = {}) {
  const { machine, isHere } = place;
  const options = env.PGOPTIONS ?? (machine === import_machine_local.localMachine ? process.env.PGOPTIONS : void 0);
  const tunnel = isHere ? through2 : void 0;
  const url = tunnel === void 0 ? databaseUrl : { ...databaseUrl, port: String(tunnel.port) };
  return {
    machine,
    workingDirectory,
    python,
    settingsModule,
    env: {
      DATABASE_URL: (0, import_database_url.composeUrl)(url, url.scheme),
      ...(0, import_database_django_variables.djangoVariables)(url),
      // The host stays what it is: certificates are made out to it. libpq connects to this address instead.
      ...tunnel === void 0 ? {} : { PGHOSTADDR: "127.0.0.1" },
      ...env,
      // Where no limit is asked for nothing is sent: some poolers refuse PGOPTIONS.
      ...timeouts === void 0 || (0, import_database_url.isUnlimited)(timeouts) ? {} : { PGOPTIONS: (0, import_database_url.withTimeouts)(options, timeouts) }
    },
    timeouts,
    sessions
  };
}
//! src/database/structure.ts
function differences(from, to) {
  const tables = [.../* @__PURE__ */ new Set([...from.tables.keys(), ...to.tables.keys()])].sort();
  return [
    ...tables.flatMap((table) => differencesOfTable(table, from.tables.get(table), to.tables.get(table))),
    ...differencesOfOthers(from.others, to.others)
  ];
}
function differencesOfTable(table, from, to) {
  if (to === void 0) return [`lacks table ${table}`];
  if (from === void 0) return [`has a table that others do not have: ${table}`];
  return [
    ...compared(from.columns, to.columns, {
      lacks: ({ name }) => [`${table} lacks column ${name}`],
      has: ({ name }) => [`${table} has a column that others do not have: ${name}`],
      differs: (a, b) => differencesOfColumn(`${table}.${b.name}`, a, b)
    }),
    ...compared(from.constraints, to.constraints, {
      lacks: ({ name, definition }) => [`${table} lacks constraint ${name}: ${definition}`],
      has: ({ name, definition }) => [
        `${table} has a constraint that others do not have: ${name}: ${definition}`
      ],
      differs: (a, b) => differencesOfConstraint(table, a, b)
    }),
    ...compared(from.indexes, to.indexes, {
      lacks: ({ name }) => [`${table} lacks index ${name}`],
      has: ({ name, valid }) => [
        `${table} has an index that others do not have: ${name}${valid ? "" : ", which is invalid"}`
      ],
      differs: differencesOfIndex
    })
  ];
}
function differencesOfColumn(name, from, to) {
  return [
    ...from.type === to.type ? [] : [`${name} is ${to.type} instead of ${from.type}`],
    ...from.notNull === to.notNull ? [] : [`${name} ${to.notNull ? "is NOT NULL" : "may be NULL"}`],
    ...from.value === to.value ? [] : [
      `${name} has ${worded(to.value)}${from.value === void 0 ? "" : ` instead of ${worded(from.value)}`}`
    ]
  ];
}
function worded(value) {
  if (value === void 0) return "no default";
  return /^(generated|identity) /.test(value) ? value : `default ${value}`;
}
function differencesOfConstraint(table, from, to) {
  return [
    ...from.definition === to.definition ? [] : [`constraint ${to.name} of ${table} is ${to.definition} instead of ${from.definition}`],
    ...from.validated === to.validated ? [] : [`constraint ${to.name} of ${table} is ${to.validated ? "validated" : "not validated"}`]
  ];
}
function differencesOfIndex(from, to) {
  return [
    ...from.definition === to.definition ? [] : [`index ${to.name} is ${to.definition} instead of ${from.definition}`],
    ...from.valid === to.valid ? [] : [`index ${to.name} is ${to.valid ? "valid" : "invalid"}`]
  ];
}
function compared(from, to, words) {
  const before = new Map(from.map((item) => [item.name, item]));
  const after = new Map(to.map((item) => [item.name, item]));
  return [.../* @__PURE__ */ new Set([...before.keys(), ...after.keys()])].sort().flatMap((name) => {
    const [a, b] = [before.get(name), after.get(name)];
    if (a === void 0) return b === void 0 ? [] : words.has(b);
    return b === void 0 ? words.lacks(a) : words.differs(a, b);
  });
}
function differencesOfOthers(from, to) {
  const [before, after] = [new Set(from), new Set(to)];
  const gone = from.filter((line) => !after.has(line));
  const come = to.filter((line) => !before.has(line));
  const objects = new Set([...gone, ...come].map(objectOf));
  return [...objects].sort().flatMap((object2) => {
    const [a, b] = [gone, come].map((lines) => lines.filter((line) => objectOf(line) === object2));
    if (b === void 0 || b.length === 0) return [`lacks ${object2}`];
    if (a === void 0 || a.length === 0) return [`has ${object2}, which others do not have`];
    return [`${b.map(shortened).join("; ")} instead of ${a.map(shortened).join("; ")}`];
  });
}
var objectOf = (line) => line.split(": ", 1)[0] ?? line;
var shortened = (line) => line.replace(/\s+/g, " ");
//! src/migrations/structure-parts.ts
function newIn({ tables }, before) {
  return only(tables, (name, part) => {
    const table = before.tables.get(name);
    return table === void 0 || !namesOf(table).has(part);
  });
}
function counterpart(made, { tables }) {
  return only(tables, (name, part) => {
    const table = made.tables.get(name);
    return table !== void 0 && namesOf(table).has(part);
  });
}
function only(tables, isWanted) {
  const parts = [...tables].map(([name, table]) => {
    const wanted = (of) => of.filter((part) => isWanted(name, part.name));
    return [
      name,
      {
        columns: wanted(table.columns),
        constraints: wanted(table.constraints),
        indexes: wanted(table.indexes)
      }
    ];
  });
  return { tables: new Map(parts.filter(([, table]) => namesOf(table).size > 0)), others: [] };
}
function namesOf({ columns: columns2, constraints: constraints3, indexes: indexes3 }) {
  return new Set([...columns2, ...constraints3, ...indexes3].map(({ name }) => name));
}
//! src/migrations/drift.ts
function driftOf(fleet, structures, before) {
  const byRun = before === void 0 ? /* @__PURE__ */ new Set() : driftedByRun(fleet, structures, before);
  return kindsAtHead(fleet).flatMap(([tenantType, schemas]) => {
    const [norm, ...others2] = among(schemas, structures);
    if (norm === void 0) return [];
    return [
      {
        tenantType,
        equal: norm.schemas,
        others: others2.map((group2) => ({
          schemas: group2.schemas,
          differences: differences(norm.structure, group2.structure),
          byThisRun: group2.schemas.filter((schema) => byRun.has(schema))
        }))
      }
    ];
  });
}
function driftGroups(drift) {
  return drift.reduce((sum2, { others: others2 }) => sum2 + 1 + others2.length, 0);
}
function driftedByRun(fleet, structures, before) {
  const structureOf3 = bySchema(structures);
  const structureBefore = bySchema(before.structures);
  const drifted = /* @__PURE__ */ new Set();
  for (const [, schemas] of kindsAtHead(fleet)) {
    const [norm] = among(schemas, structures);
    if (norm === void 0) continue;
    const atHead = new Set(schemas);
    const isMigrated = (schema) => before.migrated.has(schema) && atHead.has(schema);
    for (const { alike, others: others2 } of equalLedgersBefore(before)) {
      const migrated = alike.filter(isMigrated);
      const usual = among(migrated, structures)[0];
      for (const schema of migrated) {
        const now = structureOf3.get(schema);
        if (now === void 0 || now.id === norm.id) continue;
        const then = structureBefore.get(schema)?.structure;
        if (now.id !== usual?.id || hasNewDifference(norm.structure, now.structure, then)) {
          drifted.add(schema);
        }
      }
      const model2 = structureBefore.get(alike[0] ?? "")?.structure;
      if (usual === void 0 || model2 === void 0) continue;
      const made = newIn(usual.structure, model2);
      for (const schema of others2.filter(isMigrated)) {
        const now = structureOf3.get(schema)?.structure;
        if (now !== void 0 && differences(made, counterpart(made, now)).length > 0) drifted.add(schema);
      }
    }
  }
  return drifted;
}
function hasNewDifference(norm, now, then) {
  const known = new Set(then === void 0 ? [] : differences(norm, then));
  return differences(norm, now).some((difference) => !known.has(difference));
}
function equalLedgersBefore({
  fleet,
  structures
}) {
  const ledgers = new Map(fleet.groups.flatMap(({ id, schemas }) => schemas.map((name) => [name, id])));
  return kindsOf(fleet).flatMap(([, schemas]) => {
    const equalLedgers = Map.groupBy(schemas, (schema) => ledgers.get(schema));
    return [...equalLedgers.values()].map((equal) => {
      const [largest, ...rest] = among(equal, structures);
      return { alike: largest?.schemas ?? [], others: rest.flatMap((group2) => group2.schemas) };
    });
  });
}
function kindsAtHead(fleet) {
  const atHead = new Set(
    fleet.groups.filter(
      ({ ledger, pending, bookkeeping, inconsistent }) => ledger && pending.length + bookkeeping.length === 0 && inconsistent === null
    ).flatMap(({ schemas }) => schemas)
  );
  return kindsOf(fleet).map(([tenantType, schemas]) => [
    tenantType,
    schemas.filter((schema) => atHead.has(schema))
  ]);
}
function kindsOf({ tenants, publicSchema }) {
  const rows = tenants.filter(({ schema }) => schema !== publicSchema);
  return [...Map.groupBy(rows, ({ tenantType }) => tenantType)].map(([tenantType, ofType]) => [
    tenantType,
    ofType.map(({ schema }) => schema)
  ]);
}
function among(schemas, structures) {
  const wanted = new Set(schemas);
  return structures.map((group2) => ({ ...group2, schemas: group2.schemas.filter((schema) => wanted.has(schema)) })).filter((group2) => group2.schemas.length > 0).sort((a, b) => b.schemas.length - a.schemas.length);
}
function bySchema(structures) {
  return new Map(structures.flatMap((group2) => group2.schemas.map((schema) => [schema, group2])));
}
var told = 3;
function driftSentence(drift, since = "") {
  if (drift.every(({ others: others2 }) => others2.length === 0)) return void 0;
  const equal = drift.reduce((sum2, kind2) => sum2 + kind2.equal.length, 0);
  return `${(0, import_ground_words.counted)(equal, "tenant")} equal; ${differingSentence(drift, since)}`;
}
function differingSentence(drift, since = "") {
  const others2 = drift.flatMap((kind2) => kind2.others);
  const sum2 = (groups) => groups.reduce((total, { schemas }) => total + schemas.length, 0);
  const rest = sum2(others2.slice(told));
  const shown3 = [
    ...others2.slice(0, told).map((group2) => groupSentence(group2, since)),
    ...rest === 0 ? [] : [`and ${(0, import_ground_words.grouped)(rest)} more`]
  ];
  return `${(0, import_ground_words.grouped)(sum2(others2))} ${sum2(others2) === 1 ? "differs" : "differ"}: ${shown3.join("; ")}`;
}
function groupSentence({ schemas, differences: differences2, byThisRun }, since) {
  const [first = "", ...others2] = differences2;
  const more = others2.length === 0 ? "" : ` and ${(0, import_ground_words.counted)(others2.length, "more difference")}`;
  return `${(0, import_ground_words.listed)(schemas, 3)}${predicate(first, schemas.length > 1)}${more}${byThisRun.length === 0 ? since : " (by this run)"}`;
}
function predicate(difference, plural) {
  const verb = /^(?:\S+ (?=lacks index \S+$))?(lacks|has) (.*)$/.exec(difference);
  if (verb === null) return `: ${difference}`;
  return ` ${plural ? verb[1] === "has" ? "have" : "lack" : verb[1]} ${verb[2]}`;
}
function driftLines(drift) {
  return drift.flatMap(
    ({ others: others2 }) => others2.flatMap(({ schemas, differences: differences2 }) => [
      `${(0, import_ground_words.listed)(schemas, 20)}:`,
      ...differences2.map((difference) => `  ${difference}`)
    ])
  );
}
//! src/migrations/notices.ts
function notices(plan) {
  const { orphans, hidden, ghosts, appsWithoutMigrations } = plan;
  return [
    ...orphans.length === 0 ? [] : [
      `${(0, import_ground_words.counted)(orphans.length, "schema")} of no tenant, not migrated: ${(0, import_ground_words.listed)(
        orphans.map(
          ({ schema, lastApplied }) => `${schema}${lastApplied === null ? "" : ` (last migrated ${lastApplied} UTC)`}`
        ),
        5
      )}`
    ],
    ...hidden.length === 0 ? [] : [
      `${(0, import_ground_words.counted)(hidden.length, "tenant")} hidden by the default manager, not migrated: ${(0, import_ground_words.listed)(hidden, 5)}`
    ],
    ...ghosts.length === 0 ? [] : [
      `recorded, but not in this code: ${(0, import_ground_words.listed)(
        ghosts.map(({ migration: migration2, schemas }) => `${migration2} (${(0, import_ground_words.counted)(schemas, "schema")})`),
        5
      )}`
    ],
    ...appsWithoutMigrations.length === 0 ? [] : [`apps with models but without migrations, which get no tables: ${(0, import_ground_words.listed)(appsWithoutMigrations)}`],
    ...plan.back === void 0 ? templateNotices(plan.templates) : templatesGoingBack(plan),
    ...plan.partialSquashes.map(
      ({ squash, applied: applied2, of, schemas }) => `${(0, import_ground_words.counted)(schemas.length, "schema")} with ${applied2} of the ${(0, import_ground_words.counted)(of, "migration")} that ${squash} replaces (${(0, import_ground_words.listed)(schemas, 3)}): keep the old files until ${schemas.length === 1 ? "it has" : "they have"} all`
    ),
    ...plan.duplicates.length === 0 ? [] : [
      `migrations recorded twice, as two runs at once do: ${(0, import_ground_words.listed)(
        plan.duplicates.map(({ schema, migrations }) => `${schema} (${(0, import_ground_words.listed)(migrations, 2)})`),
        3
      )}`
    ],
    ...lackingNotices(plan.lacking),
    ...particularNotices(plan.particulars)
  ];
}
function templateNotices(templates) {
  return templates.flatMap(({ schema, exists, pending, unknown: unknown3 }) => {
    if (!exists) return [`the template ${schema}, which new tenants are copied from, does not exist`];
    if (unknown3 !== null) return [`the template ${schema} cannot be judged: ${unknown3}`];
    if (pending.length === 0) return [];
    return [
      `the template ${schema} is ${(0, import_ground_words.counted)(pending.length, "migration")} behind: a tenant copied from it would have them recorded and not made`
    ];
  });
}
function templatesGoingBack({ templates, back }) {
  return [
    ...templates.filter(({ exists, pending }) => exists && pending.length > 0).map(({ schema }) => `the template ${schema}, which new tenants are copied from, goes back, too`),
    ...(back?.templatesAhead ?? []).map(
      (schema) => `the template ${schema} stays where it is: a tenant that is copied from it will have what these go back from`
    )
  ];
}
function lackingNotices(lacking) {
  if (lacking.length === 0) return [];
  const schemas = lacking.flatMap((group2) => group2.schemas);
  const things = [...new Set(lacking.flatMap((group2) => [...group2.contentTypes, ...group2.permissions]))];
  return [
    `${(0, import_ground_words.counted)(schemas.length, "schema")} without content types or permissions of the code (${(0, import_ground_words.listed)(schemas, 3)}): ${(0, import_ground_words.listed)(things, 3)}`
  ];
}
function particularNotices(particulars) {
  const { baseMigrateCommand, executorFunction, extraSetTenantMethod, extraSearchPaths } = particulars;
  const own = [
    ...baseMigrateCommand === null ? [] : [`TENANT_BASE_MIGRATE_COMMAND is ${baseMigrateCommand}`],
    ...executorFunction === null ? [] : [`GET_EXECUTOR_FUNCTION is ${executorFunction}`],
    ...extraSetTenantMethod === null ? [] : [`EXTRA_SET_TENANT_METHOD_PATH is ${extraSetTenantMethod}`],
    ...extraSearchPaths.length === 0 ? [] : [`PG_EXTRA_SEARCH_PATHS has ${(0, import_ground_words.listed)(extraSearchPaths)}`]
  ];
  return own.length === 0 ? [] : [`the project changes how django-tenants works: ${own.join("; ")}`];
}
//! src/migrations/obstacles.ts
function refusals({ shared, sharedTrouble, conflicts, ghosts }, soFar = "nothing was changed", { allowUnknownMigrations = false } = {}) {
  const found = [];
  const refuse = (code, message, hint) => found.push(new import_ground_errors.UserError(message, `${hint}; ${soFar}`, { code }));
  const [conflict] = conflicts;
  if (conflict !== void 0) {
    refuse(
      "migrations-conflict",
      `The app ${conflict.app} has several newest migrations — ${(0, import_ground_words.listed)(conflict.leaves)}`,
      "run python manage.py makemigrations --merge and commit its migration"
    );
  }
  if (sharedTrouble?.code === "tenant-without-schema") {
    refuse(
      "shared-schema-missing",
      `The shared schema ${shared.schema} does not exist — PUBLIC_SCHEMA_NAME names it`,
      `create it with CREATE SCHEMA "${shared.schema}", as the role that migrates`
    );
  } else if (sharedTrouble !== void 0) {
    refuse(
      sharedTrouble.code,
      `The shared schema ${shared.schema} ${sharedTitles[sharedTrouble.code] ?? "cannot be migrated"} — ${sharedTrouble.reason}`,
      sharedTrouble.next
    );
  }
  if (!allowUnknownMigrations) {
    for (const [code, message, hint] of unknownMigrations(ghosts)) refuse(code, message, hint);
  }
  return found;
}
var sharedTitles = {
  "schema-unreadable": "cannot be read",
  "migration-history-inconsistent": "has a history that Django refuses",
  "tenant-tables-missing": "lacks what its ledger promises"
};
function unknownMigrations(ghosts) {
  const renamed = ghosts.filter(({ looksLike }) => looksLike !== null);
  const newer = ghosts.filter((ghost2) => ghost2.newer && ghost2.looksLike === null);
  const allow = "or set allow-unknown-migrations: true";
  const named4 = (of) => (0, import_ground_words.listed)(
    of.map(({ migration: migration2, schemas }) => `${migration2} (${(0, import_ground_words.counted)(schemas, "schema")})`),
    5
  );
  const [first] = renamed;
  return [
    ...newer.length === 0 ? [] : [
      [
        "code-older-than-database",
        `The database has ${(0, import_ground_words.counted)(newer.length, "migration")} that this code does not know — ${named4(newer)}: an older commit may be on its way`,
        `deploy the commit that made ${newer.length === 1 ? "it" : "them"}, ${allow}`
      ]
    ],
    ...first === void 0 ? [] : [
      [
        "migration-renamed",
        `${(0, import_ground_words.counted)(renamed.length, "recorded migration")} ${renamed.length === 1 ? "has" : "have"} no file any more — ${first.migration} is recorded in ${(0, import_ground_words.counted)(first.schemas, "schema")}, and the pending ${first.looksLike} looks the same: renaming an applied migration runs it again`,
        `give ${renamed.length === 1 ? "it its old name" : "them their old names"} back, ${allow}`
      ]
    ]
  ];
}
var titles = {
  "schema-unreadable": (n) => `${(0, import_ground_words.counted)(n, "tenant")} cannot be read`,
  "tenant-without-schema": (n) => `${(0, import_ground_words.counted)(n, "tenant")} ${n === 1 ? "has a row but" : "have rows but"} no schema`,
  "tenant-type-unknown": (n) => `${(0, import_ground_words.counted)(n, "tenant")} of a type that TENANT_TYPES does not have`,
  "migration-history-inconsistent": (n) => `Django refuses the history of ${(0, import_ground_words.counted)(n, "tenant")}`,
  "squash-partly-applied": (n) => `A squashed migration is partly applied in ${(0, import_ground_words.counted)(n, "tenant")}`,
  "tenant-tables-missing": (n) => `${(0, import_ground_words.counted)(n, "tenant")} ${n === 1 ? "lacks" : "lack"} what ${n === 1 ? "its ledger promises" : "their ledgers promise"}`,
  "migration-would-alter-shared": (n) => `${(0, import_ground_words.counted)(n, "tenant")} would change the shared schema`,
  "migration-half-applied": (n) => `A migration was interrupted half-way in ${(0, import_ground_words.counted)(n, "tenant")} and is not recorded`,
  "migration-not-recorded": (n) => `A migration is there and not recorded in ${(0, import_ground_words.counted)(n, "tenant")}`,
  "ledger-missing": (n) => `${(0, import_ground_words.counted)(n, "tenant")} ${n === 1 ? "has" : "have"} tables but no ledger of migrations`
};
var named3 = 3;
function troubles({ troubled }, soFar = "nothing was changed") {
  return [...Map.groupBy(troubled, ({ code }) => code)].map(([code, concerned]) => {
    const title = titles[code]?.(concerned.length) ?? `${(0, import_ground_words.counted)(concerned.length, "tenant")} cannot be migrated`;
    const evidence = concerned.map(({ schema, reason }) => `${schema}: ${reason}`).join("\n");
    const next = nextOf(concerned);
    return new import_ground_errors.UserError(`${title} — ${reasonsOf(concerned)}`, `${next}; ${soFar}`, {
      code,
      ...concerned.length > named3 ? { evidence } : {}
    });
  });
}
function nextOf(concerned) {
  const [first, ...others2] = concerned;
  const isOwn = first !== void 0 && others2.some(({ next }) => next !== first.next);
  return `${first?.next ?? ""}${isOwn ? " (the same, with its own names, for each of them)" : ""}`;
}
function reasonsOf(concerned) {
  const names3 = (of) => (0, import_ground_words.listed)(
    of.map(({ schema }) => schema),
    5
  );
  if (concerned[0]?.code === "tenant-without-schema") return names3(concerned);
  const reasons2 = [...Map.groupBy(concerned, ({ reason }) => reason)];
  const shown3 = reasons2.slice(0, named3).map(([reason, of]) => `${names3(of)}: ${reason}`);
  const left = reasons2.slice(named3).reduce((sum2, [, of]) => sum2 + of.length, 0);
  return [...shown3, ...left === 0 ? [] : [`and ${(0, import_ground_words.grouped)(left)} more`]].join("; ");
}
//! src/migrations/condition.ts
var clean = { state: "clean" };
function conditionOf(group2, kind2, { structure, shared, nextIsUnatomic = false }) {
  if (!group2.ledger) {
    const tables2 = Object.keys(kind2.columns).filter((table) => structure.tables.has(table));
    return tables2.length === 0 ? clean : { state: "ledger-missing", tables: tables2 };
  }
  const now = group2.pending.length === 0 ? { ...kind2, named: {} } : ofKind(group2.expects, kind2);
  if (now === void 0) return clean;
  const next = group2.afterNext;
  const then = next === null ? void 0 : ofKind(next.expects, kind2);
  const step = then === void 0 ? [] : differencesOf(now, then);
  const removed = new Set(step.filter(({ adds }) => !adds).map(({ name }) => name));
  const missing2 = piecesOf(now, "columns").filter(
    (piece) => !has(structure, piece) && !removed.has(nameOf2(piece))
  );
  const tables = missing2.filter(({ part }) => part === void 0).map(({ table }) => table);
  const columns2 = missing2.filter(({ part, table }) => part !== void 0 && structure.tables.has(table));
  if (tables.length + columns2.length > 0) {
    return {
      state: "tables-missing",
      tables,
      columns: columns2.map(({ table, part }) => `${table}.${part}`),
      inShared: tables.filter((table) => shared?.tables.has(table))
    };
  }
  const invalid = invalidAmong(step, structure);
  const sure = step.filter(({ piece }) => piece.part === void 0 || !invalid.includes(piece.part));
  const done3 = sure.filter(({ piece, adds }) => has(structure, piece) === adds);
  const open2 = sure.filter(({ piece, adds }) => has(structure, piece) !== adds);
  const begun2 = nextIsUnatomic && invalid.length === 0 ? invalidIn(structure) : [];
  const [migration2] = group2.pending;
  if (migration2 !== void 0 && begun2.length > 0 && done3.length === 0) {
    return { state: "half-applied", migration: migration2, done: begun2.map(invalidIndex), open: [], invalid: begun2 };
  }
  if (next === null || done3.length + invalid.length === 0) return clean;
  if (open2.length + invalid.length === 0) return { state: "applied-unrecorded", migration: next.migration };
  return {
    state: "half-applied",
    migration: next.migration,
    done: [...worded2(done3), ...invalid.map(invalidIndex)],
    open: worded2(open2.map(({ adds, ...rest }) => ({ ...rest, adds: !adds }))),
    invalid
  };
}
function disagreementWith(must, gone, structure) {
  const missing2 = piecesOf(must, "columns").filter((piece) => !has(structure, piece));
  const left = piecesOf(gone).filter(({ table, part }) => part !== void 0 || must.columns[table] === void 0).filter((piece) => has(structure, piece));
  return {
    tables: missing2.filter(({ part }) => part === void 0).map(({ table }) => table),
    columns: missing2.filter(({ table, part }) => part !== void 0 && structure.tables.has(table)).map(({ table, part }) => `${table}.${part}`),
    left: worded2(left.map((piece) => ({ piece, name: nameOf2(piece), adds: true })))
  };
}
function ofKind(expectations, { kind: kind2, tenantType }) {
  return expectations.find((one) => one.kind === kind2 && one.tenantType === tenantType);
}
function piecesOf({ columns: columns2, named: named4 }, only2) {
  return [
    ...Object.entries(columns2).flatMap(([table, parts]) => [
      { table, what: "table" },
      ...parts.map((part) => ({ table, part, what: "column" }))
    ]),
    ...only2 === void 0 ? Object.entries(named4).flatMap(
      ([table, parts]) => parts.map((part) => ({ table, part, what: "index or constraint" }))
    ) : []
  ];
}
var nameOf2 = ({ what, table, part }) => `${what} ${table}${part === void 0 ? "" : `.${part}`}`;
function differencesOf(now, then) {
  const [before, after] = [piecesOf(now), piecesOf(then)];
  const [known, wanted] = [new Set(before.map(nameOf2)), new Set(after.map(nameOf2))];
  const steps = (pieces, other, adds) => pieces.flatMap((piece) => other.has(nameOf2(piece)) ? [] : [{ piece, name: nameOf2(piece), adds }]);
  return [...steps(after, known, true), ...steps(before, wanted, false)];
}
function has({ tables }, { table, part, what }) {
  const found = tables.get(table);
  if (found === void 0 || part === void 0) return found !== void 0;
  if (what === "column") return found.columns.some(({ name }) => name === part);
  return [...found.indexes, ...found.constraints].some(({ name }) => name === part);
}
var invalidIndex = (name) => `invalid index ${name}`;
function invalidIn({ tables }) {
  return [...tables.values()].flatMap(
    ({ indexes: indexes3 }) => indexes3.filter(({ valid }) => !valid).map(({ name }) => name)
  );
}
function invalidAmong(steps, { tables }) {
  return steps.flatMap(({ piece: { what, table, part }, adds }) => {
    if (!adds || part === void 0 || what === "column") return [];
    const index = tables.get(table)?.indexes.find(({ name }) => name === part);
    return index?.valid === false ? [part] : [];
  });
}
function worded2(steps) {
  const whole = new Set(steps.filter(({ piece }) => piece.what === "table").map(({ piece }) => piece.table));
  return steps.filter(({ piece }) => piece.what === "table" || !whole.has(piece.table)).map(({ piece: { what, table, part }, adds }) => {
    const name = what === "column" ? `${table}.${part}` : part ?? table;
    return `${adds ? "" : "no "}${what} ${name}`;
  });
}
//! src/migrations/trouble.ts
var Troubles = class {
  #discovery;
  #causes;
  #structures;
  #types;
  /** Equal structures with equal ledgers are judged once. */
  #seen = /* @__PURE__ */ new Map();
  #groups;
  constructor(discovery, structures) {
    this.#discovery = discovery;
    this.#causes = knownCauses(discovery);
    this.#structures = new Map(structures.flatMap((group2) => group2.schemas.map((schema) => [schema, group2])));
    this.#types = new Map(discovery.tenants.map(({ schema, tenantType }) => [schema, tenantType]));
    this.#groups = new Map(
      discovery.groups.flatMap((group2) => group2.schemas.map((schema) => [schema, group2]))
    );
  }
  /** What is in the way of this schema, or undefined. */
  of(schema) {
    const cause = this.#causes.get(schema) ?? this.#seenIn(schema).cause;
    if (cause === void 0) return void 0;
    return { schema, tenantType: this.#types.get(schema) ?? void 0, ...cause };
  }
  /** The pending migration whose tables and columns are all there. */
  unrecorded(schema) {
    return this.#seenIn(schema).unrecorded;
  }
  #seenIn(schema) {
    const structure = this.#structures.get(schema);
    const group2 = this.#groups.get(schema);
    const kind2 = this.#kindOf(schema);
    if (structure === void 0 || group2 === void 0 || kind2 === void 0) return {};
    const isShared = schema === this.#discovery.publicSchema;
    if (isShared && !group2.ledger) return {};
    const key2 = JSON.stringify([structure.id, group2.id, group2.ledger, kind2.kind, kind2.tenantType]);
    const known = this.#seen.get(key2);
    const shared = isShared ? void 0 : this.#structures.get(this.#discovery.publicSchema)?.structure;
    const nextIsUnatomic = this.#discovery.migrations.find(({ migration: migration2 }) => migration2 === group2.pending[0])?.atomic === false;
    const condition = known ?? conditionOf(group2, kind2, { structure: structure.structure, shared, nextIsUnatomic });
    this.#seen.set(key2, condition);
    if (condition.state === "applied-unrecorded") return { unrecorded: condition.migration };
    return { cause: causeOf(condition, { schema, group: group2, kind: kind2, discovery: this.#discovery }) };
  }
  #kindOf(schema) {
    const { kinds: kinds2, publicSchema } = this.#discovery;
    if (schema === publicSchema) return kinds2.find(({ kind: kind2 }) => kind2 === "shared");
    const type = this.#types.get(schema);
    return kinds2.find(({ kind: kind2, tenantType }) => kind2 === "tenant" && tenantType === type);
  }
};
function knownCauses({
  unreadable: unreadable3,
  withoutSchema,
  tenants,
  kinds: kinds2,
  groups,
  publicSchema
}) {
  const found = /* @__PURE__ */ new Map();
  const add2 = (schema, code, reason, next) => {
    if (!found.has(schema)) found.set(schema, { code, reason, next });
  };
  for (const { schema, reason } of unreadable3) {
    add2(
      schema,
      "schema-unreadable",
      reason,
      "give the role of this step USAGE on the schema and SELECT on its tables (GRANT), or use its owner"
    );
  }
  for (const schema of withoutSchema) {
    add2(
      schema,
      "tenant-without-schema",
      "has a row but no schema",
      "provision them (provision-tenant completes a tenant) or remove their rows"
    );
  }
  const types2 = new Set(kinds2.filter(({ kind: kind2 }) => kind2 === "tenant").map((kind2) => kind2.tenantType));
  for (const { schema, tenantType } of tenants) {
    if (schema === publicSchema || types2.has(tenantType)) continue;
    add2(
      schema,
      "tenant-type-unknown",
      tenantType ?? "no type",
      "correct the rows, or add the type to TENANT_TYPES"
    );
  }
  for (const { schemas, inconsistent, partialSquashes } of groups) {
    const [squash] = partialSquashes.filter(({ gone }) => gone.length > 0);
    for (const schema of schemas) {
      if (squash !== void 0) {
        add2(
          schema,
          "squash-partly-applied",
          `has ${squash.applied} of the ${(0, import_ground_words.counted)(squash.of, "migration")} that ${squash.squash} replaces, and the files of the others are gone (it lacks ${(0, import_ground_words.listed)(squash.missing, 3)})`,
          "put the old files back, and keep them until every tenant has all of them"
        );
      }
      if (inconsistent !== null) {
        add2(
          schema,
          "migration-history-inconsistent",
          inconsistent.replace(/ on database '[^']*'\.$/, ""),
          "bring the ledger (django_migrations) of these schemas in order first"
        );
      }
    }
  }
  return found;
}
function causeOf(condition, circumstances) {
  const { schema, discovery } = circumstances;
  switch (condition.state) {
    case "tables-missing":
      return fallingThrough(condition, circumstances) ?? tablesMissing(condition, circumstances);
    case "half-applied": {
      const { migration: migration2, done: done3, open: open2, invalid } = condition;
      return {
        code: "migration-half-applied",
        reason: `has half of ${migration2}: there is ${(0, import_ground_words.listed)(done3, 3)}${open2.length === 0 ? "" : `, there is ${(0, import_ground_words.listed)(open2, 3)}`}`,
        next: invalid.length > 0 && open2.length === 0 ? `drop what was begun, then run again: ${invalid.map((name) => `DROP INDEX CONCURRENTLY "${schema}"."${name}"`).join("; ")}` : `do by hand what is open and record it (${fake(schema, migration2)}), or undo what is done, then run again`
      };
    }
    case "ledger-missing":
      return {
        code: "ledger-missing",
        reason: `has ${(0, import_ground_words.counted)(condition.tables.length, "table")} of the project (${(0, import_ground_words.listed)(condition.tables, 3)}) but no ledger (django_migrations)`,
        next: schema === discovery.publicSchema ? "restore it from a backup" : "restore it from a backup, or drop the schema if nothing in it is wanted and provision the tenant again"
      };
    default:
      return void 0;
  }
}
function fallingThrough({ inShared }, { group: group2, kind: kind2, discovery }) {
  const pending = new Set(group2.pending);
  const danger = discovery.migrations.filter(({ migration: migration2, runsIn }) => pending.has(migration2) && runsIn.some((one) => isKind(one, kind2))).flatMap(
    ({ migration: migration2, tables: tables2 }) => tables2.filter((table) => inShared.includes(table)).map((table) => ({ migration: migration2, table }))
  );
  const [first] = danger;
  if (first === void 0) return void 0;
  const tables = [...new Set(danger.map(({ table }) => `${discovery.publicSchema}.${table}`))];
  return {
    code: "migration-would-alter-shared",
    reason: `${first.migration} would alter ${(0, import_ground_words.listed)(tables, 3)}, because the tenant has no such table: stopped before running`,
    next: "bring back the tables that its ledger promises first"
  };
}
function isKind(one, { kind: kind2, tenantType }) {
  return one.kind === kind2 && one.tenantType === tenantType;
}
function tablesMissing({ tables, columns: columns2, inShared }, circumstances) {
  const { schema, discovery } = circumstances;
  const apps = wholeApps(tables, circumstances);
  const reached = inShared.map((table) => `${discovery.publicSchema}.${table}`);
  const through2 = reached.length === 0 ? "" : ` (its statements reach ${(0, import_ground_words.listed)(reached, 2)} instead)`;
  if (apps !== void 0 && columns2.length === 0) {
    const [app = ""] = apps;
    const rest = apps.length === 1 ? "" : ` and the same for ${(0, import_ground_words.listed)(apps.slice(1))}`;
    return {
      code: "tenant-tables-missing",
      reason: `${(0, import_ground_words.listed)(apps)} ${apps.length === 1 ? "is" : "are"} recorded as applied, but ${apps.length === 1 ? "its" : "their"} ${(0, import_ground_words.counted)(tables.length, "table")} (${(0, import_ground_words.listed)(tables, 3)}) ${tables.length === 1 ? "does" : "do"} not exist${through2}`,
      next: `take the record back, then run again: python manage.py migrate_schemas --schema=${schema} ${app} zero --fake${rest}`
    };
  }
  const lacking = [...tables, ...columns2.map((column2) => `the column ${column2}`)];
  return {
    code: "tenant-tables-missing",
    reason: `lacks ${(0, import_ground_words.listed)(lacking, 3)}, which its ledger says it has${through2}`,
    next: "make what is missing as another tenant has it, or restore the schema from a backup"
  };
}
function wholeApps(missing2, { kind: kind2, discovery: { dependents } }) {
  const absent = new Set(missing2);
  const apps = [...new Set(missing2.map((table) => kind2.owners[table]))].sort();
  const isWhole = (app) => Object.entries(kind2.owners).every(([table, owner]) => owner !== app || absent.has(table));
  const whole = apps.filter((app) => app !== void 0).filter(isWhole);
  if (whole.length < apps.length) return void 0;
  const follow2 = whole.flatMap((app) => dependents[app] ?? []).filter((app) => kind2.apps.includes(app));
  return follow2.every((app) => whole.includes(app)) ? whole : void 0;
}
function notRecorded(schema, tenantType, migration2) {
  return {
    schema,
    tenantType,
    code: "migration-not-recorded",
    reason: `has all tables and columns of ${migration2}, which is not recorded`,
    next: `compare it with a tenant that has it, then record it: ${fake(schema, migration2)}`
  };
}
function undoneButRecorded({ schema, tenantType }, { migration: migration2, before }) {
  return {
    schema,
    tenantType,
    code: "undoing-not-recorded",
    reason: `has nothing of ${migration2}, which is still recorded: it was undone, and the run was cut off before it was written down`,
    next: `take the record back, then run again: python manage.py migrate_schemas --schema=${schema} ${before} --fake`
  };
}
function fake(schema, migration2) {
  const [app = "", ...name] = migration2.split(".");
  return `python manage.py migrate_schemas --schema=${schema} ${app} ${name.join(".")} --fake`;
}
//! src/migrations/plan.ts
function planMigrations(discovery, structures = []) {
  const { publicSchema } = discovery;
  const groups = new Map(discovery.groups.flatMap((group2) => group2.schemas.map((name) => [name, group2])));
  const rows = discovery.tenants.filter(({ schema }) => schema !== publicSchema);
  const found = new Troubles(discovery, structures);
  const troubled = rows.flatMap(({ schema }) => found.of(schema) ?? []);
  const inTrouble = new Set(troubled.map(({ schema }) => schema));
  const running = runningIn(discovery.migrations);
  const lacking = new Set(discovery.postMigrate.lacking.flatMap(({ schemas }) => schemas));
  const planned = (schema, kind2) => ({
    schema,
    ...workOf2(groups.get(schema), kind2, running),
    unrecorded: found.unrecorded(schema),
    needsSignal: lacking.has(schema)
  });
  return {
    shared: planned(publicSchema, { kind: "shared", tenantType: null }),
    sharedTrouble: found.of(publicSchema),
    tenants: rows.filter(({ schema }) => groups.has(schema) && !inTrouble.has(schema)).map(({ schema, tenantType, primaryDomain }) => ({
      ...planned(schema, { kind: "tenant", tenantType }),
      tenantType: tenantType ?? void 0,
      domain: primaryDomain ?? void 0
    })),
    troubled,
    tenantsUnknown: discovery.tenantsUnread ?? void 0,
    templates: discovery.templates,
    migrations: discovery.migrations,
    conflicts: discovery.conflicts,
    // As long as the tenants cannot be read, every schema seems to be without one.
    orphans: discovery.tenantsUnread === null ? discovery.orphans : [],
    hidden: discovery.hiddenTenants,
    ghosts: ghostsOf(discovery),
    partialSquashes: partialSquashesOf(discovery.groups),
    duplicates: discovery.duplicates,
    lacking: discovery.postMigrate.lacking,
    particulars: discovery.particulars,
    appsWithoutMigrations: discovery.appsWithoutMigrations
  };
}
function runningIn(migrations) {
  const facts = new Map(migrations.map(({ migration: migration2, runsIn }) => [migration2, runsIn]));
  return (migration2, { kind: kind2, tenantType }) => facts.get(migration2)?.some((one) => one.kind === kind2 && one.tenantType === tenantType) ?? true;
}
function workOf2(group2, kind2, running) {
  const { pending = [], bookkeeping = [] } = group2 ?? {};
  return {
    pending: [...pending, ...bookkeeping],
    runs: pending.filter((migration2) => running(migration2, kind2)),
    bookkeeping
  };
}
function ghostsOf({ groups, ghosts }) {
  const about = new Map(ghosts.map((ghost2) => [ghost2.migration, ghost2]));
  const schemas = /* @__PURE__ */ new Map();
  for (const group2 of groups) {
    for (const migration2 of group2.ghosts) {
      schemas.set(migration2, (schemas.get(migration2) ?? 0) + group2.schemas.length);
    }
  }
  return [...schemas].map(([migration2, count3]) => ({
    ...about.get(migration2) ?? { migration: migration2, newer: false, looksLike: null },
    schemas: count3
  }));
}
function partialSquashesOf(groups) {
  const found = groups.flatMap(
    ({ partialSquashes, schemas }) => partialSquashes.filter(({ gone }) => gone.length === 0).map(({ squash, applied: applied2, of }) => ({ squash, applied: applied2, of, schemas }))
  );
  return [...Map.groupBy(found, ({ squash, applied: applied2 }) => `${squash} ${applied2}`).values()].flatMap(
    (alike) => alike.slice(0, 1).map((one) => ({ ...one, schemas: alike.flatMap(({ schemas }) => schemas) }))
  );
}
function needsMigration({ pending, needsSignal }) {
  return pending.length > 0 || needsSignal;
}
function workSentence({ pending }) {
  return pending.length === 0 ? "content types and permissions" : (0, import_ground_words.listed)(pending, 3);
}
function locksOnShared({
  tenants,
  migrations
}) {
  const running = new Set(tenants.flatMap(({ runs }) => runs));
  const locks = /* @__PURE__ */ new Map();
  for (const { migration: migration2, touchesShared } of migrations) {
    if (!running.has(migration2)) continue;
    for (const table of touchesShared) locks.set(table, [...locks.get(table) ?? [], migration2]);
  }
  return locks;
}
//! src/migrations/verify.ts
function judge(discovery, structures, before) {
  const kinds2 = kindBySchema(discovery);
  const incomplete2 = incompleteOf(kinds2, structures);
  const invalidIndexes = invalidIndexesOf(kinds2, structures);
  const drift = driftOf(discovery, structures, before);
  const tenantKinds = discovery.kinds.filter(({ kind: kind2 }) => kind2 === "tenant");
  return {
    schemas: kinds2.size,
    tables: tenantKinds.map((kind2) => kind2.tables.length),
    columns: tenantKinds.map((kind2) => sum(Object.values(kind2.columns).map(({ length }) => length))),
    measure: "promises",
    incomplete: incomplete2,
    invalidIndexes,
    drift,
    compared: before !== void 0,
    failure: ledgersOf(discovery) ?? missingIn2(incomplete2) ?? invalidIn2(invalidIndexes) ?? driftedIn(drift)
  };
}
var sum = (numbers) => numbers.reduce((total, number2) => total + number2, 0);
function kindBySchema({ publicSchema, tenants, kinds: kinds2 }) {
  const shared = kinds2.find(({ kind: kind2 }) => kind2 === "shared");
  const byType = new Map(
    kinds2.filter(({ kind: kind2 }) => kind2 === "tenant").map((kind2) => [kind2.tenantType, kind2])
  );
  const rows = tenants.filter(({ schema }) => schema !== publicSchema);
  return new Map([
    [publicSchema, shared],
    ...rows.map(({ schema, tenantType }) => [
      schema,
      byType.get(tenantType)
    ])
  ]);
}
function incompleteOf(kinds2, structures) {
  const groups = new Map(structures.flatMap((group2) => group2.schemas.map((schema) => [schema, group2])));
  const judged = /* @__PURE__ */ new Map();
  return [...kinds2].flatMap(([schema, kind2]) => {
    if (kind2 === void 0) return [];
    const structure = groups.get(schema)?.structure;
    const verdicts = judged.get(kind2) ?? /* @__PURE__ */ new Map();
    judged.set(kind2, verdicts);
    const verdict = verdicts.get(structure) ?? missingOf(kind2, structure);
    verdicts.set(structure, verdict);
    return verdict.missing.length + verdict.missingColumns.length === 0 ? [] : [{ schema, ...verdict }];
  });
}
function missingOf({ tables, columns: columns2 }, structure) {
  const missing2 = tables.filter((table) => structure?.tables.has(table) !== true);
  const missingColumns = Object.entries(columns2).flatMap(([table, names3]) => {
    const found = structure?.tables.get(table);
    if (found === void 0) return [];
    const existing = new Set(found.columns.map(({ name }) => name));
    return names3.filter((name) => !existing.has(name)).map((name) => `${table}.${name}`);
  });
  return { missing: missing2, missingColumns };
}
function invalidIndexesOf(kinds2, structures) {
  return structures.flatMap(({ schemas, structure }) => {
    const invalid = [...structure.tables.values()].flatMap(({ indexes: indexes3 }) => indexes3).filter(({ valid }) => !valid);
    return schemas.filter((schema) => kinds2.has(schema)).flatMap((schema) => invalid.map(({ name }) => ({ schema, index: name })));
  });
}
function ledgersOf(discovery) {
  const plan = planMigrations(discovery);
  const [refusal] = [...refusals(plan), ...troubles(plan)];
  if (refusal !== void 0) return refusal;
  if (plan.tenantsUnknown !== void 0) {
    return new import_ground_errors.UserError(
      `The tenants cannot be read — ${plan.tenantsUnknown === "no-table" ? `there is no table ${discovery.tenantModel.table}` : plan.tenantsUnknown}`,
      "migrate the shared schema first",
      { code: "tenants-unreadable" }
    );
  }
  const behind = [plan.shared, ...plan.tenants].filter(({ pending }) => pending.length > 0);
  if (behind.length === 0) return void 0;
  return new import_ground_errors.UserError(
    `${(0, import_ground_words.counted)(behind.length, "schema")} ${behind.length === 1 ? "is" : "are"} behind the code — ${(0, import_ground_words.listed)(
      behind.map(({ schema, pending }) => `${schema} lacks ${(0, import_ground_words.listed)(pending, 2)}`),
      3
    )}`,
    "run migrate-schemas; if it has just run, another deployment may have changed the ledger meanwhile",
    { code: "migrations-left-pending" }
  );
}
function missingIn2(incomplete2) {
  if (incomplete2.length === 0) return void 0;
  const what = incomplete2.every(({ missing: missing2 }) => missing2.length === 0) ? "columns" : "tables";
  return new import_ground_errors.UserError(
    `${(0, import_ground_words.counted)(incomplete2.length, "schema")} ${incomplete2.length === 1 ? "lacks" : "lack"} ${what} — ${(0, import_ground_words.listed)(
      incomplete2.map(
        ({ schema, missing: missing2, missingColumns }) => `${schema} has no ${(0, import_ground_words.listed)([...missing2, ...missingColumns.map((name) => `column ${name}`)], 3)}`
      ),
      3
    )}`,
    "their ledgers say that everything is applied, so migrating again makes nothing: restore what is missing; where an app lacks all of its tables, fake that app back to zero in that schema and migrate again",
    {
      code: "tenant-tables-missing",
      evidence: incomplete2.map(
        ({ schema, missing: missing2, missingColumns }) => `${schema}: ${[...missing2, ...missingColumns].join(", ")}`
      ).join("\n")
    }
  );
}
function invalidIn2(invalid) {
  const [first] = invalid;
  if (first === void 0) return void 0;
  const commands = invalid.map(
    ({ schema, index }) => `DROP INDEX CONCURRENTLY ${quoted2(schema)}.${quoted2(index)};`
  );
  const one = invalid.length === 1;
  return new import_ground_errors.UserError(
    `${one ? "An index is" : `${(0, import_ground_words.counted)(invalid.length, "index", "indexes")} are`} invalid — ${(0, import_ground_words.listed)(
      invalid.map(({ schema, index }) => `${schema}: ${index}`),
      3
    )}: PostgreSQL keeps ${one ? "it" : "them"} up to date and never reads ${one ? "it" : "them"}`,
    `unless ${one ? "it is" : "they are"} being built right now, remove ${one ? "it" : "each"} and make it again: ${commands[0]}`,
    { code: "invalid-index", ...one ? {} : { evidence: commands.join("\n") } }
  );
}
var quoted2 = (name) => `"${name.replaceAll('"', '""')}"`;
function driftedIn(drift) {
  const groups = drift.flatMap(({ others: others2 }) => others2).filter(({ byThisRun }) => byThisRun.length > 0);
  const [first] = groups;
  if (first === void 0) return void 0;
  const schemas = groups.flatMap(({ byThisRun }) => byThisRun);
  return new import_ground_errors.UserError(
    `${(0, import_ground_words.counted)(schemas.length, "tenant")} came out of this run otherwise than the others — ${(0, import_ground_words.listed)(first.byThisRun, 3)}: ${(0, import_ground_words.listed)(first.differences, 3)}`,
    "a migration has made something else of them than of the others: their data, a trigger, or something that was there before; bring them in line by hand, and find out why before the next run",
    {
      code: "tenant-drifted",
      evidence: groups.map(({ byThisRun, differences: differences2 }) => `${byThisRun.join(", ")}:
  ${differences2.join("\n  ")}`).join("\n")
    }
  );
}
function proofSentence({
  schemas,
  tables,
  columns: columns2,
  measure,
  drift,
  compared: compared2,
  targets
}) {
  const tenants = schemas - 1;
  if (targets !== void 0) {
    return `${(0, import_ground_words.counted)(tenants, "tenant")} at ${(0, import_ground_words.listed)(targets)} or before it, by ledger and catalogue`;
  }
  if (measure === "each-other") return likenessSentence(drift, tables[0] ?? 0, columns2[0] ?? 0);
  if (tenants === 0) return "the shared schema has all its tables and columns";
  const each = tables.length === 1 ? `all ${(0, import_ground_words.counted)(tables[0] ?? 0, "table")} and ${(0, import_ground_words.counted)(columns2[0] ?? 0, "column")}` : "all tables and columns of their type";
  const proven = `${(0, import_ground_words.counted)(tenants, "tenant")} ${tenants === 1 ? "has" : "have"} ${each}`;
  if (drift.every(({ others: others2 }) => others2.length === 0)) return proven;
  return `${proven}; ${differingSentence(drift, compared2 ? " (since before this run)" : "")}`;
}
function likenessSentence(drift, tables, columns2) {
  const alike = sum(drift.map(({ equal }) => equal.length));
  if (alike === 0) return "there are no tenants";
  const what = `${(0, import_ground_words.counted)(tables, "table")} and ${(0, import_ground_words.counted)(columns2, "column")}`;
  const proven = alike === 1 ? `1 tenant has ${what}` : `${(0, import_ground_words.counted)(alike, "tenant")} are alike: ${what}`;
  if (drift.every(({ others: others2 }) => others2.length === 0)) return proven;
  return `${proven}; ${differingSentence(drift)}`;
}
//! src/command/project.ts
function runCommand(project, words, { timeout: timeout2, signal, onLine, about, lasting = false }) {
  return project.machine.run(words, {
    timeout: timeout2,
    signal,
    onLine,
    ...lasting ? { lasting: words.join(" ") } : {},
    workingDirectory: project.workingDirectory,
    env: { ...project.env, PGAPPNAME: (0, import_django_python_files.sessionName)(project, about) }
  });
}
async function requirePrograms({ machine, workingDirectory, env }, commands) {
  for (const [input, words] of commands) {
    const [program] = words ?? [];
    if (program === void 0) continue;
    const found = await machine.run(["sh", "-c", 'command -v -- "$1"', "sh", program], {
      timeout: 3e4,
      workingDirectory,
      env
    });
    if ((0, import_machine_machine.succeeded)(found)) continue;
    throw new import_ground_errors.UserError(
      `There is no program ${program} in ${workingDirectory} on ${machine.name} — ${input} begins with it`,
      "install it in an earlier step, or correct the name; nothing was changed",
      { code: "command-missing" }
    );
  }
}
//! src/command/tenant-query.ts
var missing = /* @__PURE__ */ new Set(["42P01", "3F000"]);
async function askTenants(database, query, shared) {
  const asked2 = query.trim().replace(/;\s*$/, "");
  try {
    const rows = await database.query(
      `select to_json(tenant) as row from (
${asked2}
) as tenant where $1::boolean`,
      [true]
    );
    return {
      tenants: namedIn(
        rows.map(({ row }) => rowShape.parse(row)),
        shared
      ),
      unread: void 0
    };
  } catch (error) {
    if (error instanceof import_ground_errors.LostConnection || error instanceof import_ground_errors.UserError) throw error;
    if (missing.has((0, import_ground_errors.codeOf)(error) ?? "")) return { tenants: [], unread: "no-table" };
    throw unusable(`PostgreSQL refuses it: ${(0, import_ground_errors.messageOf)(error)}`);
  }
}
var rowShape = (0, import_zod.record)((0, import_zod.string)(), (0, import_zod.unknown)());
function namedIn(rows, shared) {
  const named4 = rows.map((row) => tenantOf(row));
  const names3 = named4.map(({ schema }) => schema);
  const twice = names3.filter((name, index) => names3.indexOf(name) !== index);
  if (twice.length > 0) throw unusable(`it names ${(0, import_ground_words.listed)([...new Set(twice)], 3)} more than once`);
  for (const [isWrong, why] of wrongNames(shared)) {
    const wrong = names3.filter(isWrong);
    if (wrong.length > 0) throw unusable(`it names ${(0, import_ground_words.listed)(wrong.map(shown), 3)}: ${why}`);
  }
  return named4;
}
function tenantOf(row) {
  const [first, second, ...others2] = Object.entries(row);
  if (first === void 0) throw unusable("it returns no column");
  if (others2.length > 0 || second !== void 0 && second[0] !== "pending") {
    throw unusable(
      `it returns ${(0, import_ground_words.counted)(Object.keys(row).length, "column")} (${(0, import_ground_words.listed)(Object.keys(row), 5)}), and there may be two: the name of the schema, and pending`
    );
  }
  const [, schema] = first;
  if (typeof schema !== "string")
    throw unusable(`its first column is ${JSON.stringify(schema)}, and no name`);
  if (second === void 0) return { schema, pending: void 0 };
  if (typeof second[1] !== "boolean") {
    throw unusable(
      `its column pending is ${JSON.stringify(second[1])} for ${schema}, neither true nor false`
    );
  }
  return { schema, pending: second[1] };
}
function tenantNameProblem(name, shared) {
  return wrongNames(shared).find(([isWrong]) => isWrong(name))?.[1];
}
function wrongNames(shared) {
  return [
    [(name) => name === "", "that is no name"],
    [(name) => name === shared, "that is the shared schema, which shared-command is for"],
    [(name) => /^pg_|^information_schema$/.test(name), "that is PostgreSQL’s own"],
    [(name) => new RegExp("\\p{Cc}", "u").test(name), "a command could not be told"],
    [(name) => name.startsWith("-"), "a command would take that for an option"]
  ];
}
var shown = (name) => /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
function unusable(observed) {
  return new import_ground_errors.UserError(
    `The tenants cannot be told from tenant-query — ${observed}`,
    "it must be one SELECT whose first column is the name of each tenant’s schema, once, and whose second column, if there is one, is a boolean called pending; nothing was changed",
    { code: "tenant-query-unusable" }
  );
}
//! src/migrations/command-standing.ts
var sharedSchema = "public";
function planCommands({ tenants, unread }, { sharedCommand, tenantCommand }, structures) {
  const there = new Set(structures.flatMap(({ schemas }) => schemas));
  const planned = (schema, pending) => ({
    schema,
    pending,
    runs: pending,
    bookkeeping: [],
    unrecorded: void 0,
    needsSignal: false
  });
  const command = (0, import_machine_ssh_verdict.shellLine)(tenantCommand);
  return {
    shared: planned(sharedSchema, sharedCommand === void 0 ? [] : [(0, import_machine_ssh_verdict.shellLine)(sharedCommand)]),
    sharedTrouble: void 0,
    tenants: tenants.filter(({ schema }) => there.has(schema)).map(({ schema, pending }) => ({
      ...planned(schema, pending === false ? [] : [command]),
      tenantType: void 0,
      domain: void 0
    })),
    troubled: tenants.filter(({ schema }) => !there.has(schema)).map(({ schema }) => ({
      schema,
      tenantType: void 0,
      code: "tenant-without-schema",
      reason: "is named by tenant-query, and there is no such schema",
      next: "create it, or leave it out of tenant-query"
    })),
    tenantsUnknown: unread,
    tenantCommand: command,
    templates: [],
    migrations: [],
    orphans: orphansAmong(tenants, structures),
    conflicts: [],
    hidden: [],
    ghosts: [],
    partialSquashes: [],
    duplicates: [],
    lacking: [],
    particulars: nothingParticular,
    appsWithoutMigrations: []
  };
}
var nothingParticular = {
  extraSearchPaths: [],
  baseMigrateCommand: null,
  executorFunction: null,
  extraSetTenantMethod: null,
  limitSetCalls: false
};
function orphansAmong(tenants, structures) {
  const named4 = new Set(tenants.map(({ schema }) => schema));
  return structures.filter(({ schemas, structure }) => structure.tables.size > 0 && schemas.some((name) => named4.has(name))).flatMap(({ schemas }) => schemas.filter((name) => !named4.has(name) && name !== sharedSchema)).map((schema) => ({ schema, lastApplied: null }));
}
function fleetOf({ tenants }, migrated) {
  const isAtHead = ({ schema, pending }) => pending === void 0 ? migrated?.has(schema) ?? true : !pending;
  const group2 = (id, isIn) => ({
    id,
    ledger: true,
    schemas: tenants.filter((tenant2) => isAtHead(tenant2) === isIn).map(({ schema }) => schema),
    pending: isIn ? [] : ["the tenant command"],
    bookkeeping: [],
    inconsistent: null
  });
  return {
    publicSchema: sharedSchema,
    tenants: tenants.map(({ schema }) => ({ schema, tenantType: null })),
    kinds: [],
    groups: [group2("head", true), group2("behind", false)]
  };
}
function judgeCommands(asked2, structures, before) {
  const { tenants, unread } = asked2;
  const fleet = fleetOf(asked2, before?.migrated);
  const drift = driftOf(fleet, structures, before);
  const found = new Map(structures.flatMap((group2) => group2.schemas.map((name) => [name, group2.structure])));
  const norm = normOf(found.get(drift[0]?.equal[0] ?? ""));
  const empty2 = tenants.filter(({ schema }) => (found.get(schema)?.tables.size ?? 0) === 0);
  const concerned = new Map([
    [sharedSchema, true],
    ...tenants.map(({ schema }) => [schema, true])
  ]);
  const invalidIndexes = invalidIndexesOf(concerned, structures);
  return {
    schemas: concerned.size,
    tables: [norm.tables],
    columns: [norm.columns],
    measure: "each-other",
    incomplete: empty2.map(({ schema }) => ({ schema, missing: ["any table"], missingColumns: [] })),
    invalidIndexes,
    drift,
    compared: before !== void 0,
    failure: (unread === void 0 ? void 0 : unreadable2()) ?? behindIn(asked2, before) ?? emptyIn(empty2.map(({ schema }) => schema)) ?? invalidIn2(invalidIndexes) ?? driftedIn(drift)
  };
}
function normOf(structure) {
  const tables = [...structure?.tables.values() ?? []];
  return { tables: tables.length, columns: tables.reduce((sum2, { columns: columns2 }) => sum2 + columns2.length, 0) };
}
function unreadable2() {
  return new import_ground_errors.UserError(
    "The tenants cannot be read — a table that tenant-query names does not exist",
    "run shared-command first, or correct the query",
    { code: "tenants-unreadable" }
  );
}
function behindIn({ tenants }, before) {
  const behind = tenants.filter(({ pending }) => pending === true).map(({ schema }) => schema);
  if (behind.length === 0) return void 0;
  const [one, ran] = [behind.length === 1, behind.filter((schema) => before?.migrated.has(schema))];
  return new import_ground_errors.UserError(
    `${(0, import_ground_words.counted)(behind.length, "tenant")} ${one ? "is" : "are"} behind the code — tenant-query says so of ${(0, import_ground_words.listed)(behind, 3)}`,
    ran.length === 0 ? "run migrate-schemas" : `tenant-command has run in ${(0, import_ground_words.listed)(ran, 3)} and ended well: it did not do its work, or the query asks for something else`,
    { code: "migrations-left-pending" }
  );
}
function emptyIn(empty2) {
  if (empty2.length === 0) return void 0;
  return new import_ground_errors.UserError(
    `${(0, import_ground_words.counted)(empty2.length, "tenant")} ${empty2.length === 1 ? "has" : "have"} no table at all — ${(0, import_ground_words.listed)(empty2, 5)}`,
    "the tenant command has not made them there: look whether it works in the schema that it is given",
    { code: "tenant-tables-missing" }
  );
}
//! src/command/output.ts
var colours2 = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");
var complaint = /^\W*(?:\S+: +)?(?:\w*(?:error|exception)|fatal|panic|err)\b(?: \w+)?: +\S/i;
var detailLine = /^\s*(?:DETAIL: +(.*)|detail: ['"`](.*)['"`],?)$/;
function complaintIn({ stdout, stderr }) {
  const lines = (stderr.trim() === "" ? stdout : stderr).replace(colours2, "").trimEnd().split("\n");
  const start = lines.findLastIndex((line) => complaint.test(line));
  if (start === -1) return (lines.at(-1) ?? "").trim();
  const [, word, printed] = lines.slice(start).join("\n").match(new RegExp(detailLine, "m")) ?? [];
  const detail = word ?? printed;
  const said = (lines[start] ?? "").trim();
  return detail === void 0 || said.includes(detail) ? said : `${said} (${detail})`;
}
//! src/database/kept-limits.ts
var grace = 1e3;
async function cancelOverdue(database, applicationName, { lock: lock2, statement: statement2 }) {
  const rows = await database.query(
    // Materialized, and not in a condition: nobody else's statement may be cancelled while it is looked who is overdue.
    `with looked as materialized (
       select a.pid, case
                when $2 > 0 and exists (select from pg_locks l where l.pid = a.pid and not l.granted
                       and l.waitstart < clock_timestamp() - ($2 + ${grace}) * interval '1 ms') then 'lock'
                when $3 > 0 and a.query_start < clock_timestamp() - ($3 + ${grace}) * interval '1 ms' then 'statement'
              end as overrun
         from pg_stat_activity a
        where a.datname = current_database() and a.application_name = $1 and a.state = 'active'
     ), overdue as materialized (select pid, overrun from looked where overrun is not null)
     select overrun, pg_cancel_backend(pid) from overdue`,
    [applicationName, lock2, statement2]
  );
  return rows.map(({ overrun }) => overrun);
}
async function keepingLimits(work3, { database, applicationName, limits: limits3 }) {
  const ended = new AbortController();
  let overrun;
  const watch = async ({ lock: lock2, statement: statement2 }) => {
    while (lock2 + statement2 > 0 && !ended.signal.aborted) {
      await (0, import_promises16.setTimeout)(grace, void 0, { signal: ended.signal });
      const [found] = await cancelOverdue(database, applicationName, { lock: lock2, statement: statement2 });
      overrun ??= found;
    }
  };
  const watching = limits3 === void 0 ? void 0 : watch(limits3).catch(() => {
  });
  try {
    const result = await work3();
    ended.abort();
    await watching;
    return { result, overrun };
  } finally {
    ended.abort();
  }
}
//! src/migrations/limit.ts
async function tenantNames(database, { publicSchema, tenantModel }, written2) {
  const table = [publicSchema, tenantModel.table].map((name) => `"${name.replaceAll('"', '""')}"`).join(".");
  const rows = await database.query(`select schema_name::text as name from ${table}`);
  const patterns = written2?.map(patternOf);
  return rows.map(({ name }) => name).filter((name) => patterns?.some((one) => one.test(name)) ?? true);
}
function limitedTo(discovery, written2) {
  const names3 = discovery.tenants.map(({ schema }) => schema);
  const isWanted = wantedAmong(names3, written2, discovery.tenantsUnread === null);
  const concerned = (name) => name === discovery.publicSchema || isWanted(name);
  return {
    ...discovery,
    tenants: discovery.tenants.filter(({ schema }) => concerned(schema)),
    groups: discovery.groups.map((group2) => ({ ...group2, schemas: group2.schemas.filter(concerned) })).filter((group2) => group2.schemas.length > 0),
    withoutSchema: discovery.withoutSchema.filter(concerned),
    unreadable: discovery.unreadable.filter(({ schema }) => concerned(schema))
  };
}
function wantedAmong(names3, written2, isComplete) {
  const patterns = written2.map(patternOf);
  const fitless = written2.filter((_, index) => !names3.some((name) => patterns[index]?.test(name)));
  if (fitless.length > 0 && isComplete) throw unknown2(fitless, names3);
  return (name) => patterns.some((pattern) => pattern.test(name));
}
function unknown2(fitless, names3) {
  const [first = ""] = fitless;
  const meant = (0, import_ground_words.nearest)(first, names3);
  return new import_ground_errors.UserError(
    `The input schemas names what does not exist — no tenant fits ${(0, import_ground_words.listed)(fitless, 5)}`,
    `${meant === void 0 ? "correct the names" : `did you mean ${meant}?`}; nothing was changed`,
    { code: "schemas-unknown" }
  );
}
//! src/migrations/failed-migration.ts
function failedMigration({ migration: migration2, observed, evidence }, { code, where, trying, doing = "Migration", standing }) {
  const what = migration2 === void 0 ? `${trying} failed` : `${doing} ${migration2} failed ${where}`;
  return new import_ground_errors.UserError(
    `${what} — ${observed}`,
    ["mend the cause, then run again", standing].filter(Boolean).join("; "),
    { code, evidence }
  );
}
function blockedMigration({ migration: migration2, evidence }, { where, trying, doing = "Migration", standing }, { blockers, lockTimeout }) {
  const what = migration2 === void 0 ? `${trying} was blocked` : `${doing} ${migration2} was blocked ${where}`;
  const limit2 = lockTimeout === void 0 ? "" : ` within lock-timeout (${(0, import_ground_duration.showDuration)(lockTimeout)})`;
  const who = blockers.length === 0 ? "nobody could be seen in the way" : `in the way: ${describeBlockers(blockers)}`;
  const sessions = blockers.filter(({ pid }) => pid !== 0);
  const end = sessions.length === 0 ? "" : ` (or end it: ${sessions.map(({ pid }) => `SELECT pg_terminate_backend(${pid})`).join("; ")})`;
  const rest = standing === void 0 ? "" : `; ${standing}`;
  return new import_ground_errors.UserError(
    `${what} — it did not get a lock${limit2}; ${who}`,
    `run again when that has ended${end}, or raise lock-timeout: what waits for a lock makes others wait, too${rest}`,
    { code: "migration-blocked", evidence }
  );
}
//! src/migrations/watched-command.ts
async function watched(project, subject, { database, log }, start) {
  const started = performance.now();
  const ended = await watchingBlockers(start, {
    database,
    applicationName: (0, import_django_python_files.sessionName)(project, subject),
    interval: lookInterval2(project.timeouts?.lock),
    onBlocked: (blockers) => log.info(`${subject} waits for a lock: ${describeBlockers(blockers)} is in the way`)
  });
  return { ...ended, milliseconds: performance.now() - started };
}
function lookInterval2(lockTimeout = 0) {
  return lockTimeout === 0 ? 1e3 : Math.min(1e3, Math.max(50, lockTimeout / 4));
}
function failureOf({ result, blockers }, { migration: migration2, observed, blocked, lockTimeout }, place) {
  const failed2 = { migration: migration2, observed: observed || (0, import_machine_machine.ending)(result), evidence: (0, import_machine_machine.lastWords)(result, 40) };
  return blocked ? blockedMigration(failed2, place, { blockers, lockTimeout }) : failedMigration(failed2, place);
}
function placeOfTenant(schema) {
  return {
    code: "tenant-migration-failed",
    where: `in tenant ${schema}`,
    trying: `Migrating tenant ${schema}`
  };
}
function placeOfShared(schema) {
  return {
    code: "shared-migration-failed",
    where: `in the shared schema ${schema}`,
    trying: "Migrating the shared schema",
    standing: "no tenant was touched"
  };
}
function placeOfUndoing(schema, isShared) {
  const where = isShared ? `the shared schema ${schema}` : `tenant ${schema}`;
  return {
    code: isShared ? "shared-migration-failed" : "tenant-migration-failed",
    where: `in ${where}`,
    trying: `Going back in ${where}`,
    doing: "Undoing",
    ...isShared ? { standing: "the tenants are at the target" } : {}
  };
}
//! src/migrations/command-application.ts
function commandApplication(project) {
  const migrateSchema = migratesBy(project);
  return {
    async ask({ database, schemas }) {
      const [asked2, [who]] = await Promise.all([
        askTenants(database, project.tenantQuery, sharedSchema),
        database.query("select current_user::text as role")
      ]);
      return standingOf2(project, limitedTo2(asked2, schemas), who?.role ?? "");
    },
    // Nobody knows whether the command bears company: many take a lock of their own.
    lanes: () => 1,
    engine: (_, { work: work3 }) => commandEngine(project, work3),
    migrateSchema,
    async lookWhatBecame({ schema }, error, { database, standing }) {
      await endSession(database, (0, import_django_python_files.sessionName)(project, schema));
      const { tenants } = await askTenants(database, project.tenantQuery, sharedSchema);
      if (tenants.find((tenant2) => tenant2.schema === schema)?.pending === false) return {};
      return { failure: unknownEnd(schema, error, standing) };
    },
    smoke: (command, schema, { timeout: timeout2, signal, log }) => smokeTest(command, schema, timeout2, {
      run: (words) => runCommand(project, words, { timeout: timeout2, signal, onLine: (line) => log.debug(line), about: schema }),
      complaintIn,
      before: ""
    })
  };
}
function limitedTo2({ tenants, unread }, written2) {
  if (written2 === void 0) return { tenants, unread };
  const names3 = tenants.map(({ schema }) => schema);
  const isWanted = wantedAmong(names3, written2, unread === void 0);
  return { tenants: tenants.filter(({ schema }) => isWanted(schema)), unread };
}
function standingOf2(project, asked2, role) {
  const { sharedCommand, tenantCommand, tenantQuery } = project;
  return {
    fleet: fleetOf(asked2),
    role,
    plan: (structures) => planCommands(asked2, project, structures),
    prove: (structures, before) => judgeCommands(asked2, structures, before),
    async isOutdated(database, schemas) {
      const now = limitedTo2(await askTenants(database, tenantQuery, sharedSchema), schemas);
      const known = new Set(asked2.tenants.map(({ schema }) => schema));
      return now.tenants.some(({ schema }) => !known.has(schema));
    },
    async prepare(_, { smokeCommands = [] }) {
      const smoke = smokeCommands.map((words) => ["smoke-command", words]);
      const commands = { "shared-command": sharedCommand, "tenant-command": tenantCommand };
      await requirePrograms(project, [...Object.entries(commands), ...smoke]);
      return {
        shared: sharedCommand && {
          recordedOnly: [],
          migrate: (work3) => migrate(project, sharedCommand, sharedSchema, placeOfShared(sharedSchema), work3)
        },
        superTenant: void 0
      };
    }
  };
}
var migratesBy = (project) => (schema, work3) => migrate(project, forSchema(project.tenantCommand, schema), schema, placeOfTenant(schema), work3);
function commandEngine(project, work3) {
  const migrateSchema = migratesBy(project);
  let shared;
  const readShared = () => exactStructure(work3.database, sharedSchema);
  return {
    async migrate({ schema }) {
      shared ??= readShared();
      const before = await shared;
      const ran = await migrateSchema(schema, work3);
      const changed = differences(before, await readShared());
      if (changed.length === 0) return ran;
      return { ...ran, retry: void 0, endsRun: true, failure: astray(schema, changed, ran) };
    },
    oneAtATime: false,
    notes: [],
    close: async () => {
    }
  };
}
async function migrate(project, words, about, place, work3) {
  const { database, signal, log, timeout: timeout2 } = work3;
  const limits3 = project.timeouts;
  const onLine = (line) => log.debug(line);
  const kept = await keepingLimits(
    () => watched(
      project,
      about,
      work3,
      () => runCommand(project, words, { timeout: timeout2, signal, onLine, about, lasting: true })
    ),
    { database, applicationName: (0, import_django_python_files.sessionName)(project, about), limits: limits3 }
  );
  const { result, overrun } = kept;
  const ran = { milliseconds: result.milliseconds, engine: "command" };
  if ((0, import_machine_machine.succeeded)(result.result)) return ran;
  if (overrun !== void 0) return { ...ran, failure: notKept(overrun, result, project, place) };
  const lost3 = lossOf(result, words);
  if (lost3 !== void 0) {
    throw new import_ground_errors.LostConnection(place.trying, lost3, { evidence: (0, import_machine_machine.lastWords)(result.result, 40) });
  }
  const state = retryableState(result.result);
  const observed = complaintIn(result.result);
  const circumstances = { observed, blocked: state === "55P03", lockTimeout: limits3?.lock };
  return {
    ...ran,
    failure: failureOf(result, circumstances, place),
    retry: project.repeatable ? state : void 0
  };
}
function lossOf({ result }, [program]) {
  if (result.signal !== null) return `${program} was ${(0, import_machine_machine.ending)(result)}`;
  return lostConnection(result) || /Connection terminated unexpectedly/.test(result.stderr) ? complaintIn(result) : void 0;
}
function notKept(overrun, { result }, { timeouts }, { trying, standing }) {
  const limit2 = (0, import_ground_duration.showDuration)(timeouts?.[overrun] ?? 0);
  const why = overrun === "lock" ? "waited for a lock" : "ran";
  return new import_ground_errors.UserError(
    `${trying} was stopped — a statement ${why} longer than ${overrun}-timeout (${limit2}), which the command’s own connection does not keep, so this step cancelled it`,
    [
      "have the command read PGOPTIONS, as libpq and node-postgres do, or run it again when the way is free",
      ...standing === void 0 ? [] : [standing]
    ].join("; "),
    { code: "timeouts-not-honoured", evidence: (0, import_machine_machine.lastWords)(result, 40) }
  );
}
function unknownEnd(schema, error, standing) {
  const observed = error instanceof import_ground_errors.LostConnection ? error.observed : error.message.replaceAll(" — ", ", ");
  return new import_ground_errors.UserError(
    `What became of tenant ${schema} is not known — ${observed}; its command keeps no ledger that can be read`,
    ["look at that tenant, then run again: the command goes on where it is", ...standing].join("; "),
    { code: error.code, cause: error, ...error.evidence === void 0 ? {} : { evidence: error.evidence } }
  );
}
function comparedWithBefore(difference) {
  return difference.replace(/^(has|lacks) /, `it $1 `).replace("that others do not have", "that was not there");
}
function astray(schema, changed, { failure: failure2 }) {
  return new import_ground_errors.UserError(
    `The command for tenant ${schema} has changed the shared schema ${sharedSchema} — now ${(0, import_ground_words.listed)(changed.map(comparedWithBefore), 3)}`,
    "no further tenant was begun: have it work in the schema that it is given, and mend the shared one by hand",
    {
      code: "shared-schema-changed",
      evidence: [...changed, ...failure2 ? [failure2.message] : []].join("\n")
    }
  );
}
//! src/migrations/commands.ts
var usualSuperTenantCommand = "create_super_tenant";
function superTenantWords(wanted, { commands }) {
  const words = wanted?.trim().split(/\s+/).filter(Boolean) ?? [];
  const [name] = words;
  if (name === void 0) {
    return commands.includes(usualSuperTenantCommand) ? [usualSuperTenantCommand] : void 0;
  }
  if (commands.includes(name)) return words;
  const meant = (0, import_ground_words.nearest)(name, commands);
  throw new import_ground_errors.UserError(
    `The project has no command ${name} — super-tenant-command names it`,
    meant === void 0 ? "correct super-tenant-command, or leave it out; nothing was changed" : `did you mean ${meant}? nothing was changed`,
    { code: "command-missing" }
  );
}
async function migrateShared(schema, options, recording) {
  const flags = recording === void 0 ? [] : [recording];
  const ran = await run(["migrate_schemas", "--shared", ...flags, "--noinput"], schema, options);
  if ((0, import_machine_machine.succeeded)(ran.result)) return ran;
  return {
    milliseconds: ran.milliseconds,
    failure: failure(ran, options, placeOfShared(schema))
  };
}
async function makeSuperTenant(words, options) {
  const { result, milliseconds } = await run(words, "super tenant", options);
  if ((0, import_machine_machine.succeeded)(result)) return { milliseconds };
  return {
    milliseconds,
    failure: new import_ground_errors.UserError(
      `The command ${words[0]} failed (${(0, import_machine_machine.ending)(result)}) — ${failureLine(result)}`,
      "mend the cause, then run again: it must get or create the super tenant; no tenant was migrated",
      { code: "super-tenant-failed", evidence: (0, import_machine_machine.lastWords)(result) }
    )
  };
}
async function migrateTenant(schema, options) {
  const args = ["migrate_schemas", `--schema=${schema}`, "--noinput"];
  const ran = await run(args, schema, options);
  if ((0, import_machine_machine.succeeded)(ran.result)) return { milliseconds: ran.milliseconds };
  const lost3 = lossOf2(ran.result);
  if (lost3 !== void 0) {
    throw new import_ground_errors.LostConnection(`the migration of ${schema}`, lost3, { evidence: (0, import_machine_machine.lastWords)(ran.result, 40) });
  }
  return {
    milliseconds: ran.milliseconds,
    failure: failure(ran, options, placeOfTenant(schema)),
    migration: migrationUnderWay(ran.result.stdout),
    retry: retryableState(ran.result)
  };
}
async function undoIn(schema, steps, { options, isShared }) {
  let milliseconds = 0;
  for (const { target } of steps) {
    const where = isShared ? "--shared" : `--schema=${schema}`;
    const ran = await run(["migrate_schemas", ...target.split(" "), where, "--noinput"], schema, options);
    milliseconds += ran.milliseconds;
    if ((0, import_machine_machine.succeeded)(ran.result)) continue;
    const lost3 = isShared ? void 0 : lossOf2(ran.result);
    if (lost3 !== void 0) {
      throw new import_ground_errors.LostConnection(`going back in ${schema}`, lost3, { evidence: (0, import_machine_machine.lastWords)(ran.result, 40) });
    }
    return {
      milliseconds,
      engine: "django",
      failure: failure(ran, options, placeOfUndoing(schema, isShared)),
      migration: migrationUnderWay(ran.result.stdout),
      retry: retryableState(ran.result)
    };
  }
  return { milliseconds, engine: "django" };
}
function lossOf2(result) {
  if (result.signal !== null) return `manage.py was ${(0, import_machine_machine.ending)(result)}`;
  return lostConnection(result) ? failureLine(result) : void 0;
}
async function recordMigration(schema, migration2, options) {
  const [app = "", name = ""] = migration2.split(".");
  const args = ["migrate_schemas", app, name, "--fake", `--schema=${schema}`, "--noinput"];
  const ran = await run(args, schema, options);
  if ((0, import_machine_machine.succeeded)(ran.result)) return { milliseconds: ran.milliseconds };
  return { milliseconds: ran.milliseconds, failure: failure(ran, options, placeOfTenant(schema)) };
}
function run(words, subject, { project, ...work3 }) {
  const { timeout: timeout2, signal, log } = work3;
  const onLine = (line) => log.debug(line);
  const options = { timeout: timeout2, signal, onLine, applicationName: subject, lasting: true };
  return watched(project, subject, work3, () => (0, import_django_python_files.manage)(project, words, options));
}
function failure(ended, { project }, place) {
  const { result } = ended;
  return failureOf(
    ended,
    {
      migration: migrationUnderWay(result.stdout),
      observed: lossOf2(result) ?? failureLine(result),
      blocked: retryableState(result) === "55P03",
      lockTimeout: project.timeouts?.lock
    },
    place
  );
}
//! src/django/discovery.ts
var field = (0, import_zod.object)({
  name: (0, import_zod.string)(),
  /** Django's internal type: CharField, ForeignKey, … */
  type: (0, import_zod.string)(),
  required: (0, import_zod.boolean)(),
  /** Nobody gives it a value: keys, auto_now, generated columns. */
  madeByDjango: (0, import_zod.boolean)(),
  hasDefault: (0, import_zod.boolean)(),
  /** null also when the default is computed. */
  default: (0, import_zod.union)([(0, import_zod.string)(), (0, import_zod.number)(), (0, import_zod.boolean)()]).nullable(),
  unique: (0, import_zod.boolean)(),
  maxLength: (0, import_zod.number)().nullable(),
  choices: (0, import_zod.array)((0, import_zod.string)()).nullable(),
  relatedTo: (0, import_zod.string)().nullable()
});
var model = (0, import_zod.object)({ name: (0, import_zod.string)(), table: (0, import_zod.string)(), fields: (0, import_zod.array)(field) });
var tenant = (0, import_zod.object)({
  pk: (0, import_zod.string)(),
  schema: (0, import_zod.string)(),
  tenantType: (0, import_zod.string)().nullable(),
  primaryDomain: (0, import_zod.string)().nullable(),
  domains: (0, import_zod.array)((0, import_zod.string)())
});
var columnsByTable = (0, import_zod.record)((0, import_zod.string)(), (0, import_zod.array)((0, import_zod.string)()));
var kindName = (0, import_zod.object)({ kind: (0, import_zod._enum)(["shared", "tenant"]), tenantType: (0, import_zod.string)().nullable() });
var expectation = kindName.extend({
  columns: columnsByTable,
  /** For each table the indexes and constraints to which migrations gave a name; sorted. */
  named: (0, import_zod.record)((0, import_zod.string)(), (0, import_zod.array)((0, import_zod.string)()))
});
var wayBack = (0, import_zod.object)({
  /** For each target after which something is applied: what Django undoes, in its order. */
  steps: (0, import_zod.array)((0, import_zod.object)({ target: (0, import_zod.string)(), migrations: (0, import_zod.array)((0, import_zod.string)()) })),
  /** What each kind of schema must have then. */
  expects: (0, import_zod.array)(expectation),
  /** What later migrations make, and what must not be there then. */
  gone: (0, import_zod.array)(expectation),
  /** The same when only the first migration is undone; null where only running it would tell. */
  first: (0, import_zod.object)({
    migration: (0, import_zod.string)(),
    /** The one before it in its app, as a target. */
    before: (0, import_zod.string)(),
    expects: (0, import_zod.array)(expectation),
    gone: (0, import_zod.array)(expectation)
  }).nullish()
});
var ledgerGroup = (0, import_zod.object)({
  /** False: these schemas have no table django_migrations. */
  ledger: (0, import_zod.boolean)(),
  /** Short name of what is applied; equal for equal ledgers. */
  id: (0, import_zod.string)(),
  schemas: (0, import_zod.array)((0, import_zod.string)()),
  /** `app.name`, in the order in which Django would apply them. */
  pending: (0, import_zod.array)((0, import_zod.string)()),
  /** Squashed migrations that Django will record without running them. */
  bookkeeping: (0, import_zod.array)((0, import_zod.string)()),
  /** Recorded, but not in the code. */
  ghosts: (0, import_zod.array)((0, import_zod.string)()),
  /** Why Django refuses this history; the rest is unknown then. */
  inconsistent: (0, import_zod.string)().nullable(),
  /**
   * What each kind of schema in this group must have by its ledger. Only where something is pending: elsewhere
   * it is what `kinds` says.
   */
  expects: (0, import_zod.array)(expectation),
  /** The same after the first of the pending migrations; null also where only running it would tell. */
  afterNext: (0, import_zod.object)({ migration: (0, import_zod.string)(), expects: (0, import_zod.array)(expectation) }).nullable(),
  /** Squashed migrations of which some of the replaced ones are applied: Django goes on with the old files. */
  partialSquashes: (0, import_zod.array)(
    (0, import_zod.object)({
      squash: (0, import_zod.string)(),
      applied: (0, import_zod.number)(),
      of: (0, import_zod.number)(),
      missing: (0, import_zod.array)((0, import_zod.string)()),
      /** Those of the replaced ones whose files are no longer in the code. */
      gone: (0, import_zod.array)((0, import_zod.string)())
    })
  ),
  /** Only when it was asked for. */
  back: wayBack.nullish()
});
var kind = kindName.extend({
  apps: (0, import_zod.array)((0, import_zod.string)()),
  tables: (0, import_zod.array)((0, import_zod.string)()),
  /** Of `tables`, each with its columns at head; django_migrations is not among them. */
  columns: columnsByTable,
  /** Of `tables`, the app that each belongs to. */
  owners: (0, import_zod.record)((0, import_zod.string)(), (0, import_zod.string)())
});
var migration = (0, import_zod.object)({
  migration: (0, import_zod.string)(),
  atomic: (0, import_zod.boolean)(),
  /** Each of its operations can be undone. */
  reversible: (0, import_zod.boolean)(),
  /** Django's own words for each operation. */
  operations: (0, import_zod.array)((0, import_zod.string)()),
  /** The kinds of schema where it runs at all; in the others only its row is written. */
  runsIn: (0, import_zod.array)(kindName),
  /** Tables that its operations are about; what Python and SQL of the project do is not known. */
  tables: (0, import_zod.array)((0, import_zod.string)()),
  /** Tables of the shared schema that it locks when it runs in a tenant's schema. */
  touchesShared: (0, import_zod.array)((0, import_zod.string)()),
  /** Whether the code before it goes on working after it. */
  keepsOldCode: (0, import_zod._enum)(["yes", "no", "unknown"]),
  /** Why, when it is not `yes`. */
  oldCodeReason: (0, import_zod.string)()
});
var undone = migration.extend({
  /** Django's own words for the operation that it cannot undo. */
  irreversible: (0, import_zod.string)().nullable()
});
var ghost = (0, import_zod.object)({
  migration: (0, import_zod.string)(),
  /** It comes after everything of its app that the code has: the code is older than the database. */
  newer: (0, import_zod.boolean)(),
  /** A pending migration of the same app that is probably the same one under a new name. */
  looksLike: (0, import_zod.string)().nullable()
});
var template = (0, import_zod.object)({
  schema: (0, import_zod.string)(),
  /** Which type of tenant it serves; null: all. */
  tenantType: (0, import_zod.string)().nullable(),
  exists: (0, import_zod.boolean)(),
  pending: (0, import_zod.array)((0, import_zod.string)()),
  /** Why its ledger is not known. */
  unknown: (0, import_zod.string)().nullable(),
  /** Where the run goes back: what is undone, target by target. */
  undo: wayBack.shape.steps.optional()
});
var timeout = (0, import_zod.object)({ milliseconds: (0, import_zod.number)(), source: (0, import_zod.string)() });
var operationSql = (0, import_zod.object)({
  /** Django's own words for it. */
  description: (0, import_zod.string)(),
  /** The classes of Django's operations that it is made of, `custom` for others. */
  kinds: (0, import_zod.array)((0, import_zod.string)()),
  /** Of the migration's file. */
  line: (0, import_zod.number)(),
  reversible: (0, import_zod.boolean)(),
  /** In the order in which they run; those that Django puts off to the end of the migration are among them. */
  statements: (0, import_zod.array)((0, import_zod.string)()),
  /** Why its SQL is not (all of) what runs. */
  unknown: (0, import_zod.string)().nullable(),
  /** For a RunPython: the tables of the models that it asks for, and the models of today's code that it uses. */
  python: (0, import_zod.object)({ tables: (0, import_zod.array)((0, import_zod.string)()), live: (0, import_zod.array)((0, import_zod.string)()) }).nullable()
});
var migrationSql = (0, import_zod.object)({
  migration: (0, import_zod.string)(),
  atomic: (0, import_zod.boolean)(),
  /** Relative to the working directory; null for one of an installed package. */
  file: (0, import_zod.string)().nullable(),
  /** What stands behind `tenantry:` in its comments. */
  comments: (0, import_zod.array)((0, import_zod.object)({ line: (0, import_zod.number)(), text: (0, import_zod.string)() })),
  operations: (0, import_zod.array)(operationSql)
});
var groupSql = kindName.extend({ schemas: (0, import_zod.array)((0, import_zod.string)()), migrations: (0, import_zod.array)(migrationSql) });
var discoveryShape = (0, import_zod.object)({
  versions: (0, import_zod.object)({ django: (0, import_zod.string)(), djangoTenants: (0, import_zod.string)(), psycopg: (0, import_zod.string)() }),
  database: (0, import_zod.object)({
    alias: (0, import_zod.string)(),
    settings: (0, import_zod.object)({ engine: (0, import_zod.string)(), host: (0, import_zod.string)(), port: (0, import_zod.string)(), name: (0, import_zod.string)() }),
    /** What holds on the project's own connection. */
    timeouts: (0, import_zod.object)({
      lock: timeout,
      statement: timeout,
      /** DATABASES' OPTIONS.options, which replaces PGOPTIONS. */
      options: (0, import_zod.string)().nullable()
    }),
    identity: (0, import_zod.object)({ oid: (0, import_zod.string)(), name: (0, import_zod.string)(), role: (0, import_zod.string)(), serverStarted: (0, import_zod.string)() })
  }),
  publicSchema: (0, import_zod.string)(),
  multiType: (0, import_zod.object)({ field: (0, import_zod.string)(), types: (0, import_zod.array)((0, import_zod.string)()) }).nullable(),
  tenantModel: model.extend({
    autoCreateSchema: (0, import_zod.boolean)(),
    autoDropSchema: (0, import_zod.boolean)(),
    cloneMode: (0, import_zod.string)()
  }),
  domainModel: model,
  commands: (0, import_zod.array)((0, import_zod.string)()),
  leaves: (0, import_zod.array)((0, import_zod.string)()),
  conflicts: (0, import_zod.array)((0, import_zod.object)({ app: (0, import_zod.string)(), leaves: (0, import_zod.array)((0, import_zod.string)()) })),
  /** For each app the others whose migrations depend on some of its own. */
  dependents: (0, import_zod.record)((0, import_zod.string)(), (0, import_zod.array)((0, import_zod.string)())),
  kinds: (0, import_zod.array)(kind),
  /** Apps with models but without migrations: migrate_schemas makes no tables for them. */
  appsWithoutMigrations: (0, import_zod.array)((0, import_zod.string)()),
  /** Why the tenants could not be read: `no-table` before the first migration, else the database's words. */
  tenantsUnread: (0, import_zod.string)().nullable(),
  /** Schemas of rows that the default manager does not show (soft-deleted tenants). */
  hiddenTenants: (0, import_zod.array)((0, import_zod.string)()),
  /** In the project's own order of migration; the public schema's row is among them when there is one. */
  tenants: (0, import_zod.array)(tenant),
  /** Every schema of the database with a table django_migrations. */
  schemasWithLedger: (0, import_zod.array)((0, import_zod.string)()),
  groups: (0, import_zod.array)(ledgerGroup),
  /** Each migration that is pending somewhere, in Django's order. */
  migrations: (0, import_zod.array)(migration),
  /** Only when it was asked for: the targets as `app name`, and what would be undone, in Django's order of undoing. */
  back: (0, import_zod.object)({ targets: (0, import_zod.array)((0, import_zod.string)()), migrations: (0, import_zod.array)(undone) }).nullish(),
  ghosts: (0, import_zod.array)(ghost),
  /** Schemas with a ledger and without a tenant. */
  orphans: (0, import_zod.array)(
    (0, import_zod.object)({
      schema: (0, import_zod.string)(),
      /** When its last migration was applied, as PostgreSQL writes it in UTC: `2026-01-31 12:00`. */
      lastApplied: (0, import_zod.string)().nullable()
    })
  ),
  templates: (0, import_zod.array)(template),
  /** Ledgers in which a migration is recorded more than once. */
  duplicates: (0, import_zod.array)((0, import_zod.object)({ schema: (0, import_zod.string)(), migrations: (0, import_zod.array)((0, import_zod.string)()) })),
  postMigrate: (0, import_zod.object)({
    /** Receivers of the signal post_migrate that are not Django's own, by their dotted names. */
    otherReceivers: (0, import_zod.array)((0, import_zod.string)()),
    /** Only when it was asked for: schemas at head that lack what post_migrate makes, grouped by what they lack. */
    lacking: (0, import_zod.array)(
      (0, import_zod.object)({
        schemas: (0, import_zod.array)((0, import_zod.string)()),
        contentTypes: (0, import_zod.array)((0, import_zod.string)()),
        permissions: (0, import_zod.array)((0, import_zod.string)())
      })
    )
  }),
  /** Only when it was asked for. */
  sql: (0, import_zod.array)(groupSql),
  /** Settings by which a project changes how django-tenants works. */
  particulars: (0, import_zod.object)({
    extraSearchPaths: (0, import_zod.array)((0, import_zod.string)()),
    baseMigrateCommand: (0, import_zod.string)().nullable(),
    executorFunction: (0, import_zod.string)().nullable(),
    extraSetTenantMethod: (0, import_zod.string)().nullable(),
    limitSetCalls: (0, import_zod.boolean)()
  }),
  withoutSchema: (0, import_zod.array)((0, import_zod.string)()),
  unreadable: (0, import_zod.array)((0, import_zod.object)({ schema: (0, import_zod.string)(), reason: (0, import_zod.string)() }))
});
//! src/migrations/timeouts.ts
function timeoutsRefusal(asked2, { alias, timeouts: found }) {
  const wrong = [
    { name: "lock_timeout", input: "lock-timeout", asked: asked2.lock, found: found.lock },
    { name: "statement_timeout", input: "statement-timeout", asked: asked2.statement, found: found.statement }
  ].filter((one) => one.asked !== one.found.milliseconds);
  if (wrong.length === 0) return void 0;
  const differences2 = wrong.map(
    ({ name, asked: asked3, found: found2 }) => `${name} is ${shown2(found2.milliseconds)} instead of ${shown2(asked3)}`
  );
  const sources = wrong.map((one) => one.found.source);
  const { why, next } = placeOf(alias, found, sources, (0, import_database_url.withTimeouts)(void 0, asked2));
  const accepting = wrong.map(({ input, found: found2 }) => `${input}: ${written(found2.milliseconds)}`);
  return new import_ground_errors.UserError(
    `The project’s connection does not keep the time limits that were asked for — ${(0, import_ground_words.listed)(differences2)}: ${why}`,
    `${next}, or ask for what the project has (${accepting.join(", ")}); nothing was changed`,
    { code: "timeouts-not-honoured" }
  );
}
function placeOf(alias, { options }, sources, wanted) {
  if (sources.includes("session")) {
    return {
      why: "the project sets it by a statement of its own when it connects (a receiver of connection_created, or its own database engine)",
      next: "leave it out there while migrating"
    };
  }
  if (options !== null && options.trim() !== "") {
    return {
      why: `DATABASES['${alias}']['OPTIONS']['options'] is "${options}", and stands in place of PGOPTIONS`,
      next: `append os.environ.get("PGOPTIONS", "") to it, or write ${wanted} there`
    };
  }
  return {
    why: `PGOPTIONS did not arrive (the server’s value comes from: ${(0, import_ground_words.listed)([...new Set(sources)])})`,
    next: "give the address of the database itself: a pooler may ignore PGOPTIONS (ignore_startup_parameters)"
  };
}
function shown2(milliseconds) {
  return milliseconds === 0 ? "none" : (0, import_ground_duration.showDuration)(milliseconds);
}
function written(milliseconds) {
  return milliseconds % 1e3 === 0 ? `${milliseconds / 1e3}s` : `${milliseconds}ms`;
}
//! src/migrations/standing.ts
var patience2 = 5 * 6e4;
async function readStanding({
  project,
  database,
  signal,
  postMigrate = false,
  sql = false,
  targets = []
}) {
  const discovery = await (0, import_django_python_files.probe)(
    project,
    "discover",
    { request: { postMigrate, sql, targets }, answer: discoveryShape },
    { timeout: patience2, signal, applicationName: "discover" }
  );
  await requireRightDatabase(discovery, { project, database });
  return discovery;
}
async function requireRightDatabase(discovery, { project, database }) {
  await requireSameDatabase(discovery, database);
  const refusal = project.timeouts === void 0 ? void 0 : timeoutsRefusal(project.timeouts, discovery.database);
  if (refusal !== void 0) throw refusal;
}
async function requireSameDatabase({ database: found }, given) {
  const [identity2] = await given.query(
    `SELECT oid::text AS oid,
            to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS started
       FROM pg_database WHERE datname = current_database()`
  );
  if (identity2?.oid === found.identity.oid && identity2.started === found.identity.serverStarted) return;
  const { host, port, name } = found.settings;
  throw new import_ground_errors.UserError(
    `The project uses another database — its settings lead to ${name} on ${host || "the local socket"}:${port || "5432"}, this step was given ${given.label}`,
    "make DATABASES read DATABASE_URL or the DB_* variables; nothing was changed",
    { code: "project-other-database" }
  );
}
//! src/django/worker-process.ts
//! src/django/worker-messages.ts
var count2 = (0, import_zod.number)().int().nonnegative();
var ready = (0, import_zod.object)({
  event: (0, import_zod.literal)("ready"),
  django: (0, import_zod.string)(),
  djangoTenants: (0, import_zod.string)(),
  psycopg: (0, import_zod.string)(),
  python: (0, import_zod.string)(),
  pid: count2,
  /** What holds on the worker's own connection, in milliseconds. */
  lockTimeout: count2,
  statementTimeout: count2,
  /** Only of a process that is of use without migrating: why it cannot. */
  unsupported: (0, import_zod.string)().nullish(),
  /** Milliseconds of its start in which it read the project's migrations. */
  loading: count2.optional()
});
var unsupported = (0, import_zod.object)({ event: (0, import_zod.literal)("unsupported"), reason: (0, import_zod.string)() });
var begun = (0, import_zod.object)({ event: (0, import_zod.literal)("begun"), migration: (0, import_zod.string)() });
var applied = (0, import_zod.object)({ event: (0, import_zod.literal)("applied"), migration: (0, import_zod.string)(), ms: (0, import_zod.number)() });
var lock = (0, import_zod.object)({ schema: (0, import_zod.string)(), table: (0, import_zod.string)(), mode: (0, import_zod.string)() });
var held2 = (0, import_zod.object)({
  event: (0, import_zod.literal)("held"),
  rows: (0, import_zod.array)((0, import_zod.record)((0, import_zod.string)(), (0, import_zod.unknown)())),
  locks: (0, import_zod.array)(lock)
});
var work2 = {
  /** What was recorded for this tenant, as `app.name`, in Django's order. */
  applied: (0, import_zod.array)((0, import_zod.string)()),
  ms: (0, import_zod.number)(),
  /** Round trips to the database. */
  statements: count2,
  /** Resident memory of the worker's process, in bytes. */
  rss: count2
};
var done2 = (0, import_zod.object)({
  event: (0, import_zod.literal)("done"),
  ...work2,
  /** Whether Django's signal post_migrate was sent. */
  postMigrate: (0, import_zod.boolean)()
});
var dropped = (0, import_zod.object)({ event: (0, import_zod.literal)("dropped"), ...work2 });
var failed = (0, import_zod.object)({
  event: (0, import_zod.literal)("failed"),
  ...work2,
  /** What it was at: `ledger`, `pre-migrate`, `migration`, `post-migrate`, `signal` or `try-out`. */
  during: (0, import_zod.string)(),
  /** `app.name`, when it was at one. */
  migration: (0, import_zod.string)().nullable(),
  /** The whole of this migration is one transaction: nothing of it is left. */
  atomic: (0, import_zod.boolean)(),
  exception: (0, import_zod.string)(),
  message: (0, import_zod.string)(),
  /** PostgreSQL's DETAIL. */
  detail: (0, import_zod.string)().nullable(),
  sqlstate: (0, import_zod.string)().nullable(),
  /** The project's own line, like `shop/models.py:14`. */
  where: (0, import_zod.string)().nullable(),
  traceback: (0, import_zod.string)()
});
var cannotTryOut = (0, import_zod.object)({ event: (0, import_zod.literal)("cannot-try-out"), reason: (0, import_zod.string)() });
var lost2 = (0, import_zod.object)({ event: (0, import_zod.literal)("lost"), during: (0, import_zod.string)(), message: (0, import_zod.string)() });
var answer = (0, import_zod.object)({ event: (0, import_zod.literal)("answer"), value: (0, import_zod.unknown)() });
var messageShape = (0, import_zod.discriminatedUnion)("event", [
  ready,
  unsupported,
  begun,
  applied,
  held2,
  done2,
  dropped,
  failed,
  cannotTryOut,
  lost2,
  answer
]);
//! src/django/worker-unsupported.ts
var WorkerUnsupported = class extends import_ground_errors.UserError {
  /** In words: `it has django-tenants 3.6, and the worker knows 3.7 to 4.x`. */
  reason;
  constructor(reason) {
    super(
      `The worker cannot migrate this project — ${reason}`,
      "set engine to auto or django: the project’s own migrate_schemas does the same work, slower",
      { code: "worker-unsupported" }
    );
    this.name = "WorkerUnsupported";
    this.reason = reason;
  }
};
//! src/django/worker-process.ts
var defaults = { startTimeout: 12e4, tenantsPerProcess: 2e3, memoryPerProcess: 400 * 1024 * 1024 };
async function startProcess(project, options, program = "worker") {
  const placed = await (0, import_django_python_files.placeProgram)(project, program, {});
  try {
    const conversation = await (0, import_django_python_files.conversePython)(project, placed.args, placed.env, {
      signal: options.signal,
      onLine: options.onLine,
      applicationName: program
    });
    if (conversation === void 0) {
      throw new WorkerUnsupported(`${project.machine.name} cannot keep a program running`);
    }
    const ready2 = await untilReady(conversation, placed, project, options);
    return new Process({ project, options, conversation, placed, ready: ready2 });
  } catch (error) {
    await placed.remove();
    throw error;
  }
}
async function untilReady(conversation, placed, project, { signal, startTimeout = defaults.startTimeout }) {
  const first = await within(startTimeout, firstMessage(conversation));
  if (first !== timeIsUp && first?.event === "ready") {
    const { event: _, ...ready2 } = first;
    return ready2;
  }
  const result = await conversation.end();
  signal?.throwIfAborted();
  if (first === timeIsUp) {
    throw new import_ground_errors.UserError(
      `The project did not start within ${(0, import_ground_duration.showDuration)(startTimeout)} — it was ended`,
      "its last lines are below; run python manage.py check in the same place and see what it waits for",
      { code: "command-timed-out", evidence: (0, import_machine_machine.lastWords)(result) }
    );
  }
  if (first?.event === "unsupported") throw new WorkerUnsupported(first.reason);
  (0, import_django_python_files.readAnswer)(await placed.answer(), messageShape, { project, result });
  throw new Error(`worker.py began with ${first?.event ?? "an answer"}`);
}
async function firstMessage(conversation) {
  for (; ; ) {
    const line = await conversation.receive();
    if (line === void 0) return void 0;
    const message = messageShape.safeParse(parsed(line));
    if (message.success) return message.data;
  }
}
var Process = class {
  #parts;
  #tenants = 0;
  #memory = 0;
  #gone = false;
  constructor(parts) {
    this.#parts = parts;
    void parts.conversation.ended.then(() => {
      this.#gone = true;
    });
  }
  get ready() {
    return this.#parts.ready;
  }
  get isUsedUp() {
    const { tenantsPerProcess = defaults.tenantsPerProcess, memoryPerProcess = defaults.memoryPerProcess } = this.#parts.options;
    return this.#gone || this.#tenants >= tenantsPerProcess || this.#memory > memoryPerProcess;
  }
  async prepare(example) {
    await this.#parts.conversation.send(JSON.stringify(this.#words("prepare", example))).catch(() => {
    });
  }
  async migrate(request) {
    this.#tenants += 1;
    const result = await within(request.timeout, this.#converse(request));
    if (result !== timeIsUp) {
      if (result.outcome !== "done") this.#parts.options.signal?.throwIfAborted();
      if ("rss" in result) this.#memory = result.rss;
      return result;
    }
    throw await this.#lost(
      `the migration of ${request.schema}`,
      `it was not done within ${(0, import_ground_duration.showDuration)(request.timeout)} and was ended`
    );
  }
  async ask(words, about, timeout2) {
    const answered = await within(timeout2, this.#answerTo(words, about));
    if (answered !== timeIsUp) return answered;
    throw await this.#lost(about, `it was not done within ${(0, import_ground_duration.showDuration)(timeout2)} and was ended`);
  }
  async #answerTo(words, about) {
    await this.#say(about, words);
    const message = await this.#hear(about);
    if (message.event === "answer") return message.value;
    throw await this.#lost(about, `the worker said ${message.event}`);
  }
  async end() {
    this.#gone = true;
    await this.#parts.conversation.end();
    await this.#parts.placed.remove();
  }
  async #converse(request) {
    const { onBegun, onApplied } = request;
    const about = `the migration of ${request.schema}`;
    await this.#say(about, this.#words("migrate", request));
    for (; ; ) {
      const message = await this.#hear(about);
      switch (message.event) {
        case "begun":
          onBegun?.(message.migration);
          break;
        case "applied":
          onApplied?.(message.migration, message.ms);
          break;
        case "held": {
          const { event: _, ...held3 } = message;
          await this.#say(about, { do: await this.#decide(request, held3) });
          break;
        }
        case "done":
        case "dropped":
        case "failed":
        case "cannot-try-out":
          return outcomeOf(message);
        case "lost":
          throw new import_ground_errors.LostConnection(`${about} (${message.during})`, message.message);
        default:
          throw await this.#lost(about, `the worker said ${message.event}`);
      }
    }
  }
  #words(what, { schema, tenantType = null, postMigrate, tryOut }) {
    const applicationName = (0, import_django_python_files.sessionName)(this.#parts.project, schema);
    const asked2 = tryOut === void 0 ? null : { sql: tryOut.sql };
    return { do: what, schema, tenantType, postMigrate, tryOut: asked2, applicationName };
  }
  async #decide({ tryOut }, held3) {
    try {
      return await tryOut?.decide(held3) ?? "drop";
    } catch (error) {
      await this.end();
      throw error;
    }
  }
  async #say(about, words) {
    try {
      await this.#parts.conversation.send(JSON.stringify(words));
    } catch {
      throw await this.#lost(about, "the worker no longer listens");
    }
  }
  async #hear(about) {
    const line = await this.#parts.conversation.receive();
    if (line === void 0) throw await this.#lost(about, "the worker ended");
    const message = messageShape.safeParse(parsed(line));
    if (message.success) return message.data;
    throw await this.#lost(about, `the worker said something else than agreed: ${line.slice(0, 200)}`);
  }
  /** Ends what may still run, so that nothing goes on unseen. */
  async #lost(about, observed) {
    this.#gone = true;
    const { conversation, options } = this.#parts;
    const result = await conversation.end();
    if (options.signal?.aborted) return options.signal.reason;
    return new import_ground_errors.LostConnection(about, `${observed} (${(0, import_machine_machine.ending)(result)})`, {
      evidence: (0, import_machine_machine.lastWords)(result)
    });
  }
};
function outcomeOf({
  event,
  ...told2
}) {
  return { outcome: event, ...told2 };
}
var timeIsUp = /* @__PURE__ */ Symbol("time is up");
async function within(milliseconds, work3) {
  const over2 = new AbortController();
  const timer = (0, import_promises17.setTimeout)(milliseconds, timeIsUp, { signal: over2.signal }).catch(() => timeIsUp);
  work3.catch(() => {
  });
  try {
    return await Promise.race([work3, timer]);
  } finally {
    over2.abort();
  }
}
function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return void 0;
  }
}
//! src/django/worker.ts
async function startWorker(project, options = {}) {
  let process2 = await startProcess(project, options);
  return {
    get ready() {
      return process2.ready;
    },
    prepare: (example) => process2.prepare(example),
    async migrate(request) {
      options.signal?.throwIfAborted();
      if (process2.isUsedUp) {
        await process2.end();
        process2 = await startProcess(project, options);
      }
      return process2.migrate(request);
    },
    end: () => process2.end()
  };
}
//! src/migrations/engines.ts
var isWorthAWorker = ({ length }) => length >= 3;
function ladder(options) {
  const workers = /* @__PURE__ */ new Map();
  const trusts = /* @__PURE__ */ new Map();
  const amounts = Map.groupBy(options.pending, kindOfWork);
  const notes = [];
  const sharedTables = new Set(options.sharedTables);
  let unavailable;
  if (sharedTables.size > 0) noteSharedTables();
  if (options.choice !== "django") warmUp(0);
  function note(sentence) {
    if (notes.includes(sentence)) return;
    notes.push(sentence);
    options.log.info(sentence);
  }
  function noteSharedTables() {
    note(`locks ${(0, import_ground_words.listed)([...sharedTables], 3)} of the shared schema for every tenant: one at a time`);
  }
  function trustIn(tenant2) {
    const kind2 = kindOfWork(tenant2);
    const known = trusts.get(kind2);
    if (known !== void 0) return known;
    const isWorthIt = isWorthAWorker(amounts.get(kind2) ?? []);
    const state = options.choice === "worker" ? "trusted" : isWorthIt ? "first" : "refused";
    const trust = { state, turn: Promise.resolve() };
    trusts.set(kind2, trust);
    return trust;
  }
  async function migrate2(tenant2, lane) {
    if (options.choice === "django" || unavailable !== void 0) return byDjango(tenant2);
    const trust = trustIn(tenant2);
    if (trust.state === "trusted") return byWorker(tenant2, lane);
    if (trust.state === "refused") return byDjango(tenant2);
    const turn = trust.turn.then(() => earn(trust, tenant2, lane));
    trust.turn = turn.catch(() => {
    });
    return turn;
  }
  async function earn(trust, tenant2, lane) {
    if (trust.state === "trusted") return byWorker(tenant2, lane);
    if (trust.state === "refused" || unavailable !== void 0) return byDjango(tenant2);
    const before = options.structureBefore.get(tenant2.schema);
    if (trust.state === "second" && trust.reference !== void 0 && trust.reference.before === before) {
      return tryWorker(trust, trust.reference, tenant2, lane);
    }
    const ran = await byDjango(tenant2);
    if (ran.failure === void 0) {
      trust.reference = {
        schema: tenant2.schema,
        before,
        after: await exactStructure(options.database, tenant2.schema)
      };
      trust.state = "second";
      if (sharedTables.size === 0) for (let other = 1; other < options.lanes; other += 1) warmUp(other);
    }
    return ran;
  }
  async function tryWorker(trust, reference, tenant2, lane) {
    let found = [];
    const tried = await ask(tenant2, lane, ({ rows, locks }) => {
      for (const { schema, table } of locks) if (schema === options.publicSchema) sharedTables.add(table);
      found = differences(reference.after, structureOf2(rows));
      return found.length === 0;
    });
    if (tried === void 0) return byDjango(tenant2);
    if (sharedTables.size > 0) noteSharedTables();
    switch (tried.result.outcome) {
      case "done":
        trust.state = "trusted";
        return ranOf(tried, tenant2);
      case "failed":
        return ranOf(tried, tenant2);
      case "cannot-try-out":
        return compareAfterwards(trust, reference, tenant2, lane);
      case "dropped":
        trust.state = "refused";
        note(
          `Engine: django, slower — the worker made ${tenant2.schema} otherwise than Django made ${reference.schema} (${(0, import_ground_words.listed)(found, 2)}); that was rolled back`
        );
        return byDjango(tenant2);
    }
  }
  async function compareAfterwards(trust, reference, tenant2, lane) {
    const ran = await byWorker(tenant2, lane);
    if (ran.failure !== void 0 || ran.engine !== "worker") return ran;
    const found = differences(reference.after, await exactStructure(options.database, tenant2.schema));
    trust.state = found.length === 0 ? "trusted" : "refused";
    if (found.length === 0) return ran;
    note("Engine: django, slower — the worker’s result was not Django’s");
    return {
      ...ran,
      failure: new import_ground_errors.UserError(
        `Tenant ${tenant2.schema} is not what Django made of ${reference.schema} — ${(0, import_ground_words.listed)(found, 3)}`,
        "this is a defect in the fast engine, please report it; mend the tenant by hand, and run again with engine: django",
        { code: "tenant-drifted", evidence: found.join("\n") }
      )
    };
  }
  async function byDjango(tenant2) {
    return { ...await migrateTenant(tenant2.schema, options), engine: "django" };
  }
  async function byWorker(tenant2, lane) {
    const asked2 = await ask(tenant2, lane);
    return asked2 === void 0 ? byDjango(tenant2) : ranOf(asked2, tenant2);
  }
  async function ask(tenant2, lane, keep) {
    const worker = await workerOf(lane);
    if (worker === void 0) return void 0;
    const started = performance.now();
    const { result, blockers } = await watchingBlockers(
      () => worker.migrate({
        ...requestFor(tenant2),
        ...keep === void 0 ? {} : {
          tryOut: {
            sql: exactStructureSql,
            decide: (held3) => keep(held3) ? "keep" : "drop"
          }
        }
      }),
      {
        database: options.database,
        applicationName: (0, import_django_python_files.sessionName)(options.project, tenant2.schema),
        interval: lookInterval2(options.project.timeouts?.lock),
        // Within a lock timeout the failure names them soon enough.
        onBlocked: (found) => (options.project.timeouts?.lock ? options.log.debug : options.log.info)(
          `${tenant2.schema} waits for a lock: ${describeBlockers(found)} is in the way`
        )
      }
    );
    return {
      result,
      blockers,
      milliseconds: performance.now() - started,
      lockTimeout: options.project.timeouts?.lock
    };
  }
  function warmUp(lane) {
    const example = [...amounts.values()].find(isWorthAWorker)?.at(-1);
    if (example === void 0) return;
    startedWorker(lane).then((worker) => worker.prepare(requestFor(example))).catch(() => {
    });
  }
  function requestFor({ schema, tenantType }) {
    const { postMigrate, timeout: timeout2 } = options;
    return { schema, tenantType, postMigrate, timeout: timeout2 };
  }
  function startedWorker(lane) {
    const known = workers.get(lane);
    if (known !== void 0) return known;
    const starting = startWorker(options.project, workerOptions(options));
    workers.set(lane, starting);
    return starting;
  }
  async function workerOf(lane) {
    const worker = startedWorker(lane);
    try {
      return await worker;
    } catch (error) {
      workers.delete(lane);
      if (!(error instanceof WorkerUnsupported) || options.choice === "worker") throw error;
      unavailable = error.reason;
      note(`Engine: django, slower — the worker cannot be used: ${unavailable}`);
      return void 0;
    }
  }
  return {
    migrate: migrate2,
    notes,
    get oneAtATime() {
      return sharedTables.size > 0;
    },
    async close() {
      const started = await Promise.allSettled(workers.values());
      await Promise.all(started.map((one) => one.status === "fulfilled" ? one.value.end() : void 0));
    }
  };
}
function workerOptions({ signal, log }) {
  return { signal, onLine: (line) => log.debug(line) };
}
function ranOf({ result, blockers, milliseconds, lockTimeout }, { schema }) {
  const ran = { milliseconds, engine: "worker" };
  if (result.outcome === "done") return ran;
  const place = placeOfTenant(schema);
  if (result.outcome !== "failed") {
    throw new Error(`The worker ended with ${result.outcome} where nothing was tried out.`);
  }
  const failed2 = {
    migration: result.migration ?? void 0,
    observed: observedIn2(result),
    evidence: result.traceback
  };
  return {
    ...ran,
    failure: result.sqlstate === "55P03" ? blockedMigration(failed2, place, { blockers, lockTimeout }) : failedMigration(failed2, place),
    retry: result.atomic && isRetryable(result.sqlstate) ? result.sqlstate : void 0
  };
}
function observedIn2({
  sqlstate,
  exception,
  message,
  detail,
  where
}) {
  const first = message.trim().split("\n")[0] ?? "";
  if (sqlstate !== null) return detail === null ? first : `${first} (${detail.trim().replace(/\s+/g, " ")})`;
  const place = where === null ? "" : ` (${where})`;
  return `${exception}: ${first}${place}`;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  arrange,
  askTenants,
  backingUp,
  backupFields,
  commandApplication,
  commandEngine,
  complaintIn,
  describeBlockers,
  differences,
  disagreementWith,
  discoveryShape,
  driftGroups,
  driftLines,
  driftOf,
  driftSentence,
  driftedIn,
  endSession,
  exactStructure,
  exactStructureSql,
  failureCountSentence,
  failureLine,
  failuresThatStop,
  forTenant,
  invalidIn,
  invalidIndexesOf,
  judge,
  kindBySchema,
  kindOfWork,
  ladder,
  limitedTo,
  locksOnShared,
  lookInterval,
  makeSuperTenant,
  migrateShared,
  migrateTenant,
  missingOf,
  nameWith,
  needsMigration,
  notOfManagePy,
  notRecorded,
  notices,
  parseFailureLimit,
  parseShare,
  parseSmokeCommand,
  parseWords,
  placeIsComplete,
  planMigrations,
  presetFields,
  presetProject,
  presetRules,
  projectOf,
  proofSentence,
  quotedName,
  ranOf,
  readStanding,
  readStructures,
  readWithin,
  recordMigration,
  refusals,
  registeringFields,
  registeringProject,
  requireKnownPlaces,
  requirePrograms,
  requireRightDatabase,
  requireSmokeCommands,
  restoreFields,
  restoreFrom,
  rolloutShape,
  runCommand,
  runningIn,
  sameFailure,
  serverIsNeeded,
  sessionsName,
  sharedSchema,
  smokeCommand,
  startProcess,
  structureOf,
  superTenantWords,
  tenantNameProblem,
  tenantNames,
  troubles,
  undoIn,
  undoneButRecorded,
  watchingBlockers,
  withDatabase,
  withLock,
  withPlace,
  workSentence
});
