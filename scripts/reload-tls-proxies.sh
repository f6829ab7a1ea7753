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

# reload PROGRAM UNIT..: by systemd where it runs the program, else by the pid file.
reload() {
  program=$1
  shift
  if [ -z "$root" ] && [ "$program" = nginx ] && ! accepts_files; then
    fail 'nginx refuses the new files'
    return
  fi
  for unit; do
    if is_active "$unit"; then
      systemctl reload "$unit" || fail "$unit could not be reloaded"
      return
    fi
  done
  for file in "$root/run/$program"*.pid "$root/run/$program"*/*.pid; do
    pid=$(pid_of "$program" "$file") || continue
    kill -HUP "$pid" || fail "$program, process $pid, could not be told to reload"
  done
}

# A running nginx that meets a pair it cannot serve goes on with the old one and tells nobody.
accepts_files() {
  [ -n "$(find_pids nginx)" ] || return 0
  command -v nginx >/dev/null || return 0
  nginx -t -q
}

is_active() {
  [ -z "$root" ] && [ -d /run/systemd/system ] && systemctl is-active --quiet "$1"
}

find_pids() {
  for file in "$root/run/$1"*.pid "$root/run/$1"*/*.pid; do
    pid_of "$1" "$file" || :
  done
}

# Prints the pid in a file, if a process of that program bears it: a stale pid may be another program's by now.
pid_of() {
  [ -r "$2" ] || return 1
  pid=''
  read -r pid <"$2" || [ -n "$pid" ] || return 1
  case $pid in '' | 0* | *[!0-9]*) return 1 ;; esac
  name=''
  read -r name 2>/dev/null <"/proc/$pid/comm" || return 1
  case $name in "$1"*) echo "$pid" ;; *) return 1 ;; esac
}

fail() {
  echo "$1"
  status=1
}

main
