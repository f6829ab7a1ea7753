#!/bin/sh
# Applies network.conf: inside the sandbox this only records what a real appliance would do.
set -eu

mode=${1:?usage: network.sh static|dhcp}
state="${ADMIND_ROOT:?}/data/network.state"
mkdir -p "$(dirname "$state")"
{
  echo "mode=$mode"
  cat "$ADMIND_ROOT/usr/local/etc/network.conf"
} >"$state"
echo "Network switched to $mode"
