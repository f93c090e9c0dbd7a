import { parseImage } from '../docker/image.ts';
import { showDuration } from '../ground/duration.ts';
import { messageOf, UserError } from '../ground/errors.ts';
import {
  type DeploymentNotice,
  type DeploymentState,
  deploymentsLookedAt,
  endDeployment,
  knownDeployments,
  tellGitHub,
  tellWayBack,
} from '../report/github-deployment.ts';
import type { Moment } from '../report/notification.ts';
import { notify } from '../report/notify.ts';
import { type ActionContext, defineAction } from '../step/action.ts';
import { choice, count, httpUrl, readAs, text } from '../step/fields.ts';
import { containerFields } from './deploy-container.ts';
import { commonFields, reportFields } from './fields.ts';
import { endOfLine, type LineEnd, parseNeeds } from './whole-line.ts';

const inputs = {
  mode: choice('begin', 'end', 'promote'),
  container: containerFields.container,
  environment: text,
  image: readAs((written) => {
    const image = parseImage(written.trim());
    if (image.digest === undefined)
      throw new RangeError(`${written} has no digest — write registry/name:tag@sha256:…`);
    return { text: written.trim(), digest: image.digest };
  }).optional(),
  promotedFrom: text.optional(),
  needs: readAs(parseNeeds).optional(),
  deploymentId: count({ least: 1 }).optional(),
  environmentUrl: httpUrl.optional(),
  githubToken: reportFields.githubToken,
  notify: reportFields.notify,
  ...commonFields,
};

type Context = ActionContext<typeof inputs, 'outcome' | 'verdict' | 'deployment-id' | 'image'>;

/** A line of jobs as a whole. What it tells others of may fail; what it refuses may not pass. */
export const reportLine = defineAction({
  inputs,
  outputs: ['outcome', 'verdict', 'deployment-id', 'image'],
  results: ['begun', 'told', 'promoted'],
  rules: [
    ({ mode, needs }) => (mode === 'end' && needs === undefined ? 'needs: is required to end' : undefined),
    ({ mode, promotedFrom, githubToken }) =>
      mode === 'promote' && (promotedFrom === undefined || githubToken === undefined)
        ? 'promoted-from and github-token: both are required to promote'
        : undefined,
  ],

  async run(context) {
    switch (context.inputs.mode) {
      case 'begin':
        return begin(context);
      case 'end':
        return end(context);
      case 'promote':
        return promote(context);
    }
  },
});

async function begin(context: Context) {
  const { inputs, origin, log, report } = context;
  const sentence = `${inputs.image?.text ?? origin.commit} is on its way to ${inputs.environment}.`;
  const notice = noticeOf(context);
  const [told] = await Promise.all([
    notice === undefined ? undefined : tellGitHub(notice, log),
    tell(context, 'start', sentence),
  ]);
  report.verdict(sentence);
  return { result: 'begun', 'deployment-id': told?.id };
}

async function end(context: Context) {
  const { inputs, log, report } = context;
  const line = endOfLine(inputs.needs ?? {}, inputs);
  report.headline(line.outcome === 'success', line.verdict);
  tellSummary(line, context);
  await Promise.all([
    endOnGitHub(line, context),
    tell(context, line.outcome === 'success' ? 'success' : 'failure', line.verdict),
  ]);
  log.step('Line', line.verdict);
  return { result: 'told', outcome: line.outcome, verdict: line.verdict };
}

/** A deployment that was begun gets its state; a rollback, which begins none, is one of what serves again. */
async function endOnGitHub(line: LineEnd, context: Context): Promise<void> {
  const { inputs, log } = context;
  const { deploymentId: id, container } = inputs;
  const notice = noticeOf(context);
  if (notice === undefined) return;
  const told = { state: states[line.outcome], description: descriptionOf(line) };
  if (id !== undefined) return endDeployment(notice, { id, ...told }, log);
  if (line.wentBack !== undefined)
    return tellWayBack({ ...notice, container }, { ...line.wentBack, ...told }, log);
}

const states: Readonly<Record<LineEnd['outcome'], DeploymentState>> = {
  success: 'success',
  failure: 'failure',
  cancelled: 'error',
};

/** A whole sentence may repeat what the application said: the name of the stop is enough there. */
function descriptionOf({ outcome, stops, verdict }: LineEnd): string {
  if (outcome === 'success') return verdict;
  return `${stops.find(({ failed }) => failed)?.name ?? 'the line'}: ${outcome}`;
}

function tellSummary({ stops, next }: LineEnd, { inputs, report }: Context): void {
  report.called(`${inputs.container} in ${inputs.environment}`);
  for (const step of next) report.next(step);
  report.line(stops);
  report.table(
    'Stops',
    ['stop', 'result', 'time', ''],
    stops.map(({ name, result, milliseconds, detail, failed, skipped }) => [
      name,
      `${failed ? '❌' : skipped === true ? '–' : '✅'} ${result}`,
      milliseconds === undefined ? '' : showDuration(milliseconds),
      detail,
    ]),
  );
  report.data('stops', stops);
}

/** @throws UserError `promotion-refused`, also when GitHub cannot be asked */
async function promote(context: Context) {
  const { inputs, origin, log, report } = context;
  const { image: wanted, promotedFrom: environment = '', githubToken: token = '', container } = inputs;
  const found = await greenImage(context, { environment, token });
  if (found === undefined) {
    throw refusal(
      `${wanted?.text ?? `No image of ${container}`} was not green in ${environment}`,
      `none of its last ${deploymentsLookedAt} deployments of ${container} with this digest ended with success`,
      environment,
    );
  }
  log.step('Promoted', `${found} was green in ${environment}`);
  report.verdict(
    `${found} was green in ${environment}; ${origin.actor} promotes it to ${inputs.environment}.`,
  );
  return { result: 'promoted', image: found };
}

/** The newest green one, or the one that is wanted; as it was deployed there. */
async function greenImage(
  { inputs: { image: wanted, container }, origin }: Context,
  { environment, token }: { environment: string; token: string },
): Promise<string | undefined> {
  if (origin.github === undefined) {
    throw refusal(`Nothing can be promoted from ${environment}`, 'there is no GitHub here', environment);
  }
  try {
    const where = { token, ...origin.github };
    const seen = new Set<string>();
    for await (const { image, state } of knownDeployments(where, { environment, container })) {
      const digest = image.slice(image.indexOf('@') + 1);
      // The same image may have been green before; what counts is how it ended the last time.
      if (seen.has(digest) || (wanted !== undefined && wanted.digest !== digest)) continue;
      if (state === 'success') return image;
      if (wanted !== undefined) return undefined;
      seen.add(digest);
    }
    return undefined;
  } catch (error) {
    throw refusal(
      `Whether the image was green in ${environment} is not known`,
      `GitHub said: ${messageOf(error)}`,
      environment,
    );
  }
}

function refusal(what: string, observed: string, environment: string): UserError {
  return new UserError(`${what} — ${observed}`, `deploy it to ${environment} first; nothing was changed`, {
    code: 'promotion-refused',
  });
}

function noticeOf({ inputs, origin }: Context): DeploymentNotice | undefined {
  const { githubToken: token, container, environment, image, environmentUrl } = inputs;
  if (token === undefined || origin.github === undefined) return undefined;
  return {
    token,
    ...origin.github,
    ref: origin.commit,
    environment,
    description: `${container} is being deployed`,
    logUrl: URL.canParse(origin.run) ? origin.run : undefined,
    environmentUrl: environmentUrl?.href,
    payload: image === undefined ? undefined : { container, image: image.text },
  };
}

function tell({ inputs, origin, log, clean }: Context, moment: Moment, sentence: string): Promise<void> {
  const { notify: listeners = [], container: subject, environment } = inputs;
  const link = URL.canParse(origin.run) ? origin.run : undefined;
  return notify(
    listeners,
    { moment, subject, environment, sentence: clean(sentence), link, actor: origin.actor },
    log,
  );
}
