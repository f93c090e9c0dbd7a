/** Where in a checkout the mistake of a failure is written. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { LineLike, Place } from '../ground/errors.ts';

export interface Written {
  /** From the folder of the checkout on. */
  readonly file: string;
  readonly text: string;
}

/** Undefined unless exactly one line looks like it: an annotation at a wrong line is worse than none. */
export function lineLike({ like, within }: LineLike, files: readonly Written[]): Place | undefined {
  const found = files.flatMap(({ file, text }) =>
    text.split('\n').flatMap((line, index) => {
      if (/^\s*#/.test(line) || !like(line)) return [];
      // Only of a literal block is every line of the value a line of the file.
      const inner = within !== undefined && /:\s*\|[-+]?\s*$/.test(line) ? within : 0;
      return [{ file, line: index + 1 + inner }];
    }),
  );
  return found.length === 1 ? found[0] : undefined;
}

/** The workflow that runs, and Dockerfiles, as far as they are checked out. */
export function filesOfCheckout({ GITHUB_WORKFLOW_REF, GITHUB_WORKSPACE }: NodeJS.ProcessEnv): Written[] {
  const root = GITHUB_WORKSPACE;
  if (root === undefined || !existsSync(root)) return [];
  const workflow = /^[^/]+\/[^/]+\/([^@]+)@/.exec(GITHUB_WORKFLOW_REF ?? '')?.[1];
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const dockerfiles = ['Dockerfile', ...folders.map(({ name }) => `${name}/Dockerfile`)];
  return [...(workflow === undefined ? [] : [workflow]), ...dockerfiles].flatMap((file) => {
    const path = join(root, file);
    return existsSync(path) ? [{ file, text: readFileSync(path, 'utf8') }] : [];
  });
}

/** Whether a line gives this value to an input: as it is, by an expression, or in lines below. */
export function inputLike(input: string, value: string): LineLike['like'] {
  return (line) => {
    const [, name, text = ''] = /^\s+(?:- )?([\w-]+):\s*(.*?)\s*$/.exec(line.replace(/\s#.*$/, '')) ?? [];
    if (name?.toLowerCase() !== input) return false;
    const isElsewhere = text.includes('${{') || /^[|>][-+]?$/.test(text);
    return isElsewhere || text.replace(/^(["'])(.*)\1$/, '$2') === value.trim();
  };
}
