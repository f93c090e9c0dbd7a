import { existsSync, lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { command, tryCommand } from './command.ts';

/** Programs of this machine that the lab stands on, and the Debian package of each. */
export const MACHINE_PROGRAMS: ReadonlyMap<string, string> = new Map([
  ['mmdebstrap', 'mmdebstrap'],
  ['ip', 'iproute2'],
  ['nsenter', 'util-linux'],
  ['unshare', 'util-linux'],
  ['tar', 'tar'],
]);

/** The packages that are missing here, each named once. */
export async function missingMachinePackages(): Promise<string[]> {
  const missing = new Set<string>();
  for (const [program, name] of MACHINE_PROGRAMS) {
    const found = await tryCommand(['sh', '-c', 'command -v "$1"', 'sh', program]);
    if (found.code !== 0) missing.add(name);
  }
  // mmdebstrap on Ubuntu only suggests the keys of Debian's archive.
  if (!existsSync('/usr/share/keyrings/debian-archive-keyring.gpg')) missing.add('debian-archive-keyring');
  return [...missing];
}

export function installCommand(packages: readonly string[]): string {
  return `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

/** Installs packages on this machine in one transaction, and lets none of them start a service. */
export async function installMachinePackages(packages: readonly string[]): Promise<void> {
  if (packages.length === 0) return;
  // Another part of the lab may be installing something.
  const patience = ['-o', 'DPkg::Lock::Timeout=300'];
  const install = ['apt-get', 'install', '-y', '-q', ...patience, '--no-install-recommends', ...packages];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await withoutStartingServices(async () => {
    // The lists may be missing or old: refresh them only when needed.
    if ((await tryCommand(install, { env })).code === 0) return;
    await command(['apt-get', 'update', '-q'], { env });
    await command(install, { env });
  });
}

const POLICY = '/usr/sbin/policy-rc.d';

/** The content of `policy-rc.d` that keeps Debian's maintainer scripts from starting services. */
export const NO_SERVICES = '#!/bin/sh\nexit 101\n';

/** Puts a `policy-rc.d` of ours in place while `work` runs; the machine's own, if any, comes back. */
async function withoutStartingServices(work: () => Promise<void>): Promise<void> {
  const saved = `${POLICY}.before-tenantry-lab`;
  const exists = lstatSync(POLICY, { throwIfNoEntry: false }) !== undefined;
  if (exists && !existsSync(saved)) renameSync(POLICY, saved);
  writeFileSync(POLICY, NO_SERVICES, { mode: 0o755 });
  try {
    await work();
  } finally {
    if (existsSync(saved)) renameSync(saved, POLICY);
    else rmSync(POLICY, { force: true });
  }
}
