/** The only file that speaks to GitHub's API. */

export interface GitHubAccess {
  /** Secret. */
  readonly token: string;
  /** `https://api.github.com`, or that of a server of one's own. */
  readonly apiUrl: string;
}

/** Slow to load: not before it is needed. */
export async function gitHub({ token, apiUrl }: GitHubAccess) {
  const { getOctokit } = await import('@actions/github');
  return getOctokit(token, { baseUrl: apiUrl });
}
