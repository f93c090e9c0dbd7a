import type { Observation } from './observation.ts';
import { type Circumstances, capitalised, type Verdict } from './verdict-terms.ts';

export type Answer = Extract<Observation, { kind: 'server' }>;

/** What the server itself said, by its SQLSTATE. Its sentences come in its own language, so they are shown, and not read. */
export function judgeAnswer(answer: Answer, circumstances: Circumstances): Verdict {
  const { server, user, database, discreet } = circumstances;
  const said = discreet
    ? 'what it said is not shown: it may hold a piece of the password'
    : `it said: ${answer.message}`;
  const notNow = { observed: said, waiting: 'helps' } as const;
  const never = { observed: said, waiting: 'is useless' } as const;
  if (wantsTls(answer, circumstances)) {
    return {
      ...never,
      code: 'database-tls-required',
      failed: `${capitalised(server)} does not let ${user} in without TLS`,
      hint: `set sslmode=require in the database URL (it says sslmode=${circumstances.sslMode})`,
    };
  }
  switch (answer.sqlState) {
    case '28P01':
      return {
        code: 'database-wrong-password',
        failed: `${capitalised(server)} does not accept the password of ${user}`,
        observed: 'it is wrong, or there is no such role: the server does not tell which',
        hint: 'correct user and password in the database URL; in it, @ : / % are written %40 %3A %2F %25',
        waiting: 'is useless',
      };
    case '28000':
      return judgeRole(answer, circumstances, said);
    case '3D000':
      return {
        ...never,
        code: 'database-no-such-database',
        failed: `${capitalised(database)} does not exist on ${server}`,
        hint: 'create it, or correct the name in the database URL',
      };
    case '53300':
      return {
        ...notNow,
        code: 'database-too-many-connections',
        failed: `${capitalised(server)} has no connection free for ${user}`,
        hint: 'end idle connections, or raise max_connections (or the limit of the role or the database)',
      };
    case '57P03':
    case '57P01':
    case '57P02':
      return {
        ...notNow,
        code: 'database-starting-up',
        failed: `${capitalised(server)} is starting up or shutting down`,
        hint: 'wait, and look at the log of the server',
      };
    case '42501':
    case '55000':
      return {
        ...never,
        code: 'database-access-refused',
        failed: `${capitalised(server)} does not let ${user} into ${database}`,
        hint: 'GRANT CONNECT ON DATABASE … TO the role, and let the database accept connections',
      };
    case '42704':
    case '22023':
      return {
        ...never,
        code: 'database-not-connected',
        failed: `${capitalised(server)} refused a setting of the session`,
        hint: 'correct options in the database URL',
      };
  }
  const pooled = answer.sqlState === '08P01' ? judgePooler(answer.message, circumstances, said) : undefined;
  if (pooled !== undefined) return pooled;
  return {
    ...never,
    observed: discreet ? said : `${said} (${answer.sqlState})`,
    code: 'database-not-connected',
    failed: `${capitalised(server)} refused the connection`,
    hint: 'look at the log of the server',
  };
}

/**
 * PgBouncer gives one SQLSTATE to everything it says itself, and says it in English always. Its words are looked for
 * in what it said; a server in another language says other words.
 */
function judgePooler(message: string, circumstances: Circumstances, observed: string): Verdict | undefined {
  const { server, user, database } = circumstances;
  if (/startup parameter/.test(message)) {
    return {
      code: 'database-pooler-refuses-options',
      failed: `In front of ${server} is a pooler that refuses parameters of the session`,
      observed,
      hint: 'give the address of the database itself, or leave options out of the URL',
      waiting: 'is useless',
    };
  }
  if (/no such user|authentication failed/.test(message)) {
    return {
      code: 'database-wrong-password',
      failed: `The pooler at ${server} does not accept ${user} with this password`,
      observed,
      hint: 'correct user and password in the database URL; a pooler has a list of its own of who may use it',
      waiting: 'is useless',
    };
  }
  if (/no such database/.test(message)) {
    return {
      code: 'database-no-such-database',
      failed: `The pooler at ${server} does not know ${database}`,
      observed,
      hint: 'correct the name in the database URL, or add it to the pooler',
      waiting: 'is useless',
    };
  }
  if (/no more connections/.test(message)) {
    return {
      code: 'database-too-many-connections',
      failed: `The pooler at ${server} has no connection free for ${user}`,
      observed,
      hint: 'end idle connections, or raise max_client_conn of the pooler',
      waiting: 'helps',
    };
  }
  if (/server login|query_wait_timeout|login_timeout|cannot connect|server conn/.test(message)) {
    return {
      code: 'database-pooler-cannot-connect',
      failed: `The pooler at ${server} gets no connection to ${database}`,
      observed,
      hint: 'look at the log of the pooler: the database may be down, full, or of another name',
      waiting: 'helps',
    };
  }
  return undefined;
}

/** Whether the server might answer in another way with other encryption: it has no rule for this one. */
export function isAboutEncryption(observation: Observation): boolean {
  return observation.kind === 'server' && (lacksRule(observation) || isSentAway(observation));
}

/** No line of pg_hba.conf fits, or one that says `reject`. */
export function lacksRule({ sqlState, routine }: Answer): boolean {
  return sqlState === '28000' && routine === 'ClientAuthentication';
}

/** Poolers and hosting providers that want TLS say so in words of their own. */
function isSentAway({ sqlState, message }: Answer): boolean {
  return ['08P01', '28000', 'XX000'].includes(sqlState) && /\b(SSL|TLS)\b.*required|insecure/i.test(message);
}

function wantsTls(answer: Answer, { sslMode, tlsHelps }: Circumstances): boolean {
  if (lacksRule(answer)) return tlsHelps === true;
  return isSentAway(answer) && ['disable', 'allow', 'prefer'].includes(sslMode);
}

/** 28000 is one number for several matters; the function that raised it tells them apart in every language. */
function judgeRole({ routine, message }: Answer, circumstances: Circumstances, observed: string): Verdict {
  const { server, user, database } = circumstances;
  const refused = { code: 'database-access-refused', observed, waiting: 'is useless' } as const;
  if (routine === 'ClientAuthentication') {
    return {
      ...refused,
      failed: `${capitalised(server)} has no rule that lets ${user} into ${database} from here`,
      hint: 'add a line for this role, database and address to its pg_hba.conf, or connect from an address that it knows',
    };
  }
  if (routine !== 'InitializeSessionUserId') {
    return {
      ...refused,
      failed: `${capitalised(server)} does not let ${user} in`,
      hint: 'look at its log and its pg_hba.conf',
    };
  }
  if (/not permitted to log in/.test(message)) {
    return {
      ...refused,
      failed: `The role ${user} may not log in to ${server}`,
      hint: 'ALTER ROLE … LOGIN, or use another role',
    };
  }
  return {
    ...refused,
    code: 'database-no-such-role',
    failed: `There is no role ${user} on ${server}`,
    hint: 'create it, or correct the user in the database URL',
  };
}
