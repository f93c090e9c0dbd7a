import { testConnection } from '../database/connection.ts';
import { djangoVariables } from '../database/django-variables.ts';
import { composeUrl, databaseUrlOf } from '../database/url-compose.ts';
import { djangoEngine } from '../database/url-scheme.ts';
import { redactUrl, secretsInUrl } from '../database/url-secrets.ts';
import { showDuration } from '../ground/duration.ts';
import { defineAction, type Inputs } from '../step/action.ts';
import { boolean, keyValues, secret, text } from '../step/fields.ts';
import { commonFields, databaseUrl } from './fields.ts';

const inputs = {
  databaseUrl: databaseUrl.optional(),
  host: text.optional(),
  port: text.optional(),
  name: text.optional(),
  user: text.optional(),
  password: secret(text.optional()),
  params: keyValues.optional(),
  engine: text.optional(),
  exportEnv: boolean,
  testConnection: boolean,
  ...commonFields,
};

/** Reads a connection URL as libpq does, or composes one; hands out its parts. */
export const parseDbUrl = defineAction({
  inputs,
  outputs: ['host', 'port', 'name', 'user', 'password', 'engine', 'params', 'redacted-url', 'database-url'],
  secretOutputs: ['password', 'database-url'],
  results: ['parsed', 'composed'],
  rules: [
    (given) => {
      const parts = partNames.filter((name) => given[name] !== undefined);
      if (given.databaseUrl !== undefined && parts.length > 0) {
        return `database-url and ${parts[0]}: give either the URL or its parts`;
      }
      return given.databaseUrl === undefined && parts.length === 0
        ? 'database-url: is required, or the parts host, port, name, user and password'
        : undefined;
    },
  ],

  async run({ inputs, log, report, signal, exportVariable, mask }) {
    const url = inputs.databaseUrl ?? composed(inputs);
    const whole = composeUrl(url, url.scheme);
    for (const secretText of secretsInUrl(whole)) mask(secretText);
    const engine = inputs.engine ?? djangoEngine(url.scheme);
    const shown = redactUrl(whole);
    log.step(inputs.databaseUrl === undefined ? 'Composed' : 'Read', shown);

    if (inputs.exportEnv) {
      for (const [name, value] of Object.entries(djangoVariables(url, engine))) exportVariable(name, value);
      log.step('Exported', 'DB_USER, DB_PASSWORD, DB_HOST, DB_PORT, DB_NAME, DB_ENGINE');
    }
    if (inputs.testConnection) {
      const { label, serverVersion, milliseconds } = await testConnection(url, {
        applicationName: 'tenantry/parse-db-url',
        connectTimeout: 10_000,
        signal,
      });
      log.step('Connected', `${label} (PostgreSQL ${serverVersion})`, milliseconds);
      report.data('connection', { serverVersion, milliseconds: Math.round(milliseconds) });
      report.verdict(`${label} answers: PostgreSQL ${serverVersion}, in ${showDuration(milliseconds)}.`);
    } else {
      report.verdict(`The URL is readable: \`${shown}\`.`);
    }
    return {
      result: inputs.databaseUrl === undefined ? 'composed' : 'parsed',
      host: url.host,
      port: url.port,
      name: url.name,
      user: url.user,
      password: url.password,
      engine,
      params: JSON.stringify(url.params),
      'redacted-url': shown,
      'database-url': whole,
    };
  },
});

const partNames = ['host', 'port', 'name', 'user', 'password', 'params'] as const;

function composed({
  host = '',
  port = '',
  name = '',
  user = '',
  password = '',
  params = {},
}: Inputs<typeof inputs>) {
  return databaseUrlOf({ host, port, name, user, password, params });
}
