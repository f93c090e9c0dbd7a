import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { readLab } from '../../../lab/read-lab.ts';
import { connect, type Database } from '../../../src/database/connection.ts';
import { readForeignTables } from '../../../src/database/structure-owners.ts';
import { parseDatabaseUrl } from '../../../src/database/url.ts';

const options = {
  applicationName: 'tenantry test',
  connectTimeout: 20_000,
  signal: new AbortController().signal,
};
const name = `owners_${process.pid}`;
const [mine, theirs, group] = [`${name}_mine`, `${name} "theirs"`, `${name}_group`];
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

describe.each<'v15' | 'v18'>(['v15', 'v18'])('tables of other roles on PostgreSQL %s', (version) => {
  let server: Database;
  let database: Database;

  beforeAll(async () => {
    const { superuserUrl } = readLab().postgres[version];
    server = await connect(parseDatabaseUrl(superuserUrl), options);
    await server.query(`create database ${name}`);
    database = await connect(parseDatabaseUrl(superuserUrl.replace(/postgres$/, name)), options);
    await database.query(`
      create role ${mine}; create role ${quoted(theirs)}; create role ${group}; grant ${group} to ${mine};
      create schema own; create schema "Mixed"; create schema shared_by_group; create schema empty;
      create table own.orders (id serial); create table "Mixed".orders (id serial); create table "Mixed".parts ();
      create view "Mixed".recent as select 1;
      create table shared_by_group.orders ();
      alter table own.orders owner to ${mine};
      alter table "Mixed".orders owner to ${quoted(theirs)};
      alter table "Mixed".parts owner to ${mine};
      alter table shared_by_group.orders owner to ${group}`);
  });
  afterAll(async () => {
    await database?.close();
    await server?.query(`drop database if exists ${name} with (force)`);
    await server?.query(`drop role if exists ${mine}, ${quoted(theirs)}, ${group}`);
    await server?.close();
  });

  const schemas = ['own', 'Mixed', 'shared_by_group', 'empty', 'nowhere'];

  test('neither own, nor of a role that this one is a member of', async () => {
    await database.query(`set role ${mine}`);
    expect(await readForeignTables(database, schemas)).toEqual([
      {
        schema: 'Mixed',
        owners: [`${name} "theirs"`, 'postgres'].sort(),
        tables: ['orders', 'orders_id_seq', 'recent'],
      },
    ]);
    await database.query('reset role');
  });

  test('a superuser may alter everything', async () => {
    expect(await readForeignTables(database, schemas)).toEqual([]);
  });
});
