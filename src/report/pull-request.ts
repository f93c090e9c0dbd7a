/** What is said in a pull request, in one comment that is written anew with each push. */

import { type GitHubAccess, gitHub } from './github.ts';

export interface PullRequestPlace extends GitHubAccess {
  /** `owner/name`. */
  readonly repository: string;
  readonly number: number;
}

/** Milliseconds for one request. */
const timeout = 10_000;
const request = () => ({ signal: AbortSignal.timeout(timeout) });

/**
 * Writes the one comment that begins with this marker: makes it, or changes it.
 * @throws what GitHub's client throws, with its `status`
 */
export async function writeComment(
  { repository, number, ...access }: PullRequestPlace,
  body: string,
  marker: string,
): Promise<'made' | 'changed' | 'unchanged'> {
  const { rest, paginate } = await gitHub(access);
  const repo = inRepository(repository);
  const comments = await paginate(rest.issues.listComments, {
    ...repo,
    issue_number: number,
    per_page: 100,
    request: request(),
  });
  const own = comments.find((comment) => comment.body?.startsWith(marker));
  if (own === undefined) {
    await rest.issues.createComment({ ...repo, issue_number: number, body, request: request() });
    return 'made';
  }
  if (own.body === body) return 'unchanged';
  await rest.issues.updateComment({ ...repo, comment_id: own.id, body, request: request() });
  return 'changed';
}

/** A branch of a fork, or of the repository itself, as an event of GitHub names it. */
export interface Head {
  readonly owner: string;
  readonly branch: string;
  readonly commit: string;
}

/** The number of the open pull request whose newest commit this is. */
export async function pullRequestOf(
  { repository, ...access }: Omit<PullRequestPlace, 'number'>,
  { owner, branch, commit }: Head,
): Promise<number | undefined> {
  const { rest } = await gitHub(access);
  const { data } = await rest.pulls.list({
    ...inRepository(repository),
    state: 'open',
    head: `${owner}:${branch}`,
    request: request(),
  });
  return data.find(({ head }) => head.sha === commit)?.number;
}

/** A label of a pull request. */
export interface PullRequestLabel {
  readonly name: string;
  readonly description: string;
}

/** So many of the newest commits that have changed a file are looked at. */
const lookedCommits = 5;

/**
 * The labels of the merged pull requests that a file came with, or was changed by, up to a commit.
 * @param path from the top of the repository on
 */
export async function labelsOfFile(
  { repository, ...access }: Omit<PullRequestPlace, 'number'>,
  { path, commit }: { readonly path: string; readonly commit: string },
): Promise<PullRequestLabel[]> {
  const { rest } = await gitHub(access);
  const repo = inRepository(repository);
  const { data: commits } = await rest.repos.listCommits({
    ...repo,
    sha: commit,
    path,
    per_page: lookedCommits,
    request: request(),
  });
  const found = new Map<string, PullRequestLabel>();
  for (const { sha } of commits) {
    const { data: pulls } = await rest.repos.listPullRequestsAssociatedWithCommit({
      ...repo,
      commit_sha: sha,
      request: request(),
    });
    for (const { merged_at: merged, labels } of pulls) {
      if (merged === null) continue;
      for (const { name, description } of labels) {
        found.set(name, { name, description: description ?? '' });
      }
    }
  }
  return [...found.values()];
}

function inRepository(repository: string) {
  const [owner = '', repo = ''] = repository.split('/');
  return { owner, repo };
}
