import { readFileSync } from 'node:fs';

/** A shell program that comes with this library. In dist/ this module holds the texts instead. */
export function serverScript(
  name: 'server-program' | 'switch' | 'survey' | 'lease' | 'nginx' | 'caddy' | 'slots' | 'releases',
): string {
  return readFileSync(new URL(`./${name}.sh`, import.meta.url), 'utf8');
}
