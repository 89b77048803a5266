# Runs one server and ends it when its owner ends, however the owner ends: the owner holds the
# other end of our standard input, and the kernel closes that even for a process killed by -9.
# In: $1 signal for the owner's end; $2 directory to remove after it, or empty; $3 log; then the
#     server's command. A line on standard input is a signal to send.
# Out: the server's process id. Exit code: the server's.
signal=$1 remove=$2 log=$3
shift 3
exec 3<&0
"$@" 3<&- </dev/null >>"$log" 2>&1 &
server=$!
echo "$server"
exec >&- 2>/dev/null
(
    while read -r told <&3; do kill -s "$told" "$server"; done
    [ -z "$remove" ] || : >"$remove/ended"
    kill -s "$signal" "$server"
    sleep 60 &
    nap=$!
    trap 'kill "$nap"; exit' TERM
    wait "$nap"
    kill -s KILL "$server"
) &
watch=$!
exec 3<&-
wait "$server"
code=$?
kill "$watch"
if [ -n "$remove" ] && [ -e "$remove/ended" ]; then
    # More than once: somebody may be ending in a directory below it.
    for _ in 1 2 3 4 5 6 7 8 9; do
        rm -rf "$remove" && break
        sleep 1
    done
fi
exit "$code"
