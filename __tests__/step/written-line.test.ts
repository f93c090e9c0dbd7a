import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { environment } from '../../src/actions/fields.ts';
import { platformLike } from '../../src/deployment/preflight/platform-line.ts';
import { UserError } from '../../src/ground/errors.ts';
import { duration } from '../../src/step/fields.ts';
import { githubHost } from '../../src/step/github.ts';
import { readInputs } from '../../src/step/inputs.ts';
import { filesOfCheckout, lineLike } from '../../src/step/written-line.ts';

const workflow = `on: push
jobs:
  image:
    steps:
      - uses: docker/build-push-action@v6
        with:
          platforms: linux/arm64
  deploy:
    steps:
      - uses: tenantry/tenantry/actions/deploy-container@v1
        with:
          # interval: 5
          interval: 5
          bake: 30
          env: |
            A=1

            export B=2
      - uses: tenantry/tenantry/actions/health-check@v1
        with:
          interval: 10s
          bake: \${{ vars.BAKE }}
          dryRun: true
`;
const files = [{ file: '.github/workflows/deploy.yml', text: workflow }];

const manifest = {
  name: 'Sample',
  description: 'Sample.',
  inputs: { interval: { description: 'i' }, bake: { description: 'b' }, env: { description: 'e' } },
  outputs: {},
};
const fields = { interval: duration.optional(), bake: duration.optional(), env: environment.optional() };

function refusal(given: Readonly<Record<string, string>>): UserError {
  try {
    readInputs(fields, [], manifest, new Map(Object.entries(given)));
  } catch (error) {
    if (error instanceof UserError) return error;
  }
  throw new Error('it was not refused');
}

test.each<{ given: Record<string, string>; line: number | undefined; why: string }>`
  given                             | line         | why
  ${{ interval: '5' }}              | ${13}        | ${'the line with this value, and no remark'}
  ${{ interval: '7' }}              | ${undefined} | ${'no line has this value'}
  ${{ bake: '30' }}                 | ${undefined} | ${'two lines may have it: one by an expression'}
  ${{ env: 'A=1\n\nexport B=2\n' }} | ${18}        | ${'a line of a block, by its number'}
  ${{ env: 'export B=2' }}          | ${16}        | ${'a block of one line'}
  ${{ dryrun: 'true' }}             | ${23}        | ${'a misspelt name; the runner has made it small'}
  ${{ interval: '5', bake: '5' }}   | ${13}        | ${'of several mistakes the first'}
`('$given: $why', ({ given, line }) => {
  const { place } = refusal(given);
  expect(place && 'like' in place ? lineLike(place, files)?.line : place).toBe(line);
});

test.each<{ text: string; line: number | undefined; why: string }>`
  text                                                              | line         | why
  ${'FROM --platform=linux/arm64 python:3.13'}                      | ${1}         | ${'a Dockerfile says it'}
  ${'FROM a\n          platforms: linux/arm64/v8'}                  | ${2}         | ${'with a variant'}
  ${'platforms: linux/amd64,linux/arm64'}                           | ${undefined} | ${"the server's is built, too"}
  ${'FROM --platform=$BUILDPLATFORM python:3.13'}                   | ${undefined} | ${'nobody can tell'}
  ${'# linux/arm64\nFROM python:3.13'}                              | ${undefined} | ${'a remark'}
  ${'FROM --platform=linux/arm64 a\nFROM --platform=linux/arm64 b'} | ${undefined} | ${'two lines: which one?'}
`('an image for another processor, $why', ({ text, line }) => {
  const place = platformLike('linux/arm64', 'linux/amd64');
  expect(lineLike(place, [{ file: 'Dockerfile', text }])?.line).toBe(line);
});

test('the annotation of a step points into the checkout: at a Dockerfile, else at the workflow, else nowhere', () => {
  const root = mkdtempSync(join(tmpdir(), 'checkout-'));
  const written: string[] = [];
  const write = process.stdout.write;
  const failed = (ref: string) => {
    githubHost({ GITHUB_WORKSPACE: root, GITHUB_WORKFLOW_REF: ref }).fail(
      'it is for arm',
      platformLike('linux/arm64', 'linux/amd64'),
    );
    return written.splice(0).join('');
  };
  mkdirSync(join(root, 'backend'));
  process.stdout.write = (text) => written.push(String(text)) > 0;
  try {
    writeFileSync(join(root, 'backend/Dockerfile'), 'FROM --platform=linux/arm64 python:3.13\n');
    expect(failed('')).toBe('::error file=backend/Dockerfile,line=1::it is for arm\n');
    writeFileSync(join(root, 'backend/Dockerfile'), 'FROM python:3.13\n');
    expect(failed('')).toBe('::error::it is for arm\n');
    mkdirSync(join(root, '.github/workflows'), { recursive: true });
    writeFileSync(join(root, '.github/workflows/deploy.yml'), workflow);
    expect(failed('acme/shop/.github/workflows/deploy.yml@refs/heads/main')).toBe(
      '::error file=.github/workflows/deploy.yml,line=7::it is for arm\n',
    );
    expect(failed('acme/shop/.github/workflows/other.yml@refs/heads/main')).toBe('::error::it is for arm\n');
  } finally {
    process.stdout.write = write;
    process.exitCode = undefined;
    rmSync(root, { recursive: true });
  }
  expect(filesOfCheckout({ GITHUB_WORKSPACE: root })).toEqual([]);
});
