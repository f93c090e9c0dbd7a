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
  parseJump: () => parseJump,
  showAccount: () => showAccount,
  showAddress: () => showAddress
});
module.exports = __toCommonJS(stdin_exports);
//! src/machine/ssh-server.ts
function showAccount({ user, host, port }) {
  return `${user}@${showAddress({ host, port })}`;
}
function showAddress({ host, port }) {
  if (port === 22) return host;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
function parseJump(text) {
  const match = /^([^\s@:/]+)@(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s@:/[\]]+))(?::(\d{1,5}))?$/.exec(text.trim());
  const [, user = "", bracketed, plain, portText = "22"] = match ?? [];
  const port = Number(portText);
  if (match === null || port < 1 || port > 65535) {
    throw new RangeError(
      `"${text.trim()}" cannot be read — write it as user@host or user@host:port, like jump@bastion.example.com:22`
    );
  }
  return { user, host: bracketed ?? plain ?? "", port };
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  parseJump,
  showAccount,
  showAddress
});
