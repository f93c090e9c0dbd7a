/**
 * The parameters of a connection as libpq names them. A test compares the list with libpq's own
 * (`PQconndefaults`, PostgreSQL 18); a newer libpq that knows more fails that test.
 */
export const libpqParameters: ReadonlySet<string> = new Set([
  'service',
  'user',
  'password',
  'passfile',
  'channel_binding',
  'connect_timeout',
  'dbname',
  'host',
  'hostaddr',
  'port',
  'client_encoding',
  'options',
  'application_name',
  'fallback_application_name',
  'keepalives',
  'keepalives_idle',
  'keepalives_interval',
  'keepalives_count',
  'tcp_user_timeout',
  'sslmode',
  'sslnegotiation',
  'sslcompression',
  'sslcert',
  'sslkey',
  'sslcertmode',
  'sslpassword',
  'sslrootcert',
  'sslcrl',
  'sslcrldir',
  'sslsni',
  'requirepeer',
  'require_auth',
  'min_protocol_version',
  'max_protocol_version',
  'ssl_min_protocol_version',
  'ssl_max_protocol_version',
  'gssencmode',
  'krbsrvname',
  'gsslib',
  'gssdelegation',
  'replication',
  'target_session_attrs',
  'load_balance_hosts',
  'scram_client_key',
  'scram_server_key',
  'oauth_issuer',
  'oauth_client_id',
  'oauth_client_secret',
  'oauth_scope',
  'sslkeylogfile',
]);

/** Those whose value nobody may see. */
export const secretParameters: ReadonlySet<string> = new Set([
  'password',
  'sslpassword',
  'scram_client_key',
  'scram_server_key',
  'oauth_client_secret',
]);

/** The parameters that a URL also has a place of its own for, and what that place is called here. */
export const partOfParameter: ReadonlyMap<string, 'host' | 'port' | 'name' | 'user' | 'password'> = new Map([
  ['host', 'host'],
  ['port', 'port'],
  ['dbname', 'name'],
  ['user', 'user'],
  ['password', 'password'],
]);

/** What libpq makes of a parameter before it looks it up: two older spellings of `sslmode`. */
export function asLibpqReads(keyword: string, value: string): { keyword: string; value: string } {
  if (keyword === 'ssl' && value === 'true') return { keyword: 'sslmode', value: 'require' };
  if (keyword === 'requiressl') {
    return { keyword: 'sslmode', value: value.startsWith('1') ? 'require' : 'prefer' };
  }
  return { keyword, value };
}

/**
 * Parameters that other programs put into such URLs, and what to do about each. Only these names may be
 * shown when a URL is refused: any other text may be a piece of a password that was not escaped.
 */
export const foreignParameters: ReadonlyMap<string, string> = new Map([
  ['ssl', 'write sslmode=require (libpq knows ssl only as ssl=true)'],
  ['sslaccept', 'leave it out, and write sslmode=require or sslmode=verify-full'],
  ['ssl_require', 'write sslmode=require'],
  ['schema', 'leave it out: the schema is chosen per tenant'],
  ['currentSchema', 'leave it out: the schema is chosen per tenant'],
  ['search_path', 'leave it out: the search path is set per tenant'],
  ['pgbouncer', 'leave it out, and give the address of the database itself, not of the pooler'],
  ['connection_limit', 'leave it out: it is a setting of Prisma'],
  ['pool_timeout', 'leave it out: it is a setting of Prisma'],
  ['pool_size', 'leave it out: it is a setting of SQLAlchemy'],
  ['conn_max_age', 'leave it out, and set CONN_MAX_AGE in the Django settings'],
  ['conn_health_checks', 'leave it out, and set CONN_HEALTH_CHECKS in the Django settings'],
  ['engine', 'leave it out, and use the input engine'],
  ['dbname', 'write the database after the /'],
  ['database', 'write the database after the /'],
  ['username', 'write user=…, or the user before the @'],
  ['pass', 'write the password before the @'],
  ['timeout', 'write connect_timeout=…, in seconds'],
  ['timezone', 'write options=-c%20timezone%3D…, or set TIME_ZONE in the Django settings'],
  ['encoding', 'write client_encoding=…'],
  ['charset', 'write client_encoding=…'],
]);
