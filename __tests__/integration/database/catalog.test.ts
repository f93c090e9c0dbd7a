import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { readLab } from '../../../lab/read-lab.ts';
import { allSchemas, schemasPerStatement, tablesBySchema } from '../../../src/database/catalog.ts';
import { connect, type Database } from '../../../src/database/connection.ts';
import { parseDatabaseUrl } from '../../../src/database/url.ts';

const options = {
  applicationName: 'tenantry test',
  connectTimeout: 5_000,
  signal: new AbortController().signal,
};
const name = `catalog_${process.pid}`;
const odd = `Odd "name", it's 100%`;

describe.each<'v15' | 'v18'>(['v15', 'v18'])('the catalogue of PostgreSQL %s', (version) => {
  let server: Database;
  let database: Database;
  /** More than fit in one statement. */
  const many = Array.from({ length: schemasPerStatement + 3 }, (_, index) => `many_${index}`);

  beforeAll(async () => {
    const { superuserUrl } = readLab().postgres[version];
    server = await connect(parseDatabaseUrl(superuserUrl), options);
    await server.query(`create database ${name}`);
    database = await connect(parseDatabaseUrl(superuserUrl.replace(/postgres$/, name)), options);
    await database.query(`
      create schema acme; create schema empty; create schema "${odd.replaceAll('"', '""')}";
      create table acme.django_migrations (id int);
      create table acme.orders (id bigint primary key, email varchar(100) not null, gone int, total numeric(8, 2)[]);
      alter table acme.orders drop column gone;
      create table acme.parts (id int) partition by range (id);
      create view acme.recent as select id from acme.orders;
      create index orders_email on acme.orders (email);
      create sequence acme.counter;
      create table "${odd.replaceAll('"', '""')}"."Mixed Case" (id int)`);
    await database.query(
      `do $$ begin for n in 0..${many.length - 1} loop
         execute format('create schema many_%s; create table many_%s.t%s (id int)', n, n, n);
       end loop; end $$`,
    );
  });
  afterAll(async () => {
    await database?.close();
    await server?.query(`drop database if exists ${name} with (force)`);
    await server?.close();
  });

  test("all schemas but the server's own", async () => {
    const schemas = await allSchemas(database);
    expect(schemas).toEqual(expect.arrayContaining(['acme', 'empty', 'public', odd, ...many]));
    expect(schemas).toHaveLength(4 + many.length);
  });

  test('tables, partitioned ones and views of each schema; no index, no sequence', async () => {
    expect(await tablesBySchema(database, ['acme', 'empty', 'nowhere', odd])).toEqual(
      new Map([
        ['acme', new Set(['django_migrations', 'orders', 'parts', 'recent'])],
        ['empty', new Set()],
        [odd, new Set(['Mixed Case'])],
      ]),
    );
  });

  test('of more schemas than one statement takes', async () => {
    const tables = await tablesBySchema(database, many);
    expect(tables).toEqual(new Map(many.map((schema, index) => [schema, new Set([`t${index}`])])));
  });

  test('a name that is too long for a schema is not cut to one that exists', async () => {
    const longest = 'x'.repeat(63);
    await database.query(`create schema ${longest}`);
    expect(await tablesBySchema(database, [`${longest}yz`])).toEqual(new Map());
    await database.query(`drop schema ${longest}`);
  });
});
