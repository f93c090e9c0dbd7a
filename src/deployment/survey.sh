# What a server has and allows, one fact a line. Changes nothing.
#   sh -c … survey CONTAINER CHAIN SERVING NETWORK…
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL=C
container=$1 chain=$2 serving=$3
shift 3
has() { command -v "$1" >/dev/null 2>&1; }

echo "home $(cd && pwd)"
# shellcheck disable=SC2086
set_own() { own=$3; }
# shellcheck disable=SC2086
set_own $SSH_CONNECTION 2>/dev/null
echo "own ${own:-}"

for tool in flock setsid awk sed timeout; do has $tool || echo "missing $tool"; done
if has curl; then echo 'http curl'; elif has bash; then echo 'http bash'; fi
[ ! -e "$HOME/.tenantry/$container/switch/program" ] || echo 'program yes'

docker ps --all --quiet --filter "label=tenantry.pre-deploy=$container" 2>/dev/null | sed 's/^/pre-deploy /'

sudo=
if [ "$(id -u)" -eq 0 ]; then echo 'root yes'; elif has sudo; then sudo='sudo -n'; fi
backend=$(docker info --format '{{json .}}' 2>/dev/null | sed -n 's/.*"FirewallBackend":{[^}]*"Driver":"\([a-z+]*\)".*/\1/p')
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

for process in /proc/[0-9]*; do
  line=$(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) || continue
  case $line in *docker-proxy\ -proto\ *) echo "proxy $line" ;; esac
done

for network in "$@"; do
  docker network inspect --format \
    'network {{.Driver}} {{.Id}} {{with index .Options "com.docker.network.bridge.name"}}{{.}}{{end}}' "$network" 2>/dev/null
done
ip -4 -o addr show 2>/dev/null | awk '{ sub(/\/.*/, "", $4); print "address", $2, $4 }'

awk '$1 == "MemAvailable:" { printf "available %.0f\n", $2 * 1024 }' /proc/meminfo
pid=$(docker container inspect --format '{{.State.Pid}}' "$serving" 2>/dev/null)
if [ "${pid:-0}" -gt 0 ]; then
  group=$(sed -n 's/^[0-9]*:\([a-z,]*,\)*memory[^:]*://p; s/^0:://p' "/proc/$pid/cgroup" 2>/dev/null | head -n 1)
  for stat in "/sys/fs/cgroup/memory$group/memory.stat" "/sys/fs/cgroup$group/memory.stat"; do
    [ -r "$stat" ] || continue
    awk '$1 == "total_rss" || $1 == "anon" { print "used", $2; exit }' "$stat"
    break
  done
fi
