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
  bullet: () => bullet,
  folded: () => folded,
  quote: () => quote,
  table: () => table
});
module.exports = __toCommonJS(stdin_exports);
//! src/report/markdown.ts
function table(header, rows) {
  const line = (cells) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(header), `|${header.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}
function folded(title, content, as = "markdown") {
  const body = as === "markdown" ? content : `${fence(content)}${as}
${content}
${fence(content)}`;
  return `<details><summary>${escapedHtml(title.replace(/\s+/g, " "))}</summary>

${body}

</details>`;
}
function quote(text) {
  return text.split("\n").map((line) => `> ${line}`).join("\n");
}
function bullet(text) {
  return `- ${text.replaceAll("\n", " ")}`;
}
function escapedHtml(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
function cell(text) {
  return text.replaceAll("\\", "\\\\").replaceAll("|", "\\|").replace(/\r?\n/g, "<br>").replaceAll("<script", "&lt;script");
}
function fence(content) {
  const longest = Math.max(2, ...[...content.matchAll(/`+/g)].map(([run]) => run.length));
  return "`".repeat(longest + 1);
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  bullet,
  folded,
  quote,
  table
});
