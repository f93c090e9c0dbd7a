import { showDuration } from '../ground/duration.ts';
import type { Log } from '../ground/log.ts';
import type { StepHost } from './host.ts';
import type { Masker } from './masking.ts';

/** A step of the action as it stands in the log and in the report. */
export interface LoggedStep {
  readonly label: string;
  readonly text: string;
  readonly milliseconds?: number;
}

/** The width of a log line, at whose right end the time of a step stands; and of the label at its beginning. */
const width = 90;
const labelWidth = 12;

/** The log of an action on its host: clean of secrets, and its steps kept for the report. */
export function logTo(host: StepHost, masker: Masker, steps: LoggedStep[]): Log {
  return {
    step(label, text, milliseconds) {
      const clean = masker.clean(text);
      const took = milliseconds === undefined ? {} : { milliseconds: Math.round(milliseconds) };
      steps.push({ label, text: clean, ...took });
      const line = `${label.padEnd(labelWidth)} ${clean}`;
      host.line(milliseconds === undefined ? line : `${line.padEnd(width)}  ${showDuration(milliseconds)}`);
    },
    info: (text) => host.line(`${' '.repeat(labelWidth)} ${masker.clean(text)}`),
    debug: (text) => host.debug(masker.clean(text)),
    warning: (text, place) => host.warning(masker.clean(text), place),
    details(title, text) {
      if (text.trim() !== '') host.fold(masker.clean(title), masker.clean(text));
    },
  };
}
