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
  encryptionsOf: () => encryptionsOf,
  environmentVariables: () => environmentVariables,
  farEndOf: () => farEndOf,
  planConnection: () => planConnection,
  tlsOptions: () => tlsOptions
});
module.exports = __toCommonJS(stdin_exports);
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_node_fs = require("node:fs");
var import_node_net = require("node:net");
var import_node_path = require("node:path");
var import_node_tls = require("node:tls");
//! src/database/libpq-values.ts
function oneOf(keyword, value, choices) {
  const found = choices.find((choice) => choice === value);
  if (found !== void 0) return found;
  throw invalid(`its ${keyword} has a value that libpq does not know`, `use one of ${choices.join(", ")}`);
}
function invalid(observed, hint) {
  return new import_ground_errors.UserError(`The database URL cannot be used — ${observed}`, hint, {
    code: "database-url-invalid"
  });
}
//! src/database/tls-plan.ts
var sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
var versions = {
  TLSv1: "TLSv1",
  "TLSv1.1": "TLSv1.1",
  "TLSv1.2": "TLSv1.2",
  "TLSv1.3": "TLSv1.3"
};
function readTlsPlan(value, { homeFolder, caFile }) {
  const own = (file) => (0, import_node_path.join)(homeFolder, ".postgresql", file);
  const roots = caFile ?? value("sslrootcert");
  const written = value("sslmode");
  const usual = roots === "system" || caFile !== void 0 ? "verify-full" : "prefer";
  const mode = oneOf("sslmode", written ?? usual, sslModes);
  if (roots === "system" && mode !== "verify-full") {
    throw invalid("sslrootcert=system goes with sslmode=verify-full only", "set sslmode=verify-full");
  }
  const direct = oneOf("sslnegotiation", value("sslnegotiation") ?? "postgres", ["postgres", "direct"]) === "direct";
  if (direct && ["disable", "allow", "prefer"].includes(mode)) {
    throw invalid("sslnegotiation=direct goes with sslmode=require or stricter only", "set sslmode=require");
  }
  return {
    mode,
    direct,
    roots: roots ?? own("root.crt"),
    certificate: certificateOf(value, own),
    revocations: value("sslcrl"),
    serverName: value("sslsni") !== "0",
    minVersion: version("ssl_min_protocol_version", value("ssl_min_protocol_version")) ?? "TLSv1.2",
    maxVersion: version("ssl_max_protocol_version", value("ssl_max_protocol_version"))
  };
}
function certificateOf(value, own) {
  if (value("sslcertmode") === "disable") return void 0;
  const given = value("sslcert");
  const file = given ?? own("postgresql.crt");
  if (given === void 0 && !(0, import_node_fs.existsSync)(file)) return void 0;
  return { file, keyFile: value("sslkey") ?? own("postgresql.key"), passphrase: value("sslpassword") };
}
function version(keyword, written) {
  return written === void 0 ? void 0 : versions[oneOf(keyword, written, Object.keys(versions))];
}
function encryptionsOf(mode, kind) {
  if (kind === "socket" || mode === "disable") return ["plain"];
  if (mode === "allow") return ["plain", "tls"];
  if (mode === "prefer") return ["tls-if-offered", "plain"];
  return ["tls"];
}
function tlsOptions(plan, host) {
  const roots = rootsOf(plan);
  const { certificate } = plan;
  return {
    host,
    ...plan.serverName && (0, import_node_net.isIP)(host) === 0 ? { servername: host } : {},
    rejectUnauthorized: roots !== void 0,
    ...roots === void 0 ? {} : { ca: roots },
    ...plan.mode === "verify-full" ? {} : { checkServerIdentity: () => void 0 },
    ...certificate === void 0 ? {} : {
      cert: readTlsFile("sslcert", certificate.file),
      key: readTlsFile("sslkey", certificate.keyFile),
      ...certificate.passphrase === void 0 ? {} : { passphrase: certificate.passphrase }
    },
    ...plan.revocations === void 0 ? {} : { crl: readTlsFile("sslcrl", plan.revocations) },
    ...plan.direct ? { ALPNProtocols: ["postgresql"] } : {},
    minVersion: plan.minVersion,
    ...plan.maxVersion === void 0 ? {} : { maxVersion: plan.maxVersion }
  };
}
function rootsOf({ roots, mode }) {
  if (roots === "system") return (0, import_node_tls.getCACertificates)("system");
  if (!mode.startsWith("verify") && !(0, import_node_fs.existsSync)(roots)) return void 0;
  return readTlsFile("sslrootcert", roots);
}
function readTlsFile(parameter, file) {
  try {
    return (0, import_node_fs.readFileSync)(file, "utf8");
  } catch (error) {
    const observed = (0, import_ground_errors.codeOf)(error) === "ENOENT" ? "there is no such file" : (0, import_ground_errors.messageOf)(error);
    const otherwise = parameter === "sslrootcert" ? ", or sslrootcert=system for the authorities of this machine" : "";
    throw new import_ground_errors.UserError(
      `Cannot read ${file}, the ${parameter} of the database connection — ${observed}`,
      `give the path of a file in PEM form${otherwise}`,
      { code: "database-tls-file", cause: error }
    );
  }
}
//! src/database/connection-plan.ts
var sessionWishes = [
  "any",
  "read-write",
  "read-only",
  "primary",
  "standby",
  "prefer-standby"
];
var environmentVariables = {
  host: "PGHOST",
  hostaddr: "PGHOSTADDR",
  port: "PGPORT",
  dbname: "PGDATABASE",
  user: "PGUSER",
  password: "PGPASSWORD",
  options: "PGOPTIONS",
  connect_timeout: "PGCONNECT_TIMEOUT",
  target_session_attrs: "PGTARGETSESSIONATTRS",
  channel_binding: "PGCHANNELBINDING",
  sslmode: "PGSSLMODE",
  sslnegotiation: "PGSSLNEGOTIATION",
  sslrootcert: "PGSSLROOTCERT",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
  sslcrl: "PGSSLCRL",
  sslcertmode: "PGSSLCERTMODE",
  sslsni: "PGSSLSNI",
  ssl_min_protocol_version: "PGSSLMINPROTOCOLVERSION",
  ssl_max_protocol_version: "PGSSLMAXPROTOCOLVERSION"
};
var socketFolders = ["/var/run/postgresql", "/tmp"];
function planConnection(url, surroundings) {
  refuseMisread(url);
  refuseUnsupported(url.options);
  const value = (keyword) => {
    const variable = environmentVariables[keyword];
    const given = url.options[keyword] ?? (variable === void 0 ? void 0 : surroundings.environment[variable]);
    return given === "" ? void 0 : given;
  };
  const user = value("user") ?? surroundings.systemUser;
  return {
    places: planPlaces(value("host"), value("hostaddr"), value("port")),
    user,
    database: value("dbname") ?? user,
    password: value("password"),
    tls: readTlsPlan(value, surroundings),
    sessionWish: oneOf("target_session_attrs", value("target_session_attrs") ?? "any", sessionWishes),
    backendOptions: value("options"),
    connectTimeout: planTimeout(value("connect_timeout")),
    channelBinding: oneOf("channel_binding", value("channel_binding") ?? "prefer", ["disable", "prefer", "require"]) === "require"
  };
}
function farEndOf(url) {
  const { places } = planConnection(url, {
    environment: process.env,
    systemUser: "",
    homeFolder: "",
    caFile: void 0
  });
  const [place, ...others] = places;
  if (place?.kind === "tcp" && others.length === 0)
    return { host: place.address ?? place.host, port: place.port };
  throw new import_ground_errors.UserError(
    `connect-through: ssh leads to one host, and the database URL names ${place?.kind === "tcp" ? `${places.length} of them` : "a socket"}`,
    "name the one host that is to be migrated, as the server that is gone through knows it",
    { code: "database-url-unsupported" }
  );
}
function planPlaces(host, address, port) {
  const addresses = address?.split(",");
  const hosts = host?.split(",") ?? addresses?.map(() => "") ?? [""];
  if (addresses !== void 0 && addresses.length !== hosts.length) {
    throw invalid(
      `it has ${hosts.length} hosts and ${addresses.length} addresses`,
      "give one hostaddr for each host"
    );
  }
  const ports = port?.split(",") ?? [""];
  if (ports.length !== 1 && ports.length !== hosts.length) {
    throw invalid(
      `it has ${hosts.length} hosts and ${ports.length} ports`,
      "give one port, or one for each host"
    );
  }
  return hosts.flatMap(
    (name, index) => placesOf(name, addresses?.[index], planPort(ports.length === 1 ? ports[0] : ports[index]))
  );
}
function placesOf(host, address, port) {
  if (address !== void 0 && address !== "") return [{ kind: "tcp", host: host || address, address, port }];
  if (host === "") return socketFolders.map((folder) => ({ kind: "socket", folder, port }));
  if (/^[/@]/.test(host)) return [{ kind: "socket", folder: host, port }];
  return [{ kind: "tcp", host, address: void 0, port }];
}
function planPort(written) {
  if (written === void 0 || written === "") return 5432;
  const port = Number(written.trim());
  if (/^\s*\+?\d+\s*$/.test(written) && port >= 1 && port <= 65535) return port;
  throw invalid(
    "its port is not a number from 1 to 65535",
    "correct the port; if the password has a / in it, write that as %2F"
  );
}
function planTimeout(written) {
  if (written === void 0) return void 0;
  if (!/^\s*[+-]?\d+\s*$/.test(written))
    throw invalid("its connect_timeout is not a number", "give whole seconds");
  return Number(written) > 0 ? Number(written) * 1e3 : void 0;
}
function refuseMisread({ host, port, perhapsMisread }) {
  if (!perhapsMisread || !`${host}${port}`.includes("@")) return;
  throw invalid(
    "there is a second @, so that what should be the end of the password is read as the host",
    "write an @ in a user or password as %40"
  );
}
var unsupported = {
  service: () => true,
  passfile: () => true,
  sslcrldir: () => true,
  requirepeer: () => true,
  require_auth: () => true,
  replication: (value) => !["false", "off", "no", "0"].includes(value),
  gssencmode: (value) => value === "require",
  oauth_issuer: () => true,
  scram_client_key: () => true
};
function refuseUnsupported(options) {
  const found = Object.keys(unsupported).filter((keyword) => {
    const value = options[keyword];
    return value !== void 0 && value !== "" && unsupported[keyword]?.(value);
  });
  if (found.length === 0) return;
  throw new import_ground_errors.UserError(
    `The database URL asks for what Tenantry cannot do — ${(0, import_ground_words.listed)(found)}`,
    "leave it out, or give what stands behind it (host, user, password, sslmode) in the URL itself",
    { code: "database-url-unsupported" }
  );
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  encryptionsOf,
  environmentVariables,
  farEndOf,
  planConnection,
  tlsOptions
});
