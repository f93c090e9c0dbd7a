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
  withWay: () => withWay
});
module.exports = __toCommonJS(stdin_exports);
var import_machine_ssh_tunnel = require("./machine-ssh-tunnel.cjs");
var import_machine_ssh_verdict = require("./machine-ssh-verdict.cjs");
var import_database_connection_plan = require("./database-connection-plan.cjs");
var import_ground_errors = require("./ground-errors.cjs");
//! src/machine/tunnel.ts
function tunnelLost({ through, lost }, error) {
  return new import_ground_errors.UserError(
    `The SSH tunnel through ${through} was lost — ${lost}; what followed from it: ${error.message}`,
    error.hint,
    {
      code: "tunnel-lost",
      cause: error,
      ...error.evidence === void 0 ? {} : { evidence: error.evidence }
    }
  );
}
//! src/actions/way.ts
async function withWay(inputs, { log, signal }, use) {
  if (inputs.connectThrough === "direct") return use(void 0);
  const { sshUser = "", host: [host = ""] = [] } = inputs;
  const far = (0, import_database_connection_plan.farEndOf)(inputs.databaseUrl);
  const tunnel = await (0, import_machine_ssh_tunnel.openTunnel)((0, import_machine_ssh_verdict.serverOf)({ ...inputs, sshUser }, host), far, { log, signal });
  try {
    return await use(tunnel);
  } catch (error) {
    signal.throwIfAborted();
    throw tunnel.lost === void 0 || !(error instanceof import_ground_errors.UserError) ? error : tunnelLost(tunnel, error);
  } finally {
    await tunnel.close();
  }
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  withWay
});
