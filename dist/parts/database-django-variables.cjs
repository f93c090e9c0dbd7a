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
  djangoVariables: () => djangoVariables
});
module.exports = __toCommonJS(stdin_exports);
var import_database_url = require("./database-url.cjs");
//! src/database/django-variables.ts
function djangoVariables(url, engine = import_database_url.tenantEngine) {
  const original = (0, import_database_url.originalBackend)(url.scheme);
  return {
    DB_USER: url.user,
    DB_PASSWORD: url.password,
    DB_HOST: url.host,
    DB_PORT: url.port,
    DB_NAME: url.name,
    DB_ENGINE: engine,
    ...original === void 0 ? {} : { DB_ORIGINAL_BACKEND: original }
  };
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  djangoVariables
});
