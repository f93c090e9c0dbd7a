/**
 * The two workflows of a preview, run as they stand by `act`, as for a fork: the first has no secret and runs the pull
 * request's code, the second runs none of it and writes the comment. Nothing but the repository is there: the
 * PostgreSQL is of the step's own.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { command } from '../../lab/command.ts';
import { labFolders } from '../../lab/folders.ts';
import { postgres18Folder } from '../../lab/postgres18.ts';
import { act } from '../../lab/tools/workflow-tools.ts';
import { type GitHub, startGitHub } from '../github/github.ts';
import { read } from '../workflows/files.ts';
import { runWorkflow, type WorkflowRun } from './act.ts';
import { type ShopRepository, shopRepository } from './shop-repository.ts';

const tenMinutes = 600_000;
const token = 'canary-token';
const file = 'catalog/migrations/0003_no_description.py';
const danger = `from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_product_description")]
    operations = [migrations.RemoveField("product", "description")]
`;

let folder: string;
let repository: ShopRepository;
let github: GitHub;
let base: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'preview-'));
  repository = await shopRepository();
  base = await repository.commit('The shop');
  github = await startGitHub({ token });
  // As GitHub's runners have it; whoever is not root may read it.
  cpSync(await postgres18Folder(labFolders()), join(folder, 'postgres'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  mkdirSync(join(folder, 'artifacts'));
  for (const [name, text] of Object.entries(standIns)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'action.yml'), text);
  }
  await command(['chmod', '-R', 'a+rX', folder]);
  await act(); // its first build takes minutes
}, tenMinutes);

afterAll(async () => {
  await github?.close();
  repository?.remove();
  rmSync(folder, { recursive: true, force: true });
}, tenMinutes);

test(
  'a dangerous migration of a fork is a red check and a comment; the line that the comment shows makes it green, and the comment another',
  async () => {
    const first = await push('Nobody reads the description', danger);
    expect(first.preview.jobs).toEqual({ preview: 'failure' });
    expect(first.preview.annotations).toEqual([
      expect.objectContaining({
        level: 'error',
        text: expect.stringMatching(/^catalog\.0003_no_description is dangerous — removes the column /),
      }),
    ]);
    expect(first.preview.log).not.toContain(token); // the fork's workflow has none to give away
    expect(first.comment.jobs).toEqual({ comment: 'success' });
    expect(github.repository.comments).toMatchObject([{ issue: 9 }]);
    const told = String(github.repository.comments[0]?.body);
    expect(told).toContain('### 🛑 1 migration: 1 danger');
    const line = told.split('\n').find((one) => one.startsWith('# tenantry: allow '));
    expect(line).toBe('# tenantry: allow drop:');
    expect(told).toContain(`# ${file}\n${line}`);

    const second = await push('It says why', `${line} nobody reads it since release 41\n${danger}`);
    expect(second.preview.jobs).toEqual({ preview: 'success' });
    expect(second.comment.jobs).toEqual({ comment: 'success' });
    expect(github.repository.comments).toMatchObject([
      { issue: 9, body: expect.stringContaining('**accepted:** nobody reads it since release 41') },
    ]);
    expect(github.refused).toEqual([]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('tenantry-postgres-'))).toEqual([]);
  },
  tenMinutes,
);

/** A push to the pull request: the first workflow, and the second with what the first has kept. */
async function push(message: string, migration: string) {
  const sha = await repository.commit(message, { [file]: migration });
  const own = { full_name: 'acme/shop', owner: { login: 'acme' } };
  const fork = { full_name: 'ana/shop', owner: { login: 'ana' } };
  rmSync(join(folder, 'artifacts'), { recursive: true });
  mkdirSync(join(folder, 'artifacts'));
  const preview = await run('preview.yml', 'pull_request', {
    number: 9,
    repository: own,
    pull_request: {
      number: 9,
      labels: [],
      base: { sha: base, ref: 'dev', repo: own },
      head: { sha, ref: 'away', repo: fork },
    },
  });
  if (!existsSync(join(folder, 'artifacts/preview'))) throw new Error(preview.log);
  github.repository.pulls.splice(0, 1, { number: 9, head: 'ana:away', sha });
  const comment = await run('preview-comment.yml', 'workflow_run', {
    action: 'completed',
    repository: own,
    workflow_run: {
      id: 7,
      html_url: 'https://github.com/acme/shop/actions/runs/7',
      head_branch: 'away',
      head_sha: sha,
      head_repository: fork,
    },
  });
  if (comment.exitCode !== 0) throw new Error(comment.log.split('\n').slice(-60).join('\n'));
  return { preview, comment };
}

function run(
  workflow: string,
  event: 'pull_request' | 'workflow_run',
  payload: object,
): Promise<WorkflowRun> {
  return runWorkflow({
    repository: repository.folder,
    workflow: `.github/workflows/${workflow}`,
    event,
    payload,
    secrets: event === 'workflow_run' ? { GITHUB_TOKEN: token } : {},
    vars: {},
    apiUrl: github.apiUrl,
    environment: {
      PIP_NO_COMPILE: '1',
      PIP_FIND_LINKS: join(repository.folder, 'wheels'),
      PIP_NO_INDEX: '1',
      SHOP_REPOSITORY: repository.folder,
      ARTIFACTS: join(folder, 'artifacts'),
      PATH: [join(folder, 'postgres/bin'), process.env.PATH].join(delimiter),
    },
    programs: {},
    otherActions: Object.fromEntries(Object.keys(standIns).map((name) => [usedAs(name), join(folder, name)])),
  });
}

/** `actions/checkout@…`, as the examples write it. */
function usedAs(name: string): string {
  const text = ['preview.yml', 'preview-comment.yml']
    .map((workflow) => read(`examples/workflows/${workflow}`).text)
    .join('\n');
  const found = new RegExp(`uses: (actions/${name}@[0-9a-f]{40})`).exec(text)?.[1];
  if (found === undefined) throw new Error(`no example uses ${name}`);
  return found;
}

/** What GitHub's own actions do, as far as the examples want it: they are nowhere to be had here. */
const standIns: Readonly<Record<string, string>> = {
  // Without a ref act does it itself.
  checkout: composite(
    ['ref', 'path', 'persist-credentials'],
    `mkdir -p "$GITHUB_WORKSPACE/$INPUT_PATH" &&
        git -C "$SHOP_REPOSITORY" archive "$INPUT_REF" | tar -x -C "$GITHUB_WORKSPACE/$INPUT_PATH"`,
  ),
  'upload-artifact': composite(
    ['name', 'path'],
    `mkdir "$ARTIFACTS/$INPUT_NAME" && cp "$INPUT_PATH" "$ARTIFACTS/$INPUT_NAME/"`,
  ),
  'download-artifact': composite(
    ['name', 'path', 'run-id', 'github-token'],
    `test "$INPUT_RUN_ID" = 7 && test -n "$INPUT_GITHUB_TOKEN" &&
        mkdir -p "$INPUT_PATH" && cp "$ARTIFACTS/$INPUT_NAME/"* "$INPUT_PATH/"`,
  ),
};

function composite(inputs: readonly string[], script: string): string {
  const variables = inputs.map((name) => `INPUT_${name.toUpperCase().replaceAll('-', '_')}`);
  const text = `name: stand-in
description: Stand-in.
inputs:
${inputs.map((name) => `  ${name}: { description: As GitHub's., required: true }`).join('\n')}
runs:
  using: composite
  steps:
    - shell: sh
      env:
${inputs.map((name, index) => `        ${variables[index]}: \${{ inputs.${name} }}`).join('\n')}
      run: |
        ${script}
`;
  parse(text); // or it would be nowhere told
  return text;
}
