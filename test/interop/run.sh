#!/usr/bin/env bash
# Interop against strongSwan in network namespaces. Needs root on Debian 12; installs what it needs.
#   bash test/interop/run.sh [--keep] [SCENARIO...]
# SCENARIO is a name of a scenario or a part of one; default all. --keep leaves logs and captures where a failure would.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "$(id -u)" -ne 0 ]; then
  echo 'interop: needs root (network namespaces, charon, tcpdump)' >&2
  exit 2
fi

packages=(strongswan-charon strongswan-swanctl libcharon-extra-plugins libstrongswan-extra-plugins
  libstrongswan-standard-plugins iproute2 nftables conntrack tcpdump tshark procps)
if ! dpkg -s "${packages[@]}" >/dev/null 2>&1; then
  echo "interop: installing ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -qq -y --no-install-recommends "${packages[@]}" >/dev/null
fi

# kernel-libipsec needs a TUN device.
if [ ! -e /dev/net/tun ]; then
  mkdir -p /dev/net
  mknod /dev/net/tun c 10 200
fi

if [ ! -f dist/index.js ] || [ -n "$(find src tsup.config.ts package.json -newer dist/index.js -print -quit)" ]; then
  echo 'interop: building the library'
  npx tsup --silent
fi
echo 'interop: building the example programs'
npx tsup --silent --config examples/driver/tsup.config.ts

exec node test/interop/main.mjs "$@"
