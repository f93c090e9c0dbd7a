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

/** Why a situation is accepted in a migration; undefined: it is not. A reason has to be given. Pure. */
export function acknowledged(
  situation: string,
  { comments }: Pick<MigrationSql, 'comments'>,
  labels: readonly Label[],
): string | undefined {
  for (const { text } of comments) {
    const [, name, reason] = inFile.exec(text) ?? [];
    if (name === situation) return reason;
  }
  for (const { name, description } of labels) {
    if (asLabel.exec(name)?.[1] === situation && description.trim() !== '') {
      return `${description.trim()} (label ${name})`;
    }
  }
  return undefined;
}
