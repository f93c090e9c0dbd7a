import type * as z from 'zod';

import { type LineLike, UserError } from '../ground/errors.ts';
import { type FailureCode, isFailureCode } from '../ground/failure-codes.ts';
import { counted, nearest } from '../ground/words.ts';
import type { Fields, Inputs, Rule } from './action.ts';
import { secretForm } from './fields.ts';
import { kebabCase, type Manifest } from './manifest.ts';
import { inputLike } from './written-line.ts';

/** Inputs as they were written, by their names; what was left empty is not in it. */
export type Given = ReadonlyMap<string, string>;

/**
 * The typed inputs of an action.
 * @throws UserError `input-invalid` that names everything that is wrong, all at once.
 */
export function readInputs<F extends Fields>(
  fields: F,
  rules: readonly Rule<F>[],
  manifest: Manifest,
  given: Given,
): Inputs<F> {
  const problems: Problem[] = unknownInputs(Object.keys(manifest.inputs), given);
  const inputs: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const written = kebabCase(name);
    const value = given.get(written) ?? manifest.inputs[written]?.default;
    const read = field.safeParse(value === '' ? undefined : value);
    if (read.success) {
      inputs[name] = read.data;
      continue;
    }
    Object.defineProperty(inputs, name, { get: refuseToSay });
    if (value === undefined || value === '') problems.push({ sentence: `${written}: is required` });
    else problems.push(...read.error.issues.map((issue) => problemOf(written, value, issue)));
  }
  for (const rule of rules) {
    const broken = judged(rule, inputs as Partial<Inputs<F>>);
    if (broken !== undefined) problems.push({ sentence: broken });
  }
  if (problems.length > 0) throw invalid(problems);
  return inputs as Inputs<F>;
}

const unreadable = new Error('the input could not be read');

function refuseToSay(): never {
  throw unreadable;
}

/** What a rule says; nothing, when it asks for an input that is wrong itself: that is said already. */
function judged<F extends Fields>(rule: Rule<F>, inputs: Partial<Inputs<F>>): string | undefined {
  try {
    return rule(inputs);
  } catch (error) {
    if (error === unreadable) return undefined;
    throw error;
  }
}

/** Every text that is secret in the inputs as written: whole values, and the secret parts of them. */
export function secretsIn(fields: Fields, given: Given): string[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const value = given.get(kebabCase(name));
    const form = secretForm(field);
    if (value === undefined || form === undefined) return [];
    return form.whole ? [value, ...form.parts(value)] : form.parts(value);
  });
}

/** One thing that is wrong. */
interface Problem {
  readonly sentence: string;
  /** The code of the refusal, where it has one of its own. */
  readonly code?: FailureCode;
  readonly place?: LineLike;
}

function problemOf(input: string, value: string, issue: z.core.$ZodIssue): Problem {
  const code = issue.code === 'custom' ? issue.params?.failureCode : undefined;
  const within = /\bline (\d+)/.exec(issue.message)?.[1];
  return {
    sentence: `${input}: ${issue.message}`,
    place: { like: inputLike(input, value), within: within === undefined ? undefined : Number(within) },
    ...(isFailureCode(code) ? { code } : {}),
  };
}

function unknownInputs(known: readonly string[], given: Given): Problem[] {
  return [...given.keys()]
    .filter((name) => !known.includes(name))
    .map((name) => {
      const meant = nearest(name, known);
      const hint = meant === undefined ? '' : ` — did you mean ${meant}?`;
      const place = { like: inputLike(name, given.get(name) ?? '') };
      return { sentence: `${name}: there is no such input${hint}`, place };
    });
}

function invalid(problems: readonly Problem[]): UserError {
  const [only, another] = problems;
  const isOne = another === undefined;
  return new UserError(
    isOne
      ? `An input is wrong — ${only?.sentence}`
      : `${counted(problems.length, 'input')} are wrong — ${problems.map(({ sentence }, i) => `(${i + 1}) ${sentence}`).join('; ')}`,
    `correct ${isOne ? 'it' : 'them'} in the workflow and run again; nothing was done`,
    {
      code: (isOne ? only?.code : undefined) ?? 'input-invalid',
      ...(only?.place === undefined ? {} : { place: only.place }),
    },
  );
}
