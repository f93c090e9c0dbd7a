import type { Container } from '../../docker/inspect.ts';
import type { Asked } from '../request/asked.ts';
import type { Survey } from '../server/survey.ts';
import type { Choice } from './mechanism.ts';

/** Why the traffic will move in this way, for the plan. */
export function reasonFor(
  choice: Choice,
  { strategy }: Pick<Asked, 'strategy'>,
  survey: Pick<Survey, 'filter'>,
  current: Container | undefined,
): string {
  if (choice.reason !== undefined) return choice.reason;
  if (choice.obstacle !== undefined) return choice.obstacle;
  if (strategy === choice.mechanism) return `strategy: ${strategy} was asked for`;
  if (current?.state.status !== 'running') return 'nothing serves there, so there is no gap to avoid';
  return `nothing stands in front of it that could be told, and this account may change Docker's packet filter (${survey.filter})`;
}
