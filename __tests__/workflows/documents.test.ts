/** What documents tell people to type and to copy: commands, inputs, links. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { command, tryCommand } from '../../lab/command.ts';
import * as tools from '../../lab/tools/workflow-tools.ts';
import { manifestOf } from '../../src/actions/manifests.ts';
import { actionNames } from '../../src/actions/names.ts';
import { parseDatabaseUrl } from '../../src/database/url.ts';
import { read, root, suite, workflows } from './files.ts';
import { refusedInputs } from './given-inputs.ts';
import { brokenLinks, pages } from './links.ts';
import { brokenReferences } from './references.ts';
import { shellBlocks, snippets, untried } from './snippets.ts';

const guides = readdirSync(join(root, 'docs/guides')).map((name) => `docs/guides/${name}`);

test('every guide is named where people look, and nothing in YAML goes untried', () => {
  const { text } = read('README.md');
  expect(guides.filter((guide) => !text.includes(`(${guide})`))).toEqual([]);
  expect(untried.map(({ name }) => name)).toEqual([]);
});

describe('links', () => {
  test.each(pages)('of $name lead somewhere', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  test('to a file or a heading that is not there are noticed', () => {
    const text =
      '# A\n[a](README.md) [b](nowhere.md) [c](#a) [d](#b) [e](README.md#the-actions) [f](README.md#no)';
    expect(brokenLinks({ ...read('README.md'), text })).toEqual(['nowhere.md', '#b', 'README.md#no']);
  });
});

describe('inputs', () => {
  test.each([...workflows, ...snippets])('that $name gives are taken', async ({ text }) => {
    expect(await refusedInputs(text)).toEqual([]);
  });

  test.each`
    why                               | given                                                               | says
    ${'a value of another kind'}      | ${'{ url: "https://shop.example", interval: 5 }'}                   | ${'interval: "5"'}
    ${'inputs that need one another'} | ${'{ url: "https://shop.example", from: server }'}                  | ${'from: server: needs host and ssh-user'}
    ${'no value that would do'}       | ${`{ url: "https://shop.example", tenants: "$\{{ vars.A }} all" }`} | ${'tenants'}
  `('notice $why', async ({ given, says }) => {
    const text = `jobs: { a: { steps: [{ uses: ${suite}/actions/health-check@v1, with: ${given} }] } }`;
    expect((await refusedInputs(text)).join()).toContain(String(says));
  });
});

describe('commands', () => {
  let shellcheck: string;
  // The first run fetches it.
  beforeAll(async () => {
    shellcheck = await tools.shellcheck();
  }, 600_000);

  /** The reader's own shell sees what fails, so a value may be made where it is exported (SC2155). */
  async function complaints(text: string, shell: string): Promise<string> {
    const argv = [shellcheck, '--shell', shell, '--exclude', 'SC2155', '--format', 'gcc', '-'];
    const { code, stdout, stderr } = await tryCommand(argv, { stdin: text });
    if (code > 1) throw new Error(stderr);
    return stdout;
  }

  test.each(shellBlocks)('of $name please shellcheck', async ({ text, isForServer }) => {
    expect(await complaints(text, isForServer ? 'dash' : 'bash')).toBe('');
  });

  test.each(shellBlocks)('of $name name actions and inputs that there are', ({ text }) => {
    expect(unknownOptions(text)).toEqual([]);
  });

  test('with a word that is not quoted, an action or an input misspelt are noticed', async () => {
    expect(await complaints('cat $1', 'dash')).toContain('SC2086');
    expect(unknownOptions('node ../tenantry/dist/cli.cjs doctor \\\n  --hots a')).toEqual(['doctor --hots']);
    expect(unknownOptions('node dist/cli.cjs migrate --dry-run')).toEqual(['migrate']);
  });

  test('make of a password what a URL takes', async () => {
    const encode = shellBlocks.find(({ document }) => document === 'docs/guides/secrets.md')?.text ?? '';
    const password = `p@ss:w/rd%41 #&?$'"é`;
    const encoded = await command(['sh', '-euc', encode], { stdin: `${password}\n` });
    const url = parseDatabaseUrl(`postgresql://shop:${encoded.trim()}@db.example.com/shop`);
    expect(url).toMatchObject({ user: 'shop', password, host: 'db.example.com', name: 'shop' });
  });

  function unknownOptions(text: string): string[] {
    const lines = text.replaceAll('\\\n', ' ').split('\n');
    return lines.flatMap((line) => {
      const [, name = '', rest = ''] = /dist\/cli\.cjs ([a-z-]+)(.*)/.exec(line) ?? [];
      if (name === '') return [];
      const action = actionNames.find((one) => one === (name === 'doctor' ? 'health-check' : name));
      if (action === undefined) return [name];
      const { inputs } = manifestOf(action);
      return [...rest.matchAll(/--([a-z-]+)/g)]
        .filter(([, option = '']) => !(option in inputs))
        .map(([option]) => `${name} ${option}`);
    });
  }
});

describe('the commands for GitHub Enterprise Server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mirror-'));
  const before = workflows.filter(({ name }) => name.startsWith('.github/'));
  let commit: string;

  beforeAll(async () => {
    const git = (...args: string[]) =>
      command(['git', '-c', 'user.name=Ana', '-c', 'user.email=ana@example.com', '-C', folder, ...args]);
    for (const { name, text } of before) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    await git('init', '--quiet');
    await git('add', '--all');
    await git('commit', '--quiet', '--message', 'A mirror');
    commit = (await git('rev-parse', 'HEAD')).trim();
    const blocks = shellBlocks.filter(
      ({ document }) => document === 'docs/guides/github-enterprise-server.md',
    );
    expect(blocks).toHaveLength(2);
    for (const { text } of blocks) await command(['bash', '-euc', text], { cwd: folder });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(before)(
    'leave $name a workflow that names the same actions, in the mirror at its commit',
    (workflow) => {
      const { name, text } = workflow;
      const after = readFileSync(join(folder, name), 'utf8');
      const ours = [...text.matchAll(/uses: \$\/(\S+)/g)].map(
        ([, path]) => `OWNER/tenantry/${path}@${commit}`,
      );
      expect([...after.matchAll(/uses: (OWNER\S+)/g)].map(([, uses]) => uses)).toEqual(ours);
      expect(after).not.toMatch(/uses: \$\/|deployment: false/);
      expect(brokenReferences(after.replaceAll('OWNER/tenantry', suite))).toEqual([]);
    },
  );

  test('have something to do', () => {
    expect(before.filter(({ text }) => text.includes('uses: $/')).length).toBeGreaterThan(3);
  });
});
