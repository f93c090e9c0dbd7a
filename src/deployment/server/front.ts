/** What stands in front of an application on its server, as survey.sh tells it. */

export interface Front {
  /** Those that were found, each once. */
  readonly programs: readonly FrontProgram[];
  readonly nginx: NginxFront | undefined;
  readonly caddy: CaddyFront | undefined;
}

export interface FrontProgram {
  readonly name: string;
  /** The container that it runs in; undefined on the server itself. */
  readonly container: string | undefined;
}

export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** What is known of the nginx that runs on a server. */
export interface NginxSeen {
  /** Files that name one of the slots. */
  readonly files: readonly ConfigFile[];
  /** /etc/nginx/conf.d/*.conf is read into the block http. */
  readonly hasConfD: boolean;
  /** Whether a file is there may be remembered for a while (open_file_cache). */
  readonly hasFileCache: boolean;
}

/**
 * How the slot is chosen. `pointer`: by a file that is there or not, looked at with each request. `reload`: by the text
 * of an included file; connections that are kept open without a request are closed by the reload.
 */
export type FrontForm = 'pointer' | 'reload';

export interface NginxTaken {
  readonly form: FrontForm;
  readonly first: number;
  readonly second: number;
  readonly changesPath: boolean;
}

/** An nginx that runs on the server itself. */
export interface NginxFront extends NginxSeen {
  /** Its configuration could be read, as root. */
  readonly isAllowed: boolean;
  /** Why it would not start with its configuration as it is now, in its own words. */
  readonly complaint: string | undefined;
  /** It was started with a configuration of its own (-c, -p). */
  readonly hasOwnStart: boolean;
  /** This application's address is ours to change. */
  readonly taken: NginxTaken | undefined;
  /** Taking it over did not come to its end. */
  readonly isTaking: boolean;
  /** The slot that it hands requests to, where it is taken. */
  readonly slot: number | undefined;
}

/** A Caddy that runs on the server itself. */
export interface CaddyFront {
  /** What runs; undefined where its admin API does not answer. */
  readonly config: unknown;
  /** What it starts from; undefined where it keeps that itself (--resume), or was never told. */
  readonly file: (ConfigFile & { readonly adapted: unknown }) | undefined;
  readonly resumes: boolean;
  /** This account may write its file. */
  readonly isAllowed: boolean;
  /** The file is there by which it hands requests to the second slot, where the application is ours to move. */
  readonly isSecond: boolean;
  /** Taking it over did not come to its end. */
  readonly isTaking: boolean;
}

export interface Fact {
  readonly name: string;
  readonly value: string;
}

export function readFront(facts: readonly Fact[]): Front {
  const all = (name: string) => facts.filter((fact) => fact.name === name).map(({ value }) => value);
  const one = (name: string) => all(name).find((value) => value !== '');
  const is = (name: string) => one(name) === 'yes';
  const names = new Map(all('inside').map((line) => line.split(' /') as [string, string]));
  const lines = all('front').map((line) => line.split(' '));
  const programs = lines.map(([name = '', id = '-']) => ({
    name,
    container: id === '-' ? undefined : (names.get(id) ?? id.slice(0, 12)),
  }));
  const onServer = (name: string) => lines.find(([found, id]) => found === name && id === '-')?.join(' ');
  const nginx = onServer('nginx');
  const caddy = onServer('caddy');
  return {
    programs: programs.filter(
      (one, at) =>
        programs.findIndex((other) => other.name === one.name && other.container === one.container) === at,
    ),
    nginx: nginx === undefined ? undefined : readNginx(nginx),
    caddy: caddy === undefined ? undefined : readCaddy(caddy),
  };

  function readNginx(line: string): NginxFront {
    const texts = all('nginx-text').map(decoded);
    const [form, first, second, answers] = (one('nginx-taken') ?? '').split(' ');
    const taken =
      form === 'pointer' || form === 'reload'
        ? {
            form: form as FrontForm,
            first: Number(first),
            second: Number(second),
            changesPath: answers === 'any',
          }
        : undefined;
    const pointed = is('nginx-second') ? taken?.second : taken?.first;
    return {
      files: all('nginx-file').map((path, index) => ({ path, text: texts[index] ?? '' })),
      hasConfD: is('nginx-conf-d'),
      hasFileCache: is('nginx-file-cache'),
      isAllowed: is('nginx-allowed'),
      complaint: one('nginx-error'),
      hasOwnStart: / -[cp] /.test(line),
      taken,
      isTaking: is('nginx-taking'),
      slot: taken?.form === 'reload' ? Number(one('nginx-slot')) : pointed,
    };
  }

  function readCaddy(line: string): CaddyFront {
    const path = one('caddy-file');
    const text = decoded(one('caddy-text') ?? '');
    const adapted = path?.endsWith('.json') === true ? text : (one('caddy-adapted') ?? '');
    return {
      config: parsed(one('caddy-config') ?? ''),
      file: path === undefined ? undefined : { path, text, adapted: parsed(adapted) },
      resumes: / --resume\b/.test(line),
      isAllowed: is('caddy-allowed'),
      isSecond: is('caddy-second'),
      isTaking: is('caddy-taking'),
    };
  }
}

function decoded(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}
