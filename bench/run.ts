/**
 * `npm run bench -- NAME`: measurements, printed as ratios. Machines are noisy: nothing here passes or fails.
 * Every program runs us and what we are compared with side by side, on the same work.
 */
interface Bench {
  /** @param options the words after the name */
  bench(options: readonly string[]): Promise<void>;
}

const benches: Readonly<Record<string, { about: string; run: () => Promise<Bench> }>> = {
  'start-up': {
    about: 'how fast a door opens, against bare Node and an action that only imports @actions/core',
    run: () => import('./start-up.ts'),
  },
  line: {
    about:
      'the whole line, against the script that people have, with visitors all the while; and again, with nothing new',
    run: () => import('./line.ts'),
  },
  fleet: {
    about:
      'migrate-schemas over 1,000 and 3,000 tenants, against migrate_schemas and django-tenants-smart-executor',
    run: () => import('./fleet.ts'),
  },
  review: {
    about: 'a preview of ten migrations for 1,000 tenants, against ten times sqlmigrate',
    run: () => import('./review.ts'),
  },
  provision: {
    about: 'provision-tenant, one tenant and fifty, against Django’s save() and django-tenants’ clone_schema',
    run: () => import('./provision.ts'),
  },
  deploy: {
    about: 'deployments under load, against stop; rm; run; versions that are no good; runs that are killed',
    run: () => import('./deploy.ts'),
  },
  everywhere: {
    about:
      'migrate-schemas through a bastion and in an image, against the direct way on the runner; backups, against pg_dump',
    run: () => import('./everywhere.ts'),
  },
  health: {
    about: 'a check of 1,000 tenants, against what its parallelism allows at best, and its memory',
    run: () => import('./health.ts'),
  },
  diagnosis: {
    about: 'failures brought about for real: what is said of each, and how fast, against looking by hand',
    run: () => import('./diagnosis.ts'),
  },
};

const [name = '', ...options] = process.argv.slice(2);
const chosen = benches[name];
if (chosen === undefined) {
  for (const [each, { about }] of Object.entries(benches))
    console.log(`npm run bench -- ${each.padEnd(10)} ${about}`);
  process.exitCode = name === '' ? 0 : 2;
} else {
  const { bench } = await chosen.run();
  await bench(options);
}
