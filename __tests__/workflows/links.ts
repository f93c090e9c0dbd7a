import { readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { read, root, type SourceFile } from './files.ts';

/** Every page of the project. */
export const pages: readonly SourceFile[] = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...['actions', 'docs', 'examples', 'lab', 'bench', '.github'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') && !name.includes('node_modules') && !name.includes('.venv'))
      .map((name) => join(folder, name)),
  ),
].map(read);

/** Links of a page to files and headings of the project that are not there. */
export function brokenLinks({ name, text }: SourceFile): string[] {
  const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? name : relative(root, join(root, dirname(name), path));
    const found = statSync(join(root, target), { throwIfNoEntry: false });
    if (found === undefined || anchor === undefined) return found === undefined;
    return !found.isFile() || !headings(path === '' ? text : read(target).text).includes(anchor);
  });
}

/** As GitHub names them. */
function headings(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function withoutCode(text: string): string {
  return text.replaceAll(/^ *```.*?^ *```/gms, '');
}
