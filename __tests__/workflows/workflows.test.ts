/** Workflows that users copy and the one that tests this project: what GitHub, actionlint and zizmor say to them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { command, tryCommand } from '../../lab/command.ts';
import * as tools from '../../lab/tools/workflow-tools.ts';
import { manifests, read, root, translated, workflows } from './files.ts';
import { mistakesInManifest, mistakesInWorkflow } from './github-parser.ts';
import { brokenReferences } from './references.ts';
import { snippets } from './snippets.ts';

/** A small workflow that is right, for the tests that break it. */
const right = `
name: Right
on: push
permissions:
  contents: read
concurrency:
  group: right
  cancel-in-progress: false
jobs:
  build:
    name: Build
    runs-on: ubuntu-latest
    timeout-minutes: 5
    outputs:
      image: \${{ steps.push.outputs.image }}
    steps:
      - name: Push
        id: push
        run: echo "image=shop:1" >> "$GITHUB_OUTPUT"
  deploy:
    name: Deploy
    needs: build
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - name: Check
        uses: tenantry/tenantry/actions/health-check@v1
        with:
          url: http://shop.example/health/
          expect-header: 'X-Image: \${{ needs.build.outputs.image }}'
`;

/** The right one with one thing wrong. */
function broken(search: string | undefined, replacement: string | undefined): string {
  expect(right).toContain(String(search));
  return right.replace(String(search), String(replacement));
}

test('the documents show how the suite is used', () => {
  expect(snippets.map(({ name }) => name)).toContain('README.md, block 1');
});

describe("GitHub's own parser", () => {
  test.each([...workflows, ...snippets])('takes $name', async (workflow) => {
    expect(await mistakesInWorkflow(workflow)).toEqual([]);
  });

  test.each(manifests)('takes $name', (manifest) => {
    expect(mistakesInManifest(manifest)).toEqual([]);
  });

  test.each`
    why                                | search                        | replacement                    | says
    ${'a key that does not exist'}     | ${'timeout-minutes: 5'}       | ${'time-limit: 5'}             | ${"Unexpected value 'time-limit'"}
    ${'a context that does not exist'} | ${'needs.build.outputs'}      | ${'nneeds.build.outputs'}      | ${"Unrecognized named-value: 'nneeds'"}
    ${'a job that does not exist'}     | ${'needs: build'}             | ${'needs: biuld'}              | ${"depends on unknown job 'biuld'"}
    ${'a step that does nothing'}      | ${'run: echo "image=shop:1"'} | ${'with: echo "image=shop:1"'} | ${'Unexpected'}
  `('refuses $why', async ({ search, replacement, says }) => {
    expect(
      (await mistakesInWorkflow({ name: 'broken.yml', text: broken(search, replacement) })).join(),
    ).toContain(String(says));
  });

  test('refuses an action without runs, and one with a key that does not exist', () => {
    const { text } = read('actions/health-check/action.yml');
    const without = text.replace(/\nruns:[\s\S]*$/, '\n');
    expect(mistakesInManifest({ name: 'action.yml', text: without }).join()).toContain(
      'Required property is missing: runs',
    );
    expect(mistakesInManifest({ name: 'action.yml', text: `${text}\nsecrets: {}\n` }).join()).toContain(
      'secrets',
    );
  });

  test('takes the small workflow that the other tests break', async () => {
    expect(await mistakesInWorkflow({ name: 'right.yml', text: right })).toEqual([]);
  });
});

describe('references', () => {
  test.each([...workflows, ...snippets])('of $name lead somewhere', ({ text }) => {
    expect(brokenReferences(text)).toEqual([]);
  });

  test.each`
    why                             | search                         | replacement                      | says
    ${'an input misspelt'}          | ${'expect-header:'}            | ${'expected-header:'}            | ${'there is no input expected-header'}
    ${'a required input left out'}  | ${'actions/health-check@v1'}   | ${'actions/deploy-container@v1'} | ${'the required input container is not given'}
    ${'an action misspelt'}         | ${'actions/health-check@v1'}   | ${'actions/healthcheck@v1'}      | ${'there is no such action'}
    ${'an output of a job missing'} | ${'needs.build.outputs.image'} | ${'needs.build.outputs.digest'}  | ${'build has no output digest'}
    ${'a job not waited for'}       | ${'needs: build'}              | ${'needs: []'}                   | ${'not in its needs'}
    ${'an output nobody writes'}    | ${'echo "image=shop:1"'}       | ${'echo "name=shop:1"'}          | ${'nothing shows that the step push writes image'}
    ${'a step that is not there'}   | ${'id: push'}                  | ${'id: pull'}                    | ${'there is no step push'}
  `('notice $why', ({ search, replacement, says }) => {
    expect(brokenReferences(right)).toEqual([]);
    expect(brokenReferences(broken(search, replacement)).join()).toContain(String(says));
  });
});

describe('secrets and variables of the examples', () => {
  const examples = workflows.filter(({ name }) => name.startsWith('examples/'));
  const documented = [...read('examples/workflows/README.md').text.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(
    ([, name = '']) => name,
  );

  test('are the ones in their README', () => {
    const used = new Set(examples.flatMap(({ text }) => settingsIn(text).map(({ name }) => name)));
    expect([...used].sort()).toEqual([...documented].sort());
  });

  test.each([
    'examples/workflows/deploy-dev.yml',
    '.github/workflows/deploy.yml',
    '.github/workflows/rollback.yml',
    '.github/workflows/provision.yml',
  ])('are looked for by %s before it begins, where it has no default for them', (name) => {
    const { text } = read(name);
    const lookedFor = [...text.matchAll(/'(secret|variable):([A-Z_]+)'/g)].map(([, , found = '']) => found);
    const settings = settingsIn(text);
    const withDefault = new Set(settings.flatMap((one) => (one.isOptional ? [one.name] : [])));
    const needed = new Set(settings.map((one) => one.name));
    expect(lookedFor.length).toBeGreaterThan(3);
    expect(lookedFor.sort()).toEqual([...needed].filter((one) => !withDefault.has(one)).sort());
  });

  function settingsIn(text: string) {
    return [...text.matchAll(/\b(?:secrets|vars)\.([A-Z_]+)( \|\|)?/g)].map(([, name = '', orElse]) => ({
      name,
      isOptional: orElse !== undefined,
    }));
  }
});

describe('actionlint, with shellcheck', () => {
  let actionlint: string;
  let shellcheck: string;
  // The first run builds it.
  beforeAll(async () => {
    [actionlint, shellcheck] = await Promise.all([tools.actionlint(), tools.shellcheck()]);
  }, 600_000);

  async function complaints(name: string, text: string): Promise<string[]> {
    const result = await tryCommand(
      [
        actionlint,
        '-oneline',
        '-no-color',
        `-shellcheck=${shellcheck}`,
        '-pyflakes=',
        '-stdin-filename',
        name,
        '-',
      ],
      { stdin: text },
    );
    if (result.code > 1) throw new Error(result.stderr);
    return result.stdout.split('\n').filter((line) => line !== '');
  }

  test.each([...workflows, ...snippets])('has nothing to say to $name', async ({ name, text }) => {
    expect(await complaints(name, translated(text))).toEqual([]);
  });

  test.each`
    why                                  | search                         | replacement                   | says
    ${'an output that does not exist'}   | ${'needs.build.outputs.image'} | ${'needs.build.outputs.imge'} | ${'property "imge" is not defined'}
    ${'a variable in a script unquoted'} | ${'"$GITHUB_OUTPUT"'}          | ${'$GITHUB_OUTPUT'}           | ${'SC2086'}
    ${'a runner that does not exist'}    | ${'runs-on: ubuntu-latest'}    | ${'runs-on: ubuntu-newest'}   | ${'label "ubuntu-newest" is unknown'}
  `('notices $why', async ({ search, replacement, says }) => {
    expect(await complaints('right.yml', right)).toEqual([]);
    expect((await complaints('broken.yml', broken(search, replacement))).join()).toContain(String(says));
  });
});

describe('zizmor, at its strictest', () => {
  let zizmor: string;
  const folder = mkdtempSync(join(tmpdir(), 'workflows-'));
  beforeAll(async () => {
    zizmor = await tools.zizmor();
  }, 600_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  const config = join(root, '.github/zizmor.yml');
  const sources = [...workflows, ...manifests].map(({ path }) => path);

  /** The names of what it finds. */
  async function findings(paths: readonly string[], ...flags: readonly string[]): Promise<string[]> {
    const options = [
      '--offline',
      '--no-progress',
      '--persona',
      'auditor',
      '--format',
      'json',
      '--no-exit-codes',
    ];
    const said = await command([zizmor, ...options, ...flags, ...paths]);
    return (JSON.parse(said) as { ident: string; ignored: boolean }[])
      .filter(({ ignored }) => !ignored)
      .map(({ ident }) => ident);
  }

  test('finds nothing in workflows and manifests', async () => {
    expect(await findings(sources, '--config', config)).toEqual([]);
  });

  test('every exception that we made is still needed', async () => {
    expect([...new Set(await findings(sources, '--no-config'))].sort()).toEqual([
      'unpinned-images',
      'unpinned-uses',
    ]);
  });

  test.each`
    why                                     | search                                         | replacement                                                | says
    ${'an expression inside a script'}      | ${'echo "image=shop:1"'}                       | ${`echo "image=$\{{ github.event.head_commit.message }}"`} | ${'template-injection'}
    ${'an action of others without a hash'} | ${'tenantry/tenantry/actions/health-check@v1'} | ${'somebody/health-check@v1'}                              | ${'unpinned-uses'}
    ${'too many permissions'}               | ${'permissions:\n  contents: read'}            | ${'permissions: write-all'}                                | ${'excessive-permissions'}
  `('notices $why', async ({ search, replacement, says }) => {
    const path = join(folder, 'broken.yml');
    writeFileSync(path, right);
    expect(await findings([path], '--config', config)).toEqual([]);
    writeFileSync(path, broken(search, replacement));
    expect(await findings([path], '--config', config)).toContain(String(says));
  });
});
