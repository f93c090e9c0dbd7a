import { connect } from '../../src/database/connection.ts';
import { parseDatabaseUrl } from '../../src/database/url.ts';
import { composeUrl } from '../../src/database/url-compose.ts';

/** An empty database of the demo's own, with a role whose password has every character that breaks scripts. */
export async function freshDatabase(superuserUrl: string): Promise<string> {
  const name = `demo_${Date.now().toString(36)}`;
  const password = 'p@ss:w/rd%#?';
  const url = parseDatabaseUrl(superuserUrl);
  const server = await connect(url, {
    applicationName: 'tenantry/demo',
    connectTimeout: 10_000,
    signal: new AbortController().signal,
  });
  try {
    await server.query(`create role ${name} login password '${password}'`);
    await server.query(`create database ${name} owner ${name}`);
  } finally {
    await server.close();
  }
  return composeUrl({ ...url, name, user: name, password });
}
