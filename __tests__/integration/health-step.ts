import { readFileSync } from 'node:fs';

import type { LabHost } from '../../lab/lab.ts';
import { healthCheck } from '../../src/actions/health-check.ts';
import { manifestOf } from '../../src/actions/manifests.ts';
import { Report } from '../../src/report/report.ts';
import { readInputs } from '../../src/step/inputs.ts';
import { KeptLog } from './lab-server.ts';

/** The action health-check on hosts of the lab, as a step runs it. */
export function healthStep(hosts: readonly LabHost[], given: Readonly<Record<string, string>>) {
  const [first] = hosts;
  const written = {
    host: hosts.map(({ address }) => address).join('\n'),
    'ssh-user': first?.user ?? '',
    'ssh-key': readFileSync(first?.privateKeyPath ?? '', 'utf8'),
    'ssh-fingerprint': hosts.map(({ hostKeyFingerprint }) => hostKeyFingerprint).join('\n'),
    ...given,
  };
  const { inputs: fields, rules } = healthCheck;
  const inputs = readInputs(fields, rules, manifestOf('health-check'), new Map(Object.entries(written)));
  const log = new KeptLog();
  const report = new Report();
  const told: Record<string, unknown> = {};
  const running = healthCheck.run({
    inputs,
    log,
    report,
    signal: new AbortController().signal,
    origin: { run: 'test', actor: 'test', commit: '' },
    tell: (facts) => void Object.assign(told, facts),
    standing() {},
    exportVariable() {},
    mask() {},
    clean: (text: string) => text,
  });
  return { running, log, report, told };
}
