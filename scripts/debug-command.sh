#!/bin/sh
# Runs the command in one line of the vendor's debug.txt, and leaves nothing of it running: not when it is stopped, not
# when the caller is gone, not after LIMIT_SECONDS. Only what has both left the process group and cleared its
# environment (setsid, then env -i) gets away.
set -eu

case ${1-}:${2-} in
  *[!0-9:]* | :* | *:)
    echo 'usage: debug-command.sh LINE LIMIT_SECONDS' >&2
    exit 2
    ;;
esac
command=$(sed -n "${1}p" "${JIDO_ADMIN_PATH:?}/etc/debug.txt" | tr -d '\r')
command=${command%%;*}
caller=$PPID
limit=$2

# What the command starts inherits this, also what leaves the process group.
mark="ADMIND_DEBUG_COMMAND=$JIDO_ADMIN_PATH:$$"
newline='
'

# Sets `ticks` to the time at which a process began, 0 if it is gone, and `state` to its state.
read_start() {
  ticks=0
  state=Z
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
  # The name, in parentheses, may hold anything; the fields behind it are letters and numbers.
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  [ "$#" -lt 20 ] || ticks=${20}
  state=${1-Z}
}

# Prints the marked processes, and `unsure` for one that shows no environment: it may be at an exec just now.
marked() {
  for directory in /proc/[0-9]*; do
    pid=${directory#/proc/}
    read_start "$pid"
    if [ "$ticks" -lt "$began" ] || [ "$state" = Z ]; then continue; fi
    # Lines, not grep alone: there are some for which a NUL byte ends the text.
    # One that ended meanwhile has none, which must not end the search.
    environment=$(tr '\0' '\n' <"$directory/environ") || continue
    case $newline$environment$newline in
      *"$newline$mark$newline"*) echo "$pid" ;;
      "$newline$newline") echo unsure ;;
    esac
  done 2>/dev/null
}

kill_marked() {
  # Neither is done for ever: what hangs in the kernel dies later, and some show no environment as they have none.
  rounds=0
  doubts=0
  # Nothing has to be seen twice: a process can end in a round after it started one that the round does not see.
  quiet=0
  while [ "$rounds" -lt 100 ] && [ "$doubts" -lt 20 ] && [ "$quiet" -lt 2 ]; do
    pids=$(marked)
    case $pids in
      '') quiet=$((quiet + 1)) ;;
      *[0-9]*) doubts=0 quiet=0 ;;
      *) doubts=$((doubts + 1)) quiet=0 ;;
    esac
    for pid in $pids; do
      [ "$pid" = unsure ] || kill -KILL "$pid" 2>/dev/null || :
    done
    rounds=$((rounds + 1))
  done
}

watch() {
  while [ "$limit" -gt 0 ] && kill -0 "$caller" 2>/dev/null; do
    sleep 1
    limit=$((limit - 1))
  done
  kill -TERM $$
}

read_start $$
began=$ticks
trap 'kill_marked; exit 143' TERM
watch >/dev/null 2>&1 &
watcher=$!
(
  # 64 MiB: what prints without end must not fill the disk before its output is cut.
  ulimit -f 131072 2>/dev/null || :
  exec env "$mark" /bin/sh -c "$command"
) &
wait "$!" && status=0 || status=$?
kill "$watcher" 2>/dev/null || :
kill_marked
exit "$status"
