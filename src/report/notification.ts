/** What a chat or a program of one's own is told of a deployment, in the format that its address takes. */

export type Moment = 'start' | 'success' | 'failure';

export interface Notification {
  readonly moment: Moment;
  /** Of what: the application, or the whole line. */
  readonly subject: string;
  readonly environment: string;
  /** One sentence for people. */
  readonly sentence: string;
  /** Where more is to be seen: the workflow run. */
  readonly link: string | undefined;
  readonly actor: string;
}

export type NotificationFormat = 'slack' | 'discord' | 'webhook';

export interface Listener {
  readonly format: NotificationFormat;
  /** Secret as a whole: whoever knows it may write there. */
  readonly url: URL;
}

/**
 * `URL`, or `slack URL`, `discord URL`, `webhook URL` for a server of one's own that speaks the format of one of them.
 * @throws RangeError without the address, which is secret
 */
export function parseListener(line: string): Listener {
  const [, format, address = ''] = /^(?:(slack|discord|webhook)\s+)?(\S+)$/.exec(line.trim()) ?? [];
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new RangeError(
      'one of its lines is not an https:// address — write the address, or slack, discord or webhook and the address',
    );
  }
  return { format: (format as NotificationFormat | undefined) ?? formatOf(url), url };
}

function formatOf({ hostname, pathname }: URL): NotificationFormat {
  if (hostname === 'hooks.slack.com' || hostname === 'hooks.slack-gov.com') return 'slack';
  if (/^((ptb|canary)\.)?discord(app)?\.com$/.test(hostname) && pathname.startsWith('/api/'))
    return 'discord';
  return 'webhook';
}

/** The body of the request, as JSON. */
export function bodyFor(format: NotificationFormat, notification: Notification) {
  if (format === 'slack') return slackMessage(notification);
  if (format === 'discord') return discordMessage(notification);
  return event(notification);
}

const signs = { start: '⏳', success: '✅', failure: '❌' } as const;
/** 24-bit RGB: GitHub's blue, green and red. */
const colours = { start: 0x0969da, success: 0x1a7f37, failure: 0xcf222e } as const;

function titleOf({ moment, subject, environment }: Notification): string {
  const what = { start: 'is being deployed', success: 'is deployed', failure: 'was not deployed' }[moment];
  return `${signs[moment]} ${subject} ${what} (${environment})`;
}

/** Slack's incoming webhooks: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export function slackMessage(notification: Notification) {
  const { sentence, link, actor } = notification;
  const title = slackText(shortened(titleOf(notification), 150));
  const more = link === undefined ? actor : `<${slackText(link)}|The run> by ${actor}`;
  return {
    // What notifications of a telephone show.
    text: `${title}: ${slackText(shortened(sentence, 1_000))}`,
    blocks: [
      {
        type: 'section' as const,
        text: { type: 'mrkdwn' as const, text: `*${title}*\n${slackText(shortened(sentence, 2_000))}` },
      },
      { type: 'context' as const, elements: [{ type: 'mrkdwn' as const, text: more }] },
    ],
  };
}

/** Slack reads these three, and nothing else, as more than text; so nobody is mentioned. */
function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Discord's webhooks: docs.discord.com/developers/resources/webhook#execute-webhook */
export function discordMessage(notification: Notification) {
  const { moment, sentence, link, actor } = notification;
  return {
    embeds: [
      {
        title: shortened(titleOf(notification), 256),
        description: shortened(sentence, 2_000).replace(/[\\`*_~|[\]<>]/g, '\\$&'),
        color: colours[moment],
        footer: { text: shortened(actor, 100) },
        ...(link === undefined ? {} : { url: link }),
      },
    ],
    // Nobody is called by what an application has said.
    allowed_mentions: { parse: [] },
  };
}

/** For programs of one's own. `schema` goes up when a field changes its meaning. */
function event(notification: Notification) {
  return { schema: 1, ...notification };
}

function shortened(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1).toWellFormed()}…`;
}
