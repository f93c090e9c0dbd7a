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
  healthCheck: () => healthCheck,
  healthFields: () => healthFields
});
module.exports = __toCommonJS(stdin_exports);
var import_ground_young_memory = require("./ground-young-memory.cjs");
var import_health_check = require("./health-check.cjs");
var import_health_http = require("./health-http.cjs");
var import_machine_ssh_tunnel = require("./machine-ssh-tunnel.cjs");
var import_machine_ssh_verdict = require("./machine-ssh-verdict.cjs");
var import_database_url = require("./database-url.cjs");
var import_step_fields = require("./step-fields.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_node_perf_hooks = require("node:perf_hooks");
var import_promises = require("node:timers/promises");
//! src/health/tenants.ts
var tablesOfTenants = `
  select domains.oid::regclass::text as domains, tenants.oid::regclass::text as tenants, key.attname as "primaryKey",
         tenants.relnamespace::regnamespace::text as "publicSchema"
  from pg_class domains
  join pg_attribute domain on domain.attrelid = domains.oid and domain.attname = 'domain'
  join pg_attribute main on main.attrelid = domains.oid and main.attname = 'is_primary'
  join pg_attribute tenant on tenant.attrelid = domains.oid and tenant.attname = 'tenant_id'
  join pg_constraint link on link.conrelid = domains.oid and link.contype = 'f' and link.conkey = array[tenant.attnum]
  join pg_class tenants on tenants.oid = link.confrelid
  join pg_attribute name on name.attrelid = tenants.oid and name.attname = 'schema_name'
  join pg_attribute key on key.attrelid = tenants.oid and key.attnum = link.confkey[1]
  where domains.relkind = 'r'
  order by 1`;
async function tenantDomains(database) {
  const found = await database.query(tablesOfTenants);
  const [tables, another] = found;
  if (tables === void 0 || another !== void 0) {
    throw new import_ground_errors.UserError(
      `The tenants' domains cannot be read from ${database.label} — ${tables === void 0 ? "it has no table of domains as django-tenants makes it" : `several tables look like it: ${(0, import_ground_words.listed)(found.map(({ domains }) => domains))}`}`,
      "check database-url, migrate the shared schema first, or set tenants: none",
      { code: "tenant-domains-unknown" }
    );
  }
  return database.query(
    `select t.schema_name as schema, d.domain from ${tables.domains} d
     join ${tables.tenants} t on t."${tables.primaryKey}" = d.tenant_id
     where d.is_primary and t.schema_name <> $1 order by t.schema_name`,
    [tables.publicSchema]
  );
}
function sampled(tenants, sample, random = Math.random) {
  if (sample === "none") return [];
  if (sample === "all" || sample >= tenants.length) return [...tenants];
  const rest = [...tenants];
  return Array.from({ length: sample }, () => rest.splice(Math.floor(random() * rest.length), 1)).flat();
}
//! src/health/watch.ts
var inARow = 3;
async function watchOver(probes, { interval, watchFor, expected }, { ask: ask2, log, signal }) {
  const began = import_node_perf_hooks.performance.now();
  const rows = /* @__PURE__ */ new Map();
  let asked = 0;
  let failed = 0;
  let slowest2 = 0;
  for (; ; ) {
    const findings = [];
    await (0, import_health_check.inParallel)(probes, async (probe) => {
      const finding = (0, import_health_check.judged)(probe, await ask2(probe), expected, 1);
      const { answer, complaint } = finding;
      findings.push(finding);
      asked += 1;
      rows.set(probe, complaint === void 0 ? 0 : (rows.get(probe) ?? 0) + 1);
      if (complaint !== void 0) failed += 1;
      else if (answer.kind === "answer") slowest2 = Math.max(slowest2, answer.milliseconds);
    });
    const since = import_node_perf_hooks.performance.now() - began;
    const bad = findings.filter(({ complaint }) => complaint !== void 0);
    if (bad.length > 0) log.info(`after ${(0, import_ground_duration.showDuration)(since)}: ${(0, import_health_check.toldTogether)(findings)}`);
    const [worst] = bad.filter(({ probe }) => (rows.get(probe) ?? 0) >= inARow);
    if (worst?.complaint !== void 0) {
      const failure = new import_ground_errors.UserError(
        `What was healthy at first failed ${inARow} times in a row after ${(0, import_ground_duration.showDuration)(since)} — ${(0, import_health_check.toldTogether)(findings)}`,
        worst.complaint.hint,
        { code: "health-unsteady" }
      );
      return { asked, failed, slowest: slowest2, findings, ended: { failure, by: worst } };
    }
    if (since + interval > watchFor) return { asked, failed, slowest: slowest2, findings };
    await (0, import_promises.setTimeout)(interval, void 0, { signal }).catch(() => signal.throwIfAborted());
  }
}
//! src/actions/health-report.ts
var inSight = 10;
var shownRows = 50;
function healthFacts(findings) {
  const [first] = findings;
  const days = findings.flatMap(
    ({ answer }) => answer.kind === "answer" && answer.certificateDays !== void 0 ? [answer.certificateDays] : []
  );
  return {
    status: first?.answer.kind === "answer" ? first.answer.status : "",
    "attempts-used": Math.max(...findings.map(({ attempts }) => attempts)),
    "latency-ms": Math.round(slowest(findings)),
    "tenants-failed": new Set(
      findings.flatMap(({ probe, complaint }) => complaint === void 0 ? [] : probe.tenant ?? [])
    ).size,
    "certificate-days": days.length === 0 ? "" : Math.min(...days)
  };
}
function slowest(findings) {
  return Math.max(0, ...findings.map(({ answer }) => answer.kind === "answer" ? answer.milliseconds : 0));
}
function tablesOf(findings) {
  const bad = findings.filter(({ complaint }) => complaint !== void 0);
  const good = findings.filter(({ complaint }) => complaint === void 0);
  if (findings.length <= inSight) return { first: rowsOf([...bad, ...good]), rest: [] };
  const rest = [...bad.slice(inSight), ...good].slice(0, shownRows);
  return { first: rowsOf(bad.slice(0, inSight)), rest: rowsOf(rest) };
}
function rowsOf(findings) {
  return findings.map(({ probe, answer, attempts, complaint }) => [
    (0, import_health_http.probeName)(probe),
    complaint === void 0 && answer.kind === "answer" ? `${answer.status}` : `**${complaint?.observed ?? ""}**`,
    String(attempts),
    answer.kind === "answer" ? (0, import_ground_duration.showDuration)(answer.milliseconds) : ""
  ]);
}
function asData({ probe, answer, attempts, complaint }) {
  return {
    name: (0, import_health_http.probeName)(probe),
    tenant: probe.tenant,
    from: probe.from,
    healthy: complaint === void 0,
    status: answer.kind === "answer" ? answer.status : null,
    attempts,
    milliseconds: answer.kind === "answer" ? Math.round(answer.milliseconds) : null,
    observed: complaint?.observed
  };
}
//! src/actions/server-way.ts
function fromEachServer({ from, host = [] }, probes) {
  if (from === "runner" || host.length < 2) return [...probes];
  return host.flatMap((each) => probes.map((probe) => ({ ...probe, from: each })));
}
async function withDialers({ inputs: inputs2, log, signal }, use) {
  const { from, sshUser = "", host: hosts = [] } = inputs2;
  if (from === "runner") return use(void 0);
  const tunnels = /* @__PURE__ */ new Map();
  const tunnelTo = (url, host) => {
    const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
    const far = { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port };
    const key = `${host} ${far.host} ${port}`;
    const known = tunnels.get(key) ?? (0, import_machine_ssh_tunnel.openTunnel)((0, import_machine_ssh_verdict.serverOf)({ ...inputs2, sshUser }, host), far, { log, signal });
    tunnels.set(key, known);
    return known;
  };
  try {
    const [only = ""] = hosts;
    return await use({
      places: (0, import_ground_words.listed)(hosts.map((host) => `${sshUser}@${host}`)),
      dial: async (url, asking = only) => (await tunnelTo(url, asking)).open()
    });
  } finally {
    for (const tunnel of tunnels.values()) await tunnel.then((each) => each.close()).catch(() => {
    });
  }
}
//! src/actions/health-check.ts
var tenantSample = (0, import_step_fields.readAs)((written) => {
  if (written === "none" || written === "all") return written;
  if (/^[1-9]\d*$/.test(written)) return Number(written);
  throw new RangeError(`"${written}" is not none, all, or a number of tenants`);
});
var certificates = (0, import_step_fields.readAs)((written) => {
  if (/-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(written)) return written;
  throw new RangeError("it is no certificate — give the text of the PEM file, from BEGIN CERTIFICATE on");
});
var healthFields = {
  url: import_step_fields.httpUrls,
  attempts: (0, import_step_fields.count)({ least: 1 }),
  interval: import_step_fields.duration,
  initialWait: import_step_fields.duration,
  tryTimeout: import_step_fields.duration,
  expectStatus: (0, import_step_fields.readAs)(import_health_http.parseStatusRanges),
  expectText: import_step_fields.text.optional(),
  expectJson: (0, import_step_fields.linesOf)(import_health_http.parseJsonExpectation).optional(),
  expectHeader: import_step_fields.headers.optional(),
  expectRelease: import_step_fields.text.optional(),
  followRedirects: import_step_fields.boolean,
  hostHeader: import_step_fields.text.optional(),
  requestHeader: import_step_fields.headers.optional(),
  ca: certificates.optional(),
  maxLatency: import_step_fields.duration.optional(),
  minCertificateDays: (0, import_step_fields.count)({ least: 1 }).optional(),
  tenants: tenantSample,
  tenantPath: import_step_fields.text
};
var inputs = {
  mode: (0, import_step_fields.choice)("check", "watch", "doctor"),
  ...healthFields,
  url: import_step_fields.httpUrls.optional(),
  watchFor: import_step_fields.duration,
  from: (0, import_step_fields.choice)("runner", "server"),
  container: import_step_fields.text.optional(),
  databaseUrl: import_database_url.databaseUrl.optional(),
  ...import_database_url.serverFields,
  host: import_database_url.serverFields.host.optional(),
  sshUser: import_step_fields.text.optional(),
  ...import_database_url.commonFields
};
var outputs = ["status", "attempts-used", "latency-ms", "tenants-failed", "certificate-days"];
var healthCheck = (0, import_database_url.defineAction)({
  inputs,
  outputs,
  results: ["healthy", "ready"],
  rules: [needsAnAddress, needsADatabase, needsAServer, import_database_url.hostKeyIsPinnedOnce],
  async run(context) {
    (0, import_ground_young_memory.keepYoungMemorySmall)();
    if (context.inputs.mode === "doctor") {
      const { examine } = await Promise.resolve().then(() => __toESM(require("./actions-doctor.cjs")));
      return examine(context);
    }
    return withDialers(context, async (dialers) => {
      const { inputs: inputs2, log, report, signal, tell } = context;
      const plan = { ...inputs2, expected: expectation(inputs2) };
      const probes = fromEachServer(inputs2, [...addressProbes(inputs2), ...await tenantProbes(context)]);
      const ports = {
        ask: (probe) => (0, import_health_http.ask)(probe, inputs2.tryTimeout, signal, {
          ca: inputs2.ca,
          followRedirects: inputs2.followRedirects,
          ...dialers === void 0 ? {} : { dial: (url) => dialers.dial(url, probe.from) }
        }),
        log,
        signal
      };
      if (inputs2.container !== void 0) await (await serverHealth()).checkContainers(context);
      if (probes.length === 0) {
        report.verdict(`${inputs2.container} runs on ${(0, import_ground_words.listed)(inputs2.host ?? [])}.`);
        return { result: "healthy" };
      }
      const from = dialers === void 0 ? "" : `, from ${dialers.places}`;
      log.step(
        "Check",
        `${(0, import_ground_words.counted)(probes.length, "address", "addresses")}, up to ${(0, import_ground_words.counted)(plan.attempts, "try", "tries")} each${from}`
      );
      const findings = await (0, import_health_check.probeUntilHealthy)(probes, plan, ports);
      tellFindings(context, findings);
      if (findings.some(({ complaint }) => complaint !== void 0)) {
        throw await explained(context, (0, import_health_check.unhealthy)(findings, plan), findings);
      }
      log.step("Done", `${(0, import_health_check.toldTogether)(findings)}, slowest ${(0, import_ground_duration.showDuration)(slowest(findings))}`);
      const watched = inputs2.mode === "watch" ? await watchedFor(context, probes, { plan, ports }) : "";
      report.verdict(`${(0, import_health_check.toldTogether)(findings)}${watched}.`);
      tell(healthFacts(findings));
      return { result: "healthy" };
    });
  }
});
var serverHealth = () => Promise.resolve().then(() => __toESM(require("./actions-server-health.cjs")));
async function explained(context, failure, findings) {
  if (context.inputs.container === void 0) return failure;
  return (await serverHealth()).whatServerShows(context, failure, findings);
}
function needsAnAddress({ mode, url = [], container }) {
  if (mode === void 0 || mode === "doctor" || url.length > 0) return void 0;
  if (mode === "check" && container !== void 0) return void 0;
  return `url: is required${mode === "check" ? ", or container" : ` for mode: ${mode}`}`;
}
function needsADatabase({ tenants, databaseUrl: databaseUrl2, url = [] }) {
  if (tenants === void 0 || tenants === "none") return void 0;
  if (databaseUrl2 === void 0) return "tenants: needs database-url, to read the domains from";
  return url.length === 0 ? "tenants: needs url, to ask at" : void 0;
}
function needsAServer({ mode, from, container, host = [], sshUser }) {
  const why = mode === "doctor" ? "mode: doctor" : from === "server" ? "from: server" : container !== void 0 ? "container" : void 0;
  if (why === void 0 || host.length > 0 && sshUser !== void 0) return void 0;
  return `${why}: needs host and ssh-user`;
}
async function watchedFor(context, probes, { plan, ports }) {
  const { inputs: inputs2, log } = context;
  log.step("Watch", `for ${(0, import_ground_duration.showDuration)(inputs2.watchFor)}, every ${(0, import_ground_duration.showDuration)(inputs2.interval)}`);
  const { asked, failed, slowest: longest, findings, ended } = await watchOver(probes, plan, ports);
  if (ended !== void 0) {
    tellFindings(context, findings);
    throw await explained(context, ended.failure, [ended.by]);
  }
  const slips = failed === 0 ? "all good" : `${(0, import_ground_words.grouped)(failed)} not as expected, never 3 in a row`;
  const said = `${(0, import_ground_words.counted)(asked, "request")} in ${(0, import_ground_duration.showDuration)(inputs2.watchFor)}, ${slips}, slowest ${(0, import_ground_duration.showDuration)(longest)}`;
  log.step("Done", said);
  return `; watched: ${said}`;
}
function expectation(inputs2) {
  const { expectStatus, expectText, expectJson, expectHeader, maxLatency, minCertificateDays } = inputs2;
  return {
    status: expectStatus,
    text: expectText,
    json: expectJson,
    headers: expectHeader ?? {},
    // The label of a container that can be looked at says it for sure.
    release: inputs2.container === void 0 ? inputs2.expectRelease : void 0,
    maxLatency,
    minCertificateDays
  };
}
function addressProbes({ url = [], hostHeader, requestHeader = {} }) {
  return url.map((address) => ({ url: address, host: hostHeader, headers: requestHeader }));
}
async function tenantProbes({ inputs: inputs2, log, signal }) {
  const { tenants, tenantPath, databaseUrl: databaseUrl2, requestHeader = {} } = inputs2;
  const [address] = inputs2.url ?? [];
  if (tenants === "none" || databaseUrl2 === void 0 || address === void 0) return [];
  const domains = await reading(databaseUrl2, signal, tenantDomains);
  const asked = sampled(domains, tenants);
  log.step(
    "Tenants",
    `${(0, import_ground_words.grouped)(asked.length)} of ${(0, import_ground_words.counted)(domains.length, "tenant")}, by their primary domains`
  );
  const url = new URL(tenantPath, address);
  return asked.map(({ schema, domain }) => ({
    url,
    host: domain,
    headers: requestHeader,
    tenant: schema
  }));
}
async function reading(url, signal, read) {
  const { connect } = await Promise.resolve().then(() => __toESM(require("./database-connection.cjs")));
  const database = await connect(url, {
    applicationName: "tenantry/health-check",
    connectTimeout: 1e4,
    signal,
    pooler: "accept"
    // it only reads
  });
  try {
    return await read(database);
  } finally {
    await database.close();
  }
}
function tellFindings({ report, tell }, findings) {
  tell(healthFacts(findings));
  const header = ["address", "result", "tries", "time"];
  const { first, rest } = tablesOf(findings);
  if (first.length > 0) report.table("Health", header, first);
  if (rest.length > 0) report.foldedTable(first.length > 0 ? "The others" : "Health", header, rest);
  report.data("health", findings.map(asData));
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  healthCheck,
  healthFields
});
