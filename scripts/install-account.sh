# shellcheck shell=sh disable=SC2154
# Part of install.sh: the user admind and the group admin, by whatever is there to make them.

# As a member of the group the daemon reads what administrators may; the rule for sudo leaves it out.
create_account() {
  if [ ! -w "$destination/etc/passwd" ] || [ "$(id -u)" -ne 0 ]; then
    has_user admind || printf 'There is no user admind, and %s cannot be written here: add it\n' "$destination/etc/passwd"
    return 0
  fi
  if [ -z "$destination" ]; then
    # Each of them fails where it is another program of that name; what counts is the outcome.
    if has_systemd && command -v systemd-sysusers >/dev/null; then
      systemd-sysusers "$current/install/prefix/lib/sysusers.d/admind.conf" || :
    fi
    has_group admin || groupadd --system --gid 997 admin || groupadd --system admin || :
    has_user admind ||
      useradd --system --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin admind || :
  fi 2>/dev/null
  lock_accounts
  has_group admin || append group "admin:x:$(free_number 997):"
  if ! has_user admind; then
    number=$(free_number 996)
    has_group admind || append group "admind:x:$number:"
    append passwd "admind:x:$number:$(group_number admind):Appliance admin daemon:/:/usr/sbin/nologin"
    [ ! -e "$destination/etc/shadow" ] || grep -q '^admind:' "$destination/etc/shadow" ||
      append shadow 'admind:!:19000::::::'
  fi
  # With systemd the unit says it.
  has_systemd || join_admin
  rm -f "$destination/etc/passwd.lock"
}

has_user() {
  grep -q "^$1:" "$destination/etc/passwd" 2>/dev/null
}

has_group() {
  grep -q "^$1:" "$destination/etc/group"
}

group_number() {
  sed -n "s/^$1:[^:]*:\([0-9]*\):.*/\1/p" "$destination/etc/group"
}

# The next one below that neither a user nor a group has.
free_number() {
  number=$1
  while cat "$destination/etc/passwd" "$destination/etc/group" | grep -q "^[^:]*:[^:]*:$number:"; do
    number=$((number - 1))
  done
  printf %s "$number"
}

join_admin() {
  ! grep -q '^admin:\(.*[:,]\)admind\(,.*\)*$' "$destination/etc/group" || return 0
  replace group sed -e '/^admin:.*[^:]$/s/$/,admind/' -e '/^admin:.*:$/s/$/admind/'
}

# $1 is the file, $2 the line; a last line that lacks its end gets it.
append() {
  # shellcheck disable=SC2016 # a program of awk
  replace "$1" awk -v line="$2" '{ print } END { print line }'
}

# Whole or not at all, with owner and mode as they were.
replace() {
  file=$destination/etc/$1
  shift
  cp -p "$file" "$file.admind"
  "$@" "$file" >"$file.admind"
  # Not every awk says that a disk is full; each change here makes the file longer.
  [ "$(wc -c <"$file.admind")" -gt "$(wc -c <"$file")" ] || { rm -f "$file.admind"; fail "$file cannot be written"; }
  sync
  mv "$file.admind" "$file"
}

# The lock of the shadow tools: it holds the number of its holder, so that one which was left behind can be told.
lock_accounts() {
  lock=$destination/etc/passwd.lock
  attempts=15
  until (set -C && echo $$ >"$lock") 2>/dev/null; do
    kill -0 "$(cat "$lock")" 2>/dev/null || { rm -f "$lock"; continue; }
    attempts=$((attempts - 1))
    [ "$attempts" -gt 0 ] || fail "$lock is held by another program"
    sleep 1
  done
}
