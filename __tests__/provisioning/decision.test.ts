import { expect, test } from '@jest/globals';

import { decide } from '../../src/provisioning/decision.ts';
import type { Found, Made, Removal } from '../../src/provisioning/parts.ts';
import { undoSentence } from '../../src/provisioning/undo.ts';

const wanted = { schema: 'acme', fields: { name: 'Acme' }, domains: ['acme.example', 'www.acme.example'] };

function found({ row = false, domains = [] as string[], schema = false, owner = 'acme' }): Found {
  return {
    row: row ? { pk: '1', hidden: false, differences: [] } : null,
    domains: domains.map((domain) => ({ domain, schema: owner })),
    problems: [],
    schema: { exists: schema, tables: schema ? 3 : 0, mayCreate: true, role: 'shop' },
  };
}

const both = wanted.domains;

test.each<{ row: boolean; domains: string[]; schema: boolean; adopt: boolean; answer: string }>`
  row      | domains             | schema   | adopt    | answer
  ${false} | ${[]}               | ${false} | ${false} | ${'created: row, domain acme.example, domain www.acme.example, schema'}
  ${false} | ${[]}               | ${false} | ${true}  | ${'created: row, domain acme.example, domain www.acme.example, schema'}
  ${false} | ${[]}               | ${true}  | ${false} | ${'schema-left-over'}
  ${false} | ${[]}               | ${true}  | ${true}  | ${'adopted: row, domain acme.example, domain www.acme.example'}
  ${true}  | ${[]}               | ${false} | ${false} | ${'completed: domain acme.example, domain www.acme.example, schema'}
  ${true}  | ${[]}               | ${true}  | ${false} | ${'completed: domain acme.example, domain www.acme.example'}
  ${true}  | ${['acme.example']} | ${true}  | ${false} | ${'completed: domain www.acme.example'}
  ${true}  | ${both}             | ${false} | ${false} | ${'completed: schema'}
  ${true}  | ${both}             | ${true}  | ${false} | ${'unchanged: '}
`('row $row, domains $domains, schema $schema, adopt $adopt: $answer', ({ adopt, answer, ...there }) => {
  const decided = () => {
    const { state, steps } = decide(wanted, found(there), { adopt });
    return `${state}: ${steps.join(', ')}`;
  };
  if (answer.includes(':')) expect(decided()).toBe(answer);
  else expect(decided).toThrow(expect.objectContaining({ code: answer }));
});

test.each<{ changes: Partial<Found>; code: string }>`
  what                                      | changes                                                                      | code
  ${'a domain of another tenant'}           | ${{ domains: [{ domain: 'acme.example', schema: 'other' }] }}                | ${'domain-taken'}
  ${'a row that the default manager hides'} | ${{ row: { pk: '1', hidden: true, differences: [] } }}                       | ${'tenant-hidden'}
  ${'a value that Django refuses'}          | ${{ problems: [{ field: 'name', message: 'too long' }] }}                    | ${'tenant-fields-wrong'}
  ${'a role that may not create a schema'}  | ${{ schema: { exists: false, tables: 0, mayCreate: false, role: 'clerk' } }} | ${'cannot-create-schema'}
`('$what is refused', ({ changes, code }) => {
  expect(() => decide(wanted, { ...found({}), ...changes }, { adopt: true })).toThrow(
    expect.objectContaining({ code, hint: expect.stringContaining('nothing was made') }),
  );
});

const made: Made = { row: '1', domains: ['1', '2'], schema: 'acme' };

test.each<{ parts: Made; removal: Removal; sentence: string }>`
  parts                                          | removal                                                                        | sentence
  ${made}                                        | ${{ removed: ['schema', 'row'], stuck: null }}                                 | ${'everything that this run made is removed again'}
  ${made}                                        | ${{ removed: [], stuck: { part: 'schema', reason: 'lock timeout' } }}          | ${'undoing stopped at the schema (lock timeout): schema, row and domains are left; run again to complete the tenant, or remove it with DROP SCHEMA "acme" CASCADE and delete its row'}
  ${made}                                        | ${{ removed: ['schema'], stuck: { part: 'row', reason: 'still referenced' } }} | ${'undoing stopped at the row (still referenced): row and domains are left; run again to complete the tenant'}
  ${{ row: null, domains: ['3'], schema: null }} | ${{ removed: [], stuck: { part: 'domains', reason: 'lock timeout' } }}         | ${'undoing stopped at the domains (lock timeout): domains is left; run again to complete the tenant'}
`('after undoing: $sentence', ({ parts, removal, sentence }) => {
  expect(undoSentence(parts, removal)).toBe(sentence);
});
