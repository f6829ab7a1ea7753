#!/bin/sh
# Prints the paths that the appliance's logs.txt names, separated by white space and with shell patterns expanded; each
# one ends in a NUL byte.
set -euf

carriage_return=$(printf '\r')
separators=" 	$carriage_return"
list="${JIDO_ADMIN_PATH:?}/etc/logs.txt"
# A shell reads a directory as an empty list.
[ -f "$list" ] || exit 2
cd "${ADMIND_ROOT:-}/"
while IFS='' read -r line || [ -n "$line" ]; do
  IFS=$separators
  for word in $line; do
    # Two separators that are no white space have an empty word between them.
    [ -n "$word" ] || continue
    pattern=${word#"${word%%[!/]*}"}
    set +f
    IFS=''
    for path in ${pattern:-.}; do
      # A pattern that matches nothing stays as it is.
      if [ -e "$path" ] || [ -L "$path" ]; then printf '/%s\0' "$path"; fi
    done
    set -f
  done
done <"$list"
