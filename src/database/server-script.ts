import { readFileSync } from 'node:fs';

/** A shell program that comes with this library. The bundle replaces this module by one that holds the texts. */
export function serverScript(name: 'throw-away'): string {
  return readFileSync(new URL(`./${name}.sh`, import.meta.url), 'utf8');
}
