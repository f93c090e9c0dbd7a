import { readFileSync } from 'node:fs';

import { parse } from 'yaml';

import type { Manifest } from '../step/manifest.ts';
import type { ActionName } from './names.ts';

/** The `action.yml` of an action, read from the checkout. In dist/ this module holds their contents instead. */
export function manifestOf(name: ActionName): Manifest {
  const path = name === 'tenantry' ? '../../action.yml' : `../../actions/${name}/action.yml`;
  const { inputs = {}, outputs = {}, ...rest } = parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
  return { ...rest, inputs, outputs };
}
