import type { CommandResult } from '../machine/machine.ts';

/** How to log in to a registry. */
export interface RegistryLogin {
  /** As in the names of its images: `ghcr.io`, `registry.example.com:5000`; `docker.io` is Docker Hub. */
  readonly registry: string;
  readonly username: string;
  readonly password: string;
}

/** What Docker calls its own registry there. */
const hubAddress = 'https://index.docker.io/v1/';

/** The script's own exit code for a failed login; `docker` ends with 1, 125, 126 or 127. */
const loginFailure = 90;

/**
 * Does something with a login in one script, so that the configuration with the password is gone when the script ends,
 * whether or not anybody is still connected. Configuration and password come by standard input. `docker login` is only
 * asked when it did not work: whose fault it is; before, it would be one more call of Docker and of the registry. The
 * account's own configuration is left as it is, but its endpoint is used where it chose one. Without a user name it is
 * the account's own configuration that counts.
 */
const loggedIn = (action: string) => `
  image=$1 username=$2 registry=$3
  attempt() { ${action}
  }
  [ -n "$username" ] || { attempt; exit; }
  if [ -n "\${DOCKER_CONTEXT:-}" ] || grep -q currentContext "\${DOCKER_CONFIG:-$HOME/.docker}/config.json" 2>/dev/null; then
    endpoint=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null)
    [ -z "$endpoint" ] || export DOCKER_HOST="$endpoint"
  fi
  umask 077
  folder=$(mktemp -d) || exit
  trap 'rm -rf -- "$folder"' EXIT
  trap 'exit 1' HUP INT TERM
  export DOCKER_CONFIG="$folder"
  IFS= read -r config && printf '%s' "$config" >"$folder/config.json" || exit
  password=$(cat)
  attempt 2>"$folder/said" && exit
  code=$?
  printf '%s' "$password" |
    docker login --username "$username" --password-stdin \${registry:+"$registry"} >/dev/null || exit ${loginFailure}
  cat "$folder/said" >&2
  exit $code`;

const pull = 'docker pull "$image"';

/** What an image consists of, as the registry says. Only a registry that the engine itself asks without TLS is asked so. */
const look = `
  export DOCKER_CLI_EXPERIMENTAL=enabled
  plain=$(docker info --format '{{range .RegistryConfig.IndexConfigs}}{{if not .Secure}} {{.Name}} {{end}}{{end}}' 2>/dev/null)
  case $plain in *" \${image%%/*} "*) set -- --insecure ;; *) set -- ;; esac
  docker manifest inspect "$@" "$image"`;

/** The argument list (without any secret) and the standard input of a script. */
interface Script {
  readonly argv: readonly string[];
  readonly stdin: string;
}

export function pullScript(image: string, login: RegistryLogin | undefined): Script {
  return script(pull, image, login);
}

export function manifestScript(image: string, login: RegistryLogin | undefined): Script {
  return script(look, image, login);
}

function script(action: string, image: string, login: RegistryLogin | undefined): Script {
  const isHub = login === undefined || login.registry === 'docker.io';
  const registry = isHub ? '' : login.registry;
  return {
    argv: ['sh', '-c', loggedIn(action), 'sh', image, login?.username ?? '', registry],
    stdin: login === undefined ? '' : `${configOf(login)}\n${login.password}`,
  };
}

/** As `docker login` writes it into its configuration. */
function configOf({ registry, username, password }: RegistryLogin): string {
  const auth = Buffer.from(`${username}:${password.replace(/\r?\n$/, '')}`).toString('base64');
  return JSON.stringify({ auths: { [registry === 'docker.io' ? hubAddress : registry]: { auth } } });
}

export function loginFailed(result: CommandResult): boolean {
  return result.exitCode === loginFailure;
}
