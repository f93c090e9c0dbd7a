var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __export = (target, all2) => {
  for (var name in all2)
    __defProp(target, name, { get: all2[name], enumerable: true });
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
  causeOfItsOwn: () => causeOfItsOwn,
  collectEvidence: () => collectEvidence,
  collector: () => collector,
  diagnose: () => diagnose,
  dockerOn: () => dockerOn,
  dockerVerdict: () => dockerVerdict,
  hasEnded: () => hasEnded,
  inputName: () => inputName,
  isLibrary: () => isLibrary,
  kernelWithoutOthers: () => kernelWithoutOthers,
  nodeFile: () => nodeFile,
  optionDifferences: () => optionDifferences,
  optionsOf: () => optionsOf,
  parseCapability: () => parseCapability,
  parseCpus: () => parseCpus,
  parseExtraHost: () => parseExtraHost,
  parseImage: () => parseImage,
  parsePort: () => parsePort,
  parseRestart: () => parseRestart,
  parseSize: () => parseSize,
  parseTmpfs: () => parseTmpfs,
  parseUlimit: () => parseUlimit,
  parseVolume: () => parseVolume,
  pinnedImage: () => pinnedImage,
  pythonFile: () => pythonFile,
  readCollected: () => readCollected,
  readImageName: () => readImageName,
  readLog: () => readLog,
  serverScript: () => serverScript2,
  shortDigest: () => shortDigest,
  showImage: () => showImage,
  showPort: () => showPort,
  showSize: () => showSize,
  sizeToPull: () => sizeToPull,
  tarEnd: () => tarEnd,
  tarEntries: () => tarEntries,
  tarHeader: () => tarHeader,
  tarPadding: () => tarPadding,
  textMap: () => textMap,
  texts: () => texts,
  tracebackOf: () => tracebackOf,
  whereOfItsOwn: () => whereOfItsOwn,
  withoutPrefix: () => withoutPrefix
});
module.exports = __toCommonJS(stdin_exports);
var import_machine_machine = require("./machine-machine.cjs");
var import_zod = require("./zod.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
//! src/docker/image.ts
var hub = "docker.io";
function parseImage(text) {
  const image = readReference(text);
  if (image.digest !== void 0) return image;
  if (image.tag === void 0 || image.tag === "latest" || image.tag.endsWith("-latest")) {
    const observed = image.tag === void 0 ? "without a tag it means latest" : `${image.tag} moves`;
    throw new RangeError(
      `${text} is not one image but whichever is newest — ${observed} — deploy a tag that stays, like the commit it was built from, or add the digest: NAME@sha256:…`
    );
  }
  return image;
}
function readImageName(text) {
  return { ...readReference(text), tag: void 0, digest: void 0 };
}
function readReference(text) {
  const [, name = "", tag, digest] = /^([^@\s]+?)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(text) ?? [];
  const [first = "", ...rest] = name.split("/");
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const path = hasRegistry ? rest.join("/") : name;
  const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
  const whole = path !== "" && path.split("/").every((part) => component.test(part));
  if (!whole || hasRegistry && !/^[A-Za-z0-9.-]+(:\d+)?$|^\[[0-9A-Fa-f:]+\](:\d+)?$/.test(first)) {
    throw new RangeError(`"${text}" is not the name of an image — ${howToWrite(text, path)}`);
  }
  const registry = hasRegistry ? first : hub;
  const repository = registry === hub && !path.includes("/") ? `library/${path}` : path;
  return { registry, repository, tag, digest, name };
}
function howToWrite(text, path) {
  if (/[A-Z]/.test(path))
    return `a repository is written in lower case: ${text.replace(path, path.toLowerCase())}`;
  if (/@sha256:/.test(text)) return "a digest is sha256: and 64 hexadecimal digits";
  return "write it as registry/name:tag, like ghcr.io/acme/shop:3f2a91c";
}
function showImage({ name, tag, digest, id }) {
  if (id !== void 0) return id;
  return digest === void 0 ? `${name}:${tag}` : `${name}@${digest}`;
}
function pinnedImage({ name, id }, digest) {
  return id ?? `${name}@${digest}`;
}
function shortDigest(digest) {
  return digest.replace(/^(sha256:[0-9a-f]{12})[0-9a-f]*$/, "$1");
}
function digestAmong(repoDigests, image) {
  const digests = new Set(
    repoDigests.map(readReference).filter((other) => sameRepository(other, image)).map(({ digest }) => digest)
  );
  if (image.digest !== void 0) return digests.has(image.digest) ? image.digest : void 0;
  return digests.size === 1 ? [...digests][0] : void 0;
}
function sameRepository(one, other) {
  return one.registry === other.registry && one.repository === other.repository;
}
//! src/ground/size.ts
var bytesPer = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };
function parseSize(text) {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB)$/.exec(text.trim()) ?? [];
  if (amount !== void 0 && unit !== void 0) return Math.round(Number(amount) * bytesPer[unit]);
  if (/^\d+$/.test(text.trim())) {
    throw new RangeError(`"${text}" has no unit — did you mean ${text.trim()}MiB or ${text.trim()}B?`);
  }
  throw new RangeError(`"${text}" is not a size — write a number and a unit, like 512MiB or 2GiB`);
}
function parseCpus(text) {
  const cpus = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : 0;
  if (cpus > 0) return cpus;
  throw new RangeError(`"${text}" is not a number of processors — write it like 0.5 or 2`);
}
function showSize(bytes) {
  const unit = ["GiB", "MiB", "KiB"].find((name) => bytes >= bytesPer[name]) ?? "B";
  return `${Number((bytes / bytesPer[unit]).toFixed(1))} ${unit}`;
}
//! src/diagnosis/container-log.ts
function readLog(stdout, stderr) {
  const streams = { stdout: stampedLines(stdout), stderr: stampedLines(stderr) };
  const lines = [...streams.stdout, ...streams.stderr].sort(
    (a, b) => a.time < b.time ? -1 : Number(a.time > b.time)
  );
  const last = (stream) => stream.findLast(({ text }) => text.trim() !== "")?.text.trim();
  const lastLine = last(streams.stderr) ?? last(streams.stdout) ?? "";
  return {
    text: lines.map(({ text }) => text).join("\n"),
    lastLine: lastLine.length > 300 ? `${lastLine.slice(0, 299)}…` : lastLine
  };
}
function stampedLines(stream) {
  return stream.trimEnd().split("\n").filter((line) => line !== "").map((line) => {
    const [, time = "", text = line] = /^(\d{4}-\d\d-\d\dT\S+Z) ?(.*?)\r?$/.exec(line) ?? [];
    return { time, text };
  });
}
//! src/diagnosis/collected.ts
function readCollected(text, server, between) {
  const { parts, name, unread, isWhole } = partsOf(text);
  const container = containerOf(parts);
  const docker = [...parts.get("docker") ?? []].join("\n").trim();
  const error = container?.error ?? "";
  return {
    server,
    name,
    docker: docker === "" ? error || void 0 : docker,
    container,
    log: logOf(parts.get("log")),
    host: hostOf(parts, between),
    unread: isWhole ? unread : [...unread, "the rest (the look at the server was cut off)"]
  };
}
function partsOf(text) {
  const [first = "", ...lines] = text.split("\n");
  const [, mark, name] = /^collected (\S+) (\S+)$/.exec(first) ?? [];
  const parts = /* @__PURE__ */ new Map();
  const unread = [];
  let current = [];
  if (mark === void 0) return { parts, name, unread, isWhole: false };
  for (const line of lines) {
    if (!line.startsWith(`${mark} `)) {
      current.push(line);
      continue;
    }
    const [, kind = "", rest = ""] = /^\S+ (\S+) ?(.*)$/.exec(line) ?? [];
    if (kind === "unread") {
      unread.push(rest);
      continue;
    }
    current = parts.get(kind) ?? [];
    parts.set(kind, current);
  }
  return { parts, name, unread, isWhole: parts.has("end") };
}
function logOf(lines) {
  if (lines === void 0) return void 0;
  const stream = (which) => lines.filter((line) => line.startsWith(`${which} `)).map((line) => line.slice(4)).join("\n");
  return readLog(stream("out"), stream("err"));
}
function containerOf(parts) {
  const lines = parts.get("container");
  if (lines === void 0) return void 0;
  const [state, restarts, memory, user, program, ports, mounts, network, id] = lines;
  const seen = json(state);
  if (seen?.Status === void 0) return void 0;
  const health = seen.Health;
  return {
    id: /^"([0-9a-f]{64})"$/.exec(id ?? "")?.[1],
    status: seen.Status,
    exitCode: seen.ExitCode ?? 0,
    error: seen.Error ?? "",
    outOfMemory: seen.OOMKilled ?? false,
    restarts: Number(restarts) || 0,
    startedAt: new Date(seen.StartedAt ?? 0),
    finishedAt: new Date(seen.FinishedAt ?? 0),
    memory: Number(memory) || 0,
    uid: uidOf(json(user) ?? "", parts.get("user")),
    program: json(program),
    health: health?.Status === void 0 || health.Status === "none" ? void 0 : { status: health.Status, output: health.Log?.at(-1)?.Output?.trim() ?? "" },
    ports: portsOf(json(ports) ?? {}),
    mounts: mountsOf(json(mounts) ?? [], parts.get("mounts") ?? []),
    network: json(network),
    listening: parts.get("inside")?.flatMap(listeningOf),
    platform: parts.get("image")?.find((line) => line.includes("/"))
  };
}
function json(text) {
  try {
    return JSON.parse(text ?? "") ?? void 0;
  } catch {
    return void 0;
  }
}
function uidOf(user, lines) {
  const process = lines?.find((line) => line.startsWith("process:"))?.slice("process:".length);
  if (process !== void 0) return Number(process);
  const [name = ""] = user.split(":");
  if (name === "") return 0;
  if (/^\d+$/.test(name)) return Number(name);
  const found = lines?.find((line) => line.startsWith(`${name}:`))?.split(":")[1];
  return found === void 0 ? void 0 : Number(found);
}
function portsOf(bindings) {
  return Object.entries(bindings).flatMap(
    ([port, places]) => port.endsWith("/tcp") ? (places ?? []).map(({ HostPort }) => ({
      hostPort: Number(HostPort),
      containerPort: Number.parseInt(port, 10)
    })) : []
  );
}
function mountsOf(mounts, stats) {
  return mounts.map(({ Source: source = "", Destination: target = "", RW: isWritable = true }) => {
    const line = stats.find((each) => each.endsWith(`:${source}`));
    const [, uid, gid, mode = "", kind] = /^(\d+) (\d+) (\d+) ([^:]+):/.exec(line ?? "") ?? [];
    return {
      source,
      target,
      readOnly: !isWritable,
      owner: uid === void 0 ? void 0 : { uid: Number(uid), gid: Number(gid), mode },
      isFolder: kind === void 0 ? void 0 : kind === "directory"
    };
  });
}
function listeningOf(line) {
  const [, address, port] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(line.trim()) ?? [];
  if (address === void 0 || port === void 0) return [];
  const isLocal = address.length === 8 ? address.endsWith("7F") : /^0{24}01000000$/.test(address);
  if (address === "0B00007F") return [];
  return [{ port: Number.parseInt(port, 16), isLocal }];
}
function hostOf(parts, between) {
  const facts = parts.get("server");
  if (facts === void 0) return void 0;
  const fact = (name) => facts.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
  const clock = fact("clock");
  const total = Number(fact("MemTotal:"));
  const available = Number(fact("MemAvailable:"));
  return {
    account: fact("account")?.split(" ")[0],
    platform: platformOf(fact("platform")),
    memory: total > 0 && available >= 0 ? { total, available } : void 0,
    disk: diskOf(parts.get("disk") ?? []),
    clockAhead: clock === void 0 ? void 0 : aheadOf(Number(clock) * 1e3, between),
    isSelinux: fact("selinux") === "yes",
    listening: (parts.get("listening") ?? []).flatMap(hostPortOf),
    publishers: (parts.get("listening") ?? []).flatMap((line) => {
      const [, port, container] = /^publisher (\d+) (\S+)$/.exec(line) ?? [];
      return container === void 0 ? [] : [{ port: Number(port), container }];
    }),
    kernel: kernelOf(parts.get("kernel") ?? [], Number(clock) * 1e3)
  };
}
var architectures = {
  x86_64: "amd64",
  aarch64: "arm64",
  armv7l: "arm"
};
function platformOf(said) {
  const [system, machine] = (said ?? "").toLowerCase().split(" ");
  const architecture = architectures[machine ?? ""];
  return architecture === void 0 ? void 0 : `${system}/${architecture}`;
}
function diskOf(lines) {
  const disks = /* @__PURE__ */ new Map();
  for (const line of lines) {
    const [, kind, folder = "", free, total] = /^(bytes|files) (\S+) (\d+) (\d+)$/.exec(line) ?? [];
    if (kind === void 0 || Number(total) === 0) continue;
    const known2 = disks.get(folder) ?? { folder, freeBytes: 0, usedBytes: 0, usedFiles: 0 };
    const used = 1 - Number(free) / Number(total);
    disks.set(
      folder,
      kind === "bytes" ? { ...known2, freeBytes: Number(free), usedBytes: used } : { ...known2, usedFiles: used }
    );
  }
  const fullness = ({ usedBytes, usedFiles }) => Math.max(usedBytes, usedFiles);
  return [...disks.values()].sort((a, b) => fullness(b) - fullness(a))[0];
}
function hostPortOf(line) {
  const [, hex] = /^hex:[0-9A-F]+:([0-9A-F]{4})$/.exec(line) ?? [];
  if (hex !== void 0) return [{ port: Number.parseInt(hex, 16) }];
  const [, port, users = ""] = /^\S*:(\d+)(?: (.*))?$/.exec(line) ?? [];
  if (port === void 0) return [];
  const [, program, pid] = /"([^"]+)",pid=(\d+)/.exec(users) ?? [];
  return [{ port: Number(port), program: program === void 0 ? void 0 : `${program} (pid ${pid})` }];
}
function aheadOf(clock, between) {
  if (between === void 0) return void 0;
  if (clock > between.to) return clock - between.to;
  return clock + 1e3 < between.from ? clock + 1e3 - between.from : 0;
}
function kernelOf(lines, now) {
  const uptime = Number(/^uptime (\d+)/.exec(lines[0] ?? "")?.[1] ?? Number.NaN) * 1e3;
  return lines.slice(1).flatMap((line) => {
    const [, seconds, text] = /^(?:<\d+>)?\[ *(\d+\.\d+)\] (.*)$/.exec(line) ?? [];
    if (text === void 0) return line.trim() === "" ? [] : [{ at: void 0, text: line.trim() }];
    const at = now - uptime + Number(seconds) * 1e3;
    return [{ at: Number.isNaN(at) ? void 0 : new Date(at), text }];
  });
}
//! src/diagnosis/server-script.ts
var files = {
  "collect": `# What a server and one container on it show after a failure. Changes nothing; takes what a bare server has, and names
# what it could not read. Everything is in one function, which leaves nothing behind in a program that has it, too.
#   collect CONTAINER [PORT…]    PORT: of the server, where it matters who has it
# The first line has a mark; a line that begins with it begins a part.
collect() (
  name=$1
  shift
  PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
  export LC_ALL=C
  read -r mark </proc/sys/kernel/random/uuid
  echo "collected $mark $name"

  has() { command -v "$1" >/dev/null 2>&1; }
  part() { echo "$mark $1"; }
  unread() { echo "$mark unread $1"; }
  # SECONDS COMMAND…: the limits of all together are below the 20 s of the whole.
  limited() { if has timeout; then timeout -k 1 "$@"; else shift && "$@"; fi; }
  # LINES BYTES, of long lines the beginning
  last() { tail -n "$1" | cut -c 1-1000 | tail -c "$2"; }

  part server
  echo "account $(id -un 2>/dev/null) $(id -u)"
  echo "clock $(date +%s)"
  awk '$1 == "MemTotal:" || $1 == "MemAvailable:" { printf "%s %.0f\\n", $1, $2 * 1024 }' /proc/meminfo
  if [ "$(getenforce 2>/dev/null)" = Enforcing ]; then echo 'selinux yes'; fi

  echo "platform $(uname -s) $(uname -m)"

  # Names of variables are told by nobody here, and no values: what may hold a secret is left out.
  found=none pid=0
  if seen=$(limited 6 docker container inspect --format '{{json .State}}
{{.RestartCount}}
{{.HostConfig.Memory}}
{{json .Config.User}}
{{json .Path}}
{{json .HostConfig.PortBindings}}
{{json .Mounts}}
{{json .HostConfig.NetworkMode}}
{{json .Id}}
{{.Image}}
{{range .Mounts}}{{println .Source}}{{end}}' "$name" 2>&1); then
    found=yes
    part container
    printf '%s\\n' "$seen" | head -n 9 | cut -c 1-20000
    pid=$(printf '%s\\n' "$seen" | sed -n '1s/.*"Pid":\\([0-9]*\\).*/\\1/p')
  else
    case $seen in
      *[Nn]o\\ such\\ container*) found=gone ;;
      *)
        part docker
        printf '%s\\n' "$seen" | last 5 2000
        if has systemctl; then echo "service: $(systemctl is-active docker 2>/dev/null)"; fi
        if has journalctl; then journalctl -q -u docker -n 5 -o cat --no-pager 2>/dev/null | last 5 2000; fi
        unread 'containers and their logs (Docker does not answer)'
        ;;
    esac
  fi

  if [ $found = yes ]; then
    part image
    limited 2 docker image inspect --format '{{.Os}}/{{.Architecture}}' "$(printf '%s\\n' "$seen" | sed -n 10p)" 2>/dev/null
    part log
    {
      {
        limited 5 docker logs --timestamps --tail 200 "$name" | sed 's/^/out /' >&3
      } 2>&1 | sed 's/^/err /'
    } 3>&1 | last 400 65536
    mounts=$(printf '%s\\n' "$seen" | sed -n '11,$p' | grep .)
    if [ -n "$mounts" ]; then
      part mounts
      printf '%s\\n' "$mounts" | while read -r source; do
        stat -c '%u %g %a %F:%n' "$source" 2>/dev/null || echo "- $source"
      done
      part user
      case \${pid:-0} in
        0) limited 2 docker cp "$name:/etc/passwd" - 2>/dev/null | tar -xOf - 2>/dev/null | cut -d : -f 1,3 | head -n 100 ;;
        *) awk '$1 == "Uid:" { print "process:" $2 }' "/proc/$pid/status" 2>/dev/null ;;
      esac
    fi
    if [ "\${pid:-0}" -gt 0 ]; then
      if [ -r "/proc/$pid/net/tcp" ]; then
        part inside
        cat "/proc/$pid/net/tcp" "/proc/$pid/net/tcp6" 2>/dev/null | awk '$4 == "0A" { print $2 }' | sort -u | head -n 50
      else
        unread 'the ports that the container listens on'
      fi
    fi
  fi

  part disk
  for folder in /var/lib/docker /var/lib/containerd /; do
    [ -d $folder ] || continue
    df -Pk $folder 2>/dev/null | awk -v folder=$folder 'NR == 2 { printf "bytes %s %.0f %.0f\\n", folder, $4 * 1024, $2 * 1024 }'
    df -Pi $folder 2>/dev/null | awk -v folder=$folder 'NR == 2 && $2 > 0 { print "files", folder, $4, $2 }'
  done

  part listening
  if has ss; then
    if [ "$(id -u)" -eq 0 ]; then
      sockets=$(ss -H -ltnp 2>/dev/null)
    elif ! has sudo || ! sockets=$(sudo -n ss -H -ltnp 2>/dev/null); then
      sockets=$(ss -H -ltn 2>/dev/null)
      unread 'which programs have the ports (only root sees that)'
      part listening
    fi
    printf '%s\\n' "$sockets" | awk '{ print $4, $6 }' | head -n 200
  else
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { print "hex:" $2 }' | sort -u | head -n 200
    unread 'which programs have the ports (there is no ss)'
  fi
  for port in "$@"; do
    [ $found = none ] || limited 4 docker ps --filter "publish=$port" --format "publisher $port {{.Names}}" 2>/dev/null
  done

  part kernel
  read -r uptime _ </proc/uptime
  echo "uptime \${uptime%.*}"
  wanted='out of memory|oom-kill|killed process|apparmor="denied"|avc: +denied'
  if lines=$(dmesg 2>/dev/null || sudo -n dmesg 2>/dev/null); then
    printf '%s\\n' "$lines" | grep -iE "$wanted" | last 20 8192
  elif has journalctl && lines=$(journalctl -q -k -n 500 -o short-monotonic --no-pager 2>/dev/null) && [ -n "$lines" ]; then
    printf '%s\\n' "$lines" | sed 's/^\\(\\[[ 0-9.]*\\]\\) [^ ]* kernel: /\\1 /' | grep -iE "$wanted" | last 20 8192
  else
    unread "the kernel's messages (this account may not)"
  fi
  part end
)
`
};
var serverScript = (name) => files[name];
//! src/diagnosis/collect.ts
var budget = 2e4;
function collector() {
  return serverScript("collect");
}
async function collectEvidence(machine, { name, ports = [], signal }) {
  const argv = ["sh", "-c", `${collector()}
collect "$@"`, "collect", name, ...ports.map(String)];
  try {
    const from = Date.now();
    const { stdout } = await machine.run(argv, { timeout: budget, signal });
    return { ...readCollected(stdout, machine.name, { from, to: Date.now() }), name };
  } catch (error) {
    signal.throwIfAborted();
    return { server: machine.name, name, unread: [`anything of the server (${(0, import_ground_errors.messageOf)(error)})`] };
  }
}
//! src/docker/container-options.ts
var names = [
  "networkAliases",
  "hostname",
  "dns",
  "logDriver",
  "logOptions",
  "capAdd",
  "capDrop",
  "securityOptions",
  "readOnly",
  "tmpfs",
  "ulimits",
  "init",
  "shmSize"
];
function optionsOf(given) {
  const said = names.flatMap((name) => {
    const value = given[name];
    const isEmpty = value === void 0 || value === false || typeof value === "object" && Object.keys(value).length === 0;
    return isEmpty ? [] : [[name, value]];
  });
  return Object.fromEntries(said);
}
function optionArguments(options) {
  const each = (option, values = []) => values.flatMap((value) => [option, value]);
  const { hostname, logDriver, shmSize, readOnly, init } = options;
  return [
    ...hostname === void 0 ? [] : ["--hostname", hostname],
    ...each("--dns", options.dns),
    ...logDriver === void 0 ? [] : ["--log-driver", logDriver],
    ...each(
      "--log-opt",
      Object.entries(options.logOptions ?? {}).map(([key, value]) => `${key}=${value}`)
    ),
    ...each("--cap-add", options.capAdd),
    ...each("--cap-drop", options.capDrop),
    ...each("--security-opt", options.securityOptions),
    ...readOnly === true ? ["--read-only"] : [],
    ...each("--tmpfs", options.tmpfs),
    ...each("--ulimit", options.ulimits),
    ...init === true ? ["--init"] : [],
    ...shmSize === void 0 ? [] : ["--shm-size", `${shmSize}b`]
  ];
}
function optionDifferences(wanted, current) {
  const [after, before] = [optionsOf(wanted), optionsOf(current)];
  return names.flatMap((name) => {
    const [old, next] = [shown(name, before), shown(name, after)];
    return old === next ? [] : [`${inputName(name)}: ${old} → ${next}`];
  });
}
function inputName(option) {
  return option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
function shown(name, options) {
  const value = options[name];
  if (value === void 0) return "none";
  if (typeof value === "number") return showSize(value);
  if (typeof value !== "object") return String(value);
  return Array.isArray(value) ? value.toSorted().join(" ") : Object.entries(value).map(([key, each]) => `${key}=${each}`).sort().join(" ");
}
function parseUlimit(text) {
  const [, name, soft, hard = soft] = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text.trim()) ?? [];
  if (name !== void 0) return `${name}=${soft}:${hard}`;
  throw new RangeError(
    `"${text.trim()}" cannot be read — write a name and its limits, like nofile=65536 or nofile=1024:65536`
  );
}
function parseTmpfs(text) {
  if (/^\/[^:,]*(:[\w=,%]+)?$/.test(text.trim())) return text.trim();
  throw new RangeError(
    `"${text.trim()}" cannot be read — write a path in the container, like /run or /tmp:size=64m`
  );
}
function parseCapability(text) {
  if (/^[A-Z][A-Z_]+$/.test(text.trim())) return text.trim().replace(/^CAP_/, "");
  throw new RangeError(
    `"${text.trim()}" is not the name of a capability — write it like NET_BIND_SERVICE, or ALL`
  );
}
//! src/docker/container-spec.ts
function parsePort(text) {
  const match = /^(?:(\d+\.\d+\.\d+\.\d+|\[[0-9A-Fa-f:]+\]):)?(\d+):(\d+)(?:\/(tcp|udp))?$/.exec(text.trim());
  const [, address, host = "", container = "", protocol = "tcp"] = match ?? [];
  const isPort = (port) => Number(port) >= 1 && Number(port) <= 65535;
  if (match === null || !isPort(host) || !isPort(container)) {
    throw new RangeError(
      `"${text.trim()}" cannot be read — write the port of the server, a colon and the port of the container, like 8000:8000 or 127.0.0.1:8000:8000`
    );
  }
  return {
    address: address?.replace(/[[\]]/g, ""),
    hostPort: Number(host),
    containerPort: Number(container),
    protocol
  };
}
function parseVolume(text) {
  const [, source = "", target = "", option] = /^([^:]+):(\/[^:]*)(?::(ro|rw))?$/.exec(text.trim()) ?? [];
  const isPath = source.startsWith("/");
  if (source === "" || !isPath && !/^[A-Za-z0-9][A-Za-z0-9_.-]+$/.test(source)) {
    throw new RangeError(
      `"${text.trim()}" cannot be read — write a whole path or the name of a volume, a colon and the path in the container, like /srv/media:/app/media:ro`
    );
  }
  return { type: isPath ? "bind" : "volume", source, target, readOnly: option === "ro" };
}
function parseExtraHost(text) {
  if (/^[A-Za-z0-9._-]+:([0-9A-Fa-f.:]+|host-gateway)$/.test(text.trim())) return text.trim();
  throw new RangeError(
    `"${text.trim()}" cannot be read — write a name, a colon and an address (or host-gateway), like db:10.0.0.5`
  );
}
function parseRestart(text) {
  if (/^(no|always|unless-stopped|on-failure(:\d+)?)$/.test(text.trim())) return text.trim();
  throw new RangeError(
    `"${text.trim()}" is not a restart policy — write no, on-failure, on-failure:3, unless-stopped or always`
  );
}
function showPort({ address, hostPort, containerPort, protocol }) {
  const from = address === void 0 || address === "" ? "" : `${bracketed(address)}:`;
  return `${from}${hostPort}->${containerPort}/${protocol}`;
}
function bracketed(address) {
  return address.includes(":") ? `[${address}]` : address;
}
//! src/docker/tar.ts
var block = 512;
function tarHeader({ name, size, mode = 420, user = 0, group = 0 }) {
  const [prefix, last] = splitName(name);
  const header = Buffer.alloc(block);
  const octal = (value, offset, length) => header.write(`${value.toString(8).padStart(length - 1, "0")}\0`, offset, "latin1");
  header.write(last, 0);
  octal(mode, 100, 8);
  octal(user, 108, 8);
  octal(group, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  header.write("        ", 148, "latin1");
  header.write("0", 156, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  header.write(prefix, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}
function splitName(name) {
  if (Buffer.byteLength(name) <= 100) return ["", name];
  for (let cut = name.indexOf("/"); cut !== -1; cut = name.indexOf("/", cut + 1)) {
    const [prefix, last] = [name.slice(0, cut), name.slice(cut + 1)];
    if (Buffer.byteLength(prefix) <= 155 && last !== "" && Buffer.byteLength(last) <= 100)
      return [prefix, last];
  }
  throw new RangeError(`"${name}" is too long for the name of a file in an archive`);
}
function tarPadding(size) {
  return Buffer.alloc((block - size % block) % block);
}
function tarEnd() {
  return Buffer.alloc(2 * block);
}
function tarOf(files3) {
  const parts = files3.flatMap(({ content, ...file }) => [
    tarHeader({ ...file, size: content.length }),
    content,
    tarPadding(content.length)
  ]);
  return Buffer.concat([...parts, tarEnd()]);
}
async function* tarEntries(source) {
  const bytes = new Bytes(source);
  let extended = {};
  for (; ; ) {
    const header = await bytes.exactly(block);
    if (header === void 0) throw new Error("the archive has no end");
    if (header.every((byte) => byte === 0)) return await bytes.skipAll();
    const { type, ...written } = readHeader(header);
    if ("xgLK".includes(type)) {
      const text = await bytes.exactly(written.size + tarPadding(written.size).length);
      if (text === void 0) throw new Error("the archive ends in the middle");
      extended = { ...extended, ...readExtension(type, text.subarray(0, written.size)) };
      continue;
    }
    const size = extended.size ?? written.size;
    const content = bytes.take(size);
    yield {
      name: (extended.path ?? written.name).replace(/^\.\//, ""),
      kind: type === "0" || type === "\0" ? "file" : type === "2" || type === "1" ? "link" : "other",
      target: extended.linkpath ?? written.target,
      size,
      content
    };
    for await (const _rest of content) ;
    await bytes.exactly(tarPadding(size).length);
    extended = {};
  }
}
function readHeader(header) {
  const text = (offset, length) => header.toString("utf8", offset, offset + length).replace(/\0[\s\S]*$/, "");
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (Number.parseInt(text(148, 8), 8) !== sum) throw new Error("it is no archive");
  const prefix = text(257, 5) === "ustar" && header[263] === 48 ? text(345, 155) : "";
  const size = ((header[124] ?? 0) & 128) === 0 ? Number.parseInt(text(124, 12), 8) : header.readUIntBE(130, 6);
  return {
    name: prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`,
    size,
    type: String.fromCharCode(header[156] ?? 0),
    target: text(157, 100)
  };
}
function readExtension(type, text) {
  const whole = text.toString("utf8");
  if (type === "L") return { path: whole.replace(/\0[\s\S]*$/, "") };
  if (type === "K") return { linkpath: whole.replace(/\0[\s\S]*$/, "") };
  if (type === "g") return {};
  const found = {};
  let rest = text;
  while (rest.length > 0) {
    const length = Number.parseInt(rest.toString("latin1", 0, 20), 10);
    if (!(length > 0)) break;
    const [, key, value] = /^\d+ ([^=]+)=([\s\S]*)\n$/.exec(rest.toString("utf8", 0, length)) ?? [];
    if (key === "path" && value !== void 0) found.path = value;
    if (key === "linkpath" && value !== void 0) found.linkpath = value;
    if (key === "size") found.size = Number(value);
    rest = rest.subarray(length);
  }
  return found;
}
var Bytes = class {
  #source;
  #chunk = Buffer.alloc(0);
  constructor(source) {
    this.#source = source[Symbol.asyncIterator]();
  }
  async #next() {
    while (this.#chunk.length === 0) {
      const { done, value } = await this.#source.next();
      if (done === true) return false;
      this.#chunk = value;
    }
    return true;
  }
  /** undefined when the stream has ended. */
  async exactly(length) {
    const parts = [];
    for await (const part of this.take(length, true)) parts.push(part);
    const all2 = Buffer.concat(parts);
    return all2.length === length ? all2 : void 0;
  }
  async *take(length, mayEnd = false) {
    let left = length;
    const part = async () => {
      if (!await this.#next()) {
        if (mayEnd) return void 0;
        throw new Error("the archive ends in the middle");
      }
      const found = this.#chunk.subarray(0, left);
      this.#chunk = this.#chunk.subarray(found.length);
      left -= found.length;
      return found;
    };
    let isTaken = false;
    try {
      while (left > 0) {
        const found = await part();
        if (found === void 0) return;
        yield found;
      }
      isTaken = true;
    } finally {
      while (!isTaken && left > 0 && await part() !== void 0) ;
    }
  }
  async skipAll() {
    this.#chunk = Buffer.alloc(0);
    while (!(await this.#source.next()).done) ;
  }
};
//! src/docker/container-files.ts
var lookWhoRuns = `
  user=$(docker container inspect --format '{{.Config.User}}' "$1") || exit
  echo "user $user"
  case $user in
    *[!0-9:]*)
      docker cp --follow-link "$1:/etc/passwd" - | tar -xOf - | sed 's/^/passwd /'
      docker cp --follow-link "$1:/etc/group" - 2>/dev/null | tar -xOf - 2>/dev/null | sed 's/^/group /'
      ;;
    ?*) docker cp --follow-link "$1:/etc/passwd" - 2>/dev/null | tar -xOf - 2>/dev/null | sed 's/^/passwd /' ;;
  esac
  true`;
function readOwner(text) {
  const rows = (kind) => text.split("\n").filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1).split(":"));
  const [written = ""] = rows("user").map((parts) => parts.join(":"));
  const [name = "", groupName] = written.split(":");
  if (name === "") return { user: 0, group: 0 };
  const isNumber = (word) => /^\d+$/.test(word);
  const person = rows("passwd").find(([known2, , id]) => isNumber(name) ? id === name : known2 === name);
  const user = isNumber(name) ? name : person?.[2];
  const group = groupName === void 0 ? person?.[3] ?? "0" : isNumber(groupName) ? groupName : rows("group").find(([known2]) => known2 === groupName)?.[2];
  return user === void 0 || group === void 0 ? void 0 : { user: Number(user), group: Number(group) };
}
function archiveOf(files3, { user, group }) {
  return tarOf(
    files3.map(({ path, content, mode }) => ({
      name: path.replace(/^\/+/, ""),
      content: Buffer.from(content),
      mode,
      user,
      group
    }))
  );
}
//! src/docker/nullable.ts
var texts = (0, import_zod.array)((0, import_zod.string)()).nullish().transform((list) => list ?? []);
var textMap = (0, import_zod.record)((0, import_zod.string)(), (0, import_zod.string)()).nullish().transform((map) => map ?? {});
//! src/docker/inspect.ts
var healthcheckJson = (0, import_zod.object)({
  Test: texts,
  Interval: (0, import_zod.number)().nullish(),
  Timeout: (0, import_zod.number)().nullish(),
  Retries: (0, import_zod.number)().nullish(),
  StartPeriod: (0, import_zod.number)().nullish()
});
var containerJson = (0, import_zod.object)({
  Id: (0, import_zod.string)(),
  Name: (0, import_zod.string)(),
  Image: (0, import_zod.string)(),
  Config: (0, import_zod.object)({
    Image: (0, import_zod.string)(),
    Labels: textMap,
    Env: texts,
    Entrypoint: texts,
    Cmd: texts,
    Healthcheck: healthcheckJson.nullish(),
    User: (0, import_zod.string)().nullish(),
    Hostname: (0, import_zod.string)().nullish()
  }),
  State: (0, import_zod.object)({
    Status: (0, import_zod._enum)(["created", "running", "paused", "restarting", "removing", "exited", "dead"]),
    ExitCode: (0, import_zod.number)(),
    Error: (0, import_zod.string)().default(""),
    OOMKilled: (0, import_zod.boolean)().default(false),
    StartedAt: (0, import_zod.string)(),
    FinishedAt: (0, import_zod.string)(),
    Health: (0, import_zod.object)({
      Status: (0, import_zod.string)(),
      Log: (0, import_zod.array)((0, import_zod.object)({ Output: (0, import_zod.string)().default("") })).nullish()
    }).nullish()
  }),
  HostConfig: (0, import_zod.object)({
    PortBindings: (0, import_zod.record)((0, import_zod.string)(), (0, import_zod.array)((0, import_zod.object)({ HostIp: (0, import_zod.string)().nullish(), HostPort: (0, import_zod.string)() })).nullish()).nullish(),
    RestartPolicy: (0, import_zod.object)({ Name: (0, import_zod.string)(), MaximumRetryCount: (0, import_zod.number)().default(0) }).nullish(),
    ExtraHosts: texts,
    Memory: (0, import_zod.number)().nullish(),
    NanoCpus: (0, import_zod.number)().nullish(),
    AutoRemove: (0, import_zod.boolean)().default(false),
    Privileged: (0, import_zod.boolean)().default(false),
    CapAdd: texts,
    CapDrop: texts,
    Devices: (0, import_zod.array)((0, import_zod.unknown)()).nullish(),
    Tmpfs: (0, import_zod.record)((0, import_zod.string)(), (0, import_zod.string)()).nullish(),
    Ulimits: (0, import_zod.array)((0, import_zod.object)({ Name: (0, import_zod.string)(), Soft: (0, import_zod.number)(), Hard: (0, import_zod.number)() })).nullish(),
    LogConfig: (0, import_zod.object)({ Type: (0, import_zod.string)().default(""), Config: textMap }).nullish(),
    ShmSize: (0, import_zod.number)().nullish(),
    NetworkMode: (0, import_zod.string)().nullish(),
    Sysctls: textMap,
    SecurityOpt: texts,
    Dns: texts,
    PidMode: (0, import_zod.string)().default(""),
    UsernsMode: (0, import_zod.string)().default(""),
    ReadonlyRootfs: (0, import_zod.boolean)().default(false),
    Init: (0, import_zod.boolean)().nullish(),
    GroupAdd: texts,
    Links: texts
  }),
  Mounts: (0, import_zod.array)(
    (0, import_zod.object)({
      Type: (0, import_zod.string)(),
      Name: (0, import_zod.string)().nullish(),
      Source: (0, import_zod.string)().nullish(),
      Destination: (0, import_zod.string)(),
      RW: (0, import_zod.boolean)()
    })
  ).nullish(),
  NetworkSettings: (0, import_zod.object)({
    Networks: (0, import_zod.record)((0, import_zod.string)(), (0, import_zod.object)({ Aliases: texts })).nullish()
  })
});
var imageJson = (0, import_zod.object)({
  Id: (0, import_zod.string)(),
  RepoDigests: texts,
  Os: (0, import_zod.string)(),
  Architecture: (0, import_zod.string)(),
  Config: (0, import_zod.object)({ Env: texts, Entrypoint: texts, Cmd: texts, Healthcheck: healthcheckJson.nullish() }).nullish()
});
function readContainer(json2) {
  const [found] = all(json2, (0, import_zod.tuple)([containerJson]).rest(containerJson), "docker container inspect");
  return containerOf2(found);
}
function readContainers(json2) {
  return all(json2, (0, import_zod.array)(containerJson), "docker container inspect").map(containerOf2);
}
function containerOf2(found) {
  const { Config: config, State: state, HostConfig: host } = found;
  return {
    id: found.Id,
    name: found.Name.replace(/^\//, ""),
    imageId: found.Image,
    image: config.Image,
    labels: config.Labels,
    environmentKeys: config.Env.map(keyOf),
    hasVariable: (key, value) => config.Env.includes(`${key}=${value}`),
    entrypoint: config.Entrypoint,
    command: config.Cmd,
    user: config.User ?? "",
    state: {
      status: state.Status,
      exitCode: state.ExitCode,
      error: state.Error,
      outOfMemory: state.OOMKilled,
      startedAt: new Date(state.StartedAt),
      finishedAt: new Date(state.FinishedAt),
      health: healthOf(state.Health)
    },
    ports: Object.entries(host.PortBindings ?? {}).flatMap(
      ([port, bindings]) => (bindings ?? []).map((binding) => portOf(port, binding))
    ),
    mounts: (found.Mounts ?? []).flatMap((mount) => {
      const source = mount.Type === "volume" ? mount.Name : mount.Source;
      if (mount.Type !== "bind" && mount.Type !== "volume" || source == null) return [];
      return [{ type: mount.Type, source, target: mount.Destination, readOnly: !mount.RW }];
    }),
    networks: Object.keys(found.NetworkSettings.Networks ?? {}),
    restart: restartOf(host.RestartPolicy),
    extraHosts: host.ExtraHosts,
    memory: host.Memory ?? 0,
    cpus: (host.NanoCpus ?? 0) / 1e9,
    autoRemove: host.AutoRemove,
    beyondUs: beyondUs(host),
    options: givenOptions(found),
    healthCheck: healthCheckOf(config.Healthcheck),
    healthTest: config.Healthcheck?.Test ?? []
  };
}
function healthCheckOf(found) {
  const [form, command] = found?.Test ?? [];
  if (found == null || form !== "CMD-SHELL" || command === void 0) return void 0;
  const milliseconds = (given, usual) => given == null || given === 0 ? usual : given / 1e6;
  return {
    command,
    interval: milliseconds(found.Interval, 3e4),
    timeout: milliseconds(found.Timeout, 3e4),
    retries: found.Retries || 3,
    startPeriod: milliseconds(found.StartPeriod, 0)
  };
}
var usualShm = 64 * 2 ** 20;
function givenOptions(found) {
  const { HostConfig: host, Config: config, Id: id, Name: name } = found;
  const { Type: driver, Config: logOptions } = host.LogConfig ?? { Type: "", Config: {} };
  const isUsualLog = (driver === "json-file" || driver === "") && Object.keys(logOptions).length === 0;
  const hostname = config.Hostname ?? "";
  const sharesHost = ["host", "container"].includes((host.NetworkMode ?? "").split(":")[0] ?? "");
  const own = [id.slice(0, 12), name.replace(/^\//, ""), hostname];
  const aliases = Object.values(found.NetworkSettings.Networks ?? {}).flatMap(({ Aliases }) => Aliases);
  return optionsOf({
    networkAliases: [...new Set(aliases)].filter((alias) => !own.includes(alias)),
    hostname: sharesHost || hostname === "" || own[0] === hostname ? void 0 : hostname,
    dns: host.Dns,
    logDriver: isUsualLog ? void 0 : driver,
    logOptions: isUsualLog ? void 0 : logOptions,
    capAdd: host.CapAdd.map((capability) => capability.replace(/^CAP_/, "")),
    capDrop: host.CapDrop.map((capability) => capability.replace(/^CAP_/, "")),
    securityOptions: host.SecurityOpt,
    readOnly: host.ReadonlyRootfs,
    tmpfs: Object.entries(host.Tmpfs ?? {}).map(([path, how]) => how === "" ? path : `${path}:${how}`),
    ulimits: (host.Ulimits ?? []).map(({ Name, Soft, Hard }) => `${Name}=${Soft}:${Hard}`),
    init: host.Init === true,
    shmSize: host.ShmSize == null || host.ShmSize === usualShm ? void 0 : host.ShmSize
  });
}
function beyondUs(host) {
  const given = [
    ["--privileged", host.Privileged],
    ["--device", (host.Devices ?? []).length > 0],
    ["--sysctl", Object.keys(host.Sysctls).length > 0],
    ["--pid", host.PidMode !== ""],
    ["--userns", host.UsernsMode !== ""],
    ["--group-add", host.GroupAdd.length > 0],
    ["--link", host.Links.length > 0]
  ];
  return given.flatMap(([option, isGiven]) => isGiven ? [option] : []);
}
function readImage(json2) {
  const [found] = all(json2, (0, import_zod.tuple)([imageJson]).rest(imageJson), "docker image inspect");
  return {
    id: found.Id,
    repoDigests: found.RepoDigests,
    os: found.Os,
    architecture: found.Architecture,
    environmentKeys: (found.Config?.Env ?? []).map(keyOf),
    entrypoint: found.Config?.Entrypoint ?? [],
    command: found.Config?.Cmd ?? [],
    hasHealthCheck: !["", "NONE"].includes(found.Config?.Healthcheck?.Test[0] ?? ""),
    healthTest: found.Config?.Healthcheck?.Test ?? []
  };
}
function all(json2, schema, command) {
  try {
    return schema.parse(JSON.parse(json2));
  } catch (error) {
    throw new import_ground_errors.UserError(
      `${command} cannot be understood — ${error instanceof import_zod.ZodError ? (0, import_zod.prettifyError)(error).split("\n")[0] : "it is no JSON"}`,
      'look whether "docker" on the server is Docker 20.10 or newer, and not a program that stands in for it',
      { code: "docker-not-understood", cause: error }
    );
  }
}
function keyOf(variable) {
  return variable.split("=", 1)[0] ?? "";
}
function healthOf(health) {
  const status = health?.Status;
  if (status !== "starting" && status !== "healthy" && status !== "unhealthy") return void 0;
  return { status, output: health?.Log?.at(-1)?.Output.trim() ?? "" };
}
function portOf(port, { HostIp, HostPort }) {
  const [containerPort, protocol] = port.split("/");
  return {
    address: HostIp === "" || HostIp == null ? void 0 : HostIp,
    hostPort: Number(HostPort),
    containerPort: Number(containerPort),
    protocol: protocol === "udp" ? "udp" : "tcp"
  };
}
function restartOf(policy) {
  if (policy == null || policy.Name === "") return "no";
  return policy.MaximumRetryCount > 0 ? `${policy.Name}:${policy.MaximumRetryCount}` : policy.Name;
}
//! src/docker/manifest.ts
var layer = (0, import_zod.object)({ digest: (0, import_zod.string)(), size: (0, import_zod.number)() });
var single = (0, import_zod.object)({ layers: (0, import_zod.array)(layer) });
var several = (0, import_zod.object)({
  manifests: (0, import_zod.array)(
    (0, import_zod.object)({
      digest: (0, import_zod.string)(),
      platform: (0, import_zod.object)({ os: (0, import_zod.string)(), architecture: (0, import_zod.string)() }).partial().nullish()
    })
  )
});
function readManifest(text, platform) {
  let json2;
  try {
    json2 = JSON.parse(text);
  } catch {
    return void 0;
  }
  const one = single.safeParse(json2);
  if (one.success) return { layers: one.data.layers };
  const found = several.safeParse(json2).data?.manifests.find(({ platform: its }) => `${its?.os}/${its?.architecture}` === platform);
  return found === void 0 ? void 0 : { see: found.digest };
}
function sizeToPull(wanted, others) {
  const there = new Set(others.flat().map(({ digest }) => digest));
  return wanted.filter(({ digest }) => !there.has(digest)).reduce((sum, { size }) => sum + size, 0);
}
//! src/docker/registry.ts
var hubAddress = "https://index.docker.io/v1/";
var loginFailure = 90;
var loggedIn = (action) => `
  image=$1 username=$2 registry=$3
  attempt() { ${action}
  }
  [ -n "$username" ] || { attempt; exit; }
  if [ -n "\${DOCKER_CONTEXT:-}" ] || grep -q currentContext "\${DOCKER_CONFIG:-$HOME/.docker}/config.json" 2>/dev/null; then
    endpoint=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null)
    [ -z "$endpoint" ] || export DOCKER_HOST="$endpoint"
  fi
  umask 077
  folder=$(mktemp -d) || exit
  trap 'rm -rf -- "$folder"' EXIT
  trap 'exit 1' HUP INT TERM
  export DOCKER_CONFIG="$folder"
  IFS= read -r config && printf '%s' "$config" >"$folder/config.json" || exit
  password=$(cat)
  attempt 2>"$folder/said" && exit
  code=$?
  printf '%s' "$password" |
    docker login --username "$username" --password-stdin \${registry:+"$registry"} >/dev/null || exit ${loginFailure}
  cat "$folder/said" >&2
  exit $code`;
var pull = 'docker pull "$image"';
var look = `
  export DOCKER_CLI_EXPERIMENTAL=enabled
  plain=$(docker info --format '{{range .RegistryConfig.IndexConfigs}}{{if not .Secure}} {{.Name}} {{end}}{{end}}' 2>/dev/null)
  case $plain in *" \${image%%/*} "*) set -- --insecure ;; *) set -- ;; esac
  docker manifest inspect "$@" "$image"`;
function pullScript(image, login) {
  return script(pull, image, login);
}
function manifestScript(image, login) {
  return script(look, image, login);
}
function script(action, image, login) {
  const isHub = login === void 0 || login.registry === "docker.io";
  const registry = isHub ? "" : login.registry;
  return {
    argv: ["sh", "-c", loggedIn(action), "sh", image, login?.username ?? "", registry],
    stdin: login === void 0 ? "" : `${configOf(login)}
${login.password}`
  };
}
function configOf({ registry, username, password }) {
  const auth = Buffer.from(`${username}:${password.replace(/\r?\n$/, "")}`).toString("base64");
  return JSON.stringify({ auths: { [registry === "docker.io" ? hubAddress : registry]: { auth } } });
}
function loginFailed(result) {
  return result.exitCode === loginFailure;
}
//! src/docker/run-arguments.ts
function createArguments(spec) {
  const [network] = spec.networks;
  const [entrypoint, ...first] = spec.entrypoint ?? [];
  return [
    "create",
    ...["--name", spec.name],
    ...["--pull", "never"],
    // the image was pulled and looked at; another one must not slip in
    ...["--restart", spec.restart],
    ...Object.entries(spec.labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]),
    ...spec.envFile === void 0 ? [] : ["--env-file", spec.envFile],
    ...spec.ports.flatMap((port) => ["--publish", formatPort(port)]),
    ...spec.mounts.flatMap((mount) => ["--mount", formatMount(mount)]),
    ...network === void 0 ? [] : ["--network", network, ...aliasArguments(spec)],
    ...spec.extraHosts.flatMap((host) => ["--add-host", host]),
    ...spec.memory === void 0 ? [] : ["--memory", `${spec.memory}b`],
    ...spec.cpus === void 0 ? [] : ["--cpus", String(spec.cpus)],
    ...spec.user === void 0 ? [] : ["--user", spec.user],
    ...spec.stopTimeout === void 0 ? [] : ["--stop-timeout", String(Math.ceil(spec.stopTimeout / 1e3))],
    ...spec.health === void 0 ? [] : healthArguments(spec.health),
    ...optionArguments(spec.options ?? {}),
    ...entrypoint === void 0 ? [] : ["--entrypoint", entrypoint],
    spec.image,
    ...first,
    ...spec.command
  ];
}
function connectArguments(spec) {
  const aliases = aliasesOf(spec).flatMap((alias) => ["--alias", alias]);
  return spec.networks.slice(1).map((network) => ["network", "connect", ...aliases, network, spec.name]);
}
function aliasArguments(spec) {
  const [network = "bridge"] = spec.networks;
  if (["bridge", "host", "none"].includes(network)) return [];
  return aliasesOf(spec).flatMap((alias) => ["--network-alias", alias]);
}
function aliasesOf({ networkAlias, options = {} }) {
  return networkAlias === void 0 ? [] : [networkAlias, ...options.networkAliases ?? []];
}
function formatPort({ address, hostPort, containerPort, protocol }) {
  const from = `${address === void 0 ? "" : `${bracketed(address)}:`}${hostPort === 0 ? "" : hostPort}`;
  return `${from}:${containerPort}/${protocol}`;
}
function formatMount({ type, source, target, readOnly }) {
  const fields = [`type=${type}`, `source=${source}`, `target=${target}`, ...readOnly ? ["readonly"] : []];
  return fields.map((field) => /[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field).join(",");
}
function healthArguments({ command, interval, timeout, retries, startPeriod }) {
  return [
    ...["--health-cmd", command],
    ...["--health-interval", `${interval}ms`],
    ...["--health-timeout", `${timeout}ms`],
    ...["--health-retries", String(retries)],
    ...["--health-start-period", `${startPeriod}ms`]
  ];
}
//! src/docker/server-script.ts
var files2 = {
  "own-check": `# Asks a container's own health check at once. Docker does so only when the interval of the check has passed, half a
# minute unless the image says otherwise. It is the same command, by the same user, in the same container. POSIX sh.
own_check() ( # NAME: fails when the check does, or there is none; a subshell, for what it sets
  words=$(docker container inspect --format \\
    '{{with .Config.Healthcheck}}{{range $place, $word := .Test}}{{if $place}}{{$word}}{{"\\x1f"}}{{else if eq $word "CMD-SHELL"}}{{range $.Config.Shell}}{{.}}{{"\\x1f"}}{{else}}/bin/sh{{"\\x1f"}}-c{{"\\x1f"}}{{end}}{{end}}{{end}}{{end}}' \\
    "$1" 2>/dev/null) && [ -n "$words" ] || exit 1
  set -f
  IFS=$(printf '\\037')
  # shellcheck disable=SC2086
  exec timeout 10 docker exec "$1" $words </dev/null >/dev/null 2>&1 9>&-
)
`
};
var serverScript2 = (name) => files2[name];
//! src/diagnosis/traceback.ts
var stillTheReason = 40;
function lastTraceback(log) {
  const lines = log.split("\n").map(withoutPrefix);
  const found = [pythonIn(lines), nodeIn(lines), serverIn(lines)].filter((each) => each !== void 0);
  const [last] = found.sort((a, b) => b.end - a.end);
  if (last === void 0 || lines.length - last.end > stillTheReason) return void 0;
  const { cause, frame, begin, end } = last;
  return { cause: shortened(cause), frame, text: lines.slice(begin, end + 6).join("\n") };
}
function withoutPrefix(line) {
  return line.replace(/^[\w.-]+ +\| /, "");
}
function pythonIn(lines) {
  const begin = lines.findLastIndex((line) => /Traceback \(most recent call last\)|^Traceback$/.test(line));
  if (begin === -1) return void 0;
  const indent = /^\s*/.exec(lines[begin] ?? "")?.[0] ?? "";
  const frames = [];
  for (let at = begin + 1; at < lines.length; at += 1) {
    const line = lines[at]?.startsWith(indent) === true ? (lines[at] ?? "").slice(indent.length) : lines[at] ?? "";
    const file = pythonFile(line);
    if (file !== void 0) frames.push(file);
    else if (/^[A-Za-z_][\w.]*(?:$|: |:$)/.test(line)) {
      return { cause: line.replace(/:$/, ""), frame: ownFrame(frames.reverse()), begin, end: at + 1 };
    }
  }
  return void 0;
}
var notOwnPython = /site-packages|dist-packages|\/lib\/python\d|^<|\/bin\/[^/]+:\d+$/;
var notOwnNode = /node_modules|^node:|^internal\//;
function pythonFile(line) {
  const [, file, number2] = /^\s+File "([^"]+)", line (\d+)/.exec(line) ?? [];
  return file === void 0 ? void 0 : `${file}:${number2}`;
}
function nodeFile(line) {
  if (!isNodeFrame(line)) return void 0;
  const [, file = ""] = /(?:\(|at (?:async )?|file:\/\/)((?:\/|node:|internal\/)[^():]+:\d+):\d+\)?$/.exec(line) ?? [];
  return file.replace(/^file:\/\//, "");
}
function isLibrary(frame) {
  return frame === "" || notOwnPython.test(frame) || notOwnNode.test(frame);
}
function ownFrame(frames) {
  const own = frames.find((frame) => !isLibrary(frame));
  return own?.replace(/^\/(?:usr\/src\/app|srv\/app|opt\/app|app|code|src)\//, "");
}
function nodeIn(lines) {
  const at = lines.findLastIndex((line, index) => isNodeFrame(line) && !isNodeFrame(lines[index - 1] ?? ""));
  if (at === -1) return void 0;
  const begin = lines.findLastIndex(
    (line, index) => index < at && index >= at - 8 && /^(?:Uncaught )?[A-Za-z]*(?:Error|Exception)\b/.test(line)
  );
  if (begin === -1) return void 0;
  let end = at;
  while (isNodeFrame(lines[end] ?? "")) end += 1;
  const frames = lines.slice(at, end).flatMap((line) => nodeFile(line) ?? []);
  return { cause: lines[begin]?.replace(/^Uncaught /, "") ?? "", frame: ownFrame(frames), begin, end };
}
function isNodeFrame(line) {
  return /^\s+at .*(?::\d+:\d+\)?|\(<anonymous>\)|\(native\))$/.test(line);
}
function serverIn(lines) {
  const told = /(?:Error loading ASGI app\. |Failed to (?:find|parse) ).*/;
  const at = lines.findLastIndex((line) => told.test(line));
  const cause = told.exec(lines[at] ?? "")?.[0];
  return cause === void 0 ? void 0 : { cause, frame: void 0, begin: at, end: at + 1 };
}
function shortened(cause) {
  const text = cause.replace(/^(?:[a-z_]\w*\.)+(?=[A-Z])/, "").trim();
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}
//! src/diagnosis/rule.ts
function matched({ sees }, evidence) {
  const { container } = evidence;
  if (sees.ended !== void 0) {
    if (container === void 0 || !hasEnded(container.status)) return void 0;
    if (sees.ended === "any" ? container.exitCode === 0 : container.exitCode !== sees.ended) return void 0;
  }
  let found = { name: evidence.name ?? "NAME", server: evidence.server };
  let line = "";
  for (const [signal, text] of [
    [sees.docker, evidence.docker ?? ""],
    [sees.log, sees.log === void 0 ? "" : finalWords(evidence)]
  ]) {
    if (signal === void 0) continue;
    const match = lastMatch(signal, text);
    if (match === void 0) return void 0;
    found = { ...found, ...match.groups, "0": match[0] };
    line = lineAround(text, match.index);
  }
  if (sees.facts === void 0) return { found, line };
  const facts = sees.facts(evidence, found);
  return facts === void 0 ? void 0 : { found: { ...found, ...facts }, line: facts.line ?? line };
}
function hasEnded(status) {
  return ["exited", "dead", "restarting", "created"].includes(status);
}
var finalLines = 15;
function finalWords({ log }) {
  if (log === void 0) return "";
  return tracebackOf(log.text)?.text ?? log.text.trimEnd().split("\n").slice(-finalLines).join("\n");
}
var known;
function tracebackOf(text) {
  if (known?.text !== text) known = { text, traceback: lastTraceback(text) };
  return known.traceback;
}
function lastMatch(signal, text) {
  const all2 = [...text.matchAll(new RegExp(signal.source, `${signal.flags.replace("g", "")}g`))];
  return all2.at(-1);
}
function lineAround(text, index) {
  const begin = text.lastIndexOf("\n", index) + 1;
  const end = text.indexOf("\n", index);
  return text.slice(begin, end === -1 ? void 0 : end).trim();
}
function filled(template, found) {
  return template.replace(/\{(\w+)\}/g, (_, name) => found[name] ?? "");
}
//! src/diagnosis/comparisons.ts
var whoAsks = ({ host, server }) => ({
  account: host?.account ?? /^([^@\s]+)@/.exec(server)?.[1] ?? "ACCOUNT"
});
function whoHasPort(otherwise) {
  return ({ host, name }, { port }) => {
    const container = host?.publishers.find((each) => String(each.port) === port && each.container !== name);
    const program = host?.listening.find((each) => String(each.port) === port)?.program;
    return {
      owner: container !== void 0 ? `the container ${container.container}` : program !== void 0 && !program.startsWith("docker-proxy") ? program : otherwise
    };
  };
}
var folderInsteadOfFile = ({ container }, { path }) => {
  const mount = container?.mounts.find(({ source: source2, target }) => source2 === path || target === path);
  const isFolder = mount?.isFolder ?? container?.mounts.find((each) => each.isFolder === true)?.isFolder;
  const source = mount?.source ?? path ?? container?.mounts.find((each) => each.isFolder === true)?.source;
  return { path: source ?? "the source of a mount", kind: isFolder === false ? "a file" : "a folder" };
};
var ofEnvironment = (evidence) => {
  const words = finalWords(evidence);
  const isPlain = !words.includes('File "') || words.includes("UndefinedValueError");
  return isPlain || /File "[^"]*\bos(?:\.py|>)", line \d+/.test(words) ? {} : void 0;
};
var builtForOther = ({ container, host }) => ({
  built: container?.platform !== void 0 && container.platform !== host?.platform ? container.platform : "another kind of processor",
  wanted: host?.platform ?? "the server's"
});
function mountOf({ container }, path) {
  return container?.mounts.filter(({ target }) => path === target || path.startsWith(`${target.replace(/\/$/, "")}/`)).sort((a, b) => b.target.length - a.target.length)[0];
}
function deniedPath(evidence, { path = "" }) {
  if (path.startsWith("/")) return path;
  return evidence.container?.mounts.find(({ target }) => target.endsWith(`/${path}`))?.target ?? path;
}
function mayWrite(mount, uid) {
  const { owner } = mount;
  if (owner === void 0) return false;
  const [user = 0, , others = 0] = [...owner.mode.padStart(3, "0").slice(-3)].map(Number);
  return uid === 0 || ((uid === owner.uid ? user : others) & 2) !== 0;
}
var unreadableFile = (evidence, found) => {
  const path = deniedPath(evidence, found);
  const mount = mountOf(evidence, path);
  if (mount === void 0 || mount.isFolder !== false) return void 0;
  return ownership(evidence, mount);
};
var unwritableFolder = (evidence, found) => {
  const mount = mountOf(evidence, deniedPath(evidence, found));
  const uid = evidence.container?.uid;
  if (mount === void 0 || mount.isFolder === false || mount.readOnly) return void 0;
  if (uid !== void 0 && mount.owner !== void 0 && mayWrite(mount, uid)) return void 0;
  return ownership(evidence, mount);
};
var deniedByPolicy = (evidence, found) => {
  const mount = mountOf(evidence, deniedPath(evidence, found));
  const denied2 = evidence.host?.kernel.find(({ text }) => /avc: +denied|apparmor="DENIED"/i.test(text));
  const uid = evidence.container?.uid;
  if (mount === void 0 || uid === void 0 || !mayWrite(mount, uid)) return void 0;
  if (denied2 === void 0 && evidence.host?.isSelinux !== true) return void 0;
  return {
    source: mount.source,
    who: denied2 !== void 0 && /apparmor/i.test(denied2.text) ? "AppArmor" : "SELinux",
    ...denied2 === void 0 ? {} : { line: denied2.text }
  };
};
function ownership({ container }, { source, owner }) {
  return {
    source,
    owned: owner === void 0 ? "not readable for it" : `of user ${owner.uid}, mode ${owner.mode}`,
    uid: container?.uid === void 0 ? "another user" : `user ${container.uid}`,
    number: String(container?.uid ?? "UID")
  };
}
var folderAtFile = (evidence, found) => {
  const mount = mountOf(evidence, deniedPath(evidence, found));
  return mount?.isFolder === true && mount.target === deniedPath(evidence, found) ? { source: mount.source } : void 0;
};
function isUnreached({ answer, container }) {
  if (container === void 0 || hasEnded(container.status)) return false;
  return answer === void 0 || ["health-refused", "health-cut-off", "health-no-answer", "container-slow"].includes(answer.code);
}
var listensElsewhere = (evidence) => {
  const { container } = evidence;
  if (!isUnreached(evidence) || container?.listening === void 0 || container.ports.length === 0) {
    return void 0;
  }
  const open = container.listening.map(({ port }) => port);
  const wanted = container.ports.map(({ containerPort }) => containerPort);
  if (open.length === 0 || wanted.some((port) => open.includes(port))) return void 0;
  const [first] = [...new Set(open)];
  return {
    open: (0, import_ground_words.listed)([...new Set(open)].map(String)),
    wanted: (0, import_ground_words.listed)([...new Set(wanted)].map(String)),
    // On its way to the place of the old one it has no port of its own yet.
    mapping: `${container.ports[0]?.hostPort || "…"}:${first}`,
    line: `/proc/net/tcp of the container: listening on ${open.join(", ")}`
  };
};
var listensLocally = (evidence) => {
  const { container } = evidence;
  if (!isUnreached(evidence) || container?.listening === void 0) return void 0;
  const wanted = container.ports.map(({ containerPort }) => containerPort);
  const there = container.listening.filter(({ port }) => wanted.includes(port));
  const [first] = there;
  if (first === void 0 || there.some(({ isLocal }) => !isLocal)) return void 0;
  return { port: String(first.port), line: `/proc/net/tcp of the container: 127.0.0.1:${first.port}` };
};
var full = 0.95;
var wrong = 6e4;
var fullDisk = ({ host }) => {
  const { disk } = host ?? {};
  if (disk === void 0) return { usage: "the server's disk is full" };
  const isFiles = disk.usedFiles >= full && disk.usedFiles > disk.usedBytes;
  if (!isFiles && disk.usedBytes < full) return { usage: "a disk that it writes to is full" };
  const share = Math.floor((isFiles ? disk.usedFiles : disk.usedBytes) * 100);
  return {
    usage: isFiles ? `${disk.folder} has no room for more files (${share} % of them used)` : `${disk.folder} is ${share} % full (${showSize(disk.freeBytes)} free)`
  };
};
var wrongClock = ({ host }) => {
  const ahead = host?.clockAhead ?? 0;
  if (Math.abs(ahead) < wrong) return void 0;
  return { off: `${(0, import_ground_duration.showDuration)(Math.abs(ahead))} ${ahead > 0 ? "ahead" : "behind"}` };
};
var healthSays = ({ container }) => {
  const { health } = container ?? {};
  if (health?.status !== "unhealthy" || container === void 0 || hasEnded(container.status))
    return void 0;
  return { said: health.output.split("\n").at(-1)?.trim() || "nothing", line: health.output };
};
var healthProgramMissing = (evidence, found) => {
  const said = healthSays(evidence, found);
  const output = evidence.container?.health?.output ?? "";
  const [, one, two, three] = /(?:^|[\s:])([\w./-]+): (?:command )?not found|exec: "([^"]+)": executable file not found|exec failed.*?"([^"]+)": (?:executable|stat)/.exec(
    output
  ) ?? [];
  const program = one ?? two ?? three;
  return said === void 0 || program === void 0 ? void 0 : { ...said, program };
};
var stillStarting = ({ container }) => container?.health?.status === "starting" && !hasEnded(container.status) ? {} : void 0;
var listensNowhere = (evidence) => {
  const { container } = evidence;
  const isSilent = container?.listening?.length === 0 && container.ports.length > 0;
  return isSilent && isUnreached(evidence) ? { wanted: (0, import_ground_words.listed)(container.ports.map(({ containerPort }) => String(containerPort))) } : void 0;
};
//! src/diagnosis/out-of-memory.ts
var atOwnLimit = (evidence) => {
  const { memory = 0, outOfMemory = false } = evidence.container ?? {};
  const ended = endedByKernel(evidence);
  if (memory === 0 || (ended === void 0 ? !outOfMemory : ended.limit !== "own")) return void 0;
  const limit = showSize(memory);
  return { limit, line: ended?.line ?? `docker inspect: OOMKilled, with a limit of ${limit}` };
};
var atServersEnd = (evidence) => {
  const { container, host } = evidence;
  const ended = endedByKernel(evidence);
  if (ended?.limit === "own") return void 0;
  if (ended?.limit === "around")
    return { what: "what all its containers may use together", line: ended.line };
  const line = ended?.line ?? killedThen(evidence);
  if (line !== void 0) return { what: `its ${showSize(host?.memory?.total ?? 0)} of memory`, line };
  if (container?.outOfMemory !== true || container.memory > 0) return void 0;
  return { what: "memory", line: "docker inspect: OOMKilled, without a limit" };
};
var nearby = 15e3;
function endedByKernel(evidence) {
  const { id } = evidence.container ?? {};
  const said = thenOfKernel(evidence);
  const kill = said.find((text) => id !== void 0 && isKill(text) && text.includes(id));
  if (id === void 0 || kill === void 0) return void 0;
  const group = /\boom_memcg=([^,\s]*)/.exec(kill)?.[1];
  return {
    limit: group === void 0 ? "none" : group.includes(id) ? "own" : "around",
    line: said.find((text) => isOf(kill, text)) ?? kill
    // the same in words for people
  };
}
function killedThen(evidence) {
  const said = thenOfKernel(evidence);
  if (evidence.container?.id !== void 0 && said.some(isKill)) return void 0;
  return said.find((text) => /^Out of memory: Kill(?:ed)? process/.test(text));
}
function thenOfKernel({ container, host }) {
  const ended = container?.finishedAt.getTime() ?? 0;
  return (host?.kernel ?? []).filter(({ at }) => at !== void 0 && Math.abs(at.getTime() - ended) < nearby).map(({ text }) => text).reverse();
}
function isKill(text) {
  return text.startsWith("oom-kill:") && text.includes("task_memcg=");
}
function isOf(kill, text) {
  const pid = /\bpid=(\d+)/.exec(kill)?.[1];
  return pid !== void 0 && text.includes(`Killed process ${pid} `);
}
function kernelWithoutOthers({ container, host }) {
  const { kernel = [] } = host ?? {};
  const id = container?.id;
  if (id === void 0) return kernel;
  const others = kernel.map(({ text }) => text).filter((text) => isKill(text) && !text.includes(id));
  return kernel.filter(
    ({ text }) => !text.includes("invoked oom-killer") && !others.some((kill) => kill === text || isOf(kill, text))
  );
}
//! src/diagnosis/container-rules.ts
var denied = /(?:Permission denied: '(?<path>[^']+)'|EACCES: permission denied, \w+ '(?<path2>[^']+)'|(?<path3>\/[^\s:'"]+): Permission denied)/;
function pathIn(compare) {
  return (evidence, found) => {
    const path = found.path ?? found.path2 ?? found.path3;
    if (path === void 0) return void 0;
    const facts = compare(evidence, { ...found, path });
    return facts && { path, ...facts };
  };
}
var itsNetwork = ({ container }) => ({ network: container?.network ?? "that it was given" });
var addVariable = "add {variable} to the input env (and to required-env, so that it is noticed before anything is touched)";
var otherNames = "another container is known by its name in a network of their own only: give networks; a name of your network needs the DNS of the server (dns, extra-hosts)";
var endRules = [
  {
    code: "container-out-of-memory",
    sees: { facts: atOwnLimit, compared: "OOMKilled, the kernel's messages, the limit" },
    observed: "it needed more than its {limit} of memory",
    next: "raise memory, or find out what needs so much"
  },
  {
    code: "server-out-of-memory",
    sees: { ended: 137, facts: atServersEnd, compared: "the kernel's messages, OOMKilled" },
    observed: "the server itself ran out of {what}, and the kernel ended it",
    next: "give the server more memory, or its containers limits (two versions run at once during a deployment; strategy: recreate runs one)"
  },
  {
    code: "image-wrong-architecture",
    sees: { log: /exec format error/, facts: builtForOther, compared: "platforms of image and server" },
    observed: "the image is built for {built}",
    next: "build it for {wanted} (platforms: in the build step)"
  },
  {
    code: "container-script-broken",
    sees: {
      log: /(?:^|\n)(?:standard_init_linux\.go:\d+: )?exec (?<program>\S+): no such file or directory/
    },
    observed: "{program} cannot be executed although it is there",
    next: "it has Windows line ends, or the program behind its #! is not in the image"
  },
  {
    code: "container-script-broken",
    sees: {
      log: /exec user process caused: no such file or directory|bad interpreter: No such file|env: (?:‘|'|")?[\w.-]+(?:\\r|\r|\$'\\r')/
    },
    observed: "its start script cannot be executed although it is there",
    next: "it has Windows line ends, or the program behind its #! is not in the image"
  },
  {
    code: "container-ended",
    sees: { ended: 0, facts: ({ log }) => ({ last: log?.lastLine ? `: ${log.lastLine}` : "" }) },
    observed: "its program ended by itself, without an error{last}",
    next: "the command must be a server that stays in the foreground: correct command, or CMD in the Dockerfile"
  },
  {
    code: "command-not-in-image",
    sees: { ended: 127, log: /(?:^|[\s:])(?<program>[\w./-]+): (?:command )?not found/ },
    observed: "the image has no program {program}",
    next: "correct command, or install the program in the Dockerfile"
  },
  {
    code: "command-not-executable",
    sees: { ended: 126, log: /(?:^|[\s:])(?<program>\/?[\w./-]+): Permission denied/ },
    observed: "{program} may not be executed",
    next: "in the Dockerfile: chmod +x {program} (COPY keeps the mode of the checkout)"
  }
];
var programRules = [
  {
    code: "disk-full",
    sees: { log: /No space left on device|\bENOSPC\b/, facts: fullDisk, compared: "disks of the server" },
    observed: "{usage}",
    next: 'free some space on {server} ("docker system df" shows what Docker holds; docker image prune frees unused images)'
  },
  {
    code: "server-clock-wrong",
    sees: {
      log: /certificate is not yet valid|certificate has expired|CERT_NOT_YET_VALID|CERT_HAS_EXPIRED|token (?:is not yet valid|used too early)|RequestTimeTooSkewed/i,
      facts: wrongClock,
      compared: "the server's clock with ours"
    },
    observed: "the server's clock is {off}: {0}",
    next: "on {server}: sudo timedatectl set-ntp true"
  },
  {
    code: "env-missing",
    sees: {
      log: /(?:KeyError: '|UndefinedValueError: )(?<variable>[A-Z][A-Z0-9_]{2,})(?:'| not found)/,
      facts: ofEnvironment,
      compared: "where it was raised"
    },
    observed: "the variable {variable} is not set",
    next: addVariable
  },
  {
    code: "env-missing",
    sees: {
      log: /\b(?:[Ss]et the |[Mm]issing (?:required )?(?:env(?:ironment)? )?(?:variable|setting)s?:? |[Ee]nv(?:ironment)? variable:? )["'`]?(?<variable>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)/
    },
    observed: "{variable} is not set",
    next: addVariable
  },
  {
    code: "env-missing",
    sees: {
      log: /["'`]?\b(?<variable>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)["'`]? (?:setting must not be empty|(?:environment variable )?(?:is|was) (?:not set|missing|required|undefined|empty)|must be set|not set)/
    },
    observed: "{variable} is not set",
    next: addVariable
  },
  {
    code: "mount-source-wrong-kind",
    sees: {
      log: /(?:Is a directory: '(?<path>[^']+)'|EISDIR: illegal operation on a directory, \w+ '(?<path2>[^']+)'|(?<path3>\/[^\s:'"]+): Is a directory)/,
      facts: pathIn(folderAtFile),
      compared: "mounts"
    },
    observed: "{source} is a folder on the server, and {path} in the container was to be a file",
    next: "Docker made it because the file was missing; on {server}: sudo rmdir {source}, and put the file there"
  },
  {
    code: "mount-denied",
    sees: { log: denied, facts: pathIn(deniedByPolicy), compared: "mounts, the kernel's messages" },
    observed: "{who} of the server does not let it use {source}",
    next: "add :Z to that volume (SELinux), or change its profile (AppArmor); on {server}: sudo dmesg | grep -i denied"
  },
  {
    code: "mounted-file-unreadable",
    sees: { log: denied, facts: pathIn(unreadableFile), compared: "owner and mode of mounts" },
    observed: "it runs as {uid} and may not read {path}: {source} on the server is {owned}",
    next: "on {server}: sudo chown {number} {source} && sudo chmod 400 {source} (not 644: others would read it, too)"
  },
  {
    code: "volume-not-writable",
    sees: { log: denied, facts: pathIn(unwritableFolder), compared: "owner and mode of mounts" },
    observed: "it runs as {uid} and may not write {path}: {source} on the server is {owned}",
    next: "on {server}: sudo chown -R {number} {source}"
  },
  {
    code: "database-on-localhost",
    sees: {
      log: /(?:connection to server at "(?:127\.0\.0\.1|localhost|::1)"[^\n]*, port \d+ failed: Connection refused|ECONNREFUSED (?:127\.0\.0\.1|::1):\d+|(?:127\.0\.0\.1|localhost)(?::\d+)?[^\n:]{0,60}Connection refused)/i
    },
    observed: "it looks for a server at its own localhost: {0}",
    next: "localhost in a container is the container itself: give the other server's address (a server on the host is host.docker.internal, with extra-hosts: host.docker.internal:host-gateway)"
  },
  {
    code: "container-name-not-resolved",
    sees: {
      log: /(?:could not translate host name "|failed to resolve host '|getaddrinfo (?:EAI_AGAIN|ENOTFOUND) )(?<host>[^\s"']+)/,
      facts: itsNetwork,
      compared: "its network"
    },
    observed: "{host} does not resolve in the container, which is in the network {network}",
    next: otherNames
  },
  {
    code: "container-name-not-resolved",
    sees: {
      log: /Name or service not known|Temporary failure in name resolution|nodename nor servname provided/,
      facts: itsNetwork,
      compared: "its network"
    },
    observed: "a name does not resolve in the container, which is in the network {network}",
    next: otherNames
  },
  {
    code: "container-killed",
    sees: { ended: 137 },
    observed: "it was killed (SIGKILL), and nothing says by whom",
    next: 'it may have been memory: on {server}, sudo dmesg | grep -i "killed process", and free -m'
  }
];
var portRules = [
  {
    code: "container-wrong-port",
    sees: { facts: listensElsewhere, compared: "published ports, and those that it listens on" },
    observed: "it listens on {open}, and {wanted} is published",
    next: "correct ports ({mapping}), or the port that the application listens on"
  },
  {
    code: "container-listens-locally",
    sees: { facts: listensLocally, compared: "published ports, and those that it listens on" },
    observed: "it listens on 127.0.0.1:{port} in the container, where nobody from outside comes to",
    next: "let it listen on 0.0.0.0:{port} (gunicorn --bind, uvicorn --host, HOST of node)"
  }
];
var healthRules = [
  {
    code: "container-unhealthy",
    sees: { facts: healthProgramMissing, compared: "output of its health check" },
    observed: "its health check calls {program}, which is not in the image",
    next: 'install {program} in the Dockerfile, or check with a program that is there (python3 -c "import urllib.request …")'
  }
];
var waitingRules = [
  {
    code: "container-unhealthy",
    sees: { facts: healthSays, compared: "output of its health check" },
    observed: "its health check says: {said}",
    next: "mend the application, or the health check"
  },
  {
    code: "container-slow",
    sees: { facts: stillStarting, compared: "state of its health check" },
    observed: "its health check has not passed yet",
    next: "raise health-timeout if it needs longer, or look at its log"
  },
  {
    code: "container-slow",
    sees: { facts: listensNowhere, compared: "published ports, and those that it listens on" },
    observed: "nothing in it listens on {wanted} yet",
    next: "raise health-timeout if it needs longer, or correct the port and address (0.0.0.0) that it listens on"
  }
];
//! src/diagnosis/docker-rules.ts
var dockerRules = [
  {
    code: "docker-missing",
    sees: { docker: /docker: (?:command )?not found/ },
    observed: "there is no docker program on the PATH",
    next: "install Docker on the server (when it is there, put it on the PATH of logins without a terminal)"
  },
  {
    code: "docker-not-running",
    sees: {
      docker: /Cannot connect to the Docker daemon|docker daemon is not running|failed to connect to the docker API/
    },
    observed: "the Docker daemon does not answer",
    next: "start it on {server}: sudo systemctl start docker (journalctl -u docker says why it ended)"
  },
  {
    code: "docker-not-allowed",
    sees: {
      docker: /permission denied while trying to connect to the (?:Docker daemon|docker API)/i,
      facts: whoAsks
    },
    observed: "this account may not use Docker",
    next: "on {server}: sudo usermod -aG docker {account} (members of that group are as powerful as root)"
  },
  {
    code: "swarm-without-leader",
    sees: { docker: /swarm does not have a leader|lost leader status|rpc error: code = DeadlineExceeded/ },
    observed: "too few of its managers are online: nothing can be changed",
    next: 'bring a majority of the managers back ("docker node ls" shows them); what runs goes on running'
  },
  {
    code: "swarm-not-manager",
    sees: { docker: /not a swarm manager/ },
    observed: "it is no manager of a swarm",
    next: 'give a manager as host ("docker node ls" on one of them shows them all)'
  },
  {
    code: "deployment-overtaken",
    sees: { docker: /update out of sequence/ },
    observed: "somebody else has changed it since it was looked at",
    next: "look for another deployment that runs at the same time, and let only one run (concurrency: in the workflow)"
  },
  {
    code: "disk-full",
    sees: { docker: /no space left on device/ },
    observed: "the server's disk is full",
    next: "free some space there (docker system df shows what Docker holds; docker image prune frees unused images)"
  },
  {
    code: "registry-login-not-kept",
    sees: {
      docker: /error storing credentials|docker-credential-(?<helper>[\w-]+)[^\n]*(?:executable file not found|not installed)/
    },
    observed: "the program that keeps logins there does not work",
    next: "on {server}: take credsStore and credHelpers out of ~/.docker/config.json"
  },
  {
    code: "registry-rate-limit",
    sees: { docker: /toomanyrequests|Too Many Requests/ },
    observed: "the registry gives no more images for now",
    next: "log in to the registry (registry-username, registry-password), or wait"
  },
  {
    code: "registry-login-missing",
    sees: {
      docker: /no basic auth credentials|may require 'docker login'|authorization failed: no basic auth/
    },
    observed: "the registry wants a login, or has no such repository",
    next: "set registry-username and registry-password, and check the name of the image"
  },
  {
    code: "image-not-found",
    sees: {
      docker: /manifest unknown|manifest for \S+ not found|name unknown|failed to resolve reference "[^"]+": \S+: not found/
    },
    observed: "the registry has no such image",
    next: "check that the build pushed this tag, to this registry and repository"
  },
  {
    code: "registry-login-refused",
    sees: {
      docker: /401 Unauthorized|unauthorized:|incorrect username or password|(?<!permission )denied:|403 Forbidden/
    },
    observed: "the registry refused the login",
    next: "check registry-username and registry-password: an expired token, or one without the right to read packages?"
  },
  {
    code: "registry-certificate",
    sees: { docker: /x509: (.+)|server gave HTTP response to HTTPS client/ },
    next: "the server must trust the registry: put its authority's certificate into /etc/docker/certs.d/REGISTRY/ca.crt there"
  },
  {
    code: "registry-unreachable",
    sees: {
      docker: /dial tcp[^\n]*|lookup \S+[^\n]*no such host|i\/o timeout|TLS handshake timeout|Client\.Timeout exceeded/
    },
    observed: "the server cannot reach the registry ({0})",
    next: "check the registry's name, and the server's DNS, firewall and proxy"
  },
  {
    code: "port-taken",
    sees: {
      docker: /Bind for \S*?:(?<port>\d+) failed: port is already allocated/,
      facts: whoHasPort("another container")
    },
    observed: "port {port} of the server belongs to {owner}",
    next: 'look at it on {server} with "docker ps --filter publish={port}", stop it or choose another port'
  },
  {
    code: "port-taken",
    sees: {
      docker: /(?:listen|bind)[^\n]*?:(?<port>\d+): bind: address already in use/,
      facts: whoHasPort("another program")
    },
    observed: "port {port} of the server belongs to {owner}",
    next: 'look at it on {server} with "sudo ss -ltnp sport = :{port}", stop it or choose another port'
  },
  {
    code: "port-taken",
    sees: { docker: /port '?(?<port>\d+)'? is already in use by service '?(?<service>[^\s']+)'?/ },
    observed: "port {port} of the swarm belongs to the service {service}",
    next: "choose another port, or take it from {service}"
  },
  {
    code: "mount-source-wrong-kind",
    sees: {
      docker: /(?:mount(?:ing)? [\\"']*(?<path>\/[^\s\\"']+)[^\n]*not a directory|[^\n]*Are you trying to mount a directory onto a file)/i,
      facts: folderInsteadOfFile
    },
    observed: "{path} is {kind} on the server, and not what the image has at that place",
    next: 'look at it on {server} with "ls -ld {path}"; where Docker made a folder because the file was missing: sudo rmdir {path}, and put the file there'
  },
  {
    code: "container-name-taken",
    sees: { docker: /Conflict\. The container name "\/?(?<other>[^"]+)" is already in use/ },
    observed: "a container with the name {other} exists",
    next: 'look at it on {server} with "docker ps -a --filter name={other}"; remove it, or choose another name'
  },
  {
    code: "network-missing",
    sees: { docker: /network (?<network>\S+) not found/ },
    observed: "the server has no network {network}",
    next: 'create it on {server} with "docker network create {network}", or correct networks'
  },
  {
    code: "mount-source-missing",
    sees: { docker: /bind source path does not exist: (?<path>[^\n]+?)\.?(?:\n|$)/ },
    observed: "the server has no {path}",
    next: "create it on {server}, owned by the user that the container runs as, or correct volumes"
  },
  {
    code: "firewall-rules-missing",
    sees: { docker: /No chain\/target\/match by that name/ },
    observed: "Docker's firewall rules are gone (a reload of the firewall removes them)",
    next: "on {server}: sudo systemctl restart docker (this restarts its containers)"
  },
  {
    code: "address-pool-exhausted",
    sees: {
      docker: /could not find an available, non-overlapping IPv4 address pool|all predefined address pools have been fully subnetted/
    },
    observed: "the server has no addresses left for another network",
    next: "remove unused networks there: docker network prune"
  },
  {
    code: "limit-impossible",
    sees: { docker: /(?<limit>range of CPUs is from [^,\n]+|minimum memory limit[^\n]*)/i },
    observed: "{limit}",
    next: "correct cpus or memory to what the server has"
  },
  {
    code: "command-not-in-image",
    sees: { docker: /exec: "(?<program>[^"]+)": (?:executable file not found|stat [^\n]*no such file)/ },
    observed: "the image has no program {program}",
    next: "correct command, or install the program in the Dockerfile"
  },
  {
    code: "command-not-executable",
    sees: { docker: /exec: "(?<program>[^"]+)": permission denied/ },
    observed: "{program} may not be executed",
    next: "in the Dockerfile: chmod +x {program} (COPY keeps the mode of the checkout)"
  },
  {
    code: "image-wrong-architecture",
    sees: { docker: /exec format error/ },
    observed: "the image is built for another kind of processor",
    next: "build it for the server (platforms: in the build step)"
  },
  {
    code: "image-name-invalid",
    sees: { docker: /invalid reference format(?<why>[^\n]*lowercase)?/ },
    observed: "Docker cannot read the name of the image",
    next: "write the whole name in small letters (also the owner of a ghcr.io repository), with one tag"
  },
  {
    code: "container-script-broken",
    sees: { docker: /exec (?<program>\/\S+): no such file or directory/ },
    observed: "{program} cannot be executed although it is there",
    next: "it has Windows line ends, or the program behind its #! is not in the image"
  },
  {
    code: "container-out-of-memory",
    sees: { docker: /container init was OOM-killed|memory limit too low/ },
    observed: "its memory limit is too low to start anything at all",
    next: "raise memory"
  },
  {
    code: "env-file-unreadable",
    sees: { docker: /open (?<path>\S+): (?<why>no such file or directory|permission denied)/ },
    observed: "{path}: {why}",
    next: "it must belong to the account that deploys; look at its folder"
  },
  {
    code: "env-invalid",
    sees: { docker: /invalid env(?:ironment)? file[^\n:]*: [^\n]*|poorly formatted environment: [^\n]*/ },
    observed: "Docker cannot read the environment file",
    next: 'one KEY=VALUE a line, without spaces in the key and without "export"'
  }
];
//! src/diagnosis/rules.ts
var rules = {
  /** What Docker said outweighs everything: it never came to the program. */
  docker: dockerRules,
  ended: [...endRules, ...programRules],
  /**
   * Nobody can reach a wrong port, whatever the log says; what the program says of itself outweighs what its health check
   * saw of that.
   */
  running: [...portRules, ...healthRules, ...programRules, ...waitingRules]
};
function rulesFor(evidence) {
  const { docker = "", container, log, answer } = evidence;
  const ofDocker = docker === "" ? [] : rules.docker;
  if (container !== void 0 && hasEnded(container.status)) return [...ofDocker, ...rules.ended];
  if (answer !== void 0 && !mayBeOfProgram.test(answer.code)) return [];
  return container === void 0 && log === void 0 ? ofDocker : [...ofDocker, ...rules.running];
}
var mayBeOfProgram = /^(?:health-(?:server-error|refused|no-answer|cut-off)|container-)/;
//! src/diagnosis/diagnose.ts
function diagnose(evidence) {
  for (const rule of rulesFor(evidence)) {
    const match = matched(rule, evidence);
    if (match === void 0) continue;
    const observed = rule.observed === void 0 ? lastLineOf(evidence.docker ?? "") : filled(rule.observed, match.found);
    return {
      code: rule.code,
      observed: observed ?? "",
      next: filled(rule.next, match.found),
      line: match.line
    };
  }
  return void 0;
}
function causeOfItsOwn({ log }) {
  const traceback = log === void 0 ? void 0 : tracebackOf(log.text);
  if (traceback === void 0) return void 0;
  return traceback.frame === void 0 ? traceback.cause : `${traceback.cause} (${traceback.frame})`;
}
function lastLineOf(text) {
  const lines = text.trim().split("\n").filter((line) => line.trim() !== "" && !/^(See|Run) 'docker/.test(line));
  const last = lines.at(-1)?.replace(/^(docker: )?(Error response from daemon: )?(Error: )?/, "").trim();
  return last === "" ? void 0 : last;
}
function whereOfItsOwn(evidence, line) {
  const { log } = evidence;
  const traceback = log === void 0 ? void 0 : tracebackOf(log.text);
  if (traceback?.frame === void 0 || line === "" || !finalWords(evidence).includes(line)) return "";
  return ` (${traceback.frame})`;
}
//! src/docker/verdict.ts
function dockerVerdict({ failed, server, result, seen = {} }) {
  const evidence = (0, import_machine_machine.lastWords)(result);
  const cause = diagnose({
    unread: [],
    ...seen,
    server,
    docker: `${result.stderr}
${result.stdout}`,
    log: void 0,
    answer: void 0
  });
  if (cause !== void 0) {
    return new import_ground_errors.UserError(`${failed} on ${server} — ${cause.observed}`, cause.next, {
      code: cause.code,
      evidence
    });
  }
  return new import_ground_errors.UserError(
    `${failed} on ${server} — ${lastLineOf(evidence) ?? `it ended with ${(0, import_machine_machine.ending)(result)}`}`,
    "try it by hand there; the evidence has all that Docker said",
    { code: "docker-failed", evidence }
  );
}
//! src/docker/docker.ts
var limits = { ask: 3e4, change: 6e4, pull: 20 * 6e4 };
var inspectLabelled = `
  ids=$(docker ps --all --quiet --no-trunc --filter "$1") || exit
  [ -n "$ids" ] || { echo '[]'; exit 0; }
  { said=$(docker container inspect $ids 2>&1 >&3); } 3>&1 && exit
  case $said in *[Nn]o such container*) exit 0 ;; esac
  echo "$said" >&2
  exit 1`;
var inspectAll = `
  label=$1
  shift
  labelled=$(docker ps --all --quiet --no-trunc --filter "label=$label") || exit
  docker container inspect "$@" $labelled`;
var inspectLayers = `
  ids=$(docker image ls --quiet --no-trunc | sort -u) || exit
  [ -z "$ids" ] || docker image inspect --format '{{json .RootFS.Layers}}' $ids 2>/dev/null || true`;
function dockerOn(machine, { signal, log }) {
  const run = async (argv, options = {}) => {
    try {
      return await machine.run(argv, { timeout: limits.ask, signal, ...options });
    } catch (error) {
      if (!(error instanceof import_ground_errors.UserError) || error.code !== "command-not-found") throw error;
      throw dockerVerdict({
        failed: "Cannot use Docker",
        server: machine.name,
        result: { exitCode: 127, signal: null, stdout: "", stderr: "docker: not found" }
      });
    }
  };
  const must = async (failed, args, options = {}) => {
    const result = await run(["docker", ...args], options);
    if ((0, import_machine_machine.succeeded)(result)) return result;
    throw dockerVerdict({ failed, server: machine.name, result });
  };
  const mustWith = async (name, failed, args) => {
    const result = await run(["docker", ...args], { timeout: limits.change });
    if ((0, import_machine_machine.succeeded)(result)) return;
    const port = /:(\d+)(?: failed: port is already|: bind: address already)/.exec(result.stderr)?.[1];
    const ports = port === void 0 ? [] : [Number(port)];
    const seen = await collectEvidence(machine, { name, ports, signal });
    throw dockerVerdict({ failed, server: machine.name, result, seen });
  };
  const inspect = async (kind, name) => {
    const result = await run(["docker", kind, "inspect", name]);
    if ((0, import_machine_machine.succeeded)(result)) return result.stdout;
    if (/no such (container|image)/i.test(result.stderr)) return void 0;
    throw dockerVerdict({ failed: `Cannot look at the ${kind} ${name}`, server: machine.name, result });
  };
  const giveFiles = async ({ name, files: files3 = [] }) => {
    if (files3.length === 0) return;
    const failed = `Cannot write ${(0, import_ground_words.listed)(files3.map(({ path }) => path))} into the container ${name}`;
    const seen = await run(["sh", "-c", lookWhoRuns, "sh", name]);
    if (!(0, import_machine_machine.succeeded)(seen)) throw dockerVerdict({ failed, server: machine.name, result: seen });
    const owner = readOwner(seen.stdout);
    if (owner === void 0) {
      throw new import_ground_errors.UserError(
        `${failed} on ${machine.name} — the image does not know its user`,
        "give the user as a number (USER in the Dockerfile, or the input user)",
        { code: "image-user-unknown" }
      );
    }
    await must(failed, ["cp", "-", `${name}:/`], { stdin: archiveOf(files3, owner), timeout: limits.change });
  };
  return {
    async platform() {
      const format = "{{.Server.Os}}/{{.Server.Arch}}";
      return (await must("Cannot use Docker", ["version", "--format", format])).stdout.trim();
    },
    async pull(image, login) {
      const { argv, stdin } = pullScript(showImage(image), login);
      const result = await run(argv, { timeout: limits.pull, stdin, onLine: (line) => log.debug(line) });
      if (!(0, import_machine_machine.succeeded)(result)) {
        const failed = loginFailed(result) ? `Cannot log in to ${login?.registry}` : `Cannot pull ${showImage(image)}`;
        throw dockerVerdict({ failed, server: machine.name, result });
      }
      const told = image.digest ?? /^Digest: (sha256:[0-9a-f]{64})$/m.exec(result.stdout)?.[1];
      if (told !== void 0) return told;
      const pulled = await inspect("image", showImage(image));
      const digest = digestAmong(pulled === void 0 ? [] : readImage(pulled).repoDigests, image);
      if (digest !== void 0) return digest;
      throw new import_ground_errors.UserError(
        `${showImage(image)} has no digest on ${machine.name} — Docker did not say under which it came`,
        "give the image by its digest: NAME@sha256:…",
        { code: "image-without-digest", evidence: result.stdout }
      );
    },
    async image(reference) {
      const json2 = await inspect("image", reference);
      return json2 === void 0 ? void 0 : readImage(json2);
    },
    async layersOf(image, login, platform) {
      const ask = async (reference) => {
        const { argv, stdin } = manifestScript(reference, login);
        const result = await run(argv, { stdin });
        return (0, import_machine_machine.succeeded)(result) ? readManifest(result.stdout, platform) : void 0;
      };
      const found = await ask(image);
      if (found === void 0 || "layers" in found) return found?.layers;
      const one = await ask(`${image.replace(/@.*$|:[^:/]+$/, "")}@${found.see}`);
      return one !== void 0 && "layers" in one ? one.layers : void 0;
    },
    async reclaimable() {
      const format = '{{if eq .Type "Images"}}{{.Reclaimable}}{{end}}';
      return (await must("Cannot look what Docker holds", ["system", "df", "--format", format])).stdout.trim();
    },
    async layerChains() {
      const result = await run(["sh", "-c", inspectLayers]);
      if (!(0, import_machine_machine.succeeded)(result))
        throw dockerVerdict({ failed: "Cannot list the images", server: machine.name, result });
      const lines = result.stdout.split("\n").filter((line) => line.startsWith("["));
      return lines.map((line) => JSON.parse(line));
    },
    load(archive) {
      return run(["docker", "load"], {
        timeout: limits.pull,
        stdin: archive,
        onLine: (line) => log.debug(line)
      });
    },
    async container(name) {
      const json2 = await inspect("container", name);
      return json2 === void 0 ? void 0 : readContainer(json2);
    },
    async containers(names2, label) {
      const result = await run(["sh", "-c", inspectAll, "containers", label, ...names2]);
      const complaints = result.stderr.split("\n").filter((line) => line.trim() !== "");
      if ((0, import_machine_machine.succeeded)(result) || complaints.every((line) => /no such container/i.test(line))) {
        const byId = new Map(readContainers(result.stdout).map((container) => [container.id, container]));
        return [...byId.values()];
      }
      throw dockerVerdict({ failed: "Cannot look at the containers", server: machine.name, result });
    },
    async labelled(label) {
      const result = await run(["sh", "-c", inspectLabelled, "sh", `label=${label}`]);
      if ((0, import_machine_machine.succeeded)(result)) return readContainers(result.stdout);
      throw dockerVerdict({ failed: "Cannot list the containers", server: machine.name, result });
    },
    async wait(name, timeout) {
      await must(`Cannot wait for the container ${name}`, ["wait", name], { timeout });
    },
    async create(spec) {
      const failed = `Cannot create the container ${spec.name}`;
      await mustWith(spec.name, failed, createArguments(spec));
      for (const args of connectArguments(spec)) await must(failed, args, { timeout: limits.change });
      await giveFiles(spec);
    },
    async start(name) {
      await mustWith(name, `Cannot start the container ${name}`, ["start", name]);
    },
    async passesOwnCheck(name) {
      const script2 = `${serverScript2("own-check")}
own_check "$1"`;
      return (0, import_machine_machine.succeeded)(await run(["sh", "-c", script2, "sh", name]));
    },
    async stop(name, timeout) {
      const seconds = String(Math.ceil(timeout / 1e3));
      await must(`Cannot stop the container ${name}`, ["stop", "-t", seconds, name], {
        timeout: timeout + limits.change
      });
    },
    async restart(name, timeout) {
      const seconds = String(Math.ceil(timeout / 1e3));
      await must(`Cannot restart the container ${name}`, ["restart", "-t", seconds, name], {
        timeout: timeout + limits.change
      });
    },
    async setRestartPolicy(name, policy) {
      const failed = `Cannot set the restart policy of ${name}`;
      await must(failed, ["update", "--restart", policy, name], { timeout: limits.change });
    },
    async rename(from, to) {
      await must(`Cannot rename the container ${from}`, ["rename", from, to]);
    },
    async remove(name) {
      const result = await run(["docker", "rm", "--force", name], { timeout: limits.change });
      if ((0, import_machine_machine.succeeded)(result) || /no such container/i.test(result.stderr)) return;
      throw dockerVerdict({ failed: `Cannot remove the container ${name}`, server: machine.name, result });
    },
    async logs(name, lines) {
      const args = ["logs", "--timestamps", "--tail", String(lines), name];
      const { stdout, stderr } = await must(`Cannot read the log of ${name}`, args);
      return readLog(stdout, stderr);
    },
    evidence: (name) => collectEvidence(machine, { name, signal }),
    async publishersOf(port, protocol) {
      const format = "{{.Names}}";
      const args = ["ps", "--filter", `publish=${port}/${protocol}`, "--format", format];
      const result = await must("Cannot list the containers", args);
      return result.stdout.split("\n").filter((name) => name !== "");
    }
  };
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  causeOfItsOwn,
  collectEvidence,
  collector,
  diagnose,
  dockerOn,
  dockerVerdict,
  hasEnded,
  inputName,
  isLibrary,
  kernelWithoutOthers,
  nodeFile,
  optionDifferences,
  optionsOf,
  parseCapability,
  parseCpus,
  parseExtraHost,
  parseImage,
  parsePort,
  parseRestart,
  parseSize,
  parseTmpfs,
  parseUlimit,
  parseVolume,
  pinnedImage,
  pythonFile,
  readCollected,
  readImageName,
  readLog,
  serverScript,
  shortDigest,
  showImage,
  showPort,
  showSize,
  sizeToPull,
  tarEnd,
  tarEntries,
  tarHeader,
  tarPadding,
  textMap,
  texts,
  tracebackOf,
  whereOfItsOwn,
  withoutPrefix
});
