import { readFileSync } from 'node:fs';
import * as z from 'zod';

import type { GitHubOrigin } from './action.ts';

/** As much of an event as is looked at here. */
const eventShape = z.object({
  pull_request: z
    .object({
      number: z.number(),
      labels: z.array(z.object({ name: z.string(), description: z.string().nullish() })).default([]),
    })
    .optional(),
  workflow_run: z
    .object({
      html_url: z.string(),
      head_branch: z.string(),
      head_sha: z.string(),
      head_repository: z.object({ owner: z.object({ login: z.string() }) }),
    })
    .optional(),
});

/** What the event says that has started the run; nothing where there is none, or none of a known form. */
export function readEvent({
  GITHUB_EVENT_PATH,
}: NodeJS.ProcessEnv): Pick<GitHubOrigin, 'pullRequest' | 'calledBy'> {
  if (GITHUB_EVENT_PATH === undefined) return {};
  let event: z.infer<typeof eventShape>;
  try {
    event = eventShape.parse(JSON.parse(readFileSync(GITHUB_EVENT_PATH, 'utf8')));
  } catch {
    return {};
  }
  const { pull_request: pull, workflow_run: run } = event;
  return {
    ...(pull === undefined
      ? {}
      : {
          pullRequest: {
            number: pull.number,
            labels: pull.labels.map(({ name, description }) => ({ name, description: description ?? '' })),
          },
        }),
    ...(run === undefined
      ? {}
      : {
          calledBy: {
            url: run.html_url,
            owner: run.head_repository.owner.login,
            branch: run.head_branch,
            commit: run.head_sha,
          },
        }),
  };
}
