import { Buffer } from 'node:buffer';

import { refuse } from './url-refusal.ts';

/** Text of a URL that knows where it stands in it. */
export interface Stretch {
  readonly text: string;
  /** The offset in the URL where it begins, in UTF-16 units, also when it is empty. */
  readonly start: number;
  /** The offset in the URL of one of its UTF-16 units. */
  readonly offsetOf: (index: number) => number;
}

export function stretch(url: string, start: number, end: number): Stretch {
  return { text: url.slice(start, end), start, offsetOf: (index) => start + index };
}

/** Several stretches as one: libpq puts all hosts (and all ports) into one list before it decodes them. */
export function joined(stretches: readonly Stretch[]): Stretch {
  return {
    text: stretches.map(({ text }) => text).join(''),
    start: stretches[0]?.start ?? 0,
    offsetOf: (index) => {
      let rest = index;
      for (const { text, offsetOf } of stretches) {
        if (rest < text.length) return offsetOf(rest);
        rest -= text.length;
      }
      return stretches.at(-1)?.offsetOf(0) ?? 0;
    },
  };
}

/** What a stretch stands for, in bytes. */
export interface Decoded {
  readonly bytes: Buffer;
  readonly written: Stretch;
}

/**
 * Percent-decodes as libpq 18 does: spaces around the text are dropped, a space inside it is an error, so is
 * a `%` without two hexadecimal digits, and so is `%00`. A `+` is a plus.
 * @throws UserError `database-url-invalid`
 */
export function percentDecode(url: string, written: Stretch): Decoded {
  const { text, offsetOf } = written;
  const pieces: Buffer[] = [];
  let at = text.search(/[^ ]|$/);
  while (at < text.length && text[at] !== ' ') {
    const piece = pieceAt(text, at);
    if (piece === '%') refuse(url, 'percent', offsetOf(at));
    if (piece === '%00') refuse(url, 'percent-zero', offsetOf(at));
    pieces.push(bytesOf(piece));
    at += piece.length;
  }
  if (/[^ ]/.test(text.slice(at))) refuse(url, 'space', offsetOf(at));
  return { bytes: Buffer.concat(pieces), written };
}

/** A percent-encoded byte, a `%` that is none, or text up to the next `%` or space. */
function pieceAt(text: string, at: number): string {
  const pattern = /%[0-9a-fA-F]{2}|%|[^% ]+/y;
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

function bytesOf(piece: string): Buffer {
  return piece.startsWith('%') ? Buffer.from(piece.slice(1), 'hex') : Buffer.from(piece);
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The decoded bytes as text.
 * @throws UserError `database-url-invalid` when they are not UTF-8
 */
export function utf8(url: string, decoded: Decoded): string {
  try {
    return strictUtf8.decode(decoded.bytes);
  } catch {
    return refuse(url, 'not-utf-8', firstBadPlace(decoded));
  }
}

function firstBadPlace({ bytes, written: { text, offsetOf } }: Decoded): number {
  const bad = firstBadByte(bytes);
  let seen = 0;
  for (let at = text.search(/[^ ]|$/); at < text.length; ) {
    const piece = pieceAt(text, at);
    const length = bytesOf(piece).length;
    if (seen + length > bad) return offsetOf(at);
    seen += length;
    at += piece.length;
  }
  return offsetOf(0);
}

function firstBadByte(bytes: Buffer): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let index = 0; index < bytes.length; index += 1) {
    try {
      decoder.decode(bytes.subarray(index, index + 1), { stream: true });
    } catch {
      return index;
    }
  }
  return bytes.length - 1; // it ends in the middle of a character
}
