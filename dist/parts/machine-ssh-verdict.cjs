var __create = Object.create;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __getProtoOf = Object.getPrototypeOf;
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
var __toESM = (mod, isNodeMode, target) => (target = mod != null ? __create(__getProtoOf(mod)) : {}, __copyProps(
  // If the importer is in node compatibility mode or this is not an ESM
  // file that has been converted to a CommonJS file using a Babel-
  // compatible transform (i.e. "__esModule" has not been set), then set
  // "default" to the CommonJS "module.exports" for node compatibility.
  isNodeMode || !mod || !mod.__esModule ? __defProp(target, "default", { value: mod, enumerable: true }) : target,
  mod
));
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);
var stdin_exports = {};
__export(stdin_exports, {
  connectSsh: () => connectSsh,
  forwardedStream: () => forwardedStream,
  lossOf: () => lossOf,
  nameOf: () => nameOf,
  openLink: () => openLink,
  quoted: () => quoted,
  readByShell: () => readByShell,
  remoteCommand: () => remoteCommand,
  serverOf: () => serverOf,
  shellLine: () => shellLine,
  signalScript: () => signalScript,
  startRefusal: () => startRefusal,
  writeByShell: () => writeByShell
});
module.exports = __toCommonJS(stdin_exports);
var import_machine_conversation = require("./machine-conversation.cjs");
var import_machine_machine = require("./machine-machine.cjs");
var import_machine_ssh_server = require("./machine-ssh-server.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_promises = require("node:timers/promises");
var import_node_crypto = require("node:crypto");
var import_node_crypto2 = require("node:crypto");
var import_node_crypto3 = require("node:crypto");
var import_node_crypto4 = require("node:crypto");
var import_promises2 = require("node:timers/promises");
var import_node_crypto5 = require("node:crypto");
var import_promises3 = require("node:timers/promises");
//! src/machine/ssh.ts
//! src/machine/host-key.ts
//! src/machine/known-hosts.ts
function knownKeys(text, { host, port }) {
  const name = port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
  const accepted = [];
  const revoked = [];
  const unreadable2 = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    if (raw.trim() === "" || raw.trim().startsWith("#")) continue;
    const line = readLine(raw.trim());
    if (line === void 0 || line.marker === "@cert-authority") unreadable2.push(index + 1);
    else if (matchesAny(line.patterns, name))
      (line.marker === "@revoked" ? revoked : accepted).push(line.key);
  }
  return { accepted, revoked, unreadable: unreadable2 };
}
function readLine(text) {
  const words = text.split(/\s+/);
  const marker = words[0]?.startsWith("@") ? words.shift() : void 0;
  const [names, type, encoded] = words;
  if (names === void 0 || type === void 0 || encoded === void 0) return void 0;
  const key = Buffer.from(encoded, "base64");
  if (keyTypeOf(key) !== type) return void 0;
  return { marker, patterns: names.split(","), type, key };
}
function matchesAny(patterns, name) {
  const matching = patterns.filter((pattern) => matches(pattern.replace(/^!/, ""), name));
  return matching.length > 0 && !matching.some((pattern) => pattern.startsWith("!"));
}
function matches(pattern, name) {
  const [, version, salt, hash] = pattern.startsWith("|") ? pattern.split("|") : [];
  if (version === "1" && salt !== void 0 && hash !== void 0) {
    return (0, import_node_crypto2.createHmac)("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
  }
  const expression = pattern.toLowerCase().replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${expression}$`).test(name);
}
function keyTypeOf(key) {
  if (key.length < 4) return void 0;
  const length = key.readUInt32BE(0);
  return length <= 64 && key.length >= 4 + length ? key.toString("latin1", 4, 4 + length) : void 0;
}
//! src/machine/host-key.ts
var hostKeyKinds = {
  ed25519: ["ssh-ed25519"],
  ecdsa: ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"],
  rsa: ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"]
};
function kindOf(keyType) {
  return Object.keys(hostKeyKinds).find((kind) => hostKeyKinds[kind]?.includes(keyType));
}
function fingerprintOf(key) {
  return `SHA256:${(0, import_node_crypto.createHash)("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}
function shownKey(key) {
  return { type: keyTypeOf(key) ?? "unknown", fingerprint: fingerprintOf(key) };
}
function readPins(server) {
  const fingerprints = new Set(readFingerprints(server.fingerprint ?? []));
  const known = knownKeys((server.knownHosts ?? []).join("\n"), server);
  if (known.unreadable.length > 0 && known.accepted.length === 0 && fingerprints.size === 0) {
    throw new import_ground_errors.UserError(
      `ssh-known-hosts: line ${known.unreadable[0]} cannot be read, and no other line is for ${server.host}`,
      `put in the output of: ssh-keyscan -p ${server.port} ${server.host} (after comparing its fingerprints on the server itself)`,
      { code: "ssh-known-hosts-invalid" }
    );
  }
  const revoked = new Set(known.revoked.map(fingerprintOf));
  for (const key of known.accepted) fingerprints.add(fingerprintOf(key));
  for (const fingerprint of revoked) fingerprints.delete(fingerprint);
  if (fingerprints.size === 0) return void 0;
  return {
    fingerprints: [...fingerprints],
    accepts: (key) => fingerprints.has(fingerprintOf(key))
  };
}
function readFingerprints(given) {
  const lines = given.flatMap((text) => text.split(/[\r\n,]+/)).filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const [, digest] = /(?:^|\s)SHA256:([A-Za-z0-9+/]{43})=?(?:\s|$)/.exec(line) ?? [];
    if (digest !== void 0) return `SHA256:${digest}`;
    throw new import_ground_errors.UserError(
      `ssh-fingerprint: "${line.trim().slice(0, 60)}" is not a SHA-256 fingerprint`,
      'write SHA256: and its 43 characters, as "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub" prints it on the server',
      { code: "ssh-fingerprint-invalid" }
    );
  });
}
//! src/machine/private-key.ts
function readPrivateKey(text, input = "ssh-key") {
  const mended = mendLineBreaks(decodedIfBase64(text.trim()));
  if (mended === void 0) throw unreadable(text, input);
  const publicBlob = opensshPublicKey(mended) ?? pemPublicKey(mended);
  return {
    text: mended,
    publicKey: publicBlob === void 0 ? void 0 : `${keyTypeOf(publicBlob)} ${publicBlob.toString("base64")}`,
    fingerprint: publicBlob === void 0 ? void 0 : fingerprintOf(publicBlob),
    isEncrypted: isEncrypted(mended)
  };
}
function decodedIfBase64(text) {
  if (text.includes("-----") || !/^[A-Za-z0-9+/=\s]+$/.test(text)) return text;
  const decoded = Buffer.from(text, "base64").toString("latin1");
  return decoded.startsWith("-----BEGIN ") ? decoded.trim() : text;
}
function mendLineBreaks(text) {
  const plain = text.replaceAll("\\r", "").replaceAll("\\n", "\n").replaceAll("\r", "");
  const [, label, inside] = /^-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----([\s\S]+?)-----END \1-----/.exec(plain) ?? [];
  if (label === void 0 || inside === void 0) {
    return plain.startsWith("PuTTY-User-Key-File-") && plain.includes("\n") ? `${plain}
` : void 0;
  }
  const [, headers = "", body = ""] = /^\s*((?:Proc-Type: \S+\s+DEK-Info: \S+\s+)?)([\s\S]*)$/.exec(inside) ?? [];
  const base64 = body.replace(/\s+/g, "");
  if (base64 === "" || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return void 0;
  return [
    `-----BEGIN ${label}-----`,
    ...mendHeaders(headers),
    ...base64.match(/.{1,64}/g) ?? [],
    `-----END ${label}-----`,
    ""
  ].join("\n");
}
function mendHeaders(headers) {
  const [, type, info] = /Proc-Type: (\S+)\s+DEK-Info: (\S+)/.exec(headers) ?? [];
  return type === void 0 ? [] : [`Proc-Type: ${type}`, `DEK-Info: ${info}`, ""];
}
function unreadable(text, input) {
  const observed = /^(ssh-(rsa|ed25519|dss)|ecdsa-sha2-\S+|sk-\S+) /.test(text.trim()) ? "it is the public half" : text.includes("PUBLIC KEY-----") ? "it is a public key" : text.includes("-----BEGIN ") && !text.includes("-----END ") ? "its end is missing" : text.trim() === "" ? "it is empty" : "it has no -----BEGIN … PRIVATE KEY----- and -----END …----- with a key between them";
  return new import_ground_errors.UserError(
    `${input} cannot be read — ${observed}`,
    'paste the whole private key file (as "cat ~/.ssh/id_ed25519" prints it) into the secret',
    { code: "ssh-key-unreadable" }
  );
}
function isEncrypted(text) {
  if (!text.startsWith("-----BEGIN OPENSSH PRIVATE KEY-----")) return /Proc-Type|ENCRYPTED/.test(text);
  const body = Buffer.from(text.replace(/-----[^-]+-----/g, ""), "base64").toString("latin1");
  return !body.includes("\0\0\0none\0\0\0none");
}
function opensshPublicKey(text) {
  if (!text.startsWith("-----BEGIN OPENSSH PRIVATE KEY-----")) return void 0;
  const body = Buffer.from(text.replace(/-----[^-]+-----/g, ""), "base64");
  const magic = "openssh-key-v1\0";
  if (body.toString("latin1", 0, magic.length) !== magic) return void 0;
  let offset = magic.length;
  const next = () => {
    const length = body.readUInt32BE(offset);
    const field2 = body.subarray(offset + 4, offset + 4 + length);
    offset += 4 + length;
    return field2;
  };
  try {
    next();
    next();
    next();
    offset += 4;
    const blob = next();
    return keyTypeOf(blob) === void 0 ? void 0 : blob;
  } catch {
    return void 0;
  }
}
function pemPublicKey(text) {
  try {
    const key = (0, import_node_crypto3.createPublicKey)((0, import_node_crypto3.createPrivateKey)(text)).export({ format: "jwk" });
    return wireForm(key);
  } catch {
    return void 0;
  }
}
function wireForm(key) {
  const bytes = (base64url) => Buffer.from(base64url ?? "", "base64url");
  if (key.kty === "RSA") return Buffer.concat([field("ssh-rsa"), number(bytes(key.e)), number(bytes(key.n))]);
  if (key.kty === "EC" && key.crv !== void 0) {
    const curve = `nistp${key.crv.slice(2)}`;
    const point = Buffer.concat([Buffer.from([4]), bytes(key.x), bytes(key.y)]);
    return Buffer.concat([field(`ecdsa-sha2-${curve}`), field(curve), field(point)]);
  }
  return void 0;
}
function field(content) {
  const body = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}
function number(content) {
  return field((content[0] ?? 0) >= 128 ? Buffer.concat([Buffer.from([0]), content]) : content);
}
//! src/machine/shell-files.ts
var fileTimeout = 6e4;
var writeScript = `
  path=$1 length=$2 mode=$3
  [ ! -d "$path" ] || { echo "it is a folder" >&2; exit 1; }
  case $path in */*) mkdir -p -- "\${path%/*}/" || exit ;; esac
  unfinished=$path.$$.tmp
  trap 'rm -f -- "$unfinished"' EXIT
  trap 'exit 1' HUP INT TERM
  (umask 077 && cat > "$unfinished") || exit
  [ "$(wc -c < "$unfinished")" -eq "$length" ] || { echo "only a part of it arrived" >&2; exit 1; }
  chmod "$mode" "$unfinished" && mv -f -- "$unfinished" "$path"`;
async function writeByShell(shell, path, content, mode) {
  const length = String(Buffer.byteLength(content));
  const script = ["sh", "-c", writeScript, "sh", path, length, mode.toString(8).padStart(4, "0")];
  const result = await shell.run(script, { timeout: fileTimeout, stdin: content });
  if ((0, import_machine_machine.succeeded)(result)) return;
  throw new import_ground_errors.UserError(
    `Cannot write ${path} on ${shell.name} — ${(0, import_machine_machine.lastWords)(result, 1)}`,
    "give this account the right to write there, free some space, or choose another folder",
    { code: "cannot-write", evidence: (0, import_machine_machine.lastWords)(result) }
  );
}
async function readByShell(shell, path) {
  const result = await shell.run(["cat", "--", path], {
    timeout: fileTimeout,
    env: { LC_ALL: "C" },
    quick: true
  });
  if ((0, import_machine_machine.succeeded)(result)) return result.stdout;
  if (/No such file or directory/.test(result.stderr)) return void 0;
  throw new import_ground_errors.UserError(
    `Cannot read ${path} on ${shell.name} — ${(0, import_machine_machine.lastWords)(result, 1)}`,
    "give this account the right to read it",
    { code: "cannot-read", evidence: (0, import_machine_machine.lastWords)(result) }
  );
}
//! src/machine/ssh-command.ts
//! src/machine/quoting.ts
function quoted(argument) {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
function shellLine(argv) {
  return argv.map(quoted).join(" ");
}
//! src/machine/ssh-script.ts
function remoteCommand(argv, preparation) {
  const script = scriptFor(argv, preparation);
  const program = `eval "$(dd bs=1 count=${Buffer.byteLength(script)} 2>/dev/null)"`;
  return { program, line: `sh -c '${program}'`, script };
}
function scriptFor(argv, { marker, env = {}, workingDirectory }) {
  const [program = ""] = argv;
  return [
    `echo ${marker} $$`,
    ...Object.entries(env).map(([name, value]) => `export ${environmentName(name)}=${quoted(value)}`),
    ...workingDirectory === void 0 ? [] : [`cd ${quoted(workingDirectory)} 2>/dev/null || { echo ${noFolder(marker)} >&2; exit 126; }`],
    `command -v ${quoted(program)} >/dev/null 2>&1 || { echo ${noProgram(marker)} >&2; exit 127; }`,
    `exec ${shellLine(argv)}`,
    ""
  ].join("\n");
}
function environmentName(name) {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new import_ground_errors.UserError(
    `The environment variable "${name}" cannot be set — a name has letters, digits and _ only`,
    "give it another name",
    { code: "environment-name-invalid" }
  );
}
function noProgram(marker) {
  return `${marker}-no-program`;
}
function noFolder(marker) {
  return `${marker}-no-folder`;
}
function afterMarker(marker, told) {
  let noise = "";
  return (text) => {
    if (noise === void 0) return told.onText(text);
    noise += text;
    const start = new RegExp(`${marker} (\\d+)\\n`).exec(noise);
    if (start === null) return;
    const rest = noise.slice(start.index + start[0].length);
    noise = void 0;
    told.onStart(Number(start[1]));
    if (rest !== "") told.onText(rest);
  };
}
function signalScript(processId, signal) {
  return `
    group=$(sed 's/.*) //' /proc/${processId}/stat | cut -d ' ' -f 3)
    [ -z "$group" ] || kill -s ${signal} -- "-$group"`;
}
//! src/machine/ssh-session.ts
var channelTimeout = 2e4;
function lossOf(client) {
  const lost = new Promise((_resolve, reject) => {
    client.on("error", reject);
    client.on("close", () => reject(new Error("the connection was closed")));
  });
  lost.catch(() => {
  });
  return lost;
}
async function openChannel({ client, lost }, line, what) {
  let timer;
  const opened = new Promise((resolve, reject) => {
    timer = setTimeout(
      () => reject(new import_ground_errors.LostConnection(what, `no answer within ${(0, import_ground_duration.showDuration)(channelTimeout)}`)),
      channelTimeout
    );
    client.exec(line, (error, channel) => {
      if (error === void 0 || error === null) resolve(channel);
      else reject(channelRefused(what, error));
    });
  });
  try {
    return await Promise.race([
      opened,
      lost.catch((error) => {
        throw new import_ground_errors.LostConnection(what, (0, import_ground_errors.messageOf)(error), { cause: error });
      })
    ]);
  } catch (error) {
    if (error instanceof import_ground_errors.UserError) throw error;
    throw new import_ground_errors.LostConnection(what, (0, import_ground_errors.messageOf)(error), { cause: error });
  } finally {
    clearTimeout(timer);
    opened.catch(() => {
    });
  }
}
function channelRefused(what, error) {
  if (!/open failure|Unable to exec/i.test(error.message)) {
    return new import_ground_errors.LostConnection(what, (0, import_ground_errors.messageOf)(error), { cause: error });
  }
  return new import_ground_errors.UserError(
    `The server does not run ${what} — ${(0, import_ground_errors.messageOf)(error)}`,
    "look at MaxSessions, ForceCommand and the account in its sshd_config and log",
    { code: "ssh-shell-unusable", cause: error }
  );
}
function forwardedStream(client, { host, port }, timeout) {
  return new Promise((resolve, reject) => {
    let inTime = true;
    const timer = setTimeout(() => {
      inTime = false;
      reject(new Error(`Timed out after ${(0, import_ground_duration.showDuration)(timeout)}`));
    }, timeout);
    client.forwardOut("127.0.0.1", 0, host, port, (error, stream) => {
      clearTimeout(timer);
      if (error !== void 0 && error !== null) reject(error);
      else if (inTime) resolve(stream);
      else stream.destroy();
    });
  });
}
//! src/machine/ssh-command.ts
var grace = { TERM: 4e3, KILL: 1e3 };
async function runOn(session, argv, options) {
  options.signal?.throwIfAborted();
  const marker = `tenantry-${(0, import_node_crypto4.randomBytes)(8).toString("hex")}`;
  const { line, script } = remoteCommand(argv, { ...options, marker });
  const what = `${nameOf(argv)} on ${session.name}`;
  const channel = await openChannel(session, line, what);
  const command = follow(channel, script, marker, options);
  let timer;
  let onAbort = () => {
  };
  const interrupted = new Promise((resolve) => {
    timer = setTimeout(() => resolve("time is up"), options.timeout);
    onAbort = () => resolve("cancelled");
    options.signal?.addEventListener("abort", onAbort, { once: true });
    if (options.signal?.aborted === true) onAbort();
  });
  try {
    const lost = session.lost.catch((error) => {
      throw new import_ground_errors.LostConnection(what, (0, import_ground_errors.messageOf)(error), { cause: error });
    });
    const end2 = await Promise.race([command.ended, interrupted, lost]);
    if (typeof end2 !== "string") return resultOf(session, end2, command, { argv, marker, options, what });
    const reallyEnded = await endCommand(session, command);
    channel.close();
    if (end2 === "cancelled") options.signal?.throwIfAborted();
    throw timedOut(what, options.timeout, reallyEnded, command.output);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", onAbort);
  }
}
function nameOf([program = "", first = ""]) {
  if (program === "sh" && first === "-c") return "a script";
  return /^[a-z]/.test(first) ? `${program} ${first}` : program;
}
function follow(channel, script, marker, { onLine = () => {
}, stdin }) {
  const output = { stdout: "", stderr: "" };
  const raw = { stdout: "" };
  let hasStarted = false;
  const { promise: started, resolve: start } = Promise.withResolvers();
  const lines = { stdout: (0, import_machine_conversation.lineSplitter)(onLine), stderr: (0, import_machine_conversation.lineSplitter)(onLine) };
  const take = (name) => (text) => {
    output[name] += text;
    lines[name].push(text);
  };
  const fromMarker = afterMarker(marker, {
    onStart: (processId) => {
      hasStarted = true;
      start(processId);
    },
    onText: take("stdout")
  });
  channel.setEncoding("utf8").on("data", (text) => {
    if (!hasStarted) raw.stdout += text;
    fromMarker(text);
  });
  channel.stderr.setEncoding("utf8").on("data", take("stderr"));
  channel.on("error", () => {
  });
  channel.write(script);
  (0, import_machine_conversation.giveInput)(channel, stdin);
  const ended = new Promise((resolve) => {
    let end2 = { exitCode: null, signal: null };
    channel.on("exit", (code, signal) => {
      end2 = { exitCode: code ?? null, signal: signal ?? null };
    });
    channel.on("close", () => {
      lines.stdout.end();
      lines.stderr.end();
      resolve(end2);
    });
  });
  return { ended, output, raw, started, hasStarted: () => hasStarted };
}
function resultOf(session, { exitCode, signal }, { output, raw, hasStarted }, {
  argv,
  marker,
  options,
  what
}) {
  if (exitCode === null && signal === null)
    throw new import_ground_errors.LostConnection(what, "the session ended without a result");
  if (!hasStarted()) {
    const said = `${raw.stdout}
${output.stderr}`.trim().split("\n").at(-1);
    throw new import_ground_errors.UserError(
      `${session.name} does not run commands — its login shell said: ${said === "" ? "nothing" : said}`,
      "give the account a plain login shell (chsh -s /bin/sh) without a forced command",
      { code: "ssh-shell-unusable" }
    );
  }
  const refusal = startRefusal(session.name, argv, { exitCode, stderr: output.stderr, marker, ...options });
  if (refusal !== void 0) throw refusal;
  return { exitCode, signal, ...output };
}
function startRefusal(place, [program = ""], { exitCode, stderr, marker, workingDirectory }) {
  const refused = stderr.trim();
  if (exitCode === 127 && refused === noProgram(marker)) {
    return new import_ground_errors.UserError(
      `Cannot start ${program} on ${place} — there is no such program`,
      "install it there, or put it on the PATH of this account when it logs in without a terminal",
      { code: "command-not-found" }
    );
  }
  if (exitCode === 126 && refused === noFolder(marker)) {
    return new import_ground_errors.UserError(
      `Cannot start ${program} on ${place} — the folder ${workingDirectory} cannot be entered`,
      "create it, or give this account the right to enter it",
      { code: "command-not-found" }
    );
  }
  return void 0;
}
async function signalCommand(session, id, signal) {
  await runOn(session, ["sh", "-c", signalScript(id, signal)], { timeout: grace[signal] });
}
async function endCommand(session, { started, ended }) {
  const id = await Promise.race([started, (0, import_promises2.setTimeout)(grace.TERM, void 0, { ref: false })]);
  if (id === void 0) return false;
  const isOver = ended.then(({ exitCode, signal }) => exitCode !== null || signal !== null);
  for (const signal of ["TERM", "KILL"]) {
    try {
      await signalCommand(session, id, signal);
    } catch {
      return false;
    }
    if (await Promise.race([isOver, (0, import_promises2.setTimeout)(grace[signal], false, { ref: false })])) return true;
  }
  return false;
}
function timedOut(what, timeout, reallyEnded, output) {
  const evidence = (0, import_machine_machine.lastWords)({ exitCode: null, signal: null, ...output });
  return new import_ground_errors.UserError(
    `${what} did not end within ${(0, import_ground_duration.showDuration)(timeout)} — ${reallyEnded ? "it was ended" : "it may still be running there"}`,
    reallyEnded ? "look at its last lines; if it needs longer, give it a longer time limit" : "look there before you run it again; if it needs longer, give it a longer time limit",
    { code: "command-timed-out", evidence }
  );
}
//! src/machine/ssh-conversation.ts
async function converseOn(session, argv, options) {
  options.signal?.throwIfAborted();
  const marker = `tenantry-${(0, import_node_crypto5.randomBytes)(8).toString("hex")}`;
  const { line, script } = remoteCommand(argv, { ...options, marker });
  const what = `${nameOf(argv)} on ${session.name}`;
  const channel = await openChannel(session, line, what);
  let processId;
  const partner = partnerOn(session, channel, what, () => processId);
  const conversation = (0, import_machine_conversation.conversationWith)(partner, options);
  channel.write(script);
  processId = await startOf(conversation, marker);
  if (processId !== void 0) return conversation;
  const result = await conversation.ended;
  options.signal?.throwIfAborted();
  const refusal = startRefusal(session.name, argv, { ...options, ...result, marker });
  throw refusal ?? new import_ground_errors.LostConnection(what, (0, import_machine_machine.lastWords)(result, 1) || "the session ended without a word");
}
function partnerOn(session, channel, name, processId) {
  let ending = { exitCode: null, signal: null };
  channel.on("exit", (code, signal) => {
    ending = { exitCode: code ?? null, signal: signal ?? null };
  });
  const closed = new Promise((resolve) => channel.once("close", () => resolve()));
  const lost = session.lost.catch((error) => {
    channel.destroy(new Error((0, import_ground_errors.messageOf)(error)));
  });
  return {
    name,
    input: channel,
    output: channel,
    errors: channel.stderr,
    exited: Promise.race([closed, lost]).then(() => ending),
    async stop() {
      const id = processId();
      for (const signal of ["TERM", "KILL"]) {
        if (id !== void 0) await signalCommand(session, id, signal).catch(() => {
        });
        const over = closed.then(() => true);
        if (await Promise.race([over, (0, import_promises3.setTimeout)(4e3, false, { ref: false })])) return;
      }
      channel.close();
    },
    tidy() {
    }
  };
}
async function startOf(conversation, marker) {
  const start = new RegExp(`${marker} (\\d+)$`);
  for (; ; ) {
    const line = await conversation.receive();
    if (line === void 0) return void 0;
    const [, id] = start.exec(line) ?? [];
    if (id !== void 0) return Number(id);
  }
}
//! src/machine/ssh-machine.ts
async function sshMachine(client, { name, signal, close }) {
  const session = { name, client, lost: lossOf(client) };
  const run = (argv, options) => runOn(session, argv, options);
  try {
    await run(["true"], { timeout: channelTimeout, signal });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    name,
    run,
    converse: (argv, options) => converseOn(session, argv, options),
    writeFile: (path, content, { mode }) => writeByShell({ name, run }, path, content, mode),
    readFile: (path) => readByShell({ name, run }, path),
    close
  };
}
//! src/machine/ssh-verdict.ts
function sshVerdict(error, attempt) {
  const { host, port, user } = attempt.account;
  const address = (0, import_machine_ssh_server.showAddress)(attempt.account);
  const seenFrom = attempt.through === void 0 ? "" : ` from ${attempt.through}`;
  const text = (0, import_ground_errors.messageOf)(error);
  const observed = `${(0, import_ground_errors.codeOf)(error) ?? ""} ${text}`;
  const verdict = (code, message, hint) => new import_ground_errors.UserError(message, hint, { code, cause: error });
  if (attempt.hasAgent === true && levelOf(error) === "agent") {
    return verdict(
      "ssh-no-credentials",
      `Cannot log in as ${(0, import_machine_ssh_server.showAccount)(attempt.account)} — neither a key nor a password is given, and the agent of this machine does not answer (${text})`,
      `set ${attempt.inputs}-key, or start an agent with your key (SSH_AUTH_SOCK)`
    );
  }
  if (/ENOTFOUND|EAI_AGAIN|Name or service not known|name resolution/.test(observed)) {
    return verdict(
      "ssh-name-not-resolved",
      `Cannot find ${host} — the name does not resolve${seenFrom}`,
      "check the input host; a private name needs a runner or an ssh-jump inside that network"
    );
  }
  if (/ECONNREFUSED|Connection refused/.test(observed)) {
    return verdict(
      "ssh-refused",
      `${host} refused the connection${seenFrom} — nothing listens on port ${port}`,
      "start sshd there, or set ssh-port to the port it listens on"
    );
  }
  if (/administratively prohibited|Channel open failure: open failed/.test(observed)) {
    return verdict(
      "ssh-jump-forbidden",
      `${attempt.through} does not forward to ${address} — ${text}`,
      "allow it in its sshd_config (AllowTcpForwarding, PermitOpen)"
    );
  }
  if (/no matching .*algorithm|no matching host key/i.test(observed)) {
    return verdict(
      "ssh-no-common-algorithm",
      `${address} and this client have no algorithm in common — ${text}`,
      "update sshd on the server"
    );
  }
  if (/Too many authentication failures/.test(observed)) {
    return verdict(
      "ssh-too-many-attempts",
      `${address} ended the login of ${user} — too many attempts`,
      "give only the key or only the password that works, and look at MaxAuthTries in sshd_config"
    );
  }
  if (/no passphrase given/.test(observed)) {
    return verdict(
      "ssh-passphrase-missing",
      `${attempt.inputs}-key cannot be used — it is protected by a passphrase`,
      "set ssh-passphrase, or give a key without one"
    );
  }
  const isUnreadable = /Cannot parse privateKey|does not contain a \(valid\) private key/.test(observed);
  if (isUnreadable && attempt.key?.isEncrypted === true) {
    return verdict(
      "ssh-passphrase-wrong",
      `${attempt.inputs}-key cannot be used — ssh-passphrase does not open it`,
      "correct ssh-passphrase, or give a key without one"
    );
  }
  if (isUnreadable) {
    return verdict(
      "ssh-key-unreadable",
      `${attempt.inputs}-key cannot be read — ${text.replace("Cannot parse privateKey: ", "")}`,
      'paste the whole private key file into the secret; a key of another kind is converted by "ssh-keygen -p -f FILE"'
    );
  }
  if (/All configured authentication methods failed/.test(observed)) return rejected(attempt, error);
  if (/before handshake|ECONNRESET|EPIPE|Connection lost/.test(observed)) {
    return verdict(
      "ssh-not-ssh",
      `${address} hung up before the login${seenFrom} — port ${port} is not SSH, or sshd turned us away`,
      "check ssh-port; if it is right, look at MaxStartups and fail2ban on the server, and try again later"
    );
  }
  if (/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|Timed out|No route to host|timed out/.test(observed)) {
    return verdict(
      "ssh-no-answer",
      `No answer from ${address}${seenFrom} within ${(0, import_ground_duration.showDuration)(attempt.connectTimeout)}`,
      "a firewall may block this runner: allow it, set ssh-jump to a server that is allowed, or use a runner inside the network"
    );
  }
  return verdict(
    "ssh-failed",
    `Cannot log in as ${(0, import_machine_ssh_server.showAccount)(attempt.account)} — ${text}`,
    "try the same login by hand: the server says more in its own log (journalctl -u ssh)"
  );
}
function levelOf(error) {
  return typeof error === "object" && error !== null && "level" in error ? error.level : void 0;
}
function rejected({ account, key, password, hasAgent }, cause) {
  const { user } = account;
  if (hasAgent === true) {
    return new import_ground_errors.UserError(
      `${(0, import_machine_ssh_server.showAddress)(account)} does not let ${user} in — it took none of the keys that the agent has`,
      `look at them with "ssh-add -L", and add one to ~${user}/.ssh/authorized_keys there, or set ssh-key`,
      { code: "ssh-key-rejected", cause }
    );
  }
  if (key === void 0) {
    return new import_ground_errors.UserError(
      `${(0, import_machine_ssh_server.showAddress)(account)} does not let ${user} in — the password was refused`,
      "correct ssh-password; many servers allow keys only (PasswordAuthentication in sshd_config): then set ssh-key",
      { code: "ssh-password-rejected", cause }
    );
  }
  const name = key.fingerprint === void 0 ? "the key" : `the key ${key.fingerprint}`;
  const line = key.publicKey === void 0 ? "its public key" : `this line: ${key.publicKey}`;
  return new import_ground_errors.UserError(
    `${(0, import_machine_ssh_server.showAddress)(account)} does not let ${user} in — ${name}${password ? " and the password were" : " was"} refused`,
    `add to ~${user}/.ssh/authorized_keys there ${line} (folder mode 700, file mode 600), or correct ssh-user`,
    { code: "ssh-key-rejected", cause }
  );
}
function hostKeyMismatch(account, pins, shown) {
  return new import_ground_errors.UserError(
    `${(0, import_machine_ssh_server.showAddress)(account)} is not the server it was — it shows ${showKeys(shown)}, expected ${(0, import_ground_words.listed)(pins.fingerprints)}`,
    `the server was set up anew, or someone stands between: compare with "${keygenCommand(shown)}" on the server itself, then update ssh-fingerprint or ssh-known-hosts`,
    { code: "ssh-host-key-mismatch" }
  );
}
function hostKeyUnknown(server, shown, input) {
  const observed = (server.knownHosts ?? []).length === 0 ? "nothing says whether that is your server" : "ssh-known-hosts has no line for it";
  return new import_ground_errors.UserError(
    `${(0, import_machine_ssh_server.showAddress)(server)} shows ${showKeys(shown)} — ${observed}`,
    `compare with "${keygenCommand(shown)}" on the server itself, then set ${input}: ${shown[0]?.fingerprint ?? "SHA256:…"}`,
    { code: "ssh-host-key-unknown" }
  );
}
function showKeys(keys) {
  return keys.length === 0 ? "no key of the pinned kind" : (0, import_ground_words.listed)(keys.map((key) => `${key.fingerprint} (${key.type})`));
}
function keygenCommand(shown) {
  const kind = /ed25519|ecdsa|rsa/.exec(shown[0]?.type ?? "")?.[0] ?? "ed25519";
  return `ssh-keygen -lf /etc/ssh/ssh_host_${kind}_key.pub`;
}
//! src/machine/ssh.ts
var patient = { interval: 1e4, count: 3 };
var closeTimeout = 2e3;
async function connectSsh(server, ports, keepalive = patient) {
  const { client, name, close } = await openLink(server, ports, keepalive);
  return sshMachine(client, { name, signal: ports.signal, close });
}
async function openLink(server, { signal, log }, keepalive = patient) {
  const target = loginOf(server, "ssh");
  const jump = server.jump && loginOf({ ...keyOf(server), ...definite(server.jump) }, "ssh-jump");
  const way = { connectTimeout: server.connectTimeout, keepalive, signal, log };
  const opened = [];
  const close = async () => {
    for (const open of opened.toReversed()) await end(open);
  };
  try {
    if (jump === void 0) {
      opened.push(await logIn(target, way));
    } else {
      const first = await logIn(jump, way);
      opened.push(first);
      const openStream = () => forwardedStream(first.client, server, server.connectTimeout);
      opened.push(await logIn(target, { ...way, through: (0, import_machine_ssh_server.showAccount)(jump.server), openStream }));
    }
    const { client } = opened.at(-1);
    return { name: (0, import_machine_ssh_server.showAccount)(server), client, close };
  } catch (error) {
    await close();
    throw error;
  }
}
function loginOf(server, inputs) {
  const given = (text) => text !== void 0 && text.trim() !== "";
  const key = given(server.key) ? readPrivateKey(server.key ?? "", `${inputs}-key`) : void 0;
  const agent = key === void 0 && !given(server.password) && given(server.agent) ? server.agent : void 0;
  if (key === void 0 && !given(server.password) && agent === void 0) {
    throw new import_ground_errors.UserError(
      `Cannot log in as ${(0, import_machine_ssh_server.showAccount)(server)} — neither a key nor a password is given, and no agent runs here`,
      `set ${inputs}-key${inputs === "ssh" ? " (better) or ssh-password" : ""}, or start an agent with your key (SSH_AUTH_SOCK)`,
      { code: "ssh-no-credentials" }
    );
  }
  return { server, pins: readPins(server), key, agent, inputs };
}
function keyOf({ key, passphrase, agent }) {
  return { key, passphrase, agent };
}
function definite(value) {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== void 0));
}
async function logIn(login, way) {
  const shown = [];
  let kinds = Object.keys(hostKeyKinds);
  while (kinds.length > 0) {
    const outcome = await handshake(login, way, kinds);
    if ("client" in outcome) return outcome;
    if (outcome.refused === void 0) break;
    const { refused } = outcome;
    way.log.debug(`${(0, import_machine_ssh_server.showAddress)(login.server)} shows ${refused.fingerprint} (${refused.type})`);
    shown.push(refused);
    kinds = kinds.filter((kind) => kind !== kindOf(refused.type));
  }
  if (login.pins !== void 0) throw hostKeyMismatch(login.server, login.pins, shown);
  throw hostKeyUnknown(login.server, shown, `${login.inputs}-fingerprint`);
}
async function handshake({ server, pins, key, agent, inputs }, way, kinds) {
  way.signal.throwIfAborted();
  const session = new (await Promise.resolve().then(() => __toESM(require("./node-ssh.cjs")))).NodeSSH();
  let refused;
  const attempt = {
    account: server,
    inputs,
    through: way.through,
    key,
    hasAgent: agent !== void 0,
    password: server.password !== void 0,
    connectTimeout: way.connectTimeout
  };
  try {
    const sock = await way.openStream?.();
    const connecting = session.connect({
      host: server.host,
      port: server.port,
      username: server.user,
      ...sock === void 0 ? {} : { sock },
      ...credentials(server, key),
      ...agent === void 0 ? {} : { agent },
      readyTimeout: way.connectTimeout,
      keepaliveInterval: way.keepalive.interval,
      keepaliveCountMax: way.keepalive.count,
      algorithms: { serverHostKey: kinds.flatMap((kind) => hostKeyKinds[kind] ?? []) },
      hostVerifier: (shown) => {
        sendAtOnce(session);
        if (pins?.accepts(shown) === true) return true;
        refused = shownKey(shown);
        return false;
      }
    });
    await within(connecting, way);
    const client = session.connection;
    if (client === null) throw new Error("Connection lost before handshake");
    return { client, closed: new Promise((resolve) => client.once("close", resolve)) };
  } catch (error) {
    abandon(session);
    way.signal.throwIfAborted();
    if (refused !== void 0) return { refused };
    if (kinds.length < Object.keys(hostKeyKinds).length && /no matching/.test((0, import_ground_errors.messageOf)(error))) {
      return { refused: void 0 };
    }
    throw error instanceof import_ground_errors.UserError ? error : sshVerdict(error, attempt);
  }
}
function credentials({ password, passphrase }, key) {
  return {
    ...key === void 0 ? {} : { privateKey: key.text },
    ...key === void 0 || passphrase === void 0 ? {} : { passphrase },
    ...password === void 0 ? {} : {
      password,
      tryKeyboard: true,
      // A question whose answer may be seen is not the one for the password.
      onKeyboardInteractive: (...[, , , prompts, finish]) => finish(prompts.map(({ echo }) => echo === true ? "" : password))
    }
  };
}
async function within(connecting, { connectTimeout, signal }) {
  let timer;
  let onAbort = () => {
  };
  const interrupted = new Promise((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Timed out after ${(0, import_ground_duration.showDuration)(connectTimeout)}`)),
      connectTimeout + 1e3
    );
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    await Promise.race([connecting, interrupted]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    connecting.catch(() => {
    });
  }
}
function sendAtOnce(session) {
  session.connection?.setNoDelay(true);
}
function abandon(session) {
  const client = session.connection;
  client?.on("error", () => {
  });
  client?.destroy();
}
async function end({ client, closed }) {
  client.on("error", () => {
  });
  client.end();
  if (await Promise.race([closed.then(() => true), (0, import_promises.setTimeout)(closeTimeout, false, { ref: false })])) return;
  client.destroy();
}
//! src/actions/server.ts
function serverOf(inputs, host) {
  const { sshJump, sshJumpKey, sshJumpFingerprint } = inputs;
  return {
    host,
    port: inputs.sshPort,
    user: inputs.sshUser,
    key: inputs.sshKey,
    passphrase: inputs.sshPassphrase,
    password: inputs.sshPassword,
    agent: process.env.SSH_AUTH_SOCK,
    fingerprint: inputs.sshFingerprint,
    knownHosts: inputs.sshKnownHosts,
    connectTimeout: inputs.sshConnectTimeout,
    jump: sshJump && {
      ...sshJump,
      key: sshJumpKey,
      fingerprint: sshJumpFingerprint,
      knownHosts: inputs.sshKnownHosts
    }
  };
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  connectSsh,
  forwardedStream,
  lossOf,
  nameOf,
  openLink,
  quoted,
  readByShell,
  remoteCommand,
  serverOf,
  shellLine,
  signalScript,
  startRefusal,
  writeByShell
});
