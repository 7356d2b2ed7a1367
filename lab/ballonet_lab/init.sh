#!/bin/sh
# The whole user space of a lab guest: load the drivers, then carry out commands from the serial line.
#
# A command arrives as one line, "NUMBER LENGTH BASE64". Its answer is "<NUMBER STATUS", its output in base64,
# and ">NUMBER". Base64 keeps line ends and whatever the command prints from being mistaken for the protocol.
# The kernel drops received characters when it has no memory left, so a line whose length is wrong is passed
# over, and one that was sent again is carried out only once.
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs -o size=0 hold /hold
# Kernel messages stay out of the serial line; dmesg has them.
dmesg -n 1

balloon=on
swap=off
for word in $(cat /proc/cmdline); do
    case $word in
        ballonet.balloon=*) balloon=${word#*=} ;;
        ballonet.swap=*) swap=${word#*=} ;;
    esac
done

while read -r module; do
    [ "$module" = virtio_balloon ] && [ "$balloon" = off ] && continue
    insmod "/modules/$module.ko"
done </modules/order

if [ "$swap" = on ]; then
    until [ -b /dev/vda ]; do usleep 10000; done
    mkswap /dev/vda >/dev/null && swapon /dev/vda
fi

# A process that asks for too much is not refused but meets the OOM killer, as on most machines with work to do.
echo 1 >/proc/sys/vm/overcommit_memory

# It takes whoever answers on the serial line last.
echo -999 >/proc/self/oom_score_adj

# Memory that is held must not be zeros, which hosts and guests know how to store for nothing.
dd if=/dev/urandom of=/pattern bs=65536 count=16 2>/dev/null

stty -F /dev/ttyS0 raw -echo
exec </dev/ttyS0 >/dev/ttyS0 2>&1
echo 'ballonet guest ready'
last=0
while :; do
    while read -r number length encoded; do
        [ "${#encoded}" = "$length" ] && [ "$number" != "$last" ] || continue
        last=$number
        echo "$encoded" | base64 -d >/command
        sh /command </dev/null >/output 2>&1
        echo "<$number $?"
        base64 /output
        echo ">$number"
    done
    usleep 100000
done
