# What a server has and allows, one fact a line. Changes nothing.
#   sh -c … survey CONTAINER CHAIN SERVING SLOTS NETWORK…    SERVING: an id, or nothing; SLOTS: two ports, or nothing
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL=C
container=$1 chain=$2 serving=$3 slots=$4
shift 4
has() { command -v "$1" >/dev/null 2>&1; }

echo "home $(cd && pwd)"
echo "key $(cat "$HOME/.tenantry/key" 2>/dev/null)"
# shellcheck disable=SC2086
set_own() { own=$3; }
# shellcheck disable=SC2086
set_own $SSH_CONNECTION 2>/dev/null
echo "own ${own:-}"

for tool in flock setsid awk sed timeout; do has $tool || echo "missing $tool"; done
if has curl; then echo 'http curl'; elif has bash; then echo 'http bash'; fi
switch=$HOME/.tenantry/$container/switch
if [ -e "$switch/program" ]; then
  way=$(sed -n 's/^WAY=//p' "$switch/program" | head -n 1)
  echo "program ${way:-yes}"
fi
if [ -e "$switch/lock" ] && has flock; then flock -n "$switch/lock" true || echo 'working yes'; fi
[ ! -s "$switch/record/current" ] || echo "pending $(cat "$switch/record/current")"

used_by() { # ID: what a container holds, from the control group of any of its processes
  group=$(cat /proc/[0-9]*/cgroup 2>/dev/null | sed -n "/$1/{s/^[0-9]*:\([a-z,]*,\)*memory[^:]*://p; s/^0:://p}" | head -n 1)
  for stat in "/sys/fs/cgroup/memory$group/memory.stat" "/sys/fs/cgroup$group/memory.stat"; do
    [ -n "$group" ] && [ -r "$stat" ] || continue
    awk '$1 == "total_rss" || $1 == "anon" { print "used", $2; exit }' "$stat"
    break
  done
}

first=$serving
[ -z "$serving" ] || used_by "$serving"
# Each call of Docker takes longer than all the rest: those with short answers go on beside the others.
docker ps --all --no-trunc --filter label=tenantry.environment \
  --format '{{.Label "tenantry.app"}}/{{.Label "tenantry.pre-deploy"}}/{{.Status}}/{{.ID}}' 2>/dev/null |
  while IFS=/ read -r app before status id; do
    [ "$before" != "$container" ] || echo "pre-deploy $id"
    case $app:$status in "$container":Up*) ;; *) continue ;; esac
    [ -n "$first" ] || { first=$id && used_by "$id"; }
  done &
docker network inspect --format \
  'network {{.Driver}} {{.Id}} {{with index .Options "com.docker.network.bridge.name"}}{{.}}{{end}}' "$@" 2>/dev/null &

sudo=
if [ "$(id -u)" -eq 0 ]; then echo 'root yes'; elif has sudo; then sudo='sudo -n'; fi
info=$(docker info --format '{{json .}}' 2>/dev/null)
wait # what comes from now on may be too long to be written at once
case $info in
  *'"LocalNodeState":"active"'*)
    # Of a swarm without a leader nothing can be asked: a task that runs here shows that there is a service.
    if [ -n "$(docker ps -q --filter "label=com.docker.swarm.service.name=$container" 2>/dev/null)" ]; then echo 'service yes'; fi
    case $info in
      *'"ControlAvailable":true'*)
        echo 'swarm manager'
        if docker service inspect --format yes "$container" >/dev/null 2>&1; then echo 'service yes'; fi
        ;;
      *) echo 'swarm worker' ;;
    esac
    if [ -e /proc/net/ip_vs ] || modprobe -n -q ip_vs 2>/dev/null; then echo 'ipvs yes'; fi
    ;;
esac
root=$(echo "$info" | sed -n 's/.*"DockerRootDir":"\([^"]*\)".*/\1/p')
roots=$root
case $info in *io.containerd.snapshotter*) roots="$root $root/containerd /var/lib/containerd" ;; esac
for folder in $roots; do
  blocks=$(df -Pk "$folder" 2>/dev/null | awk 'NR == 2 { print $4 }')
  [ -z "$blocks" ] || echo "disk $folder $blocks $(df -Pi "$folder" 2>/dev/null | awk 'NR == 2 { print $4 }')"
done
backend=$(echo "$info" | sed -n 's/.*"FirewallBackend":{[^}]*"Driver":"\([a-z+]*\)".*/\1/p')
echo "backend $backend"
allowed=no
case $backend in
  nftables*)
    if tables=$($sudo nft list tables 2>/dev/null); then
      allowed=yes
      case $tables in *' docker-bridges'*) echo 'filter nft' ;; esac
      case $tables in *" $chain"*) echo 'chain yes' ;; esac
    fi
    ;;
  *)
    for filter in iptables iptables-nft iptables-legacy; do
      has "$filter-save" || continue
      rules=$($sudo "$filter-save" -t nat 2>/dev/null) || continue
      allowed=yes
      case $rules in *":$chain "*) echo 'chain yes' ;; esac
      case $rules in
        *':DOCKER '*)
          echo "filter $filter"
          filter6=ip6tables${filter#iptables}
          if has "$filter6-save" && rules=$($sudo "$filter6-save" -t nat 2>/dev/null); then
            echo "filter6 $filter6"
            case $rules in *":$chain "*) echo 'chain yes' ;; esac
          fi
          break
          ;;
      esac
    done
    ;;
esac
echo "allowed $allowed"
# Ports that a firewall was not told of: a redirect through a port of the server would end there.
[ $allowed = no ] || {
  for family in '' 6; do
    $sudo "ip${family}tables-save" -t filter 2>/dev/null |
      awk -v family="$family" '/^:INPUT (DROP|REJECT)/ || /^-A INPUT -j (DROP|REJECT)/ { print "closed ip" family; exit }'
  done
  $sudo nft list ruleset 2>/dev/null | awk '
    $1 == "table" { family = $2; if ($3 == "firewalld") { print "closed", family; exit } }
    / hook input / && /policy drop/ { print "closed", family; exit }'
}

for process in /proc/[0-9]*; do
  read -r name <"$process/comm" && [ "$name" = docker-proxy ] || continue
  echo "proxy $(tr '\0' ' ' <"$process/cmdline")"
done 2>/dev/null

ip -4 -o addr show 2>/dev/null | awk '{ sub(/\/.*/, "", $4); print "address", $2, $4 }'

awk '$1 == "MemAvailable:" { printf "available %.0f\n", $2 * 1024 } $1 == "MemTotal:" { printf "total %.0f\n", $2 * 1024 }' /proc/meminfo
echo "processors $(grep -c '^processor' /proc/cpuinfo)"
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { print "listening", $2 }' | sort -u

# --- what stands in front of the application ---------------------------------------------------------------------

text() { # NAME FILE, on one line
  if [ -r "$2" ]; then base64 <"$2"; else $sudo cat "$2" 2>/dev/null | base64; fi | tr -d '\n' | sed "s/^/$1 /"
  echo
}

fronts=$(for process in /proc/[0-9]*; do
  read -r name <"$process/comm" || continue
  case $name in nginx | caddy | traefik | haproxy | apache2 | httpd | kamal-proxy | envoy | lighttpd) ;; *) continue ;; esac
  line=$(tr '\0' ' ' <"$process/cmdline")
  case $name:$line in
    nginx:*master\ process* | caddy:*) ;;
    nginx:*) continue ;;
    *) line='' ;;
  esac
  id=$(sed -n 's/.*\([0-9a-f]\{64\}\).*/\1/p' "$process/cgroup" | head -n 1)
  echo "front $name ${id:--} $line"
done 2>/dev/null | sort -u)
if [ -n "$fronts" ]; then
  echo "$fronts"
  for id in $(echo "$fronts" | awk '$3 != "-" { print $3 }' | sort -u); do
    echo "inside $id $(docker container inspect --format '{{.Name}}' "$id" 2>/dev/null)"
  done
fi

case $fronts in
  *'front nginx - '*)
    [ ! -r "/etc/nginx/tenantry/$container/front" ] || echo "nginx-taken $(cat "/etc/nginx/tenantry/$container/front")"
    [ ! -e "/etc/nginx/tenantry/$container/taking" ] || echo 'nginx-taking yes'
    echo "nginx-slot $(sed -n '1s/^# slot //p' "/etc/nginx/tenantry/$container/1.conf" 2>/dev/null)"
    [ ! -e "/var/lib/tenantry/$container/second" ] || echo 'nginx-second yes'
    if all=$($sudo nginx -T 2>&1); then
      echo 'nginx-allowed yes'
      case $all in *[!#]*include*conf.d/\*.conf\;*) echo 'nginx-conf-d yes' ;; esac
      case $all in *open_file_cache\ *) echo 'nginx-file-cache yes' ;; esac
      # Those that name one of the two ports; what nginx says has all of them, and to ask for each would take longer.
      printf '%s\n' "$all" | awk -v slots="$slots" '
        BEGIN { count = split(slots, ports, " ") }
        /^# configuration file .*:$/ { file = substr($0, 22, length($0) - 22) }
        { for (each = 1; each <= count; each++) if (index($0, ":" ports[each])) print file }' | sort -u |
        while read -r file; do
          echo "nginx-file $file"
          text nginx-text "$file"
        done
    else
      printf '%s\n' "$all" | sed -n 's/^.*\[emerg\] \([0-9#]*: \)\{0,1\}/nginx-error /p' | head -n 1
    fi
    ;;
esac

case $fronts in
  *'front caddy - '*)
    [ ! -e "/etc/caddy/tenantry/$container/taking" ] || echo 'caddy-taking yes'
    [ ! -e "/var/lib/tenantry/$container/caddy-second" ] || echo 'caddy-second yes'
    config=$(curl -fsS --max-time 5 http://localhost:2019/config/ 2>/dev/null | tr -d '\n')
    echo "caddy-config $config"
    # Where a file of ours decides already, nobody asks what Caddy would make of its own.
    decides=no
    for port in $slots; do
      case $config in *"_other\":$port,"* | *"_other\":$port}"*) decides=yes ;; esac
    done
    file=$(echo "$fronts" | sed -n 's/^front caddy - .* --config[ =]\([^ ]*\).*/\1/p' | head -n 1)
    if [ -n "$file" ]; then
      echo "caddy-file $file"
      text caddy-text "$file"
      case $decides:$file in
        yes:* | *.json) ;;
        *) echo "caddy-adapted $($sudo caddy adapt --config "$file" --adapter caddyfile 2>/dev/null | tr -d '\n')" ;;
      esac
    fi
    if [ "$(id -u)" -eq 0 ] || { [ -n "$sudo" ] && $sudo true 2>/dev/null; }; then echo 'caddy-allowed yes'; fi
    ;;
esac
