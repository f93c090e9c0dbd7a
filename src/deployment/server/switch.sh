# Moves the traffic of one application from the container that serves to the one that shall serve, on the server
# itself and to the end, whoever is still connected. POSIX sh. What it needs to know stands before it in the same file.
#   sh program deploy    a container (BRIDGE) runs the new version beside the old one (OLD); NEXT is made, not started, and
#                        will be called FINAL, which may be the old one's own name
#   sh program recover  what a killed run left: finished or undone, as the world says
# It is started with descriptor 9 holding the lock, and tells what it does in `journal`, how it ended in `result`.

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

# Without a look before it: whoever is with a version that has died waits for this.
give_back() {
  case $FILTER in
    nft) as_root nft delete table ip "$CHAIN" ;;
    *)
      printf '*nat\n-D PREROUTING -j %s\n-D OUTPUT -j %s\n-F %s\n-X %s\nCOMMIT\n' \
        "$CHAIN" "$CHAIN" "$CHAIN" "$CHAIN" | as_root "$FILTER-restore" --noflush
      ;;
  esac 2>/dev/null
  unflip
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

# --- the way -----------------------------------------------------------------------------------------------------

deploy() {
  old_serves=yes may_cancel=yes
  who=bridge
  gate "$BRIDGE" good "$HEALTH_TIMEOUT" || give_up "$BRIDGE"
  note healthy
  ! cancelled || { failed=$(cat cancel); give_up "$BRIDGE"; }
  flip || { failed=filter; give_up "$BRIDGE"; }
  note flipped
  public_answers || {
    failed=public
    [ "$(state "$BRIDGE")" = running ] || failed=stopped
    give_up "$BRIDGE"
  }
  note proven
  # Once it is stopped, the old one would not come back after a reboot by "unless-stopped"; it would by "always".
  docker update --restart always "$OLD" >/dev/null 2>docker.error 9>&- &
  updating=$!
  watch "$BRIDGE" "$OLD" drained || give_up "$BRIDGE"
  note baked
  ! cancelled || { failed=$(cat cancel); give_up "$BRIDGE"; }

  may_cancel=no who=final
  wait "$updating" || { failed=docker; give_up "$NEXT"; }
  note stopping
  old_serves=no
  stop "$OLD" >/dev/null 2>docker.error || { failed=docker; give_up "$NEXT"; }
  stopped "$OLD"
  docker start "$NEXT" >/dev/null 2>docker.error || { failed=docker; give_up "$NEXT"; }
  # Both have a restart policy until it is proven: one of them comes back from a reboot.
  docker update --restart "$RESTART" "$NEXT" >/dev/null 2>docker.error 9>&- &
  updating=$!
  note final-started
  gate "$NEXT" good "$HEALTH_TIMEOUT" || give_up "$NEXT"
  wait "$updating" || { failed=docker; give_up "$NEXT"; }
  has_policy=yes
  note final-healthy
  commit || { failed=docker; recover no; }
  keep_record
  note committed
  unflip || { failed=filter; end stuck; }
  note unflipped
  failed='' who=''
  tell deployed
  # Nobody waits for the connections that the bridge still has.
  tidy
  exit 0
}

# The proven one gets its name. Both have a restart policy for a moment: one of them comes back from a reboot.
commit() {
  {
    { [ "$has_policy" = yes ] || docker update --restart "$RESTART" "$NEXT"; } &&
      docker update --restart no "$OLD" &&
      docker rename "$OLD" "$PREVIOUS" &&
      docker rename "$NEXT" "$FINAL"
  } >/dev/null 2>docker.error && serving=$FINAL
}

tidy() {
  put_away
  drain "$BRIDGE" "$PORTS"
  docker stop -t "$STOP" "$BRIDGE" >/dev/null 2>&1
  docker rm -f -v "$BRIDGE" >/dev/null 2>&1
  note tidied
}

give_up() { # NAME of the one that is no good
  [ "$old_serves" = no ] || give_back
  wait
  note failed ",\"why\":\"$failed\",\"who\":\"$who\""
  keep_evidence "$1"
  recover yes
}

# Reads from the world how far it came. The old one is never stopped before the new one was proven in its place, and
# names are changed only after the last proof: as long as there is one with the old name, that one serves.
recover() { # yes: the next one is known to be no good
  why=$failed bad=$1 may_cancel=no
  await_docker || { failed=${why:-docker}; end stuck; }
  read_names
  bridge=$(state "$BRIDGE")
  # Traffic that goes nowhere is given back first.
  if [ "$current" = running ] && [ "$bridge" != running ]; then unflip; fi
  # A stop that was asked for may still be under way; the bridge serves meanwhile.
  if [ "$current" = running ] && [ "$bridge" = running ] && interrupted_stop && redirected; then
    docker stop -t "$STOP" "$serving" >/dev/null 2>&1
    current=$(state "$serving")
  fi
  if [ "$previous" != none ]; then
    settle_names
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

# It runs and answers, started if it has to be.
serve() { # good|any
  [ "$(state "$serving")" = running ] || docker start "$serving" >/dev/null 2>docker.error || return
  gate "$serving" "$1" "$HEALTH_TIMEOUT"
}

leave() {
  settle_record
  unflip || { failed=filter; end stuck; }
  note unflipped
  failed=${why:-}
  # Nobody waits for the connections that the bridge of a deployment still has; whoever lets one be brought to its end
  # goes on on this server, and does.
  if [ "$what" = deploy ]; then tell $outcome; fi
  tidy
  if [ "$what" = recover ]; then tell $outcome; fi
  exit 0
}

failed='' who='' why='' serving=$OLD old_serves=no may_cancel=no has_policy=no what=$1
note begin
case $what in
  deploy) deploy ;;
  recover) recover no ;;
esac
