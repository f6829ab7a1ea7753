#!/bin/sh
# Applies storage.conf: inside the sandbox this only records which type a real appliance would mount.
set -eu

conf="${ADMIND_ROOT:?}/usr/local/etc/storage.conf"
grep '^type=' "$conf" >"$ADMIND_ROOT/data/storage.state"
echo "Storage options recorded, to be applied by the next reboot"
