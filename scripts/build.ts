/**
 * `npm run build [-- FOLDER]`: src/ becomes dist/: a door of one line for each action and for the program, and the parts
 * behind them, of which a step loads those that it uses. Not minified, so that it can be read where it runs.
 */
import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { build, type Metafile, type OutputFile, type Plugin, transform } from 'esbuild';

import { manifestOf } from '../src/actions/manifests.ts';
import { actionNames } from '../src/actions/names.ts';

const root = join(import.meta.dirname, '..');
const target = 'node24';

/** Builds into a folder, which afterwards holds nothing else. */
export async function buildInto(folder: string): Promise<void> {
  const parts = join(folder, 'parts');
  await rm(folder, { recursive: true, force: true });
  await mkdir(parts, { recursive: true });
  const { outputFiles, metafile } = await divided();
  const names = partNames(metafile);
  for (const { path, text } of outputFiles) {
    await writeFile(join(parts, names.get(basename(path)) ?? ''), await asCommonJs(text, names));
  }
  // PostgreSQL's parser looks for it beside itself, when it is needed.
  await copyFile(join(root, 'node_modules/libpg-query/wasm', wasm), join(parts, wasm));
  await chmod(join(parts, wasm), 0o644);
  for (const name of actionNames) {
    await writeFile(join(folder, `${name}.cjs`), `require('./parts/index.cjs').run('${name}');\n`);
  }
  const program =
    "#!/usr/bin/env node\nrequire('./parts/cli.cjs').cli(process.argv.slice(2), process.env).then((code) => process.exit(code));\n";
  await writeFile(join(folder, 'cli.cjs'), program, { mode: 0o755 });
}

/**
 * Whatever is loaded by `import()` is a part, and so is what several of them share: nothing is there twice. esbuild
 * divides ES modules only.
 */
function divided(): Promise<{ outputFiles: OutputFile[]; metafile: Metafile }> {
  return build({
    absWorkingDir: root,
    entryPoints: { index: 'src/index.ts', cli: 'src/cli.ts' },
    outdir: 'parts',
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    platform: 'node',
    target,
    format: 'esm',
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
}

/**
 * ssh2 needs `require` and `__dirname`. And `import` makes all that a module of Node has, even what nobody asks for:
 * of node:http that is a second HTTP client, which takes 15 MB.
 */
async function asCommonJs(part: string, names: ReadonlyMap<string, string>): Promise<string> {
  const renamed = part.replace(/"\.\/([^"/]+\.js)"/g, (written, name) =>
    names.has(name) ? `"./${names.get(name)}"` : written,
  );
  // Where each file begins is told to readers, and to describeDefect; only comments with an exclamation mark are kept.
  const marked = renamed.replace(/^( *)\/\/ ((?:src|node_modules)\/\S+)$/gm, '$1//! $2');
  const { code } = await transform(marked, {
    platform: 'node',
    target,
    format: 'cjs',
    charset: 'utf8',
    legalComments: 'inline',
    supported: { 'dynamic-import': false },
    logLevel: 'error', // what there is to say of our own source was said before
  });
  return code;
}

/** By the names that esbuild gives, which change with every letter: those of the largest file in each, or its package. */
function partNames({ outputs }: Metafile): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const largestFirst = Object.entries(outputs).sort(([, a], [, b]) => b.bytes - a.bytes);
  for (const [path, { entryPoint, inputs }] of largestFirst) {
    const bySize = Object.entries(inputs).sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput);
    const name = partName(entryPoint ?? bySize[0]?.[0] ?? 'src/runtime.ts');
    const taken = [...names.values()].filter(
      (other) => other.replace(/-\d+\.cjs$/, '.cjs') === `${name}.cjs`,
    );
    names.set(basename(path), `${name}${taken.length === 0 ? '' : `-${taken.length + 1}`}.cjs`);
  }
  return names;
}

/** `src/database/connection.ts` is database-connection, and what is in node_modules has its package's name. */
function partName(file: string): string {
  const [, scope, name] = /^node_modules\/(?:(@[^/]+)\/)?([^/]+)/.exec(file) ?? [];
  if (name !== undefined) return scope === undefined ? name : `${scope.slice(1)}-${name}`;
  return file
    .replace(/^src\//, '')
    .replace(/\.ts$/, '')
    .replaceAll('/', '-');
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

/** Each in a function: a step makes only its own. */
async function manifestsModule(): Promise<string> {
  const manifests = actionNames.map(
    (name) => `  ${JSON.stringify(name)}: () => (${JSON.stringify(manifestOf(name), null, 2)}),\n`,
  );
  return `const manifests = {\n${manifests.join('')}};\nexport const manifestOf = (name) => manifests[name]();\n`;
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
