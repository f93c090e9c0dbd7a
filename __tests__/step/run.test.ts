import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

import { UserError } from '../../src/ground/errors.ts';
import { type ActionContext, defineAction } from '../../src/step/action.ts';
import { duration, secret, text } from '../../src/step/fields.ts';
import type { StepHost } from '../../src/step/host.ts';
import type { Manifest } from '../../src/step/manifest.ts';
import { runStep } from '../../src/step/run.ts';

const manifest: Manifest = {
  name: 'Sample',
  description: 'Sample.',
  inputs: { token: { description: 'Token.' }, timeout: { description: 'Limit.', default: '1m' } },
  outputs: {},
};
const fields = { token: secret(text.optional()), timeout: duration };
const outputs = ['count', 'token-again'] as const;

/** A host that keeps what it is told. */
function recordingHost(
  given: Record<string, string> = {},
  reportFolder = mkdtempSync(join(tmpdir(), 'step-')),
) {
  const told = {
    lines: [] as string[],
    masked: [] as string[],
    failures: [] as string[],
    warnings: [] as string[],
    outputs: {} as Record<string, string>,
    summary: '',
  };
  const host: StepHost = {
    given: new Map(Object.entries(given)),
    origin: { run: 'run', actor: 'ana', commit: 'abc' },
    reportFolder,
    mask: (form) => told.masked.push(form),
    line: (line) => told.lines.push(line),
    debug: () => {},
    fold: (title, content) => told.lines.push(title, content),
    warning: (line) => told.warnings.push(line),
    fail: (sentence) => told.failures.push(sentence),
    output: (name, value) => {
      told.outputs[name] = value;
    },
    exportVariable: () => {},
    summary: async (markdown) => {
      told.summary += markdown;
    },
  };
  return { host, told };
}

type Context = ActionContext<typeof fields, (typeof outputs)[number]>;

async function step(
  run: (context: Context) => Promise<{ result: string }>,
  given: Record<string, string> = {},
) {
  const { host, told } = recordingHost(given);
  const action = defineAction({
    inputs: fields,
    outputs,
    results: ['done'],
    secretOutputs: ['token-again'],
    run,
  });
  const done = await runStep('sample', action, manifest, host);
  return { done, ...told };
}

describe('a step that succeeds', () => {
  test('writes outputs, summary and report', async () => {
    const { done, outputs, summary, failures } = await step(async ({ report, log }) => {
      log.step('Plan', 'three things');
      report.verdict('All good.');
      return { result: 'done', count: 3 };
    });
    expect(done).toBe(true);
    expect(failures).toEqual([]);
    expect(outputs).toMatchObject({ result: 'done', count: '3' });
    expect(summary).toContain('> ✅ All good.');
    expect(JSON.parse(readFileSync(outputs['report-path'] ?? '', 'utf8'))).toMatchObject({
      schema: 1,
      action: 'sample',
      result: 'done',
      steps: [{ label: 'Plan', text: 'three things' }],
    });
  });

  test('shows no secret but in the outputs that are meant for it', async () => {
    const { outputs, summary, lines, masked } = await step(
      async ({ log, report, inputs }) => {
        log.info(`the token is ${inputs.token}`);
        report.verdict(`the token is ${inputs.token}`);
        return { result: 'done', count: `${inputs.token}`, 'token-again': inputs.token };
      },
      { token: 'canary-1' },
    );
    expect(masked).toContain('canary-1');
    expect(outputs['token-again']).toBe('canary-1');
    expect(outputs.count).toBe('***');
    const report = readFileSync(outputs['report-path'] ?? '', 'utf8');
    expect(`${summary}${lines.join()}${report.replace(/"token-again.*/, '')}`).not.toContain('canary-1');
  });
});

describe('a step that fails', () => {
  test('one failure is one annotation; what was known is in the outputs, the sentence begins the summary', async () => {
    const { done, outputs, summary, failures } = await step(async ({ tell, standing, report }) => {
      tell({ count: 2 });
      standing('2 tenants are done and stay done');
      report.table('Tenants', ['name'], [['a']]);
      throw new UserError('It broke — the disk is full', 'free some space', {
        code: 'disk-full',
        evidence: 'df: 100 %',
      });
    });
    expect(done).toBe(false);
    const sentence = 'It broke — the disk is full — free some space; 2 tenants are done and stay done';
    expect(failures).toEqual([sentence]);
    expect(outputs).toMatchObject({
      result: 'failed',
      'failure-code': 'disk-full',
      'failure-reason': sentence,
      count: '2',
    });
    expect(summary).toMatch(/^## Sample\n\n> ❌ It broke/);
    expect(summary).toContain('df: 100 %');
  });

  test('anything unexpected is called our defect, with its place', async () => {
    const { failures, outputs } = await step(async () => {
      throw new TypeError('x is not a function');
    });
    expect(failures[0]).toMatch(
      /^This is a defect in Tenantry, not in your project — TypeError: x is not a function.* — please report it with the report file$/,
    );
    expect(outputs['failure-code']).toBe('defect');
  });

  test('the cause is printed after the sentence, cleaned of secrets', async () => {
    const { lines } = await step(
      async () => {
        throw new UserError('It broke — no answer', 'try again', {
          code: 'disk-full',
          cause: new Error('refused canary-2'),
        });
      },
      { token: 'canary-2' },
    );
    expect(lines).toEqual(['Cause: refused ***']);
  });

  test('a secret of one letter is masked in sentences, and leaves the words of closed lists readable', async () => {
    const { outputs, failures } = await step(
      async () => {
        throw new UserError('The disk is full', 'free some space', { code: 'disk-full' });
      },
      { token: 'e' },
    );
    expect(outputs).toMatchObject({ result: 'failed', 'failure-code': 'disk-full' });
    expect(outputs['report-path']).toMatch(/\.json$/);
    expect(outputs['failure-reason']).not.toContain('e');
    expect(failures[0]).not.toContain('e');
  });

  test('wrong inputs are one annotation, and nothing runs', async () => {
    let ran = false;
    const { failures } = await step(
      async () => {
        ran = true;
        return { result: 'done' };
      },
      { timeout: '5', tokn: 'x' },
    );
    expect(ran).toBe(false);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain('did you mean token?');
  });

  test('a report folder that cannot be written to stops the step before anything is done', async () => {
    let ran = false;
    const { host, told } = recordingHost({}, '/dev/null/nowhere');
    const run = async () => {
      ran = true;
      return { result: 'done' };
    };
    const action = defineAction({ inputs: fields, outputs, results: ['done'], run });
    expect(await runStep('sample', action, manifest, host)).toBe(false);
    expect(ran).toBe(false);
    expect(told.failures).toHaveLength(1);
    expect(told.failures[0]).toMatch(/^The report cannot be written to \/dev\/null\/nowhere — ENOTDIR/);
    expect(told.outputs['failure-code']).toBe('cannot-write-report');
  });
});

describe('a step that is ended', () => {
  test('a time limit unwinds the action and says so', async () => {
    const unwound: string[] = [];
    const { outputs, failures } = await step(
      async ({ signal, standing }) => {
        standing('the old version serves');
        try {
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        } finally {
          unwound.push('cleaned up');
        }
        return { result: 'done' };
      },
      { timeout: '20ms' },
    );
    expect(unwound).toEqual(['cleaned up']);
    expect(outputs).toMatchObject({ result: 'cancelled', 'failure-code': 'timed-out' });
    expect(failures[0]).toBe(
      'The step did not end within 20 ms — it was stopped — raise the input timeout, or run again: what is done stays done; the old version serves',
    );
  });
});
