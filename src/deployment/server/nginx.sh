# The proxy of slots.sh is the server's own nginx. NGINX is the folder of its included files for this application; MARK
# the file that says by being there that SECOND serves and not FIRST (FORM pointer); with FORM reload the port stands in
# the included files. While the application is not ours to move (TAKEN no), the sites name OLD_SLOT themselves.

answered=''
# The program of a run that was killed after it had taken over finds that here.
if [ -e "$NGINX/front" ] && [ ! -e "$NGINX/taking" ]; then TAKEN=yes; fi

pointed() {
  [ "$TAKEN" = yes ] || { echo "$OLD_SLOT"; return; }
  case $FORM in
    pointer) marked ;;
    reload) sed -n '1s/^# slot //p' "$NGINX/1.conf" ;;
  esac
}

point() { # SLOT
  case $FORM in
    pointer) mark "$1" ;;
    reload)
      was=$(pointed)
      write_slot "$1" || return
      reload || { write_slot "$was"; return 1; }
      ;;
  esac
}

write_slot() { # SLOT
  for template in "$NGINX"/*.template; do
    included=${template%.template}.conf
    sed "s/@SLOT@/$1/g" "$template" >"$included.new" 2>front.error && chmod 644 "$included.new" &&
      mv -f "$included.new" "$included" 2>>front.error || return
  done
}

# Tested first; done when no worker takes connections any more that knows the configuration of before.
reload() {
  as_root nginx -t -q 2>front.error || return
  earlier=$(workers)
  as_root nginx -s reload 2>front.error || return
  tries=0
  while [ -n "$(old_workers ready)" ] || [ -z "$(workers)" ]; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { echo 'its workers stay the ones of before' >front.error; return 1; }
    pause 0.1
  done
}

workers() {
  awk '{ pid = $1; sub(/^.*\) /, ""); print pid, $2 }' /proc/[0-9]*/stat 2>/dev/null | while read -r pid parent; do
    case $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") in 'nginx: worker process'*) ;; *) continue ;; esac
    case $(cat "/proc/$parent/cgroup" 2>/dev/null) in *"$hex$hex$hex$hex"*) ;; *) echo "$pid" ;; esac
  done
}
hex='[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'

old_workers() { # ready|any: those of before the reload that are still there, or that still take connections
  for pid in ${earlier:-}; do
    case $1:$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") in
      ready:*'shutting down'*) ;;
      *:'nginx: worker process'*) echo "$pid" ;;
    esac
  done
}

nobody_else() { [ -z "$(old_workers any)" ]; }

# Once: the sites include our files instead of naming the address. Everything of it is undone when anything of it fails.
take_over() {
  [ "$TAKEN" = no ] || return 0
  ask_front
  was=$answered
  if write_take_over 2>front.error && reload && answers_as_before; then TAKEN=yes; else undo_take_over; return 1; fi
  as_root rm -f "$NGINX/taking" 2>front.error || return
  note taken
}

write_take_over() {
  as_root mkdir -p "$NGINX/before" "${MARK%/*}" || return
  as_root rm -f "$MARK"
  as_root chown "$(id -u):$(id -g)" "$NGINX" "${MARK%/*}" && as_root chmod 755 "${NGINX%/*}" "$NGINX" "${MARK%/*/*}" "${MARK%/*}" || return
  number=0
  while site=$((number + 1)) && site "$site"; do
    number=$site
    real=$(readlink -f "$path") || return
    [ "$(as_root cat "$real"; echo .)" = "$before." ] || { echo "$path was edited meanwhile" >&2; return 1; }
    as_root cp -p "$real" "$NGINX/before/$number" && echo "$number $real" | as_root tee -a "$NGINX/taking" >/dev/null || return
  done
  number=0
  while file=$((number + 1)) && file "$file"; do
    number=$file
    put_file "$path" "$after" || return
    case $path in "$NGINX"/[0-9]*.conf) put_file "${path%.conf}.template" "$template" || return ;; esac
  done
  put_file "$NGINX/front" "$FORM $FIRST $SECOND $KIND" || return
  number=0
  while site=$((number + 1)) && site "$site"; do
    number=$site
    replace_file "$(readlink -f "$path")" "$after" || return
  done
}

undo_take_over() {
  [ -e "$NGINX/taking" ] || return 0
  # It is root's, as the sites are.
  taking=$(as_root cat "$NGINX/taking") || return
  printf '%s\n' "$taking" | while read -r number real; do
    as_root cp -p "$NGINX/before/$number" "${real%/*}/.${real##*/}.tenantry" &&
      as_root mv -f "${real%/*}/.${real##*/}.tenantry" "$real" || exit
  done || return
  as_root rm -f "/etc/nginx/conf.d/tenantry-$APP.conf"
  as_root nginx -t -q 2>/dev/null && as_root nginx -s reload 2>/dev/null
  as_root rm -rf "$NGINX" "$MARK"
}
