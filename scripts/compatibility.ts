/** `npm run compatibility`: tries every stack of the matrix on the lab, and writes docs/compatibility.md. */
import { writeFileSync } from 'node:fs';

import { matrix, nameOf } from '../__tests__/integration/compatibility/matrix.ts';
import { tryOut } from '../__tests__/integration/compatibility/scene.ts';
import { compatibilityPage, pageOf } from '../__tests__/integration/compatibility/table.ts';
import { bringUp } from '../lab/lab.ts';
import { messageOf } from '../src/ground/errors.ts';

await bringUp(['postgres15', 'postgres18']);
const rows: (readonly string[])[] = [];
for (const stack of matrix) {
  const row = await tryOut(stack).then(
    ({ versions: [django, tenants, psycopg, postgres], tenants: all, proof }) => [
      'works',
      `Django ${django}, django-tenants ${tenants}, psycopg ${psycopg}, PostgreSQL ${postgres}; ${all.filter((one) => one.endsWith('by worker')).length} of ${all.length} by the worker; ${proof.replace('Proof: ', '')}`,
    ],
    (error: unknown) => ['fails', messageOf(error)],
  );
  console.log([...nameOf(stack), ...row].join(' | '));
  rows.push([...nameOf(stack), ...row]);
}
writeFileSync(compatibilityPage, pageOf(rows, new Date().toISOString().slice(0, 10)));
process.exitCode = rows.every(([, , , , result]) => result === 'works') ? 0 : 1;
