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
  tenantry: () => tenantry
});
module.exports = __toCommonJS(stdin_exports);
var import_actions_health_check = require("./actions-health-check.cjs");
var import_review_review = require("./review-review.cjs");
var import_migrations_old_code = require("./migrations-old-code.cjs");
var import_provisioning_command_work = require("./provisioning-command-work.cjs");
var import_ground_young_memory = require("./ground-young-memory.cjs");
var import_database_structure_definitions = require("./database-structure-definitions.cjs");
var import_health_check = require("./health-check.cjs");
var import_django_python_files = require("./django-python-files.cjs");
var import_deployment_swarm_service_spec = require("./deployment-swarm-service-spec.cjs");
var import_diagnosis_why = require("./diagnosis-why.cjs");
var import_report_github = require("./report-github.cjs");
var import_yaml = require("./yaml.cjs");
var import_health_http = require("./health-http.cjs");
var import_machine_local = require("./machine-local.cjs");
var import_actions_way = require("./actions-way.cjs");
var import_machine_ssh_tunnel = require("./machine-ssh-tunnel.cjs");
var import_deployment_server_server_script = require("./deployment-server-server-script.cjs");
var import_diagnosis_container_rules = require("./diagnosis-container-rules.cjs");
var import_machine_ssh_verdict = require("./machine-ssh-verdict.cjs");
var import_machine_conversation = require("./machine-conversation.cjs");
var import_machine_machine = require("./machine-machine.cjs");
var import_report_markdown = require("./report-markdown.cjs");
var import_step_manifest = require("./step-manifest.cjs");
var import_database_verdict = require("./database-verdict.cjs");
var import_ground_retry = require("./ground-retry.cjs");
var import_database_connection_plan = require("./database-connection-plan.cjs");
var import_database_django_variables = require("./database-django-variables.cjs");
var import_database_url = require("./database-url.cjs");
var import_machine_ssh_server = require("./machine-ssh-server.cjs");
var import_step_fields = require("./step-fields.cjs");
var import_zod_2 = require("./zod-2.cjs");
var import_zod = require("./zod.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_runtime = require("./runtime.cjs");
//! src/actions/tenantry.ts
var stops = ["migrate", "provision", "deploy", "check"];
var inputs = {
  steps: (0, import_step_fields.linesOf)((written) => {
    const stop = stops.find((name) => name === written);
    if (stop !== void 0) return stop;
    throw new RangeError(`"${written}" is not one of ${(0, import_ground_words.listed)(stops)}`);
  }).optional(),
  ...import_database_url.databaseFields,
  ...import_database_url.placeFields,
  ...import_database_url.lockFields,
  ...import_database_url.timeoutFields,
  ...import_database_url.projectFields,
  projectEnv: import_database_url.environment.optional(),
  ...import_database_structure_definitions.presetFields,
  ...import_database_structure_definitions.registeringFields,
  ...import_review_review.fleetFields,
  ...import_database_structure_definitions.backupFields,
  ...import_provisioning_command_work.tenantFields,
  ...import_database_url.serverFields,
  host: import_step_fields.lines.optional(),
  sshUser: import_step_fields.text.optional(),
  ...import_database_url.registryFields,
  ...import_database_url.reportFields,
  ...import_deployment_swarm_service_spec.containerFields,
  image: import_deployment_swarm_service_spec.containerFields.image.optional(),
  container: import_deployment_swarm_service_spec.containerFields.container.optional(),
  ...import_actions_health_check.healthFields,
  url: import_step_fields.httpUrls.optional(),
  dryRun: import_step_fields.boolean,
  ...import_database_url.commonFields
};
var outputs = [
  "tenants-total",
  "tenants-migrated",
  "tenants-skipped",
  "tenants-failed",
  "drift-groups",
  "reversible",
  "old-code-compatible",
  "backup-path",
  "tenant-state",
  "release",
  "image-digest",
  "previous-digest",
  "hosts",
  "downtime-ms",
  "status",
  "latency-ms"
];
var needs = {
  migrate: [],
  provision: ["schemaName", "domain"],
  deploy: ["host", "sshUser", "image", "container"],
  check: ["url"]
};
var tenantry = (0, import_database_url.defineAction)({
  inputs,
  outputs,
  results: ["done", "planned"],
  rules: [
    (given) => {
      const missing = stopsOf(given).flatMap((stop) => {
        const names = needs[stop].filter((name) => given[name] === void 0).map(import_step_manifest.kebabCase);
        return names.length === 0 ? [] : [`${(0, import_ground_words.listed)(names)} (for ${stop})`];
      });
      return missing.length === 0 ? void 0 : `${(0, import_ground_words.listed)(missing)}: is required, or leave that stop out with steps`;
    },
    (given) => (given.host === void 0 || given.sshUser === void 0) && (0, import_database_structure_definitions.serverIsNeeded)(given) !== void 0 ? `${(0, import_database_structure_definitions.serverIsNeeded)(given)} needs host and ssh-user` : void 0,
    import_provisioning_command_work.superuserIsComplete,
    import_provisioning_command_work.commandsAreOfManagePy,
    ...import_database_structure_definitions.presetRules,
    (given) => stopsOf(given).includes("provision") ? (0, import_provisioning_command_work.registeringIsComplete)(given) : void 0,
    ({ runIn, image }) => runIn !== "runner" && image === void 0 ? `run-in: ${runIn} needs image` : void 0,
    import_database_url.registryIsComplete,
    import_database_url.hostKeyIsPinnedOnce,
    import_deployment_swarm_service_spec.hostsAreDistinct,
    import_deployment_swarm_service_spec.statusIsComplete,
    import_deployment_swarm_service_spec.complaintAboutFiles
  ],
  run: (context) => (0, import_deployment_swarm_service_spec.notified)(context.inputs, context, () => shownAsDeployment(context, () => run(context)))
});
function shownAsDeployment(context, work) {
  const { container } = context.inputs;
  const deploys = container !== void 0 && stopsOf(context.inputs).includes("deploy");
  return deploys ? (0, import_deployment_swarm_service_spec.shownOnGitHub)({ ...context.inputs, container }, context, work) : work();
}
async function run(context) {
  const { inputs: inputs2, log, report } = context;
  const made = [];
  const told = {};
  const line = {
    ...context,
    tell(facts) {
      Object.assign(told, facts);
      context.tell(facts);
    }
  };
  try {
    for (const name of stopsOf(inputs2)) {
      if (name === "check" && inputs2.dryRun) continue;
      log.step("──────", name);
      const started = performance.now();
      const stop = { name, result: "failed", milliseconds: 0, failed: true };
      made.push(stop);
      try {
        stop.result = await makeStop[name](line);
        stop.failed = false;
      } finally {
        stop.milliseconds = performance.now() - started;
      }
    }
  } catch (error) {
    if (!(error instanceof import_ground_errors.UserError)) throw error;
    const soFar = withLineSoFar(error, made, told);
    throw made.at(-1)?.name === "check" ? adding(await takeBack(line, made, told), soFar) : soFar;
  } finally {
    report.line(made);
    report.data("stops", made);
  }
  const verdict = made.map(({ name, result }) => `${name}: ${result}`).join(", ");
  report.verdict(`${verdict}.`);
  return { result: inputs2.dryRun ? "planned" : "done" };
}
function stopsOf({ steps, schemaName }) {
  if (steps !== void 0) return stops.filter((stop) => steps.includes(stop));
  return stops.filter((stop) => stop !== "provision" || schemaName !== void 0);
}
var makeStop = {
  migrate: (context) => make(import_review_review.migrateSchemas, context, {
    ...context.inputs,
    mode: "migrate",
    env: context.inputs.projectEnv,
    envFile: void 0,
    // that is the container's
    host: context.inputs.host?.slice(0, 1),
    // the first one leads to the database
    ...noRestore,
    pullRequestComment: false,
    target: void 0,
    previewReport: void 0,
    previewBasis: "database",
    previewBase: void 0
  }),
  provision: ({ inputs: inputs2, ...context }) => make(
    import_provisioning_command_work.provisionTenant,
    { ...context, inputs: inputs2 },
    {
      ...inputs2,
      env: inputs2.projectEnv,
      envFile: void 0,
      // that is the container's
      host: inputs2.host?.slice(0, 1),
      // the first one leads to the database
      mode: "provision",
      tenantsFile: void 0,
      sourceSchema: void 0,
      anonymiseCommand: void 0,
      confirm: void 0,
      onError: "stop",
      tenantUrl: void 0,
      tenantUrlTimeout: 0
    },
    { state: "tenant-state" }
  ),
  deploy: (context) => make(import_deployment_swarm_service_spec.deployContainer, context, {
    ...context.inputs,
    mode: "deploy",
    release: void 0,
    ...toldOfTheLine
  }),
  check: (context) => make(import_actions_health_check.healthCheck, context, {
    ...context.inputs,
    mode: "check",
    from: "runner",
    watchFor: 0,
    url: context.inputs.url ?? [],
    // Where nothing was deployed in this line, its container is not to be looked at either.
    container: stopsOf(context.inputs).includes("deploy") ? context.inputs.container : void 0
  })
};
var toldOfTheLine = { notify: void 0, deploymentEnvironment: void 0 };
var noRestore = { restoreTo: "beside", backupPath: void 0, backupIdentity: void 0 };
async function make(action, context, ownInputs, renamed = {}) {
  const tell = (facts2) => {
    const known = Object.entries(facts2).map(([name, value]) => [renamed[name] ?? name, value]);
    context.tell(
      Object.fromEntries(known.filter(([name]) => outputs.includes(name)))
    );
  };
  const { result, ...facts } = await action.run({ ...context, inputs: ownInputs, tell });
  tell(facts);
  return result;
}
function goingBack(made, facts) {
  if (!made.some(({ name, result }) => name === "migrate" && result === "migrated")) return "";
  const oldCode = facts["old-code-compatible"];
  if (oldCode !== "yes" && oldCode !== "no" && oldCode !== "unknown") return "";
  return `; ${(0, import_migrations_old_code.goingBackSentence)({ oldCode, reversible: facts.reversible === true })}`;
}
async function takeBack(context, made, told) {
  const { inputs: inputs2, log, signal } = context;
  const wasSwitched = made.some(({ name, result }) => name === "deploy" && result === "deployed");
  if (!wasSwitched || signal.aborted) return "";
  const stays = whyContainersStay({
    previousDigest: told["previous-digest"],
    oldCode: told["old-code-compatible"],
    onFailure: inputs2.onFailure
  });
  if (stays !== void 0) return `; the new version serves on: ${stays}`;
  log.step("──────", "go back");
  const started = performance.now();
  const stop = { name: "go back", result: "failed", milliseconds: 0, failed: true };
  made.push(stop);
  try {
    stop.result = await make(import_deployment_swarm_service_spec.deployContainer, context, {
      ...inputs2,
      ...ofTheRecord,
      mode: "rollback",
      release: "previous",
      ...toldOfTheLine
    });
    stop.failed = false;
    return `; the containers are back at ${told.release}, and the database stays as it is`;
  } catch (cause) {
    return `; the containers could not be taken back: ${(0, import_ground_errors.messageOf)(cause)}`;
  } finally {
    stop.milliseconds = performance.now() - started;
  }
}
function whyContainersStay({
  previousDigest = "",
  oldCode,
  onFailure
}) {
  if (previousDigest === "") return "there is no release from before";
  if (oldCode === "no") return "the old code does not work with the migrated database";
  return onFailure === "halt" ? "on-failure: halt" : void 0;
}
var ofTheRecord = {
  image: void 0,
  env: void 0,
  envFile: void 0,
  requiredEnv: void 0,
  files: void 0,
  preDeploy: void 0
};
function withLineSoFar(error, made, facts) {
  const done = made.filter(({ failed: failed2 }) => !failed2).map(({ name, result }) => `${name} (${result})`);
  const failed = made.at(-1)?.name ?? "";
  const soFar = done.length === 0 ? "" : `; done before: ${(0, import_ground_words.listed)(done)}`;
  return adding(`${soFar}${goingBack(made, facts)}`, error, `${failed}: ${error.message}`);
}
function adding(more, error, message = error.message) {
  return new import_ground_errors.UserError(message, `${error.hint}${more}`, {
    code: error.code,
    cause: error.cause,
    ...error.evidence === void 0 ? {} : { evidence: error.evidence },
    ...error.place === void 0 ? {} : { place: error.place }
  });
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  tenantry
});
