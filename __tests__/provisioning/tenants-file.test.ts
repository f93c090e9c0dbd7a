import { describe, expect, test } from '@jest/globals';

import { UserError } from '../../src/ground/errors.ts';
import { parseAfterCommand } from '../../src/provisioning/after-command.ts';
import { parseTenantsFile } from '../../src/provisioning/tenants-file.ts';

const acme = {
  schemaName: 'acme',
  tenantName: 'Acme, Ltd',
  domains: ['acme.example', 'www.acme.example'],
  tenantType: undefined,
  fields: { plan: 'team' },
  superuser: { email: 'ana@acme.example', username: undefined, password: undefined },
};
const beta = {
  schemaName: 'beta',
  tenantName: undefined,
  domains: ['beta.example'],
  tenantType: 'farm',
  fields: {},
  superuser: undefined,
};

test('JSON and CSV say the same', () => {
  const json = JSON.stringify([
    {
      'schema-name': 'acme',
      'tenant-name': 'Acme, Ltd',
      domain: ['acme.example', 'www.acme.example'],
      fields: { plan: 'team' },
      'superuser-email': 'ana@acme.example',
    },
    { 'schema-name': 'beta', domain: 'beta.example', 'tenant-type': 'farm' },
  ]);
  const csv = `\ufeffschema-name,tenant-name,domain,tenant-type,fields.plan,superuser-email\r
acme,"Acme, Ltd",acme.example www.acme.example,,team,ana@acme.example\r
\r
beta,,beta.example,farm,,\r
`;
  expect(parseTenantsFile(json, 'tenants.json')).toEqual([acme, beta]);
  expect(parseTenantsFile(csv, 'ops/Tenants.CSV')).toEqual([acme, beta]);
});

test.each<{ name: string; content: string; observed: string | RegExp }>`
  name       | content                                                      | observed
  ${'a.csv'} | ${'schema-name,domain\nacme'}                                | ${/line 2/}
  ${'a.csv'} | ${'schema-name,domain\nacme,'}                               | ${'line 2: domain is missing'}
  ${'a.csv'} | ${'schema-name,domains\nacme,a.example'}                     | ${'line 2: domain is missing and line 2: there is no domains, did you mean domain?'}
  ${'a.csv'} | ${'schema-name,domain,superuser-password\nacme,a.example,x'} | ${'line 2: superuser-password: a password does not belong into a file'}
  ${'a.csv'} | ${'schema-name,domain'}                                      | ${'there is no tenant in it'}
  ${'a'}     | ${'{}'}                                                      | ${'it is not a list: write [{"schema-name": …, "domain": …}, …]'}
  ${'a'}     | ${'['}                                                       | ${/JSON/}
  ${'a'}     | ${'["acme"]'}                                                | ${'tenant 1: is not an object'}
`('$name with $content is refused: $observed', ({ name, content, observed }) => {
  try {
    parseTenantsFile(content, name);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.code).toBe('tenants-file-invalid');
    const told = error.message.slice(error.message.indexOf(' — ') + 3);
    return typeof observed === 'string' ? expect(told).toBe(observed) : expect(told).toMatch(observed);
  }
  throw new Error('it was taken');
});

describe('a command for new tenants', () => {
  test('is words, with places for the schema and the domain', () => {
    expect(parseAfterCommand(`seed --name "The {domain}" {schema}`)).toEqual([
      'seed',
      '--name',
      'The {domain}',
      '{schema}',
    ]);
  });

  test.each<{ line: string; problem: string }>`
    line                | problem
    ${'seed'}           | ${'has neither {schema} nor {domain}'}
    ${'seed {shema}'}   | ${'has {shema} — only {schema} and {domain} stand for something'}
    ${'{schema} seed'}  | ${'does not begin with a command'}
    ${'seed "{schema}'} | ${'has a quote that is not closed'}
  `('$line: $problem', ({ line, problem }) => {
    expect(() => parseAfterCommand(line)).toThrow(problem);
  });
});
