import { createRequire } from 'node:module';
import { build } from 'esbuild';

import { root } from './files.ts';

/** GitHub's own parser, of which only these parts are used. */
interface GitHubParser {
  parseWorkflow(file: File, trace: unknown): Parsed;
  convertWorkflowTemplate(context: Context, value: unknown): Promise<{ errors?: { Message: string }[] }>;
  parseAction(file: File, trace: unknown): Parsed;
  convertActionTemplate(context: Context, value: unknown): unknown;
  readonly NoOperationTraceWriter: new () => unknown;
}

interface File {
  readonly name: string;
  readonly content: string;
}

interface Parsed {
  readonly context: Context;
  readonly value: unknown;
}

interface Context {
  readonly errors: { getErrors(): { message: string }[] };
}

/** It imports JSON without saying so, which Node refuses: it is bundled, in memory. */
async function load(): Promise<GitHubParser> {
  const bundle = await build({
    stdin: {
      contents: `
        export { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
        export { parseAction } from '@actions/workflow-parser/actions/action-parser';
        export { convertActionTemplate } from '@actions/workflow-parser/actions/action-template';`,
      resolveDir: root,
    },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  });
  const module = { exports: {} };
  new Function('module', 'require', bundle.outputFiles[0]?.text ?? '')(
    module,
    createRequire(import.meta.url),
  );
  return module.exports as GitHubParser;
}

const github = await load();

/** What GitHub would say to a workflow. Empty when it would take it. */
export async function mistakesInWorkflow({ name, text }: { name: string; text: string }): Promise<string[]> {
  const { context, value } = github.parseWorkflow(
    { name, content: text },
    new github.NoOperationTraceWriter(),
  );
  const said = messages(context);
  if (said.length > 0 || value === undefined) return said;
  const { errors = [] } = await github.convertWorkflowTemplate(context, value);
  return errors.map(({ Message }) => Message);
}

/** What GitHub would say to an action.yml. Empty when it would take it. */
export function mistakesInManifest({ name, text }: { name: string; text: string }): string[] {
  const { context, value } = github.parseAction({ name, content: text }, new github.NoOperationTraceWriter());
  if (messages(context).length === 0 && value !== undefined) github.convertActionTemplate(context, value);
  return messages(context);
}

function messages({ errors }: Context): string[] {
  return errors.getErrors().map(({ message }) => message);
}
