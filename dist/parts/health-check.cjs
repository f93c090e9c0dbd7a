var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
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
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);
var stdin_exports = {};
__export(stdin_exports, {
  inParallel: () => inParallel,
  judged: () => judged,
  probeUntilHealthy: () => probeUntilHealthy,
  toldTogether: () => toldTogether,
  unhealthy: () => unhealthy
});
module.exports = __toCommonJS(stdin_exports);
var import_health_http = require("./health-http.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_promises = require("node:timers/promises");
//! src/health/check.ts
var parallel = 16;
async function probeUntilHealthy(probes, plan, ports) {
  const findings = /* @__PURE__ */ new Map();
  await pause(plan.initialWait, ports.signal);
  let lastWord = "";
  for (let attempt = 1; attempt <= plan.attempts; attempt += 1) {
    if (attempt > 1) await pause(plan.interval, ports.signal);
    const due = probes.filter(
      (probe) => findings.get(probe)?.complaint !== void 0 || !findings.has(probe)
    );
    await inParallel(due, async (probe) => {
      findings.set(probe, judged(probe, await ports.ask(probe), plan.expected, attempt));
    });
    const unhealthy2 = [...findings.values()].filter(({ complaint }) => complaint !== void 0);
    if (unhealthy2.length === 0) break;
    const word = groupsOf(unhealthy2).map(showGroup).join("; ");
    if (word !== lastWord && attempt < plan.attempts)
      ports.log.info(`try ${attempt} of ${plan.attempts}: ${word}`);
    lastWord = word;
  }
  return probes.flatMap((probe) => findings.get(probe) ?? []);
}
function judged(probe, answer, expected, attempts) {
  return { probe, answer: gistOf(answer), attempts, complaint: (0, import_health_http.complaintAbout)(answer, expected) };
}
function gistOf(answer) {
  if (answer.kind === "silence") return answer;
  const { kind, status, milliseconds, certificateDays } = answer;
  return { kind, status, milliseconds, certificateDays };
}
function unhealthy(findings, plan) {
  const bad = findings.filter(({ complaint: complaint2 }) => complaint2 !== void 0);
  const groups = groupsOf(bad);
  const complaint = groups[0]?.complaint;
  const tries = (0, import_ground_words.counted)(plan.attempts, "try", "tries");
  const [only] = findings;
  const message = findings.length === 1 && only !== void 0 ? `${(0, import_health_http.probeName)(only.probe)} is not healthy after ${tries} — ${complaint?.observed ?? ""}` : `${(0, import_ground_words.grouped)(bad.length)} of ${(0, import_ground_words.counted)(findings.length, "address", "addresses")} ${bad.length === 1 ? "is" : "are"} not healthy after ${tries} — ${toldTogether(findings)}`;
  return new import_ground_errors.UserError(message, complaint?.hint ?? "look at the application", {
    code: complaint?.code ?? "health-status",
    ...bad.length > namedInSentence ? { evidence: bad.map(lineOf).join("\n") } : {}
  });
}
function toldTogether(findings) {
  const good = findings.filter(({ complaint }) => complaint === void 0);
  const statuses = [...new Set(good.map(({ answer }) => answer.kind === "answer" ? answer.status : 0))];
  const well = good.length === 0 ? [] : [
    `${(0, import_ground_words.grouped)(good.length)} ${good.length === 1 ? "answers" : "answer"} ${(0, import_ground_words.listed)(statuses.map(String))}`
  ];
  const bad = groupsOf(findings.filter(({ complaint }) => complaint !== void 0));
  return [...well, ...bad.map(showGroup)].join("; ");
}
var namedInSentence = 10;
function groupsOf(findings) {
  const groups = /* @__PURE__ */ new Map();
  for (const { probe, answer, complaint } of findings) {
    if (complaint === void 0) continue;
    const kind = `${complaint.code} ${answer.kind === "answer" ? answer.status : ""}`;
    const group = groups.get(kind) ?? { complaint, names: [] };
    group.names.push((0, import_health_http.shortName)(probe));
    groups.set(kind, group);
  }
  return [...groups.values()].sort((a, b) => b.names.length - a.names.length);
}
function showGroup({ complaint, names }) {
  return `${(0, import_ground_words.listed)(names, namedInSentence)}: ${complaint.observed}`;
}
function lineOf({ probe, complaint }) {
  const tenant = probe.tenant === void 0 ? "" : `${probe.tenant} `;
  return `${tenant}${(0, import_health_http.probeName)(probe)}: ${complaint?.observed ?? ""}`;
}
async function inParallel(items, work) {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== void 0; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, worker));
}
async function pause(milliseconds, signal) {
  signal.throwIfAborted();
  if (milliseconds > 0) await (0, import_promises.setTimeout)(milliseconds, void 0, { signal }).catch(() => signal.throwIfAborted());
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  inParallel,
  judged,
  probeUntilHealthy,
  toldTogether,
  unhealthy
});
