/** Small matters of English that sentences for people need. */

/** `1,000`. Not by `toLocaleString`, whose first call costs 20 ms. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Commits as people say them: `dev-3f2a91c` for `dev-` and forty digits. */
export function shortCommits(text: string): string {
  return text.replaceAll(/(?<![0-9a-f])([0-9a-f]{7})[0-9a-f]{33}(?![0-9a-f])/g, '$1');
}

/** `1 tenant`, `2 tenants`, `1,000 tenants`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(count)} ${count === 1 ? noun : plural}`;
}

/** `a`, `a and b`, `a, b and c`; with a limit: `a, b and 3 more`. */
export function listed(items: readonly string[], limit = Number.POSITIVE_INFINITY): string {
  const shown =
    items.length > limit ? [...items.slice(0, limit), `${items.length - limit} more`] : [...items];
  const last = shown.pop();
  if (last === undefined) return 'none';
  return shown.length === 0 ? last : `${shown.join(', ')} and ${last}`;
}

/** The candidate that `text` is probably a misspelling of, by edit distance without regard to case or punctuation. */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  const bare = (word: string) => word.toLowerCase().replace(/[^a-z0-9]/g, '');
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(bare(text), bare(candidate)) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, text.length / 3) ? best.candidate : undefined;
}

function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
