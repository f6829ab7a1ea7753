#!/bin/sh
# Makes the storage follow storage.conf, by the appliance's own storage.sh.
set -eu

script="${JIDO_ADMIN_PATH:?}/bin/storage.sh"
[ -x "$script" ] || {
  echo 'storage.sh is missing or not executable'
  exit 127
}
exec "$script"
