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
  bodyFor: () => bodyFor,
  checkEnvironment: () => checkEnvironment,
  commonFields: () => commonFields,
  composeUrl: () => composeUrl,
  databaseFields: () => databaseFields,
  databaseUrl: () => databaseUrl,
  databaseUrlOf: () => databaseUrlOf,
  defineAction: () => defineAction,
  environment: () => environment,
  environmentWarnings: () => environmentWarnings,
  hostKeyIsPinnedOnce: () => hostKeyIsPinnedOnce,
  isUnlimited: () => isUnlimited,
  lockFields: () => lockFields,
  originalBackend: () => originalBackend,
  parallel: () => parallel,
  parseDatabaseUrl: () => parseDatabaseUrl,
  placeFields: () => placeFields,
  projectFields: () => projectFields,
  readEnvironment: () => readEnvironment,
  redactUrl: () => redactUrl,
  registryFields: () => registryFields,
  registryIsComplete: () => registryIsComplete,
  renderEnvironment: () => renderEnvironment,
  reportFields: () => reportFields,
  secretsInEnvironment: () => secretsInEnvironment,
  secretsInFiles: () => secretsInFiles,
  secretsInUrl: () => secretsInUrl,
  serverFields: () => serverFields,
  tenantEngine: () => tenantEngine,
  timeoutFields: () => timeoutFields,
  withTimeouts: () => withTimeouts
});
module.exports = __toCommonJS(stdin_exports);
var import_machine_ssh_server = require("./machine-ssh-server.cjs");
var import_step_fields = require("./step-fields.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_node_buffer = require("node:buffer");
var import_node_buffer2 = require("node:buffer");
//! src/database/url-scheme.ts
var schemes = ["postgresql", "postgres", "postgis", "psql", "pgsql"];
function schemeOf(url) {
  return schemes.find((scheme) => url.startsWith(`${scheme}://`));
}
var tenantEngine = "django_tenants.postgresql_backend";
function originalBackend(scheme) {
  return scheme === "postgis" ? "django.contrib.gis.db.backends.postgis" : void 0;
}
//! src/database/url.ts
//! src/database/url-parameters.ts
var libpqParameters = /* @__PURE__ */ new Set([
  "service",
  "user",
  "password",
  "passfile",
  "channel_binding",
  "connect_timeout",
  "dbname",
  "host",
  "hostaddr",
  "port",
  "client_encoding",
  "options",
  "application_name",
  "fallback_application_name",
  "keepalives",
  "keepalives_idle",
  "keepalives_interval",
  "keepalives_count",
  "tcp_user_timeout",
  "sslmode",
  "sslnegotiation",
  "sslcompression",
  "sslcert",
  "sslkey",
  "sslcertmode",
  "sslpassword",
  "sslrootcert",
  "sslcrl",
  "sslcrldir",
  "sslsni",
  "requirepeer",
  "require_auth",
  "min_protocol_version",
  "max_protocol_version",
  "ssl_min_protocol_version",
  "ssl_max_protocol_version",
  "gssencmode",
  "krbsrvname",
  "gsslib",
  "gssdelegation",
  "replication",
  "target_session_attrs",
  "load_balance_hosts",
  "scram_client_key",
  "scram_server_key",
  "oauth_issuer",
  "oauth_client_id",
  "oauth_client_secret",
  "oauth_scope",
  "sslkeylogfile"
]);
var secretParameters = /* @__PURE__ */ new Set([
  "password",
  "sslpassword",
  "scram_client_key",
  "scram_server_key",
  "oauth_client_secret"
]);
var partOfParameter = /* @__PURE__ */ new Map([
  ["host", "host"],
  ["port", "port"],
  ["dbname", "name"],
  ["user", "user"],
  ["password", "password"]
]);
function asLibpqReads(keyword, value) {
  if (keyword === "ssl" && value === "true") return { keyword: "sslmode", value: "require" };
  if (keyword === "requiressl") {
    return { keyword: "sslmode", value: value.startsWith("1") ? "require" : "prefer" };
  }
  return { keyword, value };
}
var foreignParameters = /* @__PURE__ */ new Map([
  ["ssl", "write sslmode=require (libpq knows ssl only as ssl=true)"],
  ["sslaccept", "leave it out, and write sslmode=require or sslmode=verify-full"],
  ["ssl_require", "write sslmode=require"],
  ["schema", "leave it out: the schema is chosen per tenant"],
  ["currentSchema", "leave it out: the schema is chosen per tenant"],
  ["search_path", "leave it out: the search path is set per tenant"],
  ["pgbouncer", "leave it out, and give the address of the database itself, not of the pooler"],
  ["connection_limit", "leave it out: it is a setting of Prisma"],
  ["pool_timeout", "leave it out: it is a setting of Prisma"],
  ["pool_size", "leave it out: it is a setting of SQLAlchemy"],
  ["conn_max_age", "leave it out, and set CONN_MAX_AGE in the Django settings"],
  ["conn_health_checks", "leave it out, and set CONN_HEALTH_CHECKS in the Django settings"],
  ["engine", "leave it out, and use the input engine"],
  ["dbname", "write the database after the /"],
  ["database", "write the database after the /"],
  ["username", "write user=…, or the user before the @"],
  ["pass", "write the password before the @"],
  ["timeout", "write connect_timeout=…, in seconds"],
  ["timezone", "write options=-c%20timezone%3D…, or set TIME_ZONE in the Django settings"],
  ["encoding", "write client_encoding=…"],
  ["charset", "write client_encoding=…"]
]);
//! src/database/url-refusal.ts
var refusals = {
  nul: ["character N is a NUL", "copy the URL again"],
  "not-unicode": ["character N is half of a character", "copy the URL again"],
  percent: [
    "the % at character N is not followed by two hexadecimal digits",
    "write a % that is meant itself as %25"
  ],
  "percent-zero": ["%00 at character N stands for a NUL, which no part can hold", "remove it"],
  "not-utf-8": [
    "the percent-encoded bytes at character N are not UTF-8",
    "encode the text as UTF-8 first (é is %C3%A9), and write a % that is meant itself as %25"
  ],
  space: ["there is a space at character N", "write it as %20"],
  "bracket-open": [
    "the [ at character N, where a host begins, has no ]",
    "write an IPv6 address as [::1]; a [ in a user or password is %5B"
  ],
  "bracket-empty": ["there is nothing between the brackets at character N", "write an IPv6 address as [::1]"],
  "bracket-after": [
    "the ] before character N is followed by something else than a :, / or ?, a comma, or the end",
    "write an IPv6 address with its port as [::1]:5432; a [ in a user or password is %5B"
  ],
  "no-equals": [
    "the query parameter at character N has no =",
    "write it as name=value, and a ? or & that is meant itself as %3F or %26"
  ],
  "two-equals": [
    "the = at character N is the second one in its query parameter",
    "write an = inside a value as %3D"
  ],
  parameter: [
    "the query parameter at character N is none that libpq knows",
    "correct its name, or remove it"
  ]
};
function refuse(url, refusal, offset, hint) {
  const [observed, usualHint] = refusals[refusal];
  const place = [...url.slice(0, offset)].length + 1;
  const escaping = perhapsUnescaped(url) ? "; in a user or password, write @ as %40, / as %2F, : as %3A, ? as %3F, # as %23 and % as %25" : "";
  throw new DatabaseUrlRefused(
    refusal,
    observed.replace("N", String(place)),
    `${hint ?? usualHint}${escaping}`
  );
}
function refuseScheme(url) {
  const [observed, hint] = whatInstead(url);
  throw new DatabaseUrlRefused("scheme", observed, hint);
}
var DatabaseUrlRefused = class extends import_ground_errors.UserError {
  refusal;
  constructor(refusal, observed, hint) {
    super(`The database URL cannot be read — ${observed}`, hint, { code: "database-url-invalid" });
    this.name = "DatabaseUrlRefused";
    this.refusal = refusal;
  }
};
var schemeHint = "begin it with postgresql:// (user:password@host:port/database)";
function whatInstead(url) {
  if (url.trim() === "") return ["it is empty", "set the secret, and check its name in the workflow"];
  if (/^\s/.test(url))
    return ["it begins with a space or a line break", "remove what is before postgresql://"];
  if (/^["'`]/.test(url)) return ["it begins with a quotation mark", "store it without quotation marks"];
  if (/^(export\s+)?[A-Z_]+=/.test(url)) {
    return ["it begins with a name and =, like a line of an env file", "give only what is after the ="];
  }
  if (/^psql\s/.test(url)) return ["it begins with the command psql", "give only the URL"];
  if (/^jdbc:/i.test(url))
    return ["it begins with jdbc:", "remove jdbc: and put user and password before the host"];
  if (/^postgres(ql)?\+\w+:\/\//i.test(url)) {
    return [
      "it begins with a scheme of SQLAlchemy, which names a driver",
      "remove the + and the word after it"
    ];
  }
  if (/^(postgres|postgresql|postgis|psql|pgsql):\/\//i.test(url)) {
    return ["its scheme has capital letters, and libpq takes only small ones", schemeHint];
  }
  if (/^postgres(ql)?:/i.test(url)) return ["its scheme is not followed by ://", schemeHint];
  if (/^(mysql|mariadb|sqlite|sqlite3|oracle|mssql|spatialite):/i.test(url)) {
    return ["it is the URL of another kind of database", "tenants by schema need PostgreSQL"];
  }
  if (/^\s*\w+\s*=/.test(url)) {
    return ["it is a list of name=value, and only a URL is taken", schemeHint];
  }
  return ["it does not begin with postgresql:// or postgres://", schemeHint];
}
function perhapsUnescaped(url) {
  const rest = url.slice(url.indexOf("://") + 3);
  const first = rest.indexOf("@");
  return first !== rest.lastIndexOf("@") || first !== -1 && /[/?[]/.test(rest.slice(0, first));
}
//! src/database/url-text.ts
function stretch(url, start, end) {
  return { text: url.slice(start, end), start, offsetOf: (index) => start + index };
}
function joined(stretches) {
  return {
    text: stretches.map(({ text: text2 }) => text2).join(""),
    start: stretches[0]?.start ?? 0,
    offsetOf: (index) => {
      let rest = index;
      for (const { text: text2, offsetOf } of stretches) {
        if (rest < text2.length) return offsetOf(rest);
        rest -= text2.length;
      }
      return stretches.at(-1)?.offsetOf(0) ?? 0;
    }
  };
}
function percentDecode(url, written) {
  const { text: text2, offsetOf } = written;
  const pieces = [];
  let at = text2.search(/[^ ]|$/);
  while (at < text2.length && text2[at] !== " ") {
    const piece = pieceAt(text2, at);
    if (piece === "%") refuse(url, "percent", offsetOf(at));
    if (piece === "%00") refuse(url, "percent-zero", offsetOf(at));
    pieces.push(bytesOf(piece));
    at += piece.length;
  }
  if (/[^ ]/.test(text2.slice(at))) refuse(url, "space", offsetOf(at));
  return { bytes: import_node_buffer2.Buffer.concat(pieces), written };
}
function pieceAt(text2, at) {
  const pattern = /%[0-9a-fA-F]{2}|%|[^% ]+/y;
  pattern.lastIndex = at;
  return pattern.exec(text2)?.[0] ?? "";
}
function bytesOf(piece) {
  return piece.startsWith("%") ? import_node_buffer2.Buffer.from(piece.slice(1), "hex") : import_node_buffer2.Buffer.from(piece);
}
var strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
function utf8(url, decoded) {
  try {
    return strictUtf8.decode(decoded.bytes);
  } catch {
    return refuse(url, "not-utf-8", firstBadPlace(decoded));
  }
}
function firstBadPlace({ bytes, written: { text: text2, offsetOf } }) {
  const bad = firstBadByte(bytes);
  let seen = 0;
  for (let at = text2.search(/[^ ]|$/); at < text2.length; ) {
    const piece = pieceAt(text2, at);
    const length = bytesOf(piece).length;
    if (seen + length > bad) return offsetOf(at);
    seen += length;
    at += piece.length;
  }
  return offsetOf(0);
}
function firstBadByte(bytes) {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let index = 0; index < bytes.length; index += 1) {
    try {
      decoder.decode(bytes.subarray(index, index + 1), { stream: true });
    } catch {
      return index;
    }
  }
  return bytes.length - 1;
}
//! src/database/url.ts
function parseDatabaseUrl(url) {
  return readDatabaseUrl(url).value;
}
function readDatabaseUrl(url) {
  refuseWhatNoUrlHolds(url);
  const scheme = schemeOf(url) ?? refuseScheme(url);
  const options = /* @__PURE__ */ new Map();
  const secrets = [];
  const store = (keyword, value) => {
    options.set(keyword, value);
    if (secretParameters.has(keyword)) secrets.push(placeOf(value));
  };
  const storePart = (keyword, part) => {
    if (part.text !== "") store(keyword, percentDecode(url, part));
  };
  const start = scheme.length + "://".length;
  const userEnd = endOfUser(url, start);
  if (userEnd !== void 0) {
    const nameEnd = indexOr(url, ":", start, userEnd);
    storePart("user", stretch(url, start, nameEnd));
    if (nameEnd < userEnd) storePart("password", stretch(url, nameEnd + 1, userEnd));
  }
  const afterUser = userEnd === void 0 ? start : userEnd + 1;
  const places = readPlaces(url, afterUser);
  storePart("host", joined(places.hosts));
  storePart("port", joined(places.ports));
  let at = places.end;
  if (url[at] === "/") {
    const end = indexOr(url, "?", at + 1, url.length);
    storePart("dbname", stretch(url, at + 1, end));
    at = end;
  }
  for (const { keyword, value } of readQuery(url, at + 1)) {
    const name = percentDecode(url, keyword).bytes.toString("latin1");
    const decoded = percentDecode(url, value);
    const read = asLibpqReads(name, decoded.bytes.toString("latin1"));
    if (!libpqParameters.has(read.keyword)) {
      refuse(url, "parameter", keyword.start, hintFor(url, keyword.start, name));
    }
    store(read.keyword, read.keyword === name ? decoded : { ...decoded, bytes: import_node_buffer.Buffer.from(read.value) });
  }
  const texts = [...options].map(([keyword, value]) => [keyword, utf8(url, value)]);
  const perhapsMisread = url.includes("@", afterUser);
  return { value: asDatabaseUrl(scheme, Object.fromEntries(texts), perhapsMisread), secrets };
}
function placeOf({ bytes, written: { text: text2, start } }) {
  return { start, end: start + text2.length, decoded: bytes.toString("utf8") };
}
function asDatabaseUrl(scheme, options, perhapsMisread) {
  const { host = "", port: port2 = "", dbname: name = "", user = "", password = "" } = options;
  const params = Object.fromEntries(
    Object.entries(options).filter(([keyword]) => !partOfParameter.has(keyword))
  );
  return { scheme, host, port: port2, name, user, password, params, options, perhapsMisread };
}
function refuseWhatNoUrlHolds(url) {
  const nul = url.indexOf("\0");
  if (nul !== -1) refuse(url, "nul", nul);
  const half = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.exec(url);
  if (half !== null) refuse(url, "not-unicode", half.index);
}
function endOfUser(url, start) {
  const end = url.slice(start).search(/[@/]/);
  return end !== -1 && url[start + end] === "@" ? start + end : void 0;
}
function readPlaces(url, start) {
  const hosts = [];
  const ports = [];
  for (let at = start; ; at += 1) {
    let end;
    if (url[at] === "[") {
      end = indexOr(url, "]", at + 1, url.length);
      if (end === url.length) refuse(url, "bracket-open", at);
      if (end === at + 1) refuse(url, "bracket-empty", at);
      hosts.push(stretch(url, at + 1, end));
      end += 1;
      if (end < url.length && !":/?,".includes(url.charAt(end))) refuse(url, "bracket-after", end);
    } else {
      end = searchOr(url, /[:/?,]/g, at);
      hosts.push(stretch(url, at, end));
    }
    at = url[end] === ":" ? searchOr(url, /[/?,]/g, end + 1) : end;
    ports.push(stretch(url, Math.min(end + 1, at), at));
    if (url[at] !== ",") return { hosts, ports, end: at };
    hosts.push(stretch(url, at, at + 1));
    ports.push(stretch(url, at, at + 1));
  }
}
function* readQuery(url, start) {
  for (let at = start; at < url.length; ) {
    const end = indexOr(url, "&", at, url.length);
    const equals = indexOr(url, "=", at, end);
    if (equals >= end) refuse(url, "no-equals", at);
    const second = indexOr(url, "=", equals + 1, end);
    if (second < end) refuse(url, "two-equals", second);
    yield { keyword: stretch(url, at, equals), value: stretch(url, equals + 1, end) };
    at = end + 1;
  }
}
function hintFor(url, at, keyword) {
  const hint = url.includes("@", at) ? void 0 : foreignParameters.get(keyword);
  return hint === void 0 ? void 0 : `its name is ${keyword}: ${hint}`;
}
var indexOr = (text2, character, from, to) => {
  const index = text2.indexOf(character, from);
  return index === -1 || index > to ? to : index;
};
var searchOr = (text2, pattern, from) => {
  pattern.lastIndex = from;
  return pattern.exec(text2)?.index ?? text2.length;
};
//! src/database/url-compose.ts
function composeUrl(parts, scheme = "postgresql") {
  refuseImpossible(parts);
  const parameters = Object.entries(parts.params).map(([keyword, value]) => asLibpqReads(keyword, value));
  const places = composePlaces(parts.host, parts.port);
  const query = [
    ...places === void 0 ? [`host=${encoded(parts.host)}`] : [],
    ...places === void 0 && parts.port !== "" ? [`port=${encoded(parts.port)}`] : [],
    ...parameters.map(({ keyword, value }) => `${encoded(keyword)}=${encoded(value)}`)
  ].join("&");
  return [
    `${scheme}://`,
    parts.user === "" && parts.password === "" ? "" : `${composeUser(parts)}@`,
    places ?? "",
    parts.name === "" ? query === "" ? "" : "/" : `/${encoded(parts.name)}`,
    query === "" ? "" : `?${query}`
  ].join("");
}
function databaseUrlOf(parts, scheme = "postgresql") {
  return parseDatabaseUrl(composeUrl(parts, scheme));
}
function encoded(text2) {
  return encodeURIComponent(text2).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  );
}
function composeUser({ user, password }) {
  return password === "" ? encoded(user) : `${encoded(user)}:${encoded(password)}`;
}
function composePlaces(host, port2) {
  const hosts = host.split(",");
  const ports = port2.split(",");
  if (hosts.length !== ports.length) return void 0;
  return hosts.map((one, index) => `${composeHost(one)}${ports[index] === "" ? "" : `:${encoded(ports[index] ?? "")}`}`).join(",");
}
function composeHost(host) {
  const address = /^([0-9a-fA-F:.]*:[0-9a-fA-F:.]*)(%.+)?$/s.exec(host);
  return address === null ? encoded(host) : `[${address[1]}${encoded(address[2] ?? "")}]`;
}
function refuseImpossible(parts) {
  for (const [keyword, value] of Object.entries(parts.params)) {
    const part = partOfParameter.get(keyword);
    if (part !== void 0) {
      throw refused(`params has ${keyword}, which has an input of its own`, `give it as ${part}`);
    }
    if (!libpqParameters.has(asLibpqReads(keyword, value).keyword)) {
      const meant = (0, import_ground_words.nearest)(keyword, [...libpqParameters]);
      const hint = foreignParameters.get(keyword) ?? (meant === void 0 ? "remove it" : `did you mean ${meant}?`);
      throw refused(`params has ${keyword}, which libpq does not know`, hint);
    }
  }
  const { host, port: port2, name, user, password, params } = parts;
  const impossible = Object.entries({ host, port: port2, name, user, password, ...params }).filter(
    ([, text2]) => text2.includes("\0") || !text2.isWellFormed()
  );
  if (impossible.length > 0) {
    const names = (0, import_ground_words.listed)(impossible.map(([name2]) => name2));
    throw refused(`${names} holds a NUL or half a character`, "copy the text again");
  }
}
function refused(observed, hint) {
  return new import_ground_errors.UserError(`The database URL cannot be composed — ${observed}`, hint, {
    code: "database-parts-invalid"
  });
}
//! src/database/url-secrets.ts
var hidden = "***";
function redactUrl(url) {
  const read = tryToRead(url);
  if (read === void 0 || read.value.perhapsMisread) {
    const scheme = /^[a-z][a-z0-9+]*:\/\//.exec(url)?.[0] ?? "";
    return `${scheme}${hidden}`;
  }
  const places = [...read.secrets].sort((a, b) => b.start - a.start);
  return places.reduce((text2, { start, end }) => `${text2.slice(0, start)}${hidden}${text2.slice(end)}`, url);
}
function secretsInUrl(url) {
  const read = tryToRead(url);
  const found = /* @__PURE__ */ new Set([url, url.trim()]);
  for (const { start, end, decoded } of read?.secrets ?? []) {
    for (const text2 of [url.slice(start, end), url.slice(start, end).trim(), decoded, encoded(decoded)]) {
      found.add(text2);
    }
  }
  if (read !== void 0) found.add(composeUrl(read.value, read.value.scheme));
  if (read === void 0 || read.value.perhapsMisread) {
    const { host = "", port: port2 = "", name = "" } = read?.value ?? {};
    for (const text2 of [host, port2, name, ...perhapsPassword(url)]) {
      found.add(text2);
      found.add(decodedIfPossible(text2));
    }
  }
  found.delete("");
  return [...found].sort((a, b) => b.length - a.length);
}
function tryToRead(url) {
  try {
    return readDatabaseUrl(url);
  } catch (error) {
    if (error instanceof import_ground_errors.UserError) return void 0;
    throw error;
  }
}
function perhapsPassword(url) {
  const rest = url.includes("://") ? url.slice(url.indexOf("://") + 3) : url;
  const end = rest.lastIndexOf("@");
  if (end === -1) return [];
  const colon = rest.indexOf(":");
  const text2 = rest.slice(colon !== -1 && colon < end ? colon + 1 : 0, end);
  return [text2, ...text2.split(/[@/,:?&=]/).filter((piece) => piece.length > 2)];
}
function decodedIfPossible(text2) {
  try {
    return decodeURIComponent(text2);
  } catch {
    return text2;
  }
}
//! src/step/action.ts
function defineAction(definition) {
  return { rules: [], secretOutputs: [], ...definition };
}
//! src/deployment/request/environment.ts
function readEnvironment(text2) {
  const variables = {};
  const refusals2 = [];
  for (const [index, raw] of text2.replace(/^\uFEFF/, "").split(/\r?\n/).entries()) {
    const line = raw.trimStart();
    if (line === "" || line.startsWith("#")) continue;
    const separator = line.indexOf("=");
    const key = separator === -1 ? "" : line.slice(0, separator);
    const refusal = separator === -1 ? "has no =" : complaintAboutKey(key);
    if (refusal !== void 0) refusals2.push(`line ${index + 1} ${refusal}`);
    else if (key in variables) refusals2.push(`line ${index + 1} gives ${key} a second time`);
    else variables[key] = line.slice(separator + 1);
  }
  if (refusals2.length === 0) return variables;
  throw new RangeError(`${refusals2.join("; ")} — write one KEY=VALUE a line; a value has no line breaks`);
}
function complaintAboutKey(key) {
  if (/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(key)) return void 0;
  const [, exported] = /^export\s+([A-Za-z_]\w*)$/.exec(key) ?? [];
  if (exported !== void 0) return `says "export ${exported}": leave "export" away`;
  return key.trim() === "" ? "has no key before its =" : "has no valid key before its =";
}
function checkEnvironment(variables, required) {
  const invalid = Object.entries(variables).filter(
    ([key, value]) => complaintAboutKey(key) !== void 0 || /[\r\n\0]/.test(value)
  );
  if (invalid.length > 0) {
    const keys = invalid.map(
      ([key]) => complaintAboutKey(key) === void 0 ? key : "a key that is no name"
    );
    throw new import_ground_errors.UserError(
      `env cannot be given to Docker — ${(0, import_ground_words.listed)(keys, 5)} ${invalid.length === 1 ? "has" : "have"} line breaks or no valid name`,
      "an environment file has one line a variable: encode the value (base64), or mount it as a file",
      { code: "env-invalid" }
    );
  }
  const missing = required.filter((key) => (variables[key] ?? "") === "");
  if (missing.length > 0) {
    throw new import_ground_errors.UserError(
      `env lacks ${(0, import_ground_words.counted)(missing.length, "required variable")} — ${(0, import_ground_words.listed)(missing)}`,
      "add them to the input env (is the secret set in this environment?)",
      { code: "env-missing" }
    );
  }
}
function environmentWarnings(variables) {
  const having = (test) => Object.entries(variables).flatMap(([key, value]) => test.test(value) ? [key] : []);
  const warnings = [
    [having(/^(["']).*\1$/), "Docker keeps the quotes as part of the value"],
    [having(/\s#/), "Docker keeps the # and what follows as part of the value"],
    [having(/\s$/), "Docker keeps the space at the end"],
    [having(/\$\{?[A-Z_]+\}?/), "Docker does not replace the $ names"]
  ];
  return warnings.flatMap(([keys, text2]) => keys.length === 0 ? [] : [`env: ${(0, import_ground_words.listed)(keys, 5)}: ${text2}`]);
}
function renderEnvironment(variables) {
  return Object.keys(variables).sort().map((key) => `${key}=${variables[key]}
`).join("");
}
function secretsInEnvironment(variables) {
  return Object.entries(variables).flatMap(
    ([key, value]) => /SECRET|PASSW|TOKEN|KEY|CREDENTIAL|PRIVATE|_URL$|_DSN$|_URI$/i.test(key) && value.length >= 4 ? [value] : []
  );
}
function secretsInFiles(files) {
  const setting = /["']?([\w.-]+)["']?[ \t]*[:=][ \t]*(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"',;{}[\]]+))/g;
  return Object.values(files).flatMap(
    (content) => [...content.matchAll(setting)].flatMap(
      ([, key = "", ...values]) => secretsInEnvironment({ [key]: values.find((value) => value !== void 0) ?? "" })
    )
  );
}
//! src/machine/timeouts.ts
var longestTimeout = 2147483647;
function withTimeouts(options, { lock, statement }) {
  return [options ?? "", `-c lock_timeout=${lock}`, `-c statement_timeout=${statement}`].filter((part) => part.trim() !== "").join(" ");
}
function isUnlimited({ lock, statement }) {
  return lock === 0 && statement === 0;
}
//! src/report/notification.ts
function parseListener(line) {
  const [, format, address = ""] = /^(?:(slack|discord|webhook)\s+)?(\S+)$/.exec(line.trim()) ?? [];
  const url = URL.canParse(address) ? new URL(address) : void 0;
  if (url === void 0 || !/^https?:$/.test(url.protocol)) {
    throw new RangeError(
      "one of its lines is not an https:// address — write the address, or slack, discord or webhook and the address"
    );
  }
  return { format: format ?? formatOf(url), url };
}
function formatOf({ hostname, pathname }) {
  if (hostname === "hooks.slack.com" || hostname === "hooks.slack-gov.com") return "slack";
  if (/^((ptb|canary)\.)?discord(app)?\.com$/.test(hostname) && pathname.startsWith("/api/"))
    return "discord";
  return "webhook";
}
function bodyFor(format, notification) {
  if (format === "slack") return slackMessage(notification);
  if (format === "discord") return discordMessage(notification);
  return event(notification);
}
var signs = { start: "⏳", success: "✅", failure: "❌" };
var colours = { start: 616922, success: 1736503, failure: 13574702 };
function titleOf({ moment, subject, environment: environment2 }) {
  const what = { start: "is being deployed", success: "is deployed", failure: "was not deployed" }[moment];
  return `${signs[moment]} ${subject} ${what} (${environment2})`;
}
function slackMessage(notification) {
  const { sentence, link, actor } = notification;
  const title = slackText(shortened(titleOf(notification), 150));
  const more = link === void 0 ? actor : `<${slackText(link)}|The run> by ${actor}`;
  return {
    // What notifications of a telephone show.
    text: `${title}: ${slackText(shortened(sentence, 1e3))}`,
    blocks: [
      {
        type: "section",
        text: { type: "mrkdwn", text: `*${title}*
${slackText(shortened(sentence, 2e3))}` }
      },
      { type: "context", elements: [{ type: "mrkdwn", text: more }] }
    ]
  };
}
function slackText(text2) {
  return text2.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
function discordMessage(notification) {
  const { moment, sentence, link, actor } = notification;
  return {
    embeds: [
      {
        title: shortened(titleOf(notification), 256),
        description: shortened(sentence, 2e3).replace(/[\\`*_~|[\]<>]/g, "\\$&"),
        color: colours[moment],
        footer: { text: shortened(actor, 100) },
        ...link === void 0 ? {} : { url: link }
      }
    ],
    // Nobody is called by what an application has said.
    allowed_mentions: { parse: [] }
  };
}
function event(notification) {
  return { schema: 1, ...notification };
}
function shortened(text2, longest) {
  return text2.length <= longest ? text2 : `${text2.slice(0, longest - 1).toWellFormed()}…`;
}
//! src/actions/fields.ts
var commonFields = {
  timeout: import_step_fields.duration,
  summary: import_step_fields.boolean
};
var databaseUrl = (0, import_step_fields.secret)(
  (0, import_step_fields.readAs)((written) => parseDatabaseUrl(written.trim())),
  secretsInUrl
);
var databaseFields = {
  databaseUrl,
  waitAttempts: (0, import_step_fields.count)({ least: 1 }),
  waitInterval: import_step_fields.duration
};
var placeFields = {
  connectThrough: (0, import_step_fields.choice)("direct", "ssh"),
  runIn: (0, import_step_fields.choice)("runner", "image", "server")
};
var lockFields = {
  lockWait: import_step_fields.duration
};
var databaseTimeout = (0, import_step_fields.readAs)((value) => {
  const milliseconds = Math.ceil((0, import_ground_duration.parseDuration)(value.trim()));
  if (milliseconds <= longestTimeout) return milliseconds;
  throw new RangeError(`"${value}" is more than PostgreSQL takes (24 days) — 0s is no limit`);
});
var timeoutFields = {
  lockTimeout: databaseTimeout,
  statementTimeout: databaseTimeout
};
var environment = (0, import_step_fields.withSecrets)((0, import_step_fields.readAs)(readEnvironment), (written) => {
  try {
    return secretsInEnvironment(readEnvironment(written));
  } catch {
    return written.split(/\r?\n/);
  }
});
var projectFields = {
  workingDirectory: import_step_fields.text,
  python: import_step_fields.text,
  settingsModule: import_step_fields.text.optional()
};
function parseParallel(written) {
  if (written.trim() === "auto") return void 0;
  if (/^[1-9]\d{0,2}$/.test(written.trim())) return Number(written);
  throw new RangeError(`"${written}" is neither auto nor a number of tenants from 1 to 999`);
}
var parallel = (0, import_step_fields.readAs)(parseParallel);
var serverFields = {
  host: import_step_fields.lines,
  sshUser: import_step_fields.text,
  sshPort: import_step_fields.port,
  sshKey: (0, import_step_fields.secret)(import_step_fields.text.optional()),
  sshPassphrase: (0, import_step_fields.secret)(import_step_fields.text.optional()),
  sshPassword: (0, import_step_fields.secret)(import_step_fields.text.optional()),
  sshFingerprint: import_step_fields.lines.optional(),
  sshKnownHosts: import_step_fields.lines.optional(),
  sshJump: (0, import_step_fields.readAs)(import_machine_ssh_server.parseJump).optional(),
  sshJumpKey: (0, import_step_fields.secret)(import_step_fields.text.optional()),
  sshJumpFingerprint: import_step_fields.lines.optional(),
  sshConnectTimeout: import_step_fields.duration
};
var reportFields = {
  githubToken: (0, import_step_fields.secret)(import_step_fields.text.optional()),
  deploymentEnvironment: import_step_fields.text.optional(),
  notify: (0, import_step_fields.secret)((0, import_step_fields.linesOf)(parseListener), linesWithAddresses).optional()
};
function linesWithAddresses(written) {
  return written.split(/\s+/).filter((word) => word.includes("://"));
}
var registryFields = {
  registry: import_step_fields.text.optional(),
  registryUsername: import_step_fields.text.optional(),
  registryPassword: (0, import_step_fields.secret)(import_step_fields.text.optional())
};
function registryIsComplete(given) {
  const { registry, registryUsername, registryPassword } = given;
  const credentials = [registryUsername, registryPassword].filter((value) => value !== void 0).length;
  return credentials === 1 || credentials === 0 && registry !== void 0 ? "registry: needs registry-username and registry-password, both of them" : void 0;
}
function hostKeyIsPinnedOnce(given) {
  return given.sshFingerprint !== void 0 && given.sshKnownHosts !== void 0 ? "ssh-fingerprint and ssh-known-hosts: give one of them" : void 0;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  bodyFor,
  checkEnvironment,
  commonFields,
  composeUrl,
  databaseFields,
  databaseUrl,
  databaseUrlOf,
  defineAction,
  environment,
  environmentWarnings,
  hostKeyIsPinnedOnce,
  isUnlimited,
  lockFields,
  originalBackend,
  parallel,
  parseDatabaseUrl,
  placeFields,
  projectFields,
  readEnvironment,
  redactUrl,
  registryFields,
  registryIsComplete,
  renderEnvironment,
  reportFields,
  secretsInEnvironment,
  secretsInFiles,
  secretsInUrl,
  serverFields,
  tenantEngine,
  timeoutFields,
  withTimeouts
});
