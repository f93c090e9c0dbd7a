import { UserError } from '../ground/errors.ts';
import { counted, nearest } from '../ground/words.ts';
import type { Fields, Inputs, Rule } from './action.ts';
import { secretForm } from './fields.ts';
import { kebabCase, type Manifest } from './manifest.ts';

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
  const problems = unknownInputs(Object.keys(manifest.inputs), given);
  const inputs: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const written = kebabCase(name);
    const value = given.get(written) ?? manifest.inputs[written]?.default;
    const read = field.safeParse(value === '' ? undefined : value);
    if (read.success) inputs[name] = read.data;
    else if (value === undefined || value === '') problems.push(`${written}: is required`);
    else problems.push(`${written}: ${read.error.issues.map(({ message }) => message).join(', ')}`);
  }
  for (const rule of rules) {
    const broken = rule(inputs as Partial<Inputs<F>>);
    if (broken !== undefined) problems.push(broken);
  }
  if (problems.length > 0) throw invalid(problems);
  return inputs as Inputs<F>;
}

/** Every text that is secret in the inputs as written: whole values, and the secret parts of them. */
export function secretsIn(fields: Fields, given: Given): string[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const value = given.get(kebabCase(name));
    const form = secretForm(field);
    return value === undefined || form === undefined ? [] : [value, ...form.parts(value)];
  });
}

function unknownInputs(known: readonly string[], given: Given): string[] {
  return [...given.keys()]
    .filter((name) => !known.includes(name))
    .map((name) => {
      const meant = nearest(name, known);
      return `${name}: there is no such input${meant === undefined ? '' : ` — did you mean ${meant}?`}`;
    });
}

function invalid(problems: readonly string[]): UserError {
  return new UserError(
    problems.length === 1
      ? `An input is wrong — ${problems[0]}`
      : `${counted(problems.length, 'input')} are wrong — ${problems.map((problem, i) => `(${i + 1}) ${problem}`).join('; ')}`,
    `correct ${problems.length === 1 ? 'it' : 'them'} in the workflow and run again; nothing was done`,
    { code: 'input-invalid' },
  );
}
