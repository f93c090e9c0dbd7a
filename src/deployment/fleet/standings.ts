import { listed } from '../../ground/words.ts';

/**
 * What is true of several servers, as one sentence: servers of which the same is true are named together.
 * `v2 serves on web-1 and web-2; nothing was changed on web-3`.
 */
export function standingsTogether(standings: ReadonlyMap<string, string>): string {
  const groups = new Map<string, string[]>();
  for (const [host, sentence] of standings) {
    const pattern = withoutHost(sentence, host);
    const hosts = groups.get(pattern) ?? [];
    groups.set(pattern, [...hosts, host]);
  }
  return [...groups]
    .map(([pattern, hosts]) => pattern.replace(place, () => ` on ${listed(hosts)}`))
    .join('; ');
}

/** Stands for the server in a sentence; nothing else has it. */
const place = '\0';

function withoutHost(sentence: string, host: string): string {
  const words = ` on ${host}`;
  const at = sentence.indexOf(words);
  const next = sentence[at + words.length];
  const isWhole = at !== -1 && (next === undefined || /[\s,;:]/.test(next));
  return isWhole ? `${sentence.slice(0, at)}${place}${sentence.slice(at + words.length)}` : sentence;
}
