# The lease of an application: who deploys it now. Every change is made under a lock of the kernel.
#   sh -c … lease take FOLDER TOKEN TOKEN-OF-A-DEAD-HOLDER APPLICATION RELEASE   the record comes by standard input
#   sh -c … lease renew|release FOLDER TOKEN [PHASE]
#   sh -c … lease look FOLDER '' '' APPLICATION RELEASE   changes nothing
# `take` prints `taken`, or what is known of the holder: token, age in seconds, boot, work, lock, record. `look` prints the
# same, or nothing where nobody holds it.
umask 077
what=$1 folder=$2 token=$3 other=${4:-} app=${5:-} release=${6:-}
cd || exit
if [ "$what" = look ]; then cd "$folder" 2>/dev/null || exit 0; fi
[ "$what" = look ] || { mkdir -p "$folder" && cd "$folder"; } || exit
# A secret of this account: hashes of settings are keyed with it.
if [ "$what" != look ] && [ ! -s "$HOME/.tenantry/key" ]; then
  head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$HOME/.tenantry/key.$$" || exit
  ln "$HOME/.tenantry/key.$$" "$HOME/.tenantry/key" 2>/dev/null
  rm -f "$HOME/.tenantry/key.$$"
fi
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
if [ "$what" != look ] && command -v flock >/dev/null 2>&1; then
  exec 8>lease.lock
  flock -w 10 8 || exit
fi
# Commands in the image of another release that still have time. Those of the same release (*: of any) are waited for by
# whoever comes.
commands() {
  docker ps --filter "label=tenantry.pre-deploy=$app" --format '{{.ID}} {{.Label "tenantry.pre-deploy-limit"}} {{.Label "tenantry.release"}}' 2>/dev/null |
    while read -r id limit of; do
      case $release in "$of" | '*') continue ;; esac
      since=$(docker inspect --format '{{.State.StartedAt}}' "$id" | sed 's/T/ /; s/[.Z].*//')
      since=$(date -u -d "$since" +%s) || since=$(date +%s)
      [ "$(date +%s)" -gt $((since + limit + 30)) ] || echo 'work alive'
    done
}
holder() { cat lease/token 2>/dev/null || echo none; }
# A program that is still at work writes its signs of life into it: only what is not there any more can be removed whole.
drop() { [ ! -d lease ] || { rm -rf lease.over && mv lease lease.over && rm -rf lease.over; }; }
facts() {
  since=$(stat -c %Y lease/heartbeat 2>/dev/null || stat -c %Y lease)
  echo "token $(holder)"
  echo "age $(($(date +%s) - since))"
  [ "$(cat lease/boot 2>/dev/null)" != "$boot" ] || echo 'boot same'
  if [ -e lock ] && command -v flock >/dev/null 2>&1; then flock -n lock true || printf 'work alive\nlock held\n'; fi
  commands
  echo "phase $(cat lease/phase 2>/dev/null)"
  echo "record $(cat lease/record 2>/dev/null)"
}

case $what in
  look)
    [ ! -d lease ] || facts
    ;;
  take)
    if [ -d lease ] && { [ -z "$other" ] || [ "$(holder)" != "$other" ]; }; then
      facts
      exit 0
    fi
    drop && rm -rf lease.new && mkdir lease.new && cat >lease.new/record && echo "$boot" >lease.new/boot &&
      echo "$token" >lease.new/token && : >lease.new/heartbeat && mv lease.new lease && echo taken
    ;;
  renew)
    [ "$(holder)" = "$token" ] || exit 0
    echo >lease/heartbeat
    echo "$other" >lease/phase
    ;;
  release)
    [ "$(holder)" != "$token" ] || drop
    ;;
esac
