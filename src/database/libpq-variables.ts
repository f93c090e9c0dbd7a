import type { DatabaseParts } from './url.ts';

/** libpq's parameters that it reads from the environment, too. Source: "Environment Variables" in libpq's documentation. */
const variableOf: Readonly<Record<string, string>> = {
  hostaddr: 'PGHOSTADDR',
  passfile: 'PGPASSFILE',
  options: 'PGOPTIONS',
  sslmode: 'PGSSLMODE',
  sslnegotiation: 'PGSSLNEGOTIATION',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslcertmode: 'PGSSLCERTMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcrl: 'PGSSLCRL',
  sslcrldir: 'PGSSLCRLDIR',
  sslsni: 'PGSSLSNI',
  channel_binding: 'PGCHANNELBINDING',
  require_auth: 'PGREQUIREAUTH',
  ssl_min_protocol_version: 'PGSSLMINPROTOCOLVERSION',
  ssl_max_protocol_version: 'PGSSLMAXPROTOCOLVERSION',
  gssencmode: 'PGGSSENCMODE',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  client_encoding: 'PGCLIENTENCODING',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
  load_balance_hosts: 'PGLOADBALANCEHOSTS',
};

/** The environment by which psql and everything else on libpq reaches the database without being told where. */
export function libpqVariables({
  host,
  port,
  name,
  user,
  password,
  params,
}: DatabaseParts): Record<string, string> {
  const parts = { PGHOST: host, PGPORT: port, PGDATABASE: name, PGUSER: user, PGPASSWORD: password };
  const parameters = Object.entries(params).flatMap(([keyword, value]): [string, string][] => {
    const variable = variableOf[keyword];
    return variable === undefined ? [] : [[variable, value]];
  });
  return Object.fromEntries([...Object.entries(parts), ...parameters].filter(([, value]) => value !== ''));
}
