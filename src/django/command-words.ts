import { parseWords } from '../machine/words.ts';

/**
 * One line of an input that holds commands of manage.py: words, kept together by quotes as in a shell.
 * @throws RangeError with the rest of a sentence
 */
export function commandWords(line: string): readonly string[] {
  const words = parseWords(line);
  const [name = ''] = words;
  if (/(^|\/)(manage\.py|python[\d.]*)$/.test(name)) {
    throw new RangeError(`"${line}" begins with ${name} — write what follows manage.py`);
  }
  return words;
}
