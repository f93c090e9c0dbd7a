import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { boxRootFolder } from './debian-root.ts';
import { labFolders } from './folders.ts';

/**
 * A folder with pg_dump, pg_restore and psql 15 for this machine, which may have none: those of the boxes, with the
 * libraries that they were made for. The boxes' files must be there, as they are once a lab was up.
 */
export function postgresPrograms(): string {
  const folders = labFolders();
  const root = boxRootFolder(folders);
  const programs = join(folders.run, 'postgres-programs');
  mkdirSync(programs, { recursive: true });
  const libraries = [`${root}/usr/lib/x86_64-linux-gnu`, `${root}/lib/x86_64-linux-gnu`].join(':');
  for (const name of ['pg_dump', 'pg_restore', 'psql']) {
    const program = `${root}/usr/lib/postgresql/15/bin/${name}`;
    const start = `exec '${root}/lib64/ld-linux-x86-64.so.2' --library-path '${libraries}' '${program}' "$@"`;
    writeFileSync(join(programs, name), `#!/bin/sh\n${start}\n`, { mode: 0o755 });
  }
  return programs;
}
