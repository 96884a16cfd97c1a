#!/bin/sh
# Becomes one media tool, confined: it cannot outlive Node, fill the disk, eat the memory or the processor.
# It decides nothing: launch.ts sets the LAUNCH_ variables, and the arguments go on untouched.
umask 077
ulimit -c 0
ulimit -f "$LAUNCH_FILE_BLOCKS" || exit 126       # a body without an end; blocks of 512 bytes
ulimit -d "$LAUNCH_MEMORY_KIB" 2>/dev/null || :   # a page or picture without an end; not on macOS
ulimit -S -t "$LAUNCH_CPU_SECONDS"                # a script or a picture that never comes to an end
ulimit -n "$LAUNCH_OPEN_FILES"
tool=$LAUNCH_TOOL
sandbox=$LAUNCH_SANDBOX
parent=$LAUNCH_PARENT
unset LAUNCH_PARENT LAUNCH_TOOL LAUNCH_FILE_BLOCKS LAUNCH_MEMORY_KIB LAUNCH_CPU_SECONDS LAUNCH_OPEN_FILES LAUNCH_SANDBOX

# bwrap with its options, a line each, or nothing.
newline='
'
IFS=$newline
set -f
set -- $sandbox "$tool" "$@"
unset IFS sandbox

# After `kill -9` of Node nobody is left to end the tool, so the kernel tells its supervisor (util-linux ≥ 2.33;
# busybox's setpriv does not know the option, other systems have no such call).
if setpriv --pdeathsig HUP --no-new-privs true 2>/dev/null; then
  exec setpriv --pdeathsig HUP --no-new-privs /bin/sh "${0%/*}/supervise.sh" "$parent" "$@"
fi
exec "$@"
