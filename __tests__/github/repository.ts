import type { Found } from './description.ts';

type Entry = Record<string, unknown>;

export interface Given extends Found {
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}

type Outcome =
  | { readonly status: number; readonly body: unknown }
  | { readonly status: number; readonly refusal: string };

/** Rules of GitHub that its description leaves out. */
const longestComment = 65_536;
const longestDescription = 140;

/**
 * What one repository keeps. A request of a kind that it does not know is answered with GitHub's own example, which
 * changes nothing.
 */
export class Repository {
  readonly comments: Entry[] = [];
  readonly checks: Entry[] = [];
  readonly statuses: Entry[] = [];
  readonly deployments: Entry[] = [];
  /** Of each deployment, the newest first. */
  readonly deploymentStatuses = new Map<number, Entry[]>();
  /** Open pull requests: `head` is `owner:branch`. */
  readonly pulls: { number: number; head: string; sha: string }[] = [];
  /** Of pull requests and issues. */
  readonly labels = new Set<string>();
  /** The newest first: which files it changed, and the labels of the pull request that was merged with it. */
  readonly commits: {
    sha: string;
    paths: string[];
    merged?: { name: string; description: string }[];
  }[] = [];
  #made = 100;

  answer(given: Given): Outcome {
    const { operation, values, body, query } = given;
    switch (operation.id) {
      case 'issues/list-comments':
        return this.#list(given, this.comments, ({ issue }) => issue === Number(values.issue_number));
      case 'issues/create-comment':
        if (isTooLong(body.body, longestComment)) return tooLong('Body', longestComment);
        return this.#make(given, this.comments, { issue: Number(values.issue_number) });
      case 'issues/update-comment':
        if (isTooLong(body.body, longestComment)) return tooLong('Body', longestComment);
        return this.#change(given, this.comments, values.comment_id);
      case 'pulls/list': {
        const example = this.#example(given) as { head: object };
        const wanted = this.pulls.filter(({ head }) => head === (query.get('head') ?? head));
        return this.#answered(
          given,
          wanted.map(({ number, sha }) => ({
            ...example,
            number,
            head: { ...example.head, sha },
            requested_teams: [], // GitHub's example of one is not what it describes
          })),
        );
      }
      case 'repos/list-commits': {
        const wanted = this.commits.filter(({ paths }) => paths.includes(query.get('path') ?? ''));
        return this.#answered(
          given,
          wanted.map(({ sha }) => ({ ...this.#example(given), sha })),
        );
      }
      case 'repos/list-pull-requests-associated-with-commit': {
        const commit = this.commits.find(({ sha }) => sha === values.commit_sha);
        if (commit === undefined) return notFound;
        const example = this.#example(given) as { labels: object[] };
        const label = example.labels[0];
        const pull = (labels: object[], merged: string | null) => ({
          ...example,
          merged_at: merged,
          labels: labels.map((one) => ({ ...label, ...one })),
          requested_teams: [], // GitHub's example of one is not what it describes
        });
        // Somebody's open one that has the commit, too, says nothing.
        const open = pull([{ name: 'tenantry: allow drop', description: 'not decided' }], null);
        return this.#answered(given, [
          open,
          ...(commit.merged ? [pull(commit.merged, '2026-01-02T03:04:05Z')] : []),
        ]);
      }
      case 'issues/list-labels-on-issue':
        return this.#answered(
          given,
          [...this.labels].map((name) => ({ ...this.#example(given), name })),
        );
      case 'checks/create':
        return this.#make(given, this.checks);
      case 'checks/update':
        return this.#change(given, this.checks, values.check_run_id);
      case 'repos/create-commit-status':
        if (isTooLong(body.description, longestDescription))
          return tooLong('description', longestDescription);
        return this.#make(given, this.statuses, { sha: values.sha });
      case 'repos/create-deployment':
        if (isTooLong(body.description, longestDescription))
          return tooLong('description', longestDescription);
        return this.#make(given, this.deployments, { sha: body.ref });
      case 'repos/list-deployments': {
        const wanted = [...query].filter(([name]) => ['sha', 'ref', 'task', 'environment'].includes(name));
        return this.#list(given, this.deployments.toReversed(), (one) =>
          wanted.every(([name, value]) => one[name] === value),
        );
      }
      case 'repos/create-deployment-status': {
        if (isTooLong(body.description, longestDescription))
          return tooLong('description', longestDescription);
        const deployment = Number(values.deployment_id);
        if (!this.deployments.some(({ id }) => id === deployment)) return notFound;
        const statuses = this.deploymentStatuses.get(deployment) ?? [];
        const made = this.#make(given, statuses);
        this.deploymentStatuses.set(deployment, statuses);
        return made;
      }
      case 'repos/list-deployment-statuses': {
        const statuses = this.deploymentStatuses.get(Number(values.deployment_id)) ?? [];
        return this.#list(given, statuses.toReversed(), () => true);
      }
      default:
        return this.#answered(given, operation.answer.example);
    }
  }

  #answered({ operation }: Given, body: unknown): Outcome {
    return { status: operation.answer.status, body };
  }

  #list(given: Given, entries: readonly Entry[], isWanted: (entry: Entry) => boolean): Outcome {
    return this.#answered(
      given,
      entries.filter(isWanted).map(({ issue: _issue, ...entry }) => entry),
    );
  }

  /** A new entry: GitHub's example with what was asked for. */
  #make(given: Given, entries: Entry[], more: Entry = {}): Outcome {
    this.#made += 1;
    const entry = { ...this.#example(given), ...shown(given.body), ...more, id: this.#made };
    entries.push(entry);
    const { issue: _issue, ...told } = entry as Entry;
    return this.#answered(given, told);
  }

  #change(given: Given, entries: Entry[], id: string | undefined): Outcome {
    const entry = entries.find((one) => one.id === Number(id));
    if (entry === undefined) return notFound;
    Object.assign(entry, shown(given.body));
    const { issue: _issue, ...told } = entry;
    return this.#answered(given, told);
  }

  #example({ operation }: Given): Entry {
    const { example } = operation.answer;
    return structuredClone((Array.isArray(example) ? example[0] : example) ?? {});
  }
}

/** A check's output comes back with the number of its annotations instead of these. */
function shown(body: Given['body']): Entry {
  const { output, ...rest } = body as { output?: Entry };
  if (output === undefined) return rest;
  const { annotations, ...told } = output as { annotations?: unknown[] };
  return {
    ...rest,
    output: {
      text: null,
      ...told,
      annotations_count: annotations?.length ?? 0,
      annotations_url: 'https://api.github.com/repos/acme/shop/check-runs/4/annotations',
    },
  };
}

const isTooLong = (value: unknown, most: number) => typeof value === 'string' && value.length > most;

function tooLong(what: string, most: number): Outcome {
  return { status: 422, refusal: `Validation Failed: ${what} is too long (maximum is ${most} characters)` };
}

const notFound: Outcome = { status: 404, refusal: 'Not Found' };
