import { UserError } from '../../ground/errors.ts';
import { lastWords, succeeded } from '../../machine/machine.ts';
import type { Work } from '../request/work.ts';

/** Milliseconds. */
const timeout = 30_000;

const script = `
  PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
  sudo=
  [ "$(id -u)" -eq 0 ] || sudo='sudo -n'
  $sudo nginx -t || exit
  [ "$1" = check ] || $sudo nginx -s reload`;

/**
 * Before anything is touched: whether nginx of the server could be reloaded.
 * @throws UserError `nginx-reload-failed`
 */
export async function checkNginx(work: Work): Promise<void> {
  await tell(work, 'check', 'cannot be reloaded', 'nothing was touched');
}

/**
 * After the switch.
 * @throws UserError `nginx-reload-failed`
 */
export async function reloadNginx(work: Work): Promise<void> {
  await tell(work, 'reload', 'was not reloaded', 'the new version serves');
  work.ports.log.step('nginx', `reloaded on ${work.host}`);
}

async function tell(
  { host, machine, ports }: Work,
  what: 'check' | 'reload',
  failed: string,
  standing: string,
): Promise<void> {
  const result = await machine.run(['sh', '-c', script, 'nginx', what], { timeout, signal: ports.signal });
  if (succeeded(result)) return;
  throw new UserError(
    `nginx on ${host} ${failed} — ${lastWords(result, 1)}`,
    `try "sudo nginx -t" there: its configuration must be right, and this account must be root or allowed to use sudo without a password; ${standing}`,
    { code: 'nginx-reload-failed', evidence: lastWords(result) },
  );
}
