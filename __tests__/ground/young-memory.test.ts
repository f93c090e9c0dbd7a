import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const run = promisify(execFile);
const source = join(import.meta.dirname, '../../src/ground/young-memory.ts');

/** Objects that live for a while and are garbage then, as requests are. @returns bytes of the space for new ones */
async function youngSpaceAfterWork(first: string): Promise<number> {
  const script = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { keepYoungMemorySmall } from ${JSON.stringify(source)};
    ${first};
    const waiting = [];
    for (let made = 0; made < 2_000_000; made += 1) {
      waiting.push({ made });
      if (waiting.length > 10_000) waiting.splice(0, 5_000);
    }
    console.log(getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size);`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
  return Number(stdout);
}

test('the space for new objects keeps its first size, and would grow by itself', async () => {
  const [small, grown] = await Promise.all([
    youngSpaceAfterWork('keepYoungMemorySmall()'),
    youngSpaceAfterWork(''),
  ]);
  expect(small).toBeLessThan(3_000_000);
  expect(grown).toBeGreaterThan(2 * small);
});
