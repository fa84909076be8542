# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154
# A Debian system that boots with systemd in namespaces of its own, and what an administrator does there with a
# server that was just installed. Sourced beside system.sh, with $system, by the scripts that script/package starts
# to look at what it made; its end is theirs.

address=http://127.0.0.1:8080
init=
group=
trap 'end_of_tries; [ -z "$group" ] || halt' EXIT

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
        { [ "$SECONDS" -lt "$deadline" ] && kill -0 "$outer"; } || { cat "$work/boot"; return 1; }
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
        env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND="${frontend-noninteractive}" "$@"
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

say_journal() {
    inside journalctl -u leadblock --no-pager -n 20
    tail -n 20 "$work/boot"
}

# The link from the journal, and the first operator by it.
first_operator() {
    local link
    link=$(inside journalctl -u leadblock -o cat --no-pager | grep -oE '/#/link/[A-Za-z0-9_-]+' | tail -n 1)
    [ -n "$link" ]
    ask -f -X POST "$address/v1/session/from-link" -H 'Content-Type: application/json' -H "Origin: $address" \
        -d '{"token":"'"${link##*/}"'","email":"ada@example.com","password":"a long pass phrase of ada"}'
}

# What reads manual pages and completes words; a clean system has neither.
readers=(man-db bash-completion)

manual() {
    inside man leadblock | grep -q 'leadblock serve'
    inside man leadblock.env | grep -q LEADBLOCK_LISTEN
    # shellcheck disable=SC2016 # the inner shell's own
    expect '*workspace*' inside bash -c '. /usr/share/bash-completion/bash_completion
        _completion_loader leadblock
        COMP_WORDS=(leadblock work) COMP_CWORD=1 COMP_LINE="leadblock work" COMP_POINT=14
        $(complete -p leadblock | sed "s/.*-F \\([^ ]*\\).*/\\1/")
        echo "${COMPREPLY[*]}"'
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

killed() {
    local before deadline=$((SECONDS + 30))
    before=$(main_pid)
    inside sh -c "kill -KILL $before"
    until [ "$(main_pid)" != "$before" ] && [ "$(main_pid)" != 0 ]; do
        [ "$SECONDS" -lt "$deadline" ] || { say_journal; return 1; }
        sleep 0.2
    done
    ready
    blocked
}
