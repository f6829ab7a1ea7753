#!/bin/sh
# Installs admind on a system without dpkg, from an unpacked tree: the archive that `npm run package` makes, or the contents
# of the Debian package. Needs sh and the usual tools only; those of busybox will do.
set -eu

usage() {
  cat <<'USAGE'
Usage: install.sh [--prefix DIR]
       install.sh [--prefix DIR] --uninstall [--purge]

Installs admind, or another version in place of the one that is there; token, settings, certificates, licence and changed
configuration files stay. A power cut leaves either version whole. A daemon that runs goes on until it is restarted.

  --prefix DIR  where to, default /usr; programs are in DIR/bin, the rest in DIR/lib and DIR/share
  --uninstall   stops the daemon and removes what was installed, except changed configuration files
  --purge       removes these, too, and locks, journals, uploads under way and /var/lib/admind

Environment: DESTDIR, the directory that stands for /, such as a mounted image
USAGE
}

tools='awk chmod chown cmp cp df du find grep id ln mkdir mv readlink rm rmdir sed sort sync tail tr wc'

self=$(readlink -f "$0")
here=${self%/*}
# shellcheck source=scripts/install-account.sh
. "$here/install-account.sh"
# shellcheck source=scripts/install-files.sh
. "$here/install-files.sh"

main() {
  destination=${DESTDIR-}
  destination=${destination%/}
  action=install purge=no prefix=$(installed_prefix)
  while [ $# -gt 0 ]; do
    case $1 in
      --prefix) [ $# -gt 1 ] || misused '--prefix needs a directory'; shift; prefix=$1 ;;
      --prefix=*) prefix=${1#*=} ;;
      --uninstall) action=uninstall ;;
      --purge) purge=yes ;;
      -h | --help) usage; exit 0 ;;
      *) misused "unknown argument $1" ;;
    esac
    shift
  done
  case $purge$action in yesinstall) misused '--purge goes with --uninstall' ;; esac
  case $destination in '' | /*) ;; *) misused 'DESTDIR must be absolute' ;; esac
  prefix=${prefix%/}
  # It becomes part of scripts and of rules for sudo.
  case $prefix in
    *[!A-Za-z0-9._/-]*) misused "--prefix $prefix: letters, digits and . _ - / are allowed" ;;
    */../* | */.. | */./* | */. | *//*) misused "--prefix $prefix: a plain path is allowed, without . and .." ;;
    /?*) ;;
    *) misused '--prefix must be an absolute directory other than /' ;;
  esac
  [ -n "$destination" ] || [ "$(id -u)" -eq 0 ] || fail 'only root can do this'
  ! is_package || fail 'the admind here is a package: use dpkg'

  missing=
  for tool in $tools; do command -v "$tool" >/dev/null || missing="$missing $tool"; done
  [ -z "$missing" ] || fail "not installed:$missing (those of busybox will do)"

  umask 022
  versions=$destination$prefix/lib/admind-versions
  # Names the version that is used. To replace this link is the one step that changes versions.
  current=$destination$prefix/lib/admind
  "$action"
}

install() {
  tree=${here%/usr/lib/admind/scripts}
  if [ "$tree" = "$here" ] || [ ! -x "$here/../bin/node" ] || [ ! -f "$here/../dist/cli.js" ]; then
    fail 'there is no built admind around this script: unpack what npm run package makes, and run install.sh there'
  fi
  [ -L "$current" ] || [ ! -e "$current" ] || fail "$current is in the way: it was not made by install.sh"

  make_directory "$versions"
  lock_versions
  previous=$(readlink "$current" || :)
  name=$(free_name "$(version_in "$here/../package.json")")
  stage=$versions/$name.part
  rm -rf "$versions"/*.part
  # What is not in use is not left behind; after a power cut, the next run removes it.
  trap 'rm -rf "$stage"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' HUP TERM
  check_space
  stage_version
  check_stage
  mv "$stage" "$versions/$name"
  # What the link is going to name must be on the disk before the link is.
  sync
  install_configuration
  switch_to "$name"
  install_links
  install_units
  create_account
  sync
  # The one before stays until the next time: its jobs, which may be running this script, still load parts of it.
  for other in "$versions"/*; do
    case ${other##*/} in "$name" | "${previous##*/}") continue ;; esac
    [ -n "$(processes_of "$other")" ] || rm -rf "$other"
  done
  start_units
  printf 'admind %s is installed in %s.\n' "$(version_in "$current/package.json")" "$destination$prefix"
  has_systemd || cat <<NEXT
Nothing here starts it by itself. Whatever starts services has to run, as root,
  $prefix/bin/admind prepare
and then, as the user admind,
  $prefix/bin/admind serve
with the environment that /etc/admind/admind.env says. Jobs need sudo, and the rules in /etc/sudoers.d/admind.
NEXT
}

uninstall() {
  [ -L "$current" ] || [ -d "$versions" ] || fail "no admind that install.sh has installed is in $destination$prefix"
  lock_versions
  admin=$(admin_directory)
  # Otherwise an earlier run was cut off after this.
  if [ -L "$current" ]; then
    if [ -z "$destination" ]; then
      stop_daemon
      rm -f /run/issue.d/admind.issue
      # Another program may administer this appliance from now on: owners and modes are as it had left them.
      run_node "$current" "JIDO_ADMIN_PATH=$admin" prepare --undo || :
    fi
    remove_configuration
    remove_links
    remove_units
    rm -f "$current"
  fi
  rm -rf "${versions:?}"/*
  if [ "$purge" = yes ]; then
    # The rest is the appliance's. The user stays, as its number must not become another one's.
    rm -rf "$destination/var/lib/admind" "$destination/run/admind"
    rmdir "$destination/etc/admind" 2>/dev/null || :
    (cd "$destination$admin" 2>/dev/null && rm -rf lib/locks lib/journals home/incoming home/taken) || :
  fi
  remove_directories
  printf 'admind is removed from %s.\n' "$destination$prefix"
}

# The copy of this script that was installed knows where.
installed_prefix() {
  case $here in
    "$destination"/*/lib/admind-versions/*/scripts)
      found=${here#"$destination"}
      printf %s "${found%/lib/admind-versions/*}"
      ;;
    *) printf /usr ;;
  esac
}

# The numbers of the processes that run the Node of this version, or of one that is called so.
processes_of() {
  [ -z "$destination" ] || return 0
  for process in /proc/[0-9]*; do
    # shellcheck disable=SC2254 # a pattern
    case $(readlink "$process/exe" 2>/dev/null || :) in
      $1/bin/node | $1/bin/node' (deleted)') printf '%s ' "${process#/proc/}" ;;
    esac
  done
}

is_package() {
  command -v dpkg-query >/dev/null || return 1
  # shellcheck disable=SC2016 # a field of dpkg's
  case $(dpkg-query ${destination:+--root="$destination"} -W -f '${db:Status-Status}' admind 2>/dev/null) in
    '' | not-installed | config-files) return 1 ;;
  esac
}

# $1 is the version's directory, $2 an environment variable; what the caller's says about Node is not for this one.
run_node() {
  directory=$1 variable=$2
  shift 2
  env -i PATH="$PATH" "$variable" "$directory/bin/node" "$directory/dist/cli.js" "$@"
}

version_in() {
  sed -n 's/^  "version": "\(.*\)",*$/\1/p' "$1"
}

# Two versions may have one name while a vendor works on it.
free_name() {
  number=1
  while [ -e "$versions/$1-$number" ]; do number=$((number + 1)); done
  printf '%s-%s' "$1" "$number"
}

# Where a busybox has no flock(1), whoever installs twice at once is on his own.
lock_versions() {
  exec 9>"$versions/.lock"
  ! command -v flock >/dev/null || flock -n 9 || fail 'another install.sh is at work here'
}

misused() {
  printf 'install.sh: %s\nTry install.sh --help\n' "$1" >&2
  exit 2
}

fail() {
  printf 'install.sh: %s\n' "$1" >&2
  exit 1
}

main "$@"
