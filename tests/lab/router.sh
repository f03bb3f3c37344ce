#!/bin/sh
# router.sh NAME FOLDER: becomes one router, in mount, network and host name spaces that `unshare` has just made.
# FOLDER holds etc/frr, etc/passwd, etc/group, etc/shadow and etc/hosts of the router. Says "ready", then holds the spaces open.
set -eu
hostname "$1"

mount -t tmpfs -o mode=755 tmpfs /run
install -d -m 755 /run/sshd
install -d -m 775 -o frr -g frr /run/frr
for path in frr passwd group shadow hosts; do
    mount --bind "$2/etc/$path" "/etc/$path"
done

ip link set lo up
sysctl -qw net.ipv4.ip_forward=1

echo ready
exec sleep infinity
