import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ContextBlock, SectionBlock } from '@slack/types';
import type { RESTPostAPIWebhookWithTokenJSONBody } from 'discord-api-types/v10';

import {
  bodyFor,
  discordMessage,
  type Notification,
  parseListener,
  slackMessage,
} from '../../src/report/notification.ts';
import { notify } from '../../src/report/notify.ts';

const told: Notification = {
  moment: 'failure',
  subject: 'shop',
  environment: 'production',
  sentence: 'migrate: orders.0012 failed in acme — <!channel> & @everyone *twice* — remove it',
  link: 'https://github.com/acme/shop/actions/runs/7',
  actor: 'ana',
};
const endless: Notification = { ...told, sentence: '😀'.repeat(5_000), subject: 's'.repeat(500) };

describe('an address', () => {
  test.each`
    line                                                  | format
    ${'https://hooks.slack.com/services/T0/B0/x'}         | ${'slack'}
    ${'https://discord.com/api/webhooks/1/x'}             | ${'discord'}
    ${'https://ptb.discord.com/api/webhooks/1/x'}         | ${'discord'}
    ${'https://discord.com.example.com/api/webhooks/1/x'} | ${'webhook'}
    ${'slack https://chat.example.com/hooks/x'}           | ${'slack'}
    ${'discord http://127.0.0.1:8/x'}                     | ${'discord'}
    ${'webhook https://hooks.slack.com/services/T0/B0/x'} | ${'webhook'}
    ${'https://deploys.example.com/?token=x'}             | ${'webhook'}
  `('$line takes $format', ({ line, format }) => {
    expect(parseListener(String(line)).format).toBe(format);
  });

  test.each(['hooks.slack.com/canary', 'ftp://canary.example', 'teams https://canary.example', 'a canary'])(
    '%s is refused, and not shown',
    (line) => {
      expect(() => parseListener(line)).toThrow(/is not an https:\/\/ address/);
      expect(() => parseListener(line)).not.toThrow(/canary/);
    },
  );
});

describe.each([
  ['a sentence', told],
  ['an endless one', endless],
])('%s', (_name, notification) => {
  test("is what Slack's own types and limits take, and mentions nobody", () => {
    // The compiler compares it with what Slack publishes.
    const message: { text: string; blocks: (SectionBlock | ContextBlock)[] } = slackMessage(notification);
    const [section] = message.blocks as SectionBlock[];
    expect(section?.text?.text.length).toBeLessThanOrEqual(3_000);
    expect(message.text.length).toBeLessThanOrEqual(4_000);
    expect(JSON.stringify(message)).not.toContain('<!');
    expect(JSON.stringify(message)).toContain('<https://github.com/acme/shop/actions/runs/7|The run>');
  });

  test("is what Discord's own types and limits take, and mentions nobody", () => {
    const message: RESTPostAPIWebhookWithTokenJSONBody = discordMessage(notification);
    const [embed] = message.embeds ?? [];
    expect(embed?.title?.length).toBeLessThanOrEqual(256);
    expect(embed?.description?.length).toBeLessThanOrEqual(4_096);
    expect(message.allowed_mentions?.parse).toEqual([]);
  });
});

test('a program of one’s own gets each field by its name', () => {
  expect(bodyFor('webhook', told)).toEqual({ schema: 1, ...told });
});

describe('telling', () => {
  let server: Server;
  let address: string;
  let received: unknown[];
  let answers: (number | 'hang up')[];

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      received.push(await json(request));
      const status = answers.shift() ?? 200;
      if (status === 'hang up') return void request.socket.destroy();
      response.writeHead(status, { location: `${address}/elsewhere` }).end('canary-answer');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => {
    received = [];
    answers = [];
  });

  async function tell(...lines: string[]): Promise<string[]> {
    const warnings: string[] = [];
    const patience = { attempts: 3, interval: 1, timeout: 2_000 };
    const log = { warning: (text: string) => void warnings.push(text) };
    await notify(lines.map(parseListener), told, log, patience);
    return warnings;
  }

  test.each<[string, (number | 'hang up')[], number]>([
    ['at once', [], 1],
    ['when a server comes back', [503, 'hang up'], 3],
    ['when it was asked to wait', [429], 2],
  ])('works %s', async (_name, before, requests) => {
    answers = before;
    expect(await tell(`${address}/canary`)).toEqual([]);
    expect(received).toHaveLength(requests);
    expect(received.at(-1)).toEqual(bodyFor('webhook', told));
  });

  test.each<[string, (number | 'hang up')[], number, RegExp]>([
    ['an address that is gone', [404], 1, /it answered 404/],
    ['a redirect, which is not followed', [302], 1, /it answered 302/],
    ['a server that never works', [500, 500, 500], 3, /it answered 500/],
    ['one that hangs up', ['hang up', 'hang up', 'hang up'], 3, /not told/],
  ])('%s is one warning, without the address', async (_name, before, requests, says) => {
    answers = before;
    const warnings = await tell(`slack ${address}/canary`);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(says);
    expect(warnings[0]).not.toContain('canary');
    expect(received).toHaveLength(requests);
  });

  test('one that cannot be told keeps nobody else from it', async () => {
    const nobody = 'http://127.0.0.1:1/canary';
    expect(await tell(nobody, `${address}/canary`)).toHaveLength(1);
    expect(received).toHaveLength(1);
  });
});
