# What every program that switches on a server stands on: its clock, journal and lease, containers, their health.
# It stands between the settings and the way of the mechanism, in one file (switch-program.ts).
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

# How it ended, for whoever follows; what does not concern them may come after it.
tell() { # RESULT
  note "$1"
  printf '{"result":"%s","failed":"%s","who":"%s"}\n' "$1" "$failed" "$who" 2>/dev/null >result.new &&
    mv -f result.new result
}

end() { # RESULT
  tell "$1"
  exit 0
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

# Names are changed only after the last proof: as long as there is one with the old name, that one serves.
read_names() {
  serving=$OLD current=$(state "$OLD")
  if [ "$current" = none ]; then serving=$FINAL current=$(state "$FINAL"); fi
  next=$(state "$NEXT") previous=$(state "$PREVIOUS")
}

# There is one with the name of the previous: the change of names was under way, and comes to its end.
settle_names() {
  [ "$current" = none ] || return 0
  if [ "$next" != none ]; then
    docker rename "$NEXT" "$FINAL"
  else
    docker rename "$PREVIOUS" "$OLD" && serving=$OLD
  fi
}

keep_evidence() { # NAME
  collect "$1" >evidence.seen 2>/dev/null 9>&-
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

# Waits until nobody is connected any more; fails when the time is up.
drain() { # NAME PORTS [SINCE]
  until=$((${3:-$(now)} + DRAIN)) quiet=0
  look "$1" && [ "$status" = running ] || return 0
  while [ "$(now)" -lt "$until" ]; do
    beat
    if [ "$(sockets "$process" "$2" "$in_use")" -eq 0 ] && nobody_else; then quiet=$((quiet + 1)); else quiet=0; fi
    [ $quiet -lt 2 ] || return 0
    pause 0.1
  done
  return 1
}

stop() { # NAME
  stopping=$(now)
  docker stop -t "$STOP" "$1"
}

stopped() { # NAME: it was told to end; `late` when it did not in its time, and was killed
  if [ $(($(now) - stopping)) -ge $((STOP * 100)) ] &&
    [ "$(docker container inspect --format '{{.State.ExitCode}}' "$1" 2>/dev/null)" = 137 ]; then
    note stopped ',"late":true'
  else
    note stopped
  fi
}

# --- releases ----------------------------------------------------------------------------------------------------

# What the runner has prepared about the release that is proven now becomes the record: the pointers to it last.
keep_record() {
  [ -d record ] || return 0
  [ ! -e record/audit ] || add_line deployed "$(cat record/audit)"
  for file in record/*.json record/previous record/current; do
    [ ! -e "$file" ] || mv -f "$file" ../releases/ 2>>record.error
  done
  rm -f record/audit record/old
  rmdir record 2>/dev/null || :
}

drop_record() { # RESULT
  [ ! -e record/audit ] || add_line "$1" "$(cat record/audit)"
  rm -rf record
}

# One line a deployment, for whoever wants to know later; the last thousand of them.
add_line() { # RESULT REST-OF-THE-LINE
  began=$(stat -c %Y record/audit 2>/dev/null || date +%s)
  printf '{"at":"%s","result":"%s","seconds":%s,%s}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" \
    "$(($(date +%s) - began))" "$2" 2>/dev/null >>../deployments.log || return 0
  [ "$(wc -l <../deployments.log)" -gt 1200 ] || return 0
  tail -n 1000 ../deployments.log >deployments.new && mv -f deployments.new ../deployments.log
}

# Which one serves says how it ended.
settle_record() {
  if [ "$(docker container inspect --format '{{.Id}}' "$serving" 2>/dev/null)" = "$OLD_ID" ]; then
    outcome=undone policy=$OLD_RESTART
    drop_record rolled-back
  else
    outcome=finished policy=$RESTART
    keep_record
  fi
  docker update --restart "$policy" "$serving" >/dev/null 2>&1
}

# The one that was replaced is removed, or kept under another name where Tenantry did not make it.
put_away() {
  [ "$(state "$PREVIOUS")" != none ] || return 0
  if [ -n "$KEEP" ]; then
    docker rm -f "$KEEP" >/dev/null 2>&1
    docker rename "$PREVIOUS" "$KEEP" >/dev/null 2>&1
  else
    docker rm -f "$PREVIOUS" >/dev/null 2>&1
  fi
}

# --- health ------------------------------------------------------------------------------------------------------

# One answer: its status in `answered`; 000 when there was none, `late` when it did not come in time.
ask() { # ADDRESS PORT
  : >probe.body
  case $HTTP in
    curl)
      answered=$(curl -gksS --noproxy '*' --max-time 5 -o probe.body -w '%{http_code}' \
        -H "Host: $HEALTH_HOST" -H "X-Forwarded-Proto: ${FORWARDED:-$HEALTH_SCHEME}" "$HEALTH_SCHEME://$1:$2$HEALTH_PATH" 2>/dev/null)
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
  subject=$1 kind=$2 first=$(now) birth='' turn=0 process='' check_at=0
  until=$((first + $3)) failed=''
  while :; do
    beat
    # That its process is gone is seen at once; what only Docker knows twice a second.
    if [ $((turn % 10)) -eq 0 ] || [ ! -d "/proc/${process:-none}" ]; then
      if look "$subject"; then
        [ -n "$birth" ] || birth=$born
        if [ "$status" != running ] || [ "$born" != "$birth" ]; then failed=stopped; return 1; fi
      else
        case $found in *[Nn]o\ such\ container*) failed=gone; return 1 ;; esac
      fi
    fi
    turn=$((turn + 1))
    if [ -n "$process" ] && ready; then failed=''; return 0; fi
    if [ "$(now)" -gt "$until" ]; then failed=unhealthy; return 1; fi
    ! cancelled || { failed=$(cat cancel); return 1; }
    pause 0.05
  done
}

ready() {
  [ "$health" != unhealthy ] || return 1
  if [ -n "$HTTP" ]; then
    ask "$address" "$HEALTH_PORT"
    accepted "$kind" || return 1
  else
    [ "$health" != none ] || [ $(($(now) - first)) -ge 300 ] || return 1
    [ "$kind" = any ] || [ "$(sockets "$process" "$PORTS" "$listening")" -gt 0 ] || return 1
  fi
  [ "$health" = starting ] || return 0
  # Nobody waits for Docker to ask. A check may be a program that takes its time: once a second is enough.
  [ "$(now)" -ge "$check_at" ] || return 1
  own_check "$subject" && return 0
  check_at=$(($(now) + 100))
  return 1
}

cancelled() { [ "$may_cancel" = yes ] && [ -e cancel ]; }

# Whether nothing but open connections keeps the old one busy; a proxy may know of more.
nobody_else() { :; }

# The new one has the traffic, the old one still runs: until the bake is over and, where the old one has to make room
# (`drained`), nobody is left on it. Sets failed: stopped, unhealthy, or what was asked for by `cancel`.
watch() { # NEW OLD drained|baked
  new=$1
  switched=$(now) complaints=0 drained='' turn=0
  look "$2"
  old_process=$process quiet=0
  look "$new"
  while :; do
    # A crash is seen within a twentieth of a second, everything else once in half a second.
    [ -d "/proc/$process" ] || { failed=stopped; return 1; }
    turn=$((turn + 1))
    if [ $((turn % 2)) -eq 0 ] && [ -z "$drained" ]; then
      if [ "$(sockets "$old_process" "$OLD_PORTS" "$in_use")" -eq 0 ] && nobody_else; then quiet=$((quiet + 1)); else quiet=0; fi
      if [ $quiet -ge 2 ]; then
        drained=yes; note drained
      elif [ $(($(now) - switched)) -ge "$DRAIN" ]; then
        drained=late; note drained ',"late":true'
      fi
    fi
    if [ $((turn % 10)) -eq 0 ]; then
      beat
      ! cancelled || { failed=$(cat cancel); return 1; }
      pid=$process at=$born
      if look "$new"; then
        [ "$status" = running ] && [ "$born" = "$at" ] || { failed=stopped; return 1; }
        [ "$health" != unhealthy ] || { failed=unhealthy; return 1; }
        if [ -n "$HTTP" ]; then
          ask "$address" "$HEALTH_PORT"
          if accepted "${KIND:-good}"; then complaints=0; else complaints=$((complaints + 1)); fi
          [ $complaints -lt 3 ] || { failed=unhealthy; return 1; }
        fi
      else
        process=$pid born=$at # Docker does not answer; that the process lives is seen above
      fi
    fi
    if [ -n "$drained" ] || [ "$3" = baked ]; then [ $(($(now) - switched)) -lt "$BAKE" ] || return 0; fi
    pause 0.05
  done
}

await_docker() {
  limit=$(($(now) + 12000))
  until docker version >/dev/null 2>&1; do
    beat
    [ "$(now)" -lt "$limit" ] || return 1
    pause 1
  done
}
