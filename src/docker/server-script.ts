import { readFileSync } from 'node:fs';

/** A shell program that comes with this library. In dist/ this module holds the texts instead. */
export function serverScript(name: 'own-check'): string {
  return readFileSync(new URL(`./${name}.sh`, import.meta.url), 'utf8');
}
