/**
 * `npm run docs`: what documents say that is known elsewhere: the tables in the READMEs, from the manifests; the one in
 * docs/troubleshooting.md, from the functions that make the sentences; docs/*.schema.json, from the shapes of the
 * inputs that are written in YAML. `npm run docs -- --check` fails when one is stale. A table stands between two comments:
 * `<!-- inputs:NAME -->`, `<!-- outputs:NAME -->`, `<!-- situations -->`, `<!-- review -->` or
 * `<!-- rules:CODE -->`, and `<!-- end -->`.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

import { manifestOf } from '../src/actions/manifests.ts';
import { type ActionName, actionNames } from '../src/actions/names.ts';
import { filesShape } from '../src/deployment/request/files-shape.ts';
import { preDeployShape } from '../src/deployment/request/pre-deploy-command.ts';
import type { Signals } from '../src/diagnosis/rule.ts';
import { rules } from '../src/diagnosis/rules.ts';
import { listed } from '../src/ground/words.ts';
import { rolloutShape } from '../src/migrations/rollout.ts';
import { migrationSituations } from '../src/migrations/situations.ts';
import { tenantSituations } from '../src/provisioning/situations.ts';
import { table } from '../src/report/markdown.ts';
import type { Example } from '../src/review/situation.ts';
import { situations as reviewed } from '../src/review/situations.ts';

const root = join(import.meta.dirname, '..');
const place = /(<!-- (inputs|outputs):([a-z-]+) -->\n)[\s\S]*?(<!-- end -->)/g;
const rulesPlace = /(<!-- rules:([a-z-]+) -->\n)[\s\S]*?(<!-- end -->)/g;
const reviewPlace = /(<!-- review -->\n)[\s\S]*?(<!-- end -->)/g;
const situationsPlace = /(<!-- situations -->\n)[\s\S]*?(<!-- end -->)/g;

/** The text with its tables as the manifests and the functions have them now. */
export function withTables(text: string): string {
  const withActions = text.replace(place, (_, begin: string, kind: string, name: string, end: string) => {
    if (!(actionNames as readonly string[]).includes(name))
      throw new RangeError(`there is no action ${name}`);
    const rows = kind === 'inputs' ? inputsTable(name as ActionName) : outputsTable(name as ActionName);
    return `${begin}\n${rows}\n\n${end}`;
  });
  const withRules = withActions.replace(
    rulesPlace,
    (_, begin: string, code: string, end: string) => `${begin}\n${rulesTable(code)}\n\n${end}`,
  );
  const withReview = withRules.replace(
    reviewPlace,
    (_, begin: string, end: string) => `${begin}\n${reviewSections()}\n\n${end}`,
  );
  return withReview.replace(
    situationsPlace,
    (_, begin: string, end: string) => `${begin}\n${situationsTable()}\n\n${end}`,
  );
}

/** What is recognised, and by what: the rules themselves. */
function rulesTable(code: string): string {
  const all = new Set(
    [...rules.docker, ...rules.ended, ...rules.running].filter((rule) => rule.code === code),
  );
  if (all.size === 0) throw new RangeError(`there is no rule for ${code}`);
  const rows = [...all].map(({ sees, observed, next }) => [
    signalsOf(sees),
    literally(observed ?? "Docker's own words"),
    literally(next),
  ]);
  return table(['recognised by', 'what the sentence says', 'what to do'], rows);
}

function signalsOf({ docker, log, ended, compared }: Signals): string {
  const seen = [
    ...(docker === undefined ? [] : ['what Docker says']),
    ...(ended === undefined ? [] : [`exit ${ended === 'any' ? 'other than 0' : ended}`]),
    ...(log === undefined ? [] : ['what it said last']),
    ...(compared === undefined ? [] : [compared]),
  ];
  return listed(seen);
}

/** Each situation of a review with its examples. */
function reviewSections(): string {
  return reviewed
    .map(({ name, level, why, bad, good }) =>
      [
        `### ${name}`,
        `${level === 'error' ? '🛑' : '⚠️'} ${why}`,
        '```python',
        ...exampleOf('bad', bad),
        '',
        ...exampleOf('good', good),
        '```',
      ].join('\n'),
    )
    .join('\n\n');
}

function exampleOf(which: string, { operations, head = '', body }: Example): string[] {
  const lines = [head.trim(), body ?? '', `operations = [${operations}]`].filter((line) => line !== '');
  return [`# ${which}`, ...lines.join('\n').split('\n')];
}

function situationsTable(): string {
  const situations = [...migrationSituations, ...tenantSituations].sort((one, other) => one.row - other.row);
  return table(
    ['situation', 'code', 'what the sentence says', 'what to do'],
    situations.map(({ title, code, said, next }) => [
      title,
      code === undefined ? '–' : `[\`${code}\`](#${code})`,
      literally(said),
      literally(next),
    ]),
  );
}

/** Nothing in it is read as Markdown. */
export function literally(text: string): string {
  return text.replace(/[*<>`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function inputsTable(name: ActionName): string {
  const rows = Object.entries(manifestOf(name).inputs).map(
    ([input, { description, required, default: preset }]) => [
      `\`${input}\``,
      oneLine(description),
      required === true ? '**required**' : preset === undefined ? '' : `\`${preset}\``,
    ],
  );
  return table(['input', 'what it is', 'default'], rows);
}

function outputsTable(name: ActionName): string {
  const rows = Object.entries(manifestOf(name).outputs).map(([output, { description }]) => [
    `\`${output}\``,
    oneLine(description),
  ]);
  return table(['output', 'what it is'], rows);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Every document that may have a table. */
export function documents(): string[] {
  const own = readdirSync(join(root, 'actions')).map((name) => `actions/${name}/README.md`);
  return ['README.md', 'docs/troubleshooting.md', 'docs/migration-review.md', ...own];
}

/** What editors need to help with inputs that are written in YAML. */
const schemas: Readonly<Record<string, { title: string; shape: z.ZodType }>> = {
  'docs/rollout.schema.json': { title: 'The input rollout of migrate-schemas', shape: rolloutShape },
  'docs/files.schema.json': { title: 'The input files of deploy-container', shape: filesShape },
  'docs/pre-deploy.schema.json': { title: 'The input pre-deploy of deploy-container', shape: preDeployShape },
};

function freshText(path: string, text: string): string {
  const found = schemas[path];
  if (found === undefined) return withTables(text);
  const schema = z.toJSONSchema(found.shape, { io: 'input', unrepresentable: 'any' });
  return `${JSON.stringify({ title: found.title, ...schema }, undefined, 2)}\n`;
}

if (import.meta.main) {
  const stale = [...documents(), ...Object.keys(schemas)].filter((path) => {
    const file = join(root, path);
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const fresh = freshText(path, text);
    if (fresh !== text && !process.argv.includes('--check')) writeFileSync(join(root, path), fresh);
    return fresh !== text;
  });
  for (const path of stale)
    console.log(process.argv.includes('--check') ? `${path} is stale` : `${path} written`);
  if (stale.length > 0 && process.argv.includes('--check')) process.exit(1);
}
