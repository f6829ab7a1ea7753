#!/bin/sh
# Prints the paths that the appliance's logs.txt names, separated by white space and with shell patterns expanded; each
# one ends in a NUL byte.
set -euf

words=$(tr -d '\r' <"${JIDO_ADMIN_PATH:?}/etc/logs.txt")
cd "${ADMIND_ROOT:-}/"
for word in $words; do
  pattern=${word#"${word%%[!/]*}"}
  set +f
  IFS=''
  for path in ${pattern:-.}; do
    # A pattern that matches nothing stays as it is.
    if [ -e "$path" ] || [ -L "$path" ]; then printf '/%s\0' "$path"; fi
  done
  set -f
done
