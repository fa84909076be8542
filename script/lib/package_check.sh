#!/usr/bin/env bash
# The part of script/package that installs a package in a clean system, boots that with systemd, and does what
# an administrator does; as root and the first process of a namespace of its own:
# package_check.sh WORK RELEASE MIRROR PACKAGE, with $out in the environment.
#
# shellcheck disable=SC2154,SC2317,SC2329 # try calls functions by name
set -euo pipefail
work=$1 release=$2 mirror=$3 package=$4
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
trap 'exit 130' INT TERM HUP
# The processes of this namespace.
mount -t proc proc /proc
# shellcheck source=script/lib/common.sh
. "$here/common.sh"
# shellcheck source=script/lib/system.sh
. "$here/system.sh"
export LC_ALL=C.UTF-8
install curl sqlite3
system=$work/clean-$release
address=http://127.0.0.1:8080
init=
group=
trap 'end_of_tries; [ -z "$group" ] || halt' EXIT

make_clean() {
    in_memory "$system" 3g
    unpack_clean "$system"
    prepare_system "$system" bundle
    make_older
    cp "$package" "$system/root/leadblock.deb"
}

# The same package under a version that comes before it.
make_older() {
    dpkg-deb -R "$package" "$work/older"
    sed -i 's/^Version: .*/Version: 0.10.0/' "$work/older/DEBIAN/control"
    dpkg-deb --root-owner-group -Zgzip -z1 -b "$work/older" "$system/root/older.deb"
    rm -rf "$work/older"
}

# What the package needs: the booted system has no network but its own loopback.
fetch_dependencies() {
    chroot "$system" apt-get update -qq
    chroot "$system" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --download-only /root/leadblock.deb
}

# A control group of the unified hierarchy, wherever that is mounted.
make_group() {
    local unified
    unified=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
    [ -n "$unified" ] || { echo 'no control groups of version 2 are mounted here: systemd cannot boot'; return 1; }
    group=$(mktemp -d "$unified/leadblock-package.XXXXXX")
}

# systemd as process 1 of namespaces of its own; $init is its number here.
boot() {
    make_group
    umount "$system/proc"
    # shellcheck disable=SC2016 # the inner shell's own
    unshare --mount --propagation private --pid --fork --kill-child --net --uts --ipc bash -ec '
        system=$1
        echo 0 >"$2/cgroup.procs"
        exec unshare --cgroup bash -ec '\''
            system=$1
            mount -t proc proc "$system/proc"
            mount -t sysfs -o ro sys "$system/sys"
            mount -t cgroup2 cgroup "$system/sys/fs/cgroup"
            mount -t tmpfs -o mode=755 run "$system/run"
            mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$system/dev/pts"
            ln -s pts/ptmx "$system/dev/ptmx"
            ip link set lo up
            hostname clean
            # No chroot: a process in one may make no user namespace, which PrivateUsers= needs.
            mountpoint -q "$system" || mount --bind "$system" "$system"
            cd "$system"
            mkdir .before
            pivot_root . .before
            cd /
            umount -l /.before
            rmdir /.before
            exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init
        '\'' _ "$system"' _ "$system" "$group" </dev/null >"$work/boot" 2>&1 &
    local outer=$! deadline=$((SECONDS + 120)) state=
    until [[ $state =~ ^(running|degraded)$ ]]; do
        [ "$SECONDS" -lt "$deadline" ] || { cat "$work/boot"; return 1; }
        sleep 0.5
        init=$(pgrep -P "$outer" | head -n 1 || true)
        [ -z "$init" ] || state=$(inside systemctl is-system-running 2>/dev/null || true)
    done
}

# Ends the booted system, and removes its control groups, which go with its last process.
halt() {
    local tries=50
    [ -z "$init" ] || kill -KILL "$init" 2>/dev/null || true
    until find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || [ "$tries" = 0 ]; do
        tries=$((tries - 1))
        sleep 0.2
    done
}

# inside COMMAND...: in the booted system.
inside() {
    nsenter --target "$init" --mount --uts --ipc --net --pid --root="/proc/$init/root" --wd="/proc/$init/root" \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND="${frontend-noninteractive}" "$@"
}

# This machine's curl on that one's network.
ask() {
    nsenter --target "$init" --net curl --noproxy '*' -sS "$@"
}

lb() {
    inside runuser -u leadblock -- leadblock "$@" --data /var/lib/leadblock
}

# expect TEXT COMMAND...: its output is that text, or begins with what comes before "*".
expect() {
    local said
    # shellcheck disable=SC2053 # a pattern
    said=$("${@:2}" 2>"$work/error") && [[ $said == $1 ]] && return
    printf 'expected: %s\ngot: %s\n' "$1" "$said"
    tail -n 5 "$work/error"
    return 1
}

ready() {
    local deadline=$((SECONDS + 60))
    until ask -f "$address/readyz" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || { say_journal; return 1; }
        sleep 0.2
    done
}

install_package() {
    inside apt-get install -y --no-install-recommends "/root/$1.deb"
    expect active inside systemctl is-active leadblock || { say_journal; return 1; }
    ready
}

say_journal() {
    inside journalctl -u leadblock --no-pager -n 20
    tail -n 20 "$work/boot"
}

installed_as_promised() {
    expect enabled inside systemctl is-enabled leadblock
    expect active inside systemctl is-active leadblock-backup.timer
    expect '700 leadblock leadblock' inside stat -c '%a %U %G' /var/lib/leadblock
    expect '640 root root' inside stat -c '%a %U %G' /etc/leadblock/leadblock.env
    expect leadblock inside stat -c %U "/proc/$(main_pid)"
    inside systemd-analyze verify /lib/systemd/system/leadblock{,-backup}.service
    inside systemd-analyze security --no-pager --threshold=30 leadblock
    test -s "$system/usr/share/doc/leadblock/README.md"
}

# The link from the journal, and the first operator by it.
first_operator() {
    local link
    link=$(inside journalctl -u leadblock -o cat --no-pager | grep -oE '/#/link/[A-Za-z0-9_-]+' | tail -n 1)
    [ -n "$link" ]
    ask -f -X POST "$address/v1/session/from-link" -H 'Content-Type: application/json' -H "Origin: $address" \
        -d '{"token":"'"${link##*/}"'","email":"ada@example.com","password":"a long pass phrase of ada"}'
}

# The page, and each file that it names.
dashboard() {
    local path paths
    ask -f -o "$work/page" "$address/"
    paths=$(grep -oE '(src|href)="[^"]+"' "$work/page" | sed -E 's/.*="\.?\/?([^"]+)"/\1/')
    grep -q '\.js$' <<<"$paths"
    for path in $paths; do
        ask -f -o "$work/file" "$address/$path"
        [ -s "$work/file" ]
    done
}

block_somebody() {
    lb workspace create Acme --plan agency
    key=$(lb key create Acme --name crm)
    lb campaign create Acme Spring --id spring
    expect '{"success":true,"message":"2 leads blocked","blocked":2}' ask -X POST \
        "$address/v1/campaigns/spring/blocked-leads" -H "x-api-key: $key" -H 'Content-Type: application/json' \
        -d '{"publicIdentifiers":["john-doe","jane-smith"]}'
    printf '%s' "$key" >"$work/key"
}

blocked() {
    expect '*"publicIdentifier":"john-doe","blocked":true,*' ask "$address/v1/campaigns/${1-spring}/blocked-leads/John-Doe" \
        -H "x-api-key: ${2-$(cat "$work/key")}"
}

main_pid() {
    inside systemctl show -P MainPID leadblock
}

backup() {
    inside systemctl start leadblock-backup
    compgen -G "$system/var/lib/leadblock/backups/leadblock-*.db"
}

upgrade() {
    local before
    before=$(main_pid)
    echo 'LEADBLOCK_LOG_LEVEL=debug' >>"$system/etc/leadblock/leadblock.env"
    install_package leadblock
    [ "$(main_pid)" != "$before" ]
    grep -qx 'LEADBLOCK_LOG_LEVEL=debug' "$system/etc/leadblock/leadblock.env"
    # shellcheck disable=SC2016 # dpkg-query's own
    expect "$(dpkg-deb -f "$package" Version)" inside dpkg-query -W -f '${Version}' leadblock
    blocked
}

killed() {
    local before deadline=$((SECONDS + 30))
    before=$(main_pid)
    inside sh -c "kill -KILL $before"
    until [ "$(main_pid)" != "$before" ] && [ "$(main_pid)" != 0 ]; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.2
    done
    ready
    blocked
}

removed() {
    inside apt-get remove -y leadblock
    if ask "$address/" 2>/dev/null; then return 1; fi
    test -s "$system/var/lib/leadblock/leadblock.db"
    test -s "$system/etc/leadblock/leadblock.env"
    test ! -e "$system/usr/bin/leadblock"
}

# Without anybody who could be asked, the data stays.
purged_unasked() {
    inside apt-get purge -y leadblock
    test -s "$system/var/lib/leadblock/leadblock.db"
    test ! -e "$system/etc/leadblock"
}

# With debconf's answer "yes"; what is left is what Debian leaves of a system user.
purged_with_data() {
    inside sh -c 'echo leadblock leadblock/purge-data boolean true | debconf-set-selections'
    inside apt-get purge -y leadblock
    test ! -e "$system/var/lib/leadblock"
    local left
    left=$(find "$system" -xdev -name '*leadblock*' -not -path "$system/root/*" -not -path "$system/var/log/*" \
        -not -path "$system/var/cache/apt/*" -not -path "$system/tmp/*" -not -path "$system/var/tmp/*")
    [ -z "$left" ] || { printf 'left: %s\n' "$left"; return 1; }
}

# A folder of 0.1.0, as its program left it.
old_data() {
    mkdir -m 700 "$system/var/lib/leadblock"
    sqlite3 "$system/var/lib/leadblock/leadblock.db" <"$root/tests/package/data-0.1.0.sql"
    chmod 600 "$system/var/lib/leadblock/leadblock.db"
    install_package leadblock
}

old_data_is_there() {
    local old_key=lb_5dsfa5jqv9s0_g5gd7f9d8ja26j3xrb4z0gvrp5dy2pd25c60b941
    blocked q1 "$old_key"
    expect '*"publicIdentifier":"jane-smith","blocked":false,*' \
        ask "$address/v1/campaigns/q1/blocked-leads/jane-smith" -H "x-api-key: $old_key"
    expect '*"publicIdentifier":"ada-lovelace","blocked":true,"scope":"workspace"*' \
        ask "$address/v1/campaigns/q1/blocked-leads/ada-lovelace" -H "x-api-key: $old_key"
}

try "a clean system of $release" make_clean
try 'what the package depends on' fetch_dependencies
try 'it boots with systemd' boot
try 'apt install: the server runs' install_package older
try 'units, user, folder and settings as promised' installed_as_promised
try 'the dashboard and its files' dashboard
try 'the link from the journal makes the first operator' first_operator
try 'two people are blocked' block_somebody
try 'a check says so' blocked
try 'the backup' backup
try 'apt install of a newer package: restarted, settings and blocks kept' upgrade
try 'kill -9: systemd starts it again, still blocked' killed
try 'apt remove: the data stays' removed
try 'apt install again' install_package leadblock
try 'still blocked' blocked
try 'apt purge without anybody to ask: the data stays' purged_unasked
try 'and once more' install_package leadblock
try 'still blocked after the purge' blocked
try 'apt purge with the answer yes: nothing is left' purged_with_data
try 'apt install on the data of version 0.1.0' old_data
try 'who was blocked is blocked' old_data_is_there
