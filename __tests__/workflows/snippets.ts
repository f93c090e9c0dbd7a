import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

import { manifests, read, root, type SourceFile } from './files.ts';

/** The documents that show how the suite is used. */
const documents: readonly SourceFile[] = [
  'README.md',
  ...manifests.map(({ name }) => name.replace(/action\.yml$/, 'README.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]
  .filter((name, index, all) => existsSync(join(root, name)) && all.indexOf(name) === index)
  .map(read);

/** Workflows in documents, and single steps in a workflow made around them. */
export const snippets: readonly { readonly name: string; readonly text: string }[] = documents.flatMap(
  ({ name, text }) =>
    [...text.matchAll(/^```ya?ml\n(.*?)^```/gms)].flatMap(([, yaml = ''], index) => {
      const workflow = asWorkflow(yaml);
      return workflow === undefined ? [] : [{ name: `${name}, block ${index + 1}`, text: workflow }];
    }),
);

function asWorkflow(yaml: string): string | undefined {
  const value: unknown = parse(yaml);
  if (Array.isArray(value)) {
    const steps = yaml.replace(/^(?=.)/gm, '      ');
    return `on: push\njobs:\n  snippet:\n    runs-on: ubuntu-latest\n    steps:\n${steps}`;
  }
  return typeof value === 'object' && value !== null && 'jobs' in value ? yaml : undefined;
}
