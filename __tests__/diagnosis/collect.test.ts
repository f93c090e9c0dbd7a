/** The one look at a server, where it has little: what it could not read is named. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';

import { collectEvidence, collector } from '../../src/diagnosis/collect.ts';
import { readCollected } from '../../src/diagnosis/collected.ts';
import { diagnose } from '../../src/diagnosis/diagnose.ts';
import type { Machine } from '../../src/machine/machine.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** What every server has: no Docker, no ss, no dmesg, no journal, no sudo. */
const bare = 'awk cat cut date df grep head id sed sort stat tail tar tr uname'.split(' ');

/** What the look prints where only these programs are, and a docker that is a script. */
function look(docker?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'bare-'));
  folders.push(folder);
  for (const program of bare) {
    const place = ['/usr/bin', '/bin'].find((each) => existsSync(join(each, program)));
    if (place !== undefined) symlinkSync(join(place, program), join(folder, program));
  }
  if (docker !== undefined) {
    writeFileSync(join(folder, 'docker'), `#!/bin/sh\n${docker}\n`);
    chmodSync(join(folder, 'docker'), 0o755);
  }
  const argv = ['-c', `${collector()}\ncollect "$@"`, 'collect', 'shop', '8000'];
  return execFileSync('/bin/sh', argv, { env: { PATH: folder }, encoding: 'utf8', maxBuffer: 2 ** 24 });
}

test('a bare server: what can be seen is, and what cannot be read is named', () => {
  const seen = readCollected(look(), 'deploy@web-1', undefined);
  expect(seen.unread).toEqual([
    'containers and their logs (Docker does not answer)',
    'which programs have the ports (there is no ss)',
    "the kernel's messages (this account may not)",
  ]);
  expect(diagnose(seen)?.code).toBe('docker-missing');
  expect(seen.host?.memory?.total).toBeGreaterThan(0);
  expect(seen.host?.disk?.usedBytes).toBeGreaterThan(0);
});

test('however much a program has said, its last words come, and all that stands behind them', () => {
  const state = JSON.stringify({ Status: 'exited', ExitCode: 1, StartedAt: '', FinishedAt: '' });
  const text = look(`
case "$1 $2" in
  'container inspect') printf '%s\\n' '${state}' 0 0 '""' '"sh"' '{}' '[]' '"default"' '"${'ab'.repeat(32)}"' sha256:1 ;;
  'image inspect') echo linux/amd64 ;;
  logs*) awk 'BEGIN { for (n = 1; n <= 3000; n++) { printf "2026-01-02T03:04:05.%09dZ %d ", n, n; for (m = 0; m < 300; m++) printf "0123456789"; print "" } }' ;;
esac`);
  expect(text.length).toBeLessThan(100_000);
  const seen = readCollected(text, 'deploy@web-1', undefined);
  expect(seen.log?.lastLine).toMatch(/^3000 0123456789/);
  expect(seen.container).toMatchObject({ exitCode: 1, platform: 'linux/amd64', id: 'ab'.repeat(32) });
  expect(seen.unread).not.toContain('the rest (the look at the server was cut off)');
  // Cut off on its way, it says so.
  const half = readCollected(text.slice(0, text.length / 2), 'deploy@web-1', undefined);
  expect(half.unread).toContain('the rest (the look at the server was cut off)');
});

test('it has 20 s, and a server that does not let itself be looked at is no reason to fail', async () => {
  let limit: number | undefined;
  const machine = {
    name: 'deploy@web-1',
    async run(_argv: readonly string[], { timeout }: { timeout: number }) {
      limit = timeout;
      throw new Error('it did not end within 20 s');
    },
  } as unknown as Machine;
  const { signal } = new AbortController();
  expect(await collectEvidence(machine, { name: 'shop', signal })).toEqual({
    server: 'deploy@web-1',
    name: 'shop',
    unread: ['anything of the server (it did not end within 20 s)'],
  });
  expect(limit).toBe(20_000);
});
