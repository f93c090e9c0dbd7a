/** A command as words: what a shell would make of a line, without anything that a shell would do with it. */
export type Words = readonly string[];

/**
 * One line as words, kept together by quotes as in a shell.
 * @throws RangeError with the rest of a sentence
 */
export function parseWords(line: string): Words {
  const parts = line.trim().matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+|["'].*/g);
  return [...parts].map(([part]) => {
    if (/["']/.test(part.replace(/"[^"]*"|'[^']*'/g, ''))) {
      throw new RangeError(`"${line.trim()}" has a quote that is not closed`);
    }
    return part.replace(
      /"([^"]*)"|'([^']*)'/g,
      (_, double?: string, single?: string) => double ?? single ?? '',
    );
  });
}
