#!/bin/sh
# Tells nginx and stunnel to take the new TLS certificate over, where they run.
set -eu

root=${ADMIND_ROOT:-}
status=0

main() {
  reload nginx nginx
  reload stunnel stunnel stunnel4
  exit "$status"
}

# reload PROGRAM UNIT..: by systemd where it runs the program, else by the pid files.
reload() {
  program=$1
  shift
  if [ "$program" = nginx ] && ! accepts_files; then
    fail 'nginx refuses the new files'
    return
  fi
  for unit; do
    if is_active "$unit"; then
      systemctl reload "$unit" || fail "$unit could not be reloaded"
      return
    fi
  done
  for pid in $(find_pids "$program"); do
    kill -HUP "$pid" || fail "$program, process $pid, could not be told to reload"
  done
}

# A running nginx that meets a pair which it cannot serve goes on with the old one and tells nobody.
accepts_files() {
  [ -z "$root" ] && [ -n "$(find_pids nginx)" ] && command -v nginx >/dev/null || return 0
  nginx -t -q
}

is_active() {
  [ -z "$root" ] && [ -d /run/systemd/system ] && systemctl is-active --quiet "$1"
}

find_pids() {
  for file in "$root/run/$1"*.pid "$root/run/$1"*/*.pid; do
    print_pid "$1" "$file"
  done
  # On some appliances a directory of its own.
  if [ -z "$root" ] && ! [ -L /var/run ]; then
    for file in "/var/run/$1"*.pid "/var/run/$1"*/*.pid; do
      print_pid "$1" "$file"
    done
  fi
}

# The pid in a file, if a process of that program bears it: a stale one may be another program's by now.
print_pid() {
  [ -f "$2" ] || return 0
  pid=''
  read -r pid <"$2" || [ -n "$pid" ] || return 0
  case $pid in '' | 0* | *[!0-9]*) return 0 ;; esac
  name=''
  read -r name 2>/dev/null <"/proc/$pid/comm" || return 0
  case $name in "$1"*) echo "$pid" ;; esac
}

fail() {
  echo "$1"
  status=1
}

main
