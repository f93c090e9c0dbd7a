#!/usr/bin/env node
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
  cli: () => cli
});
module.exports = __toCommonJS(stdin_exports);
var import_actions_manifests = require("./actions-manifests.cjs");
var import_report_markdown = require("./report-markdown.cjs");
var import_step_manifest = require("./step-manifest.cjs");
var import_step_fields = require("./step-fields.cjs");
var import_zod_2 = require("./zod-2.cjs");
var import_zod = require("./zod.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_runtime = require("./runtime.cjs");
var import_node_util = require("node:util");
var import_node_os = require("node:os");
var import_node_path = require("node:path");
//! src/cli.ts
//! src/actions/names.ts
var actionNames = [
  "parse-db-url",
  "migrate-schemas",
  "provision-tenant",
  "deploy-container",
  "health-check",
  "report-line",
  "tenantry"
];
//! src/step/terminal.ts
function terminalHost(given, { stdout, stderr }, debug) {
  const line = (text) => void stderr.write(`${text}
`);
  return {
    given,
    origin: { run: `${(0, import_node_os.userInfo)().username}@${(0, import_node_os.hostname)()}`, actor: (0, import_node_os.userInfo)().username, commit: "" },
    reportFolder: (0, import_node_path.join)((0, import_node_os.tmpdir)(), `tenantry-${(0, import_node_os.userInfo)().username}`),
    mask: () => {
    },
    line,
    debug: (text) => debug ? line(`             ${text}`) : void 0,
    warning: (text) => line(`Warning      ${text}`),
    fail: (sentence) => line(`
Failed       ${sentence}`),
    output: (name, value) => void stdout.write(`${name}=${oneLine(value)}
`),
    exportVariable: (name, value) => void stdout.write(`export ${name}=${oneLine(value)}
`),
    fold: (title, text) => line([title, ...text.split("\n")].join("\n             ")),
    async summary() {
    }
  };
}
function oneLine(value) {
  return value.includes("\n") ? JSON.stringify(value) : value;
}
//! src/cli.ts
var exitCode = { done: 0, failed: 1, misused: 2 };
async function cli(argv, environment) {
  const [first = "", ...others] = argv;
  const [name, rest] = first === "doctor" ? ["health-check", ["--mode", "doctor", ...others]] : [first, others];
  if (name === "" || name === "--help" || name === "help") {
    process.stdout.write(overview());
    return exitCode.done;
  }
  if (!isActionName(name)) {
    const meant = (0, import_ground_words.nearest)(name, actionNames);
    return misused(
      `There is no action ${name}${meant === void 0 ? "" : ` — did you mean ${meant}?`}`,
      "tenantry"
    );
  }
  const action = await import_actions_manifests.actions[name]();
  const manifest = (0, import_actions_manifests.manifestOf)(name);
  if (rest.includes("--help")) {
    process.stdout.write(help(name, manifest, action));
    return exitCode.done;
  }
  let given;
  try {
    given = await readGiven(rest, manifest, action, environment);
  } catch (error) {
    return misused((0, import_ground_errors.messageOf)(error), `tenantry ${name} --help`);
  }
  const host = terminalHost(given, process, environment.RUNNER_DEBUG === "1");
  return await (0, import_actions_manifests.runStep)(name, action, manifest, host) ? exitCode.done : exitCode.failed;
}
function isActionName(name) {
  return actionNames.includes(name);
}
async function readGiven(argv, manifest, action, environment) {
  const options = Object.fromEntries(
    Object.entries(manifest.inputs).map(([name, input]) => [
      name,
      isSwitch(input) ? { type: "boolean" } : { type: "string", multiple: true }
    ])
  );
  const known = Object.keys(manifest.inputs);
  for (const argument of argv.filter((text) => text.startsWith("--"))) {
    const option = argument.slice(2).replace(/=.*$/s, "").replace(/^no-/, "");
    const meant = known.includes(option) ? void 0 : (0, import_ground_words.nearest)(option, known);
    if (!known.includes(option)) {
      throw new RangeError(
        `There is no option --${option}${meant === void 0 ? "" : ` — did you mean --${meant}?`}`
      );
    }
  }
  const { values } = (0, import_node_util.parseArgs)({ args: [...argv], options, strict: true, allowNegative: true });
  const given = /* @__PURE__ */ new Map();
  for (const [name, value] of Object.entries(values)) {
    given.set(name, Array.isArray(value) ? value.join("\n") : String(value));
  }
  for (const name of secretInputs(action)) {
    const written = given.get(name);
    if (written === "-") given.set(name, await standardInput());
    else if (written !== void 0) {
      throw new RangeError(
        `--${name} would show a secret to everybody who can list processes — pipe it in and write --${name} -, or set ${variableFor(name)}`
      );
    } else if (environment[variableFor(name)]) given.set(name, environment[variableFor(name)] ?? "");
  }
  return given;
}
function secretInputs(action) {
  return Object.entries(action.inputs).filter(([, field]) => (0, import_step_fields.secretForm)(field) !== void 0).map(([name]) => (0, import_step_manifest.kebabCase)(name));
}
function isSwitch(input) {
  return input.default === "true" || input.default === "false";
}
function variableFor(name) {
  return `TENANTRY_${name.toUpperCase().replaceAll("-", "_")}`;
}
async function standardInput() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8").trim();
}
function overview() {
  const rows = actionNames.map(
    (name) => `  ${name.padEnd(18)}${firstSentence((0, import_actions_manifests.manifestOf)(name).description)}`
  );
  return [
    "Tenantry deploys schema-per-tenant PostgreSQL applications to servers that run Docker behind SSH.",
    "",
    "tenantry ACTION [--input value …]     run one action here, with the inputs it has in a workflow",
    "tenantry ACTION --help                its inputs and outputs",
    "tenantry doctor --host … --ssh-user … whether a server is ready for a first deployment",
    "",
    ...rows,
    "",
    "Secrets come from the environment (TENANTRY_DATABASE_URL, …) or from standard input (--database-url -).",
    ""
  ].join("\n");
}
function help(name, manifest, action) {
  const secrets = secretInputs(action);
  const options = Object.entries(manifest.inputs).map(
    ([input, { description, required, default: preset }]) => {
      const how = secrets.includes(input) ? ` (secret: ${variableFor(input)}, or --${input} -)` : "";
      const rule = required === true ? " [required]" : preset ? ` [${preset.replaceAll("\n", ", ")}]` : "";
      return `  --${input}${rule}
${indented(description + how)}`;
    }
  );
  const outputs = Object.entries(manifest.outputs).map(
    ([output, { description }]) => `  ${output}
${indented(description)}`
  );
  return [manifest.description, "", "Options", ...options, "", "Outputs", ...outputs, ""].join("\n").replace(/^/, `tenantry ${name}

`);
}
function indented(text) {
  const lines = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line.length + word.length > 90) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => `      ${each}`).join("\n");
}
function firstSentence(text) {
  return text.replace(/\s+/g, " ").replace(/\. .*$/, ".");
}
function misused(what, look) {
  process.stderr.write(`${what}
${look} shows what there is.
`);
  return exitCode.misused;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  cli
});
