# Moves the traffic of one application from the container that serves to the one that shall serve, on the server
# itself and to the end, whoever is still connected. POSIX sh. What it needs to know stands before it in the same file.
#   sh program deploy    a container (BRIDGE) runs the new version beside the old one (CURRENT); NEXT is made, not started
#   sh program recover  what a killed run left: finished or undone, as the world says
# It is started with descriptor 9 holding the lock, and tells what it does in `journal`, how it ended in `result`.
set -u
trap "" HUP
umask 077
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL=C

now() { # centiseconds
  read -r up _ </proc/uptime
  echo "${up%.*}${up#*.}"
}

note() { # STEP [more JSON]: a full disk is no reason to stop here
  printf '{"at":%s,"step":"%s"%s}\n' "$(now)" "$1" "${2:-}" 2>/dev/null >>journal || :
}

beat() { # the sign of life of the lease
  [ ! -d lease ] || echo 2>/dev/null >lease/heartbeat || :
}

pause() { sleep "$1" 9>&-; }

as_root() { $SUDO "$@"; }

end() { # RESULT
  printf '{"result":"%s","failed":"%s","who":"%s"}\n' "$1" "$failed" "$who" 2>/dev/null >result.new &&
    mv -f result.new result
  note "$1"
  exit 0
}

# --- the packet filter -------------------------------------------------------------------------------------------

flip() {
  case $FILTER in
    nft) printf '%s\n' "$FLIP" | as_root nft -f - ;;
    *)
      printf '%s\n' "$FLIP" | as_root "$FILTER-restore" --noflush || return
      [ -z "$FLIP6" ] || printf '%s\n' "$FLIP6" | as_root "$FILTER6-restore" --noflush
      ;;
  esac 2>filter.error
}

# Every rule that leads to the chain, and the chain, whatever a killed run left of them.
unflip() {
  case $FILTER in
    nft)
      for family in ip ip6; do
        as_root nft list table $family "$CHAIN" >/dev/null 2>&1 || continue
        as_root nft delete table $family "$CHAIN" 2>filter.error || return
      done
      ;;
    *)
      for program in "$FILTER" "$FILTER6"; do
        [ -n "$program" ] || continue
        rules=$(as_root "$program-save" -t nat 2>filter.error) || return
        undo=$(printf '%s\n' "$rules" | awk -v chain="$CHAIN" '
          $1 == "-A" && $2 != chain && $NF == chain { sub(/^-A/, "-D"); print }
          $1 == ":" chain { found = 1 }
          END { if (found) { print "-F " chain; print "-X " chain } }')
        [ -n "$undo" ] || continue
        printf '*nat\n%s\nCOMMIT\n' "$undo" | as_root "$program-restore" --noflush 2>filter.error || return
      done
      ;;
  esac
}

redirected() {
  case $FILTER in
    nft) as_root nft list table ip "$CHAIN" >/dev/null 2>&1 ;;
    *) as_root "$FILTER-save" -t nat 2>/dev/null | grep -q -- "-j $CHAIN\$" ;;
  esac
}

# How many connections took the redirect.
redirects() {
  case $FILTER in
    nft) as_root nft list table ip "$CHAIN" 2>/dev/null | sed -n 's/.*counter packets \([0-9]*\).*/\1/p' ;;
    *) as_root "$FILTER-save" -c -t nat 2>/dev/null | sed -n "s/^\\[\\([0-9]*\\):.*-A $CHAIN .*/\\1/p" ;;
  esac | awk '{ sum += $1 } END { print sum + 0 }'
}

# --- containers --------------------------------------------------------------------------------------------------

state() { # NAME: none, created, running, exited, …; fails when Docker does not answer
  found=$(docker container inspect --format '{{.State.Status}}' "$1" 2>&1) && echo "$found" && return
  case $found in *[Nn]o\ such\ container*) echo none ;; *) return 1 ;; esac
}

look() { # NAME: sets status born health process address
  status='' born='' health='' process='' address=''
  found=$(docker container inspect --format \
    '{{.State.Status}} {{.State.StartedAt}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' \
    "$1" 2>&1) || return
  # shellcheck disable=SC2086
  set -- $found
  status=$1 born=$2 health=$3 process=$4
  shift 4
  for word in "$@"; do case $word in [0-9]*.*) address=$word; break ;; esac; done
}

keep_evidence() { # NAME
  docker container inspect "$1" >evidence.json 2>/dev/null
  docker logs --timestamps --tail 60 "$1" >evidence.out 2>evidence.err
  [ ! -e probe.body ] || cp -f probe.body evidence.body
  printf '%s' "${answered:-}" >evidence.status
}

# Sockets of a process's network on a list of ports (hexadecimal), in a list of states.
sockets() { # PROCESS PORTS STATES
  cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null | awk -v ports=" $2 " -v states=" $3 " '
    { n = split($2, local, ":") }
    index(ports, " " local[n] " ") && index(states, " " $4 " ") { count++ }
    END { print count + 0 }'
}
listening='0A'
in_use='01 08' # established; half closed by the client, who may still wait for its answer

# Waits until nobody is connected any more, or the time is up.
drain() { # NAME PORTS
  until=$(($(now) + DRAIN)) quiet=0
  look "$1" && [ "$status" = running ] || return 0
  while [ "$(now)" -lt "$until" ]; do
    beat
    if [ "$(sockets "$process" "$2" "$in_use")" -eq 0 ]; then quiet=$((quiet + 1)); else quiet=0; fi
    [ $quiet -lt 2 ] || return 0
    pause 0.1
  done
}

# --- health ------------------------------------------------------------------------------------------------------

# One answer: its status in `answered`; 000 when there was none, `late` when it did not come in time.
ask() { # ADDRESS PORT
  : >probe.body
  case $HTTP in
    curl)
      answered=$(curl -gksS --noproxy '*' --max-time 5 -o probe.body -w '%{http_code}' \
        -H "Host: $HEALTH_HOST" "$HEALTH_SCHEME://$1:$2$HEALTH_PATH" 2>/dev/null)
      [ $? -ne 28 ] || answered=late
      ;;
    bash)
      # shellcheck disable=SC2016
      timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" || exit
        printf "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: tenantry\r\nConnection: close\r\n\r\n" "$2" "$3" >&3
        head -c 8192 <&3' "$1" "$2" "$HEALTH_PATH" "$HEALTH_HOST" >probe.raw 2>/dev/null
      ended=$?
      answered=$(sed -n '1s/^HTTP\/[0-9.]* \([0-9][0-9][0-9]\).*/\1/p' probe.raw)
      sed '1,/^\r*$/d' probe.raw >probe.body
      [ $ended -ne 124 ] || answered=late
      ;;
  esac
  answered=${answered:-000}
}

accepted() { # good | any
  case $answered in
    2??) return 0 ;;
    1?? | 3?? | 4??) [ "$1" = any ] ;;
    *) return 1 ;;
  esac
}

# Waits until a container runs and is healthy. Ends at its first exit, not at the end of the time.
gate() { # NAME good|any CENTISECONDS; why it fails: stopped, gone, unhealthy
  subject=$1 kind=$2 first=$(now) birth=''
  until=$((first + $3)) failed=''
  while :; do
    beat
    if look "$subject"; then
      [ -n "$birth" ] || birth=$born
      if [ "$status" != running ] || [ "$born" != "$birth" ]; then failed=stopped; return 1; fi
      if ready; then failed=''; return 0; fi
    else
      case $found in *[Nn]o\ such\ container*) failed=gone; return 1 ;; esac
    fi
    if [ "$(now)" -gt "$until" ]; then failed=unhealthy; return 1; fi
    ! cancelled || { failed=$(cat cancel); return 1; }
    pause 0.2
  done
}

ready() {
  case $health in starting | unhealthy) return 1 ;; esac
  if [ -n "$HTTP" ]; then
    ask "$address" "$HEALTH_PORT"
    accepted "$kind"
  else
    [ "$health" = healthy ] || [ $(($(now) - first)) -ge 300 ] || return 1
    [ "$kind" = any ] || [ "$(sockets "$process" "$PORTS" "$listening")" -gt 0 ]
  fi
}

cancelled() { [ "$may_cancel" = yes ] && [ -e cancel ]; }

# The public ports, as processes of this server reach them: every address must answer, through the redirect.
public_answers() {
  [ -n "$HTTP" ] || { redirected; return; }
  tries=0
  for place in $PUBLIC; do
    until ask "${place%:*}" "${place##*:}"; accepted good; do
      tries=$((tries + 1))
      [ $tries -lt 10 ] || return 1
      pause 0.2
    done
  done
  [ -z "$PUBLIC" ] || [ "$(redirects)" -gt 0 ]
}

# The new one has the traffic, the old one still runs: until the bake is over and nobody is left on the old one.
# Sets failed: stopped, unhealthy, cancelled.
watch() {
  began=$(now) complaints=0 drained='' turn=0
  look "$CURRENT"
  old_process=$process quiet=0
  look "$BRIDGE"
  while :; do
    # A crash is seen within a twentieth of a second, everything else once in half a second.
    [ -d "/proc/$process" ] || { failed=stopped; return 1; }
    turn=$((turn + 1))
    if [ $((turn % 2)) -eq 0 ] && [ -z "$drained" ]; then
      if [ "$(sockets "$old_process" "$OLD_PORTS" "$in_use")" -eq 0 ]; then quiet=$((quiet + 1)); else quiet=0; fi
      if [ $quiet -ge 2 ]; then
        drained=yes; note drained
      elif [ $(($(now) - began)) -ge "$DRAIN" ]; then
        drained=late; note drained ',"late":true'
      fi
    fi
    if [ $((turn % 10)) -eq 0 ]; then
      beat
      ! cancelled || { failed=$(cat cancel); return 1; }
      pid=$process at=$born
      if look "$BRIDGE"; then
        [ "$status" = running ] && [ "$born" = "$at" ] || { failed=stopped; return 1; }
        [ "$health" != unhealthy ] || { failed=unhealthy; return 1; }
        if [ -n "$HTTP" ]; then
          ask "$address" "$HEALTH_PORT"
          if accepted good; then complaints=0; else complaints=$((complaints + 1)); fi
          [ $complaints -lt 3 ] || { failed=unhealthy; return 1; }
        fi
      else
        process=$pid born=$at # Docker does not answer; that the process lives is seen above
      fi
    fi
    if [ -n "$drained" ] && [ $(($(now) - began)) -ge "$BAKE" ]; then return 0; fi
    pause 0.05
  done
}

# --- the way -----------------------------------------------------------------------------------------------------

deploy() {
  old_serves=yes may_cancel=yes
  who=bridge
  gate "$BRIDGE" good "$HEALTH_TIMEOUT" || give_up "$BRIDGE"
  note healthy
  ! cancelled || { failed=$(cat cancel); give_up "$BRIDGE"; }
  flip || { failed=filter; give_up "$BRIDGE"; }
  note flipped
  public_answers || { failed=public; give_up "$BRIDGE"; }
  note proven
  watch || give_up "$BRIDGE"
  note baked
  ! cancelled || { failed=$(cat cancel); give_up "$BRIDGE"; }

  # From here on the old one would not come back after a reboot by "unless-stopped"; it would by "always".
  may_cancel=no who=final
  docker update --restart always "$CURRENT" >/dev/null 2>docker.error || { failed=docker; give_up "$NEXT"; }
  note stopping
  old_serves=no
  docker stop -t "$STOP" "$CURRENT" >/dev/null 2>docker.error || { failed=docker; give_up "$NEXT"; }
  note stopped
  docker start "$NEXT" >/dev/null 2>docker.error || { failed=docker; give_up "$NEXT"; }
  note final-started
  gate "$NEXT" good "$HEALTH_TIMEOUT" || give_up "$NEXT"
  note final-healthy
  commit || { failed=docker; recover no; }
  note committed
  unflip || { failed=filter; end stuck; }
  note unflipped
  tidy
  failed='' who=''
  end deployed
}

# The proven one gets its name. Both have a restart policy for a moment: one of them comes back from a reboot.
commit() {
  {
    docker update --restart "$RESTART" "$NEXT" &&
      docker update --restart no "$CURRENT" &&
      docker rename "$CURRENT" "$PREVIOUS" &&
      docker rename "$NEXT" "$CURRENT"
  } >/dev/null 2>docker.error
}

tidy() {
  drain "$BRIDGE" "$PORTS"
  docker stop -t "$STOP" "$BRIDGE" >/dev/null 2>&1
  docker rm -f -v "$BRIDGE" >/dev/null 2>&1
  docker rm -f "$PREVIOUS" >/dev/null 2>&1
  note tidied
}

give_up() { # NAME of the one that is no good
  [ "$old_serves" = no ] || unflip
  note failed ",\"why\":\"$failed\",\"who\":\"$who\""
  keep_evidence "$1"
  recover yes
}

await_docker() {
  limit=$(($(now) + 12000))
  until docker version >/dev/null 2>&1; do
    beat
    [ "$(now)" -lt "$limit" ] || return 1
    pause 1
  done
}

# Reads from the world how far it came. The old one is never stopped before the new one was proven in its place, and
# names are changed only after the last proof.
recover() { # yes: the next one is known to be no good
  why=$failed bad=$1 may_cancel=no
  await_docker || { failed=${why:-docker}; end stuck; }
  current=$(state "$CURRENT") next=$(state "$NEXT") previous=$(state "$PREVIOUS") bridge=$(state "$BRIDGE")
  # Traffic that goes nowhere is given back first.
  if [ "$current" = running ] && [ "$bridge" != running ]; then unflip; fi
  # A stop that was asked for may still be under way; the bridge serves meanwhile.
  if [ "$current" = running ] && [ "$bridge" = running ] && interrupted_stop && redirected; then
    docker stop -t "$STOP" "$CURRENT" >/dev/null 2>&1
    current=$(state "$CURRENT")
  fi
  if [ "$previous" != none ]; then
    if [ "$current" = none ] && [ "$next" != none ]; then
      docker rename "$NEXT" "$CURRENT"
    elif [ "$current" = none ]; then
      docker rename "$PREVIOUS" "$CURRENT"
    fi
    serve any || { failed=${why:-$failed}; end stuck; }
    leave
  fi
  if [ "$bad" = no ] && [ "$next" != none ] && [ "$current" != running ] &&
    { [ "$next" = running ] || [ "$bridge" = running ]; }; then
    [ "$next" = running ] || docker start "$NEXT" >/dev/null 2>docker.error
    if gate "$NEXT" good "$HEALTH_TIMEOUT" && commit; then leave; fi
    keep_evidence "$NEXT"
    why=${why:-$failed}
  fi
  docker rm -f -v "$NEXT" >/dev/null 2>&1
  serve any || { failed=${why:-$failed}; end stuck; }
  leave
}

interrupted_stop() { [ "$(sed -n '$s/.*"step":"\([a-z-]*\)".*/\1/p' before 2>/dev/null)" = stopping ]; }

# The one that has the name runs and answers, started if it has to be.
serve() { # good|any
  [ "$(state "$CURRENT")" = running ] || docker start "$CURRENT" >/dev/null 2>docker.error || return
  gate "$CURRENT" "$1" "$HEALTH_TIMEOUT"
}

leave() { # the one with the name serves; which it is says how it ended
  if [ "$(docker container inspect --format '{{.Id}}' "$CURRENT" 2>/dev/null)" = "$OLD_ID" ]; then
    outcome=undone policy=$OLD_RESTART
  else
    outcome=finished policy=$RESTART
  fi
  docker update --restart "$policy" "$CURRENT" >/dev/null 2>&1
  unflip || { failed=filter; end stuck; }
  note unflipped
  tidy
  failed=${why:-}
  end $outcome
}

failed='' who='' why='' old_serves=no may_cancel=no
note begin
case $1 in
  deploy) deploy ;;
  recover) recover no ;;
esac
