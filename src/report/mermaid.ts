/** Pictures that GitHub draws from text. */
import { showDuration } from '../ground/duration.ts';

/** One stop of a line: migrate, deploy, check. */
export interface Stop {
  readonly name: string;
  /** How it ended, in a word or two. */
  readonly result: string;
  /** Undefined where nobody measured it. */
  readonly milliseconds: number | undefined;
  readonly failed: boolean;
  /** It was not come to. */
  readonly skipped?: boolean;
}

/** The stops from left to right, each with its result and time; the failed one is marked. */
export function lineOf(stops: readonly Stop[]): string {
  const boxes = stops.map(({ name, result, milliseconds, failed, skipped = false }, index) => {
    const time = milliseconds === undefined ? [] : [showDuration(milliseconds)];
    const look = failed ? ':::failed' : skipped ? ':::skipped' : '';
    return `  stop${index}["${[name, result, ...time].map(plain).join('<br>')}"]${look}`;
  });
  const arrows = stops.slice(1).map((_, index) => `  stop${index} --> stop${index + 1}`);
  return [
    '```mermaid',
    'flowchart LR',
    ...boxes,
    ...arrows,
    '  classDef failed fill:#ffebe9,stroke:#cf222e,color:#82071e',
    ...(stops.some(({ skipped }) => skipped === true)
      ? ['  classDef skipped fill:#f6f8fa,stroke:#d1d9e0,color:#59636e,stroke-dasharray:4']
      : []),
    '```',
  ].join('\n');
}

/** A part of a run, in milliseconds since its beginning. */
export interface Phase {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly failed?: boolean | undefined;
}

/** What took how long, one bar below the other; with a title, where there are several. */
export function timelineOf(phases: readonly Phase[], title?: string): string {
  const bars = phases.map(
    // A bar of no length would not be drawn.
    ({ name, from, to, failed }) =>
      `  ${plain(name).replace(/[:,]/g, ' ')} (${showDuration(to - from)}) :${failed === true ? 'crit, ' : ''}${Math.round(from)}, ${Math.max(Math.round(to), Math.round(from) + 1)}`,
  );
  const titles = title === undefined ? [] : [`  title ${plain(title).replace(/[:,]/g, ' ')}`];
  return ['```mermaid', 'gantt', ...titles, '  dateFormat x', '  axisFormat %M:%S', ...bars, '```'].join(
    '\n',
  );
}

/** Without the characters that end a box. */
function plain(text: string): string {
  return text.replace(/["<>[\]{}|`#;]/g, ' ').trim();
}
