import { UserError } from '../ground/errors.ts';
import { type Situation, stops } from '../migrations/situation.ts';
import { decide } from './decision.ts';

/** What can be found when a tenant is made, with its sentence: for docs/troubleshooting.md, as in migrations. */
export const tenantSituations: readonly Situation[] = [leftOver()];

function leftOver(): Situation {
  try {
    decide(
      { schema: 'acme', fields: {}, domains: ['acme.example'], tenantType: null, person: undefined },
      {
        row: null,
        domains: [],
        problems: [],
        schema: { exists: true, tables: 0, mayCreate: true, role: 'deploy', journal: null },
        person: null,
      },
      { adopt: false },
    );
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return stops(14, 'A schema is left over when its tenant is made', error);
  }
  throw new Error('a schema that is left over stops nothing');
}
