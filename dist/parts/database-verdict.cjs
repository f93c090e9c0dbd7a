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
  connect: () => connect,
  testConnection: () => testConnection,
  waitForDatabase: () => waitForDatabase
});
module.exports = __toCommonJS(stdin_exports);
var import_ground_retry = require("./ground-retry.cjs");
var import_database_connection_plan = require("./database-connection-plan.cjs");
var import_ground_duration = require("./ground-duration.cjs");
var import_ground_words = require("./ground-words.cjs");
var import_ground_errors = require("./ground-errors.cjs");
var import_node_os = require("node:os");
var import_node_tls = require("node:tls");
var import_node_crypto = require("node:crypto");
var import_promises = require("node:dns/promises");
var import_node_events = require("node:events");
var import_node_net = require("node:net");
var import_node_tls2 = require("node:tls");
var import_promises2 = require("node:timers/promises");
//! src/database/connection.ts
//! src/database/observation.ts
var Observed = class extends Error {
  observation;
  constructor(observation, cause) {
    super(observation.kind, cause === void 0 ? void 0 : { cause });
    this.name = "Observed";
    this.observation = observation;
  }
};
function observe(error, phase) {
  if (error instanceof Observed) return error.observation;
  const code = (0, import_ground_errors.codeOf)(error) ?? "";
  if (isServerError(error)) {
    return { kind: "server", sqlState: code, message: (0, import_ground_errors.messageOf)(error), routine: error.routine ?? "" };
  }
  if (phase === "resolve") return { kind: "name-not-resolved", code };
  if (phase === "connect") return observeConnecting(error, code);
  if (isCertificateError(code)) return { kind: "certificate", reason: certificateReason(code, error) };
  if (phase === "encrypt" || code.startsWith("ERR_SSL"))
    return { kind: "tls-failed", reason: tlsReason(error) };
  if (["ECONNRESET", "EPIPE"].includes(code) || /^Connection terminated/.test((0, import_ground_errors.messageOf)(error)))
    return { kind: "closed" };
  return { kind: "other", message: (0, import_ground_errors.messageOf)(error) };
}
function observeConnecting(error, code) {
  switch (code) {
    case "ENOENT":
    case "EACCES":
    case "ENOTSOCK":
    case "ENOTDIR":
      return { kind: "no-socket", code };
    case "ECONNREFUSED":
      return { kind: "refused" };
    case "ETIMEDOUT":
      return { kind: "no-answer" };
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
    case "EADDRNOTAVAIL":
    case "EPERM":
      return { kind: "unreachable", code };
    case "ECONNRESET":
      return { kind: "closed" };
    default:
      return { kind: "other", message: (0, import_ground_errors.messageOf)(error) };
  }
}
function observeTunnel(error) {
  const said = (0, import_ground_errors.messageOf)(error).replace("(SSH) Channel open failure: ", "");
  if (/refused/i.test(said)) return { kind: "refused" };
  if (/not known|resolution|no address/i.test(said)) return { kind: "name-not-resolved", code: said };
  if (/no route|unreachable/i.test(said)) return { kind: "unreachable", code: said };
  if (/timed out/i.test(said)) return { kind: "no-answer" };
  return /prohibited|^open failed/i.test(said) ? { kind: "not-forwarded", said } : { kind: "other", message: said };
}
function isServerError(error) {
  return error instanceof Error && "severity" in error && /^[0-9A-Z]{5}$/.test((0, import_ground_errors.codeOf)(error) ?? "");
}
var certificateCodes = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is signed by itself, and by no authority that was given",
  SELF_SIGNED_CERT_IN_CHAIN: "its authority is none of those that were given",
  UNABLE_TO_GET_ISSUER_CERT: "its authority is none of those that were given",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its authority is none of those that were given",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its authority is none of those that were given",
  CERT_SIGNATURE_FAILURE: "its signature is not that of its authority",
  CERT_UNTRUSTED: "its authority is not trusted",
  CERT_HAS_EXPIRED: "it has expired",
  CERT_NOT_YET_VALID: "it is not valid yet",
  CERT_REVOKED: "it was revoked",
  CERT_REJECTED: "it is not meant for this purpose",
  INVALID_PURPOSE: "it is not meant for this purpose",
  INVALID_CA: "what signed it is no authority",
  PATH_LENGTH_EXCEEDED: "its chain of authorities is too long",
  UNABLE_TO_GET_CRL: "the list of revoked certificates does not belong to its authority",
  CRL_HAS_EXPIRED: "the list of revoked certificates has expired"
};
function isCertificateError(code) {
  return code in certificateCodes || code === "ERR_TLS_CERT_ALTNAME_INVALID";
}
function certificateReason(code, error) {
  if (code !== "ERR_TLS_CERT_ALTNAME_INVALID") return certificateCodes[code] ?? (0, import_ground_errors.messageOf)(error);
  const names = namesOf(error);
  return names === void 0 ? "it is made out to other names" : `it is made out to ${names}`;
}
function namesOf(error) {
  if (typeof error !== "object" || error === null || !("cert" in error)) return void 0;
  const { raw } = error.cert;
  if (raw === void 0) return void 0;
  const { subjectAltName, subject } = new import_node_crypto.X509Certificate(raw);
  return subjectAltName?.replaceAll("DNS:", "").replaceAll("IP Address:", "") ?? /CN=(.*)/.exec(subject ?? "")?.[1];
}
function tlsReason(error) {
  const reason = typeof error === "object" && error !== null && "reason" in error ? error.reason : void 0;
  if (typeof reason === "string") return reason;
  return (0, import_ground_errors.codeOf)(error) === "ECONNRESET" ? "the server closed the connection" : (0, import_ground_errors.messageOf)(error);
}
//! src/database/verdict-terms.ts
var capitalised = (text) => text.startsWith("the ") ? `T${text.slice(1)}` : text;
//! src/database/server-verdict.ts
function judgeAnswer(answer, circumstances2) {
  const { server, user, database, discreet } = circumstances2;
  const said = discreet ? "what it said is not shown: it may hold a piece of the password" : `it said: ${answer.message}`;
  const notNow = { observed: said, waiting: "helps" };
  const never = { observed: said, waiting: "is useless" };
  if (wantsTls(answer, circumstances2)) {
    return {
      ...never,
      code: "database-tls-required",
      failed: `${capitalised(server)} does not let ${user} in without TLS`,
      hint: `set sslmode=require in the database URL (it says sslmode=${circumstances2.sslMode})`
    };
  }
  switch (answer.sqlState) {
    case "28P01":
      return {
        code: "database-wrong-password",
        failed: `${capitalised(server)} does not accept the password of ${user}`,
        observed: "it is wrong, or there is no such role: the server does not tell which",
        hint: "correct user and password in the database URL; in it, @ : / % are written %40 %3A %2F %25",
        waiting: "is useless"
      };
    case "28000":
      return judgeRole(answer, circumstances2, said);
    case "3D000":
      return {
        ...never,
        code: "database-no-such-database",
        failed: `${capitalised(database)} does not exist on ${server}`,
        hint: "create it, or correct the name in the database URL"
      };
    case "53300":
      return {
        ...notNow,
        code: "database-too-many-connections",
        failed: `${capitalised(server)} has no connection free for ${user}`,
        hint: "end idle connections, or raise max_connections (or the limit of the role or the database)"
      };
    case "57P03":
    case "57P01":
    case "57P02":
      return {
        ...notNow,
        code: "database-starting-up",
        failed: `${capitalised(server)} is starting up or shutting down`,
        hint: "wait, and look at the log of the server"
      };
    case "42501":
    case "55000":
      return {
        ...never,
        code: "database-access-refused",
        failed: `${capitalised(server)} does not let ${user} into ${database}`,
        hint: "GRANT CONNECT ON DATABASE … TO the role, and let the database accept connections"
      };
    case "42704":
    case "22023":
      return {
        ...never,
        code: "database-not-connected",
        failed: `${capitalised(server)} refused a setting of the session`,
        hint: "correct options in the database URL"
      };
  }
  const pooled = answer.sqlState === "08P01" ? judgePooler(answer.message, circumstances2, said) : void 0;
  if (pooled !== void 0) return pooled;
  return {
    ...never,
    observed: discreet ? said : `${said} (${answer.sqlState})`,
    code: "database-not-connected",
    failed: `${capitalised(server)} refused the connection`,
    hint: "look at the log of the server"
  };
}
function judgePooler(message, circumstances2, observed) {
  const { server, user, database } = circumstances2;
  if (/startup parameter/.test(message)) {
    return {
      code: "database-pooler-refuses-options",
      failed: `In front of ${server} is a pooler that refuses parameters of the session`,
      observed,
      hint: "give the address of the database itself, or leave options out of the URL",
      waiting: "is useless"
    };
  }
  if (/no such user|authentication failed/.test(message)) {
    return {
      code: "database-wrong-password",
      failed: `The pooler at ${server} does not accept ${user} with this password`,
      observed,
      hint: "correct user and password in the database URL; a pooler has a list of its own of who may use it",
      waiting: "is useless"
    };
  }
  if (/no such database/.test(message)) {
    return {
      code: "database-no-such-database",
      failed: `The pooler at ${server} does not know ${database}`,
      observed,
      hint: "correct the name in the database URL, or add it to the pooler",
      waiting: "is useless"
    };
  }
  if (/no more connections/.test(message)) {
    return {
      code: "database-too-many-connections",
      failed: `The pooler at ${server} has no connection free for ${user}`,
      observed,
      hint: "end idle connections, or raise max_client_conn of the pooler",
      waiting: "helps"
    };
  }
  if (/server login|query_wait_timeout|login_timeout|cannot connect|server conn/.test(message)) {
    return {
      code: "database-pooler-cannot-connect",
      failed: `The pooler at ${server} gets no connection to ${database}`,
      observed,
      hint: "look at the log of the pooler: the database may be down, full, or of another name",
      waiting: "helps"
    };
  }
  return void 0;
}
function isAboutEncryption(observation) {
  return observation.kind === "server" && (lacksRule(observation) || isSentAway(observation));
}
function lacksRule({ sqlState, routine }) {
  return sqlState === "28000" && routine === "ClientAuthentication";
}
function isSentAway({ sqlState, message }) {
  return ["08P01", "28000", "XX000"].includes(sqlState) && /\b(SSL|TLS)\b.*required|insecure/i.test(message);
}
function wantsTls(answer, { sslMode, tlsHelps }) {
  if (lacksRule(answer)) return tlsHelps === true;
  return isSentAway(answer) && ["disable", "allow", "prefer"].includes(sslMode);
}
function judgeRole({ routine, message }, circumstances2, observed) {
  const { server, user, database } = circumstances2;
  const refused = { code: "database-access-refused", observed, waiting: "is useless" };
  if (routine === "ClientAuthentication") {
    return {
      ...refused,
      failed: `${capitalised(server)} has no rule that lets ${user} into ${database} from here`,
      hint: "add a line for this role, database and address to its pg_hba.conf, or connect from an address that it knows"
    };
  }
  if (routine !== "InitializeSessionUserId") {
    return {
      ...refused,
      failed: `${capitalised(server)} does not let ${user} in`,
      hint: "look at its log and its pg_hba.conf"
    };
  }
  if (/not permitted to log in/.test(message)) {
    return {
      ...refused,
      failed: `The role ${user} may not log in to ${server}`,
      hint: "ALTER ROLE … LOGIN, or use another role"
    };
  }
  return {
    ...refused,
    code: "database-no-such-role",
    failed: `There is no role ${user} on ${server}`,
    hint: "create it, or correct the user in the database URL"
  };
}
//! src/database/verdict.ts
var NoConnection = class _NoConnection extends import_ground_errors.UserError {
  observation;
  circumstances;
  waiting;
  constructor(observation, circumstances2, cause) {
    const { code, failed, observed, hint, waiting } = judge(observation, circumstances2);
    const escaping = circumstances2.discreet ? "; there is a second @ in it: in a user or password, write @ as %40" : "";
    super(`${failed}${howOften(circumstances2)} — ${observed}`, `${hint}${escaping}`, { code, cause });
    this.name = "NoConnection";
    this.observation = observation;
    this.circumstances = circumstances2;
    this.waiting = waiting;
  }
  /** The same verdict, which also says how long was waited for it to change. */
  after(attempts, milliseconds) {
    return this.knowing({ tried: { attempts, milliseconds } });
  }
  /** The verdict when more is known. */
  knowing(more) {
    return new _NoConnection(this.observation, { ...this.circumstances, ...more }, this.cause);
  }
};
function howOften({ tried }) {
  if (tried === void 0 || tried.attempts === 1) return "";
  return ` (tried ${(0, import_ground_words.counted)(tried.attempts, "time")} in ${(0, import_ground_duration.showDuration)(tried.milliseconds)})`;
}
var mostTelling = [
  "server",
  "no-password",
  "no-channel-binding",
  "other-session",
  "certificate",
  "tls-not-offered",
  "tls-failed",
  "not-postgresql",
  "not-forwarded",
  "other",
  "silent",
  "closed",
  "refused",
  "no-answer",
  "unreachable",
  "name-not-resolved",
  "no-socket"
];
function mostTellingOf(failures) {
  const rank = ({ observation }) => isAboutEncryption(observation) ? 0.5 : mostTelling.indexOf(observation.kind);
  return failures.toSorted((a, b) => rank(a) - rank(b))[0];
}
function judge(observation, circumstances2) {
  const { server, host, timeout, through } = circumstances2;
  const seenFrom = through === void 0 ? "" : ` from ${through}`;
  switch (observation.kind) {
    case "not-forwarded":
      return {
        code: "tunnel-forbidden",
        failed: `${through} does not forward to ${server}`,
        observed: `its sshd says: ${observation.said}`,
        hint: "allow it there in sshd_config (AllowTcpForwarding, PermitOpen, DisableForwarding), and in the line of the key in authorized_keys (restrict, no-port-forwarding, permitopen)",
        waiting: "is useless"
      };
    case "name-not-resolved":
      if (through !== void 0) {
        return {
          code: "database-name-not-resolved",
          failed: `The name ${host} does not resolve on ${through}`,
          observed: `that server looks it up, and says: ${observation.code}`,
          hint: "correct the host in the database URL: the name, or address, by which that server knows it",
          waiting: "helps briefly"
        };
      }
      return {
        code: "database-name-not-resolved",
        failed: `The name ${host} does not resolve`,
        observed: observation.code === "ENOTFOUND" ? "there is no such host (ENOTFOUND)" : `the name server gave no answer (${observation.code})`,
        hint: "correct the host in the database URL; a name of a private network resolves only inside it",
        // A container or a fresh server may get its name later; mostly, it is a slip of the pen.
        waiting: observation.code === "ENOTFOUND" ? "helps briefly" : "helps"
      };
    case "refused":
      return {
        code: "database-refused",
        failed: `${capitalised(server)} refused the connection${seenFrom}`,
        observed: "nothing listens there",
        hint: "start the database, or correct host and port; from other machines PostgreSQL is reached only with listen_addresses set",
        waiting: "helps"
      };
    case "no-socket":
      return {
        code: "database-refused",
        failed: `${capitalised(server)} cannot be used`,
        observed: socketReason(observation.code),
        hint: "start the database on this machine, or name a host in the database URL",
        waiting: "helps"
      };
    case "unreachable":
      return {
        code: "database-no-answer",
        failed: `${capitalised(server)} cannot be reached${seenFrom}`,
        observed: `there is no way to it from ${through === void 0 ? "here" : "there"} (${observation.code})`,
        hint: wayThere(through),
        waiting: "helps"
      };
    case "no-answer":
      return {
        code: "database-no-answer",
        failed: `No answer from ${server} within ${(0, import_ground_duration.showDuration)(timeout)}${through === void 0 ? "" : ` through ${through}`}`,
        observed: `a firewall may drop what ${through === void 0 ? "this machine" : "that server"} sends`,
        hint: wayThere(through),
        waiting: "helps"
      };
    case "silent":
      return {
        code: "database-no-answer",
        failed: `${capitalised(server)} took the connection and gave no answer within ${(0, import_ground_duration.showDuration)(timeout)}`,
        observed: "it is busy, or no PostgreSQL",
        hint: "look at the server, and check host and port",
        waiting: "helps"
      };
    case "closed":
      return {
        code: "database-hung-up",
        failed: `${capitalised(server)} took the connection and closed it without a word`,
        observed: "a proxy with nothing behind it does so, or a server that is just starting",
        hint: "look at what listens there, and at its log",
        waiting: "helps"
      };
    case "not-postgresql":
      return {
        code: "not-postgresql",
        failed: `What listens on ${server} is not PostgreSQL`,
        observed: observation.said === "" ? "it does not speak its protocol" : `it says "${observation.said}"`,
        hint: "correct host and port in the database URL",
        waiting: "is useless"
      };
    case "tls-not-offered":
      return {
        code: "database-tls-refused",
        failed: `${capitalised(server)} offers no TLS`,
        observed: `the URL asks for it with sslmode=${circumstances2.sslMode}`,
        hint: "switch TLS on in the server (ssl = on); in a network that you trust, sslmode=prefer does without",
        waiting: "is useless"
      };
    case "certificate":
      return {
        code: "database-certificate-not-trusted",
        failed: `The certificate of ${server} is not trusted`,
        observed: observation.reason,
        hint: "give its authority with sslrootcert, and connect by a name that the certificate has",
        waiting: "is useless"
      };
    case "tls-failed":
      return {
        code: "database-tls-failed",
        failed: `No TLS connection to ${server}`,
        observed: observation.reason,
        hint: "look at the log of the server; at least TLS 1.2 is needed",
        waiting: "is useless"
      };
    case "no-password":
      return {
        code: "database-no-password",
        failed: `${capitalised(server)} asks for a password`,
        observed: "the database URL has none",
        hint: "add it after the user (user:password@…); a password file is not read",
        waiting: "is useless"
      };
    case "no-channel-binding":
      return {
        code: "database-tls-failed",
        failed: `${capitalised(server)} does not bind the password to the encryption`,
        observed: "the URL asks for it with channel_binding=require",
        hint: "connect with TLS to the server itself, with a password stored as SCRAM, or leave channel_binding out",
        waiting: "is useless"
      };
    case "other-session":
      return {
        code: "database-other-session",
        failed: `${capitalised(server)} is not what target_session_attrs asks for`,
        observed: observation.found,
        hint: "name the right server in the database URL, or all of them with commas between",
        waiting: "helps"
      };
    case "server":
      return judgeAnswer(observation, circumstances2);
    case "other":
      return {
        code: "database-not-connected",
        failed: `No connection to ${server}`,
        observed: circumstances2.discreet ? "the reason is not shown: it may hold a piece of the password" : observation.message,
        hint: "look at the log of the server",
        waiting: "is useless"
      };
  }
}
function wayThere(through) {
  return through === void 0 ? "let the address of this runner in, use a runner in the network of the database, or go through a bastion (connect-through: ssh)" : `let ${through} in where the database is, or go through another server`;
}
function socketReason(code) {
  if (code === "ENOENT") return "there is no such socket";
  return code === "EACCES" ? "this user may not use the socket" : `it is no socket (${code})`;
}
//! src/database/wire.ts
async function addressesOf(place, signal) {
  if (place.kind === "socket") return [void 0];
  if (place.address !== void 0) return [place.address];
  const tooLate = (0, import_node_events.once)(signal, "abort").then(() => {
    throw Object.assign(new Error("no answer in time"), { code: "EAI_AGAIN" });
  });
  const found = await Promise.race([(0, import_promises.lookup)(place.host, { all: true }), tooLate]);
  return found.map(({ address }) => address);
}
async function openStream({ place, address, encryption, direct, tls, dial }, { signal, onPhase }) {
  onPhase("connect");
  const socket = dial === void 0 ? connectTo(place, address) : await dialled(dial, signal);
  const abort = () => socket.destroy();
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    if (dial === void 0) await happens(socket, "connect");
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 3e4);
    if (encryption === "plain") return { stream: socket, encrypted: false };
    if (!direct) {
      onPhase("greet");
      if (!await offersTls(socket)) {
        if (encryption === "tls") throw new Observed({ kind: "tls-not-offered" });
        return { stream: socket, encrypted: false };
      }
    }
    onPhase("encrypt");
    const secured = (0, import_node_tls2.connect)({ ...tls(), socket });
    await happens(secured, "secureConnect");
    return { stream: secured, encrypted: true };
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
function connectTo(place, address) {
  if (place.kind === "socket") return (0, import_node_net.connect)({ path: socketPath(place) });
  return (0, import_node_net.connect)({ host: address ?? place.host, port: place.port });
}
async function dialled(dial, signal) {
  const opening = dial();
  opening.then(
    (late) => signal.aborted && late.destroy(),
    () => {
    }
  );
  const tooLate = (0, import_node_events.once)(signal, "abort").then(() => {
    throw signal.reason;
  });
  const stream = await Promise.race([opening, tooLate]);
  const nothing = () => stream;
  return Object.assign(stream, {
    setNoDelay: nothing,
    setKeepAlive: nothing,
    ref: nothing,
    unref: nothing
  });
}
function socketPath({ folder, port }) {
  return `${folder.replace(/^@/, "\0")}/.s.PGSQL.${port}`;
}
var sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
async function offersTls(socket) {
  socket.write(sslRequest);
  const answer = await happens(socket, "data");
  if (answer.length === 1 && answer[0] === 83) return true;
  if (answer.length === 1 && answer[0] === 78) return false;
  if (looksLikePostgresql(answer)) throw new Observed({ kind: "tls-failed", reason: textIn(answer) });
  throw new Observed({ kind: "not-postgresql", said: textIn(answer) });
}
function happens(socket, event) {
  return new Promise((resolve, reject) => {
    const ended = () => settle(() => reject(new Observed({ kind: "closed" })));
    const failed = (error) => settle(() => reject(error));
    const happened = (value) => settle(() => resolve(value));
    const settle = (outcome) => {
      socket.off("close", ended).off("end", ended).off("error", failed).off(event, happened);
      socket.on("error", () => {
      });
      outcome();
    };
    socket.once("close", ended).once("end", ended).once("error", failed).once(event, happened);
  });
}
function watchFirstAnswer(stream) {
  stream.prependOnceListener("data", (answer) => {
    if (looksLikePostgresql(answer)) return;
    stream.destroy(new Observed({ kind: "not-postgresql", said: textIn(answer) }));
  });
}
async function answerToALine({ place, address, dial }) {
  if (dial !== void 0) return void 0;
  const socket = connectTo(place, address);
  const timer = setTimeout(() => socket.destroy(), 1e3);
  try {
    await happens(socket, "connect");
    socket.write("GET / HTTP/1.0\r\n\r\n");
    const answer = await happens(socket, "data");
    return looksLikePostgresql(answer) ? void 0 : textIn(answer);
  } catch {
    return void 0;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
function looksLikePostgresql(answer) {
  const letter = String.fromCharCode(answer[0] ?? 0);
  return "RENv".includes(letter) && answer.length >= 5 && answer.readInt32BE(1) >= 4 && answer.readInt32BE(1) < 3e4;
}
function textIn(answer) {
  return /[\x20-\x7e]{4,60}/.exec(answer.toString("latin1"))?.[0].trim() ?? "";
}
//! src/database/attempts.ts
async function connectSomewhere(plan, names, { timeout, signal, through }, attempt2) {
  const failures = [];
  places: for (const place of plan.places) {
    const encryptions = (0, import_database_connection_plan.encryptionsOf)(plan.tls.mode, place.kind);
    let addresses = [];
    try {
      addresses = through === void 0 ? await addressesOf(place, AbortSignal.any([signal, AbortSignal.timeout(timeout)])) : [void 0];
    } catch (error) {
      signal.throwIfAborted();
      failures.push({ observation: observe(error, "resolve"), place, cause: error });
    }
    for (const address of addresses) {
      for (const encryption of encryptions) {
        const one = {
          place,
          address,
          encryption,
          direct: plan.tls.direct,
          tls: () => (0, import_database_connection_plan.tlsOptions)(plan.tls, place.kind === "tcp" ? place.host : ""),
          dial: through && (() => through.open())
        };
        try {
          return await attempt2(one);
        } catch (error) {
          if (error instanceof import_ground_errors.UserError || !isObservable(error)) throw error;
          const { observation } = error;
          failures.push({ observation, place, cause: error.cause ?? error });
          if (isFinal(observation)) break places;
          if (!worthOtherEncryption(observation, encryption)) break;
        }
      }
    }
  }
  const telling = mostTellingOf(failures);
  if (telling === void 0) throw new Error("a connection plan without a place");
  throw new NoConnection(
    telling.observation,
    { ...circumstances(plan, names, timeout, telling.place), through: through?.through },
    telling.cause
  );
}
function isObservable(error) {
  return error instanceof Error && "observation" in error;
}
function isFinal(observation) {
  if (observation.kind === "no-password") return true;
  return observation.kind === "server" && observation.sqlState !== "57P03" && !isAboutEncryption(observation);
}
function worthOtherEncryption(observation, encryption) {
  if (observation.kind === "server") return isAboutEncryption(observation);
  return encryption === "tls-if-offered" && ["certificate", "tls-failed"].includes(observation.kind);
}
function circumstances(plan, { database, user, discreet }, timeout, place) {
  return {
    server: discreet ? "the server that the database URL names" : serverName(place),
    host: discreet ? "in the database URL" : place.kind === "tcp" ? place.host : "",
    database,
    user,
    sslMode: plan.tls.mode,
    timeout,
    discreet
  };
}
function serverName(place) {
  if (place.kind === "socket") return `the socket in ${place.folder} (port ${place.port})`;
  return `${place.host.includes(":") ? `[${place.host}]` : place.host}:${place.port}`;
}
//! src/database/pooler.ts
var rounds = 8;
async function sharesBackends(first, second) {
  const seen = { first: /* @__PURE__ */ new Set(), second: /* @__PURE__ */ new Set() };
  for (let round = 0; round < rounds; round += 1) {
    seen.first.add(await first());
    seen.second.add(await second());
  }
  return seen.first.size > 1 || seen.second.size > 1 || [...seen.first].some((backend) => seen.second.has(backend));
}
function transactionPooler(label) {
  return new import_ground_errors.UserError(
    `${label} is reached through a pooler in transaction mode — one session's settings and locks would become another one's: search_path would leak between tenants`,
    "give the address of the database itself, or of a pooler in session mode (often another port)",
    { code: "database-pooler-transaction-mode" }
  );
}
function unknownPooler(label, cause) {
  return new import_ground_errors.UserError(
    `${label} is reached through a pooler, and whether it is in transaction mode cannot be told — a second connection failed: ${cause.message}`,
    "give the address of the database itself, or give the pooler more connections",
    { code: "database-pooler-unknown-mode", cause }
  );
}
//! src/database/session.ts
async function logIn({ stream, encrypted }, credentials, signal) {
  const { user, database, password, backendOptions, channelBinding, applicationName } = credentials;
  const { Client } = await Promise.resolve().then(() => __toESM(require("./pg.cjs")));
  const client = new Client({
    user,
    database,
    // A function, so that node-postgres does not look for a password elsewhere when there is none.
    password: () => {
      if (password === void 0) throw new Observed({ kind: "no-password" });
      return password;
    },
    application_name: applicationName,
    ...backendOptions === void 0 ? {} : { options: backendOptions },
    stream: () => alreadyConnected(stream),
    ssl: false,
    // what there is of it is done
    sslnegotiation: "postgres",
    enableChannelBinding: channelBinding
  });
  client.on("error", () => {
  });
  if (channelBinding) requireChannelBinding(client, stream, encrypted);
  const abort = () => stream.destroy();
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    watchFirstAnswer(stream);
    await client.connect();
    return client;
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
function alreadyConnected(stream) {
  return Object.assign(stream, {
    connect() {
      process.nextTick(() => stream.emit("connect"));
      return stream;
    }
  });
}
function requireChannelBinding(client, stream, encrypted) {
  const messages = client.connection;
  const refuse = () => stream.destroy(new Observed({ kind: "no-channel-binding" }));
  let offered = false;
  messages.on("authenticationSASL", ({ mechanisms }) => {
    offered = encrypted && mechanisms.includes("SCRAM-SHA-256-PLUS");
    if (!offered) refuse();
  });
  for (const other of ["authenticationCleartextPassword", "authenticationMD5Password"])
    messages.on(other, refuse);
  messages.on("authenticationOk", () => {
    if (!offered) refuse();
  });
}
async function sessionOf(client, label, signal) {
  const { rows } = await client.query(
    `select pg_backend_pid() as pid,
            current_setting('server_version') as version,
            pg_is_in_recovery() as standby,
            current_setting('default_transaction_read_only') = 'on' as read_only`
  );
  const facts = rows[0];
  if (facts === void 0) throw new Observed({ kind: "closed" });
  let lost;
  client.on("error", (error) => {
    lost ??= error;
  });
  client.on("end", () => {
    lost ??= new Error("the session has ended");
  });
  const { stream } = client.connection;
  const abort = () => stream.destroy();
  signal.addEventListener("abort", abort, { once: true });
  let last = Promise.resolve();
  async function ask(sql, parameters) {
    signal.throwIfAborted();
    if (lost !== void 0) throw lostConnection(label, lost);
    try {
      const result = await client.query(sql, [...parameters]);
      return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
    } catch (error) {
      signal.throwIfAborted();
      if (lost !== void 0 || isLoss(error)) throw lostConnection(label, error);
      throw refusedQuestion(label, error) ?? error;
    }
  }
  return {
    label,
    serverVersion: facts.version.split(" ")[0] ?? facts.version,
    direct: facts.pid === processOf(client),
    standby: facts.standby,
    readOnly: facts.read_only,
    query(sql, parameters = []) {
      const answer = last.then(() => ask(sql, parameters));
      last = answer.catch(() => {
      });
      return answer;
    },
    async close() {
      signal.removeEventListener("abort", abort);
      await Promise.race([client.end().catch(() => {
      }), (0, import_promises2.setTimeout)(2e3, void 0, { ref: false })]);
      stream.destroy();
    }
  };
}
function processOf(client) {
  return "processID" in client && typeof client.processID === "number" ? client.processID : void 0;
}
function isLoss(error) {
  return /^(57P0[1-5]|25P03|08...|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH)$/.test((0, import_ground_errors.codeOf)(error) ?? "") || /^Connection terminated|not queryable|^Client was closed/.test((0, import_ground_errors.messageOf)(error));
}
function lostConnection(label, error) {
  return new import_ground_errors.LostConnection(`a question to ${label}`, (0, import_ground_errors.messageOf)(error), { cause: error });
}
function refusedQuestion(label, error) {
  switch ((0, import_ground_errors.codeOf)(error)) {
    case "42501":
      return new import_ground_errors.UserError(
        `${label} refused a question — ${(0, import_ground_errors.messageOf)(error)}`,
        "grant that right to the role, or use the role that owns the tables",
        { code: "database-permission-denied", cause: error }
      );
    case "25006":
      return new import_ground_errors.UserError(
        `${label} takes no changes — ${(0, import_ground_errors.messageOf)(error)}`,
        "connect to the primary, as a role that may write",
        { code: "database-read-only", cause: error }
      );
    default:
      return void 0;
  }
}
//! src/database/connection.ts
async function connect(url, options) {
  const { session } = await openSession(url, options);
  if (options.pooler !== "accept") await refuseTransactionPooler(session, url, options);
  return session;
}
var briefly = 5;
async function waitForDatabase(url, options) {
  const started = performance.now();
  let tries = 0;
  let unresolved = 0;
  let shown = "";
  const attempt2 = (number) => {
    tries = number;
    return connect(url, options);
  };
  try {
    return await (0, import_ground_retry.retry)(attempt2, {
      ...options,
      worthAnotherTry(error) {
        if (!(error instanceof NoConnection)) return false;
        unresolved = error.waiting === "helps briefly" ? unresolved + 1 : 0;
        return error.waiting !== "is useless" && unresolved < briefly;
      },
      onFailure(error) {
        const reason = (0, import_ground_errors.messageOf)(error);
        if (reason !== shown) options.log.info(`Waiting for the database: ${reason}`);
        shown = reason;
      }
    });
  } catch (error) {
    throw error instanceof NoConnection ? error.after(tries, performance.now() - started) : error;
  }
}
async function testConnection(url, options) {
  const started = performance.now();
  const { session, encryption } = await openSession(url, options);
  const milliseconds = performance.now() - started;
  await refuseTransactionPooler(session, url, options);
  await session.close();
  const { label, serverVersion, standby, direct } = session;
  return { label, serverVersion, milliseconds, encryption, pooler: direct ? "none" : "session", standby };
}
async function refuseTransactionPooler(session, url, options) {
  if (session.direct) return;
  const ask = (database) => async () => {
    const [row] = await database.query("select pg_backend_pid() as pid");
    return row?.pid ?? 0;
  };
  try {
    const { session: second } = await openSession(url, options).catch((error) => {
      throw error instanceof NoConnection ? unknownPooler(session.label, error) : error;
    });
    try {
      if (await sharesBackends(ask(session), ask(second))) throw transactionPooler(session.label);
    } finally {
      await second.close();
    }
  } catch (error) {
    await session.close();
    throw error;
  }
}
async function openSession(url, options) {
  const plan = (0, import_database_connection_plan.planConnection)(url, {
    environment: process.env,
    systemUser: (0, import_node_os.userInfo)().username,
    homeFolder: (0, import_node_os.homedir)(),
    caFile: options.caFile
  });
  try {
    if (plan.sessionWish !== "prefer-standby") return await attempt(url, plan, options);
    return await attempt(url, { ...plan, sessionWish: "standby" }, options).catch((error) => {
      if (!(error instanceof NoConnection && error.observation.kind === "other-session")) throw error;
      return attempt(url, { ...plan, sessionWish: "any" }, options);
    });
  } catch (error) {
    if (!(error instanceof NoConnection && error.observation.kind === "server")) throw error;
    const unruled = plan.tls.mode === "disable" && lacksRule(error.observation);
    throw unruled && await letsInWithTls(url, plan, options) ? error.knowing({ tlsHelps: true }) : error;
  }
}
async function letsInWithTls(url, plan, options) {
  const tls = { ...plan.tls, mode: "require", roots: "" };
  try {
    const asked = { ...plan, tls, password: void 0, channelBinding: false, sessionWish: "any" };
    const { session } = await attempt(url, asked, options);
    await session.close();
    return true;
  } catch (error) {
    if (!(error instanceof NoConnection)) throw error;
    return error.observation.kind === "no-password";
  }
}
function attempt(url, plan, options) {
  const timeout = plan.connectTimeout ?? options.connectTimeout;
  const discreet = url.perhapsMisread;
  const names = {
    database: discreet ? "the database that the URL names" : `the database ${plan.database}`,
    user: plan.user,
    discreet
  };
  const { signal, through } = options;
  return connectSomewhere(plan, names, { timeout, signal, through }, (one) => {
    const label = discreet ? "the database of the URL" : `${plan.database} on ${serverName(one.place)}`;
    return tryOnce(one, { plan, options, timeout, label });
  });
}
async function tryOnce(one, { plan, options, timeout, label }) {
  options.signal.throwIfAborted();
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeout);
  const signal = AbortSignal.any([options.signal, deadline.signal]);
  let phase = "connect";
  try {
    const open = await openStream(one, {
      signal,
      onPhase: (reached) => {
        phase = reached;
      }
    });
    phase = "log-in";
    const client = await logIn(open, { ...plan, applicationName: options.applicationName }, signal);
    const destroy = () => open.stream.destroy();
    signal.addEventListener("abort", destroy, { once: true });
    try {
      const session = await sessionOf(client, label, options.signal);
      const found = unwantedSession(plan.sessionWish, session);
      if (found !== void 0) {
        await session.close();
        throw new Observed({ kind: "other-session", found });
      }
      return { session, encryption: encryptionOf(open.stream) };
    } catch (error) {
      open.stream.destroy();
      throw error;
    } finally {
      signal.removeEventListener("abort", destroy);
    }
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof import_ground_errors.UserError) throw error;
    if (deadline.signal.aborted) throw await outOfTime(one, phase, error);
    const see = one.dial !== void 0 && phase === "connect" ? observeTunnel : observe;
    throw error instanceof Observed ? error : new Observed(see(error, phase), error);
  } finally {
    clearTimeout(timer);
  }
}
async function outOfTime(one, phase, cause) {
  if (phase === "connect") return new Observed({ kind: "no-answer" }, cause);
  const said = phase === "encrypt" ? void 0 : await answerToALine(one);
  return new Observed(said === void 0 ? { kind: "silent" } : { kind: "not-postgresql", said }, cause);
}
function encryptionOf(stream) {
  return stream instanceof import_node_tls.TLSSocket ? stream.getProtocol() ?? "TLS" : void 0;
}
function unwantedSession(wish, { standby, readOnly }) {
  const writable = !standby && !readOnly;
  switch (wish) {
    case "read-write":
      return writable ? void 0 : "its sessions are read-only";
    case "read-only":
      return writable ? "its sessions may write" : void 0;
    case "primary":
      return standby ? "it is a standby" : void 0;
    case "standby":
      return standby ? void 0 : "it is a primary";
    default:
      return void 0;
  }
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  connect,
  testConnection,
  waitForDatabase
});
