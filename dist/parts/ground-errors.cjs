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
  Cancelled: () => Cancelled,
  LostConnection: () => LostConnection,
  UserError: () => UserError,
  codeOf: () => codeOf,
  messageOf: () => messageOf
});
module.exports = __toCommonJS(stdin_exports);
var import_node_util = require("node:util");
//! src/ground/errors.ts
var UserError = class extends Error {
  hint;
  code;
  evidence;
  place;
  constructor(message, hint, { code, cause, evidence, place }) {
    super(message, cause === void 0 ? void 0 : { cause });
    this.name = "UserError";
    this.hint = hint;
    this.code = code;
    this.evidence = evidence;
    this.place = place;
  }
  /** The whole sentence: what failed — what was observed — what to do next. */
  get sentence() {
    return `${this.message} — ${this.hint}`;
  }
};
var LostConnection = class extends UserError {
  /** What was seen of it, without a sentence around. */
  observed;
  constructor(during, words, circumstances = {}) {
    const observed = words.replace(/\s+/g, " ").trim();
    super(
      `The connection was lost during ${during} — ${observed}`,
      "the other side may still be working: look there first, then run again",
      { code: "connection-lost", ...circumstances }
    );
    this.name = "LostConnection";
    this.observed = observed;
  }
};
var Cancelled = class extends UserError {
  constructor(why, hint = "run again: what is done stays done", code = "cancelled") {
    super(why, hint, { code });
    this.name = "Cancelled";
  }
};
function messageOf(thrown) {
  if (thrown instanceof AggregateError && thrown.message === "") {
    return [...new Set(thrown.errors.map(messageOf))].join("; ");
  }
  const text = import_node_util.types.isNativeError(thrown) ? thrown.message || thrown.name : String(thrown);
  return text.replace(/\s+/g, " ").trim();
}
function codeOf(thrown) {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return codeOf(thrown.errors[0]);
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return void 0;
  return typeof thrown.code === "string" ? thrown.code : void 0;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  Cancelled,
  LostConnection,
  UserError,
  codeOf,
  messageOf
});
