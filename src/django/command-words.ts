/**
 * One line of an input that holds commands of manage.py: words, kept together by quotes as in a shell.
 * @throws RangeError with the rest of a sentence
 */
export function commandWords(line: string): readonly string[] {
  const words = wordsOf(line);
  const [name = ''] = words;
  if (/(^|\/)(manage\.py|python[\d.]*)$/.test(name)) {
    throw new RangeError(`"${line}" begins with ${name} — write what follows manage.py`);
  }
  return words;
}

function wordsOf(line: string): string[] {
  const parts = line.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+|["'].*/g);
  return [...parts].map(([part]) => {
    if ((part.replace(/"[^"]*"|'[^']*'/g, '').match(/["']/) ?? []).length > 0) {
      throw new RangeError(`"${line}" has a quote that is not closed`);
    }
    return part.replace(
      /"([^"]*)"|'([^']*)'/g,
      (_, double?: string, single?: string) => double ?? single ?? '',
    );
  });
}
