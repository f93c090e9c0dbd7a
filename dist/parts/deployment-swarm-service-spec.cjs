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
  complaintAboutFiles: () => complaintAboutFiles,
  containerFields: () => containerFields,
  deployContainer: () => deployContainer2,
  deploymentsLookedAt: () => deploymentsLookedAt,
  endDeployment: () => endDeployment,
  hostsAreDistinct: () => hostsAreDistinct,
  knownDeployments: () => knownDeployments,
  notified: () => notified,
  notify: () => notify,
  shownOnGitHub: () => shownOnGitHub,
  statusIsComplete: () => statusIsComplete,
  tellGitHub: () => tellGitHub,
  tellWayBack: () => tellWayBack
});
module.exports = __toCommonJS(stdin_exports);
var import_diagnosis_why = require("./diagnosis-why.cjs");
var import_report_github = require("./report-github.cjs");
var import_yaml = require("./yaml.cjs");
var import_health_http = require("./health-http.cjs");
var import_machine_local = require("./machine-local.cjs");
var import_deployment_server_server_script = require("./deployment-server-server-script.cjs");
var import_diagnosis_container_rules = require("./diagnosis-container-rules.cjs");
var import_machine_ssh_verdict = require("./machine-ssh-verdict.cjs");
var import_machine_machine = require("./machine-machine.cjs");
var import_ground_retry = require("./ground-retry.cjs");
var import_database_url = require("./database-url.cjs");
var import_step_fields = require("./step-fields.cjs");
var import_zod_2 = require("./zod-2.cjs");
var import_zod = require("./zod.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_node_stream = require("node:stream");
var import_node_zlib = require("node:zlib");
var import_node_crypto = require("node:crypto");
var import_node_path = require("node:path");
var import_node_perf_hooks = require("node:perf_hooks");
var import_node_util = require("node:util");
var import_node_crypto2 = require("node:crypto");
var import_node_perf_hooks2 = require("node:perf_hooks");
var import_promises = require("node:timers/promises");
var import_node_perf_hooks3 = require("node:perf_hooks");
var import_node_crypto3 = require("node:crypto");
var import_node_crypto4 = require("node:crypto");
var import_node_perf_hooks4 = require("node:perf_hooks");
var import_promises2 = require("node:timers/promises");
var import_node_perf_hooks5 = require("node:perf_hooks");
var import_promises3 = require("node:timers/promises");
var import_node_util2 = require("node:util");
var import_node_perf_hooks6 = require("node:perf_hooks");
var import_promises4 = require("node:timers/promises");
var import_node_crypto5 = require("node:crypto");
var import_node_perf_hooks7 = require("node:perf_hooks");
var import_promises5 = require("node:timers/promises");
var import_node_perf_hooks8 = require("node:perf_hooks");
var import_node_util3 = require("node:util");
var import_node_util4 = require("node:util");
var import_node_perf_hooks9 = require("node:perf_hooks");
//! src/docker/transfer.ts
//! src/docker/image-archive.ts
var smallest = 4 * 2 ** 20;
var manifestJson = (0, import_zod.array)((0, import_zod.object)({ Config: (0, import_zod.string)(), Layers: (0, import_zod.array)((0, import_zod.string)()).nullish() })).min(1).transform(([first]) => first);
var configJson = (0, import_zod.object)({
  os: (0, import_zod.string)(),
  architecture: (0, import_zod.string)(),
  rootfs: (0, import_zod.object)({ diff_ids: (0, import_zod.array)((0, import_zod.string)()).nullish() })
});
async function readArchive(source, tag) {
  const seen = /* @__PURE__ */ new Map();
  const links = /* @__PURE__ */ new Map();
  for await (const { name, kind, target, size, content } of (0, import_diagnosis_container_rules.tarEntries)(source)) {
    if (kind === "link") links.set(name, import_node_path.posix.join(import_node_path.posix.dirname(name), target));
    if (kind !== "file") continue;
    const parts = [];
    for await (const part2 of content)
      if (parts.length === 0 || size <= smallest) parts.push(Buffer.from(part2));
    const all = Buffer.concat(parts);
    seen.set(name, { size, start: all.subarray(0, 4), content: size <= smallest ? all : void 0 });
  }
  const read2 = (name) => seen.get(name)?.content ?? missing(name);
  const described = manifestJson.parse(JSON.parse(read2("manifest.json").toString()));
  const config = read2(described.Config);
  const { os, architecture, rootfs } = configJson.parse(JSON.parse(config.toString()));
  const diffIds = rootfs.diff_ids ?? [];
  const names2 = described.Layers ?? [];
  if (diffIds.length !== names2.length)
    throw new Error("the image and its archive do not have the same layers");
  const layers = names2.map((written, index) => {
    const name = links.get(written) ?? written;
    const { size, start } = seen.get(name) ?? missing(name);
    const diffId = diffIds[index] ?? "";
    const [, hash] = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name) ?? [];
    return {
      diffId,
      digest: hash === void 0 ? diffId : `sha256:${hash}`,
      size,
      name,
      mediaType: mediaTypeOf(start)
    };
  });
  return { tag, platform: `${os}/${architecture}`, layers, ...describe(tag, config, layers) };
}
function missing(name) {
  throw new Error(`the archive has no ${name}`);
}
function mediaTypeOf(start) {
  const plain = "application/vnd.oci.image.layer.v1.tar";
  if (start.subarray(0, 2).equals(Buffer.from([31, 139]))) return `${plain}+gzip`;
  return start.equals(Buffer.from([40, 181, 47, 253])) ? `${plain}+zstd` : plain;
}
function describe(tag, config, layers) {
  const json = (value) => Buffer.from(JSON.stringify(value));
  const configDigest = digestOf(config);
  const manifest = json({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      digest: configDigest,
      size: config.length
    },
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }))
  });
  const manifestDigest = digestOf(manifest);
  const index = json({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      {
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        digest: manifestDigest,
        size: manifest.length,
        annotations: { "io.containerd.image.name": tag }
      }
    ]
  });
  const classic = [
    { Config: blob(configDigest), RepoTags: [tag], Layers: layers.map(({ digest }) => blob(digest)) }
  ];
  return {
    ids: { classic: configDigest, containerd: manifestDigest },
    files: /* @__PURE__ */ new Map([
      ["oci-layout", json({ imageLayoutVersion: "1.0.0" })],
      [blob(configDigest), config],
      [blob(manifestDigest), manifest],
      ["index.json", index],
      ["manifest.json", json(classic)]
    ])
  };
}
function digestOf(content) {
  return `sha256:${(0, import_node_crypto.createHash)("sha256").update(content).digest("hex")}`;
}
function blob(digest) {
  return `blobs/${digest.replace(":", "/")}`;
}
function layersInCommon({ layers }, images) {
  const common = images.map((others2) => {
    const first = layers.findIndex(({ diffId }, index) => others2[index] !== diffId);
    return first === -1 ? layers.length : first;
  });
  return Math.max(0, ...common);
}
function archiveSize(image, leftOut) {
  const layers = layersToSend(image, leftOut).map(({ size }) => size);
  return [...layers, ...[...image.files.values()].map(({ length }) => length)].reduce(
    (sum, size) => sum + size,
    0
  );
}
function layersToSend({ layers }, leftOut) {
  const there = new Set(layers.slice(0, leftOut).map(({ digest }) => digest));
  const wanted = layers.slice(leftOut).filter(({ digest }) => !there.has(digest));
  return wanted.filter(({ digest }, index) => wanted.findIndex((other) => other.digest === digest) === index);
}
async function* archiveFor(image, leftOut, source) {
  for (const [name, content] of image.files) {
    yield (0, import_diagnosis_container_rules.tarHeader)({ name, size: content.length });
    yield content;
    yield (0, import_diagnosis_container_rules.tarPadding)(content.length);
  }
  const wanted = new Map(layersToSend(image, leftOut).map((layer) => [layer.name, layer]));
  if (wanted.size > 0) {
    for await (const { name, size, content } of (0, import_diagnosis_container_rules.tarEntries)(source)) {
      const layer = wanted.get(name);
      if (layer === void 0) continue;
      if (layer.size !== size) throw new Error("the image changed while it was sent");
      wanted.delete(name);
      yield (0, import_diagnosis_container_rules.tarHeader)({ name: blob(layer.digest), size });
      yield* content;
      yield (0, import_diagnosis_container_rules.tarPadding)(size);
    }
  }
  if (wanted.size > 0) throw new Error("the image changed while it was sent");
  yield (0, import_diagnosis_container_rules.tarEnd)();
}
//! src/docker/transfer.ts
var lookTimeout = 6e4;
function imageSender(image, ports) {
  let looked;
  const look = () => {
    looked ??= lookHere(image, ports);
    return looked;
  };
  return { look, sendTo: async (server) => await sendImage(image, await look(), server, ports) };
}
async function lookHere(image, { from, signal }) {
  const written = (0, import_diagnosis_container_rules.showImage)(image);
  const found = await from.run(["docker", "image", "inspect", "--format", "{{.Id}}", written], {
    timeout: lookTimeout,
    signal
  });
  if (!(0, import_machine_machine.succeeded)(found)) {
    if (!/no such image/i.test(found.stderr)) {
      throw (0, import_diagnosis_container_rules.dockerVerdict)({ failed: `Cannot look at ${written}`, server: from.name, result: found });
    }
    throw new import_ground_errors.UserError(
      `${written} cannot be sent — Docker on ${from.name} has no such image`,
      "build it in the same job (docker build --tag …, or load: true in the build step), or take transfer: ssh away",
      { code: "image-not-found" }
    );
  }
  return await saved(written, { from, signal }, (output) => readArchive(output, tagOf(image)));
}
function tagOf({ name, tag, digest = "" }) {
  return `${name}:${tag ?? digest.slice("sha256:".length, "sha256:".length + 12)}`;
}
async function saved(tag, { from, signal }, read2) {
  if (from.stream === void 0) throw new Error(`${from.name} cannot be read from`);
  const source = from.stream(["docker", "save", tag], { signal });
  try {
    const got = await read2(source.output);
    return got;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof import_ground_errors.UserError) throw error;
    await source.end();
    const result = await source.ended;
    throw new import_ground_errors.UserError(
      `${tag} cannot be sent — docker save on ${from.name}: ${result.stderr.trim() === "" ? (0, import_ground_errors.messageOf)(error) : (0, import_machine_machine.lastWords)(result, 1)}`,
      'try "docker save" by hand there; the evidence has all that Docker said',
      { code: "docker-failed", cause: error, evidence: (0, import_machine_machine.lastWords)(result) }
    );
  } finally {
    await source.end();
  }
}
async function sameImage(docker, { ids }) {
  return await docker.image(ids.classic) ?? await docker.image(ids.containerd);
}
async function sendImage(reference, image, to, ports) {
  const common = layersInCommon(image, await to.docker.layerChains());
  const tries2 = common === 0 ? [0] : [common, 0];
  let said = "";
  for (const leftOut of tries2) {
    const result2 = await send({ written: (0, import_diagnosis_container_rules.showImage)(reference), image, leftOut }, to, ports);
    said = (0, import_machine_machine.lastWords)(result2);
    const isWhole = (0, import_machine_machine.succeeded)(result2) && !/error unpacking/i.test(`${result2.stdout}${result2.stderr}`);
    const found = isWhole ? await sameImage(to.docker, image) : void 0;
    if (found !== void 0) return found;
    ports.log.debug(`docker load on ${to.name}: ${said}`);
    if (/no space left on device/.test(said)) break;
  }
  const failed = `Cannot send ${image.tag}`;
  const result = { exitCode: 1, signal: null, stdout: "", stderr: said };
  const known = (0, import_diagnosis_container_rules.dockerVerdict)({ failed, server: to.name, result });
  if (known.code !== "docker-failed") throw known;
  throw new import_ground_errors.UserError(
    `${failed} to ${to.name} — it does not have the image after it was loaded: ${said.split("\n").at(-1)}`,
    'try "docker save | ssh … docker load" by hand; the evidence has what Docker said',
    { code: "image-not-sent", evidence: said }
  );
}
async function send({ written, image, leftOut }, { docker, name }, { from, signal, log }) {
  const total = archiveSize(image, leftOut);
  const all = image.layers.length;
  const rest = leftOut === 0 ? "" : `, ${leftOut} of ${all} layers are there already`;
  log.info(`sending ${image.tag} to ${name}: ${(0, import_diagnosis_container_rules.showSize)(total)}${rest}`);
  return await saved(written, { from, signal }, async (output) => {
    const archive = import_node_stream.Readable.from(archiveFor(image, leftOut, output), { objectMode: false });
    const counted2 = progress(total, (share) => log.info(`sent ${share} % of ${(0, import_diagnosis_container_rules.showSize)(total)}`));
    const packed = (0, import_node_zlib.createGzip)({ level: 1 });
    let broken;
    (0, import_node_stream.pipeline)(archive, counted2, packed, (error) => {
      broken = error ?? void 0;
    });
    const result = await docker.load(packed);
    if (broken !== void 0 && (0, import_ground_errors.codeOf)(broken) !== "ERR_STREAM_PREMATURE_CLOSE") throw broken;
    return result;
  });
}
function progress(total, tell2) {
  let [sent2, told3] = [0, 0];
  return new import_node_stream.Transform({
    transform(chunk, _encoding, done) {
      sent2 += chunk.length;
      const percent = Math.floor(sent2 / total * 10) * 10;
      if (total > 16 * 2 ** 20 && percent > told3 && percent <= 100) {
        told3 = percent;
        tell2(percent);
      }
      done(null, chunk);
    }
  });
}
//! src/deployment/host/deploy-host.ts
//! src/diagnosis/changes.ts
function changedSince(failure, { release, changes }) {
  if (changes.length === 0) return failure;
  const gone = changes.flatMap((line) => /^variables: − (.+)$/.exec(line)?.[1]?.split(/, | and /) ?? []).filter((name) => new RegExp(`\\b${name}\\b`).test(failure.message));
  const lines2 = [`Changed since ${release}, which worked:`, ...changes];
  const evidence = [lines2.join("\n"), failure.evidence ?? ""].filter((part2) => part2 !== "").join("\n\n");
  const had = gone.length === 0 ? "" : `; ${release} had ${(0, import_ground_words.listed)(gone)}`;
  return new import_ground_errors.UserError(`${failure.message}${had}`, failure.hint, {
    code: failure.code,
    cause: failure.cause,
    evidence,
    ...failure.place === void 0 ? {} : { place: failure.place }
  });
}
//! src/machine/renewable.ts
async function renewableMachine(connect, signal) {
  let machine = await connect(signal);
  return {
    name: machine.name,
    run: (argv, options) => machine.run(argv, options),
    writeFile: (path, content, options) => machine.writeFile(path, content, options),
    readFile: (path) => machine.readFile(path),
    close: () => machine.close(),
    async renew(until) {
      const lost = machine;
      machine = await connect(until);
      await lost.close();
    }
  };
}
//! src/deployment/proxies/caddy-config.ts
function caddyPatch(config, { serving, free }) {
  const paths = [...placesIn(config, serving)];
  const [first] = paths;
  if (first === void 0) return void 0;
  let length = first.length - 1;
  for (const path2 of paths) {
    const same2 = path2.findIndex((name, index) => name !== first[index]);
    if (same2 >= 0) length = Math.min(length, same2);
  }
  const path = first.slice(0, length);
  const before = at(config, path);
  return {
    path: path.map((name) => `/${name}`).join(""),
    serving: before,
    free: movedConfig(before, { serving, free })
  };
}
function movedConfig(config, slots) {
  if (typeof config === "string") return movedText(config, slots);
  if (Array.isArray(config)) return config.map((each) => movedConfig(each, slots));
  if (typeof config !== "object" || config === null) return config;
  return Object.fromEntries(Object.entries(config).map(([name, value]) => [name, movedConfig(value, slots)]));
}
function movedFile(text3, slots) {
  return text3.replace(/[^\s"'`]+/g, (word, index) => {
    const before = text3.slice(0, index);
    const line = before.slice(before.lastIndexOf("\n") + 1);
    return line.trim() === "" && !word.includes("//") && /^\S*:\d+,?$/.test(word) ? word : movedText(word, slots);
  });
}
function movedText(text3, { serving, free }) {
  const found = /^((?:https?:\/\/|h2c:\/\/)?(?:127\.0\.0\.1|localhost|\[::1\])):(\d+)(?=$|\/)/.exec(text3);
  if (found === null || Number(found[2]) !== serving) return text3;
  return `${found[1]}:${free}${text3.slice(found[0].length)}`;
}
function isApplication(text3, port) {
  return movedText(text3, { serving: port, free: 0 }) !== text3;
}
function* placesIn(config, port, path = []) {
  if (typeof config === "string") {
    if (isApplication(config, port)) yield path;
  } else if (typeof config === "object" && config !== null) {
    for (const [name, value] of Object.entries(config)) yield* placesIn(value, port, [...path, name]);
  }
}
function at(config, path) {
  return path.reduce(
    (inner, name) => inner?.[name],
    config
  );
}
function saysTheSame(adapted2, config) {
  return (0, import_node_util.isDeepStrictEqual)(withoutDefaults(adapted2), withoutDefaults(config));
}
function withoutDefaults(config) {
  return JSON.parse(JSON.stringify(config ?? null));
}
//! src/deployment/proxies/caddy-pointer.ts
function caddyFolder(container) {
  return `/etc/caddy/tenantry/${container}`;
}
function caddyMark(container) {
  return `/var/lib/tenantry/${container}/caddy-second`;
}
function caddyVariable(container) {
  return `tenantry_${container.replace(/\W/g, "_")}`;
}
var tries = { retries: 12, interval: 1e7, failed: 1e8, idle: 5e8 };
var milliseconds = (nanoseconds2) => `${nanoseconds2 / 1e6}ms`;
function caddyIncludes(container, { first, second }) {
  const variable = caddyVariable(container);
  const mark = caddyMark(container);
  const folder = mark.slice(0, mark.lastIndexOf("/"));
  return [
    {
      path: `${caddyFolder(container)}/slot`,
      text: `# Which of the two ports of ${container} serves: looked at with each request, so a switch needs no reload. Made by Tenantry.
route {
	vars {
		${variable} ${first}
		${variable}_other ${second}
	}
	@${variable} file {
		root ${folder}
		try_files ${mark.slice(folder.length + 1)}
	}
	vars @${variable} {
		${variable} ${second}
		${variable}_other ${first}
	}
}
`
    },
    {
      path: `${caddyFolder(container)}/upstreams`,
      text: `# The two ports of ${container}: each stands in for the other while that one refuses connections. Made by Tenantry.
to 127.0.0.1:{http.vars.${variable}} 127.0.0.1:{http.vars.${variable}_other}
lb_policy first
lb_retries ${tries.retries}
lb_try_interval ${milliseconds(tries.interval)}
fail_duration ${milliseconds(tries.failed)}
transport http {
	keepalive ${milliseconds(tries.idle)}
}
`
    }
  ];
}
function chooser(container, { first, second }) {
  const variable = caddyVariable(container);
  const mark = caddyMark(container);
  const at2 = mark.lastIndexOf("/");
  const set = (one, other) => [
    { handler: "vars", [variable]: one, [`${variable}_other`]: other }
  ];
  return {
    handler: "subroute",
    routes: [
      { handle: set(first, second) },
      {
        handle: set(second, first),
        match: [{ file: { root: mark.slice(0, at2), try_files: [mark.slice(at2 + 1)] } }]
      }
    ]
  };
}
function handingOver(container) {
  const variable = caddyVariable(container);
  return {
    upstreams: [
      { dial: `127.0.0.1:{http.vars.${variable}}` },
      { dial: `127.0.0.1:{http.vars.${variable}_other}` }
    ],
    load_balancing: {
      retries: tries.retries,
      selection_policy: { policy: "first" },
      try_interval: tries.interval
    },
    health_checks: { passive: { fail_duration: tries.failed } },
    transport: { keep_alive: { idle_timeout: tries.idle }, protocol: "http" }
  };
}
var ours = ["load_balancing", "health_checks", "transport", "dynamic_upstreams"];
function whyNoPointer(config, serving) {
  for (const path of placesIn(config, serving)) {
    if (["ask", "endpoint"].includes(path.at(-1) ?? ""))
      return "on_demand_tls asks the application, and its address takes no variable";
    const isUpstream = path.at(-1) === "dial" && path.at(-3) === "upstreams";
    const handler = path.slice(0, -3).reduce((inner, name) => inner[name], config);
    if (!isUpstream || handler.handler !== "reverse_proxy") {
      return `its address stands in ${path.at(-1)}, which takes no variable`;
    }
    if (handler.upstreams.length > 1) return "a reverse_proxy has other upstreams beside it";
    const own = ours.find((name) => handler[name] !== void 0);
    if (own !== void 0) return `a reverse_proxy of it has ${own} of its own`;
  }
  return JSON.stringify(config).includes("http.matchers.file") ? "its configuration uses what a file matcher has found" : void 0;
}
function pointerConfig(config, container, { serving, free }) {
  const turns = { first: serving, second: free };
  return mapped(
    config,
    (handlers) => handlers.flatMap(
      (handler) => isPlace(handler, serving) ? [chooser(container, turns), { ...handler, ...handingOver(container) }] : [handler]
    )
  );
}
function isPlace(handler, serving) {
  const upstreams = handler.upstreams;
  return handler.handler === "reverse_proxy" && isApplication(String(upstreams?.[0]?.dial ?? ""), serving);
}
function mapped(value, change2) {
  if (Array.isArray(value)) return value.map((each) => mapped(each, change2));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (name !== "handle" || !Array.isArray(inner)) return [name, mapped(inner, change2)];
      return [name, change2(inner.map((each) => mapped(each, change2)))];
    })
  );
}
function turnsIn(config, ports) {
  if (typeof config !== "object" || config === null) return void 0;
  const { handler, ...values } = config;
  if (handler === "vars") {
    const name = Object.keys(values).find((each) => `${each}_other` in values) ?? "";
    const first = Number(values[name]);
    const second = Number(values[`${name}_other`]);
    return name.startsWith("tenantry_") && ports.includes(first) && ports.includes(second) ? { first, second } : void 0;
  }
  for (const inner of Object.values(config)) {
    const found = turnsIn(inner, ports);
    if (found !== void 0) return found;
  }
  return void 0;
}
//! src/deployment/proxies/caddy-text.ts
function pointerText(text3, serving, { slot, upstreams }) {
  const lines2 = linesOf2(text3);
  if (lines2 === void 0) return { obstacle: "the file cannot be read as Caddy reads it" };
  const edits = [];
  const told3 = [];
  const chosen = /* @__PURE__ */ new Set();
  const choose = ({ words: [first], block }) => {
    if (first === void 0 || chosen.has(block)) return;
    chosen.add(block);
    edits.push({ start: first.start, end: first.start, text: `import ${slot}
${indent(text3, first)}` });
  };
  for (const line of lines2) {
    const { words: words2, block } = line;
    const [first] = words2;
    if (first === void 0 || !words2.some((word) => isApplication(bare(word), serving))) continue;
    if (block === void 0 && isApplication(bare(first), serving)) continue;
    const number3 = text3.slice(0, first.start).split("\n").length;
    const opens = words2.at(-1)?.text === "{";
    const last = (opens ? words2.at(-2) : words2.at(-1)) ?? first;
    told3.push(`${number3}: ${text3.slice(first.start, last.end)}`);
    const to = words2.slice(1, opens ? -1 : void 0);
    const matcher = /^[/*@]/.test(to[0]?.text ?? "") ? to[0] : void 0;
    const inside = `import ${upstreams}`;
    if (first.text === "reverse_proxy" && to.length === (matcher === void 0 ? 1 : 2)) {
      const outer = indent(text3, first);
      const own = [first.text, ...matcher === void 0 ? [] : [matcher.text]].join(" ");
      const head = `${own} {
${outer}	${inside}`;
      edits.push(
        opens ? { start: first.start, end: words2.at(-1)?.end ?? last.end, text: head } : { start: first.start, end: last.end, text: `${head}
${outer}}` }
      );
      choose(line);
    } else if (first.text === "to" && to.length === 1 && block?.opens.words[0]?.text === "reverse_proxy") {
      edits.push({ start: first.start, end: last.end, text: inside });
      choose(block.opens);
    } else return { obstacle: `${text3.slice(first.start, last.end)} takes no variable` };
  }
  const sorted2 = edits.toSorted((one, two) => two.start - one.start || two.end - one.end);
  const changed2 = sorted2.reduce(
    (all, edit) => `${all.slice(0, edit.start)}${edit.text}${all.slice(edit.end)}`,
    text3
  );
  return { text: changed2, lines: told3 };
}
function indent(text3, { start }) {
  const before = text3.slice(text3.lastIndexOf("\n", start - 1) + 1, start);
  return before.trim() === "" ? before : "";
}
function bare({ text: text3 }) {
  return text3.replace(/^(["`])(.*)\1$/s, "$2");
}
function linesOf2(text3) {
  if (/\\\r?\n|(^|\s)<</.test(text3)) return void 0;
  const lines2 = [];
  let words2 = [];
  let block;
  const outer = [];
  const pattern2 = /\n|#[^\n]*|"(?:\\.|[^"\\])*"|`[^`]*`|[^\s]+/gs;
  for (const { 0: found, index } of [...text3.matchAll(pattern2), { 0: "\n", index: text3.length }]) {
    if (found !== "\n") {
      if (!found.startsWith("#")) words2.push({ text: found, start: index, end: index + found.length });
      continue;
    }
    if (words2.length === 0) continue;
    if (words2[0]?.text === "}") {
      if (words2.length > 1 || outer.length === 0) return void 0;
      block = outer.pop();
    } else {
      const line = { words: words2, block };
      lines2.push(line);
      if (words2.at(-1)?.text === "{") {
        outer.push(block);
        block = { opens: line };
      }
    }
    words2 = [];
  }
  return outer.length === 0 ? lines2 : void 0;
}
//! src/deployment/proxies/caddy-move.ts
function caddyMove({ container }, slots, caddy) {
  const { config, file, resumes, isAllowed } = caddy;
  if (config === void 0) {
    return {
      observed: "Caddy's admin API does not answer on localhost:2019",
      hint: 'let it (no "admin off")'
    };
  }
  const changesPath = JSON.stringify(config).includes('"handler":"rewrite"');
  const turns = turnsIn(config, [slots.serving, slots.free]);
  if (turns !== void 0) {
    return { proxy: "caddy", form: "pointer", slots, ...turns, takeOver: void 0, changesPath };
  }
  const patch = caddyPatch(config, slots);
  if (patch === void 0) return void 0;
  if (!resumes) {
    if (file === void 0) {
      return {
        observed: "Caddy was not told by --config what it starts from, so a restart would undo a switch",
        hint: "start it with --config, or with --resume"
      };
    }
    if (!isAllowed) {
      return {
        observed: `this account may not write ${file.path}`,
        hint: 'log in as root, or allow "sudo -n"'
      };
    }
    if (!saysTheSame(file.adapted, config)) {
      return {
        observed: `${file.path} does not say what Caddy runs with: somebody changed one of both`,
        hint: `look at both (caddy adapt --config ${file.path}, curl localhost:2019/config/), then caddy reload --config ${file.path}`
      };
    }
  }
  const started = resumes ? void 0 : file;
  const takeOver = caddyTakeOver(container, slots, { config, file: started, isAllowed });
  const why = "why" in takeOver ? takeOver.why : "Caddy makes something else of its file with a variable";
  const reload = { proxy: "caddy", form: "reload", why, slots, patch, changesPath };
  const otherwise = withFile(reload, config, started);
  if ("why" in takeOver) return otherwise;
  const { serving, free } = slots;
  return {
    proxy: "caddy",
    form: "pointer",
    slots,
    first: serving,
    second: free,
    takeOver: { ...takeOver, otherwise: "slots" in otherwise ? otherwise : void 0 },
    changesPath
  };
}
function withFile(reload, config, file) {
  if (file === void 0) return { ...reload, file };
  const { slots } = reload;
  const after = movedFile(file.text, slots);
  if (after === file.text) {
    return {
      observed: `the address is not in ${file.path} itself`,
      hint: `write it there as 127.0.0.1:${slots.serving}, not into a file that it imports`
    };
  }
  const expected = movedConfig(config, slots);
  return { ...reload, file: { path: file.path, before: file.text, after, expected } };
}
function caddyTakeOver(container, slots, { config, file, isAllowed }) {
  if (!isAllowed) return { why: "this account may not make the files that it would look at" };
  const why = whyNoPointer(config, slots.serving);
  if (why !== void 0) return { why };
  const pointer = pointerConfig(config, container, slots);
  const after = JSON.stringify(pointer);
  if (file === void 0) {
    return { before: config, after, file, files: [], lines: ["the configuration that Caddy keeps"] };
  }
  const { path, text: text3 } = file;
  if (path.endsWith(".json")) {
    const indent2 = /^[ \t]+(?=")/m.exec(text3)?.[0] ?? "";
    const changed3 = { path, before: text3, after: `${JSON.stringify(pointer, null, indent2)}
` };
    return { before: config, after, file: changed3, files: [], lines: [path] };
  }
  const turns = { first: slots.serving, second: slots.free };
  const files = caddyIncludes(container, turns);
  const folder = caddyFolder(container);
  const names2 = { slot: `${folder}/slot`, upstreams: `${folder}/upstreams` };
  const changed2 = pointerText(text3, slots.serving, names2);
  if ("obstacle" in changed2) return { why: changed2.obstacle };
  if (changed2.text === text3) return { why: `the address is not in ${path} itself` };
  const lines2 = changed2.lines.map((line) => `${path}:${line}`);
  return { before: config, after, file: { path, before: text3, after: changed2.text }, files, lines: lines2 };
}
function tellCaddy(move, container) {
  if (move.form === "reload") {
    return [
      `each switch loads Caddy's configuration anew, which closes idle connections (a client that uses one in that moment loses the request): ${move.why}`
    ];
  }
  if (move.takeOver === void 0) return [];
  return [
    `${(0, import_ground_words.listed)(move.takeOver.lines)} will hand requests over by a variable (${caddyFolder(container)}; Caddy loads its configuration anew this once, later switches need no reload; the file as it is now is kept there)`
  ];
}
//! src/deployment/proxies/nginx-text.ts
function readNginxText(text3) {
  const tokens = tokensOf(text3);
  let at2 = 0;
  const list = (isInside) => {
    const directives = [];
    let words2 = [];
    for (; at2 < tokens.length; at2 += 1) {
      const token = tokens[at2];
      const [first] = words2;
      if (token.kind === "word") {
        words2.push(token);
        continue;
      }
      if (token.kind === "}") return isInside && first === void 0 ? directives : void 0;
      if (first === void 0 || first.text.endsWith("_by_lua_block")) return void 0;
      let children;
      if (token.kind === "{") {
        at2 += 1;
        children = list(true);
        if (children === void 0 || at2 >= tokens.length) return void 0;
      }
      directives.push({
        name: first.text,
        words: words2.slice(1).map((word) => word.text),
        start: first.start,
        end: tokens[at2].end,
        children
      });
      words2 = [];
    }
    return isInside || words2.length > 0 ? void 0 : directives;
  };
  return list(false);
}
var pattern = /#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[;{}]|(?:\$\{[^}]*\}|\\.|[^\s;{}\\])+/gs;
function tokensOf(text3) {
  return [...text3.matchAll(pattern)].flatMap(({ 0: found, index }) => {
    if (found.startsWith("#")) return [];
    const place3 = { start: index, end: index + found.length };
    if (found === ";" || found === "{" || found === "}") return [{ kind: found, text: found, ...place3 }];
    return [{ kind: "word", text: found.replace(/^(["'])(.*)\1$/s, "$2"), ...place3 }];
  });
}
//! src/deployment/proxies/nginx-sites.ts
function nginxFolder(container) {
  return `/etc/nginx/tenantry/${container}`;
}
function nginxMark(container) {
  return `/var/lib/tenantry/${container}/second`;
}
function takeOverNginx(container, { serving, free }, seen) {
  const places = [];
  for (const file of seen.files) {
    const directives = readNginxText(file.text);
    if (directives === void 0) return { obstacle: `${file.path} cannot be read as nginx reads it` };
    const odd = collect(file, directives, { serving, places });
    if (odd !== void 0) {
      return { obstacle: `${file.path} names port ${serving} in a way that is not understood (${odd})` };
    }
  }
  if (places.length === 0) return void 0;
  const form = places.every((place3) => isPlain(place3)) && seen.hasConfD && !seen.hasFileCache ? "pointer" : "reload";
  const sites = seen.files.flatMap((file) => {
    const own = places.filter((place3) => place3.file === file);
    return own.length === 0 ? [] : [{ path: file.path, before: file.text, after: included(own, { form, container, places, serving }) }];
  });
  return {
    form,
    sites,
    files: form === "pointer" ? pointerFiles(container, serving, free) : distinct(places, serving).map((text3, index) => ({
      path: `${nginxFolder(container)}/${index + 1}.conf`,
      text: `# slot @SLOT@
${text3}
`
    })),
    changesPath: places.some(({ uri }) => uri !== ""),
    lines: places.map(({ file, directive }) => {
      const line = file.text.slice(0, directive.start).split("\n").length;
      return `${file.path}:${line}: ${file.text.slice(directive.start, directive.end)}`;
    })
  };
}
var address = /^(?:(?:http|grpc):\/\/)?(?:127\.0\.0\.1|localhost|\[::1\]):(\d+)(\/.*)?$/;
function collect(file, directives, { serving, places, around = [] }) {
  for (const directive of directives) {
    const { name, words: words2, children } = directive;
    if (children !== void 0) {
      const odd = collect(file, children, { serving, places, around: [directive, ...around] });
      if (odd !== void 0) return odd;
    }
    const isPass = name === "proxy_pass" || name === "grpc_pass";
    const isServer = name === "server" && around[0]?.name === "upstream";
    const [, port, uri = ""] = address.exec(words2[0] ?? "") ?? [];
    if ((isPass || isServer) && Number(port) === serving) places.push({ file, directive, around, uri });
    else if (name !== "listen" && words2.some((word) => new RegExp(`:${serving}(?!\\d)`).test(word)))
      return name;
  }
  return void 0;
}
var harmless = /^(proxy_(?!redirect|next_upstream|pass$|bind)\w+|client_\w+|add_header|limit_(?!except)\w+|auth_\w+|allow|deny|satisfy|access_log|error_log|gzip\w*|send_timeout|keepalive_timeout|expires|include|proxy_pass)$/;
function isPlain({ directive, around, uri }) {
  const [location, outer] = around;
  if (directive.name !== "proxy_pass" || uri !== "" || location?.name !== "location") return false;
  if (directive.words[0]?.startsWith("http://") !== true) return false;
  const beside = location.children ?? [];
  if (!beside.every(({ name, words: words2 }) => harmless.test(name) && (name !== "include" || isParameters(words2))))
    return false;
  const own = beside.filter(({ name }) => name === "proxy_set_header" || name === "include");
  return (own.length > 0 ? own : outer?.children ?? []).some(
    ({ name, words: words2 }) => name === "proxy_set_header" && words2[0]?.toLowerCase() === "host" || name === "include" && isParameters(words2)
  );
}
function isParameters([path]) {
  return path === "proxy_params" || path === "/etc/nginx/proxy_params";
}
function distinct(places, serving) {
  return [...new Set(places.map((place3) => slotText(place3, serving)))];
}
function slotText({ file, directive }, serving) {
  return file.text.slice(directive.start, directive.end).replace(new RegExp(`:${serving}(?!\\d)`), ":@SLOT@");
}
function included(own, {
  form,
  container,
  places,
  serving
}) {
  const all = distinct(places, serving);
  let text3 = own[0]?.file.text ?? "";
  for (const place3 of [...own].sort((one, two) => two.directive.start - one.directive.start)) {
    const name = form === "pointer" ? "location" : String(all.indexOf(slotText(place3, serving)) + 1);
    const { start, end } = place3.directive;
    text3 = `${text3.slice(0, start)}include ${nginxFolder(container)}/${name}.conf;${text3.slice(end)}`;
  }
  return text3;
}
function pointerFiles(container, first, second) {
  const name = `tenantry_${container.replace(/\W/g, "_")}`;
  const upstream = (which, [one, two]) => `upstream ${name}_${which} {
  server 127.0.0.1:${one} max_fails=0;
  server 127.0.0.1:${two} max_fails=0 backup;
}
`;
  return [
    {
      path: `/etc/nginx/conf.d/tenantry-${container}.conf`,
      text: `# The two ports of ${container}, which take turns; made by Tenantry.
${upstream("first", [first, second])}${upstream("second", [second, first])}`
    },
    {
      path: `${nginxFolder(container)}/location.conf`,
      text: `# Which of the two ports of ${container} serves: looked at with each request, so a switch needs no reload.
set $${name} ${name}_first;
if (-f ${nginxMark(container)}) { set $${name} ${name}_second; }
proxy_pass http://$${name};
`
    }
  ];
}
function tellTakeOver({ lines: lines2, form }, container) {
  return `${(0, import_ground_words.listed)(lines2)} will become an include of ${nginxFolder(container)} (${form === "pointer" ? "later switches need no reload" : "each switch reloads nginx"}; the file as it is now is kept there)`;
}
//! src/deployment/proxies/front-choice.ts
function moveBy(proxy, asked, survey, current) {
  const seen = survey.front[proxy];
  if (seen === void 0) return void 0;
  const port = (0, import_deployment_server_server_script.slotPort)(asked.ports);
  if (port === void 0) {
    return {
      observed: "it can take turns between two ports only if it publishes one port, on 127.0.0.1",
      hint: `write ports: 127.0.0.1:8000:8000, with the port that ${proxy} hands requests to`
    };
  }
  const slots = servingSlots(port, survey.front);
  const move = proxy === "nginx" ? nginxMove(asked, slots, seen) : caddyMove(asked, slots, seen);
  if (move === void 0 || !("slots" in move)) return move;
  const missing2 = [...survey.missing, ...survey.http === "curl" ? [] : ["curl"]];
  if (missing2.length > 0) {
    return { observed: `the server lacks ${(0, import_ground_words.listed)(missing2)}`, hint: `install ${(0, import_ground_words.listed)(missing2)} there` };
  }
  if (current !== void 0 && !current.ports.some(({ hostPort }) => hostPort === slots.serving)) {
    return {
      observed: `${proxy} hands requests to port ${slots.serving}, and what runs does not publish it`,
      hint: `correct ports, or what ${proxy} is told`
    };
  }
  return move;
}
function servingSlots(port, front) {
  const other = (0, import_deployment_server_server_script.otherSlot)(port) ?? port;
  const said = front.nginx?.taken === void 0 ? caddySlot(port, other, front.caddy) : front.nginx.slot;
  const serving = said === other ? other : port;
  return { serving, free: serving === port ? other : port };
}
function inServingSlot(request, { front }) {
  const port = (0, import_deployment_server_server_script.slotPort)(request.ports);
  return port === void 0 ? request : (0, import_deployment_server_server_script.inSlot)(request, servingSlots(port, front).serving);
}
function isServing(port, { nginx, caddy }) {
  if (nginx?.taken !== void 0) return nginx.slot === port;
  return caddySlot(port, (0, import_deployment_server_server_script.otherSlot)(port) ?? port, caddy) === port;
}
function isBetweenSlots({ next }, { hasSlotProgram, front }) {
  if (hasSlotProgram || front.nginx?.isTaking === true || front.caddy?.isTaking === true) return true;
  const port = (0, import_deployment_server_server_script.slotPort)(next?.ports ?? []);
  return port !== void 0 && isServing(port, front);
}
function caddySlot(port, other, caddy) {
  const turns = turnsIn(caddy?.config, [port, other]);
  if (turns !== void 0) return caddy?.isSecond === true ? turns.second : turns.first;
  if (caddyPatch(caddy?.config, { serving: port, free: other }) !== void 0) return port;
  return caddyPatch(caddy?.config, { serving: other, free: port }) === void 0 ? void 0 : other;
}
function nginxMove({ container }, slots, seen) {
  const { taken, isAllowed } = seen;
  const needed = 'log in as root, or let this account run nginx by "sudo -n" (and, for the first time, all else)';
  if (seen.complaint !== void 0 && !(taken?.form === "pointer")) {
    return {
      observed: `nginx does not take its own configuration: ${seen.complaint}`,
      hint: "mend it (nginx -t)"
    };
  }
  if (taken !== void 0) {
    if (taken.form === "reload" && !isAllowed) {
      return { observed: "this account may not reload nginx", hint: needed };
    }
    return { proxy: "nginx", slots, ...taken, takeOver: void 0 };
  }
  if (!isAllowed)
    return { observed: "this account may not read and test the configuration of nginx", hint: needed };
  if (seen.hasOwnStart) {
    return {
      observed: "nginx was started with a configuration of its own",
      hint: "start it without -c and -p"
    };
  }
  const takeOver = takeOverNginx(container, slots, seen);
  if (takeOver === void 0) return void 0;
  if ("obstacle" in takeOver) {
    return {
      observed: takeOver.obstacle,
      hint: `write the address into proxy_pass (or a server of an upstream), as http://127.0.0.1:${slots.serving}`
    };
  }
  const { form, changesPath } = takeOver;
  return { proxy: "nginx", slots, form, first: slots.serving, second: slots.free, takeOver, changesPath };
}
function tellFront(front, move, container) {
  const others2 = front.programs.filter(
    (one) => move === void 0 || one.name !== move.proxy || one.container !== void 0
  );
  const told3 = others2.filter(({ name, container: where }) => where !== void 0 || name !== "nginx" && name !== "caddy").map(({ name, container: where }) => {
    const called = called_(name, where);
    return where === void 0 ? `${called} runs on the server, and is not ours to move: bridge (a redirect of the published port) serves what it hands to that port` : `${called} runs on the server, and is not ours to move: if it hands requests to a published port of the server, choose bridge; if it finds containers on a Docker network, choose recreate`;
  });
  if (move?.proxy === "nginx" && move.takeOver !== void 0)
    told3.push(tellTakeOver(move.takeOver, container));
  if (move?.proxy === "caddy") told3.push(...tellCaddy(move, container));
  if (move !== void 0) {
    const { serving, free } = move.slots;
    told3.push(
      `ports ${serving} and ${free} take turns behind ${move.proxy}: whoever asks 127.0.0.1:${serving} without it finds nobody there afterwards`
    );
  }
  return told3;
}
var names = {
  traefik: "Traefik",
  haproxy: "HAProxy",
  apache2: "Apache",
  httpd: "Apache",
  envoy: "Envoy",
  caddy: "Caddy"
};
function called_(name, where) {
  const called = names[name] ?? name;
  return where === void 0 ? called : `${called} (container ${where})`;
}
function refused(container, way, { observed, hint }) {
  return new import_ground_errors.UserError(`${container} cannot be deployed by ${way} — ${observed}`, hint, {
    code: "strategy-impossible"
  });
}
//! src/deployment/releases/release.ts
function workingNames(container) {
  return {
    next: `${container}-tenantry-next`,
    previous: `${container}-tenantry-previous`,
    bridge: `${container}-tenantry-bridge`,
    adopted: `${container}-tenantry-adopted`
  };
}
function servingName(container, release) {
  return `${container}-${fileName(release).replace(/^tenantry-/, "_$&")}`;
}
function nameOfServing(container) {
  const { [labels.app]: app, [labels.release]: release } = container.labels;
  if (app !== void 0 && release !== void 0) return servingName(app, release);
  return container.name.replace(/-tenantry-(next|previous|bridge|adopted)$/, "");
}
function namesFor(container, { release, current }) {
  const final = servingName(container, release);
  return { ...workingNames(container), old: current?.name ?? final, final };
}
function fileName(release) {
  return release.replace(/[^\w.-]/g, "_");
}
var labels = {
  app: "tenantry.app",
  environment: "tenantry.environment",
  release: "tenantry.release",
  digest: "tenantry.digest",
  /** A hash of everything that the container was told; equal means that nothing would change. */
  settings: "tenantry.settings",
  /** The restart policy, which is set only when the container is proven. */
  restart: "tenantry.restart",
  run: "tenantry.run",
  /** Paths of the files that were written into it, with commas between. */
  files: "tenantry.files",
  /** Names of the variables in the file that it reads, where its environment does not have them. */
  keys: "tenantry.env-keys"
};
function releaseOf({ release, image }) {
  return release ?? image.tag ?? image.digest?.slice("sha256:".length, "sha256:".length + 12) ?? "unnamed";
}
function isForeign(container) {
  return container.labels[labels.app] === void 0;
}
function releaseOfContainer(container) {
  return container.labels[labels.release];
}
function releaseNameOf(container) {
  return container.labels[labels.release] ?? container.image.replace(/@sha256:(\w{12})\w*$/, "@$1");
}
function digestOf2(container) {
  return container.labels[labels.digest] ?? /@(sha256:[0-9a-f]{64})$/.exec(container.image)?.[1];
}
function imageName({ image, transfer }, digest) {
  return transfer === "ssh" ? digest : (0, import_diagnosis_container_rules.pinnedImage)(image, digest);
}
function specFor(request, digest, { name, envFile }) {
  return {
    name,
    image: imageName(request, digest),
    entrypoint: request.entrypoint,
    command: request.command ?? [],
    envFile: request.envMode === "mount" ? void 0 : envFile,
    files: filesFor(request),
    labels: {
      ...request.labels,
      [labels.app]: request.container,
      [labels.environment]: request.environment,
      [labels.release]: releaseOf(request),
      [labels.digest]: digest,
      [labels.settings]: settingsOf(request, digest),
      [labels.restart]: request.restart,
      [labels.run]: request.run,
      ...fileLabels(request)
    },
    ports: request.ports,
    mounts: request.mounts,
    networks: request.networks,
    networkAlias: request.container,
    extraHosts: request.extraHosts,
    memory: request.memory,
    cpus: request.cpus,
    user: request.user,
    // A container that is not proven must not come back by itself; and its first exit shall be seen.
    restart: "no",
    stopTimeout: request.stopTimeout,
    health: request.health,
    options: request.options ?? {}
  };
}
function fileLabels({ env, envMode, files = {} }) {
  const paths = Object.keys(files).toSorted();
  return {
    ...paths.length === 0 ? {} : { [labels.files]: paths.join(",") },
    ...envMode === "mount" ? { [labels.keys]: Object.keys(env).toSorted().join(",") } : {}
  };
}
function filesFor({ env, envMode, envPath = "", files = {} }) {
  return [
    ...envMode === "mount" ? [{ path: envPath, content: (0, import_database_url.renderEnvironment)(env), mode: 256 }] : [],
    ...Object.entries(files).map(([path, content]) => ({ path, content, mode: 292 }))
  ];
}
function settingsOf(request, digest) {
  const { command: command2, ports, mounts, networks, extraHosts, memory, cpus, user, restart, health } = request;
  const settings2 = [
    digest,
    (0, import_database_url.renderEnvironment)(request.env),
    [command2 ?? [], ports, mounts, networks, extraHosts, Object.entries(request.labels).sort()],
    [memory, cpus, user, restart, health, request.stopTimeout, request.environment],
    // What most have not leaves the hash as it is.
    ...request.entrypoint === void 0 ? [] : [{ entrypoint: request.entrypoint }],
    ...filesFor(request).length === 0 ? [] : [filesFor(request)],
    ...Object.keys((0, import_diagnosis_container_rules.optionsOf)(request.options ?? {})).length === 0 ? [] : [{ options: (0, import_diagnosis_container_rules.optionsOf)(request.options ?? {}) }]
  ];
  const hash = (0, import_node_crypto2.createHmac)("sha256", request.settingsKey ?? "");
  return hash.update(JSON.stringify(settings2)).digest("hex").slice(0, 16);
}
function envFileOf(home, container, key) {
  return `${home}/.tenantry/${container}/releases/${key}.env`;
}
//! src/deployment/request/asked.ts
function askedOf(request) {
  return { ...request, hasProbe: request.healthUrl !== void 0 };
}
//! src/deployment/request/pre-deploy-command.ts
var words = (0, import_zod.union)([(0, import_zod.string)(), (0, import_zod.array)((0, import_zod.string)()).min(1, "has no word")]).transform((0, import_yaml.orRefused)((run3) => typeof run3 === "string" ? splitWords(run3) : run3));
var duration2 = (0, import_zod.union)([(0, import_zod.string)(), (0, import_zod.number)().transform(String)]).transform((0, import_yaml.orRefused)(import_ground_duration.parseDuration)).prefault("5m");
var command = (0, import_zod.strictObject)({
  run: words.describe(
    "The command: a list of words, or one text whose words stand apart. No shell reads it."
  ),
  name: (0, import_zod.string)().optional().describe("What the log calls it. Default: the command itself."),
  blocking: (0, import_zod.boolean)().default(true).describe("Whether its failure ends the deployment; else it is a warning."),
  timeout: duration2.describe("How long it may run: 90s. Default: 5m.")
});
var preDeployShape = (0, import_zod.array)(
  command.transform(
    ({ name, ...rest }) => ({ name: name ?? rest.run.join(" "), ...rest })
  )
).min(1, "has no command").superRefine((commands, context) => {
  for (const [index, { name }] of commands.entries()) {
    if (commands.findIndex((other) => other.name === name) === index) continue;
    context.addIssue({ code: "custom", path: [index], message: `there are two commands named ${name}` });
  }
});
function splitWords(text3) {
  const [odd] = /["'`$\\|&;<>*]/.exec(text3) ?? [];
  if (odd !== void 0) {
    throw new RangeError(`has ${odd}, which only a shell would read — write a list: [sh, -c, "…"]`);
  }
  const found = text3.split(/\s+/).filter((word) => word !== "");
  if (found.length === 0) throw new RangeError("has no word");
  return found;
}
function describeCommand({ name, blocking, timeout: timeout4 }) {
  return `${name} (${blocking ? "blocking" : "a failure is only a warning"}, at most ${(0, import_ground_duration.showDuration)(timeout4)})`;
}
//! src/deployment/bridge/bridge-leftovers.ts
function isTail({ current, next, bridge }, { isRedirected, hasProgram }) {
  const isInPlace = current?.state.status === "running" && next === void 0;
  return bridge !== void 0 && isInPlace && !isRedirected && !hasProgram;
}
function describeSwitch(found, survey) {
  const { current, bridge } = found;
  if (isTail(found, survey)) {
    return survey.isWorking ? "the last deployment still has connections that it lets come to their end" : "the last deployment could not remove its temporary container: it will be removed";
  }
  const of = bridge === void 0 ? "" : ` to ${releaseNameOf(bridge)}`;
  const state = current?.state.status === "running" ? "it will be undone" : "it will be finished, or undone";
  return `an earlier deployment${of} ended in the middle of its switch: ${state}`;
}
//! src/deployment/releases/repair.ts
function repairFor({ current, next, previous }) {
  if (next !== void 0 && previous !== void 0 && current === void 0) return "finish";
  if (next !== void 0) return next.state.status === "running" ? "judge" : "undo";
  if (previous === void 0) return "none";
  return current === void 0 ? "restore" : "tidy";
}
function describeRepair(found) {
  const { current, next, previous } = found;
  switch (repairFor(found)) {
    case "none":
      return void 0;
    case "judge":
      return `an earlier deployment did not come to its end: ${nameOf(next)} runs unproven; it will be proven, or removed`;
    case "undo":
      return `an earlier deployment did not come to its end: ${nameOf(next)} will be removed, and ${nameOf(current)} runs again`;
    case "finish":
      return `an earlier deployment did not come to its end: ${nameOf(next)} was proven, and will get its name`;
    case "restore":
      return `an earlier deployment did not come to its end: ${nameOf(previous)} will run again`;
    case "tidy":
      return `an earlier deployment left ${nameOf(previous)}, which will be removed`;
  }
}
function nameOf(container) {
  return container === void 0 ? "nothing" : releaseNameOf(container);
}
//! src/deployment/plan/leftovers.ts
function describeLeftovers(found, survey) {
  if (isBetweenSlots(found, survey)) {
    return "an earlier deployment ended while its ports took turns: it will be finished, or undone";
  }
  if (found.bridge !== void 0 || survey.isRedirected) return describeSwitch(found, survey);
  const repair = describeRepair(found);
  if (repair !== void 0 || survey.pendingRelease === void 0) return repair;
  return "an earlier deployment left its records open: they will be put in order";
}
//! src/deployment/plan/mechanism.ts
var memoryToSpare = 0.1;
function chooseMechanism(asked, survey, current) {
  const { strategy, container } = asked;
  const none = { obstacle: void 0, leftOut: [], move: void 0, seen: [] };
  if (current === void 0 || current.state.status !== "running" || strategy === "recreate") {
    return { ...none, mechanism: "recreate" };
  }
  const ways2 = [...wayByProxy(asked, survey, current), ...wayByBridge(asked, survey, current)];
  const chosen = ways2.find(({ obstacle: obstacle2 }) => obstacle2 === void 0) ?? ways2.at(-1);
  if (chosen === void 0) throw refused(container, strategy, nothingInFront(strategy));
  const { mechanism, obstacle, leftOut, move } = chosen;
  const passed = ways2.slice(0, ways2.indexOf(chosen)).map((way) => `not by ${way.mechanism}: ${sentence(way.obstacle)}`);
  const seen = [...tellFront(survey.front, move, container), ...passed];
  if (obstacle === void 0) {
    const reason = strategy === "auto" && move !== void 0 ? `${mechanism} on this server hands requests to port ${move.slots.serving}` : void 0;
    return { mechanism, obstacle, leftOut, move, seen, reason };
  }
  if (strategy === "auto") return { ...none, mechanism: "recreate", obstacle: sentence(obstacle), seen };
  throw refused(container, strategy, obstacle);
}
function wayByProxy(asked, survey, current) {
  return ["caddy", "nginx"].filter((proxy) => asked.strategy === "auto" || asked.strategy === proxy).flatMap((proxy) => {
    const move = moveBy(proxy, asked, survey, current);
    if (move === void 0) return [];
    const obstacle = "slots" in move ? copiesObstacle(asked, survey) : move;
    return [{ mechanism: proxy, obstacle, leftOut: [], move: "slots" in move ? move : void 0 }];
  });
}
function wayByBridge(asked, survey, current) {
  if (asked.strategy !== "auto" && asked.strategy !== "bridge") return [];
  const obstacle = hostObstacle(asked, survey, current) ?? copiesObstacle(asked, survey);
  return [{ mechanism: "bridge", obstacle, leftOut: leftOutBy(asked, survey), move: void 0 }];
}
function nothingInFront(proxy) {
  return {
    observed: `no ${proxy} of the server hands requests to its port`,
    hint: `write the address into its configuration (proxy to http://127.0.0.1 and the port in ports), or choose strategy: auto`
  };
}
function sentence(obstacle) {
  return obstacle === void 0 ? "" : `${obstacle.observed}; ${obstacle.hint}`;
}
function hostObstacle({ ports, hasProbe }, survey, current) {
  if (!ports.some(({ protocol }) => protocol === "tcp")) {
    return { observed: "it publishes no port, so no traffic can be moved", hint: "publish one with ports" };
  }
  const odd = ports.filter(({ protocol, address: address2 }) => protocol !== "tcp" || address2?.includes(":") === true);
  if (odd.length > 0) {
    return {
      observed: "it publishes a UDP port, or a port of one IPv6 address",
      hint: "publish TCP ports of every address or of an IPv4 address"
    };
  }
  const missing2 = [...survey.missing, ...hasProbe && survey.http === void 0 ? ["curl"] : []];
  if (missing2.length > 0) {
    return { observed: `the server lacks ${(0, import_ground_words.listed)(missing2)}`, hint: `install ${(0, import_ground_words.listed)(missing2)} there` };
  }
  if (!survey.allowed) {
    return {
      observed: "this account may not change the packet filter",
      hint: 'log in as root, or let it run iptables-save and iptables-restore (or nft) by "sudo -n"'
    };
  }
  if (survey.filter === void 0) {
    return {
      observed: "Docker's own rules were found neither in iptables nor in nftables",
      hint: 'let Docker manage its rules (no "iptables": false in daemon.json)'
    };
  }
  const served = new Set(current.ports.map(({ hostPort }) => hostPort));
  if (served.size > 0 && !survey.proxies.some(({ hostPort }) => served.has(hostPort))) {
    return {
      observed: "Docker forwards without its userland proxy there",
      hint: 'take "userland-proxy": false out of daemon.json'
    };
  }
  return void 0;
}
function copiesObstacle({ strategy, mounts, sharedVolumes }, survey) {
  const writable = mounts.filter(({ readOnly }) => !readOnly);
  if (writable.length > 0 && !sharedVolumes) {
    return {
      observed: `two versions would write to ${(0, import_ground_words.listed)(writable.map(({ source }) => source))} for a while`,
      hint: 'write "shared-volumes: true" if they may'
    };
  }
  const { usedMemory, availableMemory } = survey;
  if (usedMemory === void 0 || availableMemory === void 0 || strategy !== "auto") return void 0;
  if (usedMemory * (1 + memoryToSpare) <= availableMemory) return void 0;
  return {
    observed: `memory does not fit twice: it holds ${(0, import_diagnosis_container_rules.showSize)(usedMemory)}, and ${(0, import_diagnosis_container_rules.showSize)(availableMemory)} are free`,
    hint: 'write "strategy: bridge" (or nginx, caddy) to try it all the same'
  };
}
var closedPorts = "the firewall of the server lets in only what it was told, so they stay with the old version, and have a gap while the last container boots";
function leftOutBy({ networks, container, ports }, survey) {
  const own = networks.filter((network) => !["bridge", "host", "none"].includes(network));
  const isPublic = ports.some(({ address: address2 }) => address2 === void 0);
  return [
    ...own.length === 0 ? [] : [
      `containers on ${(0, import_ground_words.listed)(own)} that call it by the name ${container}: they have a gap while the last container boots`
    ],
    ...isPublic && survey.filter6 === void 0 && survey.filter?.startsWith("iptables") === true ? ["clients that come over IPv6: ip6tables cannot be used there"] : [],
    ...isPublic && survey.closed.ipv6 ? [`clients that come over IPv6: ${closedPorts}`] : [],
    ...survey.closed.ipv4 ? [`containers of the same network that call the server by its address: ${closedPorts}`] : []
  ];
}
//! src/deployment/plan/mechanism-reason.ts
function reasonFor(choice2, { strategy }, survey, current) {
  if (choice2.reason !== void 0) return choice2.reason;
  if (choice2.obstacle !== void 0) return choice2.obstacle;
  if (strategy === choice2.mechanism) return `strategy: ${strategy} was asked for`;
  if (current?.state.status !== "running") return "nothing serves there, so there is no gap to avoid";
  return `nothing stands in front of it that could be told, and this account may change Docker's packet filter (${survey.filter})`;
}
//! src/deployment/request/request.ts
var noImage = {
  registry: "",
  repository: "",
  tag: void 0,
  digest: void 0,
  name: ""
};
//! src/deployment/releases/room.ts
var bytes = (0, import_zod.number)().nonnegative().optional();
var roomJson = (0, import_zod.object)({ memory: bytes, totalMemory: bytes, disk: bytes });
function roomOf({
  availableMemory,
  usedMemory = 0,
  totalMemory,
  disk
}) {
  return {
    memory: availableMemory === void 0 ? void 0 : availableMemory + usedMemory,
    totalMemory,
    disk: disk.bytes
  };
}
var muchLess = 0.5;
var same = 0.02;
function roomChanges(then, now) {
  if (then === void 0) return [];
  return [
    ...resized(then.totalMemory, now.totalMemory),
    ...shrunk("free memory of the server", then.memory, now.memory),
    ...shrunk("free disk of the server, where Docker's images are", then.disk, now.disk)
  ];
}
function resized(then, now) {
  if (then === void 0 || now === void 0 || Math.abs(now - then) <= then * same) return [];
  return [`memory of the server: ${(0, import_diagnosis_container_rules.showSize)(then)} → ${(0, import_diagnosis_container_rules.showSize)(now)}`];
}
function shrunk(what, then, now) {
  if (then === void 0 || now === void 0 || now >= then * muchLess) return [];
  return [`${what}: ${(0, import_diagnosis_container_rules.showSize)(then)} → ${(0, import_diagnosis_container_rules.showSize)(now)}`];
}
//! src/deployment/releases/run-specification.ts
var text2 = (0, import_zod.string)();
var texts2 = (0, import_zod.array)(text2);
var optionShape = {
  networkAliases: texts2.optional(),
  hostname: text2.optional(),
  dns: texts2.optional(),
  logDriver: text2.optional(),
  logOptions: (0, import_zod.record)(text2, text2).optional(),
  capAdd: texts2.optional(),
  capDrop: texts2.optional(),
  securityOptions: texts2.optional(),
  readOnly: (0, import_zod.boolean)().optional(),
  tmpfs: texts2.optional(),
  ulimits: texts2.optional(),
  init: (0, import_zod.boolean)().optional(),
  shmSize: (0, import_zod.number)().optional()
};
var shape = {
  entrypoint: texts2.optional(),
  command: texts2.optional(),
  ports: (0, import_zod.array)(
    (0, import_zod.object)({
      address: text2.optional(),
      hostPort: (0, import_zod.number)(),
      containerPort: (0, import_zod.number)(),
      protocol: (0, import_zod._enum)(["tcp", "udp"])
    })
  ),
  replicas: (0, import_zod.number)().optional(),
  mounts: (0, import_zod.array)(
    (0, import_zod.object)({ type: (0, import_zod._enum)(["bind", "volume"]), source: text2, target: text2, readOnly: (0, import_zod.boolean)() })
  ),
  networks: texts2,
  extraHosts: texts2,
  labels: (0, import_zod.record)(text2, text2),
  memory: (0, import_zod.number)().optional(),
  cpus: (0, import_zod.number)().optional(),
  user: text2.optional(),
  envMode: (0, import_zod._enum)(["env-file", "mount"]).optional(),
  envPath: text2.optional(),
  /** May be secret, as the environment beside it: both files are for this account only. */
  files: (0, import_zod.record)(text2, text2).optional(),
  options: (0, import_zod.object)(optionShape).optional(),
  restart: text2,
  health: (0, import_zod.object)({
    command: text2,
    interval: (0, import_zod.number)(),
    timeout: (0, import_zod.number)(),
    retries: (0, import_zod.number)(),
    startPeriod: (0, import_zod.number)()
  }).optional(),
  healthUrl: text2.optional(),
  healthHost: text2.optional(),
  stopTimeout: (0, import_zod.number)(),
  sharedVolumes: (0, import_zod.boolean)()
};
var runSpecificationJson = (0, import_zod.object)(shape);
function runSpecificationOf(request) {
  return runSpecificationJson.parse(request);
}
//! src/deployment/releases/record.ts
var recordJson = (0, import_zod.object)({
  schema: (0, import_zod.literal)(1),
  container: (0, import_zod.string)(),
  environment: (0, import_zod.string)(),
  release: (0, import_zod.string)().min(1),
  settings: (0, import_zod.string)().min(1),
  image: (0, import_zod.string)().min(1),
  digest: (0, import_zod.string)().regex(/^sha256:[0-9a-f]{64}$/).optional(),
  imageId: (0, import_zod.string)().min(1),
  run: (0, import_zod.string)(),
  at: import_zod_2.iso_exports.datetime(),
  mechanism: (0, import_zod.string)(),
  specification: runSpecificationJson,
  adopted: (0, import_zod.object)({ id: (0, import_zod.string)(), notKept: (0, import_zod.array)((0, import_zod.string)()) }).optional(),
  // It only explains: a record is not refused for it.
  room: roomJson.optional().catch(void 0)
});
function keyOf(release, settings2) {
  return `${fileName(release)}-${settings2}`;
}
function keyOfContainer(container) {
  const { [labels.release]: release, [labels.settings]: settings2 } = container.labels;
  if (release !== void 0 && settings2 !== void 0) return keyOf(release, settings2);
  return keyOf(adoptedRelease(container), container.id.slice(0, 16));
}
function adoptedRelease({ id, image, labels: own }) {
  const named2 = own[labels.release];
  if (named2 !== void 0) return named2;
  const tag = /:([\w][\w.-]*)$/.exec(image.replace(/@.*$/, ""))?.[1];
  return `adopted-${tag ?? id.slice(0, 12)}`;
}
function readRecord(json) {
  let content;
  try {
    content = JSON.parse(json);
  } catch {
    return "it is no JSON";
  }
  const { data, error } = recordJson.safeParse(content);
  if (data !== void 0) return data;
  const [issue] = error.issues;
  return `${issue?.path.join(".") ?? "it"}: ${issue?.message ?? "cannot be understood"}`;
}
function recordOf(request, { settings: settings2, digest, imageId, mechanism, at: at2, room }) {
  return {
    schema: 1,
    container: request.container,
    environment: request.environment,
    release: releaseOf(request),
    settings: settings2,
    image: request.image.name,
    // What was sent, and what only this server has, is known by its id alone.
    ...request.transfer === "ssh" || digest === request.image.id ? {} : { digest },
    imageId,
    run: request.run,
    at: at2.toISOString(),
    mechanism,
    specification: runSpecificationOf(request),
    ...room === void 0 ? {} : { room }
  };
}
function recordOfContainer(container, request, { repoDigests, notKept, at: at2 }) {
  const { settings: settings2, ...named2 } = {
    settings: container.labels[labels.settings] ?? container.id.slice(0, 16),
    release: adoptedRelease(container)
  };
  const image = container.image.replace(/@.*$/, "").replace(/:[\w][\w.-]*$/, "");
  const digest = repoDigests.find((each) => each.startsWith(`${image}@`))?.split("@")[1];
  const own = Object.entries(container.labels).filter(([name]) => !name.startsWith("tenantry."));
  return {
    schema: 1,
    container: request.container,
    environment: request.environment,
    ...named2,
    settings: settings2,
    image,
    ...digest === void 0 ? {} : { digest },
    imageId: container.imageId,
    run: container.labels[labels.run] ?? "started by hand or by another tool",
    at: at2.toISOString(),
    mechanism: "none",
    specification: {
      entrypoint: container.entrypoint.length === 0 ? void 0 : container.entrypoint,
      command: container.command,
      ports: container.ports,
      mounts: container.mounts,
      networks: container.networks.filter((network) => network !== "bridge"),
      extraHosts: container.extraHosts,
      // Another tool's labels would make the copy look like its own.
      labels: Object.fromEntries(own.filter(([name]) => !name.startsWith("com.docker."))),
      memory: container.memory === 0 ? void 0 : container.memory,
      cpus: container.cpus === 0 ? void 0 : container.cpus,
      options: {
        ...container.options,
        networkAliases: (container.options.networkAliases ?? []).filter(
          (alias) => alias !== request.container
        )
      },
      user: container.user === "" ? void 0 : container.user,
      restart: container.labels[labels.restart] ?? container.restart,
      health: container.healthCheck,
      healthUrl: request.healthUrl,
      healthHost: request.healthHost,
      stopTimeout: request.stopTimeout,
      sharedVolumes: request.sharedVolumes
    },
    ...isForeign(container) ? { adopted: { id: container.id, notKept } } : {}
  };
}
function chosenRecord(releases, wanted, { serving, container, host }) {
  const stored = wanted === "previous" ? previousOf(releases, serving) : named(releases, wanted);
  if (stored === void 0) {
    const what = wanted === "previous" ? "the release before" : `the release ${wanted}`;
    throw new import_ground_errors.UserError(
      `${container} cannot go back to ${what} on ${host} — ${whatIsThere(releases, serving)}`,
      "give one of those as release, or deploy the image that you want",
      { code: "nothing-to-go-back-to" }
    );
  }
  if ("record" in stored && stored.hasEnvironment) return stored.record;
  const problem = "problem" in stored ? stored.problem : "its environment file is missing";
  throw new import_ground_errors.UserError(
    `${container} cannot go back to ${stored.key} on ${host} — the record ~/.tenantry/${container}/releases/${stored.key}.json cannot be used: ${problem}`,
    `choose another release (${whatIsThere(releases, serving)}), or deploy its image`,
    { code: "release-unreadable" }
  );
}
function previousOf({ records, current, previous }, serving) {
  const key = current !== void 0 && serving !== current ? current : previous;
  return key === void 0 || key === serving ? void 0 : records.find((each) => each.key === key);
}
function named({ records }, name) {
  const exact = records.find(({ key }) => key === name);
  if (exact !== void 0) return exact;
  const [newest] = newestFirst(records).filter((each) => "record" in each && each.record.release === name);
  return newest ?? records.find((each) => "problem" in each && each.key.startsWith(`${fileName(name)}-`));
}
function newestFirst(records) {
  const at2 = (stored) => "record" in stored ? stored.record.at : "";
  return [...records].sort((one, other) => at2(one) < at2(other) ? 1 : -1);
}
function whatIsThere({ records }, serving) {
  const names2 = newestFirst(records).filter(({ key }) => key !== serving).map((stored) => "record" in stored ? stored.record.release : stored.key);
  return names2.length === 0 ? "no other release is recorded there" : `there are ${(0, import_ground_words.listed)([...new Set(names2)])}`;
}
function recordsToPrune({ records, current, previous }, keep) {
  const readable = newestFirst(records).flatMap((stored) => "record" in stored ? [stored] : []);
  const spared = readable.filter(({ key }) => key === current || key === previous);
  const others2 = readable.filter((stored) => !spared.includes(stored));
  const room = Math.max(0, keep - spared.length);
  const used = new Set([...spared, ...others2.slice(0, room)].map(({ record: record2 }) => record2.imageId));
  return others2.slice(room).map(({ key, record: { release, image: name, imageId: id } }) => {
    return { key, release, image: used.has(id) ? void 0 : { id, name } };
  });
}
function imageOf({ image, digest, imageId }) {
  if (digest !== void 0) return { ...(0, import_diagnosis_container_rules.readImageName)(image), digest };
  return { ...noImage, name: image, id: imageId };
}
//! src/deployment/releases/adoption.ts
async function servingOnPort(docker, request) {
  for (const { hostPort, protocol } of request.ports) {
    for (const name of await docker.publishersOf(hostPort, protocol)) {
      const container = await docker.container(name);
      if (container !== void 0 && isSameApplication(container, request)) return container.id;
    }
  }
  return void 0;
}
function isSameApplication(found, { container, image }) {
  if (!isForeign(found) || found.labels["com.docker.swarm.service.id"] !== void 0) return false;
  if (found.labels["com.docker.compose.service"] === container) return true;
  return image.name !== "" && lastPart(found.image) === lastPart(image.name);
}
function lastPart(image) {
  return image.replace(/@.*$/, "").replace(/^.*\//, "").replace(/:.*$/, "");
}
function refuseUnadoptable(found, host) {
  if (found === void 0 || !isForeign(found) || !found.autoRemove) return;
  throw new import_ground_errors.UserError(
    `The container ${found.name} on ${host} cannot be taken over — it was started with --rm: once it is stopped it is gone, and could not come back if the new version is no good`,
    "start it without --rm, or remove it yourself (users have nothing meanwhile), then run again",
    { code: "container-not-adoptable" }
  );
}
function notCarried(found, image) {
  const isOwn = JSON.stringify(found.healthTest) !== JSON.stringify(image?.healthTest ?? []);
  const isLost = found.healthTest.length > 0 && found.healthCheck === void 0 && isOwn;
  return [...found.beyondUs, ...isLost ? ["its own health check"] : []];
}
function adoptionLines(found, container, { image, keepsPort }) {
  if (!isForeign(found)) return [];
  const missing2 = notCarried(found, image);
  const where = found.name === container ? "" : ` (${found.name}, found by its published port)`;
  const lacks = missing2.length === 0 ? "" : `; a rollback would make it anew, without ${(0, import_ground_words.listed)(missing2)}, which Tenantry cannot give`;
  return [
    `it was not started by Tenantry${where}: it is taken over as the release ${adoptedRelease(found)}, and kept, stopped, as ${container}-tenantry-adopted as long as it is the one to go back to${lacks}`,
    ...composeLines(found, keepsPort)
  ];
}
function composeLines({ labels: own }, keepsPort) {
  const project = own["com.docker.compose.project"];
  if (project === void 0) return [];
  const service = own["com.docker.compose.service"] ?? "unknown";
  const file = own["com.docker.compose.project.config_files"];
  const inFile = file === void 0 ? "its Compose file" : file;
  const ending = keepsPort ? "and fail because the port is taken" : "on its old port, where the proxy does not ask any more";
  return [
    `it belongs to the Compose project ${project}, service ${service}: a later "docker compose up" there would start that service again beside this one, ${ending}; "docker compose down" would remove what is kept of it`,
    `to hand the service over for good, take ${service} out of ${inFile} once the new version serves; other services that call it by the name ${service} reach the new one only on a network that both join (networks) and where it has that name, too (network-aliases: ${service})`
  ];
}
//! src/deployment/plan/differences.ts
function differencesBetween(wanted, current, image) {
  const { spec, restart } = wanted;
  const command2 = spec.command.length === 0 ? image.command : spec.command;
  return [
    ...imageDifference(wanted, current),
    ...environmentDifference(wanted, current, image),
    ...changed("files", namesIn(current.labels[labels.files]), namesIn(spec.labels[labels.files])),
    ...changed("ports", current.ports.map(import_diagnosis_container_rules.showPort), spec.ports.map(import_diagnosis_container_rules.showPort)),
    ...changed("mounts", current.mounts.filter(isNamed).map(showMount), spec.mounts.map(showMount)),
    ...changed("networks", current.networks, spec.networks.length === 0 ? ["bridge"] : spec.networks),
    ...changed("extra hosts", current.extraHosts, spec.extraHosts),
    ...(0, import_diagnosis_container_rules.optionDifferences)(spec.options ?? {}, ownAliasLess(current, spec)),
    ...labelDifference(spec, current),
    ...entrypointDifference(spec, current, image),
    ...JSON.stringify(command2) === JSON.stringify(current.command) ? [] : [spec.command.length === 0 ? "command: the image's own again" : "command: another one"],
    ...current.restart === restart ? [] : [`restart: ${current.restart} → ${restart}`],
    ...current.memory === (spec.memory ?? 0) ? [] : [`memory: ${limit(current.memory)} → ${limit(spec.memory ?? 0)}`],
    ...current.cpus === (spec.cpus ?? 0) ? [] : [`cpus: ${current.cpus || "no limit"} → ${spec.cpus ?? "no limit"}`],
    ...spec.user === void 0 || spec.user === current.user ? [] : [`user: ${current.user || "the image's"} → ${spec.user}`]
  ];
}
function ownAliasLess({ options = {} }, { networkAlias }) {
  return {
    ...options,
    networkAliases: (options.networkAliases ?? []).filter((alias) => alias !== networkAlias)
  };
}
function entrypointDifference({ entrypoint }, current, image) {
  if (current.entrypoint === void 0 || image.entrypoint === void 0) return [];
  const wanted = entrypoint ?? image.entrypoint;
  if (JSON.stringify(wanted) === JSON.stringify(current.entrypoint)) return [];
  return [entrypoint === void 0 ? "entry point: the image's own again" : "entry point: another one"];
}
function imageDifference({ digest, release }, current) {
  const before = releaseNameOf(current);
  const isSame = digest === void 0 ? before === release : digestOf2(current) === digest;
  return isSame ? [] : [`image: ${before} → ${release}`];
}
function environmentDifference({ env, spec }, current, image) {
  const keys = Object.keys(env);
  const { [labels.keys]: inFile } = current.labels;
  const given = inFile === void 0 ? current.environmentKeys.filter((key) => !image.environmentKeys.includes(key) || keys.includes(key)) : namesIn(inFile);
  if (inFile !== void 0 || spec.labels[labels.keys] !== void 0)
    return changed("variables", given, keys);
  const other = keys.filter((key) => given.includes(key) && !current.hasVariable(key, env[key] ?? ""));
  return [
    ...changed("variables", given, keys),
    ...other.length === 0 ? [] : [`variables with another value: ${(0, import_ground_words.listed)(other.toSorted())}`]
  ];
}
function namesIn(label = "") {
  return label.split(",").filter((name) => name !== "");
}
function labelDifference(spec, current) {
  const own = Object.values(labels);
  const other = Object.entries(spec.labels).filter(
    ([name, value]) => !own.includes(name) && current.labels[name] !== value
  );
  return other.length === 0 ? [] : [`labels: ${(0, import_ground_words.listed)(other.map(([name]) => name).toSorted())}`];
}
function changed(what, before, after) {
  const added = after.filter((item) => !before.includes(item));
  const removed = before.filter((item) => !after.includes(item));
  return [
    ...added.length === 0 ? [] : [`${what}: + ${(0, import_ground_words.listed)([...added].sort())}`],
    ...removed.length === 0 ? [] : [`${what}: − ${(0, import_ground_words.listed)([...removed].sort())}`]
  ];
}
function isNamed({ type, source }) {
  return type === "bind" || !/^[0-9a-f]{64}$/.test(source);
}
function showMount({ source, target, readOnly }) {
  return `${source}:${target}${readOnly ? ":ro" : ""}`;
}
function limit(bytes2) {
  return bytes2 === 0 ? "no limit" : (0, import_diagnosis_container_rules.showSize)(bytes2);
}
//! src/deployment/plan/plan.ts
function planFor(wanted, current, image) {
  const { choice: choice2, release, why } = wanted;
  const { mechanism } = choice2;
  if (current === void 0) {
    const summary = `nothing runs yet; ${release} will be started`;
    return { ...nothing, kind: "first", summary, now: "nothing", mechanism, why };
  }
  const runs = releaseNameOf(current);
  const now = nowOf(current);
  const isSame = wanted.digest !== void 0 && digestOf2(current) === wanted.digest && current.labels[labels.settings] === wanted.spec.labels[labels.settings];
  if (isSame && current.state.status === "running") {
    return { ...nothing, kind: "unchanged", summary: `${runs} runs, as asked for`, now };
  }
  const seen = differencesBetween(wanted, current, image);
  const changes = seen.length === 0 && !isSame ? ["settings that Docker does not show"] : seen;
  const differences = [
    ...adoptionLines(current, wanted.spec.labels[labels.app] ?? "", {
      image,
      keepsPort: choice2.move === void 0
    }),
    ...current.state.status === "running" ? [] : [`it is ${current.state.status}`],
    ...changes
  ];
  return {
    kind: "replace",
    summary: `${runs} ${current.state.status === "running" ? "runs" : "is there"}; ${courseOf(wanted, current)}`,
    now,
    mechanism,
    why,
    differences: [
      ...differences,
      ...choice2.leftOut.map((clients) => `not redirected: ${clients}`),
      ...choice2.seen
    ],
    changes,
    kept: keptOf(wanted, current)
  };
}
var nothing = {
  mechanism: void 0,
  why: void 0,
  differences: [],
  changes: [],
  kept: void 0
};
function nowOf(current) {
  const { status, health, startedAt, finishedAt } = current.state;
  const digest = digestOf2(current);
  const hasEnded = status === "exited" || status === "dead";
  const since2 = hasEnded ? finishedAt : startedAt;
  return [
    `${releaseNameOf(current)}${digest === void 0 ? "" : ` (${(0, import_diagnosis_container_rules.shortDigest)(digest)})`}, ${status}`,
    health === void 0 ? "" : ` and ${health.status}`,
    since2.getTime() <= 0 ? "" : ` since ${since2.toISOString().slice(0, 16).replace("T", " ")} UTC`
  ].join("");
}
var ways = {
  bridge: "a redirect for the time of the switch",
  nginx: "its requests go to another port",
  caddy: "one request to its admin API, and its file",
  swarm: "an update of its service"
};
function courseOf({ choice: choice2, release, bake }, current) {
  const way = ways[choice2.mechanism];
  if (way !== void 0) {
    return `${release} will take its place without a gap (${choice2.mechanism}: ${way}; it stays ready for ${(0, import_ground_duration.showDuration)(bake)})`;
  }
  const why = choice2.obstacle === void 0 ? "" : `: ${choice2.obstacle}`;
  if (current.state.status !== "running") return `it will be replaced by ${release} (recreate)`;
  return `it will be stopped, and ${release} started (recreate, with a gap${why})`;
}
function keptOf({ choice: choice2, release, bake, healthTimeout }, current) {
  const old = releaseNameOf(current);
  if (ways[choice2.mechanism] !== void 0) {
    return `${old} has the traffic back at once if ${release} is no good within ${(0, import_ground_duration.showDuration)(bake)} after the switch; then it is stopped`;
  }
  return `${old} is started again if ${release} is no good within ${(0, import_ground_duration.showDuration)(healthTimeout)}`;
}
//! src/deployment/plan/show-plan.ts
async function showPlan(work, { found, survey, currentImage }) {
  const { request, learn } = work;
  const current = found.current ?? found.previous;
  const known = request.image.digest ?? await digestOnServer(work);
  const choice2 = chooseMechanism(askedOf(request), survey, current);
  const serving = { ...work, request: inServingSlot(request, survey) };
  const plan = planOf(serving, { current, currentImage, digest: known, choice: choice2, survey });
  const repair = describeLeftovers(found, survey);
  learn({
    result: "planned",
    digest: known,
    previousRelease: current && releaseNameOf(current),
    previousDigest: current && digestOf2(current)
  });
  if (repair !== void 0) work.ports.log.step("Repair", repair);
  tellPlan(plan, work);
}
async function digestOnServer({ docker, request, ports }) {
  const { image, transfer } = request;
  if (transfer === "ssh") return (await sameImage(docker, await ports.sender.look()))?.id;
  const found = await docker.image((0, import_diagnosis_container_rules.showImage)(image));
  const digests = (found?.repoDigests ?? []).filter((name) => name.startsWith(`${image.name}@`));
  return digests.length === 1 ? digests[0]?.split("@")[1] : void 0;
}
function planOf({ request }, { current, currentImage, digest, choice: choice2, survey }) {
  const spec = specFor(request, digest ?? "unknown", { name: request.container, envFile: "" });
  const wanted = {
    spec,
    digest,
    release: releaseOf(request),
    restart: request.restart,
    env: request.env,
    choice: choice2,
    why: reasonFor(choice2, request, survey, current),
    bake: request.bake,
    healthTimeout: request.healthTimeout
  };
  return planFor(wanted, current, currentImage ?? { environmentKeys: [], command: current?.command ?? [] });
}
function tellPlan(plan, { host, request, ports, learn }) {
  const { log } = ports;
  const { now, mechanism, why, differences, kept: kept2 } = plan;
  log.step("Plan", `${request.container} on ${host}: ${plan.summary}`);
  if (plan.kind !== "first") log.info(`now: ${now}`);
  if (why !== void 0 && !plan.summary.includes(why)) log.info(`${mechanism}: ${why}`);
  for (const difference of differences) log.info(difference);
  if (plan.kind !== "unchanged") {
    for (const command2 of request.preDeploy ?? []) log.info(`before: ${describeCommand(command2)}`);
  }
  if (kept2 !== void 0) log.info(`kept: ${kept2}`);
  learn({ plan, differences, changes: plan.changes });
}
//! src/deployment/recreate/switch-over.ts
//! src/deployment/releases/find-containers.ts
async function findContainers(docker, container, old) {
  const names2 = workingNames(container);
  const named2 = [container, ...Object.values(names2), ...old === void 0 ? [] : [old]];
  const found = await docker.containers(named2, `${labels.app}=${container}`);
  return sorted(found, container, names2);
}
function sorted(containers, container, names2) {
  const named2 = (name) => containers.find((each) => each.name === name);
  const previous = named2(names2.previous);
  const working = new Set(Object.values(names2));
  const candidates = containers.filter(
    (each) => !working.has(each.name) && // Swarm's own have the labels of their service; they are not ours to replace.
    each.labels["com.docker.swarm.service.id"] === void 0 && // While the old one waits for its end, nobody else with the bare name has to do with this application.
    (each.name !== container || !isForeign(each) || previous === void 0)
  );
  const rank = (each) => (each.state.status === "running" ? 0 : 2) + (each.labels[labels.app] === container ? 0 : 1);
  const [current] = candidates.sort((one, other) => rank(one) - rank(other));
  return {
    current,
    next: named2(names2.next),
    previous,
    bridge: named2(names2.bridge),
    adopted: named2(names2.adopted)
  };
}
function checkOwner({ current, next, bridge }, container, environment2) {
  for (const found of [current, next, bridge]) {
    if (found === void 0 || found === current && isForeign(found)) continue;
    refuseStranger(found, container, environment2);
  }
}
function refuseStranger(found, container, environment2) {
  const { [labels.app]: app, [labels.environment]: owner } = found.labels;
  if (app === container && owner === environment2) return;
  throw new import_ground_errors.UserError(
    `The container ${found.name} belongs to ${app ?? "somebody else"}${owner === void 0 ? "" : ` (${owner})`} — not to ${container} (${environment2})`,
    "choose another name with the input container, or correct environment",
    { code: "container-name-taken" }
  );
}
//! src/deployment/server/reconnect.ts
var reconnecting = { attempts: 5, pause: 2e3 };
async function reconnected(machine, { log, limit: limit2, attempts = reconnecting.attempts }) {
  for (let attempt = 1; attempt <= attempts && !limit2.aborted; attempt += 1) {
    try {
      await machine.renew(limit2);
      return true;
    } catch (error) {
      log.debug(`connecting again: ${(0, import_ground_errors.messageOf)(error)}`);
      await (0, import_promises.setTimeout)(reconnecting.pause, void 0, { signal: limit2 }).catch(() => {
      });
    }
  }
  return false;
}
//! src/deployment/recreate/recreate.ts
//! src/diagnosis/deaf.ts
function deafToEnding(called, patience2) {
  return `${called} did not end within ${(0, import_ground_duration.showDuration)(patience2)} when it was told to (SIGTERM), and was killed — a shell, or a program that does not listen, as its first process: write its command as a list (exec form), set init: true, or let it listen to SIGTERM`;
}
var killedExitCode = 137;
//! src/deployment/recreate/recreate.ts
var recreate = {
  name: "recreate",
  async replace({
    docker,
    dockerToTheEnd,
    names: names2,
    spec,
    restart,
    current,
    stopTimeout: stopTimeout2,
    prove: prove2,
    standing,
    log
  }) {
    await docker.create(spec);
    const hadServed = current !== void 0 && !isDown(current);
    const stopped2 = import_node_perf_hooks3.performance.now();
    if (hadServed) {
      standing("stopped");
      await docker.stop(names2.old, stopTimeout2);
    }
    await docker.start(names2.next);
    if (hadServed) await warnIfKilled(docker, names2.old, { stopTimeout: stopTimeout2, log });
    await prove2(names2.next);
    const downtime = hadServed ? import_node_perf_hooks3.performance.now() - stopped2 : 0;
    standing("committing");
    await commit(dockerToTheEnd, names2, { restart, old: current, final: names2.final });
    standing("done");
    return downtime;
  }
};
async function warnIfKilled(docker, name, { stopTimeout: stopTimeout2, log }) {
  const ended3 = await docker.container(name);
  if (ended3?.state.exitCode === killedExitCode) log.warning(deafToEnding(name, stopTimeout2));
}
function isDown({ state }) {
  return ["created", "exited", "dead"].includes(state.status);
}
async function commit(docker, names2, { restart, old, final }) {
  await docker.setRestartPolicy(names2.next, restart);
  if (old !== void 0 && old.name !== names2.previous) {
    await docker.setRestartPolicy(old.name, "no");
    await docker.rename(old.name, names2.previous);
  }
  await docker.rename(names2.next, final);
  if (old !== void 0) await putAway(docker, names2, old);
}
async function putAway(docker, names2, old) {
  if (!isForeign(old)) return docker.remove(names2.previous);
  const kept2 = await docker.container(names2.adopted);
  if (kept2?.id === old.id) return;
  await docker.remove(names2.adopted);
  await docker.rename(names2.previous, names2.adopted);
}
//! src/deployment/recreate/put-back.ts
async function putBack(found, { docker, names: names2, prove: prove2, log }, { giveUpNext, isStopping, mayStart }) {
  const repair = await decided(repairFor(found), giveUpNext, async () => {
    log.info(`an earlier deployment left ${names2.next} running: looking whether it serves`);
    await prove2(names2.next);
  });
  let serving = found.current;
  if (repair === "undo") await docker.remove(names2.next);
  if (repair === "finish" && found.next !== void 0) {
    const restart = found.next.labels[labels.restart] ?? "no";
    const final = nameOfServing(found.next);
    await commit(docker, names2, { restart, old: found.current ?? found.previous, final });
    return docker.container(final);
  }
  if (repair === "tidy" && found.previous !== void 0) await putAway(docker, names2, found.previous);
  if (repair === "restore" && found.previous !== void 0) {
    const name = nameOfServing(found.previous);
    await docker.rename(names2.previous, name);
    serving = await docker.container(name);
  }
  if (serving === void 0) return void 0;
  await letRun(docker, serving, {
    isStopping,
    mustStart: mayStart && repair !== "none" && repair !== "tidy"
  });
  return docker.container(serving.name);
}
async function decided(repair, giveUpNext, look) {
  if (repair !== "judge") return repair;
  if (giveUpNext) return "undo";
  try {
    await look();
    return "finish";
  } catch {
    return "undo";
  }
}
async function letRun(docker, { name, state, labels: own, restart }, { isStopping, mustStart }) {
  if (isStopping && state.status === "running") await docker.restart(name, 1e3);
  else if (state.status !== "running" && (mustStart || isStopping)) await docker.start(name);
  const wanted = own[labels.restart];
  if (wanted !== void 0 && restart === "no" && wanted !== "no")
    await docker.setRestartPolicy(name, wanted);
}
//! src/deployment/recreate/switch-over.ts
var lastTime = { cancelled: 6e3, otherwise: 18e4 };
async function switchOver(work) {
  const { host, machine, learn, log, signal, release, current } = work;
  const docker = (0, import_diagnosis_container_rules.dockerOn)(machine, { signal, log });
  const dockerToTheEnd = (0, import_diagnosis_container_rules.dockerOn)(machine, { signal: new AbortController().signal, log });
  let standing = "untouched";
  let stoppedAt;
  try {
    const downtime = await work.mechanism.replace({
      ...work,
      docker,
      dockerToTheEnd,
      prove: (name) => work.prove(docker, name, signal),
      standing(now) {
        standing = now;
        if (now === "stopped") stoppedAt = import_node_perf_hooks2.performance.now();
        learn({ standing: sentenceFor(now, { host, release, current }) });
      }
    });
    learn({ result: "deployed", downtime });
  } catch (error) {
    const back = await bringToRest(work, error, standing);
    learn({ ...back, downtime: stoppedAt === void 0 ? 0 : import_node_perf_hooks2.performance.now() - stoppedAt });
    if (back.result === "deployed")
      log.warning(`${host}: ${(0, import_ground_errors.messageOf)(error)}; the new version serves all the same`);
    else throw error;
  }
}
function sentenceFor(standing, { host, release, current }) {
  switch (standing) {
    case "untouched":
      return untouched(current, host);
    case "stopped":
      return `${nameOf2(current)} is stopped on ${host}: run again, which puts it right`;
    case "committing":
      return `${release} serves on ${host}; the next run tidies up`;
    case "done":
      return `${release} serves on ${host}`;
  }
}
function untouched(current, host) {
  if (current === void 0) return `nothing runs on ${host} yet`;
  return `${nameOf2(current)} is ${current.state.status} on ${host}, as before`;
}
function nameOf2(current) {
  return current === void 0 ? "the new version" : `the old version (${releaseNameOf(current)})`;
}
async function bringToRest(work, error, standing) {
  const { host, container, names: names2, log, spec, current: old } = work;
  const isCancelled = work.signal.aborted;
  const limit2 = AbortSignal.timeout(isCancelled ? lastTime.cancelled : lastTime.otherwise);
  const isLost = error instanceof import_ground_errors.LostConnection;
  if (isLost && !await reconnected(work.machine, { log, limit: limit2 })) {
    return {
      result: "failed",
      standing: `nobody knows what serves on ${host}: run again, which puts it right`
    };
  }
  try {
    const docker = (0, import_diagnosis_container_rules.dockerOn)(work.machine, { signal: limit2, log });
    const current = await putBack(
      await findContainers(docker, container, old?.id),
      { docker, names: names2, log, prove: (name) => work.prove(docker, name, limit2) },
      // A lost connection is no verdict about the next one, nor is a failure after its proof.
      {
        giveUpNext: !isLost && standing !== "committing",
        isStopping: standing === "stopped",
        mayStart: standing !== "untouched"
      }
    );
    if (current === void 0) return { result: "failed", standing: `no version runs on ${host}` };
    if (current.labels[labels.settings] === spec.labels[labels.settings] && current.id !== old?.id) {
      return { result: "deployed", standing: `${work.release} serves on ${host}` };
    }
    return await oldServes(work, docker, current, { isCancelled, standing, limit: limit2 });
  } catch (failure) {
    log.warning(`${host}: what was there before could not be put back: ${(0, import_ground_errors.messageOf)(failure)}`);
    return {
      result: "failed",
      standing: `${nameOf2(old)} may be down on ${host}: run again, which puts it right, or "docker start ${names2.old}" there`
    };
  }
}
async function oldServes({ host, proveOld: proveOld2, log }, docker, current, { isCancelled, standing, limit: limit2 }) {
  const name = nameOf2(current);
  if (standing === "untouched") return { result: "failed", standing: untouched(current, host) };
  if (isCancelled) {
    const again = await docker.container(current.name);
    const runs = again?.state.status === "running";
    return {
      result: runs ? "rolled-back" : "failed",
      standing: `${name} ${runs ? "runs again" : "does not run"} on ${host}`
    };
  }
  try {
    await proveOld2(docker, current.name, limit2);
    return { result: "rolled-back", standing: `${name} serves again on ${host}` };
  } catch (error) {
    log.warning(`${host}: ${(0, import_ground_errors.messageOf)(error)}`);
    return { result: "failed", standing: `${name} was started again on ${host}, but does not serve` };
  }
}
//! src/deployment/plan/tell-recovery.ts
function tellWhatIsLeft({ host, request, ports, learn }, { found, survey }) {
  const repair = describeLeftovers(found, survey);
  const { current } = found;
  learn({
    result: repair === void 0 ? "unchanged" : "planned",
    release: (current && releaseNameOf(current)) ?? "",
    digest: current && digestOf2(current),
    differences: repair === void 0 ? [] : [repair],
    standing: untouched(current, host)
  });
  ports.log.step("Plan", `${request.container} on ${host}: ${repair ?? "nothing to recover"}`);
}
function tellRecovered({ host, request, ports, learn }, { release, digest, standing, noneOpen }, said) {
  learn({
    result: said === void 0 ? "unchanged" : "recovered",
    release: release ?? "",
    digest,
    standing: release === void 0 ? `nothing runs on ${host}` : standing
  });
  const outcome = said ?? `nothing to recover: ${release ?? "nothing"} is there, and ${noneOpen}`;
  ports.log.step(said === void 0 ? "At rest" : "Recovered", `${request.container} on ${host}: ${outcome}`);
}
function containerAtRest(current, host) {
  const release = current && releaseNameOf(current);
  return {
    release,
    digest: current && digestOf2(current),
    standing: `${release} is ${current?.state.status} on ${host}`,
    noneOpen: "no deployment is open"
  };
}
//! src/deployment/request/health-probe.ts
function outsideProbe({ healthUrl, healthHost }, host) {
  if (healthUrl === void 0) return void 0;
  const address2 = host.includes(":") ? `[${host}]` : host;
  return { url: new URL(healthUrl.replaceAll("{host}", address2)), host: healthHost, headers: {} };
}
function readHealthUrl(text3) {
  const written = text3.trim();
  if (!/^https?:\/\/[^/]/i.test(written)) {
    throw new RangeError(
      `"${written}" is not an http:// or https:// address — write it whole, like http://{host}:8000/health/`
    );
  }
  const afterHost = /\{host\}([^:/?#])/.exec(written)?.[1];
  const afterPort = /^https?:\/\/(?:\[[^\]]*\]|[^/?#:[]*):\d+([^\d/?#])(?![^/]*@)/i.exec(written)?.[1];
  if (afterHost !== void 0 || afterPort !== void 0) {
    throw new RangeError(`"${written}" has no / before its path — write it like http://{host}:8000/health/`);
  }
  if (URL.canParse(written.replaceAll("{host}", "server.invalid"))) return written;
  throw new RangeError(`"${written}" is no address — write it like http://{host}:8000/health/`);
}
function healthProbe(request, host) {
  const probe = outsideProbe(request, host);
  if (probe === void 0) return void 0;
  const { url } = probe;
  const scheme = url.protocol === "https:" ? "https" : "http";
  const port = Number(url.port || (scheme === "https" ? 443 : 80));
  const mapping = request.ports.find(({ hostPort, protocol }) => hostPort === port && protocol === "tcp");
  if (mapping === void 0) return void 0;
  return {
    scheme,
    host: probe.host ?? url.host,
    path: `${url.pathname}${url.search}`,
    hostPort: mapping.hostPort,
    containerPort: mapping.containerPort,
    address: ipv4Address(mapping.address)
  };
}
function ipv4Address(address2) {
  return address2 === "0.0.0.0" ? void 0 : address2;
}
//! src/deployment/preflight/impossible.ts
async function refuseImpossible({ host, request, docker }, found, survey) {
  const own = Object.values(found).flatMap((container) => container?.ports ?? []);
  const server = { host, docker, survey, own };
  refuseLimits(request, server);
  refusePortsOfPrograms(request, server);
  await refuseHealthUrl(request, server);
}
function refuseLimits({ container, memory = 0, cpus = 0 }, { host, survey }) {
  const { totalMemory = Number.POSITIVE_INFINITY, processors = Number.POSITIVE_INFINITY } = survey;
  if (memory > totalMemory) {
    throw new import_ground_errors.UserError(
      `${container} cannot have ${(0, import_diagnosis_container_rules.showSize)(memory)} of memory on ${host} — the server has ${(0, import_diagnosis_container_rules.showSize)(totalMemory)}`,
      "lower memory, or take a larger server",
      { code: "limit-impossible" }
    );
  }
  if (cpus > processors) {
    throw new import_ground_errors.UserError(
      `${container} cannot have ${cpus} CPUs on ${host} — the server has ${(0, import_ground_words.counted)(processors, "processor")}`,
      "lower cpus, or take a larger server",
      { code: "limit-impossible" }
    );
  }
}
function refusePortsOfPrograms({ container, ports }, { host, survey, own }) {
  const { listening = [], proxies } = survey;
  for (const { address: address2, hostPort, protocol } of ports) {
    const isDockers = own.some((port) => port.hostPort === hostPort) || proxies.some((proxy) => proxy.hostPort === hostPort);
    if (protocol !== "tcp" || isDockers) continue;
    const taken = listening.find((listener) => listener.port === hostPort && (0, import_deployment_server_server_script.meets)(listener, address2));
    if (taken === void 0) continue;
    throw new import_ground_errors.UserError(
      `${container} cannot have port ${hostPort} of ${host} — a program that is no container listens on it (${taken.address})`,
      `see which one with "ss -ltnp 'sport = :${hostPort}'" there; stop it, or choose another port`,
      { code: "port-taken" }
    );
  }
}
async function refuseHealthUrl(request, server) {
  const { host, survey, own, docker } = server;
  const url = outsideProbe(request, host)?.url;
  if (url === void 0 || survey.listening === void 0 || request.networks.includes("host")) return;
  if (url.hostname !== new URL(`http://${host.includes(":") ? `[${host}]` : host}`).hostname) return;
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const asked = request.ports.filter(({ hostPort, protocol }) => hostPort === port && protocol === "tcp");
  const isHere = url.hostname === "localhost" || (0, import_deployment_server_server_script.isLoopback)(url.hostname);
  if (asked.some(({ address: address2 }) => isHere || !(0, import_deployment_server_server_script.isLoopback)(address2))) return;
  const others2 = survey.listening.filter(
    (listener) => listener.port === port && (isHere || !(0, import_deployment_server_server_script.isLoopback)(listener.address)) && !own.some(({ hostPort, address: address2 }) => hostPort === port && (0, import_deployment_server_server_script.meets)(listener, address2))
  );
  if (others2.length > 0) return;
  if (own.every(({ hostPort }) => hostPort !== port)) {
    if ((await docker.publishersOf(port, "tcp")).length > 0) return;
  }
  const published = request.ports.map(({ hostPort }) => hostPort).join(", ");
  const observed = asked.length > 0 ? `the container gets port ${port} of ${asked[0]?.address} only, and nothing else listens on it` : `the container does not publish port ${port}${published === "" ? "" : ` (but ${published})`}, and nothing else listens on it`;
  throw new import_ground_errors.UserError(
    `health-url ${url.href} can never be answered on ${host} — ${observed}`,
    "correct the port in health-url, or publish it with ports",
    { code: "health-url-impossible" }
  );
}
//! src/deployment/server/lease.ts
var heartbeat = { every: 15e3, deadAfter: 9e4 };
var timeout = 3e4;
var patience = 5 * 6e4;
function isDead({ age, isSameBoot, isWorking }) {
  return !isWorking && (!isSameBoot || age > heartbeat.deadAfter);
}
function isLeftBehind({ age, isSwitching }) {
  return isSwitching && age > heartbeat.deadAfter;
}
async function whoHoldsLease(request) {
  const result = await told(request, { what: "look", signal: request.signal });
  if (!(0, import_machine_machine.succeeded)(result)) throw cannotTake(request, (0, import_machine_machine.lastWords)(result, 1));
  if (result.stdout.trim() === "") return void 0;
  const holder = readHolder(result.stdout);
  return isDead(holder) ? void 0 : locked(request, holder);
}
function told({ machine, folder, container, release, run: run3 }, order) {
  const { what, token = "", last = "", signal } = order;
  const argv = ["sh", "-c", (0, import_deployment_server_server_script.serverScript)("lease"), "lease", what, folder, token, last, container, release];
  const stdin = JSON.stringify({ run: run3 });
  return machine.run(argv, { timeout, stdin, ...signal === void 0 ? {} : { signal } });
}
async function takeLease(request) {
  const { log, signal } = request;
  const token = (0, import_node_crypto3.randomBytes)(12).toString("hex");
  let other = "";
  let hasWaited = false;
  for (; ; ) {
    const result = await told(request, { what: "take", token, last: other, signal });
    if (result.stdout.trim() === "taken") break;
    if (!(0, import_machine_machine.succeeded)(result)) throw cannotTake(request, (0, import_machine_machine.lastWords)(result, 1));
    const holder = readHolder(result.stdout);
    if (isLeftBehind(holder) && !hasWaited) {
      await awaitWork(request, holder);
      hasWaited = true;
      continue;
    }
    if (!isDead(holder) || other !== "") throw locked(request, holder);
    log.info(`the lease of ${holder.run} is taken over: ${lifeOf(holder)}`);
    other = holder.token;
  }
  let phase = "prepare";
  const beat = () => void told(request, { what: "renew", token, last: phase }).catch((error) => log.debug((0, import_ground_errors.messageOf)(error)));
  const timer = setInterval(beat, heartbeat.every);
  return {
    phase(name) {
      phase = name;
    },
    async release() {
      clearInterval(timer);
      await told(request, { what: "release", token }).catch(
        (error) => log.debug(`the lease stays: ${(0, import_ground_errors.messageOf)(error)}`)
      );
    }
  };
}
async function awaitWork({ machine, folder, log, signal }, holder) {
  log.step(
    "Wait",
    `${lifeOf(holder)} from ${holder.run}, but what it began on the server goes on: it has up to ${(0, import_ground_duration.showDuration)(patience)} to end`
  );
  const seconds2 = String(patience / 1e3);
  await machine.run(["flock", "-w", seconds2, `${folder}/lock`, "true"], {
    timeout: patience + timeout,
    signal
  });
}
function readHolder(text3) {
  const fact = (name) => new RegExp(`^${name} (.*)$`, "m").exec(text3)?.[1]?.trim() ?? "";
  let run3 = "";
  try {
    run3 = String(JSON.parse(fact("record")).run ?? "");
  } catch {
  }
  return {
    token: fact("token"),
    age: Number(fact("age")) * 1e3,
    isSameBoot: fact("boot") === "same",
    isWorking: fact("work") === "alive",
    isSwitching: fact("lock") === "held",
    phase: fact("phase"),
    run: run3 === "" ? "another run" : run3
  };
}
function lifeOf({ age, isSameBoot }) {
  return isSameBoot ? `no sign of life for ${(0, import_ground_duration.showDuration)(age)}` : "the server was started anew since";
}
function locked({ container, host }, holder) {
  const { run: run3, phase, age, isWorking } = holder;
  const doing = phase === "" ? "" : ` (${phase})`;
  const observed = isWorking ? `${run3}${doing}; its work on the server goes on` : `${run3}${doing}, last sign of life ${(0, import_ground_duration.showDuration)(age)} ago`;
  return new import_ground_errors.UserError(
    `${container} on ${host} is being deployed by somebody else — ${observed}`,
    "wait until that ends, then run again; a run that was killed counts as dead after 90 s (concurrency: in the workflow avoids this)",
    { code: "deployment-locked" }
  );
}
function cannotTake({ container, host }, observed) {
  return new import_ground_errors.UserError(
    `The lease of ${container} on ${host} cannot be taken — ${observed}`,
    "give this account the right to write to ~/.tenantry there, or free some space",
    { code: "cannot-write" }
  );
}
//! src/deployment/preflight/pre-deploy.ts
var preDeployLabels = {
  app: "tenantry.pre-deploy",
  command: "tenantry.pre-deploy-command",
  /** A hash of image, settings and command: equal means that it is the same thing again. */
  key: "tenantry.pre-deploy-key",
  /** Seconds. */
  limit: "tenantry.pre-deploy-limit"
};
var shownLines = 1e3;
var evidenceLines = 60;
var stopTimeout = 1e4;
async function runPreDeploy(work, spec) {
  const { request, docker } = work;
  const commands = request.preDeploy ?? [];
  const wanted = commands.map((command2, index) => ({
    command: command2,
    spec: specOf(request.container, spec, command2, index)
  }));
  const found = await docker.labelled(`${preDeployLabels.app}=${request.container}`);
  const again = (container) => container.state.status === "running" && wanted.some((one) => one.spec.labels[preDeployLabels.key] === container.labels[preDeployLabels.key]);
  await settlePreDeploy(
    work,
    found.filter((container) => !again(container))
  );
  for (const one of wanted) {
    const running = found.filter(again).find(({ labels: own }) => own[preDeployLabels.key] === one.spec.labels[preDeployLabels.key]);
    await runOne(work, one, running);
  }
}
async function tidyPreDeploy(work) {
  const { request, docker } = work;
  const found = await docker.labelled(`${preDeployLabels.app}=${request.container}`);
  const over = found.filter(({ state }) => request.mode === "recover" || state.status !== "running");
  await settlePreDeploy(work, over);
  return over.length === 0 ? void 0 : `${(0, import_ground_words.counted)(over.length, "pre-deploy command")} of a killed run put away`;
}
async function settlePreDeploy(work, found) {
  for (const container of found) {
    const command2 = container.labels[preDeployLabels.command] ?? container.name;
    if (container.state.status === "running") {
      work.ports.log.step(
        "Repair",
        `the pre-deploy command ${command2} of an earlier run still runs: waiting for it`
      );
      await ended(work, container.name, timeLeft(container));
    }
    await work.docker.remove(container.name);
  }
}
function specOf(container, spec, { name, run: run3, timeout: timeout4 }, index) {
  const key = (0, import_node_crypto4.createHash)("sha256").update(JSON.stringify([spec.labels[labels.settings], run3])).digest("hex").slice(0, 16);
  return {
    ...spec,
    name: `${container}-tenantry-pre-deploy-${index + 1}`,
    command: run3,
    // Nobody shall take it for the application: not by a port, not by its name, not by a label of a proxy.
    ports: [],
    networkAlias: void 0,
    health: void 0,
    labels: {
      [preDeployLabels.app]: container,
      [preDeployLabels.command]: name,
      [preDeployLabels.key]: key,
      [preDeployLabels.limit]: String(Math.ceil(timeout4 / 1e3)),
      [labels.environment]: spec.labels[labels.environment] ?? "",
      [labels.release]: spec.labels[labels.release] ?? "",
      [labels.run]: spec.labels[labels.run] ?? ""
    }
  };
}
async function runOne(work, { command: command2, spec }, running) {
  const { docker, ports } = work;
  const { log } = ports;
  const started = import_node_perf_hooks4.performance.now();
  try {
    if (running === void 0) await docker.create(spec);
    const name = running?.name ?? spec.name;
    try {
      if (running === void 0) await docker.start(name);
      else log.info(`${command2.name} was started by an earlier run and still runs: waiting for it`);
      const inTime = await ended(work, name, running === void 0 ? command2.timeout : timeLeft(running));
      await judge(work, command2, { name, inTime });
      log.step("Before", `${command2.name}: done`, import_node_perf_hooks4.performance.now() - started);
    } finally {
      if (!ports.signal.aborted) await docker.remove(name);
    }
  } catch (error) {
    if (command2.blocking || !(error instanceof import_ground_errors.UserError) || error instanceof import_ground_errors.LostConnection) throw error;
    if (ports.signal.aborted) throw error;
    log.warning(`${error.message}; the deployment goes on without it`);
  }
}
async function judge({ host, docker, ports }, { name: command2, timeout: timeout4, blocking }, { name, inTime }) {
  const container = await docker.container(name);
  const failed = `The pre-deploy command ${command2} failed on ${host}`;
  const hint = blocking ? 'traffic never moved; mend it and deploy again, or write "blocking: false" where it may fail' : "mend it, and deploy again";
  const fail = (observed2, evidence2 = "") => new import_ground_errors.UserError(`${failed} — ${observed2}`, hint, { code: "pre-deploy-failed", evidence: evidence2 });
  if (container === void 0) throw fail("somebody removed its container");
  const whole = await docker.logs(name, shownLines);
  ports.log.details(`${command2} on ${host}`, whole.text);
  const evidence = whole.text.split("\n").slice(-evidenceLines).join("\n");
  const last = whole.lastLine === "" ? "" : `; its last line: ${whole.lastLine}`;
  if (!inTime) throw fail(`it did not end within ${(0, import_ground_duration.showDuration)(timeout4)} and was stopped${last}`, evidence);
  if (container.state.exitCode === 0 && container.state.status === "exited") return;
  const seen = await docker.evidence(name);
  const { observed } = (0, import_diagnosis_why.causeOf)(seen);
  const { exitCode } = container.state;
  throw fail(observed.startsWith("exit ") ? observed : `exit ${exitCode}: ${observed}`, (0, import_diagnosis_why.showEvidence)(seen));
}
async function ended(work, name, limit2) {
  const { docker, machine, ports } = work;
  const until = import_node_perf_hooks4.performance.now() + limit2;
  for (; ; ) {
    try {
      await docker.wait(name, Math.max(1e3, until - import_node_perf_hooks4.performance.now()));
      return true;
    } catch (error) {
      if (error instanceof import_ground_errors.LostConnection) {
        if (await reconnected(machine, { log: ports.log, limit: ports.signal })) continue;
        throw error;
      }
      if (!(error instanceof import_ground_errors.UserError) || error.code !== "command-timed-out") throw error;
      await docker.stop(name, stopTimeout);
      return false;
    }
  }
}
function timeLeft({ labels: own, state }) {
  const limit2 = Number(own[preDeployLabels.limit] ?? "300") * 1e3;
  const age = Date.now() - state.startedAt.getTime();
  return Math.min(limit2, Math.max(1e3, limit2 - age));
}
//! src/deployment/releases/releases.ts
var timeouts = { ask: 3e4, finish: 12e4 };
function releasesProgram() {
  return `${(0, import_deployment_server_server_script.serverScript)("server-program")}
${(0, import_deployment_server_server_script.serverScript)("releases")}`;
}
function run({ machine, container }, args, {
  stdin = "",
  timeout: timeout4 = timeouts.ask,
  signal
}) {
  const [what = "", ...rest] = args;
  return machine.run(["sh", "-c", releasesProgram(), "releases", what, `.tenantry/${container}`, ...rest], {
    timeout: timeout4,
    stdin,
    ...signal === void 0 ? {} : { signal }
  });
}
async function listReleases(shelf, signal) {
  const result = await run(shelf, ["list"], { signal });
  const home = /^home (.*)$/m.exec(result.stdout)?.[1];
  if ((0, import_machine_machine.succeeded)(result) && home !== void 0) {
    const old = /^old (\S+)$/m.exec(result.stdout)?.[1];
    return { releases: readReleases(result.stdout), home, old };
  }
  throw new import_ground_errors.UserError(
    `The releases of ${shelf.container} cannot be read on ${shelf.machine.name} — ${(0, import_machine_machine.lastWords)(result, 1)}`,
    "give this account the right to read and write ~/.tenantry there, or free some space",
    { code: "cannot-read" }
  );
}
function readReleases(text3) {
  const facts2 = text3.split("\n").flatMap((line) => {
    const [, name = "", value = ""] = /^(\w+) (.*)$/.exec(line) ?? [];
    return name === "" ? [] : [{ name, value: value.trim() }];
  });
  const one = (wanted) => facts2.find(({ name }) => name === wanted)?.value;
  const environments = new Set(facts2.flatMap(({ name, value }) => name === "environment" ? [value] : []));
  const records = facts2.flatMap(({ name, value }) => {
    if (name !== "record") return [];
    const space = value.indexOf(" ");
    const key = space === -1 ? value : value.slice(0, space);
    const record2 = readRecord(space === -1 ? "" : value.slice(space + 1));
    if (typeof record2 === "string") return [{ key, problem: record2 }];
    return [{ key, record: record2, hasEnvironment: environments.has(key) }];
  });
  return { records, current: one("current"), previous: one("previous") };
}
async function captureEnvironment(shelf, { id, key, signal }) {
  const result = await run(shelf, ["capture", id, key], { signal });
  if ((0, import_machine_machine.succeeded)(result) && /^captured$/m.test(result.stdout)) {
    return {
      repoDigests: [...result.stdout.matchAll(/^digest (\S+)$/gm)].map(([, digest = ""]) => digest),
      isBroken: /^lines broken$/m.test(result.stdout)
    };
  }
  throw cannotPrepare(shelf, (0, import_machine_machine.lastWords)(result, 1));
}
async function prepareRelease(shelf, prepared, signal) {
  const { key, environment: environment2, record: record2, before, previous, old, audit } = prepared;
  const files = [
    [`releases/${key}.env`, environment2],
    [`switch/record/${key}.json`, `${JSON.stringify(record2)}
`],
    ...before === void 0 ? [] : [[`switch/record/${before.key}.json`, `${JSON.stringify(before.record)}
`]],
    ...previous === void 0 || previous === key ? [] : [["switch/record/previous", `${previous}
`]],
    ...old === void 0 ? [] : [["switch/record/old", `${old}
`]],
    ["switch/record/current", `${key}
`],
    ["switch/record/audit", lineOf(audit)]
  ];
  const stdin = files.map(([path, content]) => `${path} ${Buffer.from(content).toString("base64")}
`).join("");
  const result = await run(shelf, ["prepare"], { stdin, signal });
  if ((0, import_machine_machine.succeeded)(result) && /^prepared$/m.test(result.stdout)) return;
  throw cannotPrepare(shelf, (0, import_machine_machine.lastWords)(result, 1));
}
function lineOf({ run: by, from, to, mechanism, mode }) {
  return JSON.stringify({ run: by, mode, from: from ?? null, to, mechanism }).slice(1, -1);
}
function cannotPrepare({ machine, container }, observed) {
  return new import_ground_errors.UserError(
    `The record of ${container} cannot be prepared on ${machine.name} — ${observed}`,
    "give this account the right to write to ~/.tenantry there, or free some space",
    { code: "cannot-write" }
  );
}
async function finishReleases(shelf, finish) {
  const { result, serving = "", audit, prune, adopted } = finish;
  const orders = [
    ...audit === void 0 ? [] : [`audit ${lineOf(audit)}`],
    ...prune.flatMap(({ key, image }) => [
      `release ${key}`,
      ...image === void 0 ? [] : [`image ${image.id} ${image.name}`]
    ]),
    ...adopted === void 0 ? [] : [`adopted ${adopted.name} ${adopted.keep.join(" ")}`]
  ];
  try {
    const stdin = `${orders.join("\n")}
`;
    const ended3 = await run(shelf, ["finish", result, serving], { stdin, timeout: timeouts.finish });
    return [...ended3.stdout.split("\n"), ...ended3.stderr.split("\n")].filter((line) => line.trim() !== "");
  } catch (error) {
    return [(0, import_ground_errors.messageOf)(error)];
  }
}
//! src/deployment/releases/ledger.ts
var keptByDefault = 5;
var Ledger = class {
  #work;
  #releases;
  #current;
  #room;
  mechanism;
  #prepared;
  constructor(work, {
    releases,
    current,
    mechanism,
    room
  }) {
    this.#work = work;
    this.#releases = releases;
    this.#current = current;
    this.mechanism = mechanism;
    this.#room = room;
  }
  /** What has become of the server since what serves was deployed there. */
  get roomChanges() {
    const key = this.#current && keyOfContainer(this.#current);
    const [then] = this.#releases.records.flatMap(
      (stored) => "record" in stored && stored.key === key ? stored.record.room ?? [] : []
    );
    return roomChanges(then, this.#room);
  }
  /**
   * Writes the environment file, and what becomes the record once the release is proven.
   * @param placed what was asked for, on the port that the container gets.
   * @throws UserError `cannot-write`
   */
  async prepare(placed, { digest, imageId }) {
    const { request, ports } = this.#work;
    const settings2 = settingsOf(placed, digest);
    const key = keyOf(releaseOf(request), settings2);
    const facts2 = { settings: settings2, digest, imageId, mechanism: this.mechanism, at: /* @__PURE__ */ new Date(), room: this.#room };
    const record2 = { ...recordOf(request, facts2), ...this.#adoptedAs(releaseOf(request)) };
    const before = await this.#recordOfCurrent(facts2.at);
    const previous = this.#current === void 0 ? this.#releases.current : keyOfContainer(this.#current);
    const audit = this.#audit;
    const environment2 = (0, import_database_url.renderEnvironment)(request.env);
    const current = this.#current;
    const isElsewhere = current !== void 0 && isForeign(current) && current.name !== request.container;
    const old = isElsewhere ? current.id : void 0;
    const prepared = { key, environment: environment2, record: record2, before, previous, old, audit };
    await prepareRelease(shelfOf(this.#work), prepared, ports.signal);
    this.#prepared = { key, record: record2, before, previous };
  }
  /** A release that was taken over stays one, also when Tenantry has made its container anew. */
  #adoptedAs(release) {
    const [adopted] = this.#releases.records.flatMap(
      (stored) => "record" in stored && stored.record.release === release ? stored.record.adopted ?? [] : []
    );
    return adopted === void 0 ? {} : { adopted };
  }
  /** A container without a record gets one: it is what a rollback would go back to. */
  async #recordOfCurrent(at2) {
    const current = this.#current;
    if (current === void 0) return void 0;
    const key = keyOfContainer(current);
    if (this.#releases.records.some((stored) => stored.key === key)) return void 0;
    const { request, ports } = this.#work;
    const { signal } = ports;
    const captured = await captureEnvironment(shelfOf(this.#work), { id: current.id, key, signal });
    const broken = captured.isBroken ? ["variables whose value has line breaks"] : [];
    const image = await this.#work.docker.image(current.imageId);
    const notKept = [...notCarried(current, image), ...broken];
    return { key, record: recordOfContainer(current, request, { ...captured, notKept, at: at2 }) };
  }
  /** As `endRecords`. */
  async finish(result, serving) {
    await endRecords(this.#work, {
      result,
      releases: this.#releases,
      prepared: this.#prepared,
      serving: serving && keyOfContainer(serving),
      audit: this.#audit,
      adopted: (after) => this.#adopted(after)
    });
  }
  /** What was taken over is kept as long as it is the one to go back to. */
  #adopted({ records, current, previous }) {
    const keep = records.flatMap(
      (stored) => "record" in stored && (stored.key === current || stored.key === previous) ? stored.record.adopted?.id ?? [] : []
    );
    return { name: workingNames(this.#work.request.container).adopted, keep };
  }
  get #audit() {
    const { request } = this.#work;
    return {
      run: request.run,
      mode: request.mode ?? "deploy",
      from: this.#current && releaseNameOf(this.#current),
      to: releaseOf(request),
      mechanism: this.mechanism
    };
  }
};
function afterwards(releases, { key, record: record2, before, previous }) {
  const added = [{ key, record: record2 }, ...before === void 0 ? [] : [before]];
  const others2 = releases.records.filter((stored) => added.every((each) => each.key !== stored.key));
  return {
    records: [...added.map((each) => ({ ...each, hasEnvironment: true })), ...others2],
    current: key,
    previous: previous === void 0 || previous === key ? releases.previous : previous
  };
}
async function endRecords(work, { result, releases, prepared: before, serving, audit, adopted }) {
  const { host, request, ports } = work;
  const prepared = result === "deployed" ? before : void 0;
  const after = prepared === void 0 ? releases : afterwards(releases, prepared);
  const prune = prepared === void 0 ? [] : recordsToPrune(after, request.keepReleases ?? keptByDefault);
  const warnings = await finishReleases(shelfOf(work), {
    result,
    serving: prepared?.key ?? serving,
    // Of what was prepared, the line lies there: whoever ends it writes it.
    audit: before === void 0 ? audit : void 0,
    prune,
    adopted: prepared === void 0 ? void 0 : adopted?.(after)
  });
  for (const warning of warnings) ports.log.warning(`${host}: records of ${request.container}: ${warning}`);
  if (prune.length > 0) ports.log.info(`removed: ${prune.map(({ release }) => release).join(", ")}`);
}
function shelfOf({ machine, request }) {
  return { machine, container: request.container };
}
function settleRecords(work, { pending, serving }) {
  return finishReleases(shelfOf(work), {
    result: pending !== void 0 && pending === serving ? "deployed" : "rolled-back",
    serving,
    audit: void 0,
    prune: [],
    adopted: void 0
  });
}
function isUnsettled(failure) {
  return failure instanceof import_ground_errors.UserError && failure.code === "deployment-unsettled";
}
//! src/deployment/releases/recording.ts
function recording(asked) {
  let result = "failed";
  const work = {
    ...asked,
    learn(facts2) {
      result = facts2.result ?? result;
      asked.learn(facts2);
    }
  };
  const recorded = async (deploying, finish) => {
    try {
      await deploying();
    } catch (error) {
      if (!(error instanceof import_ground_errors.LostConnection) && !isUnsettled(error)) await finish(result);
      throw error;
    }
    await finish(result);
  };
  return { work, recorded };
}
//! src/deployment/swarm/service-spec.ts
var nanoseconds = (milliseconds2) => Math.round(milliseconds2 * 1e6);
var shortestMonitor = 1e3;
function serviceSpec(wish, current) {
  const { request, digest, networks, startsFirst, isForced } = wish;
  const base = current?.spec ?? {};
  const template = part(base.TaskTemplate);
  const container = part(template.ContainerSpec);
  const order = startsFirst ? "start-first" : "stop-first";
  return {
    ...base,
    Name: request.container,
    Labels: { ...kept(current?.labels), ...request.labels, ...serviceLabels(request, digest) },
    TaskTemplate: {
      ...template,
      ContainerSpec: {
        ...container,
        Image: (0, import_diagnosis_container_rules.pinnedImage)(request.image, digest),
        Labels: { ...kept(current?.containerLabels), ...request.labels, ...taskLabels(request, digest) },
        Args: request.command ?? [],
        Env: Object.entries(request.env).map(([key, value]) => `${key}=${value}`),
        User: request.user ?? "",
        Mounts: [
          ...others(container.Mounts, ({ Type }) => Type !== "bind" && Type !== "volume"),
          ...request.mounts.map(({ type, source, target, readOnly }) => ({
            Type: type,
            Source: source,
            Target: target,
            ReadOnly: readOnly
          }))
        ],
        Hosts: request.extraHosts.map(hostLine),
        StopGracePeriod: nanoseconds(request.stopTimeout),
        ...request.health === void 0 ? {} : { Healthcheck: healthOf(request.health) },
        ...containerOptions(request)
      },
      Resources: {
        ...part(template.Resources),
        Limits: {
          ...part(part(template.Resources).Limits),
          MemoryBytes: request.memory ?? 0,
          NanoCPUs: Math.round((request.cpus ?? 0) * 1e9)
        }
      },
      RestartPolicy: { ...part(template.RestartPolicy), ...restartOf(request.restart) },
      Placement: { ...part(template.Placement), Platforms: platformsOf(wish.platforms) },
      Networks: networks.map((Target) => ({ Target, Aliases: request.options?.networkAliases ?? [] })),
      ...logOptions(request),
      ForceUpdate: (current?.forced ?? 0) + (isForced ? 1 : 0),
      Runtime: "container"
    },
    Mode: current !== void 0 && (current.replicas === void 0 || request.replicas === void 0) ? base.Mode : { Replicated: { Replicas: request.replicas ?? 1 } },
    // Whatever becomes of whoever deploys: a task that fails while it is watched puts the old version back.
    UpdateConfig: {
      Parallelism: 1,
      ...part(base.UpdateConfig),
      FailureAction: "rollback",
      MaxFailureRatio: 0,
      // From the moment a task runs, which is when its health check has passed: a start period is over by then.
      Monitor: nanoseconds(Math.max(request.bake, shortestMonitor)),
      Order: order
    },
    RollbackConfig: {
      Parallelism: 1,
      ...part(base.RollbackConfig),
      FailureAction: "pause",
      MaxFailureRatio: 0,
      Monitor: nanoseconds(1e3),
      Order: order
    },
    EndpointSpec: endpointOf(wish, current)
  };
}
function taskLabels(request, digest) {
  return {
    [labels.release]: releaseOf(request),
    [labels.digest]: digest,
    [labels.settings]: settingsOf(request, digest)
  };
}
function serviceLabels(request, digest) {
  return {
    ...taskLabels(request, digest),
    [labels.app]: request.container,
    [labels.environment]: request.environment,
    [labels.run]: request.run
  };
}
function kept(found = {}) {
  return Object.fromEntries(Object.entries(found).filter(([name]) => name.startsWith("com.docker.")));
}
function endpointOf({ request, publish }, current) {
  const ports = request.ports.map((port) => ({
    Protocol: port.protocol,
    TargetPort: port.containerPort,
    PublishedPort: port.hostPort,
    PublishMode: publishedAs(port, current) ?? publish
  }));
  const hasIngress = ports.some(({ PublishMode }) => PublishMode === "ingress");
  const isDnsOnly = current === void 0 ? publish === "host" : current.isDnsOnly;
  return { Mode: isDnsOnly && !hasIngress ? "dnsrr" : "vip", Ports: ports };
}
function publishedAs(port, current) {
  return current?.ports.find(
    ({ hostPort, protocol }) => hostPort === port.hostPort && protocol === port.protocol
  )?.mode;
}
function hostLine(extra) {
  const [, name = "", address2 = ""] = /^([^:]+):(.+)$/.exec(extra) ?? [];
  return `${address2} ${name}`;
}
function healthOf({ command: command2, interval, timeout: timeout4, retries, startPeriod }) {
  return {
    Test: ["CMD-SHELL", command2],
    Interval: nanoseconds(interval),
    Timeout: nanoseconds(timeout4),
    Retries: retries,
    StartPeriod: nanoseconds(startPeriod)
  };
}
function containerOptions({ options = {} }) {
  const { hostname, dns, capAdd, capDrop, readOnly, init, ulimits } = options;
  return {
    ...hostname === void 0 ? {} : { Hostname: hostname },
    ...dns === void 0 ? {} : { DNSConfig: { Nameservers: dns } },
    ...capAdd === void 0 ? {} : { CapabilityAdd: capAdd.map(capability) },
    ...capDrop === void 0 ? {} : { CapabilityDrop: capDrop.map(capability) },
    ...readOnly === void 0 ? {} : { ReadOnly: readOnly },
    ...init === void 0 ? {} : { Init: init },
    ...ulimits === void 0 ? {} : { Ulimits: ulimits.map(ulimit) }
  };
}
function logOptions({ options = {} }) {
  const { logDriver, logOptions: Options } = options;
  if (logDriver === void 0 && Options === void 0) return {};
  return { LogDriver: { Name: logDriver ?? "json-file", ...Options === void 0 ? {} : { Options } } };
}
function capability(name) {
  const upper = name.toUpperCase();
  return upper === "ALL" || upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
}
function ulimit(text3) {
  const [, Name = "", soft = "", hard = soft] = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text3) ?? [];
  return { Name, Soft: Number(soft), Hard: Number(hard) };
}
function restartOf(policy) {
  const [kind, tries2] = policy.split(":");
  if (kind === "no") return { Condition: "none" };
  if (kind === "on-failure") return { Condition: "on-failure", MaxAttempts: Number(tries2 ?? 0) };
  return { Condition: "any" };
}
function platformsOf(platforms) {
  return platforms.map((platform) => {
    const [OS = "", Architecture = ""] = platform.split("/");
    return { OS, Architecture };
  });
}
function refuseForService(request) {
  const { container, ports, extraHosts, files = {}, envMode, transfer, options = {} } = request;
  const refuse = (observed, hint) => {
    throw new import_ground_errors.UserError(`${container} cannot be deployed by swarm — ${observed}`, hint, {
      code: "strategy-impossible"
    });
  };
  if (ports.some(({ address: address2 }) => address2 !== void 0)) {
    refuse("a service publishes its ports on every address of a node", "write ports without an address");
  }
  if (transfer === "ssh") {
    refuse(
      "every node pulls for itself, and the image would be on one of them",
      'write "transfer: registry"'
    );
  }
  if (extraHosts.some((extra) => extra.endsWith(":host-gateway"))) {
    refuse("host-gateway stands for one server, and tasks move", "write an address in extra-hosts");
  }
  if (Object.keys(files).length > 0 || envMode === "mount") {
    refuse(
      "Swarm makes the containers of a service itself, and gives them no files",
      "take files and env-mode: mount away; a service has Docker's own configs and secrets"
    );
  }
  if (request.reloadNginx === true) {
    refuse("it has tasks on several servers, and nginx would be reloaded on one", "take reload-nginx away");
  }
  const given = Object.keys((0, import_diagnosis_container_rules.optionsOf)(options)).filter(
    (option) => ["securityOptions", "tmpfs", "shmSize"].includes(option)
  );
  if (given.length > 0) {
    refuse(
      `${(0, import_ground_words.listed)(given.map(import_diagnosis_container_rules.inputName))} would be lost on a service`,
      "take that away, and set it on the service by hand (docker service update): what a service has stays"
    );
  }
}
function part(value) {
  return typeof value === "object" && value !== null ? value : {};
}
function others(value, test) {
  return Array.isArray(value) ? value.filter((entry) => test(part(entry))) : [];
}
//! src/deployment/swarm/swarm-back.ts
//! src/docker/engine-api.ts
var answerTimeout = 6e4;
var dialScript = `
  umask 077
  folder=$(mktemp -d) || exit
  trap 'rm -rf -- "$folder"' EXIT
  trap 'exit 1' HUP INT TERM
  mkfifo "$folder/pipe" || exit
  docker system dial-stdio <"$folder/pipe" &
  exec 3>"$folder/pipe"
  cat >&3
  wait $!`;
function engineApi(machine, { signal }) {
  return {
    async send(request) {
      const result = await machine.run(["sh", "-c", dialScript, "dial"], {
        timeout: answerTimeout,
        signal,
        stdin: renderRequest(request)
      });
      const answer = (0, import_machine_machine.succeeded)(result) ? readAnswer(result.stdout) : void 0;
      if (answer !== void 0) return answer;
      if (!(0, import_machine_machine.succeeded)(result) || result.stderr.trim() !== "") {
        throw (0, import_diagnosis_container_rules.dockerVerdict)({ failed: "Cannot use Docker", server: machine.name, result });
      }
      throw new import_ground_errors.UserError(
        `The Docker engine of ${machine.name} cannot be understood — it gave no whole answer to ${request.method} ${request.path}`,
        'look whether "docker" on the server is Docker 20.10 or newer, and not a program that stands in for it',
        { code: "docker-not-understood", evidence: result.stdout.slice(0, 2e3) }
      );
    }
  };
}
function renderRequest({ method, path, body, login }) {
  const content = body === void 0 ? "" : JSON.stringify(body);
  return [
    `${method} ${path} HTTP/1.0`,
    "Host: docker",
    ...body === void 0 ? [] : ["Content-Type: application/json"],
    ...login === void 0 ? [] : [`X-Registry-Auth: ${registryAuth(login)}`],
    ...method === "GET" ? [] : [`Content-Length: ${Buffer.byteLength(content)}`],
    "",
    content
  ].join("\r\n");
}
function registryAuth({ registry, username, password }) {
  const serveraddress = registry === "docker.io" ? "https://index.docker.io/v1/" : registry;
  const encoded = Buffer.from(JSON.stringify({ username, password, serveraddress })).toString("base64");
  return encoded.replaceAll("+", "-").replaceAll("/", "_");
}
function readAnswer(text3) {
  const [head = "", ...rest] = text3.split("\r\n\r\n");
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
  const body = rest.join("\r\n\r\n");
  const length = /^content-length: *(\d+)$/im.exec(head)?.[1];
  if (status === void 0 || rest.length === 0) return void 0;
  if (length !== void 0 && Number(length) > Buffer.byteLength(body)) return void 0;
  return { status: Number(status), body };
}
//! src/docker/service.ts
var number2 = (0, import_zod.number)().nullish().transform((value) => value ?? 0);
var taskTemplateJson = (0, import_zod.object)({
  ContainerSpec: (0, import_zod.object)({
    Image: (0, import_zod.string)(),
    Labels: import_diagnosis_container_rules.textMap,
    Env: import_diagnosis_container_rules.texts,
    Args: import_diagnosis_container_rules.texts,
    Hosts: import_diagnosis_container_rules.texts,
    User: (0, import_zod.string)().nullish(),
    Mounts: (0, import_zod.array)(
      (0, import_zod.object)({
        Type: (0, import_zod.string)(),
        Source: (0, import_zod.string)().nullish(),
        Target: (0, import_zod.string)(),
        ReadOnly: (0, import_zod.boolean)().nullish()
      })
    ).nullish()
  }),
  Resources: (0, import_zod.object)({ Limits: (0, import_zod.object)({ NanoCPUs: number2, MemoryBytes: number2 }).nullish() }).nullish(),
  Networks: (0, import_zod.array)((0, import_zod.object)({ Target: (0, import_zod.string)() })).nullish(),
  ForceUpdate: number2
});
var specJson = (0, import_zod.looseObject)({
  Labels: import_diagnosis_container_rules.textMap,
  TaskTemplate: taskTemplateJson,
  Mode: (0, import_zod.looseObject)({
    Replicated: (0, import_zod.object)({ Replicas: (0, import_zod.number)().nullish() }).nullish(),
    Global: (0, import_zod.unknown)().optional()
  }),
  Networks: (0, import_zod.array)((0, import_zod.object)({ Target: (0, import_zod.string)() })).nullish(),
  EndpointSpec: (0, import_zod.object)({
    Mode: (0, import_zod.string)().nullish(),
    Ports: (0, import_zod.array)(
      (0, import_zod.object)({
        Protocol: (0, import_zod.string)().nullish(),
        TargetPort: (0, import_zod.number)(),
        PublishedPort: number2,
        PublishMode: (0, import_zod.string)().nullish()
      })
    ).nullish()
  }).nullish()
});
var serviceJson = (0, import_zod.object)({
  ID: (0, import_zod.string)(),
  Version: (0, import_zod.object)({ Index: (0, import_zod.number)() }),
  Spec: specJson,
  PreviousSpec: (0, import_zod.looseObject)({ TaskTemplate: taskTemplateJson }).nullish(),
  UpdateStatus: (0, import_zod.object)({ State: (0, import_zod.string)().nullish(), Message: (0, import_zod.string)().nullish() }).nullish()
});
var taskJson = (0, import_zod.object)({
  ID: (0, import_zod.string)(),
  Slot: number2,
  NodeID: (0, import_zod.string)().nullish().transform((id) => id ?? ""),
  CreatedAt: (0, import_zod.string)(),
  Spec: (0, import_zod.object)({
    ContainerSpec: (0, import_zod.object)({ Image: (0, import_zod.string)(), Labels: import_diagnosis_container_rules.textMap }).nullish(),
    ForceUpdate: number2
  }),
  Status: (0, import_zod.object)({
    Timestamp: (0, import_zod.string)(),
    State: (0, import_zod.string)(),
    Message: (0, import_zod.string)().nullish(),
    Err: (0, import_zod.string)().nullish(),
    ContainerStatus: (0, import_zod.object)({ ExitCode: number2 }).nullish()
  }),
  DesiredState: (0, import_zod.string)()
});
var nodeJson = (0, import_zod.object)({
  ID: (0, import_zod.string)(),
  Spec: (0, import_zod.object)({ Availability: (0, import_zod.string)().nullish() }),
  Description: (0, import_zod.object)({
    Hostname: (0, import_zod.string)(),
    Platform: (0, import_zod.object)({ Architecture: (0, import_zod.string)(), OS: (0, import_zod.string)() })
  }),
  Status: (0, import_zod.object)({ State: (0, import_zod.string)() })
});
var networkJson = (0, import_zod.object)({ Id: (0, import_zod.string)(), Name: (0, import_zod.string)(), Scope: (0, import_zod.string)() });
var distributionJson = (0, import_zod.object)({
  Descriptor: (0, import_zod.object)({ digest: (0, import_zod.string)() }),
  Platforms: (0, import_zod.array)((0, import_zod.object)({ os: (0, import_zod.string)(), architecture: (0, import_zod.string)() })).nullish()
});
function readService(json) {
  const { ID, Version, Spec: spec, PreviousSpec, UpdateStatus } = read(json, serviceJson, "a service");
  const { ContainerSpec: container, Resources, Networks, ForceUpdate } = spec.TaskTemplate;
  const { Replicated, Global } = spec.Mode;
  const raw = JSON.parse(json).Spec;
  return {
    id: ID,
    version: Version.Index,
    spec: raw,
    labels: spec.Labels,
    image: container.Image,
    containerLabels: container.Labels,
    environmentKeys: container.Env.map((variable) => variable.split("=", 1)[0] ?? ""),
    hasVariable: (key, value) => container.Env.includes(`${key}=${value}`),
    command: container.Args,
    // As in /etc/hosts: the address comes first, and several names may follow.
    extraHosts: container.Hosts.flatMap((line) => {
      const [address2 = "", ...names2] = line.trim().split(/\s+/);
      return names2.map((name) => `${name}:${address2}`);
    }),
    mounts: (container.Mounts ?? []).flatMap(
      ({ Type, Source, Target, ReadOnly }) => Type === "bind" || Type === "volume" ? [{ type: Type, source: Source ?? "", target: Target, readOnly: ReadOnly === true }] : []
    ),
    networks: (Networks ?? spec.Networks ?? []).map(({ Target }) => Target),
    ports: (spec.EndpointSpec?.Ports ?? []).map((port) => ({
      address: void 0,
      hostPort: port.PublishedPort,
      containerPort: port.TargetPort,
      protocol: port.Protocol === "udp" ? "udp" : "tcp",
      mode: port.PublishMode === "host" ? "host" : "ingress"
    })),
    isDnsOnly: spec.EndpointSpec?.Mode === "dnsrr",
    memory: Resources?.Limits?.MemoryBytes ?? 0,
    cpus: (Resources?.Limits?.NanoCPUs ?? 0) / 1e9,
    user: container.User ?? "",
    forced: ForceUpdate,
    replicas: Replicated == null ? void 0 : Replicated.Replicas ?? 1,
    isJob: Replicated == null && Global === void 0,
    update: isUpdateState(UpdateStatus?.State) ? { state: UpdateStatus.State, message: UpdateStatus.Message ?? "" } : void 0,
    previous: PreviousSpec ? {
      image: PreviousSpec.TaskTemplate.ContainerSpec.Image,
      containerLabels: PreviousSpec.TaskTemplate.ContainerSpec.Labels
    } : void 0
  };
}
function readTasks(json) {
  return read(json, (0, import_zod.array)(taskJson), "tasks").map(({ Status: status, Spec: spec, ...task }) => ({
    id: task.ID,
    slot: task.Slot,
    nodeId: task.NodeID,
    image: spec.ContainerSpec?.Image ?? "",
    labels: spec.ContainerSpec?.Labels ?? {},
    forced: spec.ForceUpdate,
    state: status.State,
    wanted: task.DesiredState,
    message: status.Message ?? "",
    error: status.Err ?? "",
    exitCode: status.ContainerStatus?.ExitCode ?? 0,
    createdAt: new Date(task.CreatedAt),
    since: new Date(status.Timestamp)
  })).sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime());
}
function readNodes(json) {
  return read(json, (0, import_zod.array)(nodeJson), "nodes").map(({ ID, Spec, Description, Status }) => ({
    id: ID,
    name: Description.Hostname,
    platform: `${Description.Platform.OS}/${architectureOf(Description.Platform.Architecture)}`,
    isUp: Status.State === "ready",
    isActive: (Spec.Availability ?? "active") === "active"
  }));
}
function readNetworks(json) {
  const networks = read(json, (0, import_zod.array)(networkJson), "networks");
  return new Map(networks.filter(({ Scope }) => Scope === "swarm").map(({ Name, Id }) => [Name, Id]));
}
function readDistribution(json) {
  const { Descriptor, Platforms } = read(json, distributionJson, "an image's description");
  return {
    digest: Descriptor.digest,
    platforms: (Platforms ?? []).map(({ os, architecture }) => `${os}/${architecture}`)
  };
}
function architectureOf(kernel) {
  const names2 = {
    x86_64: "amd64",
    aarch64: "arm64",
    armv7l: "arm",
    armv6l: "arm",
    i686: "386",
    i386: "386"
  };
  return names2[kernel] ?? kernel;
}
function isUpdateState(text3) {
  return [
    "updating",
    "paused",
    "completed",
    "rollback_started",
    "rollback_paused",
    "rollback_completed"
  ].includes(text3 ?? "");
}
function read(json, schema, what) {
  try {
    return schema.parse(JSON.parse(json));
  } catch (error) {
    throw new import_ground_errors.UserError(
      `What the Docker engine says of ${what} cannot be understood — ${error instanceof import_zod.ZodError ? (0, import_zod.prettifyError)(error).split("\n")[0] : "it is no JSON"}`,
      'look whether "docker" on the server is Docker 20.10 or newer, and not a program that stands in for it',
      { code: "docker-not-understood", cause: error }
    );
  }
}
//! src/docker/swarm.ts
var logTimeout = 15e3;
function swarmOn(machine, { signal, log }) {
  const api = engineApi(machine, { signal });
  const must = async (failed, request) => {
    const answer = await api.send(request);
    if (answer.status < 300) return answer.body;
    throw refusal(failed, machine.name, answer);
  };
  const filters = (wanted) => encodeURIComponent(JSON.stringify(wanted));
  return {
    nodes: async () => readNodes(await must("Cannot look at the swarm", { method: "GET", path: "/nodes" })),
    networks: async () => readNetworks(await must("Cannot look at the swarm's networks", { method: "GET", path: "/networks" })),
    async service(name) {
      const path = `/services/${encodeURIComponent(name)}`;
      const answer = await api.send({ method: "GET", path });
      if (answer.status === 404) return void 0;
      if (answer.status < 300) return readService(answer.body);
      throw refusal(`Cannot look at the service ${name}`, machine.name, answer);
    },
    async tasks(name) {
      const path = `/tasks?filters=${filters({ service: [name] })}`;
      return readTasks(await must(`Cannot look at the tasks of ${name}`, { method: "GET", path }));
    },
    async resolve(image, login) {
      const path = `/distribution/${(0, import_diagnosis_container_rules.showImage)(image)}/json`;
      const failed = `Cannot find ${(0, import_diagnosis_container_rules.showImage)(image)}`;
      return readDistribution(await must(failed, { method: "GET", path, login }));
    },
    async create(spec, login) {
      const failed = `Cannot create the service ${spec.Name}`;
      await must(failed, { method: "POST", path: "/services/create", body: spec, login });
    },
    async change({ id, version }, spec, login) {
      const path = `/services/${id}/update?version=${version}`;
      await must(`Cannot change the service ${spec.Name}`, { method: "POST", path, body: spec, login });
    },
    async goBack({ id, version, spec }) {
      const path = `/services/${id}/update?version=${version}&rollback=previous`;
      await must(`Cannot put the service ${spec.Name} back`, { method: "POST", path, body: spec });
    },
    async remove(name) {
      const path = `/services/${encodeURIComponent(name)}`;
      const answer = await api.send({ method: "DELETE", path });
      if (answer.status >= 300 && answer.status !== 404) {
        throw refusal(`Cannot remove the service ${name}`, machine.name, answer);
      }
    },
    async logs(task, lines2) {
      const argv = ["docker", "service", "logs", "--raw", "--timestamps", "--tail", String(lines2), task];
      try {
        const result = await machine.run(argv, { timeout: logTimeout, signal });
        if ((0, import_machine_machine.succeeded)(result)) return (0, import_diagnosis_container_rules.readLog)(result.stdout, result.stderr);
        log.debug(`no lines of the task ${task}: ${result.stderr}`);
      } catch (error) {
        signal.throwIfAborted();
        log.debug(`no lines of the task ${task}: ${(0, import_ground_errors.messageOf)(error)}`);
      }
      return (0, import_diagnosis_container_rules.readLog)("", "");
    }
  };
}
function refusal(failed, server, { body }) {
  let message = body;
  try {
    message = String(JSON.parse(body).message ?? body);
  } catch {
  }
  return (0, import_diagnosis_container_rules.dockerVerdict)({
    failed,
    server,
    result: { exitCode: 1, signal: null, stdout: "", stderr: message }
  });
}
//! src/deployment/swarm/service-course.ts
var isWanted = ({ wanted }) => wanted === "running" || wanted === "ready";
var ended2 = ["failed", "rejected", "complete", "orphaned"];
function isOf({ digest, settings: settings2, forced }, task, settingsLabel) {
  return digestIn(task.image) === digest && (settings2 === void 0 || task.labels[settingsLabel] === settings2) && task.forced === forced;
}
function digestIn(image) {
  return /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1];
}
function courseOf2(service, tasks, { nodes, isNew }) {
  const { update } = service;
  switch (update?.state) {
    case "rollback_started":
      return { now: "going back", message: update.message };
    case "rollback_completed":
      return { now: "gone back", message: update.message };
    case "paused":
    case "rollback_paused":
      return { now: "stuck", message: update.message };
    default:
  }
  const live = tasks.filter(isWanted);
  const running = live.filter((task) => task.state === "running" && isNew(task)).length;
  const wanted = service.replicas ?? Math.max(1, nodes.filter((node) => node.isUp && node.isActive).length);
  const isAll = service.replicas === void 0 ? running > 0 && live.length === running : running === wanted;
  if (!isAll || live.length > running) return { now: "under way", running, wanted };
  if (update?.state === "updating") return { now: "watched" };
  const isHeard = ({ nodeId }) => nodes.some(({ id, isUp }) => id === nodeId && isUp);
  const leaving = tasks.some((task) => !isWanted(task) && task.state === "running" && isHeard(task));
  return { now: "done", leaving };
}
function failedTask(tasks, { isNew, since: since2 }) {
  return tasks.filter((task) => isNew(task) && !since2.has(task.id) && ended2.includes(task.state)).sort((one, other) => other.since.getTime() - one.since.getTime())[0];
}
function waitingTask(tasks, { isNew }) {
  return tasks.find((task) => isNew(task) && isWanted(task) && task.state === "pending" && task.error !== "");
}
function isPulling(tasks) {
  return tasks.some((task) => isWanted(task) && task.state === "preparing");
}
//! src/deployment/preflight/platform-line.ts
function platformLike(built, wanted) {
  return {
    like(line) {
      const words2 = line.split(/[\s,="']+/);
      const names2 = (platform) => words2.some((word) => word === platform || word.startsWith(`${platform}/`));
      return names2(built) && !names2(wanted);
    }
  };
}
//! src/deployment/swarm/swarm-look.ts
function isForSwarm({ strategy, container }, survey, server) {
  const { swarm } = survey;
  if (strategy !== "swarm" && (strategy !== "auto" || !swarm.hasService)) return false;
  if (swarm.isManager) return true;
  const role = swarm.isMember ? "it is a worker of its swarm" : "it is in no swarm";
  throw new import_ground_errors.UserError(
    `${container} cannot be deployed by swarm on ${server} — ${role}`,
    swarm.isMember ? 'give a manager as host ("docker node ls" on one of them shows them all)' : 'make it a manager ("docker swarm init" there), or choose another strategy',
    { code: "swarm-not-manager" }
  );
}
async function lookAtSwarm({ machine, request, ports }) {
  const swarm = swarmOn(machine, ports);
  const [service, nodes, networks] = await Promise.all([
    swarm.service(request.container),
    swarm.nodes(),
    swarm.networks()
  ]);
  refuseForService(request);
  refuseStrangers(request, service, machine.name);
  return { swarm, service, nodes, networks };
}
function refuseStrangers({ container, environment: environment2 }, service, server) {
  if (service === void 0) return;
  const { [labels.app]: app, [labels.environment]: owner } = service.labels;
  if (app !== void 0 && (app !== container || owner !== environment2)) {
    throw new import_ground_errors.UserError(
      `The service ${container} belongs to ${app} (${owner}) — not to ${container} (${environment2})`,
      "choose another name with the input container, or correct environment",
      { code: "container-name-taken" }
    );
  }
  if (service.isJob) {
    throw new import_ground_errors.UserError(
      `The service ${container} on ${server} cannot be deployed — it is a job, whose tasks end by themselves`,
      "choose another name with the input container",
      { code: "strategy-impossible" }
    );
  }
}
async function swarmWay(work, { swarm, service, nodes, networks }, { survey, platform }) {
  const { machine, request } = work;
  const { digest, platforms } = await resolved(work, swarm);
  const { able, remarks } = nodesFor(request, { nodes, platforms, server: machine.name });
  const canRunHere = platforms.length === 0 || platforms.includes(platform);
  const local = canRunHere ? await imageHere(work, digest) : void 0;
  const publish = survey.swarm.hasIpvs ? "ingress" : "host";
  const obstacle = service === void 0 ? void 0 : gapOf(request, { service, able, publish });
  return {
    request,
    digest,
    platforms,
    networks: networksOf(request, networks, machine.name),
    publish,
    startsFirst: obstacle === void 0,
    isForced: false,
    hasHealthCheck: request.health !== void 0 || local?.hasHealthCheck,
    imageHere: local?.id,
    obstacle,
    remarks: [
      ...remarks,
      ...portRemarks(request, service, publish),
      ...local === void 0 || local.hasHealthCheck || request.health !== void 0 ? [] : [
        "the image has no HEALTHCHECK: Swarm takes a task for ready the moment it is started, and requests reach it while it boots"
      ]
    ]
  };
}
async function resolved({ docker, request, ports }, swarm) {
  const { image, registryLogin } = request;
  try {
    return await swarm.resolve(image, registryLogin);
  } catch (error) {
    const { digest } = image;
    if (digest === void 0 || !(error instanceof import_ground_errors.UserError) || error instanceof import_ground_errors.LostConnection) throw error;
    if (await docker.image((0, import_diagnosis_container_rules.pinnedImage)(image, digest)) === void 0) throw error;
    ports.log.warning(`${error.message}; nodes that have the image can start it all the same`);
    return { digest, platforms: [] };
  }
}
async function imageHere({ docker, request }, digest) {
  const pinned = (0, import_diagnosis_container_rules.pinnedImage)(request.image, digest);
  const there = await docker.image(pinned);
  if (there !== void 0 || request.dryRun) return there;
  await docker.pull({ ...request.image, digest }, request.registryLogin);
  return docker.image(pinned);
}
function nodesFor({ container, image }, { nodes, platforms, server }) {
  const ready = nodes.filter(({ isUp, isActive }) => isUp && isActive);
  const able = ready.filter(({ platform }) => platforms.length === 0 || platforms.includes(platform));
  if (able.length === 0 && ready.length > 0) {
    const kinds = [...new Set(ready.map(({ platform }) => platform))];
    throw new import_ground_errors.UserError(
      `${(0, import_diagnosis_container_rules.showImage)(image)} cannot run in the swarm of ${server} — the image is ${(0, import_ground_words.listed)(platforms)}, its nodes ${(0, import_ground_words.listed)(kinds)}`,
      `build it for the nodes: platforms: ${kinds.join(",")} in the build step`,
      {
        code: "image-wrong-architecture",
        ...platforms.length === 1 ? { place: platformLike(platforms[0] ?? "", kinds[0] ?? "") } : {}
      }
    );
  }
  if (able.length === 0) {
    throw new import_ground_errors.UserError(
      `${container} cannot be deployed to the swarm of ${server} — no node takes tasks: ${(0, import_ground_words.listed)(nodes.map(stateOf))}`,
      "bring a node back, or make one active again: docker node update --availability active NODE",
      { code: "swarm-no-node" }
    );
  }
  const remarks = nodes.flatMap((node) => {
    if (!node.isUp) return [`the node ${node.name} is down: its tasks run elsewhere`];
    if (!node.isActive) return [`the node ${node.name} takes no tasks (drained or paused)`];
    if (able.includes(node)) return [];
    return [`the node ${node.name} is ${node.platform}, and the image is not: it gets no task`];
  });
  return { able, remarks };
}
function stateOf({ name, isUp }) {
  return `${name} is ${isUp ? "drained or paused" : "down"}`;
}
function gapOf({ mounts, sharedVolumes, ports, replicas }, { service, able, publish }) {
  const writable = mounts.filter(({ readOnly }) => !readOnly);
  if (writable.length > 0 && !sharedVolumes) {
    return `two versions would write to ${(0, import_ground_words.listed)(writable.map(({ source }) => source))} for a while; write "shared-volumes: true" if they may`;
  }
  const onNodes = ports.filter((port) => (publishedAs(port, service) ?? publish) === "host");
  const tasks = replicas ?? service.replicas ?? able.length;
  if (onNodes.length === 0 || tasks < able.length) return void 0;
  return `a node has its port ${onNodes[0]?.hostPort} once, and every node that could take a new task has one already; leave ports away and put a proxy in front that follows tasks.NAME, or give the swarm one more node than tasks`;
}
function portRemarks({ ports }, service, publish) {
  const kinds = ports.map((port) => ({ port, kind: publishedAs(port, service) ?? publish }));
  const unheard = kinds.filter(({ kind }) => kind === "ingress" && publish === "host");
  const own = kinds.filter(({ port, kind }) => kind === "host" && publishedAs(port, service) === void 0);
  const lacking = "this server's kernel has no IPVS, which Swarm's own entrance (ingress) needs";
  return [
    ...unheard.length === 0 ? [] : [`port ${(0, import_ground_words.listed)(unheard.map(({ port }) => String(port.hostPort)))} answers nowhere: ${lacking}`],
    ...own.length === 0 ? [] : [
      `port ${(0, import_ground_words.listed)(own.map(({ port }) => String(port.hostPort)))} answers on the nodes that run a task: ${lacking}`
    ]
  ];
}
function networksOf({ networks: wanted }, there, server) {
  return wanted.map((name) => {
    const id = there.get(name);
    if (id !== void 0) return id;
    throw new import_ground_errors.UserError(
      `A service cannot join ${name} — the swarm of ${server} has no network of that name`,
      `create it on a manager: docker network create --driver overlay --attachable ${name}`,
      { code: "network-missing" }
    );
  });
}
function digestOfService(service) {
  return service.labels[labels.digest] ?? digestIn(service.image);
}
function releaseOfService(service) {
  return service.containerLabels[labels.release] ?? service.image.replace(/^.*\/(?=[^/]+$)/, "").replace(/@sha256:(\w{12})\w*$/, "@$1");
}
//! src/deployment/swarm/swarm-plan.ts
function aimOf(service) {
  return {
    digest: digestOfService(service) ?? "",
    settings: service.containerLabels[labels.settings],
    forced: service.forced
  };
}
function isAsAsked(site, way, tasks) {
  const { service, nodes } = site;
  const { request, digest } = way;
  if (service === void 0 || service.labels[labels.settings] !== settingsOf(request, digest)) return false;
  if (digestOfService(service) !== digest) return false;
  if (request.replicas !== void 0 && request.replicas !== service.replicas) return false;
  const aim = aimOf(service);
  const course = courseOf2(service, tasks, { nodes, isNew: (task) => isOf(aim, task, labels.settings) });
  return course.now === "done" || course.now === "gone back" && runsAll(service, tasks);
}
function runsAll(service, tasks) {
  const aim = aimOf(service);
  const isNew = (task) => isOf(aim, task, labels.settings);
  const live = tasks.filter(({ wanted }) => wanted === "running" || wanted === "ready");
  return live.length > 0 && live.length === (service.replicas ?? live.length) && live.every((task) => task.state === "running" && isNew(task));
}
function planForService(site, way, tasks) {
  const { service } = site;
  const { request, obstacle, remarks } = way;
  const release = releaseOf(request);
  const number3 = request.replicas ?? service?.replicas ?? (service === void 0 ? 1 : void 0);
  const tells = number3 === void 0 ? "a task on every node" : (0, import_ground_words.counted)(number3, "task");
  const why = reasonOf(request, service);
  if (service === void 0) {
    return {
      kind: "first",
      summary: `the swarm has no service of that name yet; ${release} will be started there (swarm, ${tells})`,
      now: "nothing",
      mechanism: "swarm",
      why,
      differences: remarks,
      changes: [],
      kept: void 0
    };
  }
  const runs = releaseOfService(service);
  const now = nowOf2(service, tasks);
  if (isAsAsked(site, way, tasks)) {
    const summary = `${runs} runs, as asked for`;
    return {
      kind: "unchanged",
      summary,
      now,
      mechanism: void 0,
      why: void 0,
      differences: [],
      changes: [],
      kept: void 0
    };
  }
  const seen = serviceDifferences(site, way, service);
  const changes = [
    ...seen,
    ...number3 === service.replicas ? [] : [`tasks: ${service.replicas} → ${number3}`]
  ];
  const differences = [
    ...service.labels[labels.app] === void 0 ? [
      "it was not deployed by Tenantry: what the inputs name is changed, the rest (placement, secrets, …) stays"
    ] : [],
    ...stackRemark(service),
    ...changes,
    ...changes.length === 0 ? ["settings that Docker does not show, or tasks that do not run"] : [],
    ...remarks
  ];
  const how = obstacle === void 0 ? "task by task, the new one before the old one ends" : "task by task, the old one ends first: a gap for each";
  return {
    kind: "replace",
    summary: `${runs} runs; ${release} will take its place, ${how} (swarm, ${tells})`,
    now,
    mechanism: "swarm",
    why: obstacle === void 0 ? why : `${why}; with a gap: ${obstacle}`,
    differences,
    changes,
    kept: `Swarm puts ${runs} back if a task of ${release} fails within ${(0, import_ground_duration.showDuration)(request.bake)} after the last one has started`
  };
}
function reasonOf({ strategy, container }, service) {
  if (strategy === "swarm") return "strategy asks for it";
  return service === void 0 ? "the server manages a swarm" : `${container} is a service of a swarm`;
}
function nowOf2(service, tasks) {
  const digest = digestOfService(service);
  const running = tasks.filter(({ wanted: wanted2, state }) => wanted2 === "running" && state === "running").length;
  const wanted = service.replicas === void 0 ? "" : ` of ${service.replicas}`;
  const known = digest === void 0 ? "" : ` (${(0, import_diagnosis_container_rules.shortDigest)(digest)})`;
  return `${releaseOfService(service)}${known}, a service of the swarm; ${running}${wanted} tasks run`;
}
function serviceDifferences({ networks }, { request, digest }, service) {
  const names2 = new Map([...networks].map(([name, id]) => [id, name]));
  const joined2 = service.networks.map((id) => names2.get(id) ?? id);
  const onBridge = (list) => list.length === 0 ? ["bridge"] : list;
  const lines2 = differencesBetween(
    {
      spec: specFor(request, digest, { name: request.container, envFile: "" }),
      digest,
      release: releaseOf(request),
      restart: request.restart,
      env: request.env
    },
    { ...service, networks: onBridge(joined2), restart: request.restart },
    { environmentKeys: [], command: [] }
  );
  return lines2.filter((line) => line !== "networks: + bridge" && line !== "networks: − bridge");
}
function stackRemark({ labels: found }) {
  const stack = found["com.docker.stack.namespace"];
  if (stack === void 0) return [];
  return [
    `it belongs to the stack ${stack}: a later "docker stack deploy" sets it back to what its file says; leave the image of this service to Tenantry there`
  ];
}
//! src/deployment/swarm/swarm-watch.ts
//! src/deployment/gate/why-task.ts
function whyTaskFailed(called, task, circumstances) {
  const { state, error, message } = task;
  const { node, hasHealthCheck, log } = circumstances;
  const last = log.lastLine === "" ? "" : `; its last line: ${log.lastLine}`;
  if (/unhealthy/.test(error)) {
    return new import_ground_errors.UserError(
      `${called} did not become healthy on ${node} — its health check failed, and Swarm ended it${last}`,
      "mend the application, or the health check",
      { code: "container-unhealthy", evidence: log.text }
    );
  }
  if (state === "complete" && hasHealthCheck !== false) {
    return new import_ground_errors.UserError(
      `${called} did not stay on ${node} — it ended without an error: its health check failed and Swarm ended it, or it ended by itself${last}`,
      `mend the application, or the health check ("docker ps -a" on ${node} shows its container)`,
      { code: "container-unhealthy", evidence: log.text }
    );
  }
  if (/^No such image/.test(error)) {
    return new import_ground_errors.UserError(
      `${called} cannot be started on ${node} — that node cannot pull ${error.replace(/^No such image: /, "")}`,
      "every node pulls for itself: look whether it reaches the registry and trusts it, and whether the login is still good",
      { code: "image-not-found" }
    );
  }
  if (state === "rejected" || state === "failed" && !/non-zero exit/.test(error)) {
    const stderr = error === "" ? message : error;
    const result = { exitCode: 1, signal: null, stdout: "", stderr };
    return (0, import_diagnosis_container_rules.dockerVerdict)({ failed: `Cannot start ${called}`, server: node, result });
  }
  return stopped(called, task, circumstances);
}
function stopped(called, { error, exitCode, since: since2 }, { node, memory, log }) {
  const container = {
    status: "exited",
    exitCode,
    error,
    outOfMemory: false,
    restarts: 0,
    // When it started, Swarm does not tell: so nothing is said of how long it lived.
    startedAt: since2,
    finishedAt: since2,
    memory,
    ports: [],
    mounts: []
  };
  const seen = { server: node, container, log, unread: [`the server (Swarm tells of the task on ${node})`] };
  return (0, import_diagnosis_why.whyNotServing)(called, seen, { happened: `stopped on ${node}` });
}
function whyTaskWaits(called, { error }, waited) {
  return new import_ground_errors.UserError(
    `${called} found no node within ${(0, import_ground_duration.showDuration)(waited)} — Swarm says: ${error}`,
    "add a node, free what the tasks need (ports, memory), or correct the placement of the service",
    { code: "swarm-no-node" }
  );
}
//! src/deployment/swarm/swarm-watch.ts
var pause = 500;
var answerTimeout2 = 5e3;
var pullTimeout = 20 * 6e4;
var evidenceLines2 = 60;
var swarmGoesBack = 15e3;
var leavingTimeout = 3e4;
var badLooks = 3;
var SwarmWatch = class {
  aim;
  /** Milliseconds in which no task ran. */
  downtime = 0;
  last;
  #work;
  #watched;
  #known;
  #isNew;
  #lookedAt = import_node_perf_hooks5.performance.now();
  #told = "";
  constructor(work, watched) {
    this.#work = work;
    this.#watched = watched;
    this.aim = watched.aim;
    this.#isNew = (task) => isOf(watched.aim, task, labels.settings);
    this.#known = new Set(
      (watched.known ?? []).filter((task) => task.state !== "running").map(({ id }) => id)
    );
  }
  /** The nodes on which it runs. */
  get where() {
    const { nodes } = this.#watched;
    const names2 = (this.last?.tasks ?? []).filter((task) => isWanted(task) && this.#isNew(task)).map(({ nodeId }) => nodes.find(({ id }) => id === nodeId)?.name ?? nodeId);
    const counts = [...new Set(names2)].sort().map((name) => {
      const number3 = names2.filter((other) => other === name).length;
      return number3 === 1 ? name : `${name} (${number3} tasks)`;
    });
    return (0, import_ground_words.listed)(counts);
  }
  /**
   * Waits until it is as asked for, everywhere, watched for the time of `bake`, and answers on its public port.
   * @throws UserError that says why it is not so; Swarm may be on its way back already.
   */
  async toTheEnd() {
    const { request, ports } = this.#work;
    const { isFirst = false } = this.#watched;
    const { signal } = ports;
    let progress2 = { running: -1, at: import_node_perf_hooks5.performance.now() };
    let failure;
    let completeSince;
    let answeredAt;
    let bad = 0;
    for (; ; ) {
      const { service, tasks } = await this.#look();
      const now = import_node_perf_hooks5.performance.now();
      const course = courseOf2(service, tasks, { nodes: this.#watched.nodes, isNew: this.#isNew });
      this.#measure(tasks, now);
      const failed = failedTask(tasks, { isNew: this.#isNew, since: this.#known });
      if (failed !== void 0 && failure === void 0) {
        failure = { error: await this.#whyFailed(failed), at: now };
      }
      if (failure !== void 0 && (isFirst || now - failure.at > swarmGoesBack)) throw failure.error;
      switch (course.now) {
        case "going back":
        case "gone back":
        case "stuck":
          throw failure?.error ?? this.#endedBySwarm(course.message);
        case "under way": {
          completeSince = void 0;
          if (course.running !== progress2.running) progress2 = { running: course.running, at: now };
          this.#tell(`${course.running} of ${course.wanted} tasks run the new version`);
          const limit2 = isPulling(tasks) ? pullTimeout : request.healthTimeout;
          if (now - progress2.at > limit2) throw failure?.error ?? await this.#whyLate(tasks);
          break;
        }
        case "watched":
        case "done": {
          completeSince ??= now;
          const complaint = await serviceAnswers(this.#work);
          signal.throwIfAborted();
          if (complaint === void 0) {
            answeredAt ??= now;
            bad = 0;
            const isWatched = !isFirst || now - completeSince >= request.bake;
            const isLeft = course.now === "done" && (!course.leaving || now - completeSince > request.stopTimeout + leavingTimeout);
            if (isLeft && isWatched && failure === void 0) return;
            this.#tell("all tasks run the new version; they are being watched");
            break;
          }
          bad += 1;
          const isTooLate = answeredAt === void 0 && now - completeSince > request.healthTimeout;
          if (isTooLate || answeredAt !== void 0 && bad >= badLooks) {
            throw await this.#whyNotHealthy(tasks, complaint, now - completeSince);
          }
        }
      }
      await (0, import_promises3.setTimeout)(pause, void 0, { signal }).catch(() => signal.throwIfAborted());
    }
  }
  get #called() {
    const { request } = this.#work;
    return `${request.container} (${releaseOf(request)})`;
  }
  #tell(text3) {
    if (text3 !== this.#told) this.#work.ports.log.debug(text3);
    this.#told = text3;
  }
  /** From look to look: what ran neither before nor after a pause did not run in it. */
  #measure(tasks, now) {
    if (!this.#watched.isFirst && !tasks.some(({ state }) => state === "running")) {
      this.downtime += now - this.#lookedAt;
    }
    this.#lookedAt = now;
  }
  async #look() {
    const { request, machine, ports } = this.#work;
    const { swarm } = this.#watched;
    try {
      const [service, tasks] = await Promise.all([
        swarm.service(request.container),
        swarm.tasks(request.container)
      ]);
      if (service === void 0) {
        throw new import_ground_errors.UserError(
          `${this.#called} is gone — somebody removed its service`,
          "find out who, then deploy again",
          {
            code: "container-gone"
          }
        );
      }
      this.last = { service, tasks };
      return this.last;
    } catch (error) {
      if (!(error instanceof import_ground_errors.LostConnection) || ports.signal.aborted) throw error;
      ports.log.warning(`${error.message}; the swarm goes on by itself`);
      if (!await reconnected(machine, { log: ports.log, limit: ports.signal })) throw error;
      return this.#look();
    }
  }
  async #whyFailed(task) {
    return whyTaskFailed(this.#called, task, {
      node: this.#nodeOf(task),
      memory: this.#work.request.memory ?? 0,
      hasHealthCheck: this.#watched.hasHealthCheck,
      log: await this.#watched.swarm.logs(task.id, evidenceLines2)
    });
  }
  async #whyLate(tasks) {
    const { request } = this.#work;
    const waiting = waitingTask(tasks, { isNew: this.#isNew });
    if (waiting !== void 0) return whyTaskWaits(this.#called, waiting, request.healthTimeout);
    const observed = tasks.find((task) => this.#isNew(task) && isWanted(task) && task.state !== "running");
    const seen = {
      code: "container-slow",
      observed: observed === void 0 ? "Swarm has not made all its tasks" : `a task on ${this.#nodeOf(observed)} is ${observed.state}: its health check has not passed yet`,
      hint: 'raise health-timeout if it needs longer, or look at "docker service ps" on a manager'
    };
    return this.#whyNotHealthy(tasks, seen, request.healthTimeout);
  }
  async #whyNotHealthy(tasks, answer, waited) {
    const log = await this.#newestLog(tasks);
    return (0, import_diagnosis_why.whyNotServing)(
      this.#called,
      { server: this.#work.machine.name, log, answer, unread: [] },
      { waited }
    );
  }
  #endedBySwarm(message) {
    return new import_ground_errors.UserError(
      `Swarm did not exchange ${this.#work.request.container} — ${message === "" ? "it gives no reason" : message}`,
      'look at "docker service ps --no-trunc" on a manager, then run again',
      { code: "swarm-update-stopped" }
    );
  }
  async #newestLog(tasks) {
    const task = tasks.find((one) => this.#isNew(one) && isWanted(one));
    if (task === void 0) return { text: "", lastLine: "" };
    return this.#watched.swarm.logs(task.id, evidenceLines2);
  }
  #nodeOf({ nodeId }) {
    return this.#watched.nodes.find(({ id }) => id === nodeId)?.name ?? "no node";
  }
};
var good = [[200, 299]];
var anyAnswer = [[100, 499]];
async function serviceAnswers({ host, request, ports }, {
  isOld = false,
  timeout: timeout4 = 0,
  signal = ports.signal
} = {}) {
  const probe = outsideProbe(request, host);
  if (probe === void 0) return void 0;
  const started = import_node_perf_hooks5.performance.now();
  for (; ; ) {
    const answer = await ports.ask(probe, answerTimeout2, signal);
    const complaint = (0, import_health_http.complaintAbout)(answer, { status: isOld ? anyAnswer : good, headers: {} });
    if (complaint === void 0 || import_node_perf_hooks5.performance.now() - started >= timeout4) return complaint;
    await (0, import_promises3.setTimeout)(500, void 0, { signal });
  }
}
//! src/deployment/swarm/swarm-back.ts
var lastTimeout = 3e4;
var oldTimeout = 6e4;
async function undone(work, { before, sight, aim }) {
  const { host, request, machine, ports, learn } = work;
  const limit2 = ports.signal.aborted ? AbortSignal.timeout(lastTimeout) : AbortSignal.timeout(request.healthTimeout + oldTimeout);
  const swarm = swarmOn(machine, { signal: limit2, log: ports.log });
  const name = before && releaseOfService(before);
  try {
    if (sight === void 0) {
      const now = await swarm.service(request.container);
      if (now?.version === before?.version) return learn({ standing: unchangedStanding(work, name) });
    }
    if (before === void 0) {
      await swarm.remove(request.container);
      return learn({ result: "failed", standing: `nothing runs on ${host}, as before` });
    }
    await goneBack(work, { swarm, aim, limit: limit2 });
    const complaint = await serviceAnswers(work, { isOld: true, timeout: oldTimeout, signal: limit2 });
    if (complaint === void 0) {
      return learn({ result: "rolled-back", standing: `the old version (${name}) serves on ${host}` });
    }
    learn({ result: "failed", standing: `${name} runs on ${host} again, but ${complaint.observed}` });
  } catch (error) {
    ports.log.warning(`going back was not seen to its end: ${(0, import_ground_errors.messageOf)(error)}`);
    learn({
      result: "failed",
      standing: `the swarm of ${host} may still be on its way back to ${name ?? "nothing"}: docker service ps ${request.container} there, or run again`
    });
  }
}
async function goneBack({ request, ports: { log } }, { swarm, aim, limit: limit2 }) {
  const isOurs = (service) => {
    const { digest, settings: settings2, forced } = aimOf(service);
    return digest === aim.digest && settings2 === aim.settings && forced === aim.forced;
  };
  const nodes = await swarm.nodes();
  for (; ; ) {
    const [service, tasks] = await Promise.all([
      swarm.service(request.container),
      swarm.tasks(request.container)
    ]);
    if (service === void 0) throw new Error("the service is gone");
    if (isOurs(service)) {
      log.debug("asking Swarm to go back");
      await swarm.goBack(service).catch((error) => log.debug((0, import_ground_errors.messageOf)(error)));
    } else {
      const old = aimOf(service);
      const course = courseOf2(service, tasks, { nodes, isNew: (task) => isOf(old, task, labels.settings) });
      if (course.now !== "going back" && runsAll(service, tasks)) return;
      if (course.now === "stuck") throw new Error(course.message);
    }
    await (0, import_promises2.setTimeout)(pause, void 0, { signal: limit2 });
  }
}
function unchangedStanding({ host }, name) {
  return name === void 0 ? `nothing was changed on ${host}` : `${name} serves on ${host}, untouched`;
}
//! src/deployment/swarm/swarm-records.ts
function keyOfService({ containerLabels }) {
  const { [labels.release]: release, [labels.settings]: settings2 } = containerLabels;
  return release === void 0 || settings2 === void 0 ? void 0 : keyOf(release, settings2);
}
async function keyInSwarm({ machine, request, ports }) {
  try {
    const service = await swarmOn(machine, ports).service(request.container);
    return service && keyOfService(service);
  } catch (error) {
    if (error instanceof import_ground_errors.UserError && error.code === "swarm-not-manager") return void 0;
    throw error;
  }
}
var ServiceLedger = class {
  #work;
  #releases;
  #service;
  #prepared;
  constructor(work, releases, service) {
    this.#work = work;
    this.#releases = releases;
    this.#service = service;
  }
  /**
   * Writes the environment file, and what becomes the record once the release is proven.
   * @param imageId on this manager; undefined where it has not got the image.
   * @returns the key of the record.
   * @throws UserError `cannot-write`
   */
  async prepare(request, digest, imageId) {
    const settings2 = settingsOf(request, digest);
    const key = keyOf(releaseOf(request), settings2);
    const facts2 = { settings: settings2, digest, imageId: imageId ?? digest, mechanism: "swarm", at: /* @__PURE__ */ new Date() };
    const record2 = recordOf(request, facts2);
    const previous = (this.#service && keyOfService(this.#service)) ?? this.#releases.current;
    const environment2 = (0, import_database_url.renderEnvironment)(request.env);
    const unknown2 = { before: void 0, old: void 0 };
    const prepared = { key, environment: environment2, record: record2, previous, audit: this.#audit, ...unknown2 };
    await prepareRelease(shelfOf(this.#work), prepared, this.#work.ports.signal);
    this.#prepared = { key, record: record2, before: void 0, previous };
    return key;
  }
  /** As `endRecords`. */
  async finish(result) {
    await endRecords(this.#work, {
      result,
      releases: this.#releases,
      prepared: this.#prepared,
      serving: this.#service && keyOfService(this.#service),
      audit: this.#audit
    });
  }
  get #audit() {
    const { request } = this.#work;
    return {
      run: request.run,
      mode: request.mode ?? "deploy",
      from: this.#service && releaseOfService(this.#service),
      to: releaseOf(request),
      mechanism: "swarm"
    };
  }
};
//! src/deployment/swarm/swarm-settle.ts
async function settled(work, found, survey) {
  const { site, said } = await updateEnded(work, found);
  const pending = survey.pendingRelease;
  if (pending === void 0 || work.request.dryRun) return { site, said };
  const serving = site.service && keyOfService(site.service);
  for (const warning of await settleRecords(work, { pending, serving })) work.ports.log.warning(warning);
  return { site, said: said ?? "the records of a run that was killed are in order" };
}
async function updateEnded(work, site) {
  const { request, host, ports } = work;
  const { log, signal } = ports;
  const { service, swarm, nodes } = site;
  const state = service?.update?.state;
  const nothing2 = { site, said: void 0 };
  if (service === void 0 || state === void 0 || /completed$/.test(state)) return nothing2;
  const name = releaseOfService(service);
  if (state === "paused" || state === "rollback_paused") {
    log.step("Repair", `an earlier update to ${name} was given up by Swarm: ${service.update?.message}`);
    return nothing2;
  }
  const what = state === "updating" ? `an update to ${name}` : `a way back to ${name}`;
  log.step("Repair", `${what} is under way in the swarm of ${host}: it comes to its end first`);
  if (request.dryRun) return nothing2;
  const watch = new SwarmWatch(work, { swarm, nodes, aim: aimOf(service) });
  const failure = await watch.toTheEnd().catch((error) => error);
  if (failure !== void 0 && !(failure instanceof import_ground_errors.UserError)) throw failure;
  signal.throwIfAborted();
  const now = await lookAtSwarm(work);
  const runs = now.service && releaseOfService(now.service);
  const said = failure === void 0 ? `it was completed: ${runs} serves` : `it did not get there, and ${runs} is what the swarm shall run now: ${failure.message}`;
  log.info(said);
  return { site: now, said };
}
//! src/deployment/swarm/swarm.ts
async function deployService(asked, manager) {
  const { request, ports } = asked;
  const { site, said } = await settled(asked, await lookAtSwarm(asked), manager.survey);
  if (request.mode === "recover") return tellRecovered(asked, serviceAtRest(site, asked.host), said);
  const { work, recorded } = recording(asked);
  const { releases } = said === void 0 ? manager : await listReleases(shelfOf(work), ports.signal);
  const ledger = new ServiceLedger(work, releases, site.service);
  await recorded(
    () => exchange(work, { site, manager, ledger }),
    async (result) => {
      if (!request.dryRun) await ledger.finish(result);
    }
  );
}
async function exchange(work, { site, manager, ledger }) {
  const { host, request, ports, learn } = work;
  const { log } = ports;
  const release = releaseOf(request);
  const { service } = site;
  const before = service && releaseOfService(service);
  learn({
    previousRelease: before,
    previousDigest: service && digestOfService(service),
    standing: unchangedStanding(work, before)
  });
  const way = await swarmWay(work, site, manager);
  const { digest } = way;
  learn({ digest });
  log.step("Image", `${(0, import_diagnosis_container_rules.showImage)(request.image)} is ${(0, import_diagnosis_container_rules.shortDigest)(digest)}`);
  const tasks = service === void 0 ? [] : await site.swarm.tasks(request.container);
  const plan = planForService(site, way, tasks);
  tellPlan(plan, work);
  if (request.dryRun) return learn({ result: "planned" });
  if (plan.kind === "unchanged" && await answers(work)) {
    learn({ result: "unchanged", standing: `${release} serves on ${host}` });
    log.step("Unchanged", `${request.container} on ${host} is ${release} (${(0, import_diagnosis_container_rules.shortDigest)(digest)}) already`);
    return;
  }
  const key = await ledger.prepare(request, digest, way.imageHere);
  await preDeploy(work, way, envFileOf(manager.survey.home, request.container, key));
  await change(work, site, way, tasks);
}
async function preDeploy(work, { digest, imageHere: imageHere2 }, envFile) {
  const { request, machine } = work;
  if (request.preDeploy === void 0) return;
  if (imageHere2 === void 0) {
    throw new import_ground_errors.UserError(
      `Commands before the deployment of ${request.container} cannot run on ${machine.name} — the image is not built for it`,
      "build it for this manager, too, or give another manager as host",
      { code: "image-wrong-architecture" }
    );
  }
  await runPreDeploy(work, specFor(request, digest, { name: request.container, envFile }));
}
function serviceAtRest({ service }, host) {
  const release = service && releaseOfService(service);
  return {
    release,
    digest: service && digestOfService(service),
    standing: `${release} is what the swarm of ${host} runs`,
    noneOpen: "no update is under way"
  };
}
async function answers(work) {
  const complaint = await serviceAnswers(work);
  if (complaint !== void 0) work.ports.log.info(`it runs, but does not serve: ${complaint.observed}`);
  return complaint === void 0;
}
async function change(work, site, way, tasks) {
  const { host, request, ports, learn } = work;
  const { service, nodes } = site;
  const { log, signal } = ports;
  const release = releaseOf(request);
  const isForced = service !== void 0 && service.containerLabels[labels.settings] === settingsOf(request, way.digest) && !runsAll(service, tasks);
  const spec = serviceSpec({ ...way, isForced }, service);
  const aim = {
    digest: way.digest,
    settings: settingsOf(request, way.digest),
    forced: (service?.forced ?? 0) + (isForced ? 1 : 0)
  };
  const started = performance.now();
  const watch = new SwarmWatch(work, {
    swarm: site.swarm,
    nodes,
    aim,
    known: tasks,
    hasHealthCheck: way.hasHealthCheck,
    isFirst: service === void 0
  });
  learn({ standing: standingOnTheWay(work, service) });
  try {
    await told2(work, site, spec);
    await watch.toTheEnd();
  } catch (error) {
    learn({ downtime: watch.downtime });
    if (error instanceof import_ground_errors.LostConnection && !signal.aborted) throw error;
    await undone(work, { before: service, sight: watch.last, aim });
    throw error;
  }
  learn({ result: "deployed", downtime: watch.downtime, standing: `${release} serves on ${host}` });
  log.step("Deployed", `${release} serves on ${host}: ${watch.where}`, performance.now() - started);
}
function standingOnTheWay({ host, request }, before) {
  return before === void 0 ? `the swarm of ${host} starts ${releaseOf(request)}: docker service ps ${request.container}` : `the swarm of ${host} exchanges ${releaseOfService(before)} for ${releaseOf(request)}, or puts it back: docker service ps ${request.container}`;
}
async function told2(work, { swarm, service }, spec) {
  const { request, machine, ports } = work;
  try {
    if (service === void 0) await swarm.create(spec, request.registryLogin);
    else await swarm.change(service, spec, request.registryLogin);
  } catch (error) {
    if (!(error instanceof import_ground_errors.LostConnection) || ports.signal.aborted) throw error;
    ports.log.warning(error.message);
    if (!await reconnected(machine, { log: ports.log, limit: ports.signal })) throw error;
    const now = await swarm.service(request.container);
    if (now === void 0 || now.version === service?.version) throw error;
    ports.log.info("the swarm was told all the same: it goes on");
  }
}
//! src/deployment/host/look-at-host.ts
//! src/deployment/switch/journal.ts
var entryJson = (0, import_zod.object)({ at: (0, import_zod.number)(), step: (0, import_zod.string)(), late: (0, import_zod.boolean)().default(false) });
var resultJson = (0, import_zod.object)({
  result: (0, import_zod._enum)(["deployed", "undone", "finished", "stuck"]),
  failed: (0, import_zod.string)(),
  who: (0, import_zod.string)()
});
function readEntry(line) {
  const entry = parsed(line, entryJson);
  return entry && { at: entry.at * 10, step: entry.step, isLate: entry.late };
}
function readResult(text3) {
  return parsed(text3, resultJson);
}
function parsed(text3, schema) {
  try {
    return schema.safeParse(JSON.parse(text3)).data;
  } catch {
    return void 0;
  }
}
//! src/deployment/switch/switch-run.ts
var askTimeout = 3e4;
var reconnectTimeout = 12e4;
var launchScript = `
  cd "$1" || exit
  exec 9>lock
  flock -w 10 9 || { echo "another switch is under way" >&2; exit 75; }
  rm -f result result.new cancel before evidence.* *.error probe.*
  [ "$3" = there ] || { umask 077 && cat >program; } || exit
  [ "$2" = deploy ] || [ ! -e journal ] || mv -f journal before
  : >journal
  setsid sh program "$2" </dev/null >program.log 2>&1 &
  echo started`;
async function launch({ machine, folder }, what, { signal, program }) {
  const argv = ["sh", "-c", launchScript, "launch", folder, what, program === void 0 ? "there" : "new"];
  const result = await machine.run(argv, { timeout: askTimeout, signal, stdin: program ?? "" });
  if ((0, import_machine_machine.succeeded)(result) && result.stdout.trim() === "started") return;
  throw new import_ground_errors.UserError(
    `The switch could not be started on ${machine.name} — ${(0, import_machine_machine.lastWords)(result, 1)}`,
    "look into ~/.tenantry there; if another run is at work, wait until it ends",
    { code: "switch-failed", evidence: (0, import_machine_machine.lastWords)(result) }
  );
}
var followScript = `
  cd "$1" || exit
  seen=$2
  while [ -e lock ]; do
    if [ -e result ] || flock -n lock true; then ended=yes; else ended=no; fi
    lines=$(wc -l <journal 2>/dev/null) || lines=0
    if [ "$lines" -gt "$seen" ]; then
      sed -n "$((seen + 1)),$lines p" journal
      seen=$lines
    fi
    if [ $ended = yes ]; then
      [ ! -e result ] || cat result
      exit 0
    fi
    sleep 0.05
  done`;
async function follow({ machine, folder, log }, { timeout: timeout4, signal, onEntry }) {
  let seen = 0;
  for (; ; ) {
    try {
      let ending;
      await machine.run(["sh", "-c", followScript, "follow", folder, String(seen)], {
        timeout: timeout4,
        signal,
        onLine(line) {
          const entry = readEntry(line);
          if (entry !== void 0) {
            seen += 1;
            onEntry(entry);
          } else ending = readResult(line) ?? ending;
        }
      });
      return ending;
    } catch (error) {
      if (!(error instanceof import_ground_errors.LostConnection) || signal.aborted) throw error;
      log.warning(`${error.message}; the switch goes on by itself`);
      const limit2 = AbortSignal.any([signal, AbortSignal.timeout(reconnectTimeout)]);
      if (!await reconnected(machine, { log, limit: limit2, attempts: Number.POSITIVE_INFINITY })) throw error;
    }
  }
}
var tailTimeout = 15 * 6e4;
async function awaitEnd(machine, folder, signal) {
  const seconds2 = String(tailTimeout / 1e3);
  await machine.run(["flock", "-w", seconds2, `${folder}/lock`, "true"], {
    timeout: tailTimeout + askTimeout,
    signal
  });
}
async function askToGoBack({ machine, folder, log }, why) {
  try {
    await machine.writeFile(`${folder}/cancel`, why, { mode: 384 });
  } catch (error) {
    log.debug(`the switch cannot be told to go back: ${(0, import_ground_errors.messageOf)(error)}`);
  }
}
var evidenceScript = `
  cd "$1" || exit
  for file in evidence.seen evidence.status evidence.body docker.error filter.error front.error program.log; do
    [ -s "$file" ] || continue
    echo "$2 $file"
    cat "$file"
    echo
  done
  rm -f evidence.* probe.*`;
async function takeEvidence({ machine, folder }, mark) {
  const argv = ["sh", "-c", evidenceScript, "evidence", folder, mark];
  const { stdout } = await machine.run(argv, { timeout: askTimeout });
  const parts = stdout.split(new RegExp(`^${mark} (\\S+)\\n`, "m")).slice(1);
  return Object.fromEntries(
    parts.flatMap(
      (name, index) => index % 2 === 0 ? [[name, (parts[index + 1] ?? "").replace(/\n$/, "")]] : []
    )
  );
}
async function tidyFolder({ machine, folder, log }) {
  const script2 = 'cd "$1" && rm -f program program.log result result.new cancel before evidence.* probe.* *.error';
  try {
    await machine.run(["sh", "-c", script2, "tidy", folder], { timeout: askTimeout });
  } catch (error) {
    log.debug(`files of the switch stay in ${folder}: ${(0, import_ground_errors.messageOf)(error)}`);
  }
}
//! src/deployment/host/rollback.ts
function foreseenRequest(request, releases) {
  const { container, rollbackTo = "previous" } = request;
  try {
    const wanted = { serving: releases.current, container, host: "" };
    return requestFrom(chosenRecord(releases, rollbackTo, wanted), request);
  } catch (error) {
    if (!(error instanceof import_ground_errors.UserError)) throw error;
    return request;
  }
}
async function meantRequest({ host, request, machine, docker, ports }, {
  releases,
  current,
  inSwarm,
  home
}) {
  if (request.mode !== "rollback") return { meant: request, image: void 0 };
  const { container, rollbackTo = "previous" } = request;
  const serving = current === void 0 ? inSwarm : keyOfContainer(current);
  const record2 = chosenRecord(releases, rollbackTo, { serving, container, host });
  const key = keyOf(record2.release, record2.settings);
  const there = imageThere(docker, record2);
  there.catch(() => {
  });
  const text3 = await machine.readFile(envFileOf(home, container, key));
  let env;
  try {
    env = (0, import_database_url.readEnvironment)(text3 ?? "");
  } catch (error) {
    throw new import_ground_errors.UserError(
      `${container} cannot go back to ${key} on ${host} — its environment file cannot be used: ${error instanceof RangeError ? error.message : String(error)}`,
      "choose another release, or deploy its image",
      { code: "release-unreadable" }
    );
  }
  const { files = {} } = record2.specification;
  ports.secrets?.([...(0, import_database_url.secretsInEnvironment)(env), ...(0, import_database_url.secretsInFiles)(files)]);
  if (record2.adopted !== void 0 && record2.adopted.notKept.length > 0) {
    ports.log.warning(
      `${host}: ${record2.release} was not started by Tenantry, and will be without ${record2.adopted.notKept.join(", ")}; the container itself is kept as ${container}-tenantry-adopted`
    );
  }
  const { reference, image } = await there;
  return { meant: { ...requestFrom(record2, request), env, image: reference }, image };
}
function requestFrom(record2, asked) {
  const { specification } = record2;
  return {
    ...asked,
    ...specification,
    healthUrl: asked.healthUrl ?? specification.healthUrl,
    healthHost: asked.healthHost ?? specification.healthHost,
    sharedVolumes: asked.sharedVolumes || specification.sharedVolumes,
    release: record2.release,
    // The server has the image, or gets it where it came from.
    transfer: "registry",
    requiredEnv: [],
    preDeploy: void 0
  };
}
async function imageThere(docker, record2) {
  const reference = imageOf(record2);
  const image = await docker.image((0, import_diagnosis_container_rules.showImage)(reference));
  if (image !== void 0 || reference.id !== void 0) return { reference, image };
  const byId = await docker.image(record2.imageId);
  return { reference: byId === void 0 ? reference : { ...reference, id: record2.imageId }, image: byId };
}
//! src/deployment/host/look-at-host.ts
async function lookedAt(work) {
  const { machine, docker, request, ports } = work;
  const { signal } = ports;
  const { container, environment: environment2 } = request;
  const surveyed = (places, serving) => (0, import_deployment_server_server_script.surveyOf)(machine, { container, serving, ...places, signal });
  const listing = listReleases(shelfOf(work), signal);
  const foreseen = request.mode === "rollback" ? listing.then(({ releases: releases2 }) => foreseenRequest(request, releases2)) : Promise.resolve(request);
  const looking = foreseen.then(async (likely) => {
    const places = placesOf(likely);
    return { places, survey: await surveyed(places, void 0) };
  });
  looking.catch(() => {
  });
  const [platform, seen, { releases, home, old }] = await Promise.all([
    docker.platform(),
    findContainers(docker, container),
    listing
  ]);
  const found = seen.current === void 0 ? await foundElsewhere(work, seen, old) : seen;
  checkOwner(found, container, environment2);
  refuseUnadoptable(found.current, work.host);
  const current = found.current ?? found.previous;
  const currentImage = current && docker.image(current.imageId);
  currentImage?.catch(() => {
  });
  const isBack = request.mode === "rollback" && current === void 0;
  const inSwarm = isBack ? await keyInSwarm(work) : void 0;
  const facts2 = { releases, home, current, inSwarm };
  const { meant, image } = await meantRequest(work, facts2);
  if (request.mode === "rollback") work.learn({ release: releaseOf(meant), digest: meant.image.digest });
  const isOurs = found.current === void 0 || !isForeign(found.current);
  const early = await looking;
  const isRight = isOurs && (0, import_node_util2.isDeepStrictEqual)(early.places, placesOf(meant));
  const survey = isRight ? early.survey : await surveyed(placesOf(meant), found.current?.id);
  const keyed = { ...meant, settingsKey: survey.settingsKey };
  return {
    ...{ work: { ...work, request: keyed }, found, survey, platform, releases },
    ...{ currentImage: await currentImage, image }
  };
}
function placesOf({ ports, networks }) {
  return { ports, networks };
}
async function foundElsewhere({ docker, request }, seen, known) {
  const isAtRest = seen.next === void 0 && seen.previous === void 0 && seen.bridge === void 0;
  const old = known ?? (isAtRest ? await servingOnPort(docker, request) : void 0);
  return old === void 0 ? seen : findContainers(docker, request.container, old);
}
async function lookedAtRest(work, folder) {
  const { machine, ports } = work;
  const looked = await lookedAt(work);
  if (!looked.survey.isWorking) return looked;
  ports.log.step(
    "Wait",
    "the deployment before this one still has connections that it lets come to their end"
  );
  await awaitEnd(machine, folder, ports.signal);
  return lookedAt(work);
}
//! src/deployment/host/replace.ts
//! src/ground/together.ts
async function together(one, other) {
  await Promise.allSettled([one, other]);
  return Promise.all([one, other]);
}
//! src/deployment/switch/switch-course.ts
var spare = 18e4;
var outside = { timeout: 5e3, pause: 1e3, complaints: 3 };
var lastTime2 = 6e3;
var Course = class {
  #work;
  #about;
  #before;
  #hasDrained = false;
  hasFlipped = false;
  isPastReturn = false;
  constructor(work, about) {
    this.#work = work;
    this.#about = about.release === about.old ? withOtherSettings(about) : about;
  }
  note({ at: at2, step, isLate }) {
    const {
      host,
      request,
      ports: { log },
      learn
    } = this.#work;
    const { release, old, lease } = this.#about;
    lease.phase(step);
    const took = this.#before === void 0 ? void 0 : at2 - this.#before;
    this.#before = at2;
    const said = sentences[step];
    if (said !== void 0) log.step(said.label, said.text({ release, old, isLate }), took);
    else log.debug(`${host}: ${step}`);
    if (step === "flipped") {
      this.hasFlipped = true;
      learn({
        standing: `${release} has the traffic on ${host}, and ${old} is ready to take it back; the server goes on by itself`
      });
    }
    if (step === "stopping") {
      this.isPastReturn = true;
      learn({
        standing: `${release} serves on ${host}, from a temporary container; the server goes on by itself, and the next run looks`
      });
    }
    if (step === "stopped" && isLate) log.warning(deafToEnding(`${host}: ${old}`, request.stopTimeout));
    if (step === "drained") this.#hasDrained = true;
    if (step === "deployed" && !this.#hasDrained) {
      log.info(
        `${old} still has connections on ${host}, which it lets come to their end: the server goes on by itself`
      );
    }
    if (step === "committed") this.isPastReturn = true;
    if (step === "committed") learn({ standing: `${release} serves on ${host}` });
  }
  /** The old version serves, with a proof. */
  undone() {
    const { host, learn } = this.#work;
    const { old } = this.#about;
    if (this.hasFlipped) {
      learn({ result: "rolled-back", standing: `the old version (${old}) serves again on ${host}` });
    } else {
      learn({ result: "failed", standing: `the old version (${old}) is running on ${host}, as before` });
    }
  }
};
function withOtherSettings({ release, lease }) {
  return { release: `${release} with its new settings`, old: `${release} as it was`, lease };
}
var sentences = {
  taken: { label: "Proxy", text: () => "its configuration includes the ports that take turns" },
  healthy: { label: "Healthy", text: ({ release, old }) => `${release} runs beside ${old}` },
  flipped: { label: "Switch", text: ({ release }) => `new connections go to ${release}` },
  drained: {
    label: "Drained",
    text: ({ old, isLate }) => isLate ? `${old} still has connections; the time is up` : `nobody is connected to ${old} any more`
  },
  baked: { label: "Bake", text: ({ release }) => `${release} stays healthy` },
  stopped: { label: "Stopped", text: ({ old }) => old },
  "final-healthy": { label: "In place", text: ({ release }) => `${release} runs on the published port` },
  unflipped: { label: "Settled", text: () => "the redirect is removed" },
  failed: { label: "Failed", text: ({ release, old }) => `${release} is no good: back to ${old}` }
};
async function followed(work, run3, course) {
  const {
    request,
    ports: { signal }
  } = work;
  const { healthTimeout, bake, drainTimeout, stopTimeout: stopTimeout2 } = request;
  const timeout4 = 2 * healthTimeout + bake + 2 * drainTimeout + 3 * stopTimeout2 + spare;
  const over = new AbortController();
  const watching = watchFromOutside(work, run3, { course, over: AbortSignal.any([signal, over.signal]) });
  const onEntry = (entry) => course.note(entry);
  try {
    const result = await follow(run3, { timeout: timeout4, signal, onEntry });
    over.abort();
    return { result, outside: await watching };
  } catch (error) {
    over.abort();
    if (!signal.aborted) throw error;
    if (course.isPastReturn) throw error;
    await askToGoBack(run3, "cancelled");
    const limit2 = AbortSignal.timeout(lastTime2);
    const result = await follow(run3, { timeout: lastTime2, signal: limit2, onEntry: () => {
    } }).catch(
      () => void 0
    );
    if (result?.result === "undone") course.undone();
    throw error;
  }
}
async function watchFromOutside({ host, request, ports: { ask: ask2 } }, run3, { course, over }) {
  const probe = outsideProbe(request, host);
  if (probe === void 0) return void 0;
  let complaints = 0;
  try {
    for (; ; ) {
      await (0, import_promises4.setTimeout)(outside.pause, void 0, { signal: over });
      if (!course.hasFlipped) continue;
      if (course.isPastReturn) return void 0;
      const complaint = (0, import_health_http.complaintAbout)(await ask2(probe, outside.timeout, over), {
        status: [[200, 299]],
        headers: {}
      });
      complaints = complaint === void 0 ? 0 : complaints + 1;
      if (complaint === void 0 || complaints < outside.complaints) continue;
      await askToGoBack(run3, "outside");
      return new import_ground_errors.UserError(
        `${request.container} does not answer from outside — ${complaint.observed}`,
        complaint.hint,
        { code: complaint.code }
      );
    }
  } catch (error) {
    if (over.aborted) return void 0;
    throw error;
  }
}
//! src/deployment/switch/switch-end.ts
//! src/deployment/gate/gate.ts
var pause2 = 250;
var answerTimeout3 = 5e3;
var stayUp = 3e3;
var checkPause = 1e3;
async function waitUntilServing(name, called, { probe, status, timeout: timeout4 }, { docker, ask: ask2, signal, log }) {
  const started = import_node_perf_hooks7.performance.now();
  let told3 = "";
  let bornAt;
  let checkedAt = Number.NEGATIVE_INFINITY;
  for (; ; ) {
    const container = await docker.container(name);
    if (container === void 0) {
      throw new import_ground_errors.UserError(
        `${called} is gone — somebody removed its container`,
        "find out who, then deploy again",
        {
          code: "container-gone"
        }
      );
    }
    const waited = import_node_perf_hooks7.performance.now() - started;
    bornAt ??= container.state.startedAt.getTime();
    const isReborn = bornAt !== container.state.startedAt.getTime();
    let look = isReborn ? { now: "stopped" } : lookAt(container, waited, probe !== void 0);
    if (look.now === "stopped") throw (0, import_diagnosis_why.whyNotServing)(called, (0, import_diagnosis_why.thatStopped)(await docker.evidence(name)));
    if ((look.now === "ready" || look.now === "unchecked") && probe !== void 0) {
      const complaint = (0, import_health_http.complaintAbout)(await ask2(probe, answerTimeout3, signal), { status, headers: {} });
      if (complaint !== void 0) look = { now: "not yet", observed: complaint.observed, complaint };
    }
    if (look.now === "unchecked") {
      const isDue = import_node_perf_hooks7.performance.now() - checkedAt > checkPause;
      if (isDue && await docker.passesOwnCheck(name)) return container;
      if (isDue) checkedAt = import_node_perf_hooks7.performance.now();
      look = { now: "not yet", observed: "its health check has not passed yet" };
    }
    if (look.now === "ready") return container;
    if (look.now === "not yet") {
      if (waited > timeout4) {
        const answer = look.complaint;
        throw (0, import_diagnosis_why.whyNotServing)(called, { ...await docker.evidence(name), answer }, { waited: timeout4 });
      }
      if (look.observed !== told3) log.debug(`${called}: ${look.observed}`);
      told3 = look.observed;
    }
    await (0, import_promises5.setTimeout)(pause2, void 0, { signal }).catch(() => signal.throwIfAborted());
  }
}
function lookAt({ state }, waited, hasProbe) {
  if (state.status !== "running") return { now: "stopped" };
  if (state.health?.status === "unhealthy") {
    const said = state.health.output.split("\n").at(-1) || "nothing";
    return { now: "not yet", observed: `its health check says: ${said}` };
  }
  if (state.health?.status === "starting") return { now: "unchecked" };
  if (state.health === void 0 && !hasProbe && waited < stayUp) {
    return { now: "not yet", observed: "it has just started" };
  }
  return { now: "ready" };
}
//! src/deployment/gate/proof.ts
var oldTimeout2 = 6e4;
var good2 = [[200, 299]];
var anyAnswer2 = [[100, 499]];
async function serves(work, name) {
  try {
    await prove(work, work.docker, name, work.ports.signal);
    return true;
  } catch (error) {
    if (!(error instanceof import_ground_errors.UserError) || work.ports.signal.aborted) throw error;
    work.ports.log.info(`it runs, but does not serve: ${error.message}`);
    return false;
  }
}
function prove({ host, request, ports }, docker, name, signal) {
  const gate = { probe: outsideProbe(request, host), status: good2, timeout: request.healthTimeout };
  return waitUntilServing(name, `${request.container} (${releaseOf(request)})`, gate, {
    ...ports,
    docker,
    signal
  });
}
function proveOld({ host, request, ports }, docker, name, signal) {
  const gate = { probe: outsideProbe(request, host), status: anyAnswer2, timeout: oldTimeout2 };
  return waitUntilServing(name, `the old ${request.container}`, gate, { ...ports, docker, signal });
}
//! src/deployment/switch/switch-failure.ts
function switchFailure(failure) {
  const { called, server, result, evidence, healthTimeout, outside: outside2 } = failure;
  const seen = (0, import_diagnosis_container_rules.readCollected)(evidence["evidence.seen"] ?? "", server, void 0);
  const said = seen.log?.text ?? "";
  switch (result.failed) {
    case "stopped":
      return (0, import_diagnosis_why.whyNotServing)(called, (0, import_diagnosis_why.thatStopped)(seen));
    case "unhealthy": {
      const told3 = answerIn(evidence);
      const answer = told3 && (0, import_health_http.complaintAbout)(told3, { status: [[200, 299]], headers: {} });
      return (0, import_diagnosis_why.whyNotServing)(called, { ...seen, answer }, { waited: healthTimeout });
    }
    case "gone":
      return new import_ground_errors.UserError(
        `${called} is gone — somebody removed its container`,
        "find out who, then deploy again",
        {
          code: "container-gone"
        }
      );
    case "docker":
      return (0, import_diagnosis_container_rules.dockerVerdict)({
        failed: `Cannot put ${called} into its place`,
        server,
        result: { exitCode: 1, signal: null, stdout: "", stderr: evidence["docker.error"] ?? "" }
      });
    case "outside":
      if (outside2 !== void 0) return outside2;
      break;
    case "front":
      return new import_ground_errors.UserError(
        `The proxy in front of ${called} on ${server} did not take the change — ${firstLine(evidence["front.error"]) ?? "it said nothing"}`,
        "mend what it says there (nginx -t, or what Caddy logs), or choose strategy: bridge",
        { code: "proxy-unchanged", evidence: evidence["front.error"] ?? "" }
      );
    case "public":
      return new import_ground_errors.UserError(
        `${called} does not answer on its public port of ${server} — it is healthy, and ${result.who === "next" ? "the proxy hands requests to it" : "the port was redirected to it"}`,
        result.who === "next" ? "ask health-url on the server itself, and read the log of the proxy" : "look for rules of another program before ours (iptables-save -t nat, nft list ruleset), or choose strategy: recreate",
        { code: "switch-failed", evidence: said }
      );
  }
  const complaint = firstLine(evidence["filter.error"]);
  return new import_ground_errors.UserError(
    `The traffic of ${called} could not be moved on ${server} — ${complaint ?? result.failed}`,
    "look at the rules there (iptables-save -t nat, nft list ruleset), or choose strategy: recreate",
    // Not what Docker says about the container: that has the values of its environment.
    { code: "switch-failed", evidence: [said, evidence["program.log"] ?? ""].join("\n").trim() }
  );
}
function firstLine(text3 = "") {
  return text3.trim().split("\n")[0] || void 0;
}
function answerIn(evidence) {
  const said = evidence["evidence.status"] ?? "";
  if (said === "") return void 0;
  if (said === "late") {
    return { kind: "silence", code: "health-no-answer", observed: "no answer within 5 s" };
  }
  if (said === "000") {
    return { kind: "silence", code: "health-refused", observed: "the container refuses connections" };
  }
  return {
    kind: "answer",
    status: Number(said),
    headers: {},
    body: evidence["evidence.body"] ?? "",
    milliseconds: 0
  };
}
//! src/deployment/switch/switch-end.ts
async function whyItEnded({ request, docker }, release, name) {
  const container = await docker.container(name);
  if (container?.state.status !== "exited") return void 0;
  return (0, import_diagnosis_why.whyNotServing)(`${request.container} (${release})`, await docker.evidence(name));
}
async function conclude(work, { release, current }, { run: run3, course, ended: ended3 }) {
  const { host, request, machine, docker, ports, learn } = work;
  const { log, signal } = ports;
  const called = `${request.container} (${release})`;
  if (ended3.result === void 0)
    log.warning(`${host}: the switch was ended from outside; it is brought to its end`);
  const result = ended3.result ?? await recovered(work, run3);
  switch (result?.result) {
    case "finished":
    case "deployed": {
      learn({ result: "deployed", downtime: 0, standing: `${release} serves on ${host}` });
      const { final } = namesFor(request.container, { release, current });
      const [proven2] = await Promise.all([prove(work, docker, final, signal), tidyFolder(run3)]);
      return proven2;
    }
    case "undone": {
      course.undone();
      const evidence = await takeEvidence(run3, (0, import_node_crypto5.randomBytes)(8).toString("hex"));
      await tidyFolder(run3);
      const { healthTimeout } = request;
      const { outside: outside2 } = ended3;
      throw switchFailure({ called, server: machine.name, result, evidence, healthTimeout, outside: outside2 });
    }
    default:
      learn({ result: "failed", standing: await stuckStanding(work, release, current) });
      throw unsettled(work, result?.failed ?? "its program was killed");
  }
}
function howItEnded({ result }) {
  return result === "undone" ? "it was undone: the version of before serves" : "it was finished: the new version of that deployment serves";
}
async function recovered({ request, ports: { signal } }, run3, program) {
  await launch(run3, "recover", { signal, ...program === void 0 ? {} : { program } });
  const { healthTimeout, drainTimeout } = request;
  const timeout4 = 3 * healthTimeout + 2 * drainTimeout + 18e4;
  return follow(run3, { timeout: timeout4, signal, onEntry: ({ step }) => run3.log.debug(`recovery: ${step}`) });
}
async function stuckStanding({ docker, host, request }, release, current) {
  const names2 = workingNames(request.container);
  const bridge = await docker.container(names2.bridge).catch(() => void 0);
  return bridge?.state.status === "running" ? `${release} serves on ${host} from a temporary container: run again, which puts it right` : `${releaseNameOf(current)} may be down on ${host}: run again, which puts it right, or "docker start ${current.name}" there`;
}
function unsettled({ request, host }, observed) {
  return new import_ground_errors.UserError(
    `A switch of ${request.container} on ${host} did not come to its end — ${observed}`,
    `look there: docker ps -a, and ~/.tenantry/${request.container}/switch/journal; then run again`,
    { code: "deployment-unsettled" }
  );
}
//! src/deployment/bridge/bridge-ports.ts
var askTimeout2 = 3e4;
function bridgeSpec(spec, name, survey) {
  const addresses = ["127.0.0.1", ...survey.bridges.map(({ address: address2 }) => address2)];
  if (isOnIpv6(survey)) addresses.push("::");
  const containerPorts = [...new Set(spec.ports.map(({ containerPort }) => containerPort))];
  const ports = containerPorts.flatMap(
    (containerPort) => addresses.map((address2) => ({ address: address2, hostPort: 0, containerPort, protocol: "tcp" }))
  );
  return { ...spec, name, ports, networkAlias: void 0 };
}
function isOnIpv6({ proxies, filter, filter6, closed }) {
  return !closed.ipv6 && proxies.some(({ hostAddress }) => hostAddress === "::") && (filter === "nft" || filter6 !== void 0);
}
async function publicPorts(machine, { bridge, ports, survey, signal }) {
  const format = "{{range $port, $all := .NetworkSettings.Ports}}{{range $all}}{{$port}} {{.HostIp}} {{.HostPort}}\n{{end}}{{end}}";
  const script2 = `docker container inspect --format "$1" "$2" | sed 's/^./published &/'; ${import_deployment_server_server_script.listProxies}`;
  const { stdout } = await machine.run(["sh", "-c", script2, "ports", format, bridge], {
    timeout: askTimeout2,
    signal
  });
  const published = [...stdout.matchAll(/^published (\d+)\/tcp (\S+) (\d+)$/gm)].map(
    ([, containerPort, address2, port]) => ({
      containerPort: Number(containerPort),
      address: address2,
      port: Number(port)
    })
  );
  const proxies = stdout.split("\n").filter((line) => line.includes("docker-proxy")).flatMap(import_deployment_server_server_script.readProxy);
  return ports.map(({ address: address2, hostPort, containerPort }) => {
    const portOn = (where) => published.find((each) => each.containerPort === containerPort && each.address === where)?.port;
    const loopbackPort = portOn("127.0.0.1");
    const proxy = proxies.find(
      (each) => each.hostAddress === "127.0.0.1" && each.hostPort === loopbackPort && each.containerPort === containerPort
    );
    if (proxy === void 0) {
      throw new import_ground_errors.UserError(
        `Cannot see how Docker forwards port ${containerPort} of ${bridge} on ${machine.name} — there is no docker-proxy for it`,
        "choose strategy: recreate",
        { code: "switch-failed" }
      );
    }
    return {
      address: ipv4Address(address2),
      port: hostPort,
      target: {
        address: proxy.containerAddress,
        port: containerPort,
        loopbackPort,
        ipv6Port: address2 === void 0 ? portOn("::") : void 0,
        neighbours: survey.bridges.map(({ device, address: gateway }) => ({
          device,
          port: survey.closed.ipv4 ? void 0 : portOn(gateway)
        }))
      }
    };
  });
}
//! src/deployment/switch/program-settings.ts
function textOf(settings2) {
  return Object.entries(settings2).map(([name, value]) => `${name}=${(0, import_machine_ssh_verdict.quoted)(String(value))}
`).join("");
}
function commonProgram() {
  return [(0, import_deployment_server_server_script.serverScript)("server-program"), (0, import_diagnosis_container_rules.serverScript)("own-check"), (0, import_diagnosis_container_rules.collector)()].join("\n");
}
function commonSettings({ request, survey, current, release }) {
  const { container, restart, stopTimeout: stopTimeout2, bake, drainTimeout, healthTimeout } = request;
  const names2 = namesFor(container, { release, current });
  return {
    OLD: names2.old,
    FINAL: names2.final,
    NEXT: names2.next,
    PREVIOUS: names2.previous,
    KEEP: current !== void 0 && isForeign(current) ? names2.adopted : "",
    SUDO: survey.isRoot ? "" : "sudo -n",
    BAKE: centiseconds(bake),
    DRAIN: centiseconds(drainTimeout),
    HEALTH_TIMEOUT: centiseconds(healthTimeout),
    STOP: seconds(stopTimeout2),
    RESTART: restart,
    OLD_ID: current?.id ?? "",
    OLD_RESTART: current?.restart ?? "no",
    PORTS: hexadecimal(request.ports.map(({ containerPort }) => containerPort)),
    OLD_PORTS: hexadecimal((current?.ports ?? []).map(({ containerPort }) => containerPort))
  };
}
function centiseconds(milliseconds2) {
  return Math.round(milliseconds2 / 10);
}
function seconds(milliseconds2) {
  return Math.ceil(milliseconds2 / 1e3);
}
function hexadecimal(ports) {
  return ports.map((port) => port.toString(16).toUpperCase().padStart(4, "0")).join(" ");
}
//! src/deployment/bridge/switch-program.ts
function switchProgram(facts2) {
  return `${textOf(settings(facts2))}
${commonProgram()}
${(0, import_deployment_server_server_script.serverScript)("switch")}`;
}
function settings({ request, host, survey, ports, current, release }) {
  const chain = (0, import_deployment_server_server_script.chainOf)(request.container);
  const filter = survey.filter ?? "iptables";
  const isNft = filter === "nft";
  const probe = healthProbe(request, host);
  const http = probe === void 0 || probe.scheme === "https" && survey.http !== "curl" ? "" : survey.http;
  return {
    ...commonSettings({ request, host, survey, current, release }),
    BRIDGE: workingNames(request.container).bridge,
    CHAIN: chain,
    FILTER: filter,
    FILTER6: survey.filter6 ?? "",
    FLIP: isNft ? (0, import_deployment_server_server_script.nftFlip)(chain, ports) : (0, import_deployment_server_server_script.iptablesFlip)(chain, ports),
    FLIP6: isNft ? "" : (0, import_deployment_server_server_script.ip6tablesFlip)(chain, ports),
    HTTP: http ?? "",
    HEALTH_SCHEME: probe?.scheme ?? "http",
    HEALTH_HOST: probe?.host ?? "",
    HEALTH_PORT: probe?.containerPort ?? 0,
    HEALTH_PATH: probe?.path ?? "/",
    PUBLIC: probe === void 0 ? "" : placesOf2(probe, survey.own).join(" ")
  };
}
function placesOf2({ hostPort, address: address2 }, own) {
  if (address2 !== void 0) return [`${address2}:${hostPort}`];
  return [`127.0.0.1:${hostPort}`, ...own === void 0 ? [] : [`${own}:${hostPort}`]];
}
//! src/deployment/bridge/bridge.ts
var removeTimeout = 3e4;
async function crossOver(work, crossing) {
  const { host, request, machine, docker, ports } = work;
  const { release, current, spec, survey, folder, lease } = crossing;
  const { log, signal } = ports;
  const { bridge, next } = workingNames(request.container);
  const run3 = { machine, folder, log };
  try {
    await docker.create(bridgeSpec(spec, bridge, survey));
    const [redirected] = await together(
      docker.start(bridge).then(() => publicPorts(machine, { bridge, ports: request.ports, survey, signal })),
      docker.create(spec)
    );
    const program = switchProgram({ request, host, survey, ports: redirected, current, release });
    await launch(run3, "deploy", { signal, program });
  } catch (error) {
    const cause = await whyItEnded(work, release, bridge).catch(() => void 0);
    const last = (0, import_diagnosis_container_rules.dockerOn)(machine, { signal: AbortSignal.timeout(removeTimeout), log });
    for (const name of [bridge, next]) await last.remove(name).catch(() => {
    });
    throw cause ?? error;
  }
  const course = new Course(work, { release, old: releaseNameOf(current), lease });
  const ended3 = await followed(work, run3, course);
  return conclude(work, crossing, { run: run3, course, ended: ended3 });
}
async function settleSwitch(work, { found, survey, folder }) {
  const { host, request, machine, ports } = work;
  const { log } = ports;
  if (found.bridge === void 0 && !survey.isRedirected) return void 0;
  log.step("Repair", describeSwitch(found, survey));
  const run3 = { machine, folder, log };
  const current = found.current ?? found.previous;
  const made = found.bridge ?? found.next;
  const release = (made && releaseOfContainer(made)) ?? releaseOf(request);
  const result = await recovered(
    work,
    run3,
    survey.hasProgram ? void 0 : switchProgram({ request, host, survey, ports: [], current, release })
  );
  if (result === void 0 || result.result === "stuck") {
    throw unsettled(work, result?.failed ?? "its program was killed");
  }
  if (isTail(found, survey)) return void 0;
  const said = howItEnded(result);
  log.info(said);
  return said;
}
//! src/deployment/preflight/preflight.ts
//! src/deployment/preflight/disk-space.ts
var plenty = { bytes: 16 * 2 ** 30, files: 5e5 };
var times = { compressed: 3, unpacked: 2 };
var bytesPerFile = 64 * 2 ** 10;
function complaintAboutSpace(size, kind, { bytes: bytes2, files, folder }) {
  const needed = size * times[kind];
  if (bytes2 !== void 0 && needed > bytes2) {
    return `it needs about ${(0, import_diagnosis_container_rules.showSize)(needed)}, and ${folder} has ${(0, import_diagnosis_container_rules.showSize)(bytes2)} free`;
  }
  const filesNeeded = Math.ceil(needed / bytesPerFile);
  if (files !== void 0 && filesNeeded > files) {
    return `it needs at least ${filesNeeded} files, and ${folder} has room for ${files} (df -i)`;
  }
  return void 0;
}
function isPlenty({ bytes: bytes2, files }) {
  return (bytes2 ?? 0) >= plenty.bytes && (files ?? plenty.files) >= plenty.files;
}
async function refuseFullDisk(work, { platform, disk, current }) {
  const { request, docker, ports } = work;
  if (isPlenty(disk)) return;
  const login = request.registryLogin;
  const written = (0, import_diagnosis_container_rules.showImage)(request.image);
  const layers = await docker.layersOf(written, login, platform);
  if (layers === void 0) {
    ports.log.debug(`the registry does not say how large ${written} is`);
    return;
  }
  const whole = complaintAboutSpace((0, import_diagnosis_container_rules.sizeToPull)(layers, []), "compressed", disk);
  if (whole === void 0) return;
  const known = current === void 0 ? void 0 : await docker.layersOf(current, login, platform);
  if (current !== void 0 && known === void 0) {
    ports.log.warning(`${written} may not fit on ${work.host}: ${whole}`);
    return;
  }
  const complaint = complaintAboutSpace(
    (0, import_diagnosis_container_rules.sizeToPull)(layers, known === void 0 ? [] : [known]),
    "compressed",
    disk
  );
  if (complaint !== void 0) throw await diskFull(work, `pull ${written}`, complaint);
}
async function refuseToSend(work, size, disk) {
  const complaint = isPlenty(disk) ? void 0 : complaintAboutSpace(size, "unpacked", disk);
  if (complaint !== void 0) throw await diskFull(work, `send ${(0, import_diagnosis_container_rules.showImage)(work.request.image)}`, complaint);
}
async function diskFull({ machine, docker }, action, observed) {
  const freed = await docker.reclaimable().catch(() => void 0);
  return new import_ground_errors.UserError(
    `Cannot ${action} on ${machine.name} — ${observed}`,
    `free some space there: "docker image prune --all" would free ${freed ?? "images that nothing uses"}; never prune volumes; nothing was touched`,
    { code: "disk-full" }
  );
}
function knownImage(image, current) {
  const digest = current && digestOf2(current);
  return digest === void 0 || !current?.image.startsWith(`${image.name}@`) ? void 0 : (0, import_diagnosis_container_rules.pinnedImage)(image, digest);
}
//! src/deployment/preflight/preflight.ts
async function fetchedImage(work, server) {
  const started = import_node_perf_hooks8.performance.now();
  const { request, docker, machine, ports } = work;
  const written = (0, import_diagnosis_container_rules.showImage)(request.image);
  const wanted = request.image.digest ?? request.image.id;
  const there = server.image ?? (wanted === void 0 ? void 0 : await docker.image(imageName(request, wanted)));
  const fetch2 = request.transfer === "ssh" ? sent : pulled;
  const { digest, image, isNew } = there === void 0 || wanted === void 0 ? await fetch2(work, server) : { digest: wanted, image: there, isNew: false };
  refuseOtherPlatform(`${image.os}/${image.architecture}`, server.platform, written, machine.name);
  ports.log.step(
    "Image",
    `${written} is ${(0, import_diagnosis_container_rules.shortDigest)(digest)}${isNew ? "" : " (already there)"}`,
    import_node_perf_hooks8.performance.now() - started
  );
  return { digest, image };
}
async function pulled(work, { platform, disk, current }) {
  const { request, docker, machine } = work;
  await refuseFullDisk(work, { platform, disk, current: knownImage(request.image, current) });
  const digest = await ofRegistry(work);
  const image = await docker.image(imageName(request, digest));
  if (image !== void 0) return { digest, image, isNew: true };
  throw new import_ground_errors.UserError(
    `${(0, import_diagnosis_container_rules.showImage)(request.image)} is not on ${machine.name} — it was pulled as ${digest}, and is gone`,
    "something removes images there while others are deployed (docker image prune in a cron job?)",
    { code: "image-not-found" }
  );
}
async function ofRegistry({ request, docker, machine }) {
  const { image, mode, release, registryLogin } = request;
  const login = registryLogin && { ...registryLogin, registry: registryLogin.registry || image.registry };
  try {
    if (image.id === void 0) return await docker.pull(image, login);
  } catch (error) {
    if (mode !== "rollback" || !(error instanceof import_ground_errors.UserError)) throw error;
    throw new import_ground_errors.UserError(
      `${request.container} cannot go back to ${release} — its image is not on ${machine.name} any more, and it cannot be had: ${error.message}`,
      error.hint,
      { code: error.code, cause: error }
    );
  }
  throw new import_ground_errors.UserError(
    `${request.container} cannot go back to ${release} — its image ${image.id} is not on ${machine.name} any more, and it came from no registry`,
    "choose another release, or deploy an image",
    { code: "image-not-found" }
  );
}
async function sent(work, { platform, disk }) {
  const { request, docker, machine, ports } = work;
  const here = await ports.sender.look();
  refuseOtherPlatform(here.platform, platform, (0, import_diagnosis_container_rules.showImage)(request.image), machine.name);
  const there = await sameImage(docker, here);
  if (there !== void 0) return { digest: there.id, image: there, isNew: false };
  await refuseToSend(work, archiveSize(here, 0), disk);
  const image = await ports.sender.sendTo({ docker, name: machine.name });
  return { digest: image.id, image, isNew: true };
}
function refuseOtherPlatform(built, platform, written, server) {
  if (built === platform) return;
  throw new import_ground_errors.UserError(
    `${written} cannot run on ${server} — the image is ${built}, the server ${platform}`,
    `build it for the server: platforms: ${platform} in the build step`,
    { code: "image-wrong-architecture", place: platformLike(built, platform) }
  );
}
async function refuseTakenPorts({ request, docker, machine }, current) {
  const ports = request.ports.filter(({ address: address2 }) => address2 === void 0);
  const publishers = await Promise.all(
    ports.map(({ hostPort, protocol }) => docker.publishersOf(hostPort, protocol))
  );
  for (const [index, { hostPort }] of ports.entries()) {
    const others2 = (publishers[index] ?? []).filter((name) => name !== current?.name);
    if (others2.length === 0) continue;
    throw new import_ground_errors.UserError(
      `${request.container} cannot have port ${hostPort} of ${machine.name} — it belongs to the container ${(0, import_ground_words.listed)(others2)}`,
      `stop that one, or choose another port; if it is an earlier version of this application, deploy with container: ${others2[0]}, and it is taken over`,
      { code: "port-taken" }
    );
  }
}
//! src/deployment/proxies/slot-switch.ts
//! src/deployment/proxies/caddy-proof.ts
function isSameButForPointer(changed2, config, { container, serving, free }) {
  const choose = chooser(container, { first: serving, second: free });
  const handOver = handingOver(container);
  const isOurs = (handler) => Object.entries(handOver).every(([name, value]) => (0, import_node_util4.isDeepStrictEqual)(handler[name], value));
  const without = mapped(
    changed2,
    (handlers) => handlers.flatMap((handler) => {
      if ((0, import_node_util4.isDeepStrictEqual)(handler, choose)) return [];
      return isOurs(handler) ? [place(handler, Object.keys(handOver))] : [handler];
    })
  );
  const before = mapped(
    config,
    (handlers) => handlers.map((handler) => isPlace(handler, serving) ? place(handler, ["upstreams"]) : handler)
  );
  return (0, import_node_util4.isDeepStrictEqual)(joined(without), joined(before)) && isChosenFirst(changed2, choose, isOurs);
}
function place(handler, names2) {
  const others2 = Object.entries(handler).filter(([name]) => !names2.includes(name));
  return { ...Object.fromEntries(others2), upstreams: "the application" };
}
function joined(value) {
  if (Array.isArray(value)) {
    const all = [];
    for (const each of value.map(joined)) {
      const last = all.at(-1);
      const { handle: one, ...others2 } = each ?? {};
      const { handle: before, ...lastOthers } = last ?? {};
      if (Array.isArray(one) && one.length === 0) continue;
      if (Array.isArray(one) && Array.isArray(before) && (0, import_node_util4.isDeepStrictEqual)(others2, lastOthers)) {
        all[all.length - 1] = { ...others2, handle: [...before, ...one] };
      } else all.push(each);
    }
    return all;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, joined(inner)]));
}
function isChosenFirst(value, choose, isOurs, isSet = false) {
  if (typeof value !== "object" || value === null) return true;
  if (!Array.isArray(value)) {
    return (isSet || !isOurs(value)) && Object.values(value).every((each) => isChosenFirst(each, choose, isOurs, isSet));
  }
  let isSetHere = isSet;
  for (const each of value) {
    const { handle, match } = each ?? {};
    const isUnconditional = match === void 0 && Array.isArray(handle);
    if (!isChosenFirst(each, choose, isOurs, isSetHere)) return false;
    if ((0, import_node_util4.isDeepStrictEqual)(each, choose)) isSetHere = true;
    if (isUnconditional && handle.some((one) => (0, import_node_util4.isDeepStrictEqual)(one, choose))) isSetHere = true;
  }
  return true;
}
//! src/deployment/proxies/slot-program.ts
function slotProgram(facts2) {
  const { move } = facts2;
  const front = move.proxy === "nginx" ? nginxSettings(move, facts2) : caddySettings(move, facts2);
  const sites = move.form === "pointer" || move.proxy === "nginx" ? takenOver(move) : "";
  return `${textOf({ WAY: "slots", ...slotSettings(facts2), ...front })}${sites}
${[commonProgram(), (0, import_deployment_server_server_script.serverScript)(move.proxy), (0, import_deployment_server_server_script.serverScript)("slots")].join("\n")}`;
}
function slotSettings({ request, host, survey, current, release, move }) {
  const probe = outsideProbe(request, host);
  const url = probe?.url;
  const port = url?.port || (url?.protocol === "https:" ? "443" : "80");
  const places = [`127.0.0.1:${port}`, ...survey.own === void 0 ? [] : [`${survey.own}:${port}`]];
  return {
    ...commonSettings({ request, host, survey, current, release }),
    APP: request.container,
    NEW_SLOT: move.slots.free,
    OLD_SLOT: move.slots.serving,
    // The container is asked as the proxy asks it.
    HTTP: url === void 0 ? "" : "curl",
    KIND: move.changesPath ? "any" : "good",
    HEALTH_SCHEME: "http",
    HEALTH_HOST: probe?.host ?? url?.host ?? "",
    HEALTH_PORT: request.ports[0]?.containerPort ?? 0,
    HEALTH_PATH: url === void 0 ? "/" : `${url.pathname}${url.search}`,
    FORWARDED: url?.protocol === "https:" ? "https" : "http",
    FRONT: url === void 0 ? "" : places.join(" "),
    FRONT_URL: url?.href ?? "",
    FRONT_HOST: probe?.host ?? ""
  };
}
function nginxSettings({ form, first, second, takeOver }, { request }) {
  return {
    NGINX: nginxFolder(request.container),
    MARK: nginxMark(request.container),
    FORM: form,
    FIRST: first,
    SECOND: second,
    TAKEN: takeOver === void 0 ? "yes" : "no"
  };
}
function caddySettings(move, { request }) {
  const { form } = move;
  const common = { API: "http://localhost:2019", FORM: form };
  if (form === "pointer") {
    const { first, second, takeOver } = move;
    return {
      ...common,
      CADDY: caddyFolder(request.container),
      MARK: caddyMark(request.container),
      VARIABLE: caddyVariable(request.container),
      FIRST: first,
      SECOND: second,
      TAKEN: takeOver === void 0 ? "yes" : "no",
      CONFIG_OLD: takeOver === void 0 ? "" : JSON.stringify(takeOver.before),
      CONFIG_NEW: takeOver?.after ?? "",
      FILE: takeOver?.file?.path ?? "",
      FILE_OLD: takeOver?.file?.before ?? "",
      FILE_NEW: takeOver?.file?.after ?? ""
    };
  }
  const { patch, file } = move;
  return {
    ...common,
    PLACE: patch.path,
    PART_OLD: JSON.stringify(patch.serving),
    PART_NEW: JSON.stringify(patch.free),
    FILE: file?.path ?? "",
    FILE_OLD: file?.before ?? "",
    FILE_NEW: file?.after ?? ""
  };
}
function takenOver(move) {
  const { takeOver, slots } = move;
  const sites = (move.proxy === "nginx" ? move.takeOver?.sites ?? [] : []).map(
    ({ path, before, after }) => ({
      path,
      before,
      after,
      template: ""
    })
  );
  const files = (takeOver?.files ?? []).map(({ path, text: text3 }) => {
    const after = text3.replaceAll("@SLOT@", String(slots.serving)).trimEnd();
    return { path, before: "", after, template: text3.trimEnd() };
  });
  return `${numbered("site", sites)}${numbered("file", files)}`;
}
function numbered(name, all) {
  const cases = all.map((one, index) => {
    const values = Object.entries(one).map(([key, value]) => `${key}=${(0, import_machine_ssh_verdict.quoted)(value)}`);
    return `    ${index + 1}) ${values.join(" ")} ;;
`;
  });
  return `${name}() {
  case $1 in
${cases.join("")}    *) return 1 ;;
  esac
}
`;
}
//! src/deployment/proxies/slot-switch.ts
var askTimeout3 = 3e4;
async function changeSlot(work, crossing) {
  const { host, request, machine, docker, ports } = work;
  const { release, current, spec, survey, folder, lease } = crossing;
  const { log, signal } = ports;
  const { next } = workingNames(request.container);
  const run3 = { machine, folder, log };
  try {
    const move = crossing.move.proxy === "caddy" ? await proven(work, survey, crossing.move) : crossing.move;
    await docker.create(spec);
    await docker.start(next);
    const program = slotProgram({ request, host, survey, current, release, move });
    await launch(run3, "deploy", { signal, program });
  } catch (error) {
    const cause = await whyItEnded(work, release, next).catch(() => void 0);
    const last = (0, import_diagnosis_container_rules.dockerOn)(machine, { signal: AbortSignal.timeout(askTimeout3), log });
    await last.remove(next).catch(() => {
    });
    throw cause ?? error;
  }
  const course = new Course(work, { release, old: releaseNameOf(current), lease });
  const ended3 = await followed(work, run3, course);
  return conclude(work, crossing, { run: run3, course, ended: ended3 });
}
var adaptScript = `
  beside=\${1%/*}/.\${1##*/}.tenantry
  $2 tee "$beside" >/dev/null || exit
  caddy adapt --config "$beside" --adapter caddyfile 2>"\${TMPDIR:-/tmp}/tenantry-adapt.$$"
  code=$?
  [ $code -eq 0 ] || tail -n 1 "\${TMPDIR:-/tmp}/tenantry-adapt.$$" >&2
  $2 rm -f "$beside"
  rm -f "\${TMPDIR:-/tmp}/tenantry-adapt.$$"
  exit $code`;
async function proven(work, survey, move) {
  if (move.form === "reload") {
    if (move.file === void 0) return move;
    const said2 = await adapted(work, survey, move.file.path, move.file.after);
    if ((0, import_node_util3.isDeepStrictEqual)(parsed2(said2), move.file.expected)) return move;
    throw saysSomethingElse(work, move.file.path, said2);
  }
  const { takeOver, slots } = move;
  if (takeOver?.file === void 0) return move;
  const { path, after } = takeOver.file;
  const text3 = takeOver.files.reduce(
    (all, file) => all.replaceAll(`import ${file.path}
`, () => file.text),
    after
  );
  const said = await adapted(work, survey, path, text3);
  const { container } = work.request;
  if (!isSameButForPointer(parsed2(said), takeOver.before, { ...slots, container })) {
    const { otherwise } = takeOver;
    if (otherwise === void 0) throw saysSomethingElse(work, path, said);
    work.ports.log.info(`${otherwise.why}: its configuration is loaded anew instead`);
    return proven(work, survey, otherwise);
  }
  return { ...move, takeOver: { ...takeOver, after: said.trim() } };
}
async function adapted({ machine, ports: { signal } }, { isRoot }, path, text3) {
  if (path.endsWith(".json")) return text3;
  const argv = ["sh", "-c", adaptScript, "adapt", path, isRoot ? "" : "sudo -n"];
  const result = await machine.run(argv, { stdin: text3, timeout: askTimeout3, signal });
  return (0, import_machine_machine.succeeded)(result) ? result.stdout : (0, import_machine_machine.lastWords)(result, 1);
}
function saysSomethingElse({ machine }, path, said) {
  return new import_ground_errors.UserError(
    `The file ${path} of ${machine.name} cannot be changed as Caddy's configuration is — it would say something else than the port`,
    "write the address of the application only where Caddy hands requests to it, or choose strategy: bridge",
    { code: "strategy-impossible", evidence: parsed2(said) === void 0 ? said.slice(0, 2e3) : "" }
  );
}
function parsed2(text3) {
  try {
    return JSON.parse(text3);
  } catch {
    return void 0;
  }
}
function proxyOf(request, survey) {
  for (const proxy of ["caddy", "nginx"]) {
    const move = moveBy(proxy, askedOf(request), survey, void 0);
    if (move !== void 0 && "slots" in move) return move;
  }
  return void 0;
}
function turned(move) {
  const slots = { serving: move.slots.free, free: move.slots.serving };
  if (move.form === "pointer" || move.proxy === "nginx") return { ...move, slots };
  const { patch, file } = move;
  return {
    ...move,
    slots,
    patch: { path: patch.path, serving: patch.free, free: patch.serving },
    file: file && { ...file, before: file.after, after: file.before }
  };
}
async function settleSlots(work, { found, survey, folder }) {
  const { host, request, machine, ports } = work;
  const { log } = ports;
  const run3 = { machine, folder, log };
  log.step(
    "Repair",
    "an earlier deployment ended while its ports took turns: it will be finished, or undone"
  );
  if (!survey.hasSlotProgram) {
    const current = found.current ?? found.previous;
    const move = proxyOf(request, survey);
    if (move === void 0) throw unsettled(work, "its program is gone");
    const release = found.next === void 0 ? releaseOf(request) : releaseNameOf(found.next);
    const facts2 = {
      request,
      host,
      survey,
      current,
      release,
      move: turned(move)
    };
    await machine.writeFile(`${folder}/program`, slotProgram(facts2), { mode: 384 });
  }
  const result = await recovered(work, run3);
  if (result === void 0 || result.result === "stuck") {
    throw unsettled(work, result?.failed ?? "its program was killed");
  }
  const said = howItEnded(result);
  log.info(said);
  return said;
}
//! src/deployment/host/reload-nginx.ts
var timeout2 = 3e4;
var script = `
  PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
  sudo=
  [ "$(id -u)" -eq 0 ] || sudo='sudo -n'
  $sudo nginx -t || exit
  [ "$1" = check ] || $sudo nginx -s reload`;
async function checkNginx(work) {
  await tell(work, "check", "cannot be reloaded", "nothing was touched");
}
async function reloadNginx(work) {
  await tell(work, "reload", "was not reloaded", "the new version serves");
  work.ports.log.step("nginx", `reloaded on ${work.host}`);
}
async function tell({ host, machine, ports }, what, failed, standing) {
  const result = await machine.run(["sh", "-c", script, "nginx", what], { timeout: timeout2, signal: ports.signal });
  if ((0, import_machine_machine.succeeded)(result)) return;
  throw new import_ground_errors.UserError(
    `nginx on ${host} ${failed} — ${(0, import_machine_machine.lastWords)(result, 1)}`,
    `try "sudo nginx -t" there: its configuration must be right, and this account must be root or allowed to use sudo without a password; ${standing}`,
    { code: "nginx-reload-failed", evidence: (0, import_machine_machine.lastWords)(result) }
  );
}
//! src/deployment/host/replace.ts
async function replace({ work: asked, releases, ...seen }, { current, site }) {
  const { work, recorded } = recording(asked);
  work.learn({
    previousRelease: current && releaseNameOf(current),
    previousDigest: current && digestOf2(current),
    standing: untouched(current, work.host)
  });
  const room = roomOf(site.survey);
  const ledger = new Ledger(work, { releases, current, mechanism: "none", room });
  work.learn({ changes: ledger.roomChanges });
  await recorded(
    () => replaced(work, { ...seen, ledger, current, site }),
    (result) => ledger.finish(result, current)
  );
}
async function replaced(work, { ledger, current, currentImage, site, ...seen }) {
  const { host, request, docker, ports, learn } = work;
  const { survey } = site;
  const release = releaseOf(request);
  const inTheWay = Promise.all([namesake(work, release, current), refuseTakenPorts(work, current)]);
  inTheWay.catch(() => {
  });
  const { digest, image } = await fetchedImage(work, { ...seen, disk: survey.disk, current });
  learn({ digest });
  const serving = { ...work, request: inServingSlot(request, survey) };
  const choice2 = chooseMechanism(askedOf(request), survey, current);
  ledger.mechanism = choice2.mechanism;
  const plan = planOf(serving, { current, currentImage, digest, choice: choice2, survey });
  tellPlan(plan, work);
  learn({ changes: [...plan.changes, ...ledger.roomChanges] });
  if (plan.kind === "unchanged" && current !== void 0 && await serves(work, current.name)) {
    learn({ result: "unchanged", standing: `${release} serves on ${host}` });
    const what = `${release} (${(0, import_diagnosis_container_rules.shortDigest)(digest)})`;
    ports.log.step("Unchanged", `${request.container} on ${host} is ${what} already`);
    return;
  }
  const { move } = choice2;
  const placed = move === void 0 ? serving : { ...work, request: (0, import_deployment_server_server_script.inSlot)(request, move.slots.free) };
  const [[leftover]] = await together(
    inTheWay,
    ledger.prepare(placed.request, { digest, imageId: image.id })
  );
  if (leftover !== void 0) await docker.remove(leftover.name);
  if (request.reloadNginx === true) await checkNginx(work);
  const proven2 = await switchTo(placed, { digest, release, current, site, choice: choice2 });
  checkWhatServes(work, { proven: proven2, image, digest });
  if (request.reloadNginx === true) await reloadNginx(work);
}
async function switchTo(work, { digest, release, current, site, choice: choice2 }) {
  const { host, request, docker, ports } = work;
  const started = import_node_perf_hooks6.performance.now();
  const key = keyOf(release, settingsOf(request, digest));
  const envFile = envFileOf(site.survey.home, request.container, key);
  const spec = specFor(request, digest, { name: workingNames(request.container).next, envFile });
  if (request.preDeploy !== void 0 || site.survey.hasPreDeploy) {
    site.lease.phase("pre-deploy");
    await runPreDeploy(work, spec);
  }
  let proven2;
  if (choice2.move !== void 0 && current !== void 0) {
    proven2 = await changeSlot(work, { release, current, spec, ...site, move: choice2.move });
  } else if (choice2.mechanism === "bridge" && current !== void 0) {
    proven2 = await crossOver(work, { release, current, spec, ...site });
  } else {
    await recreated(work, { spec, release, current });
    proven2 = await docker.container(namesFor(request.container, { release, current }).final);
  }
  ports.log.step("Deployed", `${release} serves on ${host}`, import_node_perf_hooks6.performance.now() - started);
  return proven2;
}
function recreated(work, { spec, release, current }) {
  const { host, request, machine, ports, learn } = work;
  return switchOver({
    host,
    machine,
    container: request.container,
    names: namesFor(request.container, { release, current }),
    spec,
    restart: request.restart,
    release,
    current,
    stopTimeout: request.stopTimeout,
    mechanism: recreate,
    prove: (docker, name, limit2) => prove(work, docker, name, limit2),
    proveOld: (docker, name, limit2) => proveOld(work, docker, name, limit2),
    log: ports.log,
    signal: ports.signal,
    learn
  });
}
async function namesake({ request, docker }, release, current) {
  const { final } = namesFor(request.container, { release, current });
  if (final === current?.name) return void 0;
  const other = await docker.container(final);
  if (other !== void 0) refuseStranger(other, request.container, request.environment);
  return other;
}
function checkWhatServes({ host, request, learn }, { proven: running, image, digest }) {
  if (running?.state.status === "running" && running.imageId === image.id && digestOf2(running) === digest)
    return;
  const observed = running === void 0 ? "there is no such container" : `it is ${running.state.status}, from ${running.image}`;
  learn({ result: "failed", standing: `something else changes ${request.container} on ${host}` });
  throw new import_ground_errors.UserError(
    `${request.container} on ${host} is not what was deployed — ${observed}`,
    "look for another deployment that runs at the same time, and let only one run (concurrency: in the workflow)",
    { code: "deployment-overtaken" }
  );
}
//! src/deployment/host/settle.ts
async function settled2(work, seen, { survey, folder }) {
  const { host, request, machine, docker, ports } = work;
  const { log, signal } = ports;
  const names2 = workingNames(request.container);
  const isBetween = isBetweenSlots(seen, survey);
  const isSwitch = isBetween || seen.bridge !== void 0 || survey.isRedirected;
  const settle = isBetween ? settleSlots : settleSwitch;
  let said = isSwitch ? await settle(work, { found: seen, survey, folder }) : void 0;
  const found = isSwitch ? await findContainers(docker, request.container, seen.current?.id) : seen;
  const repair = describeRepair(found);
  let current = found.current;
  if (repair !== void 0) {
    log.step("Repair", repair);
    current = await putBack(
      found,
      { docker, names: names2, log, prove: (name) => prove(work, docker, name, signal) },
      { giveUpNext: false, isStopping: false, mayStart: true }
    );
    said = current === void 0 ? `nothing runs on ${host} now` : `${releaseNameOf(current)} runs on ${host} now`;
    log.info(said);
  }
  if (survey.hasPreDeploy) {
    const tidied = await tidyPreDeploy(work);
    said ??= tidied;
  }
  const pending = survey.pendingRelease;
  if (isSwitch || repair !== void 0 || survey.hasProgram || pending !== void 0) {
    const serving = current && keyOfContainer(current);
    for (const warning of await settleRecords(work, { pending, serving })) log.warning(warning);
    await tidyFolder({ machine, folder, log });
  }
  if (said === void 0 && pending !== void 0) said = "the records of a run that was killed are in order";
  return { current, said };
}
//! src/deployment/host/deploy-host.ts
async function deployToHost(host, request, ports) {
  const started = import_node_perf_hooks.performance.now();
  let outcome = notTried(host, request);
  const learn = (facts2) => {
    outcome = { ...outcome, ...facts2 };
    if (facts2.standing !== void 0) ports.standing(facts2.standing);
  };
  let machine;
  try {
    machine = await renewableMachine((signal) => ports.connect(host, signal), ports.signal);
    const docker = (0, import_diagnosis_container_rules.dockerOn)(machine, ports);
    await deploy({ host, request, machine, docker, ports, learn });
  } catch (error) {
    if (!(error instanceof import_ground_errors.UserError)) throw error;
    const servesNew = outcome.result === "deployed";
    const result = outcome.result === "rolled-back" ? "rolled-back" : "failed";
    learn({ result, failure: since(error, outcome), servesNew });
  } finally {
    await machine?.close();
  }
  return { ...outcome, duration: import_node_perf_hooks.performance.now() - started };
}
function since(failure, { previousRelease, changes = [] }) {
  if (previousRelease === void 0 || failure instanceof import_ground_errors.LostConnection) return failure;
  return changedSince(failure, { release: previousRelease, changes });
}
function notTried(host, request) {
  return {
    host,
    result: "not-tried",
    release: request.mode === "rollback" ? request.rollbackTo ?? "previous" : releaseOf(request),
    digest: request.image.digest,
    previousRelease: void 0,
    previousDigest: void 0,
    differences: [],
    downtime: 0,
    duration: 0,
    standing: `nothing was changed on ${host}`,
    failure: void 0
  };
}
async function deploy(work) {
  const { host, request, machine, ports, learn } = work;
  const folder = `.tenantry/${request.container}/switch`;
  const leaseRequest = leaseFor(work, folder);
  if (request.dryRun) {
    const held = await whoHoldsLease(leaseRequest);
    if (held !== void 0) {
      learn({ held });
      ports.log.info(held.message);
    }
    const looked = await lookedAt(work);
    if (request.mode === "recover") return tellWhatIsLeft(work, looked);
    if (isForSwarm(looked.work.request, looked.survey, machine.name)) {
      return await deployService(looked.work, looked);
    }
    await refuseImpossible(looked.work, looked.found, looked.survey);
    return await showPlan(looked.work, looked);
  }
  const lease = await takeLease(leaseRequest);
  try {
    const looked = await lookedAtRest(work, folder);
    if (isForSwarm(looked.work.request, looked.survey, machine.name)) {
      return await deployService(looked.work, looked);
    }
    const site = { survey: looked.survey, folder: `${looked.survey.home}/${folder}`, lease };
    const { current, said } = await settled2(looked.work, looked.found, site);
    if (request.mode === "recover") return tellRecovered(work, containerAtRest(current, host), said);
    const now = said === void 0 ? looked : await lookedAt(work);
    await refuseImpossible(now.work, now.found, now.survey);
    await replace(now, { current, site: { ...site, survey: now.survey } });
  } finally {
    await lease.release();
  }
}
function leaseFor({ host, request, machine, ports }, folder) {
  const { container, mode, run: run3 } = request;
  const release = mode === "recover" ? "*" : releaseOf(request);
  return { machine, folder, container, release, host, run: run3, log: ports.log, signal: ports.signal };
}
//! src/deployment/host/roll-back-host.ts
var rollBackHost = async (host, request, before, ports) => {
  if (before.previousRelease === void 0) {
    const failure = new import_ground_errors.UserError(
      `${request.container} cannot go back on ${host} — nothing ran there before this deployment`,
      "deploy the release that you want, or remove the container",
      { code: "nothing-to-go-back-to" }
    );
    return { ...before, failure };
  }
  const back = await deployToHost(host, { ...request, mode: "rollback", rollbackTo: "previous" }, ports);
  const { previousRelease: release, previousDigest: digest } = before;
  if (back.failure?.code !== "nothing-to-go-back-to" || digest === void 0) return back;
  return deployToHost(host, { ...request, release, image: { ...request.image, digest } }, ports);
};
//! src/deployment/request/waves.ts
function parseCanaryHosts(text3) {
  const names2 = text3.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  if (names2.length !== 1 || !/^[-+]?\d+(?:[.,]\d+)?%?$/.test(names2[0] ?? "")) return names2;
  if (/^\d{1,4}$/.test(names2[0] ?? "")) return Number(names2[0]);
  throw new RangeError(`"${text3.trim()}" is neither a whole number from 0 on nor names of servers`);
}
function complaintAboutHosts(hosts, canaryHosts) {
  const repeated = hosts.filter((host, index) => hosts.indexOf(host) !== index);
  if (repeated.length > 0) return `host: ${(0, import_ground_words.listed)([...new Set(repeated)])} is given more than once`;
  if (typeof canaryHosts === "number") return void 0;
  const unknown2 = canaryHosts.filter((name) => !hosts.includes(name));
  if (unknown2.length === 0) return void 0;
  return `canary-hosts: ${(0, import_ground_words.listed)(unknown2)} is none of the servers in host (${(0, import_ground_words.listed)(hosts)})`;
}
function planWaves(hosts, { canaryHosts, maxParallel }) {
  const isCanary = (host, index) => typeof canaryHosts === "number" ? index < canaryHosts : canaryHosts.includes(host);
  const canaries = hosts.filter(isCanary);
  const others2 = hosts.filter((host) => !canaries.includes(host));
  const groups = (list, canary) => Array.from({ length: Math.ceil(list.length / maxParallel) }, (_, index) => ({
    isCanary: canary,
    hosts: list.slice(index * maxParallel, (index + 1) * maxParallel)
  }));
  return [...groups(canaries, true), ...groups(others2, false)];
}
function showWaves(waves) {
  return waves.map(({ isCanary, hosts }) => {
    const names2 = hosts.length > 5 ? (0, import_ground_words.counted)(hosts.length, "server") : (0, import_ground_words.listed)(hosts);
    if (!isCanary) return names2;
    return `${names2} as ${hosts.length === 1 ? "the canary" : "canaries"}`;
  }).join(", then ");
}
//! src/deployment/fleet/host-log.ts
function hostLog(log, host) {
  const told3 = /* @__PURE__ */ new Set();
  const named2 = (text3) => text3.includes(host) ? text3 : `${host}: ${text3}`;
  const once = (text3, tell2) => {
    if (told3.has(text3)) return;
    told3.add(text3);
    tell2(named2(text3));
  };
  return {
    step(label, text3, milliseconds2) {
      if (label === "Plan") once(text3, (line) => log.step(label, line, milliseconds2));
      else log.step(label, named2(text3), milliseconds2);
    },
    info: (text3) => once(text3, (line) => log.info(line)),
    debug: (text3) => log.debug(named2(text3)),
    warning: (text3) => once(text3, (line) => log.warning(line)),
    details: (title, text3) => log.details(named2(title), text3)
  };
}
//! src/deployment/fleet/standings.ts
function standingsTogether(standings) {
  const groups = /* @__PURE__ */ new Map();
  for (const [host, sentence2] of standings) {
    const pattern2 = withoutHost(sentence2, host);
    const hosts = groups.get(pattern2) ?? [];
    groups.set(pattern2, [...hosts, host]);
  }
  return [...groups].map(([pattern2, hosts]) => pattern2.replace(place2, () => ` on ${(0, import_ground_words.listed)(hosts)}`)).join("; ");
}
var place2 = "\0";
function withoutHost(sentence2, host) {
  const words2 = ` on ${host}`;
  const at2 = sentence2.indexOf(words2);
  const next = sentence2[at2 + words2.length];
  const isWhole = at2 !== -1 && (next === void 0 || /[\s,;:]/.test(next));
  return isWhole ? `${sentence2.slice(0, at2)}${place2}${sentence2.slice(at2 + words2.length)}` : sentence2;
}
//! src/deployment/fleet/timeline.ts
var noPhases = ["Deployed", "Order", "Unchanged"];
var Timeline = class {
  #started = import_node_perf_hooks9.performance.now();
  #phases = [];
  /** The same log; every step that it is told is a part of the timeline. */
  of(log) {
    return {
      info: (text3) => log.info(text3),
      debug: (text3) => log.debug(text3),
      warning: (text3) => log.warning(text3),
      details: (title, text3) => log.details(title, text3),
      step: (label, text3, milliseconds2) => {
        log.step(label, text3, milliseconds2);
        if (!noPhases.includes(label)) this.#end(label, milliseconds2);
      }
    };
  }
  /** A step ends now. One that does not say how long it took began where the one before it ended. */
  #end(name, took) {
    const to = import_node_perf_hooks9.performance.now() - this.#started;
    const before = this.#phases.at(-1)?.to ?? 0;
    this.#phases.push({ name, from: Math.max(0, took === void 0 ? before : to - took), to });
  }
  /** The phases so far; with a failure its own, from the last one that ended. */
  phases(failure) {
    const now = import_node_perf_hooks9.performance.now() - this.#started;
    const before = this.#phases.at(-1)?.to ?? 0;
    return failure === void 0 ? [...this.#phases] : [...this.#phases, { name: failure, from: before, to: now, failed: true }];
  }
};
//! src/deployment/fleet/fleet.ts
var looksAtATime = 8;
var Fleet = class {
  #request;
  #ports;
  #outcomes;
  #hostPorts;
  #standings;
  /** All servers get the same bytes, also when the tag moves meanwhile. */
  #digest;
  constructor(request, ports) {
    this.#request = request;
    this.#ports = ports;
    const { hosts } = request;
    this.#outcomes = new Map(hosts.map((host) => [host, notTried(host, request)]));
    this.#standings = new Map([...this.#outcomes].map(([host, { standing: standing2 }]) => [host, standing2]));
    const log = (host) => hosts.length === 1 ? ports.log : hostLog(ports.log, host);
    const standing = (host) => (sentence2) => {
      this.#standings.set(host, sentence2);
      ports.standing?.(standingsTogether(this.#standings));
    };
    this.#hostPorts = new Map(
      hosts.map((host) => [host, { ...ports, log: log(host), standing: standing(host) }])
    );
  }
  /** In the order of the request. */
  get outcomes() {
    return [...this.#outcomes.values()];
  }
  get hasFailed() {
    return this.outcomes.some(({ failure }) => failure !== void 0);
  }
  /** Plans for all of them, so that whatever can be known before is known before the first one is touched. */
  async look() {
    const { hosts } = this.#request;
    for (let first = 0; first < hosts.length; first += looksAtATime) {
      await this.#each(hosts.slice(first, first + looksAtATime), async (host, ports) => {
        const seen = await deployToHost(host, { ...this.#request, dryRun: true }, ports);
        if (this.#request.dryRun || seen.failure !== void 0) return seen;
        if (seen.held !== void 0) return { ...seen, result: "failed", failure: seen.held };
        return { ...seen, result: "not-tried" };
      });
    }
  }
  /** Deploys to some of them at the same time, each to its own end. */
  async deploy(hosts) {
    const { image, mode = "deploy", transfer } = this.#request;
    const isTag = mode === "deploy" && transfer !== "ssh" && image.digest === void 0;
    const request = isTag ? { ...this.#request, image: { ...image, digest: this.#digest } } : this.#request;
    await this.#each(hosts, async (host, ports) => {
      const timeline = new Timeline();
      const outcome = await deployToHost(host, request, { ...ports, log: timeline.of(ports.log) });
      return { ...outcome, phases: timeline.phases(outcome.failure?.code) };
    });
    this.#digest ??= this.outcomes.find(
      ({ result }) => result === "deployed" || result === "unchanged"
    )?.digest;
  }
  /** Of these servers, brings those back that this run has switched. */
  async rollBack(hosts) {
    const failed = (0, import_ground_words.listed)(
      this.outcomes.flatMap(({ host, failure }) => failure === void 0 ? [] : [host])
    );
    await this.#each(hosts, async (host, ports) => {
      const before = this.#outcomes.get(host) ?? notTried(host, this.#request);
      if (before.result !== "deployed" && before.servesNew !== true) return before;
      const { previousRelease = "what it had" } = before;
      ports.log.step("Going back", `${host} to ${previousRelease}, because ${failed} failed`);
      return goneBack2(before, await this.#ports.rollBackHost(host, this.#request, before, ports));
    });
  }
  async #each(hosts, work) {
    await together2(
      hosts.map(async (host) => {
        const ports = this.#hostPorts.get(host);
        if (ports === void 0) return;
        const outcome = await work(host, ports);
        this.#outcomes.set(host, outcome);
        this.#standings.set(host, outcome.standing);
      })
    );
  }
};
async function together2(works) {
  const ends = await Promise.allSettled(works);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}
function goneBack2(before, back) {
  const times2 = { downtime: before.downtime + back.downtime, duration: before.duration + back.duration };
  if (back.failure === void 0) {
    const standing = `${before.previousRelease} serves again on ${before.host}`;
    return { ...before, ...times2, result: "rolled-back", standing, wentBack: "yes" };
  }
  const { failure } = back;
  return { ...before, ...times2, result: "failed", standing: back.standing, wentBack: { failure } };
}
//! src/deployment/fleet/deploy.ts
var oneAfterTheOther = { canaryHosts: 1, maxParallel: 1, onFailure: "rollback-all" };
async function deployContainer(request, ports) {
  (0, import_database_url.checkEnvironment)(request.env, request.requiredEnv);
  for (const warning of (0, import_database_url.environmentWarnings)(request.env)) ports.log.warning(warning);
  const rollout = request.rollout ?? oneAfterTheOther;
  const waves = planWaves(request.hosts, rollout);
  const sender = imageSender(request.image, { from: ports.runner ?? import_machine_local.localMachine, ...ports });
  const fleet = new Fleet(request, { ask: import_health_http.ask, rollBackHost, sender, ...ports });
  if (request.hosts.length > 1) {
    await fleet.look();
    ports.log.step("Order", orderOf(waves, rollout));
    if (request.dryRun || fleet.hasFailed) return fleet.outcomes;
  }
  for (const { hosts } of waves) {
    if (fleet.hasFailed) break;
    await fleet.deploy(hosts);
  }
  const areSeveral = request.hosts.length > 1;
  if (areSeveral && fleet.hasFailed && rollout.onFailure === "rollback-all" && !ports.signal.aborted) {
    for (const { hosts } of waves.toReversed()) await fleet.rollBack(hosts);
  }
  return fleet.outcomes;
}
function orderOf(waves, { onFailure }) {
  const otherwise = onFailure === "halt" ? "the others stay as they are then" : "those that are switched by then go back to what they had";
  return `${showWaves(waves)}; the first failure ends it, and ${otherwise}`;
}
//! src/deployment/request/files-shape.ts
var filesShape = (0, import_zod.record)((0, import_zod.string)(), (0, import_zod.string)().describe("What the file holds, to the letter.")).superRefine((files, context) => {
  for (const path of Object.keys(files).filter((written) => !isPath(written))) {
    const message = `"${path}" is not the whole path of a file, like /usr/share/nginx/html/config.js`;
    context.addIssue({ code: "custom", path: [path], message });
  }
});
function isPath(written) {
  return /^(\/[^/,\0\n]+)+$/.test(written) && !written.split("/").some((part2) => part2 === "." || part2 === "..");
}
function complaintAboutFiles({
  envMode,
  envPath,
  files = {},
  volumes = [],
  readOnly
}) {
  if (envMode === "mount" && envPath === void 0) return "env-path: is required with env-mode: mount";
  if (envMode !== "mount" && envPath !== void 0) return "env-path: is only for env-mode: mount";
  if (envPath !== void 0 && !isPath(envPath))
    return `env-path: "${envPath}" is not a whole path, like /app/.env`;
  const written = [...Object.keys(files), ...envPath === void 0 ? [] : [envPath]];
  if (envPath !== void 0 && envPath in files) return `files: ${envPath} is env-path, too`;
  const [inside] = written.flatMap(
    (path) => volumes.filter(({ target }) => isBelow(path, target)).map(({ target }) => ({ path, target }))
  );
  if (inside !== void 0)
    return `files: ${inside.path} is in the volume ${inside.target}, which other containers share`;
  if (readOnly === true && written.length > 0)
    return "files and env-mode: mount write into the container, and read-only forbids it";
  return void 0;
}
function isBelow(path, folder) {
  return path === folder || path.startsWith(`${folder.replace(/\/$/, "")}/`);
}
//! src/actions/deployment-report.ts
function facts(outcomes) {
  const [first] = outcomes;
  return {
    release: first?.release,
    "image-digest": outcomes.find(({ digest }) => digest !== void 0)?.digest,
    "previous-digest": first?.previousDigest,
    hosts: JSON.stringify(outcomes.map(shortOutcome)),
    "downtime-ms": longestGap(outcomes)
  };
}
function shortOutcome(outcome) {
  const { host, result, release, digest, previousDigest, plan, downtime, duration: duration3, standing } = outcome;
  return {
    host,
    result,
    release,
    "image-digest": digest,
    "previous-digest": previousDigest,
    mechanism: plan?.mechanism,
    "downtime-ms": Math.round(downtime),
    "duration-ms": Math.round(duration3),
    "failure-code": outcome.failure?.code,
    standing
  };
}
function longestGap(outcomes) {
  return Math.round(Math.max(0, ...outcomes.map(({ downtime }) => downtime)));
}
function resultOf(outcomes) {
  const results = new Set(outcomes.map(({ result }) => result));
  if (outcomes.some(({ failure }) => failure !== void 0)) {
    const isBack = results.has("rolled-back") && !results.has("deployed") && !results.has("failed");
    return isBack ? "rolled-back" : "failed";
  }
  if (results.has("recovered")) return "recovered";
  return results.has("deployed") ? "deployed" : outcomes[0]?.result ?? "unchanged";
}
function verdictOf(outcomes, container) {
  const release = outcomes[0]?.release ?? "";
  const hosts = (0, import_ground_words.listed)(outcomes.map(({ host }) => host));
  const result = resultOf(outcomes);
  if (result === "planned") return plannedVerdict(outcomes, container, hosts);
  if (result === "recovered") return `${container} is at rest again, on ${hosts}: ${release} is there`;
  if (result === "unchanged") return `${container} is on ${release} already, on ${hosts}`;
  const gap = longestGap(outcomes);
  return `${container} is on ${release}, on ${hosts}${gap === 0 ? "" : `; ${(0, import_ground_duration.showDuration)(gap)} without a container`}`;
}
function plannedVerdict(outcomes, container, hosts) {
  const changes = outcomes.filter(
    ({ differences, previousDigest }) => differences.length > 0 || previousDigest === void 0
  );
  const release = outcomes[0]?.release ?? "";
  if (changes.length === 0) return `${container} is on ${release} already, on ${hosts}; nothing would change`;
  return `${container} ${release} would be deployed to ${(0, import_ground_words.listed)(changes.map(({ host }) => host))}`;
}
var shownTimelines = 2;
function tellReport(outcomes, report) {
  report.data("hosts", outcomes.map(dataOf));
  report.table(
    "Servers",
    ["server", "result", "release", "before", "mechanism", "gap", "time"],
    outcomes.map(rowOf)
  );
  const planned = outcomes.filter(({ plan }) => plan !== void 0);
  if (planned.length > 0) tellPlans(planned, report);
  const several = outcomes.length > 1;
  for (const { host, phases = [] } of outcomes) {
    if (phases.length < 2) continue;
    const title = several ? host : void 0;
    if (outcomes.length > shownTimelines) report.foldedTimeline(`Timeline of ${host}`, phases);
    else report.timeline(phases, title);
  }
}
function rowOf(outcome) {
  const { host, result, release, digest, previousRelease, plan, downtime, duration: duration3 } = outcome;
  const isWell = result === "deployed" || result === "unchanged" || result === "planned";
  return [
    host,
    isWell ? result : `**${result}**`,
    (0, import_ground_words.shortCommits)(digest === void 0 ? release : `${release} (${(0, import_diagnosis_container_rules.shortDigest)(digest)})`),
    (0, import_ground_words.shortCommits)(previousRelease ?? ""),
    plan?.mechanism ?? "",
    downtime === 0 ? "" : (0, import_ground_duration.showDuration)(downtime),
    (0, import_ground_duration.showDuration)(duration3)
  ];
}
function tellPlans(outcomes, report) {
  const header = ["server", "runs there before", "how, and why", "what differs", "the old one"];
  const rows = outcomes.map(
    ({ host, plan }) => [
      host,
      plan?.now ?? "",
      plan?.mechanism === void 0 ? "" : `${plan.mechanism}: ${plan.why ?? ""}`,
      (plan?.differences ?? []).join("\n"),
      plan?.kept ?? ""
    ].map(import_ground_words.shortCommits)
  );
  if (outcomes.every(({ result }) => result === "planned")) report.table("Plan", header, rows);
  else report.foldedTable("Plan", header, rows);
}
function dataOf({ failure, wentBack, ...outcome }) {
  return {
    ...outcome,
    failure: failure?.sentence,
    wentBack: typeof wentBack === "object" ? wentBack.failure.sentence : wentBack
  };
}
//! src/report/github-deployment.ts
var timeout3 = 5e3;
var longest = 140;
async function tellGitHub(notice, log) {
  const { environment: environment2 } = notice;
  const attempt = attemptTo(environment2, log);
  const api = await attempt(() => deploymentsOf(notice));
  const id = api && await attempt(() => api.create());
  if (api !== void 0 && id !== void 0) {
    await attempt(() => api.status(id, "in_progress", notice.description));
  }
  return {
    id,
    async end(state, description) {
      if (api !== void 0 && id !== void 0) await attempt(() => api.status(id, state, description));
    }
  };
}
async function endDeployment(notice, { id, state, description }, log) {
  await attemptTo(
    notice.environment,
    log
  )(async () => (await deploymentsOf(notice)).status(id, state, description));
}
function attemptTo(environment2, log) {
  return async (work) => {
    try {
      return await work();
    } catch (error) {
      log.warning(
        `GitHub was not told of the deployment to ${environment2} — ${(0, import_ground_errors.messageOf)(error)} — give the job permissions: deployments: write; the deployment itself goes on`
      );
      return void 0;
    }
  };
}
async function tellWayBack({ container, ...notice }, { to, from, state, description }, log) {
  const attempt = attemptTo(notice.environment, log);
  const known = await attempt(
    () => newestOf(notice, { environment: notice.environment, container }, [to, from])
  );
  const [image, taken] = known ?? [];
  if (taken?.state === "success") {
    await endDeployment(notice, { id: taken.id, state: "failure", description: "taken back" }, log);
  }
  if (image === void 0) return;
  const told3 = await tellGitHub({ ...notice, payload: { container, image: image.image } }, log);
  await told3.end(state, description);
}
async function newestOf(where, whose, digests) {
  const found = digests.map(() => void 0);
  for await (const known of knownDeployments(where, whose)) {
    for (const [index, digest] of digests.entries()) {
      if (digest !== void 0 && known.image.endsWith(`@${digest}`)) found[index] ??= known;
    }
    if (digests.every((digest, index) => digest === void 0 || found[index] !== void 0)) break;
  }
  return found;
}
var deploymentsLookedAt = 300;
async function* knownDeployments(where, { environment: environment2, container }) {
  const { rest } = await (0, import_report_github.gitHub)(where);
  const [owner = "", repo = ""] = where.repository.split("/");
  const request = () => ({ signal: AbortSignal.timeout(timeout3) });
  for (let page = 1; page <= deploymentsLookedAt / 100; page += 1) {
    const { data } = await rest.repos.listDeployments({
      ...{ owner, repo, environment: environment2, page, per_page: 100, request: request() }
    });
    for (const { id, payload } of data) {
      const told3 = readPayload(payload);
      if (told3?.container !== container) continue;
      const statuses = await rest.repos.listDeploymentStatuses({
        ...{ owner, repo, deployment_id: id, per_page: 10, request: request() }
      });
      const state = statuses.data.find((status) => status.state !== "inactive")?.state;
      yield { id, image: told3.image, state };
    }
    if (data.length < 100) return;
  }
}
function readPayload(payload) {
  let read2 = payload;
  try {
    if (typeof read2 === "string") read2 = JSON.parse(read2);
  } catch {
    return void 0;
  }
  if (typeof read2 !== "object" || read2 === null) return void 0;
  const { container, image } = read2;
  return typeof container === "string" && typeof image === "string" ? { container, image } : void 0;
}
async function deploymentsOf(notice) {
  const { token, apiUrl, repository, ref, environment: environment2, description, logUrl, environmentUrl, payload } = notice;
  const { rest } = await (0, import_report_github.gitHub)({ token, apiUrl });
  const [owner = "", repo = ""] = repository.split("/");
  const request = () => ({ signal: AbortSignal.timeout(timeout3) });
  return {
    async create() {
      const { data } = await rest.repos.createDeployment({
        ...{ owner, repo, ref, environment: environment2 },
        description: shortened(description),
        // What is deployed was decided by the workflow: neither merged with the default branch nor held up by checks.
        auto_merge: false,
        required_contexts: [],
        ...payload === void 0 ? {} : { payload: { ...payload } },
        request: request()
      });
      if ("id" in data) return data.id;
      throw new Error(data.message ?? "it made no deployment");
    },
    async status(id, state, said) {
      await rest.repos.createDeploymentStatus({
        ...{ owner, repo, deployment_id: id, state },
        description: shortened(said),
        ...logUrl === void 0 ? {} : { log_url: logUrl },
        ...environmentUrl === void 0 ? {} : { environment_url: environmentUrl },
        request: request()
      });
    }
  };
}
function shortened(text3) {
  return text3.length <= longest ? text3 : `${text3.slice(0, longest - 1)}…`;
}
//! src/actions/github-status.ts
async function shownOnGitHub(request, { origin, log, signal }, work) {
  const { githubToken: token, deploymentEnvironment: environment2, container, dryRun } = request;
  if (token === void 0 || environment2 === void 0 || dryRun) return work();
  if (origin.github === void 0) {
    log.warning("deployment-environment: there is no GitHub here — it works in a job of a workflow");
    return work();
  }
  const logUrl = URL.canParse(origin.run) ? origin.run : void 0;
  const description = `${container} is being deployed`;
  const notice = { token, environment: environment2, description, logUrl, ref: origin.commit, ...origin.github };
  const told3 = await tellGitHub({ ...notice, environmentUrl: publicAddress(request) }, log);
  try {
    const done = await work();
    await told3.end("success", `${container} is deployed`);
    return done;
  } catch (error) {
    const state = signal.aborted || !(error instanceof import_ground_errors.UserError) ? "error" : "failure";
    await told3.end(state, error instanceof import_ground_errors.UserError ? `failed: ${error.code}` : "failed");
    throw error;
  }
}
function publicAddress({ healthUrl }) {
  if (healthUrl === void 0 || healthUrl.includes("{host}") || !URL.canParse(healthUrl)) return void 0;
  return `${new URL(healthUrl).origin}/`;
}
function statusIsComplete(given) {
  return given.deploymentEnvironment !== void 0 && given.githubToken === void 0 ? `deployment-environment: needs github-token (\${{ github.token }}, with permissions: deployments: write)` : void 0;
}
//! src/report/notify.ts
var patient = { attempts: 3, interval: 2e3, timeout: 5e3 };
async function notify(listeners, notification, log, patience2 = patient) {
  await Promise.all(
    listeners.map(async (listener, index) => {
      try {
        await (0, import_ground_retry.retry)(() => post(listener, notification, patience2.timeout), {
          attempts: patience2.attempts,
          interval: patience2.interval,
          // Cancelled or not: that it was cancelled is what there is to tell.
          signal: new AbortController().signal,
          worthAnotherTry: (error) => !(error instanceof Refused)
        });
      } catch (error) {
        log.warning(
          `notify: ${listener.format} was not told (line ${index + 1}) — ${(0, import_ground_errors.messageOf)(error)} — look at the address in the secret; the deployment goes on`
        );
      }
    })
  );
}
var Refused = class extends Error {
};
async function post({ url, format }, notification, timeout4) {
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify((0, import_database_url.bodyFor)(format, notification)),
      // A redirect would take the message to somebody else.
      redirect: "manual",
      signal: AbortSignal.timeout(timeout4)
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== void 0 ? error.cause : error;
    throw new Error(
      error instanceof DOMException ? `no answer within ${timeout4 / 1e3} s` : (0, import_ground_errors.messageOf)(cause)
    );
  }
  await response.body?.cancel();
  if (response.ok) return;
  const said = `it answered ${response.status}`;
  throw response.status === 429 || response.status >= 500 ? new Error(said) : new Refused(said);
}
//! src/actions/notified.ts
async function notified({ notify: listeners = [], dryRun, container = "the application", environment: environment2 }, { origin, log, clean }, work) {
  if (listeners.length === 0 || dryRun) return work();
  const link = URL.canParse(origin.run) ? origin.run : void 0;
  const tell2 = (moment, sentence2) => notify(
    listeners,
    { moment, subject: container, environment: environment2, sentence: clean(sentence2), link, actor: origin.actor },
    log
  );
  await tell2("start", `Commit ${origin.commit.slice(0, 12)} is on its way.`);
  try {
    const done = await work();
    await tell2("success", `Commit ${origin.commit.slice(0, 12)}: ${done.result}.`);
    return done;
  } catch (error) {
    await tell2("failure", error instanceof import_ground_errors.UserError ? error.sentence : (0, import_ground_errors.messageOf)(error));
    throw error;
  }
}
//! src/actions/deploy-container.ts
var containerFields = {
  image: (0, import_step_fields.readAs)((written) => (0, import_diagnosis_container_rules.parseImage)(written.trim())),
  container: (0, import_step_fields.readAs)((written) => {
    if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(written.trim())) return written.trim();
    throw new RangeError(`"${written}" is not a container's name — letters, digits, _, . and -`);
  }),
  transfer: (0, import_step_fields.choice)("registry", "ssh"),
  environment: import_step_fields.text,
  ports: (0, import_step_fields.linesOf)(import_diagnosis_container_rules.parsePort).optional(),
  volumes: (0, import_step_fields.linesOf)(import_diagnosis_container_rules.parseVolume).optional(),
  networks: import_step_fields.lines.optional(),
  extraHosts: (0, import_step_fields.linesOf)(import_diagnosis_container_rules.parseExtraHost).optional(),
  labels: import_step_fields.keyValues.optional(),
  memory: (0, import_step_fields.readAs)(import_diagnosis_container_rules.parseSize).optional(),
  cpus: (0, import_step_fields.readAs)(import_diagnosis_container_rules.parseCpus).optional(),
  user: import_step_fields.text.optional(),
  restart: (0, import_step_fields.readAs)(import_diagnosis_container_rules.parseRestart),
  command: import_step_fields.lines.optional(),
  networkAliases: import_step_fields.lines.optional(),
  hostname: import_step_fields.text.optional(),
  dns: import_step_fields.lines.optional(),
  logDriver: import_step_fields.text.optional(),
  logOptions: import_step_fields.keyValues.optional(),
  capAdd: (0, import_step_fields.linesOf)(import_diagnosis_container_rules.parseCapability).optional(),
  capDrop: (0, import_step_fields.linesOf)(import_diagnosis_container_rules.parseCapability).optional(),
  securityOptions: import_step_fields.lines.optional(),
  readOnly: import_step_fields.boolean,
  tmpfs: (0, import_step_fields.linesOf)(import_diagnosis_container_rules.parseTmpfs).optional(),
  ulimits: (0, import_step_fields.linesOf)(import_diagnosis_container_rules.parseUlimit).optional(),
  init: import_step_fields.boolean,
  shmSize: (0, import_step_fields.readAs)(import_diagnosis_container_rules.parseSize).optional(),
  env: import_database_url.environment.optional(),
  envFile: import_step_fields.text.optional(),
  envMode: (0, import_step_fields.choice)("env-file", "mount"),
  envPath: import_step_fields.text.optional(),
  requiredEnv: import_step_fields.lines.optional(),
  files: (0, import_yaml.yamlOf)(filesShape).optional(),
  preDeploy: (0, import_yaml.yamlOf)(preDeployShape).optional(),
  reloadNginx: import_step_fields.boolean,
  healthUrl: (0, import_step_fields.readAs)(readHealthUrl).optional(),
  healthHost: import_step_fields.text.optional(),
  healthTimeout: import_step_fields.duration,
  stopTimeout: import_step_fields.duration,
  strategy: (0, import_step_fields.choice)("auto", "bridge", "nginx", "caddy", "swarm", "recreate"),
  replicas: (0, import_step_fields.count)({ least: 1 }).optional(),
  sharedVolumes: import_step_fields.boolean,
  bake: import_step_fields.duration,
  drainTimeout: import_step_fields.duration,
  keepReleases: (0, import_step_fields.count)({ least: 1 }),
  canaryHosts: (0, import_step_fields.readAs)(parseCanaryHosts),
  maxParallel: (0, import_step_fields.count)({ least: 1 }),
  onFailure: (0, import_step_fields.choice)("rollback-all", "halt")
};
function hostsAreDistinct(given) {
  return complaintAboutHosts(given.host ?? [], given.canaryHosts ?? 1);
}
function modeIsComplete({
  mode,
  image,
  release
}) {
  if (mode === void 0) return void 0;
  if (mode === "deploy" && image === void 0) return "image: is required to deploy";
  if (mode !== "deploy" && image !== void 0) {
    return mode === "rollback" ? "image: a rollback has its image from the record: give release (previous, or a name), or mode: deploy" : "image: a recovery deploys nothing: leave it out";
  }
  if (mode !== "rollback" && release !== void 0) {
    return "release: goes with mode: rollback; a deployment is called after its image";
  }
  return void 0;
}
var inputs = {
  ...import_database_url.serverFields,
  ...import_database_url.registryFields,
  ...containerFields,
  ...import_database_url.reportFields,
  mode: (0, import_step_fields.choice)("deploy", "rollback", "recover"),
  image: containerFields.image.optional(),
  release: import_step_fields.text.optional(),
  dryRun: import_step_fields.boolean,
  ...import_database_url.commonFields
};
var outputs = ["release", "image-digest", "previous-digest", "hosts", "downtime-ms"];
var deployContainer2 = (0, import_database_url.defineAction)({
  inputs,
  outputs,
  results: ["deployed", "unchanged", "recovered", "planned", "rolled-back"],
  rules: [
    modeIsComplete,
    import_database_url.registryIsComplete,
    import_database_url.hostKeyIsPinnedOnce,
    hostsAreDistinct,
    statusIsComplete,
    complaintAboutFiles
  ],
  run: (context) => notified(context.inputs, context, () => shownOnGitHub(context.inputs, context, () => run2(context)))
});
async function run2(context) {
  const { inputs: inputs2, log, report, signal, standing, tell: tell2 } = context;
  const env = await (0, import_yaml.environmentOf)(inputs2, context.mask);
  const outcomes = await deployContainer(
    { ...requestOf(context), env },
    {
      async connect(host, limit2) {
        return (0, import_machine_ssh_verdict.connectSsh)((0, import_machine_ssh_verdict.serverOf)(inputs2, host), { signal: limit2, log });
      },
      log,
      signal,
      standing,
      secrets(values) {
        for (const value of values) context.mask(value);
      }
    }
  );
  const result = resultOf(outcomes);
  tell2(facts(outcomes));
  tellReport(outcomes, report);
  const failure = (0, import_diagnosis_why.failureOf)(outcomes);
  if (failure !== void 0) {
    standing(standingsTogether(new Map(outcomes.map((outcome) => [outcome.host, outcome.standing]))));
    tell2({ result });
    throw failure;
  }
  const verdict = verdictOf(outcomes, inputs2.container);
  log.step("Done", verdict);
  report.verdict(`${(0, import_ground_words.shortCommits)(verdict)}.`);
  return { result };
}
function requestOf({ inputs: inputs2, origin }) {
  const { host, volumes = [], ports = [], networks = [], extraHosts = [], labels: labels2 = {}, env = {} } = inputs2;
  return {
    ...inputs2,
    image: inputs2.image ?? noImage,
    release: void 0,
    rollbackTo: inputs2.release,
    hosts: host,
    rollout: inputs2,
    mounts: volumes,
    ports,
    networks,
    extraHosts,
    labels: labels2,
    env,
    options: (0, import_diagnosis_container_rules.optionsOf)(inputs2),
    requiredEnv: inputs2.requiredEnv ?? [],
    registryLogin: (0, import_yaml.registryLoginOf)(inputs2),
    run: origin.run
  };
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  complaintAboutFiles,
  containerFields,
  deployContainer,
  deploymentsLookedAt,
  endDeployment,
  hostsAreDistinct,
  knownDeployments,
  notified,
  notify,
  shownOnGitHub,
  statusIsComplete,
  tellGitHub,
  tellWayBack
});
