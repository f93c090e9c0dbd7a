# The proxy of slots.sh is the server's own Caddy, changed by its admin API and in the file that it starts from (FILE, where
# there is one). FORM pointer: the file MARK says by being there that SECOND serves and not FIRST; CADDY is the folder of
# the included files for this application, VARIABLE what has the port in the configuration. While the application is not
# ours to move (TAKEN no), the configuration names OLD_SLOT itself. FORM reload: the part at PLACE is replaced.

answered=''

pointed() {
  case $FORM in
    pointer) if [ "$TAKEN" = yes ] || is_taken; then marked; else echo "$OLD_SLOT"; fi ;;
    reload)
      if part=$(curl -fsS --max-time 5 "$API/config$PLACE" 2>front.error); then :; else part=$(cat "$FILE" 2>/dev/null); fi
      case $part in
        *":$NEW_SLOT"[!0-9]*) echo "$NEW_SLOT" ;;
        *) echo "$OLD_SLOT" ;;
      esac
      ;;
  esac
}

# A program that was killed after it had taken over finds that here.
is_taken() {
  config=$(curl -fsS --max-time 5 "$API/config/" 2>/dev/null) || config=$(as_root cat "$FILE" 2>/dev/null)
  case $config in
    *"{http.vars.$VARIABLE}"* | *"import $CADDY/"*) ;;
    *) return 1 ;;
  esac
}

point() { # SLOT
  case $FORM in
    pointer) mark "$1" ;;
    reload)
      if [ "$1" = "$NEW_SLOT" ]; then part=$PART_NEW text=$FILE_NEW; else part=$PART_OLD text=$FILE_OLD; fi
      printf '%s' "$part" | send PATCH "/config$PLACE" 2>front.error || return
      [ -z "$FILE" ] || keep "$text" 2>front.error
      ;;
  esac
}

send() { # METHOD PATH: a Caddy that is being started is waited for
  curl -fsS --max-time 60 --retry 10 --retry-delay 1 --retry-connrefused -X "$1" -H 'Content-Type: application/json' \
    --data-binary @- "$API$2" >/dev/null
}

keep() { # TEXT: the file says it
  real=$(readlink -f "$FILE") || return
  [ "$(as_root cat "$real"; echo .)" != "$1." ] || return 0
  case "$(as_root cat "$real"; echo .)" in
    "$FILE_OLD." | "$FILE_NEW.") replace_file "$real" "$1" ;;
    *) echo "$FILE was edited meanwhile" >&2; return 1 ;;
  esac
}

# Once: the configuration looks at the file instead of naming the address. Everything of it is undone when anything of it
# fails.
take_over() {
  [ "$FORM" = pointer ] && [ "$TAKEN" = no ] || return 0
  ask_front
  was=$answered
  if write_take_over 2>front.error && printf '%s' "$CONFIG_NEW" | send POST /load 2>front.error && answers_as_before; then
    TAKEN=yes
  else
    undo_take_over
    return 1
  fi
  as_root rm -f "$CADDY/taking" "$CADDY/before.json" 2>front.error || return
  note taken
}

write_take_over() {
  [ -d "${CADDY%/*/*}" ] || { as_root mkdir -p "${CADDY%/*/*}" && as_root chmod 755 "${CADDY%/*/*}"; } || return
  as_root rm -rf "$CADDY" "$MARK" && as_root mkdir -p "$CADDY" "${MARK%/*}" || return
  as_root chown "$(id -u):$(id -g)" "${MARK%/*}" && as_root chmod 755 "${CADDY%/*}" "$CADDY" "${MARK%/*/*}" "${MARK%/*}" || return
  # It may hold secrets.
  as_root install -m 600 /dev/null "$CADDY/before.json" && printf '%s' "$CONFIG_OLD" | as_root tee "$CADDY/before.json" >/dev/null || return
  number=0
  while file=$((number + 1)) && file "$file"; do
    number=$file
    put_file "$path" "$after" || return
  done
  real=''
  if [ -n "$FILE" ]; then
    real=$(readlink -f "$FILE") && as_root cp -p "$real" "$CADDY/before" || return
  fi
  echo "$real" | as_root tee "$CADDY/taking" >/dev/null || return
  [ -n "$FILE" ] || return 0
  keep "$FILE_NEW" || return
  case $FILE in *.json) return ;; esac
  [ "$(as_root caddy adapt --config "$FILE" --adapter caddyfile 2>/dev/null)" = "$CONFIG_NEW" ] || {
    echo "caddy adapt says something else of $FILE than before" >&2
    return 1
  }
}

undo_take_over() {
  [ -e "$CADDY/taking" ] || return 0
  real=$(as_root cat "$CADDY/taking") || return
  if [ -n "$real" ]; then
    beside=${real%/*}/.${real##*/}.tenantry
    as_root cp -p "$CADDY/before" "$beside" && as_root mv -f "$beside" "$real" || return
  fi
  # One that does not run starts from its file.
  as_root cat "$CADDY/before.json" | send POST /load 2>/dev/null || { [ $? -eq 7 ] && [ -n "$real" ]; } || return
  as_root rm -rf "$CADDY" "$MARK"
}
