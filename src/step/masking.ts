/** Keeps secrets out of everything that a step writes: the log, the summary, the outputs, the report. */
export class Masker {
  readonly #forms = new Set<string>();
  readonly #announce: (form: string) => void;

  /** @param announce tells the runner each form once, so that it masks what other programs print, too. */
  constructor(announce: (form: string) => void) {
    this.#announce = announce;
  }

  add(secret: string): void {
    for (const form of formsOf(secret)) {
      if (this.#forms.has(form)) continue;
      this.#forms.add(form);
      this.#announce(form);
    }
  }

  /** The text with `***` for every form of every secret. */
  clean(text: string): string {
    const longestFirst = [...this.#forms].sort((a, b) => b.length - a.length);
    return longestFirst.reduce((cleaned, form) => cleaned.replaceAll(form, '***'), text);
  }
}

/** The shortest derived form that is masked: shorter ones would blank out ordinary words. */
const shortestDerived = 4;

/**
 * The forms in which a secret may turn up: as it is, line by line (keys), in base64, escaped for JSON,
 * percent-encoded and percent-decoded.
 */
export function formsOf(secret: string): string[] {
  const raw = secret.trim();
  if (raw === '') return [];
  const bodyLines = raw.split(/\r?\n/).filter((line) => !line.startsWith('-----'));
  const derived = [
    ...(bodyLines.length > 1 || raw.includes('-----') ? bodyLines.map((line) => line.trim()) : []),
    Buffer.from(secret).toString('base64'),
    Buffer.from(raw).toString('base64'),
    JSON.stringify(raw).slice(1, -1),
    encodeURIComponent(raw.toWellFormed()),
    percentDecoded(raw),
  ];
  return [...new Set([raw, ...derived.filter((form) => form.length >= shortestDerived)])];
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
