import { expect, test } from '@jest/globals';

import { domainProblem, schemaNameProblem } from '../../src/provisioning/names.ts';

test.each<{ name: string; problem: string | undefined }>`
  name                    | problem
  ${'acme'}               | ${undefined}
  ${'Acme-2 GmbH'}        | ${undefined}
  ${'läden'}              | ${undefined}
  ${'a'.repeat(63)}       | ${undefined}
  ${'a'.repeat(64)}       | ${'it has 64 bytes, PostgreSQL takes 63'}
  ${'ä'.repeat(32)}       | ${'it has 64 bytes, PostgreSQL takes 63'}
  ${''}                   | ${'it is empty'}
  ${' acme'}              | ${'it begins or ends with a blank'}
  ${'a"b'}                | ${'it has the character "\\""'}
  ${'a;b'}                | ${'it has the character ";"'}
  ${'a\nb'}               | ${'it has the character "\\n"'}
  ${'pg_acme'}            | ${'names that begin with pg_ are PostgreSQL’s own'}
  ${'PG_acme'}            | ${'names that begin with pg_ are PostgreSQL’s own'}
  ${'information_schema'} | ${'it is PostgreSQL’s own'}
  ${'public'}             | ${'it is PostgreSQL’s own shared schema, which no tenant may have'}
  ${'Public'}             | ${'it is PostgreSQL’s own shared schema, which no tenant may have'}
  ${'shared'}             | ${undefined}
`('schema name $name: $problem', ({ name, problem }) => {
  expect(schemaNameProblem(name, 'shared')).toBe(problem);
});

test.each<{ domain: string; problem: string | undefined }>`
  domain                    | problem
  ${'acme.example'}         | ${undefined}
  ${'localhost'}            | ${undefined}
  ${'xn--lden-loa.example'} | ${undefined}
  ${'10.0.0.1'}             | ${undefined}
  ${''}                     | ${'it is empty'}
  ${'https://acme.example'} | ${'it is a URL: leave out the scheme'}
  ${'acme.example/shop'}    | ${'it has a path: only the host name belongs here'}
  ${'acme.example:8000'}    | ${'it has a port: only the host name belongs here'}
  ${'Acme.example'}         | ${'it has capital letters, and host names arrive in small ones'}
  ${'acme..example'}        | ${'"" cannot be part of a host name'}
  ${'-acme.example'}        | ${'"-acme" cannot be part of a host name'}
  ${'ac me.example'}        | ${'"ac me" cannot be part of a host name'}
  ${`${'a.'.repeat(127)}a`} | ${'it has 255 characters, a host name has at most 253'}
`('domain $domain: $problem', ({ domain, problem }) => {
  expect(domainProblem(domain)).toBe(problem);
});
