/** Labels by which dangerous migrations are accepted: of the pull request itself, and after the merge of the merged one. */

import { posix } from 'node:path';

import type { MigrationSql } from '../django/discovery.ts';
import { messageOf } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { labelsOfFile } from '../report/pull-request.ts';
import type { Label } from '../review/acknowledged.ts';
import type { Origin } from '../step/action.ts';

export interface Labels {
  of(migration: Pick<MigrationSql, 'file'>): Promise<readonly Label[]>;
  /** Why no label was looked at; empty: they were, or there are none. */
  readonly unread: string;
}

interface LabelInputs {
  readonly githubToken?: string | undefined;
  readonly workingDirectory: string;
}

/** Which labels count for a run. GitHub failing means that none does, and is a warning. */
export function labelsFor(
  { githubToken: token, workingDirectory }: LabelInputs,
  { origin, log }: { readonly origin: Origin; readonly log: Log },
): Labels {
  const { github, commit } = origin;
  const own = github?.pullRequest?.labels;
  if (github === undefined || own !== undefined) return { of: async () => own ?? [], unread: '' };
  if (token === undefined) {
    return {
      of: async () => [],
      unread: 'a label of its merged pull request is read with github-token only',
    };
  }
  const { repository, apiUrl } = github;
  const known = new Map<string, Promise<readonly Label[]>>();
  const ask = (path: string) =>
    labelsOfFile({ token, apiUrl, repository }, { path, commit }).catch((error: unknown) => {
      log.warning(
        `The labels of the pull request that ${path} came with could not be read — ${messageOf(error)} — give the job permissions: contents: read and pull-requests: read`,
      );
      return [];
    });
  return {
    unread: '',
    async of({ file }) {
      if (file === null) return [];
      const path = posix.join(workingDirectory, file);
      const labels = known.get(path) ?? ask(path);
      known.set(path, labels);
      return labels;
    },
  };
}
