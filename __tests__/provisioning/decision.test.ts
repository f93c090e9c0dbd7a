import { expect, test } from '@jest/globals';

import { decide } from '../../src/provisioning/decision.ts';
import {
  type Found,
  type Made,
  nothingMade,
  type Removal,
  type Wanted,
} from '../../src/provisioning/parts.ts';
import { undoSentence } from '../../src/provisioning/undo.ts';

const wanted: Wanted = {
  schema: 'acme',
  fields: { name: 'Acme' },
  domains: ['acme.example', 'www.acme.example'],
  tenantType: null,
  person: undefined,
};

function found({ row = false, domains = [] as string[], schema = false, owner = 'acme' }): Found {
  return {
    row: row ? { pk: '1', hidden: false, differences: [] } : null,
    domains: domains.map((domain) => ({ domain, schema: owner, primary: false })),
    problems: [],
    schema: { exists: schema, tables: schema ? 3 : 0, mayCreate: true, role: 'shop', journal: null },
    person: null,
  };
}

const both = wanted.domains;

test.each<{ row: boolean; domains: string[]; schema: boolean; adopt: boolean; answer: string }>`
  row      | domains             | schema   | adopt    | answer
  ${false} | ${[]}               | ${false} | ${false} | ${'created: row, schema, domain acme.example, domain www.acme.example'}
  ${false} | ${[]}               | ${false} | ${true}  | ${'created: row, schema, domain acme.example, domain www.acme.example'}
  ${false} | ${[]}               | ${true}  | ${false} | ${'schema-left-over'}
  ${false} | ${[]}               | ${true}  | ${true}  | ${'adopted: row, domain acme.example, domain www.acme.example'}
  ${true}  | ${[]}               | ${false} | ${false} | ${'completed: schema, domain acme.example, domain www.acme.example'}
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

test('the root tenant has the shared schema from the start', () => {
  const root = { ...wanted, schema: 'public' };
  expect(decide(root, found({ schema: true }), { adopt: false, isRoot: true })).toMatchObject({
    state: 'created',
    steps: ['row', 'domain acme.example', 'domain www.acme.example'],
  });
});

test('a tenant that a killed run has left is completed, and what is done once for a tenant is due', () => {
  const journal = { id: 'a', run: 'run 1', since: '', made: nothingMade, done: ['signal'] };
  const there = found({ row: true, schema: true, domains: [...both] });
  const left = { ...there, schema: { ...there.schema, journal } };
  expect(decide(wanted, left, { adopt: false })).toMatchObject({ state: 'completed', isNew: true });
  expect(decide(wanted, there, { adopt: false })).toMatchObject({ state: 'unchanged', isNew: false });
});

const made: Made = { row: '1', domains: ['1', '2'], schema: true, person: { where: 'shared', pk: '7' } };
const domain: Made = { ...nothingMade, domains: ['3'] };

test.each<{ parts: Made; removal: Removal; sentence: string }>`
  parts          | removal                                   | sentence
  ${made}        | ${{ removed: ['schema', 'row'] }}         | ${'everything that this run made is removed again'}
  ${nothingMade} | ${{ removed: [] }}                        | ${'this run made nothing else'}
  ${made}        | ${{ removed: [], stuck: 'lock timeout' }} | ${'undoing was not possible (lock timeout): domains, superuser, schema and row are left; run again to complete the tenant, or remove it: DROP SCHEMA "acme" CASCADE, delete its domains (1, 2), delete its row (1) and delete the superuser (7)'}
  ${domain}      | ${{ removed: [], stuck: 'lock timeout' }} | ${'undoing was not possible (lock timeout): domains are left; run again to complete the tenant, or remove it: delete its domains (3)'}
`('after undoing: $sentence', ({ parts, removal, sentence }) => {
  expect(undoSentence({ schema: 'acme', made: parts }, removal)).toBe(sentence);
});
