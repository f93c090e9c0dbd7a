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
  parseDbUrl: () => parseDbUrl
});
module.exports = __toCommonJS(stdin_exports);
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
//! src/actions/parse-db-url.ts
var inputs = {
  databaseUrl: import_database_url.databaseUrl.optional(),
  host: import_step_fields.text.optional(),
  port: import_step_fields.text.optional(),
  name: import_step_fields.text.optional(),
  user: import_step_fields.text.optional(),
  password: (0, import_step_fields.secret)(import_step_fields.text.optional()),
  params: import_step_fields.keyValues.optional(),
  engine: import_step_fields.text.optional(),
  exportEnv: import_step_fields.boolean,
  testConnection: import_step_fields.boolean,
  ...import_database_url.commonFields
};
var parseDbUrl = (0, import_database_url.defineAction)({
  inputs,
  outputs: ["host", "port", "name", "user", "password", "engine", "params", "redacted-url", "database-url"],
  secretOutputs: ["password", "database-url"],
  results: ["parsed", "composed"],
  rules: [
    (given) => {
      const parts = partNames.filter((name) => given[name] !== void 0);
      if (given.databaseUrl !== void 0 && parts.length > 0) {
        return `database-url and ${parts[0]}: give either the URL or its parts`;
      }
      return given.databaseUrl === void 0 && parts.length === 0 ? "database-url: is required, or the parts host, port, name, user and password" : void 0;
    }
  ],
  async run({ inputs: inputs2, log, report, signal, exportVariable, mask }) {
    const url = inputs2.databaseUrl ?? composed(inputs2);
    const whole = (0, import_database_url.composeUrl)(url, url.scheme);
    for (const secretText of (0, import_database_url.secretsInUrl)(whole)) mask(secretText);
    const engine = inputs2.engine ?? import_database_url.tenantEngine;
    const shown = (0, import_database_url.redactUrl)(whole);
    log.step(inputs2.databaseUrl === void 0 ? "Composed" : "Read", shown);
    if (url.perhapsMisread) log.warning(misread);
    if (inputs2.exportEnv) {
      const variables = (0, import_database_django_variables.djangoVariables)(url, engine);
      for (const [name, value] of Object.entries(variables)) exportVariable(name, value);
      log.step("Exported", Object.keys(variables).join(", "));
    }
    if (inputs2.testConnection) {
      const { testConnection } = await Promise.resolve().then(() => __toESM(require("./database-connection.cjs")));
      const connection = await testConnection(url, {
        applicationName: "tenantry/parse-db-url",
        connectTimeout: 1e4,
        signal
      });
      const {
        label,
        serverVersion,
        milliseconds,
        encryption = "not encrypted",
        pooler,
        standby
      } = connection;
      const notes = [
        encryption,
        ...pooler === "none" ? [] : [`${pooler} pooler`],
        ...standby ? ["standby"] : []
      ];
      log.step("Connected", `${label} (PostgreSQL ${serverVersion}, ${notes.join(", ")})`, milliseconds);
      report.data("connection", connection);
      report.verdict(`${label} answers: PostgreSQL ${serverVersion}, in ${(0, import_ground_duration.showDuration)(milliseconds)}.`);
    } else {
      report.verdict(`The URL is readable: \`${shown}\`.`);
    }
    return {
      result: inputs2.databaseUrl === void 0 ? "composed" : "parsed",
      host: url.host,
      port: url.port,
      name: url.name,
      user: url.user,
      password: url.password,
      engine,
      params: JSON.stringify(url.params),
      "redacted-url": shown,
      "database-url": whole
    };
  }
});
var misread = "The URL has an @ or a / where a password may go on — libpq reads what follows as host, port or name — if it is part of the password, write @ as %40 and / as %2F";
var partNames = ["host", "port", "name", "user", "password", "params"];
function composed({
  host = "",
  port = "",
  name = "",
  user = "",
  password = "",
  params = {}
}) {
  return (0, import_database_url.databaseUrlOf)({ host, port, name, user, password, params });
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  parseDbUrl
});
