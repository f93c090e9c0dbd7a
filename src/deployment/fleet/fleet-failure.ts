import { UserError } from '../../ground/errors.ts';
import type { HostOutcome } from '../request/outcome.ts';

/**
 * The failure of the whole, if a server has one: its sentence, with the name of the server and what went wrong
 * elsewhere where there are several.
 */
export function failureOf(
  outcomes: readonly Pick<HostOutcome, 'host' | 'failure' | 'wentBack'>[],
): UserError | undefined {
  const failed = outcomes.flatMap(({ host, failure }) => (failure === undefined ? [] : [{ host, failure }]));
  const stuck = outcomes.flatMap(({ host, wentBack }) =>
    typeof wentBack === 'object' ? [{ host, failure: wentBack.failure }] : [],
  );
  const [first, ...more] = failed;
  if (first === undefined || outcomes.length === 1) return first?.failure;
  const others = [
    ...more.map((other) => `; also ${named(other)}`),
    ...stuck.map((other) => `; it could not go back: ${named(other)}`),
  ];
  const evidence = [...failed, ...stuck].flatMap(({ host, failure }) =>
    failure.evidence === undefined ? [] : [`${host}:\n${failure.evidence}`],
  );
  const { failure } = first;
  return new UserError(named(first), `${failure.hint}${others.join('')}`, {
    code: failure.code,
    cause: failure.cause,
    ...(failure.place === undefined ? {} : { place: failure.place }),
    ...(evidence.length === 0 ? {} : { evidence: evidence.join('\n\n') }),
  });
}

function named({ host, failure: { message } }: { host: string; failure: UserError }): string {
  return message.includes(host) ? message : `${host}: ${message}`;
}
