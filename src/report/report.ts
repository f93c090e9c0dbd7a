import { bullet, folded, quote, table } from './markdown.ts';
import { lineOf, type Phase, type Stop, timelineOf } from './mermaid.ts';

/** What an action tells about its work beside the log: the job summary for people, the data for programs. */
export class Report {
  readonly #sections: string[] = [];
  readonly #data: Record<string, unknown> = {};
  #title: string | undefined;
  #verdict: string | undefined;
  #isGood = true;

  /** The headline of the summary, where it is about more than the step. */
  called(title: string): void {
    this.#title = title;
  }

  /** The first sentence of the summary when all went well. */
  verdict(sentence: string): void {
    this.#verdict = sentence;
  }

  /** The same of something that may have gone wrong elsewhere, while the step itself does well. */
  headline(isGood: boolean, sentence: string): void {
    this.#isGood = isGood;
    this.#verdict = sentence;
  }

  table(title: string, header: readonly string[], rows: readonly (readonly string[])[]): void {
    this.#sections.push(`### ${title}`, table(header, rows));
  }

  /** A table that is there for whoever looks closer. */
  foldedTable(title: string, header: readonly string[], rows: readonly (readonly string[])[]): void {
    this.#sections.push(folded(title, table(header, rows)));
  }

  /** A text as it stands, to be copied. */
  foldedText(title: string, text: string, language: 'text' | 'yaml'): void {
    this.#sections.push(folded(title, text, language));
  }

  /** The stops of a line as a picture, each with its result and time. */
  line(stops: readonly Stop[]): void {
    this.#sections.push(lineOf(stops));
  }

  /** What took how long, as a picture; with a title where there are several. */
  timeline(phases: readonly Phase[], title?: string): void {
    this.#sections.push(timelineOf(phases, title));
  }

  /** The same for whoever looks closer. */
  foldedTimeline(title: string, phases: readonly Phase[]): void {
    this.#sections.push(folded(title, timelineOf(phases)));
  }

  /** Something that did not fail the step but wants a look. */
  lookAt(sentence: string): void {
    this.#sections.push(bullet(`**Look at this:** ${sentence}`));
  }

  /** What to do now. */
  next(sentence: string): void {
    this.#sections.push(bullet(`**Next:** ${sentence}`));
  }

  /** A part of the JSON report. */
  data(key: string, value: unknown): void {
    this.#data[key] = value;
  }

  /** The summary as Markdown. */
  summary(
    title: string,
    failure?: { readonly sentence: string; readonly evidence?: string | undefined },
  ): string {
    const first = failure === undefined ? this.#verdict : failure.sentence;
    const isGood = failure === undefined && this.#isGood;
    return [
      `## ${this.#title ?? title}`,
      ...(first === undefined ? [] : [quote(`${isGood ? '✅' : '❌'} ${first}`)]),
      ...this.#sections,
      ...(failure?.evidence === undefined ? [] : [folded('Evidence', failure.evidence, 'text')]),
      '',
    ].join('\n\n');
  }

  get collected(): Readonly<Record<string, unknown>> {
    return this.#data;
  }
}
