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
  counted: () => counted,
  grouped: () => grouped,
  listed: () => listed,
  nearest: () => nearest,
  shortCommits: () => shortCommits
});
module.exports = __toCommonJS(stdin_exports);
//! src/ground/words.ts
function grouped(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
function shortCommits(text) {
  return text.replaceAll(/(?<![0-9a-f])([0-9a-f]{7})[0-9a-f]{33}(?![0-9a-f])/g, "$1");
}
function counted(count, noun, plural = `${noun}s`) {
  return `${grouped(count)} ${count === 1 ? noun : plural}`;
}
function listed(items, limit = Number.POSITIVE_INFINITY) {
  const shown = items.length > limit ? [...items.slice(0, limit), `${items.length - limit} more`] : [...items];
  const last = shown.pop();
  if (last === void 0) return "none";
  return shown.length === 0 ? last : `${shown.join(", ")} and ${last}`;
}
function nearest(text, candidates) {
  const bare = (word) => word.toLowerCase().replace(/[^a-z0-9]/g, "");
  const ranked = candidates.map((candidate) => ({ candidate, distance: editDistance(bare(text), bare(candidate)) })).sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== void 0 && best.distance <= Math.max(2, text.length / 3) ? best.candidate : void 0;
}
function editDistance(from, to) {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  counted,
  grouped,
  listed,
  nearest,
  shortCommits
});
