import { join } from 'node:path';

import { table } from '../../../src/report/markdown.ts';

/** Where what was tried is written down. */
export const compatibilityPage = join(import.meta.dirname, '../../../docs/compatibility.md');

export const columns = [
  'Django',
  'django-tenants',
  'driver',
  'PostgreSQL',
  'result',
  'said by the run itself',
];

/** @param rows of `columns`, in the order of the matrix */
export function pageOf(rows: readonly (readonly string[])[], on: string): string {
  return `# Compatibility

Written by \`npm run compatibility\`, which has really run each row, on ${on}: a project with two types of tenant, a shared schema that is not called \`public\`, a database alias of its own (\`TENANT_DB_ALIAS\`) and tenants called \`Berlin-Mitte\` and \`o’hara\` is migrated from an empty database, planned, migrated, migrated again (nothing to do), and verified. Any two versions that can be installed together stand together in at least one row (pip installs django-tenants 4.0 with Django 5.2 and newer only, 3.7 with older ones). Each push runs the first row, and other tests the oldest versions.

${table(columns, rows)}

Python is 3.11, which takes no Django 6. An application that is not Django needs none of this: \`preset: command\`.
`;
}
