/** `mode: doctor`: looks at servers before the first deployment. Changes nothing. */
import type { DatabaseUrl } from '../database/url.ts';
import { type Finding, readinessOf } from '../deployment/server/readiness.ts';
import { surveyOf } from '../deployment/server/survey.ts';
import { collectEvidence } from '../diagnosis/collect.ts';
import { dockerOn } from '../docker/docker.ts';
import { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { listed } from '../ground/words.ts';
import type { Machine } from '../machine/machine.ts';
import { connectSsh } from '../machine/ssh.ts';
import type { Tunnel } from '../machine/tunnel.ts';
import type { Report } from '../report/report.ts';
import { serverOf } from './server.ts';
import type { ServerInputs } from './server-way.ts';
import { withWay } from './way.ts';

interface DoctorContext {
  readonly inputs: ServerInputs & { readonly databaseUrl?: DatabaseUrl | undefined };
  readonly log: Log;
  readonly report: Report;
  readonly signal: AbortSignal;
}

const marks = { good: '✓', note: '!', bad: '✗' } as const;

/** @throws UserError `server-not-ready` when a deployment to one of the servers would fail */
export async function examine(context: DoctorContext): Promise<{ result: string }> {
  const { inputs, log, report } = context;
  const all: [host: string, finding: Finding][] = [];
  for (const host of inputs.host ?? []) {
    const findings = await examined(context, host);
    for (const finding of findings) {
      const { what, state, seen, next } = finding;
      log.step(what, `${marks[state]} ${seen}${next === '' ? '' : ` — ${next}`}`);
      all.push([host, finding]);
    }
  }
  report.table(
    'Servers',
    ['server', '', 'what', 'seen', 'what to do'],
    all.map(([host, { what, state, seen, next }]) => [host, marks[state], what, seen, next]),
  );
  report.data(
    'servers',
    all.map(([host, finding]) => ({ host, ...finding })),
  );
  const bad = all.filter(([, { state }]) => state === 'bad');
  if (bad.length > 0) throw notReady(bad);
  const notes = all.filter(([, { state }]) => state === 'note').map(([, { what }]) => what.toLowerCase());
  const ready = `${listed(inputs.host ?? [])} ${inputs.host?.length === 1 ? 'is' : 'are'} ready`;
  report.verdict(`${ready}${notes.length === 0 ? '' : `; worth a look: ${listed([...new Set(notes)])}`}.`);
  return { result: 'ready' };
}

/** What is seen, and what to do, of one; of several, the table has it. */
function notReady(bad: readonly (readonly [host: string, finding: Finding])[]): UserError {
  const [[host, { what, seen, next }] = ['', { what: '', seen: '', next: '' }]] = bad;
  const code = 'server-not-ready';
  if (bad.length === 1)
    return new UserError(`A deployment to ${host} would fail — ${what}: ${seen}`, next, { code });
  const hosts = [...new Set(bad.map(([each]) => each))];
  const found = hosts.map((each) => {
    const wrong = bad.filter(([other]) => other === each).map(([, finding]) => finding.what);
    return hosts.length === 1 ? listed(wrong) : `${each}: ${listed(wrong)}`;
  });
  return new UserError(
    `A deployment to ${listed(hosts)} would fail — to be mended: ${found.join('; ')}`,
    'the table says what to do about each',
    { code },
  );
}

/** What cannot even be looked at is a finding, too: the rest of the table is not lost by it. */
async function examined({ inputs, log, signal }: DoctorContext, host: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  let machine: Machine | undefined;
  try {
    machine = await connectSsh(serverOf({ ...inputs, sshUser: inputs.sshUser ?? '' }, host), { signal, log });
    findings.push({ what: 'SSH', state: 'good', seen: `lets ${inputs.sshUser} in`, next: '' });
    findings.push(...(await serverFindings(machine, signal)));
  } catch (error) {
    findings.push(asFinding(machine === undefined ? 'SSH' : 'Docker', error, signal));
  } finally {
    await machine?.close();
  }
  if (inputs.databaseUrl !== undefined) {
    findings.push(await databaseFinding('Database, from here', { inputs, log, signal }, host, 'direct'));
    if (machine !== undefined) {
      findings.push(await databaseFinding('Database, from the server', { inputs, log, signal }, host, 'ssh'));
    }
  }
  return findings;
}

function asFinding(what: string, error: unknown, signal: AbortSignal): Finding {
  signal.throwIfAborted();
  if (!(error instanceof UserError)) throw error;
  return { what, state: 'bad', seen: error.message, next: error.hint };
}

async function serverFindings(machine: Machine, signal: AbortSignal): Promise<Finding[]> {
  const docker = dockerOn(machine, { signal, log: silent });
  const name = 'tenantry-doctor';
  const platform = await docker.platform();
  const [version, survey, seen] = await Promise.all([
    machine.run(['docker', 'version', '--format', '{{.Server.Version}}'], { timeout: 30_000, signal }),
    surveyOf(machine, { container: name, serving: undefined, ports: [], networks: [], signal }),
    collectEvidence(machine, { name, signal }),
  ]);
  return readinessOf({
    account: seen.host?.account ?? machine.name,
    platform,
    engine: version.stdout.trim(),
    survey,
    host: seen.host,
  });
}

const silent: Log = { step() {}, info() {}, debug() {}, warning() {}, details() {} };

type Way = 'direct' | 'ssh';

async function databaseFinding(
  what: string,
  { inputs, log, signal }: Omit<DoctorContext, 'report'>,
  host: string,
  connectThrough: Way,
): Promise<Finding> {
  const { databaseUrl } = inputs;
  if (databaseUrl === undefined) return { what, state: 'note', seen: 'not asked for', next: '' };
  const { connect } = await import('../database/connection.ts'); // slow to load: not before it is needed
  try {
    const ask = async (through: Tunnel | undefined): Promise<Finding> => {
      const database = await connect(databaseUrl, {
        applicationName: 'tenantry/doctor',
        connectTimeout: 10_000,
        signal,
        pooler: 'accept', // it only looks
        through,
      });
      try {
        return { what, state: 'good', seen: database.label, next: '' };
      } finally {
        await database.close();
      }
    };
    return await withWay({ ...inputs, host: [host], databaseUrl, connectThrough }, { log, signal }, ask);
  } catch (error) {
    const finding = asFinding(what, error, signal);
    // An application on the server needs it from there; migrations go either way.
    return connectThrough === 'direct'
      ? {
          ...finding,
          state: 'note',
          next: `${finding.next}; migrations can go through the server: connect-through: ssh`,
        }
      : finding;
  }
}
