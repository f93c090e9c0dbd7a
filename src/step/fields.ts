/**
 * The kinds of input that actions are made of. Each turns the text of a workflow file into a value, or refuses it
 * with the rest of the sentence that begins with the input's name.
 */
import * as z from 'zod';

import { parseDuration } from '../ground/duration.ts';
import { messageOf, UserError } from '../ground/errors.ts';
import { listed } from '../ground/words.ts';
import type { Field } from './action.ts';

/** A schema over text whose `read` throws the refusal as an error; a `UserError` keeps its code. */
export function readAs<T>(read: (text: string) => T) {
  return z.string().transform((text, context): T => {
    try {
      return read(text);
    } catch (error) {
      const known = error instanceof UserError;
      context.addIssue({
        code: 'custom',
        message: known ? error.sentence : messageOf(error),
        params: known ? { failureCode: error.code } : {},
        input: undefined,
      });
      return z.NEVER;
    }
  });
}

export const text = z.string().transform((value) => value.trim());

/** GitHub's own rule for booleans: the core words of YAML 1.2. */
export const boolean = readAs((value) => {
  if (/^(true|True|TRUE)$/.test(value)) return true;
  if (/^(false|False|FALSE)$/.test(value)) return false;
  throw new RangeError(`"${value}" is neither true nor false`);
});

/** Milliseconds. */
export const duration = readAs((value) => parseDuration(value.trim()));

/** A whole number from `least` on. */
export function count({ least = 0, most = Number.MAX_SAFE_INTEGER }: { least?: number; most?: number } = {}) {
  return readAs((value) => {
    const number = /^\d+$/.test(value.trim()) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    const limit = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
    throw new RangeError(`"${value}" is not a whole number ${limit}`);
  });
}

export const port = count({ least: 1, most: 65_535 });

export function choice<const Word extends string>(...words: readonly Word[]) {
  return readAs((value): Word => {
    const found = words.find((word) => word === value.trim());
    if (found !== undefined) return found;
    throw new RangeError(`"${value}" is not one of ${listed(words)}`);
  });
}

/** One item a line; empty lines are left out. */
export const lines = readAs(splitLines);

function splitLines(value: string): string[] {
  return value
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** `KEY=VALUE` a line; the value is kept to the letter. Lines that begin with `#` are left out. */
export const keyValues = readAs((value) => {
  const map: Record<string, string> = {};
  for (const [index, line] of value.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const separator = line.indexOf('=');
    const key = line.slice(0, separator).trim();
    if (separator < 1 || /\s/.test(key)) throw new RangeError(`line ${index + 1} is not KEY=VALUE`);
    if (key in map) throw new RangeError(`${key} is given twice (line ${index + 1})`);
    map[key] = line.slice(separator + 1);
  }
  return map;
});

/** HTTP headers, `NAME: VALUE` a line. */
export const headers = readAs((value) => {
  const map: Record<string, string> = {};
  for (const [index, line] of value.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const [, name, content] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || content === undefined)
      throw new RangeError(`line ${index + 1} is not NAME: VALUE`);
    map[name] = content;
  }
  return map;
});

export const httpUrl = readAs((value) => checkedHttpUrl(value.trim()));

/** One item a line, each read by the same rule. */
export function linesOf<T>(readLine: (line: string) => T) {
  return readAs((value) => splitLines(value).map(readLine));
}

/** HTTP addresses, one a line. */
export const httpUrls = linesOf(checkedHttpUrl);

function checkedHttpUrl(value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw new RangeError(`"${value}" is not an http:// or https:// address`);
}

interface SecretForm {
  /** Whether the value is secret as a whole; otherwise only its parts are. */
  readonly whole: boolean;
  /** Parts of the value that are secret on their own, like the password within a URL. */
  readonly parts: (value: string) => readonly string[];
}

const secretFields = z.registry<SecretForm>();

/** Marks an input as secret: masked before anything else runs. Only `optional()` may stand around it. */
export function secret<F extends Field>(field: F, parts: SecretForm['parts'] = () => []): F {
  return marked(field, { whole: true, parts });
}

/** Marks an input that holds secrets among other things, like an environment. */
export function withSecrets<F extends Field>(field: F, parts: SecretForm['parts']): F {
  return marked(field, { whole: false, parts });
}

function marked<F extends Field>(field: F, form: SecretForm): F {
  const copy = field.clone() as F;
  secretFields.add(copy, form);
  return copy;
}

/** How an input's value is secret, or undefined when it is not. */
export function secretForm(field: z.ZodType): SecretForm | undefined {
  const wrapped = field instanceof z.ZodOptional ? (field.unwrap() as z.ZodType) : undefined;
  return secretFields.get(field) ?? (wrapped === undefined ? undefined : secretForm(wrapped));
}
