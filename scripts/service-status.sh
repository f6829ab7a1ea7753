#!/bin/sh
# Prints what a service says of itself: `is running` is among it if it runs.
set -eu

name=${1-}
case $name in
  '' | *[!A-Za-z0-9@._-]*)
    echo 'usage: service-status.sh NAME' >&2
    exit 2
    ;;
esac
init="${ADMIND_ROOT:-}/usr/local/etc/init.d/$name"
if [ -f "$init" ]; then
  exec "$init" status
fi
# Those of the host are no business of a sandbox.
if [ -z "${ADMIND_ROOT:-}" ] && command -v systemctl >/dev/null; then
  # Existing appliances ask for this daemon by the name of the one that it takes the place of.
  own=''
  [ "$name" != jidoteki-admin-api ] || own=admind
  # Of several units one that is active is enough.
  # shellcheck disable=SC2086
  systemctl is-active --quiet -- "$name" $own && echo "$name is running"
fi
