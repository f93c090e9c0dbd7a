import { parse as parseYaml } from 'yaml';

import { readAs } from './fields.ts';

/** A YAML mapping, for what is deeper than lines. A file of its own, so that only who needs YAML loads it. */
export const yamlMap = readAs((value) => {
  const map: unknown = parseYaml(value, { prettyErrors: true });
  if (typeof map === 'object' && map !== null && !Array.isArray(map)) return map as Record<string, unknown>;
  throw new RangeError('is not a YAML mapping — write one `key: value` a line');
});
