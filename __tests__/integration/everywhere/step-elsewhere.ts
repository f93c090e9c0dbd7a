/** A step as a program of its own: name and inputs come by standard input, what was seen goes by standard output. */
import { text } from 'node:stream/consumers';

import type { ActionName } from '../../../src/actions/names.ts';
import { step } from '../migrations/shop-fleet.ts';

const { name, inputs } = JSON.parse(await text(process.stdin)) as {
  name: ActionName;
  inputs: Record<string, string>;
};
process.stdout.write(JSON.stringify(await step(name, inputs)));
