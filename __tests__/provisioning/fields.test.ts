import { describe, expect, test } from '@jest/globals';

import { type NewTenant, rowFields } from '../../src/provisioning/fields.ts';
import { discovered, field } from '../migrations/discovered.ts';

const acme: NewTenant = { schemaName: 'acme', tenantName: 'Acme', domains: [], fields: {} };
const project = discovered();
const noted = discovered();
noted.tenantModel.fields.push(field({ name: 'note', type: 'TextField' }));
const typed = discovered({ multiType: { field: 'kind', types: ['public', 'farm', 'flat'] } });
typed.tenantModel.fields.push(field({ name: 'kind', choices: ['farm', 'flat'] }));

test('the values of a row: schema name, name and the other fields', () => {
  expect(rowFields({ ...acme, fields: { plan: 'team', owner: 3 } }, project, { isNew: true })).toEqual({
    values: { schema_name: 'acme', name: 'Acme', plan: 'team', owner: 3 },
    problems: [],
  });
});

test('a tenant whose name is not given is called like its schema', () => {
  const unnamed = { ...acme, tenantName: undefined };
  expect(rowFields(unnamed, project, { isNew: true }).values.name).toBe('acme');
  expect(rowFields(unnamed, project, { isNew: false }).values).not.toHaveProperty('name');
  expect(rowFields({ ...unnamed, fields: { name: 'A' } }, project, { isNew: true }).values.name).toBe('A');
});

test('the type of a tenant goes into the field that the project names', () => {
  expect(rowFields({ ...acme, tenantType: 'farm' }, typed, { isNew: true })).toEqual({
    values: { schema_name: 'acme', name: 'Acme', kind: 'farm' },
    problems: [],
  });
});

describe('each wrong field has its sentence', () => {
  test.each<{ tenant: Partial<NewTenant>; model: typeof project; problem: string }>`
    tenant                                  | model      | problem
    ${{}}                                   | ${noted}   | ${'fields: note: is missing (TextField)'}
    ${{ fields: { plan: 'gold' } }}         | ${project} | ${'fields: plan: there is no "gold" — choose free and team'}
    ${{ fields: { paln: 'free' } }}         | ${project} | ${'fields: customers.Customer has no field paln — did you mean plan?'}
    ${{ fields: { colour: 'red' } }}        | ${project} | ${'fields: customers.Customer has no field colour — it has schema_name, name, plan and owner'}
    ${{ fields: { id: 7 } }}                | ${project} | ${'fields: id is made by Django — leave it out'}
    ${{ fields: { name: 'Acme' } }}         | ${project} | ${'tenant-name: fields gives the name, too — leave one of them out'}
    ${{ fields: { schema_name: 'other' } }} | ${project} | ${'fields: schema_name is given by schema-name'}
    ${{ tenantType: 'farm' }}               | ${project} | ${'tenant-type: this project has only one type of tenant'}
    ${{}}                                   | ${typed}   | ${'tenant-type: is missing — choose farm and flat'}
    ${{ tenantType: 'fort' }}               | ${typed}   | ${'tenant-type: there is no "fort" — choose farm and flat'}
    ${{ tenantType: 'public' }}             | ${typed}   | ${'tenant-type: there is no "public" — choose farm and flat'}
  `('$problem', ({ tenant, model, problem }) => {
    expect(rowFields({ ...acme, ...tenant }, model, { isNew: true }).problems).toEqual([problem]);
  });
});

test('a model without a field name refuses a tenant-name', () => {
  const model = { ...project.tenantModel, fields: [field({ name: 'schema_name' })] };
  expect(rowFields(acme, { ...project, tenantModel: model }, { isNew: true }).problems).toEqual([
    'tenant-name: customers.Customer has no field name — give its own in fields',
  ]);
});

test('what is missing does not matter for a tenant that is there', () => {
  const nothing: NewTenant = { schemaName: 'acme', domains: [], fields: {} };
  expect(rowFields(nothing, typed, { isNew: false }).problems).toEqual([]);
});
