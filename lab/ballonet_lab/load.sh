#!/bin/sh
# Take memory and keep it: load NUMBER KIND BYTES RATE TOUCH
#
# KIND is "tmpfs", memory that no process owns, or "anonymous", memory of a process that the OOM killer can
# take. RATE limits the bytes per second, 0 does not. TOUCH is the seconds after which anonymous memory is
# used again and again once it is taken, 0 is never. /loads/NUMBER says how far it got:
# "BYTES STATE" where STATE is busy, done or failed. It runs in a session of its own, so that one signal ends it.
echo 0 >/proc/self/oom_score_adj
number=$1 kind=$2 size=$3 rate=$4 touch=$5
mib=1048576
# Few large steps are faster; those of a quarter of a second keep to a rate.
step=$((8 * mib))
[ "$rate" -gt 0 ] && step=$((rate < 8 * mib ? mib : rate / 4 / mib * mib))

# Hundredths of a second since the boot.
now() {
    read -r seconds rest </proc/uptime
    whole=${seconds%.*} part=${seconds#*.}
    echo $((whole * 100 + 1$part - 100))
}

pattern() {
    left=$1
    while [ "$left" -ge $mib ]; do
        set -- "$@" /pattern
        left=$((left - mib))
    done
    shift
    [ $# -eq 0 ] || cat "$@" || return
    [ "$left" -eq 0 ] || head -c "$left" /pattern
}

# Writes to standard output at the rate, and reports.
fill() {
    written=0 begin=$(now)
    echo "0 busy" >"/loads/$number"
    while [ "$written" -lt "$size" ]; do
        piece=$((size - written < step ? size - written : step))
        if ! pattern $piece; then
            echo "$written failed" >"/loads/$number"
            return 1
        fi
        written=$((written + piece))
        echo "$written busy" >"/loads/$number"
        if [ "$rate" -gt 0 ]; then
            early=$((begin + written * 100 / rate - $(now)))
            [ $early -le 0 ] || usleep $((early * 10000))
        fi
    done
    echo "$written done" >"/loads/$number"
}

# tail keeps the last bytes that it read in its own memory, and moves all of them for each buffer of 8 KiB more.
keep() {
    if [ "$touch" = 0 ]; then
        sleep 1000000
    fi
    while head -c 8192 /pattern; do sleep "$touch"; done
}

if [ "$kind" = tmpfs ]; then
    fill >"/hold/$number"
else
    { fill && keep; } | tail -c "$size" >/dev/null
    read -r written state <"/loads/$number"
    echo "$written failed" >"/loads/$number"
fi
