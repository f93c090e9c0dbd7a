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
  iso_exports: () => iso_exports
});
module.exports = __toCommonJS(stdin_exports);
var import_zod = require("./zod.cjs");
var import_runtime = require("./runtime.cjs");
//! node_modules/zod/v4/classic/iso.js
var iso_exports = {};
(0, import_runtime.__export)(iso_exports, {
  ZodISODate: () => import_zod.ZodISODate,
  ZodISODateTime: () => import_zod.ZodISODateTime,
  ZodISODuration: () => import_zod.ZodISODuration,
  ZodISOTime: () => import_zod.ZodISOTime,
  date: () => date,
  datetime: () => datetime,
  duration: () => duration,
  time: () => time
});
function datetime(params) {
  return (0, import_zod._isoDateTime)(import_zod.ZodISODateTime, params);
}
function date(params) {
  return (0, import_zod._isoDate)(import_zod.ZodISODate, params);
}
function time(params) {
  return (0, import_zod._isoTime)(import_zod.ZodISOTime, params);
}
function duration(params) {
  return (0, import_zod._isoDuration)(import_zod.ZodISODuration, params);
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  iso_exports
});
