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
  localMachine: () => localMachine
});
module.exports = __toCommonJS(stdin_exports);
var import_machine_conversation = require("./machine-conversation.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_promises = require("node:fs/promises");
var import_node_path = require("node:path");
//! src/machine/local.ts
//! src/machine/local-stream.ts
function streamLocally(argv, options) {
  options.signal?.throwIfAborted();
  const child = (0, import_machine_conversation.startGroup)(argv, options);
  const [program = ""] = argv;
  child.stdin.on("error", () => {
  });
  child.stdin.end();
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const onAbort = () => void (0, import_machine_conversation.endGroup)(child);
  options.signal?.addEventListener("abort", onAbort, { once: true });
  const ended2 = new Promise((resolve, reject) => {
    child.once("error", (error) => reject((0, import_machine_conversation.cannotStart)(program, options.workingDirectory, error)));
    child.once("close", (exitCode, signal) => resolve({ exitCode, signal, stdout: "", stderr }));
  }).finally(() => options.signal?.removeEventListener("abort", onAbort));
  ended2.catch(() => {
  });
  return {
    output: child.stdout,
    ended: ended2,
    async end() {
      child.stdout.destroy();
      await (0, import_machine_conversation.endGroup)(child);
    }
  };
}
//! src/machine/local.ts
var localMachine = {
  name: "this machine",
  run: runLocally,
  converse: import_machine_conversation.converseLocally,
  stream: streamLocally,
  async writeFile(path, content, { mode }) {
    const unfinished = `${path}.${process.pid}.tmp`;
    try {
      await (0, import_promises.mkdir)((0, import_node_path.dirname)(path), { recursive: true });
      await (0, import_promises.writeFile)(unfinished, content, { mode, flag: "wx" });
      await (0, import_promises.chmod)(unfinished, mode);
      await (0, import_promises.rename)(unfinished, path);
    } catch (error) {
      await (0, import_promises.rm)(unfinished, { force: true }).catch(() => {
      });
      throw new import_ground_errors.UserError(
        `Cannot write ${path} — ${(0, import_ground_errors.messageOf)(error)}`,
        `give this user the right to write there, free some space, or choose another folder`,
        { code: "cannot-write", cause: error }
      );
    }
  },
  async readFile(path) {
    try {
      return await (0, import_promises.readFile)(path, "utf8");
    } catch (error) {
      if ((0, import_ground_errors.codeOf)(error) === "ENOENT") return void 0;
      throw new import_ground_errors.UserError(
        `Cannot read ${path} — ${(0, import_ground_errors.messageOf)(error)}`,
        "give this user the right to read it",
        {
          code: "cannot-read",
          cause: error
        }
      );
    }
  },
  async close() {
  }
};
async function runLocally(argv, options) {
  const [program = ""] = argv;
  options.signal?.throwIfAborted();
  const child = (0, import_machine_conversation.startGroup)(argv, options);
  const output = collect(child, options.onLine);
  child.stdin.on("error", () => {
  });
  (0, import_machine_conversation.giveInput)(child.stdin, options.stdin);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    void (0, import_machine_conversation.endGroup)(child);
  }, options.timeout);
  const onAbort = () => void (0, import_machine_conversation.endGroup)(child);
  options.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const { exitCode, signal } = await ended(child, program, options.workingDirectory);
    options.signal?.throwIfAborted();
    if (timedOut) {
      throw new import_ground_errors.UserError(
        `${program} did not end within ${(0, import_ground_duration.showDuration)(options.timeout)} — it was ended`,
        "look at its last lines; if it needs longer, give it a longer time limit",
        { code: "command-timed-out", evidence: output.stderr.trim() || output.stdout.trim() }
      );
    }
    return { exitCode, signal, ...output };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", onAbort);
  }
}
function collect(child, onLine) {
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    const stream = child[name];
    const lines = (0, import_machine_conversation.lineSplitter)(onLine ?? (() => {
    }));
    stream.setEncoding("utf8");
    stream.on("data", (text) => {
      output[name] += text;
      lines.push(text);
    });
    stream.on("end", () => lines.end());
  }
  return output;
}
function ended(child, program, workingDirectory) {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject((0, import_machine_conversation.cannotStart)(program, workingDirectory, error)));
    child.once("close", (exitCode, signal) => resolve({ exitCode, signal }));
  });
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  localMachine
});
