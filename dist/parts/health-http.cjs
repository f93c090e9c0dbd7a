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
  ask: () => ask,
  complaintAbout: () => complaintAbout,
  parseJsonExpectation: () => parseJsonExpectation,
  parseStatusRanges: () => parseStatusRanges,
  probeName: () => probeName,
  shortName: () => shortName
});
module.exports = __toCommonJS(stdin_exports);
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_node_net = require("node:net");
var import_node_perf_hooks = require("node:perf_hooks");
//! src/health/content.ts
function parseJsonExpectation(line) {
  const [, path = "", value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
  if (value !== void 0 && path.split(".").every((part) => part !== "")) {
    return { path: path.split("."), value };
  }
  throw new RangeError(`"${line}" is not KEY=VALUE — write it like checks.database=ok`);
}
function contentComplaint(answer, expected) {
  return textComplaint(answer, expected) ?? jsonComplaint(answer, expected) ?? headerComplaint(answer, expected) ?? releaseComplaint(answer, expected) ?? latencyComplaint(answer, expected) ?? certificateComplaint(answer, expected);
}
function textComplaint({ status, body }, { text }) {
  if (text === void 0 || body.includes(text)) return void 0;
  return {
    code: "health-text",
    observed: `the answer (${status}) does not contain "${text}"`,
    hint: "look at what the address answers, or correct expect-text"
  };
}
function jsonComplaint({ body }, { json = [] }) {
  if (json.length === 0) return void 0;
  const hint = "look at what the address answers, or correct expect-json";
  let content;
  try {
    content = JSON.parse(body);
  } catch {
    return { code: "health-json", observed: "the answer is no JSON", hint };
  }
  for (const { path, value } of json) {
    const found = path.reduce(
      (at, key) => typeof at === "object" && at !== null && Object.hasOwn(at, key) ? at[key] : void 0,
      content
    );
    const shown = typeof found === "string" ? found : JSON.stringify(found);
    if (shown !== value) {
      const name = path.join(".");
      const observed = found === void 0 ? `the answer has no ${name}` : `${name} is ${shown}, not ${value}`;
      return { code: "health-json", observed, hint };
    }
  }
  return void 0;
}
function headerComplaint(answer, { headers }) {
  for (const [name, value] of Object.entries(headers)) {
    const found = answer.headers[name.toLowerCase()];
    if (found === value) continue;
    return {
      code: "health-header",
      observed: found === void 0 ? `the answer has no header ${name}` : `${name} is "${found}", not "${value}"`,
      hint: "an older release may still answer there: look at what runs, or correct expect-header"
    };
  }
  return void 0;
}
var releaseHeaders = ["x-release", "x-version", "x-app-version", "x-revision"];
var releaseKeys = ["release", "version", "revision", "commit", "sha"];
function releaseComplaint(answer, { release }) {
  if (release === void 0) return void 0;
  const told = [...releaseHeaders.map((name) => answer.headers[name]), ...releasesIn(answer.body)].filter(
    (each) => each !== void 0
  );
  if (told.includes(release) || told.length === 0 && wordIn(answer.body, release)) return void 0;
  return {
    code: "health-other-release",
    observed: told.length === 0 ? `the answer does not say that it is ${release}` : `${[...new Set(told)].join(", ")} answers, not ${release}`,
    hint: told.length === 0 ? 'let the health page answer with the header X-Release, or {"release": …}; with container, its label is looked at instead' : "an older version still answers there: look at what runs, and at what stands in front of it"
  };
}
function releasesIn(body) {
  try {
    const content = JSON.parse(body);
    if (typeof content !== "object" || content === null) return [];
    return Object.entries(content).flatMap(
      ([key, value]) => releaseKeys.includes(key.toLowerCase()) && typeof value === "string" ? [value] : []
    );
  } catch {
    return [];
  }
}
function wordIn(text, word) {
  const at = text.indexOf(word);
  if (at === -1) return false;
  const around = `${text[at - 1] ?? " "}${text[at + word.length] ?? " "}`;
  return !/[\w-]/.test(around);
}
function latencyComplaint({ milliseconds }, { maxLatency }) {
  if (maxLatency === void 0 || milliseconds <= maxLatency) return void 0;
  return {
    code: "health-slow",
    observed: `it took ${(0, import_ground_duration.showDuration)(milliseconds)} to answer, more than ${(0, import_ground_duration.showDuration)(maxLatency)}`,
    hint: "look at what is slow (the first answer after a start mostly is), or raise max-latency"
  };
}
function certificateComplaint({ certificateDays: days }, { minCertificateDays: least }) {
  if (least === void 0 || days === void 0 || days >= least) return void 0;
  return {
    code: "health-certificate",
    observed: `its certificate ends in ${days} days, less than ${least}`,
    hint: "renew it: mostly what renews it has stopped (certbot, or the proxy)"
  };
}
//! src/health/probe.ts
function probeName(probe) {
  return named(probe.host ?? probe.url.href, probe);
}
function shortName(probe) {
  return probe.tenant === void 0 ? probeName(probe) : named(probe.tenant, probe);
}
function named(name, { from }) {
  return from === void 0 ? name : `${name} from ${from}`;
}
function parseStatusRanges(text) {
  return text.split(",").map((part) => {
    const [, from, to = from] = /^\s*([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?\s*$/.exec(part) ?? [];
    if (from === void 0 || Number(from) > Number(to)) {
      throw new RangeError(`"${part.trim()}" is not a status code or a range like 200-299`);
    }
    return [Number(from), Number(to)];
  });
}
function showStatusRanges(ranges) {
  return ranges.map(([from, to]) => from === to ? `${from}` : `${from}-${to}`).join(",");
}
function complaintAbout(answer, expected) {
  if (answer.kind === "silence")
    return { code: answer.code, observed: answer.observed, hint: silenceHints[answer.code] };
  if (!expected.status.some(([from, to]) => answer.status >= from && answer.status <= to)) {
    return statusComplaint(answer, expected);
  }
  return contentComplaint(answer, expected);
}
var silenceHints = {
  "health-name-not-resolved": "check the host name; a private name needs a runner that can resolve it, or an address with host-header",
  "health-refused": "nothing listens there: is the container running, and is this the published port?",
  "health-no-answer": "the application hangs or a firewall drops the packets: look at its log, or raise try-timeout",
  "health-tls": "check the certificate, or ask over http on the private port",
  "health-cut-off": "something listens but hangs up: is the application listening on 0.0.0.0 and on the mapped port?"
};
function statusComplaint(answer, expected) {
  const observed = `answers ${answer.status} instead of ${showStatusRanges(expected.status)}`;
  if (answer.status === 400 && /DisallowedHost|Invalid HTTP_HOST|Bad Request \(400\)/.test(answer.body)) {
    return {
      code: "health-host-refused",
      observed,
      hint: "add the host name to ALLOWED_HOSTS, or set host-header"
    };
  }
  if (answer.status >= 300 && answer.status < 400) {
    return {
      code: "health-redirect",
      observed: `${observed}: it redirects to ${answer.headers.location ?? "nowhere"}`,
      hint: "ask that address, send X-Forwarded-Proto: https with request-header, or accept the status with expect-status"
    };
  }
  const said = firstWords(answer.body);
  return {
    code: answer.status >= 500 ? "health-server-error" : "health-status",
    observed: said === "" ? observed : `${observed}: "${said}"`,
    hint: answer.status >= 500 ? "look at its log (docker logs on the server); with container, host and ssh-user this step looks, and says why" : "check the path, whether it needs a login, and expect-status"
  };
}
function firstWords(body) {
  const text = body.replace(/<(style|script|head)\b[\s\S]*?<\/\1>/gi, " ").replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim();
  if (text.length <= 120) return text;
  return `${Buffer.from(text.slice(0, 119)).toString()}…`;
}
//! src/health/http.ts
var bodyLimit = 1024 * 1024;
var mostRedirects = 20;
async function ask(probe, timeout, signal, way = {}) {
  const started = import_node_perf_hooks.performance.now();
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new DOMException("the time is up", "TimeoutError")), timeout);
  const cancel = () => limit.abort(signal.reason);
  signal.addEventListener("abort", cancel, { once: true });
  let now = probe;
  try {
    signal.throwIfAborted();
    for (let redirects = 0; ; redirects += 1) {
      const answer = await askOnce(now, limit.signal, way);
      const next = way.followRedirects === true ? redirectOf(answer, now.url) : void 0;
      if (next === void 0 || redirects === mostRedirects) {
        return { ...answer, milliseconds: import_node_perf_hooks.performance.now() - started };
      }
      now = { ...now, url: next, host: next.host === now.url.host ? now.host : void 0 };
    }
  } catch (error) {
    signal.throwIfAborted();
    return silence(error, now.url, timeout);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", cancel);
  }
}
function redirectOf({ status, headers }, from) {
  const { location } = headers;
  if (![301, 302, 303, 307, 308].includes(status) || location === void 0) return void 0;
  const next = URL.canParse(location, from.href) ? new URL(location, from) : void 0;
  return next !== void 0 && /^https?:$/.test(next.protocol) ? next : void 0;
}
var agents = /* @__PURE__ */ new Map();
async function askOnce({ url, host, headers }, limit, way) {
  const isTls = url.protocol === "https:";
  const { request, Agent } = await (isTls ? Promise.resolve().then(() => __toESM(require("node:https"))) : Promise.resolve().then(() => __toESM(require("node:http"))));
  const servername = host?.replace(/:\d+$/, "");
  const secureContext = isTls ? await contextWith(way.ca) : void 0;
  let agent = way.dial === void 0 ? agents.get(url.protocol) : void 0;
  agent ??= new Agent({ keepAlive: false, maxCachedSessions: 0 });
  if (way.dial === void 0) agents.set(url.protocol, agent);
  else {
    const stream = await reached(way.dial(url), limit);
    const open = await connectionOver(stream, servername ?? url.hostname, secureContext);
    Object.assign(agent, { createConnection: open });
  }
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      signal: limit,
      agent,
      headers: {
        "user-agent": "tenantry",
        accept: "*/*",
        ...headers,
        ...host === void 0 ? {} : { host }
      },
      ...servername === void 0 ? {} : { servername },
      ...secureContext === void 0 ? {} : { secureContext }
    });
    outgoing.once("error", reject);
    outgoing.once("response", (incoming) => {
      const certificateDays = daysLeft(incoming);
      readBody(incoming).then((body) => {
        resolve({
          kind: "answer",
          status: incoming.statusCode ?? 0,
          headers: flatHeaders(incoming),
          body,
          milliseconds: 0,
          certificateDays
        });
      }, reject);
    });
    outgoing.end();
  });
}
async function reached(opening, limit) {
  return new Promise((resolve, reject) => {
    limit.addEventListener("abort", () => reject(limit.reason), { once: true });
    opening.then((stream) => {
      if (limit.aborted) stream.destroy();
      else resolve(stream);
    }, reject);
  });
}
async function connectionOver(stream, servername, secureContext) {
  if (secureContext === void 0) return () => stream;
  const { connect } = await Promise.resolve().then(() => __toESM(require("node:tls")));
  const name = (0, import_node_net.isIP)(servername) === 0 ? { servername } : {};
  return () => connect({ socket: stream, host: servername, ...name, secureContext });
}
var contexts = /* @__PURE__ */ new Map();
async function contextWith(ca = "") {
  const { createSecureContext, rootCertificates } = await Promise.resolve().then(() => __toESM(require("node:tls")));
  const context = contexts.get(ca) ?? createSecureContext(ca === "" ? {} : { ca: [...rootCertificates, ca] });
  contexts.set(ca, context);
  return context;
}
var day = 24 * 60 * 6e4;
function daysLeft({ socket }) {
  const end = socket.getPeerCertificate?.().valid_to;
  return end === void 0 ? void 0 : Math.floor((Date.parse(end) - Date.now()) / day);
}
function readBody(incoming) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let size = 0;
    const end = () => resolve(Buffer.concat(chunks).subarray(0, bodyLimit).toString("utf8"));
    incoming.on("data", (chunk) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size < bodyLimit) return;
      end();
      incoming.destroy();
    });
    incoming.once("end", end);
    incoming.once("error", reject);
  });
}
function flatHeaders({ headers }) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : value ?? ""
    ])
  );
}
function codeOverSsh(message) {
  if (!message.includes("Channel open failure")) return "";
  if (/refused/i.test(message)) return "ECONNREFUSED";
  return /not known|name resolution|resolve/i.test(message) ? "ENOTFOUND" : "";
}
function silence(error, url, timeout) {
  const place = url.host;
  const code = (0, import_ground_errors.codeOf)(error) ?? codeOverSsh((0, import_ground_errors.messageOf)(error));
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return {
      kind: "silence",
      code: "health-name-not-resolved",
      observed: `${url.hostname} cannot be resolved`
    };
  }
  if (code === "ECONNREFUSED") {
    return { kind: "silence", code: "health-refused", observed: `${place} refuses connections` };
  }
  if (/CERT|SSL|TLS|ALTNAME|SELF_SIGNED/.test(code) || code === "EPROTO") {
    return { kind: "silence", code: "health-tls", observed: `TLS with ${place} fails: ${(0, import_ground_errors.messageOf)(error)}` };
  }
  if (code === "ECONNRESET" || code === "EPIPE" || code.startsWith("HPE_")) {
    return {
      kind: "silence",
      code: "health-cut-off",
      observed: `${place} hangs up without an answer (${code})`
    };
  }
  const timedOut = error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError");
  const observed = timedOut ? `${place} does not answer within ${(0, import_ground_duration.showDuration)(timeout)}` : `${place} cannot be reached: ${(0, import_ground_errors.messageOf)(error)}`;
  return { kind: "silence", code: "health-no-answer", observed };
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  ask,
  complaintAbout,
  parseJsonExpectation,
  parseStatusRanges,
  probeName,
  shortName
});
