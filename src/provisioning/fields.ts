import type { Discovery, ModelField } from '../django/discovery.ts';
import { listed, nearest } from '../ground/words.ts';
import type { Person } from './parts.ts';

/** What a user says about a new tenant. */
export interface NewTenant {
  readonly schemaName: string;
  /** Goes into the model's field `name`. Default for a new tenant that must have one: the schema's name. */
  readonly tenantName?: string | undefined;
  /** The first one is the primary one. */
  readonly domains: readonly string[];
  readonly tenantType?: string | undefined;
  /** More fields of the tenant model, by name; a relation takes the key of the other row. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Of the tenant, where the project keeps users in its schema. */
  readonly superuser?: Person | undefined;
}

type Model = Pick<Discovery, 'tenantModel' | 'multiType' | 'publicSchema'>;

/**
 * The values for the row, and everything that is wrong with them as far as the model tells. What is missing is
 * wrong only for a new row.
 */
export function rowFields(
  tenant: NewTenant,
  discovered: Model,
  { isNew }: { readonly isNew: boolean },
): { readonly values: Record<string, unknown>; readonly problems: string[] } {
  const { fields } = discovered.tenantModel;
  const values: Record<string, unknown> = { ...tenant.fields, schema_name: tenant.schemaName };
  const problems: string[] = [];
  const nameField = fields.find(({ name }) => name === 'name');

  if (tenant.tenantName !== undefined) {
    if (nameField === undefined) {
      problems.push(`tenant-name: ${discovered.tenantModel.name} has no field name — give its own in fields`);
    } else if ('name' in tenant.fields) {
      problems.push('tenant-name: fields gives the name, too — leave one of them out');
    } else values.name = tenant.tenantName;
  } else if (isNew && nameField?.required && !('name' in tenant.fields)) values.name = tenant.schemaName;
  if ('schema_name' in tenant.fields) problems.push('fields: schema_name is given by schema-name');
  takeType(tenant, discovered, { values, problems, isNew });

  for (const name of Object.keys(tenant.fields)) {
    const problem = nameProblem(name, fields, discovered.tenantModel.name);
    if (problem !== undefined) problems.push(problem);
  }
  for (const field of fields) {
    if (field.name === discovered.multiType?.field) continue;
    const problem = valueProblem(field, values, isNew);
    if (problem !== undefined) problems.push(problem);
  }
  return { values, problems };
}

function takeType(
  { schemaName, tenantType, fields }: NewTenant,
  { multiType, publicSchema }: Model,
  { values, problems, isNew }: { values: Record<string, unknown>; problems: string[]; isNew: boolean },
): void {
  if (multiType === null) {
    if (tenantType !== undefined) problems.push('tenant-type: this project has only one type of tenant');
    return;
  }
  const types = multiType.types.filter((name) => name !== publicSchema);
  if (schemaName === publicSchema) {
    if (tenantType !== undefined) problems.push('tenant-type: the shared schema has its own type');
    else values[multiType.field] = publicSchema;
    return;
  }
  const given = tenantType ?? fields[multiType.field];
  if (given === undefined) {
    if (isNew) problems.push(`tenant-type: is missing — choose ${listed(types)}`);
  } else if (!types.includes(String(given))) {
    problems.push(`tenant-type: there is no ${JSON.stringify(given)} — choose ${listed(types)}`);
  } else values[multiType.field] = given;
}

function nameProblem(name: string, fields: readonly ModelField[], model: string): string | undefined {
  const field = fields.find((candidate) => candidate.name === name);
  if (field?.madeByDjango) return `fields: ${name} is made by Django — leave it out`;
  if (field !== undefined) return undefined;
  const free = fields.filter(({ madeByDjango }) => !madeByDjango).map((candidate) => candidate.name);
  const meant = nearest(name, free);
  return `fields: ${model} has no field ${name} — ${meant === undefined ? `it has ${listed(free)}` : `did you mean ${meant}?`}`;
}

function valueProblem(
  field: ModelField,
  values: Record<string, unknown>,
  isNew: boolean,
): string | undefined {
  const value = values[field.name];
  const input = field.name === 'name' ? 'tenant-name' : `fields: ${field.name}`;
  if (value === undefined) {
    return field.required && isNew ? `${input}: is missing (${described(field)})` : undefined;
  }
  if (field.choices !== null && value !== null && !field.choices.includes(String(value))) {
    return `${input}: there is no ${JSON.stringify(value)} — choose ${listed(field.choices)}`;
  }
  return undefined;
}

function described({ type, choices, relatedTo }: ModelField): string {
  if (relatedTo !== null) return `the key of a ${relatedTo}`;
  return choices === null ? type : `${type}, one of ${listed(choices)}`;
}
