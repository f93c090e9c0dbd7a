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
  provisionTenant: () => import_provisioning_command_work.provisionTenant
});
module.exports = __toCommonJS(stdin_exports);
var import_provisioning_command_work = require("./provisioning-command-work.cjs");
var import_ground_young_memory = require("./ground-young-memory.cjs");
var import_database_structure_definitions = require("./database-structure-definitions.cjs");
var import_health_check = require("./health-check.cjs");
var import_django_python_files = require("./django-python-files.cjs");
var import_yaml = require("./yaml.cjs");
var import_health_http = require("./health-http.cjs");
var import_machine_local = require("./machine-local.cjs");
var import_actions_way = require("./actions-way.cjs");
var import_machine_ssh_tunnel = require("./machine-ssh-tunnel.cjs");
var import_diagnosis_container_rules = require("./diagnosis-container-rules.cjs");
var import_machine_ssh_verdict = require("./machine-ssh-verdict.cjs");
var import_machine_conversation = require("./machine-conversation.cjs");
var import_machine_machine = require("./machine-machine.cjs");
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
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  provisionTenant
});
