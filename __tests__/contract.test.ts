/** `action.yml` and the code say the same: names, defaults, requiredness, deprecations, in both directions. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { manifestOf } from '../src/actions/manifests.ts';
import { type ActionName, actionNames } from '../src/actions/names.ts';
import { actions } from '../src/index.ts';
import { type Action, commonOutputs, type Field } from '../src/step/action.ts';
import { secretForm } from '../src/step/fields.ts';
import { kebabCase } from '../src/step/manifest.ts';

const root = new URL('..', import.meta.url);
const all = await Promise.all(
  actionNames.map(async (name) => ({ name, action: await actions[name](), manifest: manifestOf(name) })),
);

describe.each(all)('$name', ({ name, action, manifest }) => {
  const fields = new Map(Object.entries(action.inputs).map(([input, field]) => [kebabCase(input), field]));

  test('declares every input that the code reads, and no other', () => {
    expect(Object.keys(manifest.inputs).sort()).toEqual([...fields.keys()].sort());
  });

  test('declares every output that the code writes, and no other', () => {
    expect(Object.keys(manifest.outputs).sort()).toEqual(
      [...new Set([...action.outputs, ...commonOutputs])].sort(),
    );
  });

  test('an input without a default is required exactly where the code cannot do without it', () => {
    const wrong = [...fields].filter(([input, field]) => {
      const { required = false, default: preset } = manifest.inputs[input] ?? { description: '' };
      return preset === undefined
        ? required === accepts(field, undefined)
        : required || accepts(field, undefined);
    });
    expect(wrong.map(([input]) => input)).toEqual([]);
  });

  test('every default is accepted', () => {
    const refused = Object.entries(manifest.inputs).filter(
      ([input, { default: preset }]) => preset !== undefined && !accepts(fields.get(input), preset),
    );
    expect(refused).toEqual([]);
  });

  test('names are kebab-case and descriptions are sentences', () => {
    for (const [input, { description, deprecationMessage }] of Object.entries(manifest.inputs)) {
      expect(input).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(description).toMatch(/^[A-Z].*\.$/s);
      // A deprecated input still works: the code goes on reading it, and the message says what to use instead.
      if (deprecationMessage !== undefined) expect(deprecationMessage).toMatch(/use [a-z-]+/);
    }
  });

  test('what sounds secret is declared secret, has no default, and reaches no output but on purpose', () => {
    const secrets = [...fields]
      .filter(([, field]) => secretForm(field) !== undefined)
      .map(([input]) => input);
    const sounding = [...fields.keys()].filter((input) =>
      /password|passphrase|token|database-url|(^|-)key$/.test(input),
    );
    expect(secrets).toEqual(expect.arrayContaining(sounding));
    expect(secrets.filter((input) => manifest.inputs[input]?.default !== undefined)).toEqual([]);
    const outputs = Object.keys(manifest.outputs).filter((output) => secrets.includes(output));
    expect([...action.secretOutputs]).toEqual(expect.arrayContaining(outputs));
  });

  test('the closed list of results is in the description of the output result', () => {
    const { description = '' } = manifest.outputs.result ?? {};
    for (const result of [...action.results, 'failed']) expect(description).toContain(result);
  });

  test('runs on node24 through its door in dist', () => {
    const { runs } = readYaml(name);
    const folder = new URL(name === 'tenantry' ? '.' : `actions/${name}/`, root);
    expect(runs.using).toBe('node24');
    expect(existsSync(new URL(runs.main, folder))).toBe(true);
    expect(readFileSync(new URL(runs.main, folder), 'utf8')).toBe(
      `require('./parts/index.cjs').run('${name}');\n`,
    );
  });
});

test('an input that several actions share means the same everywhere', () => {
  const seen = new Map<string, { action: string; description: string; preset: string | undefined }>();
  const different: string[] = [];
  for (const { name, manifest } of all) {
    for (const [input, { description, default: preset }] of Object.entries(manifest.inputs)) {
      if (ownMeanings.has(input)) continue;
      const first = seen.get(input) ?? { action: name, description, preset };
      seen.set(input, first);
      if (first.description !== description || first.preset !== preset)
        different.push(`${input}: ${first.action}, ${name}`);
    }
  }
  expect(different).toEqual([]);
});

/** Words that mean what their action is about. */
const ownMeanings = new Set([
  'timeout',
  'host',
  'container',
  'port',
  'name',
  'user',
  'password',
  'env',
  'engine',
  'mode',
  'database-url',
]);

test('the contract notices a default, a name and a requirement that do not agree', () => {
  const { action, manifest } = all[1] as { action: Action; manifest: ReturnType<typeof manifestOf> };
  expect(accepts(action.inputs.waitInterval, '5')).toBe(false);
  expect(Object.keys(manifest.inputs)).not.toContain('waitInterval');
  const provision = all.find(({ name }) => name === 'provision-tenant')?.action as Action;
  expect(accepts(provision.inputs.databaseUrl, undefined)).toBe(false);
});

function accepts(field: Field | undefined, written: string | undefined): boolean {
  return field?.safeParse(written).success ?? false;
}

function readYaml(name: ActionName): { runs: { using: string; main: string } } {
  const path = name === 'tenantry' ? 'action.yml' : `actions/${name}/action.yml`;
  return parse(readFileSync(new URL(path, root), 'utf8'));
}
