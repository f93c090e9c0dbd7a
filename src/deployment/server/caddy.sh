# The proxy of slots.sh is the server's own Caddy. Its admin API replaces the part of its configuration at PLACE; the file
# that it starts from (FILE, where there is one) gets the same change, so that a restart keeps it.

take_over() { :; }
undo_take_over() { :; }

pointed() {
  if place=$(curl -fsS --max-time 5 "$API/config$PLACE" 2>front.error); then :; else place=$(cat "$FILE" 2>/dev/null); fi
  case $place in
    *":$NEW_SLOT"[!0-9]*) echo "$NEW_SLOT" ;;
    *) echo "$OLD_SLOT" ;;
  esac
}

point() { # SLOT
  if [ "$1" = "$NEW_SLOT" ]; then part=$PART_NEW text=$FILE_NEW; else part=$PART_OLD text=$FILE_OLD; fi
  printf '%s' "$part" | curl -fsS --max-time 60 -X PATCH -H 'Content-Type: application/json' --data-binary @- \
    "$API/config$PLACE" >/dev/null 2>front.error || return
  [ -z "$FILE" ] || keep "$text"
}

keep() { # TEXT
  real=$(readlink -f "$FILE") || return
  [ "$(as_root cat "$real"; echo .)" != "$1." ] || return 0
  case "$(as_root cat "$real"; echo .)" in
    "$FILE_OLD." | "$FILE_NEW.") ;;
    *) echo "$FILE was edited meanwhile" >front.error; return 1 ;;
  esac
  beside=${real%/*}/.${real##*/}.tenantry
  {
    as_root cp -p "$real" "$beside" && printf '%s' "$1" | as_root tee "$beside" >/dev/null && as_root mv -f "$beside" "$real"
  } 2>front.error
}
