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
  checkContainers: () => checkContainers,
  whatServerShows: () => whatServerShows
});
module.exports = __toCommonJS(stdin_exports);
var import_diagnosis_why = require("./diagnosis-why.cjs");
var import_diagnosis_container_rules = require("./diagnosis-container-rules.cjs");
var import_machine_ssh_verdict = require("./machine-ssh-verdict.cjs");
var import_machine_conversation = require("./machine-conversation.cjs");
var import_machine_machine = require("./machine-machine.cjs");
var import_ground_retry = require("./ground-retry.cjs");
var import_machine_ssh_server = require("./machine-ssh-server.cjs");
var import_zod_2 = require("./zod-2.cjs");
var import_zod = require("./zod.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_runtime = require("./runtime.cjs");
var import_promises = require("node:timers/promises");
//! src/actions/server-health.ts
async function checkContainers(ports) {
  const { container: name, host = [] } = ports.inputs;
  if (name === void 0) return;
  const looked = await Promise.all(
    host.map(async (each) => {
      try {
        await checkContainer(ports, name, each);
        return { host: each, failure: void 0 };
      } catch (error) {
        if (!(error instanceof import_ground_errors.UserError)) throw error;
        return { host: each, failure: error };
      }
    })
  );
  const failure = (0, import_diagnosis_why.failureOf)(looked);
  if (failure !== void 0) throw failure;
}
async function checkContainer({ inputs, log, signal }, name, host) {
  const { expectRelease, attempts, interval } = inputs;
  const isAsked = (inputs.url ?? []).length > 0;
  await onServer({ inputs, log, signal }, host, async (docker, machine) => {
    const service = await releaseOfService(machine, name, signal);
    if (service !== void 0) {
      refuseOther(`${name} on ${host}`, service, expectRelease);
      log.step("Container", `${name} is a service of a swarm${service === "" ? "" : `: ${service}`}`);
      return;
    }
    const container = await (0, import_ground_retry.retry)(
      () => steadyContainer(docker, name, { server: machine.name, isAsked, signal }),
      {
        attempts,
        interval,
        signal,
        worthAnotherTry: (error) => error instanceof NotYet
      }
    ).catch(async (error) => {
      if (!(error instanceof NotYet)) throw error;
      const seen = await docker.evidence(error.container);
      throw (0, import_diagnosis_why.whyNotServing)(`${name} on ${host}`, error.runs ? seen : (0, import_diagnosis_why.thatStopped)(seen), {
        ...error.runs ? { happened: `is not healthy after ${(0, import_ground_words.counted)(attempts, "try", "tries")}` } : {}
      });
    });
    const release = container.labels["tenantry.release"];
    refuseOther(`${name} on ${host}`, release ?? "", expectRelease);
    const health = container.state.health === void 0 ? "" : ", healthy";
    log.step(
      "Container",
      `${name} on ${host}: ${container.state.status}${health}${release === void 0 ? "" : `, ${release}`}`
    );
  });
}
var NotYet = class extends Error {
  container;
  runs;
  constructor(container, runs) {
    super("not yet");
    this.container = container;
    this.runs = runs;
  }
};
var stayUp = 3e3;
async function steadyContainer(docker, name, { server, isAsked, signal }) {
  const container = await healthyContainer(docker, name, server);
  if (isAsked || container.state.health !== void 0) return container;
  await (0, import_promises.setTimeout)(stayUp, void 0, { signal }).catch(() => signal.throwIfAborted());
  const again = await healthyContainer(docker, name, server);
  if (again.state.startedAt.getTime() === container.state.startedAt.getTime()) return again;
  throw new NotYet(again.name, false);
}
async function releaseOfService(machine, name, signal) {
  const format = '{{with .Spec.TaskTemplate.ContainerSpec}}{{index .Labels "tenantry.release"}}{{end}}';
  const argv = ["docker", "service", "inspect", "--format", format, name];
  const result = await machine.run(argv, { timeout: 3e4, signal });
  return (0, import_machine_machine.succeeded)(result) ? result.stdout.trim() : void 0;
}
function refuseOther(called, release, expected) {
  if (expected === void 0 || release === expected) return;
  throw new import_ground_errors.UserError(
    `${called} is not ${expected} — ${release === "" ? "it has no label tenantry.release" : `it is ${release}`}`,
    "look which deployment was the last one (docker inspect, or the table of deploy-container)",
    { code: "health-other-release" }
  );
}
async function healthyContainer(docker, name, server) {
  const container = await found(docker, name);
  if (container === void 0) {
    throw new import_ground_errors.UserError(
      `There is no container ${name} on ${server} — nobody made it, or it has been removed`,
      'look at "docker ps -a" there, or correct container',
      { code: "container-gone" }
    );
  }
  const { status, health } = container.state;
  if (status !== "running") throw new NotYet(container.name, false);
  if (health === void 0 || health.status === "healthy") return container;
  if (health.status === "starting" && await docker.passesOwnCheck(container.name)) return container;
  throw new NotYet(container.name, true);
}
async function found(docker, name) {
  const byName = await docker.container(name);
  if (byName !== void 0) return byName;
  const all = await docker.labelled(`tenantry.app=${name}`);
  return all.find(({ state }) => state.status === "running") ?? all[0];
}
async function whatServerShows({ inputs, log, signal }, failure, findings) {
  const bad = findings.find(({ complaint }) => complaint !== void 0);
  const { container: name } = inputs;
  const host = serverBehind(inputs.host ?? [], bad);
  if (name === void 0 || host === void 0) return failure;
  const [called = "", ...seen] = failure.message.split(" — ");
  const answer = bad?.complaint ?? { code: failure.code, observed: seen.join(" — "), hint: failure.hint };
  try {
    const evidence = await onServer({ inputs, log, signal }, host, async (docker) => {
      const container = await found(docker, name);
      return docker.evidence(container?.name ?? name);
    });
    const why = (0, import_diagnosis_why.causeOf)({ ...evidence, answer });
    const more = why.observed.startsWith(answer.observed) ? why.observed.slice(answer.observed.length) : `: ${why.observed}`;
    const parts = [failure.evidence ?? "", (0, import_diagnosis_why.showEvidence)(evidence, why.line)].filter((part) => part !== "");
    return new import_ground_errors.UserError((0, import_diagnosis_why.withoutSecrets)(`${called} — ${seen.join(" — ")}${more}`), why.next, {
      code: why.code === answer.code ? failure.code : why.code,
      evidence: parts.join("\n\n")
    });
  } catch (error) {
    signal.throwIfAborted();
    log.warning(`What ${host} shows could not be looked at: ${(0, import_ground_errors.messageOf)(error)}`);
    return failure;
  }
}
function serverBehind(hosts, bad) {
  const asked = bad?.probe.url.hostname;
  return bad?.probe.from ?? hosts.find((host) => host === asked) ?? hosts[0];
}
async function onServer({ inputs, log, signal }, host, work) {
  const machine = await (0, import_machine_ssh_verdict.connectSsh)((0, import_machine_ssh_verdict.serverOf)({ ...inputs, sshUser: inputs.sshUser ?? "" }, host), {
    signal,
    log
  });
  try {
    return await work((0, import_diagnosis_container_rules.dockerOn)(machine, { signal, log }), machine);
  } finally {
    await machine.close();
  }
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  checkContainers,
  whatServerShows
});
