import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as core from '@actions/core';

import type { Place } from '../ground/errors.ts';
import { readEvent } from './github-event.ts';
import type { StepHost } from './host.ts';
import { filesOfCheckout, lineLike } from './written-line.ts';

/** A job of a GitHub workflow. The only file that speaks to the runner. */
export function githubHost(environment: NodeJS.ProcessEnv): StepHost {
  const { GITHUB_SERVER_URL, GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT } =
    environment;
  const run = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}/attempts/${GITHUB_RUN_ATTEMPT ?? 1}`;
  return {
    given: inputsGiven(environment),
    origin: {
      run: GITHUB_RUN_ID === undefined ? 'no run' : run,
      actor: environment.GITHUB_ACTOR ?? 'unknown',
      commit: environment.GITHUB_SHA ?? '',
      github:
        GITHUB_REPOSITORY === undefined
          ? undefined
          : {
              repository: GITHUB_REPOSITORY,
              apiUrl: GITHUB_API_URL ?? 'https://api.github.com',
              ...readEvent(environment),
            },
    },
    reportFolder: join(environment.RUNNER_TEMP ?? tmpdir(), 'tenantry'),
    mask: (secret) => core.setSecret(secret),
    line: (text) => core.info(text),
    debug: (text) => core.debug(text),
    warning: (text, place) => core.warning(text, place === undefined ? {} : annotated(place)),
    fail(sentence, written) {
      const place = written && 'like' in written ? lineLike(written, filesOfCheckout(environment)) : written;
      if (place === undefined) return core.setFailed(sentence);
      process.exitCode = 1;
      core.error(sentence, annotated(place));
    },
    output: (name, value) => core.setOutput(name, value),
    exportVariable: (name, value) => core.exportVariable(name, value),
    fold(title, text) {
      core.startGroup(title);
      core.info(text);
      core.endGroup();
    },
    async summary(markdown) {
      // There is no summary file where a job runs without the service behind it (some local runners).
      if (environment.GITHUB_STEP_SUMMARY) await core.summary.addRaw(markdown, true).write();
    },
  };
}

function annotated({ file, line }: Place) {
  return { file, ...(line === undefined ? {} : { startLine: line }) };
}

/**
 * The inputs as the runner hands them over: `INPUT_` and the name in capitals, spaces as underscores. It also hands
 * over what `action.yml` does not declare, so a misspelt input is found here. Empty means: not given.
 */
export function inputsGiven(environment: NodeJS.ProcessEnv): Map<string, string> {
  const given = new Map<string, string>();
  for (const [variable, value] of Object.entries(environment)) {
    if (variable.startsWith('INPUT_') && value !== undefined && value.trim() !== '') {
      given.set(variable.slice('INPUT_'.length).toLowerCase(), value);
    }
  }
  return given;
}
