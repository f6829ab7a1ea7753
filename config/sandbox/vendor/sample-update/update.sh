#!/bin/sh
# Runs on the appliance, in the directory into which the verified package was extracted.
set -eu

echo "Installing version $(cat version.txt)"
cp changelog.txt "${JIDO_ADMIN_PATH:?}/etc/changelog.txt"
cp version.txt "$JIDO_ADMIN_PATH/etc/version.txt"
