#!/bin/sh
# Waits for one media tool, and takes its whole process group along when Node is gone. Killed one by one, a sandbox that
# is just being made would be left waiting for its maker for ever (bubblewrap 0.8). It confines nothing.
parent=$1
shift
trap 'kill -KILL 0' HUP
# Signals of Node's are for the tool, which has its time to end.
trap : TERM INT
# Whoever died before the kernel was asked for the signal sends none.
[ "$PPID" = "$parent" ] || exit 125

exec 3<&0
"$@" <&3 3<&- &
tool=$!
# Whoever writes to a tool that reads no more has to notice.
exec 0</dev/null 3<&-
while :; do
  wait "$tool"
  code=$?
  # A signal ends the waiting, not the tool.
  kill -0 "$tool" 2>/dev/null || exit "$code"
done
