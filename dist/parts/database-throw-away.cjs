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
  findPrograms: () => findPrograms,
  withThrowAway: () => withThrowAway
});
module.exports = __toCommonJS(stdin_exports);
var import_machine_local = require("./machine-local.cjs");
var import_machine_conversation = require("./machine-conversation.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_runtime = require("./runtime.cjs");
var import_node_crypto = require("node:crypto");
var import_node_fs = require("node:fs");
var import_node_net = require("node:net");
var import_node_path = require("node:path");
//! src/database/throw-away.ts
//! src/database/server-script.ts
var files = {
  "throw-away": `#!/bin/sh
# A PostgreSQL for as long as standard input is open: however the one who started this ends, nothing of it stays.
# Arguments: the folder with initdb and pg_ctl, and a free port. The first line of the input is the password of the
# role postgres. Prints "ready" once it answers.
set -u
bin=$1
port=$2
umask 077
IFS= read -r password || exit 1

# PostgreSQL refuses to run as root.
user=
if [ "$(id -u)" = 0 ]; then
	for one in postgres nobody; do
		id -u "$one" >/dev/null 2>&1 && user=$one && break
	done
	if [ -z "$user" ]; then
		echo 'PostgreSQL does not run as root, and this machine has no account postgres or nobody' >&2
		exit 1
	fi
fi

as_user() {
	if [ -z "$user" ]; then
		"$@"
	else
		setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups "$@"
	fi
}

folder=$(mktemp -d "\${TMPDIR:-/tmp}/tenantry-postgres-XXXXXXXX") || exit 1

clear_up() {
	trap '' TERM INT HUP
	[ ! -f "$folder/data/postmaster.pid" ] ||
		as_user "$bin/pg_ctl" stop --silent --pgdata "$folder/data" --mode immediate >/dev/null 2>&1
	rm -rf "$folder"
}
trap clear_up EXIT
trap 'exit 1' TERM INT HUP

printf '%s\\n' "$password" >"$folder/password"
[ -z "$user" ] || chown -R "$user" "$folder" || exit 1
cd "$folder" || exit 1
as_user "$bin/initdb" --pgdata "$folder/data" --username postgres --pwfile "$folder/password" --auth scram-sha-256 \\
	--encoding UTF8 --locale C.UTF-8 --no-sync >/dev/null </dev/null || exit 1
rm -f "$folder/password"

# What is lost with the machine may be lost: nothing of it is kept.
cat >>"$folder/data/postgresql.conf" <<END
port = $port
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_locks_per_transaction = 256
END
if ! as_user "$bin/pg_ctl" start --silent --wait --timeout 30 --pgdata "$folder/data" --log "$folder/log" \\
	>/dev/null </dev/null; then
	cat "$folder/log" >&2
	exit 1
fi
echo ready
cat >/dev/null
`
};
var serverScript = (name) => files[name];
//! src/database/throw-away.ts
var tries = 3;
async function withThrowAway({ signal, path = process.env.PATH ?? "" }, use) {
  const programs = findPrograms(path);
  const password = (0, import_node_crypto.randomBytes)(18).toString("hex");
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const words = ["sh", "-c", serverScript("throw-away"), "throw-away", programs, String(port)];
    const server = await import_machine_local.localMachine.converse?.(words, { signal, env: { LC_ALL: "C.UTF-8" } });
    if (server === void 0) throw new Error("this machine keeps no program");
    try {
      await server.send(password).catch(() => {
      });
      if (await server.receive() === "ready") {
        const url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
        return await use({ url, password, programs });
      }
      const why = await whyNot(server);
      signal.throwIfAborted();
      if (attempt < tries && /could not bind|address already in use/i.test(why)) continue;
      throw failed(
        why.split("\n").findLast((line) => line.trim() !== "") ?? `${programs}/initdb said nothing`,
        "its last lines are below; a service container and database-url are the other way",
        why
      );
    } finally {
      await server.end();
    }
  }
}
async function whyNot(server) {
  const { stderr } = await server.end();
  return stderr.trim();
}
var needed = ["initdb", "pg_ctl", "postgres"];
var usual = [
  { root: "/usr/lib/postgresql", version: /^(\d+)$/ },
  { root: "/usr", version: /^pgsql-(\d+)$/ }
];
function findPrograms(path, places = usual) {
  const installed = places.flatMap(
    ({ root, version }) => ((0, import_node_fs.existsSync)(root) ? (0, import_node_fs.readdirSync)(root) : []).flatMap((name) => {
      const number = version.exec(name)?.[1];
      return number === void 0 ? [] : [{ number: Number(number), folder: (0, import_node_path.join)(root, name, "bin") }];
    }).sort((one, other) => other.number - one.number).map(({ folder }) => folder)
  );
  const folders = [...path.split(import_node_path.delimiter).filter((folder) => folder !== ""), ...installed];
  const found = folders.find((folder) => needed.every((program) => (0, import_node_fs.existsSync)((0, import_node_path.join)(folder, program))));
  if (found !== void 0) return found;
  throw failed(
    `no folder of PATH and none of ${places.map(({ root }) => root).join(" and ")} has initdb, pg_ctl and postgres`,
    "use a runner that has them (ubuntu-latest), install the package postgresql, or give database-url of a service container"
  );
}
function failed(observed, next, evidence = "") {
  return new import_ground_errors.UserError(`No PostgreSQL could be started for the preview — ${observed.trim()}`, next, {
    code: "preview-database-failed",
    ...evidence === "" ? {} : { evidence }
  });
}
function freePort() {
  return new Promise((resolve, reject) => {
    const server = (0, import_node_net.createServer)();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  findPrograms,
  withThrowAway
});
