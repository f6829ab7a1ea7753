#!/bin/sh
# Reboots the machine; in a sandbox this only records that a real appliance would.
set -eu

if [ -n "${ADMIND_ROOT:-}" ]; then
  mkdir -p "$ADMIND_ROOT/data"
  echo "$(date) reboot" >>"$ADMIND_ROOT/data/reboot.state"
  exit 0
fi

# Time for the last of the answer to leave; a disk that hangs does not hold the reboot up.
sync &
sleep 1
if [ -d /run/systemd/system ]; then
  systemctl --no-block reboot
else
  reboot
fi
# The job ends with the machine: nothing that must not be cut may start while it goes down.
sleep 300
echo 'the machine did not go down'
exit 1
