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
  reportLine: () => reportLine
});
module.exports = __toCommonJS(stdin_exports);
var import_migrations_old_code = require("./migrations-old-code.cjs");
var import_deployment_swarm_service_spec = require("./deployment-swarm-service-spec.cjs");
var import_diagnosis_why = require("./diagnosis-why.cjs");
var import_report_github = require("./report-github.cjs");
var import_yaml = require("./yaml.cjs");
var import_health_http = require("./health-http.cjs");
var import_machine_local = require("./machine-local.cjs");
var import_deployment_server_server_script = require("./deployment-server-server-script.cjs");
var import_diagnosis_container_rules = require("./diagnosis-container-rules.cjs");
var import_machine_ssh_verdict = require("./machine-ssh-verdict.cjs");
var import_machine_conversation = require("./machine-conversation.cjs");
var import_machine_machine = require("./machine-machine.cjs");
var import_ground_retry = require("./ground-retry.cjs");
var import_database_url = require("./database-url.cjs");
var import_machine_ssh_server = require("./machine-ssh-server.cjs");
var import_step_fields = require("./step-fields.cjs");
var import_zod_2 = require("./zod-2.cjs");
var import_zod = require("./zod.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_runtime = require("./runtime.cjs");
//! src/actions/whole-line.ts
var needsShape = (0, import_zod.record)(
  (0, import_zod.string)(),
  (0, import_zod.object)({
    // Some local runners have no word for a job that was not come to.
    result: (0, import_zod._enum)(["success", "failure", "cancelled", "skipped", ""]).transform((result) => result === "" ? "skipped" : result),
    outputs: (0, import_zod.record)((0, import_zod.string)(), (0, import_zod.string)()).nullish().transform((outputs) => outputs ?? {})
  })
);
function parseNeeds(written) {
  try {
    return needsShape.parse(JSON.parse(written));
  } catch {
    throw new RangeError(`is not the context needs — write \${{ toJSON(needs) }}`);
  }
}
var order = ["image", "test", "migrate", "deploy", "check", "back"];
var orderOfRollback = ["back", "check"];
function isRollback({ deploy, back }) {
  return deploy === void 0 && back !== void 0;
}
function inOrder(needs) {
  const own = isRollback(needs) ? orderOfRollback : order;
  const rank = (name) => own.includes(name) ? own.indexOf(name) : own.length;
  const sorted = Object.entries(needs).sort(([one], [other]) => rank(one) - rank(other));
  return Object.fromEntries(
    sorted.map(([name, job]) => [name, job.result === "skipped" ? { ...job, outputs: {} } : job])
  );
}
function endOfLine(jobs, { container, environment }) {
  const needs = inOrder(jobs);
  const all = Object.entries(needs).map(([name, { result, outputs: outputs2 }]) => {
    const told = outputs2.result;
    return {
      name,
      result: result === "skipped" ? "not come to" : told ?? (result === "success" ? "done" : result),
      milliseconds: outputs2["duration-ms"] === void 0 ? void 0 : Number(outputs2["duration-ms"]),
      failed: result === "failure" || result === "cancelled",
      skipped: result === "skipped",
      detail: detailOf(outputs2, { serves: name === "back" || needs.back?.result !== "success" })
    };
  });
  const stops = all.filter((stop2, place) => !wasLeftOut(stop2, all.slice(place + 1)));
  const [failed] = Object.entries(needs).filter(([, { result }]) => result === "failure");
  const isCancelled = Object.values(needs).some(({ result }) => result === "cancelled");
  const outcome = failed !== void 0 ? "failure" : isCancelled ? "cancelled" : "success";
  if (outcome === "success") {
    const isSame = needs.deploy?.outputs.result === "unchanged";
    const verb = isRollback(needs) ? "is back" : isSame ? "stays" : "is";
    return {
      outcome,
      stops,
      wentBack: wayBack(needs),
      verdict: `${container} ${verb} on ${releaseOf(needs)} in ${environment}.`,
      next: []
    };
  }
  const [stop, { outputs }] = failed ?? ["", { outputs: {} }];
  const what = failed === void 0 ? `The deployment of ${container} to ${environment} was cancelled.` : `${stop}: ${shortened(outputs["failure-reason"] ?? "failed — its log says why")}`;
  return { outcome, stops, verdict: what, next: nextSteps(needs), wentBack: wayBack(needs) };
}
function wasLeftOut({ name, skipped }, after) {
  return skipped === true && (name === "back" || after.some((stop) => stop.skipped !== true));
}
function wayBack({ back }) {
  const { "image-digest": to, "previous-digest": from } = back?.outputs ?? {};
  return back?.result === "success" && to ? { to, from: from || void 0 } : void 0;
}
function releaseOf(needs) {
  const { back, deploy, image } = needs;
  return shortened((deploy ?? back)?.outputs.release ?? image?.outputs.image ?? "its release");
}
function shortened(text2) {
  return (0, import_ground_words.shortCommits)(text2).replaceAll(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/g, "$1…");
}
function detailOf(outputs, { serves }) {
  const number = (name) => (0, import_ground_words.grouped)(Number(outputs[name] ?? 0));
  const parts = [];
  if (outputs["tenants-total"] !== void 0 && outputs["tenants-migrated"] !== void 0) {
    const failed = Number(outputs["tenants-failed"] ?? 0) > 0 ? `${number("tenants-failed")} failed, ` : "";
    const counted = `${failed}${number("tenants-migrated")} migrated, ${number("tenants-skipped")} up to date`;
    parts.push(outputs["tenants-total"] === "0" ? "no tenants yet" : counted);
  }
  if (outputs["backup-path"]) parts.push(`backup: ${outputs["backup-path"]}`);
  if (outputs["image-digest"] && ["deployed", "unchanged", "rolled-back"].includes(outputs.result ?? "") && !outputs["failure-code"])
    parts.push(
      `${shortened(outputs["image-digest"])} ${serves ? "serves" : "served until it was taken back"}`
    );
  if (Number(outputs["downtime-ms"] ?? 0) > 0 && outputs.result === "deployed") {
    parts.push(`${number("downtime-ms")} ms without a container`);
  }
  if (outputs["latency-ms"]) parts.push(`slowest ${number("latency-ms")} ms`);
  if (outputs.image && outputs["image-digest"] === void 0) parts.push(shortened(outputs.image));
  if (outputs["failure-code"]) parts.push(outputs["failure-code"]);
  return parts.join("; ");
}
function nextSteps(needs) {
  if (isRollback(needs)) {
    return needs.back?.result === "success" ? ["The containers are back, and not every check is content with that."] : ["The rollback says above what serves now; run it again when its cause is gone."];
  }
  const { migrate, deploy, check, back } = needs;
  const wasSwitched = ["deployed", "unchanged"].includes(deploy?.outputs.result ?? "");
  const hasMigrated = migrate?.outputs.result === "migrated";
  const steps = [];
  if (deploy === void 0 || deploy.result === "skipped") {
    steps.push("Nothing was deployed: the containers from before serve on.");
  } else if (!wasSwitched) {
    steps.push(
      "The deployment says above what serves now; run this again when its cause is gone: what is done stays done."
    );
  }
  if (migrate?.result === "failure") {
    steps.push("Mend the migration or the data it names, and push: tenants that are done stay done.");
  }
  if (back?.result === "success") {
    steps.push(
      `The containers are back on ${shortened(back.outputs.release ?? "the release from before")}; the database stays as it is now. Mend what the check names, and push.`
    );
  } else if (wasSwitched && check !== void 0 && check.result !== "success") {
    const tried = back?.outputs["failure-reason"];
    if (tried !== void 0) steps.push(`The way back failed, too: ${tried}`);
    steps.push(
      "The new version serves, and not every check is content with it. To go back, run the rollback workflow: it takes the containers back, never the database."
    );
  }
  if (hasMigrated && (check?.result !== "success" || !wasSwitched)) steps.push(goingBack(migrate.outputs));
  return steps;
}
function goingBack(outputs) {
  const told = outputs["old-code-compatible"];
  const oldCode = told === "yes" || told === "no" ? told : "unknown";
  const sentence = (0, import_migrations_old_code.goingBackSentence)({ oldCode, reversible: outputs.reversible === "true" });
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}
//! src/actions/report-line.ts
var inputs = {
  mode: (0, import_step_fields.choice)("begin", "end", "promote"),
  container: import_deployment_swarm_service_spec.containerFields.container,
  environment: import_step_fields.text,
  image: (0, import_step_fields.readAs)((written) => {
    const image = (0, import_diagnosis_container_rules.parseImage)(written.trim());
    if (image.digest === void 0)
      throw new RangeError(`${written} has no digest — write registry/name:tag@sha256:…`);
    return { text: written.trim(), digest: image.digest };
  }).optional(),
  promotedFrom: import_step_fields.text.optional(),
  needs: (0, import_step_fields.readAs)(parseNeeds).optional(),
  deploymentId: (0, import_step_fields.count)({ least: 1 }).optional(),
  environmentUrl: import_step_fields.httpUrl.optional(),
  githubToken: import_database_url.reportFields.githubToken,
  notify: import_database_url.reportFields.notify,
  ...import_database_url.commonFields
};
var reportLine = (0, import_database_url.defineAction)({
  inputs,
  outputs: ["outcome", "verdict", "deployment-id", "image"],
  results: ["begun", "told", "promoted"],
  rules: [
    ({ mode, needs }) => mode === "end" && needs === void 0 ? "needs: is required to end" : void 0,
    ({ mode, promotedFrom, githubToken }) => mode === "promote" && (promotedFrom === void 0 || githubToken === void 0) ? "promoted-from and github-token: both are required to promote" : void 0
  ],
  async run(context) {
    switch (context.inputs.mode) {
      case "begin":
        return begin(context);
      case "end":
        return end(context);
      case "promote":
        return promote(context);
    }
  }
});
async function begin(context) {
  const { inputs: inputs2, origin, log, report } = context;
  const sentence = `${inputs2.image?.text ?? origin.commit} is on its way to ${inputs2.environment}.`;
  const notice = noticeOf(context);
  const [told] = await Promise.all([
    notice === void 0 ? void 0 : (0, import_deployment_swarm_service_spec.tellGitHub)(notice, log),
    tell(context, "start", sentence)
  ]);
  report.verdict(sentence);
  return { result: "begun", "deployment-id": told?.id };
}
async function end(context) {
  const { inputs: inputs2, log, report } = context;
  const line = endOfLine(inputs2.needs ?? {}, inputs2);
  report.headline(line.outcome === "success", line.verdict);
  tellSummary(line, context);
  await Promise.all([
    endOnGitHub(line, context),
    tell(context, line.outcome === "success" ? "success" : "failure", line.verdict)
  ]);
  log.step("Line", line.verdict);
  return { result: "told", outcome: line.outcome, verdict: line.verdict };
}
async function endOnGitHub(line, context) {
  const { inputs: inputs2, log } = context;
  const { deploymentId: id, container } = inputs2;
  const notice = noticeOf(context);
  if (notice === void 0) return;
  const told = { state: states[line.outcome], description: descriptionOf(line) };
  if (id !== void 0) return (0, import_deployment_swarm_service_spec.endDeployment)(notice, { id, ...told }, log);
  if (line.wentBack !== void 0)
    return (0, import_deployment_swarm_service_spec.tellWayBack)({ ...notice, container }, { ...line.wentBack, ...told }, log);
}
var states = {
  success: "success",
  failure: "failure",
  cancelled: "error"
};
function descriptionOf({ outcome, stops, verdict }) {
  if (outcome === "success") return verdict;
  return `${stops.find(({ failed }) => failed)?.name ?? "the line"}: ${outcome}`;
}
function tellSummary({ stops, next }, { inputs: inputs2, report }) {
  report.called(`${inputs2.container} in ${inputs2.environment}`);
  for (const step of next) report.next(step);
  report.line(stops);
  report.table(
    "Stops",
    ["stop", "result", "time", ""],
    stops.map(({ name, result, milliseconds, detail, failed, skipped }) => [
      name,
      `${failed ? "❌" : skipped === true ? "–" : "✅"} ${result}`,
      milliseconds === void 0 ? "" : (0, import_ground_duration.showDuration)(milliseconds),
      detail
    ])
  );
  report.data("stops", stops);
}
async function promote(context) {
  const { inputs: inputs2, origin, log, report } = context;
  const { image: wanted, promotedFrom: environment = "", githubToken: token = "", container } = inputs2;
  const found = await greenImage(context, { environment, token });
  if (found === void 0) {
    throw refusal(
      `${wanted?.text ?? `No image of ${container}`} was not green in ${environment}`,
      `none of its last ${import_deployment_swarm_service_spec.deploymentsLookedAt} deployments of ${container} with this digest ended with success`,
      environment
    );
  }
  log.step("Promoted", `${found} was green in ${environment}`);
  report.verdict(
    `${found} was green in ${environment}; ${origin.actor} promotes it to ${inputs2.environment}.`
  );
  return { result: "promoted", image: found };
}
async function greenImage({ inputs: { image: wanted, container }, origin }, { environment, token }) {
  if (origin.github === void 0) {
    throw refusal(`Nothing can be promoted from ${environment}`, "there is no GitHub here", environment);
  }
  try {
    const where = { token, ...origin.github };
    const seen = /* @__PURE__ */ new Set();
    for await (const { image, state } of (0, import_deployment_swarm_service_spec.knownDeployments)(where, { environment, container })) {
      const digest = image.slice(image.indexOf("@") + 1);
      if (seen.has(digest) || wanted !== void 0 && wanted.digest !== digest) continue;
      if (state === "success") return image;
      if (wanted !== void 0) return void 0;
      seen.add(digest);
    }
    return void 0;
  } catch (error) {
    throw refusal(
      `Whether the image was green in ${environment} is not known`,
      `GitHub said: ${(0, import_ground_errors.messageOf)(error)}`,
      environment
    );
  }
}
function refusal(what, observed, environment) {
  return new import_ground_errors.UserError(`${what} — ${observed}`, `deploy it to ${environment} first; nothing was changed`, {
    code: "promotion-refused"
  });
}
function noticeOf({ inputs: inputs2, origin }) {
  const { githubToken: token, container, environment, image, environmentUrl } = inputs2;
  if (token === void 0 || origin.github === void 0) return void 0;
  return {
    token,
    ...origin.github,
    ref: origin.commit,
    environment,
    description: `${container} is being deployed`,
    logUrl: URL.canParse(origin.run) ? origin.run : void 0,
    environmentUrl: environmentUrl?.href,
    payload: image === void 0 ? void 0 : { container, image: image.text }
  };
}
function tell({ inputs: inputs2, origin, log, clean }, moment, sentence) {
  const { notify: listeners = [], container: subject, environment } = inputs2;
  const link = URL.canParse(origin.run) ? origin.run : void 0;
  return (0, import_deployment_swarm_service_spec.notify)(
    listeners,
    { moment, subject, environment, sentence: clean(sentence), link, actor: origin.actor },
    log
  );
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  reportLine
});
