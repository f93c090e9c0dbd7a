/**
 * Requests to a Docker engine's own interface, by way of its command-line program: what `docker` has no word for, or
 * would take a secret in its argument list. What is sent, secrets too, travels by standard input.
 */
import { UserError } from '../ground/errors.ts';
import { type Machine, succeeded } from '../machine/machine.ts';
import type { RegistryLogin } from './registry.ts';
import { dockerVerdict } from './verdict.ts';

export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With its query, without a version: the engine's own is meant. */
  readonly path: string;
  readonly body?: unknown;
  /** Sent as `X-Registry-Auth`. */
  readonly login?: RegistryLogin | undefined;
}

export interface EngineAnswer {
  readonly status: number;
  readonly body: string;
}

export interface EngineApi {
  /**
   * One request and its answer, whatever its status.
   * @throws UserError `docker-…` when the engine cannot be spoken to
   * @throws LostConnection when it is not known what became of the request
   */
  send(request: EngineRequest): Promise<EngineAnswer>;
}

/** Milliseconds. */
const answerTimeout = 60_000;

/**
 * `docker system dial-stdio` joins its standard input to the engine, wherever that is for this account (it is what
 * `docker -H ssh://` uses, since 18.09). The input stays open until the answer has come: an engine gives up a request
 * whose sender hangs up.
 */
const dialScript = `
  umask 077
  folder=$(mktemp -d) || exit
  trap 'rm -rf -- "$folder"' EXIT
  trap 'exit 1' HUP INT TERM
  mkfifo "$folder/pipe" || exit
  docker system dial-stdio <"$folder/pipe" &
  exec 3>"$folder/pipe"
  cat >&3
  wait $!`;

export function engineApi(machine: Machine, { signal }: { readonly signal: AbortSignal }): EngineApi {
  return {
    async send(request) {
      const result = await machine.run(['sh', '-c', dialScript, 'dial'], {
        timeout: answerTimeout,
        signal,
        stdin: renderRequest(request),
      });
      const answer = succeeded(result) ? readAnswer(result.stdout) : undefined;
      if (answer !== undefined) return answer;
      if (!succeeded(result) || result.stderr.trim() !== '') {
        throw dockerVerdict({ failed: 'Cannot use Docker', server: machine.name, result });
      }
      throw new UserError(
        `The Docker engine of ${machine.name} cannot be understood — it gave no whole answer to ${request.method} ${request.path}`,
        'look whether "docker" on the server is Docker 20.10 or newer, and not a program that stands in for it',
        { code: 'docker-not-understood', evidence: result.stdout.slice(0, 2_000) },
      );
    },
  };
}

/** In HTTP 1.0 an answer has no parts of its own: it ends with the connection. */
export function renderRequest({ method, path, body, login }: EngineRequest): string {
  const content = body === undefined ? '' : JSON.stringify(body);
  return [
    `${method} ${path} HTTP/1.0`,
    'Host: docker',
    ...(body === undefined ? [] : ['Content-Type: application/json']),
    ...(login === undefined ? [] : [`X-Registry-Auth: ${registryAuth(login)}`]),
    ...(method === 'GET' ? [] : [`Content-Length: ${Buffer.byteLength(content)}`]),
    '',
    content,
  ].join('\r\n');
}

/** With its padding: without it the engine takes the login for none, and says nothing. */
function registryAuth({ registry, username, password }: RegistryLogin): string {
  const serveraddress = registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry;
  const encoded = Buffer.from(JSON.stringify({ username, password, serveraddress })).toString('base64');
  return encoded.replaceAll('+', '-').replaceAll('/', '_');
}

/** undefined when it is not a whole answer. */
export function readAnswer(text: string): EngineAnswer | undefined {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
  const body = rest.join('\r\n\r\n');
  const length = /^content-length: *(\d+)$/im.exec(head)?.[1];
  if (status === undefined || rest.length === 0) return undefined;
  if (length !== undefined && Number(length) > Buffer.byteLength(body)) return undefined;
  return { status: Number(status), body };
}
