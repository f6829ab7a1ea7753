#!/bin/sh
# Makes the network follow network.conf, by the appliance's own network.sh.
set -eu

case ${1-} in
  static | dhcp) ;;
  *)
    echo 'usage: apply-network.sh static|dhcp' >&2
    exit 2
    ;;
esac
script="${JIDO_ADMIN_PATH:?}/bin/network.sh"
[ -x "$script" ] || {
  echo 'network.sh is missing or not executable'
  exit 127
}
exec "$script" "$1"
