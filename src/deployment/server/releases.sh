# The releases of an application on a server: ~/.tenantry/NAME/releases, with a line a deployment in deployments.log.
# It stands behind server-program.sh, in one file.
#   sh -c … releases list FOLDER
#   sh -c … releases capture FOLDER CONTAINER KEY
#   sh -c … releases prepare FOLDER       files by standard input: PATH BASE64 a line
#   sh -c … releases finish FOLDER RESULT KEY-THAT-SERVES    what is to go, by standard input
what=$1 folder=$2
cd || exit
if [ "$what" = list ]; then
  echo "home $(pwd)"
  cd "$folder/switch" 2>/dev/null || exit 0
else
  mkdir -p "$folder/releases" "$folder/switch" && chmod 700 "$folder/releases" && cd "$folder/switch" || exit
fi

list() {
  [ ! -s record/old ] || echo "old $(cat record/old)"
  for pointer in current previous; do
    [ ! -s "../releases/$pointer" ] || echo "$pointer $(cat "../releases/$pointer")"
  done
  for file in ../releases/*.json; do
    [ -e "$file" ] || continue
    key=${file##*/} key=${key%.json}
    printf 'record %s %s\n' "$key" "$(tr -d '\n' <"$file")" # echo would read what stands after a backslash
    [ ! -e "../releases/$key.env" ] || echo "environment $key"
  done
}

# The environment of a container without what its image gives, as a file; values with line breaks do not fit into one.
capture() { # CONTAINER KEY
  all=$(docker container inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$1") || exit
  [ "$(docker container inspect --format '{{len .Config.Env}}' "$1")" -eq "$(printf '%s\n' "$all" | grep -c .)" ] ||
    echo 'lines broken'
  image=$(docker container inspect --format '{{.Image}}' "$1") || exit
  docker image inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$image" >image.env 2>/dev/null
  printf '%s\n' "$all" | grep '^[A-Za-z_][A-Za-z0-9_.-]*=' | grep -vxF -f image.env >"../releases/$2.env"
  rm -f image.env
  docker image inspect --format '{{range .RepoDigests}}digest {{println .}}{{end}}' "$image" 2>/dev/null
  echo captured
}

prepare() {
  rm -rf record record.error && mkdir record || exit
  while read -r path content; do
    printf '%s' "$content" | base64 -d >"../$path.new" && mv -f "../$path.new" "../$path" || exit
  done
  echo prepared
}

# What can be removed is removed; what cannot is told, and is no failure: all is decided already.
finish() { # RESULT KEY
  # A program that is still at work ends the records by itself.
  if command -v flock >/dev/null 2>&1 && ! flock -n lock true; then
    [ "$1" = deployed ] || exit 0
  else
    case $1 in deployed) keep_record ;; *) drop_record "$1" ;; esac
  fi
  while read -r order value more; do
    case $order in
      audit) add_line "$1" "$value${more:+ $more}" ;;
      release) rm -f "../releases/$value."* ;;
      image) remove_image "$value" "$more" ;;
      adopted)
        id=$(docker container inspect --format '{{.Id}}' "$value" 2>/dev/null)
        [ -z "$id" ] || case " $more " in *" $id "*) ;; *) complaint_of docker rm -f "$value" ;; esac
        ;;
    esac
  done
  for file in ../releases/*.env; do
    key=${file##*/} key=${key%.env}
    [ "$key" = "$2" ] || [ -e "../releases/$key.json" ] || rm -f "$file"
  done
  rm -f ../*.env
  [ ! -s record.error ] || cat record.error
  rm -f record.error
}

# What a command complains of, as output.
complaint_of() { { "$@" >/dev/null; } 2>&1; }

# Only where no container is made from it; and only the names that the application gave it.
remove_image() { # ID NAME
  [ -z "$(docker ps -aq --filter "ancestor=$1")" ] || return 0
  names=$(docker image inspect --format '{{range .RepoTags}}{{println .}}{{end}}{{range .RepoDigests}}{{println .}}{{end}}' "$1" 2>/dev/null) || return 0
  for name in $names; do
    case $name in "$2":* | "$2"@*) complaint_of docker image rm "$name" ;; esac
  done
}

shift 2
case $what in
  list) list ;;
  capture) capture "$@" ;;
  prepare) prepare ;;
  finish) finish "$@" ;;
esac
