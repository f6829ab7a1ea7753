#!/bin/sh
# Prints the licence as JSON. A real vendor decrypts license.asc here; in the sandbox the licence is plain JSON.
set -eu

cat "${JIDO_ADMIN_PATH:?}/etc/license.asc"
