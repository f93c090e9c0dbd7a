/** A look at pending migrations before they run: annotations, the report, and a comment in the pull request. */

import { readFile } from 'node:fs/promises';

import type { Database } from '../database/session.ts';
import { messageOf, UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { counted } from '../ground/words.ts';
import type { Look } from '../migrations/look.ts';
import { goingBackSentence, judgeCode } from '../migrations/old-code.ts';
import { planSentence } from '../migrations/plan-text.ts';
import { pullRequestOf, writeComment } from '../report/pull-request.ts';
import type { Report } from '../report/report.ts';
import { commentMarker, previewComment } from '../review/comment.ts';
import { placeOf, reviewRefusal } from '../review/refusal.ts';
import { reviewMigrations } from '../review/review.ts';
import { type Preview, previewShape } from '../review/review-shape.ts';
import { sqlParser } from '../review/sql-parser.ts';
import type { Origin } from '../step/action.ts';
import { boolean, choice, secret, text } from '../step/fields.ts';
import { labelsFor } from './review-labels.ts';

/** What is done with dangerous migrations. */
export const lintField = choice('error', 'warn', 'off');

export const reviewFields = {
  githubToken: secret(text.optional()),
  pullRequestComment: boolean,
  previewReport: text.optional(),
  previewBasis: choice('database', 'code'),
  previewBase: text.optional(),
};

interface ReviewInputs {
  readonly lint: 'error' | 'warn' | 'off';
  readonly dryRun: boolean;
  readonly workingDirectory: string;
  readonly githubToken?: string | undefined;
  readonly pullRequestComment: boolean;
  readonly previewBasis: 'database' | 'code';
  readonly previewBase?: string | undefined;
}

interface ReviewPorts {
  readonly log: Log;
  readonly report: Report;
  readonly origin: Origin;
  readonly clean: (text: string) => string;
}

/** For whoever migrates; undefined where nobody wants to know. */
export function reviewing(
  inputs: ReviewInputs,
  database: Database,
  ports: ReviewPorts,
): ((look: Look) => Promise<void>) | undefined {
  if (inputs.lint === 'off' && !inputs.dryRun) return undefined;
  return async ({ standing, plan }) => {
    const { sql } = standing;
    if (sql === undefined) return; // no project of Django: nobody knows its SQL
    const code = judgeCode(plan);
    const labels = labelsFor(inputs, ports);
    const looksAtRows = inputs.previewBasis === 'database' && inputs.previewBase === undefined;
    const preview: Preview = {
      plan: planSentence(plan),
      basis: looksAtRows ? 'as the database is now' : 'read from the code: nobody has looked at tenants',
      goingBack: code === undefined ? null : goingBackSentence(code),
      review:
        sql.length === 0
          ? { groups: [], findings: [] }
          : await reviewMigrations(sql, {
              parser: await sqlParser(),
              publicSchema: plan.shared.schema,
              database,
              looksAtRows,
              labels: labels.of,
            }),
    };
    await tellPreview(preview, { ...inputs, labelsUnread: labels.unread }, ports);
  };
}

/** @throws UserError `migration-dangerous` */
async function tellPreview(
  preview: Preview,
  inputs: ReviewInputs & { readonly labelsUnread: string },
  ports: ReviewPorts,
): Promise<void> {
  const { log, report, origin, clean } = ports;
  const { review } = preview;
  report.data('preview', preview);
  const looks = inputs.lint !== 'off';
  const refusal =
    looks && inputs.lint === 'error'
      ? reviewRefusal(review, inputs.workingDirectory, inputs.labelsUnread)
      : undefined;
  if (looks) tellFindings(preview, inputs, ports, refusal);
  if (inputs.dryRun && review.groups.length > 0) {
    report.foldedText('Preview', previewComment(preview, undefined), 'text');
  }
  if (inputs.dryRun && inputs.pullRequestComment) {
    const run = URL.canParse(origin.run) ? origin.run : undefined;
    await comment(clean(previewComment(preview, run)), origin.github?.pullRequest?.number, inputs, ports);
  }
  if (refusal !== undefined) throw refusal;
  if (review.findings.length === 0 && review.groups.length > 0)
    log.step('Review', 'nothing dangerous is pending');
}

/** A line and an annotation for each; the first danger is told by the failure of the step. */
function tellFindings(
  { review: { findings } }: Preview,
  { workingDirectory }: ReviewInputs,
  { log, report }: ReviewPorts,
  refusal: UserError | undefined,
): void {
  for (const finding of findings) {
    const { migration, said, next, acknowledged, file } = finding;
    const sentence = `${migration} ${said}`;
    if (acknowledged !== null) {
      log.info(`accepted: ${sentence} — ${acknowledged}`);
      continue;
    }
    report.lookAt(`${sentence} — ${next}${file === null ? '' : ` (${file})`}`);
    if (refusal === undefined || !refusal.message.startsWith(`${migration} is dangerous — ${said}`)) {
      log.warning(`${sentence} — ${next}`, placeOf(finding, workingDirectory));
    }
  }
}

type Telling = Pick<ReviewInputs, 'githubToken'>;

/** GitHub failing is a warning: the review itself is in the report, and in the result of the step. */
async function comment(
  body: string,
  number: number | undefined,
  { githubToken: token }: Telling,
  { origin: { github }, log }: Pick<ReviewPorts, 'origin' | 'log'>,
): Promise<void> {
  if (github === undefined || number === undefined || token === undefined) {
    log.warning(
      'pull-request-comment: there is no pull request here, or no github-token — it works in a workflow on: pull_request',
    );
    return;
  }
  try {
    const { repository, apiUrl } = github;
    const how = await writeComment({ token, apiUrl, repository, number }, body, commentMarker);
    log.step('Comment', `${how} in pull request ${number}`);
  } catch (error) {
    log.warning(
      `The comment in pull request ${number} could not be written — ${messageOf(error)} — give the job permissions: pull-requests: write; for a fork, which never has them, use the second workflow of the example preview-comment.yml`,
    );
  }
}

/**
 * Writes the comment for a preview that another run has made, with less rights. Which pull request it is about is
 * what GitHub says, never what the report says; the report's own text is shown as text.
 * @throws UserError `preview-not-usable`
 */
export async function commentFor(
  { previewReport, githubToken: token }: { readonly previewReport?: string | undefined } & Telling,
  { origin, log, clean }: Pick<ReviewPorts, 'origin' | 'log' | 'clean'>,
): Promise<void> {
  const { github } = origin;
  const calledBy = github?.calledBy;
  if (github === undefined || calledBy === undefined || token === undefined || previewReport === undefined) {
    throw notUsable('there is no run that has called this one', 'use it in a workflow on: workflow_run');
  }
  const preview = await readPreview(previewReport);
  const { repository, apiUrl } = github;
  const number = await pullRequestOf({ token, apiUrl, repository }, calledBy).catch((error: unknown) => {
    throw notUsable(messageOf(error), 'give the job permissions: pull-requests: write');
  });
  if (number === undefined) {
    log.info('no open pull request has this commit as its newest: nothing to say');
    return;
  }
  const body = clean(previewComment(preview, calledBy.url));
  const how = await writeComment({ token, apiUrl, repository, number }, body, commentMarker).catch(
    (error: unknown) => {
      throw notUsable(messageOf(error), 'give the job permissions: pull-requests: write');
    },
  );
  log.step(
    'Comment',
    `${how} in pull request ${number}: ${counted(preview.review.findings.length, 'finding')}`,
  );
}

async function readPreview(path: string): Promise<Preview> {
  try {
    const { preview } = JSON.parse(await readFile(path, 'utf8'));
    return previewShape.parse(preview);
  } catch (error) {
    throw notUsable(
      `${path}: ${messageOf(error).slice(0, 200)}`,
      'give preview-report the path of the report that the first workflow has kept',
    );
  }
}

function notUsable(observed: string, next: string): UserError {
  return new UserError(`The preview cannot be told in a pull request — ${observed}`, next, {
    code: 'preview-not-usable',
  });
}

/** A relation between the inputs that does not hold, if there is one. */
export function commentIsComplete(given: {
  readonly mode?: string | undefined;
  readonly githubToken?: string | undefined;
  readonly previewReport?: string | undefined;
  readonly pullRequestComment?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
}): string | undefined {
  if (given.mode === 'comment') {
    return given.previewReport === undefined || given.githubToken === undefined
      ? 'mode comment: needs preview-report and github-token'
      : undefined;
  }
  if (given.previewReport !== undefined) return 'preview-report: is for mode comment';
  if (given.pullRequestComment !== true) return undefined;
  if (given.dryRun !== true) return 'pull-request-comment: is for dry-run: true, which has a preview to tell';
  return given.githubToken === undefined
    ? `pull-request-comment: needs github-token (\${{ github.token }}, with permissions: pull-requests: write)`
    : undefined;
}
