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
  connect: () => import_database_verdict.connect,
  testConnection: () => import_database_verdict.testConnection,
  waitForDatabase: () => import_database_verdict.waitForDatabase
});
module.exports = __toCommonJS(stdin_exports);
var import_database_verdict = require("./database-verdict.cjs");
var import_ground_retry = require("./ground-retry.cjs");
var import_database_connection_plan = require("./database-connection-plan.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_runtime = require("./runtime.cjs");
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  connect,
  testConnection,
  waitForDatabase
});
