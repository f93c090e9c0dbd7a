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
  goingBackSentence: () => goingBackSentence,
  judgeCode: () => judgeCode
});
module.exports = __toCommonJS(stdin_exports);
var import_ground_words = require("./ground-words.cjs");
//! src/migrations/old-code.ts
function judgeCode({ migrations, shared, tenants, back }) {
  if (back !== void 0) return void 0;
  const pending = /* @__PURE__ */ new Set([...shared.runs, ...tenants.flatMap(({ runs }) => runs)]);
  const concerned = migrations.filter(({ migration }) => pending.has(migration));
  if (concerned.length === 0) return void 0;
  const irreversible = concerned.filter(({ reversible }) => !reversible).map(({ migration }) => migration);
  const answers = concerned.map(({ keepsOldCode }) => keepsOldCode);
  const oldCode = answers.includes("no") ? "no" : answers.includes("unknown") ? "unknown" : "yes";
  const reasons = concerned.filter(({ keepsOldCode }) => keepsOldCode === oldCode && oldCode !== "yes").map(({ migration, oldCodeReason }) => `${migration}: ${oldCodeReason}`);
  return { reversible: irreversible.length === 0, irreversible, oldCode, reasons };
}
function goingBackSentence({
  reversible,
  oldCode,
  irreversible = [],
  reasons = []
}) {
  const why = reasons.length === 0 ? "" : ` (${(0, import_ground_words.listed)(reasons, 2)})`;
  const code = {
    yes: "the old code works with the migrated database",
    no: `the old code does not work with the migrated database${why}`,
    unknown: `whether the old code works with the migrated database is not known${why}`
  }[oldCode];
  const undo = irreversible.length === 0 ? "all of its migrations" : (0, import_ground_words.listed)(irreversible, 3);
  return `${code}, and ${reversible ? "Django can undo its migrations" : `Django cannot undo ${undo}`}`;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  goingBackSentence,
  judgeCode
});
