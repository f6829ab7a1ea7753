#!/bin/sh
# Runs the update.sh of the verified package that the update job has extracted.
set -eu

cd "${JIDO_ADMIN_PATH:?}/tmp/update"
exec /bin/sh update.sh
