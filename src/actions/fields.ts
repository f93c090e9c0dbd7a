/** The inputs that several actions share, with one meaning everywhere. */
import { parseDatabaseUrl, passwordsIn } from '../database/url.ts';
import { boolean, count, duration, lines, port, readAs, secret, text } from '../step/fields.ts';

export const commonFields = {
  timeout: duration,
  summary: boolean,
};

export const databaseUrl = secret(readAs(parseDatabaseUrl), passwordsIn);

export const databaseFields = {
  databaseUrl,
  waitAttempts: count({ least: 1 }),
  waitInterval: duration,
};

export const projectFields = {
  workingDirectory: text,
  python: text,
  settingsModule: text.optional(),
};

export const serverFields = {
  host: lines,
  sshUser: text,
  sshPort: port,
  sshKey: secret(text.optional()),
  sshPassphrase: secret(text.optional()),
  sshPassword: secret(text.optional()),
  sshFingerprint: lines.optional(),
  sshKnownHosts: lines.optional(),
  sshJump: text.optional(),
  sshJumpKey: secret(text.optional()),
  sshJumpFingerprint: lines.optional(),
  sshConnectTimeout: duration,
};

export const registryFields = {
  registry: text.optional(),
  registryUsername: text.optional(),
  registryPassword: secret(text.optional()),
};
