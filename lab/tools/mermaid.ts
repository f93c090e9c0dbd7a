import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { build } from 'esbuild';
import { command } from '../command.ts';
import { type LabFolders, labFolders } from '../folders.ts';
import { installOnce } from './install-once.ts';

const version = '12.3.0';

/** Reads a picture as GitHub does. @returns its kind, like `gantt` */
export type MermaidParser = (text: string) => Promise<string>;

/**
 * The real Mermaid, to read pictures with. Only what cleans its HTML in a browser is left out: there is no browser
 * here, and nothing is drawn.
 */
export async function mermaidParser(folders: LabFolders = labFolders()): Promise<MermaidParser> {
  const folder = await installOnce(folders, `mermaid-${version}`, bundled);
  const { default: mermaid } = (await import(pathToFileURL(join(folder, 'mermaid.mjs')).href)) as {
    default: { parse(text: string): Promise<{ diagramType: string }> };
  };
  return async (text) => (await mermaid.parse(text)).diagramType;
}

/** One file of 5 MB instead of 200 MB of packages. */
async function bundled(folder: string): Promise<void> {
  const npm = ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  await command([...npm, '--prefix', folder, `mermaid@${version}`]);
  const withoutBrowser = join(folder, 'without-browser.mjs');
  writeFileSync(
    withoutBrowser,
    'export default { isSupported: true, addHook() {}, removeAllHooks() {}, sanitize: (text) => text };\n',
  );
  await build({
    stdin: { contents: "export { default } from 'mermaid';", resolveDir: folder },
    bundle: true,
    format: 'esm',
    platform: 'node',
    minify: true,
    logLevel: 'error',
    alias: { dompurify: withoutBrowser },
    outfile: join(folder, 'mermaid.mjs'),
  });
  rmSync(join(folder, 'node_modules'), { recursive: true });
}
