#!/usr/bin/env bash
# The part of script/fresh that runs as root, as the first process of a namespace of its own:
# fresh_system.sh WORK RELEASE MIRROR [keep]
#
# shellcheck disable=SC2317,SC2329 # step calls functions by name
set -euo pipefail
work=$1 release=$2 mirror=$3 keep=${4-}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
system=$work/system
trap 'exit 130' INT TERM HUP
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

passed=0
failed=0
# step WHAT COMMAND...: runs it, says how it went and how long it took; what it prints is shown only
# when it fails.
step() {
    local what=$1 started=$SECONDS
    shift
    printf 'fresh: %s ...\n' "$what"
    if "$@" >"$work/out" 2>&1; then
        printf 'fresh: %4d s  ok      %s\n' $((SECONDS - started)) "$what"
    else
        tail -n 40 "$work/out"
        printf 'fresh: %4d s  FAILED  %s\n' $((SECONDS - started)) "$what"
        failed=$((failed + 1))
        return 1
    fi
}

finish() {
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" = 0 ]
    exit
}

make_system() {
    mkdir -p "$system"
    # In memory it is quicker, and gone with the namespace. Some 3 GiB are needed.
    if [ -z "$keep" ] && [ "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" -gt 8000000 ]; then
        mount -t tmpfs -o size=6g,mode=755 leadblock-fresh "$system"
    fi
    mmdebstrap --mode=root --variant=minbase --include=git,sudo,ca-certificates,ccache \
        --aptopt="$work/apt.conf" --dpkgopt=force-unsafe-io \
        "$release" "$system" "$mirror"
}

prepare() {
    [ ! -e "$work/npmrc" ] || cp "$work/npmrc" "$system/etc/npmrc"
    cp /etc/resolv.conf "$system/etc/resolv.conf"
    printf '127.0.0.1 localhost %s\n' "$(uname -n)" >"$system/etc/hosts"
    cat "$work/environment" >>"$system/etc/environment"
    # Certificates that this machine trusts besides Debian's.
    if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
        mkdir -p "$system/usr/local/share/ca-certificates"
        cp /usr/local/share/ca-certificates/*.crt "$system/usr/local/share/ca-certificates/"
        chroot "$system" update-ca-certificates
    fi
    mount -t proc proc "$system/proc"
    mount -t tmpfs -o mode=755 dev "$system/dev"
    mkdir "$system/dev/shm" "$system/dev/pts"
    mount -t tmpfs -o mode=1777 shm "$system/dev/shm"
    local name
    for name in 'null 1 3' 'zero 1 5' 'full 1 7' 'random 1 8' 'urandom 1 9' 'tty 5 0'; do
        # shellcheck disable=SC2086 # three words
        set -- $name
        mknod -m 666 "$system/dev/$1" c "$2" "$3"
    done
    ln -s /proc/self/fd "$system/dev/fd"
    ln -s fd/0 "$system/dev/stdin"
    ln -s fd/1 "$system/dev/stdout"
    ln -s fd/2 "$system/dev/stderr"
    chroot "$system" useradd --create-home --shell /bin/bash newcomer
    printf '%s\n' 'newcomer ALL=(ALL) NOPASSWD: ALL' \
        'Defaults env_keep += "http_proxy https_proxy no_proxy"' >"$system/etc/sudoers.d/newcomer"
    # Both users set up and build a tree of their own, with the same compiler from the same sources. What it
    # made for the first is kept for the second, for whom it would only do the same again.
    install -d -m 1777 "$system/var/cache/compiled"
    printf '%s\n' 'cache_dir = /var/cache/compiled' 'umask = 000' >"$system/etc/ccache.conf"
    install -m 755 "$here/newcomer.sh" "$system/usr/local/bin/newcomer"
}

# as_newcomer USER WHAT...: its own clone, and what the README says.
as_newcomer() {
    local user=$1 home
    shift
    home=$(chroot "$system" sh -c "echo ~$user")
    cp -r "$work/leadblock.git" "$system$home/leadblock.git"
    chroot "$system" chown -R "$user:" "$home/leadblock.git"
    chroot "$system" su - "$user" -c "newcomer $*" </dev/null | tee "$work/newcomer" || true
    local sum
    sum=$(tail -n 1 "$work/newcomer")
    if [[ $sum =~ ^([0-9]+)\ steps\ passed,\ ([0-9]+)\ failed$ ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
    else
        failed=$((failed + 1))
    fi
}

step "a minimal system of $release, in ${keep:+the folder }$system" make_system || finish
step 'users, certificates, settings of apt and npm' prepare || finish
as_newcomer newcomer serve tests
as_newcomer root serve
finish
