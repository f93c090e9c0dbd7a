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
  examine: () => examine
});
module.exports = __toCommonJS(stdin_exports);
var import_actions_way = require("./actions-way.cjs");
var import_machine_ssh_tunnel = require("./machine-ssh-tunnel.cjs");
var import_deployment_server_server_script = require("./deployment-server-server-script.cjs");
var import_diagnosis_container_rules = require("./diagnosis-container-rules.cjs");
var import_machine_ssh_verdict = require("./machine-ssh-verdict.cjs");
var import_machine_conversation = require("./machine-conversation.cjs");
var import_machine_machine = require("./machine-machine.cjs");
var import_database_connection_plan = require("./database-connection-plan.cjs");
var import_machine_ssh_server = require("./machine-ssh-server.cjs");
var import_zod_2 = require("./zod-2.cjs");
var import_zod = require("./zod.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_runtime = require("./runtime.cjs");
//! src/deployment/server/readiness.ts
var disk = { least: 2 ** 30, good: 5 * 2 ** 30 };
var memory = { least: 128 * 2 ** 20, good: 512 * 2 ** 20 };
var clock = { noted: 5e3, most: 6e4 };
var oldestEngine = 20;
function readinessOf(facts) {
  return [
    dockerFinding(facts),
    rightsFinding(facts),
    programsFinding(facts),
    diskFinding(facts),
    memoryFinding(facts),
    portsFinding(facts),
    firewallFinding(facts),
    clockFinding(facts)
  ];
}
var good = (what, seen) => ({ what, state: "good", seen, next: "" });
function dockerFinding({ engine, platform }) {
  const seen = `Docker ${engine} on ${platform}`;
  if (Number.parseInt(engine, 10) < oldestEngine) {
    return { what: "Docker", state: "bad", seen, next: "update Docker to 20.10 or newer" };
  }
  return good("Docker", `${seen}; build images with platforms: ${platform}`);
}
function rightsFinding({ account, survey }) {
  if (survey.isRoot) return good("Rights", `${account} is root`);
  if (survey.allowed) return good("Rights", `${account} may use Docker, and sudo for the packet filter`);
  return {
    what: "Rights",
    state: "note",
    seen: `${account} may use Docker, and may not change the packet filter`,
    next: `deployments have a gap of the time that the application takes to start; without one: "${account} ALL=(root) NOPASSWD: /usr/sbin/iptables-save, /usr/sbin/iptables-restore, /usr/sbin/ip6tables-save, /usr/sbin/ip6tables-restore" in /etc/sudoers.d/tenantry (visudo), or a proxy in front`
  };
}
function programsFinding({ survey }) {
  const missing = [...survey.missing, ...survey.http === void 0 ? ["curl"] : []];
  if (missing.length === 0) return good("Programs", "all that a switch needs");
  return {
    what: "Programs",
    state: "note",
    seen: `there is no ${(0, import_ground_words.listed)(missing)}`,
    next: `without a gap only with them: sudo apt-get install util-linux coreutils curl`
  };
}
function diskFinding({ survey, host }) {
  const { bytes, folder } = survey.disk;
  if (bytes === void 0) {
    return { what: "Disk", state: "note", seen: "cannot be seen", next: 'look with "df -h" there' };
  }
  const files = host?.disk?.usedFiles ?? 0;
  const seen = `${(0, import_diagnosis_container_rules.showSize)(bytes)} free in ${folder}`;
  const next = 'free some space: "docker system df" shows what Docker holds, docker image prune frees unused images';
  if (bytes < disk.least || files > 0.98) return { what: "Disk", state: "bad", seen, next };
  return bytes < disk.good ? { what: "Disk", state: "note", seen, next } : good("Disk", seen);
}
function memoryFinding({ survey }) {
  const { availableMemory: free, totalMemory: total } = survey;
  if (free === void 0 || total === void 0) {
    return { what: "Memory", state: "note", seen: "cannot be seen", next: 'look with "free -m" there' };
  }
  const seen = `${(0, import_diagnosis_container_rules.showSize)(free)} of ${(0, import_diagnosis_container_rules.showSize)(total)} available`;
  const next = "two versions run at once for a moment: give the server more, or use strategy: recreate";
  if (free < memory.least) return { what: "Memory", state: "bad", seen, next };
  return free < memory.good ? { what: "Memory", state: "note", seen, next } : good("Memory", seen);
}
function portsFinding({ host, survey }) {
  const taken = [80, 443].flatMap((port) => {
    const found = host?.listening.find((each) => each.port === port);
    if (found !== void 0) return [`${port} has ${found.program ?? "a program"}`];
    return survey.listening?.some((each) => each.port === port) === true ? [`${port} has a program`] : [];
  });
  if (taken.length === 0) return good("Ports", "80 and 443 are free");
  const isProxy = /nginx|caddy/.test(taken.join(" "));
  return {
    what: "Ports",
    state: "note",
    seen: (0, import_ground_words.listed)(taken),
    next: isProxy ? "publish the application on 127.0.0.1 and let the proxy hand requests to it (strategy: auto finds it)" : "publish the application on another port, or stop what is there"
  };
}
function firewallFinding({ survey }) {
  const closed = [...survey.closed.ipv4 ? ["IPv4"] : [], ...survey.closed.ipv6 ? ["IPv6"] : []];
  if (closed.length === 0) return good("Firewall", "none on the server that closes ports");
  return {
    what: "Firewall",
    state: "note",
    seen: `lets in over ${(0, import_ground_words.listed)(closed)} only what it was told`,
    next: "ports that Docker publishes are open all the same; what a proxy of the server listens on has to be allowed (sudo ufw allow 80,443/tcp)"
  };
}
function clockFinding({ host }) {
  const ahead = host?.clockAhead;
  if (ahead === void 0)
    return { what: "Clock", state: "note", seen: "cannot be seen", next: 'look with "date" there' };
  const off = Math.abs(ahead);
  if (off < clock.noted) return good("Clock", "as here");
  return {
    what: "Clock",
    state: off > clock.most ? "bad" : "note",
    seen: `${(0, import_ground_duration.showDuration)(off)} ${ahead > 0 ? "ahead" : "behind"}`,
    next: "sudo timedatectl set-ntp true"
  };
}
//! src/actions/doctor.ts
var marks = { good: "✓", note: "!", bad: "✗" };
async function examine(context) {
  const { inputs, log, report } = context;
  const all = [];
  for (const host of inputs.host ?? []) {
    const findings = await examined(context, host);
    for (const finding of findings) {
      const { what, state, seen, next } = finding;
      log.step(what, `${marks[state]} ${seen}${next === "" ? "" : ` — ${next}`}`);
      all.push([host, finding]);
    }
  }
  report.table(
    "Servers",
    ["server", "", "what", "seen", "what to do"],
    all.map(([host, { what, state, seen, next }]) => [host, marks[state], what, seen, next])
  );
  report.data(
    "servers",
    all.map(([host, finding]) => ({ host, ...finding }))
  );
  const bad = all.filter(([, { state }]) => state === "bad");
  if (bad.length > 0) throw notReady(bad);
  const notes = all.filter(([, { state }]) => state === "note").map(([, { what }]) => what.toLowerCase());
  const ready = `${(0, import_ground_words.listed)(inputs.host ?? [])} ${inputs.host?.length === 1 ? "is" : "are"} ready`;
  report.verdict(`${ready}${notes.length === 0 ? "" : `; worth a look: ${(0, import_ground_words.listed)([...new Set(notes)])}`}.`);
  return { result: "ready" };
}
function notReady(bad) {
  const [[host, { what, seen, next }] = ["", { what: "", seen: "", next: "" }]] = bad;
  const code = "server-not-ready";
  if (bad.length === 1)
    return new import_ground_errors.UserError(`A deployment to ${host} would fail — ${what}: ${seen}`, next, { code });
  const hosts = [...new Set(bad.map(([each]) => each))];
  const found = hosts.map((each) => {
    const wrong = bad.filter(([other]) => other === each).map(([, finding]) => finding.what);
    return hosts.length === 1 ? (0, import_ground_words.listed)(wrong) : `${each}: ${(0, import_ground_words.listed)(wrong)}`;
  });
  return new import_ground_errors.UserError(
    `A deployment to ${(0, import_ground_words.listed)(hosts)} would fail — to be mended: ${found.join("; ")}`,
    "the table says what to do about each",
    { code }
  );
}
async function examined({ inputs, log, signal }, host) {
  const findings = [];
  let machine;
  try {
    machine = await (0, import_machine_ssh_verdict.connectSsh)((0, import_machine_ssh_verdict.serverOf)({ ...inputs, sshUser: inputs.sshUser ?? "" }, host), { signal, log });
    findings.push({ what: "SSH", state: "good", seen: `lets ${inputs.sshUser} in`, next: "" });
    findings.push(...await serverFindings(machine, signal));
  } catch (error) {
    findings.push(asFinding(machine === void 0 ? "SSH" : "Docker", error, signal));
  } finally {
    await machine?.close();
  }
  if (inputs.databaseUrl !== void 0) {
    findings.push(await databaseFinding("Database, from here", { inputs, log, signal }, host, "direct"));
    if (machine !== void 0) {
      findings.push(await databaseFinding("Database, from the server", { inputs, log, signal }, host, "ssh"));
    }
  }
  return findings;
}
function asFinding(what, error, signal) {
  signal.throwIfAborted();
  if (!(error instanceof import_ground_errors.UserError)) throw error;
  return { what, state: "bad", seen: error.message, next: error.hint };
}
async function serverFindings(machine, signal) {
  const docker = (0, import_diagnosis_container_rules.dockerOn)(machine, { signal, log: silent });
  const name = "tenantry-doctor";
  const platform = await docker.platform();
  const [version, survey, seen] = await Promise.all([
    machine.run(["docker", "version", "--format", "{{.Server.Version}}"], { timeout: 3e4, signal }),
    (0, import_deployment_server_server_script.surveyOf)(machine, { container: name, serving: void 0, ports: [], networks: [], signal }),
    (0, import_diagnosis_container_rules.collectEvidence)(machine, { name, signal })
  ]);
  return readinessOf({
    account: seen.host?.account ?? machine.name,
    platform,
    engine: version.stdout.trim(),
    survey,
    host: seen.host
  });
}
var silent = { step() {
}, info() {
}, debug() {
}, warning() {
}, details() {
} };
async function databaseFinding(what, { inputs, log, signal }, host, connectThrough) {
  const { databaseUrl } = inputs;
  if (databaseUrl === void 0) return { what, state: "note", seen: "not asked for", next: "" };
  const { connect } = await Promise.resolve().then(() => __toESM(require("./database-connection.cjs")));
  try {
    const ask = async (through) => {
      const database = await connect(databaseUrl, {
        applicationName: "tenantry/doctor",
        connectTimeout: 1e4,
        signal,
        pooler: "accept",
        // it only looks
        through
      });
      try {
        return { what, state: "good", seen: database.label, next: "" };
      } finally {
        await database.close();
      }
    };
    return await (0, import_actions_way.withWay)({ ...inputs, host: [host], databaseUrl, connectThrough }, { log, signal }, ask);
  } catch (error) {
    const finding = asFinding(what, error, signal);
    return connectThrough === "direct" ? {
      ...finding,
      state: "note",
      next: `${finding.next}; migrations can go through the server: connect-through: ssh`
    } : finding;
  }
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  examine
});
