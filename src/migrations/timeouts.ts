import type { Discovery } from '../django/discovery.ts';
import { showDuration } from '../ground/duration.ts';
import { UserError } from '../ground/errors.ts';
import { listed } from '../ground/words.ts';
import { type Timeouts, withTimeouts } from '../machine/timeouts.ts';

type Found = Discovery['database']['timeouts'];

/**
 * Why the project's own connection does not have the timeouts that were asked for, or undefined when it has.
 * They are given in PGOPTIONS, and a project can replace that, or set something else afterwards.
 */
export function timeoutsRefusal(
  asked: Timeouts,
  { alias, timeouts: found }: Pick<Discovery['database'], 'alias' | 'timeouts'>,
): UserError | undefined {
  const wrong = [
    { name: 'lock_timeout', input: 'lock-timeout', asked: asked.lock, found: found.lock },
    { name: 'statement_timeout', input: 'statement-timeout', asked: asked.statement, found: found.statement },
  ].filter((one) => one.asked !== one.found.milliseconds);
  if (wrong.length === 0) return undefined;
  const differences = wrong.map(
    ({ name, asked, found }) => `${name} is ${shown(found.milliseconds)} instead of ${shown(asked)}`,
  );
  const sources = wrong.map((one) => one.found.source);
  const { why, next } = placeOf(alias, found, sources, withTimeouts(undefined, asked));
  const accepting = wrong.map(({ input, found }) => `${input}: ${written(found.milliseconds)}`);
  return new UserError(
    `The project’s connection does not keep the time limits that were asked for — ${listed(differences)}: ${why}`,
    `${next}, or ask for what the project has (${accepting.join(', ')}); nothing was changed`,
    { code: 'timeouts-not-honoured' },
  );
}

function placeOf(
  alias: string,
  { options }: Found,
  sources: readonly string[],
  wanted: string,
): { why: string; next: string } {
  if (sources.includes('session')) {
    return {
      why: 'the project sets it by a statement of its own when it connects (a receiver of connection_created, or its own database engine)',
      next: 'leave it out there while migrating',
    };
  }
  if (options !== null && options.trim() !== '') {
    return {
      why: `DATABASES['${alias}']['OPTIONS']['options'] is "${options}", and stands in place of PGOPTIONS`,
      next: `append os.environ.get("PGOPTIONS", "") to it, or write ${wanted} there`,
    };
  }
  return {
    why: `PGOPTIONS did not arrive (the server’s value comes from: ${listed([...new Set(sources)])})`,
    next: 'give the address of the database itself: a pooler may ignore PGOPTIONS (ignore_startup_parameters)',
  };
}

function shown(milliseconds: number): string {
  return milliseconds === 0 ? 'none' : showDuration(milliseconds);
}

/** As the input takes it. */
function written(milliseconds: number): string {
  return milliseconds % 1_000 === 0 ? `${milliseconds / 1_000}s` : `${milliseconds}ms`;
}
