/** Inputs that are written in YAML. A file of its own, so that only who needs YAML loads it. */
import { isNode, LineCounter, parseDocument, parse as parseYaml } from 'yaml';
import type * as z from 'zod';

import { readAs } from './fields.ts';

/** A YAML mapping, for what is deeper than lines. */
export const yamlMap = readAs((value) => {
  const map: unknown = parseYaml(value, { prettyErrors: true });
  if (typeof map === 'object' && map !== null && !Array.isArray(map)) return map as Record<string, unknown>;
  throw new RangeError('is not a YAML mapping — write one `key: value` a line');
});

/** YAML of a given shape; what is wrong is told with its line and key. */
export function yamlOf<T>(shape: z.ZodType<T>) {
  return readAs((value): T => {
    const lines = new LineCounter();
    const document = parseDocument(value, { prettyErrors: true, lineCounter: lines });
    const [broken] = document.errors;
    if (broken !== undefined) throw new RangeError(broken.message.split('\n')[0] ?? 'is not YAML');
    const read = shape.safeParse(document.toJS());
    if (read.success) return read.data;
    const problems = read.error.issues.map(({ path, message }) => {
      const node = nearestNode(document, path);
      const line = node?.range ? `line ${lines.linePos(node.range[0]).line}` : 'line 1';
      const keys = path.filter((key) => typeof key === 'string').join('.');
      return `${line}${keys === '' ? '' : `, ${keys}`}: ${message}`;
    });
    throw new RangeError(problems.join('; '));
  });
}

/** The node at a path, or the last one on the way to it: a key that is missing has no line of its own. */
function nearestNode(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]) {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node)) return node;
  }
  return undefined;
}
