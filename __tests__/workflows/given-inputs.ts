import { parse } from 'yaml';

import { manifestOf } from '../../src/actions/manifests.ts';
import { type ActionName, actionNames } from '../../src/actions/names.ts';
import { messageOf } from '../../src/ground/errors.ts';
import { actions } from '../../src/index.ts';
import type { Field } from '../../src/step/action.ts';
import { readInputs } from '../../src/step/inputs.ts';
import { kebabCase } from '../../src/step/manifest.ts';
import { suite, translated } from './files.ts';

interface Step {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string | number | boolean>>;
}

const digest = `sha256:${'a'.repeat(64)}`;

/** What an expression of a workflow may stand for; the first that its input takes is put in. */
const values = [
  'x1',
  '1',
  'true',
  '5s',
  'server',
  'beside',
  'http://shop.example/health/',
  'postgresql://shop:x@db.example/shop',
  `SHA256:${'A'.repeat(43)}`,
  `registry.example/shop:1@${digest}`,
  'KEY=value',
  '{"deploy": {"result": "success", "outputs": {}}}',
  '',
];

/** What the actions of the suite would say to the inputs that a workflow gives them. Empty when they take them. */
export async function refusedInputs(text: string): Promise<string[]> {
  const { jobs } = parse(translated(text)) as { jobs: Readonly<Record<string, { steps?: readonly Step[] }>> };
  const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);
  const said = await Promise.all(steps.map(complaintOf));
  return said.filter((complaint) => complaint !== undefined);
}

async function complaintOf({ uses = '', with: written = {} }: Step): Promise<string | undefined> {
  const name = actionOf(uses);
  if (name === undefined) return undefined;
  const action = await actions[name]();
  const fields = new Map(Object.entries(action.inputs).map(([field, shape]) => [kebabCase(field), shape]));
  const given = Object.entries(written)
    .map(([input, value]): [string, string] => [input, filledIn(String(value), fields.get(input))])
    .filter(([, value]) => value !== '');
  try {
    readInputs(action.inputs, action.rules, manifestOf(name), new Map(given));
    return undefined;
  } catch (error) {
    return `${uses}: ${messageOf(error)}`;
  }
}

function actionOf(uses: string): ActionName | undefined {
  const named = uses.replace(/@.*$/, '').replace(`${suite}/actions/`, '').replace(`${suite}`, 'tenantry');
  return actionNames.find((name) => name === named);
}

function filledIn(written: string, field: Field | undefined): string {
  if (!written.includes('${{')) return written;
  const possible = values.map((value) =>
    written.replaceAll(/\$\{\{.*?\}\}/gs, (expression) => (/digest/.test(expression) ? digest : value)),
  );
  return possible.find((value) => field?.safeParse(value === '' ? undefined : value).success) ?? written;
}
