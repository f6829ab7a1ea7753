#!/bin/sh
# Prints the licence in place as JSON, by the vendor's own license.sh.
set -eu

script="${JIDO_ADMIN_PATH:?}/bin/license.sh"
[ -x "$script" ] || exit 127
exec "$script"
