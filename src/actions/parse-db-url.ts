import { djangoVariables } from '../database/django-variables.ts';
import { composeUrl, databaseUrlOf } from '../database/url-compose.ts';
import { tenantEngine } from '../database/url-scheme.ts';
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
    const engine = inputs.engine ?? tenantEngine;
    const shown = redactUrl(whole);
    log.step(inputs.databaseUrl === undefined ? 'Composed' : 'Read', shown);

    if (url.perhapsMisread) log.warning(misread);

    if (inputs.exportEnv) {
      const variables = djangoVariables(url, engine);
      for (const [name, value] of Object.entries(variables)) exportVariable(name, value);
      log.step('Exported', Object.keys(variables).join(', '));
    }
    if (inputs.testConnection) {
      const { testConnection } = await import('../database/connection.ts'); // not loaded only to read a URL
      const connection = await testConnection(url, {
        applicationName: 'tenantry/parse-db-url',
        connectTimeout: 10_000,
        signal,
      });
      const {
        label,
        serverVersion,
        milliseconds,
        encryption = 'not encrypted',
        pooler,
        standby,
      } = connection;
      const notes = [
        encryption,
        ...(pooler === 'none' ? [] : [`${pooler} pooler`]),
        ...(standby ? ['standby'] : []),
      ];
      log.step('Connected', `${label} (PostgreSQL ${serverVersion}, ${notes.join(', ')})`, milliseconds);
      report.data('connection', connection);
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

/** libpq accepts it, so it is accepted; but few people mean it. */
const misread =
  'The URL has an @ or a / where a password may go on — libpq reads what follows as host, port or name — if it is part of the password, write @ as %40 and / as %2F';

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
