import type { MigrationSql } from '../django/discovery.ts';

/** A label of a pull request. */
export interface Label {
  readonly name: string;
  readonly description: string;
}

/** `allow drop: nobody reads it since release 41`, in a comment of the migration after `tenantry:`. */
const inFile = /^allow ([a-z-]+)\s*:\s*(\S.*)$/;
/** `tenantry: allow drop`, a label whose description is the reason. */
const asLabel = /^tenantry: ?allow ([a-z-]+)$/;

/** The line by which a situation is accepted in a migration's file; the reason comes after it. */
export const acceptingLine = (situation: string) => `# tenantry: allow ${situation}:`;
export const acceptingLabel = (situation: string) => `tenantry: allow ${situation}`;

/** Why a situation is accepted in a migration's file; undefined: it is not. A reason has to be given. Pure. */
export function acceptedInFile(
  situation: string,
  { comments }: Pick<MigrationSql, 'comments'>,
): string | undefined {
  for (const { text } of comments) {
    const [, name, reason] = inFile.exec(text) ?? [];
    if (name === situation) return reason;
  }
  return undefined;
}

/** The same by a label. Pure. */
export function acceptedByLabel(situation: string, labels: readonly Label[]): string | undefined {
  for (const { name, description } of labels) {
    if (asLabel.exec(name)?.[1] === situation && description.trim() !== '') {
      return `${description.trim()} (label ${name})`;
    }
  }
  return undefined;
}
