/** The environment of a container, as `docker --env-file` reads it: no quotes, no escapes, no `export`. */
import { UserError } from '../../ground/errors.ts';
import { counted, listed } from '../../ground/words.ts';

export type Environment = Readonly<Record<string, string>>;

/**
 * Reads `KEY=VALUE` lines. Values are kept to the letter, as Docker does.
 * @throws RangeError that names lines and keys, never a value.
 */
export function readEnvironment(text: string): Environment {
  const variables: Record<string, string> = {};
  const refusals: string[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trimStart();
    if (line === '' || line.startsWith('#')) continue;
    const separator = line.indexOf('=');
    const key = separator === -1 ? '' : line.slice(0, separator);
    const refusal = separator === -1 ? 'has no =' : complaintAboutKey(key);
    if (refusal !== undefined) refusals.push(`line ${index + 1} ${refusal}`);
    else if (key in variables) refusals.push(`line ${index + 1} gives ${key} a second time`);
    else variables[key] = line.slice(separator + 1);
  }
  if (refusals.length === 0) return variables;
  throw new RangeError(`${refusals.join('; ')} — write one KEY=VALUE a line; a value has no line breaks`);
}

/** Only what looks like a name is repeated: the rest of a broken value may stand where a key should. */
function complaintAboutKey(key: string): string | undefined {
  if (/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(key)) return undefined;
  const [, exported] = /^export\s+([A-Za-z_]\w*)$/.exec(key) ?? [];
  if (exported !== undefined) return `says "export ${exported}": leave "export" away`;
  return key.trim() === '' ? 'has no key before its =' : 'has no valid key before its =';
}

/**
 * Refuses what Docker could not take, before anything is touched.
 * @throws UserError `env-invalid`, `env-missing`
 */
export function checkEnvironment(variables: Environment, required: readonly string[]): void {
  const invalid = Object.entries(variables).filter(
    ([key, value]) => complaintAboutKey(key) !== undefined || /[\r\n\0]/.test(value),
  );
  if (invalid.length > 0) {
    const keys = invalid.map(([key]) =>
      complaintAboutKey(key) === undefined ? key : 'a key that is no name',
    );
    throw new UserError(
      `env cannot be given to Docker — ${listed(keys, 5)} ${invalid.length === 1 ? 'has' : 'have'} line breaks or no valid name`,
      'an environment file has one line a variable: encode the value (base64), or mount it as a file',
      { code: 'env-invalid' },
    );
  }
  const missing = required.filter((key) => (variables[key] ?? '') === '');
  if (missing.length > 0) {
    throw new UserError(
      `env lacks ${counted(missing.length, 'required variable')} — ${listed(missing)}`,
      'add them to the input env (is the secret set in this environment?)',
      { code: 'env-missing' },
    );
  }
}

/** What Docker takes otherwise than most people mean it. Keys only. */
export function environmentWarnings(variables: Environment): string[] {
  const having = (test: RegExp) =>
    Object.entries(variables).flatMap(([key, value]) => (test.test(value) ? [key] : []));
  const warnings: [keys: string[], text: string][] = [
    [having(/^(["']).*\1$/), 'Docker keeps the quotes as part of the value'],
    [having(/\s#/), 'Docker keeps the # and what follows as part of the value'],
    [having(/\s$/), 'Docker keeps the space at the end'],
    [having(/\$\{?[A-Z_]+\}?/), 'Docker does not replace the $ names'],
  ];
  return warnings.flatMap(([keys, text]) => (keys.length === 0 ? [] : [`env: ${listed(keys, 5)}: ${text}`]));
}

/** The file for `--env-file`, keys in order. Secret. */
export function renderEnvironment(variables: Environment): string {
  return Object.keys(variables)
    .sort()
    .map((key) => `${key}=${variables[key]}\n`)
    .join('');
}

/** Values whose key says that they are secret: to be masked on their own, also when they stand in a log. */
export function secretsInEnvironment(variables: Environment): string[] {
  return Object.entries(variables).flatMap(([key, value]) =>
    /SECRET|PASSW|TOKEN|KEY|CREDENTIAL|PRIVATE|_URL$|_DSN$|_URI$/i.test(key) && value.length >= 4
      ? [value]
      : [],
  );
}

/** The same in files of any kind: `key: value`, `"key": "value"`, `key = value`. */
export function secretsInFiles(files: Readonly<Record<string, string>>): string[] {
  const setting = /["']?([\w.-]+)["']?[ \t]*[:=][ \t]*(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"',;{}[\]]+))/g;
  return Object.values(files).flatMap((content) =>
    [...content.matchAll(setting)].flatMap(([, key = '', ...values]) =>
      secretsInEnvironment({ [key]: values.find((value) => value !== undefined) ?? '' }),
    ),
  );
}
