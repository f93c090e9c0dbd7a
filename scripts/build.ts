/**
 * `npm run build [-- FOLDER]`: src/ becomes dist/: one bundle and a door of one line for each action and for the program.
 * CommonJS, because ssh2 needs `require` and `__dirname`; not minified, so that it can be read where it runs.
 */
import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { build, type Plugin } from 'esbuild';

import { manifestOf } from '../src/actions/manifests.ts';
import { actionNames } from '../src/actions/names.ts';

const root = join(import.meta.dirname, '..');

/** Builds into a folder, which afterwards holds nothing else. */
export async function buildInto(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await build({
    absWorkingDir: root,
    stdin: {
      contents: "export { run } from './src/index.ts';\nexport { cli } from './src/cli.ts';\n",
      resolveDir: root,
      sourcefile: 'dist.ts',
    },
    outfile: join(folder, 'index.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    charset: 'utf8',
    legalComments: 'eof',
    // Optional compiled parts: never in the bundle, so that it is the same on every machine.
    external: ['*.node', 'cpu-features', 'pg-native'],
    logLevel: 'warning',
    plugins: [
      withoutOidc,
      withoutOtherKeys,
      inlined('manifests.ts', manifestsModule),
      inlined('python-files.ts', (folder) => filesModule(folder, '.py', 'pythonFile')),
      inlined('server-script.ts', (folder) => filesModule(folder, '.sh', 'serverScript')),
    ],
  });
  // PostgreSQL's parser looks for it beside the bundle, when it is needed.
  await copyFile(join(root, 'node_modules/libpg-query/wasm', wasm), join(folder, wasm));
  await chmod(join(folder, wasm), 0o644);
  for (const name of actionNames) {
    await writeFile(join(folder, `${name}.cjs`), `require('./index.cjs').run('${name}');\n`);
  }
  const program =
    "#!/usr/bin/env node\nrequire('./index.cjs').cli(process.argv.slice(2), process.env).then((code) => process.exit(code));\n";
  await writeFile(join(folder, 'cli.cjs'), program, { mode: 0o755 });
}

const wasm = 'libpg-query.wasm';

/**
 * @actions/core brings an HTTP client, and with it a third of the bundle, only to ask for OIDC tokens. Nothing here
 * does; whoever comes to need them takes this away.
 */
const withoutOidc: Plugin = {
  name: 'without OIDC',
  setup({ onLoad }) {
    onLoad({ filter: /@actions\/core\/lib\/oidc-utils\.js$/ }, () => ({
      contents: 'export const OidcClient = undefined;',
    }));
  },
};

/**
 * age has kinds of keys that backup/encryption.ts refuses, and half of what it brings is for them: post-quantum ones, and
 * those of hardware. Whoever comes to take them takes this away.
 */
const withoutOtherKeys: Plugin = {
  name: 'without other keys of age',
  setup({ onLoad }) {
    onLoad({ filter: /@noble\/post-quantum\/hybrid\.js$/ }, () => ({
      contents: 'export const MLKEM768P256 = undefined, MLKEM768X25519 = undefined;',
    }));
    onLoad({ filter: /@noble\/curves\/nist\.js$/ }, () => ({ contents: 'export const p256 = undefined;' }));
  },
};

/** A module that reads files of the checkout; in the bundle it holds their contents instead. */
function inlined(file: string, contents: (folder: string) => Promise<string>): Plugin {
  return {
    name: `inline ${file}`,
    setup({ onLoad }) {
      onLoad({ filter: new RegExp(`/src/(?:[^/]+/)+${file.replace('.', '\\.')}$`) }, async ({ path }) => ({
        contents: await contents(join(path, '..')),
        loader: 'js',
      }));
    },
  };
}

async function manifestsModule(): Promise<string> {
  const manifests = Object.fromEntries(actionNames.map((name) => [name, manifestOf(name)]));
  return `const manifests = ${JSON.stringify(manifests, null, 2)};\nexport const manifestOf = (name) => manifests[name];\n`;
}

/** The texts of all files of a folder with this ending, by their names without it. */
async function filesModule(folder: string, ending: string, reader: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(ending)).sort();
  const files = await Promise.all(
    names.map(
      async (name) => [name.slice(0, -ending.length), await readFile(join(folder, name), 'utf8')] as const,
    ),
  );
  return `const files = ${JSON.stringify(Object.fromEntries(files), null, 2)};\nexport const ${reader} = (name) => files[name];\n`;
}

if (import.meta.main) await buildInto(process.argv[2] ?? join(root, 'dist'));
