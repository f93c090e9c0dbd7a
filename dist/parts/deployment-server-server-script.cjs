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
  chainOf: () => chainOf,
  inSlot: () => inSlot,
  ip6tablesFlip: () => ip6tablesFlip,
  iptablesFlip: () => iptablesFlip,
  isLoopback: () => isLoopback,
  listProxies: () => listProxies,
  meets: () => meets,
  nftFlip: () => nftFlip,
  otherSlot: () => otherSlot,
  readProxy: () => readProxy,
  serverScript: () => serverScript,
  slotPort: () => slotPort,
  surveyOf: () => surveyOf
});
module.exports = __toCommonJS(stdin_exports);
var import_machine_machine = require("./machine-machine.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_node_crypto = require("node:crypto");
//! src/deployment/server/front.ts
function readFront(facts) {
  const all = (name) => facts.filter((fact) => fact.name === name).map(({ value }) => value);
  const one = (name) => all(name).find((value) => value !== "");
  const is = (name) => one(name) === "yes";
  const names = new Map(all("inside").map((line) => line.split(" /")));
  const lines = all("front").map((line) => line.split(" "));
  const programs = lines.map(([name = "", id = "-"]) => ({
    name,
    container: id === "-" ? void 0 : names.get(id) ?? id.slice(0, 12)
  }));
  const onServer = (name) => lines.find(([found, id]) => found === name && id === "-")?.join(" ");
  const nginx = onServer("nginx");
  const caddy = onServer("caddy");
  return {
    programs: programs.filter(
      (one2, at) => programs.findIndex((other) => other.name === one2.name && other.container === one2.container) === at
    ),
    nginx: nginx === void 0 ? void 0 : readNginx(nginx),
    caddy: caddy === void 0 ? void 0 : readCaddy(caddy)
  };
  function readNginx(line) {
    const texts = all("nginx-text").map(decoded);
    const [form, first, second, answers] = (one("nginx-taken") ?? "").split(" ");
    const taken = form === "pointer" || form === "reload" ? {
      form,
      first: Number(first),
      second: Number(second),
      changesPath: answers === "any"
    } : void 0;
    const pointed = is("nginx-second") ? taken?.second : taken?.first;
    return {
      files: all("nginx-file").map((path, index) => ({ path, text: texts[index] ?? "" })),
      hasConfD: is("nginx-conf-d"),
      hasFileCache: is("nginx-file-cache"),
      isAllowed: is("nginx-allowed"),
      complaint: one("nginx-error"),
      hasOwnStart: / -[cp] /.test(line),
      taken,
      isTaking: is("nginx-taking"),
      slot: taken?.form === "reload" ? Number(one("nginx-slot")) : pointed
    };
  }
  function readCaddy(line) {
    const path = one("caddy-file");
    const text = decoded(one("caddy-text") ?? "");
    const adapted = path?.endsWith(".json") === true ? text : one("caddy-adapted") ?? "";
    return {
      config: parsed(one("caddy-config") ?? ""),
      file: path === void 0 ? void 0 : { path, text, adapted: parsed(adapted) },
      resumes: / --resume\b/.test(line),
      isAllowed: is("caddy-allowed"),
      isSecond: is("caddy-second"),
      isTaking: is("caddy-taking")
    };
  }
}
function decoded(text) {
  return Buffer.from(text, "base64").toString("utf8");
}
function parsed(text) {
  try {
    return JSON.parse(text) ?? void 0;
  } catch {
    return void 0;
  }
}
//! src/deployment/server/listeners.ts
var anywhere = "0.0.0.0";
function meets(listener, address) {
  return address === void 0 || address === anywhere || [anywhere, address].includes(listener.address);
}
function isLoopback(address) {
  return address !== void 0 && (/^127\./.test(address) || address === "::1");
}
function listeningOf(lines) {
  return lines.flatMap((line) => {
    const [address = "", port = ""] = line.split(":");
    const read = addressOf(address);
    return read === void 0 || !/^[0-9A-F]{4}$/.test(port) ? [] : [{ address: read, port: Number.parseInt(port, 16) }];
  });
}
function addressOf(hex) {
  if (/^0+$/.test(hex) && (hex.length === 8 || hex.length === 32)) return anywhere;
  const bytes = (word) => (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16));
  if (/^[0-9A-F]{8}$/.test(hex)) return bytes(hex).join(".");
  if (!/^[0-9A-F]{32}$/.test(hex)) return void 0;
  const all = (hex.match(/.{8}/g) ?? []).flatMap(bytes);
  const mapped = all.slice(0, 10).every((byte) => byte === 0) && all[10] === 255 && all[11] === 255;
  if (mapped) return all.slice(12).join(".");
  const groups = Array.from(
    { length: 8 },
    (_, index) => ((all[2 * index] ?? 0) << 8 | (all[2 * index + 1] ?? 0)).toString(16)
  );
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
//! src/deployment/server/redirect.ts
function chainOf(container) {
  return `TENANTRY-${(0, import_node_crypto.createHash)("sha256").update(container).digest("hex").slice(0, 12)}`;
}
function iptablesFlip(chain, ports) {
  const rules = ports.flatMap(({ address, port, target }) => {
    const here = `-p tcp --dport ${port}`;
    const local = `${address === void 0 ? "" : `-d ${address} `}${here} -m addrtype --dst-type LOCAL`;
    const dnat = `${local} -j DNAT --to-destination ${target.address}:${target.port}`;
    return [
      ...target.loopbackPort === void 0 || !reachesLoopback(address) ? [] : [`${loopbackOf(address)} ${here} -j REDIRECT --to-ports ${target.loopbackPort}`],
      ...isLoopback2(address) ? [] : [
        ...target.neighbours.map(
          ({ device, port: to }) => `-i ${device} ${local} -j ${to === void 0 ? "RETURN" : `REDIRECT --to-ports ${to}`}`
        ),
        dnat
      ]
    ];
  });
  return transaction(chain, rules);
}
function ip6tablesFlip(chain, ports) {
  const rules = ports.flatMap(({ port, target: { ipv6Port } }) => {
    if (ipv6Port === void 0) return [];
    return [`-p tcp --dport ${port} -m addrtype --dst-type LOCAL -j REDIRECT --to-ports ${ipv6Port}`];
  });
  return rules.length === 0 ? "" : transaction(chain, rules);
}
function transaction(chain, rules) {
  return [
    "*nat",
    `:${chain} - [0:0]`,
    ...rules.map((rule) => `-A ${chain} ${rule}`),
    `-I PREROUTING 1 -j ${chain}`,
    `-I OUTPUT 1 -j ${chain}`,
    "COMMIT"
  ].join("\n");
}
function nftFlip(chain, ports) {
  const ipv4 = ports.flatMap(({ address, port, target }) => {
    const local = `${address === void 0 ? "" : `ip daddr ${address} `}fib daddr type local tcp dport ${port} counter`;
    const loopback = target.loopbackPort === void 0 || !reachesLoopback(address) ? [] : [
      `ip daddr ${address ?? "127.0.0.0/8"} tcp dport ${port} counter redirect to :${target.loopbackPort}`
    ];
    const dnat = isLoopback2(address) ? [] : [`${local} dnat to ${target.address}:${target.port}`];
    const neighbours = isLoopback2(address) ? [] : target.neighbours.map(
      ({ device, port: to }) => `iifname "${device}" ${local} ${to === void 0 ? "return" : `redirect to :${to}`}`
    );
    return [{ arriving: [...neighbours, ...dnat], leaving: [...loopback, ...dnat] }];
  });
  const ipv6 = ports.flatMap(({ port, target: { ipv6Port } }) => {
    if (ipv6Port === void 0) return [];
    const rule = `fib daddr type local tcp dport ${port} counter redirect to :${ipv6Port}`;
    return [{ arriving: [rule], leaving: [rule] }];
  });
  return [...nftTable("ip", chain, ipv4), ...ipv6.length === 0 ? [] : nftTable("ip6", chain, ipv6)].join(
    "\n"
  );
}
function nftTable(family, name, rules) {
  return [
    `table ${family} ${name} {`,
    "chain arriving { type nat hook prerouting priority -110; policy accept;",
    ...rules.flatMap(({ arriving }) => arriving),
    "}",
    "chain leaving { type nat hook output priority -110; policy accept;",
    ...rules.flatMap(({ leaving }) => leaving),
    "}",
    "}"
  ];
}
function isLoopback2(address) {
  return address?.startsWith("127.") === true;
}
function reachesLoopback(address) {
  return address === void 0 || isLoopback2(address);
}
function loopbackOf(address) {
  return `-d ${isLoopback2(address) ? address : "127.0.0.0/8"}`;
}
//! src/deployment/server/server-script.ts
var files = {
  "caddy": `# The proxy of slots.sh is the server's own Caddy, changed by its admin API and in the file that it starts from (FILE, where
# there is one). FORM pointer: the file MARK says by being there that SECOND serves and not FIRST; CADDY is the folder of
# the included files for this application, VARIABLE what has the port in the configuration. While the application is not
# ours to move (TAKEN no), the configuration names OLD_SLOT itself. FORM reload: the part at PLACE is replaced.

answered=''

pointed() {
  case $FORM in
    pointer) if [ "$TAKEN" = yes ] || is_taken; then marked; else echo "$OLD_SLOT"; fi ;;
    reload)
      if part=$(curl -fsS --max-time 5 "$API/config$PLACE" 2>front.error); then :; else part=$(cat "$FILE" 2>/dev/null); fi
      case $part in
        *":$NEW_SLOT"[!0-9]*) echo "$NEW_SLOT" ;;
        *) echo "$OLD_SLOT" ;;
      esac
      ;;
  esac
}

# A program that was killed after it had taken over finds that here.
is_taken() {
  config=$(curl -fsS --max-time 5 "$API/config/" 2>/dev/null) || config=$(as_root cat "$FILE" 2>/dev/null)
  case $config in
    *"{http.vars.$VARIABLE}"* | *"import $CADDY/"*) ;;
    *) return 1 ;;
  esac
}

point() { # SLOT
  case $FORM in
    pointer) mark "$1" ;;
    reload)
      if [ "$1" = "$NEW_SLOT" ]; then part=$PART_NEW text=$FILE_NEW; else part=$PART_OLD text=$FILE_OLD; fi
      printf '%s' "$part" | send PATCH "/config$PLACE" 2>front.error || return
      [ -z "$FILE" ] || keep "$text" 2>front.error
      ;;
  esac
}

send() { # METHOD PATH: a Caddy that is being started is waited for
  curl -fsS --max-time 60 --retry 10 --retry-delay 1 --retry-connrefused -X "$1" -H 'Content-Type: application/json' \\
    --data-binary @- "$API$2" >/dev/null
}

keep() { # TEXT: the file says it
  real=$(readlink -f "$FILE") || return
  [ "$(as_root cat "$real"; echo .)" != "$1." ] || return 0
  case "$(as_root cat "$real"; echo .)" in
    "$FILE_OLD." | "$FILE_NEW.") replace_file "$real" "$1" ;;
    *) echo "$FILE was edited meanwhile" >&2; return 1 ;;
  esac
}

# Once: the configuration looks at the file instead of naming the address. Everything of it is undone when anything of it
# fails.
take_over() {
  [ "$FORM" = pointer ] && [ "$TAKEN" = no ] || return 0
  ask_front
  was=$answered
  if write_take_over 2>front.error && printf '%s' "$CONFIG_NEW" | send POST /load 2>front.error && answers_as_before; then
    TAKEN=yes
  else
    undo_take_over
    return 1
  fi
  as_root rm -f "$CADDY/taking" "$CADDY/before.json" 2>front.error || return
  note taken
}

write_take_over() {
  [ -d "\${CADDY%/*/*}" ] || { as_root mkdir -p "\${CADDY%/*/*}" && as_root chmod 755 "\${CADDY%/*/*}"; } || return
  as_root rm -rf "$CADDY" "$MARK" && as_root mkdir -p "$CADDY" "\${MARK%/*}" || return
  as_root chown "$(id -u):$(id -g)" "\${MARK%/*}" && as_root chmod 755 "\${CADDY%/*}" "$CADDY" "\${MARK%/*/*}" "\${MARK%/*}" || return
  # It may hold secrets.
  as_root install -m 600 /dev/null "$CADDY/before.json" && printf '%s' "$CONFIG_OLD" | as_root tee "$CADDY/before.json" >/dev/null || return
  number=0
  while file=$((number + 1)) && file "$file"; do
    number=$file
    put_file "$path" "$after" || return
  done
  real=''
  if [ -n "$FILE" ]; then
    real=$(readlink -f "$FILE") && as_root cp -p "$real" "$CADDY/before" || return
  fi
  echo "$real" | as_root tee "$CADDY/taking" >/dev/null || return
  [ -n "$FILE" ] || return 0
  keep "$FILE_NEW" || return
  case $FILE in *.json) return ;; esac
  [ "$(as_root caddy adapt --config "$FILE" --adapter caddyfile 2>/dev/null)" = "$CONFIG_NEW" ] || {
    echo "caddy adapt says something else of $FILE than before" >&2
    return 1
  }
}

undo_take_over() {
  [ -e "$CADDY/taking" ] || return 0
  real=$(as_root cat "$CADDY/taking") || return
  if [ -n "$real" ]; then
    beside=\${real%/*}/.\${real##*/}.tenantry
    as_root cp -p "$CADDY/before" "$beside" && as_root mv -f "$beside" "$real" || return
  fi
  # One that does not run starts from its file.
  as_root cat "$CADDY/before.json" | send POST /load 2>/dev/null || { [ $? -eq 7 ] && [ -n "$real" ]; } || return
  as_root rm -rf "$CADDY" "$MARK"
}
`,
  "lease": `# The lease of an application: who deploys it now. Every change is made under a lock of the kernel.
#   sh -c … lease take FOLDER TOKEN TOKEN-OF-A-DEAD-HOLDER APPLICATION RELEASE   the record comes by standard input
#   sh -c … lease renew|release FOLDER TOKEN [PHASE]
#   sh -c … lease look FOLDER '' '' APPLICATION RELEASE   changes nothing
# \`take\` prints \`taken\`, or what is known of the holder: token, age in seconds, boot, work, lock, record. \`look\` prints the
# same, or nothing where nobody holds it.
umask 077
what=$1 folder=$2 token=$3 other=\${4:-} app=\${5:-} release=\${6:-}
cd || exit
if [ "$what" = look ]; then cd "$folder" 2>/dev/null || exit 0; fi
[ "$what" = look ] || { mkdir -p "$folder" && cd "$folder"; } || exit
# A secret of this account: hashes of settings are keyed with it.
if [ "$what" != look ] && [ ! -s "$HOME/.tenantry/key" ]; then
  head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \\n' >"$HOME/.tenantry/key.$$" || exit
  ln "$HOME/.tenantry/key.$$" "$HOME/.tenantry/key" 2>/dev/null
  rm -f "$HOME/.tenantry/key.$$"
fi
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
if [ "$what" != look ] && command -v flock >/dev/null 2>&1; then
  exec 8>lease.lock
  flock -w 10 8 || exit
fi
# Commands in the image of another release that still have time. Those of the same release (*: of any) are waited for by
# whoever comes.
commands() {
  docker ps --filter "label=tenantry.pre-deploy=$app" --format '{{.ID}} {{.Label "tenantry.pre-deploy-limit"}} {{.Label "tenantry.release"}}' 2>/dev/null |
    while read -r id limit of; do
      case $release in "$of" | '*') continue ;; esac
      since=$(docker inspect --format '{{.State.StartedAt}}' "$id" | sed 's/T/ /; s/[.Z].*//')
      since=$(date -u -d "$since" +%s) || since=$(date +%s)
      [ "$(date +%s)" -gt $((since + limit + 30)) ] || echo 'work alive'
    done
}
holder() { cat lease/token 2>/dev/null || echo none; }
# A program that is still at work writes its signs of life into it: only what is not there any more can be removed whole.
drop() { [ ! -d lease ] || { rm -rf lease.over && mv lease lease.over && rm -rf lease.over; }; }
facts() {
  since=$(stat -c %Y lease/heartbeat 2>/dev/null || stat -c %Y lease)
  echo "token $(holder)"
  echo "age $(($(date +%s) - since))"
  [ "$(cat lease/boot 2>/dev/null)" != "$boot" ] || echo 'boot same'
  if [ -e lock ] && command -v flock >/dev/null 2>&1; then flock -n lock true || printf 'work alive\\nlock held\\n'; fi
  commands
  echo "phase $(cat lease/phase 2>/dev/null)"
  echo "record $(cat lease/record 2>/dev/null)"
}

case $what in
  look)
    [ ! -d lease ] || facts
    ;;
  take)
    if [ -d lease ] && { [ -z "$other" ] || [ "$(holder)" != "$other" ]; }; then
      facts
      exit 0
    fi
    drop && rm -rf lease.new && mkdir lease.new && cat >lease.new/record && echo "$boot" >lease.new/boot &&
      echo "$token" >lease.new/token && : >lease.new/heartbeat && mv lease.new lease && echo taken
    ;;
  renew)
    [ "$(holder)" = "$token" ] || exit 0
    echo >lease/heartbeat
    echo "$other" >lease/phase
    ;;
  release)
    [ "$(holder)" != "$token" ] || drop
    ;;
esac
`,
  "nginx": `# The proxy of slots.sh is the server's own nginx. NGINX is the folder of its included files for this application; MARK
# the file that says by being there that SECOND serves and not FIRST (FORM pointer); with FORM reload the port stands in
# the included files. While the application is not ours to move (TAKEN no), the sites name OLD_SLOT themselves.

answered=''
# The program of a run that was killed after it had taken over finds that here.
if [ -e "$NGINX/front" ] && [ ! -e "$NGINX/taking" ]; then TAKEN=yes; fi

pointed() {
  [ "$TAKEN" = yes ] || { echo "$OLD_SLOT"; return; }
  case $FORM in
    pointer) marked ;;
    reload) sed -n '1s/^# slot //p' "$NGINX/1.conf" ;;
  esac
}

point() { # SLOT
  case $FORM in
    pointer) mark "$1" ;;
    reload)
      was=$(pointed)
      write_slot "$1" || return
      reload || { write_slot "$was"; return 1; }
      ;;
  esac
}

write_slot() { # SLOT
  for template in "$NGINX"/*.template; do
    included=\${template%.template}.conf
    sed "s/@SLOT@/$1/g" "$template" >"$included.new" 2>front.error && chmod 644 "$included.new" &&
      mv -f "$included.new" "$included" 2>>front.error || return
  done
}

# Tested first; done when no worker takes connections any more that knows the configuration of before.
reload() {
  as_root nginx -t -q 2>front.error || return
  earlier=$(workers)
  as_root nginx -s reload 2>front.error || return
  tries=0
  while [ -n "$(old_workers ready)" ] || [ -z "$(workers)" ]; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { echo 'its workers stay the ones of before' >front.error; return 1; }
    pause 0.1
  done
}

workers() {
  awk '{ pid = $1; sub(/^.*\\) /, ""); print pid, $2 }' /proc/[0-9]*/stat 2>/dev/null | while read -r pid parent; do
    case $(tr '\\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") in 'nginx: worker process'*) ;; *) continue ;; esac
    case $(cat "/proc/$parent/cgroup" 2>/dev/null) in *"$hex$hex$hex$hex"*) ;; *) echo "$pid" ;; esac
  done
}
hex='[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'

old_workers() { # ready|any: those of before the reload that are still there, or that still take connections
  for pid in \${earlier:-}; do
    case $1:$(tr '\\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") in
      ready:*'shutting down'*) ;;
      *:'nginx: worker process'*) echo "$pid" ;;
    esac
  done
}

nobody_else() { [ -z "$(old_workers any)" ]; }

# Once: the sites include our files instead of naming the address. Everything of it is undone when anything of it fails.
take_over() {
  [ "$TAKEN" = no ] || return 0
  ask_front
  was=$answered
  if write_take_over 2>front.error && reload && answers_as_before; then TAKEN=yes; else undo_take_over; return 1; fi
  as_root rm -f "$NGINX/taking" 2>front.error || return
  note taken
}

write_take_over() {
  as_root mkdir -p "$NGINX/before" "\${MARK%/*}" || return
  as_root rm -f "$MARK"
  as_root chown "$(id -u):$(id -g)" "$NGINX" "\${MARK%/*}" && as_root chmod 755 "\${NGINX%/*}" "$NGINX" "\${MARK%/*/*}" "\${MARK%/*}" || return
  number=0
  while site=$((number + 1)) && site "$site"; do
    number=$site
    real=$(readlink -f "$path") || return
    [ "$(as_root cat "$real"; echo .)" = "$before." ] || { echo "$path was edited meanwhile" >&2; return 1; }
    as_root cp -p "$real" "$NGINX/before/$number" && echo "$number $real" | as_root tee -a "$NGINX/taking" >/dev/null || return
  done
  number=0
  while file=$((number + 1)) && file "$file"; do
    number=$file
    put_file "$path" "$after" || return
    case $path in "$NGINX"/[0-9]*.conf) put_file "\${path%.conf}.template" "$template" || return ;; esac
  done
  put_file "$NGINX/front" "$FORM $FIRST $SECOND $KIND" || return
  number=0
  while site=$((number + 1)) && site "$site"; do
    number=$site
    replace_file "$(readlink -f "$path")" "$after" || return
  done
}

undo_take_over() {
  [ -e "$NGINX/taking" ] || return 0
  # It is root's, as the sites are.
  taking=$(as_root cat "$NGINX/taking") || return
  printf '%s\\n' "$taking" | while read -r number real; do
    as_root cp -p "$NGINX/before/$number" "\${real%/*}/.\${real##*/}.tenantry" &&
      as_root mv -f "\${real%/*}/.\${real##*/}.tenantry" "$real" || exit
  done || return
  as_root rm -f "/etc/nginx/conf.d/tenantry-$APP.conf"
  as_root nginx -t -q 2>/dev/null && as_root nginx -s reload 2>/dev/null
  as_root rm -rf "$NGINX" "$MARK"
}
`,
  "releases": `# The releases of an application on a server: ~/.tenantry/NAME/releases, with a line a deployment in deployments.log.
# It stands behind server-program.sh, in one file.
#   sh -c … releases list FOLDER
#   sh -c … releases capture FOLDER CONTAINER KEY
#   sh -c … releases prepare FOLDER       files by standard input: PATH BASE64 a line
#   sh -c … releases finish FOLDER RESULT KEY-THAT-SERVES    what is to go, by standard input
what=$1 folder=$2
cd || exit
if [ "$what" = list ]; then
  echo "home $(pwd)"
  cd "$folder/switch" 2>/dev/null || exit 0
else
  mkdir -p "$folder/releases" "$folder/switch" && chmod 700 "$folder/releases" && cd "$folder/switch" || exit
fi

list() {
  [ ! -s record/old ] || echo "old $(cat record/old)"
  for pointer in current previous; do
    [ ! -s "../releases/$pointer" ] || echo "$pointer $(cat "../releases/$pointer")"
  done
  for file in ../releases/*.json; do
    [ -e "$file" ] || continue
    key=\${file##*/} key=\${key%.json}
    printf 'record %s %s\\n' "$key" "$(tr -d '\\n' <"$file")" # echo would read what stands after a backslash
    [ ! -e "../releases/$key.env" ] || echo "environment $key"
  done
}

# The environment of a container without what its image gives, as a file; values with line breaks do not fit into one.
capture() { # CONTAINER KEY
  all=$(docker container inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$1") || exit
  [ "$(docker container inspect --format '{{len .Config.Env}}' "$1")" -eq "$(printf '%s\\n' "$all" | grep -c .)" ] ||
    echo 'lines broken'
  image=$(docker container inspect --format '{{.Image}}' "$1") || exit
  docker image inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$image" >image.env 2>/dev/null
  printf '%s\\n' "$all" | grep '^[A-Za-z_][A-Za-z0-9_.-]*=' | grep -vxF -f image.env >"../releases/$2.env"
  rm -f image.env
  docker image inspect --format '{{range .RepoDigests}}digest {{println .}}{{end}}' "$image" 2>/dev/null
  echo captured
}

prepare() {
  rm -rf record record.error && mkdir record || exit
  while read -r path content; do
    printf '%s' "$content" | base64 -d >"../$path.new" && mv -f "../$path.new" "../$path" || exit
  done
  echo prepared
}

# What can be removed is removed; what cannot is told, and is no failure: all is decided already.
finish() { # RESULT KEY
  # A program that is still at work ends the records by itself.
  if command -v flock >/dev/null 2>&1 && ! flock -n lock true; then
    [ "$1" = deployed ] || exit 0
  else
    case $1 in deployed) keep_record ;; *) drop_record "$1" ;; esac
  fi
  while read -r order value more; do
    case $order in
      audit) add_line "$1" "$value\${more:+ $more}" ;;
      release) rm -f "../releases/$value."* ;;
      image) remove_image "$value" "$more" ;;
      adopted)
        id=$(docker container inspect --format '{{.Id}}' "$value" 2>/dev/null)
        [ -z "$id" ] || case " $more " in *" $id "*) ;; *) complaint_of docker rm -f "$value" ;; esac
        ;;
    esac
  done
  for file in ../releases/*.env; do
    key=\${file##*/} key=\${key%.env}
    [ "$key" = "$2" ] || [ -e "../releases/$key.json" ] || rm -f "$file"
  done
  rm -f ../*.env
  [ ! -s record.error ] || cat record.error
  rm -f record.error
}

# What a command complains of, as output.
complaint_of() { { "$@" >/dev/null; } 2>&1; }

# Only where no container is made from it; and only the names that the application gave it.
remove_image() { # ID NAME
  [ -z "$(docker ps -aq --filter "ancestor=$1")" ] || return 0
  names=$(docker image inspect --format '{{range .RepoTags}}{{println .}}{{end}}{{range .RepoDigests}}{{println .}}{{end}}' "$1" 2>/dev/null) || return 0
  for name in $names; do
    case $name in "$2":* | "$2"@*) complaint_of docker image rm "$name" ;; esac
  done
}

shift 2
case $what in
  list) list ;;
  capture) capture "$@" ;;
  prepare) prepare ;;
  finish) finish "$@" ;;
esac
`,
  "server-program": `# What every program that switches on a server stands on: its clock, journal and lease, containers, their health.
# It stands between the settings and the way of the mechanism, in one file (switch-program.ts).
set -u
trap "" HUP
umask 077
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL=C

now() { # centiseconds
  read -r up _ </proc/uptime
  echo "\${up%.*}\${up#*.}"
}

note() { # STEP [more JSON]: a full disk is no reason to stop here
  printf '{"at":%s,"step":"%s"%s}\\n' "$(now)" "$1" "\${2:-}" 2>/dev/null >>journal || :
}

beat() { # the sign of life of the lease
  [ ! -d lease ] || echo 2>/dev/null >lease/heartbeat || :
}

pause() { sleep "$1" 9>&-; }

as_root() { $SUDO "$@"; }

# How it ended, for whoever follows; what does not concern them may come after it.
tell() { # RESULT
  note "$1"
  printf '{"result":"%s","failed":"%s","who":"%s"}\\n' "$1" "$failed" "$who" 2>/dev/null >result.new &&
    mv -f result.new result
}

end() { # RESULT
  tell "$1"
  exit 0
}

# --- containers --------------------------------------------------------------------------------------------------

state() { # NAME: none, created, running, exited, …; fails when Docker does not answer
  found=$(docker container inspect --format '{{.State.Status}}' "$1" 2>&1) && echo "$found" && return
  case $found in *[Nn]o\\ such\\ container*) echo none ;; *) return 1 ;; esac
}

look() { # NAME: sets status born health process address
  status='' born='' health='' process='' address=''
  found=$(docker container inspect --format \\
    '{{.State.Status}} {{.State.StartedAt}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' \\
    "$1" 2>&1) || return
  # shellcheck disable=SC2086
  set -- $found
  status=$1 born=$2 health=$3 process=$4
  shift 4
  for word in "$@"; do case $word in [0-9]*.*) address=$word; break ;; esac; done
}

# Names are changed only after the last proof: as long as there is one with the old name, that one serves.
read_names() {
  serving=$OLD current=$(state "$OLD")
  if [ "$current" = none ]; then serving=$FINAL current=$(state "$FINAL"); fi
  next=$(state "$NEXT") previous=$(state "$PREVIOUS")
}

# There is one with the name of the previous: the change of names was under way, and comes to its end.
settle_names() {
  [ "$current" = none ] || return 0
  if [ "$next" != none ]; then
    docker rename "$NEXT" "$FINAL"
  else
    docker rename "$PREVIOUS" "$OLD" && serving=$OLD
  fi
}

keep_evidence() { # NAME
  collect "$1" >evidence.seen 2>/dev/null 9>&-
  [ ! -e probe.body ] || cp -f probe.body evidence.body
  printf '%s' "\${answered:-}" >evidence.status
}

# Sockets of a process's network on a list of ports (hexadecimal), in a list of states.
sockets() { # PROCESS PORTS STATES
  cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null | awk -v ports=" $2 " -v states=" $3 " '
    { n = split($2, local, ":") }
    index(ports, " " local[n] " ") && index(states, " " $4 " ") { count++ }
    END { print count + 0 }'
}
listening='0A'
in_use='01 08' # established; half closed by the client, who may still wait for its answer

# Waits until nobody is connected any more; fails when the time is up.
drain() { # NAME PORTS [SINCE]
  until=$((\${3:-$(now)} + DRAIN)) quiet=0
  look "$1" && [ "$status" = running ] || return 0
  while [ "$(now)" -lt "$until" ]; do
    beat
    if [ "$(sockets "$process" "$2" "$in_use")" -eq 0 ] && nobody_else; then quiet=$((quiet + 1)); else quiet=0; fi
    [ $quiet -lt 2 ] || return 0
    pause 0.1
  done
  return 1
}

stop() { # NAME
  stopping=$(now)
  docker stop -t "$STOP" "$1"
}

stopped() { # NAME: it was told to end; \`late\` when it did not in its time, and was killed
  if [ $(($(now) - stopping)) -ge $((STOP * 100)) ] &&
    [ "$(docker container inspect --format '{{.State.ExitCode}}' "$1" 2>/dev/null)" = 137 ]; then
    note stopped ',"late":true'
  else
    note stopped
  fi
}

# --- releases ----------------------------------------------------------------------------------------------------

# What the runner has prepared about the release that is proven now becomes the record: the pointers to it last.
keep_record() {
  [ -d record ] || return 0
  [ ! -e record/audit ] || add_line deployed "$(cat record/audit)"
  for file in record/*.json record/previous record/current; do
    [ ! -e "$file" ] || mv -f "$file" ../releases/ 2>>record.error
  done
  rm -f record/audit record/old
  rmdir record 2>/dev/null || :
}

drop_record() { # RESULT
  [ ! -e record/audit ] || add_line "$1" "$(cat record/audit)"
  rm -rf record
}

# One line a deployment, for whoever wants to know later; the last thousand of them.
add_line() { # RESULT REST-OF-THE-LINE
  began=$(stat -c %Y record/audit 2>/dev/null || date +%s)
  printf '{"at":"%s","result":"%s","seconds":%s,%s}\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" \\
    "$(($(date +%s) - began))" "$2" 2>/dev/null >>../deployments.log || return 0
  [ "$(wc -l <../deployments.log)" -gt 1200 ] || return 0
  tail -n 1000 ../deployments.log >deployments.new && mv -f deployments.new ../deployments.log
}

# Which one serves says how it ended.
settle_record() {
  if [ "$(docker container inspect --format '{{.Id}}' "$serving" 2>/dev/null)" = "$OLD_ID" ]; then
    outcome=undone policy=$OLD_RESTART
    drop_record rolled-back
  else
    outcome=finished policy=$RESTART
    keep_record
  fi
  docker update --restart "$policy" "$serving" >/dev/null 2>&1
}

# The one that was replaced is removed, or kept under another name where Tenantry did not make it.
put_away() {
  [ "$(state "$PREVIOUS")" != none ] || return 0
  if [ -n "$KEEP" ]; then
    docker rm -f "$KEEP" >/dev/null 2>&1
    docker rename "$PREVIOUS" "$KEEP" >/dev/null 2>&1
  else
    docker rm -f "$PREVIOUS" >/dev/null 2>&1
  fi
}

# --- health ------------------------------------------------------------------------------------------------------

# One answer: its status in \`answered\`; 000 when there was none, \`late\` when it did not come in time.
ask() { # ADDRESS PORT
  : >probe.body
  case $HTTP in
    curl)
      answered=$(curl -gksS --noproxy '*' --max-time 5 -o probe.body -w '%{http_code}' \\
        -H "Host: $HEALTH_HOST" -H "X-Forwarded-Proto: \${FORWARDED:-$HEALTH_SCHEME}" "$HEALTH_SCHEME://$1:$2$HEALTH_PATH" 2>/dev/null)
      [ $? -ne 28 ] || answered=late
      ;;
    bash)
      # shellcheck disable=SC2016
      timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" || exit
        printf "GET %s HTTP/1.1\\r\\nHost: %s\\r\\nUser-Agent: tenantry\\r\\nConnection: close\\r\\n\\r\\n" "$2" "$3" >&3
        head -c 8192 <&3' "$1" "$2" "$HEALTH_PATH" "$HEALTH_HOST" >probe.raw 2>/dev/null
      ended=$?
      answered=$(sed -n '1s/^HTTP\\/[0-9.]* \\([0-9][0-9][0-9]\\).*/\\1/p' probe.raw)
      sed '1,/^\\r*$/d' probe.raw >probe.body
      [ $ended -ne 124 ] || answered=late
      ;;
  esac
  answered=\${answered:-000}
}

accepted() { # good | any
  case $answered in
    2??) return 0 ;;
    1?? | 3?? | 4??) [ "$1" = any ] ;;
    *) return 1 ;;
  esac
}

# Waits until a container runs and is healthy. Ends at its first exit, not at the end of the time.
gate() { # NAME good|any CENTISECONDS; why it fails: stopped, gone, unhealthy
  subject=$1 kind=$2 first=$(now) birth='' turn=0 process='' check_at=0
  until=$((first + $3)) failed=''
  while :; do
    beat
    # That its process is gone is seen at once; what only Docker knows twice a second.
    if [ $((turn % 10)) -eq 0 ] || [ ! -d "/proc/\${process:-none}" ]; then
      if look "$subject"; then
        [ -n "$birth" ] || birth=$born
        if [ "$status" != running ] || [ "$born" != "$birth" ]; then failed=stopped; return 1; fi
      else
        case $found in *[Nn]o\\ such\\ container*) failed=gone; return 1 ;; esac
      fi
    fi
    turn=$((turn + 1))
    if [ -n "$process" ] && ready; then failed=''; return 0; fi
    if [ "$(now)" -gt "$until" ]; then failed=unhealthy; return 1; fi
    ! cancelled || { failed=$(cat cancel); return 1; }
    pause 0.05
  done
}

ready() {
  [ "$health" != unhealthy ] || return 1
  if [ -n "$HTTP" ]; then
    ask "$address" "$HEALTH_PORT"
    accepted "$kind" || return 1
  else
    [ "$health" != none ] || [ $(($(now) - first)) -ge 300 ] || return 1
    [ "$kind" = any ] || [ "$(sockets "$process" "$PORTS" "$listening")" -gt 0 ] || return 1
  fi
  [ "$health" = starting ] || return 0
  # Nobody waits for Docker to ask. A check may be a program that takes its time: once a second is enough.
  [ "$(now)" -ge "$check_at" ] || return 1
  own_check "$subject" && return 0
  check_at=$(($(now) + 100))
  return 1
}

cancelled() { [ "$may_cancel" = yes ] && [ -e cancel ]; }

# Whether nothing but open connections keeps the old one busy; a proxy may know of more.
nobody_else() { :; }

# The new one has the traffic, the old one still runs: until the bake is over and, where the old one has to make room
# (\`drained\`), nobody is left on it. Sets failed: stopped, unhealthy, or what was asked for by \`cancel\`.
watch() { # NEW OLD drained|baked
  new=$1
  switched=$(now) complaints=0 drained='' turn=0
  look "$2"
  old_process=$process quiet=0
  look "$new"
  while :; do
    # A crash is seen within a twentieth of a second, everything else once in half a second.
    [ -d "/proc/$process" ] || { failed=stopped; return 1; }
    turn=$((turn + 1))
    if [ $((turn % 2)) -eq 0 ] && [ -z "$drained" ]; then
      if [ "$(sockets "$old_process" "$OLD_PORTS" "$in_use")" -eq 0 ] && nobody_else; then quiet=$((quiet + 1)); else quiet=0; fi
      if [ $quiet -ge 2 ]; then
        drained=yes; note drained
      elif [ $(($(now) - switched)) -ge "$DRAIN" ]; then
        drained=late; note drained ',"late":true'
      fi
    fi
    if [ $((turn % 10)) -eq 0 ]; then
      beat
      ! cancelled || { failed=$(cat cancel); return 1; }
      pid=$process at=$born
      if look "$new"; then
        [ "$status" = running ] && [ "$born" = "$at" ] || { failed=stopped; return 1; }
        [ "$health" != unhealthy ] || { failed=unhealthy; return 1; }
        if [ -n "$HTTP" ]; then
          ask "$address" "$HEALTH_PORT"
          if accepted "\${KIND:-good}"; then complaints=0; else complaints=$((complaints + 1)); fi
          [ $complaints -lt 3 ] || { failed=unhealthy; return 1; }
        fi
      else
        process=$pid born=$at # Docker does not answer; that the process lives is seen above
      fi
    fi
    if [ -n "$drained" ] || [ "$3" = baked ]; then [ $(($(now) - switched)) -lt "$BAKE" ] || return 0; fi
    pause 0.05
  done
}

await_docker() {
  limit=$(($(now) + 12000))
  until docker version >/dev/null 2>&1; do
    beat
    [ "$(now)" -lt "$limit" ] || return 1
    pause 1
  done
}
`,
  "slots": `# Hands the requests of one application from the container that serves to the one that shall serve, behind a proxy of
# the server: each has a loopback port of its own. POSIX sh, after server-program.sh and the proxy's own part.
#   sh program deploy    NEXT runs on the free slot beside OLD, and will be called FINAL, which may be the
#                        old one's own name
#   sh program recover   what a killed run left: finished or undone, as the world says
# The proxy's part knows: take_over (once), undo_take_over, point SLOT, pointed.

# --- what the proxies have in common -----------------------------------------------------------------------------

marked() { # which slot the file says that a proxy looks at with each request
  if [ -e "$MARK" ]; then echo "$SECOND"; else echo "$FIRST"; fi
}

mark() { # SLOT
  if [ "$1" = "$SECOND" ]; then : >"$MARK"; else rm -f "$MARK"; fi 2>front.error || return
  sync "$MARK" "\${MARK%/*}" 2>/dev/null
  [ "$(marked)" = "$1" ]
}

ask_front() {
  for place in $FRONT; do
    answered=$(curl -gksS --noproxy '*' --max-time 5 -o /dev/null -w '%{http_code}' --connect-to "::$place" \\
      \${FRONT_HOST:+-H "Host: $FRONT_HOST"} "$FRONT_URL" 2>/dev/null)
    ! accepted any || return 0
  done
}

answers_as_before() { # as it did when \`was\` was asked
  [ -n "$FRONT_URL" ] || return 0
  ask_front
  if accepted any || [ "$answered" = "$was" ]; then return 0; fi
  echo "it answers \${answered:-nothing} with its new configuration" >front.error
  return 1
}

put_file() { # PATH TEXT
  printf '%s\\n' "$2" | as_root tee "$1" >/dev/null && as_root chmod 644 "$1"
}

replace_file() { # PATH TEXT: at once, with its owner and mode
  beside=\${1%/*}/.\${1##*/}.tenantry
  as_root cp -p "$1" "$beside" && printf '%s' "$2" | as_root tee "$beside" >/dev/null && as_root mv -f "$beside" "$1"
}

# --- the way -----------------------------------------------------------------------------------------------------

answers_through() { # the new one has taken connections since it was found healthy
  [ -n "$FRONT_URL" ] || return 0
  tries=0
  while :; do
    for place in $FRONT; do
      : >probe.body
      answered=$(curl -gksS --noproxy '*' --max-time 5 -o probe.body -w '%{http_code}' --connect-to "::$place" \\
        \${FRONT_HOST:+-H "Host: $FRONT_HOST"} "$FRONT_URL" 2>/dev/null)
      ! accepted good || [ "$(opens)" -le "$opened" ] || return 0
    done
    tries=$((tries + 1))
    [ $tries -lt 15 ] || return 1
    pause 0.2
  done
}

opens() { # connections that the container has taken so far
  awk '$1 == "Tcp:" && seen++ { print $7 }' "/proc/$process/net/snmp" 2>/dev/null || echo 0
}

deploy() {
  may_cancel=yes who=next
  take_over || { failed=front; give_up; }
  gate "$NEXT" "$KIND" "$HEALTH_TIMEOUT" || give_up
  note healthy
  ! cancelled || { failed=$(cat cancel); give_up; }
  opened=$(opens)
  # It has the requests in a moment: from now on it comes back from a reboot, as the old one does.
  docker update --restart "$RESTART" "$NEXT" >/dev/null 2>docker.error || { failed=docker; give_up; }
  point "$NEW_SLOT" || { failed=front; give_up; }
  note flipped
  answers_through || { failed=public; give_up; }
  note proven
  watch "$NEXT" "$OLD" baked || give_up
  note baked
  ! cancelled || { failed=$(cat cancel); give_up; }
  may_cancel=no
  commit || { failed=docker; recover no; }
  keep_record
  note committed
  failed='' who=''
  tell deployed
  # Nobody waits for the old one.
  tidy
  exit 0
}

commit() {
  {
    docker update --restart "$RESTART" "$NEXT" &&
      docker rename "$OLD" "$PREVIOUS" &&
      docker rename "$NEXT" "$FINAL"
  } >/dev/null 2>docker.error && serving=$FINAL
}

tidy() { # nothing leads to the old one any more: it lets its connections come to their end
  [ "$(state "$PREVIOUS")" != none ] || return 0
  if [ -z "$drained" ]; then
    if drain "$PREVIOUS" "$OLD_PORTS" "$switched"; then note drained; else note drained ',"late":true'; fi
  fi
  docker update --restart no "$PREVIOUS" >/dev/null 2>&1
  stop "$PREVIOUS" >/dev/null 2>&1
  stopped "$PREVIOUS"
  put_away
  note tidied
}

give_up() {
  note failed ",\\"why\\":\\"$failed\\",\\"who\\":\\"$who\\""
  undo_take_over || :
  [ "$(pointed)" != "$NEW_SLOT" ] || point "$OLD_SLOT"
  keep_evidence "$NEXT"
  recover yes
}

# Reads from the world how far it came: which slot the proxy hands requests to, and who is called how. The old one is
# stopped only when the new one has the name of one that serves.
recover() { # yes: the next one is known to be no good
  why=$failed bad=$1 may_cancel=no
  await_docker || { failed=\${why:-docker}; end stuck; }
  undo_take_over || { failed=\${why:-front}; end stuck; }
  read_names
  if [ "$previous" != none ]; then
    settle_names
  elif [ "$next" != none ]; then
    if [ "$bad" = no ] && [ "$(pointed)" = "$NEW_SLOT" ]; then
      [ "$next" = running ] || docker start "$NEXT" >/dev/null 2>docker.error
      if gate "$NEXT" "$KIND" "$HEALTH_TIMEOUT" && commit; then leave; fi
      keep_evidence "$NEXT"
      why=\${why:-$failed}
    fi
    # Requests go to the old one before the next one goes.
    serves_again || { failed=\${why:-$failed}; end stuck; }
    docker rm -f -v "$NEXT" >/dev/null 2>&1
  fi
  serves_again || { failed=\${why:-$failed}; end stuck; }
  leave
}

# It runs, and has the requests.
serves_again() {
  [ "$(state "$serving")" = running ] || docker start "$serving" >/dev/null 2>docker.error || { failed=docker; return 1; }
  gate "$serving" any "$HEALTH_TIMEOUT" || return
  slot=$(slot_of "$serving") || { failed=docker; return 1; }
  [ "$(pointed)" = "$slot" ] || point "$slot" || { failed=front; return 1; }
}

slot_of() { # NAME: the published port, as it was asked for
  docker container inspect --format '{{range .HostConfig.PortBindings}}{{range .}}{{.HostPort}} {{end}}{{end}}' "$1" 2>/dev/null |
    awk '{ print $1; exit }'
}

leave() {
  settle_record
  tidy
  failed=\${why:-}
  end $outcome
}

failed='' who='' why='' serving=$OLD may_cancel=no drained='' switched=''
note begin
case $1 in
  deploy) deploy ;;
  recover) recover no ;;
esac
`,
  "survey": `# What a server has and allows, one fact a line. Changes nothing.
#   sh -c … survey CONTAINER CHAIN SERVING SLOTS NETWORK…    SERVING: an id, or nothing; SLOTS: two ports, or nothing
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL=C
container=$1 chain=$2 serving=$3 slots=$4
shift 4
has() { command -v "$1" >/dev/null 2>&1; }

echo "home $(cd && pwd)"
echo "key $(cat "$HOME/.tenantry/key" 2>/dev/null)"
# shellcheck disable=SC2086
set_own() { own=$3; }
# shellcheck disable=SC2086
set_own $SSH_CONNECTION 2>/dev/null
echo "own \${own:-}"

for tool in flock setsid awk sed timeout; do has $tool || echo "missing $tool"; done
if has curl; then echo 'http curl'; elif has bash; then echo 'http bash'; fi
switch=$HOME/.tenantry/$container/switch
if [ -e "$switch/program" ]; then
  way=$(sed -n 's/^WAY=//p' "$switch/program" | head -n 1)
  echo "program \${way:-yes}"
fi
if [ -e "$switch/lock" ] && has flock; then flock -n "$switch/lock" true || echo 'working yes'; fi
[ ! -s "$switch/record/current" ] || echo "pending $(cat "$switch/record/current")"

used_by() { # ID: what a container holds, from the control group of any of its processes
  group=$(cat /proc/[0-9]*/cgroup 2>/dev/null | sed -n "/$1/{s/^[0-9]*:\\([a-z,]*,\\)*memory[^:]*://p; s/^0:://p}" | head -n 1)
  for stat in "/sys/fs/cgroup/memory$group/memory.stat" "/sys/fs/cgroup$group/memory.stat"; do
    [ -n "$group" ] && [ -r "$stat" ] || continue
    awk '$1 == "total_rss" || $1 == "anon" { print "used", $2; exit }' "$stat"
    break
  done
}

first=$serving
[ -z "$serving" ] || used_by "$serving"
# Each call of Docker takes longer than all the rest: those with short answers go on beside the others.
docker ps --all --no-trunc --filter label=tenantry.environment \\
  --format '{{.Label "tenantry.app"}}/{{.Label "tenantry.pre-deploy"}}/{{.Status}}/{{.ID}}' 2>/dev/null |
  while IFS=/ read -r app before status id; do
    [ "$before" != "$container" ] || echo "pre-deploy $id"
    case $app:$status in "$container":Up*) ;; *) continue ;; esac
    [ -n "$first" ] || { first=$id && used_by "$id"; }
  done &
docker network inspect --format \\
  'network {{.Driver}} {{.Id}} {{with index .Options "com.docker.network.bridge.name"}}{{.}}{{end}}' "$@" 2>/dev/null &

sudo=
if [ "$(id -u)" -eq 0 ]; then echo 'root yes'; elif has sudo; then sudo='sudo -n'; fi
info=$(docker info --format '{{json .}}' 2>/dev/null)
wait # what comes from now on may be too long to be written at once
case $info in
  *'"LocalNodeState":"active"'*)
    # Of a swarm without a leader nothing can be asked: a task that runs here shows that there is a service.
    if [ -n "$(docker ps -q --filter "label=com.docker.swarm.service.name=$container" 2>/dev/null)" ]; then echo 'service yes'; fi
    case $info in
      *'"ControlAvailable":true'*)
        echo 'swarm manager'
        if docker service inspect --format yes "$container" >/dev/null 2>&1; then echo 'service yes'; fi
        ;;
      *) echo 'swarm worker' ;;
    esac
    if [ -e /proc/net/ip_vs ] || modprobe -n -q ip_vs 2>/dev/null; then echo 'ipvs yes'; fi
    ;;
esac
root=$(echo "$info" | sed -n 's/.*"DockerRootDir":"\\([^"]*\\)".*/\\1/p')
roots=$root
case $info in *io.containerd.snapshotter*) roots="$root $root/containerd /var/lib/containerd" ;; esac
for folder in $roots; do
  blocks=$(df -Pk "$folder" 2>/dev/null | awk 'NR == 2 { print $4 }')
  [ -z "$blocks" ] || echo "disk $folder $blocks $(df -Pi "$folder" 2>/dev/null | awk 'NR == 2 { print $4 }')"
done
backend=$(echo "$info" | sed -n 's/.*"FirewallBackend":{[^}]*"Driver":"\\([a-z+]*\\)".*/\\1/p')
echo "backend $backend"
allowed=no
case $backend in
  nftables*)
    if tables=$($sudo nft list tables 2>/dev/null); then
      allowed=yes
      case $tables in *' docker-bridges'*) echo 'filter nft' ;; esac
      case $tables in *" $chain"*) echo 'chain yes' ;; esac
    fi
    ;;
  *)
    for filter in iptables iptables-nft iptables-legacy; do
      has "$filter-save" || continue
      rules=$($sudo "$filter-save" -t nat 2>/dev/null) || continue
      allowed=yes
      case $rules in *":$chain "*) echo 'chain yes' ;; esac
      case $rules in
        *':DOCKER '*)
          echo "filter $filter"
          filter6=ip6tables\${filter#iptables}
          if has "$filter6-save" && rules=$($sudo "$filter6-save" -t nat 2>/dev/null); then
            echo "filter6 $filter6"
            case $rules in *":$chain "*) echo 'chain yes' ;; esac
          fi
          break
          ;;
      esac
    done
    ;;
esac
echo "allowed $allowed"
# Ports that a firewall was not told of: a redirect through a port of the server would end there.
[ $allowed = no ] || {
  for family in '' 6; do
    $sudo "ip\${family}tables-save" -t filter 2>/dev/null |
      awk -v family="$family" '/^:INPUT (DROP|REJECT)/ || /^-A INPUT -j (DROP|REJECT)/ { print "closed ip" family; exit }'
  done
  $sudo nft list ruleset 2>/dev/null | awk '
    $1 == "table" { family = $2; if ($3 == "firewalld") { print "closed", family; exit } }
    / hook input / && /policy drop/ { print "closed", family; exit }'
}

for process in /proc/[0-9]*; do
  read -r name <"$process/comm" && [ "$name" = docker-proxy ] || continue
  echo "proxy $(tr '\\0' ' ' <"$process/cmdline")"
done 2>/dev/null

ip -4 -o addr show 2>/dev/null | awk '{ sub(/\\/.*/, "", $4); print "address", $2, $4 }'

awk '$1 == "MemAvailable:" { printf "available %.0f\\n", $2 * 1024 } $1 == "MemTotal:" { printf "total %.0f\\n", $2 * 1024 }' /proc/meminfo
echo "processors $(grep -c '^processor' /proc/cpuinfo)"
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { print "listening", $2 }' | sort -u

# --- what stands in front of the application ---------------------------------------------------------------------

text() { # NAME FILE, on one line
  if [ -r "$2" ]; then base64 <"$2"; else $sudo cat "$2" 2>/dev/null | base64; fi | tr -d '\\n' | sed "s/^/$1 /"
  echo
}

fronts=$(for process in /proc/[0-9]*; do
  read -r name <"$process/comm" || continue
  case $name in nginx | caddy | traefik | haproxy | apache2 | httpd | kamal-proxy | envoy | lighttpd) ;; *) continue ;; esac
  line=$(tr '\\0' ' ' <"$process/cmdline")
  case $name:$line in
    nginx:*master\\ process* | caddy:*) ;;
    nginx:*) continue ;;
    *) line='' ;;
  esac
  id=$(sed -n 's/.*\\([0-9a-f]\\{64\\}\\).*/\\1/p' "$process/cgroup" | head -n 1)
  echo "front $name \${id:--} $line"
done 2>/dev/null | sort -u)
if [ -n "$fronts" ]; then
  echo "$fronts"
  for id in $(echo "$fronts" | awk '$3 != "-" { print $3 }' | sort -u); do
    echo "inside $id $(docker container inspect --format '{{.Name}}' "$id" 2>/dev/null)"
  done
fi

case $fronts in
  *'front nginx - '*)
    [ ! -r "/etc/nginx/tenantry/$container/front" ] || echo "nginx-taken $(cat "/etc/nginx/tenantry/$container/front")"
    [ ! -e "/etc/nginx/tenantry/$container/taking" ] || echo 'nginx-taking yes'
    echo "nginx-slot $(sed -n '1s/^# slot //p' "/etc/nginx/tenantry/$container/1.conf" 2>/dev/null)"
    [ ! -e "/var/lib/tenantry/$container/second" ] || echo 'nginx-second yes'
    if all=$($sudo nginx -T 2>&1); then
      echo 'nginx-allowed yes'
      case $all in *[!#]*include*conf.d/\\*.conf\\;*) echo 'nginx-conf-d yes' ;; esac
      case $all in *open_file_cache\\ *) echo 'nginx-file-cache yes' ;; esac
      # Those that name one of the two ports; what nginx says has all of them, and to ask for each would take longer.
      printf '%s\\n' "$all" | awk -v slots="$slots" '
        BEGIN { count = split(slots, ports, " ") }
        /^# configuration file .*:$/ { file = substr($0, 22, length($0) - 22) }
        { for (each = 1; each <= count; each++) if (index($0, ":" ports[each])) print file }' | sort -u |
        while read -r file; do
          echo "nginx-file $file"
          text nginx-text "$file"
        done
    else
      printf '%s\\n' "$all" | sed -n 's/^.*\\[emerg\\] \\([0-9#]*: \\)\\{0,1\\}/nginx-error /p' | head -n 1
    fi
    ;;
esac

case $fronts in
  *'front caddy - '*)
    [ ! -e "/etc/caddy/tenantry/$container/taking" ] || echo 'caddy-taking yes'
    [ ! -e "/var/lib/tenantry/$container/caddy-second" ] || echo 'caddy-second yes'
    config=$(curl -fsS --max-time 5 http://localhost:2019/config/ 2>/dev/null | tr -d '\\n')
    echo "caddy-config $config"
    # Where a file of ours decides already, nobody asks what Caddy would make of its own.
    decides=no
    for port in $slots; do
      case $config in *"_other\\":$port,"* | *"_other\\":$port}"*) decides=yes ;; esac
    done
    file=$(echo "$fronts" | sed -n 's/^front caddy - .* --config[ =]\\([^ ]*\\).*/\\1/p' | head -n 1)
    if [ -n "$file" ]; then
      echo "caddy-file $file"
      text caddy-text "$file"
      case $decides:$file in
        yes:* | *.json) ;;
        *) echo "caddy-adapted $($sudo caddy adapt --config "$file" --adapter caddyfile 2>/dev/null | tr -d '\\n')" ;;
      esac
    fi
    if [ "$(id -u)" -eq 0 ] || { [ -n "$sudo" ] && $sudo true 2>/dev/null; }; then echo 'caddy-allowed yes'; fi
    ;;
esac
`,
  "switch": `# Moves the traffic of one application from the container that serves to the one that shall serve, on the server
# itself and to the end, whoever is still connected. POSIX sh. What it needs to know stands before it in the same file.
#   sh program deploy    a container (BRIDGE) runs the new version beside the old one (OLD); NEXT is made, not started, and
#                        will be called FINAL, which may be the old one's own name
#   sh program recover  what a killed run left: finished or undone, as the world says
# It is started with descriptor 9 holding the lock, and tells what it does in \`journal\`, how it ended in \`result\`.

# --- the packet filter -------------------------------------------------------------------------------------------

flip() {
  case $FILTER in
    nft) printf '%s\\n' "$FLIP" | as_root nft -f - ;;
    *)
      printf '%s\\n' "$FLIP" | as_root "$FILTER-restore" --noflush || return
      [ -z "$FLIP6" ] || printf '%s\\n' "$FLIP6" | as_root "$FILTER6-restore" --noflush
      ;;
  esac 2>filter.error
}

# Every rule that leads to the chain, and the chain, whatever a killed run left of them.
unflip() {
  case $FILTER in
    nft)
      for family in ip ip6; do
        as_root nft list table $family "$CHAIN" >/dev/null 2>&1 || continue
        as_root nft delete table $family "$CHAIN" 2>filter.error || return
      done
      ;;
    *)
      for program in "$FILTER" "$FILTER6"; do
        [ -n "$program" ] || continue
        rules=$(as_root "$program-save" -t nat 2>filter.error) || return
        undo=$(printf '%s\\n' "$rules" | awk -v chain="$CHAIN" '
          $1 == "-A" && $2 != chain && $NF == chain { sub(/^-A/, "-D"); print }
          $1 == ":" chain { found = 1 }
          END { if (found) { print "-F " chain; print "-X " chain } }')
        [ -n "$undo" ] || continue
        printf '*nat\\n%s\\nCOMMIT\\n' "$undo" | as_root "$program-restore" --noflush 2>filter.error || return
      done
      ;;
  esac
}

# Without a look before it: whoever is with a version that has died waits for this.
give_back() {
  case $FILTER in
    nft) as_root nft delete table ip "$CHAIN" ;;
    *)
      printf '*nat\\n-D PREROUTING -j %s\\n-D OUTPUT -j %s\\n-F %s\\n-X %s\\nCOMMIT\\n' \\
        "$CHAIN" "$CHAIN" "$CHAIN" "$CHAIN" | as_root "$FILTER-restore" --noflush
      ;;
  esac 2>/dev/null
  unflip
}

redirected() {
  case $FILTER in
    nft) as_root nft list table ip "$CHAIN" >/dev/null 2>&1 ;;
    *) as_root "$FILTER-save" -t nat 2>/dev/null | grep -q -- "-j $CHAIN\\$" ;;
  esac
}

# How many connections took the redirect.
redirects() {
  case $FILTER in
    nft) as_root nft list table ip "$CHAIN" 2>/dev/null | sed -n 's/.*counter packets \\([0-9]*\\).*/\\1/p' ;;
    *) as_root "$FILTER-save" -c -t nat 2>/dev/null | sed -n "s/^\\\\[\\\\([0-9]*\\\\):.*-A $CHAIN .*/\\\\1/p" ;;
  esac | awk '{ sum += $1 } END { print sum + 0 }'
}

# The public ports, as processes of this server reach them: every address must answer, through the redirect.
public_answers() {
  [ -n "$HTTP" ] || { redirected; return; }
  tries=0
  for place in $PUBLIC; do
    until ask "\${place%:*}" "\${place##*:}"; accepted good; do
      tries=$((tries + 1))
      [ $tries -lt 10 ] || return 1
      pause 0.2
    done
  done
  [ -z "$PUBLIC" ] || [ "$(redirects)" -gt 0 ]
}

# --- the way -----------------------------------------------------------------------------------------------------

deploy() {
  old_serves=yes may_cancel=yes
  who=bridge
  gate "$BRIDGE" good "$HEALTH_TIMEOUT" || give_up "$BRIDGE"
  note healthy
  ! cancelled || { failed=$(cat cancel); give_up "$BRIDGE"; }
  flip || { failed=filter; give_up "$BRIDGE"; }
  note flipped
  public_answers || {
    failed=public
    [ "$(state "$BRIDGE")" = running ] || failed=stopped
    give_up "$BRIDGE"
  }
  note proven
  # Once it is stopped, the old one would not come back after a reboot by "unless-stopped"; it would by "always".
  docker update --restart always "$OLD" >/dev/null 2>docker.error 9>&- &
  updating=$!
  watch "$BRIDGE" "$OLD" drained || give_up "$BRIDGE"
  note baked
  ! cancelled || { failed=$(cat cancel); give_up "$BRIDGE"; }

  may_cancel=no who=final
  wait "$updating" || { failed=docker; give_up "$NEXT"; }
  note stopping
  old_serves=no
  stop "$OLD" >/dev/null 2>docker.error || { failed=docker; give_up "$NEXT"; }
  stopped "$OLD"
  docker start "$NEXT" >/dev/null 2>docker.error || { failed=docker; give_up "$NEXT"; }
  # Both have a restart policy until it is proven: one of them comes back from a reboot.
  docker update --restart "$RESTART" "$NEXT" >/dev/null 2>docker.error 9>&- &
  updating=$!
  note final-started
  gate "$NEXT" good "$HEALTH_TIMEOUT" || give_up "$NEXT"
  wait "$updating" || { failed=docker; give_up "$NEXT"; }
  has_policy=yes
  note final-healthy
  commit || { failed=docker; recover no; }
  keep_record
  note committed
  unflip || { failed=filter; end stuck; }
  note unflipped
  failed='' who=''
  tell deployed
  # Nobody waits for the connections that the bridge still has.
  tidy
  exit 0
}

# The proven one gets its name. Both have a restart policy for a moment: one of them comes back from a reboot.
commit() {
  {
    { [ "$has_policy" = yes ] || docker update --restart "$RESTART" "$NEXT"; } &&
      docker update --restart no "$OLD" &&
      docker rename "$OLD" "$PREVIOUS" &&
      docker rename "$NEXT" "$FINAL"
  } >/dev/null 2>docker.error && serving=$FINAL
}

tidy() {
  put_away
  drain "$BRIDGE" "$PORTS"
  docker stop -t "$STOP" "$BRIDGE" >/dev/null 2>&1
  docker rm -f -v "$BRIDGE" >/dev/null 2>&1
  note tidied
}

give_up() { # NAME of the one that is no good
  [ "$old_serves" = no ] || give_back
  wait
  note failed ",\\"why\\":\\"$failed\\",\\"who\\":\\"$who\\""
  keep_evidence "$1"
  recover yes
}

# Reads from the world how far it came. The old one is never stopped before the new one was proven in its place, and
# names are changed only after the last proof: as long as there is one with the old name, that one serves.
recover() { # yes: the next one is known to be no good
  why=$failed bad=$1 may_cancel=no
  await_docker || { failed=\${why:-docker}; end stuck; }
  read_names
  bridge=$(state "$BRIDGE")
  # Traffic that goes nowhere is given back first.
  if [ "$current" = running ] && [ "$bridge" != running ]; then unflip; fi
  # A stop that was asked for may still be under way; the bridge serves meanwhile.
  if [ "$current" = running ] && [ "$bridge" = running ] && interrupted_stop && redirected; then
    docker stop -t "$STOP" "$serving" >/dev/null 2>&1
    current=$(state "$serving")
  fi
  if [ "$previous" != none ]; then
    settle_names
    serve any || { failed=\${why:-$failed}; end stuck; }
    leave
  fi
  if [ "$bad" = no ] && [ "$next" != none ] && [ "$current" != running ] &&
    { [ "$next" = running ] || [ "$bridge" = running ]; }; then
    [ "$next" = running ] || docker start "$NEXT" >/dev/null 2>docker.error
    if gate "$NEXT" good "$HEALTH_TIMEOUT" && commit; then leave; fi
    keep_evidence "$NEXT"
    why=\${why:-$failed}
  fi
  docker rm -f -v "$NEXT" >/dev/null 2>&1
  serve any || { failed=\${why:-$failed}; end stuck; }
  leave
}

interrupted_stop() { [ "$(sed -n '$s/.*"step":"\\([a-z-]*\\)".*/\\1/p' before 2>/dev/null)" = stopping ]; }

# It runs and answers, started if it has to be.
serve() { # good|any
  [ "$(state "$serving")" = running ] || docker start "$serving" >/dev/null 2>docker.error || return
  gate "$serving" "$1" "$HEALTH_TIMEOUT"
}

leave() {
  settle_record
  unflip || { failed=filter; end stuck; }
  note unflipped
  failed=\${why:-}
  # Nobody waits for the connections that the bridge of a deployment still has; whoever lets one be brought to its end
  # goes on on this server, and does.
  if [ "$what" = deploy ]; then tell $outcome; fi
  tidy
  if [ "$what" = recover ]; then tell $outcome; fi
  exit 0
}

failed='' who='' why='' serving=$OLD old_serves=no may_cancel=no has_policy=no what=$1
note begin
case $what in
  deploy) deploy ;;
  recover) recover no ;;
esac
`
};
var serverScript = (name) => files[name];
//! src/deployment/server/slots.ts
var distance = 16384;
function otherSlot(port) {
  const other = port ^ distance;
  return other < 1024 || other > 65535 ? void 0 : other;
}
function slotPort(ports) {
  const [port, ...more] = ports;
  if (port === void 0 || more.length > 0 || port.protocol !== "tcp") return void 0;
  return port.address === "127.0.0.1" && otherSlot(port.hostPort) !== void 0 ? port.hostPort : void 0;
}
function inSlot(request, slot) {
  return { ...request, ports: request.ports.map((port) => ({ ...port, hostPort: slot })) };
}
//! src/deployment/server/survey.ts
var timeout = 6e4;
async function surveyOf(machine, { container, serving, ports, networks, signal }) {
  const port = slotPort(ports);
  const slots = port === void 0 ? "" : `${port} ${otherSlot(port)}`;
  const joined = networks.length === 0 ? ["bridge"] : networks;
  const script = [
    "sh",
    "-c",
    serverScript("survey"),
    "survey",
    container,
    chainOf(container),
    serving ?? "",
    slots,
    ...joined
  ];
  const result = await machine.run(script, { timeout, signal });
  const survey = readSurvey(result.stdout);
  if ((0, import_machine_machine.succeeded)(result) && survey.home.startsWith("/")) return survey;
  throw new import_ground_errors.UserError(
    `The account has no home folder on ${machine.name} — ${(0, import_machine_machine.lastWords)(result, 1)}`,
    "create it: the environment file is kept there, readable for this account only",
    { code: "cannot-write" }
  );
}
function readSurvey(text) {
  const facts = text.split("\n").map((line) => {
    const [name = "", ...rest] = line.trim().split(" ");
    return { name, value: rest.join(" ").trim() };
  });
  const all = (name) => facts.filter((fact) => fact.name === name).map(({ value }) => value);
  const one = (name) => all(name).find((value) => value !== "");
  const size = (name) => one(name) === void 0 ? void 0 : Number(one(name));
  const addresses = new Map(all("address").map((line) => line.split(" ")));
  const http = one("http");
  return {
    home: one("home") ?? "",
    own: one("own")?.includes(":") === false ? one("own") : void 0,
    missing: all("missing"),
    http: http === "curl" || http === "bash" ? http : void 0,
    isRoot: one("root") === "yes",
    allowed: one("allowed") === "yes",
    filter: one("filter"),
    filter6: one("filter6"),
    closed: {
      ipv4: all("closed").some((family) => family === "ip" || family === "inet"),
      ipv6: all("closed").some((family) => family === "ip6" || family === "inet")
    },
    isRedirected: one("chain") === "yes",
    isWorking: one("working") === "yes",
    pendingRelease: one("pending"),
    hasPreDeploy: one("pre-deploy") !== void 0,
    hasProgram: one("program") !== void 0,
    hasSlotProgram: one("program") === "slots",
    front: readFront(facts),
    proxies: all("proxy").flatMap(readProxy),
    bridges: all("network").flatMap((line) => {
      const [driver, id = "", name] = line.split(" ");
      const device = name ?? `br-${id.slice(0, 12)}`;
      const address = addresses.get(device);
      return driver !== "bridge" || address === void 0 ? [] : [{ device, address }];
    }),
    swarm: {
      isMember: one("swarm") !== void 0,
      isManager: one("swarm") === "manager",
      hasService: one("service") === "yes",
      hasIpvs: one("ipvs") === "yes"
    },
    disk: fullest(all("disk")),
    settingsKey: one("key"),
    totalMemory: size("total"),
    processors: size("processors"),
    listening: one("listening") === void 0 ? void 0 : listeningOf(all("listening")),
    availableMemory: size("available"),
    usedMemory: size("used")
  };
}
function fullest(lines) {
  const places = lines.map((line) => {
    const [folder = "", kib, files2] = line.split(" ");
    return { folder, bytes: known(kib, 1024), files: known(files2) || void 0 };
  });
  const least = (one, other) => (one ?? Infinity) < (other ?? Infinity);
  return places.reduce(
    (one, other) => least(other.bytes, one.bytes) || least(other.files, one.files) ? other : one,
    places[0] ?? { folder: "", bytes: void 0, files: void 0 }
  );
}
function known(number, unit = 1) {
  return number !== void 0 && /^\d+$/.test(number) ? Number(number) * unit : void 0;
}
function readProxy(line) {
  const words = line.split(" ");
  const after = (option) => words[words.indexOf(option) + 1] ?? "";
  const proxy = {
    protocol: after("-proto"),
    hostAddress: after("-host-ip"),
    hostPort: Number(after("-host-port")),
    containerAddress: after("-container-ip"),
    containerPort: Number(after("-container-port"))
  };
  return Number.isInteger(proxy.hostPort) && Number.isInteger(proxy.containerPort) ? [proxy] : [];
}
var listProxies = `
  for process in /proc/[0-9]*; do
    read -r name <"$process/comm" && [ "$name" = docker-proxy ] || continue
    tr '\\0' ' ' <"$process/cmdline" && echo
  done 2>/dev/null`;
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  chainOf,
  inSlot,
  ip6tablesFlip,
  iptablesFlip,
  isLoopback,
  listProxies,
  meets,
  nftFlip,
  otherSlot,
  readProxy,
  serverScript,
  slotPort,
  surveyOf
});
