/** The least that anybody has to do who asks Django: load the project, and read every ledger. */
import { spawn } from 'node:child_process';
import { asSuperuser } from '../../lab/fleet/server.ts';
import type { Fleet } from '../../lab/fleet.ts';

const schemasPerStatement = 500;

/** Milliseconds. */
export interface Floor {
  readonly importDjango: number;
  /** With its connection. */
  readonly planQuery: number;
}

export async function measureFloor(fleet: Fleet, project: string): Promise<Floor> {
  return { importDjango: await timeImport(fleet, project), planQuery: await timePlanQuery(fleet) };
}

async function timeImport({ python, env }: Fleet, cwd: string): Promise<number> {
  const started = performance.now();
  const child = spawn(python, ['-c', 'import django; django.setup()'], {
    cwd,
    env: { ...process.env, ...env, DJANGO_SETTINGS_MODULE: 'estate.settings' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`python ended with ${code}`);
  return performance.now() - started;
}

async function timePlanQuery({ name, schemas }: Fleet): Promise<number> {
  const started = performance.now();
  await asSuperuser(name, async (client) => {
    for (let start = 0; start < schemas.length; start += schemasPerStatement) {
      const batch = schemas.slice(start, start + schemasPerStatement);
      await client.query(ledgersQuery(batch));
    }
  });
  return performance.now() - started;
}

/** What each ledger holds, as one short text a schema. */
export function ledgersQuery(schemas: readonly string[]): string {
  return schemas
    .map(
      (schema) =>
        `SELECT '${schema}' AS schema, md5(string_agg(app || ' ' || name, ',' ORDER BY app, name)) AS ledger FROM ${schema}.django_migrations`,
    )
    .join(' UNION ALL ');
}
