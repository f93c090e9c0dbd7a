import { LostConnection } from '../../ground/errors.ts';
import type { HostOutcome } from '../request/outcome.ts';
import type { Work } from '../request/work.ts';
import { isUnsettled } from './ledger.ts';

/** Keeps in mind how a deployment went, and ends its records with that. */
export function recording(asked: Work) {
  let result: HostOutcome['result'] = 'failed';
  const work: Work = {
    ...asked,
    learn(facts) {
      result = facts.result ?? result;
      asked.learn(facts);
    },
  };
  const recorded = async (
    deploying: () => Promise<void>,
    finish: (result: HostOutcome['result']) => Promise<void>,
  ): Promise<void> => {
    try {
      await deploying();
    } catch (error) {
      // What nobody knows the end of is the next run's, with its records.
      if (!(error instanceof LostConnection) && !isUnsettled(error)) await finish(result);
      throw error;
    }
    await finish(result);
  };
  return { work, recorded };
}
