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
  retry: () => retry
});
module.exports = __toCommonJS(stdin_exports);
var import_promises = require("node:timers/promises");
//! src/ground/retry.ts
async function retry(attempt, plan) {
  for (let number = 1; ; number += 1) {
    plan.signal.throwIfAborted();
    try {
      return await attempt(number);
    } catch (error) {
      plan.signal.throwIfAborted();
      if (number >= plan.attempts || plan.worthAnotherTry?.(error) === false) throw error;
      plan.onFailure?.(error, number);
    }
    await (0, import_promises.setTimeout)(plan.interval, void 0, { signal: plan.signal }).catch(() => plan.signal.throwIfAborted());
  }
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  retry
});
