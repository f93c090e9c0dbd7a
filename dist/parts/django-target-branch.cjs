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
  makeAsCodeDoes: () => makeAsCodeDoes
});
module.exports = __toCommonJS(stdin_exports);
var import_django_python_files = require("./django-python-files.cjs");
var import_machine_machine = require("./machine-machine.cjs");
var import_zod = require("./zod.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_runtime = require("./runtime.cjs");
//! src/django/target-branch.ts
async function makeAsCodeDoes(project, options) {
  const answer = (0, import_zod.looseObject)({ schemas: (0, import_zod.array)((0, import_zod.string)()) });
  return (await (0, import_django_python_files.probe)(project, "target_branch", { request: {}, answer }, options)).schemas;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  makeAsCodeDoes
});
