# What a server and one container on it show after a failure. Changes nothing; takes what a bare server has, and names
# what it could not read. Everything is in one function, which leaves nothing behind in a program that has it, too.
#   collect CONTAINER [PORT…]    PORT: of the server, where it matters who has it
# The first line has a mark; a line that begins with it begins a part.
collect() (
  name=$1
  shift
  PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
  export LC_ALL=C
  read -r mark </proc/sys/kernel/random/uuid
  echo "collected $mark $name"

  has() { command -v "$1" >/dev/null 2>&1; }
  part() { echo "$mark $1"; }
  unread() { echo "$mark unread $1"; }
  # SECONDS COMMAND…: the limits of all together are below the 20 s of the whole.
  limited() { if has timeout; then timeout -k 1 "$@"; else shift && "$@"; fi; }
  # LINES BYTES, of long lines the beginning
  last() { tail -n "$1" | cut -c 1-1000 | tail -c "$2"; }

  part server
  echo "account $(id -un 2>/dev/null) $(id -u)"
  echo "clock $(date +%s)"
  awk '$1 == "MemTotal:" || $1 == "MemAvailable:" { printf "%s %.0f\n", $1, $2 * 1024 }' /proc/meminfo
  if [ "$(getenforce 2>/dev/null)" = Enforcing ]; then echo 'selinux yes'; fi

  echo "platform $(uname -s) $(uname -m)"

  # Names of variables are told by nobody here, and no values: what may hold a secret is left out.
  found=none pid=0
  if seen=$(limited 6 docker container inspect --format '{{json .State}}
{{.RestartCount}}
{{.HostConfig.Memory}}
{{json .Config.User}}
{{json .Path}}
{{json .HostConfig.PortBindings}}
{{json .Mounts}}
{{json .HostConfig.NetworkMode}}
{{json .Id}}
{{.Image}}
{{range .Mounts}}{{println .Source}}{{end}}' "$name" 2>&1); then
    found=yes
    part container
    printf '%s\n' "$seen" | head -n 9 | cut -c 1-20000
    pid=$(printf '%s\n' "$seen" | sed -n '1s/.*"Pid":\([0-9]*\).*/\1/p')
  else
    case $seen in
      *[Nn]o\ such\ container*) found=gone ;;
      *)
        part docker
        printf '%s\n' "$seen" | last 5 2000
        if has systemctl; then echo "service: $(systemctl is-active docker 2>/dev/null)"; fi
        if has journalctl; then journalctl -q -u docker -n 5 -o cat --no-pager 2>/dev/null | last 5 2000; fi
        unread 'containers and their logs (Docker does not answer)'
        ;;
    esac
  fi

  if [ $found = yes ]; then
    part image
    limited 2 docker image inspect --format '{{.Os}}/{{.Architecture}}' "$(printf '%s\n' "$seen" | sed -n 10p)" 2>/dev/null
    part log
    {
      {
        limited 5 docker logs --timestamps --tail 200 "$name" | sed 's/^/out /' >&3
      } 2>&1 | sed 's/^/err /'
    } 3>&1 | last 400 65536
    mounts=$(printf '%s\n' "$seen" | sed -n '11,$p' | grep .)
    if [ -n "$mounts" ]; then
      part mounts
      printf '%s\n' "$mounts" | while read -r source; do
        stat -c '%u %g %a %F:%n' "$source" 2>/dev/null || echo "- $source"
      done
      part user
      case ${pid:-0} in
        0) limited 2 docker cp "$name:/etc/passwd" - 2>/dev/null | tar -xOf - 2>/dev/null | cut -d : -f 1,3 | head -n 100 ;;
        *) awk '$1 == "Uid:" { print "process:" $2 }' "/proc/$pid/status" 2>/dev/null ;;
      esac
    fi
    if [ "${pid:-0}" -gt 0 ]; then
      if [ -r "/proc/$pid/net/tcp" ]; then
        part inside
        cat "/proc/$pid/net/tcp" "/proc/$pid/net/tcp6" 2>/dev/null | awk '$4 == "0A" { print $2 }' | sort -u | head -n 50
      else
        unread 'the ports that the container listens on'
      fi
    fi
  fi

  part disk
  for folder in /var/lib/docker /var/lib/containerd /; do
    [ -d $folder ] || continue
    df -Pk $folder 2>/dev/null | awk -v folder=$folder 'NR == 2 { printf "bytes %s %.0f %.0f\n", folder, $4 * 1024, $2 * 1024 }'
    df -Pi $folder 2>/dev/null | awk -v folder=$folder 'NR == 2 && $2 > 0 { print "files", folder, $4, $2 }'
  done

  part listening
  if has ss; then
    if [ "$(id -u)" -eq 0 ]; then
      sockets=$(ss -H -ltnp 2>/dev/null)
    elif ! has sudo || ! sockets=$(sudo -n ss -H -ltnp 2>/dev/null); then
      sockets=$(ss -H -ltn 2>/dev/null)
      unread 'which programs have the ports (only root sees that)'
      part listening
    fi
    printf '%s\n' "$sockets" | awk '{ print $4, $6 }' | head -n 200
  else
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { print "hex:" $2 }' | sort -u | head -n 200
    unread 'which programs have the ports (there is no ss)'
  fi
  for port in "$@"; do
    [ $found = none ] || limited 4 docker ps --filter "publish=$port" --format "publisher $port {{.Names}}" 2>/dev/null
  done

  part kernel
  read -r uptime _ </proc/uptime
  echo "uptime ${uptime%.*}"
  wanted='out of memory|oom-kill|killed process|apparmor="denied"|avc: +denied'
  if lines=$(dmesg 2>/dev/null || sudo -n dmesg 2>/dev/null); then
    printf '%s\n' "$lines" | grep -iE "$wanted" | last 20 8192
  elif has journalctl && lines=$(journalctl -q -k -n 500 -o short-monotonic --no-pager 2>/dev/null) && [ -n "$lines" ]; then
    printf '%s\n' "$lines" | sed 's/^\(\[[ 0-9.]*\]\) [^ ]* kernel: /\1 /' | grep -iE "$wanted" | last 20 8192
  else
    unread "the kernel's messages (this account may not)"
  fi
  part end
)
