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

interface Snippet {
  readonly name: string;
  readonly text: string;
}

/** What stands in YAML: workflows, single steps in a workflow made around them, and what is neither. */
const yaml: readonly (Snippet & { readonly isTried: boolean })[] = documents.flatMap(({ name, text }) =>
  blocksOf(text, 'ya?ml').map((block, index) => {
    const workflow = asWorkflow(block);
    const isTried = workflow !== undefined;
    return { name: `${name}, block ${index + 1}`, text: workflow ?? block, isTried };
  }),
);

/** Workflows in documents, and single steps in a workflow made around them. */
export const snippets: readonly Snippet[] = yaml.filter(({ isTried }) => isTried);

/** YAML that nobody tries. */
export const untried: readonly Snippet[] = yaml.filter(({ isTried }) => !isTried);

/** Commands that somebody is told to type, in their order. */
export interface ShellBlock extends Snippet {
  readonly document: string;
  /** `# on the server`, its first line, says so; others are for the reader's own machine. */
  readonly isForServer: boolean;
}

export const shellBlocks: readonly ShellBlock[] = documents.flatMap(({ name, text }) =>
  blocksOf(text, 'sh').map((block, index) => ({
    name: `${name}, commands ${index + 1}`,
    document: name,
    text: block,
    isForServer: block.startsWith('# on the server\n'),
  })),
);

/** The texts between two fences, without the indentation of a list. */
function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^( *)\`\`\`${language}\n(.*?)^\\1\`\`\``, 'gms'))].map(
    ([, indentation = '', block = '']) => block.replaceAll(new RegExp(`^${indentation}`, 'gm'), ''),
  );
}

function asWorkflow(text: string): string | undefined {
  const value: unknown = parse(text);
  if (Array.isArray(value)) {
    const steps = text.replace(/^(?=.)/gm, '      ');
    return `on: push\njobs:\n  snippet:\n    runs-on: ubuntu-latest\n    steps:\n${steps}`;
  }
  return typeof value === 'object' && value !== null && 'jobs' in value ? text : undefined;
}
