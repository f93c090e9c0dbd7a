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
  parseDuration: () => parseDuration,
  showDuration: () => showDuration
});
module.exports = __toCommonJS(stdin_exports);
//! src/ground/duration.ts
var millisecondsPer = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 };
var written = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
function parseDuration(text) {
  const [, amount, unit] = written.exec(text) ?? [];
  if (amount !== void 0 && unit !== void 0) return Number(amount) * millisecondsPer[unit];
  if (/^\d+(\.\d+)?$/.test(text)) {
    throw new RangeError(`"${text}" has no unit — did you mean ${text}s or ${text}m?`);
  }
  throw new RangeError(`"${text}" is not a duration — write a number and a unit, like 500ms, 5s, 2m or 1h`);
}
function showDuration(milliseconds) {
  if (milliseconds < 100) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1e3;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return withRest(minutes, "min", Math.round(seconds) % 60, "s");
  return withRest(Math.floor(minutes / 60), "h", minutes % 60, "min");
}
function withRest(amount, unit, rest, smaller) {
  return rest === 0 ? `${amount} ${unit}` : `${amount} ${unit} ${rest} ${smaller}`;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  parseDuration,
  showDuration
});
