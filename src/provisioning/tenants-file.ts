import { type CsvError, parse as parseCsv } from 'csv-parse/sync';
import * as z from 'zod';

import { messageOf, UserError } from '../ground/errors.ts';
import { listed, nearest } from '../ground/words.ts';
import type { NewTenant } from './fields.ts';

/**
 * A list of tenants: JSON (a list of objects) or CSV (a header, a tenant a line). Its names are those of the inputs;
 * `fields` is an object in JSON, and columns like `fields.plan` in CSV. Several domains of one cell stand apart by
 * blanks. Passwords do not belong into a file of the workspace, and are refused.
 */

const text = z.string().trim().min(1, 'is empty');
const names = [
  'schema-name',
  'tenant-name',
  'domain',
  'tenant-type',
  'fields',
  'superuser-email',
  'superuser-username',
];

const entry = z.strictObject({
  'schema-name': text,
  'tenant-name': text.optional(),
  domain: z.union([z.array(text), text.transform((words) => words.split(/\s+/))]),
  'tenant-type': text.optional(),
  fields: z.record(z.string(), z.unknown()).optional(),
  'superuser-email': text.optional(),
  'superuser-username': text.optional(),
});

/** One tenant as it is written, and where, for people: `line 3`, `tenant 2`. */
interface Written {
  readonly place: string;
  readonly value: unknown;
}

/**
 * Reads a list; everything that is wrong with it is told at once.
 * @param name of the file; it says what is in it
 * @throws UserError `tenants-file-invalid`
 */
export function parseTenantsFile(content: string, name: string): NewTenant[] {
  const written = /\.csv$/i.test(name) ? fromCsv(content, name) : fromJson(content, name);
  const problems: string[] = [];
  const tenants = written.flatMap(({ place, value }): NewTenant[] => {
    const read = entry.safeParse(value);
    if (read.success) return [tenantOf(read.data)];
    problems.push(...read.error.issues.map((issue) => `${place}: ${told(issue)}`));
    return [];
  });
  if (problems.length > 0) throw invalid(name, listed(problems, 3), problems.join('\n'));
  if (tenants.length === 0) throw invalid(name, 'there is no tenant in it');
  return tenants;
}

function fromJson(content: string, name: string): Written[] {
  const list = readJson(content, name);
  if (!Array.isArray(list))
    throw invalid(name, 'it is not a list: write [{"schema-name": …, "domain": …}, …]');
  return list.map((value, index) => ({ place: `tenant ${index + 1}`, value }));
}

function readJson(content: string, name: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw invalid(name, messageOf(error));
  }
}

function fromCsv(content: string, name: string): Written[] {
  const rows = readCsv(content, name);
  return rows.map(({ record, info: { lines } }) => {
    const value: Record<string, unknown> = {};
    const fields: Record<string, string> = {};
    for (const [column, cell] of Object.entries(record)) {
      if (cell === '') continue;
      if (column.startsWith('fields.')) fields[column.slice('fields.'.length)] = cell;
      else value[column] = cell;
    }
    if (Object.keys(fields).length > 0) value.fields = fields;
    return { place: `line ${lines}`, value };
  });
}

interface Row {
  readonly record: Readonly<Record<string, string>>;
  /** `lines`: the one where the row ends. */
  readonly info: { readonly lines: number };
}

function readCsv(content: string, name: string): Row[] {
  try {
    // With `info`, which its types do not know.
    return parseCsv(content, {
      bom: true,
      columns: true,
      info: true,
      trim: true,
      skip_empty_lines: true,
    }) as unknown as Row[];
  } catch (error) {
    throw invalid(name, messageOf(error as CsvError));
  }
}

function tenantOf(given: z.infer<typeof entry>): NewTenant {
  const email = given['superuser-email'];
  return {
    schemaName: given['schema-name'],
    tenantName: given['tenant-name'],
    domains: given.domain,
    tenantType: given['tenant-type'],
    fields: given.fields ?? {},
    superuser:
      email === undefined ? undefined : { email, username: given['superuser-username'], password: undefined },
  };
}

function told(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    return listed(
      issue.keys.map((key) => {
        if (/password/i.test(key)) return `${key}: a password does not belong into a file`;
        const meant = nearest(key, names);
        return `there is no ${key}${meant === undefined ? '' : `, did you mean ${meant}?`}`;
      }),
    );
  }
  const where = issue.path.map(String).join('.');
  const missing = issue.code === 'invalid_type' && issue.input === undefined;
  if (where === '') return 'is not an object';
  return missing || issue.code === 'invalid_union' ? `${where} is missing` : `${where} ${issue.message}`;
}

function invalid(name: string, observed: string, evidence?: string): UserError {
  return new UserError(
    `The list of tenants ${name} cannot be used — ${observed}`,
    'correct it and run again; nothing was made',
    { code: 'tenants-file-invalid', ...(evidence === undefined ? {} : { evidence }) },
  );
}
