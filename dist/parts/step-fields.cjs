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
  boolean: () => boolean,
  choice: () => choice,
  count: () => count,
  duration: () => duration,
  headers: () => headers,
  httpUrl: () => httpUrl,
  httpUrls: () => httpUrls,
  keyValues: () => keyValues,
  lines: () => lines,
  linesOf: () => linesOf,
  port: () => port,
  readAs: () => readAs,
  secret: () => secret,
  secretForm: () => secretForm,
  text: () => text,
  withSecrets: () => withSecrets
});
module.exports = __toCommonJS(stdin_exports);
var import_zod = require("./zod.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
//! src/step/fields.ts
function readAs(read) {
  return (0, import_zod.string)().transform((text2, context) => {
    try {
      return read(text2);
    } catch (error) {
      const known = error instanceof import_ground_errors.UserError;
      context.addIssue({
        code: "custom",
        message: known ? error.sentence : (0, import_ground_errors.messageOf)(error),
        params: known ? { failureCode: error.code } : {},
        input: void 0
      });
      return import_zod.NEVER;
    }
  });
}
var text = (0, import_zod.string)().transform((value) => value.trim());
var boolean = readAs((value) => {
  if (/^(true|True|TRUE)$/.test(value)) return true;
  if (/^(false|False|FALSE)$/.test(value)) return false;
  throw new RangeError(`"${value}" is neither true nor false`);
});
var duration = readAs((value) => (0, import_ground_duration.parseDuration)(value.trim()));
function count({ least = 0, most = Number.MAX_SAFE_INTEGER } = {}) {
  return readAs((value) => {
    const number = /^\d+$/.test(value.trim()) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    const limit = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
    throw new RangeError(`"${value}" is not a whole number ${limit}`);
  });
}
var port = count({ least: 1, most: 65535 });
function choice(...words) {
  return readAs((value) => {
    const found = words.find((word) => word === value.trim());
    if (found !== void 0) return found;
    throw new RangeError(`"${value}" is not one of ${(0, import_ground_words.listed)(words)}`);
  });
}
var lines = readAs(splitLines);
function splitLines(value) {
  return value.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
}
var keyValues = readAs((value) => {
  const map = {};
  for (const [index, line] of value.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.trimStart().startsWith("#")) continue;
    const separator = line.indexOf("=");
    const key = line.slice(0, separator).trim();
    if (separator < 1 || /\s/.test(key)) throw new RangeError(`line ${index + 1} is not KEY=VALUE`);
    if (key in map) throw new RangeError(`${key} is given twice (line ${index + 1})`);
    map[key] = line.slice(separator + 1);
  }
  return map;
});
var headers = readAs((value) => {
  const map = {};
  for (const [index, line] of value.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const [, name, content] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === void 0 || content === void 0)
      throw new RangeError(`line ${index + 1} is not NAME: VALUE`);
    map[name] = content;
  }
  return map;
});
var httpUrl = readAs((value) => checkedHttpUrl(value.trim()));
function linesOf(readLine) {
  return readAs((value) => splitLines(value).map(readLine));
}
var httpUrls = linesOf(checkedHttpUrl);
function checkedHttpUrl(value) {
  const url = URL.canParse(value) ? new URL(value) : void 0;
  if (url !== void 0 && /^https?:$/.test(url.protocol)) return url;
  throw new RangeError(`"${value}" is not an http:// or https:// address`);
}
var secretFields = (0, import_zod.registry)();
function secret(field, parts = () => []) {
  return marked(field, { whole: true, parts });
}
function withSecrets(field, parts) {
  return marked(field, { whole: false, parts });
}
function marked(field, form) {
  const copy = field.clone();
  secretFields.add(copy, form);
  return copy;
}
function secretForm(field) {
  const wrapped = field instanceof import_zod.ZodOptional ? field.unwrap() : void 0;
  return secretFields.get(field) ?? (wrapped === void 0 ? void 0 : secretForm(wrapped));
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  boolean,
  choice,
  count,
  duration,
  headers,
  httpUrl,
  httpUrls,
  keyValues,
  lines,
  linesOf,
  port,
  readAs,
  secret,
  secretForm,
  text,
  withSecrets
});
