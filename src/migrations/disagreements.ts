import type { Structure, StructureGroup } from '../database/structure.ts';
import type { Discovery, Expectation } from '../django/discovery.ts';
import { type Disagreement, disagreementWith } from './condition.ts';
import { kindBySchema } from './verify.ts';

const everythingMissing: Disagreement = { tables: ['django_migrations'], columns: [], left: [] };

/** Where each schema is not what its ledger makes of it once everything is undone; judged once for equal ones. */
export function* disagreements(
  discovery: Discovery,
  structures: readonly StructureGroup[],
  schemas: Iterable<string>,
): Generator<readonly [string, Disagreement]> {
  const kinds = kindBySchema(discovery);
  const groups = new Map(discovery.groups.flatMap((group) => group.schemas.map((name) => [name, group])));
  const found = new Map(structures.flatMap((group) => group.schemas.map((name) => [name, group])));
  const judged = new Map<string, Disagreement>();
  for (const schema of schemas) {
    const [group, kind, structure] = [groups.get(schema), kinds.get(schema), found.get(schema)];
    if (group?.back == null || kind === undefined || structure === undefined) {
      yield [schema, everythingMissing];
      continue;
    }
    const key = JSON.stringify([group.id, structure.id, kind.kind, kind.tenantType]);
    const verdict = judged.get(key) ?? compare(group.back, kind, structure.structure);
    judged.set(key, verdict);
    yield [schema, verdict];
  }
}

/** The same for one schema of a kind. */
export function compare(
  { expects, gone }: { readonly expects: readonly Expectation[]; readonly gone: readonly Expectation[] },
  { kind, tenantType }: Pick<Expectation, 'kind' | 'tenantType'>,
  structure: Structure,
): Disagreement {
  const ofKind = (all: readonly Expectation[]) =>
    all.find((one) => one.kind === kind && one.tenantType === tenantType);
  const [must, mustNot] = [ofKind(expects), ofKind(gone)];
  return must === undefined || mustNot === undefined
    ? everythingMissing
    : disagreementWith(must, mustNot, structure);
}
