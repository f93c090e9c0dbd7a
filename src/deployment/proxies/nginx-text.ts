/** Reads the text of an nginx configuration file as far as the places matter where its directives stand. */

export interface Directive {
  readonly name: string;
  /** Its words without quotes. */
  readonly words: readonly string[];
  /** Where it begins and ends in the text: to behind its semicolon, or its closing brace. */
  readonly start: number;
  readonly end: number;
  /** Of a block. */
  readonly children: readonly Directive[] | undefined;
}

interface Token {
  readonly kind: 'word' | ';' | '{' | '}';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** @returns undefined where it is not understood (a block of Lua has rules of its own). */
export function readNginxText(text: string): readonly Directive[] | undefined {
  const tokens = tokensOf(text);
  let at = 0;
  const list = (isInside: boolean): Directive[] | undefined => {
    const directives: Directive[] = [];
    let words: Token[] = [];
    for (; at < tokens.length; at += 1) {
      const token = tokens[at] as Token;
      const [first] = words;
      if (token.kind === 'word') {
        words.push(token);
        continue;
      }
      if (token.kind === '}') return isInside && first === undefined ? directives : undefined;
      if (first === undefined || first.text.endsWith('_by_lua_block')) return undefined;
      let children: Directive[] | undefined;
      if (token.kind === '{') {
        at += 1;
        children = list(true);
        if (children === undefined || at >= tokens.length) return undefined;
      }
      directives.push({
        name: first.text,
        words: words.slice(1).map((word) => word.text),
        start: first.start,
        end: (tokens[at] as Token).end,
        children,
      });
      words = [];
    }
    return isInside || words.length > 0 ? undefined : directives;
  };
  return list(false);
}

/** A word, a quoted one, a sign, or a comment; in this order nothing is taken for something else. */
const pattern = /#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[;{}]|(?:\$\{[^}]*\}|\\.|[^\s;{}\\])+/gs;

function tokensOf(text: string): Token[] {
  return [...text.matchAll(pattern)].flatMap(({ 0: found, index }): Token[] => {
    if (found.startsWith('#')) return [];
    const place = { start: index, end: index + found.length };
    if (found === ';' || found === '{' || found === '}') return [{ kind: found, text: found, ...place }];
    return [{ kind: 'word', text: found.replace(/^(["'])(.*)\1$/s, '$2'), ...place }];
  });
}
