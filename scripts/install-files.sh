# shellcheck shell=sh disable=SC2154
# Part of install.sh: files. In the directory of each version, install/ holds those that belong elsewhere, as they were
# delivered: install/prefix what has its place below the prefix, install/etc the configuration.

stage_version() {
  mkdir -p "$stage/install/prefix"
  cp -R "$here/../." "$stage/"
  for part in bin share; do cp -R "$tree/usr/$part" "$stage/install/prefix/$part"; done
  rm -rf "$stage/install/prefix/share/lintian"
  cp -R "$tree/etc" "$stage/install/etc"
  if has_systemd; then
    mkdir "$stage/install/prefix/lib"
    cp -R "$tree/usr/lib/sysusers.d" "$tree/usr/lib/tmpfiles.d" "$tree/lib/systemd" "$stage/install/prefix/lib/"
  fi
  for directory in logrotate.d sudoers.d; do
    [ -d "$destination/etc/$directory" ] || rm -rf "$stage/install/etc/$directory"
  done
  [ "$prefix" = /usr ] || move_to_prefix
  # As they should be, whoever unpacked the tree, and with whatever umask.
  [ "$(id -u)" -ne 0 ] || chown -R 0:0 "$stage"
  chmod -R u=rwX,go=rX "$stage"
  [ ! -e "$stage/install/etc/sudoers.d" ] || chmod 0440 "$stage/install/etc/sudoers.d/admind"
}

# Programs, units, rules and pages name each other by their places.
move_to_prefix() {
  change="s,/usr/\(lib\|bin\)/admind,$prefix/\1/admind,g"
  find "$stage" -type f ! -path "$stage/bin/node" \
    -exec grep -l '/usr/\(lib\|bin\)/admind' {} + | while read -r file; do sed -i "$change" "$file"; done
  find "$stage/install/prefix/share/man" -name '*.gz' | while read -r page; do
    gzip -d "$page"
    sed -i "$change" "${page%.gz}"
    gzip "${page%.gz}"
  done
}

check_space() {
  needed=$(du -sk "$here/.." | awk '{ print $1 }')
  # A df does not know every file system.
  free=$(df -Pk "$versions" 2>/dev/null | awk 'END { print $4 }')
  case $free in '' | *[!0-9]*) return 0 ;; esac
  [ "$free" -gt "$needed" ] || fail "$versions has $free KiB free, and $needed KiB are needed"
}

# Before anything is replaced.
check_stage() {
  if [ -z "$destination" ]; then
    run_node "$stage" LANG=C --version >/dev/null ||
      fail 'the new version does not run here: its Node needs glibc, libstdc++ and a file system that allows programs'
  fi
  rules=$stage/install/etc/sudoers.d/admind
  [ ! -e "$rules" ] || ! command -v visudo >/dev/null || visudo -c -q -f "$rules" || fail 'visudo refuses the rules for sudo'
}

switch_to() {
  ln -s "admind-versions/$1" "$versions/link.part"
  # A busybox may lack mv -T; without it the link would go into the directory that it should replace.
  mv -T "$versions/link.part" "$current" 2>/dev/null ||
    "$versions/$1/bin/node" -e 'fs.renameSync(process.argv[1], process.argv[2])' "$versions/link.part" "$current"
  sync
}

# By links through the one that names the version, so that these files change with it.
install_links() {
  for_each_link place_link
  [ -z "$previous" ] || (
    cd "$versions/${previous##*/}/install/prefix" || exit
    find bin share -type f | while read -r file; do
      [ -e "$current/install/prefix/$file" ] || rm -f "$destination$prefix/$file"
    done
  )
}

remove_links() {
  for_each_link remove_link
}

for_each_link() {
  (cd "$current/install/prefix" && find bin share -type f) | while read -r file; do "$1" "$file"; done
}

place_link() {
  make_directory "$destination$prefix/${1%/*}"
  rm -f "$destination$prefix/$1.part"
  # Absolute: the directory may itself be a link to elsewhere.
  ln -s "$prefix/lib/admind/install/prefix/$1" "$destination$prefix/$1.part"
  mv -f "$destination$prefix/$1.part" "$destination$prefix/$1"
}

remove_link() {
  [ ! -L "$destination$prefix/$1" ] || rm -f "$destination$prefix/$1"
}

# An administrator's changes stay, and so does his decision to have no such file.
install_configuration() {
  (cd "$versions/$name/install/etc" && find . -type f) | while read -r file; do
    new=$versions/$name/install/etc/$file old=$current/install/etc/$file place=$destination/etc/${file#./}
    if [ ! -e "$place" ]; then
      [ -e "$old" ] || copy_file "$new" "$place"
    elif cmp -s "$old" "$place"; then
      copy_file "$new" "$place"
    elif ! cmp -s "$new" "$place"; then
      printf '%s was changed here and stays; the default is %s\n' "$place" "$prefix/lib/admind/install/etc/${file#./}"
    fi
  done
}

remove_configuration() {
  (cd "$current/install/etc" && find . -type f) | while read -r file; do
    place=$destination/etc/${file#./}
    rm -f "$place.dpkg-new"
    if [ "$purge" = yes ] || cmp -s "$current/install/etc/$file" "$place"; then
      rm -f "$place"
    elif [ -e "$place" ]; then
      printf '%s was changed here and stays\n' "$place"
    fi
  done
}

# By a name that sudo and logrotate pass over.
copy_file() {
  make_directory "${2%/*}"
  cp -p "$1" "$2.dpkg-new"
  mv -f "$2.dpkg-new" "$2"
}

# What did not exist before is removed with the last version, if nobody else has put something there.
make_directory() {
  [ ! -d "$1" ] || return 0
  make_directory "${1%/*}"
  mkdir "$1" || fail "$1 cannot be made; --prefix says where to install"
  made="${made-}${1#"$destination"}
"
  if [ -d "$versions" ]; then
    printf %s "$made" >>"$versions/.directories"
    made=
  fi
}

# The list goes last, with the directories that it is in: a run that was cut off before has to find it.
remove_directories() {
  set --
  [ -f "$versions/.directories" ] || set -- "${versions%/*}"
  for directory in $(sort -r "$versions/.directories" 2>/dev/null || :); do
    case $versions/ in
      "$destination$directory"/*) set -- "$@" "$destination$directory" ;;
      *) rmdir "$destination$directory" 2>/dev/null || : ;;
    esac
  done
  rm -f "$versions/.lock" "$versions/.directories"
  rmdir "$versions" "$@" 2>/dev/null || :
}

# What the services are told, without running it.
admin_directory() {
  told=$(sed -n 's/^JIDO_ADMIN_PATH=\(\/[^"'\'' ]*\)$/\1/p' "$destination/etc/admind/admind.env" 2>/dev/null | tail -n 1)
  printf %s "${told:-/opt/jidoteki/tinyadmin}"
}

has_systemd() {
  [ -e "$destination/lib/systemd/systemd" ] || [ -e "$destination/usr/lib/systemd/systemd" ]
}

install_units() {
  for_each_unit place_unit
}

remove_units() {
  for_each_unit remove_unit
}

for_each_unit() {
  [ -d "$current/install/prefix/lib" ] || return 0
  (cd "$current/install/prefix/lib" && find . -type f) | while read -r file; do "$1" "${file#./}"; done
}

place_unit() {
  copy_file "$current/install/prefix/lib/$1" "$(unit_place "$1")"
}

remove_unit() {
  rm -f "$(unit_place "$1")"
}

# systemd looks below these two prefixes only, and in /etc.
unit_place() {
  case $prefix in
    /usr | /usr/local) printf %s "$destination$prefix/lib/$1" ;;
    *) printf %s "$destination/etc/$1" ;;
  esac
}

units='admind-job.socket admind-provision.service admind.service admind-console.path admind-certificate.timer'

# Jobs that run, one of which may be the update that calls this script, are units of their own and go on.
start_units() {
  has_systemd || return 0
  if [ -n "$destination" ] || [ ! -d /run/systemd/system ]; then
    printf 'Switch it on with systemctl enable %s\n' "$units"
    return 0
  fi
  ! command -v systemd-tmpfiles >/dev/null || systemd-tmpfiles --create "$(unit_place tmpfiles.d/admind.conf)" || :
  systemctl daemon-reload
  # shellcheck disable=SC2086 # names
  [ -n "$previous" ] || systemctl enable $units
  systemctl start admind-job.socket admind-console.path admind-certificate.timer
  systemctl restart admind.service
}

stop_daemon() {
  if [ -d /run/systemd/system ]; then
    # shellcheck disable=SC2086 # names
    systemctl disable --now $units || :
  fi
  # Of the programs that this Node runs, the daemon; jobs end by themselves.
  for process in $(processes_of "$(readlink -f "$versions")/*"); do
    ! tr '\0' ' ' <"/proc/$process/cmdline" | grep -q '/dist/cli\.js serve' || kill "$process" || :
  done
}
