#!/usr/bin/env bash
# What scapy and tshark say of generated messages against what we say: npm run differential [-- COUNT].
# As root on Debian it installs what it needs.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=(python3-scapy tshark)
if ! command -v tshark >/dev/null || ! /usr/bin/python3 -c 'import scapy.contrib.ikev2' 2>/dev/null; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "differential: needs ${packages[*]}" >&2
    exit 2
  fi
  echo "differential: installing ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -qq -y --no-install-recommends "${packages[@]}" >/dev/null
fi

# Each entry of the list from its smallest message, then all messages.
npx vitest run test/differential --reporter=default
program=node_modules/.cache/differential/main.mjs
npx esbuild test/differential/main.ts --bundle --format=esm --platform=node --target=es2022 --packages=external \
  --outfile="$program" --log-level=warning
exec node "$program" "$@"
