# Asks a container's own health check at once. Docker does so only when the interval of the check has passed, half a
# minute unless the image says otherwise. It is the same command, by the same user, in the same container. POSIX sh.
own_check() ( # NAME: fails when the check does, or there is none; a subshell, for what it sets
  words=$(docker container inspect --format \
    '{{with .Config.Healthcheck}}{{range $place, $word := .Test}}{{if $place}}{{$word}}{{"\x1f"}}{{else if eq $word "CMD-SHELL"}}{{range $.Config.Shell}}{{.}}{{"\x1f"}}{{else}}/bin/sh{{"\x1f"}}-c{{"\x1f"}}{{end}}{{end}}{{end}}{{end}}' \
    "$1" 2>/dev/null) && [ -n "$words" ] || exit 1
  set -f
  IFS=$(printf '\037')
  # shellcheck disable=SC2086
  exec timeout 10 docker exec "$1" $words </dev/null >/dev/null 2>&1 9>&-
)
