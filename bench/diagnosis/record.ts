/** Keeps what a server really showed, for the tables of the unit tests. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Row } from '../../__tests__/integration/diagnosis/row.ts';
import type { Scene } from '../../__tests__/integration/diagnosis/scene.ts';

const folder = join(import.meta.dirname, '../../__tests__/diagnosis/recorded');

export function record(
  { row, failure, code, says }: Row,
  { recordings, lab, host }: Scene,
  sentence: string,
): void {
  const seen = recordings.findLast(({ kind }) => kind === 'collected') ?? recordings.at(-1);
  if (seen === undefined) return;
  const clean = (text: string) =>
    text
      .replaceAll(lab.registry.address, 'registry.test:5000')
      .replaceAll(host.address, '192.0.2.11')
      .replaceAll(lab.postgres.v15.host, '192.0.2.15');
  const words = recordings.findLast(({ kind }) => kind === 'docker')?.text;
  const content = {
    row,
    failure,
    code,
    says: clean(says),
    sentence: clean(sentence),
    at: seen.at,
    docker: words === undefined ? undefined : clean(words).trim().split('\n'),
    answer: seen.answer,
    collected: seen.kind === 'collected' ? withoutOthers(clean(seen.text)) : undefined,
  };
  mkdirSync(folder, { recursive: true });
  const name = `${String(row).padStart(2, '0')}-${failure.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(content, undefined, 2)}\n`);
}

/** The kernel of a lab is that of its machine: what it says of others is left out. */
function withoutOthers(text: string): string[] {
  const id = /^"([0-9a-f]{64})"$/m.exec(text)?.[1];
  const isOfIt = (line: string) => id !== undefined && line.includes(id);
  return text.split('\n').filter((line) => !/^\[ *\d+\.\d+\]/.test(line) || isOfIt(line));
}
