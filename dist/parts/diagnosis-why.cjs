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
  causeOf: () => causeOf,
  failureOf: () => failureOf,
  showEvidence: () => showEvidence,
  thatStopped: () => thatStopped,
  whyNotServing: () => whyNotServing,
  withoutSecrets: () => withoutSecrets
});
module.exports = __toCommonJS(stdin_exports);
var import_diagnosis_container_rules = require("./diagnosis-container-rules.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
//! src/diagnosis/redact.ts
function withoutSecrets(text) {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi, "$1:***@").replace(
    /((?:["']?)[\w-]*(?:password|passwd|secret|token|api[_-]?key|private[_-]?key|credential)[\w-]*["']?\s*[=:]\s*)(["']?)(?![a-z_][\w.]*\(["'][\w.-]+["']|is\b|not\b|must\b|\*\*\*|None\b|null\b)[^\s"',;)}\]]{4,}\2/gi,
    "$1$2***$2"
  ).replace(/(authorization:\s*\w+\s+)\S+/gi, "$1***");
}
//! src/diagnosis/clues.ts
var signals = {
  129: "SIGHUP",
  130: "SIGINT",
  131: "SIGQUIT",
  132: "SIGILL",
  134: "SIGABRT",
  135: "SIGBUS",
  136: "SIGFPE",
  137: "SIGKILL",
  139: "SIGSEGV",
  143: "SIGTERM: somebody told it to end"
};
function endOf(exitCode) {
  if (exitCode === void 0) return "it was started again since";
  const signal = signals[exitCode];
  return signal === void 0 ? `exit ${exitCode}` : `exit ${exitCode}, ${signal}`;
}
function clues(evidence) {
  const all = [...ofProgram(evidence), ...ofServer(evidence)];
  return all.sort((a, b) => b.likely - a.likely).map(({ text }) => text);
}
function ofProgram({ docker, container, log, answer }) {
  const traceback = log === void 0 ? void 0 : (0, import_diagnosis_container_rules.tracebackOf)(log.text);
  const complaint = log?.text.split("\n").findLast((line) => /\b(?:error|fatal|critical|panic|exception|failed|cannot)\b/i.test(line));
  const ended = container !== void 0 && (0, import_diagnosis_container_rules.hasEnded)(container.status);
  return [
    ...when(docker, (text) => ({ likely: 1, text: `Docker said: ${text}` })),
    ...when(traceback?.cause, (text) => ({ likely: 0.95, text: `its last error: ${text}` })),
    ...when(traceback === void 0 ? complaint : void 0, (text) => ({
      likely: 0.8,
      text: `its last line about an error: ${text.trim()}`
    })),
    ...when(ended && container.exitCode !== void 0 ? container : void 0, ({ exitCode }) => ({
      likely: (exitCode ?? 0) > 128 ? 0.85 : 0.4,
      text: `it ended with ${endOf(exitCode)}`
    })),
    ...when(answer, ({ observed }) => ({ likely: 0.7, text: `asked, it ${observed}` })),
    ...when((container?.restarts ?? 0) > 0 ? container : void 0, ({ restarts }) => ({
      likely: 0.5,
      text: `it was restarted ${(0, import_ground_words.counted)(restarts, "time")}`
    })),
    ...when(container?.listening?.length === 0 ? container : void 0, () => ({
      likely: 0.6,
      text: "nothing in it listens on a TCP port"
    }))
  ];
}
var low = 0.1;
var off = 5e3;
function ofServer(evidence) {
  const { host, container } = evidence;
  const { memory, disk, clockAhead = 0 } = host ?? {};
  const used = disk === void 0 ? 0 : Math.max(disk.usedBytes, disk.usedFiles);
  const ended = container?.finishedAt.getTime() ?? 0;
  const near = (0, import_diagnosis_container_rules.kernelWithoutOthers)(evidence).findLast(
    ({ at }) => at !== void 0 && Math.abs(at.getTime() - ended) < 6e4
  );
  return [
    ...when(memory !== void 0 && memory.available < memory.total * low ? memory : void 0, (seen) => ({
      likely: 0.55,
      text: `the server has ${(0, import_diagnosis_container_rules.showSize)(seen.available)} of memory left, of ${(0, import_diagnosis_container_rules.showSize)(seen.total)}`
    })),
    ...when(used > 1 - low ? disk : void 0, ({ folder }) => ({
      likely: used > 0.99 ? 0.9 : 0.45,
      text: `${folder} is ${Math.floor(used * 100)} % full`
    })),
    ...when(near, ({ text }) => ({ likely: 0.65, text: `the kernel said about then: ${text}` })),
    ...when(Math.abs(clockAhead) > off ? clockAhead : void 0, (ahead) => ({
      likely: 0.3,
      text: `the server's clock is ${Math.round(Math.abs(ahead) / 1e3)} s ${ahead > 0 ? "ahead" : "behind"}`
    }))
  ];
}
function when(value, clue) {
  return value === void 0 || value === "" ? [] : [clue(value)];
}
//! src/diagnosis/own-lines.ts
var shownFrames = 2;
function withoutLibraries(text) {
  const kept = [];
  let left = [];
  let frames = 0;
  const settle = () => {
    kept.push(...frames > shownFrames ? [`  … ${frames} frames of libraries`] : left);
    left = [];
    frames = 0;
  };
  let isOfLibrary = false;
  for (const line of text.split("\n")) {
    const bare = (0, import_diagnosis_container_rules.withoutPrefix)(line);
    const file = (0, import_diagnosis_container_rules.pythonFile)(bare) ?? (0, import_diagnosis_container_rules.nodeFile)(bare);
    if (file !== void 0) isOfLibrary = (0, import_diagnosis_container_rules.isLibrary)(file);
    else if (!/^ {4,}\S/.test(bare)) isOfLibrary = false;
    if (isOfLibrary) {
      left.push(line);
      if (file !== void 0) frames += 1;
    } else {
      settle();
      kept.push(line);
    }
  }
  settle();
  return kept.join("\n");
}
//! src/diagnosis/why.ts
function whyNotServing(called, evidence, circumstances = {}) {
  const { code, observed, next, line } = causeOf(evidence);
  const happened = circumstances.happened ?? happenedTo(evidence, circumstances.waited);
  return new import_ground_errors.UserError(withoutSecrets(`${called} ${happened} — ${observed}`), withoutSecrets(next), {
    code,
    evidence: showEvidence(evidence, line)
  });
}
function causeOf(evidence) {
  const known = (0, import_diagnosis_container_rules.diagnose)(evidence);
  if (known !== void 0) {
    return {
      ...known,
      observed: `${known.observed}${(0, import_diagnosis_container_rules.whereOfItsOwn)(evidence, known.line)}${lastWord(evidence, known)}`
    };
  }
  const { container, answer, log } = evidence;
  const own = (0, import_diagnosis_container_rules.causeOfItsOwn)(evidence);
  if (container !== void 0 && (0, import_diagnosis_container_rules.hasEnded)(container.status)) {
    const last = own ?? log?.lastLine ?? "";
    return {
      code: "container-stopped",
      observed: last === "" ? withoutWords(evidence, container) : withEnd(last, container.exitCode),
      next: "mend the application or its environment; the evidence has what was seen, the most telling first",
      line: ""
    };
  }
  if (answer !== void 0) {
    const isItsFault = own !== void 0 && answer.code === "health-server-error";
    return {
      code: answer.code,
      observed: isItsFault ? `${answer.observed}: ${own}` : `${answer.observed}${lastWord(evidence, answer)}`,
      next: isItsFault ? mendIt : isSilent(evidence, own) ? itsLogIsSilent : answer.hint,
      line: ""
    };
  }
  if (container === void 0 && log === void 0 && evidence.docker === void 0) {
    return {
      code: "container-slow",
      observed: `why could not be looked at: ${evidence.unread[0] ?? "its container is gone"}`,
      next: `look there: docker inspect and docker logs ${evidence.name ?? ""} on ${evidence.server}`,
      line: ""
    };
  }
  return {
    code: "container-slow",
    observed: `nothing says why${lastWord(evidence, { code: "container-slow" })}`,
    next: "what was seen is in the evidence, the most telling first",
    line: ""
  };
}
function isSilent({ answer, log }, own) {
  return answer?.code === "health-server-error" && log !== void 0 && own === void 0;
}
var mendIt = "mend the application; the traceback is in the evidence";
var itsLogIsSilent = "its log has no traceback: let it log errors to standard error (Django with DEBUG = False does not, unless LOGGING has a console handler for django.request), and ask again";
function withoutWords({ log, unread }, { exitCode }) {
  if (log === void 0) return `could not be looked at: ${unread[0] ?? "its container is gone"}`;
  return `${endOf(exitCode)}, and not a word in its log`;
}
function withEnd(last, exitCode) {
  return (exitCode ?? 0) > 128 ? `${endOf(exitCode)}; its last line: ${last}` : last;
}
function lastWord({ log }, { code }) {
  const explains = [
    "container-slow",
    "container-unhealthy",
    "health-refused",
    "health-cut-off",
    "health-no-answer"
  ];
  const last = log?.lastLine ?? "";
  return last === "" || !explains.includes(code) ? "" : `; its last line: ${last}`;
}
function happenedTo({ container }, waited) {
  if (container !== void 0 && container.status === "created") return "could not be started";
  if (container !== void 0 && (0, import_diagnosis_container_rules.hasEnded)(container.status)) {
    const { startedAt, finishedAt, restarts } = container;
    if (Number.isNaN(finishedAt.getTime())) return "stopped";
    if (restarts > 0) return `stops again and again (${(0, import_ground_words.counted)(restarts, "restart")})`;
    const lived = finishedAt.getTime() - startedAt.getTime();
    return lived >= 0 ? `stopped ${(0, import_ground_duration.showDuration)(lived)} after it started` : "stopped right after it started";
  }
  return waited === void 0 ? "is not healthy" : `did not become healthy within ${(0, import_ground_duration.showDuration)(waited)}`;
}
var unseen = {
  status: "exited",
  exitCode: void 0,
  error: "",
  outOfMemory: false,
  restarts: 0,
  startedAt: /* @__PURE__ */ new Date(0),
  finishedAt: new Date(Number.NaN),
  memory: 0,
  ports: [],
  mounts: []
};
function thatStopped(evidence) {
  const { container = unseen } = evidence;
  if (container.status !== "running") return { ...evidence, container };
  return { ...evidence, container: { ...container, status: "restarting", exitCode: void 0 } };
}
var shownLines = 60;
function showEvidence(evidence, line = "") {
  const { container, log, unread, host } = evidence;
  const telling = line === "" ? clues(evidence) : [line];
  const again = (container?.restarts ?? 0) > 0 && log !== void 0 ? (0, import_diagnosis_container_rules.tracebackOf)(log.text)?.text : void 0;
  const text = again ?? log?.text.trim().split("\n").slice(-shownLines).join("\n") ?? "";
  const parts = [
    part(line === "" ? "What was seen, the most telling first" : "What shows it", telling),
    part("Its last lines", text === "" ? [] : [withoutLibraries(text)]),
    part("The server", serverLines(host)),
    part("Could not be read", unread)
  ];
  return withoutSecrets(parts.filter((each) => each !== "").join("\n\n"));
}
function part(title, lines) {
  return lines.length === 0 ? "" : `${title}:
${lines.join("\n")}`;
}
function serverLines(host) {
  if (host === void 0) return [];
  const { memory, disk } = host;
  return [
    ...memory === void 0 ? [] : [`memory: ${(0, import_diagnosis_container_rules.showSize)(memory.available)} of ${(0, import_diagnosis_container_rules.showSize)(memory.total)} available`],
    ...disk === void 0 ? [] : [
      `disk: ${disk.folder} is ${Math.floor(disk.usedBytes * 100)} % full (${(0, import_diagnosis_container_rules.showSize)(disk.freeBytes)} free)`
    ]
  ];
}
//! src/deployment/fleet/fleet-failure.ts
function failureOf(outcomes) {
  const failed = outcomes.flatMap(({ host, failure: failure2 }) => failure2 === void 0 ? [] : [{ host, failure: failure2 }]);
  const stuck = outcomes.flatMap(
    ({ host, wentBack }) => typeof wentBack === "object" ? [{ host, failure: wentBack.failure }] : []
  );
  const [first, ...more] = failed;
  if (first === void 0 || outcomes.length === 1) return first?.failure;
  const others = [
    ...more.map((other) => `; also ${named(other)}`),
    ...stuck.map((other) => `; it could not go back: ${named(other)}`)
  ];
  const evidence = [...failed, ...stuck].flatMap(
    ({ host, failure: failure2 }) => failure2.evidence === void 0 ? [] : [`${host}:
${failure2.evidence}`]
  );
  const { failure } = first;
  return new import_ground_errors.UserError(named(first), `${failure.hint}${others.join("")}`, {
    code: failure.code,
    cause: failure.cause,
    ...failure.place === void 0 ? {} : { place: failure.place },
    ...evidence.length === 0 ? {} : { evidence: evidence.join("\n\n") }
  });
}
function named({ host, failure: { message } }) {
  return message.includes(host) ? message : `${host}: ${message}`;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  causeOf,
  failureOf,
  showEvidence,
  thatStopped,
  whyNotServing,
  withoutSecrets
});
