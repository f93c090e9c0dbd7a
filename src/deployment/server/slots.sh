# Hands the requests of one application from the container that serves to the one that shall serve, behind a proxy of
# the server: each has a loopback port of its own. POSIX sh, after server-program.sh and the proxy's own part.
#   sh program deploy    NEXT runs on the free slot beside OLD, and will be called FINAL, which may be the
#                        old one's own name
#   sh program recover   what a killed run left: finished or undone, as the world says
# The proxy's part knows: take_over (once), undo_take_over, point SLOT, pointed.

# --- what the proxies have in common -----------------------------------------------------------------------------

marked() { # which slot the file says that a proxy looks at with each request
  if [ -e "$MARK" ]; then echo "$SECOND"; else echo "$FIRST"; fi
}

mark() { # SLOT
  if [ "$1" = "$SECOND" ]; then : >"$MARK"; else rm -f "$MARK"; fi 2>front.error || return
  sync "$MARK" "${MARK%/*}" 2>/dev/null
  [ "$(marked)" = "$1" ]
}

ask_front() {
  for place in $FRONT; do
    answered=$(curl -gksS --noproxy '*' --max-time 5 -o /dev/null -w '%{http_code}' --connect-to "::$place" \
      ${FRONT_HOST:+-H "Host: $FRONT_HOST"} "$FRONT_URL" 2>/dev/null)
    ! accepted any || return 0
  done
}

answers_as_before() { # as it did when `was` was asked
  [ -n "$FRONT_URL" ] || return 0
  ask_front
  if accepted any || [ "$answered" = "$was" ]; then return 0; fi
  echo "it answers ${answered:-nothing} with its new configuration" >front.error
  return 1
}

put_file() { # PATH TEXT
  printf '%s\n' "$2" | as_root tee "$1" >/dev/null && as_root chmod 644 "$1"
}

replace_file() { # PATH TEXT: at once, with its owner and mode
  beside=${1%/*}/.${1##*/}.tenantry
  as_root cp -p "$1" "$beside" && printf '%s' "$2" | as_root tee "$beside" >/dev/null && as_root mv -f "$beside" "$1"
}

# --- the way -----------------------------------------------------------------------------------------------------

answers_through() { # the new one has taken connections since it was found healthy
  [ -n "$FRONT_URL" ] || return 0
  tries=0
  while :; do
    for place in $FRONT; do
      : >probe.body
      answered=$(curl -gksS --noproxy '*' --max-time 5 -o probe.body -w '%{http_code}' --connect-to "::$place" \
        ${FRONT_HOST:+-H "Host: $FRONT_HOST"} "$FRONT_URL" 2>/dev/null)
      ! accepted good || [ "$(opens)" -le "$opened" ] || return 0
    done
    tries=$((tries + 1))
    [ $tries -lt 15 ] || return 1
    pause 0.2
  done
}

opens() { # connections that the container has taken so far
  awk '$1 == "Tcp:" && seen++ { print $7 }' "/proc/$process/net/snmp" 2>/dev/null || echo 0
}

deploy() {
  may_cancel=yes who=next
  take_over || { failed=front; give_up; }
  gate "$NEXT" "$KIND" "$HEALTH_TIMEOUT" || give_up
  note healthy
  ! cancelled || { failed=$(cat cancel); give_up; }
  opened=$(opens)
  # It has the requests in a moment: from now on it comes back from a reboot, as the old one does.
  docker update --restart "$RESTART" "$NEXT" >/dev/null 2>docker.error || { failed=docker; give_up; }
  point "$NEW_SLOT" || { failed=front; give_up; }
  note flipped
  answers_through || { failed=public; give_up; }
  note proven
  watch "$NEXT" "$OLD" baked || give_up
  note baked
  ! cancelled || { failed=$(cat cancel); give_up; }
  may_cancel=no
  commit || { failed=docker; recover no; }
  keep_record
  note committed
  failed='' who=''
  tell deployed
  # Nobody waits for the old one.
  tidy
  exit 0
}

commit() {
  {
    docker update --restart "$RESTART" "$NEXT" &&
      docker rename "$OLD" "$PREVIOUS" &&
      docker rename "$NEXT" "$FINAL"
  } >/dev/null 2>docker.error && serving=$FINAL
}

tidy() { # nothing leads to the old one any more: it lets its connections come to their end
  [ "$(state "$PREVIOUS")" != none ] || return 0
  if [ -z "$drained" ]; then
    if drain "$PREVIOUS" "$OLD_PORTS" "$switched"; then note drained; else note drained ',"late":true'; fi
  fi
  docker update --restart no "$PREVIOUS" >/dev/null 2>&1
  stop "$PREVIOUS" >/dev/null 2>&1
  stopped "$PREVIOUS"
  put_away
  note tidied
}

give_up() {
  note failed ",\"why\":\"$failed\",\"who\":\"$who\""
  undo_take_over || :
  [ "$(pointed)" != "$NEW_SLOT" ] || point "$OLD_SLOT"
  keep_evidence "$NEXT"
  recover yes
}

# Reads from the world how far it came: which slot the proxy hands requests to, and who is called how. The old one is
# stopped only when the new one has the name of one that serves.
recover() { # yes: the next one is known to be no good
  why=$failed bad=$1 may_cancel=no
  await_docker || { failed=${why:-docker}; end stuck; }
  undo_take_over || { failed=${why:-front}; end stuck; }
  read_names
  if [ "$previous" != none ]; then
    settle_names
  elif [ "$next" != none ]; then
    if [ "$bad" = no ] && [ "$(pointed)" = "$NEW_SLOT" ]; then
      [ "$next" = running ] || docker start "$NEXT" >/dev/null 2>docker.error
      if gate "$NEXT" "$KIND" "$HEALTH_TIMEOUT" && commit; then leave; fi
      keep_evidence "$NEXT"
      why=${why:-$failed}
    fi
    # Requests go to the old one before the next one goes.
    serves_again || { failed=${why:-$failed}; end stuck; }
    docker rm -f -v "$NEXT" >/dev/null 2>&1
  fi
  serves_again || { failed=${why:-$failed}; end stuck; }
  leave
}

# It runs, and has the requests.
serves_again() {
  [ "$(state "$serving")" = running ] || docker start "$serving" >/dev/null 2>docker.error || { failed=docker; return 1; }
  gate "$serving" any "$HEALTH_TIMEOUT" || return
  slot=$(slot_of "$serving") || { failed=docker; return 1; }
  [ "$(pointed)" = "$slot" ] || point "$slot" || { failed=front; return 1; }
}

slot_of() { # NAME: the published port, as it was asked for
  docker container inspect --format '{{range .HostConfig.PortBindings}}{{range .}}{{.HostPort}} {{end}}{{end}}' "$1" 2>/dev/null |
    awk '{ print $1; exit }'
}

leave() {
  settle_record
  tidy
  failed=${why:-}
  end $outcome
}

failed='' who='' why='' serving=$OLD may_cancel=no drained='' switched=''
note begin
case $1 in
  deploy) deploy ;;
  recover) recover no ;;
esac
