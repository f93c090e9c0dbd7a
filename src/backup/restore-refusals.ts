import { quotedName } from '../database/quoted-name.ts';
import { UserError } from '../ground/errors.ts';
import { counted, listed } from '../ground/words.ts';
import type { Manifest } from './manifest.ts';

/** Why a restore is not begun, in sentences. Pure. */

export function mayNotCreate(
  label: string,
  { role, name }: { readonly role: string; readonly name: string },
): UserError {
  return new UserError(
    `Nothing can be restored into ${label} — the role ${role} may not create a schema there`,
    `let the owner of the database, or a superuser, run: GRANT CREATE ON DATABASE ${quotedName(name)} TO ${quotedName(role)}; nothing was changed`,
    { code: 'database-permission-denied' },
  );
}

export function extensionsMissing(label: string, missing: Manifest['extensions']): UserError {
  const names = listed(missing.map(({ name, version }) => `${name} ${version}`));
  const statements = missing.map(
    ({ name, schema }) => `CREATE EXTENSION ${quotedName(name)} WITH SCHEMA ${quotedName(schema)}`,
  );
  return new UserError(
    `${counted(missing.length, 'extension')} of the backup ${missing.length === 1 ? 'is' : 'are'} not in ${label} — ${names}`,
    `let a superuser (for trusted ones: whoever may create in the database) run: ${statements.join('; ')}; nothing was changed`,
    { code: 'extension-missing' },
  );
}

export function nameTaken(schema: string, as: string): UserError {
  return new UserError(
    `${schema} cannot be restored beside — there is a schema ${as} already`,
    `see what is in it, then remove it (DROP SCHEMA ${quotedName(as)} CASCADE) or give it another name; nothing was changed`,
    { code: 'restore-name-taken' },
  );
}

export function otherDatabase(
  schema: string,
  { database }: Pick<Manifest, 'database'>,
  here: Pick<Manifest['database'], 'name'>,
): UserError {
  const another = database.name === here.name ? ', another cluster' : '';
  return new UserError(
    `${schema} is not replaced — the backup is of another database (${database.label}${another})`,
    'restore it beside (restore-to: beside), or correct database-url or backup-path; nothing was changed',
    { code: 'backup-other-database' },
  );
}
