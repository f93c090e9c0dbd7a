import type { CommandResult } from '../machine/machine.ts';

/** How to log in to a registry. */
export interface RegistryLogin {
  /** As in the names of its images: `ghcr.io`, `registry.example.com:5000`; `docker.io` is Docker Hub. */
  readonly registry: string;
  readonly username: string;
  readonly password: string;
}

/** The script's own exit code for a failed login; `docker` ends with 1, 125, 126 or 127. */
const loginFailure = 90;

/**
 * Logs in and pulls in one script, so that the configuration with the password is gone when the script ends,
 * whether or not anybody is still connected. The password comes by standard input. The account's own
 * configuration is left as it is, but its endpoint is used.
 */
const loginAndPull = `
  image=$1 username=$2 registry=$3
  endpoint=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null)
  [ -z "$endpoint" ] || export DOCKER_HOST="$endpoint"
  umask 077
  folder=$(mktemp -d) || exit
  trap 'rm -rf -- "$folder"' EXIT
  trap 'exit 1' HUP INT TERM
  docker --config "$folder" login --username "$username" --password-stdin \${registry:+"$registry"} >/dev/null || exit ${loginFailure}
  docker --config "$folder" pull "$image"`;

/** The argument list (without any secret) and the standard input of a pull. */
export function pullScript(
  image: string,
  login: RegistryLogin | undefined,
): { argv: readonly string[]; stdin: string } {
  if (login === undefined) return { argv: ['docker', 'pull', image], stdin: '' };
  const registry = login.registry === 'docker.io' ? '' : login.registry;
  return { argv: ['sh', '-c', loginAndPull, 'sh', image, login.username, registry], stdin: login.password };
}

export function loginFailed(result: CommandResult): boolean {
  return result.exitCode === loginFailure;
}
