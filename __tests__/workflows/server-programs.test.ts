/** The programs that run on servers, as they are sent there: what shellcheck says to them. */
import { beforeAll, describe, expect, test } from '@jest/globals';

import { tryCommand } from '../../lab/command.ts';
import * as tools from '../../lab/tools/workflow-tools.ts';
import { serverScript as databaseScript } from '../../src/database/server-script.ts';
import { switchProgram } from '../../src/deployment/bridge/switch-program.ts';
import type { FrontMove } from '../../src/deployment/proxies/front-choice.ts';
import { slotProgram } from '../../src/deployment/proxies/slot-program.ts';
import { releasesProgram } from '../../src/deployment/releases/releases.ts';
import { type DeployRequest, noImage } from '../../src/deployment/request/request.ts';
import { serverScript } from '../../src/deployment/server/server-script.ts';
import { collector } from '../../src/diagnosis/collect.ts';
import { parsePort } from '../../src/docker/container-spec.ts';
import { container } from '../deployment/container.ts';
import { survey } from '../deployment/survey.ts';
import { read } from './files.ts';

const request: DeployRequest = {
  hosts: ['web-1'],
  container: 'shop',
  environment: 'production',
  image: noImage,
  ports: [parsePort('127.0.0.1:8000:8000')],
  mounts: [],
  networks: [],
  extraHosts: [],
  labels: {},
  restart: 'unless-stopped',
  env: {},
  requiredEnv: [],
  healthUrl: "http://{host}/it's?a=$HOME&b=`id`",
  healthTimeout: 30_000,
  stopTimeout: 10_000,
  strategy: 'auto',
  sharedVolumes: false,
  bake: 30_000,
  drainTimeout: 30_000,
  run: 'https://example.com/runs/1',
  dryRun: false,
};
const slots = { serving: 8000, free: 24_384 };
const facts = { request, host: 'web-1', survey, current: container(), release: 'v2' };
const changed = { path: '/etc/nginx/sites-enabled/shop', before: "it's $1", after: 'include x;' };
const nginx: FrontMove = {
  proxy: 'nginx',
  slots,
  form: 'pointer',
  first: 8000,
  second: 24_384,
  takeOver: {
    form: 'pointer',
    sites: [changed],
    files: [{ path: '/etc/nginx/conf.d/x.conf', text: 'server 127.0.0.1:@SLOT@;' }],
    changesPath: false,
    lines: [],
  },
  changesPath: false,
};
const caddyPointer: FrontMove = {
  proxy: 'caddy',
  form: 'pointer',
  slots,
  first: 8000,
  second: 24_384,
  takeOver: {
    before: { it: "'s" },
    after: '{}',
    file: { path: '/etc/caddy/Caddyfile', before: 'a', after: 'b' },
    files: [{ path: '/etc/caddy/tenantry/shop/slot', text: 'vars' }],
    lines: [],
    otherwise: undefined,
  },
  changesPath: false,
};
const caddyReload: FrontMove = {
  proxy: 'caddy',
  form: 'reload',
  why: 'it has no variable',
  slots,
  patch: { path: '/apps', serving: { dial: "it's" }, free: { dial: '$1' } },
  file: { path: '/etc/caddy/Caddyfile', before: 'a', after: 'b', expected: {} },
  changesPath: false,
};

const programs = {
  'of a bridge': switchProgram({ ...facts, ports: [] }),
  'of an nginx': slotProgram({ ...facts, move: nginx }),
  'of a Caddy': slotProgram({ ...facts, move: caddyPointer }),
  'of a Caddy that is loaded anew': slotProgram({ ...facts, move: caddyReload }),
  'of the records': releasesProgram(),
  'that looks at a server': serverScript('survey'),
  'that looks at what failed': `${collector()}\ncollect "$@"\n`,
  'of the lease': serverScript('lease'),
  'of a PostgreSQL for one step': databaseScript('throw-away'),
  "that starts the lab's boxes": read('lab/boot.sh').text,
};

describe('shellcheck', () => {
  let shellcheck: string;
  // The first run fetches it.
  beforeAll(async () => {
    shellcheck = await tools.shellcheck();
  }, 600_000);

  async function complaints(text: string, ...flags: readonly string[]): Promise<string[]> {
    const shell = text.startsWith('#!/bin/bash') ? 'bash' : 'sh';
    const argv = [shellcheck, '--shell', shell, '--format', 'gcc', ...flags, '-'];
    const result = await tryCommand(argv, { stdin: text });
    if (result.code > 1) throw new Error(result.stderr);
    return result.stdout.split('\n').filter((line) => line !== '');
  }

  /** Of what they share each uses a part (SC2034, SC2153, SC2154, SC2329); values stand in single quotes (SC2016). */
  const parts = '--exclude=SC2016,SC2034,SC2153,SC2154,SC2329';

  test.each(Object.entries(programs))('has nothing to say to the program %s', async (_name, text) => {
    expect(await complaints(text, parts)).toEqual([]);
  });

  test('notices a word that is not quoted, and what is no POSIX sh', async () => {
    const text = programs['of a bridge'];
    expect(text).toContain('echo "$found"');
    const unquoted = text.replace('echo "$found"', 'echo $found');
    expect((await complaints(unquoted, parts)).join()).toContain('SC2086');
    expect((await complaints(`${text}\n[[ $1 = deploy ]]`, parts)).join()).toContain('SC3010');
  });
});
