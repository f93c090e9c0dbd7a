/** A Caddyfile in which a variable takes the place of an application's address. */
import { isApplication } from './caddy-config.ts';

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A line, and the block that it stands in. */
interface Line {
  readonly words: readonly Token[];
  readonly block: Block | undefined;
}

interface Block {
  readonly opens: Line;
}

export interface ChangedCaddyfile {
  readonly text: string;
  /** The lines that change, with their numbers: `12: reverse_proxy 127.0.0.1:8000`. */
  readonly lines: readonly string[];
}

/**
 * Each `reverse_proxy` that names the port alone gets the two includes: `slot` chooses the port, `upstreams` hands over.
 * @returns why not, as a sentence without an end
 */
export function pointerText(
  text: string,
  serving: number,
  { slot, upstreams }: { slot: string; upstreams: string },
): ChangedCaddyfile | { readonly obstacle: string } {
  const lines = linesOf(text);
  if (lines === undefined) return { obstacle: 'the file cannot be read as Caddy reads it' };
  const edits: { start: number; end: number; text: string }[] = [];
  const told: string[] = [];
  const chosen = new Set<Block | undefined>();
  const choose = ({ words: [first], block }: Line) => {
    if (first === undefined || chosen.has(block)) return;
    chosen.add(block);
    edits.push({ start: first.start, end: first.start, text: `import ${slot}\n${indent(text, first)}` });
  };
  for (const line of lines) {
    const { words, block } = line;
    const [first] = words;
    if (first === undefined || !words.some((word) => isApplication(bare(word), serving))) continue;
    // What Caddy itself listens on.
    if (block === undefined && isApplication(bare(first), serving)) continue;
    const number = text.slice(0, first.start).split('\n').length;
    const opens = words.at(-1)?.text === '{';
    const last = (opens ? words.at(-2) : words.at(-1)) ?? first;
    told.push(`${number}: ${text.slice(first.start, last.end)}`);
    const to = words.slice(1, opens ? -1 : undefined);
    const matcher = /^[/*@]/.test(to[0]?.text ?? '') ? to[0] : undefined;
    const inside = `import ${upstreams}`;
    if (first.text === 'reverse_proxy' && to.length === (matcher === undefined ? 1 : 2)) {
      const outer = indent(text, first);
      const own = [first.text, ...(matcher === undefined ? [] : [matcher.text])].join(' ');
      const head = `${own} {\n${outer}\t${inside}`;
      edits.push(
        opens
          ? { start: first.start, end: words.at(-1)?.end ?? last.end, text: head }
          : { start: first.start, end: last.end, text: `${head}\n${outer}}` },
      );
      choose(line);
    } else if (first.text === 'to' && to.length === 1 && block?.opens.words[0]?.text === 'reverse_proxy') {
      edits.push({ start: first.start, end: last.end, text: inside });
      choose(block.opens);
    } else return { obstacle: `${text.slice(first.start, last.end)} takes no variable` };
  }
  // From the end, so that places stay where they are; of two at one place, the import comes to stand before.
  const sorted = edits.toSorted((one, two) => two.start - one.start || two.end - one.end);
  const changed = sorted.reduce(
    (all, edit) => `${all.slice(0, edit.start)}${edit.text}${all.slice(edit.end)}`,
    text,
  );
  return { text: changed, lines: told };
}

/** The space that a line begins with. */
function indent(text: string, { start }: Token): string {
  const before = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  return before.trim() === '' ? before : '';
}

function bare({ text }: Token): string {
  return text.replace(/^(["`])(.*)\1$/s, '$2');
}

/** @returns undefined where it is not understood */
function linesOf(text: string): Line[] | undefined {
  // Lines that go on in the next one, and texts of many lines that begin with <<.
  if (/\\\r?\n|(^|\s)<</.test(text)) return undefined;
  const lines: Line[] = [];
  let words: Token[] = [];
  let block: Block | undefined;
  const outer: (Block | undefined)[] = [];
  const pattern = /\n|#[^\n]*|"(?:\\.|[^"\\])*"|`[^`]*`|[^\s]+/gs;
  for (const { 0: found, index } of [...text.matchAll(pattern), { 0: '\n', index: text.length }]) {
    if (found !== '\n') {
      if (!found.startsWith('#')) words.push({ text: found, start: index, end: index + found.length });
      continue;
    }
    if (words.length === 0) continue;
    if (words[0]?.text === '}') {
      if (words.length > 1 || outer.length === 0) return undefined;
      block = outer.pop();
    } else {
      const line = { words, block };
      lines.push(line);
      if (words.at(-1)?.text === '{') {
        outer.push(block);
        block = { opens: line };
      }
    }
    words = [];
  }
  return outer.length === 0 ? lines : undefined;
}
