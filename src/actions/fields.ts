/** The inputs that several actions share, with one meaning everywhere. */

import { parseDatabaseUrl } from '../database/url.ts';
import { secretsInUrl } from '../database/url-secrets.ts';
import { readEnvironment, secretsInEnvironment } from '../deployment/request/environment.ts';
import { parseDuration } from '../ground/duration.ts';
import { parseJump } from '../machine/ssh-server.ts';
import { longestTimeout } from '../machine/timeouts.ts';
import { parseListener } from '../report/notification.ts';
import type { Inputs } from '../step/action.ts';
import {
  boolean,
  choice,
  count,
  duration,
  lines,
  linesOf,
  port,
  readAs,
  secret,
  text,
  withSecrets,
} from '../step/fields.ts';

export const commonFields = {
  timeout: duration,
  summary: boolean,
};

export const databaseUrl = secret(
  readAs((written) => parseDatabaseUrl(written.trim())),
  secretsInUrl,
);

export const databaseFields = {
  databaseUrl,
  waitAttempts: count({ least: 1 }),
  waitInterval: duration,
};

/** Where the project's commands run, and how the database is reached from this machine. */
export const placeFields = {
  connectThrough: choice('direct', 'ssh'),
  runIn: choice('runner', 'image', 'server'),
};

/** For what changes a database. */
export const lockFields = {
  lockWait: duration,
};

/** Milliseconds, as PostgreSQL takes them. A part of one counts as a whole: 0 would be no limit at all. */
const databaseTimeout = readAs((value) => {
  const milliseconds = Math.ceil(parseDuration(value.trim()));
  if (milliseconds <= longestTimeout) return milliseconds;
  throw new RangeError(`"${value}" is more than PostgreSQL takes (24 days) — 0s is no limit`);
});

/** For the project's commands. */
export const timeoutFields = {
  lockTimeout: databaseTimeout,
  statementTimeout: databaseTimeout,
};

/** An environment, `KEY=VALUE` a line; the values of keys that sound secret are masked. */
export const environment = withSecrets(readAs(readEnvironment), (written) => {
  try {
    return secretsInEnvironment(readEnvironment(written));
  } catch {
    return written.split(/\r?\n/); // it will be refused, and nothing of it shown
  }
});

export const projectFields = {
  workingDirectory: text,
  python: text,
  settingsModule: text.optional(),
};

/** `auto`, or how many tenants at once. */
function parseParallel(written: string): number | undefined {
  if (written.trim() === 'auto') return undefined;
  if (/^[1-9]\d{0,2}$/.test(written.trim())) return Number(written);
  throw new RangeError(`"${written}" is neither auto nor a number of tenants from 1 to 999`);
}

export const parallel = readAs(parseParallel);

export const serverFields = {
  host: lines,
  sshUser: text,
  sshPort: port,
  sshKey: secret(text.optional()),
  sshPassphrase: secret(text.optional()),
  sshPassword: secret(text.optional()),
  sshFingerprint: lines.optional(),
  sshKnownHosts: lines.optional(),
  sshJump: readAs(parseJump).optional(),
  sshJumpKey: secret(text.optional()),
  sshJumpFingerprint: lines.optional(),
  sshConnectTimeout: duration,
};

/** Where it is told beside the log. */
export const reportFields = {
  githubToken: secret(text.optional()),
  deploymentEnvironment: text.optional(),
  notify: secret(linesOf(parseListener), linesWithAddresses).optional(),
};

/** Each address is a secret, also where it stands behind the word for its format. */
function linesWithAddresses(written: string): string[] {
  return written.split(/\s+/).filter((word) => word.includes('://'));
}

export const registryFields = {
  registry: text.optional(),
  registryUsername: text.optional(),
  registryPassword: secret(text.optional()),
};

export function registryIsComplete(given: Partial<Inputs<typeof registryFields>>): string | undefined {
  const { registry, registryUsername, registryPassword } = given;
  const credentials = [registryUsername, registryPassword].filter((value) => value !== undefined).length;
  return credentials === 1 || (credentials === 0 && registry !== undefined)
    ? 'registry: needs registry-username and registry-password, both of them'
    : undefined;
}

export function hostKeyIsPinnedOnce(
  given: Partial<Pick<Inputs<typeof serverFields>, 'sshFingerprint' | 'sshKnownHosts'>>,
): string | undefined {
  return given.sshFingerprint !== undefined && given.sshKnownHosts !== undefined
    ? 'ssh-fingerprint and ssh-known-hosts: give one of them'
    : undefined;
}
