import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where users find the suite: `uses: <suite>/actions/health-check@v1`. */
export const suite = 'tenantry/tenantry';

export const root = join(import.meta.dirname, '../..');

/** A file of this repository. */
export interface SourceFile {
  /** Relative to the root. */
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

/** The examples for users, and the project's own. */
export const workflows: readonly SourceFile[] = ['examples/workflows', '.github/workflows'].flatMap(
  (folder) =>
    readdirSync(join(root, folder))
      .filter((file) => /\.ya?ml$/.test(file))
      .sort()
      .map((file) => read(join(folder, file))),
);

/** What the actions say of themselves. */
export const manifests: readonly SourceFile[] = [
  'action.yml',
  ...readdirSync(join(root, 'actions'))
    .sort()
    .map((name) => join('actions', name, 'action.yml')),
].map(read);

/** @param name relative to the root */
export function read(name: string): SourceFile {
  const path = join(root, name);
  return { name, path, text: readFileSync(path, 'utf8') };
}

/**
 * A workflow as tools read it that do not know `$/…`, this repository at this commit: as somebody else would name it.
 */
export function translated(text: string): string {
  return text.replace(/uses: \$\/(\S+)/g, `uses: ${suite}/$1@v1`);
}

/** The same for act, which makes no deployments, and does not know that one can be done without. */
export function forAct(text: string): string {
  return translated(text).replace(/^ +deployment: false\n/gm, '');
}
