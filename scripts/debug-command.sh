#!/bin/sh
# Runs the command in one line of the vendor's debug.txt, and leaves nothing of it running: not when it is stopped, not
# when the caller is gone, not after LIMIT_SECONDS.
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

# All that the command starts has this in its environment, also what has left the process group.
mark="ADMIND_DEBUG_COMMAND=$JIDO_ADMIN_PATH:$$:"

marked() {
  grep -lsF "$mark" /proc/[0-9]*/environ | cut -d/ -f3
}

kill_marked() {
  # Not for ever: what hangs in the kernel dies later.
  rounds=0
  while [ "$rounds" -lt 100 ]; do
    pids=$(marked)
    [ -n "$pids" ] || return 0
    # shellcheck disable=SC2086
    kill -KILL $pids 2>/dev/null || :
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
