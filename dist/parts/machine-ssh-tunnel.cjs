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
  openTunnel: () => openTunnel
});
module.exports = __toCommonJS(stdin_exports);
var import_machine_ssh_verdict = require("./machine-ssh-verdict.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_node_net = require("node:net");
var import_node_stream = require("node:stream");
//! src/machine/ssh-tunnel.ts
var keepalive = { interval: 5e3, count: 2 };
async function openTunnel(server, far, ports) {
  const tunnel = new SshTunnel(server, far, ports);
  await tunnel.begin();
  return tunnel;
}
var SshTunnel = class {
  #server;
  #far;
  #ports;
  #entrance;
  #streams = /* @__PURE__ */ new Set();
  #link;
  #through = "";
  #port = 0;
  #lost;
  /** Why there is no way back to the server: it is tried once, not by everybody who comes. */
  #gone;
  #closed = false;
  constructor(server, far, ports) {
    this.#server = server;
    this.#far = far;
    this.#ports = ports;
    this.#entrance = (0, import_node_net.createServer)({ noDelay: true }, (visitor) => {
      this.#keep(visitor);
      this.open().then(
        (stream) => (0, import_node_stream.pipeline)(visitor, stream, visitor, () => stream.destroy()),
        (error) => {
          ports.log.debug(`The tunnel does not get through: ${(0, import_ground_errors.messageOf)(error)}`);
          visitor.resetAndDestroy();
        }
      );
    });
  }
  async begin() {
    this.#through = (await this.#connected()).name;
    try {
      await new Promise((resolve, reject) => {
        this.#entrance.once("error", reject).listen(0, "127.0.0.1", resolve);
      });
    } catch (error) {
      await this.close();
      throw error;
    }
    const address = this.#entrance.address();
    this.#port = typeof address === "object" && address !== null ? address.port : 0;
  }
  get through() {
    return this.#through;
  }
  get port() {
    return this.#port;
  }
  get lost() {
    return this.#lost;
  }
  async open() {
    const { client } = await this.#connected();
    const stream = await (0, import_machine_ssh_verdict.forwardedStream)(client, this.#far, this.#server.connectTimeout);
    return this.#keep(stream);
  }
  async close() {
    this.#closed = true;
    this.#entrance.close();
    this.#cut(new Error("the tunnel was closed"));
    const link = await this.#link?.catch(() => void 0);
    await link?.close();
  }
  /** The connection to the server; made anew when it has broken. */
  #connected() {
    if (this.#closed) return Promise.reject(new Error("the tunnel was closed"));
    if (this.#gone !== void 0) return Promise.reject(this.#gone);
    if (this.#link !== void 0) return this.#link;
    const link = (0, import_machine_ssh_verdict.openLink)(this.#server, this.#ports, keepalive);
    this.#link = link;
    link.then(
      ({ client }) => (0, import_machine_ssh_verdict.lossOf)(client).catch((error) => this.#broken(link, error)),
      (error) => {
        this.#link = void 0;
        if (this.#lost !== void 0) this.#gone = error;
      }
    );
    return link;
  }
  #broken(link, error) {
    if (this.#closed || this.#link !== link) return;
    this.#link = void 0;
    this.#lost = (0, import_ground_errors.messageOf)(error);
    const sentence = `the SSH tunnel through ${this.#through} was lost (${this.#lost})`;
    this.#ports.log.warning(`${sentence[0]?.toUpperCase()}${sentence.slice(1)}`);
    this.#cut(new Error(sentence));
  }
  #keep(stream) {
    this.#streams.add(stream);
    stream.on("error", () => {
    }).once("close", () => this.#streams.delete(stream));
    return stream;
  }
  #cut(why) {
    for (const stream of this.#streams) stream.destroy(why);
  }
};
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  openTunnel
});
