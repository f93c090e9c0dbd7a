import { fleetDatabase, fleetProject, smallShape, usualShape } from '../lab/fleet.ts';
import { waitForDatabase } from '../src/database/connection.ts';
import { parseDatabaseUrl } from '../src/database/url.ts';
import { localMachine } from '../src/machine/local.ts';
import { migrateSchemas } from '../src/migrations/migrate.ts';
const tenants = Number(process.argv[2] ?? 100);
const shape = process.argv[3] === 'usual' ? usualShape : smallShape;
const fleet = await fleetDatabase({ tenants, shape, progress: (a, b) => console.log(a, b) });
const log = { step: (l: string, t: string, ms?: number) => console.log(l.padEnd(12), t, ms === undefined ? '' : `${(ms/1000).toFixed(2)} s`), info: (t: string) => console.log('            ', t), debug: () => {}, warning: (t: string) => console.log('WARNING', t), details: (t: string, x: string) => x && console.log(t, '\n', x) };
const signal = new AbortController().signal;
try {
  for (const releases of [0, 1, 1, 2]) {
    const database = await waitForDatabase(parseDatabaseUrl(fleet.url), { applicationName: 'try', connectTimeout: 5000, attempts: 1, interval: 1, log, signal });
    console.log('=== releases', releases);
    const started = performance.now();
    const outcome = await migrateSchemas({ project: { machine: localMachine, workingDirectory: await fleetProject(releases, shape), python: fleet.python, env: fleet.env, sessions: 'tenantry/try' }, database, log, signal, dryRun: false });
    console.log('all', ((performance.now() - started) / 1000).toFixed(2), outcome.failure?.sentence, outcome.notices);
    const by = Object.groupBy(outcome.tenants, (t) => `${t.outcome} ${t.engine} ${t.group}`);
    console.log(Object.entries(by).map(([k, v]) => `${k}: ${v?.length}`));
    await database.close();
  }
} finally { await fleet.drop(); }
