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
  cannotStart: () => cannotStart,
  conversationWith: () => conversationWith,
  converseLocally: () => converseLocally,
  endGroup: () => endGroup,
  giveInput: () => giveInput,
  lineSplitter: () => lineSplitter,
  startGroup: () => startGroup
});
module.exports = __toCommonJS(stdin_exports);
var import_ground_errors = require("./ground-errors.cjs");
var import_node_child_process = require("node:child_process");
var import_promises = require("node:timers/promises");
var import_node_events = require("node:events");
var import_promises2 = require("node:timers/promises");
var import_node_stream = require("node:stream");
//! src/machine/lines.ts
function lineSplitter(onLine) {
  let rest = "";
  return {
    push(text) {
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    },
    end() {
      if (rest !== "") onLine(rest);
      rest = "";
    }
  };
}
//! src/machine/process-group.ts
var gracePeriod = 5e3;
function startGroup(argv, { workingDirectory, env }) {
  const [program = "", ...rest] = argv;
  return (0, import_node_child_process.spawn)(program, rest, {
    cwd: workingDirectory,
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true
  });
}
async function endGroup(child) {
  const running = () => child.exitCode === null && child.signalCode === null;
  signalGroup(child, "SIGTERM");
  for (let waited = 0; running() && waited < gracePeriod; waited += 50) await (0, import_promises.setTimeout)(50);
  signalGroup(child, "SIGKILL");
}
function signalGroup({ pid }, signal) {
  if (pid === void 0) return;
  try {
    process.kill(-pid, signal);
  } catch {
  }
}
function cannotStart(program, workingDirectory, error) {
  const where = workingDirectory === void 0 ? "" : ` (in ${workingDirectory})`;
  const why = (0, import_ground_errors.codeOf)(error) === "ENOENT" ? "there is no such program or folder" : (0, import_ground_errors.messageOf)(error);
  return new import_ground_errors.UserError(`Cannot start ${program}${where} — ${why}`, "install it, or give its whole path", {
    code: "command-not-found",
    cause: error
  });
}
//! src/machine/conversation.ts
var keptLines = 200;
var unreadLines = 1e3;
var lingering = 1e3;
async function converseLocally(argv, options) {
  options.signal?.throwIfAborted();
  const [program = ""] = argv;
  const child = startGroup(argv, options);
  const conversation = conversationWith(partnerOf(child, program), options);
  try {
    await (0, import_node_events.once)(child, "spawn");
  } catch (error) {
    throw cannotStart(program, options.workingDirectory, error);
  }
  return conversation;
}
function partnerOf(child, name) {
  return {
    name,
    input: child.stdin,
    output: child.stdout,
    errors: child.stderr,
    exited: new Promise((resolve) => {
      child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
      child.once("error", () => resolve({ exitCode: null, signal: null }));
    }),
    stop: () => endGroup(child),
    tidy: () => signalGroup(child, "SIGKILL")
  };
}
function conversationWith(partner, { signal, onLine }) {
  const { name, input } = partner;
  input.on("error", () => {
  });
  const inbox = new Inbox(partner.output);
  const said = lastLines(partner.errors, onLine);
  const onAbort = () => {
    input.end();
    void partner.stop();
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  const ended = endOf(partner, inbox).then(({ exitCode, signal: bySignal }) => {
    signal?.removeEventListener("abort", onAbort);
    inbox.close();
    return { exitCode, signal: bySignal, stdout: "", stderr: said().join("\n") };
  });
  return {
    ended,
    receive: () => inbox.next(),
    send(line) {
      return new Promise((resolve, reject) => {
        input.write(`${line}
`, (error) => {
          if (error == null) return resolve();
          reject(new import_ground_errors.LostConnection(`the conversation with ${name}`, (0, import_ground_errors.messageOf)(error), { cause: error }));
        });
      });
    },
    async end(patience = 5e3) {
      input.end();
      const result = await Promise.race([ended, (0, import_promises2.setTimeout)(patience, void 0, { ref: false })]);
      if (result === void 0) await partner.stop();
      else partner.tidy();
      return ended;
    }
  };
}
var Inbox = class {
  #output;
  #lines = [];
  #waiting = [];
  #unfinished = [];
  #closed = false;
  #flowing = false;
  constructor(output) {
    this.#output = output;
    output.setEncoding("utf8");
    output.on("data", (text) => this.#take(text));
    output.on("error", () => {
    });
  }
  next() {
    const line = this.#lines.shift();
    if (this.#lines.length < unreadLines) this.#output.resume();
    if (line !== void 0 || this.#closed) return Promise.resolve(line);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
  /** Nothing will be held up any more: the program has ended. */
  flow() {
    this.#flowing = true;
    this.#output.resume();
  }
  /** Nothing more will come. Half a line is nothing that anybody could use. */
  close() {
    this.#closed = true;
    for (const tell of this.#waiting.splice(0)) tell(void 0);
  }
  #take(text) {
    const [first = "", ...more] = text.split("\n");
    this.#unfinished.push(first);
    for (const piece of more) {
      this.#tell(this.#unfinished.join(""));
      this.#unfinished = [piece];
    }
    if (this.#lines.length >= unreadLines && !this.#flowing) this.#output.pause();
  }
  #tell(line) {
    const tell = this.#waiting.shift();
    if (tell === void 0) this.#lines.push(line);
    else tell(line);
  }
};
function lastLines(errors, onLine) {
  const kept = [];
  const splitter = lineSplitter((line) => {
    kept.push(line);
    if (kept.length > keptLines) kept.shift();
    onLine?.(line);
  });
  errors.setEncoding("utf8");
  errors.on("data", (text) => splitter.push(text));
  errors.on("end", () => splitter.end());
  errors.on("error", () => {
  });
  return () => kept;
}
async function endOf({ output, errors, exited }, inbox) {
  const closed = Promise.all([output, errors].map((stream) => stream.closed || (0, import_node_events.once)(stream, "close")));
  closed.catch(() => {
  });
  const ending = await exited;
  inbox.flow();
  await Promise.race([closed, (0, import_promises2.setTimeout)(lingering, void 0, { ref: false })]);
  output.destroy();
  errors.destroy();
  return ending;
}
//! src/machine/input.ts
function giveInput(program, input = "") {
  if (!(input instanceof import_node_stream.Readable)) {
    program.end(input);
    return;
  }
  input.on("error", () => program.end());
  program.on("close", () => input.destroy());
  input.pipe(program);
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  cannotStart,
  conversationWith,
  converseLocally,
  endGroup,
  giveInput,
  lineSplitter,
  startGroup
});
