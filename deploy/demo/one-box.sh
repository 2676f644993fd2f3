#!/usr/bin/env bash
# The whole story on one machine: a mirror that reaches the internet, one that does not, a USB stick between
# them, and a docker node that pulls quay.io/coreos/etcd:v3.1 without a route to quay.io.
#
# Run it as root on a Debian 12 machine, in a clone after `npx -y pnpm@12 install`. It takes a minute or two
# and needs no internet: the five machines are namespaces of this one, and `internet` has a docker-registry
# that stands in for Docker Hub and Quay. Everything is in /tmp/portolan-one-box and gone afterwards.
#
#   internet ─── box (registry.lan)      stick      secure (registry.secure.lan) ─── node
set -euo pipefail

WORK=/tmp/portolan-one-box
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PATH=/usr/sbin:/usr/bin:/sbin:/bin
declare -A MACHINES=()
DAEMONS=()

# ------------------------------------------------------------------------------------------- the stage

fail() {
  printf '\none-box: %s\n' "$*" >&2
  exit 1
}

check_needs() {
  [ "$(id -u)" = 0 ] || fail 'must be run as root'
  local missing=() program
  while read -r program package; do
    [ -x "$program" ] || missing+=("$package")
  done <<'END'
/bin/busybox busybox-static
/usr/bin/curl curl
/usr/bin/docker docker.io
/usr/bin/docker-registry docker-registry
/usr/bin/skopeo skopeo
/usr/sbin/haproxy haproxy
/usr/sbin/ip iproute2
/usr/sbin/update-ca-certificates ca-certificates
END
  [ ${#missing[@]} = 0 ] || fail "first: apt-get install ${missing[*]}"
  [ -x "$ROOT/node_modules/.bin/node" ] || fail "first: cd $ROOT && npx -y pnpm@12 install"
  mkdir "$WORK" || fail "$WORK is there: another run goes on, or was killed. Then remove it."
}

clean_up() {
  local status=$? i
  trap - EXIT INT TERM
  [ $status = 0 ] || tail --lines=5 "$WORK"/*/*.log >&2 || true
  # The last one first: dockerd before the registries that it speaks with.
  for ((i = ${#DAEMONS[@]} - 1; i >= 0; i--)); do
    kill "${DAEMONS[i]}" 2>/dev/null || true
    wait "${DAEMONS[i]}" 2>/dev/null || true
  done
  for i in "${MACHINES[@]}"; do kill "$i" 2>/dev/null || true; done
  wait
  rm -rf --one-file-system /tmp/portolan-one-box
  [ $status = 0 ] && printf '\nDone, and cleaned up.\n' || printf '\nFailed, and cleaned up.\n' >&2
  exit $status
}

# machine NAME: network, mounts and a home of its own; /etc is a copy without what this machine tells engines
# (a mirror in registries.conf.d, a proxy in daemon.json), /var/lib, /run and /media are empty.
machine() {
  local directory=$WORK/$1
  mkdir -p "$directory"/{home,lib,trusted}
  cp -a /etc "$directory/etc"
  mkdir -p "$directory"/etc/{containers,docker}
  rm -f "$directory/etc/hosts" "$directory/etc/resolv.conf"
  echo '127.0.0.1 localhost' >"$directory/etc/hosts"
  : >"$directory/etc/resolv.conf"
  setpriv --pdeathsig KILL unshare --net --mount --propagation private sh -ec '
    mount --bind "$1/etc" /etc
    mount -t tmpfs tmpfs /etc/containers
    mount -t tmpfs tmpfs /etc/docker
    : >/etc/containers/registries.conf
    printf %s "$2" >/etc/containers/policy.json
    mount --bind "$1/lib" /var/lib
    mount --bind "$1/trusted" /usr/local/share/ca-certificates
    mount -t tmpfs tmpfs /run
    mount -t tmpfs tmpfs /media
    mkdir /run/portolan /media/usb
    ip link set lo up
    touch "$1/up"
    exec sleep infinity' sh "$directory" '{"default":[{"type":"insecureAcceptAnything"}]}' &
  MACHINES[$1]=$!
  until [ -e "$directory/up" ]; do sleep 0.1; done
}

# quietly NAME SCRIPT: runs it on the machine.
quietly() {
  nsenter --target="${MACHINES[$1]}" --net --mount --wd=/ env -i HOME="$WORK/$1/home" PATH="$WORK/bin:$PATH" \
    PORTOLAN_DATA_DIR=/var/lib/portolan PASSWORD="$PASSWORD" bash -euo pipefail -c "$2"
}

# on NAME SCRIPT: the same, and shows it.
on() {
  printf '%s# %s\n' "$1" "$2"
  quietly "$1" "$2" 2>&1 | sed 's/^/    /'
}

# start NAME LOG COMMAND…: a program that runs until the end.
start() {
  local name=$1 log=$WORK/$1/$2.log
  shift 2
  printf '%s# %s &\n' "$name" "$*"
  setpriv --pdeathsig TERM nsenter --target="${MACHINES[$name]}" --net --mount --wd=/ \
    env -i HOME="$WORK/$name/home" PATH="$WORK/bin:$PATH" PORTOLAN_DATA_DIR=/var/lib/portolan "$@" >"$log" 2>&1 &
  DAEMONS+=($!)
}

# await NAME SCRIPT: until it succeeds.
await() {
  local i
  for ((i = 0; i < 300; i++)); do
    if quietly "$1" "$2" >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  fail "on $1, in vain: $2"
}

# cable NAME ADDRESS NAME ADDRESS
cable() {
  quietly "$1" "ip link add $3 type veth peer name $1 netns ${MACHINES[$3]}
    ip address add $2/30 dev $3; ip link set $3 up"
  quietly "$3" "ip address add $4/30 dev $1; ip link set $1 up"
}

step() {
  printf '\n== %s\n' "$*"
}

# ------------------------------------------------------------------------- the images of the internet

# blob FILE: moves it into the layout $WORK/image, and prints `"digest":…,"size":…`.
blob() {
  local hex size
  hex=$(sha256sum "$1" | cut -d' ' -f1)
  size=$(stat -c %s "$1")
  mv "$1" "$WORK/image/blobs/sha256/$hex"
  printf '"digest":"sha256:%s","size":%s' "$hex" "$size"
}

# platform ARCHITECTURE TEXT: adds an image that prints the text; its descriptor.
platform() {
  local oci=application/vnd.oci.image diff layer config manifest
  mkdir -p "$WORK/tree/bin"
  cp /bin/busybox "$WORK/tree/bin/busybox"
  ln -s busybox "$WORK/tree/bin/sh"
  printf '#!/bin/sh\necho "%s (%s)"\n' "$2" "$1" >"$WORK/tree/bin/say"
  chmod 755 "$WORK/tree/bin/say"
  tar -C "$WORK/tree" --owner=0 --group=0 -cf "$WORK/layer.tar" .
  rm -rf --one-file-system /tmp/portolan-one-box/tree
  diff=$(sha256sum "$WORK/layer.tar" | cut -d' ' -f1)
  gzip "$WORK/layer.tar"
  layer=$(blob "$WORK/layer.tar.gz")
  printf '{"architecture":"%s","os":"linux","config":{"Cmd":["/bin/say"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$1" "$diff" >"$WORK/config.json"
  config=$(blob "$WORK/config.json")
  printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s",%s},"layers":[{"mediaType":"%s",%s}]}' \
    $oci.manifest.v1+json $oci.config.v1+json "$config" $oci.layer.v1.tar+gzip "$layer" >"$WORK/manifest.json"
  manifest=$(blob "$WORK/manifest.json")
  printf '{"mediaType":"%s",%s,"platform":{"os":"linux","architecture":"%s"}}' $oci.manifest.v1+json "$manifest" "$1"
}

# publish NAME: an image for two platforms, of which the first is this machine's.
publish() {
  local index=application/vnd.oci.image.index.v1+json own
  own=$(dpkg --print-architecture)
  mkdir -p "$WORK/image/blobs/sha256"
  printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s,%s]}' $index \
    "$(platform "$own" "This is $1")" "$(platform riscv64 "This is $1")" >"$WORK/index.json"
  echo '{"imageLayoutVersion":"1.0.0"}' >"$WORK/image/oci-layout"
  printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s",%s}]}' $index "$(blob "$WORK/index.json")" \
    >"$WORK/image/index.json"
  quietly internet "skopeo copy --quiet --all --dest-tls-verify=false oci:$WORK/image docker://$1"
  rm -rf --one-file-system /tmp/portolan-one-box/image
  printf '%s is there\n' "$1"
}

make_internet() {
  machine internet
  quietly internet 'portolan ca init --name docker.io --name quay.io
    portolan ca issue quay.io registry-1.docker.io --out /var/lib/registry' >"$WORK/internet/ca.log" 2>&1
  mv "$WORK"/internet/lib/registry/*.pem "$WORK/internet/lib/registry/both.pem"
  cat >"$WORK/internet/etc/registry.yml" <<'END'
version: 0.1
log: { level: warn, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: /var/lib/registry } }
http:
  addr: :443
  tls: { certificate: /var/lib/registry/both.pem, key: /var/lib/registry/both.pem }
END
  echo '127.0.0.1 quay.io registry-1.docker.io' >>"$WORK/internet/etc/hosts"
  start internet registry docker-registry serve /etc/registry.yml
  await internet 'curl -fks https://quay.io/v2/'
  publish docker.io/library/busybox:musl
  publish quay.io/coreos/etcd:v3.1
  publish quay.io/coreos/etcd:v3.3
}

# ------------------------------------------------------------------------------------------- the boxes

# trust NAME FILE: as `portolan ca trust debian` says.
trust() {
  cp "$2" "$WORK/$1/trusted/$(basename "$(dirname "$2")").crt"
  quietly "$1" 'update-ca-certificates' >"$WORK/$1/trust.log" 2>&1
}

# serve NAME HOST: the two halves on unix sockets, and HAProxy with the file that is shipped.
serve() {
  local half
  cp "$ROOT/deploy/haproxy/haproxy.cfg" "$WORK/$1/etc/haproxy.cfg"
  echo "127.0.0.1 $2 portal.$2" >>"$WORK/$1/etc/hosts"
  for half in auth registry; do
    start "$1" "$half" "PORTOLAN_PUBLIC_URL=https://$2" PORTOLAN_WORKERS=1 \
      "PORTOLAN_ADMIN_PASSWORD_FILE=$WORK/password" \
      "PORTOLAN_LISTEN=unix:/run/portolan/$half.sock?owner=:haproxy" portolan serve "$half"
    await "$1" "test -S /run/portolan/$half.sock"
  done
  start "$1" haproxy "PORTOLAN_NAME=$2" haproxy -W -db -f /etc/haproxy.cfg
  await "$1" "curl -fs https://$2/livez"
}

make_box() {
  machine box
  cable internet 10.88.0.1 box 10.88.0.2
  echo '10.88.0.1 quay.io registry-1.docker.io' >>"$WORK/box/etc/hosts"
  trust box "$WORK/internet/lib/portolan/ca/ca.crt"
  on box "portolan ca init --name registry.lan"
  on box "portolan ca issue registry.lan '*.registry.lan'"
  on box "portolan ca issue portal.registry.lan"
  mv "$WORK/box/trusted/ca.crt" "$WORK/box/trusted/internet.crt"
  trust box "$WORK/box/lib/portolan/ca/ca.crt"
  serve box registry.lan
}

fill_box() {
  on box "portolan user create flavio --password-file $WORK/password"
  on box 'portolan team create mirrors --owner flavio'
  on box 'portolan namespace create docker.io --team mirrors'
  on box 'portolan namespace create quay.io --team mirrors'
  on box 'skopeo sync --scoped --all --src docker --dest docker --dest-creds "flavio:$PASSWORD" docker.io/busybox:musl registry.lan'
  on box 'skopeo sync --scoped --all --src docker --dest docker --dest-creds "flavio:$PASSWORD" quay.io/coreos/etcd registry.lan'
  on box 'skopeo list-tags --creds "flavio:$PASSWORD" docker://registry.lan/quay.io/coreos/etcd'
}

# The stick is in one machine at a time.
plug_in() {
  quietly "$1" "mount --bind $WORK/stick /media/usb"
}

pull_out() {
  quietly "$1" 'umount /media/usb'
}

make_secure() {
  machine secure
  on secure 'portolan ca init --name registry.secure.lan --impersonate docker.io --impersonate quay.io'
  on secure "portolan ca issue registry.secure.lan '*.registry.secure.lan'"
  on secure 'portolan ca issue quay.io registry-1.docker.io'
  trust secure "$WORK/secure/lib/portolan/ca/ca.crt"
  serve secure registry.secure.lan
}

# The line that the shipped file offers for nodes that are led here by DNS.
answer_for_upstreams() {
  on secure "sed -i -e 's/#acl is_upstream/acl is_upstream/' -e 's/is_below is_label/& || is_upstream/' /etc/haproxy.cfg"
  # The master process of HAProxy reads its file again.
  kill -USR2 "${DAEMONS[-1]}"
  await secure "curl -s --resolve quay.io:443:127.0.0.1 https://quay.io/v2/ | grep UNAUTHORIZED"
}

make_node() {
  machine node
  cable secure 10.99.0.1 node 10.99.0.2
  # What the DNS of the site says.
  echo '10.99.0.1 registry.secure.lan quay.io registry-1.docker.io' >>"$WORK/node/etc/hosts"
  on node 'curl -fsSo /usr/local/share/ca-certificates/portolan.crt http://registry.secure.lan/ca.crt'
  on node 'openssl x509 -in /usr/local/share/ca-certificates/portolan.crt -noout -fingerprint -sha256'
  on node 'update-ca-certificates'
  start node dockerd dockerd --iptables=false --ip6tables=false --bridge=none --storage-driver=vfs
  await node 'docker version'
}

# digest NAME REFERENCE OPTIONS: of the index, as the registry there has it.
digest() {
  quietly "$1" "skopeo inspect --raw ${3-} docker://$2 | sha256sum" | cut -d' ' -f1
}

pull_on_node() {
  if quietly node 'ip route get 10.88.0.1' >/dev/null 2>&1; then fail 'the node has a way out'; fi
  on node 'docker pull quay.io/coreos/etcd:v3.1'
  on node 'docker run --rm --network=none quay.io/coreos/etcd:v3.1'
  on node 'docker pull busybox:musl'
  on node 'docker run --rm --network=none busybox:musl'
  on node '! docker pull quay.io/coreos/etcd:v3.3'
}

summary() {
  local there pulled
  there=$(digest internet quay.io/coreos/etcd:v3.1 --tls-verify=false)
  pulled=$(quietly node "docker image inspect --format '{{index .RepoDigests 0}}' quay.io/coreos/etcd:v3.1")
  printf 'quay.io/coreos/etcd:v3.1 upstream     sha256:%s\n' "$there"
  printf 'quay.io/coreos/etcd:v3.1 on the node  %s\n' "${pulled#*@}"
  [ "$pulled" = "quay.io/coreos/etcd@sha256:$there" ] || fail 'these are not the same'
  printf 'The same image, by the same name, without a connection to quay.io, in %s s.\n' "$SECONDS"
}

check_needs
trap clean_up EXIT
trap 'exit 130' INT TERM
PASSWORD=$(head -c 18 /dev/urandom | base64 | tr '+/' '-_')
mkdir "$WORK/bin" "$WORK/stick"
(umask 077 && printf %s "$PASSWORD" >"$WORK/password")
printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$ROOT/node_modules/.bin/node" "$ROOT/packages/cli/src/main.ts" \
  >"$WORK/bin/portolan"
chmod 755 "$WORK/bin/portolan"

step '1. An internet, where busybox and etcd come from'
make_internet
step '2. A box with a name, certificates, HAProxy and the two halves of Portolan'
make_box
step '3. flavio mirrors into it'
fill_box
step '4. What the other side needs goes to a stick'
plug_in box
on box "portolan bundle export /media/usb quay.io/coreos/etcd:v3.1 docker.io/library/busybox:musl"
pull_out box
step '5. A box on the other side, where there is no internet'
make_secure
plug_in secure
on secure 'cd /media/usb && sha256sum --quiet -c SHA256SUMS && echo every sum is right'
on secure 'portolan bundle verify /media/usb'
on secure 'portolan bundle import /media/usb'
pull_out secure
on secure 'portolan namespace set docker.io --visibility public'
on secure 'portolan namespace set quay.io --visibility public'
answer_for_upstreams
step '6. A node with an unpatched docker'
make_node
pull_on_node
step 'Summary'
summary
